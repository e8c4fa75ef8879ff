"""What a neuron makes of its net input, and the slope that backpropagation needs."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np


class Activation(ABC):
    """An elementwise function whose slope is known from its own value, applied in place.

    Parameters
    ----------
    steepness : float
        Factor λ on the net input; larger is closer to a step.
    """

    slope_at_zero: float

    def __init__(self, steepness: float = 1.0):
        self.steepness = float(steepness)

    @abstractmethod
    def apply(self, net: np.ndarray) -> None:
        """Replace the net inputs by the neurons' outputs."""

    @abstractmethod
    def slope(self, value: np.ndarray, out: np.ndarray) -> np.ndarray:
        """d(output)/d(net input) where the output is `value`, written to `out`."""

    def times_slope(self, delta: np.ndarray, value: np.ndarray, scratch: np.ndarray) -> None:
        """Multiply `delta` by the slope, in place."""
        np.multiply(delta, self.slope(value, scratch), out=delta)


class Tanh(Activation):
    """f = tanh(λ net)."""

    slope_at_zero = 1.0

    def apply(self, net):
        if self.steepness != 1.0:
            np.multiply(net, self.steepness, out=net)
        np.tanh(net, out=net)

    def slope(self, value, out):
        np.multiply(value, value, out=out)
        np.subtract(1, out, out=out)
        if self.steepness != 1.0:
            np.multiply(out, self.steepness, out=out)
        return out


class Bipolar(Activation):
    """Bipolar sigmoid f = 2/(1 + e^(−λ net)) − 1 = tanh(λ net / 2)."""

    slope_at_zero = 0.5

    def apply(self, net):
        np.multiply(net, 0.5 * self.steepness, out=net)
        np.tanh(net, out=net)

    def slope(self, value, out):
        np.multiply(value, value, out=out)
        np.subtract(1, out, out=out)
        np.multiply(out, 0.5 * self.steepness, out=out)
        return out


class Unipolar(Activation):
    """Unipolar sigmoid f = 1/(1 + e^(−λ net)) = (1 + tanh(λ net / 2)) / 2: no overflow at any net input."""

    slope_at_zero = 0.25

    def apply(self, net):
        np.multiply(net, 0.5 * self.steepness, out=net)
        np.tanh(net, out=net)
        np.add(net, 1, out=net)
        np.multiply(net, 0.5, out=net)

    def slope(self, value, out):
        np.subtract(1, value, out=out)
        np.multiply(out, value, out=out)
        if self.steepness != 1.0:
            np.multiply(out, self.steepness, out=out)
        return out


class Linear(Activation):
    """f = net; the steepness has no effect."""

    slope_at_zero = 1.0

    def apply(self, net):
        pass

    def slope(self, value, out):
        out.fill(1)
        return out

    def times_slope(self, delta, value, scratch):
        pass


HIDDEN_ACTIVATIONS = {"unipolar": Unipolar, "bipolar": Bipolar, "tanh": Tanh}
OUTPUT_ACTIVATIONS = {"linear": Linear, "sigmoid": Unipolar}
