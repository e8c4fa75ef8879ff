"""Channels that a model lacks, such as a mode of surface waves beyond its cut-off: how their curves go on."""

from __future__ import annotations

import numpy as np

# Step of ln(parameter) for slopes of the value that a missing channel tends to.
_STEP = 1e-4


def continued(channels, scaled) -> np.ndarray:
    """Data on their scale with curves that end continued by their nearest datum.

    A curve that does not exist everywhere, such as a mode of surface waves, has a finite value at its cut-off: no
    other choice leaves the data of neighbouring models, with and without the channel, close together.

    Parameters
    ----------
    channels : forward_models.Channels
    scaled : (n, n_channels) array, NaN where missing

    Returns
    -------
    (n, n_channels) array; `scaled` itself where nothing is missing. NaN where a curve is missing altogether, and where
    channels are no curve.
    """
    missing = np.isnan(scaled)
    if not missing.any():
        return scaled
    if channels.joined:
        return np.hstack([continued(part.channels, scaled[:, part.columns]) for part in channels.parts])
    if channels.points:
        return scaled
    filled = np.array(scaled)
    curve = channels.extra[channels.branch] if channels.branch else np.zeros(len(channels))
    for quantity in channels.quantities:
        columns = channels.columns(quantity)
        for value in np.unique(curve[columns]):
            own = columns[curve[columns] == value]
            own = own[np.argsort(channels.value[own], kind="stable")]
            rows = np.flatnonzero(missing[:, own].any(axis=1))
            filled[np.ix_(rows, own)] = _held(scaled[np.ix_(rows, own)], np.log(channels.value[own]))
    return filled


def _held(values, place):
    """Rows of `values` (n, n_places) with every NaN replaced by the datum at the nearest of the places, in order."""
    known, number = np.isfinite(values), np.arange(len(place))
    before = np.maximum.accumulate(np.where(known, number, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, number, len(place))[:, ::-1], axis=1)[:, ::-1]
    ends = np.concatenate([place, [np.inf, -np.inf]])
    nearest = np.where(place - ends[before] <= ends[after] - place, before, after)
    return np.where(nearest < 0, np.nan, np.take_along_axis(values, nearest, axis=1))


def completed(survey, models, data) -> np.ndarray:
    """`data`, where a model lacks a channel with the value that the channel tends to at its cut-off.

    So the misfit of a mode that was observed is continuous across the cut-off. Where the survey knows no such value
    (`Survey.beyond`) the datum stays NaN.

    Parameters
    ----------
    survey : forward_models.Survey
    models : dict of arrays as `survey` takes them
    data : (n, n_channels) array of these models in physical units; returned as it is where nothing can be replaced
    """
    beyond = getattr(survey, "beyond", None)
    if beyond is None or not np.isnan(data).any():
        return data
    ends = beyond(**models)
    return data if ends is None else np.where(np.isnan(data), ends, data)


def complete_slopes(survey, models, slopes, missing):
    """Put the slopes of `Survey.beyond` into those of the data where they are `missing` (n, n_channels) bool.

    By differences: against a simulation it costs next to nothing.
    """
    rows = np.flatnonzero(missing.any(axis=1))
    models = {name: values[rows] for name, values in models.items()}

    def ends(name, moved):
        return survey.channels.to_scale(survey.beyond(**(models | {name: moved})))

    for name, slope in slopes.items() if rows.size else ():
        values = models[name]
        for k in np.ndindex(values.shape[1:]):
            step = np.zeros_like(values)
            step[:, *k] = _STEP
            change = (ends(name, values * np.exp(step)) - ends(name, values * np.exp(-step))) / (2 * _STEP)
            own = slope[(rows, slice(None), *k)]
            slope[(rows, slice(None), *k)] = np.where(missing[rows], change, own)
