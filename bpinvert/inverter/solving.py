"""From one group of soundings to models: propose, refine, choose the layer count, re-simulate, score."""

from __future__ import annotations

from dataclasses import dataclass, fields

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

    def chi2_per_freedom(self, branches) -> np.ndarray:
        """Sum of squared residuals over the number of readings less that of parameters, (n,)."""
        n_parameters = np.array([len(branches[count].prior.parameters) for count in self.n_layers])
        n_used = self.used.sum(axis=1)
        return self.chi2 * n_used / np.maximum(n_used - n_parameters, 1)

    def replace(self, rows, other: Solution) -> None:
        """Put the answers of `other` in these rows."""
        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if isinstance(mine, dict):
                for name, values in mine.items():
                    values[rows] = theirs[name]
            elif field.name != "rows":
                mine[rows] = theirs


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
        """Answer the soundings of `group` at `level` ("network" or "refined"); None if none can be answered.

        Where the noise is a range and a sheet gives no errors, the level is estimated from the misfit of a first
        refinement, and the sounding is refined again with it.
        """
        own = group.survey.channels
        # A reading counts once, however many quantities it has.
        readings = np.any([group.used[:, own.columns(quantity)] for quantity in own.quantities], axis=0)
        rows = np.flatnonzero(readings.sum(axis=1) >= FEWEST_READINGS)
        if not rows.size:
            return None
        part = group.take(rows)
        levels, unknown = self._noise_levels(part)
        solution = self._solve_with(part, levels, level)
        if level == "refined" and unknown.any() and self.noise.level_names:
            again = np.flatnonzero(unknown)
            factor = np.sqrt(solution.chi2_per_freedom(self.branches)[again])
            estimated = self.noise.clip_levels(levels[again] * factor[:, None])
            solution.replace(again, self._solve_with(part.take(again), estimated, level))
        solution.rows = rows
        return solution

    def _solve_with(self, group, levels, level):
        """Answer all soundings of `group` with these noise levels."""
        own = group.survey.channels
        # A reading that is not used gets a harmless value here and no weight below.
        data = np.where(group.used, group.data, 1.0)
        given = np.isfinite(group.sigma)
        modelled = self.noise.sigma(data, own, levels)
        sigma = np.where(given, group.sigma, modelled)
        # A noise model may leave no error at all, e.g. 3 % of a phase of 0: no reading has infinite weight.
        used = group.used & (sigma > 0)
        scaled = own.to_scale(data)
        scaled_sigma = np.where(used, sigma * own.scale_slope(data), np.inf)

        mapped, extrapolated = geometry.to_channels(own, self.survey.channels, scaled, scaled_sigma)
        columns = np.stack(list(group.context.values()), axis=1) if group.context else None
        inputs = self.codec.inputs(mapped, levels, columns)
        answers = self._answers(group.survey, inputs, scaled, scaled_sigma, group.context, level)
        counts, u, converged = self._choose(answers, used.sum(axis=1))
        models = self._decode(counts, u)

        predicted = group.survey(**self._filled(models, counts), **group.context)
        with np.errstate(over="ignore"):
            residuals = (scaled - own.to_scale(predicted)) / np.where(used, scaled_sigma, 1.0)
        # A model that predicts nothing where something was measured does not fit at all.
        residuals = np.where(used, np.where(np.isnan(residuals), np.inf, residuals), np.nan)
        seen = checks.CheckInputs(inputs, residuals)
        at_edge = np.zeros(len(counts), dtype=bool)
        for count, values in u.items():
            at_edge[counts == count] = ((values <= 0) | (values >= 1)).any(axis=1)
        first = own.columns(own.quantities[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = np.median(modelled[:, first] / np.abs(data[:, first]), axis=1)
        return Solution(
            rows=np.arange(len(counts)),
            models=models,
            n_layers=counts,
            predicted=predicted,
            residuals=residuals,
            sigma=np.where(used, sigma, np.nan),
            used=used,
            chi2=np.square(np.where(used, residuals, 0.0)).sum(axis=1) / np.maximum(used.sum(axis=1), 1),
            scores=np.stack([check.score(seen) for check in self.checks], axis=1),
            status=(
                STATUS["extrapolated"][0] * extrapolated
                + STATUS["not_converged"][0] * ~converged
                + STATUS["refined"][0] * (level == "refined")
                + STATUS["at_prior_edge"][0] * at_edge
            ),
            noise_estimate=np.where((given | ~used).all(axis=1), np.nan, relative),
        )

    def _noise_levels(self, group):
        """Noise levels by the errors of the sheet, the middle of the range without; and where there are none at all."""
        own = group.survey.channels
        given = np.isfinite(group.sigma) & group.used
        levels = np.tile(self.noise.middle_levels(), (len(group.rows), 1))
        for k, name in enumerate(self.noise.level_names):
            kind, _, quantity = name.partition(":")
            columns = own.columns(quantity) if quantity else np.arange(len(own))
            size = np.where(given, np.abs(group.data), 1.0) if kind == "relative" else 1.0
            ratio = np.where(given, group.sigma / size, np.nan)[:, columns]
            known = np.isfinite(ratio).any(axis=1)
            levels[known, k] = np.nanmedian(ratio[known], axis=1)
        return levels, ~given.any(axis=1)

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
                starts = starts_around(u, n_starts=max(_STARTS_PER_PARAMETER * (u.shape[1] - 1), 2))
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
            for name, values in branch.codec.decode(u[count]).items():
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
