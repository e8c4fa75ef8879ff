"""Points that may be marks of thousands rather than decimal points."""

from __future__ import annotations

import re

from bpinvert.readers.cells import is_empty
from bpinvert.readers.headers import fold
from bpinvert.readers.sheet import Sheet

_GROUPED = re.compile(r"[1-9]\d{0,2}\.\d{3}")
_DECIMAL = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
# Words in headers of languages that write decimals with a comma.
_COMMA = re.compile(r"widerstand|fehler|abstand|spannung|strom|resistivite|resistividad|сопротивление")
_FEWEST = 3


def doubt_thousands(sheet: Sheet) -> None:
    """Doubt soundings whose every apparent resistivity is like 1.000, where no other number has a decimal point."""
    table = sheet.table
    commas = table.delimiter == ";" or _COMMA.search(fold(" ".join(table.headers)))
    if not commas or "apparent_resistivity" not in sheet:
        return
    columns = [column.index for column in sheet.columns("apparent_resistivity")]
    texts = [entry.strip() for row in table.rows for entry in row if isinstance(entry, str)]
    if any(_DECIMAL.fullmatch(text) and not _GROUPED.fullmatch(text) for text in texts):
        return
    for name in dict.fromkeys(sheet.soundings.tolist()):
        rows = [row for row, own in zip(table.rows, sheet.soundings == name, strict=True) if own]
        filled = [str(row[i]).strip() for row in rows for i in columns if not is_empty(row[i])]
        if len(filled) >= _FEWEST and all(map(_GROUPED.fullmatch, filled)):
            sentence = (
                f"Every apparent resistivity is written like {filled[0]}, where the point may mark thousands; it was "
                "read as a decimal point."
            )
            sheet.report.append(f"{name}: {sentence}")
            sheet.doubt(name, sentence)
