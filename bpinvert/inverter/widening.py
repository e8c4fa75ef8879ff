"""A wider inverter: prior, noise and readings that include the strangers of a result."""

from __future__ import annotations

import json
import warnings

import numpy as np
from scipy.special import chdtri

from bpinvert import geometry
from bpinvert.displacement import Displacement
from bpinvert.inverter.choosing import FEW_LAYERS
from bpinvert.inverter.inverter import Inverter
from bpinvert.inverter.training_sheets import shift_variance
from bpinvert.network.trainers import trainer_from_dict
from bpinvert.noise import Noise, noise_from_dict
from bpinvert.priors import prior_from_dict
from bpinvert.priors.ranges import two_digits
from bpinvert.refinement import Misfit, fitting_scale, refine
from bpinvert.results import FLAG_BITS
from bpinvert.sheets import Sheets
from forward_models import survey_from_dict

# Ranges are tried so many times wider at either end, one after the other, and so many layers more.
_FACTORS, _MORE_LAYERS = (3.0, 10.0, 30.0), 2
# Room around a parameter of a stranger that the old ranges do not hold.
_MARGIN = 1.5
_LARGER_ERRORS = 3.0
_DRAWS, _STARTS = 2000, 24


def widen(result) -> Inverter:
    """An unfitted inverter like the one of `result`, but whose prior includes the flagged soundings.

    The ranges of thickness and properties are widened no further than a model that fits such a sounding needs, and
    layers are added where that helps sooner; where nothing does, or the readings scatter (check ``noise``), the errors
    are taken to be up to three times larger.
    Readings, noise levels and heights are extended to those of the strangers.

    Parameters
    ----------
    result : xarray.Dataset from ``Inverter.invert``

    Returns
    -------
    Inverter
        Call its ``fit()``.

    Raises
    ------
    ValueError
        If nothing is flagged, or the prior has other specifications than (low, high) ranges.

    Warns
    -----
    UserWarning
        For flagged soundings that no layered model in much wider ranges fits: training does not help them.
    """
    described = getattr(result, "attrs", {})
    if not {"survey", "prior", "noise"} <= set(described) or "flag" not in getattr(result, "data_vars", ()):
        raise ValueError("the result does not say which inverter made it; pass one of a single call of invert().")
    if "not_stored" in json.loads(described["survey"]):
        raise ValueError(
            "the result is of a survey that is not one of forward_models', and does not hold it. Train an Inverter of "
            "it on a wider prior yourself."
        )
    survey, noise = survey_from_dict(json.loads(described["survey"])), noise_from_dict(json.loads(described["noise"]))
    stored = json.loads(described["prior"])
    if isinstance(stored, str):
        raise ValueError(f"the prior is {stored}; only (low, high) ranges can be widened. Widen it by hand and train.")
    prior, sheets = prior_from_dict(stored), Sheets(**json.loads(described["sheets"]))
    strangers = result.isel(sounding=np.flatnonzero(result["flag"].values != 0))
    if not strangers.sizes["sounding"]:
        raise ValueError("no sounding of the result is flagged; there is nothing to include.")
    observed = geometry.as_observed(strangers, survey)
    wider, hopeless = (prior, noise), []
    prior = _at_heights(prior, observed)
    for group in geometry.groups(observed, survey, survey.context):
        for k in range(len(group.rows)):
            scatters = bool(int(strangers["flag"][group.rows[k]]) & FLAG_BITS["noise"])
            prior, noise, fits = _including(prior, noise, group.take([k]), sheets, scatters)
            if not fits:
                hopeless.append(int(group.rows[k]))
    names = strangers["name"].values if "name" in strangers else result["sounding"].values[result["flag"].values != 0]
    if hopeless:
        listed = ", ".join(str(names[k]) for k in hopeless)
        warnings.warn(
            f"no layered model fits {listed} within three times the errors, in ranges up to {_FACTORS[-1]:g} times "
            "wider: look at its readings and units; training does not help it.",
            stacklevel=2,
        )
    elif wider == (prior, noise) and _reaching(survey, observed) is survey:
        warnings.warn(
            "the prior already holds models that fit the flagged soundings: they are rare in it, or false alarms; "
            "more samples may help, a wider prior does not.",
            stacklevel=2,
        )
    settings = json.loads(described["settings"])
    if own := settings.pop("network", None):
        raise ValueError(
            f"the result is of an inverter with a network of its own, {own}; widen makes inverters with the usual one. "
            "Train one on a wider prior yourself: Inverter(survey, prior, network=...)."
        )
    if not isinstance(settings["trainer"], str):
        settings["trainer"] = trainer_from_dict(settings["trainer"])
    rate = float(described["false_alarm_rate"])
    return Inverter(_reaching(survey, observed), prior, noise, sheets=sheets, false_alarm_rate=rate, **settings)


