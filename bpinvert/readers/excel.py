"""Excel workbooks as grids of cells, one for each sheet."""

from __future__ import annotations

import io
import warnings

from bpinvert.readers import cells
from bpinvert.readers.table import Grid, listed


def read_excel(file: str, content: bytes) -> list[Grid]:
    """The cells of every sheet.

    Raises
    ------
    ValueError
        If it is no .xlsx workbook.
    """
    book = _load(content, values=True)
    if book is None:
        raise ValueError(f"{file} is not an Excel workbook (.xlsx); save it as .xlsx or .csv.")
    lacking = any(map(_lacks_value, (cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row)))
    formulas = _load(content, values=False) if lacking else book
    return [
        Grid(file, list(_rows(_values(sheet, formulas[sheet.title]))), sheet.title, _unseen(sheet))
        for sheet in book.worksheets
    ]


def _unseen(sheet):
    """What is hidden or struck through and read all the same, one sentence for each kind."""
    notes = []
    if sheet.sheet_state != "visible":
        notes.append("The worksheet is hidden, and read all the same; delete it to leave it out.")
    numbers = [cell for row in sheet.iter_rows() for cell in row if cells.is_number(cells.from_excel(cell.value))]
    for what, found in (
        ("hidden, as by a filter,", (cell.row for cell in numbers if sheet.row_dimensions[cell.row].hidden)),
        ("struck through", (cell.row for cell in numbers if cell.font.strike)),
    ):
        rows = list(dict.fromkeys(found))
        if rows:
            notes.append(
                f"Row{'s' * (len(rows) > 1)} {listed(rows)}: numbers that are {what} are used all the same; to leave "
                "readings out, delete them or add a column 'used' with no in these rows."
            )
    return notes


def _load(content, values):
    """The workbook with what its formulas gave, or with the formulas themselves; None where it is none."""
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions; none holds readings
            book = openpyxl.load_workbook(io.BytesIO(content), data_only=values)
        return book if book.worksheets else None
    except Exception:  # the many ways in which a zip file is not a workbook
        return None


def _lacks_value(cell):
    """Whether a cell may hold a formula without its value: one that gave empty text is of another type."""
    return cell.value is None and cell.data_type == "n"


def _values(sheet, formulas):
    """The rows of a sheet; cells that are merged downward all hold the value of the first.

    A formula without its value stands for itself.
    """
    rows = [[_value(cell, formulas) for cell in row] for row in sheet.iter_rows()]
    for merged in sheet.merged_cells.ranges:
        if merged.min_col == merged.max_col:
            column = merged.min_col - 1
            for row in rows[merged.min_row : merged.max_row]:
                row[column] = rows[merged.min_row - 1][column]
    return rows


def _value(cell, formulas):
    if not _lacks_value(cell):
        return cell.value
    written = formulas.cell(cell.row, cell.column).value
    formula = getattr(written, "text", written)  # that of an array of cells stands in an object
    return cells.Formula(formula) if isinstance(formula, str) else None


def _rows(values):
    for line, row in enumerate(values, start=1):
        found = [cells.from_excel(cell) for cell in row]
        first = next((cell for cell in found if isinstance(cell, float) or cell.strip()), None)
        if first is not None:
            yield line, found, cells.is_comment(first)
