"""Adam in the principal directions of the gradients: mini-batches with a sense of curvature."""

from __future__ import annotations

import numpy as np

from bpinvert.network.strategies import is_count, require
from bpinvert.network.trainers.adam import Adam


class Soap(Adam):
    """Adam, each weight matrix in a basis in which its gradients are uncorrelated.

    For the gradient G of one matrix, the running means of G Gᵀ and GᵀG have eigenvectors Q_L and Q_R. Adam works on
    Q_Lᵀ G Q_R, where scaling every number by itself comes close to Shampoo's full scaling. The bases are renewed every
    `refresh` updates by eigendecomposition; with matrices of some hundred rows that costs little beside the gradients.

    Parameters
    ----------
    learning_rate, batch_size, schedule, beta1, beta2, epsilon
        As in :class:`Adam`.
    refresh : int
        Updates between two bases.

    References
    ----------
    Vyas et al. (2024), SOAP: improving and stabilizing Shampoo using Adam, arXiv:2409.11321.
    """

    name = "soap"

    def __init__(
        self,
        learning_rate=0.007,
        batch_size=None,
        schedule="cosine",
        beta1=0.9,
        beta2=0.99,
        epsilon=1e-8,
        refresh=20,
    ):
        super().__init__(learning_rate, batch_size, schedule, beta1, beta2, epsilon)
        require("Soap", "refresh", refresh, is_count(refresh), "a whole number from 1")
        self.refresh = refresh

    def _update(self, network, weights, gradient, state, rate, scratch):
        state["n_updates"] += 1
        n = int(state["n_updates"])
        unbias1, unbias2 = 1 - self.beta1**n, (1 - self.beta2**n) ** 0.5
        arrays = (weights, gradient, state["moment1"], state["moment2"])
        for k, matrices in enumerate(zip(*map(network.matrices, arrays), strict=True)):
            W, G, first, second = matrices
            left, right = (
                self._basis(state, f"{side}_{k}", S, n) for side, S in (("left", G @ G.T), ("right", G.T @ G))
            )
            first *= self.beta1
            first += (1 - self.beta1) * G
            rotated = left.T @ G @ right
            second *= self.beta2
            second += (1 - self.beta2) * rotated * rotated
            step = (left.T @ first @ right) / (np.sqrt(second) + self.epsilon * unbias2)
            W -= (rate * unbias2 / unbias1) * (left @ step @ right.T)

    def _basis(self, state, name, square, n):
        """Eigenvectors of the running mean of `square`, as they were when last renewed."""
        mean = state.setdefault(f"mean_{name}", np.zeros_like(square))
        mean *= self.beta2
        mean += (1 - self.beta2) * square
        if n == 1 or n % self.refresh == 0:
            # A gradient whose square overflows is a divergence, which the loss will show.
            finite = np.isfinite(mean).all()
            state[f"basis_{name}"] = np.linalg.eigh(mean)[1] if finite else np.full_like(mean, np.nan)
        return state[f"basis_{name}"]
