"""Physical units to network units and back."""

from __future__ import annotations

import numpy as np

# Whitened features are clipped: a stranger must not saturate the network where an ordinary sounding does not.
_CLIP = 8.0


class Codec:
    """What stands between physics and network: standardised inputs, their whitened features, targets in u.

    Parameters are encoded by their prior's (conditional) CDF, u in [0, 1]; data by their channel's scale and the mean
    and standard deviation of the *noisy* training data.

    Parameters
    ----------
    channels : forward_models.Channels
    prior : LayeredPrior of one layer count, or Prior
    level_names, context_names : tuples of str
        Noise levels and known quantities that are inputs of the network beside the data.
    """

    def __init__(self, channels, prior, level_names=(), context_names=()):
        self.channels = channels
        self.prior = prior
        self.level_names = tuple(level_names)
        self.context_names = tuple(context_names)

    def fit(self, scaled, levels=None, context=None) -> Codec:
        """Learn means, spreads and covariance from noisy training data.

        Parameters
        ----------
        scaled : (n, n_channels) array, data on their scale
        levels : (n, n_levels) array, noise levels (their logarithm is the input)
        context : (n, n_context) array
        """
        raw = self._raw(scaled, levels, context)
        self.mean = raw.mean(axis=0)
        spread = raw.std(axis=0)
        self.std = np.where(spread > 0, spread, 1.0)
        n = len(self.channels)
        standard = (raw[:, :n] - self.mean[:n]) / self.std[:n]
        self.covariance = standard.T @ standard / len(standard)
        self._prepare()
        return self

    def _prepare(self):
        value, vector = np.linalg.eigh(self.covariance)
        self._whitening = vector / np.sqrt(np.maximum(value, 1e-12 * value[-1]))

    def _raw(self, scaled, levels, context):
        parts = [np.asarray(scaled, dtype=float)]
        if self.level_names:
            parts.append(np.log(levels))
        if self.context_names:
            parts.append(np.asarray(context, dtype=float))
        return np.hstack(parts)

    def inputs(self, scaled, levels=None, context=None) -> np.ndarray:
        """Standardised inputs, (n, n_inputs); missing data are filled by :meth:`fill` first."""
        return (self._raw(self.fill(scaled), levels, context) - self.mean) / self.std

    def features(self, inputs) -> np.ndarray:
        """What the network sees: the inputs, and their data whitened by principal components; float32."""
        inputs = np.asarray(inputs, dtype=np.float32)
        whitened = inputs[:, : len(self.channels)] @ self._whitening.astype(np.float32)
        return np.hstack([inputs, np.clip(whitened, -_CLIP, _CLIP, out=whitened)])

    def fill(self, scaled) -> np.ndarray:
        """Missing (NaN) data replaced by their expectation given the others, from the training covariance."""
        scaled = np.asarray(scaled, dtype=float)
        missing = ~np.isfinite(scaled)
        if not missing.any():
            return scaled
        filled = scaled.copy()
        n = len(self.channels)
        mean, std = self.mean[:n], self.std[:n]
        patterns, which = np.unique(missing, axis=0, return_inverse=True)
        order = np.argsort(which, kind="stable")
        ends = np.cumsum(np.bincount(which, minlength=len(patterns)))
        for pattern, rows in zip(patterns, np.split(order, ends[:-1]), strict=True):
            if not pattern.any():
                continue
            known = ~pattern
            standard = (scaled[rows][:, known] - mean[known]) / std[known]
            gain = self.covariance[np.ix_(pattern, known)] @ np.linalg.pinv(self.covariance[np.ix_(known, known)])
            filled[np.ix_(rows, pattern)] = standard @ gain.T * std[pattern] + mean[pattern]
        return filled

    def targets(self, models) -> np.ndarray:
        """Models in network units u, (n, n_parameters)."""
        return self.prior.encode(models)

    def decode(self, u):
        """Models in physical units from network units."""
        return self.prior.decode(u)

    def get_state(self) -> dict[str, np.ndarray]:
        """Arrays that :meth:`from_state` rebuilds the codec from."""
        return {"mean": self.mean, "std": self.std, "covariance": self.covariance}

    @classmethod
    def from_state(cls, state, channels, prior, level_names=(), context_names=()) -> Codec:
        """Inverse of :meth:`get_state`."""
        codec = cls(channels, prior, level_names, context_names)
        codec.mean, codec.std, codec.covariance = (np.asarray(state[k], float) for k in ("mean", "std", "covariance"))
        codec._prepare()
        return codec
