"""Scores of strangeness, one small class for each check; higher is stranger."""

from __future__ import annotations

import functools
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
class Fit:
    """How an answer fits the readings of one of several methods; entries as those of `CheckInputs`."""

    residuals: np.ndarray
    smooth: np.ndarray | None = None
    n_smooth: np.ndarray | None = None

    @property
    def n_used(self):
        return (~np.isnan(self.residuals)).sum(axis=1)


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
    n_rough : (n,) array, number of independent combinations of readings that this is the mean over
    n_mapped : (n,) int array, number of readings that the last three rest on
    residuals : (n, n_readings) array, (observed - predicted)/σ of the answer; NaN where not used, inf where the model
        predicts nothing
    smooth, n_smooth : (n,) arrays or None
        Sum of squares of what is smooth in the residuals, and of how many combinations; None of an answer that is not
        the best fit.
    pressure : (n,) array or None
        By how much the sum of squares would fall if the prior had no edges; None of an answer that is not the best fit.
    parts : tuple of Fit
        Of each method, where there are several.
    """

    inputs: np.ndarray
    beyond: np.ndarray
    distance: np.ndarray
    roughness: np.ndarray
    n_rough: np.ndarray
    n_mapped: np.ndarray
    residuals: np.ndarray
    smooth: np.ndarray | None = None
    n_smooth: np.ndarray | None = None
    pressure: np.ndarray | None = None
    parts: tuple[Fit, ...] = ()

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
        """`data` (n, n_channels): the noisy training data on the channels, standardised like the inputs.

        They are NaN where a model lacks a channel; the range of one that none has is NaN.
        """
        known = inputs[:, data.shape[1] :]
        self.low = np.concatenate([np.fmin.reduce(data, axis=0), known.min(axis=0)])
        self.high = np.concatenate([np.fmax.reduce(data, axis=0), known.max(axis=0)])
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
    """Distance of the sounding's own readings from the training mean, as a normal score (see `normal_score`).

    That of all of it or of the part that is as smooth as curves, whichever is stranger: noise would hide the latter
    among many readings.
    """

    name = "mahalanobis"

    def score(self, given: CheckInputs):
        n = np.maximum(given.n_mapped, 1)
        n_smooth = np.maximum(given.n_mapped - given.n_rough, 0.5)
        smooth = np.maximum(given.distance - given.roughness * given.n_rough, 0.0)
        return np.maximum(normal_score(given.distance / n, n), normal_score(smooth / n_smooth, n_smooth))


class Neighbour(_Check):
    """Distance to the nearest training sounding of a reference subset.

    In inputs whose data are turned to principal components, the largest ones, each divided by the root of its spread:
    half way between comparing what is large in the curves and comparing all of their features alike. The scatter of
    neighbouring readings, which the inputs do not show, is a further coordinate.
    """

    name = "neighbour"
    n_components = 12
    # Distance that one standard deviation of scatter more than expected counts for.
    scatter = 0.1
    # Soundings at once: their products with all references stay in cache.
    block = 64

    def fit(self, inputs: np.ndarray, data: np.ndarray, n_reference=20_000) -> Neighbour:
        data = np.where(np.isnan(data), inputs[:, : data.shape[1]], data)
        variance, axes = np.linalg.eigh(np.cov(data, rowvar=False).reshape(data.shape[1], -1))
        variance, axes = variance[::-1][: self.n_components], axes[:, ::-1][:, : self.n_components]
        self.axes = (axes / np.maximum(variance, 1e-8 * variance[0]) ** 0.25).astype(np.float32)
        # Spread over all of them: neighbours in the order are of one sheet.
        self.reference = self._coordinates(inputs[:: max(len(inputs) // n_reference, 1)][:n_reference])
        return self

    def _coordinates(self, inputs):
        n, inputs = len(self.axes), np.asarray(inputs, dtype=np.float32)
        return np.hstack([inputs[:, :n] @ self.axes, inputs[:, n:]])

    @functools.cached_property
    def _references(self):
        """A product with (x, 1) gives x·y - y²/2 for each reference y, largest for the nearest."""
        half = 0.5 * np.einsum("ij,ij->i", self.reference, self.reference)
        return np.vstack([self.reference.T, -half])

    def score(self, given: CheckInputs):
        inputs = self._coordinates(given.inputs)
        inputs_and_one = np.hstack([inputs, np.ones((len(inputs), 1), dtype=np.float32)])
        score = np.empty(len(inputs))
        for start in range(0, len(inputs), self.block):
            rows = slice(start, start + self.block)
            closest = (inputs_and_one[rows] @ self._references).max(axis=1)
            score[rows] = np.sqrt(np.maximum(np.einsum("ij,ij->i", inputs[rows], inputs[rows]) - 2 * closest, 0.0))
        scatter = normal_score(given.roughness, np.maximum(given.n_mapped, 1))
        return np.hypot(score, self.scatter * np.maximum(scatter, 0.0))

    def get_state(self):
        return {"axes": self.axes, "reference": self.reference}


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
    """How badly the answer fits, in standard deviations.

    That is chi²/N as a normal score (see `normal_score`); of a best fit, also that of the part which is smooth, as a
    wrong model of the ground leaves it and noise hardly does, and how many standard errors the data press it against
    the prior's edges, with the weight of the other two together.

    Of several methods the first two of the method that fits worst are added, where it fits worse than noise lets
    expect: where methods contradict each other, the one with few readings is sacrificed to the other.
    """

    name = "misfit"

    def score(self, given: CheckInputs):
        score = self._unlike_noise(given)
        if given.parts:
            methods = [np.where(part.n_used > 0, self._unlike_noise(part), 0.0) for part in given.parts]
            score = score + np.max([np.zeros(len(score)), *methods], axis=0)
        return score if given.pressure is None else score + 2 * np.sqrt(given.pressure)

    def _unlike_noise(self, fit):
        n = np.maximum(fit.n_used, 1)
        chi2 = np.square(np.where(np.isnan(fit.residuals), 0.0, fit.residuals)).sum(axis=1) / n
        score = normal_score(chi2, n)
        if fit.smooth is None:
            return score
        n_smooth = np.maximum(fit.n_smooth, 0.5)
        return score + normal_score(np.maximum(fit.smooth, 0.0) / n_smooth, n_smooth)


class Noise(_Check):
    """Scatter of neighbouring readings that no curve has, as a normal score; the layered model plays no part."""

    name = "noise"

    def score(self, given: CheckInputs):
        return normal_score(given.roughness, np.maximum(given.n_mapped, 1))


# Which checks there are and what they learn: an inverter file with others cannot be read.
SIGNATURE = [2, *NAMES]


def weights(level) -> list[float]:
    """How large a part of the joint test's false alarms each check may use up, as a multiple of the others'.

    The misfit of the best model says most of all: it has three times what all the others have together. That of a
    network's own answer does not.
    """
    return [15.0 if name == "misfit" and level != "network" else 1.0 for name in NAMES]


CHECKS = {check.name: check for check in (Range, Mahalanobis, Neighbour, Residual, Misfit, Noise)}
