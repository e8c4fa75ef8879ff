"""The period of each reading, from a period, a frequency or a wavelength."""

from __future__ import annotations

import numpy as np

from bpinvert.readers.headers import NOT_USED
from bpinvert.readers.quantities import UNIT, WORD
from bpinvert.readers.sheet import Sheet
from bpinvert.readers.velocities import PHASE

# Rounding makes less of a difference between two columns.
TOLERANCE = 0.05


@np.errstate(over="ignore", divide="ignore", invalid="ignore")
def periods(sheet: Sheet, data: dict[str, np.ndarray]) -> np.ndarray:
    """The period in s; where the sheet gives it in two ways, rows in which they differ are faults of the sheet.

    Raises
    ------
    ValueError
        If there is a wavelength without a phase velocity to turn it into a period.
    """
    found = {}
    if "period" in sheet:
        found["period"] = sheet.values("period")
    if "frequency" in sheet:
        frequency = sheet.values("frequency")
        found["frequency"] = 1 / _positive(frequency)
        for row in np.flatnonzero(frequency <= 0):
            _mask(sheet, row, "frequency", frequency[row])
    if "wavelength" in sheet and (PHASE in data or not found):
        if PHASE not in data:
            raise ValueError(
                f"{sheet.table.place} gives wavelengths, but no {WORD[PHASE]} to turn them into periods; add a column "
                "of the period, the frequency or the phase velocity."
            )
        found["wavelength"] = sheet.values("wavelength") / _positive(data[PHASE])
    main, *others = found
    for other in others:
        _compare(sheet, main, found[main], other, found[other])
    if main == "frequency":
        sheet.report.append("The frequency was turned into the period.")
    elif main == "wavelength":
        sheet.report.append("The wavelength was turned into the period: divided by the phase velocity.")
        _mask_without_velocity(sheet, data[PHASE])
    return found[main]


def _positive(values):
    return np.where(values > 0, values, np.nan)


def _compare(sheet, main, period, other, same):
    off = np.abs(same / _positive(period) - 1) > TOLERANCE
    for row in np.flatnonzero(off):
        column = sheet.columns(other)[0]
        sheet.faults.setdefault(
            int(row),
            f"{sheet.where(row, other)} means a period of {same[row]:g} s, but column "
            f"{sheet.columns(main)[0].header!r} {period[row]:g} s; correct one of them, or leave one out with "
            f"columns={{{column.header!r}: {NOT_USED!r}}}.",
        )
    if not off.any():
        sheet.report.append(f"The {WORD[other]} agrees with the {WORD[main]}.")


def _mask_without_velocity(sheet, velocity):
    for row in np.flatnonzero(~(velocity > 0)):
        _mask(sheet, row, PHASE, velocity[row])


def _mask(sheet, row, name, value):
    said = "missing" if np.isnan(value) else f"{value:g} {UNIT[name]}, not positive"
    sheet.unusable.setdefault(
        int(row), f"{sheet.table.row(row)}: {WORD[name]} is {said}; the reading is kept but not used."
    )
