"""Posteriors of the soundings of a problem, for every layer count that may have any share."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np

from bpinvert.inverter.choosing import choose
from bpinvert.posterior import Effort, Sampled, Target, carried, sample, sample_smooth
from bpinvert.posterior.pareto import NOTHING

# Draws that quantiles are taken of.
N_DRAWS = 2000
# Proposals for a prior of many correlated parameters, of which about half are effective.
N_PROPOSALS = 1000
# A layer count is left out where even its best fit is so many times less probable than another one's posterior.
_HOPELESS = np.log(1e4)
# Standard deviation of displacements that were not found, as a share of the usual one: with 1 the 90 % intervals of the
# first layer hold 85 % of the truths, with 0 78 %.
_UNSEEN = 1.0


@dataclass
class Posterior:
    """Posteriors of n soundings.

    Attributes
    ----------
    counts : (n_counts,) int array, layer counts; 0 for an unlayered prior
    probability : (n, n_counts) array
    n_layers : (n,) int array, the most probable count
    sampled : dict, layer count -> Sampled of all n soundings, NaN where left out
    log_evidence : (n,) array, over all counts
    """

    counts: np.ndarray
    probability: np.ndarray
    n_layers: np.ndarray
    sampled: dict[int, Sampled]
    log_evidence: np.ndarray

    def of_chosen(self, name) -> np.ndarray:
        """An (n,) attribute of `Sampled`, of each sounding's own layer count."""
        return np.select([self.n_layers == k for k in self.sampled], [getattr(s, name) for s in self.sampled.values()])


def generators(problem, seed) -> list:
    """Random numbers of each sounding by its own data: an answer does not depend on what else is in the batch."""
    own = np.ascontiguousarray(np.round(np.where(problem.used, problem.scaled, 0.0), 9))
    return [np.random.default_rng([seed, zlib.crc32(row.tobytes())]) for row in own]


def posteriors(search, problem, assumed, answers, seed, *, effort=None, n_draws=N_DRAWS, done=None) -> Posterior:
    """Sample the posteriors of a problem's soundings under the errors that are assumed.

    Parameters
    ----------
    search : Search
    problem : Problem
    assumed : Assumed
    answers : dict, layer count -> Refined
    seed : int
    effort : Effort, optional
    n_draws : int
    done : callable, optional
        Told how many soundings were finished.
    """
    n, branches = len(problem), search.branches
    counts = np.array(search.counts)
    rngs = generators(problem, seed)
    features = search.codec.features(assumed.view.inputs, assumed.view.unsure)
    evidence = np.full((n, len(counts)), -np.inf)
    prior = np.log(search.layer_weights)
    sampled = {count: Sampled.empty(n_draws, n, len(branches[count].prior.parameters)) for count in branches}
    first = choose(answers, assumed.n_used)
    # What fits first: its evidence spares soundings the counts that have no chance.
    for own in (True, False):
        for place, (count, branch) in enumerate(branches.items()):
            wanted = (first == count) == own
            if not own:
                wanted &= _has_a_chance(
                    search, problem, assumed, count, answers[count], evidence.max(axis=1) - prior[place]
                )
            rows = search.able(count, np.flatnonzero(wanted))
            if not rows.size:
                continue
            target = target_of(search, problem, assumed, branch, rows)
            told = done if own else None
            if branch.prior.smooth:
                found = sample_smooth(
                    target, answers[count].u[rows], [rngs[row] for row in rows], N_PROPOSALS, n_draws, told
                )
            else:
                network = carried(*search.density(branch, features, rows))
                trying = effort or Effort.usual(target.n_parameters)
                found = sample(target, network, [rngs[row] for row in rows], trying, n_draws, done=told)
            sampled[count].put(rows, found)
            # What was sampled without any weight is still the only answer there is.
            evidence[rows, place] = np.maximum(found.log_evidence + prior[place], NOTHING)
    largest = evidence.max(axis=1, keepdims=True)
    share = np.exp(evidence - np.where(np.isfinite(largest), largest, 0.0))
    total = share.sum(axis=1, keepdims=True)
    return Posterior(
        counts=counts,
        probability=share / total,
        n_layers=counts[evidence.argmax(axis=1)],
        sampled=sampled,
        log_evidence=(largest + np.log(total))[:, 0],
    )


def doubting(problem, assumed, shift):
    """What is assumed of the errors for a posterior: MN segments may be displaced although that was not found.

    To answer with one model, segments that need not be displaced are not, and all of them together never are. How well
    the ground is known is another question: each may be displaced by as much as is usual, and so may all.
    """
    if not len(problem.segments):
        return assumed
    variance = np.where(
        assumed.shift_variance > 0, assumed.shift_variance, np.square(_UNSEEN * shift) * problem.movable
    )
    return replace(assumed, shift_variance=variance, together=True)


def target_of(search, problem, assumed, branch, rows) -> Target:
    """The posterior of the soundings `rows` within the prior of one branch."""
    misfit, constraint = search.of_data(problem, assumed, branch, rows), search.constraint(branch, rows)
    sigma = assumed.scaled_sigma[rows]
    used = np.isfinite(sigma)
    constant = -np.where(used, np.log(np.where(used, sigma, 1.0) * np.sqrt(2 * np.pi)), 0.0).sum(axis=1)
    if misfit.displacement is not None:
        constant -= misfit.displacement.log_determinant / 2
    room = (np.where(assumed.unknown[rows], end, 1.0) for end in search.noise.level_room(assumed.levels[rows]))
    return Target(misfit, constant, tuple(room), constraint)


def _has_a_chance(search, problem, assumed, count, answer, evidence):
    """Soundings where the best fit of a count, if it is known, may still match a ln evidence (n,)."""
    everyone = np.arange(len(problem))
    target = target_of(search, problem, assumed, search.branches[count], everyone)
    known = np.isfinite(answer.chi2) & ~assumed.unknown
    return ~known | (target.constant - target.misfit.value(answer.u, everyone) / 2 > evidence - _HOPELESS)
