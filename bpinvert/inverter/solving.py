"""From one group of soundings to models: propose, refine, choose the layer count, re-simulate, score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bpinvert import geometry
from bpinvert.inverter import scoring
from bpinvert.inverter.choosing import choose, criterion, noise_factor
from bpinvert.inverter.honouring import honour
from bpinvert.inverter.problem import Assumed, Problem
from bpinvert.inverter.searching import Search
from bpinvert.inverter.solution import Solution
from bpinvert.inverter.training_sheets import shift_variance
from bpinvert.missing import completed
from bpinvert.noise import FREEDOM
from bpinvert.refinement import Refined
from bpinvert.results import STATUS
from bpinvert.sheets import SHIFT_FREEDOM

LEVELS = ("network", "refined", "posterior")
FEWEST_PLACES = 3
# Prior variance (ln) of displacements while it is asked whether there are any: their penalty must not pass for noise.
_FREE = 1.0


class Solver:
    """Everything that is fitted in an inverter, applied to groups of soundings.

    Parameters
    ----------
    survey : forward_models.Survey the networks were trained on
    noise : Noise
    sheets : Sheets
    layer_weights : (n_counts,) array, prior probability of each layer count
    branches : dict, layer count (0 for an unlayered prior) -> Branch
    checks : list of fitted checks, in the order of `checks.NAMES`
    """

    def __init__(self, survey, noise, sheets, layer_weights, branches, fitted_checks):
        self.survey, self.noise, self.sheets = survey, noise, sheets
        self.branches, self.checks = branches, fitted_checks
        self.search = Search(branches, noise, layer_weights)
        self.codec = self.search.codec

    def solve(self, group, level: str, sampler=None, n_layers="auto", known=None) -> Iterator[Solution]:
        """Answer the soundings of `group` at a level of `LEVELS` that have enough readings and all of their context.

        The posterior needs a `Sampler`; `n_layers` is "auto" or the only layer count to be tried; `known` is a `Known`
        of the group.

        Where the errors have to be estimated with the sounding (the noise is a range and the sheet gives none, or MN
        segments may be displaced) a first refinement says how large they are, one with free displacements whether there
        are any, and a last one starts from these. Those soundings are solved apart from the others, and so are those of
        which something is known: errors and checks are those of the data alone, the models honour what is known.
        """
        group = self._with_context(group)
        rows = np.flatnonzero((group.n_places() >= FEWEST_PLACES) & self.context_possible(group))
        if not rows.size:
            return
        search = self.search if n_layers == "auto" else self.search.only(n_layers)
        problem = Problem(group.take(rows), self.survey, self.noise, self.sheets.shift)
        _, unknown = problem.first_levels
        open_question = unknown | problem.movable.any(axis=1)
        informed = np.zeros(len(rows), dtype=bool) if known is None else known.take(rows).n_known > 0
        which = (open_question & (level != "network")) + 2 * informed
        for kind in (np.flatnonzero(which == one) for one in np.unique(which)):
            part = problem
            if len(kind) < len(rows):
                part = Problem(group.take(rows[kind]), self.survey, self.noise, self.sheets.shift)
            assumed = self._at_first(part)
            answers = search.propose(part, assumed) if level == "network" else search.refine(part, assumed)
            if level != "network" and open_question[kind].any():
                assumed, answers = self._again(search, part, assumed, answers)
            solution, own = self._finish(part, assumed, answers, level), search
            if informed[kind[0]]:
                own = search.given(known.take(rows[kind]))
                answers, p_value = honour(self, own, part, assumed, answers, solution, level)
            if sampler is not None:
                sampler.complete(self, own, part, assumed, answers, solution)
            if own.known is not None:
                summary = own.known.summary(solution.models, solution.n_layers)
                summary["fixed_p_value"] = (("sounding",), p_value)
                solution.summaries.append((np.arange(len(kind)), summary))
            solution.rows = rows[kind]
            yield solution

    def context_possible(self, group) -> np.ndarray:
        """Whether height, or what else must be known of a sounding, is there and any model has data with it, (n,) bool.

        A height of -9999 m is a way to say that it is missing. Only methods with a used reading are asked.
        """
        group = self._with_context(group)
        possible = np.all([np.isfinite(values) for values in group.context.values()], axis=0)
        possible = np.broadcast_to(possible, len(group.rows)).copy()
        rows = np.flatnonzero(possible) if group.context else []
        if len(rows):
            prior = next(iter(self.branches.values())).prior
            middle = prior.decode(np.full((len(rows), len(prior.parameters)), 0.5))
            data = group.survey(**middle, **{name: values[rows] for name, values in group.context.items()})
            for own, part in zip(geometry.surveys_of(group.survey), group.survey.channels.parts, strict=True):
                unused = ~group.used[rows][:, part.columns].any(axis=1) | (not getattr(own, "context", ()))
                possible[rows] &= unused | np.isfinite(data[:, part.columns]).any(axis=1)
        return possible

    def _with_context(self, group):
        """The same with a mean height, or what else must be known, for a method that has no reading: it has no say."""
        if not group.context or not group.survey.channels.joined:
            return group
        first = len(self.codec.channels) + len(self.codec.level_names)
        usual = dict(zip(self.codec.context_names, self.codec.mean[first:], strict=True))
        context = dict(group.context)
        for (_, own), part in zip(group.survey.parts, group.survey.channels.parts, strict=True):
            unused = ~group.used[:, part.columns].any(axis=1)
            for key in map(part.named, own.context):
                context[key] = np.where(unused, usual[key], context[key])
        return replace(group, context=context)

    def proposals(self, group) -> dict[int, dict]:
        """The networks' own models by layer count, of all soundings of `group` whatever their readings."""
        problem = Problem(self._with_context(group), self.survey, self.noise, self.sheets.shift)
        answers = self.search.propose(problem, self._at_first(problem))
        return {count: self.branches[count].codec.decode(answer.u) for count, answer in answers.items()}

    def _at_first(self, problem) -> Assumed:
        levels, unknown = problem.first_levels
        return self.assume(problem, levels, unknown, np.zeros((len(problem), len(problem.segments))))

    def assume(self, problem, levels, unknown, variance) -> Assumed:
        """What is assumed of errors of these levels, estimated where `unknown`, with MN segments displaced so much."""
        return problem.assume(self.codec, levels, unknown, variance, shift_variance(self.sheets.shift))

    def _again(self, search, problem, assumed, answers):
        """A second refinement, from the first one's models, with what those say of the errors.

        MN segments are displaced where that lowers the BIC by more than the displacements cost; an unknown noise level
        is estimated.
        """
        levels, unknown, n_used = assumed.levels, assumed.unknown, assumed.n_used
        room = [np.where(unknown, end, 1.0) for end in self.noise.level_room(levels)]
        _, factor = noise_factor(answers, n_used, room, 0)
        variance = assumed.shift_variance
        if len(problem.segments):
            free = self.assume(problem, levels, unknown, _FREE * problem.movable)
            displacement = problem.displacement(free)
            n_shifts = displacement.n_free
            moved = search.refine(problem, free, answers, search=True)
            still = criterion(answers, n_used, room).min(axis=1)
            displaced = (n_shifts > 0) & (criterion(moved, n_used, room, n_shifts).min(axis=1) < still)
            counts, of_moved = noise_factor(moved, n_used, room, n_shifts)
            factor = np.where(displaced, of_moved, factor)
            models = self.decode(counts, {count: answer.u[counts == count] for count, answer in moved.items()})
            _, difference = self._compare(problem, assumed, models, counts)
            variance = displacement.reweighted(displacement.estimate(difference), self.sheets.shift, SHIFT_FREEDOM)
            variance = np.where(displaced[:, None], variance, 0.0)
            answers = {count: _either(displaced, moved[count], answer) for count, answer in answers.items()}
        levels = np.where(unknown[:, None], levels * factor[:, None], levels)
        assumed = self.assume(problem, levels, unknown, variance)
        return assumed, search.refine(problem, assumed, answers)

    def _compare(self, problem, assumed, models, counts):
        """What the models predict, and observed less predicted on the scale on which they are fitted."""
        models = self._filled(models, counts) | problem.context
        predicted = problem.survey(**models)
        compared = completed(problem.survey, models, predicted)
        with np.errstate(over="ignore"):
            return predicted, assumed.scaled - problem.channels.to_scale(compared, assumed.width)

    def _finish(self, problem, assumed, answers, level) -> Solution:
        """Choose the layer counts, re-simulate, and score."""
        own, used = problem.channels, np.isfinite(assumed.scaled_sigma)
        counts = choose(answers, assumed.n_used)
        u = {count: answer.u[counts == count] for count, answer in answers.items()}
        converged = np.any([answer.converged & (counts == count) for count, answer in answers.items()], axis=0)
        fit = self.fit(problem, assumed, counts, u)
        shift, residuals = fit["shift"], fit["residuals"]
        seen, beyond = scoring.check_inputs(self, problem, assumed, counts, u, residuals, shift, level)
        relative = np.full(len(counts), np.nan)
        for part in own.parts[::-1]:
            first = part.columns[part.channels.columns(part.channels.quantities[0])]
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = np.where(used & ~problem.given, assumed.modelled / np.abs(problem.data), np.nan)[:, first]
                known = np.isfinite(ratio).any(axis=1)
                relative[known] = np.nanmedian(ratio[known], axis=1)
        bits = {
            "extrapolated": scoring.extrapolated(self, problem),
            "not_converged": ~converged,
            "refined": np.full(len(counts), level != "network"),
            "at_prior_edge": fit.pop("at_edge"),
            "segments_shifted": (shift != 0).any(axis=1),
            "noise_estimated": assumed.unknown & (fit["freedom"] >= FREEDOM) & (level != "network"),
        }
        return Solution(
            rows=np.arange(len(counts)),
            n_layers=counts,
            **fit,
            best=fit["models"] if level != "network" else {},
            sigma=np.where(used, assumed.sigma, np.nan),
            used=used,
            scores=np.stack([check.score(seen) for check in self.checks], axis=1),
            beyond=beyond > 0,
            strata=scoring.strata(self, problem, assumed, counts, shift),
            status=sum(STATUS[name][0] * present for name, present in bits.items()),
            noise_estimate=relative,
        )

    def fit(self, problem, assumed, counts, u) -> dict:
        """The models at `u`, {layer count: (n of that count, P)}, and how they fit.

        Returns
        -------
        dict of `models`, `predicted`, `residuals`, `shift`, `freedom`, `chi2` and `at_edge` of a `Solution`
        """
        own, used = problem.channels, np.isfinite(assumed.scaled_sigma)
        models = self.decode(counts, u)
        predicted, difference = self._compare(problem, assumed, models, counts)
        shift = np.zeros_like(difference)
        n_parameters = np.select(
            [counts == count for count in u], [self.search.n_determined(count, assumed) for count in u]
        )
        freedom = assumed.n_used - n_parameters
        displacement = problem.displacement(assumed)
        if displacement is not None:
            freedom = freedom - displacement.n_free
            shift = displacement.estimate(difference) @ problem.segments
            predicted = own.from_scale(own.to_scale(predicted) + shift)
        with np.errstate(over="ignore"):
            residuals = (difference - shift) / np.where(used, assumed.scaled_sigma, 1.0)
        # A model that predicts nothing where something was measured does not fit at all.
        residuals = np.where(used, np.where(np.isnan(residuals), np.inf, residuals), np.nan)
        at_edge = np.zeros(len(counts), dtype=bool)
        for count, values in u.items():
            at_edge[counts == count] = ((values <= 0) | (values >= 1)).any(axis=1)
        return {
            "models": models,
            "predicted": predicted,
            "residuals": residuals,
            "shift": shift,
            "freedom": freedom,
            "chi2": np.square(np.where(used, residuals, 0.0)).sum(axis=1) / np.maximum(assumed.n_used, 1),
            "at_edge": at_edge,
        }

    def decode(self, counts, u):
        """Models in physical units at `u`, {layer count: (n of that count, P)}, NaN beyond each one's layer count."""
        models = {}
        for count, values_of in u.items():
            rows = counts == count
            for name, values in self.branches[count].codec.decode(values_of).items():
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


def _either(choice, first, second):
    """Answers of `first` where `choice`, else of `second`."""
    u = np.where(choice[:, None], first.u, second.u)
    rest = (np.where(choice, getattr(first, name), getattr(second, name)) for name in ("chi2", "converged", "searched"))
    return Refined(u, *rest, n_determined=first.n_determined)
