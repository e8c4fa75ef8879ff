"""What a column header means: the quantity, its unit, whether a logarithm, whether an error."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Spelling in lower case without blanks, slashes and signs -> the name that the quantity has everywhere else.
SPELLINGS = {
    "ab2": ("ab2", "l2", "halfab"),
    "ab": ("ab",),
    "mn2": ("mn2", "halfmn"),
    "mn": ("mn",),
    "a": ("a",),
    "apparent_resistivity": (
        "rhoa", "rho", "rhoapp", "ra", "appres", "appresistivity", "apparentres", "apparentresistivity",
        "resistivity",
    ),
    "period": ("period", "t", "per"),
    "frequency": ("frequency", "freq", "f"),
    "phase": ("phase", "phi", "phs", "pha"),
    "sounding": (
        "sounding", "soundingno", "soundingid", "soundingname", "ves", "vesno", "station", "site", "point",
    ),
    "name": ("name",),
    "line": ("line", "profile"),
    "x": ("x", "easting", "east"),
    "y": ("y", "northing", "north"),
    "elevation": ("elevation", "elev", "altitude"),
    "height": ("height",),
}  # fmt: skip
NAMES = {spelling: name for name, spellings in SPELLINGS.items() for spelling in spellings}

# Spelling -> (unit, factor that leads to it).
UNITS = {
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), ("m", 1.0)),
    **dict.fromkeys(("ft", "feet", "foot"), ("m", 0.3048)),
    "cm": ("m", 0.01),
    "km": ("m", 1000.0),
    **dict.fromkeys(("ohmm", "ohmmeter", "ohmmetre", "ohmmeters", "ohmmetres"), ("ohm m", 1.0)),
    **dict.fromkeys(("s", "sec", "second", "seconds"), ("s", 1.0)),
    "hz": ("Hz", 1.0),
    "khz": ("Hz", 1000.0),
    **dict.fromkeys(("deg", "degree", "degrees"), ("degree", 1.0)),
    "rad": ("degree", 57.29577951308232),
    "mrad": ("degree", 0.05729577951308232),
    **dict.fromkeys(("%", "percent", "pct"), ("relative", 0.01)),
    **dict.fromkeys(("relative", "rel", "fraction"), ("relative", 1.0)),
}

_ERROR_WORDS = {"std", "stdev", "stddev", "sd", "sigma", "err", "error", "errors", "uncertainty"}
_FILLERS = {"in", "of", "on"}
_STANDARD_DEVIATION = {"std", "stdev", "stddev", "sd", "sigma"}


@dataclass(frozen=True)
class Column:
    """One column; `name` is empty for an error that does not say of what, `unit` where none is given."""

    index: int
    header: str
    name: str
    unit: str = ""
    factor: float = 1.0
    log10: bool = False
    error: bool = False
    standard_deviation: bool = False


def read_header(header: str, index: int = 0) -> Column | None:
    """The meaning of `header`; None where it has none known here.

    >>> column = read_header("App. Res. (Ohm m)")
    >>> column.name, column.unit
    ('apparent_resistivity', 'ohm m')
    """
    words = _words(header)
    log10 = "log10" in words
    words = [word for word in words if word != "log10"]
    kinds = _ERROR_WORDS.intersection(words)
    words = [word for word in words if word not in kinds and not (kinds and word in _FILLERS)]
    unit, factor = "", 1.0
    for spelling, place in _unit_candidates(words, bool(kinds)):
        if spelling in UNITS:
            unit, factor = UNITS[spelling]
            words[place] = []
            break
    name = NAMES.get("".join(words).replace("/", ""), "")
    if not name and (words or not kinds):
        return None
    return Column(index, header, name, unit, factor, log10, bool(kinds), bool(kinds & _STANDARD_DEVIATION))


def _words(header):
    text = unicodedata.normalize("NFKC", header).lower()
    for sign, word in (("ρ", "rho"), ("ω", "ohm"), ("φ", "phi"), ("σ", "sigma"), ("°", "deg"), ("%", " % ")):
        text = text.replace(sign, word)
    text = re.sub(r"log_?10", " log10 ", text)
    return re.findall(r"[^\W_]+(?:/[^\W_]+)*|%", text)


def _unit_candidates(words, error):
    """(spelling, where it stands): the last two words as one, the last word; for an error also the first."""
    if len(words) >= 2:
        yield "".join(words[-2:]), slice(-2, None)
    if words and (len(words) > 1 or error):
        yield words[-1], slice(-1, None)
    if error and words:
        yield words[0], slice(0, 1)


def recognise(headers: list[str], wanted: tuple[str, ...]) -> list[Column]:
    """The columns whose meaning is among `wanted`, and errors of those.

    Raises
    ------
    ValueError
        If two columns mean the same.
    """
    meanings = (read_header(header, index) for index, header in enumerate(headers))
    found = [column for column in meanings if column and (column.name in wanted or not column.name)]
    seen = {}
    for column in found:
        first = seen.setdefault((column.name, column.error), column)
        if first is not column:
            raise ValueError(
                f"Columns {first.header!r} and {column.header!r} both mean {column.name or 'an error'}; "
                "keep one of them, or rename the other."
            )
    return found
