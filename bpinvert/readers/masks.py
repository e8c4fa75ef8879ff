"""Readings that a column of the sheet masks."""

from __future__ import annotations

from bpinvert.readers.cells import is_empty
from bpinvert.readers.headers import fold
from bpinvert.readers.sheet import Sheet

_YES = {
    "1", "x", "✓", "✔", "yes", "y", "true", "oui", "vrai", "ja", "j", "wahr", "si", "s", "verdadero", "sim",
    "verdadeiro", "vero", "是", "да",
}  # fmt: skip
_NO = {"0", "no", "n", "false", "non", "faux", "nein", "falsch", "falso", "nao", "否", "нет"}
_USED = {"used", "ok", "good"}
_MASKED = {"masked", "not used", "rejected", "excluded", "bad"}


def mask_rows(sheet: Sheet) -> None:
    """Mark the rows as unusable that a column ``used``, or an opposite such as ``rejected``, says are not to be used.

    An empty cell leaves its reading used, but not in a column ``used`` that has marks and no word for no.
    """
    for name in ("used", "masked"):
        if name in sheet:
            _mask(sheet, name)


def _mask(sheet, name):
    column = sheet.columns(name)[0].header
    keep, drop = (_YES | _USED, _NO | _MASKED) if name == "used" else (_NO | _USED, _YES | _MASKED)
    written = sheet.texts(name)
    texts = ["" if is_empty(text) else fold(text) for text in written]
    only_marks = name == "used" and not drop.intersection(texts) and bool(keep.intersection(texts))
    if "" in texts and only_marks:
        sheet.report.append(
            f"Column {column!r} holds marks and empty cells only; the {texts.count('')} readings without a mark are "
            "not used."
        )
    elif "" in texts and keep.intersection(texts):
        sheet.report.append(f"Empty cells in column {column!r} mask no reading.")
    for row, text in enumerate(texts):
        if text in drop or (only_marks and not text):
            sheet.unusable[row] = f"{sheet.table.row(row)} is masked in column {column!r}."
        elif text and text not in keep:
            sheet.faults[row] = f"{sheet.where(row, name)} holds {written[row]!r}; write yes or no, or 1 or 0."
