"""Importance weights: normalised, counted, and turned into draws of equal weight."""

from __future__ import annotations

import numpy as np


def normalised(log_weight) -> np.ndarray:
    """Weights (S, N) that sum to 1, from their logarithms up to a constant."""
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def effective_size(weight) -> np.ndarray:
    """1/Σw² of weights (S, N) that sum to 1 (Kong 1992)."""
    return 1 / np.square(weight).sum(axis=1)


def resample(weight, n, rng) -> np.ndarray:
    """Places of `n` draws by weights (N,), in random order and as evenly as can be (systematic resampling).

    Each place is drawn n·w times, rounded up or down (Kitagawa 1996, doi:10.1080/10618600.1996.10474692).
    """
    edges = np.cumsum(weight)
    levels = (rng.permutation(n) + rng.random()) / n * edges[-1]
    return np.minimum(np.searchsorted(edges, levels, side="right"), len(edges) - 1)


def tempered(log_weight, effective) -> np.ndarray:
    """Weights (S, N), sum 1, to the power, 1 at most, at which so many of them are effective."""
    log_weight = log_weight - log_weight.max(axis=1, keepdims=True)
    power = np.ones(len(log_weight))
    rows = np.flatnonzero(effective_size(normalised(log_weight)) < effective)
    if rows.size:

        def enough(middle):
            return effective_size(normalised(middle[:, None] * log_weight[rows])) >= effective

        power[rows] = largest(enough, np.zeros(len(rows)), np.ones(len(rows)), 14)
    return normalised(power[:, None] * log_weight)


def largest(enough, low, high, n_steps) -> np.ndarray:
    """By bisection the largest numbers between `low` and `high`, (S,) each, where `enough` of such numbers holds."""
    for _ in range(n_steps):
        middle = (low + high) / 2
        kept = enough(middle)
        low, high = np.where(kept, middle, low), np.where(kept, high, middle)
    return low
