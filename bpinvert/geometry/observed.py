"""What a user passes as observed soundings, brought into one form."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

from bpinvert.geometry.mapping import details_of, is_text, surveys_of
from bpinvert.joining import join_soundings, own_names

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
    if isinstance(observed, xr.Dataset) and survey.channels.joined:
        return _checked_parts(observed, survey)
    if isinstance(observed, xr.Dataset):
        return _checked(_as_schlumberger(observed, survey), survey)
    channels = survey.channels
    _refuse_complex("the array", observed)
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
            f"({span_of(channels)}). Pass a Dataset with its own coordinates to have it mapped, or train on this "
            "geometry."
        )
    if channels.joined:
        pairs = zip(channels.parts, surveys_of(survey), strict=True)
        return join_soundings({part.name: as_observed(data[:, part.columns], own) for part, own in pairs})
    first = channels.columns(channels.quantities[0])
    table, shape = ("sounding", "reading"), (len(data), len(first))
    variables = {quantity: (table, data[:, channels.columns(quantity)]) for quantity in channels.quantities}
    for name, value in channels.coordinates.items():
        variables[name] = (table, np.broadcast_to(value[first], shape).copy())
    return _with_units(xr.Dataset(variables, attrs={"method": survey.method, "array": _array(survey)}), channels)


def _array(survey):
    """Name of the array that readings are of; of an IP survey it is that of its DC survey."""
    return type(getattr(survey, "dc", survey)).__name__


def span_of(channels) -> str:
    """Where the readings lie, in words: "ab2 1–300 m"; of several methods one after the other."""
    return ", ".join(
        f"{part.named(part.channels.coordinate)} {part.channels.value.min():g}–{part.channels.value.max():g} "
        f"{part.channels.coordinate_unit}"
        for part in channels.parts
    )


def _checked_parts(observed, survey):
    """Joined soundings, each part checked by itself; a method that is not there has no readings."""
    pairs = list(zip(survey.channels.parts, surveys_of(survey), strict=True))
    wanted = [part.named(quantity) for part, _ in pairs for quantity in part.channels.quantities]
    template = next((observed[key] for key in wanted if key in observed), None)
    if template is None:
        raise ValueError(
            f"the observed Dataset has {', '.join(map(str, observed.data_vars)) or 'no variables'} but none of "
            f"{', '.join(wanted)}. Join the soundings of each method with bpinvert.join_soundings."
        )
    for dimension in ("sounding", "reading"):
        if dimension not in template.dims:
            template = template.expand_dims(dimension)
    blank = xr.full_like(template.transpose("sounding", "reading"), np.nan, dtype=float)
    others = [key for key in observed.data_vars if not str(key).startswith(tuple(f"{p.name}_" for p, _ in pairs))]
    checked = observed[others].transpose("sounding", "reading", ..., missing_dims="ignore")
    for part, own in pairs:
        mine = own_names(observed, part.name)
        if not any(quantity in mine for quantity in part.channels.quantities):
            mine = _without_readings(mine, own, blank)
        try:
            mine = _checked(_as_schlumberger(mine, own), own)
        except ValueError as error:
            raise ValueError(f"of {part.name}: {error}") from None
        if "used" in mine:
            checked["used"] = mine["used"]
        checked = checked.assign({part.named(key): mine[key] for key in mine.data_vars if key != "used"})
    checked.attrs = observed.attrs | {"parts": observed.attrs.get("parts", _parts_of(survey))}
    return checked


def _without_readings(observed, survey, blank):
    """The variables of a method that was not measured."""
    words = xr.full_like(blank, "", dtype=object)
    variables = {key: words if is_text(values) else blank for key, values in survey.channels.coordinates.items()}
    variables |= dict.fromkeys(survey.channels.quantities, blank)
    for key in survey.context:
        variables[key] = observed.get(key, blank.sum("reading") * np.nan)
    return observed.assign(variables)


def _parts_of(survey):
    described = {name: {"method": own.method, "array": type(own).__name__} for name, own in survey.parts}
    return json.dumps(described)


def _as_schlumberger(observed, survey):
    """A Wenner sounding for a Schlumberger inverter: AB/2 = 1.5 a and MN/2 = 0.5 a are the same four electrodes."""
    wenner = observed.attrs.get("array", "Wenner") == "Wenner" and "a" in observed and "ab2" not in observed
    if not wenner or _array(survey) != "Schlumberger":
        return observed
    halves = {"ab2": 1.5 * observed["a"], "mn2": 0.5 * observed["a"]}
    return observed.assign(halves).assign_attrs(array="Schlumberger")


def _checked(observed, survey):
    channels = survey.channels
    array, name = observed.attrs.get("array"), _array(survey)
    if array is not None and array != name:
        raise ValueError(
            f"the soundings are of the array {array}, this inverter was trained on {name}. "
            "Use an inverter of that array, or correct attrs['array']."
        )
    coordinates = [key for key in channels.coordinates if key not in details_of(survey)]
    quantities = [key for key in channels.quantities if key in observed]
    # Instruments differ in what they record, and not both velocities of waves are always picked; of other methods a
    # quantity that is missing has the wrong name.
    lenient = quantities and (getattr(survey, "instrument", False) or survey.method == "surface_waves")
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
    _refuse_complex(name, values)
    try:
        return values.astype(float)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} holds something that is no number; convert it, with NaN for what is missing."
        ) from None


def _refuse_complex(name, values):
    """NumPy would leave out the imaginary part."""
    if np.iscomplexobj(values):
        raise ValueError(
            f"{name} holds complex numbers; data are real. Give size and phase, or real and imaginary part, as data "
            "of their own."
        )


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
    for part in channels.parts if channels.joined else ():
        if name in map(part.named, part.channels.coordinates):
            return coordinate_unit(name.removeprefix(part.named("")), part.channels)
    if name == channels.coordinate:
        return channels.coordinate_unit
    return _UNITS.get(name, "")
