"""Many multivariate normal densities at once, each given by its mean and the Cholesky factor of its precision."""

from __future__ import annotations

import math

import numpy as np

# Of |ln L_jj|: a standard deviation beyond e^±10 of the unit scale is a training gone astray.
LIMIT = 10.0


def n_parameters(n_targets: int) -> int:
    """Mean and triangle: D + D(D+1)/2."""
    return n_targets * (n_targets + 3) // 2


def n_targets_of(n_parameters: int) -> int:
    """D of that many parameters."""
    return (math.isqrt(9 + 8 * n_parameters) - 3) // 2


class Normals:
    """Normal densities of D targets, with precision L Lᵀ: z = Lᵀ (y − m) is standard normal.

        ln p(y) = Σ_j ln L_jj − ½ Σ_j z_j² − (D/2) ln 2π

    Any real parameters give a positive definite precision. In their order: the mean m (D); s (D), with
    ln L_jj = c tanh(s_j / c), c = 10, which is nearly s_j for the small s of scaled targets, is analytic, and
    keeps a stray s from overflow; then L below its diagonal, one sub-diagonal after the other:
    L_21, L_32, …, L_DD−1, L_31, L_42, …, L_D1. Row j of the k-th sub-diagonal meets target j + k, so that D − 1
    steps do for all samples and components.

    Parameters
    ----------
    parameters : (n_parameters, ..., n_samples) array
    n_targets : int
        D.

    References
    ----------
    Williams (1996), Using neural networks to model conditional multivariate densities,
    doi:10.1162/neco.1996.8.4.843.
    """

    def __init__(self, parameters: np.ndarray, n_targets: int):
        D = self.n_targets = n_targets
        self.parameters = parameters
        self.mean = parameters[:D]
        self.log_diagonal = LIMIT * np.tanh(parameters[D : 2 * D] / LIMIT)
        self.diagonal = np.exp(self.log_diagonal)
        self.below, end = [], 2 * D
        for length in range(D - 1, 0, -1):
            start, end = end, end + length
            self.below.append(parameters[start:end])

    def whiten(self, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """y − m and z, (D, ..., n_samples), of targets (D, ..., n_samples)."""
        error = targets - self.mean
        white = self.diagonal * error
        for k, lower in enumerate(self.below, 1):
            white[:-k] += lower * error[k:]
        return error, white

    def log_density(self, white: np.ndarray) -> np.ndarray:
        """ln p, (..., n_samples), from z."""
        constant = 0.5 * self.n_targets * math.log(2 * math.pi)
        return self.log_diagonal.sum(axis=0) - 0.5 * (white * white).sum(axis=0) - constant

    def overwrite_by_gradient(self, error: np.ndarray, white: np.ndarray, share: np.ndarray) -> None:
        """Replace the parameters by the derivatives of −Σ share · ln p, share (..., n_samples).

        −∂ ln p/∂m = −L z,  −∂ ln p/∂L_ij = z_j (y − m)_i,  −∂ ln p/∂ ln L_jj = z_j L_jj (y − m)_j − 1.
        """
        D = self.n_targets
        pull = share * white
        by_mean = pull * self.diagonal
        by_log = self.parameters[D : 2 * D]
        np.multiply(by_mean, error, out=by_log)
        by_log -= share
        slope = self.log_diagonal * (1 / LIMIT)
        np.multiply(slope, slope, out=slope)
        np.subtract(1, slope, out=slope)
        by_log *= slope
        for k, lower in enumerate(self.below, 1):
            by_mean[k:] += lower * pull[:-k]
            np.multiply(pull[:-k], error[k:], out=lower)
        np.negative(by_mean, out=self.mean)

    def spread(self) -> np.ndarray:
        """L⁻ᵀ, (D, D, ..., n_samples), upper triangular: y = m + L⁻ᵀ z, and its product with its transpose is Cov y."""
        D = self.n_targets
        out = np.zeros((D, *self.mean.shape))
        for j in reversed(range(D)):
            out[j, j] = 1
            for k, lower in enumerate(self.below[: D - 1 - j], 1):
                out[j] -= lower[j] * out[j + k]
            out[j] /= self.diagonal[j]
        return out

    def factor(self) -> np.ndarray:
        """L, (D, D, ..., n_samples), lower triangular: its product with its transpose is the precision."""
        D = self.n_targets
        out = np.zeros((D, *self.mean.shape))
        out[range(D), range(D)] = self.diagonal
        for k, lower in enumerate(self.below, 1):
            out[range(k, D), range(D - k)] = lower
        return out
