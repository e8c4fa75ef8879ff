"""Training soundings as field sheets bring them: through random readings, errors and displaced segments."""

from __future__ import annotations

import numpy as np

from bpinvert import geometry
from bpinvert.sheets import SHIFT_FREEDOM

# Different sheets in the pool, and how many soundings share one in an epoch.
_POOL, _SOUNDINGS = 2000, 256
# A reading exists where all channels do that have this share of the largest weight in it: the two it lies between.
_NEEDED = 0.3


class TrainingSheets:
    """A pool of random sheets, each as a matrix from the network's channels to its readings.

    Parameters
    ----------
    survey : forward_models.Survey of the network
    sheets : Sheets
    noise : Noise
    rng : numpy.random.Generator
    """

    def __init__(self, survey, sheets, noise, rng):
        self.noise, self.channels, self.shift = noise, survey.channels, sheets.shift
        n = _POOL if sheets.complete < 1 else 1
        pool = sheets.draw(survey, n, rng)
        own = [sheet.channels() for sheet in pool]
        width = max(len(sheet.used) for sheet in pool)
        self.matrix = np.zeros((n, width, len(survey.channels)))
        self.mapping = np.zeros((n, width))
        self.factor = np.ones((n, width))
        self.errors_given = sheets.errors_given
        self.segments = np.zeros((n, max(len(geometry.mn_segments(channels)) for channels in own), width), dtype=bool)
        for k, (sheet, channels) in enumerate(zip(pool, own, strict=True)):
            m = len(sheet.used)
            rows = np.eye(m) if sheet.on_channels else geometry.readings_matrix(channels, survey.channels)
            self.matrix[k, :m] = np.where(sheet.used[:, None], rows, 0.0)
            self.factor[k, :m] = sheet.error_factor
            self.mapping[k, :m] = 0.0 if sheet.on_channels else geometry.mapping_error(channels)
            if sheets.shift:
                segments = geometry.mn_segments(channels)
                segments = segments[geometry.movable(channels, segments, sheet.used[None])[0]]
                self.segments[k, : len(segments), :m] = segments & sheet.used
        self.used = np.abs(self.matrix).sum(axis=2) > 0

    def observe(self, simulations, codec, rng, per_sheet=_SOUNDINGS):
        """Noisy soundings of `simulations` through sheets of the pool, as inputs and features of the network.

        Parameters
        ----------
        simulations : Simulations
        codec : Codec
        rng : numpy.random.Generator
        per_sheet : int
            Soundings that share a sheet, at most: they also lack the same channels.

        Returns
        -------
        (n, n_inputs) inputs and (n, n_channels) array of what is unsure
        """
        sheets = simulations.in_sheets(per_sheet)
        mapped, unsure, levels = zip(*(self._through(simulations, rows, codec, rng) for rows in sheets), strict=True)
        mapped, unsure, levels = (
            parts[0] if len(parts) == 1 else np.concatenate(parts) for parts in (mapped, unsure, levels)
        )
        first = slice(len(simulations))
        if simulations.missing is not None:
            _, first = np.unique(np.concatenate([rows.ravel() for rows in sheets]), return_index=True)
        return codec.inputs(mapped[first], levels[first], simulations.context), unsure[first]

    def _through(self, simulations, rows, codec, rng):
        """Simulations `rows` (n_sheets, n_soundings), those of a sheet without the same channels, through that sheet.

        Returns
        -------
        Mapped channels, what is unsure of them, and noise levels as a sheet states them, each with a row for each of
        `rows`.
        """
        n_sheets = len(rows)
        chosen = rng.integers(len(self.matrix), size=n_sheets)
        scaled, data = (values[rows] for values in simulations.filled)
        levels = self.noise.draw_levels(n_sheets, rng)
        # A sheet without errors is first taken to have the middle level.
        given = rng.random((n_sheets, 1)) < self.errors_given
        assumed = np.where(given, levels, self.noise.middle_levels())
        matrix, factor = self.matrix[chosen], np.where(given, self.factor[chosen], 1.0)
        weights = np.abs(matrix)
        weights /= np.maximum(weights.sum(axis=2, keepdims=True), 1e-300)
        sizes = np.swapaxes(weights, 1, 2)
        used, segments = self.used[chosen], self.segments[chosen]
        if simulations.missing is not None:
            needed = weights > _NEEDED * weights.max(axis=2, keepdims=True)
            used = used & ~(needed & simulations.missing[rows[:, 0], None]).any(axis=2)
            matrix, segments = np.where(used[:, :, None], matrix, 0.0), segments & used[:, None]

        def sigma_at(data, levels):
            shape = (n_sheets, -1, len(self.channels))
            flat = np.repeat(levels, data.shape[1], axis=0)
            sigma = self.noise.sigma_on_scale(data.reshape(-1, len(self.channels)), self.channels, flat)
            return (sigma.reshape(shape) @ sizes) * factor[:, None]

        if self.noise.proportional(self.channels):
            true, stated = sigma_at(data[:, :1], levels), sigma_at(data[:, :1], assumed)
        else:
            true, stated = sigma_at(data, levels), sigma_at(data, assumed).mean(axis=1, keepdims=True)
        readings = scaled @ np.swapaxes(matrix, 1, 2)
        mapping = self.mapping[chosen][:, None]
        readings += np.hypot(true, mapping) * rng.standard_normal(readings.shape, dtype=np.float32)
        segments = segments.astype(float)
        if segments.any():
            readings += displacements(rng, self.shift, (*readings.shape[:2], segments.shape[1])) @ segments
        readings *= used[:, None]
        variance = np.where(used, np.square(stated[:, 0]) + np.square(mapping[:, 0]), 1.0)
        errors = error_covariance(variance, segments, np.sqrt(shift_variance(self.shift)))
        conditioned = codec.condition(matrix, readings, errors)
        unsure, levels = (np.repeat(values, readings.shape[1], axis=0) for values in (conditioned.unsure, assumed))
        return conditioned.mapped.reshape(rows.size, -1), unsure, levels


def displacements(rng, shift, shape):
    """Random displacements of MN segments on the logarithmic scale, of scale `shift`, none beyond a factor of 7."""
    return np.clip(shift * rng.standard_t(SHIFT_FREEDOM, shape), -2, 2)


def shift_variance(shift) -> float:
    """Variance of the displacements' prior, Student's t."""
    return SHIFT_FREEDOM / (SHIFT_FREEDOM - 2) * shift**2


def error_covariance(variance, segments, shift):
    """Covariance of readings' errors where those of a segment share a displacement of scale `shift`.

    Parameters
    ----------
    variance : (..., n_readings) array
    segments : (..., n_segments, n_readings) array of 0 and 1
    shift : float or (..., n_segments) array
    """
    scaled = segments * np.asarray(shift)[..., None] if np.ndim(shift) else segments * shift
    covariance = np.swapaxes(scaled, -1, -2) @ scaled
    diagonal = np.arange(variance.shape[-1])
    covariance[..., diagonal, diagonal] += variance
    return covariance
