"""Squared error: the network answers with the mean."""

from __future__ import annotations

import numpy as np

from bpinvert.network.heads.density import DensityHead


class MeanSquaredError(DensityHead):
    """Squared error ½ Σ (o − d)² of the outputs o against the desired d: the network answers with the mean.

    The outputs say nothing of the spread. `draw` and `log_density` take it from `std`: independent normal
    targets around the outputs.

    Attributes
    ----------
    std : float or (n_targets,) array
        Standard deviation of the targets around the outputs, 1 until it is set from held-out samples.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, section 5.2.

    Examples
    --------
    >>> head, gradient = MeanSquaredError(), np.empty((1, 2))
    >>> head.loss_and_gradient(np.array([[1.0, 2.0]]), np.array([[0.0, 4.0]]), gradient), gradient
    (2.5, array([[ 1., -2.]]))
    """

    name = "mse"
    residual = True
    std = 1.0

    def n_outputs(self, n_targets):
        return n_targets

    def losses(self, outputs, targets):
        error = outputs - targets
        return 0.5 * (error * error).sum(axis=1)

    def loss_and_gradient(self, outputs, targets, gradient, weight=None):
        np.subtract(outputs, targets, out=gradient)
        error = gradient.astype(float)
        if weight is not None:
            np.multiply(gradient, weight[:, None], out=gradient)
        return 0.5 * float(np.vdot(error, gradient))

    def mean(self, outputs):
        return outputs

    def normals(self, outputs, n_jobs=1):
        weight, mean, std = self._marginals(outputs)
        factor = np.broadcast_to(np.diag(1 / std[0, :, 0]), (len(outputs), 1, len(std[0]), len(std[0])))
        return weight.T.copy(), mean.transpose(2, 0, 1), factor.copy()

    def _marginals(self, outputs):
        mean = np.array(outputs, float).T[None]
        std = np.broadcast_to(np.asarray(self.std, float), outputs.shape[1:])
        return np.ones((1, len(outputs))), mean, std[None, :, None]

    def _drawer(self, outputs, dtype):
        outputs, std = outputs.astype(dtype), np.asarray(self.std, dtype)

        def draw(rows, n_draws, rng):
            return outputs[rows] + std * rng.standard_normal((n_draws, *outputs[rows].shape), dtype)

        return draw

    def log_density(self, outputs, targets):
        std = np.broadcast_to(self.std, targets.shape[1:])
        white = (targets - outputs) / std
        return -0.5 * (white * white).sum(axis=1) - np.log(std).sum() - 0.5 * len(std) * np.log(2 * np.pi)
