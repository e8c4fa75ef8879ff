"""Adaptive importance sampling of many posteriors at once, in which draws of several rounds count."""

from __future__ import annotations

import numpy as np

from bpinvert.posterior import coordinates, pareto
from bpinvert.posterior.weights import effective_size, normalised

# Draws from the prior itself, as a share: they bound the weights.
_DEFENCE = 0.01
# Effective draws that adaptation tempers the weights to, at least.
_LEAST = 200


class Run:
    """Draws of some soundings from a growing list of proposals, and their weights.

    Draws count whichever proposal they came from: each is weighted by the posterior over the mean density
    of all proposals, by their numbers of draws (deterministic mixture weights; Cornuet et al. 2012,
    doi:10.1111/j.1467-9469.2011.00756.x). Every proposal includes a small share of the prior.

    Parameters
    ----------
    target : Target
    rows : (S,) int array, soundings of the target
    mixture : Mixture, the first proposal
    rngs : list of S generators

    Attributes
    ----------
    mixtures, counts : lists, the proposals and how many draws came from each
    x : (S, N, P) array, the draws
    n_forgotten : int, draws of each sounding that are no longer among them
    chi2, log_target, log_prior, log_weight : (S, N) arrays
    weight : (S, N) array, Pareto-smoothed, sum 1
    pareto_k, ess : (S,) arrays
    """

    def __init__(self, target, rows, mixture, rngs):
        self.target, self.rows, self.rngs = target, rows, rngs
        S, P = mixture.mean.shape
        self.mixtures, self.counts = [mixture], [0]
        self.x, self.chi2 = np.empty((S, 0, P)), np.empty((S, 0))
        self.log_target, self.log_prior = np.empty((S, 0)), np.empty((S, 0))
        self._densities = [np.empty((S, 0))]
        self.n_forgotten = 0

    def draw(self, n) -> None:
        """`n` further draws of each sounding from the last proposal; new weights."""
        P = self.x.shape[2]
        n_prior = max(round(_DEFENCE * n), 1)
        prior = np.stack([coordinates.draw(n_prior, P, rng) for rng in self.rngs])
        x = np.concatenate([self.mixtures[-1].draw(n - n_prior, self.rngs), prior], axis=1)
        shape = x.shape[:2]
        chi2, likelihood, log_prior = self.target.evaluate(x.reshape(-1, P), np.repeat(self.rows, n))
        log_prior = log_prior.reshape(shape)
        self.counts[-1] += n
        for k, mixture in enumerate(self.mixtures):
            density = _defended(mixture, x, log_prior)
            self._densities[k] = np.concatenate([self._densities[k], density], axis=1)
        self.x = np.concatenate([self.x, x], axis=1)
        self.chi2 = np.concatenate([self.chi2, chi2.reshape(shape)], axis=1)
        self.log_prior = np.concatenate([self.log_prior, log_prior], axis=1)
        # What cannot be computed has no weight; finite, so that differences of it are numbers.
        log_target = np.nan_to_num(likelihood, nan=-np.inf).reshape(shape) + log_prior
        log_target = np.maximum(log_target, pareto.NOTHING)
        self.log_target = np.concatenate([self.log_target, log_target], axis=1)
        self._weigh()

    def propose(self, mixture) -> None:
        """Go on with another proposal."""
        self.mixtures.append(mixture)
        self.counts.append(0)
        self._densities.append(_defended(mixture, self.x, self.log_prior))

    def forget(self, n_proposals) -> None:
        """Go on with the last proposals and their draws: the first ones were worst, and each costs at every draw."""
        gone = len(self.mixtures) - n_proposals
        if gone <= 0:
            return
        first = sum(self.counts[:gone])
        self.n_forgotten += first
        self.mixtures, self.counts = self.mixtures[gone:], self.counts[gone:]
        self._densities = [density[:, first:] for density in self._densities[gone:]]
        for name in ("x", "chi2", "log_target", "log_prior"):
            setattr(self, name, getattr(self, name)[:, first:])
        self._weigh()

    def take(self, keep) -> None:
        """Go on with some of the soundings."""
        self.rows, self.rngs = self.rows[keep], [self.rngs[k] for k in keep]
        self.mixtures = [mixture.take(keep) for mixture in self.mixtures]
        self._densities = [density[keep] for density in self._densities]
        for name in ("x", "chi2", "log_target", "log_prior", "log_weight", "weight", "pareto_k", "ess"):
            setattr(self, name, getattr(self, name)[keep])

    def _weigh(self):
        self.log_weight = self.log_target - _mean_density(self._densities, self.counts)
        self.weight, self.pareto_k = pareto.smooth(self.log_weight)
        self.ess = effective_size(self.weight)

    @property
    def log_evidence(self) -> np.ndarray:
        """ln of the evidence, (S,), by the weights as they are."""
        largest = self.log_weight.max(axis=1)
        return largest + np.log(np.exp(self.log_weight - largest[:, None]).mean(axis=1))

    def tempered(self) -> np.ndarray:
        """Weights to the power, 1 at most, at which so many draws are effective that a proposal can learn from them."""
        log_weight = self.log_weight - self.log_weight.max(axis=1, keepdims=True)
        power = np.ones((len(log_weight), 1))
        rows = np.flatnonzero(effective_size(normalised(log_weight)) < _LEAST)
        low, high = np.zeros((len(rows), 1)), np.ones((len(rows), 1))
        for _ in range(12 if rows.size else 0):
            middle = (low + high) / 2
            enough = effective_size(normalised(middle * log_weight[rows]))[:, None] >= _LEAST
            low, high = np.where(enough, middle, low), np.where(enough, high, middle)
        power[rows] = low
        return normalised(power * log_weight)

    def log_weight_at(self, x) -> np.ndarray:
        """ln of the weight, over the mean weight, that points x (S, P) would have had, (S,)."""
        _, likelihood, log_prior = self.target.evaluate(x, self.rows)
        densities = [_defended(mixture, x[:, None], log_prior[:, None]) for mixture in self.mixtures]
        return likelihood + log_prior - _mean_density(densities, self.counts)[:, 0] - self.log_evidence


def _defended(mixture, x, log_prior):
    """ln of the proposal's density with its share of the prior."""
    return np.logaddexp(mixture.log_density(x) + np.log1p(-_DEFENCE), log_prior + np.log(_DEFENCE))


def _mean_density(densities, counts):
    stacked = np.stack([density + np.log(n / sum(counts)) for density, n in zip(densities, counts, strict=True) if n])
    largest = stacked.max(axis=0)
    stacked -= largest
    return largest + np.log(np.exp(stacked, out=stacked).sum(axis=0))
