"""What both kinds of waves do inside a layer."""

from __future__ import annotations

import numpy as np

# Below this k·h/2 a layer is passed over: rounding would be larger than what it does.
THINNEST = 1e-8
# Stands in for no thickness where 0/0 would come out.
TINY = 1e-12
# Where |qX|² is smaller, the derivative by q² is taken from its series.
_SMALL = 1e-2


def tangent(q2, depth):
    """tanh(qX)/q for X = `depth`, and where it is tan(|q|X)/|q|.

    Parameters
    ----------
    q2, depth : (n,) arrays
        q² of either sign, and X.

    Returns
    -------
    value : (n,) array
    travelling : None or (which, |q|X, tan |q|X), each (n,)
        The last two hold where q² < 0; None if that is nowhere.
    """
    root = np.abs(q2)
    np.maximum(root, 1e-16, out=root)
    np.sqrt(root, out=root)
    phase = root * depth
    value = np.tanh(phase)
    which = q2 < 0
    travelling = None
    if which.any():
        tan = np.tan(phase)
        travelling = which, phase, tan
        value = np.where(which, tan, value)
    value /= root
    return value, travelling


def tangent_slopes(q2, depth, value):
    """Derivatives of T = tanh(qX)/q by X, which is 1 - q²T², and by q², (X ∂T/∂X - T)/(2q²)."""
    by_depth = 1 - q2 * value * value
    z = q2 * depth * depth
    small = np.abs(z) < _SMALL
    series = depth**3 * (-1 / 3 + z * (4 / 15 + z * (-17 / 105 + z * (248 / 2835 - z * (1382 / 31185)))))
    return by_depth, np.where(small, series, (depth * by_depth - value) / (2 * np.where(small, 1, q2)))
