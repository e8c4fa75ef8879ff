"""Transmitter loops and where the receiver is: how much of the loop's area lies at which distance.

A loop is a sheet of vertical magnetic dipoles. The vertical field of one at horizontal distance r, reflected by the
ground, is μ0/(4π) ∫ K(λ) exp(-λ(h + z)) λ² J0(λr) dλ per ampere and m² (Ward & Hohmann 1988, eq. 4.46).
"""

from __future__ import annotations

import itertools

import numpy as np

from forward_models import hankel
from forward_models.constants import MU0

# Nodes of each smooth piece of the density, and more for each oscillation of J0.
_NODES = 48
_PER_RADIAN = 0.8


def wavenumber_weights(wavenumber, loop) -> np.ndarray:
    """Weights (n,) with Σ weights · K · exp(-λ(h + z)) = field in T/A, for K at the `wavenumber` from `hankel.grid`.

    Parameters
    ----------
    wavenumber : (n,) array, 1/m
    loop : Disc or Square
    """
    distance, area = [], []
    for low, high in itertools.pairwise(loop.edges()):
        n = int(_NODES + _PER_RADIAN * wavenumber[-1] * (high - low))
        x, w = np.polynomial.legendre.leggauss(min(n, 1000))
        # Densities begin and end like square roots: r = middle - half cos(θ) makes them smooth.
        angle = np.pi * (x + 1) / 2
        r = (low + high) / 2 - (high - low) / 2 * np.cos(angle)
        distance.append(r)
        area.append(loop.density(r) * w * np.pi / 2 * np.sin(angle) * (high - low) / 2)
    distance, area = np.concatenate(distance), np.concatenate(area)
    seen = (area / distance) @ hankel.filter_weights(0, wavenumber, distance)
    return MU0 / (4 * np.pi) * np.square(wavenumber) * seen


class Disc:
    """A circular loop of `radius` m seen from a point `away` m off its centre."""

    def __init__(self, radius, away=0.0):
        self.radius, self.away, self.area = radius, abs(away), np.pi * radius**2
        self.size = radius + self.away

    def edges(self):
        """Distances in m between which the density is smooth."""
        return [0.0, *sorted({abs(self.radius - self.away), self.radius + self.away} - {0.0})]

    def density(self, r):
        """Area of the loop at distance r, m² per m."""
        if not self.away:
            return 2 * np.pi * r
        cosine = (r**2 + self.away**2 - self.radius**2) / (2 * r * self.away)
        return 2 * r * np.arccos(np.clip(cosine, -1, 1))


class Square:
    """A square loop of `side` m, its sides along x and y, seen from a point `away` m off its centre along x."""

    def __init__(self, side, away=0.0):
        self.side, self.away, self.area = side, abs(away), side**2
        self.size = side * np.sqrt(2) / 2 + self.away

    def edges(self):
        half, away = self.side / 2, self.away
        near, far = abs(half - away), half + away
        first = 0.0 if away < half else near
        kinks = {near, far, half, np.hypot(near, half), np.hypot(far, half)}
        return [first, *sorted(kink for kink in kinks if kink > first)]

    def density(self, r):
        half, away = self.side / 2, self.away
        # The quarter circle around the receiver that is inside, to the right and to the left, and both once more below.
        return 2 * r * (_arc(r, half - away, half) + _arc(r, half + away, half))


class DiscByItself:
    """A circular loop of `radius` m seen from all points inside it: distances of two random points of a disc."""

    def __init__(self, radius):
        self.radius, self.area, self.size = radius, np.pi * radius**2, 2 * radius

    def edges(self):
        return [0.0, 2 * self.radius]

    def density(self, r):
        x = r / (2 * self.radius)
        return 4 * r * (np.arccos(np.minimum(x, 1.0)) - x * np.sqrt(np.maximum(1 - x**2, 0.0)))


class SquareByItself:
    """A square loop of `side` m seen from all points inside it: distances of two random points of a square."""

    def __init__(self, side):
        self.side, self.area, self.size = side, side**2, side * np.sqrt(2)

    def edges(self):
        return [0.0, self.side, self.size]

    def density(self, r):
        x = r / self.side
        beyond = np.sqrt(np.maximum(x**2 - 1, 0.0))
        near = x**2 - 4 * x + np.pi
        far = 4 * beyond - (x**2 + 2 - np.pi) - 4 * np.arctan(beyond)
        return 2 * r * np.where(x < 1, near, far)


def _arc(r, along, across):
    """Angle, of the quarter circle of radius r towards +x, that is in -… ≤ x ≤ along, 0 ≤ y ≤ across."""
    up = np.arcsin(np.clip(across / r, 0, 1))
    if along >= 0:
        return np.maximum(up - np.arccos(np.clip(along / r, 0, 1)), 0.0)
    return -np.maximum(up - np.arccos(np.clip(-along / r, 0, 1)), 0.0)
