"""A field sounding's own readings and the channels of the network, each mapped to the other."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass, replace

import numpy as np
import xarray as xr

# Two readings closer than this in ln(coordinate) are at the same place.
_SAME_PLACE = 1e-4


@dataclass
class Group:
    """Soundings that share one geometry, as plain arrays.

    Attributes
    ----------
    rows : (n,) int array, their places in the observed Dataset
    readings : (n_readings,) int array, their readings' places along ``reading``
    survey : forward_models.Survey on exactly these readings
    data : (n, n_channels) array in physical units
    sigma : (n, n_channels) array in physical units, NaN where the sheet gives none
    used : (n, n_channels) bool array
    context : dict of (n,) arrays
    """

    rows: np.ndarray
    readings: np.ndarray
    survey: object
    data: np.ndarray
    sigma: np.ndarray
    used: np.ndarray
    context: dict

    def take(self, rows) -> Group:
        """Some of the soundings."""
        context = {name: values[rows] for name, values in self.context.items()}
        return replace(
            self,
            rows=self.rows[rows],
            data=self.data[rows],
            sigma=self.sigma[rows],
            used=self.used[rows],
            context=context,
        )


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
        return _checked(observed, survey)
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
    return _with_units(observed.drop_vars(list(checked)).assign(checked), channels)


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
    for name in (*channels.coordinates, "mn2"):
        if name in observed:
            known = channels.coordinate_unit if name in (channels.coordinate, "mn2") else ""
            attrs = {"units": known, "long_name": f"{name} of the reading"}
            observed[name].attrs = attrs | observed[name].attrs
    return observed


def groups(observed: xr.Dataset, survey, context_names=()) -> list[Group]:
    """Split an observed Dataset (from :func:`as_observed`) into groups of one geometry each.

    Readings that cannot be used (not finite, no logarithm, masked by hand, an unusable error) are kept with
    ``used=False``. A reading whose coordinates cannot exist (missing, not positive, MN ≥ AB) is left out.

    Raises
    ------
    ValueError
        If context that the survey needs is missing.
    """
    for name in context_names:
        if name not in observed:
            raise ValueError(f"this inverter needs {name} of every sounding; add {name}(sounding) to the Dataset.")
    quantities = survey.channels.quantities
    groups = []
    for rows, place in _same_geometry(_places(observed, survey)):
        readings = np.flatnonzero(np.isfinite(place[:, 0]))
        own = _survey_at(survey, place[readings], "mn2" in observed) if readings.size else survey
        data = _channels(observed, quantities, "", rows, readings)
        sigma = _channels(observed, quantities, "_std", rows, readings)
        used = np.isfinite(own.channels.to_scale(data)) if readings.size else np.zeros(data.shape, dtype=bool)
        # A standard deviation of infinity is a way to say that a reading is worth nothing.
        used &= ~((sigma <= 0) | np.isinf(sigma))
        if "used" in observed:
            by_hand = observed["used"].values[np.ix_(rows, readings)]
            used &= np.tile(by_hand, (1, len(quantities)))
        context = {name: observed[name].values[rows].astype(float) for name in context_names}
        groups.append(Group(rows, readings, own, data, sigma, used, context))
    return groups


def _coordinate_names(survey):
    """Names of the coordinates that locate a reading, the main one first, MN/2 last where the array has one."""
    names = [name for name in survey.channels.coordinates if name != "mn2"]
    return [*names, "mn2"] if hasattr(survey, "mn2") else names


def _places(observed, survey):
    """(n_soundings, n_readings, n_coordinates); NaN where a reading's coordinates cannot exist."""
    names = _coordinate_names(survey)
    shape = observed[names[0]].shape
    place = np.stack(
        [observed[name].values.astype(float) if name in observed else np.full(shape, np.nan) for name in names], axis=-1
    )
    exists = np.ones(shape, dtype=bool)
    for k, name in enumerate(names):
        if name == "mn2":
            # NaN says nothing of MN: the ideal array.
            exists &= ~((place[..., k] < 0) | (place[..., k] >= place[..., 0]))
        else:
            exists &= np.isfinite(place[..., k]) & (place[..., k] > 0)
    place[~exists] = np.nan
    return place


def _channels(observed, quantities, suffix, rows, readings):
    """One variable of each quantity side by side, (n, n_channels)."""
    return np.concatenate([_values(observed, quantity + suffix, rows, readings) for quantity in quantities], axis=1)


def _values(observed, name, rows, readings):
    if name not in observed:
        return np.full((len(rows), len(readings)), np.nan)
    return observed[name].values[np.ix_(rows, readings)].astype(float)


def _same_geometry(coordinates):
    """(rows, (n_readings, n_coordinates)) of soundings whose coordinates agree, in order of first appearance."""
    if not len(coordinates):
        return
    if np.array_equal(coordinates, np.broadcast_to(coordinates[:1], coordinates.shape), equal_nan=True):
        yield np.arange(len(coordinates)), coordinates[0]
        return
    members = {}
    for row, place in enumerate(coordinates):
        members.setdefault(place.tobytes(), []).append(row)
    for rows in members.values():
        yield np.array(rows), coordinates[rows[0]]


