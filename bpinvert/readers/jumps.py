"""Jumps along a sounding that no layered earth gives, but a slip of the decimal point or of the unit does."""

from __future__ import annotations

import numpy as np

from bpinvert.readers.quantities import WORD
from bpinvert.readers.sheet import Sheet

_FACTOR = 5.0
# Farther apart than this, readings may differ by the factor over a layered earth.
_NEIGHBOURS = 3.0


def report_jumps(sheet: Sheet, coordinates: dict, rhoa: np.ndarray) -> None:
    """Report readings on one MN more than five times above or below their neighbours; nothing is changed."""
    names = sheet.soundings
    main = next(iter(coordinates))
    spacing, mn2 = coordinates[main], coordinates.get("mn2", np.zeros(len(rhoa)))
    sound = np.isfinite(spacing) & (spacing > 0) & np.isfinite(rhoa) & (rhoa > 0) & np.isfinite(mn2)
    sound[[*sheet.faults, *sheet.unusable]] = False
    segments = {}
    for row in np.flatnonzero(sound).tolist():
        segments.setdefault((names[row], mn2[row]), []).append(row)
    for rows in map(np.array, segments.values()):
        for row, sentence in _jumps(spacing, rhoa, rows[np.argsort(spacing[rows], kind="stable")]):
            what = f"apparent resistivity {rhoa[row]:g} ohm m at {WORD[main]} = {spacing[row]:g} m"
            sheet.report.append(f"{sheet.table.row(row)}: {what} {sentence}")


def _jumps(spacing, rhoa, rows):
    """(row, what is strange there) along `rows`, which ascend in spacing."""
    step = np.diff(np.log(rhoa[rows]))
    near = np.diff(np.log(spacing[rows])) <= np.log(_NEIGHBOURS)
    large = np.where(near & (np.abs(step) > np.log(_FACTOR)), np.sign(step), 0).tolist()
    values = rhoa[rows].tolist()
    mend = "check for a slip of the decimal point or the unit. Everything is used as it is."
    found, i = [], 0
    while i < len(large):
        if large[i] and large[i + 1 : i + 2] == [-large[i]]:
            sentence = f"stands between {values[i]:g} and {values[i + 2]:g} on the same MN; {mend}"
            found.append((rows[i + 1], sentence))
            i += 1
        elif large[i]:
            found.append((rows[i + 1], f"follows {values[i]:g} on the same MN; {mend}"))
        i += 1
    return found
