"""Tables of time and −dB/dt, one gate in each row."""

from __future__ import annotations

import numpy as np

from bpinvert.readers.em import readings
from bpinvert.readers.em.airborne import loop_said
from bpinvert.readers.em.columns import Columns
from bpinvert.readers.em.settings import Settings
from bpinvert.readers.em.transients import Moment, Transients

NAME = "a table of time and dbdt"
_SURVEYS = ("CentralLoop", "CoincidentLoop", "OffsetLoop")
_UNIT = "V/(A m2)"


def recognised(headers: list[str]) -> bool:
    """Whether there are columns of times and of −dB/dt."""
    names = {readings.plain(header) for header in headers}
    return "time" in names and bool(names & {"dbdt", "b"})


def read(table: Columns, settings: Settings) -> list[Transients]:
    """The soundings in `table`; times count from the moment at which the current has reached zero.

    Raises
    ------
    ValueError
        If a unit is not known, the loop is described neither in the table nor with ``system=``, or the moments are
        not those of the description.
    """
    if readings.column_of(table, "dbdt") is None:
        raise ValueError(f"{table.file} gives B; only its change dbdt in {_UNIT} can be read.")
    said = readings.described(table, _SURVEYS)
    loop = {key: said[key] for key in ("survey", "radius", "side", "offset", "height") if key in said}
    loop = loop or loop_said(table.file, settings)
    columns = {name: readings.numbers_of(table, name, "s") for name in ("time", "gate_open", "gate_close")}
    columns |= {name: readings.numbers_of(table, name, _UNIT) for name in ("dbdt", "dbdt_std")}
    moment = readings.column_of(table, "moment")
    columns["moment"] = np.zeros(len(table)) if moment is None else table.numbers(moment)
    systems = _systems(table, said, settings, moment is not None, np.unique(columns["moment"]))
    stations = readings.soundings(table)
    loop["height"] = _height(table, stations, loop, settings)
    table.report_unread()
    place = readings.column_of(table, "time")
    found = []
    for rows, site in stations:
        moments = [
            _moment(columns, rows[columns["moment"][rows] == number], table, place, f"moment {number:g}: ", *system)
            for number, system in systems.items()
            if (columns["moment"][rows] == number).any()
        ]
        if len(moments) == 1:
            moments[0].label = ""
        found.append(Transients(table.file, loop, moments, site, [*table.report]))
    return found


def _moment(columns, rows, table, place, label, waveform, low_pass):
    std, gates = columns["dbdt_std"], None
    if columns["gate_open"] is not None and columns["gate_close"] is not None:
        gates = np.stack([columns["gate_open"][rows], columns["gate_close"][rows]], axis=1)
    return Moment(
        columns["time"][rows], columns["dbdt"][None, rows],
        np.full((1, len(rows)), np.nan) if std is None else np.where(std[rows] > 0, std[rows], np.nan)[None],
        np.ones((1, len(rows)), dtype=bool), gates, waveform, low_pass or [],
        where=[table.where(i, place) for i in rows], label=label,
    )  # fmt: skip


def _systems(table, said, settings, several, numbers):
    """{number: (waveform, filters)} of the moments in the table."""
    if not said:
        ramps = settings.get("ramp")
        said = {"waveform": ramps if several or ramps is None else settings.number("ramp")}
        if several and np.ndim(ramps) == 0:
            said["waveform"] = [ramps] * len(numbers)
    waveforms, filters = said.get("waveform"), said.get("low_pass")
    if not several:
        return {0.0: (waveforms, filters)}
    filters = [None] * len(waveforms or []) if filters is None else filters
    if not isinstance(waveforms, (list, tuple)) or not set(numbers) <= set(range(len(waveforms))):
        raise ValueError(
            f"{table.file} has the moments {', '.join(f'{number:g}' for number in numbers)}; they count from 0 on, and "
            "each needs its waveform. Give as many ramps with system={'ramp': […]}, or correct the moments."
        )
    return {float(k): pair for k, pair in enumerate(zip(waveforms, filters, strict=True))}


def _height(table, stations, loop, settings):
    """Setting of the survey: None where the soundings give their own."""
    if "height" in stations[0][1]:
        return None
    height = loop.get("height", 0.0)
    height = settings.number("height", height, positive=False)
    if height is None:
        raise ValueError(f"{table.file} has no column of heights, as its survey needs; add height (m).")
    return height
