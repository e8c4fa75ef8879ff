"""The part of an inverter that belongs to one layer count: its prior and its network."""

from __future__ import annotations

import copy

import numpy as np

from bpinvert.network import BPEnsemble, BPRegressor

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

    def propose(self, features) -> np.ndarray:
        """The network's answer u, (n, n_parameters) in [0, 1]."""
        if not len(features):
            return np.empty((0, len(self.prior.parameters)))
        u = np.asarray(self.network.predict(features), dtype=float)
        return np.clip(u.reshape(len(features), -1), 0.0, 1.0)

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
