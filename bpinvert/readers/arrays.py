"""Sheets of another array than their spacings seem to mean, or in another unit: refused, for no factor shows it."""

from __future__ import annotations

import numpy as np

from bpinvert.readers.headers import NOT_USED
from bpinvert.readers.preamble import arrays_named, foreign_length
from bpinvert.readers.quantities import SPACINGS, WORD
from bpinvert.readers.sheet import Sheet

# Share by which MN may miss a third of AB and the array still be Wenner's.
_TOLERANCE = 0.03


def refuse_dipoles(sheet: Sheet) -> None:
    """Raise where an `a` stands beside the n of a dipole array, or the positions of B and M: it is no Wenner's."""
    if "a" not in sheet or "ab2" in sheet or "ab" in sheet:
        return
    table = sheet.table
    bare = {k: header.split("(")[0].split("[")[0].strip().lower() for k, header in enumerate(table.headers)}
    letters = {letter: k for k, letter in bare.items() if table.meanings.get(k) != NOT_USED}
    kind = "positions of A, B, M and N" if {"b", "m"} <= set(letters) else ""
    if not kind and "n" in letters:
        n, a = (table.numbers(k)[0] for k in (letters["n"], sheet.columns("a")[0].index))
        only_counts = np.array_equal(n, np.arange(1, len(n) + 1)) and np.unique(a).size > 1
        kind = "" if only_counts else "a dipole array with a and n"
    if kind:
        raise ValueError(
            f"{table.place} looks like {kind}, which this reader does not know; give AB/2 and MN/2 (or Wenner's "
            "a alone) in columns of their own, or make the Dataset yourself with the survey's coordinates."
        )


def refuse_named_arrays(sheet: Sheet, coordinates: dict) -> None:
    """Raise where a column, a title or a header names an array, but not the one that the spacings mean.

    Wenner's readings may be given by AB/2 and MN/2 where MN is a third of AB.
    """
    own = "Wenner" if "a" in coordinates else "Schlumberger"
    accepted = {own, "Wenner"} if _is_wenner(coordinates) else {own}
    table = sheet.table
    headers = [column.header for name in SPACINGS if name in sheet for column in sheet.columns(name)]
    said = [*table.said, *(("a header", header) for header in headers)]
    named = [arrays_named(text) for _, text in said]
    found = []
    if not accepted & set().union(*named):
        found = [f"{where} says {text!r}" for (where, text), arrays in zip(said, named, strict=True) if arrays]
    for row, text in enumerate(sheet.texts("array") if "array" in sheet else ()):
        named = arrays_named(text)
        if named and not accepted & named:
            found.append(f"{sheet.where(row, 'array').removeprefix(table.place + ', ')} says {text!r}")
    if found:
        spacing = WORD[next(name for name in SPACINGS if name in sheet)]
        raise ValueError(
            f"{table.place}, {found[0]}, but {spacing} is the spacing of a {own} array; this reader knows "
            "Schlumberger's AB/2 with MN/2 and Wenner's a. Give the spacings of the array that was used, each array "
            "in a sheet of its own, or correct its name."
        )


def refuse_other_lengths(sheet: Sheet) -> None:
    """Raise where a title names feet, inches, yards or centimetres, and a spacing has no unit."""
    columns = [column for name in SPACINGS if name in sheet for column in sheet.columns(name) if not column.unit]
    for where, text in sheet.table.said if columns else ():
        unit = foreign_length(text)
        if unit:
            header, word = columns[0].header, WORD[columns[0].name]
            raise ValueError(
                f"{sheet.table.place}, {where} says {text!r}, but column {header!r} gives no unit; write the unit "
                f"in the header, as {word} ({unit}) or {word} (m), or say it with "
                f"columns={{{header!r}: '{word} ({unit})'}}."
            )


def _is_wenner(coordinates):
    if "mn2" not in coordinates:
        return False
    with np.errstate(divide="ignore", invalid="ignore"):
        third = 3 * coordinates["mn2"] / coordinates["ab2"]
    known = third[np.isfinite(third)]
    return known.size > 0 and bool((np.abs(known - 1) <= _TOLERANCE).all())
