"""Gauss–Newton normal equations of a network, summed block by block: memory n_weights², whatever the samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg.blas import dsyrk, ssyrk


@dataclass(frozen=True)
class NormalEquations:
    """Sums over samples and outputs of the residuals r = o − d and their Jacobian J.

    Attributes
    ----------
    loss : float
        ½Σr².
    gradient : (n_weights,) array
        Jᵀr.
    curvature : (n_weights, n_weights) array
        JᵀJ.
    """

    loss: float
    gradient: np.ndarray
    curvature: np.ndarray


def normal_equations(network, weights, samples) -> NormalEquations:
    """½Σr², Jᵀr and JᵀJ of a network with the mse head.

    With one hidden layer J itself is never formed. For sample n, J's part by V is w_jk·s_nj·x_ni times the slope g_nk
    of output k, where s_nj is the slope of hidden neuron j: the same matrix A_n = (x_ni s_nj) for all outputs, so that
    with linear outputs one product AᵀA serves all of them, times W Wᵀ elementwise; with sigmoid ones each adds its
    own. The part by W is block-diagonal in the outputs.

    Parameters
    ----------
    network : Network
    weights : (n_weights,) array
    samples : Samples, in the network's dtype
    """
    if len(network.shapes) == 2:
        return _one_hidden_layer(network, weights, samples)
    return _from_jacobian(network, weights, samples)


def _one_hidden_layer(network, weights, samples):
    V, W = network.matrices(weights)
    n_hidden, n_outputs = W.shape[0] - 1, W.shape[1]
    linear = network.settings["output"] == "linear"
    # One sum for all outputs where these are linear, else one for each.
    n_sums = 1 if linear else n_outputs
    AA = _Square(V.size, network.dtype)
    AY = np.zeros((n_sums, V.size, n_hidden + 1))
    YY = np.zeros((n_sums, n_hidden + 1, n_hidden + 1))
    by_V, by_W = np.zeros(V.shape), np.zeros(W.shape)
    loss = 0.0
    for rows in network.blocks(len(samples)):
        inputs = _with_minus_one(samples.X[rows])
        hidden, outputs, slope, ends = network.values_and_slopes(weights, samples.X[rows])
        hidden = _with_minus_one(hidden)
        counts = 1.0 if samples.weight is None else np.sqrt(samples.weight[rows])[:, None]
        residual = (outputs - samples.Y[rows]) * counts
        loss += 0.5 * float(np.vdot(residual, residual))
        delta = residual * ends * counts
        by_W += hidden.T @ delta
        by_V += inputs.T @ ((delta @ W[1:].T) * slope)
        A = (inputs[:, :, None] * slope[:, None, :]).reshape(len(inputs), -1)
        for k in range(n_sums):
            factor = counts if linear else ends[:, k : k + 1] * counts
            plain = np.ndim(factor) == 0
            scaled, above = (A, hidden) if plain else (A * factor, hidden * factor)
            AA.add(scaled if linear else scaled * np.tile(W[1:, k], len(V)))
            AY[k] += scaled.T @ above
            YY[k] += above.T @ above
    curvature = np.zeros((network.n_weights, network.n_weights))
    first = curvature[: V.size, : V.size].reshape(*V.shape, *V.shape)
    cross = curvature[: V.size, V.size :].reshape(*V.shape, *W.shape)
    last = curvature[V.size :, V.size :].reshape(*W.shape, *W.shape)
    first += AA.full().reshape(first.shape)
    if linear:
        first *= (W[1:] @ W[1:].T)[None, :, None, :]
    for k in range(n_outputs):
        one = 0 if linear else k
        cross[..., k] = AY[one].reshape(*V.shape, -1) * W[1:, k, None]
        last[:, k, :, k] = YY[one]
    curvature[V.size :, : V.size] = curvature[: V.size, V.size :].T
    return NormalEquations(loss, np.concatenate([by_V.ravel(), by_W.ravel()]), curvature)


def _from_jacobian(network, weights, samples):
    n_outputs = network.sizes[-1]
    # Blocks of about 32 MiB
    n_rows = max(2**25 // (8 * n_outputs * network.n_weights), 1)
    square = _Square(network.n_weights, network.dtype)
    gradient, loss = np.zeros(network.n_weights), 0.0
    for start in range(0, len(samples), n_rows):
        part = samples.take(slice(start, start + n_rows))
        residual, jacobian = network.residuals_and_jacobian(weights, part.X, part.Y)
        if part.weight is not None:
            counts = np.sqrt(part.weight)
            residual *= counts[:, None]
            jacobian *= counts[:, None, None]
        jacobian = jacobian.reshape(-1, network.n_weights)
        loss += 0.5 * float(np.vdot(residual, residual))
        gradient += jacobian.T @ residual.ravel()
        square.add(jacobian)
    return NormalEquations(loss, gradient, square.full())


class _Square:
    """The sum of AᵀA over blocks A, by the symmetric product that does half the work."""

    def __init__(self, size, dtype):
        self.product = dsyrk if dtype == np.float64 else ssyrk
        self.sum = np.zeros((size, size), dtype, order="F")

    def add(self, A):
        self.sum = self.product(1.0, A.T, beta=1.0, c=self.sum, overwrite_c=1)

    def full(self):
        upper = np.triu(self.sum).astype(float)
        return upper + np.triu(upper, 1).T


def _with_minus_one(values):
    return np.hstack([np.full((len(values), 1), -1, values.dtype), values])
