"""Strategies that move the weights: small objects with settings of their own and no state.

The loop in :mod:`bpinvert.network.fitting` calls ``start`` once and ``epoch`` for each set of samples. What a
trainer must remember lives in the dict that ``start`` returns and ``epoch`` updates, so that a checkpoint can
store it.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod

import numpy as np
from scipy.optimize import minimize


class Trainer(ABC):
    """What the training loop needs of a trainer."""

    name: str

    @abstractmethod
    def start(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """The trainer's memory before the first epoch: arrays by name."""

    @abstractmethod
    def epoch(self, objective, weights, state, X, Y, rng, budget) -> tuple[float, bool]:
        """Improve `weights` in place on one set of samples.

        Parameters
        ----------
        objective : callable
            ``objective(weights, X, Y, n_samples, out)`` gives the mean loss and the gradient; `n_samples` is
            the size of the whole set of which X is a batch.
        weights : (n_weights,) array, changed in place
        state : dict of arrays, changed in place
        X : (n_samples, n_inputs) array
        Y : (n_samples, n_targets) array
        rng : numpy.random.Generator
            Seeded for this epoch.
        budget : object with ``share(done)`` and ``out_of_time()``
            The share of the whole training that is spent when `done` (0 to 1) of this epoch is, and whether
            to stop.

        Returns
        -------
        loss : float
            Mean over the epoch.
        converged : bool
            True where these samples have no more to teach.
        """

    def to_dict(self) -> dict:
        """JSON-able settings; :func:`trainer_from_dict` rebuilds the trainer."""
        names = [name for name in inspect.signature(type(self).__init__).parameters if name != "self"]
        return {"trainer": self.name, **{name: plain(getattr(self, name)) for name in names}}

    def __eq__(self, other):
        return type(self) is type(other) and self.to_dict() == other.to_dict()

    def __hash__(self):
        return hash(tuple(self.to_dict().items()))

    def __repr__(self):
        settings = self.to_dict()
        settings.pop("trainer")
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in settings.items())})"


