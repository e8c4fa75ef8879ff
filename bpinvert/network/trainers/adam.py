"""Adam: mini-batches, and a rate for every weight."""

from __future__ import annotations

import numpy as np

from bpinvert.network.strategies import is_count, is_number, require
from bpinvert.network.trainers.base import Trainer


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
    whitens = True
    dtype = "float32"

    def __init__(self, learning_rate=0.02, batch_size=None, schedule="cosine", beta1=0.9, beta2=0.999, epsilon=1e-8):
        owner = type(self).__name__
        require(owner, "learning_rate", learning_rate, is_number(learning_rate) and learning_rate > 0, "positive")
        require(owner, "batch_size", batch_size, batch_size is None or is_count(batch_size), "a whole number from 1")
        require(owner, "schedule", schedule, schedule in ("cosine", "constant"), "'cosine' or 'constant'")
        require(owner, "beta1", beta1, is_number(beta1) and 0 <= beta1 < 1, "in [0, 1)")
        require(owner, "beta2", beta2, is_number(beta2) and 0 <= beta2 < 1, "in [0, 1)")
        require(owner, "epsilon", epsilon, is_number(epsilon) and epsilon > 0, "a positive number")
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

    def epoch(self, objective, weights, state, samples, rng, budget):
        n_samples = len(samples)
        size = min(self.batch_size or min(max(n_samples // 100, 32), 512), n_samples)
        gradient, scratch = np.empty_like(weights), np.empty_like(weights)
        total, seen = 0.0, 0
        for done, batch in samples.batches(size, rng.permutation(n_samples)):
            loss, _ = objective.on(batch, samples).loss_and_gradient(weights, gradient)
            total += loss * len(batch)
            seen += len(batch)
            if not np.isfinite(loss) or budget.out_of_time():
                break
            self._update(objective.network, weights, gradient, state, self._rate(budget.share(done)), scratch)
        return total / seen, False

    def _rate(self, share):
        if self.schedule == "constant":
            return self.learning_rate
        return self.learning_rate * 0.5 * (1 + np.cos(np.pi * share)).item()

    def _update(self, network, weights, gradient, state, rate, scratch):
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
