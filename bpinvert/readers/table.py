"""A sheet as headers and rows of cells, each with its place in the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath

import numpy as np

from bpinvert.readers import cells

_MOST_LISTED = 12


@dataclass(frozen=True)
class Grid:
    """The cells of one sheet as they stand in the file: (line counted from 1, cells, whether a comment).

    `delimiter` is what separates the cells of a text: where blanks do, an empty cell cannot be seen. `table` counts the
    tables of a sheet from 1; 0 where it holds only one.
    """

    file: str
    rows: list[tuple[int, list[str | float], bool]]
    sheet: str | None = None
    notes: list[str] = field(default_factory=list)
    delimiter: str = ""
    table: int = 0

    @property
    def place(self) -> str:
        return place(self.file, self.sheet, self.table)


@dataclass(frozen=True)
class Table:
    """Headers and rows of one sheet.

    Attributes
    ----------
    lines : list of int
        Where each row stands in the file, counted from 1.
    meanings : dict of int to str
        For a column whose header does not say it: what it means.
    stated : dict of int to str
        Of the columns whose meaning the caller said: by what key.
    title : str
        Name of the sounding where no column gives one; empty: the file's.
    titled : str
        Where the title was found.
    said : tuple of (str, str)
        What may tell of the survey: where it stands, as "row 1" or "the title of the sheet", and the text.
    sources : dict of int to list of str
        For each column that was put together from several, of which the last holds the readings: the header in the
        file of each row.
    """

    file: str
    headers: list[str]
    rows: list[list[str | float]]
    lines: list[int]
    sheet: str | None = None
    notes: list[str] = field(default_factory=list)
    meanings: dict[int, str] = field(default_factory=dict)
    stated: dict[int, str] = field(default_factory=dict)
    title: str = ""
    titled: str = ""
    said: tuple[tuple[str, str], ...] = ()
    sources: dict[int, list[str]] = field(default_factory=dict)
    delimiter: str = ""
    table: int = 0

    @property
    def place(self) -> str:
        return place(self.file, self.sheet, self.table)

    @property
    def part(self) -> str:
        """Which of the file's tables it is: the title of its sheet, its number there, or both."""
        return " ".join(filter(None, [self.sheet or "", f"table {self.table}" if self.table else ""]))

    @property
    def name(self) -> str:
        """Of the only sounding in the table."""
        return self.title or PurePath(self.file).stem

    def header(self, row: int, column: int) -> str:
        """What stands in the file above the cell."""
        return self.sources[column][row] if column in self.sources else self.headers[column]

    def where(self, row: int, column: int) -> str:
        return f"{self.place}, row {self.lines[row]}, column {self.header(row, column)!r}"

    def row(self, row: int) -> str:
        """ "Row 7", and the column where that alone does not tell the reading."""
        return f"Row {self.lines[row]}" + (f", column {self.header(row, max(self.sources))!r}" if self.sources else "")

    def counts(self, column: int) -> bool:
        """Whether a column does nothing but number the rows."""
        return len(self.rows) > 1 and self.texts(column) == [str(i + 1) for i in range(len(self.rows))]

    def texts(self, column: int) -> list[str]:
        """The cells as text; a whole number from Excel loses its ``.0``."""
        found = (row[column] for row in self.rows)
        return [f"{cell:.15g}" if isinstance(cell, float) else cell.strip() for cell in found]

    def numbers(self, column: int) -> tuple[np.ndarray, dict[int, str]]:
        """The cells as numbers, NaN where empty, and for each row with anything else a sentence saying so."""
        values, faults = np.full(len(self.rows), np.nan), {}
        for i, row in enumerate(self.rows):
            try:
                values[i] = cells.to_number(row[column], self.decimal)
            except ValueError:
                mend = cells.mend(row[column])
                faults[i] = f"{self.where(i, column)} holds {row[column]!r}, which is not a number: {mend}"
        return values, faults

    @cached_property
    def decimal(self) -> str:
        return cells.decimal_sign(cell for row in self.rows for cell in row)


def place(file: str, sheet: str | None, table: int = 0) -> str:
    within = file if sheet is None else f"{file}, sheet {sheet!r}"
    return f"{within}, table {table}" if table else within


def listed(entries: list) -> str:
    """ "2, 3, 4", or the first dozen "and 5 more"."""
    more = f" and {len(entries) - _MOST_LISTED} more" if len(entries) > _MOST_LISTED else ""
    return ", ".join(map(str, entries[:_MOST_LISTED])) + more


def columns_were(headers) -> str:
    """ "Columns 'a', 'b' were" or "Column 'a' was", to begin a sentence of the report."""
    many = len(headers) > 1
    return f"Column{'s' * many} {', '.join(map(repr, headers))} {'were' if many else 'was'}"
