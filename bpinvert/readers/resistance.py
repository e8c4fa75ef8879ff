"""Apparent resistivity from resistance, or voltage and current, and the geometric factor."""

from __future__ import annotations

import numpy as np

from bpinvert.readers.electrodes import geometric_factor
from bpinvert.readers.repeats import own_sounding, refuse_soundings, typical
from bpinvert.readers.sheet import Sheet
from bpinvert.readers.spellings import LOGARITHMS


# What is infinite or undefined in a row masks the row later.
@np.errstate(over="ignore", divide="ignore", invalid="ignore")
def apparent_resistivity(sheet: Sheet, coordinates: dict) -> np.ndarray:
    """The apparent resistivity of each row in Ω·m: as given, else K·R with R = V/I where that is not given.

    Raises
    ------
    ValueError
        If it is not given and K cannot be had, or the units of V and I leave V/I open.
    """
    if "apparent_resistivity" in sheet:
        given = sheet.repeats("apparent_resistivity")
        columns = sheet.columns("apparent_resistivity")
        refuse_soundings(sheet, given, columns)
        return typical(sheet, given, _as_written(given, columns), [column.header for column in columns])
    resistance, headers, formula = _resistance(sheet)
    refuse_soundings(sheet, resistance, sheet.columns("resistance" if "resistance" in sheet else "voltage"))
    factor, source = _factor(sheet, coordinates)
    sheet.report.append(f"The apparent resistivity was computed as K·R, with {formula} and {source}.")
    cells = _as_written(resistance, sheet.columns("resistance")) if "resistance" in sheet else resistance
    return typical(sheet, factor[:, None] * resistance, cells, headers)


def _as_written(values, columns):
    """`values` as they stand in the sheet."""
    written = values / np.array([column.factor for column in columns])
    for k, column in enumerate(columns):
        if column.log:
            written[:, k] = np.log(written[:, k]) / np.log(LOGARITHMS[column.log])
    return written


def _resistance(sheet):
    """(R of each row and repeat in Ω, a header for each repeat, in words whence)."""
    if "resistance" in sheet:
        return sheet.repeats("resistance"), [column.header for column in sheet.columns("resistance")], "R as given"
    ratio, headers = voltage_over_current(sheet)
    return ratio, headers, "R = V/I"


def voltage_over_current(sheet):
    """(V/I in Ω of each row and repeat, a header for each repeat)."""
    place = sheet.table.place
    for name, other in (("voltage", "current"), ("current", "voltage")):
        if name not in sheet:
            columns = sheet.columns(other)
            numbered = f" If each is {own_sounding(columns)}." if len(columns) > 1 else ""
            raise ValueError(
                f"{place} gives {_quoted(sheet, other)} but no column of the {name}. Add that column, or one of the "
                f"resistance or the apparent resistivity.{numbered}"
            )
    voltages, currents = sheet.columns("voltage"), sheet.columns("current")
    units = {bool(column.unit) for column in (*voltages, *currents)}
    if len(units) > 1:
        raise ValueError(
            f"{place} gives units to some of the columns {_quoted(sheet, 'voltage')} and {_quoted(sheet, 'current')} "
            "only, so that V/I is open; write e.g. (mV) and (mA) in the headers, or say so with columns=."
        )
    pairs = _pairs(voltages, currents)
    if pairs is None:
        raise ValueError(
            f"{place} has {len(voltages)} columns of voltage and {len(currents)} of current whose numbers do not pair "
            "them; number them alike, as V1, I1, V2, I2, or give one current."
        )
    voltage, current = sheet.repeats("voltage"), sheet.repeats("current")
    if units == {False}:
        sheet.report.append(
            "The headers of voltage and current give no units; V/I was taken as ohm, as it is of V and A or mV and mA."
        )
    ratio = np.column_stack([voltage[:, v] / current[:, c] for v, c in pairs])
    return ratio, [f"{voltages[v].header}/{currents[c].header}" for v, c in pairs]


def _pairs(voltages, currents):
    """Places of the voltages and their currents."""
    if len(currents) == 1:
        return [(i, 0) for i in range(len(voltages))]
    by_number = {column.number: i for i, column in enumerate(currents)}
    if {column.number for column in voltages} != set(by_number):
        return None
    return [(i, by_number[column.number]) for i, column in enumerate(voltages)]


def _quoted(sheet, name):
    return ", ".join(repr(column.header) for column in sheet.columns(name)) if name in sheet else ""


def _factor(sheet, coordinates):
    """(K of each row, in words whence)."""
    if "geometric_factor" in sheet:
        return sheet.values("geometric_factor"), "K as given"
    geometry = geometric_factor(coordinates)
    if geometry is None:
        raise ValueError(
            f"{sheet.table.place} gives the resistance but neither MN nor the geometric factor K, without which the "
            "apparent resistivity cannot be had. Add the column of MN/2, MN or K."
        )
    return geometry, "K from the geometry"
