"""Sheets with a column of readings for each MN, brought to one row per reading."""

from __future__ import annotations

import re
from dataclasses import replace

from bpinvert.readers import cells
from bpinvert.readers.headers import read_header, unit_of
from bpinvert.readers.preamble import mn_said, without_mn
from bpinvert.readers.quantities import UNIT, WORD
from bpinvert.readers.table import Table, columns_were

_READINGS = ("apparent_resistivity", "resistance")


def one_row_per_mn(table: Table) -> Table:
    """`table` with a row for each filled cell under ``MN/2=0.5`` or ``rhoa (MN=1 m)``, where it has such columns.

    Raises
    ------
    ValueError
        If the columns differ in what they hold.
    """
    found = _columns(table)
    kept = [i for i in range(len(table.headers)) if i not in found]
    meant = [read_header(table.meanings.get(i, table.headers[i])) for i in kept]
    by_name = {column.name: column for column in meant if column and not column.error}
    spacing = by_name.get("ab2") or by_name.get("ab")
    if not found or spacing is None or by_name.keys() & {"mn2", "mn", "voltage", *_READINGS}:
        return table
    rests = {rest for _, _, rest in found.values()}
    if len(rests) > 1:
        raise ValueError(
            f"{table.place} has the columns {', '.join(repr(table.headers[i]) for i in found)}, each with an MN of its "
            "own, that differ in the rest of their headers; make that alike."
        )
    rest = rests.pop()
    rows, lines, sources = [], [], []
    for row, line in zip(table.rows, table.lines, strict=True):
        for i, (mn2, unit, _) in found.items():
            if not cells.is_empty(row[i]):
                factor = unit_of(unit)[1] if unit else spacing.factor
                rows.append([*(row[k] for k in kept), mn2 * factor, row[i]])
                lines.append(line)
                sources.append(table.headers[i])
    column = read_header(rest)
    name, unit = WORD[column.name], UNIT[column.name]
    scale = f", from {column.log}" if column.log else f", converted (times {column.factor:g})"
    scale = "" if column.factor == 1 and not column.log else scale
    own_unit = all(unit for _, unit, _ in found.values()) or spacing.factor == 1
    note = (
        f"{columns_were([table.headers[i] for i in found])} read as {name} in {unit}{scale}, one reading from each "
        f"filled cell, with the MN that the header gives{'' if own_unit else ' in the unit of the spacing'}."
    )
    n = len(kept)
    return replace(
        table,
        headers=[*(table.headers[i] for i in kept), "MN/2", name],
        rows=rows,
        lines=lines,
        notes=[*table.notes, note],
        meanings={new: table.meanings[i] for new, i in enumerate(kept) if i in table.meanings}
        | {n: "MN/2 (m)", n + 1: rest},
        stated={new: table.stated[i] for new, i in enumerate(kept) if i in table.stated},
        sources={n: sources, n + 1: sources},
    )


def _columns(table):
    """By column: (MN/2, its unit or "", header of its readings without MN)."""
    found = {}
    for i, header in enumerate(table.headers):
        said = mn_said(header) if i not in table.meanings else None
        rest = re.sub(r"[(\[]\s*[)\]]", " ", without_mn(header)).strip(" ,;:-_") or "rhoa"
        column = read_header(rest)
        if said and column and not column.error and column.name in _READINGS:
            found[i] = (*said, rest)
    return found
