"""A field sounding's own readings and the channels of the network, each mapped to the other."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    """An observed Dataset from what a user passes: a Dataset as it is, a plain array on the survey's channels.

    Raises
    ------
    ValueError
        If an array has the wrong width or a Dataset lacks a quantity or coordinate the survey needs.
    TypeError
        If it is neither.
    """
    channels = survey.channels
    if isinstance(observed, xr.Dataset):
        _check_dataset(observed, channels)
        return observed
    try:
        data = np.atleast_2d(np.asarray(observed, dtype=float))
    except (TypeError, ValueError):
        raise TypeError(
            f"observed is a {type(observed).__name__}; pass an xarray.Dataset from read_soundings or an array "
            f"(n_soundings, {len(channels)}) of numbers."
        ) from None
    if data.ndim != 2 or data.shape[1] != len(channels):
        raise ValueError(
            f"data has {data.shape[-1]} columns but this inverter was trained on {len(channels)} channels "
            f"({channels.coordinate} {channels.value.min():g}–{channels.value.max():g} {channels.coordinate_unit}). "
            "Pass a Dataset with its own coordinates to have it mapped, or train on this geometry."
        )
    first = channels.columns(channels.quantities[0])
    table, shape = ("sounding", "reading"), (len(data), len(first))
    variables = {quantity: (table, data[:, channels.columns(quantity)]) for quantity in channels.quantities}
    for name, value in channels.coordinates.items():
        units = channels.coordinate_unit if name == channels.coordinate or name == "mn2" else ""
        attrs = {"units": units, "long_name": f"{name} of the reading"}
        variables[name] = (table, np.broadcast_to(value[first], shape).copy(), attrs)
    return xr.Dataset(variables, attrs={"method": survey.method})


def _check_dataset(observed, channels):
    missing = [q for q in (*channels.quantities, channels.coordinate) if q not in observed]
    if missing:
        raise ValueError(
            f"the observed Dataset has {', '.join(map(str, observed.data_vars)) or 'no variables'} but lacks "
            f"{', '.join(missing)}, which this inverter needs. Rename or add the variable."
        )
    for name in (*channels.quantities, channels.coordinate):
        if observed[name].dims != ("sounding", "reading"):
            raise ValueError(
                f"{name} has dimensions {observed[name].dims}; observed variables need ('sounding', 'reading'). "
                "Transpose it or add the missing dimension."
            )


def groups(observed: xr.Dataset, survey, context_names=()) -> list[Group]:
    """Split an observed Dataset into groups of one geometry each.

    Readings that cannot be used (not finite, no logarithm, masked by hand, an unusable error) are kept with
    ``used=False``. A reading without coordinate is padding and left out.

    Raises
    ------
    ValueError
        If context that the survey needs is missing, or a coordinate cannot exist (MN ≥ AB).
    """
    channels = survey.channels
    names = [name for name in channels.coordinates if name in observed]
    if "mn2" in observed and channels.coordinate == "ab2" and "mn2" not in names:
        names.append("mn2")
    coordinates = np.stack([observed[name].values.astype(float) for name in names], axis=-1)
    for name in context_names:
        if name not in observed:
            raise ValueError(f"this inverter needs {name} of every sounding; add {name}(sounding) to the Dataset.")
    groups = []
    for rows, place in _same_geometry(coordinates):
        readings = np.flatnonzero(np.isfinite(place[:, 0]) & (place[:, 0] > 0))
        own = _survey_at(survey, dict(zip(names, place[readings].T, strict=True)))
        data = _channels(observed, channels.quantities, "", rows, readings)
        sigma = _channels(observed, channels.quantities, "_std", rows, readings)
        used = np.isfinite(own.channels.to_scale(data)) if len(readings) else np.zeros(data.shape, dtype=bool)
        used &= ~(sigma <= 0)
        if "used" in observed:
            by_hand = _values(observed, "used", rows, readings).astype(bool)
            used &= np.tile(by_hand, (1, len(channels.quantities)))
        context = {name: observed[name].values[rows].astype(float) for name in context_names}
        groups.append(Group(rows, readings, own, data, sigma, used, context))
    return groups


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


def _survey_at(survey, coordinates):
    """`survey` at other readings; itself where they are its own."""
    channels = survey.channels
    first = channels.columns(channels.quantities[0])
    if "mn2" in coordinates:
        mn2 = np.nan_to_num(coordinates["mn2"], nan=0.0)
        coordinates["mn2"] = mn2 if mn2.any() else None
        if coordinates["mn2"] is None and "mn2" not in channels.extra:
            del coordinates["mn2"]
    own = {name: value[first] for name, value in channels.coordinates.items()}
    same = all(
        name in own and value is not None and value.shape == own[name].shape and np.array_equal(value, own[name])
        for name, value in coordinates.items()
    )
    if same:
        return survey
    if not len(next(iter(coordinates.values()))):
        return survey
    return replace(survey, **coordinates)


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
        position, wanted = _positions(own, source), _positions(channels, target)
        for pattern in np.unique(usable[:, source], axis=0):
            if not pattern.any():
                continue
            rows = (usable[:, source] == pattern).all(axis=1)
            matrix, reached = _interpolation(position[pattern], wanted)
            values = scaled[np.ix_(rows, source[pattern])] @ matrix.T
            mapped[np.ix_(rows, target[reached])] = values[:, reached]
    return mapped, _extrapolated(channels, mapped)


def _extrapolated(channels, mapped):
    """Whether the first or last channel of a quantity has no datum: the network is told a guess there."""
    ends = []
    for quantity in channels.quantities:
        columns = channels.columns(quantity)
        order = np.argsort(_positions(channels, columns))
        ends += [columns[order[0]], columns[order[-1]]]
    return ~np.isfinite(mapped[:, ends]).all(axis=1)


def _positions(channels, columns):
    """Where readings lie in ln(coordinate); further coordinates of a dipole array count as well."""
    position = np.log(channels.value[columns])
    if "n" in channels.extra:
        position = position + np.log(channels.extra["n"][columns] + 1)
    return position


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
