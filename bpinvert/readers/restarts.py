"""Soundings one below the other under one name, or without any: told apart where the spacings start again."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bpinvert.readers.quantities import WORD
from bpinvert.readers.sheet import Sheet

# A sounding has at least so many readings, and its spacings fall by so much, to so near the least, to start again.
_FEWEST, _DROP, _NEAR = 3, 4.0, 1.5
# Share of the spacings' range, and of the number of readings there, that must come again.
_MOST = 0.5
# Of the way outward, what share may lead back otherwise: spacings without any order start nowhere.
_INWARD = 0.2


def split_restarts(sheet: Sheet, coordinates: dict) -> None:
    """Name the readings apart of soundings that share a name, as "A" and "A (2)", and report it.

    A sounding measured there and back, segments of other MN, repeated readings and rows sorted by spacing stay one.
    """
    main, *others = coordinates
    spacing = coordinates[main]
    mn2 = coordinates[others[0]] if others else np.zeros(len(spacing))
    names = sheet.soundings.astype(object)
    taken = set(names)
    for name in dict.fromkeys(names):
        group = np.flatnonzero(names == name)
        if sheet.faults.keys() & set(group.tolist()):
            continue  # such as the headers of the next sounding, which are to be mended first
        known = group[np.isfinite(spacing[group]) & (spacing[group] > 0)]
        for start in known[_starts(np.log(spacing[known]), mn2[known])]:
            new = next(new for k in range(2, len(names) + 2) if (new := f"{name} ({k})") not in taken)
            taken.add(new)
            names[group[group >= start]] = new
            sheet.report.append(
                f"{name}: {WORD[main]} starts again ({sheet.table.row(start)}); the readings from there on were taken "
                f"as another sounding, {new!r}. Sort the rows by {WORD[main]} if they are one."
            )
    sheet.soundings = names.astype(str)


def _starts(place, mn2):
    """Where in `place`, logarithms of spacings in the order of the file, a sounding starts again."""
    steps = np.diff(place)
    if (steps < 0).sum() > (steps > 0).sum():
        place, steps = -place, -steps
    falls = (steps < -np.log(_DROP)) & (place[1:] < place.min(initial=np.inf) + np.log(_NEAR))
    starts, begin = [], 0
    ends = [*(np.flatnonzero(falls) + 1).tolist(), len(place)]
    for start, end in pairwise(ends):
        same_mn = mn2[start] == mn2[begin] or np.isnan([mn2[start], mn2[begin]]).all()
        if same_mn and _again(place[begin:start], place[start:end]):
            starts.append(start)
            begin = start
    within = np.delete(steps, np.array(starts, dtype=int) - 1)
    inward, outward = -within[within < 0].sum(), within[within > 0].sum()
    return starts if inward <= _INWARD * outward else []


def _again(first, second):
    """Whether `second` runs over most of the range of `first` once more."""
    if min(len(first), len(second)) < _FEWEST:
        return False
    low, high = max(first.min(), second.min()), min(first.max(), second.max())
    within = [np.count_nonzero((places >= low) & (places <= high)) for places in (first, second)]
    return high - low >= _MOST * max(np.ptp(first), np.ptp(second)) and within[1] >= _MOST * within[0]
