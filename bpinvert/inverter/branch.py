"""The part of an inverter that belongs to one layer count: its prior and its network."""

from __future__ import annotations

import copy

import numpy as np
from scipy.special import ndtr, ndtri

from bpinvert.network import BPEnsemble, BPRegressor

# What a point answer may be off, in normal scores, and how close to the prior's edge it is taken to be.
_DOUBT, _EDGE = 0.7, 0.02
# Networks that a file can hold.
_KINDS = ("BPRegressor", "BPEnsemble")


class Branch:
    """Prior and network of one layer count.

    Parameters
    ----------
    codec : Codec of this branch's prior, fitted
    network : regressor of u, fitted
    """

    def __init__(self, codec, network):
        self.codec = codec
        self.network = network

    @property
    def prior(self):
        return self.codec.prior

    @property
    def members(self) -> list:
        """The networks of an ensemble, or the one."""
        return getattr(self.network, "networks_", [self.network])

    def propose(self, features) -> np.ndarray:
        """The network's answer, its posterior mean of u, (n, n_parameters) in [0, 1]."""
        if not len(features):
            return np.empty((0, len(self.prior.parameters)))
        if learns_scores(self.network):
            u = np.mean([member.mean_cdf(features) for member in self.members], axis=0)
        else:
            u = np.asarray(self.network.predict(features), dtype=float)
        return np.clip(u.reshape(len(features), -1), 0.0, 1.0)

    def density(self, features):
        """The network's posterior in normal scores z = Φ⁻¹(u), as a mixture of normal densities.

        One that answers with a point only is taken to be wrong by `_DOUBT` of the prior's spread.

        Returns
        -------
        log_weight : (n, K) array
        mean : (n, K, P) array
        precision : (n, K, P, P) array
        """
        if learns_scores(self.network):
            parts = [member.normals(features) for member in self.members]
            weight, mean, factor = (np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True))
            return np.log(np.maximum(weight, 1e-30)), mean, factor @ np.swapaxes(factor, -1, -2)
        mean = ndtri(np.clip(self.propose(features), _EDGE, 1 - _EDGE))[:, None]
        P = mean.shape[2]
        precision = np.broadcast_to(np.eye(P) / _DOUBT**2, (len(mean), 1, P, P))
        return np.zeros((len(mean), 1)), mean, precision

    def draw(self, features, n_draws, rngs) -> np.ndarray:
        """Draws of u from the network's posterior, (n_draws, n, P); `rngs` has a generator for each sounding."""
        log_weight, mean, precision = self.density(features)
        edges = np.cumsum(np.exp(log_weight - log_weight.max(axis=1, keepdims=True)), axis=1)
        spread = np.swapaxes(np.linalg.inv(np.linalg.cholesky(precision)), -1, -2)
        u = np.empty((n_draws, *mean[:, 0].shape))
        for k, rng in enumerate(rngs):
            chosen = np.searchsorted(edges[k], rng.random(n_draws) * edges[k, -1], side="right")
            chosen = np.minimum(chosen, len(edges[k]) - 1)
            normal = rng.standard_normal((n_draws, mean.shape[2], 1))
            u[:, k] = mean[k, chosen] + (spread[k, chosen] @ normal)[..., 0]
        return ndtr(u, out=u)

    @property
    def storable(self) -> str | None:
        """Why a file cannot hold the network, or None."""
        if type(self.network).__name__ in _KINDS:
            return None
        return (
            f"the network is a {type(self.network).__name__}, which only its own library could store; an inverter file "
            "holds BPRegressor and BPEnsemble. Keep the script that makes the inverter."
        )

    def get_state(self) -> tuple[dict, dict]:
        """Arrays and JSON-able settings."""
        state = self.network.get_state()
        if isinstance(state, dict):
            return _split(state, "network_")
        arrays, members = {}, []
        for k, member in enumerate(state):
            own, settings = _split(member, f"network{k}_")
            arrays |= own
            members.append(settings)
        return arrays, {"networks": members}

    @classmethod
    def from_state(cls, arrays, settings, codec) -> Branch:
        """Inverse of :meth:`get_state`."""
        if "networks" not in settings:
            return cls(codec, BPRegressor.from_state(_joined(arrays, settings, "network_")))
        states = [_joined(arrays, member, f"network{k}_") for k, member in enumerate(settings["networks"])]
        return cls(codec, BPEnsemble.from_state(states))


def learns_scores(network) -> bool:
    """Whether a regressor learns a density of normal scores; others learn u itself."""
    if isinstance(network, BPEnsemble):
        network = network.network
    return isinstance(network, BPRegressor) and _head_name(network) in ("mixture", "gaussian")


def _head_name(network):
    return network.head if isinstance(network.head, str) else network.head.name


def _split(state, start):
    arrays = {f"{start}{key}": value for key, value in state.items() if isinstance(value, np.ndarray)}
    return arrays, {key: value for key, value in state.items() if not isinstance(value, np.ndarray)}


def _joined(arrays, settings, start):
    return {key.removeprefix(start): value for key, value in arrays.items() if key.startswith(start)} | settings


def with_prior(codec, prior):
    """The same input scaling for another layer count."""
    other = copy.copy(codec)
    other.prior = prior
    return other