class Adam(Trainer):
    """Mini-batch gradient descent with the step of each weight scaled by its own running moments.

    Parameters
    ----------
    learning_rate : float
        At the start of the schedule.
    batch_size : int or None
        Samples per update. None takes a hundredth of the samples, at least 32 and at most 512.
    schedule : {"cosine", "constant"}
        "cosine" lowers the rate to zero over the budget, whichever of epochs and time ends first. With a time
        limit it depends on the clock; with epochs only, the same seed gives the same weights.
    beta1, beta2 : float
        Memory of the first and second moment.
    epsilon : float
        Added to the root of the second moment.

    References
    ----------
    Kingma & Ba (2015), Adam: a method for stochastic optimization, arXiv:1412.6980.
    Loshchilov & Hutter (2017), SGDR: stochastic gradient descent with warm restarts, arXiv:1608.03983.
    """

    name = "adam"

    def __init__(self, learning_rate=0.02, batch_size=None, schedule="cosine", beta1=0.9, beta2=0.999, epsilon=1e-8):
        _require(learning_rate > 0, "Adam", "learning_rate", learning_rate, "a positive number")
        _require(
            batch_size is None or _is_count(batch_size),
            "Adam",
            "batch_size",
            batch_size,
            "a whole number from 1",
        )
        _require(schedule in ("cosine", "constant"), "Adam", "schedule", schedule, "'cosine' or 'constant'")
        _require(0 <= beta1 < 1, "Adam", "beta1", beta1, "in [0, 1)")
        _require(0 <= beta2 < 1, "Adam", "beta2", beta2, "in [0, 1)")
        _require(epsilon > 0, "Adam", "epsilon", epsilon, "a positive number")
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.schedule = schedule
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon

    def start(self, weights):
        return {
            "moment1": np.zeros_like(weights),
            "moment2": np.zeros_like(weights),
            "n_updates": np.zeros((), np.int64),
        }

    def epoch(self, objective, weights, state, X, Y, rng, budget):
        n_samples = len(X)
        size = min(self.batch_size or min(max(n_samples // 100, 32), 512), n_samples)
        order = rng.permutation(n_samples)
        inputs, targets = np.empty((size, X.shape[1]), X.dtype), np.empty((size, Y.shape[1]), Y.dtype)
        gradient, scratch = np.empty_like(weights), np.empty_like(weights)
        total, seen = 0.0, 0
        for start in range(0, n_samples, size):
            batch = order[start : start + size]
            n = len(batch)
            np.take(X, batch, axis=0, out=inputs[:n], mode="clip")
            np.take(Y, batch, axis=0, out=targets[:n], mode="clip")
            loss, _ = objective(weights, inputs[:n], targets[:n], n_samples, gradient)
            total += loss * n
            seen += n
            if not np.isfinite(loss) or budget.out_of_time():
                break
            self._update(weights, gradient, state, self._rate(budget.share(start / n_samples)), scratch)
        return total / seen, False

    def _rate(self, share):
        if self.schedule == "constant":
            return self.learning_rate
        return self.learning_rate * 0.5 * (1 + np.cos(np.pi * share)).item()

    def _update(self, weights, gradient, state, rate, scratch):
        """One step against `gradient`, which is overwritten."""
        moment1, moment2 = state["moment1"], state["moment2"]
        state["n_updates"] += 1
        n = int(state["n_updates"])
        np.multiply(moment1, self.beta1, out=moment1)
        np.multiply(gradient, 1 - self.beta1, out=scratch)
        np.add(moment1, scratch, out=moment1)
        np.multiply(gradient, gradient, out=gradient)
        np.multiply(gradient, 1 - self.beta2, out=gradient)
        np.multiply(moment2, self.beta2, out=moment2)
        np.add(moment2, gradient, out=moment2)
        unbias2 = (1 - self.beta2**n) ** 0.5
        np.sqrt(moment2, out=scratch)
        np.add(scratch, self.epsilon * unbias2, out=scratch)
        np.divide(moment1, scratch, out=scratch)
        np.multiply(scratch, rate * unbias2 / (1 - self.beta1**n), out=scratch)
        np.subtract(weights, scratch, out=weights)


class LBFGS(Trainer):
    """Full-batch quasi-Newton steps by SciPy's L-BFGS-B, in float64 around a gradient in the network's dtype.

    Parameters
    ----------
    iterations : int
        Per epoch. The sample set (a fresh one in a stream) and the memory are renewed at every epoch.
    memory : int
        Pairs of steps and gradient changes kept.
    tolerance : float
        Largest component of the gradient at which the samples count as learnt.

    References
    ----------
    Byrd, Lu, Nocedal & Zhu (1995), doi:10.1137/0916069.
    """

    name = "lbfgs"

    def __init__(self, iterations=50, memory=20, tolerance=1e-7):
        _require(_is_count(iterations), "LBFGS", "iterations", iterations, "a whole number from 1")
        _require(_is_count(memory), "LBFGS", "memory", memory, "a whole number from 1")
        _require(tolerance >= 0, "LBFGS", "tolerance", tolerance, "zero or a positive number")
        self.iterations = iterations
        self.memory = memory
        self.tolerance = tolerance

    def start(self, weights):
        return {}

    def epoch(self, objective, weights, state, X, Y, rng, budget):
        gradient = np.empty_like(weights)

        def loss_and_gradient(vector):
            loss, _ = objective(vector.astype(weights.dtype), X, Y, len(X), gradient)
            return loss, gradient.astype(float)

        def stop_in_time(intermediate_result):
            if budget.out_of_time():
                raise StopIteration

        options = {"maxiter": self.iterations, "maxcor": self.memory, "gtol": self.tolerance, "ftol": 0.0}
        found = minimize(
            loss_and_gradient,
            weights.astype(float),
            jac=True,
            method="L-BFGS-B",
            callback=stop_in_time,
            options=options,
        )
        weights[...] = found.x
        return float(found.fun), bool(found.success or found.nit == 0)


TRAINERS = {trainer.name: trainer for trainer in (Adam, LBFGS)}


def trainer_from_dict(settings: dict) -> Trainer:
    """Rebuild a trainer from :meth:`Trainer.to_dict`."""
    settings = dict(settings)
    return TRAINERS[settings.pop("trainer")](**settings)


def plain(value):
    """A NumPy scalar as Python's own number, anything else as it is: what JSON can hold."""
    return value.item() if isinstance(value, np.generic) else value


def _is_count(value):
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= 1


def _require(holds, owner, name, value, allowed):
    if not holds:
        raise ValueError(f"{owner} got {name}={value!r}; it must be {allowed}. Choose such a value.")
