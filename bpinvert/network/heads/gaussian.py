"""One normal density: the network answers with a mean and a full covariance."""

from __future__ import annotations

import numpy as np

from bpinvert.network.heads.arrays import samples_last
from bpinvert.network.heads.base import weighted_sum
from bpinvert.network.heads.density import NormalsHead
from bpinvert.network.heads.normals import Normals, n_parameters, n_targets_of


class Gaussian(NormalsHead):
    """Minus the log-density of a normal distribution whose mean and covariance depend on the inputs.

        E = ½ |z|² − Σ_j ln L_jj + (D/2) ln 2π,   z = Lᵀ (d − m)

    For D targets the outputs are the mean m (D), the bounded logarithms of the diagonal of L (D), and L below its
    diagonal (D(D−1)/2), where L Lᵀ is the precision; :class:`~bpinvert.network.heads.normals.Normals` has
    their order and the bound.

    References
    ----------
    Williams (1996), Using neural networks to model conditional multivariate densities,
    doi:10.1162/neco.1996.8.4.843.

    Examples
    --------
    >>> head = Gaussian()
    >>> head.n_outputs(1), head.n_outputs(5)
    (2, 20)
    >>> head.log_density(np.array([[0.0, np.log(2)]]), np.array([[0.5]])).round(3)  # std 1/2
    array([-0.726])
    """

    name = "gaussian"

    def n_outputs(self, n_targets):
        return n_parameters(n_targets)

    def losses(self, outputs, targets):
        normals = _normals(outputs)
        return -normals.log_density(normals.whiten(samples_last(targets))[1])

    def loss_and_gradient(self, outputs, targets, gradient, weight=None):
        normals = _normals(outputs)
        error, white = normals.whiten(samples_last(targets))
        losses = -normals.log_density(white)
        share = np.ones_like(losses) if weight is None else np.asarray(weight, losses.dtype)
        normals.overwrite_by_gradient(error, white, share)
        np.copyto(gradient, normals.parameters.T)
        return weighted_sum(losses, weight)

    def mean(self, outputs):
        return outputs[:, : n_targets_of(outputs.shape[1])]

    def _components(self, outputs):
        return np.zeros((1, len(outputs))), Normals(samples_last(outputs)[:, None], n_targets_of(outputs.shape[1]))


def _normals(outputs):
    return Normals(samples_last(outputs), n_targets_of(outputs.shape[1]))
