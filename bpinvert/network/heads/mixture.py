"""A mixture of normal densities: the network answers with several alternatives."""

from __future__ import annotations

import numpy as np

from bpinvert.network.heads.arrays import samples_last, shares
from bpinvert.network.heads.base import weighted_sum
from bpinvert.network.heads.density import NormalsHead
from bpinvert.network.heads.normals import Normals, n_parameters, n_targets_of
from bpinvert.network.strategies import is_count, require


class Mixture(NormalsHead):
    """Minus the log-density of a mixture of K normal distributions with full covariances.

        E = −ln Σ_k π_k N(d; m_k, (L_k L_kᵀ)⁻¹),   π = softmax(a)

    The outputs are the K logits a, then for each component mean and triangle as those of
    :class:`~bpinvert.network.heads.Gaussian`. With γ_k the share of component k in the density at d,
    dE/da_k = π_k − γ_k and dE/d(component k) = γ_k times that of a single normal distribution. Components differ at
    the start by their random initial weights only.

    Parameters
    ----------
    components : int
        K.

    References
    ----------
    Bishop (1994), Mixture density networks, Aston University, NCRG/94/004.
    Williams (1996), doi:10.1162/neco.1996.8.4.843.

    Examples
    --------
    >>> head = Mixture(components=2)
    >>> head.n_outputs(1)
    6
    >>> head.mean(np.array([[0.0, np.log(3), -1.0, 0.0, 1.0, 0.0]]))  # 1/4 at -1, 3/4 at +1
    array([[0.5]])
    """

    name = "mixture"

    def __init__(self, components=4):
        require("Mixture", "components", components, is_count(components), "a whole number from 1")
        self.components = components

    def n_outputs(self, n_targets):
        return self.components * (1 + n_parameters(n_targets))

    def losses(self, outputs, targets):
        return -self._evaluate(outputs, targets)[0]

    def loss_and_gradient(self, outputs, targets, gradient, weight=None):
        log_density, prior, posterior, normals, error, white = self._evaluate(outputs, targets)
        by_logit = prior - posterior
        if weight is not None:
            factor = np.asarray(weight, by_logit.dtype)
            by_logit *= factor
            posterior *= factor
        normals.overwrite_by_gradient(error, white, posterior)
        to_logits, to_blocks = self._split(gradient)
        np.copyto(to_logits, by_logit.T)
        np.copyto(to_blocks, normals.parameters.T)
        return -weighted_sum(log_density, weight)

    def mean(self, outputs):
        log_prior, normals = self._components(outputs)
        return np.einsum("kn,dkn->nd", np.exp(log_prior), normals.mean)

    def _split(self, outputs):
        """Views of logits (n_samples, K) and blocks (n_samples, K, n_parameters)."""
        logits, blocks = outputs[:, : self.components], outputs[:, self.components :]
        return logits, blocks.reshape(len(outputs), self.components, blocks.shape[1] // self.components)

    def _components(self, outputs):
        logits, blocks = self._split(outputs)
        _, log_prior, _ = shares(samples_last(logits))
        return log_prior, Normals(samples_last(blocks), n_targets_of(blocks.shape[2]))

    def _evaluate(self, outputs, targets):
        log_prior, normals = self._components(outputs)
        error, white = normals.whiten(samples_last(targets)[:, None])
        log_density, _, posterior = shares(log_prior + normals.log_density(white))
        return log_density, np.exp(log_prior), posterior, normals, error, white
