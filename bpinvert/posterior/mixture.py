"""Mixtures of Student's t densities, one for each of many soundings."""

from __future__ import annotations

import math

import numpy as np

from bpinvert.posterior.weights import resample

# Fewest degrees of freedom; with fewer there would hardly be a variance.
_LEAST_FREEDOM = 4
_SMALLEST = 1e-30
# Numbers that are worked on at once, so that they stay in cache: all components for some points of one sounding.
_IN_CACHE = 2**17


class Mixture:
    """K weighted t densities for each of S soundings, by centres and precisions.

    With ν + P = 2^(k + 1) degrees of freedom and parameters together, (1 + q/ν)^−(ν + P)/2 takes k squarings and no
    exponential: a heavy-tailed density for the price of multiplications. All quadratic forms q of a sounding are one
    matrix product of features (1, x, x xᵀ) of the points with coefficients, in single precision after whitening by the
    mixture's own covariance.

    Parameters
    ----------
    log_weight : (S, K) array, up to a constant
    centre : (S, K, P) array
    precision : (S, K, P, P) array

    Attributes
    ----------
    weight : (S, K) array, sum 1
    mean, covariance : (S, P) and (S, P, P) arrays
    """

    def __init__(self, log_weight, centre, precision):
        P = centre.shape[2]
        weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
        self.weight = weight / weight.sum(axis=1, keepdims=True)
        self.centre, self.precision = centre, precision
        self._squarings = max(4, math.ceil(math.log2((P + _LEAST_FREEDOM) / 2)))
        self.freedom = 2 ** (self._squarings + 1) - P
        lower = np.linalg.cholesky(precision)
        # centre + spread @ (t distributed) is a draw
        self.spread = np.swapaxes(np.linalg.inv(lower), -1, -2)
        half = (self.freedom + P) / 2
        constant = math.lgamma(half) - math.lgamma(self.freedom / 2) - P * math.log(self.freedom * math.pi) / 2
        log_height = np.log(np.diagonal(lower, axis1=-2, axis2=-1)).sum(axis=-1) + constant
        log_height += np.log(np.maximum(self.weight, _SMALLEST))
        self._largest = log_height.max(axis=1, keepdims=True)
        self._height = np.exp(log_height - self._largest).astype(np.float32)
        self.mean, self.covariance = self._moments()
        self._prepare()

    def _moments(self):
        S, K, P = self.centre.shape
        mean = (self.weight[:, None] @ self.centre)[:, 0]
        widened = self.weight * (self.freedom / (self.freedom - 2))
        inside = (self.spread * widened[:, :, None, None]).transpose(0, 2, 1, 3).reshape(S, P, K * P)
        covariance = inside @ self.spread.transpose(0, 1, 3, 2).reshape(S, K * P, P)
        off = self.centre - mean[:, None]
        return mean, covariance + np.swapaxes(off * self.weight[:, :, None], 1, 2) @ off

    def _prepare(self):
        """The whitening x → (x − mean) `_white`, its inverse `_back`, and the coefficients of the forms in it."""
        values, vectors = np.linalg.eigh(self.covariance)
        root = np.sqrt(np.maximum(values, 1e-12 * values[:, -1:]))
        self._white = vectors / root[:, None, :]
        self._back = np.swapaxes(vectors * root[:, None, :], -1, -2)
        centre = (self.centre - self.mean[:, None]) @ self._white
        precision = self._back[:, None] @ self.precision @ np.swapaxes(self._back, -1, -2)[:, None]
        across = (precision @ centre[..., None])[..., 0]
        self._pairs = np.triu_indices(self.centre.shape[2])
        pairs = precision[:, :, self._pairs[0], self._pairs[1]]
        pairs[:, :, self._pairs[0] != self._pairs[1]] *= 2
        constant = (across * centre).sum(axis=2)
        coefficients = np.concatenate([constant[:, :, None], -2 * across, pairs], axis=2) / self.freedom
        coefficients[:, :, 0] += 1
        self._coefficients = np.ascontiguousarray(np.swapaxes(coefficients, 1, 2), dtype=np.float32)

    def take(self, rows) -> Mixture:
        """The mixtures of some soundings."""
        part = object.__new__(Mixture)
        for name, value in vars(self).items():
            setattr(part, name, value[rows] if isinstance(value, np.ndarray) else value)
        return part

    def joined(self, log_weight, centre, precision) -> Mixture:
        """With further components, their ln weights on the scale of `weight`."""
        own = np.log(np.maximum(self.weight, _SMALLEST))
        return Mixture(
            np.concatenate([own, log_weight], axis=1),
            np.concatenate([self.centre, centre], axis=1),
            np.concatenate([self.precision, precision], axis=1),
        )

    def log_density(self, x) -> np.ndarray:
        """ln density (S, N) of points x (S, N, P); -inf where single precision has nothing left of it."""
        features = self._features(x)
        total = np.empty(x.shape[:2])
        for s, some in self._blocks(x.shape[1]):
            kernel = self._kernel(features[s, some], s)
            total[s, some] = self._shape(kernel, kernel) @ self._height[s]
        with np.errstate(divide="ignore"):
            return np.log(total) + self._largest

    def _blocks(self, n_points):
        """(sounding, slice of points), together all points of all soundings."""
        size = max(_IN_CACHE // self.centre.shape[1], 16)
        for s in range(len(self.centre)):
            for start in range(0, n_points, size):
                yield s, slice(start, start + size)

    def _features(self, x):
        """(S, N, 1 + P + P(P+1)/2) single-precision features of points x (S, N, P)."""
        white = (x - self.mean[:, None]) @ self._white
        P = white.shape[2]
        features = np.empty((*white.shape[:2], self._coefficients.shape[1]), dtype=np.float32)
        features[:, :, 0] = 1.0
        single = features[:, :, 1 : P + 1]
        single[:] = white
        for k, (i, j) in enumerate(zip(*self._pairs, strict=True), P + 1):
            np.multiply(single[:, :, i], single[:, :, j], out=features[:, :, k])
        return features

    def _kernel(self, features, s):
        """1/(1 + q/ν) of every component for points of sounding `s`, (n, K)."""
        kernel = features @ self._coefficients[s]
        # Rounding can make a quadratic form slightly negative.
        np.maximum(kernel, 1.0, out=kernel)
        return np.reciprocal(kernel, out=kernel)

    def _shape(self, kernel, out):
        """Densities up to their heights: a power of the kernel."""
        np.multiply(kernel, kernel, out=out)
        for _ in range(self._squarings - 1):
            np.multiply(out, out, out=out)
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

    def adapted(self, x, weight, pseudo, n_kept) -> Mixture:
        """One step of weighted expectation-maximisation towards draws x (S, N, P) of `weight` (S, N), sum 1.

        Peel & McLachlan (2000), doi:10.1023/A:1008981510081, with the degrees of freedom kept; importance weights as
        Cappé et al. (2008), doi:10.1007/s11222-008-9059-x. Each component holds on to what it was by a share `pseudo`
        of all draws, so that none collapses on a few. The `n_kept` of most weight stay.
        """
        S, N, P = x.shape
        K = self.centre.shape[1]
        features, weight = self._features(x), weight.astype(np.float32)
        mass, sums = np.zeros((S, K)), np.zeros((S, K, features.shape[2]))
        for s, some in self._blocks(N):
            part = features[s, some]
            kernel = self._kernel(part, s)
            share = self._shape(kernel, np.empty_like(kernel))
            share *= self._height[s]
            share *= (weight[s, some] / np.maximum(share.sum(axis=1), _SMALLEST))[:, None]
            mass[s] += share.sum(axis=0)
            # Far draws of a t density count less.
            share *= kernel
            sums[s] += share.T @ part
        sums *= (self.freedom + P) / self.freedom
        centre = (self.centre - self.mean[:, None]) @ self._white
        spread = np.swapaxes(self._white, 1, 2)[:, None] @ self.spread
        count = sums[:, :, :1] + pseudo
        moved = (sums[:, :, 1 : P + 1] + pseudo * centre) / count
        second = np.empty((S, K, P, P))
        second[:, :, self._pairs[0], self._pairs[1]] = sums[:, :, P + 1 :]
        second[:, :, self._pairs[1], self._pairs[0]] = sums[:, :, P + 1 :]
        second += pseudo * (spread @ np.swapaxes(spread, -1, -2) + centre[..., :, None] * centre[..., None, :])
        second -= count[..., None] * moved[..., :, None] * moved[..., None, :]
        second /= (mass + pseudo)[:, :, None, None]
        covariance = np.swapaxes(self._back, 1, 2)[:, None] @ second @ self._back[:, None]
        covariance += np.swapaxes(covariance, -1, -2)
        # No direction becomes so thin that rounding tells its precision.
        diagonal = np.arange(P)
        size = covariance[..., diagonal, diagonal].mean(axis=-1, keepdims=True)
        covariance[..., diagonal, diagonal] += 1e-7 * size + 2e-9
        precision = 2 * np.linalg.inv(covariance)
        precision = (precision + np.swapaxes(precision, -1, -2)) / 2
        centre, mass = moved @ self._back + self.mean[:, None], np.maximum(mass, 0.1 / K)
        if n_kept < K:
            rows, heaviest = np.arange(S)[:, None], np.argpartition(-mass, n_kept, axis=1)[:, :n_kept]
            mass, centre, precision = mass[rows, heaviest], centre[rows, heaviest], precision[rows, heaviest]
        return Mixture(np.log(mass), centre, precision)
