"""The band that the cumulated ranks of a true posterior leave as rarely as stated, at all points together."""

from __future__ import annotations

import functools

import numpy as np
from scipy import special, stats

# Parts of [0, 1] at whose ends the cumulated ranks are compared with the band.
N_PARTS = 100
BAND = 0.99


@functools.lru_cache(maxsize=64)
def simultaneous_band(n, probability=BAND, n_parts=N_PARTS):
    """Fewest and most of `n` uniform numbers below k/n_parts, k = 1 … n_parts-1, such that all hold together.

    Parameters
    ----------
    n : int
        Number of PIT values.
    probability : float
        That no point of the band is left; what is returned holds at least that, as closely as counts allow.
    n_parts : int

    Returns
    -------
    low, high : (n_parts-1,) int arrays, not to be written to

    Notes
    -----
    Säilynoja, Bürkner & Vehtari (2022, doi:10.1007/s11222-022-10090-6): the band of central binomial intervals, all of
    the one pointwise level with which the walk of counts stays inside at `probability`. They sum the probability
    over binomial transitions. The same walk is that of a Poisson process given that it ends at n, so here every step
    is one convolution with the same short kernel (cf. Moscovich & Nadler 2017, doi:10.1016/j.spl.2016.11.027).
    """
    if n < 1 or not 0 < probability < 1:
        raise ValueError(f"n is {n} and probability {probability}; n must be 1 or more, probability between 0 and 1.")
    # ln of the pointwise probability outside: between Bonferroni's and that of a single point
    low, high = np.log((1 - probability) / n_parts) - 1, np.log(1 - probability)
    for _ in range(24):
        middle = (low + high) / 2
        inside = stays_inside(n, n_parts, *_pointwise(n, n_parts, np.exp(middle)))
        low, high = (middle, high) if inside >= probability else (low, middle)
    band = _pointwise(n, n_parts, np.exp(low))
    for edge in band:
        edge.setflags(write=False)
    return band


def _pointwise(n, n_parts, outside):
    at = np.arange(1, n_parts) / n_parts
    return tuple(stats.binom.ppf(tail, n, at).astype(int) for tail in (outside / 2, 1 - outside / 2))


def stays_inside(n, n_parts, low, high):
    """Probability that the counts of n uniform numbers stay within [low, high], (n_parts-1,) each, at every point."""
    step = np.arange(n + 1)
    mean = n / n_parts
    kernel = np.exp(special.xlogy(step, mean) - mean - special.gammaln(step + 1))
    # Longer steps have a probability below rounding.
    kernel = kernel[: 1 + np.flatnonzero(kernel > 1e-30)[-1]]
    first, walk = 0, np.ones(1)
    for a, b in zip([*low, n], [*high, n], strict=True):
        walk = np.convolve(walk, kernel)
        at = np.arange(a, b + 1) - first
        walk = np.where((at >= 0) & (at < len(walk)), walk[np.clip(at, 0, len(walk) - 1)], 0.0)
        first = a
    ends = np.exp(special.xlogy(n, n) - n - special.gammaln(n + 1))
    return walk[0] / ends
