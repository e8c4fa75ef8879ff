"""How many hidden neurons: rules of thumb, then trial from low to high."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.base import clone

from bpinvert.network.strategies import is_count, is_number, require


def suggest_hidden(n_inputs: int, n_outputs: int, n_samples: int | None = None) -> dict[str, tuple[int, int]]:
    """Numbers of hidden neurons by the textbook's rules of thumb, each a (fewest, most) range.

    They disagree by design: begin with the smallest and try upward with :func:`try_hidden`.

    Parameters
    ----------
    n_inputs, n_outputs : int
        n and l.
    n_samples : int, optional
        Adds the number above which a network has more weights than targets to learn them from.

    Returns
    -------
    dict of (fewest, most) by rule
        "sqrt(n + l) + a" with a from 1 to 10; "log2(n)"; "sqrt(n * l)"; "2n + 1" (Kolmogorov, Hecht-Nielsen 1987);
        "(n + l) / 2"; "2n/3 + l"; and "weights = targets" where `n_samples` is given.

    Examples
    --------
    >>> suggest_hidden(20, 5)["sqrt(n + l) + a"]
    (6, 15)
    """
    for name, value in (("n_inputs", n_inputs), ("n_outputs", n_outputs)):
        require("suggest_hidden", name, value, is_count(value), "a whole number from 1")
    require("suggest_hidden", "n_samples", n_samples, n_samples is None or is_count(n_samples), "a whole number from 1")
    n, outputs = int(n_inputs), int(n_outputs)

    def at_least_one(value):
        return max(round(float(value)), 1)

    base = np.sqrt(n + outputs)
    rules = {
        "log2(n)": np.log2(n),
        "sqrt(n * l)": np.sqrt(n * outputs),
        "(n + l) / 2": (n + outputs) / 2,
        "2n/3 + l": 2 * n / 3 + outputs,
        "2n + 1": 2 * n + 1,
    }
    suggestions = {"sqrt(n + l) + a": (at_least_one(base + 1), at_least_one(base + 10))}
    suggestions |= {rule: (at_least_one(value), at_least_one(value)) for rule, value in rules.items()}
    if n_samples is not None:
        most = int((n_samples * outputs - outputs) / (n + 1 + outputs))
        suggestions["weights = targets"] = (max(most, 1), max(most, 1))
    return suggestions


@dataclass(frozen=True)
class HiddenTrial:
    """What :func:`try_hidden` found.

    Attributes
    ----------
    hidden : tuple of int
        Numbers tried, from low to high.
    loss : tuple of float
        Best validation loss of each, over the repeats.
    best : int
        The smallest number whose loss is within `tolerance` of the lowest.
    network : the fitted network of that number
    """

    hidden: tuple
    loss: tuple
    best: int
    network: object

    def __str__(self):
        lines = ["hidden  validation loss"]
        for hidden, loss in zip(self.hidden, self.loss, strict=True):
            lines.append(f"{hidden:6d}  {loss:.6g}{'  <- smallest that is good enough' if hidden == self.best else ''}")
        return "\n".join(lines)


def try_hidden(network, X, y, hidden=None, *, repeats=1, tolerance=0.02) -> HiddenTrial:
    """Train with more and more hidden neurons on the same samples; the smallest good number wins.

    Parameters
    ----------
    network : BPRegressor or BPClassifier
        Settings of the trial; it is not changed. Its `random_state` makes all trials hold out the same samples.
    X, y : arrays as for ``fit``
    hidden : sequence of int, optional
        Numbers to try; default: about six from the smallest to the largest of :func:`suggest_hidden`.
    repeats : int
        Trainings of each from different seeds, which also hold out other samples; the best counts.
    tolerance : float
        Share above the lowest validation loss that is good enough.

    Raises
    ------
    ValueError
        If the network holds out no validation samples.
    """
    require("try_hidden", "repeats", repeats, is_count(repeats), "a whole number from 1")
    require("try_hidden", "tolerance", tolerance, is_number(tolerance) and tolerance >= 0, "zero or a positive number")
    if hidden is None:
        n_outputs = network.targets_of(y).shape[1]
        ranges = suggest_hidden(np.shape(X)[1], n_outputs).values()
        low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
        hidden = np.unique(np.geomspace(max(low, 2), max(high, 3), 6).round().astype(int)).tolist()
    hidden = sorted(int(number) for number in hidden)
    seed = network.random_state if is_count(network.random_state, low=0) else 0
    found = []
    for number in hidden:
        fitted = [clone(network).set_params(hidden=number, random_state=seed + k).fit(X, y) for k in range(repeats)]
        if not fitted[0].validation_curve_:
            raise ValueError(
                "the network holds out no validation samples, so that sizes cannot be compared; "
                "set validation_fraction, e.g. to 0.1."
            )
        found.append(min(fitted, key=lambda model: min(model.validation_curve_)))
    losses = [min(model.validation_curve_) for model in found]
    # A log-density head's loss may be negative.
    enough = min(losses) + tolerance * abs(min(losses))
    good = next(k for k, loss in enumerate(losses) if loss <= enough)
    return HiddenTrial(tuple(hidden), tuple(losses), hidden[good], found[good])
