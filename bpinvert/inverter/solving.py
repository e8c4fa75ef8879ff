"""From one group of soundings to models: propose, refine, choose the layer count, re-simulate, score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

from bpinvert import checks, geometry
from bpinvert.refinement import Misfit, Refined, refine_multistart, starts_around
from bpinvert.results import STATUS

LEVELS = ("network", "refined")
FEWEST_READINGS = 3
# No further start is tried, and no further layer added, where pure noise would give a larger chi² this often.
_GOOD_FIT, _FEW_LAYERS = 0.02, 0.05
_STARTS_PER_PARAMETER = 3


@dataclass
class Solution:
    """Answers to the soundings of one group that have enough readings.

    Attributes
    ----------
    rows : (n,) int array, places within the group
    models : dict of arrays, NaN beyond the layer count
    n_layers : (n,) int array
    predicted, residuals, sigma : (n, n_channels) arrays on the group's own channels; σ in physical units
    used : (n, n_channels) bool array
    chi2 : (n,) array, mean squared residual over used readings
    scores : (n, n_checks) array
    status : (n,) int array
    noise_estimate : (n,) array
    """

    rows: np.ndarray
    models: dict
    n_layers: np.ndarray
    predicted: np.ndarray
    residuals: np.ndarray
    sigma: np.ndarray
    used: np.ndarray
    chi2: np.ndarray
    scores: np.ndarray
    status: np.ndarray
    noise_estimate: np.ndarray


class Solver:
    """Everything that is fitted in an inverter, applied to groups of soundings.

    Parameters
    ----------
    survey : forward_models.Survey the networks were trained on
    noise : Noise
    branches : dict, layer count (0 for an unlayered prior) -> Branch
    checks : list of fitted checks, in the order of `checks.NAMES`
    """

    def __init__(self, survey, noise, branches, fitted_checks):
        self.survey, self.noise, self.branches, self.checks = survey, noise, branches, fitted_checks
        self.codec = next(iter(branches.values())).codec

    def solve(self, group, level: str) -> Solution | None:
        """Answer the soundings of `group` at `level` ("network" or "refined"); None if none can be answered."""
        own = group.survey.channels
        # A reading counts once, however many quantities it has.
        readings = np.any([group.used[:, own.columns(quantity)] for quantity in own.quantities], axis=0)
        rows = np.flatnonzero(readings.sum(axis=1) >= FEWEST_READINGS)
        if not rows.size:
            return None
        used = group.used[rows]
        # A reading that is not used gets a harmless value here and no weight below.
        data = np.where(used, group.data[rows], 1.0)
        levels, assumed = self._noise_levels(own, data, group.sigma[rows], used)
        sigma = np.where(np.isfinite(group.sigma[rows]), group.sigma[rows], self.noise.sigma(data, own, levels))
        # A noise model may leave no error at all, e.g. 3 % of a phase of 0: no reading has infinite weight.
        used = used & (sigma > 0)
        scaled = own.to_scale(data)
        scaled_sigma = np.where(used, sigma * own.scale_slope(data), np.inf)
        context = {name: values[rows] for name, values in group.context.items()}

        mapped, extrapolated = geometry.to_channels(own, self.survey.channels, scaled, scaled_sigma)
        columns = np.stack(list(context.values()), axis=1) if context else None
        inputs = self.codec.inputs(mapped, levels, columns)
        answers = self._answers(group.survey, inputs, scaled, scaled_sigma, context, level)
        counts, u, converged = self._choose(answers, used.sum(axis=1))
        models = self._decode(counts, u)

        full = self._filled(models, counts)
        predicted = group.survey(**full, **context)
        with np.errstate(over="ignore"):
            residuals = (scaled - own.to_scale(predicted)) / np.where(used, scaled_sigma, 1.0)
        # A model that predicts nothing where something was measured does not fit at all.
        residuals = np.where(used, np.where(np.isnan(residuals), np.inf, residuals), np.nan)
        given = checks.CheckInputs(inputs, residuals)
        at_edge = np.zeros(len(counts), dtype=bool)
        for count, values in u.items():
            at_edge[counts == count] = ((values <= 0) | (values >= 1)).any(axis=1)
        status = (
            STATUS["extrapolated"][0] * extrapolated
            + STATUS["not_converged"][0] * ~converged
            + STATUS["refined"][0] * (level == "refined")
            + STATUS["at_prior_edge"][0] * at_edge
        )
        return Solution(
            rows=rows,
            models=models,
            n_layers=counts,
            predicted=predicted,
            residuals=residuals,
            sigma=np.where(used, sigma, np.nan),
            used=used,
            chi2=np.square(np.where(used, residuals, 0.0)).sum(axis=1) / np.maximum(used.sum(axis=1), 1),
            scores=np.stack([check.score(given) for check in self.checks], axis=1),
            status=status,
            noise_estimate=assumed,
        )

    def _noise_levels(self, own, data, sigma, used):
        """Noise levels as the network wants them, and the relative noise assumed where the sheet had no errors."""
        given = np.isfinite(sigma) & used
        levels = np.tile(self.noise.middle_levels(), (len(data), 1))
        for k, name in enumerate(self.noise.level_names):
            kind, _, quantity = name.partition(":")
            columns = own.columns(quantity) if quantity else np.arange(len(own))
            ratio = np.where(given, sigma / (np.abs(data) if kind == "relative" else 1.0), np.nan)[:, columns]
            known = np.isfinite(ratio).any(axis=1)
            levels[known, k] = np.nanmedian(ratio[known], axis=1)
        first = own.columns(own.quantities[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = np.median(self.noise.sigma(data, own, levels)[:, first] / np.abs(data[:, first]), axis=1)
        return levels, np.where((given | ~used).all(axis=1), np.nan, relative)

    def _answers(self, survey, inputs, scaled, scaled_sigma, context, level):
        """{layer count: (u, sum of squared residuals, converged)}, the fewest layers first.

        A sounding that so few layers fit within the errors is not tried with more: its chi² is inf there.
        """
        features = self.codec.features(inputs)
        n_used = np.isfinite(scaled_sigma).sum(axis=1)
        rows = np.arange(len(inputs))
        answers = {}
        for count, branch in self.branches.items():
            known = {name: values[rows] for name, values in context.items()}
            misfit = Misfit(survey, branch.prior, scaled[rows], scaled_sigma[rows], known)
            u = branch.propose(features[rows])
            freedom = np.maximum(n_used[rows] - u.shape[1], 1)
            if level == "network":
                # With one branch there is nothing to choose by chi².
                chi2 = misfit.value(u, np.arange(len(u))) if len(self.branches) > 1 else np.zeros(len(u))
                best = Refined(u, chi2, np.ones(len(u), dtype=bool))
            else:
                starts = starts_around(u, n_starts=_STARTS_PER_PARAMETER * (u.shape[1] - 1))
                best = refine_multistart(misfit, starts, enough=chdtri(freedom, _GOOD_FIT))
            whole = Refined(
                np.zeros((len(inputs), u.shape[1])), np.full(len(inputs), np.inf), np.zeros(len(inputs), dtype=bool)
            )
            whole.u[rows], whole.chi2[rows], whole.converged[rows] = best.u, best.chi2, best.converged
            answers[count] = whole
            rows = rows[best.chi2 > chdtri(freedom, _FEW_LAYERS)]
        return answers

    def _choose(self, answers, n_used):
        """The fewest layers whose misfit is within the errors; where none is, the smallest BIC."""
        counts = np.array(list(answers))
        n_parameters = np.array([answer.u.shape[1] for answer in answers.values()])
        chi2 = np.stack([answer.chi2 for answer in answers.values()], axis=1)
        freedom = np.maximum(n_used[:, None] - n_parameters, 1)
        fits = chi2 <= chdtri(freedom, _FEW_LAYERS)
        criterion = np.where(np.isfinite(chi2), chi2, 1e300) + n_parameters * np.log(n_used)[:, None]
        chosen = np.where(fits.any(axis=1), fits.argmax(axis=1), criterion.argmin(axis=1))
        converged = np.stack([answer.converged for answer in answers.values()], axis=1)
        u = {int(count): answers[count].u[chosen == k] for k, count in enumerate(counts)}
        return counts[chosen], u, converged[np.arange(len(chosen)), chosen]

    def _decode(self, counts, u):
        """Models in physical units, NaN beyond each one's layer count."""
        models = {}
        for count, branch in self.branches.items():
            rows = counts == count
            for name, values in branch.prior.decode(u[count]).items():
                if name not in models:
                    models[name] = np.full((len(counts), *self._width(name)), np.nan)
                if values.ndim == 1:
                    models[name][rows] = values
                else:
                    models[name][rows, : values.shape[1]] = values
        return models

    def _width(self, name):
        widest = max(self.branches)
        if widest == 0:
            return ()
        return (widest - 1,) if name == "thickness" else (widest,)

    def _filled(self, models, counts):
        """The same models with layers beyond the count filled by copies of the half-space, which change nothing."""
        if max(self.branches) == 0 or len(self.branches) == 1:
            return models
        basement = np.maximum(counts, 1) - 1
        full = {}
        for name, values in models.items():
            last = 1.0 if name == "thickness" else values[np.arange(len(counts)), basement][:, None]
            full[name] = np.where(np.isnan(values), last, values)
        return full
