"""Answers of every layer count: what the networks propose, and the best fits found from there."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.special import chdtri, ndtr

from bpinvert.inverter.choosing import AT_ODDS, FEW_LAYERS
from bpinvert.inverter.conditioning import Conditioned
from bpinvert.inverter.known import Constrained
from bpinvert.inverter.simplifying import merged
from bpinvert.posterior.smooth import most_probable
from bpinvert.refinement import Misfit, Refined, refine, refine_multistart, starts_around

# No further start is tried where pure noise would give a larger chi² this often.
_GOOD_FIT = 0.02
_STARTS_PER_PARAMETER = 3
# Few layers are tried again from the best so many of the models that more layers, which fit so much better, lead to.
_MERGED, _MUCH_BETTER = 2, 1.5


class Search:
    """Answers by layer count to the soundings of a problem, under the errors that are assumed.

    Parameters
    ----------
    branches : dict, layer count (0 for an unlayered prior) -> Branch
    noise : Noise
    layer_weights : (n_counts,) array, prior probability of each count
    known : Known, optional
        Of the problem's soundings.
    """

    def __init__(self, branches, noise, layer_weights, known=None):
        self.branches, self.noise, self.layer_weights, self.known = branches, noise, layer_weights, known
        self.codec = next(iter(branches.values())).codec

    @property
    def counts(self) -> list[int]:
        """The layer counts, from few to many."""
        return list(self.branches)

    def only(self, count) -> Search:
        """Among one layer count."""
        return Search({count: self.branches[count]}, self.noise, np.ones(1), self.known)

    def given(self, known) -> Search:
        """Among models that honour what is known of the soundings."""
        return Search(self.branches, self.noise, self.layer_weights, known)

    def able(self, count, rows):
        """Those of the soundings `rows` whose known layers models of `count` layers have."""
        return rows if self.known is None else rows[self.known.able(count)[rows]]

    def constraint(self, branch, rows):
        """What is known of the soundings `rows`, for the models of one branch; None without."""
        return None if self.known is None else self.known.take(rows).of(branch.prior)

    def n_determined(self, count, assumed) -> int:
        """How many parameters data determine: all, but of a smooth prior at most half as many as there are data."""
        n = len(self.branches[count].prior.parameters)
        return min(n, int(np.median(assumed.n_used)) // 2) if self.branches[count].prior.smooth else n

    def conditioned(self, branch, features, rows) -> Conditioned:
        """A network's posterior of the soundings `rows`, one at least, given what is known of them."""
        return Conditioned(self.constraint(branch, rows), *branch.density(features[rows]))

    def drawn(self, branch, features, n_draws, rngs) -> np.ndarray:
        """Draws of u (n_draws, n, P) from a network's posterior of all soundings, given what is known of them."""
        parts = [self.conditioned(branch, features, [k]).draw(n_draws, rng) for k, rng in enumerate(rngs)]
        return np.concatenate(parts, axis=1)

    def density(self, branch, features, rows):
        """A network's posterior of the soundings `rows`, given what is known, as of `Branch.density`."""
        if self.known is None:
            return branch.density(features[rows])
        return self.conditioned(branch, features, rows).density

    def _first(self, branch, features, rows):
        """A network's answers u to the soundings `rows`, given what is known."""
        u = branch.propose(features[rows])
        if self.known is None or not len(rows):
            return u
        return self.conditioned(branch, features, rows).point(u)

    def propose(self, problem, assumed) -> dict[int, Refined]:
        """The networks' answers by layer count, as they are."""
        features = self.codec.features(assumed.view.inputs, assumed.view.unsure)
        everyone = np.arange(len(problem))
        answers = {}
        for count, branch in self.branches.items():
            rows = self.able(count, everyone)
            u = self._first(branch, features, rows)
            # With one branch there is nothing to choose by chi².
            chi2 = np.zeros(len(u))
            if len(self.branches) > 1:
                chi2 = self.misfit(problem, assumed, branch, rows).value(u, np.arange(len(u)))
            answer = Refined(u, chi2, *np.ones((2, len(u)), dtype=bool))
            answers[count] = _spread(answer, rows, len(problem))
        self._compare(answers)
        return answers

    def misfit(self, problem, assumed, branch, rows) -> Misfit | Constrained:
        """Of the soundings `rows`, within the prior of one branch; with what is known."""
        misfit, constraint = self.of_data(problem, assumed, branch, rows), self.constraint(branch, rows)
        return misfit if constraint is None else Constrained(misfit, constraint)

    def of_data(self, problem, assumed, branch, rows) -> Misfit:
        """The same by the data alone."""
        context = {name: values[rows] for name, values in problem.context.items()}
        scaled, sigma = assumed.scaled[rows], assumed.scaled_sigma[rows]
        width = None if assumed.width is None else assumed.width[rows]
        displacement = problem.displacement(assumed, rows)
        return Misfit(problem.survey, branch.prior, scaled, sigma, context, displacement, width)

    def _compare(self, answers):
        """State how far the answers are from what is known."""
        for count, answer in answers.items() if self.known is not None else ():
            rows = self.able(count, np.arange(len(answer.u)))
            off = np.abs(self.constraint(self.branches[count], rows).residuals(answer.u[rows], np.arange(len(rows))))
            answer.discord = np.full(len(answer.u), np.inf)
            answer.discord[rows] = off.max(axis=1, initial=0.0)

    def refine(self, problem, assumed, before=None, search=False) -> dict[int, Refined]:
        """Refined answers by layer count, the fewest layers first; `before` are earlier ones to start from.

        With `search` further starts are made all the same. A sounding that so few layers fit within its known errors is
        not tried with more: its chi² is inf there.
        """
        features = self.codec.features(assumed.view.inputs, assumed.view.unsure)
        left = np.arange(len(problem))
        # What is known comes in when the errors have been estimated.
        unsure = assumed.unknown & ((before is None or search) and self.known is None)
        answers = {}
        for count, branch in self.branches.items():
            rows = self.able(count, left)
            u = self._first(branch, features, rows)
            if branch.prior.smooth:
                # Without the prior so many parameters would follow the noise.
                misfit = self.misfit(problem, assumed, branch, rows)
                u = ndtr(most_probable(misfit, u))
                found = np.ones(len(rows), dtype=bool)
                best = Refined(u, misfit.value(u, np.arange(len(u))), found, found)
                answers[count] = _spread(best, rows, len(problem))
                answers[count].n_determined = self.n_determined(count, assumed)
                continue
            starts = starts_around(u, n_starts=max(_STARTS_PER_PARAMETER * (u.shape[1] - 1), 2))
            if before is not None:
                tried = np.isfinite(before[count].chi2[rows])
                starts[tried, 0] = before[count].u[rows[tried]]
            freedom = np.maximum(assumed.n_used[rows] - u.shape[1], 1)
            misfit = self.misfit(problem, assumed, branch, rows)
            enough = chdtri(freedom, _GOOD_FIT)
            if before is None or search:
                # Errors that are not known may be the smallest ones.
                lowest = self.noise.level_room(assumed.levels[rows])[0]
                enough *= np.where(unsure[rows], np.square(lowest), 1.0)
            else:
                # Other errors hardly change where the minima are.
                enough[before[count].searched[rows]] = np.inf
            best = refine_multistart(misfit, starts, enough=enough)
            answers[count] = _spread(best, rows, len(problem))
            self._compare({count: answers[count]})
            at_odds = np.broadcast_to(answers[count].discord, len(problem))[rows] > AT_ODDS
            fits = (best.chi2 <= chdtri(freedom, FEW_LAYERS)) & ~at_odds & ~unsure[rows]
            left = np.setdiff1d(left, rows[fits], assume_unique=True)
        if before is None or search:
            self._simplify(problem, assumed, answers)
            self._compare(answers)
        return answers

    def _simplify(self, problem, assumed, answers):
        """Start few layers from what more of them have found where these fit much better, the most layers first.

        All starts from the network may have ended in one wrong valley.
        """
        unsure = assumed.unknown & (self.known is None)
        low, high = (np.where(unsure, end, 1.0) for end in self.noise.level_room(assumed.levels))
        for fewer, more in list(pairwise(answers))[::-1]:
            n_parameters = (len(self.branches[count].prior.parameters) for count in (fewer, more))
            limits = [chdtri(np.maximum(assumed.n_used - n, 1), FEW_LAYERS) for n in n_parameters]
            chi2, of_more = answers[fewer].chi2, answers[more].chi2
            worse = (chi2 > limits[0] * low**2) & (chi2 > _MUCH_BETTER * of_more) & (of_more <= limits[1] * high**2)
            rows = self.able(fewer, np.flatnonzero(worse))
            if not rows.size:
                continue
            prior = self.branches[fewer].prior
            misfit = self.misfit(problem, assumed, self.branches[fewer], rows)
            starts = np.stack(
                [prior.encode(m) for m in merged(self.branches[more].prior.decode(answers[more].u[rows]))]
            )
            everyone = np.arange(len(rows))
            first = np.argsort([misfit.value(np.clip(u, 0.0, 1.0), everyone) for u in starts], axis=0)[:_MERGED]
            found = refine(misfit, starts[first, everyone].reshape(-1, starts.shape[2]), np.tile(everyone, len(first)))
            best = found.chi2.reshape(first.shape).argmin(axis=0) * len(rows) + everyone
            best = best[found.chi2[best] < answers[fewer].chi2[rows]]
            for name in ("u", "chi2", "converged", "searched"):
                getattr(answers[fewer], name)[rows[best % len(rows)]] = getattr(found, name)[best]


def _spread(some, rows, n):
    """Answers to some of `n` soundings as answers to all; the others' chi² is inf."""
    everyone = Refined(np.zeros((n, some.u.shape[1])), np.full(n, np.inf), *np.zeros((2, n), dtype=bool))
    for name in ("u", "chi2", "converged", "searched"):
        getattr(everyone, name)[rows] = getattr(some, name)
    return everyone
