"""Would more samples help? Curves of the loss, and what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from bpinvert.network import settings as door
from bpinvert.network.strategies import require

# A change of the loss that is worth the samples: as a share, and in nats where it is a log density.
WORTHWHILE, WORTHWHILE_NATS = 0.01, 0.05


@dataclass(frozen=True)
class LearningCurve:
    """Losses against the number of training samples.

    Attributes
    ----------
    n_samples : (n,) int array, from few to many
    training_loss, validation_loss : (n,) arrays
        Of the weights that were kept.
    gain : float
        By what share twice the largest number would lower the validation loss, as far as one can tell.
    """

    n_samples: np.ndarray
    training_loss: np.ndarray
    validation_loss: np.ndarray
    gain: float

    @property
    def verdict(self) -> str:
        """One sentence: "more samples would help ..." or "more samples would not help ..."."""
        return verdict(self.gain, int(self.n_samples[-1]))

    def __str__(self):
        lines = ["samples  training loss  validation loss"]
        for row in zip(self.n_samples, self.training_loss, self.validation_loss, strict=True):
            lines.append("{:7d}  {:13.6g}  {:15.6g}".format(*row))
        return "\n".join([*lines, self.verdict])


def verdict(gain: float, n_samples: int, nats: bool = False) -> str:
    """What a gain from doubling `n_samples` means, in one sentence; with `nats` it is a difference and no share."""
    if np.isnan(gain):
        return "whether more samples would help is not told by a loss that has weight decay in it"
    amount = f"{max(gain, 0.0):.2f} nats" if nats else f"{max(gain, 0.0):.1%}"
    if gain >= (WORTHWHILE_NATS if nats else WORTHWHILE):
        return (
            f"more samples would help: {2 * n_samples} instead of {n_samples} would lower the validation loss by about "
            f"{amount}"
        )
    return (
        f"more samples would not help: {2 * n_samples} instead of {n_samples} would lower the validation loss by "
        f"{amount}; what is left is noise, ambiguity, or the size and the training of the network"
    )


def gain_from_gap(training_loss: float, validation_loss: float) -> float:
    """By what share twice the samples would lower the validation loss, judged from one training.

    N samples that determine P weights lower the training loss and raise the validation loss by about the same amount,
    proportional to P/N (Akaike 1970, doi:10.1007/BF02506337): half of the gap between them would go with infinitely
    many samples, a quarter with twice as many.

    Examples
    --------
    >>> round(gain_from_gap(0.9, 1.1), 4)
    0.0455
    """
    return (validation_loss - training_loss) / 4 / validation_loss


def learning_curve(network, X, y, fractions=(0.125, 0.25, 0.5, 1.0)) -> LearningCurve:
    """Train on more and more of the samples, all validated on the same ones.

    Fewer samples get more epochs, so that all trainings take about as many updates. The gain from twice the samples is
    extrapolated from the last numbers: the loss above its limit falls as a power of the number of samples. It is at
    most half of the gap between training and validation loss, which is what infinitely many samples would close.

    Parameters
    ----------
    network : BPRegressor or BPClassifier
        Settings of all trainings; it is not changed.
    X, y : arrays as for ``fit``
    fractions : sequence of float
        Shares of the training samples, increasing to 1 at most; at least two.

    Raises
    ------
    ValueError
        If the fractions are not increasing within (0, 1], or the network holds out no validation samples.

    Examples
    --------
    >>> from bpinvert.network import BPRegressor
    >>> X = np.random.default_rng(0).normal(size=(400, 3))
    >>> y = np.sin(X[:, 0]) + 0.3 * np.random.default_rng(1).normal(size=400)
    >>> curve = learning_curve(BPRegressor(40, max_epochs=400, random_state=0), X, y)
    >>> curve.verdict.startswith("more samples would help")
    True
    """
    shares = np.asarray(fractions, dtype=float)
    valid = shares.ndim == 1 and len(shares) > 1 and (np.diff(shares) > 0).all() and 0 < shares[0] <= shares[-1] <= 1
    require("learning_curve", "fractions", fractions, valid, "two or more increasing numbers in (0, 1]")
    door.check_settings(network)
    if not _is_share(network):
        raise ValueError(
            f"head {door.head_name(network)!r} has losses below zero, of which no share can be told; a learning curve "
            "is drawn for 'mse' and 'cross_entropy'. Choose one of these."
        )
    n_held_out = int(door.validation_fraction_of(network) * len(X))
    if not n_held_out:
        raise ValueError(
            "the network holds out no validation samples, so that trainings cannot be compared; set "
            "validation_fraction, e.g. to 0.1."
        )
    X, y = np.asarray(X), np.asarray(y)
    order = np.random.default_rng([0, *b"learning curve"]).permutation(len(X))
    held_out, rest = order[:n_held_out], order[n_held_out:]
    numbers = np.maximum((shares * len(rest)).round().astype(int), 2)
    training, validation = [], []
    for number in numbers:
        rows = rest[:number]
        epochs = network.max_epochs and max(round(network.max_epochs * numbers[-1] / number), 1)
        model = clone(network).set_params(max_epochs=epochs, validation_fraction=0.0)
        model.fit(X[rows], y[rows])
        training.append(model.loss(X[rows], y[rows]))
        validation.append(model.loss(X[held_out], y[held_out]))
    gap = max(validation[-1] - training[-1], 0.0) / validation[-1]
    gain = min(_extrapolated(numbers, validation), gap / 2)
    return LearningCurve(numbers, np.array(training), np.array(validation), gain)


def _extrapolated(numbers, losses):
    """The gain from doubling once more, if each doubling gains as much less as the last ones did (at most half)."""
    doublings = np.diff(np.log2(numbers))
    drops = -np.diff(np.log(losses)) / doublings
    if len(drops) == 1 or drops[-2] <= 0:
        shrink = 0.5
    else:
        shrink = float(np.clip((drops[-1] / drops[-2]) ** (2 / (doublings[-1] + doublings[-2])), 0.25, 1.0))
    return float(1 - np.exp(-max(drops[-1], 0.0) * shrink))


def judge(model) -> float:
    """The gain from twice the samples that a fitted network's own curves tell of; 0 without validation samples.

    A share of the validation loss; where that is minus a log density, a quarter of the gap itself, in nats. NaN where
    weight decay is part of the losses.
    """
    check_is_fitted(model)
    if model.weight_decay:
        return np.nan
    if not model.validation_curve_ or not model.best_epoch_:
        return 0.0
    losses = (curve[model.best_epoch_ - 1] for curve in (model.loss_curve_, model.validation_curve_))
    training, validation = losses
    gain = gain_from_gap(training, validation) if _is_share(model) else (validation - training) / 4
    return max(gain, 0.0)


def in_nats(model) -> bool:
    """Whether `judge` tells a difference of log densities, not a share."""
    return not _is_share(model)


def _is_share(model):
    return door.head_name(model) in ("mse", "cross_entropy")
