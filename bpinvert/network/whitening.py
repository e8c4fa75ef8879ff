"""Training in decorrelated inputs: the same network, a shorter way to its weights.

Neighbouring readings of a sounding are nearly the same number, so the error surface is a narrow valley in V and every
gradient method crawls along it. In centred and whitened inputs z = (x − m) T, where the samples' covariance is the
identity, it is round. A layer of neurons does not care: net = z V' − θ' = x (T V') − (θ' + m T V'), so the network
trained in z is folded back into one on x, exactly (LeCun, Bottou, Orr & Müller 1998, Efficient BackProp).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

# Directions of less variance than this share of the largest are amplified no further: they hold rounding only.
_FLOOR = 1e-7
# Below this share there is nothing: inputs that are constant, or say the same. Amplified, initial weights there would
# be weights of 10³ to 10⁵ on the inputs, which cancel on the samples only and swamp weight decay.
_NOTHING = 1e-12


@dataclass(frozen=True)
class Whitening:
    """The map z = (x − mean) @ matrix, and what it means for the weights on x.

    Attributes
    ----------
    mean : (n_inputs,) array
    matrix : (n_inputs, n_inputs) array
    """

    mean: np.ndarray
    matrix: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray, weight: np.ndarray | None = None) -> Whitening:
        """The whitening of samples X, (n_samples, n_inputs), each counting as often as `weight` says."""
        X = np.asarray(X, dtype=float)
        share = np.full(len(X), 1 / len(X)) if weight is None else weight / weight.sum(dtype=float)
        # One thread: the same to the last bit on any number of cores.
        with threadpool_limits(1, user_api="blas"):
            mean = share @ X
            spread = np.sqrt(share @ (X - mean) ** 2)
            scale = 1 / np.where(spread > 1e-12 * np.abs(mean), spread, 1.0)
            standard = (X - mean) * scale
            value, vector = np.linalg.eigh((standard * share[:, None]).T @ standard)
            largest = max(value[-1], 1e-300)
            variance = np.where(value > _NOTHING * largest, np.maximum(value, _FLOOR * largest), 1.0)
            # Symmetric, so that it depends on neither the order nor the signs of the eigenvectors.
            root = vector / np.sqrt(variance) @ vector.T
        return cls(mean, scale[:, None] * root)

    def apply(self, X: np.ndarray) -> np.ndarray:
        """Whitened inputs in the dtype of X, computed in blocks of double precision."""
        out = np.empty(X.shape, X.dtype)
        for start in range(0, len(X), 4096):
            rows = slice(start, start + 4096)
            out[rows] = (X[rows].astype(float) - self.mean) @ self.matrix
        return out

    def fold(self, V: np.ndarray) -> np.ndarray:
        """The first layer's weights on x, thresholds in row 0, from those on z."""
        weights = self.matrix @ V[1:]
        return np.vstack([V[:1] + self.mean @ weights, weights])

    def unfold(self, V: np.ndarray) -> np.ndarray:
        """Inverse of :meth:`fold`."""
        V = np.asarray(V, dtype=float)
        return np.vstack([V[:1] - self.mean @ V[1:], np.linalg.solve(self.matrix, V[1:])])

    def metric(self) -> np.ndarray:
        """M such that the squared weights on x are Σ V'ᵀ M V' of those on z: weight decay acts on the former."""
        return self.matrix.T @ self.matrix