def _at_heights(prior, observed):
    """The prior, with ranges of context that reach to the heights, or what else is known, of the strangers."""
    described = prior.to_dict()
    for entry in described["context"] or ():
        name, ends = entry
        values = np.asarray(observed[name].values, dtype=float)
        values = values[np.isfinite(values) & (values > 0)]
        if isinstance(ends, list) and values.size:
            low, high = two_digits(values.min(), np.floor), two_digits(values.max(), np.ceil)
            entry[1] = [min(ends[0], low), max(ends[1], high)]
    return prior_from_dict(described)


def _including(prior, noise, one, sheets, scatters):
    """Prior and noise, widened as far as the sounding needs, and whether it fits then.

    Where its readings scatter more than the errors let expect, it is these that are too small: more layers would only
    follow the scatter.
    """
    channels = one.survey.channels
    known = one.used & np.isfinite(one.sigma)
    data = np.where(one.used, one.data, 1.0)
    scaled, sigma, width = fitting_scale(channels, data, np.where(known, one.sigma, 0.0))
    sigma = np.where(known, sigma, np.inf)
    segments = geometry.mn_segments(channels)
    displacement = None
    if sheets.shift and len(segments):
        variance = shift_variance(sheets.shift) * geometry.movable(channels, segments, one.used)
        displacement = Displacement(segments, variance, sigma)
    noise = _with_level(noise, one, 1.0)
    least = np.inf
    most = prior.layer_counts[-1]
    steps = [(1.0, prior.layer_counts), (1.0, range(most + 1, most + 1 + _MORE_LAYERS))]
    steps += [(factor, range(prior.layer_counts[0], most + 1 + _MORE_LAYERS)) for factor in _FACTORS]
    for factor, counts in steps:
        for count in counts:
            trial = prior.widened(count, factor)
            u, chi2 = _best(Misfit(one.survey, trial, scaled, sigma, one.context, displacement, width), trial)
            freedom = max(int(np.isfinite(sigma).sum()) - len(trial.parameters), 1)
            if chi2 <= chdtri(freedom, FEW_LAYERS):
                return prior.including(trial.decode(u[None]), _MARGIN), noise, True
            if chi2 / freedom < 0.8 * least:
                least, model = chi2 / freedom, trial.decode(u[None])
        if scatters and np.sqrt(least) <= _LARGER_ERRORS:
            break
    if np.sqrt(least) > _LARGER_ERRORS:
        return prior, noise, False
    return prior.including(model, _MARGIN), _with_level(noise, one, float(np.sqrt(least))), True


def _with_level(noise, one, factor):
    """`noise` with a range of relative errors that reaches those of the sounding times `factor`."""
    if isinstance(noise.relative, dict) or noise.floor != 0:
        return noise.louder(factor) if factor > 1 else noise
    ratio = (one.sigma / np.abs(one.data))[one.used & np.isfinite(one.sigma)]
    if not ratio.size:
        return noise
    level = factor * float(np.median(ratio))
    low, high = noise.relative if isinstance(noise.relative, tuple) else (noise.relative, noise.relative)
    if low / 1.1 <= level <= high * 1.1:
        return noise
    wider = min(low, two_digits(level / 1.1, np.floor)), max(high, two_digits(level * 1.1, np.ceil))
    return Noise(relative=(wider[0], min(wider[1], 1.0)))


def _best(misfit, prior):
    """The best-fitting model of a prior, by refinement from the best of many draws."""
    points = np.random.default_rng(0).random((_DRAWS, len(prior.parameters)))
    rows = np.zeros(_DRAWS, dtype=int)
    best = points[np.argsort(misfit.value(points, rows))[:_STARTS]]
    refined = refine(misfit, best, np.zeros(len(best), dtype=int))
    k = int(np.argmin(refined.chi2))
    return refined.u[k], float(refined.chi2[k])


def _reaching(survey, observed):
    """The survey, with channels added at either end as far as the strangers' readings go."""
    channels = survey.channels
    fixed = getattr(survey, "instrument", False) or getattr(survey, "mn2", None) is not None
    if len(channels.coordinates) > 1 or fixed:
        return survey
    name = channels.coordinate
    own = np.sort(np.unique(channels.value))
    used = observed["used"].values if "used" in observed else np.ones(observed[name].shape, dtype=bool)
    places = observed[name].values[used & (observed[name].values > 0)]
    ratio = (own[-1] / own[0]) ** (1 / (len(own) - 1))
    below = int(np.ceil(np.log(own[0] / places.min()) / np.log(ratio) - 0.5)) if places.min() < own[0] else 0
    above = int(np.ceil(np.log(places.max() / own[-1]) / np.log(ratio) - 0.5)) if places.max() > own[-1] else 0
    if below <= 0 and above <= 0:
        return survey
    lower = own[0] * ratio ** -np.arange(max(below, 0), 0, -1.0)
    upper = own[-1] * ratio ** np.arange(1.0, max(above, 0) + 1)
    return survey.at(**{name: np.concatenate([lower, own, upper])})
