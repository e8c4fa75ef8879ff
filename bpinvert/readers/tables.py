"""Several tables in one sheet, one below the other or side by side under the same headers: a grid for each."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from bpinvert.readers import cells as cell
from bpinvert.readers.headers import read_header, tidy
from bpinvert.readers.layout import header_row
from bpinvert.readers.quantities import OUTER
from bpinvert.readers.table import Grid


def split_tables(grid: Grid, stated: frozenset[str]) -> list[Grid]:
    """A grid for each table in `grid`: where its headers come again below a blank row or a title, or to the right.

    `stated` are the keys of columns=; one that is the number of a column leaves columns where they are.
    """
    if all(comment for _, _, comment in grid.rows):
        return [grid]
    below = _one_below_the_other(grid.rows, stated)
    numbered = any(key.isdecimal() for key in stated)
    found = below if numbered else [part for rows in below for part in _side_by_side(rows, stated)]
    if len(found) == 1:
        return [grid]
    notes = [*grid.notes, f"The sheet holds {len(found)} tables; each was read as a sounding of its own."]
    return [replace(grid, rows=rows, notes=notes, table=k) for k, rows in enumerate(found, start=1)]


def _header_of(rows, stated):
    """(Index of the row of headers, the headers); None where there is none that is no comment."""
    at = header_row(rows, stated)
    if at is None or rows[at][2]:
        return None, ()
    return at, _texts(rows[at][1])


def _texts(cells):
    texts = [tidy(entry) for entry in cells]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def _one_below_the_other(rows, stated):
    at, headers = _header_of(rows, stated)
    again = [i for i in range((at or 0) + 1, len(rows)) if headers and _texts(rows[i][1]) == headers]
    starts = [0]
    for i in again:
        start = _start(rows, i)
        if start is not None and max(starts[-1], at) < start:
            starts.append(start)
    return [rows[start:end] for start, end in pairwise([*starts, len(rows)])]


def _start(rows, i):
    """Where the table begins whose headers stand in row `i`: at its title; None without title and blank row."""
    start = i
    while start > 0 and not any(map(cell.is_number, rows[start - 1][1])) and not rows[start - 1][2]:
        if rows[start][0] - rows[start - 1][0] > 1 and start < i:
            break  # what stands above a blank row belongs to the table before
        start -= 1
    gap = rows[start][0] - rows[start - 1][0] > 1
    return start if start < i or gap else None


def _side_by_side(rows, stated):
    at, headers = _header_of(rows, stated)
    starts = _runs(headers)
    if len(starts) < 2:
        return [rows]
    parts = []
    for k, (start, end) in enumerate(pairwise([*starts, len(headers)])):
        part = []
        for i, (line, cells, comment) in enumerate(rows):
            filled = [j for j, span in enumerate(pairwise([*starts, None])) if any(_texts(cells[slice(*span)]))]
            if i < at and filled == [0]:
                part.append((line, cells, True))  # said of all tables, the title of none
            elif k in filled:
                part.append((line, cells[start:end], comment))
        parts.append(part)
    return parts


def _runs(headers):
    """Where the same run of headers, one of them a spacing, begins again and again, perhaps after an empty column."""
    for n in range(2, len(headers) // 2 + 1):
        run, starts, i = headers[:n], [], 0
        while headers[i : i + n] == run:
            starts.append(i)
            i += n
            while i < len(headers) and not headers[i]:
                i += 1
        meant = [read_header(header) for header in run]
        if len(starts) > 1 and i >= len(headers) and any(c and not c.error and c.name in OUTER for c in meant):
            return starts
    return []
