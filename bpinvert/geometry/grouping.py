"""An observed Dataset as groups of soundings that share one geometry, in plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from bpinvert.geometry.mapping import alike, details_of, is_text, place_names, surveys_of, widths_at
from bpinvert.joining import own_names

# A standard deviation so many times the datum.
_WORTHLESS = 1e6


@dataclass
class Group:
    """Soundings that share one geometry, as plain arrays.

    Attributes
    ----------
    rows : (n,) int array, their places in the observed Dataset
    readings : (n_readings,) int array
        Their readings' places along ``reading``; -1 of a method that they lack: the survey has its own readings there,
        not used.
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
        return sum(_n_places(part.channels, self.used[:, part.columns]) for part in self.survey.channels.parts)

    def columns(self, quantity) -> np.ndarray:
        """Columns that hold `quantity`, of readings that are there."""
        own = self.survey.channels
        columns = own.columns(quantity)
        return columns[self.readings[own.reading[columns]] >= 0]

    def place(self, columns) -> np.ndarray:
        """Places of these columns' readings along ``reading``."""
        return self.readings[self.survey.channels.reading[columns]]

    def only(self, part) -> Group:
        """The same with the readings of one `Part` of the channels alone."""
        used = np.zeros_like(self.used)
        used[:, part.columns] = self.used[:, part.columns]
        return replace(self, used=used)


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
    pairs = list(zip(survey.channels.parts, surveys_of(survey), strict=True))
    methods = [_Method(own_names(observed, part.name), own) for part, own in pairs]
    groups = []
    for rows, place in _same_geometry(np.concatenate([method.places for method in methods], axis=2)):
        ends = np.cumsum([method.places.shape[2] for method in methods])[:-1]
        parts = [method.group(rows, own) for method, own in zip(methods, np.split(place, ends, axis=1), strict=True)]
        group = _side_by_side(survey, parts) if survey.channels.joined else parts[0]
        group.context = {name: observed[name].values[rows].astype(float) for name in context_names}
        groups.append(group)
    return groups


class _Method:
    """Soundings of one method under its own names, to be taken group by group."""

    def __init__(self, observed, survey):
        self.observed, self.survey = observed, survey
        # The main coordinate that locates a reading first, then further details of it.
        self.names = [*place_names(survey.channels), *details_of(survey)]
        self.given = [name for name in details_of(survey) if name in observed]
        self.places, self.words = _places(observed, self.names, survey)

    def group(self, rows, place) -> Group:
        """The soundings `rows`, whose readings are all at `place` (n_readings, n_names)."""
        observed, survey, quantities = self.observed, self.survey, self.survey.channels.quantities
        readings = np.flatnonzero(np.isfinite(place[:, 0]))
        own = survey
        if readings.size:
            own = survey_at(survey, _named(place[readings], self.names, self.words), self.given)
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
        return Group(rows, readings, own, data, sigma, used, {})


def _side_by_side(survey, parts):
    """Groups of the same soundings by several methods as one of all; where none has a reading, as one without any."""
    there = [part.readings.size > 0 for part in parts]
    if not any(there):
        return parts[0]
    blank = [np.full((len(parts[0].rows), len(part.survey.channels)), np.nan) for part in parts]
    columns = list(zip(parts, there, blank, strict=True))
    return Group(
        rows=parts[0].rows,
        readings=np.concatenate(
            [part.readings if here else np.full(part.survey.channels.n_readings, -1) for part, here, _ in columns]
        ),
        survey=survey.with_parts([part.survey for part in parts]),
        data=np.hstack([part.data if here else nothing for part, here, nothing in columns]),
        sigma=np.hstack([part.sigma if here else nothing for part, here, nothing in columns]),
        used=np.hstack([part.used if here else np.zeros(nothing.shape, bool) for part, here, nothing in columns]),
        context={},
    )


def _n_places(channels, used):
    """Number of different places with a used reading (n,), of the channels of one method."""
    first = channels.columns(channels.quantities[0])
    where = [
        _place_number(channels.coordinates[name][first], name != channels.branch) for name in place_names(channels)
    ]
    _, place = np.unique(where, axis=1, return_inverse=True)
    used = np.any([used[:, channels.columns(quantity)] for quantity in channels.quantities], axis=0)
    at_place = place.ravel()[:, None] == np.unique(place)
    return (used.astype(int) @ at_place > 0).sum(axis=1)


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
            # A position on a profile may have either sign, where no reading is a length or a time.
            if survey.channels.points and np.any(survey.channels.coordinates[name] <= 0):
                lowest = -np.inf
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
    if is_text(values) or not is_length or np.any(values <= 0):
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
        # A mode of 0 is one, MN/2 of 0 is none.
        said = np.isfinite(values).any() and (name == channels.branch or np.any(values != 0))
        settings[name] = values if said else None
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
