"""Physical units to network units and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from bpinvert.missing import continued

# Whitened features are clipped: a stranger must not saturate the network where an ordinary sounding does not.
_CLIP = 8.0
# What a spline through the channels leaves unexplained of a reading between them, as a share of the channel's spread.
_BETWEEN = 0.003
# A parameter at the very end of its range has no finite score.
_TAIL = 1e-7


@dataclass
class Conditioned:
    """What readings say of the channels.

    Attributes
    ----------
    mapped : (..., n, n_channels) array, conditional mean of every channel, standardised
    unsure : (..., n_channels) array, standard deviation of every channel as a share of that without any reading
    distance : (..., n) array, squared Mahalanobis distance of the readings from what training lets expect
    roughness : (..., n) array, mean square of what no curve of the training explains, 1 where the errors are as stated
    n_rough : (...) array, number of independent combinations of the readings that this is the mean over
    """

    mapped: np.ndarray
    unsure: np.ndarray
    distance: np.ndarray
    roughness: np.ndarray
    n_rough: np.ndarray


class Codec:
    """What stands between physics and network: what readings say of the channels, features of that, targets in u.

    Parameters are encoded by their prior's (conditional) CDF, u in [0, 1]. The noise-free data of the prior on the
    network's channels have a mean and a covariance (where a model lacks a channel, of its curve as `continued`); any
    readings, each a linear function of the channels with an error of its own, turn those into a conditional mean and
    standard deviation of every channel (Gaussian conditioning; Rasmussen & Williams 2006, eq. A.6). One formula so
    weighs repeated readings by their errors, fills gaps, extrapolates, and says how little is known there.

    Parameters
    ----------
    channels : forward_models.Channels
    prior : LayeredPrior of one layer count, DepthGridPrior or Prior
    level_names, context_names : tuples of str
        Noise levels and known quantities that are inputs of the network beside the data.
    """

    def __init__(self, channels, prior, level_names=(), context_names=()):
        self.channels = channels
        self.prior = prior
        self.level_names = tuple(level_names)
        self.context_names = tuple(context_names)

    def fit(self, scaled, levels=None, context=None) -> Codec:
        """Learn means, spreads and covariance of noise-free training data.

        Parameters
        ----------
        scaled : (n, n_channels) array, data on their scale, NaN where a model lacks a channel
        levels : (n, n_levels) array, noise levels (their logarithm is the input)
        context : (n, n_context) array
        """
        n, scaled = len(self.channels), np.asarray(scaled, dtype=float)
        self.presence = np.isfinite(scaled).mean(axis=0)
        raw = np.hstack([continued(self.channels, scaled), *self._known(levels, context)])
        known = np.isfinite(raw)
        raw[:, ~known.any(axis=0)] = 0.0
        known = True if known.all() else np.isfinite(raw)
        self.mean = raw.mean(axis=0, where=known)
        spread = raw.std(axis=0, where=known)
        self.std = np.where(spread > 0, spread, 1.0)
        standard = (raw[:, :n] - self.mean[:n]) / self.std[:n]
        if known is not True:
            # Curves that some models lack altogether: their mean says nothing of the others. A matrix of products
            # scaled to a diagonal of one is positive semi-definite, as means over pairs of existing data need not be.
            standard = np.nan_to_num(standard)
            size = np.sqrt(np.square(standard).mean(axis=0))
            standard /= np.where(size > 0, size, 1.0)
        self.covariance = standard.T @ standard / len(standard)
        self._prepare()
        return self

    def _prepare(self):
        value, vector = np.linalg.eigh(self.covariance)
        self._whitening = vector / np.sqrt(np.maximum(value, 1e-8 * value[-1]))

    def _known(self, levels, context):
        """Inputs beside the data, on the scale on which they are standardised."""
        parts = []
        if self.level_names:
            parts.append(np.log(levels))
        if self.context_names:
            parts.append(np.asarray(context, dtype=float))
        return parts

    def condition(self, matrix, scaled, errors) -> Conditioned:
        """What readings say of the channels. Leading dimensions, if any, are sheets that are treated at once.

        Parameters
        ----------
        matrix : (..., n_readings, n_channels) array
            Each reading as a linear function of the channels, on the channels' scale; a reading that is not used has
            a row of zeros.
        scaled : (..., n, n_readings) array
            Soundings on that scale, all with the same errors; 0 where not used.
        errors : (..., n_readings, n_readings) array
            Covariance of the readings' errors, on that scale.
        """
        n = len(self.channels)
        inverse, across = self.precision(matrix, errors)
        gain = inverse @ across
        difference = scaled - (matrix @ self.mean[:n])[..., None, :]
        known = np.einsum("...ij,...ij->...j", gain, across)
        explained = difference @ inverse
        # Var(inverse @ difference) = inverse; with the errors as metric, directions count by their share of noise.
        used = matrix.any(axis=-1)
        expected = np.where(used, np.einsum("...ij,...ji->...i", inverse, errors), 0.0).sum(axis=-1)
        rough = np.einsum("...i,...i->...", explained @ errors, explained)
        return Conditioned(
            mapped=difference @ gain,
            unsure=np.sqrt(np.clip(1 - known, 1e-8, 1.0)),
            distance=np.einsum("...i,...i->...", explained, difference),
            roughness=rough / np.maximum(expected, 1e-3)[..., None],
            n_rough=expected,
        )

    def precision(self, matrix, errors):
        """Inverse of the readings' covariance, and their covariance with the channels; arguments as `condition`."""
        standard = matrix * self.std[: len(self.channels)]
        across = standard @ self.covariance
        system = across @ np.swapaxes(standard, -1, -2) + errors
        # A spline through the channels leaves a little unexplained between them.
        diagonal = np.arange(matrix.shape[-2])
        size = np.abs(matrix)
        on_channel = size.max(axis=-1) > size.sum(axis=-1) - 1e-9
        system[..., diagonal, diagonal] += np.where(on_channel, 0.0, np.square(_BETWEEN * standard).sum(axis=-1))
        return np.linalg.inv(system), across

    def inputs(self, mapped, levels=None, context=None) -> np.ndarray:
        """Standardised inputs, (n, n_inputs): the mapped channels as they are, then what is known beside them."""
        n = len(self.channels)
        known = self._known(levels, context)
        if not known:
            return mapped
        return np.hstack([mapped, (np.hstack(known) - self.mean[n:]) / self.std[n:]])

    def features(self, inputs, unsure) -> np.ndarray:
        """What the network sees, float32: the inputs, their data whitened by principal components, what is unsure.

        Parameters
        ----------
        inputs : (n, n_inputs) array
        unsure : (n, n_channels) array
        """
        inputs = np.asarray(inputs, dtype=np.float32)
        n = len(self.channels)
        whitened = inputs[:, :n] @ self._whitening.astype(np.float32)
        # About -1 to 1 from well measured to unknown.
        doubt = np.log(np.asarray(unsure, dtype=np.float32)) / 2 + 1
        return np.hstack([inputs, np.clip(whitened, -_CLIP, _CLIP, out=whitened), doubt])

    def targets(self, models) -> np.ndarray:
        """Models in network units u, (n, n_parameters)."""
        return self.prior.encode(models)

    def scores(self, models) -> np.ndarray:
        """Models in normal scores z = Φ⁻¹(u), (n, n_parameters), where the prior is N(0, I); none beyond ±5.2."""
        return ndtri(np.clip(self.targets(models), _TAIL, 1 - _TAIL))

    def decode(self, u):
        """Models in physical units from network units."""
        return self.prior.decode(u)

    def get_state(self) -> dict[str, np.ndarray]:
        """Arrays that :meth:`from_state` rebuilds the codec from."""
        names = ("mean", "std", "covariance", "presence")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_state(cls, state, channels, prior, level_names=(), context_names=()) -> Codec:
        """Inverse of :meth:`get_state`."""
        codec = cls(channels, prior, level_names, context_names)
        codec.mean, codec.std, codec.covariance = (np.asarray(state[k], float) for k in ("mean", "std", "covariance"))
        codec.presence = np.asarray(state.get("presence", np.ones(len(channels))), float)
        codec._prepare()
        return codec
