"""The contract that every head keeps."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from bpinvert.network.strategies import Strategy


class Head(Strategy, ABC):
    """What the outputs of a network mean: a loss, its gradient and a predictive distribution.

    A head holds settings only; the outputs carry everything that is learnt.

    Attributes
    ----------
    name : str
        The word that selects it.
    residual : bool
        True where the loss is ½ Σ (o − d)², so that trainers may work on residuals.
    """

    kind = "head"
    residual = False

    @abstractmethod
    def n_outputs(self, n_targets: int) -> int:
        """Output neurons needed for that many targets."""

    @abstractmethod
    def losses(self, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """The loss of each sample, an analytic function of the outputs: complex outputs give complex losses.

        Parameters
        ----------
        outputs : (n_samples, n_outputs) array
        targets : (n_samples, n_targets) array

        Returns
        -------
        (n_samples,) array
        """

    @abstractmethod
    def loss_and_gradient(self, outputs, targets, gradient, weight=None) -> float:
        """The loss summed over the samples, in double precision, and its derivatives.

        Parameters
        ----------
        outputs : (n_samples, n_outputs) array, float32 or float64
        targets : (n_samples, n_targets) array
        gradient : (n_samples, n_outputs) array
            Receives d loss / d outputs; it may share memory with `outputs`.
        weight : (n_samples,) array, optional
            Factor on the loss of each sample.
        """

    @abstractmethod
    def mean(self, outputs: np.ndarray) -> np.ndarray:
        """Expected targets, (n_samples, n_targets); may share memory with `outputs`."""

    @abstractmethod
    def draw(self, outputs: np.ndarray, n_draws: int, rng: np.random.Generator) -> np.ndarray:
        """Targets drawn from the predictive distribution, (n_draws, n_samples, n_targets) in float64.

        Memory grows with draws and samples, a few times that of the result: call it on blocks of samples.
        """

    def log_density(self, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Logarithm of the predictive density (or probability) of the targets, (n_samples,)."""
        return -self.losses(outputs, targets)


def weighted_sum(losses: np.ndarray, weight: np.ndarray | None) -> float:
    """Σ weight · loss in double precision."""
    losses = losses.astype(float, copy=False)
    return float(losses.sum() if weight is None else losses @ weight)
