"""What the training loop needs of a trainer."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from bpinvert.network.strategies import Strategy


class Trainer(Strategy, ABC):
    """A strategy that moves the weights: settings of its own and no state.

    The loop in :mod:`bpinvert.network.fitting` calls ``start`` once and ``epoch`` for each set of samples. What a
    trainer must remember lives in the dict that ``start`` returns and ``epoch`` updates, so that a checkpoint can
    store it.

    Attributes
    ----------
    name : str
        By which it is chosen.
    whitens : bool
        Whether it works in decorrelated inputs unless told otherwise; textbook trainers do not.
    dtype : {"float64", "float32"}
        Of the arithmetic unless told otherwise.
    residual : bool
        Whether it needs a head whose loss is a sum of squares.
    keeps_last : bool
        Whether, without validation samples, the last weights are the best and not those of the smallest loss.
    validation_fraction : float
        Share of the samples that is held out unless told otherwise.
    most_weights : int or None
        Size of networks beyond which it needs too much memory.
    """

    kind = "trainer"
    whitens = False
    dtype = "float64"
    residual = False
    keeps_last = False
    validation_fraction = 0.1
    most_weights = None

    def start(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """The trainer's memory before the first epoch: arrays by name."""
        return {}

    def weight_decay(self, state) -> float | None:
        """λ, where the trainer finds its own; None for that of the settings."""
        return None

    @abstractmethod
    def epoch(self, objective, weights, state, samples, rng, budget) -> tuple[float, bool]:
        """Improve `weights` in place on one set of samples.

        Parameters
        ----------
        objective : Objective
            ``objective.on(samples)`` has ``loss``, ``loss_and_gradient`` and ``normal_equations`` of the weights.
        weights : (n_weights,) array, changed in place
        state : dict of arrays, changed in place
        samples : Samples
        rng : numpy.random.Generator
            Seeded for this epoch.
        budget : Budget
            ``share(done)`` is the share of the whole training that is spent when `done` (0 to 1) of this epoch is;
            ``out_of_time()`` says whether to stop.

        Returns
        -------
        loss : float
            Mean over the epoch.
        converged : bool
            True where these samples have no more to teach.
        """
