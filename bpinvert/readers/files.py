"""From a path to the grids of cells in the file."""

from __future__ import annotations

import re
from pathlib import Path

from bpinvert.readers.excel import read_excel
from bpinvert.readers.table import Grid
from bpinvert.readers.text import read_text

_ZIP = b"PK"
_HTML = re.compile(rb"^\W*<(?:!doctype html|html|table|\?xml[^>]*>\s*<html)\b", re.IGNORECASE)
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


def read_grids(path: Path, stated: frozenset[str] = frozenset()) -> list[Grid]:
    """The sheets in `path`: those of an Excel workbook, else one of delimited text.

    Parameters
    ----------
    path : Path
    stated : frozenset of str
        Headers whose meaning the caller says, so that they count as understood.

    Raises
    ------
    OSError
        If the file is missing, a folder, or may not be read.
    ValueError
        If it holds no table.
    """
    content = read_bytes(path)
    if not content.strip():
        raise ValueError(f"{path.name} is empty; a sheet needs one row of headers and its readings below.")
    if content.startswith(_OLD_EXCEL):
        raise ValueError(
            f"{path.name} is a workbook of the old Excel format (.xls), or one with a password; "
            "save it as .xlsx without a password."
        )
    if _HTML.search(content[:2000]):
        raise ValueError(
            f"{path.name} is an HTML page, as some programs write under the name of an Excel file; open it in Excel or "
            "LibreOffice and save it as .xlsx."
        )
    return read_excel(path.name, content) if content.startswith(_ZIP) else [read_text(path.name, content, stated)]


def read_bytes(path: Path) -> bytes:
    """What stands in `path`.

    Raises
    ------
    OSError
        If the file is missing, a folder, or may not be read.
    """
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
