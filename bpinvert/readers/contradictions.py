"""Where a sheet gives more than the apparent resistivity needs: what of it contradicts the rest."""

from __future__ import annotations

import numpy as np

from bpinvert.readers.electrodes import TOLERANCE, geometric_factor, other_readings
from bpinvert.readers.headers import split_unit
from bpinvert.readers.quantities import UNIT, WORD
from bpinvert.readers.resistance import voltage_over_current
from bpinvert.readers.sheet import Sheet
from bpinvert.readers.table import listed

# Share of the rows that must contradict, and that another reading of a spacing must explain.
_MOST = 0.8


@np.errstate(over="ignore", divide="ignore", invalid="ignore")
def find_contradictions(sheet: Sheet, coordinates: dict, rhoa: np.ndarray) -> None:
    """Report where the apparent resistivity, K, R, V/I and the electrodes are at odds; doubt what is so all through.

    A column that is there for comparison only cannot spoil the reading.

    Raises
    ------
    ValueError
        If K is that of the electrodes only where a spacing is the full one instead of the half, or the reverse, and the
        caller did not say what its column holds.
    """
    faults, factor = dict(sheet.faults), None
    try:
        measured, formula = _measured(sheet)
        if "geometric_factor" in sheet:
            factor, what = sheet.values("geometric_factor"), "geometric factor K"
            if measured is not None and "apparent_resistivity" in sheet:
                _compare(sheet, "apparent resistivity", rhoa, factor * measured, f"K·{formula}")
        elif measured is not None and "apparent_resistivity" in sheet:
            factor, what = rhoa / measured, f"K implied by apparent resistivity over {formula}"
    except ValueError as error:
        sheet.report.append(f"Nothing was compared with the apparent resistivity: {error}")
    new = [fault for row, fault in sheet.faults.items() if row not in faults]
    sheet.report += [f"{fault} The reading itself is not touched by that." for fault in new]
    sheet.faults = faults
    if factor is not None:
        _compare_geometry(sheet, factor, coordinates, what)


def _measured(sheet):
    """(R of each row or None, in words whence); of V/I and R the former, which is rounded less."""
    ratio = None
    if "voltage" in sheet and "current" in sheet:
        ratio = _row_median(voltage_over_current(sheet)[0])
    if "resistance" not in sheet:
        return ratio, "V/I"
    resistance = _row_median(sheet.repeats("resistance"))
    if ratio is None:
        return resistance, "R"
    _compare(sheet, "resistance", resistance, ratio, "V/I")
    return ratio, "V/I"


def _row_median(values):
    return np.array([np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in values])


def _compare(sheet, what, given, expected, formula):
    """Report and return the rows in which `given` is more than 5 % off `expected`.

    A sounding that is off by the same factor in all its rows is doubted.
    """
    ratio = given / expected
    known = np.isfinite(ratio)
    off = known & (np.abs(ratio - 1) > TOLERANCE)
    rows = np.flatnonzero(off)
    if not rows.size:
        return off
    shown = listed([f"{sheet.table.lines[i]} ({given[i]:.6g} against {expected[i]:.6g})" for i in rows])
    factor = _even_factor(ratio[known])
    all_alike = f" In every row it is {factor} times that, as by a mistake of units or spacings." if factor else ""
    sheet.report.append(
        f"The {what} differs from {formula} by more than {100 * TOLERANCE:g} % in row{'s' * (len(rows) > 1)} "
        f"{shown}; nothing was changed.{all_alike}"
    )
    for name in dict.fromkeys(sheet.soundings.tolist()):
        own = known & (sheet.soundings == name)
        factor = _even_factor(ratio[own])
        # A factor below zero is a convention of signs.
        if factor and off[own].all() and not factor.startswith("-"):
            sheet.doubt(
                name,
                f"In every row the {what} is {factor} times {formula}, as by a mistake of units or spacings.",
            )
    return off


def _even_factor(ratio):
    """The factor that all of two ratios or more are alike, as text; empty where they are not."""
    if ratio.size < 2:
        return ""
    middle = float(np.median(ratio))
    return f"{middle:.4g}" if np.abs(ratio / middle - 1).max() <= TOLERANCE else ""


def _compare_geometry(sheet, factor, coordinates, what):
    """Compare K, given or implied, with that of the electrodes, and say which reading of these would explain it."""
    geometry = geometric_factor(coordinates)
    if geometry is None:
        return
    off = _compare(sheet, what, factor, geometry, "that of the electrodes")
    known = np.isfinite(factor / geometry)
    if not off.any() or off[known].mean() <= _MOST:
        return
    for columns, held, other in other_readings(sheet, coordinates):
        ratio = (factor / other)[known]
        if known.sum() < 2 or (np.abs(ratio - 1) <= TOLERANCE).mean() <= _MOST:
            continue
        words = " and ".join(f"column {c.header!r} held {h}" for c, h in zip(columns, held, strict=True))
        if not any(column.stated for column in columns):
            stated = [f"{column.header!r}: {_in_its_unit(column)!r}" for column in columns]
            raise ValueError(
                f"{sheet.table.place}: the {what} is that of the electrodes only if {words}, in nearly every row; "
                f"correct the header, or confirm it with columns={{{', '.join(stated)}}}."
            )
        sheet.report.append(f"The {what} would agree if {words}: check the header and the column.")
        return


def _in_its_unit(column):
    return f"{WORD[column.name]} ({split_unit(column.header)[1] or UNIT[column.name]})"
