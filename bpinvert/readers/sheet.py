"""A table's columns as physical quantities, with a report of how each was read."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from bpinvert.readers.cells import Formula, mend
from bpinvert.readers.headers import NOT_USED, Column, recognise
from bpinvert.readers.quantities import SITE, UNIT, WORD
from bpinvert.readers.spellings import LOGARITHMS
from bpinvert.readers.table import Table, columns_were, listed
from bpinvert.readers.units import refuse_unknown_units


class Sheet:
    """The columns of `table` that a method wants, by name.

    Parameters
    ----------
    table : Table
    wanted : tuple of str
        Quantities that the method can use.

    Attributes
    ----------
    report : list of str
        One sentence for everything that the user may want to know of the reading.
    faults : dict of int to str
        For each row that cannot be read: the sentence that says where and why.
    unusable : dict of int to str
        For each row that is read but must not be used: the sentence that says why.
    doubts : dict of str to str
        For each sounding in which the sheet contradicts itself all through: the sentences that say how.
    """

    def __init__(self, table: Table, wanted: tuple[str, ...]):
        self.table = table
        self.report = list(table.notes)
        self.faults: dict[int, str] = {}
        self.unusable: dict[int, str] = {}
        self.doubts: dict[str, str] = {}
        self._quantities: dict[str, list[Column]] = {}
        self._errors: dict[str, Column] = {}
        refuse_unknown_units(table, wanted)
        try:
            columns = recognise(table.headers, table.meanings, (*wanted, *SITE))
        except ValueError as error:
            raise ValueError(f"{table.place}: {error}") from None
        for column in columns:
            if column.error:
                self._errors[column.name] = column
            else:
                self._quantities.setdefault(column.name, []).append(column)
        self._read = set()

    def __contains__(self, name):
        return name in self._quantities

    def __len__(self):
        return len(self.table.rows)

    def require(self, what: str, *needs: tuple[str, ...]) -> None:
        """Raise unless for each of `needs` one of its names is there."""
        missing = [names for names in needs if not any(name in self for name in names)]
        if missing:
            first = WORD[missing[0][0]]
            raise ValueError(
                f"{self.table.place} has the columns {_listed(self.table.headers)}; {what} needs "
                f"{', '.join(' or '.join(WORD[name] for name in names) for names in needs)}. "
                f"Add or rename the column of {' and that of '.join(WORD[names[0]] for names in missing)}, or say what "
                f"the columns mean with columns={{'a header of the sheet': '{first}', ...}}."
            )

    def columns(self, name: str) -> list[Column]:
        """The columns of `name`: more than one only where it may be repeated."""
        return self._quantities[name]

    def where(self, row: int, name: str) -> str:
        return self.table.where(row, self._quantities[name][0].index)

    def doubt(self, sounding: str, sentence: str) -> None:
        self.doubts[sounding] = f"{self.doubts.get(sounding, '')} {sentence}".strip()

    def values(self, name: str) -> np.ndarray:
        """The quantity in its unit, NaN where the cell is empty.

        Raises
        ------
        ValueError
            If it has several columns that a number tells apart, and none without one.
        """
        columns = self._quantities[name]
        if len(columns) > 1:
            plain = [column for column in columns if column.number is None]
            if not plain:
                raise ValueError(
                    f"{self.table.place} has {len(columns)} columns of {WORD[name]}; only one can be read here. "
                    "Rename the others."
                )
            columns = plain
        return self._table_of(name, columns)[:, 0]

    def repeats(self, name: str) -> np.ndarray:
        """The quantity in its unit, shape (n_rows, n_columns of it), NaN where the cell is empty."""
        return self._table_of(name, self._quantities[name])

    def _table_of(self, name, columns):
        values = np.column_stack([self._converted(name, column) for column in columns])
        # A column that was put together from several is described in the notes of the table.
        shown = [column for column in columns if column.index not in self.table.sources]
        for key in dict.fromkeys((column.unit, column.factor, column.log) for column in shown):
            alike = [column for column in shown if (column.unit, column.factor, column.log) == key]
            line = _was_read(name, alike, self.table.stated)
            self.report += [line] if line not in self.report else []
        return values

    def _converted(self, name, column):
        if column.unit not in ("", UNIT[name]):
            raise ValueError(
                f"{self.table.place}, column {column.header!r} is given in {column.unit}; "
                f"{WORD[name]} must be in {UNIT[name]}. Correct the header."
            )
        values = self._numbers(column)
        if column.log:
            with np.errstate(over="ignore"):  # an infinite value is masked like any other that is not finite
                values = self._base(column) ** values
        return values * column.factor

    def _base(self, column):
        base = LOGARITHMS[column.log]
        if base is None:
            raise ValueError(
                f"{self.table.place}, column {column.header!r} does not say whether it holds log10 or ln; write it in "
                "the header, or say it with columns=."
            )
        return base

    def texts(self, name: str) -> list[str]:
        """The cells of `name` as text.

        Raises
        ------
        ValueError
            If one is a formula without its value.
        """
        index = self._quantities[name][0].index
        self._read.add(index)
        for row, cells in enumerate(self.table.rows):
            if isinstance(cells[index], Formula):
                raise ValueError(f"{self.where(row, name)} holds {cells[index]!r}: {mend(cells[index])}")
        return self.table.texts(index)

    @cached_property
    def soundings(self) -> np.ndarray:
        """The name of the sounding that each row belongs to."""
        keys = [key for key in ("sounding", "name") if key in self]
        for key in [key for key in keys if self.table.counts(self._quantities[key][0].index)]:
            keys.remove(key)
            header = self._quantities[key][0].header
            self.report.append(f"Column {header!r} numbers the readings; it was not taken for names of soundings.")
        if not keys:
            if self.table.title:
                self.report.append(f"The name of the sounding was taken from {self.table.titled}.")
            return np.array([self.table.name] * len(self))
        names = self.texts(keys[0])
        if not all(names):
            self.report.append("Rows without a sounding's name were taken to belong to the sounding above.")
        for i in range(1, len(names)):
            names[i] = names[i] or names[i - 1]
        return np.array([name or "unnamed" for name in names])

    def has_error(self, name: str, *, alone: bool) -> bool:
        """Whether `std` finds a column."""
        return name in self._errors or (alone and "" in self._errors)

    def std(self, name: str, values: np.ndarray, *, alone: bool) -> np.ndarray:
        """The standard deviation of `name` in its unit, NaN where not given.

        `alone`: the sheet has no other quantity, so that an error of nothing in particular is this one's.
        """
        column = self._errors.get(name) or (self._errors.get("") if alone else None)
        if column is None:
            self.report.append(f"No errors of the {WORD[name]} are given.")
            return np.full_like(values, np.nan)
        std, meant = self._to_physical(column, name, values)
        bad = {}
        for row in np.flatnonzero(std <= 0):
            bad.setdefault(self.table.header(row, column.index), []).append(self.table.lines[row])
        self.report += [
            f"Column {header!r}: the error is not positive in row{'s' * (len(lines) > 1)} {listed(lines)}; it counts "
            "as not given there."
            for header, lines in bad.items()
        ]
        headers = dict.fromkeys(filter(None, self.table.sources.get(column.index, [column.header])))
        self.report.append(f"{columns_were(headers)} read as error of the {WORD[name]} {meant}.")
        return np.where(std > 0, std, np.nan)

    def _to_physical(self, column, name, values):
        quantity, error = self._quantities.get(name, [Column(-1, "", name)])[0], self._numbers(column)
        unnamed = not column.name
        if column.unit == "relative":
            if column.factor == 1 and np.nanmax(error, initial=0) > 1:
                raise ValueError(
                    f"{self.table.place}, column {column.header!r} holds {np.nanmax(error):g}; a relative "
                    "error is a fraction such as 0.03. Write % in the header if the column is in per cent."
                )
            return error * column.factor * np.abs(values), "relative to it"
        if column.log or (quantity.log and unnamed and not column.unit and column.standard_deviation):
            base = column if column.log else quantity
            return error * np.log(self._base(base)) * values, f"in units of {base.log}"
        if column.unit == UNIT[name]:
            return error * column.factor, f"in {UNIT[name]}"
        if not column.unit and not quantity.log and (column.standard_deviation or not unnamed):
            return error * quantity.factor, f"in {UNIT[name]} (the header gives no unit)"
        raise ValueError(
            f"{self.table.place}, column {column.header!r} does not say in which unit the error is; "
            f"write (%), ({UNIT[name]}), log10 or ln in the header, or leave the column out with "
            f"columns={{{column.header!r}: {NOT_USED!r}}}."
        )

    def _numbers(self, column: Column):
        self._read.add(column.index)
        values, faults = self.table.numbers(column.index)
        self.faults = {**faults, **self.faults}
        return values

    def unread(self) -> list[int]:
        """The columns that nothing was read from."""
        table = self.table
        filled = (i for i, header in enumerate(table.headers) if header or any(row[i] != "" for row in table.rows))
        return [i for i in filled if i not in self._read]


def _was_read(name, columns, stated):
    first = columns[0]
    scale = f", from {first.log}" if first.log else f", converted (times {first.factor:g})" if first.factor != 1 else ""
    unit = f" in {UNIT[name]}" if UNIT[name] != "1" else ""
    unit += "" if first.unit or not unit else " (the header gives no unit)"
    by_whom = ", as stated with columns=" if first.index in stated else ""
    headers = [column.header for column in columns]
    return f"{columns_were(headers)} read as {WORD[name]}{unit}{scale}{by_whom}."


def _listed(headers):
    shown = [repr(header if len(header) <= 40 else header[:37] + "...") for header in headers[:12]]
    return ", ".join(shown) + (f" and {len(headers) - 12} more" if len(headers) > 12 else "")
