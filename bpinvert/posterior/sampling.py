"""Posteriors of many soundings: windows, rounds of draws, and Markov chains where these do not suffice."""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields

import numpy as np
from scipy.special import ndtr

from bpinvert.posterior import coordinates, proposing, smooth
from bpinvert.posterior.chains import move
from bpinvert.posterior.importance import Run
from bpinvert.posterior.mixture import Mixture
from bpinvert.posterior.weights import resample

# Soundings side by side: numpy's calls are worth their cost, and densities of all draws fit into memory (30 MB for each
# of five layers).
_AT_ONCE, _FEWER_AT_ONCE, _SMOOTH_AT_ONCE = 25, 12, 8
# Standard deviation of a network's component, at most; the prior's is one, but far outside its range a network may
# state anything.
_WIDEST = 5.0
# Rounds after Markov chains, of four times the draws.
_LAST_ROUNDS = 4
# Parameters up to which the smaller effort suffices.
_FEW = 5


@dataclass(frozen=True)
class Effort:
    """How hard to try.

    Attributes
    ----------
    n_candidates : int, simulated models that windows start from, and half of those with a boundary moved
    n_windows, n_moved : int, components that follow the posterior from these
    width : float, scale of the windows, as a share of the spread of candidates by tempered weight
    n_steps : int, Levenberg–Marquardt steps of each window
    n_new : int, windows added at draws of large weight after every round
    n_draws, n_rounds : int, draws of a round, and how many rounds there are at most
    ess, pareto_k : float, a sounding is done at so large an effective sample size and so small a k̂
    n_particles, n_sweeps : int, Markov chains and their steps for those that are not done then
    """

    n_candidates: int = 200
    n_windows: int = 56
    n_moved: int = 24
    width: float = 0.4
    n_steps: int = 3
    n_new: int = 12
    n_draws: int = 450
    n_rounds: int = 16
    ess: float = 1000.0
    pareto_k: float = 0.7
    n_particles: int = 1000
    n_sweeps: int = 8

    @classmethod
    def usual(cls, n_parameters) -> Effort:
        """What so many parameters need: the posterior's sheets have more dimensions, and take more windows to cover."""
        if n_parameters <= _FEW:
            return cls()
        n_draws = 1000 + 500 * (n_parameters - _FEW)
        return cls(500, n_windows=160, n_moved=96, width=0.5, n_steps=4, n_new=64, n_draws=n_draws, n_rounds=10)


@dataclass
class Sampled:
    """Posteriors by equally weighted draws.

    Attributes
    ----------
    u : (n_draws, n, P) array, places in the prior's ranges
    chi2 : (n_draws, n) array, sum of squared residuals of each draw
    log_evidence : (n,) array, ln of the density of the data on the channels' scale
    ess : (n,) array, effective sample size
    pareto_k : (n,) array, k̂ of the importance weights
    n_evaluated : (n,) int array, draws that were weighed and states that chains went through
    escalated : (n,) bool array, whether the rounds did not suffice and Markov chains were run
    by_chains : (n,) bool array, whether the draws come from these
    log_weight_at : (n,) array, ln weight at the probes over the mean weight; NaN without
    """

    u: np.ndarray
    chi2: np.ndarray
    log_evidence: np.ndarray
    ess: np.ndarray
    pareto_k: np.ndarray
    n_evaluated: np.ndarray
    escalated: np.ndarray
    by_chains: np.ndarray
    log_weight_at: np.ndarray

    @classmethod
    def empty(cls, n_draws, n, n_parameters) -> Sampled:
        """Arrays to be filled."""
        row = np.full((5, n), np.nan)
        return cls(
            u=np.full((n_draws, n, n_parameters), np.nan),
            chi2=np.full((n_draws, n), np.nan),
            log_evidence=row[0],
            ess=row[1],
            pareto_k=row[2],
            n_evaluated=np.zeros(n, dtype=int),
            escalated=np.zeros(n, dtype=bool),
            by_chains=np.zeros(n, dtype=bool),
            log_weight_at=row[3],
        )

    def put(self, rows, other) -> None:
        """Fill in what is known of the soundings `rows`."""
        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if mine.ndim > 1:
                mine[:, rows] = theirs
            else:
                mine[rows] = theirs


def carried(log_weight, mean, precision) -> Mixture:
    """A mixture in normal scores z, u = Φ(z), as one in soft coordinates, to first order at each component's mean.

    Parameters
    ----------
    log_weight : (S, K) array
    mean : (S, K, P) array
    precision : (S, K, P, P) array
    """
    mean = np.clip(mean, -4.0, 4.0)
    x = coordinates.from_cube(ndtr(mean))
    slope = np.exp(-np.square(mean) / 2) / np.sqrt(2 * np.pi) / coordinates.cube(x)[1]
    # At the ends of the range the scales differ without bound.
    slope = np.clip(slope, 0.15, 3.0)
    precision = precision / slope[..., :, None] / slope[..., None, :]
    return Mixture(log_weight, x, precision + np.eye(mean.shape[-1]) / _WIDEST**2)


def sample(target, network, rngs, effort, n_draws, probes=None, done=None) -> Sampled:
    """Posteriors of all soundings of a target.

    Parameters
    ----------
    target : Target
    network : Mixture of all soundings, the network's proposal in soft coordinates
    rngs : list of numpy.random.Generator, one for each sounding
    effort : Effort
    n_draws : int
    probes : (n, P) array of u, optional
        Points whose weight is wanted, such as the truth of simulations.
    done : callable, optional
        Told the number of soundings after each batch.
    """
    n = len(target)
    sampled = Sampled.empty(n_draws, n, target.n_parameters)
    points = None if probes is None else coordinates.from_cube(probes)
    at_once = _AT_ONCE if target.n_parameters <= _FEW else _FEWER_AT_ONCE
    for start in range(0, n, at_once):
        rows = np.arange(start, min(start + at_once, n))
        own = [rngs[row] for row in rows]
        _sample_batch(target, rows, network.take(rows), own, effort, sampled, points)
        if done is not None:
            done(len(rows))
    return sampled


