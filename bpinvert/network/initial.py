"""Weights to begin with."""

from __future__ import annotations

import numpy as np


def uniform(network, rng, X=None, bound=0.5):
    """Small random weights and thresholds, uniform in ±`bound`: the textbook's beginning."""
    return rng.uniform(-bound, bound, network.n_weights)


def xavier(network, rng, X=None):
    """Uniform weights and thresholds that keep the variance of signals from layer to layer.

    ±√(6/(n_from + n_to)), times what makes up for the slope of the hidden activation at zero.

    References
    ----------
    Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural networks.
    """
    weights = np.empty(network.n_weights)
    for layer, matrix in enumerate(network.matrices(weights)):
        bound = _gain(network, layer) * np.sqrt(6 / (matrix.shape[0] - 1 + matrix.shape[1]))
        matrix[...] = rng.uniform(-bound, bound, matrix.shape)
    return weights


def nguyen_widrow(network, rng, X=None):
    """Hidden neurons whose steep parts share out the range of the inputs.

    Every hidden neuron gets a random direction of length 0.7·n_hidden^(1/n_inputs), and a threshold that puts its
    middle somewhere in the inputs' range: that of `X`, [−1, 1] without, and for a second hidden layer that of the
    first's activation. The output layer is Xavier's.

    References
    ----------
    Nguyen & Widrow (1990), Improving the learning speed of 2-layer neural networks by choosing initial values of the
    adaptive weights, doi:10.1109/IJCNN.1990.137819.
    """
    weights = xavier(network, rng)
    for layer, matrix in enumerate(network.matrices(weights)[:-1]):
        n_from, n_to = matrix.shape[0] - 1, matrix.shape[1]
        length = 0.7 * n_to ** (1 / n_from) * _gain(network, layer)
        direction = rng.uniform(-1, 1, (n_from, n_to))
        direction *= length / np.linalg.norm(direction, axis=0)
        threshold = rng.uniform(-length, length, n_to)
        low, high = np.full(n_from, -1.0), np.ones(n_from)
        if layer == 0 and X is not None:
            low, high = X.min(axis=0).astype(float), X.max(axis=0).astype(float)
        elif layer and network.settings["activation"] == "unipolar":
            low[:] = 0
        direction /= np.where(high > low, (high - low) / 2, 1.0)[:, None]
        threshold += (low + high) / 2 @ direction
        matrix[0], matrix[1:] = threshold, direction
    return weights


def _gain(network, layer):
    activation = network.activations[layer]
    if layer == len(network.activations) - 1:
        return 1.0
    return 1 / (activation.slope_at_zero * activation.steepness)


INITIAL = {function.__name__: function for function in (xavier, uniform, nguyen_widrow)}
