"""One cell of a sheet: a number, nothing, or why it is neither."""

from __future__ import annotations

import re
import unicodedata

import numpy as np

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
_DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
_BLANK_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}([ ']\d{3})+([.,]\d+)?")
_MONTH = (
    "(?:jan|feb|f[eé]v|m[aä]r|mrz|apr|avr|abr|ma[yigj]|jun|jui|giu|jul|lug|aug|ao[uû]|ago|sep|set|o[ck]t|out|ott|nov|"
    r"d[eéi][cz]|ene|gen)[^\W\d]{0,2}\.?"
)
_DATE = re.compile(
    rf"\d{{4}}-\d\d-\d\d( \d\d:\d\d:\d\d.*)?|\d\d:\d\d:\d\d.*|\d{{1,2}}[-. ]{_MONTH}|{_MONTH}[-. ]\d{{1,2}}",
    re.IGNORECASE,
)
_NO_RESULT = ("#n/a", "#div/0!", "#num!", "#value!", "#null!")
_EMPTY = ("", "nan", "na", "n/a", "-", "--", *_NO_RESULT)


class Formula(str):
    """The cell of a workbook that holds a formula without its value."""


def from_excel(value) -> str | float:
    """A cell's value in a workbook as a number or text."""
    if value is None:
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return value if isinstance(value, str) else str(value)


def is_comment(cell: str | float) -> bool:
    """Whether a row that begins with `cell` is a comment: not the header ``#``, not Excel's ``#N/A``."""
    text = cell.strip() if isinstance(cell, str) else ""
    return text.startswith("#") and len(text) > 1 and text.lower() not in (*_NO_RESULT, "#ref!", "#name?")


def to_number(cell: str | float, decimal: str = ".") -> float:
    """The number in `cell`, NaN where it is empty.

    Raises
    ------
    ValueError
        If it is neither.
    """
    if isinstance(cell, float):
        return cell
    text = _plain(cell)
    if text.lower() in _EMPTY:
        return np.nan
    if grouped(cell):
        text = re.sub(r"[ ']", "", text)
    if decimal == ",":
        text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text)


def grouped(cell: str | float) -> bool:
    """Whether blanks or apostrophes mark the thousands in `cell`."""
    return isinstance(cell, str) and bool(_BLANK_GROUPS.fullmatch(_plain(cell)))


def is_number(cell: str | float) -> bool:
    """Whether `cell` holds a number, with whichever decimal sign, or a formula in the place of one."""
    if isinstance(cell, Formula):
        return True
    for decimal in ".,":
        try:
            return not np.isnan(to_number(cell, decimal))
        except ValueError:
            continue
    return False


def is_empty(cell: str | float) -> bool:
    """Whether `cell` holds nothing, or a sign that says so."""
    return isinstance(cell, str) and _plain(cell).lower() in _EMPTY


def decimal_sign(cells) -> str:
    """ "," where a comma occurs that cannot mark thousands and no decimal point does, else "."."""
    texts = {_plain(cell) for cell in cells if isinstance(cell, str)}
    texts = {re.sub(r"[ ']", "", text) if _BLANK_GROUPS.fullmatch(text) else text for text in texts}
    comma = any(_DECIMAL_COMMA.fullmatch(text) and not _GROUPED.fullmatch(text) for text in texts)
    point = any(_DECIMAL_POINT.fullmatch(text) for text in texts)
    return "," if comma and not point else "."


def mend(cell: str) -> str:
    """What to do about a cell that is not a number."""
    if isinstance(cell, Formula):
        return (
            "the file holds formulas without their values; open it in Excel or LibreOffice, save it there and read it "
            "again."
        )
    if _DATE.fullmatch(_plain(cell)):
        return (
            "Excel has made a date of it, e.g. of 1/2 or 1.2; format the column as numbers or text "
            "and enter the value again."
        )
    if "," in cell:
        return "write decimals with a point and thousands without a sign, or correct the cell."
    return "correct the cell, or empty it to have the reading masked."


def _plain(cell):
    return unicodedata.normalize("NFKC", cell).replace("−", "-").strip(" \t\r\n\u200b\ufeff")
