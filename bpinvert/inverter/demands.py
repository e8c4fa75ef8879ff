"""What would have to change for a flagged sounding to fit: one range of the prior, one reading, or one more layer."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

from bpinvert import geometry
from bpinvert.displacement import Displacement
from bpinvert.inverter.choosing import FEW_LAYERS
from bpinvert.inverter.training_sheets import shift_variance
from bpinvert.priors import prior_from_dict
from bpinvert.refinement import Misfit, fitting_scale, refine
from bpinvert.sheets import Sheets
from forward_models import METHODS, survey_from_dict

# A range is tried so many times wider at either end, from starts so many times beyond it.
_FACTOR, _BEYOND = 30.0, (1.5, 6.0)
# chi² must fall so that chance would let it fall as far this often, with one parameter more.
_BY_CHANCE = 1e-3
_DRAWS, _STARTS = 500, 12


@dataclass(frozen=True)
class Demand:
    """One change that makes a sounding fit.

    Attributes
    ----------
    kind : "range", "reading" or "layers"
    name, layer : str and int
        Of a range: what is to be widened, and in which layer, from 1.
    more : bool
        Of a range: whether beyond its upper end.
    bound : float
        Of a range: that end.
    value : float
        Of a range: the parameter of the model that fits; of layers: their number.
    quantity, reading : str and int
        Of a reading: what was measured, and its place along ``reading``.
    """

    kind: str
    name: str = ""
    layer: int = 0
    more: bool = False
    bound: float = np.nan
    value: float = np.nan
    quantity: str = ""
    reading: int = -1


def demands(result, place) -> list[Demand]:
    """Single changes each of which alone makes the sounding at `place` fit; empty where none does, or none is needed.

    A range of the prior counts where a model beyond it fits within the errors and chi² is lower by more than chance
    explains. Only where no range does, a reading is left out; only where none of those helps either, a layer is added.

    Parameters
    ----------
    result : xarray.Dataset from ``Inverter.invert`` or ``Inverter.check``
    place : int, along ``sounding``
    """
    survey, prior = json.loads(result.attrs["survey"]), json.loads(result.attrs["prior"])
    stored = survey["survey"] in METHODS and "not_stored" not in survey
    if not stored or not isinstance(prior, dict) or prior["prior"] != "LayeredPrior":
        return []
    survey, prior = survey_from_dict(survey), prior_from_dict(prior)
    count = int(result["n_layers"][place])
    try:
        own = prior.widened(count, 1.0)
    except ValueError:  # another specification than ranges
        return []
    one = geometry.as_observed(result.isel(sounding=[place]), survey)
    group = next(iter(geometry.groups(one, survey, survey.context)))
    # Of a method that has no reading the height is not known, nor does it matter.
    ranges = json.loads(result.attrs["context_range"])
    group.context = {
        name: np.where(np.isfinite(values), values, np.mean(ranges[name])) for name, values in group.context.items()
    }
    sounding = _Sounding(group, Sheets(**json.loads(result.attrs["sheets"])))
    u, chi2 = sounding.best(own)
    found = _ranges(sounding, prior, count, own, u, chi2)
    if not found and chi2 > sounding.limit(own):
        found = _reading(sounding, own, u, chi2) or _more_layers(sounding, prior, count)
    return found


def _ranges(sounding, prior, count, own, u, chi2):
    """The ranges that may be widened one at a time, the best fit first."""
    ends = [own.decode(np.full_like(u, end)[None]) for end in (0.0, 1.0)]
    here, found = own.decode(u[None]), []
    for parameter in own.parameters:
        name, _, layer = parameter.rpartition("_")
        if name not in own.widenable:
            continue
        k = int(layer) - 1
        low, high = (end[name][0, k] for end in ends)
        trial = prior.widened(count, _FACTOR, parameter)
        starts = {key: np.repeat(values, 2 * len(_BEYOND), axis=0) for key, values in here.items()}
        starts[name][:, k] = [*(low / factor for factor in _BEYOND), *(high * factor for factor in _BEYOND)]
        wider, fit = sounding.refined(trial, trial.encode(starts))
        value = trial.decode(wider[None])[name][0, k]
        if fit <= sounding.limit(own, 1) and chi2 - fit > chdtri(1, _BY_CHANCE) and not low <= value <= high:
            more = bool(value > high)
            found.append((fit, Demand("range", name, k + 1, more, float(high if more else low), float(value))))
    return [demand for _, demand in sorted(found, key=lambda pair: pair[0])]


def _reading(sounding, own, u, chi2):
    """The one datum without which the prior's models fit."""
    used = np.flatnonzero(np.isfinite(sounding.sigma[0]))
    sigma = np.repeat(sounding.sigma, len(used), axis=0)
    sigma[np.arange(len(used)), used] = np.inf
    misfit = sounding.misfit(own, sigma)
    fits = refine(misfit, np.repeat(u[None], len(used), axis=0)).chi2
    k = int(np.argmin(fits))
    if fits[k] > sounding.limit(own, 1) or chi2 - fits[k] < chdtri(1, _BY_CHANCE):
        return []
    channels, readings = sounding.group.survey.channels, sounding.group.readings
    quantity = channels.quantity[used[k]]
    return [Demand("reading", quantity=quantity, reading=int(readings[channels.reading[used[k]]]))]


def _more_layers(sounding, prior, count):
    more = prior.widened(count + 1, 1.0)
    _, chi2 = sounding.best(more)
    return [Demand("layers", value=count + 1)] if chi2 <= sounding.limit(more) else []


class _Sounding:
    """One sounding to be fitted by models of several priors."""

    def __init__(self, group, sheets):
        channels = group.survey.channels
        self.group, self.sheets = group, sheets
        known = group.used & np.isfinite(group.sigma)
        data, sigma = np.where(group.used, group.data, 1.0), np.where(known, group.sigma, 0.0)
        self.scaled, sigma, self.width = fitting_scale(channels, data, sigma)
        self.sigma = np.where(known, sigma, np.inf)

    def limit(self, prior, n_more=0):
        """chi² that noise alone exceeds rarely, with so many unknowns more than the prior has."""
        n = int(np.isfinite(self.sigma).sum()) - len(prior.parameters) - n_more
        return chdtri(max(n, 1), FEW_LAYERS)

    def misfit(self, prior, sigma):
        channels, n = self.group.survey.channels, len(sigma)
        segments, displacement = geometry.mn_segments(channels), None
        if self.sheets.shift and len(segments):
            variance = shift_variance(self.sheets.shift) * geometry.movable(channels, segments, np.isfinite(sigma))
            displacement = Displacement(segments, variance, sigma)
        context = {name: np.repeat(values, n) for name, values in self.group.context.items()}
        width = None if self.width is None else np.repeat(self.width, n, axis=0)
        scaled = np.repeat(self.scaled, n, axis=0)
        return Misfit(self.group.survey, prior, scaled, sigma, context, displacement, width)

    def refined(self, prior, starts):
        """The best model that is found from any of the starts, and its chi²."""
        fits = refine(self.misfit(prior, self.sigma), starts, np.zeros(len(starts), dtype=int))
        k = int(np.argmin(fits.chi2))
        return fits.u[k], float(fits.chi2[k])

    def best(self, prior):
        """The best model of a prior, from the best of many draws, and its chi²."""
        points = np.random.default_rng(0).random((_DRAWS, len(prior.parameters)))
        misfit = self.misfit(prior, self.sigma)
        order = np.argsort(misfit.value(points, np.zeros(_DRAWS, dtype=int)))
        return self.refined(prior, points[order[:_STARTS]])
