"""The contract that every head keeps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from bpinvert.network.heads import blocks
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

    def draw(
        self, outputs: np.ndarray, n_draws: int, rng: np.random.Generator, dtype="float64", n_jobs=1
    ) -> np.ndarray:
        """Independent targets drawn from the predictive distribution.

        Every block of soundings and draws has random numbers of its own, seeded by `rng`: the result does not depend on
        the number of threads.

        Parameters
        ----------
        outputs : (n_samples, n_outputs) array
        n_draws : int
        rng : numpy.random.Generator
        dtype : {"float64", "float32"}
            Of the result and of the random numbers.
        n_jobs : int
            Threads.

        Returns
        -------
        (n_draws, n_samples, n_targets) array
        """
        out = np.empty((n_draws, len(outputs), self.mean(outputs[:0]).shape[1]), dtype)
        tiles = blocks.tiles(n_draws, len(outputs))
        seeds = np.random.SeedSequence(rng.integers(2**32, size=4).tolist()).spawn(len(tiles))
        draw = self._drawer(outputs, out.dtype)

        def fill(tile, seed):
            part = out[tile]
            part[...] = draw(tile[1], len(part), np.random.default_rng(seed))

        blocks.run(fill, n_jobs, tiles, seeds)
        return out

    @abstractmethod
    def _drawer(self, outputs: np.ndarray, dtype: np.dtype) -> Callable:
        """``function(rows, n_draws, rng)`` giving (n_draws, n_rows, n_targets) draws for that slice of the samples."""

    def log_density(self, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Logarithm of the predictive density (or probability) of the targets, (n_samples,)."""
        return -self.losses(outputs, targets)


def weighted_sum(losses: np.ndarray, weight: np.ndarray | None) -> float:
    """Σ weight · loss in double precision."""
    losses = losses.astype(float, copy=False)
    return float(losses.sum() if weight is None else losses @ weight)
