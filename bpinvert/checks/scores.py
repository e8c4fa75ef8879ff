"""The range flags: is this sounding like those the network was trained on?

Each check gives a score (higher = stranger). Its p-value is conformal: the share of fresh, held-out simulations, sent
through the very same path, that score at least as high (Vovk et al. 2005, *Algorithmic Learning in a Random World*).
The joint test takes the smallest p-value over the checks and calibrates *that* on the same simulations, so the stated
false-alarm rate holds for all checks together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import erf, ndtri

NAMES = ("range", "mahalanobis", "neighbour", "residual", "misfit")
MEANINGS = {
    "range": "a datum outside the range of the training data",
    "mahalanobis": "a combination of data far from the training data",
    "neighbour": "no training sounding nearby",
    "residual": "single readings that no model of the prior fits",
    "misfit": "the best model of the prior does not fit",
}


@dataclass
class CheckInputs:
    """What a check may look at.

    Attributes
    ----------
    inputs : (n, n_inputs) array, standardised network inputs
    residuals : (n, n_readings) array, (observed - predicted)/σ of the answer; NaN where not used, inf where the model
        predicts nothing
    """

    inputs: np.ndarray
    residuals: np.ndarray


class Range:
    """How far the most extreme input lies outside the training range, in training standard deviations.

    Negative inside.
    """

    name = "range"

    def fit(self, inputs: np.ndarray) -> Range:
        self.low, self.high = inputs.min(axis=0), inputs.max(axis=0)
        return self

    def excess(self, inputs):
        """Per input: distance outside the training range, negative inside; (n, n_inputs)."""
        return np.maximum(self.low - inputs, inputs - self.high)

    def score(self, given: CheckInputs):
        return self.excess(given.inputs).max(axis=1)

    def get_state(self):
        return {"low": self.low, "high": self.high}


class Mahalanobis:
    """Mahalanobis distance of the inputs from the training mean, squared."""

    name = "mahalanobis"

    def fit(self, inputs: np.ndarray) -> Mahalanobis:
        self.centre = inputs.mean(axis=0)
        value, vector = np.linalg.eigh(np.cov(inputs, rowvar=False).reshape(inputs.shape[1], -1))
        self.whitening = vector / np.sqrt(np.maximum(value, 1e-10 * value[-1]))
        return self

    def score(self, given: CheckInputs):
        whitened = (given.inputs - self.centre) @ self.whitening
        return np.einsum("ij,ij->i", whitened, whitened)

    def get_state(self):
        return {"centre": self.centre, "whitening": self.whitening}


class Neighbour:
    """Mean distance to the nearest training soundings of a reference subset, in standardised inputs."""

    name = "neighbour"
    n_neighbours = 5

    def fit(self, inputs: np.ndarray, n_reference=2000) -> Neighbour:
        self.reference = np.asarray(inputs[:n_reference], dtype=np.float32)
        return self

    def score(self, given: CheckInputs):
        inputs = np.asarray(given.inputs, dtype=np.float32)
        half = 0.5 * np.einsum("ij,ij->i", self.reference, self.reference)
        score = np.empty(len(inputs))
        k = min(self.n_neighbours, len(self.reference))
        for start in range(0, len(inputs), 512):
            x = inputs[start : start + 512]
            closeness = x @ self.reference.T
            closeness -= half
            nearest = -np.partition(closeness, -k, axis=1)[:, -k:]
            squared = 2 * nearest + np.einsum("ij,ij->i", x, x)[:, None]
            score[start : start + 512] = np.sqrt(np.maximum(squared, 0)).mean(axis=1)
        return score

    def get_state(self):
        return {"reference": self.reference}


class Residual:
    """The largest single residual of the answer, as the normal score of its chance among that many readings."""

    name = "residual"

    def fit(self, inputs: np.ndarray) -> Residual:
        return self

    def score(self, given: CheckInputs):
        used = ~np.isnan(given.residuals)
        largest = np.abs(np.where(used, given.residuals, 0.0)).max(axis=1)
        inside = erf(largest / np.sqrt(2)) ** np.maximum(used.sum(axis=1), 1)
        # Beyond double precision of the chance the residual itself keeps the order.
        return np.where(inside < 1 - 1e-12, ndtri(np.clip(inside, 1e-300, 1 - 1e-12)), 7.0 + largest)

    def get_state(self):
        return {}


class Misfit:
    """chi²/N of the answer as a normal score (Wilson & Hilferty 1931), so that it depends little on N."""

    name = "misfit"

    def fit(self, inputs: np.ndarray) -> Misfit:
        return self

    def score(self, given: CheckInputs):
        used = ~np.isnan(given.residuals)
        n = np.maximum(used.sum(axis=1), 1)
        chi2 = np.square(np.where(used, given.residuals, 0.0)).sum(axis=1) / n
        spread = 2 / (9 * n)
        return (np.cbrt(chi2) - (1 - spread)) / np.sqrt(spread)

    def get_state(self):
        return {}


CHECKS = {check.name: check for check in (Range, Mahalanobis, Neighbour, Residual, Misfit)}


class Calibration:
    """Conformal p-values of all checks and of their joint test, from held-out simulations.

    Parameters
    ----------
    scores : (n, n_checks) array, scores of held-out simulations
    """

    # Quantiles kept: every rank of the top 2 %, then a coarse ladder. Between kept ranks a p-value is rounded up.
    _TAIL, _LADDER = 0.02, 1000

    def __init__(self, scores=None):
        if scores is None:
            return
        scores = np.asarray(scores, dtype=float)
        self.n = len(scores)
        self.ranks = self._kept_ranks(self.n)
        self.quantiles = -np.sort(-scores, axis=0)[self.ranks]
        smallest = self.p_values(scores, own=True).min(axis=1)
        self.smallest = np.sort(smallest)[self.ranks]

    def _kept_ranks(self, n):
        tail = np.arange(int(np.ceil(self._TAIL * n)))
        ladder = np.linspace(0, n - 1, self._LADDER).round().astype(int)
        return np.unique(np.concatenate([tail, ladder]))

    def p_values(self, scores, own=False):
        """(n, n_checks) p-values; `own` when the scores are the calibration's own and must not count themselves."""
        p = np.empty(np.shape(scores))
        for k, column in enumerate(np.asarray(scores, dtype=float).T):
            # Number of calibration scores at least as high, rounded up to the next kept rank.
            place = np.searchsorted(-self.quantiles[:, k], -column, side="right")
            count = np.append(self.ranks, self.n)[place]
            p[:, k] = (np.maximum(count, 1) if own else count + 1) / (self.n + 1)
            p[np.isnan(column), k] = np.nan
        return p

    def joint(self, p_values):
        """(n,) p-value of the smallest of the checks' p-values."""
        smallest = np.min(p_values, axis=1)
        place = np.searchsorted(self.smallest, smallest, side="right")
        joint = (np.append(self.ranks, self.n)[place] + 1) / (self.n + 1)
        return np.where(np.isnan(smallest), np.nan, joint)

    def threshold(self, rate):
        """The p-value below which a single check makes the joint test reject at `rate`."""
        rejecting = np.count_nonzero((self.ranks + 1) / (self.n + 1) <= rate)
        return float(self.smallest[rejecting - 1]) if rejecting else 0.0

    def get_state(self):
        return {"n": np.array([self.n]), "ranks": self.ranks, "quantiles": self.quantiles, "smallest": self.smallest}

    @classmethod
    def from_state(cls, state) -> Calibration:
        calibration = cls()
        calibration.n = int(state["n"][0])
        calibration.ranks = np.asarray(state["ranks"], dtype=int)
        calibration.quantiles = np.asarray(state["quantiles"], dtype=float)
        calibration.smallest = np.asarray(state["smallest"], dtype=float)
        return calibration
