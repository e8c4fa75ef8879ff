"""Simulated soundings for training and calibration: models, noise-free data, and fresh noise whenever asked."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from bpinvert.missing import continued

# Sets these streams apart from those of a user's default_rng(seed) and of the chunks of `generate_samples`.
_OWN_STREAMS = 1959


def stream(seed, *key) -> np.random.Generator:
    """Random numbers of one purpose: `key` tells the purposes apart."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_OWN_STREAMS, *key)))


@dataclass
class Simulations:
    """Models of a prior with their noise-free data; models without any data are left out.

    Attributes
    ----------
    survey, noise : the survey and the noise model
    models : Models
    data : (n, n_channels) array in physical units, NaN where a model lacks a channel
    scaled : (n, n_channels) array, the same on its scale
    missing : (n, n_channels) bool array, or None where every model has every channel
    failed : Models, those that were left out
    """

    survey: object
    noise: object
    models: object
    data: np.ndarray

    def __post_init__(self):
        self.scaled = self.survey.channels.to_scale(self.data)
        exists = np.isfinite(self.scaled)
        good = exists.any(axis=1)
        self.failed = self.models.take(~good)
        self.missing = None
        if not exists.all():
            self.scaled[~exists] = np.nan
            self.models, self.data = self.models.take(good), self.data[good]
            self.scaled, exists = self.scaled[good], exists[good]
            self.missing = None if exists.all() else ~exists
        # The short way where σ on the scale is the same number for every model.
        self._sigma = None
        if not self.noise.level_names:
            self._sigma = self.noise.sigma_on_scale(self.data, self.survey.channels)

    @classmethod
    def draw(cls, survey, prior, noise, n, rng) -> Simulations:
        """`n` fresh models of `prior`."""
        models = prior.draw(n, rng)
        return cls(survey, noise, models, survey(**models))

    def __len__(self):
        return len(self.data)

    @property
    def context(self) -> np.ndarray:
        """Known quantities as (n, n_context) columns."""
        columns = [self.models[name] for name in self.survey.context]
        return np.stack(columns, axis=1) if columns else np.empty((len(self), 0))

    def take(self, rows) -> Simulations:
        """Some of the simulations."""
        return Simulations(self.survey, self.noise, self.models.take(rows), self.data[rows])

    def unknown_curves(self) -> list[str]:
        """Curves of which no model has anything, in words."""
        if self.missing is None:
            return []
        channels = self.survey.channels
        some = np.where(self.missing.all(axis=0), np.nan, 0.0)
        words = []
        for k in np.flatnonzero(np.isnan(continued(channels, some[None])[0])):
            name = channels.branch or channels.coordinate
            value = channels.coordinates[name][k]
            words.append(f"{channels.quantity[k]} at {name} {value if isinstance(value, str) else format(value, 'g')}")
        return list(dict.fromkeys(words))

    @functools.cached_property
    def filled(self):
        """Data on their scale and in physical units, with harmless values where a model lacks a channel."""
        if self.missing is None:
            return self.scaled, self.data
        channels = self.survey.channels
        scaled = np.nan_to_num(continued(channels, self.scaled))
        return scaled, np.where(self.missing, channels.from_scale(scaled), self.data)

    def in_sheets(self, size) -> list:
        """Simulations that can share a sheet, because they lack the same channels.

        Returns
        -------
        list of (n_sheets, n) int arrays, n at most `size`
            Every simulation at least once; some are repeated where there are too few for a sheet.
        """
        n = len(self)
        if self.missing is None:
            n_sheets = max(-(-n // size), 1)
            return [np.arange(n_sheets * -(-n // n_sheets)).reshape(n_sheets, -1) % n]
        by_length = {}
        for rows in self._patterns:
            for start in range(0, len(rows), size):
                sheet = rows[start : start + size]
                # Powers of two: a few lengths, each of which is treated at once.
                length = min(1 << (len(sheet) - 1).bit_length(), size)
                by_length.setdefault(length, []).append(np.resize(sheet, length))
        return [np.stack(sheets) for _, sheets in sorted(by_length.items())]

    @functools.cached_property
    def _patterns(self):
        """Rows that lack the same channels, (n_rows,) int arrays."""
        bits = np.packbits(self.missing, axis=1)
        order = np.lexsort(bits.T)
        ends = np.flatnonzero((bits[order[1:]] != bits[order[:-1]]).any(axis=1)) + 1
        return np.split(order, ends)

    def noisy(self, rng):
        """Data on their scale with fresh noise, the noise levels, and σ on the scale; NaN where a channel is missing.

        Returns
        -------
        (n, n_channels), (n, n_levels), (n, n_channels) arrays
        """
        levels = self.noise.draw_levels(len(self), rng)
        sigma = self._sigma
        if sigma is None:
            sigma = self.noise.sigma_on_scale(self.data, self.survey.channels, levels)
        normal = rng.standard_normal(self.scaled.shape, dtype=np.float32)
        return self.scaled + sigma * normal, levels, sigma
