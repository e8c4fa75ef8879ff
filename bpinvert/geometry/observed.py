"""What a user passes as observed soundings, brought into one form."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bpinvert.geometry.mapping import details_of, is_text

# Units of coordinates beside the main one.
_UNITS = {"a": "m", "mn2": "m", "offset": "m", "gate_open": "s", "gate_close": "s"}


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
    coordinates = [key for key in channels.coordinates if key not in details_of(survey)]
    quantities = [key for key in channels.quantities if key in observed]
    # Instruments differ in what they record; of other methods a quantity that is missing has the wrong name.
    lenient = quantities and getattr(survey, "instrument", False)
    needed = [*(quantities if lenient else channels.quantities), *coordinates]
    missing = [key for key in needed if key not in observed]
    if missing:
        raise ValueError(
            f"the observed Dataset has {', '.join(map(str, observed.data_vars)) or 'no variables'} but lacks "
            f"{', '.join(missing)}, which this inverter needs. Rename or add the variable."
        )
    optional = dict.fromkeys(("mn2", *details_of(survey), "used", *(f"{q}_std" for q in channels.quantities)))
    optional = [key for key in optional if key in observed]
    template = observed[quantities[0]]
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
        if key == "used":
            values = _true(values)
        elif key in channels.coordinates and is_text(channels.coordinates[key]):
            values = _words(values)
        else:
            values = _numbers(key, values)
        checked[key] = (("sounding", "reading"), values, dict(variable.attrs))
    for key in set(channels.quantities) - set(quantities):
        checked[key] = (("sounding", "reading"), np.full(checked[quantities[0]][1].shape, np.nan), {})
    for key in survey.context:
        if key in observed and observed[key].dims != ("sounding",):
            if observed[key].dims:
                raise ValueError(f"{key} has dimensions {observed[key].dims}; it must be on ('sounding',).")
            checked[key] = (("sounding",), np.full(template.sizes["sounding"], float(observed[key])))
    for key in details_of(survey):
        if key in channels.extra and key not in checked:
            values = _own_detail(key, {name: checked[name][1] for name in coordinates}, channels)
            checked[key] = (("sounding", "reading"), values, {})
    observed = observed.transpose("sounding", "reading", ..., missing_dims="ignore")
    return _with_units(observed.drop_vars(list(checked), errors="ignore").assign(checked), channels)


def _own_detail(name, places, channels):
    """MN/2, or another detail, of soundings without it: the survey's where the readings are its own, else NaN."""
    first = channels.columns(channels.quantities[0])
    main = places[channels.coordinate]
    detail = np.full(main.shape, np.nan)
    for k, row in enumerate(detail):
        known = np.isfinite(main[k])
        if all(np.array_equal(values[k][known], channels.coordinates[key][first]) for key, values in places.items()):
            row[known] = channels.extra[name][first]
    return detail


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


def _words(values):
    """Text, empty where it is missing."""
    return np.array(["" if word is None or word != word else str(word) for word in values.flat]).reshape(values.shape)


def _with_units(observed, channels):
    for name in dict.fromkeys((*channels.coordinates, "mn2", "a")):
        if name in observed:
            attrs = {"units": coordinate_unit(name, channels), "long_name": f"{name} of the reading"}
            observed[name].attrs = attrs | observed[name].attrs
    return observed


def coordinate_unit(name, channels) -> str:
    """Unit of a coordinate of readings, empty for numbers that count and for words."""
    if name == channels.coordinate:
        return channels.coordinate_unit
    return _UNITS.get(name, "")
