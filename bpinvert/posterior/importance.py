"""Importance sampling of many posteriors at once, from a mixture that grows and learns from all draws."""

from __future__ import annotations

import numpy as np

from bpinvert.posterior import coordinates, pareto
from bpinvert.posterior.weights import effective_size, tempered

# Draws from the prior itself, as a share: they bound the weights.
_DEFENCE = 0.01
# Effective draws that learning tempers the weights to, at least; draws of less than such a share of the mean weight
# teach nothing.
_EFFECTIVE, _FAINT = 400, 0.03
# Steps of learning after each round, and the least share of a component, over that of the average one.
_STEPS, _LEAST = 2, 0.3


class Run:
    """Draws of some soundings from a growing mixture, and their weights.

    Draws count whichever components they came from: each is weighted by the posterior over the density of the average
    mixture that all were drawn from (deterministic mixture weights; Cornuet et al. 2012,
    doi:10.1111/j.1467-9469.2011.00756.x). Components stay where they are once they are there, so that each of their
    densities is computed once; what changes is their weight, and that new ones come (as in incremental mixture
    importance sampling; Raftery & Bao 2010, doi:10.1111/j.1541-0420.2010.01399.x). A small share comes from the prior.

    Parameters
    ----------
    target : Target
    rows : (S,) int array, soundings of the target
    mixture : Mixture, the first proposal
    rngs : list of S generators

    Attributes
    ----------
    mixture : Mixture, what the next draws come from
    x : (S, N, P) array, the draws
    chi2, log_target, log_prior, log_weight : (S, N) arrays
    weight : (S, N) array, Pareto-smoothed, sum 1
    pareto_k, ess : (S,) arrays
    """

    def __init__(self, target, rows, mixture, rngs):
        self.target, self.rows, self.rngs, self.mixture = target, rows, rngs, mixture
        S, K, P = mixture.centre.shape
        self.x, self.chi2 = np.empty((S, 0, P)), np.empty((S, 0))
        self.log_target, self.log_prior = np.empty((S, 0)), np.empty((S, 0))
        # How many draws came from each component; for each sounding and round, features of the draws and the densities
        # there of one group of components after the other.
        self._drawn = np.zeros((S, K))
        self._features = [[] for _ in range(S)]
        self._densities = [[] for _ in range(S)]

    def draw(self, n) -> None:
        """`n` further draws of each sounding; new weights."""
        S, _, P = self.x.shape
        n_prior = max(round(_DEFENCE * n), 1)
        prior = np.stack([coordinates.draw(n_prior, P, rng) for rng in self.rngs])
        x = np.concatenate([self.mixture.draw(n - n_prior, self.rngs), prior], axis=1)
        chi2, likelihood, log_prior = self.target.evaluate(x.reshape(-1, P), np.repeat(self.rows, n))
        # What cannot be computed has no weight; finite, so that differences of it are numbers.
        log_target = np.maximum(np.nan_to_num(likelihood, nan=-np.inf) + log_prior, pareto.NOTHING)
        new = {"x": x, "chi2": chi2, "log_target": log_target, "log_prior": log_prior}
        for name, values in new.items():
            old = getattr(self, name)
            setattr(self, name, np.concatenate([old, values.reshape(S, n, *old.shape[2:])], axis=1))
        self._drawn += n * self.mixture.weight
        features = self.mixture.features(x)
        for s in range(S):
            self._features[s].append(features[s])
            self._densities[s].append([self.mixture.densities(features[s], s)])
        self._weigh()

    def extend(self, share, centre, precision) -> None:
        """Go on with further components, which take `share` (S, M) of the draws."""
        first = self.mixture.weight.shape[1]
        self.mixture = self.mixture.joined(share, centre, precision)
        self._drawn = np.concatenate([self._drawn, np.zeros(share.shape)], axis=1)
        for s, (features, densities) in enumerate(zip(self._features, self._densities, strict=True)):
            for some, groups in zip(features, densities, strict=True):
                groups.append(self.mixture.densities(some, s, first))

    def learn(self) -> None:
        """Move the components' shares towards those that fit the weighted draws best.

        Steps of expectation-maximisation of the shares alone (Cappé et al. 2008, doi:10.1007/s11222-008-9059-x).
        """
        weight = tempered(self.log_weight, _EFFECTIVE)
        share = self.mixture.weight.astype(np.float32)
        for s, own in enumerate(weight):
            telling = np.flatnonzero(own > _FAINT / len(own))
            densities, own = self._rows(s, telling), own[telling].astype(np.float32)
            for _ in range(_STEPS):
                share[s] *= (own / np.maximum(densities @ share[s], 1e-37)) @ densities
        share = np.maximum(share.astype(float), _LEAST / share.shape[1])
        self.mixture = self.mixture.reweighted(share / share.sum(axis=1, keepdims=True))

    def _rows(self, s, places):
        """Densities (n, K) at some draws of sounding `s`."""
        ends = np.cumsum([len(features) for features in self._features[s]])
        parts = np.split(places, np.searchsorted(places, ends[:-1]))
        offsets = np.concatenate([[0], ends[:-1]])
        rows = [
            np.concatenate([group[part - offset] for group in groups], axis=1)
            for groups, part, offset in zip(self._densities[s], parts, offsets, strict=True)
        ]
        return np.concatenate(rows)

    def take(self, keep) -> None:
        """Go on with some of the soundings."""
        self.rows, self.mixture = self.rows[keep], self.mixture.take(keep)
        for name in ("rngs", "_features", "_densities"):
            setattr(self, name, [getattr(self, name)[k] for k in keep])
        for name in ("x", "chi2", "log_target", "log_prior", "log_weight", "weight", "pareto_k", "ess", "_drawn"):
            setattr(self, name, getattr(self, name)[keep])

    def _weigh(self):
        n = self.x.shape[1]
        average = (self._drawn / self._drawn.sum(axis=1, keepdims=True)).astype(np.float32)
        density = np.empty((len(self.rows), n))
        for s, own in enumerate(average):
            density[s] = np.concatenate([_mixed(groups, own) for groups in self._densities[s]])
        self.log_weight = self.log_target - self._defended(density, self.log_prior)
        self.weight, self.pareto_k = pareto.smooth(self.log_weight)
        self.ess = effective_size(self.weight)

    def _defended(self, density, log_prior):
        """ln of the proposal's density with its share of the prior."""
        with np.errstate(divide="ignore"):
            log_density = np.log(density) + self.mixture.log_unit
        return np.logaddexp(log_density + np.log1p(-_DEFENCE), log_prior + np.log(_DEFENCE))

    @property
    def log_evidence(self) -> np.ndarray:
        """ln of the evidence, (S,), by the weights as they are."""
        largest = self.log_weight.max(axis=1)
        return largest + np.log(np.exp(self.log_weight - largest[:, None]).mean(axis=1))

    def log_weight_at(self, x) -> np.ndarray:
        """ln of the weight, over the mean weight, that points x (S, P) would have had, (S,)."""
        _, likelihood, log_prior = self.target.evaluate(x, self.rows)
        features = self.mixture.features(x[:, None])
        average = (self._drawn / self._drawn.sum(axis=1, keepdims=True)).astype(np.float32)
        density = [self.mixture.densities(features[s], s) @ own for s, own in enumerate(average)]
        proposal = self._defended(np.array(density, dtype=float), log_prior[:, None])[:, 0]
        return likelihood + log_prior - proposal - self.log_evidence


def _mixed(groups, weight):
    """Density (n,) of a mixture from the densities (n, K) of its components, one group after the other."""
    total, first = 0.0, 0
    for densities in groups:
        last = first + densities.shape[1]
        total = total + densities @ weight[first:last]
        first = last
    return total
