"""From a grid of cells to a table: where the headers stand, what is no reading."""

from __future__ import annotations

import re
from pathlib import PurePath

from bpinvert.readers import cells as cell
from bpinvert.readers.blanks import usual_width
from bpinvert.readers.headers import NOT_USED, fold, is_remark, read_header, score, tidy, unit_of
from bpinvert.readers.preamble import declares
from bpinvert.readers.quantities import OUTER
from bpinvert.readers.spellings import SUMMARIES
from bpinvert.readers.table import Grid, Table
from bpinvert.readers.units import with_unit

DEPTH = 15
NO_CELLS = "holds no cells"
EXAMPLE = ("AB/2 (m)", "rhoa (ohm m)")
_DEFAULT_TITLE = re.compile(
    r"(sheet|tabelle|feuil|hoja|planilha|folha|foglio|blad|ark|arkusz|лист|工作表|table|data)\s*\d*", re.IGNORECASE
)
_SHEET_TITLE = "the title of the sheet"
# The columns of a file without headers that ends in .ves, by their number.
_PLAIN = {2: EXAMPLE, 3: ("AB/2 (m)", "MN/2 (m)", "rhoa (ohm m)")}


def build(grid: Grid, columns: dict[str, str], *, several: bool = False, example: tuple[str, str] = EXAMPLE) -> Table:
    """The headers and readings in `grid`.

    Parameters
    ----------
    grid : Grid
    columns : dict of str to str
        What headers mean, where they do not say it; headers that the grid lacks are passed over.
    several : bool
        Whether the file has more sheets, so that the title of each is the better name.
    example : tuple of str
        Headers that a file without any may be given.

    Raises
    ------
    ValueError
        If there are no readings, or a row has more cells than there are headers.
    """
    rows = [(line, _strip(cells), comment) for line, cells, comment in grid.rows]
    rows = [row for row in rows if row[1]]
    if all(comment for _, _, comment in rows):
        raise ValueError(f"{grid.place} {NO_CELLS}; a sheet needs one row of headers and its readings below.")
    at = header_row(rows, set(columns))
    notes = list(grid.notes)
    if at is None:
        above, body = [], [(line, cells) for line, cells, comment in rows if not comment]
        headers, meanings, stated = _without_headers(grid, body, columns, notes, example)
    else:
        above = [(line, _joined(cells)) for line, cells, comment in rows[:at] if not comment]
        body = _body(rows[at + 1 :], notes)
        headers = _headers(rows[at][1], body)
        _refuse_shifted(grid, rows[at][0], headers, body)
        meanings, stated = _meanings(grid, headers, columns)
    if above:
        notes.append(f"Above the headers {_skipped(above)}")
    body = _without_notes(body, _spacings(headers, meanings), notes)
    if body and _is_units(body[0][1]):
        headers, meanings = _with_units(grid, headers, meanings, *body.pop(0), notes)
    if not body:
        raise ValueError(f"{grid.place} has headers but no readings below them; add one row per reading.")
    title, titled = _title(grid, above, several)
    said = [(f"row {line}", _joined(cells)) for line, cells, comment in rows[:at] if at is not None or comment]
    said += [] if grid.sheet is None else [(_SHEET_TITLE, grid.sheet)]
    table = Table(
        grid.file, headers, [], [], grid.sheet, notes, meanings, stated, title, titled, tuple(said),
        delimiter=grid.delimiter, table=grid.table,
    )  # fmt: skip
    for line, cells in body:
        if len(cells) > len(headers):
            raise ValueError(
                f"{grid.place}, row {line} has {len(cells)} cells under {len(headers)} headers; give every "
                "column a header, and separate columns by semicolons or tabs where decimals have commas."
            )
        table.rows.append(cells + [""] * (len(headers) - len(cells)))
        table.lines.append(line)
    if table.decimal == ",":
        notes.append("Decimal commas were read as decimal points.")
    if any(cell.grouped(entry) for row in table.rows for entry in row):
        notes.append("Blanks within numbers were read as marks of the thousands.")
    return table


def _strip(cells):
    """`cells` without the empty ones at the end."""
    cells = list(cells)
    while cells and isinstance(cells[-1], str) and not cells[-1].strip():
        cells.pop()
    return cells


