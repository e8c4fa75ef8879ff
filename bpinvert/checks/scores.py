"""Scores of strangeness, one small class for each check; higher is stranger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import erf, ndtri

NAMES = ("range", "mahalanobis", "neighbour", "residual", "misfit", "noise")
MEANINGS = {
    "range": "a datum outside the range of the training data",
    "mahalanobis": "a combination of data far from the training data",
    "neighbour": "no training sounding nearby",
    "residual": "single readings that no model of the prior fits",
    "misfit": "the best model of the prior does not fit",
    "noise": "neighbouring readings scatter more than the errors let expect",
}


@dataclass
class CheckInputs:
    """What a check may look at.

    Attributes
    ----------
    inputs : (n, n_inputs) array, standardised network inputs
    beyond : (n,) array
        How far the most extreme reading lies outside the range of the training data there, in their standard
        deviations; negative inside.
    distance : (n,) array, squared Mahalanobis distance of the readings, given their errors
    roughness : (n,) array, mean square of what is too rough for a curve, over what the errors let expect
    n_mapped : (n,) int array, number of readings that the last two rest on
    residuals : (n, n_readings) array, (observed - predicted)/σ of the answer; NaN where not used, inf where the model
        predicts nothing
    """

    inputs: np.ndarray
    beyond: np.ndarray
    distance: np.ndarray
    roughness: np.ndarray
    n_mapped: np.ndarray
    residuals: np.ndarray

    @property
    def n_used(self):
        return (~np.isnan(self.residuals)).sum(axis=1)


# So far, in standard deviations, a level or a known quantity may lie beyond those drawn in training.
_AT_THE_END = 0.02


def normal_score(mean_square, n):
    """A mean of `n` squared normal variates as a normal score (Wilson & Hilferty 1931): it depends little on `n`."""
    spread = 2 / (9 * n)
    return (np.cbrt(mean_square) - (1 - spread)) / np.sqrt(spread)


class _Check:
    """A check that learns nothing from the training data; others override what they learn and store."""

    def fit(self, inputs: np.ndarray, data: np.ndarray):
        return self

    def get_state(self):
        return {}


class Range(_Check):
    """How far the most extreme datum, noise level or known quantity lies outside the training range.

    In training standard deviations, negative inside. `low` and `high` are those of the noisy data on the channels,
    standardised, then of the further inputs.
    """

    name = "range"

    def fit(self, inputs: np.ndarray, data: np.ndarray) -> Range:
        """`data` (n, n_channels): the noisy training data on the channels, standardised like the inputs."""
        known = inputs[:, data.shape[1] :]
        self.low = np.concatenate([data.min(axis=0), known.min(axis=0)])
        self.high = np.concatenate([data.max(axis=0), known.max(axis=0)])
        self.n_known = np.array([known.shape[1]])
        return self

    def score(self, given: CheckInputs):
        n = given.inputs.shape[1] - int(self.n_known[0])
        known = given.inputs[:, n:]
        further = np.maximum(self.low[n:] - known, known - self.high[n:])
        # A stated noise level or height at the end of its range is nothing strange: people state round numbers.
        further = np.where(further > _AT_THE_END, further, -np.inf)
        return np.hstack([given.beyond[:, None], further]).max(axis=1)

    def get_state(self):
        return {"low": self.low, "high": self.high, "n_known": self.n_known}


class Mahalanobis(_Check):
    """Distance of the sounding's own readings from the training mean, as a normal score (see `normal_score`)."""

    name = "mahalanobis"

    def score(self, given: CheckInputs):
        n = np.maximum(given.n_mapped, 1)
        return normal_score(given.distance / n, n)


class Neighbour(_Check):
    """Mean distance to the nearest training soundings of a reference subset, in standardised inputs."""

    name = "neighbour"
    n_neighbours = 5

    def fit(self, inputs: np.ndarray, data: np.ndarray, n_reference=2000) -> Neighbour:
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


class Residual(_Check):
    """The largest single residual of the answer, as the normal score of its chance among that many readings."""

    name = "residual"

    def score(self, given: CheckInputs):
        used = ~np.isnan(given.residuals)
        largest = np.abs(np.where(used, given.residuals, 0.0)).max(axis=1)
        inside = erf(largest / np.sqrt(2)) ** np.maximum(used.sum(axis=1), 1)
        # Beyond double precision of the chance the residual itself keeps the order.
        return np.where(inside < 1 - 1e-12, ndtri(np.clip(inside, 1e-300, 1 - 1e-12)), 7.0 + largest)


class Misfit(_Check):
    """chi²/N of the answer as a normal score (see `normal_score`)."""

    name = "misfit"

    def score(self, given: CheckInputs):
        n = np.maximum(given.n_used, 1)
        chi2 = np.square(np.where(np.isnan(given.residuals), 0.0, given.residuals)).sum(axis=1) / n
        return normal_score(chi2, n)


class Noise(_Check):
    """Scatter of neighbouring readings that no curve has, as a normal score; the layered model plays no part."""

    name = "noise"

    def score(self, given: CheckInputs):
        return normal_score(given.roughness, np.maximum(given.n_mapped, 1))


CHECKS = {check.name: check for check in (Range, Mahalanobis, Neighbour, Residual, Misfit, Noise)}
