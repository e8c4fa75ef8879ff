"""Cross-entropy: the network answers with probabilities."""

from __future__ import annotations

import numpy as np

from bpinvert.network.heads.arrays import draw_terms, samples_last, shares
from bpinvert.network.heads.base import Head, weighted_sum
from bpinvert.network.strategies import require


class CrossEntropy(Head):
    """Minus the log-probability of classes, or of independent yes/no targets.

    The output neurons are linear; the head applies the link that makes probabilities p of the outputs o, so that
    no logarithm of a rounded probability is taken:

        softmax:  p_k = e^{o_k} / Σ_j e^{o_j},   E = −Σ_k d_k ln p_k
        sigmoid:  p_k = 1 / (1 + e^{−o_k}),      E = −Σ_k [d_k ln p_k + (1 − d_k) ln(1 − p_k)]

    With targets d that sum to one, or with the sigmoid, dE/do = p − d.

    Parameters
    ----------
    link : {"softmax", "sigmoid"}
        "softmax" for targets that are one-hot or class probabilities, "sigmoid" for targets in [0, 1] each.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, sections 4.3.4 and 5.2.

    Examples
    --------
    >>> CrossEntropy().mean(np.array([[0.0, np.log(3)]]))
    array([[0.25, 0.75]])
    """

    name = "cross_entropy"

    def __init__(self, link="softmax"):
        require("CrossEntropy", "link", link, link in ("softmax", "sigmoid"), "'softmax' or 'sigmoid'")
        self.link = link

    def n_outputs(self, n_targets):
        return n_targets

    def losses(self, outputs, targets):
        if self.link == "softmax":
            _, log_probability, _ = shares(samples_last(outputs))
            return -(targets.T * log_probability).sum(axis=0)
        return _sigmoid(outputs, targets)[0].sum(axis=1)

    def loss_and_gradient(self, outputs, targets, gradient, weight=None):
        if self.link == "softmax":
            wanted = samples_last(targets)
            _, log_probability, probability = shares(samples_last(outputs))
            losses = -(wanted * log_probability).sum(axis=0)
            probability *= wanted.sum(axis=0)
            np.subtract(probability.T, targets, out=gradient)
        else:
            losses, probability = _sigmoid(outputs, targets)
            losses = losses.sum(axis=1)
            np.subtract(probability, targets, out=gradient)
        if weight is not None:
            np.multiply(gradient, weight[:, None], out=gradient)
        return weighted_sum(losses, weight)

    def mean(self, outputs):
        if self.link == "softmax":
            return np.ascontiguousarray(shares(samples_last(outputs))[2].T)
        return _sigmoid(outputs, outputs)[1]

    def draw(self, outputs, n_draws, rng, dtype="float64", n_jobs=1):
        """One-hot rows (softmax) or zeros and ones (sigmoid), (n_draws, n_samples, n_targets)."""
        return super().draw(outputs, n_draws, rng, dtype, n_jobs)

    def _drawer(self, outputs, dtype):
        probability, classes = self.mean(outputs), np.eye(outputs.shape[1], dtype=dtype)
        if self.link == "softmax":
            return lambda rows, n_draws, rng: classes[draw_terms(probability[rows].T, n_draws, rng)]
        return lambda rows, n_draws, rng: rng.random((n_draws, *probability[rows].shape)) < probability[rows]


def _sigmoid(outputs, targets):
    """E = ln(1 + e^o) − d o of each target and p, with e^{−|o|} as the only exponential."""
    positive = outputs.real > 0
    small = np.exp(np.where(positive, -outputs, outputs))
    losses = np.where(positive, outputs, 0) - targets * outputs + np.log1p(small)
    return losses, np.where(positive, 1, small) / (1 + small)
