"""Errors that soundings state: the noise of an inverter for them, and the least that is believed."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bpinvert.geometry import used_at
from bpinvert.noise import Noise, usual_noise

# Levels of noise that span less than this factor are one.
_SPAN = 1.2
# Least relative errors by method. What transfer functions state is how well they repeat, 0.02 % at times, which no
# layered earth can fit. Inversions of such data assume 2 to 6 %.
_LEAST = {"mt": 0.03}
# Least share of the charging voltage that is told apart, mV/V.
_CHARGE = 1.0


def noise_of_errors(survey, observed, relative) -> Noise:
    """The span of the errors that soundings state, quantity by quantity.

    Parameters
    ----------
    relative : (low, high)
        Relative error of quantities without any; of a phase half of that in radians. A chargeability has an error of
        1 mV/V more.
    """
    channels = survey.channels
    usual, quantities = usual_noise(channels, relative), channels.quantities
    found = {}
    for quantity in quantities:
        if quantity != "phase":
            found[quantity] = _span(observed, quantity, relative=True) or relative
    floor = {}
    if "phase" in quantities:
        floor["phase"] = _span(observed, "phase", relative=False) or usual.floor["phase"]
    if "apparent_chargeability" in quantities:
        floor["apparent_chargeability"] = _CHARGE
    # One level for all data is one unknown where it has to be estimated.
    alike = len(set(found.values())) == 1 and len(found) == len(quantities)
    return Noise(relative=next(iter(found.values())) if alike else found, floor=floor or 0.0)


def with_least_errors(observed) -> xr.Dataset:
    """`observed` with the stated errors of transfer functions raised to 3 % of ρa and what goes with it on a phase.

    Then ``errors_raised`` is the number of readings of each sounding concerned, and the report says so.
    """
    least = _LEAST.get(observed.attrs.get("method"))
    if least is None:
        return observed
    angle = np.degrees(least / 2)
    floors = {"apparent_resistivity": least * np.abs(observed.get("apparent_resistivity", np.nan)), "phase": angle}
    low = {name: observed[f"{name}_std"] < floor for name, floor in floors.items() if f"{name}_std" in observed}
    raised = sum(low.values()) > 0 if low else xr.DataArray(False)
    if not raised.any():
        return observed
    values = {f"{name}_std": observed[f"{name}_std"].where(~here, floors[name]) for name, here in low.items()}
    for name, value in values.items():
        value.attrs = observed[name].attrs
    if raised.dims == ("sounding", "reading"):
        meaning = f"number of readings whose errors were raised to {100 * least:g} %"
        values["errors_raised"] = raised.sum("reading").assign_attrs(units="", long_name=meaning)
    said = (
        f"Of {int(raised.sum())} readings stated errors are less than {100 * least:g} % of ρa or {angle:.2g} degrees; "
        "these were taken instead, for the ground is not quite layered."
    )
    report = "\n".join(filter(None, [observed.attrs.get("read_report", ""), said]))
    return observed.assign(values).assign_attrs(read_report=report)


def _span(observed, quantity, *, relative):
    """(smallest, largest) error over the used readings, one number where they agree, None without errors."""
    name = f"{quantity}_std"
    if name not in observed:
        return None
    size = np.abs(observed[quantity]) if relative else 1.0
    values, used = used_at(observed.assign({name: observed[name] / size}), name)
    error = values[used & np.isfinite(values) & (values > 0)]
    if not error.size:
        return None
    # Six digits, for errors of 3 % that were worked out are not all quite that.
    low, high = (float(f"{end:.6g}") for end in (error.min(), min(error.max(), 1.0 if relative else np.inf)))
    return (low, high) if high > _SPAN * low else high
