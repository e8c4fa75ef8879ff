"""Which mode each reading is of: 0 the fundamental one, 1 the first higher one, …"""

from __future__ import annotations

import re

import numpy as np

from bpinvert.readers.sheet import Sheet

_FUNDAMENTAL = ("fundamental", "fund")


def modes(sheet: Sheet) -> np.ndarray:
    """The number of the mode, NaN where the cell is empty; a cell that is no mode is a fault of the sheet.

    A sounding without its mode 0 is doubted, for some count the fundamental mode as 1, unless the caller or the format
    says what is counted.
    """
    if "mode" not in sheet:
        sheet.report.append("No modes are given; the curves were taken for those of the fundamental mode, 0.")
        return np.zeros(len(sheet))
    mode = np.full(len(sheet), np.nan)
    for row, text in enumerate(sheet.texts("mode")):
        number = re.fullmatch(r"(?:mode|m)?\s*(\d+)(?:\.0*)?", text.strip().lower())
        if number:
            mode[row] = int(number[1])
        elif text.strip().lower() in _FUNDAMENTAL:
            mode[row] = 0
        elif text.strip().lower() not in ("", "nan"):
            sheet.faults.setdefault(
                row,
                f"{sheet.where(row, 'mode')} holds {text!r}; a mode is 0 for the fundamental one, 1 for the first "
                "higher one, and so on. Correct the cell.",
            )
    column = sheet.columns("mode")[0]
    for name in dict.fromkeys(sheet.soundings.tolist()) if not column.stated else ():
        own = mode[sheet.soundings == name]
        if np.isfinite(own).any() and np.nanmin(own) > 0:
            sheet.doubt(
                name,
                f"Its lowest mode is {np.nanmin(own):.0f}, and some files count the fundamental one, which is 0, as 1: "
                f"confirm it with columns={{{column.header!r}: 'mode'}}, or correct the column.",
            )
            sheet.report.append(f"{name}: its lowest mode is {np.nanmin(own):.0f}; 0 is the fundamental one.")
    return mode
