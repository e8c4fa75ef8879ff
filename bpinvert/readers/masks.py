"""Readings that a column of the sheet masks."""

from __future__ import annotations

import re
from itertools import pairwise

from bpinvert.readers.cells import is_empty
from bpinvert.readers.headers import fold, is_remark, read_header
from bpinvert.readers.sheet import Sheet
from bpinvert.readers.table import listed

_YES = {
    "1", "x", "✓", "✔", "yes", "y", "true", "oui", "vrai", "ja", "j", "wahr", "si", "s", "verdadero", "sim",
    "verdadeiro", "vero", "是", "да",
}  # fmt: skip
_NO = {"0", "no", "n", "false", "non", "faux", "nein", "falsch", "falso", "nao", "否", "нет"}
_USED = {
    "used", "ok", "okay", "good", "valid", "keep", "kept", "accept", "accepted", "gut", "gultig", "verwendet", "bon",
    "bonne", "utilise", "valide", "bueno", "buena", "usado", "valido", "bom", "boa", "buono", "好", "合格", "采用",
}  # fmt: skip
_MASKED = {
    "masked", "not used", "unused", "rejected", "reject", "excluded", "exclude", "bad", "invalid", "discarded",
    "discard", "outlier", "skip", "skipped", "ignore", "ignored", "schlecht", "verworfen", "ungultig", "mauvais",
    "mauvaise", "rejete", "exclu", "malo", "mala", "descartado", "descartada", "excluido", "ruim", "scartato",
    "剔除", "坏", "不合格",
}  # fmt: skip


def mask_rows(sheet: Sheet) -> None:
    """Mark the rows as unusable that a column ``used``, or an opposite such as ``rejected``, says are not to be used.

    An empty cell leaves its reading used, but not in a column ``used`` that has marks and no word for no. A column
    such as ``QC`` counts where it holds words of that kind alone; what remarks say is reported and masks nothing.
    """
    if "judged" in sheet and _only_judges(sheet.table.texts(sheet.columns("judged")[0].index)):
        _mask(sheet, "judged")
    for name in ("used", "masked"):
        if name in sheet:
            _mask(sheet, name)
    for column in sheet.unread():
        header = sheet.table.headers[column]
        meant = read_header(header)
        if not header or is_remark(header) or (meant and meant.name == "judged"):
            _report_remarks(sheet, column)


def _only_judges(texts):
    words = {fold(text) for text in texts if not is_empty(text)}
    return bool(words) and words <= _USED | _MASKED


def _report_remarks(sheet, column):
    """Report where a remark speaks of a rejection, though not in every row."""
    texts = sheet.table.texts(column)
    rows = [row for row, text in enumerate(texts) if _rejects(text) and row not in sheet.unusable]
    if 0 < len(rows) < len(texts):
        shown = listed([f"{sheet.table.lines[row]} ({texts[row]!r})" for row in rows])
        sheet.report.append(
            f"Column {sheet.table.headers[column]!r} may speak of rejected readings in row{'s' * (len(rows) > 1)} "
            f"{shown}; they are used. To mask them, add a column 'used' with no in these rows."
        )


def _rejects(text):
    words = re.findall(r"[^\W_]+", fold(text))
    return any(word in _MASKED for word in [*words, *map(" ".join, pairwise(words))])


def _mask(sheet, name):
    column = sheet.columns(name)[0].header
    keep, drop = (_NO | _USED, _YES | _MASKED) if name == "masked" else (_YES | _USED, _NO | _MASKED)
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
