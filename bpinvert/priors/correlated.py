"""Parameters whose normal scores are correlated with depth ⇄ the unit cube, as `transform` has it for others."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import ndtr, ndtri

from bpinvert.priors.distributions import TAIL
from bpinvert.priors.transform import Independent


class CorrelatedCube:
    """Blocks of equal size, the normal scores y = L z of whose free values are correlated, ⇄ the unit cube u = Φ(z).

    Arrays hold one entry per row, as in `UnitCube`.
    """

    def __init__(self, ties, factor):
        self.ties, self._factor = ties, factor
        self.size = len(ties.parameters)
        self._marginals = Independent(ties.distributions)

    def _blocks(self, x):
        return x.reshape(self.size // len(self._factor), len(self._factor), x.shape[-1])

    def _scores(self, u):
        """z and y = L z, (P, n) each."""
        z = ndtri(np.clip(u, TAIL, 1 - TAIL))
        return z, (self._factor @ self._blocks(z)).reshape(z.shape)

    def _independent_scores(self, free):
        """y and z of free values (P, n)."""
        y = ndtri(np.clip(self._marginals.cdf(free), TAIL, 1 - TAIL))
        z = [solve_triangular(self._factor, block, lower=True) for block in self._blocks(y)]
        return y, np.concatenate(z)

    def values(self, u) -> np.ndarray:
        return self.ties.entries(self._marginals.values(ndtr(self._scores(u)[1])))

    def cdf(self, x) -> np.ndarray:
        return ndtr(self._independent_scores(self._free(x)[0])[1])

    def slope(self, u) -> np.ndarray:
        z, y = self._scores(u)
        n = len(self._factor)
        own = self._marginals.slope(ndtr(y))
        matrix = np.zeros((u.shape[1], self.size, self.size))
        for start in range(0, self.size, n):
            block = slice(start, start + n)
            # d value/dy · L · dz/du, and dy/du of a normal score is 1/φ: the ratio of two densities at once.
            ratio = np.exp((np.square(z[block].T)[:, None, :] - np.square(y[block].T)[:, :, None]) / 2)
            matrix[:, block, block] = own[block].T[:, :, None] * self._factor * ratio
        return self.ties.slope(matrix)

    def log_density(self, x) -> np.ndarray:
        free, x = self._free(x)
        density = self._marginals.log_density(free)
        inside = np.flatnonzero(density > -np.inf)
        y, z = self._independent_scores(free[:, inside])
        density[inside] += (np.square(y) - np.square(z)).sum(axis=0) / 2 - self.ties.log_stretch(x[:, inside])
        n_blocks = self.size // len(self._factor)
        return density - n_blocks * np.log(np.diagonal(self._factor)).sum()

    def _free(self, x):
        return self.ties.free(x, self._marginals.low, self._marginals.high)


def correlation_factor(depth, length):
    """Lower Cholesky factor of the correlation of the layers between interfaces at `depth`."""
    # The middles of the first layer and of the half-space: as if each were as thick, in ln, as its neighbour.
    first, last = depth[0] ** 1.5 / depth[1] ** 0.5, depth[-1] ** 1.5 / depth[-2] ** 0.5
    middle = np.log(np.concatenate([[first], np.sqrt(depth[:-1] * depth[1:]), [last]]))
    distance = np.sqrt(3) * np.abs(middle[:, None] - middle) / length
    return np.linalg.cholesky((1 + distance) * np.exp(-distance))
