"""From what the readers of electromagnetic files have found to the Dataset of soundings that the inverter takes."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bpinvert.readers.em.frequencies import Frequencies
from bpinvert.readers.em.transients import Transients
from bpinvert.readers.observed import LONG_NAME

UNIT = {
    "time": "s",
    "gate_open": "s",
    "gate_close": "s",
    "moment": "1",
    "dbdt": "V/(A m2)",
    "frequency": "Hz",
    "offset": "m",
    "orientation": "",
    "in_phase": "ppm",
    "quadrature": "ppm",
    "used": "1",
    **dict.fromkeys(("x", "y", "elevation", "height"), "m"),
}
_LONG_NAME = {
    "time": "time of the gate's centre after the current has reached zero",
    "gate_open": "time when the gate opens",
    "gate_close": "time when the gate closes",
    "moment": "number of the waveform",
    "dbdt": "-dB/dt per ampere",
    "frequency": "frequency",
    "offset": "distance between the coils",
    "orientation": "orientation of the coils",
    "in_phase": "in-phase part of the secondary field",
    "quadrature": "quadrature part of the secondary field",
    **{name: LONG_NAME[name] for name in ("used", "name", "line", "x", "y", "elevation", "height")},
}


def of_transients(found: Transients, title: str) -> xr.Dataset:
    """Soundings × gates, moment after moment; `title` begins the report."""
    moments, m = found.moments, len(found.site["name"])
    wide = lambda values: np.tile(np.concatenate(values).astype(float), (m, 1))  # noqa: E731
    variables = {"time": wide([moment.time for moment in moments])}
    if len(moments) > 1:
        variables["moment"] = wide([np.full(len(moment.time), k) for k, moment in enumerate(moments)])
    if all(moment.gates is not None for moment in moments):
        variables["gate_open"] = wide([moment.gates[:, 0] for moment in moments])
        variables["gate_close"] = wide([moment.gates[:, 1] for moment in moments])
    for name in ("dbdt", "std", "used"):
        values = np.concatenate([getattr(moment, name) for moment in moments], axis=1)
        variables["dbdt_std" if name == "std" else name] = values
    return _dataset(found, title, "tdem", found.loop["survey"], variables)


def of_frequencies(found: Frequencies, title: str) -> xr.Dataset:
    """Soundings × channels; `title` begins the report."""
    m = len(found.site["name"])
    variables = {name: np.tile(getattr(found, name), (m, 1)) for name in ("frequency", "offset", "orientation")}
    for name, values in found.data.items():
        std = found.std.get(name, np.full(values.shape, np.nan))
        variables |= {name: values, f"{name}_std": np.where(std > 0, std, np.nan)}
    variables["used"] = found.used()
    return _dataset(found, title, "fdem", "LoopLoop", variables)


def _dataset(found, title, method, array, variables):
    report = [*found.report]
    unknown = np.isnan(found.site.get("height", np.zeros(1)))
    if unknown.any():
        variables["used"] = variables["used"] & ~unknown[:, None]
        report.append(f"{int(unknown.sum())} soundings have no height; none of their readings is used.")
    placed = {name: (("sounding", "reading"), values, _attrs(name)) for name, values in variables.items()}
    placed |= {name: ("sounding", values, _attrs(name)) for name, values in found.site.items()}
    used = variables["used"]
    counts = [f"{len(used)} soundings with {used.shape[1]} readings each, {int(used.sum())} used in all."]
    if len(used) == 1:
        counts = [f"{found.site['name'][0]}: {used.shape[1]} readings, {int(used.sum())} used."]
    report = "\n".join([title, *counts, *report])
    return xr.Dataset(placed, attrs={"method": method, "array": array, "read_report": report})


def _attrs(name):
    quantity = name.removesuffix("_std")
    meaning = _LONG_NAME[quantity]
    return {
        "units": UNIT.get(quantity, ""),
        "long_name": meaning if quantity == name else f"standard deviation of the {meaning}",
    }
