"""Survey, prior and noise for soundings with an electromagnetic instrument, taken from the soundings themselves."""

from __future__ import annotations

import json

import numpy as np

from bpinvert.geometry import groups
from bpinvert.noise import Noise, usual_noise
from bpinvert.priors import LayeredPrior
from forward_models import survey_from_dict

METHODS = ("tdem", "fdem")
# Half-spaces that data are compared with, Ω·m.
_HALF_SPACES = np.geomspace(0.03, 3e4, 61)
# Heights of a survey at which that is done.
_HEIGHTS = 7
# The prior reaches so far beyond the half-spaces, and over so many decades at least.
_BEYOND, _DECADES = 30.0, 3.5
_LOWEST, _HIGHEST = 0.03, 3e4
# Room around the heights of the soundings, and how low a bird is taken to fly.
_ROOM, _GROUND = 1.05, 0.05
# Skin depth, and depth of diffusion, in m: times the root of Ω·m over Hz, and of Ω·m times s.
_SKIN, _DIFFUSION = 503.0, 1260.0
# Coils on the ground see about twice their distance deep, and a layer of a fifth of it as one of its own.
_SEEN, _THINNEST = 2.0, 0.2
# Levels of noise beside each other; where they span less than that factor they are one.
_SPAN = 1.5
# No network learns from smaller relative errors; those of a file are used all the same.
_LEAST = 0.01
# A floor of less than this share of an error is none.
_NO_FLOOR = 0.1


def survey_of_instrument(observed):
    """The survey that the reader of an electromagnetic file has described.

    Raises
    ------
    ValueError
        If the soundings do not say what recorded them.
    """
    described = observed.attrs.get("survey")
    if not described:
        raise ValueError(
            f"the soundings are of method {observed.attrs.get('method')!r} and do not say which instrument recorded "
            "them. Put json.dumps(survey.to_dict()) into attrs['survey'], or train an Inverter and pass it."
        )
    return survey_from_dict(json.loads(described))


def prior_of_instrument(survey, observed) -> LayeredPrior:
    """A wide prior of two to four layers around the half-spaces that are like the data.

    Thicknesses reach from a third of the shallowest to half of the deepest reach: the skin depth 503 √(ρ/f) m, but not
    more than twice distance of the coils and height; or the depth of diffusion 1260 √(ρt) m. Coils see layers of a
    fifth of their distance as well.
    """
    found = _like_half_spaces(survey, observed)
    low, middle, high = np.quantile(found, [0.02, 0.5, 0.98])
    widest = middle * 10 ** (np.array([-0.5, 0.5]) * _DECADES)
    resistivity = max(min(low / _BEYOND, widest[0]), _LOWEST), min(max(high * _BEYOND, widest[1]), _HIGHEST)
    heights = _heights(observed)
    context = {}
    if "height" in survey.context:
        if not heights.size:
            raise ValueError("no sounding says its height above the ground; add height(sounding) to the Dataset.")
        ends = heights.min() / _ROOM, heights.max() * _ROOM
        context = {"height": (max(ends[0], _GROUND), max(ends[1], 2 * _GROUND))}
    own = np.median(heights) if context else getattr(survey, "height", 0.0) or 0.0
    shallow, deep = _reach(survey, low, own).min(), _reach(survey, high, own).max()
    thinnest = shallow / 3
    if survey.method == "fdem":
        thinnest = min(thinnest, _THINNEST * survey.channels.extra["offset"].min())
    thickness = (float(thinnest), float(deep) / 2)
    resistivity = tuple(float(end) for end in resistivity)
    return LayeredPrior(n_layers=(2, 4), thickness=thickness, resistivity=resistivity, context=context or None)


def noise_of_instrument(survey, observed, relative) -> Noise:
    """The levels of the errors in the file, a relative part and a floor of each quantity; without any, usual ones.

    Parameters
    ----------
    relative : (low, high), the range that is assumed where there are no errors
    """
    usual, levels = usual_noise(survey.channels, relative), {"relative": {}, "floor": {}}
    found = groups(observed, survey)
    for quantity in survey.channels.quantities:
        parts = np.concatenate([_parts(group, quantity) for group in found])
        levels["relative"][quantity] = _level(parts[:, 0], 1.0) if len(parts) else usual.relative
        levels["floor"][quantity] = _level(parts[:, 1], np.inf) if len(parts) else usual.floor[quantity]
    return Noise(**levels)


def _parts(group, quantity):
    """Relative error and floor, (n, 2), of the soundings of a group that state errors.

    The relative part is the least error relative to its datum, nearly; the floor what this leaves of the least error.
    """
    columns = group.survey.channels.columns(quantity)
    sigma = np.where(group.used[:, columns], group.sigma[:, columns], np.nan)
    size = np.abs(group.data[:, columns])
    known = (np.isfinite(sigma) & (size > 0)).any(axis=1)
    sigma, size = sigma[known], size[known]
    if not known.any():
        return np.empty((0, 2))
    relative = np.nanquantile(sigma / np.where(size > 0, size, np.nan), 0.1, axis=1).clip(_LEAST, 1.0)
    least = np.nanargmin(sigma, axis=1)[:, None]
    sigma, size = (np.take_along_axis(values, least, axis=1)[:, 0] for values in (sigma, size))
    floor = np.sqrt(np.maximum(sigma**2 - (relative * size) ** 2, (_NO_FLOOR * sigma) ** 2))
    return np.stack([relative, floor], axis=1)


def _level(values, most):
    low, high = np.quantile(values, [0.05, 0.95])
    high = min(float(high), most)
    return (float(low), high) if high > _SPAN * low else float(np.sqrt(low * high))


def _heights(observed):
    if "height" not in observed:
        return np.empty(0)
    heights = np.asarray(observed["height"].values, dtype=float).ravel()
    return heights[np.isfinite(heights) & (heights >= 0)]


def _like_half_spaces(survey, observed):
    """For every sounding the half-space with data most like it, at the nearest of some heights, Ω·m."""
    heights, found = _heights(observed), []
    steps = np.quantile(heights, np.linspace(0, 1, _HEIGHTS)) if survey.context and heights.size else np.zeros(1)
    for group in groups(observed, survey, survey.context):
        channels = group.survey.channels
        scaled = channels.to_scale(np.where(group.used, group.data, np.nan))
        own = group.context.get("height", np.zeros(len(scaled)))
        for k, height in enumerate(steps):
            here = np.abs(own[:, None] - steps).argmin(axis=1) == k
            if not here.any() or not group.readings.size:
                continue
            context = {name: np.full(len(_HALF_SPACES), height) for name in survey.context}
            curves = group.survey(np.empty((len(_HALF_SPACES), 0)), resistivity=_HALF_SPACES[:, None], **context)
            off = np.abs(scaled[here][:, None] - channels.to_scale(curves))
            # The sum of sizes, not squares: single bad data shall not decide.
            off = np.where(group.used[here][:, None], off, 0.0).sum(axis=2)
            some = group.used[here].any(axis=1)
            found.append(_HALF_SPACES[np.nan_to_num(off, nan=np.inf).argmin(axis=1)[some]])
    found = np.concatenate(found) if found else np.empty(0)
    if not found.size:
        raise ValueError("no sounding has usable data, from which a prior could be made. Correct or add readings.")
    return found


def _reach(survey, resistivity, height):
    """How deep each channel sees over a half-space, m."""
    channels = survey.channels
    if survey.method == "tdem":
        return _DIFFUSION * np.sqrt(resistivity * channels.value)
    return np.minimum(_SKIN * np.sqrt(resistivity / channels.value), _SEEN * (channels.extra["offset"] + height))
