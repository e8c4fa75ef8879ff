"""What a user passes as observed soundings, brought into one form."""

from __future__ import annotations

import numpy as np
import xarray as xr


def as_observed(observed, survey) -> xr.Dataset:
    """An observed Dataset from what a user passes, with every per-reading variable on (sounding, reading).

    A plain array is taken as data on the survey's own channels; in a Dataset a variable may lack one of the two
    dimensions (one geometry for all soundings) or have them in another order.

    Raises
    ------
    ValueError
        If an array has the wrong shape, or a Dataset lacks what the survey needs or is of another array.
    TypeError
        If it is neither.
    """
    if isinstance(observed, xr.Dataset):
        return _checked(_as_schlumberger(observed, survey), survey)
    channels = survey.channels
    try:
        data = np.atleast_2d(np.asarray(observed, dtype=float))
    except (TypeError, ValueError):
        data = np.empty(0)
    if observed is None or not data.size:
        raise TypeError(
            f"observed is a {type(observed).__name__}; pass an xarray.Dataset from read_soundings or an array "
            f"(n_soundings, {len(channels)}) of numbers."
        )
    if data.ndim != 2:
        raise ValueError(f"data has {data.ndim} dimensions; it must be (n_soundings, {len(channels)}). Reshape it.")
    if data.shape[1] != len(channels):
        raise ValueError(
            f"data has {data.shape[-1]} columns but this inverter was trained on {len(channels)} channels "
            f"({channels.coordinate} {channels.value.min():g}–{channels.value.max():g} {channels.coordinate_unit}). "
            "Pass a Dataset with its own coordinates to have it mapped, or train on this geometry."
        )
    first = channels.columns(channels.quantities[0])
    table, shape = ("sounding", "reading"), (len(data), len(first))
    variables = {quantity: (table, data[:, channels.columns(quantity)]) for quantity in channels.quantities}
    for name, value in channels.coordinates.items():
        variables[name] = (table, np.broadcast_to(value[first], shape).copy())
    return _with_units(xr.Dataset(variables, attrs={"method": survey.method, "array": type(survey).__name__}), channels)


def _as_schlumberger(observed, survey):
    """A Wenner sounding for a Schlumberger inverter: AB/2 = 1.5 a and MN/2 = 0.5 a are the same four electrodes."""
    wenner = observed.attrs.get("array", "Wenner") == "Wenner" and "a" in observed and "ab2" not in observed
    if not wenner or type(survey).__name__ != "Schlumberger":
        return observed
    halves = {"ab2": 1.5 * observed["a"], "mn2": 0.5 * observed["a"]}
    return observed.assign(halves).assign_attrs(array="Schlumberger")


def _checked(observed, survey):
    channels = survey.channels
    array, name = observed.attrs.get("array"), type(survey).__name__
    if array is not None and array != name:
        raise ValueError(
            f"the soundings are of the array {array}, this inverter was trained on {name}. "
            "Use an inverter of that array, or correct attrs['array']."
        )
    needed = [*channels.quantities, *(key for key in channels.coordinates if key != "mn2")]
    missing = [key for key in needed if key not in observed]
    if missing:
        raise ValueError(
            f"the observed Dataset has {', '.join(map(str, observed.data_vars)) or 'no variables'} but lacks "
            f"{', '.join(missing)}, which this inverter needs. Rename or add the variable."
        )
    optional = [key for key in ("mn2", "used", *(f"{q}_std" for q in channels.quantities)) if key in observed]
    template = observed[channels.quantities[0]]
    for dimension in ("sounding", "reading"):
        if dimension not in template.dims:
            template = template.expand_dims(dimension)
    checked = {}
    for key in (*needed, *optional):
        variable = observed[key]
        if not set(variable.dims) <= {"sounding", "reading"}:
            raise ValueError(
                f"{key} has dimensions {variable.dims}; observed variables need ('sounding', 'reading'). "
                "Rename its dimensions."
            )
        values = variable.broadcast_like(template).transpose("sounding", "reading").values
        checked[key] = (("sounding", "reading"), _true(values) if key == "used" else _numbers(key, values))
        checked[key] += (dict(variable.attrs),)
    for key in survey.context:
        if key in observed and observed[key].dims != ("sounding",):
            if observed[key].dims:
                raise ValueError(f"{key} has dimensions {observed[key].dims}; it must be on ('sounding',).")
            checked[key] = (("sounding",), np.full(template.sizes["sounding"], float(observed[key])))
    if "mn2" in channels.extra and "mn2" not in checked:
        checked["mn2"] = (("sounding", "reading"), _own_mn2(checked[channels.coordinate][1], channels), {})
    observed = observed.transpose("sounding", "reading", ..., missing_dims="ignore")
    return _with_units(observed.drop_vars(list(checked), errors="ignore").assign(checked), channels)


def _own_mn2(places, channels):
    """MN/2 of soundings that give none: the survey's where the readings are its own, else NaN."""
    first = channels.columns(channels.quantities[0])
    mn2 = np.full(places.shape, np.nan)
    for row, place in zip(mn2, places, strict=True):
        known = np.isfinite(place)
        if np.array_equal(place[known], channels.value[first]):
            row[known] = channels.extra["mn2"][first]
    return mn2


def used_at(observed, name):
    """`name` and whether its readings are used, both (n_soundings, n_readings), of a Dataset not yet checked."""
    values = observed[name]
    used = observed["used"] if "used" in observed else xr.ones_like(values, dtype=bool)
    values, used = xr.broadcast(values, used)
    order = [dimension for dimension in ("sounding", "reading") if dimension in values.dims]
    return np.atleast_2d(values.transpose(*order).values), np.atleast_2d(_true(used.transpose(*order).values))


def _true(values):
    """Booleans; what a join has left open (NaN) is not used."""
    if values.dtype.kind in "US" or (values.dtype == object and any(isinstance(v, str) for v in values.flat)):
        raise ValueError("used holds text; it must be True or False for each reading.")
    return values == 1


def _numbers(name, values):
    try:
        return values.astype(float)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} holds something that is no number; convert it, with NaN for what is missing."
        ) from None


def _with_units(observed, channels):
    for name in dict.fromkeys((*channels.coordinates, "mn2", "a")):
        if name in observed:
            known = "" if name == "n" else channels.coordinate_unit
            attrs = {"units": known, "long_name": f"{name} of the reading"}
            observed[name].attrs = attrs | observed[name].attrs
    return observed
