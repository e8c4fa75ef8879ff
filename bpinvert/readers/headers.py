"""What a column header means: the quantity, its unit, whether a logarithm, whether an error."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from bpinvert.readers import spellings as known
from bpinvert.readers import velocities
from bpinvert.readers.cells import is_number
from bpinvert.readers.quantities import SITE, WORD
from bpinvert.readers.spellings import UNITS


def fold(text: str) -> str:
    """`text` in lower case without accents."""
    apart = unicodedata.normalize("NFKD", text.lower())
    return unicodedata.normalize("NFKC", "".join(sign for sign in apart if not unicodedata.combining(sign)))


_NAMES = {fold(spelling): name for name, spellings in known.SPELLINGS.items() for spelling in spellings}
_SIGNS = {"ρ": "rho", "ω": "ohm", "φ": "phi", "σ": "sigma", "δ": "delta", "°": "deg", "%": " % ", "⁄": "/", "№": "no"}
# What columns= says of a column that is to be left out.
NOT_USED = "not used"
# Headers of more words are sentences.
_MOST_WORDS = 8
_CJK = "\u4e00-\u9fff"


@dataclass(frozen=True)
class Column:
    """One column; `name` is empty for an error that does not say of what, `unit` where none is given.

    `log` is empty, ``log10``, ``ln``, or ``log`` where the header leaves open which.

    `number` tells repeated measurements apart, as in ``R1``, ``R2``; `stated` is whether the caller of
    ``read_soundings`` said what the column means.
    """

    index: int
    header: str
    name: str
    unit: str = ""
    factor: float = 1.0
    log: str = ""
    error: bool = False
    standard_deviation: bool = False
    number: int | None = None
    stated: bool = False


def read_header(header: str, index: int = 0) -> Column | None:
    """The meaning of `header`; None where it has none known here.

    >>> column = read_header("App. Res. (Ohm m)")
    >>> column.name, column.unit
    ('apparent_resistivity', 'ohm m')
    """
    words = _words(header)
    log = next((word for word in words if word in known.LOGARITHMS), "")
    words = [word for word in words if word not in known.LOGARITHMS and word not in known.MEASURED]
    kinds = known.ERROR_WORDS.intersection(words)
    words = [word for word in words if word not in kinds and not (kinds and word in known.FILLERS)]
    for spelling, place in _unit_candidates(words, bool(kinds)):
        rest = list(words)
        rest[place] = []
        unit, factor = UNITS.get(spelling, ("", 1.0))
        name, number = _meaning(rest, unit)
        if known.SYMBOLS.get(spelling, name) == name and (name or (kinds and not rest)):
            deviation = bool(kinds & known.STANDARD_DEVIATION)
            if name == "apparent_chargeability" and unit == "relative" and not kinds:
                unit, factor = "mV/V", 1000 * factor
            return Column(index, header, name, unit, factor, log, bool(kinds), deviation, number)
    quantity, slash, unit = header.rpartition("/")
    if slash and unit_of(unit):  # as in ``U/mV``
        column = read_header(f"{quantity} ({unit})", index)
        return column and replace(column, header=header)
    return None


def _words(header):
    # Milliohm or megohm is told by the capital alone; a header with the latter is left unread.
    text = re.sub(r"M(?=Ω|[Oo]hm)", "mega", unicodedata.normalize("NFKC", header))
    text = fold(text)
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    text = re.sub(r"log_?10", " log10 ", text)
    text = re.sub(r"\b(log|ln|lg)(?=ab|mn|rho)", r"\1 ", text)
    text = re.sub(r"\s*/\s*", "/", text)
    text = velocities.apart(text)
    text = re.sub(rf"(?<=[{_CJK}])(?=[^{_CJK}])|(?<=[^{_CJK}])(?=[{_CJK}])", " ", text)
    return re.findall(r"[^\W_]+(?:/[^\W_]+)*|%", text)


def _unit_candidates(words, error):
    """(spelling, where it stands) of known units: the last words as one; for an error also the first; then none."""
    candidates = []
    # Of two words only ohm metres: K (m) is no kilometre.
    if len(words) >= 2 and UNITS.get("".join(words[-2:]), ("",))[0] == "ohm m":
        candidates.append(("".join(words[-2:]), slice(-2, None)))
    if words and (len(words) > 1 or error):
        candidates.append((words[-1], slice(-1, None)))
    if error and words:
        candidates.append((words[0], slice(0, 1)))
    return [(spelling, place) for spelling, place in candidates if spelling in UNITS] + [("", slice(0, 0))]


def _meaning(words, unit):
    """(name, number) of the words of a header without its unit; an empty name where unknown."""
    name = _plain(words, unit) or _spacing(words) or _velocity(words, unit)
    if name:
        return name, None
    match = re.fullmatch(r"(.*?\D)(\d{1,2})", " ".join(words))
    if match:
        name = _plain(match[1].split(), unit)
        if name in known.REPEATABLE:
            return name, int(match[2])
    return "", None


def _plain(words, unit=""):
    """The quantity that `words` spell, once or twice over as in ``Apparent resistivity ρa``."""
    joined = "".join(words)
    by_unit = known.BY_UNIT.get(unit, {})
    name = by_unit.get(joined) or _NAMES.get(joined) or _NAMES.get(joined.replace("/", ""))
    if name or not 2 <= len(words) <= _MOST_WORDS:
        return name or ""
    for i in range(1, len(words)):
        first = _plain(words[:i], unit)
        if first and first == _plain(words[i:], unit):
            return first
    return ""


def _spacing(words):
    """The spacing that a description of electrodes means."""
    half = bool(known.HALF.intersection(words))
    described = known.SPACING | known.CURRENT | known.POTENTIAL | known.ELECTRODE | known.HALF
    symbol = _plain([word for word in words if word not in described])
    if symbol in ("ab2", "mn2", "ab", "mn") and half:
        return symbol[:2] + "2"
    if symbol in ("ab2", "mn2", "ab", "mn", "a") and not half:
        return symbol
    if set(words) - described or not known.SPACING.intersection(words):
        return ""
    potential = bool(known.POTENTIAL.intersection(words))
    if half:
        return "mn2" if potential else "ab2"
    return "potential_spacing" if potential else "spacing"


def _velocity(words, unit):
    """The velocity or slowness, or a bound of it, that `words` mean with others beside it."""
    bounds = {velocities.BOUNDS[word] for word in words if word in velocities.BOUNDS}
    rest = [word for word in words if word not in velocities.BESIDE and word not in velocities.BOUNDS]
    # Bounds of nothing else are those of the velocity that they have the unit of.
    name = _plain(rest, unit) if rest or not bounds else velocities.BY_BOUND.get(unit, "")
    if name not in velocities.VALUES or len(bounds) > 1:
        return ""
    return name + "".join(bounds)


def unit_of(text: str) -> tuple[str, float] | None:
    """(unit, factor) of `text` that is nothing but a unit, as in a row of units; None where it is not one."""
    return UNITS.get("".join(_words(text)))


def bracketed(header: str) -> tuple[str, str]:
    """(what stands before, what stands in brackets) at the end of `header`; the latter empty where there are none."""
    match = re.fullmatch(r"(.+?)\s*[(\[]([^()\[\]]*)[)\]]\s*", header, re.DOTALL)
    return (match[1], match[2].strip()) if match else (header, "")


def split_unit(header: str) -> tuple[str, str]:
    """(name, unit) of `header` that ends with a unit, in brackets or as a word of two letters or more.

    >>> split_unit("SE 2 (ohm m)"), split_unit("spread_cm"), split_unit("Site A")
    (('SE 2', 'ohm m'), ('spread', 'cm'), ('Site A', ''))
    """
    name, unit = bracketed(header)
    if unit:
        return (name, unit) if unit_of(unit) else (header, "")
    words = re.split(r"[\s_,]+", header)
    if len(words) > 2 and (unit_of(" ".join(words[-2:])) or ("",))[0] == "ohm m":
        return " ".join(words[:-2]), " ".join(words[-2:])
    if len(words) > 1 and len(words[-1]) > 1 and unit_of(words[-1]):
        return " ".join(words[:-1]), words[-1]
    return header, ""


def other_quantity(header: str) -> bool:
    """Whether numbers under `header` are surely no apparent resistivity that a sounding's name stands for."""
    words = _words(header)
    name, bracket = bracketed(header)
    pair, last = "".join(words[-2:]), "".join(words[-1:])
    if UNITS.get(pair, ("",))[0] == "ohm m":
        unit = "ohm m"
    else:  # a last letter may be part of a name, as in ``Site A``; in brackets it is a unit
        unit = UNITS.get(last, ("",))[0] if len(last) > 1 or bracket else ""
    joined = "".join(words).replace("/", "")
    counter = joined in known.COUNTERS or re.fullmatch(r"unnamed\d*", joined) is not None
    understood = read_header(header) is not None or (bracket != "" and read_header(name) is not None)
    return counter or foreign(header) or understood or unit not in ("", "ohm m")


