"""Quantiles of mixtures of normal distributions of one variable."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, ndtri

# Largest error of a quantile, in the unit of the variable.
TOLERANCE = 1e-9
# Steps after which every second one halves the bracket: 100 of these end any search.
_FREE = 12
_MOST = _FREE + 200
# Of the standard normal density.
_PEAK = 1 / math.sqrt(2 * math.pi)
_ROUNDING = 4 * np.finfo(float).eps


def mixture_quantiles(weight, mean, std, probabilities) -> np.ndarray:
    """x where Σ_k w_k Φ((x − m_k)/σ_k) = p.

    Halley's method on Φ⁻¹(F(x)) = Φ⁻¹(p), a straight line for one component, inside the bracket that the
    components' own quantiles make. A quantile is exact to :data:`TOLERANCE`, except where the density is so low,
    between far components, that F(x) is p to rounding.

    Parameters
    ----------
    weight, mean, std : arrays that broadcast to (K, ...)
    probabilities : (n_probabilities,) array
        In (0, 1).

    Returns
    -------
    (n_probabilities, ...) array

    Examples
    --------
    >>> mixture_quantiles(np.array([0.5, 0.5]), np.array([-1.0, 1.0]), np.ones(2), [0.5, 0.9]).round(3)
    array([0.   , 1.849])
    """
    probabilities = np.asarray(probabilities, float)
    weight, mean, std = np.broadcast_arrays(weight, mean, std)
    shape = len(probabilities), *mean.shape[1:]
    normal = ndtri(probabilities).reshape(-1, *(1,) * (mean.ndim - 1))
    if len(mean) == 1:
        return mean + std * normal
    center = (weight * mean).sum(axis=0)
    width = np.sqrt((weight * (std**2 + (mean - center) ** 2)).sum(axis=0))
    own = mean[:, None] + std[:, None] * normal
    low, high = own.min(axis=0), own.max(axis=0)
    start = np.clip(center + width * normal, low, high)
    whole = [
        np.broadcast_to(array[:, None], (len(mean), *shape)).reshape(len(mean), -1) for array in (weight, mean, std)
    ]
    rest = [np.broadcast_to(array, shape).reshape(-1) for array in (start, low, high, normal)]
    return _search(*whole, *rest).reshape(shape)


def _search(weight, mean, std, x, low, high, normal):
    """Quantiles (m,) of mixtures (K, m) at Φ(normal), from x inside (low, high)."""
    rate, p = 1 / std, ndtr(normal)
    found, unknown = x.copy(), np.arange(len(x))
    for iteration in range(_MOST):
        step, error = _step(weight, mean, rate, x, normal, p)
        low, high = np.where(error <= 0, x, low), np.where(error >= 0, x, high)
        moved = x + step
        # A step that is not finite leads outside too.
        halved = ~((moved >= low) & (moved <= high))
        if iteration >= _FREE and iteration % 2:
            halved[:] = True
        moved = np.where(halved, 0.5 * (low + high), moved)
        reach = TOLERANCE + _ROUNDING * np.abs(moved)
        small = (np.abs(moved - x) <= reach) & (~halved | (high - low <= reach))
        exact = np.abs(error) <= _ROUNDING * p
        found[unknown] = np.where(exact, x, moved)
        left = np.flatnonzero(~(small | exact))
        if not len(left):
            break
        unknown, x, low, high, normal, p = (array[left] for array in (unknown, moved, low, high, normal, p))
        weight, mean, rate = (array.take(left, axis=1) for array in (weight, mean, rate))
    return found


def _step(weight, mean, rate, x, normal, p):
    """Halley's step, not finite where it leads nowhere, and F(x) − p."""
    z = x - mean
    z *= rate
    height = z * z
    height *= -0.5
    np.exp(height, out=height)
    height *= weight
    height *= rate
    density = height.sum(axis=0) * _PEAK
    height *= rate
    height *= z
    bend = height.sum(axis=0) * -_PEAK
    below = ndtr(z, out=z)
    below *= weight
    F = below.sum(axis=0)
    with np.errstate(all="ignore"):
        score = ndtri(F)
        at_score = _PEAK * np.exp(-0.5 * score * score)
        slope = density / at_score
        curve = bend / at_score + score * slope * slope
        step = (normal - score) / slope
        # Kept near Newton's, which is short at a solution only.
        step /= np.clip(1 + 0.5 * step * curve / slope, 0.5, 2)
    return step, F - p
