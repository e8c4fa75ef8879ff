"""Ridge least squares by QR decompositions, and which columns it can do without."""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack, solve_triangular

# Rounding of the coefficients, as a share of their size: the ridge.
_NOISE = 3e-15
# Columns are chosen for so many gates, and this share of them is left out at a time.
_N_GATES, _STEP = 10, 0.12


class Fit:
    """Weights of one gate, its rows the relative errors of models; more rows may be added at any time.

    Normal equations would square a condition of 1e15. Columns are made about one, so that the ridge is the rounding.

    Parameters
    ----------
    coefficients : (n_nodes, m) array
        Of some models, that tell the size of the columns.
    scale : (m,) array
        What errors are divided by.
    """

    def __init__(self, coefficients, scale):
        n, m = coefficients.shape
        self.size = np.sqrt(np.einsum("nm,nm,m->n", coefficients, coefficients, scale**-2.0) / m)
        self.n_rows, self._triangle = 0, np.empty((0, n + 1))

    def add(self, coefficients, scale, target):
        """Rows for models with `coefficients` (n_nodes, m) and data `target` (m,)."""
        before = len(self._triangle)
        rows = np.empty((len(self.size) + 1, before + len(target)))
        rows[:, :before] = self._triangle.T
        np.divide(coefficients, scale, out=rows[:-1, before:])
        rows[:-1, before:] /= self.size[:, None]
        np.divide(target, scale, out=rows[-1, before:])
        self._triangle = _triangle(rows.T)
        self.n_rows += len(target)

    def triangle(self) -> np.ndarray:
        """R (n_nodes+1, n_nodes+1) of all rows and those of the ridge, the target its last column."""
        n, before = len(self.size), len(self._triangle)
        rows = np.zeros((n + 1, before + n))
        rows[:, :before] = self._triangle.T
        rows[np.arange(n), before + np.arange(n)] = _NOISE * np.sqrt(self.n_rows)
        return _triangle(rows.T)

    def weights(self) -> np.ndarray:
        """(n_nodes,)"""
        triangle = self.triangle()
        n = len(self.size)
        return solve_triangular(triangle[:n, :n], triangle[:n, n]) / self.size


def select(coefficients, scales, targets, n_kept) -> np.ndarray:
    """Rows of `coefficients` (n_nodes, m) that are kept, by backward elimination of those that every gate misses least.

    Without column j the squared error grows by w_j²/|row j of R^-1|².

    Parameters
    ----------
    scales, targets : (n_gates, m) arrays
    """
    n_gates = len(targets)
    kept = np.arange(len(coefficients))
    triangles = []
    for gate in np.unique(np.linspace(0, n_gates - 1, min(_N_GATES, n_gates)).round().astype(int)):
        fit = Fit(coefficients, scales[gate])
        fit.add(coefficients, scales[gate], targets[gate])
        triangles.append(fit.triangle())
    while len(kept) > n_kept:
        loss = np.max([_loss(triangle) for triangle in triangles], axis=0)
        n = max(n_kept, int(len(kept) * (1 - _STEP)))
        stay = np.sort(np.argsort(loss)[len(kept) - n :])
        kept, columns = kept[stay], np.append(stay, len(loss))
        triangles = [_triangle(np.asfortranarray(triangle[:, columns])) for triangle in triangles]
    return kept


def _loss(triangle):
    inverse, _ = lapack.dtrtri(triangle[:-1, :-1])
    weights = inverse @ triangle[:-1, -1]
    return np.square(weights) / np.einsum("ij,ij->i", inverse, inverse)


def _triangle(rows):
    """R of the QR decomposition of `rows`, in Fortran's order, which are overwritten."""
    work = int(lapack.dgeqrf_lwork(*rows.shape)[0])
    factors, *_ = lapack.dgeqrf(rows, lwork=work, overwrite_a=1)
    return np.triu(factors[: rows.shape[1]])
