"""Simulated soundings for training and calibration: models, noise-free data, and fresh noise whenever asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Sets these streams apart from those of a user's default_rng(seed) and of the chunks of `generate_samples`.
_OWN_STREAMS = 1959


def stream(seed, *key) -> np.random.Generator:
    """Random numbers of one purpose: `key` tells the purposes apart."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_OWN_STREAMS, *key)))


@dataclass
class Simulations:
    """Models of a prior with their noise-free data.

    Attributes
    ----------
    survey, noise : the survey and the noise model
    models : Models
    data : (n, n_channels) array in physical units, finite
    """

    survey: object
    noise: object
    models: object
    data: np.ndarray

    def __post_init__(self):
        self.scaled = self.survey.channels.to_scale(self.data)
        bad = ~np.isfinite(self.scaled).all(axis=1)
        if bad.any():
            good = np.flatnonzero(~bad)
            self.models, self.data, self.scaled = self.models.take(good), self.data[good], self.scaled[good]
        # The short way where σ on the scale is the same number for every model.
        self._sigma = None
        if not self.noise.level_names:
            self._sigma = self.noise.sigma_on_scale(self.data, self.survey.channels)

    @classmethod
    def draw(cls, survey, prior, noise, n, rng) -> Simulations:
        """`n` fresh models of `prior`; those that cannot be computed are left out."""
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

    def noisy(self, rng):
        """Data on their scale with fresh noise, the noise levels, and σ on the scale.

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
