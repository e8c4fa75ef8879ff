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
    power = np.ones((len(log_weight), 1))
    rows = np.flatnonzero(effective_size(normalised(log_weight)) < effective)
    low, high = np.zeros((len(rows), 1)), np.ones((len(rows), 1))
    for _ in range(14 if rows.size else 0):
        middle = (low + high) / 2
        enough = effective_size(normalised(middle * log_weight[rows]))[:, None] >= effective
        low, high = np.where(enough, middle, low), np.where(enough, high, middle)
    power[rows] = low
    return normalised(power * log_weight)
