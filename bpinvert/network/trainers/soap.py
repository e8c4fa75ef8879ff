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
        learning_rate=0.005,
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

    def epoch(self, objective, weights, state, samples, rng, budget):
        self_shapes = objective.network.shapes
        if "left_0" not in state:
            for k, (rows, columns) in enumerate(self_shapes):
                state[f"left_{k}"] = np.zeros((rows, rows), weights.dtype)
                state[f"right_{k}"] = np.zeros((columns, columns), weights.dtype)
                state[f"basis_left_{k}"] = np.eye(rows, dtype=weights.dtype)
                state[f"basis_right_{k}"] = np.eye(columns, dtype=weights.dtype)
        self._matrices = objective.network.matrices
        return super().epoch(objective, weights, state, samples, rng, budget)

    def _update(self, weights, gradient, state, rate, scratch):
        state["n_updates"] += 1
        n = int(state["n_updates"])
        unbias1, unbias2 = 1 - self.beta1**n, (1 - self.beta2**n) ** 0.5
        parts = (self._matrices(array) for array in (weights, gradient, state["moment1"], state["moment2"]))
        for k, (W, G, M, V) in enumerate(zip(*parts, strict=True)):
            L, R = state[f"left_{k}"], state[f"right_{k}"]
            memory = self.beta2
            L *= memory
            L += (1 - memory) * (G @ G.T)
            R *= memory
            R += (1 - memory) * (G.T @ G)
            if n == 1 or n % self.refresh == 0:
                state[f"basis_left_{k}"][...] = np.linalg.eigh(L)[1]
                state[f"basis_right_{k}"][...] = np.linalg.eigh(R)[1]
            QL, QR = state[f"basis_left_{k}"], state[f"basis_right_{k}"]
            M *= self.beta1
            M += (1 - self.beta1) * G
            rotated = QL.T @ G @ QR
            V *= self.beta2
            V += (1 - self.beta2) * rotated * rotated
            step = (QL.T @ M @ QR) / (np.sqrt(V) + self.epsilon * unbias2)
            W -= (rate * unbias2 / unbias1) * (QL @ step @ QR.T)
