"""Excel workbooks as grids of cells, one for each sheet."""

from __future__ import annotations

import io
import warnings

from bpinvert.readers import cells
from bpinvert.readers.table import Grid


def read_excel(file: str, content: bytes) -> list[Grid]:
    """The cells of every sheet.

    Raises
    ------
    ValueError
        If it is no .xlsx workbook.
    """
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions; none holds readings
            book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
        sheets = book.worksheets
    except Exception:  # the many ways in which a zip file is not a workbook
        sheets = []
    if not sheets:
        raise ValueError(f"{file} is not an Excel workbook (.xlsx); save it as .xlsx or .csv.")
    return [Grid(file, list(_rows(_values(sheet))), sheet.title) for sheet in sheets]


def _values(sheet):
    """The rows of a sheet; cells that are merged downward all hold the value of the first."""
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    for merged in sheet.merged_cells.ranges:
        if merged.min_col == merged.max_col:
            for line in range(merged.min_row, min(merged.max_row, len(rows) - 1 + sheet.min_row)):
                rows[line + 1 - sheet.min_row][merged.min_col - sheet.min_column] = sheet.cell(
                    merged.min_row, merged.min_col
                ).value
    return rows


def _rows(values):
    for line, row in enumerate(values, start=1):
        found = [cells.from_excel(cell) for cell in row]
        first = next((cell for cell in found if isinstance(cell, float) or cell.strip()), None)
        if first is not None:
            yield line, found, cells.is_comment(first)
