"""The part of an inverter that belongs to one layer count: its prior and its network."""

from __future__ import annotations

import copy

import numpy as np

from bpinvert.network import BPRegressor


class Branch:
    """Prior and network of one layer count.

    Parameters
    ----------
    codec : Codec of this branch's prior, fitted
    network : BPRegressor, fitted or about to be
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

    def get_state(self) -> tuple[dict, dict]:
        """Arrays and JSON-able settings."""
        state = self.network.get_state()
        arrays = {f"network_{key}": value for key, value in state.items() if isinstance(value, np.ndarray)}
        settings = {key: value for key, value in state.items() if not isinstance(value, np.ndarray)}
        return arrays, settings

    @classmethod
    def from_state(cls, arrays, settings, codec) -> Branch:
        """Inverse of :meth:`get_state`."""
        start = "network_"
        state = {key.removeprefix(start): value for key, value in arrays.items() if key.startswith(start)}
        return cls(codec, BPRegressor.from_state(state | settings))


def with_prior(codec, prior):
    """The same input scaling for another layer count."""
    other = copy.copy(codec)
    other.prior = prior
    return other