def header_row(rows: list[tuple[int, list, bool]], stated: frozenset[str] | set[str]) -> int | None:
    """Index of the row that holds the headers; None where the numbers begin without any."""
    found = []
    for i, (_, cells, comment) in enumerate(rows[:DEPTH]):
        points = score(cells, stated)
        if points > 0 and (not comment or _above_its_like(rows, i)):
            # Of equals the first, but the last comment: scientific files often keep their headers there.
            found.append((_above_readings(rows, i), points, not comment, i if comment else -i))
    if found:
        return abs(max(found)[-1])
    first = next(i for i, row in enumerate(rows) if not row[2])
    if all(map(cell.is_number, rows[first][1])):
        return next((i for i in range(first - 1, -1, -1) if _above_its_like(rows, i)), None)
    head = [i for i, row in enumerate(rows[:DEPTH]) if not row[2]]
    widest = max(len(rows[i][1]) for i in head)
    texts = (i for i in head if len(rows[i][1]) == widest and not any(map(cell.is_number, rows[i][1])))
    return next(texts, first)


def _following(rows, i):
    return next((cells for _, cells, comment in rows[i + 1 :] if not comment), [])


def _above_readings(rows, i):
    """Whether the next row that is no comment holds numbers or units: a row of groups stands above the headers."""
    return any(map(cell.is_number, _following(rows, i))) or _is_units(_following(rows, i))


def _above_its_like(rows, i):
    """Whether the next row that is no comment has just as many cells."""
    following = _following(rows, i)
    return len(_headers(rows[i][1], [(0, following)])) == len(following) > 0


def _headers(cells, body):
    """A header's cells as text; an empty or "#" one to the left belongs to a comment where the rows have no cell."""
    headers = [tidy(entry) for entry in cells]
    if headers[0] in ("", "#") and body and max(len(row) for _, row in body) == len(headers) - 1:
        return headers[1:]
    return headers


def _refuse_shifted(grid, line, headers, body):
    """Raise where blanks separate the cells and headers of several words would stand over other columns."""
    width = usual_width([cells for _, cells in body])
    remarks = len(headers) > width and all(map(is_remark, headers[width:]))
    if grid.delimiter == " " and width and 1 < len(headers) != width and not remarks:
        raise ValueError(
            f"{grid.place}, row {line} has {len(headers)} headers, {', '.join(map(repr, headers))}, over rows of "
            f"{width} cells, and it is open which words belong together; separate the columns by semicolons or tabs, "
            "or write every header and every name without blanks, as rho_a (ohm m)."
        )


def _without_headers(grid, body, columns, notes, example):
    """Numbers for headers, what they mean, and the keys by which the caller said it."""
    line, first = body[0]
    headers = [str(i + 1) for i in range(len(first))]
    meanings, stated = _meanings(grid, headers, columns)
    if meanings:
        notes.append("The file has no headers; its columns were counted from 1.")
    elif PurePath(grid.file).suffix.lower() == ".ves" and len(first) in _PLAIN:
        meanings = dict(enumerate(_PLAIN[len(first)]))
        notes.append(
            f"The file has no headers; as a .ves file its columns were taken as {', '.join(meanings.values())}."
        )
    else:
        raise ValueError(
            f"{grid.place} begins with numbers in row {line}; the first row must name the columns, e.g. "
            f"{', '.join(example)}. Add it, or say what they hold with columns={{'1': {example[0]!r}, "
            f"'2': {example[1]!r}}}."
        )
    return headers, meanings, stated


def _meanings(grid, headers, columns):
    """(what columns= says of each column, by which of its keys), by header or else by number."""
    found, stated = {}, {}
    for key, meaning in columns.items():
        places = [i for i, header in enumerate(headers) if header == key]
        if len(places) > 1:
            raise ValueError(
                f"{grid.place} has {len(places)} columns {key!r}, so that columns= cannot tell which is meant; rename "
                f"all but one, or give the number of the column, as columns={{'{places[0] + 1}': {meaning!r}}}."
            )
        if not places and key.isdecimal() and 0 < int(key) <= len(headers):
            places = [int(key) - 1]
        found |= {i: with_unit(meaning, headers[i]) for i in places}
        stated |= dict.fromkeys(places, key)
    return found, stated