def foreign(header: str) -> bool:
    """Whether `header` has a word of a quantity that is of no use here, or of an error."""
    return bool((known.OTHERS | known.ERROR_WORDS).intersection(_words(header)))


def is_remark(header: str) -> bool:
    """Whether `header` says that what stands below was written down beside the readings."""
    return bool(known.REMARKS.intersection(_words(header)))


def sounding_label(header: str) -> tuple[str, str] | None:
    """("VES 1", "rhoa (ohm m)") of ``VES 1 rhoa (ohm m)``; None where `header` is not a sounding's ρa.

    >>> sounding_label("App. Res. SE1 (ohm m)")
    ('SE1', 'App. Res. (ohm m)')
    """
    tokens = re.split(r"[\s_]+", header.strip())
    if len(tokens) > _MOST_WORDS:
        return None
    spans = [(i, j) for i in range(len(tokens)) for j in range(i + 1, len(tokens) + 1)]
    for i, j in sorted(spans, key=lambda span: span[1] - span[0]):
        label, rest = " ".join(tokens[i:j]), " ".join(tokens[:i] + tokens[j:])
        if not re.match(r"[^\W\d].*\d", label) or other_quantity(label):
            continue
        column = read_header(rest)
        if column and column.name == "apparent_resistivity" and not column.error and column.number is None:
            return label.strip(" :-,"), rest
    return None


