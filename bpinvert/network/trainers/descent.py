"""Gradient descent as the textbook has it: online, in batches or on all samples, with momentum, over plateaus."""

from __future__ import annotations

import numpy as np

from bpinvert.network.strategies import is_count, is_number, require
from bpinvert.network.trainers.base import Trainer


class GradientDescent(Trainer):
    """Steps ΔW = −η ∂E/∂W + α ΔW(before), the delta rule.

    E is the mean over the samples of a batch; the textbook's sum over P samples is the same with a rate P times as
    large. One sample per batch is online training, where both are the same.

    Parameters
    ----------
    learning_rate : float
        η.
    momentum : float
        α, the share of the step before that is added to each step.
    batch_size : int or None
        Samples per update: 1 is online, None all of them (cumulative error).
    shuffle : bool
        Whether every epoch presents the samples in another order.
    plateau : float or None
        Where the loss of an epoch changes by less than `flat` of itself and lies above the target, net inputs are
        divided by this number, above 1, in the next one: saturated neurons get back a slope. It returns to 1 when the
        loss moves again. The loss of such an epoch is stated for the network as it will be used.
    flat : float
        Relative change of the loss from one epoch to the next below which it counts as a plateau.

    References
    ----------
    Rumelhart, Hinton & Williams (1986), doi:10.1038/323533a0.
    """

    name = "gd"

    def __init__(self, learning_rate=0.01, momentum=0.0, batch_size=None, shuffle=True, plateau=None, flat=1e-4):
        owner = type(self).__name__
        require(owner, "learning_rate", learning_rate, is_number(learning_rate) and learning_rate > 0, "positive")
        require(owner, "momentum", momentum, is_number(momentum) and 0 <= momentum < 1, "in [0, 1)")
        require(owner, "batch_size", batch_size, batch_size is None or is_count(batch_size), "a whole number from 1")
        require(owner, "shuffle", shuffle, isinstance(shuffle, (bool, np.bool_)), "True or False")
        valid = plateau is None or (is_number(plateau) and plateau > 1)
        require(owner, "plateau", plateau, valid, "a number above 1, or None")
        require(owner, "flat", flat, is_number(flat) and flat > 0, "a positive number")
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.plateau = plateau
        self.flat = flat

    def start(self, weights):
        return {"step": np.zeros_like(weights), "on_plateau": np.zeros((), bool), "loss": np.full((), np.inf)}

    def epoch(self, objective, weights, state, samples, rng, budget):
        on_plateau = self.plateau is not None and bool(state["on_plateau"])
        objective.steepen(1 / self.plateau if on_plateau else 1.0)
        loss = self._updates(objective, weights, state["step"], samples, rng, budget)
        if on_plateau:
            objective.steepen(1.0)
            loss = objective.on(samples).loss(weights)
        if self.plateau is not None:
            flat = abs(loss - float(state["loss"])) < self.flat * abs(loss)
            state["on_plateau"][...] = flat and (budget.target_loss is None or loss > budget.target_loss)
            state["loss"][...] = loss
        return loss, False

    def _updates(self, objective, weights, step, samples, rng, budget):
        n_samples = len(samples)
        size = min(self.batch_size or n_samples, n_samples)
        order = rng.permutation(n_samples) if self.shuffle and size < n_samples else None
        gradient = np.empty_like(weights)
        total, seen = 0.0, 0
        for _, batch in samples.batches(size, order):
            loss, _ = objective.on(batch, samples).loss_and_gradient(weights, gradient)
            total += loss * len(batch)
            seen += len(batch)
            if not np.isfinite(loss) or (seen > size and budget.out_of_time()):
                break
            np.multiply(step, self.momentum, out=step)
            np.multiply(gradient, self.learning_rate, out=gradient)
            np.subtract(step, gradient, out=step)
            np.add(weights, step, out=weights)
        return total / seen


class Momentum(GradientDescent):
    """Gradient descent with a momentum of 0.9: :class:`GradientDescent` with other defaults."""

    name = "momentum"

    def __init__(self, learning_rate=0.01, momentum=0.9, batch_size=None, shuffle=True, plateau=None, flat=1e-4):
        super().__init__(learning_rate, momentum, batch_size, shuffle, plateau, flat)
