"""Pareto-smoothed importance weights (Vehtari, Simpson, Gelman, Yao & Gabry 2024, JMLR 25(72))."""

from __future__ import annotations

import numpy as np

# The ln weight of what cannot be.
NOTHING = -1e30
# Of the prior on k̂, worth so many observations at one half.
_PRIOR_WEIGHT = 10


def smooth(log_weight):
    """Weights whose largest ones are replaced by what a generalised Pareto tail lets expect, and its shape k̂.

    Parameters
    ----------
    log_weight : (S, N) array, up to a constant

    Returns
    -------
    weight : (S, N) array, sum 1
    k : (S,) array, inf where all weights are nothing
    """
    S, N = log_weight.shape
    n_tail = int(min(0.2 * N, 3 * np.sqrt(N)))
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    if n_tail < 5:
        return weight / weight.sum(axis=1, keepdims=True), np.full(S, np.inf)
    place = np.argpartition(weight, N - n_tail - 1, axis=1)[:, N - n_tail - 1 :]
    largest = np.take_along_axis(weight, place, axis=1)
    order = np.argsort(largest, axis=1)
    place, largest = (np.take_along_axis(array, order, axis=1) for array in (place, largest))
    cutoff, tail = np.maximum(largest[:, :1], 1e-300), largest[:, 1:]
    # Weights that are as good as equal have no tail to speak of.
    flat = tail[:, -1:] <= cutoff * (1 + 1e-9)
    k, scale = _fit(np.where(flat, np.arange(1.0, n_tail + 1), np.maximum(tail - cutoff, 1e-300)))
    probability = (np.arange(n_tail) + 0.5) / n_tail
    bent = np.where(np.abs(k) < 1e-9, 1e-9, k)[:, None]
    with np.errstate(over="ignore"):
        expected = cutoff + scale[:, None] * np.expm1(-bent * np.log1p(-probability)) / bent
    np.put_along_axis(weight, place[:, 1:], np.where(flat, tail, np.minimum(expected, tail[:, -1:])), axis=1)
    k = np.where(log_weight.max(axis=1) <= NOTHING / 10, np.inf, k)
    return weight / weight.sum(axis=1, keepdims=True), k


def _fit(x):
    """Shape and scale of generalised Pareto distributions of sorted exceedances x (S, M).

    An empirical-Bayes mean over a grid of scales (Zhang & Stephens 2009, doi:10.1198/tech.2009.08017).
    """
    M = x.shape[1]
    n_grid = 30 + int(np.sqrt(M))
    quartile = x[:, int(M / 4 + 0.5) - 1]
    grid = 1 - np.sqrt(n_grid / (np.arange(n_grid) + 0.5))
    b = grid / (3 * quartile[:, None]) + 1 / x[:, -1:]
    k = np.log1p(-b[:, :, None] * x[:, None, :]).mean(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        likelihood = M * (np.log(-b / k) - k - 1)
    likelihood = np.where(np.isfinite(likelihood), likelihood, -np.inf)
    share = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    b = (b * share).sum(axis=1) / share.sum(axis=1)
    k = np.log1p(-b[:, None] * x).mean(axis=1)
    scale = -k / b
    return (k * M + _PRIOR_WEIGHT / 2) / (M + _PRIOR_WEIGHT), scale
