"""Apparent resistivity from resistance, or voltage and current, and the geometric factor; and checks by these."""

from __future__ import annotations

import numpy as np

from bpinvert.readers.quantities import SPACINGS
from bpinvert.readers.repeats import own_sounding, refuse_soundings, typical
from bpinvert.readers.sheet import Sheet
from bpinvert.readers.spellings import LOGARITHMS

_TOLERANCE = 0.05
_MOST_ROWS = 12
# A column must agree with K in so many rows to be taken for K.
_FEWEST_ALIKE = 3
# Share of the rows that a mistake must explain to be named.
_MOST = 0.8


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
        values = typical(sheet, given, _as_written(given, columns), [column.header for column in columns])
        _check(sheet, values, coordinates)
        return values
    resistance, headers, formula = _resistance(sheet)
    refuse_soundings(sheet, resistance, sheet.columns("resistance" if "resistance" in sheet else "voltage"))
    factor, source = _factor(sheet, coordinates)
    sheet.report.append(f"The apparent resistivity was computed as K·R, with {formula} and {source}.")
    cells = _as_written(resistance, sheet.columns("resistance")) if "resistance" in sheet else resistance
    return typical(sheet, factor[:, None] * resistance, cells, headers)


def geometric_factor(coordinates: dict) -> np.ndarray | None:
    """K in m: 2πa for Wenner, π (s² − b²) / (2b) for Schlumberger with AB/2 = s, MN/2 = b; None without MN."""
    if "a" in coordinates:
        return 2 * np.pi * coordinates["a"]
    if "mn2" not in coordinates:
        return None
    s, b = coordinates["ab2"], coordinates["mn2"]
    return np.pi * (s**2 - b**2) / (2 * np.where(b > 0, b, np.nan))


@np.errstate(divide="ignore", invalid="ignore")
def refuse_geometric_factors(sheet: Sheet, coordinates: dict, rhoa: np.ndarray) -> None:
    """Raise where the column of a sounding, taken for its apparent resistivity, holds K in m or in the sheet's unit."""
    factor = geometric_factor(coordinates)
    if factor is None or not sheet.table.sources:
        return
    unit = next(sheet.columns(name)[0].factor for name in SPACINGS if name in sheet)
    headers = np.array(sheet.table.sources[max(sheet.table.sources)])
    for header in dict.fromkeys(headers.tolist()):
        ratio = (rhoa / factor)[headers == header]
        known = ratio[np.isfinite(ratio)]
        if known.size >= _FEWEST_ALIKE and any((np.abs(known * k - 1) <= _TOLERANCE).all() for k in (1, unit)):
            raise ValueError(
                f"{sheet.table.place}, column {header!r} was taken for apparent resistivity, but holds the geometric "
                "factor of the sheet's own electrodes in every row. Head it 'K (m)', and the measured resistance "
                f"'R (ohm)', or say so with columns={{{header!r}: 'K (m)'}}."
            )


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
    ratio, headers = _voltage_over_current(sheet)
    return ratio, headers, "R = V/I"


def _voltage_over_current(sheet):
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
        factor = sheet.values("geometric_factor")
        _check_geometry(sheet, factor, coordinates, "geometric factor K")
        return factor, "K as given"
    geometry = geometric_factor(coordinates)
    if geometry is None:
        raise ValueError(
            f"{sheet.table.place} gives the resistance but neither MN nor the geometric factor K, without which the "
            "apparent resistivity cannot be had. Add the column of MN/2, MN or K."
        )
    return geometry, "K from the geometry"


def _check(sheet, rhoa, coordinates):
    """Report where a given apparent resistivity is at odds with K, R, V, I or the geometry.

    A column that is there for comparison only cannot spoil the reading.
    """
    faults = dict(sheet.faults)
    try:
        measured, formula = _measured(sheet)
        if "geometric_factor" in sheet:
            factor = sheet.values("geometric_factor")
            _check_geometry(sheet, factor, coordinates, "geometric factor K")
            if measured is not None:
                _compare(sheet, "apparent resistivity", rhoa, factor * measured, f"K·{formula}")
        elif measured is not None:
            _check_geometry(sheet, rhoa / measured, coordinates, f"K implied by apparent resistivity over {formula}")
    except ValueError as error:
        sheet.report.append(f"Nothing was compared with the apparent resistivity: {error}")
    new = [fault for row, fault in sheet.faults.items() if row not in faults]
    sheet.report += [f"{fault} The reading itself is not touched by that." for fault in new]
    sheet.faults = faults


def _measured(sheet):
    """(R of each row or None, in words whence); of V/I and R the former, which is rounded less."""
    ratio = None
    if "voltage" in sheet and "current" in sheet:
        ratio = _row_median(_voltage_over_current(sheet)[0])
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
    """Report the rows in which `given` is more than 5 % off `expected`; return whether there are any."""
    ratio = given / expected
    known = np.isfinite(ratio)
    rows = np.flatnonzero(known & (np.abs(ratio - 1) > _TOLERANCE))
    if not rows.size:
        return False
    listed = ", ".join(f"{sheet.table.lines[i]} ({given[i]:.6g} against {expected[i]:.6g})" for i in rows[:_MOST_ROWS])
    more = f" and {len(rows) - _MOST_ROWS} more" if len(rows) > _MOST_ROWS else ""
    middle = float(np.median(ratio[known]))
    even = np.abs(ratio[known] / middle - 1).max() <= _TOLERANCE
    all_alike = (
        f" In every row it is {middle:.4g} times that, as by a mistake of units or spacings."
        if even and known.sum() > 1
        else ""
    )
    sheet.report.append(
        f"The {what} differs from {formula} by more than {100 * _TOLERANCE:g} % in row{'s' * (len(rows) > 1)} "
        f"{listed}{more}; nothing was changed.{all_alike}"
    )
    return True


def _check_geometry(sheet, factor, coordinates, what):
    """Report where K, given or implied, is not that of the electrodes, and which mistake would explain it."""
    geometry = geometric_factor(coordinates)
    if geometry is None or not _compare(sheet, what, factor, geometry, "that of the electrodes"):
        return
    for words, other in _mistakes(sheet, coordinates):
        ratio = factor / other
        known = np.isfinite(ratio)
        if known.sum() >= 2 and (np.abs(ratio[known] - 1) <= _TOLERANCE).mean() > _MOST:
            sheet.report.append(f"The {what} would agree if {words}: check the header and the column.")
            return


def _mistakes(sheet, coordinates):
    """(In words, K) for spacings that are twice or half of what their header says."""
    if "ab2" not in coordinates:
        return
    s, b = coordinates["ab2"], coordinates["mn2"]
    ab, s_meant = ("ab2", s / 2) if "ab2" in sheet else ("ab", 2 * s)
    mn, b_meant = ("mn2", b / 2) if "mn2" in sheet else ("mn", 2 * b)
    instead = {"ab2": "AB", "ab": "AB/2", "mn2": "MN", "mn": "MN/2"}
    for names, spacing, half in (([mn], s, b_meant), ([ab], s_meant, b), ([ab, mn], s_meant, b_meant)):
        words = " and ".join(f"column {sheet.columns(n)[0].header!r} held {instead[n]}" for n in names)
        yield words, geometric_factor({"ab2": spacing, "mn2": half})
