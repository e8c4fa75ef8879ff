"""From stations to the Dataset of soundings that the inverter takes."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bpinvert.readers.edi.components import curve
from bpinvert.readers.edi.stations import Station
from bpinvert.readers.observed import FEWEST, LONG_NAME
from bpinvert.readers.table import listed

_UNIT = {
    "period": "s",
    "apparent_resistivity": "ohm m",
    "apparent_resistivity_std": "ohm m",
    "phase": "degree",
    "phase_std": "degree",
    "used": "1",
    "latitude": "degree_north",
    "longitude": "degree_east",
    "elevation": "m",
}
_LONG_NAME = LONG_NAME | {"latitude": "geographic latitude", "longitude": "geographic longitude"}


def soundings(file: str, stations: list[Station], component: str | None) -> xr.Dataset:
    """Stations × periods, each station sorted by period; what cannot be used is masked and said so.

    Raises
    ------
    ValueError
        If a station has no such component.
    """
    width = max(len(station.period) for station in stations)
    names = ("period", "apparent_resistivity", "phase", "apparent_resistivity_std", "phase_std")
    arrays = {name: np.full((len(stations), width), np.nan) for name in names}
    used = np.zeros((len(stations), width), dtype=bool)
    counts, report = [], []
    for i, station in enumerate(stations):
        order = np.argsort(station.period, kind="stable")
        n = len(order)
        columns = dict(zip(names, [station.period, *curve(station, component)], strict=True))
        for name, values in columns.items():
            known = np.isfinite(values) & ((values > 0) | (not name.endswith("_std")))
            arrays[name][i, :n] = np.where(known, values, np.nan)[order]
        used[i, :n] = _usable(station, {name: arrays[name][i, :n] for name in names})
        counts.append(f"{station.name}: {n} readings, {int(used[i].sum())} used.")
        report += station.report if len(stations) == 1 else [f"{station.name}: {line}" for line in station.report]
    variables = {
        name: (("sounding", "reading"), values, _attrs(name)) for name, values in (arrays | {"used": used}).items()
    }
    variables["name"] = ("sounding", np.array([station.name for station in stations]), _attrs("name"))
    for name in ("latitude", "longitude", "elevation"):
        values = np.array([station.site.get(name, np.nan) for station in stations])
        if np.isfinite(values).any():
            variables[name] = ("sounding", values, _attrs(name))
    attrs = {"method": "mt", "array": "Magnetotelluric", "read_report": "\n".join([file, *counts, *report])}
    return xr.Dataset(variables, attrs=attrs)


def _usable(station, columns):
    """Which readings can be used; the station's report says why the others cannot, and what is strange."""
    usable = np.ones(len(columns["period"]), dtype=bool)
    for name, reason in (
        ("period", "the frequency is missing or not positive"),
        ("apparent_resistivity", "the impedance, or a part that the curve needs, is missing or zero"),
        ("phase", "the phase is missing"),
    ):
        positive = name != "phase"
        bad = usable & ~(np.isfinite(columns[name]) & ((columns[name] > 0) | (not positive)))
        if bad.any():
            station.report.append(f"{reason[0].upper()}{reason[1:]} at {_at(columns, bad)}, kept but not used.")
        usable &= ~bad
    strange = usable & ((columns["phase"] < 0) | (columns["phase"] > 90))
    if strange.any():
        station.report.append(
            f"The phase lies outside 0–90 degrees, which no layered earth gives, at {_at(columns, strange)}: check the "
            "sign convention, the polarity of the electrodes and whether the ground is layered."
        )
    for name, word in (("apparent_resistivity_std", "apparent resistivity"), ("phase_std", "phase")):
        without = usable & ~np.isfinite(columns[name])
        if without.any():
            where = "" if without.sum() == usable.sum() else f" at {_at(columns, without)}"
            station.report.append(f"No errors of the {word} are given{where}.")
    if usable.sum() < FEWEST:
        station.report.append(
            f"None of the readings is used, as only {usable.sum()} can be; an inversion needs at least {FEWEST}."
        )
        usable[:] = False
    return usable


def _at(columns, rows):
    periods = [f"{period:.4g} s" for period in columns["period"][rows]]
    many = len(periods) > 1
    return f"{len(periods)} period{'s' * many} ({listed(periods)})"


def _attrs(name):
    quantity = name.removesuffix("_std")
    meaning = _LONG_NAME[quantity]
    return {
        "units": _UNIT.get(name, ""),
        "long_name": meaning if quantity == name else f"standard deviation of the {meaning}",
    }