def sample_smooth(target, start, rngs, n_proposals, n_draws, done=None) -> Sampled:
    """Posteriors of many correlated parameters, as of a `DepthGridPrior`, by `smooth.sample`.

    Parameters
    ----------
    target : Target
    start : (n, P) array of u to look for the modes from
    rngs : list of numpy.random.Generator, one for each sounding
    n_proposals, n_draws : int
    done : callable, optional
        Told the number of soundings after each batch.
    """
    n = len(target)
    sampled = Sampled.empty(n_draws, n, target.n_parameters)
    for first in range(0, n, _SMOOTH_AT_ONCE):
        rows = np.arange(first, min(first + _SMOOTH_AT_ONCE, n))
        misfit = target.misfit.take(rows)
        own = [rngs[row] for row in rows]
        found = smooth.sample(misfit, start[rows], n_proposals, own, n_draws, target.tilt(rows))
        u, which = found.draws, np.tile(np.arange(len(rows)), n_draws)
        sampled.put(
            rows,
            Sampled(
                u=u,
                chi2=misfit.value(u.reshape(-1, u.shape[2]), which).reshape(n_draws, -1),
                log_evidence=target.constant[rows] + found.log_evidence,
                ess=found.ess,
                pareto_k=found.pareto_k,
                n_evaluated=np.full(len(rows), n_proposals),
                escalated=np.zeros(len(rows), dtype=bool),
                by_chains=np.zeros(len(rows), dtype=bool),
                log_weight_at=np.full(len(rows), np.nan),
            ),
        )
        if done is not None:
            done(len(rows))
    return sampled


def _sample_batch(target, rows, network, rngs, effort, sampled, points):
    mixture, window = proposing.first(target, rows, network, rngs, effort)
    run = Run(target, rows, mixture, rngs)
    movable = effort.n_moved and target.misfit.prior.with_boundary_moved is not None
    for k in range(effort.n_rounds):
        if k:
            _improve(run, window, effort, move_boundaries=movable and k == 1)
        run.draw(effort.n_draws)
        finished = (run.ess >= effort.ess) & (run.pareto_k < effort.pareto_k)
        _keep(run, np.flatnonzero(finished), sampled, points)
        left = np.flatnonzero(~finished)
        if not left.size:
            return
        run.take(left)
        window = window[left]
    _escalate(run, window, effort, sampled, points)


def _improve(run, window, effort, move_boundaries=False):
    """Learn from the draws so far, and where there should be more of them."""
    run.learn()
    if move_boundaries:
        run.extend(*proposing.moved(run, window, effort))
    if effort.n_new:
        run.extend(*proposing.heavy(run, window, effort))


def _escalate(run, window, effort, sampled, points):
    """Markov chains from the draws so far; windows where they end; their own draws where even that is not enough."""
    x, chi2, n_moves = move(run, effort.n_particles, effort.n_sweeps)
    n_before = n_moves + run.x.shape[1]
    mixture = run.mixture.joined(*proposing.afresh(run, x, window, effort))
    run = Run(run.target, run.rows, mixture, run.rngs)
    for k in range(_LAST_ROUNDS):
        if k:
            _improve(run, window, effort)
        run.draw(4 * effort.n_draws)
        finished = (run.ess >= effort.ess) & (run.pareto_k < effort.pareto_k)
        _keep(run, np.flatnonzero(finished), sampled, points, n_before)
        left = np.flatnonzero(~finished)
        if not left.size:
            return
        run.take(left)
        x, chi2, n_before, window = x[left], chi2[left], n_before[left], window[left]
    _keep(run, np.arange(len(run.rows)), sampled, points, n_before)
    # Importance weights that are not to be trusted: the chains' own states.
    n_draws = len(sampled.u)
    chosen = np.stack([rng.permutation(np.arange(n_draws) % x.shape[1]) for rng in run.rngs])
    sampled.u[:, run.rows] = coordinates.cube(np.take_along_axis(x, chosen[..., None], axis=1))[0].swapaxes(0, 1)
    sampled.chi2[:, run.rows] = np.take_along_axis(chi2, chosen, axis=1).T
    sampled.by_chains[run.rows] = True


def _keep(run, rows, sampled, points, n_before=None):
    """Draws of equal weight of the soundings `rows` of a run, and what is known of them."""
    if not rows.size:
        return
    n_draws, P = len(sampled.u), run.x.shape[2]
    x, chi2 = np.empty((len(rows), n_draws, P)), np.empty((len(rows), n_draws))
    for k, row in enumerate(rows):
        chosen = resample(run.weight[row], n_draws, run.rngs[row])
        x[k], chi2[k] = run.x[row, chosen], run.chi2[row, chosen]
    at = np.full(len(rows), np.nan)
    if points is not None:
        part = _part(run, rows)
        at = part.log_weight_at(points[part.rows])
    sampled.put(
        run.rows[rows],
        Sampled(
            u=coordinates.cube(x)[0].swapaxes(0, 1),
            chi2=chi2.T,
            log_evidence=run.log_evidence[rows],
            ess=run.ess[rows],
            pareto_k=run.pareto_k[rows],
            n_evaluated=run.x.shape[1] + (0 if n_before is None else n_before[rows]),
            escalated=np.full(len(rows), n_before is not None),
            by_chains=np.zeros(len(rows), dtype=bool),
            log_weight_at=at,
        ),
    )


def _part(run, rows):
    part = copy.copy(run)
    part.take(rows)
    return part
