"""An observed Dataset as groups of soundings that share one geometry, in plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from bpinvert.geometry.mapping import alike, details_of, is_text, place_names, widths_at

# A standard deviation so many times the datum.
_WORTHLESS = 1e6


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

    def n_places(self) -> np.ndarray:
        """Number of different places with a used reading, (n,); MN does not tell places apart."""
        own = self.survey.channels
        first = own.columns(own.quantities[0])
        where = [_place_number(own.coordinates[name][first], name != own.branch) for name in place_names(own)]
        _, place = np.unique(where, axis=1, return_inverse=True)
        used = np.any([self.used[:, own.columns(quantity)] for quantity in own.quantities], axis=0)
        at_place = place.ravel()[:, None] == np.unique(place)
        return (used.astype(int) @ at_place > 0).sum(axis=1)


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
    names = _coordinate_names(survey)
    given = [name for name in details_of(survey) if name in observed]
    places, words = _places(observed, names, survey)
    for rows, place in _same_geometry(places):
        readings = np.flatnonzero(np.isfinite(place[:, 0]))
        own = survey_at(survey, _named(place[readings], names, words), given) if readings.size else survey
        data = _channels(observed, quantities, "", rows, readings)
        sigma = _channels(observed, quantities, "_std", rows, readings)
        used = np.isfinite(own.channels.to_scale(data)) if readings.size else np.zeros(data.shape, dtype=bool)
        # A standard deviation of infinity, or near it, is a way to say that a reading is worth nothing.
        smallest = own.channels.width if own.channels.changes_sign else 1.0
        if readings.size:
            used &= ~((sigma <= 0) | (sigma > _WORTHLESS * np.maximum(np.abs(data), smallest)))
        if "used" in observed:
            by_hand = observed["used"].values[np.ix_(rows, readings)]
            used &= np.tile(by_hand, (1, len(quantities)))
        context = {name: observed[name].values[rows].astype(float) for name in context_names}
        groups.append(Group(rows, readings, own, data, sigma, used, context))
    return groups


def _coordinate_names(survey):
    """Names of the coordinates that locate a reading, the main one first, then further details of it."""
    return [*place_names(survey.channels), *details_of(survey)]


def _places(observed, names, survey):
    """Coordinates (n_soundings, n_readings, n_names), NaN where a reading cannot exist; words by name, as their number.

    A detail that is NaN says nothing.
    """
    shape = observed[names[0]].shape
    place, words = np.full((*shape, len(names)), np.nan), {}
    exists = np.ones(shape, dtype=bool)
    for k, name in enumerate(names):
        if name not in observed:
            continue
        values = observed[name].values
        if is_text(values):
            words[name], number = np.unique(values.astype(str), return_inverse=True)
            place[..., k] = np.where(words[name] == "", np.nan, np.arange(len(words[name])))[number].reshape(shape)
            exists &= np.isfinite(place[..., k])
            continue
        place[..., k] = values.astype(float)
        if name == "mn2":
            exists &= ~((place[..., k] < 0) | (place[..., k] >= place[..., 0]))
        elif name not in details_of(survey):
            lowest = 0.0 if name == survey.channels.branch else np.nextafter(0.0, 1.0)
            exists &= np.isfinite(place[..., k]) & (place[..., k] >= lowest)
    place[~exists] = np.nan
    return place, words


def _named(place, names, words):
    """Coordinates (n_readings, n_names) by name, words as words."""
    return {
        name: words[name][column.astype(int)] if name in words else column
        for name, column in zip(names, place.T, strict=True)
    }


def _place_number(values, is_length):
    """Groups of values that are the same: lengths and times within rounding, all else exactly."""
    if is_text(values) or not is_length:
        return np.unique(values, return_inverse=True)[1].ravel()
    return alike(np.log(values))


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


def survey_at(survey, place, given):
    """`survey` at other readings; itself where they are its own.

    Parameters
    ----------
    survey : forward_models.Survey
    place : dict of (n_readings,) arrays, coordinates by name
    given : collection of str
        The `details` of readings that are said, be it NaN; others are the survey's where its readings are its own.
    """
    channels = survey.channels
    first = channels.columns(channels.quantities[0])
    own = {name: channels.coordinates[name][first] for name in place if name not in details_of(survey)}
    same = all(np.array_equal(place[name], own[name]) for name in own)
    told = {name: np.asarray(place[name], dtype=float) for name in details_of(survey) if name in place}
    if same and not given:
        return survey
    for name, values in told.items():
        trained = channels.extra.get(name, np.full(len(channels), np.nan))[first]
        same = same and np.array_equal(_or_none(name, values), _or_none(name, trained), equal_nan=True)
    if same:
        return survey
    settings = {name: place[name] for name in own}
    for name, values in told.items():
        values = _or_none(name, values)
        settings[name] = values if np.isfinite(values).any() and np.any(values != 0) else None
    if not hasattr(survey, "at"):
        raise ValueError(
            f"the soundings have other readings than the {len(first)} that {type(survey).__name__} was trained on, and "
            "it cannot be moved to them. Train on these readings."
        )
    moved = survey.at(**settings)
    return moved.with_width(widths_at(moved.channels, channels)) if channels.changes_sign else moved


def _or_none(name, values):
    """MN/2 of which nothing is said is that of the ideal array, 0."""
    return np.nan_to_num(values, nan=0.0) if name == "mn2" else values
