"""Whether soundings of a line as a whole are stranger than draws from the prior, though no single one need be.

A scan over all stretches of a line for one in which p-values are too small on average.
"""

from __future__ import annotations

import functools

import numpy as np

# No p-value counts as smaller than that: it takes several soundings to make a drift, and single ones have flags.
_SMALLEST = 0.05
# Shortest stretch, and the ratio of the lengths tried.
_SHORTEST, _RATIO = 3, 1.25
_SIMULATIONS, _MOST_NUMBERS = 2999, 2**21
# The small p-values of longer lines are hardly other ones: 1 % of lines of 1000 to 8000 exceed 2.02 to 2.04.
_LONGEST_SIMULATED = 2000


def stretches(p_values, n_similar=np.inf):
    """The stretch of a line in which each check's p-values are smallest for its length, and how rare such a one is.

    The mean of -ln p over a stretch, none above -ln 0.05, is compared with that of uniform p-values in standard
    deviations; longer stretches may count for more, as there are fewer of them (Dümbgen & Spokoiny 2001,
    doi:10.1214/aos/996986504, eq. 2.2). Simulated lines of uniform p-values say how rare the largest value is.

    Parameters
    ----------
    p_values : (n, n_checks) array
        Conformal p-values in the order of the line, without NaN.
    n_similar : float
        Number of simulations that a sounding was judged among: the p-values of a line share these.

    Returns
    -------
    p : (n_checks,) array
        Probability of a stretch as strange on a line of independent draws from the prior; NaN on a line of fewer than
        three soundings.
    start, stop : (n_checks,) int arrays
        First sounding of that stretch, and the one after its last.

    Examples
    --------
    >>> even = np.linspace(0.01, 0.99, 30)[np.random.default_rng(0).permutation(30)]
    >>> low = np.where(np.arange(30) < 20, even, 0.2 * even)
    >>> p, start, stop = stretches(np.stack([even, low], axis=1))
    >>> bool(p[0] > 0.1), bool(p[1] < 0.01), int(stop[1])
    (True, True, 30)
    """
    p_values = np.asarray(p_values, dtype=float)
    n, n_checks = p_values.shape
    if n < _SHORTEST:
        return np.full(n_checks, np.nan), np.zeros(n_checks, dtype=int), np.full(n_checks, n)
    value, start, length = _most(p_values.T, n_similar)
    simulated = _simulated(min(n, _LONGEST_SIMULATED))
    above = len(simulated) - np.searchsorted(simulated, value, side="left")
    return (above + 1) / (len(simulated) + 1), start, start + length


def _most(p_values, n_similar=np.inf):
    """Largest statistic of each row of p-values (rows, n), and its stretch."""
    # Moments of an exponential variate that is cut at its end.
    end = -np.log(_SMALLEST)
    mean = 1 - _SMALLEST
    spread = np.sqrt(2 * (1 - _SMALLEST * (1 + end)) - mean**2)
    rows, n = p_values.shape
    sums = np.zeros((rows, n + 1))
    np.cumsum((np.minimum(-np.log(p_values), end) - mean) / spread, axis=1, out=sums[:, 1:])
    value, start, length = np.full(rows, -np.inf), np.zeros(rows, dtype=int), np.zeros(rows, dtype=int)
    for own in _lengths(n):
        found = sums[:, own:] - sums[:, :-own]
        at = found.argmax(axis=1)
        # What the simulations are off by is the same for all soundings.
        largest = found[np.arange(rows), at] / np.sqrt(own * (1 + own / n_similar)) - np.sqrt(
            2 * np.log(np.e * n / own)
        )
        better = largest > value
        value[better], start[better], length[better] = largest[better], at[better], own
    return value, start, length


def _lengths(n):
    longest = np.log(n / _SHORTEST) / np.log(_RATIO)
    return np.unique(np.append(np.round(_SHORTEST * _RATIO ** np.arange(longest + 1e-9)), n)).astype(int)


@functools.lru_cache(maxsize=64)
def _simulated(n):
    """Statistics of lines of `n` uniform p-values, sorted."""
    rng = np.random.default_rng(n)
    at_once = max(_MOST_NUMBERS // n, 1)
    sizes = [min(at_once, _SIMULATIONS - start) for start in range(0, _SIMULATIONS, at_once)]
    return np.sort(np.concatenate([_most(1 - rng.random((size, n)))[0] for size in sizes]))
