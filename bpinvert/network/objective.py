"""What a trainer minimises: the loss of a network on samples, with weight decay, on several cores."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_info

from bpinvert.network.gauss_newton import NormalEquations, normal_equations
from bpinvert.network.heads import MeanSquaredError
from bpinvert.network.samples import Samples

# Sums over many samples are made in so many parts, whatever the number of cores: the same seed gives the same weights.
_PARTS = 8
_FEWEST_IN_PART = 1024
# More numbers than this are not factorised but squared.
_MOST_FACTORISED = 4_000_000


class Objective:
    """Mean loss per sample + λ/(2N) Σ w² of a network; thresholds do not decay.

    Parameters
    ----------
    network : Network
    head : Head
    weight_decay : float
        λ.
    max_gradient_norm : float or None
        Longer gradients are shortened to this length, unless the caller wants them as they are.
    whitening : Whitening or None
        Where the network is trained in z = (x − m) T, weights decay as they are on x.
    n_jobs : int
        Threads for sums over many samples.
    """

    def __init__(self, network, head=None, weight_decay=0.0, *, max_gradient_norm=None, whitening=None, n_jobs=1):
        self.network = network
        self.head = head or MeanSquaredError()
        self.weight_decay = weight_decay
        self.max_gradient_norm = max_gradient_norm
        self.metric = None if whitening is None else whitening.metric()
        self._networks = [network, *(network.copy() for _ in range(n_jobs - 1))]
        self._free = list(self._networks)
        self._threads = ThreadPoolExecutor(n_jobs) if n_jobs > 1 else None

    def on(self, samples: Samples, whole: Samples | None = None, weight_decay: float | None = None) -> Loss:
        """The loss as a function of the weights.

        Parameters
        ----------
        samples : Samples
        whole : Samples, optional
            Where `samples` are a batch of these: N of the weight decay is theirs, and weights of samples count relative
            to their mean, so that a batch of heavy samples has a longer gradient.
        weight_decay : float, optional
            Instead of the objective's own.
        """
        decay = self.weight_decay if weight_decay is None else weight_decay
        whole = samples if whole is None else whole
        return Loss(self, samples, decay / whole.size, len(samples) * whole.size / len(whole))

    @property
    def linear(self) -> bool:
        """Whether the best output layer is a linear least-squares problem."""
        return self.head.residual and self.network.settings["output"] == "linear"

    def steepen(self, factor: float) -> None:
        """Multiply the steepness of all neurons, until the next call."""
        for network in self._networks:
            network.steepen(factor)

    def squared_weights(self, weights) -> float:
        """½Σw² without thresholds, of the weights on x."""
        return 0.5 * float(np.vdot(weights, self.penalty_gradient(weights)))

    def penalty_gradient(self, weights) -> np.ndarray:
        """The derivative of :meth:`squared_weights`."""
        gradient = np.array(weights, dtype=float)
        for layer, matrix in enumerate(self.network.matrices(gradient)):
            matrix[0] = 0
            if layer == 0 and self.metric is not None:
                matrix[1:] = self.metric @ matrix[1:]
        return gradient

    def penalty_matrix(self, weights) -> np.ndarray:
        """The second derivative of :meth:`squared_weights`."""
        diagonal = np.ones(len(weights))
        for matrix in self.network.matrices(diagonal):
            matrix[0] = 0
        result = np.diag(diagonal)
        if self.metric is not None:
            rows, columns = self.network.shapes[0]
            whole = np.zeros((rows, rows))
            whole[1:, 1:] = self.metric
            result[: rows * columns, : rows * columns] = np.kron(whole, np.eye(columns))
        return result

    def map(self, function, samples: Samples) -> Iterator:
        """``function(network, part)`` for each part of the samples, in order, each when it is asked for."""
        n = len(samples)
        n_parts = min(_PARTS, max(n // _FEWEST_IN_PART, 1))
        edges = np.linspace(0, n, n_parts + 1).astype(int)
        parts = [samples.take(slice(a, b)) for a, b in itertools.pairwise(edges)]
        if self._threads is None or n_parts == 1:
            return (function(self.network, part) for part in parts)

        def run(part):
            network = self._free.pop()
            try:
                return function(network, part)
            finally:
                self._free.append(network)

        return self._ahead(run, parts)

    def _ahead(self, run, parts):
        """Results in order, with no more of them under way or waiting than there are threads."""
        waiting = deque()
        for part in parts:
            waiting.append(self._threads.submit(run, part))
            if len(waiting) > len(self._networks):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def close(self) -> None:
        """End the threads."""
        if self._threads is not None:
            self._threads.shutdown()


class Loss:
    """The loss on one set of samples; made by :meth:`Objective.on`."""

    def __init__(self, objective, samples, decay, size):
        self.objective = objective
        self.samples = samples
        self.decay = decay
        self.size = size

    def loss(self, weights) -> float:
        """Mean loss with weight decay."""
        head = self.objective.head

        def part_loss(network, part):
            return part.size * network.loss(weights, part.X, part.Y, head, part.weight)

        total = sum(self.objective.map(part_loss, self.samples))
        return total / self.size + self._penalty(weights)

    def loss_and_gradient(self, weights, out=None, *, clip=True):
        """Mean loss with weight decay, and its gradient, in `out` if given; a long one is shortened with `clip`."""
        objective, samples = self.objective, self.samples
        if len(samples) < 2 * _FEWEST_IN_PART:
            loss, gradient = objective.network.loss_and_gradient(
                weights, samples.X, samples.Y, objective.head, samples.weight, out
            )
        else:
            loss, gradient = self._in_parts(weights, out)
        if samples.size != self.size:
            loss *= samples.size / self.size
            gradient *= samples.size / self.size
        if self.decay:
            loss += self._penalty(weights)
            gradient += (self.decay * objective.penalty_gradient(weights)).astype(gradient.dtype)
        return loss, self._clipped(gradient) if clip else gradient

    def normal_equations(self, weights) -> NormalEquations:
        """Mean loss, gradient and Gauss–Newton curvature, all with weight decay, in double precision."""
        objective = self.objective
        loss, gradient, curvature = 0.0, np.zeros(len(weights)), np.zeros((len(weights), len(weights)))
        # One part at a time: each has a matrix of its own.
        for part in objective.map(lambda network, part: normal_equations(network, weights, part), self.samples):
            loss += part.loss
            gradient += part.gradient
            curvature += part.curvature
        loss = loss / self.size + self._penalty(weights)
        gradient /= self.size
        curvature /= self.size
        if self.decay:
            gradient += self.decay * objective.penalty_gradient(weights)
            curvature += self.decay * objective.penalty_matrix(weights)
        return NormalEquations(loss, gradient, curvature)

    def with_best_output_layer(self, weights) -> np.ndarray:
        """The weights with W replaced by the least-squares solution for the hidden neurons as they are."""
        samples, network = self.samples, self.objective.network
        weights = weights.copy()
        W = network.matrices(weights)[-1]
        ridge = np.full(len(W), self.decay * samples.size)
        ridge[0] = 0
        # Of singular values: hidden neurons that differ by rounding alone are one.
        smallest = 50 * np.finfo(network.dtype).eps

        def hidden(network, part):
            values = network.hidden_values(weights, part.X).astype(float)
            values = np.hstack([np.full((len(values), 1), -1.0), values])
            targets = part.Y.astype(float)
            if part.weight is not None:
                values *= np.sqrt(part.weight)[:, None]
                targets *= np.sqrt(part.weight)[:, None]
            return values, targets

        if len(samples) * len(W) <= _MOST_FACTORISED:
            values, targets = (np.vstack(arrays) for arrays in zip(*self.objective.map(hidden, samples), strict=True))
            if self.decay:
                values = np.vstack([values, np.diag(np.sqrt(ridge))])
                targets = np.vstack([targets, np.zeros((len(W), targets.shape[1]))])
            W[...] = np.linalg.lstsq(values, targets, rcond=smallest)[0]
            return weights

        def squares(network, part):
            values, targets = hidden(network, part)
            return values.T @ values, values.T @ targets

        square, right = np.diag(ridge), 0.0
        for part in self.objective.map(squares, samples):
            square += part[0]
            right = right + part[1]
        W[...] = np.linalg.lstsq(square, right, rcond=max(smallest**2, 1e-13))[0]
        return weights

    def _in_parts(self, weights, out):
        head = self.objective.head

        def part_gradient(network, part):
            loss, gradient = network.loss_and_gradient(weights, part.X, part.Y, head, part.weight)
            return part.size, loss, gradient

        gradient = np.empty_like(weights) if out is None else out
        gradient.fill(0)
        total, size = 0.0, self.samples.size
        for part_size, loss, part in self.objective.map(part_gradient, self.samples):
            total += loss * part_size
            part *= part_size / size
            gradient += part
        return total / size, gradient

    def _penalty(self, weights):
        return self.decay * self.objective.squared_weights(weights) if self.decay else 0.0

    def _clipped(self, gradient):
        most = self.objective.max_gradient_norm
        if most is not None:
            norm = float(np.linalg.norm(gradient))
            if norm > most:
                gradient *= most / norm
        return gradient


def n_threads(n_jobs: int) -> int:
    """Threads for `n_jobs`: −1 is as many as BLAS may use, so that OMP_NUM_THREADS holds here too."""
    if n_jobs > 0:
        return n_jobs
    allowed = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return max(max(allowed, default=os.cpu_count() or 1) + 1 + n_jobs, 1)
