"""Tables of a PROTEM or a like instrument: one gate in each row, several base frequencies below each other."""

from __future__ import annotations

import numpy as np

from bpinvert.readers.em.airborne import loop_said
from bpinvert.readers.em.columns import Columns
from bpinvert.readers.em.settings import Settings
from bpinvert.readers.em.transients import Moment, Transients
from bpinvert.readers.em.units import factor_of, split_unit
from bpinvert.readers.em.waveforms import half_duty

NAME = "a table of one gate in each row (PROTEM)"
# Gain of a PROTEM receiver at its lowest setting; each step doubles it.
_GAIN = 52.1


def recognised(headers: list[str]) -> bool:
    """Whether there are columns of gates, times and voltages."""
    names = {split_unit(header)[0].lower() for header in headers}
    return {"time", "v"} <= names and "gate" in names


def read(table: Columns, settings: Settings) -> Transients:
    """The sounding in `table`, a moment for each transmitter and base frequency.

    Raises
    ------
    ValueError
        If a unit is not known, the loop is not said with ``system=``, or times or voltages contradict their units.
    """
    time, dbdt = (_in_unit(table, "time", "s"), _in_unit(table, "v", "V/(A m2)"))
    std = (
        _in_unit(table, "n", "V/(A m2)") if _column(table, "n", "V/(A m2)") is not None else np.full(len(table), np.nan)
    )
    frequency = table.numbers(_column(table, "f", "Hz")) if _column(table, "f", "Hz") is not None else None
    transmitter = table.texts(_named(table, "tem")) if _named(table, "tem") is not None else np.full(len(table), "")
    _refuse_voltages(table, dbdt)
    loop = loop_said(table.file, settings) | {"height": 0.0}
    keys = [(kind, None if frequency is None else frequency[i]) for i, kind in enumerate(transmitter)]
    order = list(dict.fromkeys(keys))
    ramps = _ramps(settings, order)
    moments, report = [], []
    column = _column(table, "time", "s")
    for key, ramp in zip(order, ramps, strict=True):
        rows = np.array([i for i, other in enumerate(keys) if other == key])
        label = " ".join(filter(None, [f"TEM{key[0]}" if key[0] else "", f"{key[1]:g} Hz" if key[1] else ""]))
        moment = Moment(
            time[rows], dbdt[None, rows], np.where(std[rows] > 0, std[rows], np.nan)[None],
            np.ones((1, len(rows)), dtype=bool), where=[table.where(i, column) for i in rows],
            label=f"{label}: " if label else "",
        )  # fmt: skip
        if key[1] and time[rows[-1]] > 0.5 / key[1]:
            raise ValueError(
                f"{moment.where[-1]} gives {time[rows[-1]]:g} s, later than half a period of {key[1]:g} Hz; times must "
                "be in the unit that the header gives. Correct the header or convert the times."
            )
        moment.waveform = half_duty(ramp or 0.0, key[1]) if key[1] else ramp
        moments.append(moment)
    order = np.argsort([moment.time[0] for moment in moments], kind="stable")
    moments = [moments[i] for i in order]
    transients = Transients(table.file, loop, moments, {"name": np.array([table.stem])}, report)
    report.append(f"{len(table)} gates with {len(moments)} waveforms; voltages were turned into V/(A m²).")
    zero = settings.number("time_zero", 0.0, positive=False)
    report.append(
        f"It was assumed that {zero * 1e6:g} µs on the file's clock is the moment the current has reached zero, "
        + ("after the ramps that system= gives." if any(ramps) else "without a ramp, as none is given.")
    )
    if frequency is not None:
        report.append("The current was taken to be on for a quarter of the period of each base frequency.")
    for moment in moments:
        moment.zero = zero
    table.report_unread()
    report += table.report
    return transients


def _named(table, name):
    return next((i for i, header in enumerate(table.headers) if split_unit(header)[0].lower() == name), None)


def _column(table, name, unit):
    """The column of that name in that unit, whatever its prefix: N comes in % and in mV/(A m²)."""
    for i, header in enumerate(table.headers):
        bare, given = split_unit(header)
        if bare.lower() == name and factor_of(given, unit):
            return i
    return None


def _in_unit(table, name, unit):
    column = _column(table, name, unit)
    if column is None:
        header = table.headers[_named(table, name)]
        raise ValueError(
            f"{table.file}, column {header!r} does not give its values in {unit}, with or without m, µ, n; write the "
            f"unit into the header, as {split_unit(header)[0]} ({unit})."
        )
    return table.numbers(column) * factor_of(split_unit(table.headers[column])[1], unit)


def _refuse_voltages(table, dbdt):
    """The voltages per ampere and m² must be those of the receiver, where the table gives both."""
    names = ("vsys", "i", "na", "gain")
    columns = [_named(table, name) for name in names]
    if None in columns or split_unit(table.headers[columns[0]])[1] != "mV":
        return
    volts, current, area, gain = (table.numbers(column) for column in columns)
    with np.errstate(all="ignore"):
        ratio = volts * 1e-3 / (current * area * _GAIN * 2**gain * dbdt)
    known = np.isfinite(ratio) & (ratio > 0)
    middle = float(np.median(ratio[known])) if known.any() else 1.0
    if not 0.1 < middle < 10:
        raise ValueError(
            f"{table.where(0, _named(table, 'v'))}: the voltages are {1 / middle:.3g} times those that follow from "
            "Vsys, I, NA and Gain; the unit in one of the headers is wrong. Correct it."
        )


def _ramps(settings, order):
    ramp = settings.get("ramp")
    ramps = list(ramp) if isinstance(ramp, (list, tuple, np.ndarray)) else [ramp] * len(order)
    if len(ramps) != len(order):
        raise ValueError(
            f"system gives {len(ramps)} ramps, but the file has {len(order)} waveforms; give one for each, or one for "
            "all."
        )
    if any(r is not None and not r > 0 for r in ramps):
        raise ValueError(f"system gives the ramps {ramps}; each must be a positive number of seconds.")
    return [None if r is None else float(r) for r in ramps]
