"""What stated errors say of the two parts of a noise."""

from __future__ import annotations

import numpy as np


def two_parts(variance, squared):
    """Non-negative (floor², relative²) that solve variance = floor² + relative²·squared best, each (n,)."""
    a, b = 1 / variance, squared / variance
    aa, ab, bb = (np.nansum(product, axis=1) for product in (a * a, a * b, b * b))
    ta, tb = np.nansum(a, axis=1), np.nansum(b, axis=1)
    determinant = aa * bb - ab**2
    with np.errstate(divide="ignore", invalid="ignore"):
        floor, relative = (ta * bb - tb * ab) / determinant, (tb * aa - ta * ab) / determinant
        alike = ~(determinant > 1e-9 * aa * bb)
        only_relative, only_floor = (floor < 0) | alike, (relative < 0) & ~alike
        floor = np.where(only_relative, 0.0, np.where(only_floor, ta / aa, floor))
        relative = np.where(only_floor, 0.0, np.where(only_relative, tb / bb, relative))
    return floor, relative
