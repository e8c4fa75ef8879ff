"""Mixtures of Student's t densities, one for each of many soundings."""

from __future__ import annotations

import copy
import math

import numpy as np

from bpinvert.posterior.weights import normalised, resample

# Fewest degrees of freedom; with fewer there would hardly be a variance.
_LEAST_FREEDOM = 4
# ln of how much higher than the first components later ones may be, so that single precision holds their densities.
_HIGHEST = 80.0
# Numbers that are worked on at once, so that they stay in cache: all components for some points of one sounding.
_IN_CACHE = 2**17


class Mixture:
    """K weighted t densities for each of S soundings, by centres and precisions.

    With ν + P = 2^(k + 1) degrees of freedom and parameters together, (1 + q/ν)^−(ν + P)/2 takes k squarings and no
    exponential: a heavy-tailed density for the price of multiplications. All quadratic forms q of a sounding are one
    matrix product of features (1, x, x xᵀ) of the points with coefficients, in single precision after whitening by the
    mixture's own covariance. A mixture that grows keeps the whitening and the units of its first components, so that
    what was computed of them stays good.

    Parameters
    ----------
    log_weight : (S, K) array, up to a constant
    centre : (S, K, P) array
    precision : (S, K, P, P) array

    Attributes
    ----------
    weight : (S, K) array, sum 1
    log_unit : (S, 1) array, ln of the unit that densities of components are in
    """

    def __init__(self, log_weight, centre, precision):
        P = centre.shape[2]
        self.weight = normalised(log_weight)
        self.centre = centre
        self._squarings = max(4, math.ceil(math.log2((P + _LEAST_FREEDOM) / 2)))
        self.freedom = 2 ** (self._squarings + 1) - P
        self._pairs = np.triu_indices(P)
        self.spread, log_height = self._shapes(precision)
        self.log_unit = log_height.max(axis=1, keepdims=True)
        self._whiten(*self._moments())
        self._coefficients = self._forms(centre, precision)
        self._height = self._heights(log_height)

    def _shapes(self, precision):
        """Roots of the covariances, by which centre + root @ (t distributed) is a draw, and ln densities at centres."""
        P = precision.shape[-1]
        lower = np.linalg.cholesky(precision)
        half = (self.freedom + P) / 2
        constant = math.lgamma(half) - math.lgamma(self.freedom / 2) - P * math.log(self.freedom * math.pi) / 2
        log_height = np.log(np.diagonal(lower, axis1=-2, axis2=-1)).sum(axis=-1) + constant
        return np.swapaxes(np.linalg.inv(lower), -1, -2), log_height

    def _heights(self, log_height):
        return np.exp(np.minimum(log_height - self.log_unit, _HIGHEST)).astype(np.float32)

    def _moments(self):
        """Mean (S, P) and covariance (S, P, P)."""
        S, K, P = self.centre.shape
        mean = (self.weight[:, None] @ self.centre)[:, 0]
        widened = self.weight * (self.freedom / (self.freedom - 2))
        inside = (self.spread * widened[:, :, None, None]).transpose(0, 2, 1, 3).reshape(S, P, K * P)
        covariance = inside @ self.spread.transpose(0, 1, 3, 2).reshape(S, K * P, P)
        off = self.centre - mean[:, None]
        return mean, covariance + np.swapaxes(off * self.weight[:, :, None], 1, 2) @ off

    @property
    def covariance(self) -> np.ndarray:
        """(S, P, P)."""
        return self._moments()[1]

    @property
    def mean(self) -> np.ndarray:
        """(S, P)."""
        return self._moments()[0]

    @property
    def precision(self) -> np.ndarray:
        """(S, K, P, P)."""
        lower = np.linalg.inv(np.swapaxes(self.spread, -1, -2))
        return lower @ np.swapaxes(lower, -1, -2)

    def _whiten(self, mean, covariance):
        """The whitening x → (x − origin) `_white`, and its inverse `_back`."""
        values, vectors = np.linalg.eigh(covariance)
        root = np.sqrt(np.maximum(values, 1e-12 * values[:, -1:]))
        self._origin = mean
        self._white = vectors / root[:, None, :]
        self._back = np.swapaxes(vectors * root[:, None, :], -1, -2)

    def _forms(self, centre, precision):
        """Coefficients (S, n_features, K) of 1 + q/ν."""
        centre = (centre - self._origin[:, None]) @ self._white
        precision = self._back[:, None] @ precision @ np.swapaxes(self._back, -1, -2)[:, None]
        across = (precision @ centre[..., None])[..., 0]
        pairs = precision[:, :, self._pairs[0], self._pairs[1]]
        pairs[:, :, self._pairs[0] != self._pairs[1]] *= 2
        constant = (across * centre).sum(axis=2)
        coefficients = np.concatenate([constant[:, :, None], -2 * across, pairs], axis=2) / self.freedom
        coefficients[:, :, 0] += 1
        return np.ascontiguousarray(np.swapaxes(coefficients, 1, 2), dtype=np.float32)

    def widened(self, covariance) -> Mixture:
        """Every component with `covariance` (S, P, P) added to its own."""
        own = self.spread @ np.swapaxes(self.spread, -1, -2)
        with np.errstate(divide="ignore"):
            return Mixture(np.log(self.weight), self.centre, np.linalg.inv(own + covariance[:, None]))

    def take(self, rows) -> Mixture:
        """The mixtures of some soundings."""
        part = object.__new__(Mixture)
        for name, value in vars(self).items():
            setattr(part, name, value[rows] if isinstance(value, np.ndarray) else value)
        return part

    def joined(self, share, centre, precision) -> Mixture:
        """With further components, which take `share` (S, M) of all weight; the others keep theirs among themselves."""
        wider = copy.copy(self)
        spread, log_height = self._shapes(precision)
        new = {
            "centre": centre,
            "spread": spread,
            "weight": share,
            "_height": self._heights(log_height),
        }
        for name, values in new.items():
            setattr(wider, name, np.concatenate([getattr(self, name), values], axis=1))
        wider.weight[:, : -share.shape[1]] *= 1 - share.sum(axis=1, keepdims=True)
        wider._coefficients = np.concatenate([self._coefficients, self._forms(centre, precision)], axis=2)
        return wider

    def reweighted(self, weight) -> Mixture:
        """The same components with other weights (S, K), sum 1."""
        other = copy.copy(self)
        other.weight = weight
        return other

    def log_density(self, x) -> np.ndarray:
        """ln density (S, N) of points x (S, N, P); -inf where single precision has nothing left of it."""
        features = self.features(x)
        total = np.stack([self.densities(features[s], s) @ self.weight[s].astype(np.float32) for s in range(len(x))])
        with np.errstate(divide="ignore"):
            return np.log(total, dtype=float) + self.log_unit

    def features(self, x) -> np.ndarray:
        """(S, N, 1 + P + P(P+1)/2) single-precision features of points x (S, N, P)."""
        white = (x - self._origin[:, None]) @ self._white
        P = white.shape[2]
        features = np.empty((*white.shape[:2], self._coefficients.shape[1]), dtype=np.float32)
        features[:, :, 0] = 1.0
        single = features[:, :, 1 : P + 1]
        single[:] = white
        for k, (i, j) in enumerate(zip(*self._pairs, strict=True), P + 1):
            np.multiply(single[:, :, i], single[:, :, j], out=features[:, :, k])
        return features

    def densities(self, features, s, first=0) -> np.ndarray:
        """Density (N, K − first) of each component from the `first` one on, in units of e^`log_unit`.

        Parameters
        ----------
        features : (N, n_features) array, of points of sounding `s`
        s, first : int
        """
        coefficients, height = np.ascontiguousarray(self._coefficients[s, :, first:]), self._height[s, first:]
        out = np.empty((len(features), len(height)), dtype=np.float32)
        size = max(_IN_CACHE // len(height), 16)
        for start in range(0, len(features), size):
            kernel = np.matmul(features[start : start + size], coefficients, out=out[start : start + size])
            # Rounding can make a quadratic form slightly negative.
            np.maximum(kernel, 1.0, out=kernel)
            np.reciprocal(kernel, out=kernel)
            for _ in range(self._squarings):
                np.multiply(kernel, kernel, out=kernel)
            kernel *= height
        return out

    def draw(self, n, rngs) -> np.ndarray:
        """`n` points of every sounding, (S, n, P), in random order and as evenly over the components as can be.

        Parameters
        ----------
        n : int
        rngs : list of numpy.random.Generator, one for each sounding
        """
        S, _, P = self.centre.shape
        chosen = np.empty((S, n), dtype=int)
        normal, chi2 = np.empty((S, n, P)), np.empty((S, n))
        for s, rng in enumerate(rngs):
            chosen[s] = resample(self.weight[s], n, rng)
            normal[s], chi2[s] = rng.standard_normal((n, P)), rng.chisquare(self.freedom, n)
        rows = np.arange(S)[:, None]
        normal *= np.sqrt(self.freedom / chi2)[..., None]
        return self.centre[rows, chosen] + (self.spread[rows, chosen] @ normal[..., None])[..., 0]
