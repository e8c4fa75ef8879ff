"""Markov chains of many posteriors side by side, from weighted draws."""

from __future__ import annotations

import numpy as np

# Share of jumps along the whole difference of two chains, which lead from one mode to another.
_WHOLE = 0.1
_JITTER = 1e-4


def move(run, n_particles, n_sweeps):
    """States of chains that started from the draws of a run, and their sums of squared residuals.

    Draws are taken by weights tempered so far that many are effective. Each sweep moves one half of the chains by
    differences of two chains of the other half (differential evolution; ter Braak & Vrugt 2008,
    doi:10.1007/s11222-008-9104-9), so that every step leaves the posterior as it is; every third sweep proposes draws
    of the run's last mixture instead.

    Parameters
    ----------
    run : Run
    n_particles : int, even
    n_sweeps : int

    Returns
    -------
    x : (S, n_particles, P) array
    chi2 : (S, n_particles) array
    n_evaluated : int, models computed for each sounding
    """
    S, _, P = run.x.shape
    edges = np.cumsum(run.tempered(), axis=1)
    chosen = np.empty((S, n_particles), dtype=int)
    for s, rng in enumerate(run.rngs):
        levels = (rng.permutation(n_particles) + rng.random()) / n_particles * edges[s, -1]
        chosen[s] = np.minimum(np.searchsorted(edges[s], levels, side="right"), edges.shape[1] - 1)
    rows = np.arange(S)[:, None]
    x, value, chi2 = run.x[rows, chosen], run.log_target[rows, chosen], run.chi2[rows, chosen]
    half = n_particles // 2
    for sweep in range(n_sweeps):
        for first in (0, half):
            part, other = slice(first, first + half), slice(half - first, 2 * half - first)
            if sweep % 3 == 2:
                trial = run.mixtures[-1].draw(half, run.rngs)
                density = run.mixtures[-1].log_density(np.concatenate([x[:, part], trial], axis=1))
                ratio = density[:, :half] - density[:, half:]
            else:
                trial, ratio = x[:, part] + _jumps(x[:, other], run.rngs), 0.0
            flat = trial.reshape(-1, P)
            new_chi2, likelihood, log_prior = run.target.evaluate(flat, np.repeat(run.rows, half))
            new_value = (likelihood + log_prior).reshape(S, half)
            level = np.stack([rng.exponential(size=half) for rng in run.rngs])
            with np.errstate(invalid="ignore"):
                accepted = new_value - value[:, part] + ratio > -level
            x[:, part] = np.where(accepted[..., None], trial, x[:, part])
            value[:, part] = np.where(accepted, new_value, value[:, part])
            chi2[:, part] = np.where(accepted, new_chi2.reshape(S, half), chi2[:, part])
    return x, chi2, n_sweeps * n_particles


def _jumps(others, rngs):
    """Differences of two of the other chains (S, n, P), shortened, with a little scatter."""
    _, n, P = others.shape
    jumps = np.empty_like(others)
    for s, rng in enumerate(rngs):
        first = rng.integers(n, size=n)
        second = (first + rng.integers(1, n, size=n)) % n
        length = np.where(rng.random(n) < _WHOLE, 1.0, 2.38 / np.sqrt(2 * P) * np.exp(rng.uniform(-2, 0.3, n)))
        jumps[s] = length[:, None] * (others[s, first] - others[s, second])
        jumps[s] += _JITTER * rng.standard_normal((n, P))
    return jumps
