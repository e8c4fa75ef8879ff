"""Columns of one quantity whose headers say how each was had: the mean is taken, else the caller is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bpinvert.readers.headers import NOT_USED, Column, fold, read_header, sounding_label, tidy
from bpinvert.readers.quantities import WORD
from bpinvert.readers.spellings import BOUNDS, INGREDIENTS, MEANS, QUALIFIERS
from bpinvert.readers.table import Table, columns_were

_WORD = re.compile(r"[^\W\d_]+")
_KNOWN = MEANS | QUALIFIERS | BOUNDS


@dataclass(frozen=True)
class _Qualified:
    """A column that means `plain` but for a word on how it was had."""

    column: Column
    plain: str
    mean: bool
    bound: bool


def without_qualifiers(table: Table) -> Table:
    """`table` where of ``rhoa forward``, ``rhoa reverse``, ``rhoa mean`` only the last is left, as ``rhoa``.

    Raises
    ------
    ValueError
        If none, or more than one, is the mean and the caller did not say which column to take.
    """
    table = _one_of(table, "apparent_resistivity")
    if any(column.name == "apparent_resistivity" for column in _plain(table)):
        return table
    for name in INGREDIENTS:
        table = _one_of(table, name)
    return table


def _plain(table):
    """The columns that need no word struck, under the headers of the sheet."""
    found = (read_header(table.meanings.get(i, header), i) for i, header in enumerate(table.headers))
    return [replace(column, header=table.headers[column.index]) for column in found if column and not column.error]


def _one_of(table, name):
    """`table` with one column of `name`, where some say how they were had and the caller does not say which to take."""
    plain = [column for column in _plain(table) if column.name == name]
    bounded = [_qualified(table, i, name) for i in range(len(table.headers))]
    qualified = [found for found in bounded if found and not (plain and found.bound)]
    said = any(sounding_label(text) for text in table.meanings.values())
    if not qualified or said or any(column.index in table.meanings for column in plain):
        return table
    means = [found for found in qualified if found.mean]
    rivals = [found.column for found in means or qualified]
    rivals += [column for column in plain if column.number is None or not means]
    if len(rivals) > 1:
        headers = ", ".join(repr(column.header) for column in rivals)
        meaning = next(found.plain for found in qualified if found.column is rivals[0])
        raise ValueError(
            f"{table.place} has the columns {headers}, all of the {WORD[name]}; say which is to be inverted, as with "
            f"columns={{{rivals[0].header!r}: {meaning!r}}}."
        )
    taken = next(found for found in qualified if found.column is rivals[0])
    others = [column for column in [*(found.column for found in qualified), *plain] if column is not taken.column]
    instead = f", not {', '.join(repr(column.header) for column in others)}" if others else ""
    note = f"{columns_were([taken.column.header])} taken for the {WORD[name]}{instead}."
    meanings = {column.index: NOT_USED for column in others} | {taken.column.index: taken.plain}
    return replace(table, meanings=table.meanings | meanings, notes=[*table.notes, note])


def _qualified(table, i, name):
    """What column `i` means but for the words on how it was had; None where that is not `name`."""
    header, found = table.headers[i], set()
    if i in table.meanings or read_header(header):
        return None

    def strike(match):
        word = fold(match[0])
        # Chinese joins its words, so that there a part is enough.
        hits = {word} & _KNOWN or {known for known in _KNOWN if not known.isascii() and known in word}
        for known in sorted(hits, key=len, reverse=True):
            word = word.replace(known, "")
        found.update(hits)
        return word if hits else match[0]

    plain = tidy(re.sub(r"[(\[]\s*[)\]]", " ", _WORD.sub(strike, header)).strip(" _-,:"))
    column = read_header(plain, i) if found else None
    if column is None or column.error or column.name != name:
        return None
    return _Qualified(replace(column, header=header), plain, bool(found & MEANS), found <= BOUNDS)
