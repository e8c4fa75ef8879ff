"""Tables of numbers with one row of headers, as electromagnetic data come in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bpinvert.readers import cells
from bpinvert.readers.em.source import Source
from bpinvert.readers.headers import NOT_USED, fold
from bpinvert.readers.text import read_text

# What programs write where there is no value.
_DUMMIES = (-9999.0, -99999.0, -999999.0, 9999999.0)
# Names of positions, without the mark of their unit; the first of each that a table has counts.
_SITE = {
    "x": ("x", "easting", "east", "utmx", "utm_x", "xutm"),
    "y": ("y", "northing", "north", "utmy", "utm_y", "yutm"),
    "elevation": ("elevation", "elev", "ground_elev", "dem", "dtm", "topo"),
    "height": ("height", "bird_height", "tx_height", "tx_altitude", "altitude", "alt", "clearance", "sensor_height"),
}
_TEXTS = {
    "line": ("line", "line_no", "lineno", "line_number"),
    "name": ("name", "sounding", "station", "boreholeid", "borehole", "fid", "fiducial", "record"),
}
_LENGTH = re.compile(r"^(.*?)\s*(?:_|\(|\[|\s)(m|ft)[)\]]?$")


@dataclass
class Columns:
    """Headers, and below each the cells.

    Attributes
    ----------
    lines : list of int
        Where each row stands in the file.
    dummies : tuple of float
        Numbers that stand for no value.
    read : set of int
        Columns that were made use of.
    comments : list of str
        Rows that begin with #.
    """

    path: Path
    headers: list[str]
    rows: list[list]
    lines: list[int]
    decimal: str
    report: list[str]
    dummies: tuple[float, ...] = _DUMMIES
    read: set[int] = field(default_factory=set)
    comments: list[str] = field(default_factory=list)

    @property
    def file(self) -> str:
        return self.path.name

    @property
    def stem(self) -> str:
        return self.path.stem

    def __len__(self):
        return len(self.rows)

    def numbers(self, column: int) -> np.ndarray:
        """The column as numbers, NaN where it is empty or holds what stands for no value.

        Raises
        ------
        ValueError
            Naming the first cell that holds anything else.
        """
        self.read.add(column)
        found = [row[column] if column < len(row) else "" for row in self.rows]
        try:
            values = np.array(found, dtype=float)
        except ValueError:
            values = self._one_by_one(found, column)
        dummies = np.isin(values, self.dummies)
        if dummies.any():
            self.report.append(
                f"Column {self.headers[column]!r} holds {values[dummies][0]:g} {int(dummies.sum())} times, which was "
                "read as no value."
            )
        values[dummies] = np.nan
        return values

    def _one_by_one(self, found, column):
        values = np.full(len(found), np.nan)
        for i, cell in enumerate(found):
            try:
                values[i] = np.nan if cell == "*" else cells.to_number(cell, self.decimal)
            except ValueError:
                raise ValueError(
                    f"{self.where(i, column)} holds {cell!r}, which is not a number: {cells.mend(cell)}"
                ) from None
        return values

    def texts(self, column: int) -> np.ndarray:
        """The column as text; whole numbers lose their zeros after the point."""
        self.read.add(column)
        found = [str(row[column]).strip() if column < len(row) else "" for row in self.rows]
        return np.array([re.sub(r"^(\d+)\.0+$", r"\1", text) for text in found])

    def where(self, row: int, column: int) -> str:
        return f"{self.file}, row {self.lines[row]}, column {self.headers[column]!r}"

    def site(self) -> dict[str, np.ndarray]:
        """Positions in m, line and name of every row."""
        plain = [_plain(header) for header in self.headers]
        found = {}
        for name, spellings in _SITE.items():
            column = next((plain.index((s, f)) for s in spellings for f in (1.0, 0.3048) if (s, f) in plain), None)
            if column is not None:
                found[name] = self.numbers(column) * plain[column][1]
        for name in _TEXTS:
            texts = self._named(name)
            if texts is not None:
                found[name] = texts
        if "name" not in found or len(set(found["name"])) < len(self):
            found["name"] = np.array([self.stem] if len(self) == 1 else [str(i + 1) for i in range(len(self))])
        return found

    def names(self) -> np.ndarray | None:
        """The name of every row's sounding; None where no column gives it."""
        return self._named("name")

    def _named(self, name):
        bare = [_plain(header)[0] for header in self.headers]
        column = next((bare.index(spelling) for spelling in _TEXTS[name] if spelling in bare), None)
        return None if column is None else self.texts(column)

    def report_unread(self) -> None:
        """Say which columns were not used."""
        unread = [repr(header) for i, header in enumerate(self.headers) if i not in self.read and header]
        if unread:
            self.report.append(f"Columns not used: {', '.join(unread)}.")


def _plain(header):
    """A header without its unit, and the factor from that to m."""
    text = fold(header.strip())
    match = _LENGTH.match(text)
    unit = match[2] if match else ""
    return re.sub(r"[\s_]+", "_", match[1] if match else text), 0.3048 if unit == "ft" else 1.0


def read_columns(source: Source, columns: dict[str, str]) -> Columns:
    """The table in `source`, without the columns that the caller says are not used.

    Raises
    ------
    ValueError
        If it is no table, or `columns` names a header it lacks, or says of one anything but "not used".
    """
    grid = read_text(source.file, source.content, frozenset(columns))
    rows = [(line, row) for line, row, comment in grid.rows if not comment]
    if not rows or any(map(cells.is_number, rows[0][1])) or len(rows) < 2:
        raise ValueError(f"{source.file} has no row of headers with rows of numbers below; add one to it.")
    headers = [cell.strip() for cell in rows[0][1]]
    left = leave_out(source.file, headers, columns)
    body = [row for _, row in rows[1:]]
    decimal = cells.decimal_sign(cell for row in body for cell in row)
    comments = [line.strip() for line in source.lines if line.lstrip().startswith("#")]
    lines = [line for line, _ in rows[1:]]
    return Columns(source.path, headers, body, lines, decimal, [*grid.notes, *left], comments=comments)


def leave_out(file: str, headers: list[str], columns: dict[str, str]) -> list[str]:
    """Empty the headers of columns that the caller says are not used, and a sentence on each.

    Raises
    ------
    ValueError
        If `columns` names a header that is not there, or says of one anything but "not used".
    """
    folded = [fold(header) for header in headers]
    for header, meaning in columns.items():
        if meaning != NOT_USED:
            raise ValueError(
                f"columns says that {header!r} means {meaning!r}; in electromagnetic tables it can only leave columns "
                f"out, as {{{header!r}: 'not used'}}. Rename the header in the file."
            )
        if fold(header) not in folded:
            raise ValueError(
                f"columns names {header!r}, but {file} has the columns {', '.join(map(repr, headers))}; write a header "
                "as it stands in the file."
            )
        headers[folded.index(fold(header))] = ""
    return [f"Column {header!r} was left out, as columns= says." for header in columns]
