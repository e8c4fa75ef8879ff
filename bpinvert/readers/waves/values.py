"""Phase and group velocities with their standard deviations, from velocities or slownesses, errors or bounds."""

from __future__ import annotations

import re

import numpy as np

from bpinvert.readers.quantities import UNIT, WORD
from bpinvert.readers.sheet import Sheet
from bpinvert.readers.table import listed
from bpinvert.readers.velocities import PHASE, SLOWNESS


def require_units(sheet: Sheet, names: tuple[str, ...]) -> None:
    """Raise where a column of one of `names` gives no unit.

    Raises
    ------
    ValueError
        Saying how to give them.
    """
    bare = {c.header: c.name for name in names if name in sheet for c in sheet.columns(name) if not c.unit}
    if bare:
        meanings = ", ".join(f"{header!r}: '{WORD[name]} ({UNIT[name]})'" for header, name in bare.items())
        raise ValueError(
            f"{sheet.table.place}, column{'s' * (len(bare) > 1)} {', '.join(map(repr, bare))} "
            f"give{'s' * (len(bare) == 1)} no unit, and none is guessed; write it in the header, or say it, if it is "
            f"this one, with columns={{{meanings}}}."
        )


@np.errstate(over="ignore", invalid="ignore")
def velocities(sheet: Sheet) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Phase and group velocity in m/s, those that the sheet has, and from which of its quantities each is."""
    data, sources = {}, {}
    for name, slowness in SLOWNESS.items():
        if name in sheet:
            data[name], sources[name] = sheet.values(name), name
        elif slowness in sheet:
            data[name], sources[name] = _inverse(sheet.values(slowness)), slowness
            sheet.report.append(f"The {WORD[slowness]} was turned into the {WORD[name]}.")
    if sources.get(PHASE) in sheet:
        column = sheet.columns(sources[PHASE])[0]
        if not re.search(
            r"(?i)ph|(?<![^\W_])c(?![^\W_])|相|фаз", sheet.table.meanings.get(column.index, column.header)
        ):
            sheet.report.append(
                f"Column {column.header!r} does not say whether it is of the phase or of the group; it was taken for "
                f"the {WORD[column.name]}."
            )
    return data, sources


@np.errstate(over="ignore", invalid="ignore")
def deviations(sheet: Sheet, name: str, source: str, velocity: np.ndarray, *, alone: bool) -> np.ndarray:
    """The standard deviation of the velocity `name` in m/s, NaN where not given, from errors or bounds of `source`.

    `alone`: the sheet has no other velocity, so that an error of nothing in particular is this one's.
    """
    lower, upper = f"{source}_lower", f"{source}_upper"
    given = velocity if source == name else _inverse(velocity)
    if lower in sheet and upper in sheet and not sheet.has_error(source, alone=alone):
        std = _half_difference(sheet, source, given, sheet.values(lower), sheet.values(upper))
    else:
        std = sheet.std(source, given, alone=alone)
    if source == name:
        return std
    if np.isfinite(std).any():
        sheet.report.append(
            f"The error of the {WORD[source]} was turned into that of the {WORD[name]} (times its square)."
        )
    return std * velocity**2


def _half_difference(sheet, source, values, lower, upper):
    outside = np.flatnonzero((values < lower) | (values > upper))
    if outside.size:
        rows = listed([sheet.table.lines[row] for row in outside])
        sheet.report.append(
            f"The {WORD[source]} lies outside its bounds in row{'s' * (len(outside) > 1)} {rows}; nothing was changed."
        )
    std = (upper - lower) / 2
    bad = np.flatnonzero(std <= 0)
    if bad.size:
        rows = listed([sheet.table.lines[row] for row in bad])
        sheet.report.append(
            f"The upper bound is not above the lower one in row{'s' * (len(bad) > 1)} {rows}; the error counts as not "
            "given there."
        )
    sheet.report.append(
        f"Half the difference of the bounds was taken for the standard deviation of the {WORD[source]}; where the "
        "bounds are wider than one standard deviation, so are the errors."
    )
    return np.where(std > 0, std, np.nan)


def _inverse(values):
    return 1 / np.where(values == 0, np.nan, values)
