"""Array work that heads share: samples along the last axis, stable shares of a sum of exponentials."""

from __future__ import annotations

import numpy as np

# Between rows. Rows a multiple of 2 kB apart share few cache sets, and copying back takes six times as long.
PADDING = 16


def samples_last(block: np.ndarray) -> np.ndarray:
    """A copy of `block` (n_samples, ..., n_columns) with the axes reversed, each column in one stretch of memory.

    Operations on a few columns then run along all samples at once.
    """
    n_columns, size = block.shape[-1], block[..., 0].size
    rows = np.empty((n_columns, size + PADDING), block.dtype)[:, :size].reshape(block.T.shape)
    np.copyto(rows, block.T)
    return rows


def shares(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ln Σ e^a over the first axis, and each term's share of that sum.

    The largest real part is taken out first: no overflow, and analytic for complex a.

    Parameters
    ----------
    logits : (n_terms, n_samples) array

    Returns
    -------
    log_sum : (n_samples,) array
    log_share, share : (n_terms, n_samples) arrays

    Examples
    --------
    >>> log_sum, _, share = shares(np.array([[1e4], [1e4]]))
    >>> (log_sum - 1e4).round(3), share.ravel()
    (array([0.693]), array([0.5, 0.5]))
    """
    largest = logits.real.max(axis=0)
    log_share = logits - largest
    share = np.exp(log_share)
    total = share.sum(axis=0)
    log_total = np.log(total)
    log_share -= log_total
    share /= total
    return largest + log_total, log_share, share


def draw_terms(share: np.ndarray, n_draws: int, rng: np.random.Generator, dtype="float64") -> np.ndarray:
    """Indices drawn with probabilities `share` (n_terms, n_samples), (n_draws, n_samples); `dtype` of the levels."""
    level = rng.random((n_draws, share.shape[1]), dtype)
    index = np.zeros(level.shape, np.min_scalar_type(len(share)))
    # The last term takes what is left of 1, so that rounding of the sum cannot leave the terms.
    for edge in np.cumsum(share[:-1], axis=0, dtype=float).astype(dtype):
        index += level >= edge
    return index
