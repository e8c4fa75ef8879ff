"""What the network's outputs mean: the loss, its gradient and the answer, side by side.

A head is a small object with

- ``name``: the word that selects it;
- ``n_outputs(n_targets)``: how many output neurons it needs for that many targets;
- ``loss_and_gradient(outputs, targets, gradient)``: the loss *summed* over the block of samples, with its
  derivative
  by the outputs written to `gradient` (n_samples, n_outputs);
- ``mean(outputs)``: the answer, (n_samples, n_targets);
- ``residual``: True where the loss is ½Σ(output − target)², so that trainers may work on residuals.

Heads with a distribution add ``draw`` and ``log_density`` beside these.
"""

from __future__ import annotations

import numpy as np


class MeanSquaredError:
    """Squared error ½Σ(o − d)² of the outputs o against the desired d: the network answers with the mean."""

    name = "mse"
    residual = True

    def n_outputs(self, n_targets: int) -> int:
        """One output neuron per target."""
        return n_targets

    def loss_and_gradient(self, outputs: np.ndarray, targets: np.ndarray, gradient: np.ndarray) -> float:
        """½Σ(o − d)² over all samples and outputs; `gradient` receives o − d.

        Parameters
        ----------
        outputs, targets, gradient : (n_samples, n_outputs) arrays
            `gradient` is written to; it may share memory with `outputs`.
        """
        np.subtract(outputs, targets, out=gradient)
        return 0.5 * float(np.vdot(gradient, gradient))

    def mean(self, outputs: np.ndarray) -> np.ndarray:
        """The outputs themselves, (n_samples, n_targets)."""
        return outputs


HEADS = {head.name: head for head in (MeanSquaredError,)}
