"""Full-batch steps that find their own length: an adaptive rate, and resilient backpropagation."""

from __future__ import annotations

import numpy as np

from bpinvert.network.strategies import is_number, require
from bpinvert.network.trainers.base import Trainer


class Adaptive(Trainer):
    """Gradient descent with momentum whose rate grows with success and shrinks with failure.

    A step after which the loss has grown by more than the share `worst` − 1 of its size is void: the weights stay, the
    rate is multiplied by `decrease`, and the next step has no momentum. A step that lowers the loss raises the rate.

    Parameters
    ----------
    learning_rate : float
        To begin with.
    momentum : float
    increase, decrease : float
        Factors on the rate.
    worst : float
        Largest allowed ratio of the loss after a step to that before, where losses are positive.

    References
    ----------
    Vogl, Mangis, Rigler, Zink & Alkon (1988), doi:10.1007/BF00332914. Names in MATLAB's traingdx: lr, mc, lr_inc,
    lr_dec, max_perf_inc.
    """

    name = "adaptive"

    def __init__(self, learning_rate=0.01, momentum=0.9, increase=1.05, decrease=0.7, worst=1.04):
        require("Adaptive", "learning_rate", learning_rate, is_number(learning_rate) and learning_rate > 0, "positive")
        require("Adaptive", "momentum", momentum, is_number(momentum) and 0 <= momentum < 1, "in [0, 1)")
        require("Adaptive", "increase", increase, is_number(increase) and increase >= 1, "a number from 1")
        require("Adaptive", "decrease", decrease, is_number(decrease) and 0 < decrease < 1, "between 0 and 1")
        require("Adaptive", "worst", worst, is_number(worst) and worst >= 1, "a number from 1")
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.increase = increase
        self.decrease = decrease
        self.worst = worst

    def start(self, weights):
        return {"step": np.zeros_like(weights), "rate": np.array(float(self.learning_rate))}

    def epoch(self, objective, weights, state, samples, rng, budget):
        loss = objective.on(samples)
        before, gradient = loss.loss_and_gradient(weights)
        step = self.momentum * state["step"] - float(state["rate"]) * gradient
        step = step.astype(weights.dtype)
        after = loss.loss(weights + step)
        # A log-density head's loss may be negative.
        if np.isfinite(before) and not after <= before + (self.worst - 1) * abs(before):
            state["rate"] *= self.decrease
            state["step"][...] = 0
            return before, False
        weights += step
        state["step"][...] = step
        if after < before:
            state["rate"] *= self.increase
        return after, False


class Rprop(Trainer):
    """Resilient backpropagation: only the sign of each slope counts, each weight has a step length of its own.

    Where a slope changes sign the minimum was overstepped: the length is multiplied by `decrease` and this weight rests
    for one epoch; where it does not, by `increase` (iRprop−, without going back).

    Parameters
    ----------
    initial_step, largest_step, smallest_step : float
    increase, decrease : float

    References
    ----------
    Riedmiller & Braun (1993), doi:10.1109/ICNN.1993.298623. Igel & Hüsken (2000), Improving the Rprop learning
    algorithm. Names in MATLAB's trainrp: delta0, deltamax, delt_inc, delt_dec.
    """

    name = "rprop"

    def __init__(self, initial_step=0.07, increase=1.2, decrease=0.5, largest_step=50.0, smallest_step=1e-9):
        require("Rprop", "initial_step", initial_step, is_number(initial_step) and initial_step > 0, "positive")
        require("Rprop", "increase", increase, is_number(increase) and increase >= 1, "a number from 1")
        require("Rprop", "decrease", decrease, is_number(decrease) and 0 < decrease < 1, "between 0 and 1")
        valid = is_number(largest_step) and largest_step >= initial_step
        require("Rprop", "largest_step", largest_step, valid, "a number from initial_step")
        valid = is_number(smallest_step) and 0 < smallest_step <= initial_step
        require("Rprop", "smallest_step", smallest_step, valid, "positive and at most initial_step")
        self.initial_step = initial_step
        self.increase = increase
        self.decrease = decrease
        self.largest_step = largest_step
        self.smallest_step = smallest_step

    def start(self, weights):
        return {"step": np.full_like(weights, self.initial_step), "slope": np.zeros_like(weights)}

    def epoch(self, objective, weights, state, samples, rng, budget):
        objective = objective.on(samples)
        loss, gradient = objective.loss_and_gradient(weights)
        if not np.isfinite(loss):
            return loss, False
        agreement = np.sign(gradient) * np.sign(state["slope"])
        factor = np.where(agreement > 0, self.increase, np.where(agreement < 0, self.decrease, 1.0))
        step = np.clip(state["step"] * factor, self.smallest_step, self.largest_step)
        slope = np.where(agreement < 0, 0.0, gradient)
        weights -= (np.sign(slope) * step).astype(weights.dtype)
        state["step"][...] = step
        state["slope"][...] = slope
        # Signs tell nothing of the loss: it may have grown, and the loop keeps the weights of the smallest.
        return objective.loss(weights), not gradient.any()
