"""Sheets with a column of apparent resistivity for each sounding, brought to one row per reading."""

from __future__ import annotations

import re
from dataclasses import replace

from bpinvert.readers import cells
from bpinvert.readers.headers import foreign, other_quantity, read_header, sounding_label, split_unit, unit_of
from bpinvert.readers.quantities import SPACINGS
from bpinvert.readers.table import Table, columns_were
from bpinvert.readers.units import refuse_unknown_units

_OUTER = {"ab2", "ab", "a", "spacing"}
# What a column in such a unit may mean.
_MEASURED = {"ohm": "R (ohm)", "V": "V (V)", "A": "I (A)"}


def one_row_per_reading(table: Table) -> Table:
    """`table` with a row for each reading of each sounding, where it has one column per sounding; else as it is.

    Such columns are headed ``VES 1 rhoa (ohm m)``; or, where nothing in the sheet gives or yields the apparent
    resistivity, they are all columns of numbers whose headers mean nothing else.

    Raises
    ------
    ValueError
        If two of the columns name the same sounding, if they differ in unit, or if the sheet gives resistances.
    """
    refuse_unknown_units(table, (*SPACINGS, "apparent_resistivity"))
    meant = {column.name: column for column in _understood(table) if not column.error}
    stated = next((i for i, text in table.meanings.items() if sounding_label(text)), None)
    if stated is not None and "apparent_resistivity" in meant:
        header = meant["apparent_resistivity"].header
        raise ValueError(
            f"{table.place}, column {table.headers[stated]!r} was said to be of one sounding, but {header!r} is an "
            f"apparent resistivity of any; say of every such column which sounding it is, as with "
            f"columns={{{header!r}: 'VES 2 rhoa (ohm m)'}}."
        )
    known = stated is None and meant.keys() & {"apparent_resistivity", "resistance", "voltage"}
    if known or not meant.keys() & _OUTER or _has_names(table):
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
    return [replace(column, header=table.headers[column.index]) for column in found if column]


def _has_names(table):
    """Whether a column names the sounding of each row; one that only numbers the rows does not."""
    columns = [column for column in _understood(table) if column.name in ("sounding", "name")]
    return any(not table.counts(column.index) for column in columns)


def _labelled(table):
    """By column: (sounding, header of its resistivity), where the headers give both."""
    found = {i: sounding_label(_meaning(table, i)) for i in range(len(table.headers))}
    found = {i: label for i, label in found.items() if label}
    _refuse_mixed(table, [read_header(rest) for _, rest in found.values()])
    first = next((read_header(rest) for _, rest in found.values()), None)
    kind = f"{first.log} of the apparent resistivity" if first and first.log else "apparent resistivity"
    unit = "" if all(read_header(rest).unit for _, rest in found.values()) else " (not all headers give a unit)"
    return found, f"read as {kind} in ohm m{_converted(first)}{unit}, each of one sounding."


def _unlabelled(table):
    """By column: (sounding, header of its resistivity), for all columns of numbers that mean nothing else."""
    found = {}
    for i, header in enumerate(table.headers):
        if header and i not in table.meanings and _has_numbers(table, i) and not other_quantity(header):
            name, unit = split_unit(header)
            found[i] = (name, f"rhoa ({unit or 'ohm m'})")
    _refuse_resistances(table)
    if found and any(column.name == "geometric_factor" for column in _understood(table)):
        headers = ", ".join(repr(table.headers[i]) for i in found)
        raise ValueError(
            f"{table.place} gives the geometric factor, but no column is headed apparent resistivity or resistance, "
            f"so that {headers} may hold either; write rhoa (ohm m) or R (ohm) in the header, or say it with columns=."
        )
    meant = [read_header(rest) for _, rest in found.values()]
    _refuse_mixed(table, meant)
    return found, (
        f"taken as apparent resistivities in ohm m{_converted(next(iter(meant), None))} of the soundings named in the "
        "header, as no column is headed apparent resistivity."
    )


def _converted(column):
    return f" (converted, times {column.factor:g})" if column and column.factor != 1 else ""