def score(cells: list, stated: frozenset[str] | set[str] = frozenset()) -> int:
    """How much a row looks like one of headers: quantities count twice, names and units once, numbers against."""
    points = 0
    for cell in cells:
        if isinstance(cell, float):
            points -= 1
            continue
        text = tidy(cell)
        if is_number(text):
            points -= 1
        elif text in stated:
            points += 2
        elif text and (column := read_header(text)):
            points += (1 if column.name in SITE else 2) + bool(column.unit)
    return points


def tidy(cell: str | float) -> str:
    """A header's cell as one line without blanks to spare."""
    return f"{cell:.15g}" if isinstance(cell, float) else re.sub(r"[\s\u00a0\u200b\ufeff]+", " ", cell).strip()


def recognise(headers: list[str], meanings: dict[int, str], wanted: tuple[str, ...]) -> list[Column]:
    """The columns whose meaning is among `wanted`, and errors of those; `meanings` are what the caller stated.

    Of two columns with one meaning the stated one counts, of two units the one without a factor, and of two that are
    not needed the first.

    Raises
    ------
    ValueError
        If two columns mean the same, and neither a trailing number nor the caller tells which to take.
    """
    found = []
    for index, header in enumerate(headers):
        column = read_header(meanings.get(index, header), index)
        if column and (column.name in wanted or not column.name):
            found.append(replace(column, header=header, stated=index in meanings))
    found = [column for column in found if not (column.error and column.name in known.INGREDIENTS)]
    stated = {(column.name, column.error, column.number) for column in found if column.stated}
    found = [c for c in found if c.stated or (c.name, c.error, c.number) not in stated]
    spare = {*known.OPEN, "array", "judged"}
    if any(column.name == "apparent_resistivity" and not column.error for column in found):
        spare |= set(known.INGREDIENTS)
    seen = {}
    for column in found:
        key = (column.name, column.error, column.number)
        first = seen.setdefault(key, column)
        if first is column or column.name in spare:
            continue
        alike = split_unit(first.header)[0] == split_unit(column.header)[0] and first.log == column.log
        if not alike or first.factor == column.factor or 1 not in (first.factor, column.factor):
            raise ValueError(_both_mean(first, column, meanings.get(first.index, first.header)))
        seen[key] = min(first, column, key=lambda column: column.factor != 1)
    return list(seen.values())


def _both_mean(first, second, text):
    meaning = f"an error of the {WORD[first.name]}" if first.error and first.name else WORD.get(first.name, "an error")
    if first.header != second.header:
        pair, which, aside = f"{first.header!r} and {second.header!r}", first.header, ""
    else:
        pair, which = f"{first.index + 1} and {second.index + 1}, {first.header!r},", str(first.index + 1)
        aside = " Two soundings side by side belong one below the other, with a column of their names."
    return (
        f"columns {pair} both mean {meaning}; keep one of them, rename the other, or say which is meant, as with "
        f"columns={{{which!r}: {text!r}}}, or which is not, as with columns={{{which!r}: {NOT_USED!r}}}.{aside}"
    )
