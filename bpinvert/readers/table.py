"""A sheet as cells: text tables (csv, txt, dat) and Excel files, each cell with its place in the file."""

from __future__ import annotations

import csv
import io
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
_DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_NUMBERS_ONLY = re.compile(r"[\s\d.,;eE+\-\"']+")
_EMPTY = ("", "nan", "na", "n/a", "-", "--")


@dataclass(frozen=True)
class Table:
    """Headers and rows of one sheet; `lines` says where each row stands in the file, counted from 1."""

    file: str
    headers: list[str]
    rows: list[list[str | float]]
    lines: list[int]
    sheet: str | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def place(self) -> str:
        return self.file if self.sheet is None else f"{self.file}, sheet {self.sheet!r}"

    def where(self, row: int, column: int) -> str:
        return f"{self.place}, row {self.lines[row]}, column {self.headers[column]!r}"

    def texts(self, column: int) -> list[str]:
        """The cells as text; a whole number from Excel loses its ``.0``."""
        cells = (row[column] for row in self.rows)
        return [f"{cell:.15g}" if isinstance(cell, float) else cell.strip() for cell in cells]

    def numbers(self, column: int) -> tuple[np.ndarray, dict[int, str]]:
        """The cells as numbers, NaN where empty, and for each row with anything else a sentence saying so."""
        values, faults = np.full(len(self.rows), np.nan), {}
        for i, row in enumerate(self.rows):
            try:
                values[i] = _number(row[column], self._decimal)
            except ValueError:
                mend = "correct the cell, or empty it to have the reading masked."
                if "," in row[column]:
                    mend = "write decimals with a point and thousands without a sign, or correct the cell."
                faults[i] = f"{self.where(i, column)} holds {row[column]!r}, which is not a number: {mend}"
        return values, faults

    @property
    def _decimal(self):
        """A comma is the decimal sign only where it cannot mark thousands."""
        cells = [cell.strip() for row in self.rows for cell in row if isinstance(cell, str)]
        comma = any(_DECIMAL_COMMA.fullmatch(cell) and not _GROUPED.fullmatch(cell) for cell in cells)
        point = any(_DECIMAL_POINT.fullmatch(cell) for cell in cells)
        return "," if comma and not point else "."


def read_table(path: Path) -> Table:
    """The table in `path`: the first sheet of an Excel file, else delimited text.

    Raises
    ------
    OSError
        If the file is missing, a folder, or may not be read.
    ValueError
        If it holds no table.
    """
    content = _bytes(path)
    if not content.strip():
        raise ValueError(f"{path.name} is empty; a sheet needs one row of headers and its readings below.")
    table = _read_excel(path, content) if content.startswith(b"PK") else _read_text(path, content)
    if not table.rows:
        raise ValueError(f"{table.place} has headers but no readings below them; add one row per reading.")
    if table._decimal == ",":
        table.notes.append("Decimal commas were read as decimal points.")
    return table


def _bytes(path):
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; give the path of one file in it.")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no file {path}; check the name and the folder.") from None
    except PermissionError:
        raise PermissionError(
            f"{path} may not be read; close the program that holds it open or change its permissions."
        ) from None


def _read_excel(path, content):
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions; none holds readings
            book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
        sheet = book.worksheets[0]
    except Exception:  # the many ways in which a zip file is not a workbook
        raise ValueError(f"{path.name} is not an Excel workbook (.xlsx); save it as .xlsx or .csv.") from None
    grid = [
        (line, [_excel_cell(cell) for cell in cells])
        for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1)
    ]
    table = _build(path.name, grid, sheet.title)
    others = [other.title for other in book.worksheets[1:]]
    if others:
        table.notes.append(f"Only the first sheet was read; not read: {', '.join(others)}.")
    return table


def _excel_cell(value):
    if value is None:
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return str(value)


