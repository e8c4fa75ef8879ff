"""Tables of text: which encoding, which delimiter, which cells."""

from __future__ import annotations

import csv
import re

from bpinvert.readers.blanks import spaced, split_by_blanks
from bpinvert.readers.cells import is_comment, is_number
from bpinvert.readers.headers import score
from bpinvert.readers.table import Grid

HEAD = 60
DELIMITERS = ("\t", ";", ",", None)
# A first line that tells Excel the delimiter.
_FOR_EXCEL = re.compile(r'"?sep=.?"?\s*', re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_CALLED = {
    "cp1252": "Windows-1252", "gb18030": "GB18030", "cp1251": "Windows-1251", "latin-1": "Latin-1",
    "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16",
}  # fmt: skip


def read_text(file: str, content: bytes, stated: frozenset[str]) -> Grid:
    """The cells of a text file, in the encoding and with the delimiter under which most headers are understood.

    Raises
    ------
    ValueError
        If it is no text, or cannot be split into cells.
    """
    best = None
    for encoding in _encodings(content):
        text = content.decode(encoding, errors="replace")
        if _CONTROL.search(text):
            continue
        lines = re.split(r"\r\n|\r|\n", text)
        if _FOR_EXCEL.fullmatch(lines[0]):
            lines[0] = ""
        for delimiter in _delimiters(lines):
            points = _points(_split(file, lines[:HEAD], delimiter, stated), stated)
            if best is None or points > best[0]:
                best = points, encoding, delimiter, lines
    if best is None:
        raise ValueError(f"{file} is neither a table of text nor an .xlsx workbook; save the sheet as .csv or .xlsx.")
    _, encoding, delimiter, lines = best
    if not any(line.strip() and not line.lstrip().startswith("#") for line in lines):
        raise ValueError(f"{file} holds only comments; add one row per reading.")
    notes = [] if encoding == "utf-8-sig" else [f"The text is not UTF-8; it was read as {_CALLED[encoding]}."]
    return Grid(file, _split(file, lines, delimiter, stated), notes=notes, delimiter=delimiter or " ")


def _points(rows, stated):
    """How well a split is understood: the best score of a row with mostly two numbers or more in those below."""
    counts = [sum(map(is_number, cells)) for _, cells, _ in rows]
    best = 0
    for i, (_, cells, _) in enumerate(rows):
        below = sorted(counts[i + 1 :])
        if below and below[len(below) // 2] >= 2:
            best = max(best, score(cells, stated))
    return best


def _encodings(content):
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ["utf-16"]
    if content.count(0) > len(content) / 3:
        return ["utf-16-le" if content[1:2] == b"\0" else "utf-16-be"]
    if _decodes(content, "utf-8-sig"):
        return ["utf-8-sig"]
    return [name for name in ("cp1252", "gb18030", "cp1251") if _decodes(content, name)] or ["latin-1"]


def _decodes(content, encoding):
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _delimiters(lines):
    """All, the one that the first line suggests foremost: it is taken where no header is understood."""
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    suggested = next((sign for sign in DELIMITERS if sign and sign in first), None)
    return [suggested, *(sign for sign in DELIMITERS if sign != suggested)]


def _split(file, lines, delimiter, stated):
    """(line number, cells, whether a comment) of every line that is not blank."""
    comments = [line.lstrip().startswith("#") and not re.match(r"\s*#\s*[,;]", line) for line in lines]
    data = ["" if comment else line for line, comment in zip(lines, comments, strict=True)]
    rows = split_by_blanks(data, stated) if delimiter is None else _split_by(file, data, delimiter)
    width = len(rows[0][1]) if rows else 0
    for i, line in enumerate(lines):
        if comments[i]:
            bare = re.sub(r"^\s*#+ ?", "", line)
            cells = spaced(bare, width, stated) if delimiter is None else bare.split(delimiter)
            rows.append((i + 1, cells, True))
    return sorted(rows, key=lambda row: row[0])


def _split_by(file, lines, delimiter):
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t")
    try:
        rows = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise ValueError(f"{file} cannot be split into cells in row {reader.line_num}: {error}.") from None
    return [(line, cells, is_comment(cells[0])) for line, cells in rows]