def _body(rows, notes):
    comments = [line for line, _, comment in rows if comment]
    if comments:
        notes.append(f"Comments were skipped: row{'s' * (len(comments) > 1)} {', '.join(map(str, comments))}.")
    return [(line, cells) for line, cells, comment in rows if not comment]


def _spacings(headers, meanings):
    """The columns of spacings, periods or frequencies."""
    meant = [read_header(meanings.get(i, header), i) for i, header in enumerate(headers)]
    return [column.index for column in meant if column and not column.error and column.name in OUTER]


def _without_notes(body, spacings, notes):
    """`body` without rows of text, or of sums and means, at its end."""
    end = len(body)
    while end and (_is_note(body[end - 1][1]) or _is_summary(body[end - 1][1], spacings)):
        end -= 1
    below = [(line, _joined(cells)) for line, cells in body[end:]]
    # Nothing but text is no note below the readings: its cells are at fault.
    if not below or not any(cell.is_number(entry) for _, cells in body[:end] for entry in cells):
        return body
    notes.append(f"Below the readings {_skipped(below)}")
    return body[:end]


def _is_summary(cells, spacings):
    """Whether a row is headed by a word such as Mean and has no spacing, so that it is no reading."""
    first = next((entry for entry in cells if not cell.is_empty(entry)), "")
    words = re.findall(r"[^\W\d_]+", fold(first)) if isinstance(first, str) else []
    spaced = any(cell.is_number(cells[i]) for i in spacings if i < len(cells))
    return bool(words) and words[0] in SUMMARIES and not spaced


def _is_note(cells):
    filled = [entry for entry in cells if not cell.is_empty(entry)]
    texts = [entry for entry in filled if not cell.is_number(entry)]
    return len(texts) == len(filled) and (len(texts) <= 1 or not any(re.match(r"\s*[-+.,]?\d", t) for t in texts))


def _skipped(rows):
    shown = "; ".join(repr(text if len(text) <= 60 else text[:57] + "...") for _, text in rows[:5])
    which = f"row {rows[0][0]} was" if len(rows) == 1 else f"rows {', '.join(str(line) for line, _ in rows)} were"
    return f"{which} skipped: {shown}{'; ...' if len(rows) > 5 else ''}."


def _joined(cells):
    return ", ".join(filter(None, map(tidy, cells)))


def _is_units(cells):
    filled = [entry for entry in cells if not cell.is_empty(entry)]
    known = sum(isinstance(entry, str) and unit_of(entry) is not None for entry in filled)
    return known > 0 and 2 * known >= len(filled) and not any(map(cell.is_number, filled))


def _with_units(grid, headers, meanings, line, cells, notes):
    """Headers and meanings with the units in the row below them."""
    headers, meanings = list(headers), dict(meanings)
    for i, unit in enumerate(cells[: len(headers)]):
        bare = unit.strip().strip("()[]")
        if cell.is_empty(bare) or meanings.get(i) == NOT_USED:
            continue
        stated = read_header(meanings.get(i, headers[i]))
        if stated is not None and stated.unit:
            if unit_of(bare) != (stated.unit, stated.factor):
                raise ValueError(
                    f"{grid.place}, row {line}, column {headers[i]!r} gives the unit {bare!r} below a header with "
                    "another one; keep one of them."
                )
            continue
        headers[i] = f"{headers[i]} ({bare})"
        if i in meanings:
            meanings[i] = f"{meanings[i]} ({bare})"
    notes.append(f"Row {line} was read as units: {_joined(cells)}.")
    return headers, meanings


def _title(grid, above, several):
    """(name of the sounding, whence) where no column gives one."""
    own = grid.sheet if grid.sheet and not _DEFAULT_TITLE.fullmatch(grid.sheet) and not declares(grid.sheet) else ""
    if own and not grid.table:
        return own, _SHEET_TITLE
    line, text = next(((line, text) for line, text in above if not declares(text)), (0, ""))
    if text and len(text) <= 80:
        return text, f"row {line}"
    if grid.table:
        name = own or PurePath(grid.file).stem
        return name if grid.table == 1 else f"{name} ({grid.table})", "the place of the table"
    return (grid.sheet, _SHEET_TITLE) if several else ("", "")
