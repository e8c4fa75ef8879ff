"""An observed Dataset as groups of soundings that share one geometry, in plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass, replace

import numpy as np
import xarray as xr

from bpinvert.geometry.mapping import alike

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
        where = [alike(np.log(values[first])) for name, values in own.coordinates.items() if name != "mn2"]
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
    for rows, place in _same_geometry(_places(observed, survey)):
        readings = np.flatnonzero(np.isfinite(place[:, 0]))
        own = survey_at(survey, place[readings], "mn2" in observed) if readings.size else survey
        data = _channels(observed, quantities, "", rows, readings)
        sigma = _channels(observed, quantities, "_std", rows, readings)
        used = np.isfinite(own.channels.to_scale(data)) if readings.size else np.zeros(data.shape, dtype=bool)
        # A standard deviation of infinity, or near it, is a way to say that a reading is worth nothing.
        used &= ~((sigma <= 0) | (sigma > _WORTHLESS * np.maximum(np.abs(data), 1.0)))
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


def survey_at(survey, place, with_mn2):
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