def _read_text(path, content):
    text, note = _decode(content)
    if _CONTROL.search(text):
        raise ValueError(
            f"{path.name} is neither a table of text nor an .xlsx workbook; save the sheet as .csv or .xlsx."
        )
    lines = text.splitlines()
    comments = [i for i, line in enumerate(lines) if line.lstrip().startswith("#")]
    filled = [i for i, line in enumerate(lines) if line.strip() and i not in comments]
    if not filled:
        raise ValueError(f"{path.name} holds only comments; add one row per reading.")
    first = filled[0]
    if _NUMBERS_ONLY.fullmatch(lines[first]):
        # Scientific files often keep the headers in the last comment above the numbers.
        above = [i for i in comments if i < first]
        if not above:
            raise ValueError(
                f"{path.name} begins with numbers in row {first + 1}; "
                "the first row must name the columns, e.g. AB/2 (m), rhoa (ohm m)."
            )
        header = above[-1]
        lines[header] = lines[header].lstrip(" \t#")
    else:
        header = first
    grid = _cells(lines, header, first if header != first else (filled[1] if len(filled) > 1 else first))
    return _build(path.name, grid, None, [note] if note else [])


def _decode(content):
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace"), ""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text, "" if encoding == "utf-8-sig" else "The text is not UTF-8; it was read as Windows-1252."
    return content.decode("latin-1"), "The text is not UTF-8; it was read as Latin-1."


def _cells(lines, header, first):
    """(line number, cells) of the header and every row below it; comments and blank lines are skipped."""
    delimiter = next((sign for sign in "\t;," if sign in lines[header]), None)
    if delimiter is None:
        below = [(i + 1, line.split()) for i, line in enumerate(lines) if i >= first and line.strip()]
        below = [(i, cells) for i, cells in below if not cells[0].startswith("#")]
        return [(header + 1, _spaced_headers(lines[header], len(lines[first].split()))), *below]
    kept = ("" if i < header or line.lstrip().startswith("#") else line for i, line in enumerate(lines))
    reader = csv.reader(kept, delimiter=delimiter, skipinitialspace=True)
    try:
        return [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        raise ValueError(f"The table cannot be split into cells in row {reader.line_num}: {error}.") from None


def _spaced_headers(line, n_columns):
    """Headers of a table aligned with blanks, which themselves may hold blanks, as in ``AB/2 (m)``."""
    glued = re.sub(r"\s+(?=[(\[])", "", line)
    words = line.split()
    ways = (re.split(r"\s{2,}", line.strip()), re.findall(r"(?:\([^)]*\)|\[[^\]]*\]|\S)+", glued), words)
    return next((headers for headers in ways if len(headers) == n_columns), words)


def _build(file, grid, sheet=None, notes=()):
    grid = [(line, _strip(cells)) for line, cells in grid]
    grid = [(line, cells) for line, cells in grid if cells and not str(cells[0]).lstrip().startswith("#")]
    if not grid:
        raise ValueError(f"{file} holds no cells; a sheet needs one row of headers and its readings below.")
    headers = [re.sub(r"\s+", " ", str(cell)).strip() for cell in grid[0][1]]
    table = Table(file, headers, [], [], sheet, list(notes))
    for line, cells in grid[1:]:
        if len(cells) > len(headers):
            raise ValueError(
                f"{table.place}, row {line} has {len(cells)} cells under {len(headers)} headers; give every "
                "column a header, and separate columns by semicolons or tabs where decimals have commas."
            )
        table.rows.append(cells + [""] * (len(headers) - len(cells)))
        table.lines.append(line)
    return table


def _strip(cells):
    """`cells` without the empty ones at the end."""
    cells = list(cells)
    while cells and isinstance(cells[-1], str) and not cells[-1].strip():
        cells.pop()
    return cells


def _number(cell, decimal):
    if isinstance(cell, float):
        return cell
    text = cell.strip()
    if text.lower() in _EMPTY:
        return np.nan
    if decimal == ",":
        text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text)
