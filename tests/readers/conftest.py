"""Sheets that the tests write, and the field sheets of others."""

from pathlib import Path

import openpyxl
import pytest

from bpinvert.readers import read_soundings

FIELD = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture
def read(tmp_path):
    """Write a sheet of text and read it."""

    def write_and_read(content, method="ves", name="sheet.csv", encoding="utf-8", columns=None, system=None):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return read_soundings(path, method, columns, system)

    return write_and_read


@pytest.fixture
def read_book(tmp_path):
    """Write a workbook of {title: rows} and read it."""

    def write_and_read(sheets, method="ves", columns=None):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(tmp_path / "book.xlsx")
        return read_soundings(tmp_path / "book.xlsx", method, columns)

    return write_and_read


@pytest.fixture
def field():
    """Path of a field sheet; skips where it is not on this machine."""

    def find(name):
        path = FIELD / name
        if not path.exists():
            pytest.skip(f"the field data folder has no {name} here")
        return path

    return find
