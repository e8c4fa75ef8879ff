"""Sheets with a column of apparent resistivity for each sounding, brought to one row per reading."""

from __future__ import annotations

import re
from dataclasses import replace

from bpinvert.readers import cells
from bpinvert.readers.headers import other_quantity, read_header, sounding_label, unit_of
from bpinvert.readers.table import Table

_SPACINGS = {"ab2", "ab", "a", "spacing"}


def one_row_per_reading(table: Table) -> Table:
    """`table` with a row for each reading of each sounding, where it has one column per sounding; else as it is.

    Such columns are headed ``VES 1 rhoa (ohm m)``; or, where nothing in the sheet gives or yields the apparent
    resistivity, they are all columns of numbers whose headers mean nothing else.

    Raises
    ------
    ValueError
        If two of the columns name the same sounding.
    """
    meant = {column.name for column in _understood(table) if not column.error}
    if meant & {"apparent_resistivity", "resistance", "voltage"} or not meant & _SPACINGS or _has_names(table):
        return table
    columns, note = _labelled(table)
    if not columns:
        columns, note = _unlabelled(table)
    if not columns:
        return table
    names = [name for name, _ in columns.values()]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(
            f"{table.place} has {names.count(twice)} columns of the sounding {twice!r}; rename all but one."
        )
    return _melted(table, columns, note)


def _meaning(table, i):
    return table.meanings.get(i, table.headers[i])


def _understood(table):
    found = (read_header(_meaning(table, i), i) for i in range(len(table.headers)))
    return [column for column in found if column]


def _has_names(table):
    """Whether a column names the sounding of each row; one that only numbers the rows does not."""
    columns = [column for column in _understood(table) if column.name in ("sounding", "name")]
    return any(not table.counts(column.index) for column in columns)


def _labelled(table):
    """By column: (sounding, header of its resistivity), where the headers give both."""
    found = {i: sounding_label(_meaning(table, i)) for i in range(len(table.headers))}
    found = {i: label for i, label in found.items() if label}
    logs = {i: read_header(rest).log for i, (_, rest) in found.items()}
    if len(set(logs.values())) > 1:
        raise ValueError(f"{table.place} has resistivities and their logarithms side by side; keep one kind.")
    log = next(iter(logs.values()), "")
    kind = f"{log} of the apparent resistivity" if log else "apparent resistivity"
    unit = "" if all(read_header(rest).unit for _, rest in found.values()) else " (not all headers give a unit)"
    return found, f"read as {kind} in ohm m{unit}, each of one sounding."


def _unlabelled(table):
    """By column: (sounding, header of its resistivity), for all columns of numbers that mean nothing else."""
    found = {}
    for i, header in enumerate(table.headers):
        filled = [row[i] for row in table.rows if not cells.is_empty(row[i])]
        numbers = sum(map(cells.is_number, filled))
        if header and i not in table.meanings and 0 < len(filled) <= 2 * numbers and not other_quantity(header):
            found[i] = (_without_unit(header), "rhoa (ohm m)")
    return found, (
        "taken as apparent resistivities in ohm m of the soundings named in the header, as no column is headed "
        "apparent resistivity."
    )


def _without_unit(header):
    match = re.fullmatch(r"(.+?)\s*[(\[]([^)\]]*)[)\]]\s*", header)
    return match[1] if match and unit_of(match[2]) else header


def _melted(table, columns, note):
    kept = [i for i in range(len(table.headers)) if i not in columns]
    rows, lines, sources, empty = [], [], [], []
    for i, (name, _) in columns.items():
        filled = [row for row in range(len(table.rows)) if not cells.is_empty(table.rows[row][i])]
        if len(filled) < len(table.rows):
            empty.append(f"{name} {len(table.rows) - len(filled)}")
        rows += [[*(table.rows[row][k] for k in kept), name, table.rows[row][i]] for row in filled]
        lines += [table.lines[row] for row in filled]
        sources += [table.headers[i]] * len(filled)
    notes = [*table.notes, f"{_columns(table, columns)} {note}"]
    if empty:
        notes.append(f"Cells that are empty there are no readings of that sounding: {', '.join(empty)}.")
    meanings = {new: table.meanings[old] for new, old in enumerate(kept) if old in table.meanings}
    meanings |= {len(kept): "sounding", len(kept) + 1: next(iter(columns.values()))[1]}
    headers = [*(table.headers[i] for i in kept), "sounding", "apparent resistivity"]
    return replace(table, headers=headers, rows=rows, lines=lines, notes=notes, meanings=meanings, sources=sources)


def _columns(table, columns):
    headers = ", ".join(repr(table.headers[i]) for i in columns)
    return f"Columns {headers} were" if len(columns) > 1 else f"Column {headers} was"
