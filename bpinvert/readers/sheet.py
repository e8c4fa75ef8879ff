"""A table's columns as physical quantities, with a report of how each was read."""

from __future__ import annotations

import numpy as np

from bpinvert.readers.headers import Column, recognise
from bpinvert.readers.table import Table

POSITION = ("x", "y", "elevation", "height")
SITE = ("sounding", "name", "line", *POSITION)

UNIT = {
    **dict.fromkeys(("ab2", "ab", "mn2", "mn", "a", *POSITION), "m"),
    "apparent_resistivity": "ohm m",
    "phase": "degree",
    "period": "s",
    "frequency": "Hz",
}
WORD = {
    "ab2": "AB/2",
    "ab": "AB",
    "mn2": "MN/2",
    "mn": "MN",
    "a": "Wenner's a",
    "apparent_resistivity": "apparent resistivity",
    **{name: name for name in ("phase", "period", "frequency", "line", "name", *POSITION)},
}


class Sheet:
    """The columns of `table` that a method wants, by name.

    Attributes
    ----------
    report : list of str
        One sentence for everything that the user may want to know of the reading.
    faults : dict of int to str
        For each row that cannot be read: the sentence that says where and why.
    """

    def __init__(self, table: Table, wanted: tuple[str, ...]):
        self.table = table
        self.report = list(table.notes)
        self.faults: dict[int, str] = {}
        self._quantities, self._errors = {}, {}
        for column in recognise(table.headers, (*wanted, *SITE)):
            (self._errors if column.error else self._quantities)[column.name] = column
        self._read = set()

    def __contains__(self, name):
        return name in self._quantities

    def __len__(self):
        return len(self.table.rows)

    def require(self, what: str, *needs: tuple[str, ...]) -> None:
        """Raise unless for each of `needs` one of its names is there."""
        missing = [names for names in needs if not any(name in self for name in names)]
        if missing:
            raise ValueError(
                f"{self.table.place} has the columns {_listed(self.table.headers)}; {what} needs "
                f"{', '.join(' or '.join(WORD[name] for name in names) for names in needs)}. "
                f"Add or rename the column of {' and that of '.join(WORD[names[0]] for names in missing)}."
            )

    def where(self, row: int, name: str) -> str:
        return self.table.where(row, self._quantities[name].index)

    def values(self, name: str) -> np.ndarray:
        """The quantity in its unit, NaN where the cell is empty."""
        column = self._quantities[name]
        if column.unit not in ("", UNIT[name]):
            raise ValueError(
                f"{self.table.place}, column {column.header!r} is given in {column.unit}; "
                f"{WORD[name]} must be in {UNIT[name]}. Correct the header."
            )
        values = self._numbers(column)
        if column.log10:
            with np.errstate(over="ignore"):  # an infinite value is masked like any other that is not finite
                values = 10.0**values
        scale = ", from log10" if column.log10 else ", converted" if column.factor != 1 else ""
        unit = UNIT[name] if column.unit else f"{UNIT[name]} (the header gives no unit)"
        self.report.append(f"Column {column.header!r} was read as {WORD[name]} in {unit}{scale}.")
        return values * column.factor

    def texts(self, name: str) -> list[str]:
        self._read.add(self._quantities[name].index)
        return self.table.texts(self._quantities[name].index)

    def std(self, name: str, values: np.ndarray, *, alone: bool) -> np.ndarray:
        """The standard deviation of `name` in its unit, NaN where not given.

        `alone`: the sheet has no other quantity, so that an error of nothing in particular is this one's.
        """
        column = self._errors.get(name) or (self._errors.get("") if alone else None)
        if column is None:
            self.report.append(f"No errors of the {WORD[name]} are given.")
            return np.full_like(values, np.nan)
        std, meant = self._to_physical(column, name, values)
        for row in np.flatnonzero(std <= 0):
            self.report.append(
                f"{self.table.where(row, column.index)}: the error is not positive; it counts as not given."
            )
        self.report.append(f"Column {column.header!r} was read as error of the {WORD[name]} {meant}.")
        return np.where(std > 0, std, np.nan)

    def _to_physical(self, column, name, values):
        quantity, error = self._quantities[name], self._numbers(column)
        unnamed = not column.name
        if column.unit == "relative":
            if column.factor == 1 and np.nanmax(error, initial=0) > 1:
                raise ValueError(
                    f"{self.table.place}, column {column.header!r} holds {np.nanmax(error):g}; a relative "
                    "error is a fraction such as 0.03. Write % in the header if the column is in per cent."
                )
            return error * column.factor * np.abs(values), "relative to it"
        if column.log10 or (quantity.log10 and unnamed and not column.unit and column.standard_deviation):
            return error * np.log(10) * values, "in units of log10"
        if column.unit == UNIT[name]:
            return error * column.factor, f"in {UNIT[name]}"
        if not column.unit and not quantity.log10 and (column.standard_deviation or not unnamed):
            return error * quantity.factor, f"in {UNIT[name]} (the header gives no unit)"
        raise ValueError(
            f"{self.table.place}, column {column.header!r} does not say in which unit the error is; "
            f"write (%), ({UNIT[name]}) or log10 in the header."
        )

    def _numbers(self, column: Column):
        self._read.add(column.index)
        values, faults = self.table.numbers(column.index)
        self.faults = {**faults, **self.faults}
        return values

    def unread(self) -> list[str]:
        """Headers of the columns that nothing was read from."""
        return [header for i, header in enumerate(self.table.headers) if header and i not in self._read]


def _listed(headers):
    shown = [repr(header if len(header) <= 40 else header[:37] + "...") for header in headers[:12]]
    return ", ".join(shown) + (f" and {len(headers) - 12} more" if len(headers) > 12 else "")
