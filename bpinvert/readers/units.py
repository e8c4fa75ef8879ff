"""Units that a header gives and columns= leaves out, and units that are not known: none is dropped silently."""

from __future__ import annotations

import re

from bpinvert.readers.headers import bracketed, fold, read_header, sounding_label, split_unit, unit_of
from bpinvert.readers.quantities import GIVEN_IN, SPACINGS, UNIT, WORD
from bpinvert.readers.spellings import BOUNDS, INGREDIENTS, LOGARITHMS, MEANS, QUALIFIERS
from bpinvert.readers.table import Table

# A mark of feet or inches at the end of a header that is not quoted as a whole.
_PRIME = re.compile(r"""[^'"’”′″]+(?:''|′′|['"’”′″])\s*[)\]]?\s*""")


def with_unit(meaning: str, header: str) -> str:
    """`meaning`, as said with columns=, with the unit or logarithm of its `header` where it gives none itself.

    >>> with_unit("AB/2", "spread (cm)"), with_unit("AB/2 (m)", "spread (cm)")
    ('AB/2 (cm)', 'AB/2 (m)')
    """
    column = _quantity(meaning)
    if column is None or column.unit or column.name not in UNIT:
        return meaning
    unit = bracketed(header)[1]
    if not unit:
        unit = split_unit(header)[1]
        if unit and unit_of(unit)[0] != UNIT[column.name]:
            return meaning
    other = _quantity(f"{meaning} ({unit})")
    gains = other is not None and other.name == column.name and (other.unit or other.log != column.log)
    return f"{meaning} ({unit})" if gains else meaning


def refuse_unknown_units(table: Table, wanted: tuple[str, ...]) -> None:
    """Raise where a header of a quantity in `wanted` that the sheet lacks otherwise has something else in brackets.

    Raises
    ------
    ValueError
        For a bracket that is no unit known, or a prime mark, which may be feet or the second of two.
    """
    found = {column.name for i in range(len(table.headers)) if (column := _meant(table, i)) and not column.error}
    spare = INGREDIENTS if "apparent_resistivity" in found else ("voltage", "current") if "resistance" in found else ()
    for i, header in enumerate(table.headers):
        column, unit = _meant(table, i), bracketed(header)[1]
        if column and column.name in SPACINGS and not column.unit and _PRIME.fullmatch(header):
            raise ValueError(
                f"{table.place}, column {header!r} ends with a mark that may be one of feet or inches; write the unit "
                f"in the header, as {WORD[column.name]} (ft), {WORD[column.name]} (in) or {WORD[column.name]} (m), or "
                f"say it with columns={{{header!r}: '{WORD[column.name]} (ft)'}}."
            )
        if i in table.meanings:
            unknown = column is not None and not column.unit and _drops(table.meanings[i], unit)
        else:
            column = column or read_header(bracketed(header)[0])
            unknown = _meant(table, i) is None and column is not None and column.name not in (*found, *spare)
        if unknown and unit and not column.error and column.name in wanted and column.name in UNIT:
            word, si = WORD[column.name], UNIT[column.name]
            *others, last = GIVEN_IN[si]
            known = f"{', '.join(others)} or {last}" if others else last
            raise ValueError(
                f"{table.place}, column {header!r} has {unit!r} in brackets, which is not known as a unit of {word}; "
                f"it must be in {known}. Convert the column and correct the header, or, if it is in {si}, say so with "
                f"columns={{{header!r}: '{word} ({si})'}}."
            )


def _quantity(text):
    """The column that `text` means; of a sounding's own resistivity, that without the sounding."""
    label = sounding_label(text)
    return read_header(text) or (label and read_header(label[1]))


def _meant(table, i):
    return _quantity(table.meanings[i]) if i in table.meanings else read_header(table.headers[i])


def _drops(meaning, unit):
    """Whether `meaning` says nothing of what stands in the brackets of its header."""
    column, other = _quantity(meaning), _quantity(f"{meaning} ({unit})")
    no_unit = unit.lower() in LOGARITHMS or fold(unit) in MEANS | BOUNDS | QUALIFIERS
    return not no_unit and (other is None or other.name != column.name)
