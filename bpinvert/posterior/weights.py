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
