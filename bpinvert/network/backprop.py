"""The three-layer BP network: forward pass, error backpropagation and Jacobian on one flat weight vector."""

from __future__ import annotations

import itertools

import numpy as np

from bpinvert.network.activations import HIDDEN_ACTIVATIONS, OUTPUT_ACTIVATIONS
from bpinvert.network.heads import MeanSquaredError
from bpinvert.network.initial import INITIAL


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
        Factor on the net input of hidden neurons and of sigmoid outputs.
    dtype : {"float32", "float64", "complex128"}
        Of the arithmetic (complex for derivatives by the complex step). Losses are accumulated in double precision
        from block to block.
    block : int, optional
        Samples that are worked on at a time, 512 if not given.

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
        block=None,
    ):
        self.block = block or Network.block
        self.settings = {"activation": activation, "output": output, "steepness": steepness}
        self.sizes = (int(n_inputs), *(int(n) for n in hidden), int(n_outputs))
        self.dtype = np.dtype(dtype)
        self.activations = [HIDDEN_ACTIVATIONS[activation](steepness) for _ in hidden]
        self.activations.append(OUTPUT_ACTIVATIONS[output](steepness))
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

    def copy(self, dtype=None, block=None) -> Network:
        """The same network with scratch memory of its own, for another thread, precision or size of blocks."""
        sizes = self.sizes[0], self.sizes[1:-1], self.sizes[-1]
        return Network(*sizes, **self.settings, dtype=dtype or self.dtype, block=block or self.block)

    def steepen(self, factor: float) -> None:
        """Set the steepness of all neurons to `factor` times that of the settings."""
        for activation in self.activations:
            activation.steepness = factor * self.settings["steepness"]

    def matrices(self, weights: np.ndarray) -> list[np.ndarray]:
        """Views of a flat vector as the weight matrices, V first and W last."""
        return [weights[part].reshape(shape) for part, shape in zip(self._slices, self.shapes, strict=True)]

    def initial_weights(self, rng: np.random.Generator, how="xavier", X=None) -> np.ndarray:
        """Weights to begin a training with.

        Parameters
        ----------
        rng : numpy.random.Generator
        how : {"xavier", "uniform", "nguyen_widrow"}
            See :mod:`bpinvert.network.initial`.
        X : (n_samples, n_inputs) array, optional
            Inputs, whose range Nguyen–Widrow spreads the neurons over.

        Returns
        -------
        (n_weights,) array in the network's dtype
        """
        return INITIAL[how](self, rng, X).astype(self.dtype)

    def forward(self, weights: np.ndarray, X: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Outputs o.

        Parameters
        ----------
        weights : (n_weights,) array
        X : (n_samples, n_inputs) array, in the network's dtype
        out : (n_samples, n_outputs) array, optional
            Receives the outputs, in its own dtype.

        Returns
        -------
        (n_samples, n_outputs) array
        """
        matrices = self.matrices(weights)
        outputs = np.empty((len(X), self.sizes[-1]), self.dtype) if out is None else out
        thresholds = [matrix[0] for matrix in matrices]
        if len(X) > 4 * self.block:
            # Subtracting a whole block takes half as long as subtracting one row from every row of it.
            thresholds = [np.tile(row, (self.block, 1)) for row in thresholds]
        for rows in self.blocks(len(X)):
            outputs[rows] = self._forward(matrices, X[rows], thresholds)[-1]
        return outputs

    def loss(self, weights, X, Y, head=None, weight=None) -> float:
        """The loss of :meth:`loss_and_gradient` alone, from a forward pass."""
        head = head or MeanSquaredError()
        matrices = self.matrices(weights)
        total = 0.0
        for rows in self.blocks(len(X)):
            losses = head.losses(self._forward(matrices, X[rows])[-1], Y[rows])
            total += float(losses.sum(dtype=float) if weight is None else losses @ weight[rows])
        return total / (len(X) if weight is None else float(weight.sum(dtype=float)))

    def loss_and_gradient(self, weights, X, Y, head=None, weight=None, out=None):
        """Mean loss per sample, and its gradient by error backpropagation.

        E = (1/N) Σ ½Σ(d − o)² with the mse head.

        Parameters
        ----------
        weights : (n_weights,) array
        X : (n_samples, n_inputs) array
        Y : (n_samples, n_targets) array
        head : object of :mod:`bpinvert.network.heads`, optional
            mse if not given.
        weight : (n_samples,) array, optional
            How often each sample counts; N is their sum.
        out : (n_weights,) array, optional
            Receives the gradient.

        Returns
        -------
        loss : float
        gradient : (n_weights,) array
        """
        head = head or MeanSquaredError()
        matrices = self.matrices(weights)
        gradient = np.empty(self.n_weights, self.dtype) if out is None else out
        total = 0.0
        for rows in self.blocks(len(X)):
            inputs = X[rows]
            values = self._forward(matrices, inputs)
            counts = None if weight is None else weight[rows]
            total += head.loss_and_gradient(values[-1], Y[rows], self._deltas[-1][: len(inputs)], counts)
            self._backward(matrices, inputs, values, self._part_matrices)
            if rows.start:
                np.add(gradient, self._part, out=gradient)
            else:
                np.copyto(gradient, self._part)
        n_samples = len(X) if weight is None else float(weight.sum(dtype=float))
        np.multiply(gradient, 1 / n_samples, out=gradient)
        return total / n_samples, gradient

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
        for rows in self.blocks(n_samples):
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

    def hidden_values(self, weights, X):
        """Values of the last hidden layer, (n_samples, n_hidden)."""
        matrices = self.matrices(weights)
        hidden = np.empty((len(X), self.sizes[-2]), self.dtype)
        for rows in self.blocks(len(X)):
            hidden[rows] = self._forward(matrices[:-1], X[rows])[-1]
        return hidden

    def values_and_slopes(self, weights, inputs):
        """Hidden values, outputs, and the slopes of both, of at most one block; for one hidden layer."""
        values = [value.copy() for value in self._forward(self.matrices(weights), inputs)]
        slopes = [
            activation.slope(value, np.empty_like(value))
            for activation, value in zip(self.activations, values, strict=True)
        ]
        return *values, *slopes

    def blocks(self, n_samples):
        """Slices of at most :attr:`block` samples."""
        for start in range(0, n_samples, self.block):
            yield slice(start, min(start + self.block, n_samples))

    def _forward(self, matrices, inputs, thresholds=None):
        """Values of all layers for one block, in scratch memory: the next call overwrites them."""
        values = [scratch[: len(inputs)] for scratch in self._values[: len(matrices)]]
        below = inputs
        for k, (matrix, value) in enumerate(zip(matrices, values, strict=True)):
            threshold = matrix[0] if thresholds is None else thresholds[k]
            np.matmul(below, matrix[1:], out=value)
            np.subtract(value, threshold if threshold.ndim == 1 else threshold[: len(value)], out=value)
            self.activations[k].apply(value)
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
