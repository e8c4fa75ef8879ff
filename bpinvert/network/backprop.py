"""The three-layer BP network: forward pass, error backpropagation and Jacobian on one flat weight vector."""

from __future__ import annotations

import itertools

import numpy as np

from bpinvert.network.activations import HIDDEN_ACTIVATIONS, OUTPUT_ACTIVATIONS
from bpinvert.network.heads import MeanSquaredError


class Network:
    """A layered network of neurons whose thresholds are the weights of constant −1 inputs.

    With inputs x (x0 = −1), hidden neurons y (y0 = −1) and outputs o, as in the textbook:

        y_j = f(Σ_i v_ij x_i),   o_k = g(Σ_j w_jk y_j),   i, j from 0

    V is (n_inputs+1, n_hidden) and W is (n_hidden+1, n_outputs); row 0 of each holds the thresholds. Two
    hidden layers put one more matrix between them. All matrices are views of one flat vector, in that order,
    row by row.

    Parameters
    ----------
    n_inputs, n_outputs : int
    hidden : tuple of one or two ints
        Neurons per hidden layer.
    activation : {"tanh", "unipolar", "bipolar"}
        Of the hidden neurons.
    output : {"linear", "sigmoid"}
    steepness : float
        Factor on the net input of hidden neurons.
    dtype : {"float32", "float64"}
        Of the arithmetic. Losses are accumulated in double precision from block to block.

    Examples
    --------
    >>> network = Network(2, (2,), 1, activation="unipolar", output="sigmoid", dtype="float64")
    >>> V, W = network.matrices(weights := np.ones(network.n_weights))
    >>> V[0], W[0] = 0, 0
    >>> network.forward(weights, np.array([[-2.0, -1.0]])).round(3)
    array([[0.524]])
    """

    block = 512

    def __init__(
        self,
        n_inputs,
        hidden,
        n_outputs,
        *,
        activation="tanh",
        output="linear",
        steepness=1.0,
        dtype="float32",
    ):
        self.sizes = (int(n_inputs), *(int(n) for n in hidden), int(n_outputs))
        self.dtype = np.dtype(dtype)
        self.activations = [HIDDEN_ACTIVATIONS[activation](steepness) for _ in hidden]
        self.activations.append(OUTPUT_ACTIVATIONS[output]())
        self.shapes = [(n_from + 1, n_to) for n_from, n_to in itertools.pairwise(self.sizes)]
        ends = np.cumsum([rows * columns for rows, columns in self.shapes]).tolist()
        self._slices = [slice(start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True)]
        self.n_weights = ends[-1]
        self._minus_one = np.full(self.block, -1, self.dtype)
        self._values = [np.empty((self.block, size), self.dtype) for size in self.sizes[1:]]
        self._slopes = [np.empty((self.block, size), self.dtype) for size in self.sizes[1:]]
        self._deltas = [np.empty((self.block, size), self.dtype) for size in self.sizes[1:]]
        self._part = np.empty(self.n_weights, self.dtype)
        self._part_matrices = self.matrices(self._part)

    def matrices(self, weights: np.ndarray) -> list[np.ndarray]:
        """Views of a flat vector as the weight matrices, V first and W last."""
        return [weights[part].reshape(shape) for part, shape in zip(self._slices, self.shapes, strict=True)]

    def initial_weights(self, rng: np.random.Generator) -> np.ndarray:
        """Xavier-uniform weights and thresholds, scaled by the slope of the hidden activation at zero.

        Returns
        -------
        (n_weights,) array in the network's dtype

        References
        ----------
        Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural networks.
        """
        weights = np.empty(self.n_weights)
        for matrix, activation in zip(self.matrices(weights), self.activations, strict=True):
            gain = 1.0
            if activation is not self.activations[-1]:
                gain = 1 / (activation.slope_at_zero * activation.steepness)
            bound = gain * np.sqrt(6 / (matrix.shape[0] - 1 + matrix.shape[1]))
            matrix[...] = rng.uniform(-bound, bound, matrix.shape)
        return weights.astype(self.dtype)

    def forward(self, weights: np.ndarray, X: np.ndarray) -> np.ndarray:
        """Outputs o.

        Parameters
        ----------
        weights : (n_weights,) array
        X : (n_samples, n_inputs) array, in the network's dtype

        Returns
        -------
        (n_samples, n_outputs) array
        """
        matrices = self.matrices(weights)
        outputs = np.empty((len(X), self.sizes[-1]), self.dtype)
        for rows in self._blocks(len(X)):
            outputs[rows] = self._forward(matrices, X[rows])[-1]
        return outputs

    def loss(self, weights, X, Y, head=None, weight_decay=0.0) -> float:
        """The loss of :meth:`loss_and_gradient` alone, from a forward pass."""
        head = head or MeanSquaredError()
        matrices = self.matrices(weights)
        total = 0.0
        for rows in self._blocks(len(X)):
            outputs = self._forward(matrices, X[rows])[-1]
            total += head.loss_and_gradient(outputs, Y[rows], self._deltas[-1][: len(outputs)])
        return total / len(X) + self._decay_loss(matrices, weight_decay / len(X))

    def loss_and_gradient(self, weights, X, Y, head=None, weight_decay=0.0, decay_samples=None, out=None):
        """Mean loss per sample, and its gradient by error backpropagation.

        E = (1/N) Σ ½Σ(d − o)² + λ/(2M) Σ w² with the mse head; thresholds do not decay.

        Parameters
        ----------
        weights : (n_weights,) array
        X : (n_samples, n_inputs) array
        Y : (n_samples, n_targets) array
        head : object of :mod:`bpinvert.network.heads`, optional
            mse if not given.
        weight_decay : float
            λ.
        decay_samples : int, optional
            M: size of the whole sample set when X is a batch of it; the number of rows of X if not given.
        out : (n_weights,) array, optional
            Receives the gradient.

        Returns
        -------
        loss : float
        gradient : (n_weights,) array
        """
        head = head or MeanSquaredError()
        n_samples = len(X)
        matrices = self.matrices(weights)
        gradient = np.empty(self.n_weights, self.dtype) if out is None else out
        gradient.fill(0)
        total = 0.0
        for rows in self._blocks(n_samples):
            inputs = X[rows]
            values = self._forward(matrices, inputs)
            total += head.loss_and_gradient(values[-1], Y[rows], self._deltas[-1][: len(inputs)])
            self._backward(matrices, inputs, values, self._part_matrices)
            np.add(gradient, self._part, out=gradient)
        np.multiply(gradient, 1 / n_samples, out=gradient)
        decay = weight_decay / (decay_samples or n_samples)
        if decay:
            for matrix, slope in zip(matrices, self.matrices(gradient), strict=True):
                slope[1:] += self.dtype.type(decay) * matrix[1:]
        return total / n_samples + self._decay_loss(matrices, decay), gradient

    def residuals_and_jacobian(self, weights, X, Y):
        """Residuals o − d and their derivatives by the weights, as Gauss–Newton-type trainers need them.

        Parameters
        ----------
        weights : (n_weights,) array
        X : (n_samples, n_inputs) array
        Y : (n_samples, n_outputs) array

        Returns
        -------
        residuals : (n_samples, n_outputs) array
        jacobian : (n_samples, n_outputs, n_weights) array
            Memory grows with all three: call it on blocks of samples.
        """
        n_samples, n_outputs = len(X), self.sizes[-1]
        matrices = self.matrices(weights)
        residuals = np.empty((n_samples, n_outputs), self.dtype)
        jacobian = np.empty((n_samples, n_outputs, self.n_weights), self.dtype)
        for rows in self._blocks(n_samples):
            inputs = X[rows]
            values = self._forward(matrices, inputs)
            slopes = [
                activation.slope(value, np.empty_like(value))
                for activation, value in zip(self.activations, values, strict=True)
            ]
            residuals[rows] = values[-1] - Y[rows]
            # delta[n, k, j] = d(output k of sample n) / d(net input j of the layer)
            delta = slopes[-1][:, :, None] * np.eye(n_outputs, dtype=self.dtype)
            for layer in reversed(range(len(matrices))):
                below = inputs if layer == 0 else values[layer - 1]
                shape = (len(inputs), n_outputs, *self.shapes[layer])
                block = np.empty(shape, self.dtype)
                block[:, :, 0] = -delta
                np.multiply(below[:, None, :, None], delta[:, :, None, :], out=block[:, :, 1:])
                jacobian[rows, :, self._slices[layer]] = block.reshape(len(inputs), n_outputs, -1)
                if layer:
                    delta = (delta @ matrices[layer][1:].T) * slopes[layer - 1][:, None, :]
        return residuals, jacobian

    def _blocks(self, n_samples):
        for start in range(0, n_samples, self.block):
            yield slice(start, min(start + self.block, n_samples))

    def _forward(self, matrices, inputs):
        """Values of all layers for one block, in scratch memory: the next call overwrites them."""
        values = [scratch[: len(inputs)] for scratch in self._values]
        below = inputs
        for matrix, activation, value in zip(matrices, self.activations, values, strict=True):
            np.matmul(below, matrix[1:], out=value)
            np.subtract(value, matrix[0], out=value)
            activation.apply(value)
            below = value
        return values

    def _backward(self, matrices, inputs, values, gradient):
        """From dE/do in the last of `_deltas` to dE/d(weights) of one block, written to `gradient`."""
        n = len(inputs)
        for layer in reversed(range(len(matrices))):
            delta = self._deltas[layer][:n]
            if layer < len(matrices) - 1:
                np.matmul(self._deltas[layer + 1][:n], matrices[layer + 1][1:].T, out=delta)
            self.activations[layer].times_slope(delta, values[layer], self._slopes[layer][:n])
            below = inputs if layer == 0 else values[layer - 1]
            np.matmul(below.T, delta, out=gradient[layer][1:])
            np.matmul(self._minus_one[:n], delta, out=gradient[layer][0])

    @staticmethod
    def _decay_loss(matrices, decay):
        if not decay:
            return 0.0
        return 0.5 * decay * sum(float(np.vdot(matrix[1:], matrix[1:])) for matrix in matrices)