def _has_numbers(table, i):
    """Whether half of the cells in a column or more are numbers."""
    filled = [row[i] for row in table.rows if not cells.is_empty(row[i])]
    return 0 < len(filled) <= 2 * sum(map(cells.is_number, filled))


def _refuse_mixed(table, meant):
    if len({column.log for column in meant}) > 1:
        raise ValueError(f"{table.place} has resistivities and their logarithms side by side; keep one kind.")
    if len({(column.factor, column.error and column.unit) for column in meant}) > 1:
        kind = "errors" if meant[0].error else "resistivities"
        raise ValueError(
            f"{table.place} has {kind} in different units side by side; convert them to one, written in each header."
        )


def _refuse_resistances(table):
    """Raise where a column that is not understood is in ohm, V or A: the others are no apparent resistivities then."""
    for i, header in enumerate(table.headers):
        column = read_header(_meaning(table, i))
        unknown = column is None and i not in table.meanings
        if unknown and len(header) > 1 and not foreign(header) and _has_numbers(table, i):
            unit = (unit_of(split_unit(header)[1] or header) or ("",))[0]
        else:
            unit = column.unit if column and column.name == "current" else ""
        if unit in _MEASURED:
            raise ValueError(
                f"{table.place} has no column headed apparent resistivity, but column {header!r} is in {unit}, so "
                f"that the sheet gives resistances. Head the columns R (ohm), or V (mV) and I (mA), and K (m) or MN/2 "
                f"(m), or say so with columns={{{header!r}: '{_MEASURED[unit]}'}}; head an apparent resistivity "
                "rhoa (ohm m)."
            )


def _errors(table, columns):
    """By column of a sounding: (column of its error, header of that without the sounding)."""
    found = {}
    for i, (name, _) in columns.items():
        pattern = rf"(?<![^\W_]){re.escape(name)}(?![^\W_])"
        for k, header in enumerate(table.headers):
            rest = re.sub(pattern, " ", header, count=1)
            own = rest != header and k not in columns and k not in table.meanings
            error = read_header(rest) if own else None
            if error and error.error and error.name in ("", "apparent_resistivity"):
                found.setdefault(i, (k, rest))
    _refuse_mixed(table, [read_header(rest) for _, rest in found.values()])
    return found


def _melted(table, columns, note):
    errors = _errors(table, columns)
    used = {k for k, _ in errors.values()}
    kept = [i for i in range(len(table.headers)) if i not in columns and i not in used]
    rows, lines, sources, error_sources, empty = [], [], [], [], []
    for i, (name, _) in columns.items():
        filled = [row for row in range(len(table.rows)) if not cells.is_empty(table.rows[row][i])]
        if len(filled) < len(table.rows):
            empty.append(f"{name} {len(table.rows) - len(filled)}")
        k = errors[i][0] if i in errors else None
        for row in filled:
            error = [] if not errors else [""] if k is None else [table.rows[row][k]]
            rows.append([*(table.rows[row][j] for j in kept), *error, name, table.rows[row][i]])
        lines += [table.lines[row] for row in filled]
        sources += [table.headers[i]] * len(filled)
        error_sources += ["" if k is None else table.headers[k]] * len(filled)
    notes = [*table.notes, f"{columns_were([table.headers[i] for i in columns])} {note}"]
    if empty:
        notes.append(f"Cells that are empty there are no readings of that sounding: {', '.join(empty)}.")
    headers = [table.headers[i] for i in kept]
    meanings = {new: table.meanings[old] for new, old in enumerate(kept) if old in table.meanings}
    stated = {new: table.stated[old] for new, old in enumerate(kept) if old in table.stated}
    made = {}
    if errors:
        made[len(headers)] = error_sources
        meanings[len(headers)] = next(iter(errors.values()))[1]
        headers.append(", ".join(table.headers[k] for k, _ in errors.values()))
    meanings |= {len(headers): "sounding", len(headers) + 1: next(iter(columns.values()))[1]}
    made[len(headers) + 1] = sources
    headers += ["sounding", "apparent resistivity"]
    return replace(
        table, headers=headers, rows=rows, lines=lines, notes=notes, meanings=meanings, stated=stated, sources=made
    )
