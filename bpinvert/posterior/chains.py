"""Markov chains of many posteriors side by side, tempered from weighted draws."""

from __future__ import annotations

import numpy as np

from bpinvert.posterior import coordinates
from bpinvert.posterior.weights import effective_size, largest, normalised, resample

# Share of jumps along the whole difference of two chains, which lead from one mode to another.
_WHOLE = 0.1
_JITTER = 1e-4
# Effective share of the particles that a higher power of the likelihood leaves, and sweeps at each power.
_KEPT, _SWEEPS = 0.5, 4
# Effective draws that the particles are taken from, at least; a power of the likelihood below which the prior serves.
_LEAST, _PRIOR = 100, 1e-3


def move(run, n_particles, n_sweeps):
    """States of chains that started from the draws of a run, and their sums of squared residuals.

    Particles are drawn by the weights that the draws of the run have for prior × likelihood^β, with β so low that many
    are effective, or from the prior. β then rises to 1 in steps that leave half of the particles effective, with
    resampling and sweeps of Markov chains at each (sequential Monte Carlo; Del Moral, Doucet & Jasra 2006,
    doi:10.1111/j.1467-9868.2006.00553.x). A sweep moves one half of the particles by differences of two of the other
    half (differential evolution; ter Braak & Vrugt 2008, doi:10.1007/s11222-008-9104-9).

    Parameters
    ----------
    run : Run
    n_particles : int, even
    n_sweeps : int, at the posterior itself

    Returns
    -------
    x : (S, n_particles, P) array
    chi2 : (S, n_particles) array
    n_evaluated : (S,) int array, models computed for each sounding
    """
    S = len(run.x)
    particles, power = _first(run, n_particles)
    n_evaluated = np.zeros(S, dtype=int)
    while (rows := np.flatnonzero(power < 1)).size:
        step = _next_step(particles.likelihood[rows], power[rows])
        weight = normalised(step[:, None] * particles.likelihood[rows])
        for row, own in zip(rows, weight, strict=True):
            particles.resample(row, own, run.rngs[row])
        power[rows] = np.where(step < 1 - power[rows], power[rows] + step, 1.0)
        for _ in range(_SWEEPS):
            particles.sweep(run, rows, power[rows])
        n_evaluated[rows] += _SWEEPS * n_particles
    for _ in range(n_sweeps):
        particles.sweep(run, np.arange(S), power)
    return particles.x, particles.chi2, n_evaluated + n_sweeps * n_particles


class _Particles:
    """Points (S, n, P) with χ², ln likelihood and ln prior, each (S, n)."""

    def __init__(self, x, chi2, likelihood, prior):
        self.x, self.chi2, self.likelihood, self.prior = x, chi2, likelihood, prior

    def resample(self, row, weight, rng):
        """The particles of a sounding by their weights (n,), as evenly as can be."""
        chosen = resample(weight, len(weight), rng)
        for values in vars(self).values():
            values[row] = values[row, chosen]

    def sweep(self, run, rows, power):
        """One step of every particle of the soundings `rows`, at prior × likelihood^power."""
        n, P = self.x.shape[1:]
        half = n // 2
        rngs = [run.rngs[row] for row in rows]
        for first in (0, half):
            part, other = slice(first, first + half), slice(half - first, 2 * half - first)
            trial = self.x[rows, part] + _jumps(self.x[rows, other], rngs)
            evaluated = run.target.evaluate(trial.reshape(-1, P), np.repeat(run.rows[rows], half))
            chi2, likelihood, prior = (values.reshape(len(rows), half) for values in evaluated)
            gain = power[:, None] * (likelihood - self.likelihood[rows, part]) + prior - self.prior[rows, part]
            # An impossible model gains nothing, whatever it is compared with.
            accepted = np.nan_to_num(gain, nan=-np.inf) > -np.stack([rng.exponential(size=half) for rng in rngs])
            for name, new in (("chi2", chi2), ("likelihood", likelihood), ("prior", prior)):
                values = getattr(self, name)
                values[rows, part] = np.where(accepted, new, values[rows, part])
            self.x[rows, part] = np.where(accepted[..., None], trial, self.x[rows, part])


def _first(run, n):
    """Particles, and the power of the likelihood that they belong to, (S,)."""
    prior, log_weight = run.log_prior, run.log_weight
    likelihood = np.maximum(run.log_target - prior, -1e30)
    S, _, P = run.x.shape
    power = np.ones(S)

    def weights(at):
        return normalised(log_weight - (1 - at)[:, None] * likelihood)

    few = effective_size(weights(power)) < _LEAST
    if few.any():
        power[few] = largest(lambda at: effective_size(weights(at)) >= _LEAST, np.zeros(S), np.ones(S), 20)[few]
    weight = weights(power)
    x = np.empty((S, n, P))
    for s, rng in enumerate(run.rngs):
        if power[s] < _PRIOR:
            power[s], x[s] = 0.0, coordinates.draw(n, P, rng)
        else:
            x[s] = run.x[s, resample(weight[s], n, rng)]
    evaluated = run.target.evaluate(x.reshape(-1, P), np.repeat(run.rows, n))
    chi2, likelihood, prior = (values.reshape(S, n) for values in evaluated)
    return _Particles(x, chi2, np.maximum(likelihood, -1e30), prior), power


def _next_step(likelihood, power):
    """By how much powers (S,) may rise so that particles of those ln likelihoods (S, n) stay effective."""
    n_effective, room = _KEPT * likelihood.shape[1], 1 - power

    def enough(step):
        return effective_size(normalised(step[:, None] * likelihood)) >= n_effective

    step = largest(enough, np.zeros(len(power)), room, 40)
    return np.where(enough(room), room, np.maximum(step, 1e-12))


def _jumps(others, rngs):
    """Differences of two of the other particles (S, n, P), shortened, with a little scatter."""
    _, n, P = others.shape
    jumps = np.empty_like(others)
    for s, rng in enumerate(rngs):
        first = rng.integers(n, size=n)
        second = (first + rng.integers(1, n, size=n)) % n
        length = np.where(rng.random(n) < _WHOLE, 1.0, 2.38 / np.sqrt(2 * P) * np.exp(rng.uniform(-2, 0.3, n)))
        jumps[s] = length[:, None] * (others[s, first] - others[s, second])
        jumps[s] += _JITTER * rng.standard_normal((n, P))
    return jumps