def _survey_at(survey, place, with_mn2):
    """`survey` at other readings; itself where they are its own."""
    channels = survey.channels
    first = channels.columns(channels.quantities[0])
    names = _coordinate_names(survey)
    values = dict(zip(names, place.T, strict=True))
    own = {name: channels.coordinates[name][first] for name in names if name != "mn2"}
    same = all(np.array_equal(values[name], own[name]) for name in own)
    if "mn2" in values:
        if same and not with_mn2:
            return survey
        values["mn2"] = np.nan_to_num(values["mn2"], nan=0.0)
        trained = np.zeros(len(first)) if survey.mn2 is None else survey.mn2
        same = same and np.array_equal(values["mn2"], trained)
        if not values["mn2"].any():
            values["mn2"] = None
    if same:
        return survey
    if not is_dataclass(survey):
        raise ValueError(
            f"the soundings have other readings than the {len(first)} that {type(survey).__name__} was trained on, and "
            "it cannot be moved to them. Train on these readings."
        )
    return replace(survey, **values)


def to_channels(own, channels, scaled, sigma):
    """Data of one geometry on the network's channels, each linear in ln(coordinate) between its two neighbours.

    Parameters
    ----------
    own, channels : forward_models.Channels, of the soundings and of the network
    scaled, sigma : (n, n_own) arrays on the scale; sigma inf where not used

    Returns
    -------
    mapped : (n, n_channels) array, NaN where the sounding says nothing
    extrapolated : (n,) bool array, True where that is beyond its first or last reading
    """
    usable = np.isfinite(sigma) & np.isfinite(scaled)
    if own is channels:
        mapped = np.where(usable, scaled, np.nan)
        return mapped, _extrapolated(channels, mapped)
    mapped = np.full((len(scaled), len(channels)), np.nan)
    for quantity in channels.quantities:
        source, target = own.columns(quantity), channels.columns(quantity)
        for pattern in np.unique(usable[:, source], axis=0):
            if not pattern.any():
                continue
            rows = (usable[:, source] == pattern).all(axis=1)
            matrix, reached = _matrix(own, source[pattern], channels, target)
            values = scaled[np.ix_(rows, source[pattern])] @ matrix.T
            mapped[np.ix_(rows, target[reached])] = values[:, reached]
    return mapped, _extrapolated(channels, mapped)


def at_readings(own, channels, values) -> np.ndarray:
    """Per-channel `values` (n_channels,) at the readings of `own`, (n_own,); held constant beyond the channels.

    NaN where a dipole reading is no channel of the network.
    """
    if own is channels:
        return values
    at = np.full(len(own), np.nan)
    for quantity in channels.quantities:
        source, target = channels.columns(quantity), own.columns(quantity)
        if "n" in channels.extra:
            matrix, reached = _matrix(channels, source, own, target)
            at[target[reached]] = (matrix @ values[source])[reached]
        else:
            order = source[np.argsort(channels.value[source])]
            at[target] = np.interp(np.log(own.value[target]), np.log(channels.value[order]), values[order])
    return at


def _extrapolated(channels, mapped):
    """Whether the first or last channel of a quantity has no datum: the network is told a guess there."""
    ends = []
    for quantity in channels.quantities:
        columns = channels.columns(quantity)
        order = np.lexsort([values[columns] for values in channels.coordinates.values()])
        ends += [columns[order[0]], columns[order[-1]]]
    return ~np.isfinite(mapped[:, ends]).all(axis=1)


def _matrix(own, source, channels, target):
    """(n_target, n_source) matrix from readings to channels, and which channels are reached.

    Two coordinates (the a and n of a dipole array) span no line to interpolate along: only equal ones correspond.
    """
    if "n" not in channels.extra:
        return _interpolation(np.log(own.value[source]), np.log(channels.value[target]))
    equal = np.ones((len(target), len(source)), dtype=bool)
    for name in (channels.coordinate, "n"):
        difference = np.log(channels.coordinates[name][target])[:, None] - np.log(own.coordinates[name][source])
        equal &= np.abs(difference) < _SAME_PLACE
    count = equal.sum(axis=1, keepdims=True)
    return equal / np.maximum(count, 1), count[:, 0] > 0


def _interpolation(position, wanted):
    """(n_wanted, n_position) matrix of linear interpolation; repeats are averaged first. And which are reached."""
    order = np.argsort(position, kind="stable")
    new_place = np.concatenate([[True], np.diff(position[order]) > _SAME_PLACE])
    place = np.cumsum(new_place) - 1
    averaging = np.zeros((place[-1] + 1, len(position)))
    averaging[place, order] = 1
    averaging /= averaging.sum(axis=1, keepdims=True)
    knots = averaging @ position
    reached = (wanted > knots[0] - _SAME_PLACE) & (wanted < knots[-1] + _SAME_PLACE)
    hats = np.stack([np.interp(wanted, knots, row) for row in np.eye(len(knots))], axis=1)
    return hats @ averaging, reached
