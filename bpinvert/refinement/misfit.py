"""How well models fit their soundings: the sum of squares as a function of u, and its derivatives."""

from __future__ import annotations

import copy

import numpy as np

from bpinvert.missing import complete_slopes, completed

# An asinh scale on which residuals are taken is linear over so many σ: chi² is then 2 % too large at most.
_LINEAR = 10.0
# Step in u of differences, for surveys that have no derivatives of their own.
_STEP = 1e-4


class Misfit:
    """Sum of squared residuals of soundings as a function of u, with its Gauss–Newton pieces.

    A datum that a model lacks is compared with what it tends to at its cut-off, see `completed`.

    Parameters
    ----------
    survey : forward_models.Survey on the soundings' own readings
    prior : LayeredPrior of one layer count, DepthGridPrior or Prior
    scaled : (n, n_channels) array
        Observed data on the channels' scale; anything where not used.
    sigma : (n, n_channels) array
        Standard deviation on that scale; inf where a reading is not used.
    width : (n, n_channels) array, optional
        Of the asinh scales that these are on, as from `fitting_scale`; default: the channels' own.
    context : dict of (n,) arrays
    displacement : Displacement, optional
        Of segments of readings: the sum of squares is then the smallest over all displacements, each with a penalty
        of its own square over its variance.
    """

    def __init__(self, survey, prior, scaled, sigma, context=None, displacement=None, width=None):
        self.survey, self.prior, self.context, self.width = survey, prior, context or {}, width
        used = np.isfinite(sigma) & (sigma > 0) & np.isfinite(scaled)
        self.scaled = np.where(used, scaled, 0.0)
        self.weight = np.where(used, 1 / np.where(used, sigma, 1.0), 0.0)
        self.displacement = displacement

    def take(self, rows) -> Misfit:
        """Of some of the soundings."""
        part = copy.copy(self)
        part.context = {name: values[rows] for name, values in self.context.items()}
        part.scaled, part.weight = self.scaled[rows], self.weight[rows]
        part.width = None if self.width is None else self.width[rows]
        part.displacement = None if self.displacement is None else self.displacement.take(rows)
        return part

    def _models(self, u, rows):
        return self.prior.decode(u) | {key: value[rows] for key, value in self.context.items()}

    def _residuals(self, data, rows):
        scaled = self.survey.channels.to_scale(data, None if self.width is None else self.width[rows])
        with np.errstate(over="ignore"):
            residuals = (self.scaled[rows] - scaled) * self.weight[rows]
        # A model that cannot be computed where a reading is used must lose every comparison.
        lost = ~np.isfinite(residuals) & (self.weight[rows] > 0)
        residuals[~np.isfinite(residuals)] = 0.0
        if self.displacement is not None:
            residuals = self.displacement.project(residuals[:, :, None], rows)[:, :, 0]
        chi2 = np.einsum("ij,ij->i", residuals, residuals)
        chi2[lost.any(axis=1)] = np.inf
        return residuals, chi2

    def value(self, u, rows) -> np.ndarray:
        """Sum of squared residuals at `u` for the soundings `rows`."""
        models = self._models(u, rows)
        return self._residuals(completed(self.survey, models, self.survey(**models)), rows)[1]

    def linearised(self, u, rows):
        """Sum of squared residuals, the residuals r (n, n_channels) and J = -dr/du (n, n_channels, P).

        Residuals are standardised, (observed - predicted)/σ, and 0 where a reading is not used.
        """
        models = self._models(u, rows)
        if getattr(self.survey, "by_differences", False):
            simulated, jacobian = self._differences(u, rows)
            data = completed(self.survey, models, simulated)
        else:
            simulated, slopes = self.survey.data_and_jacobian(**models)
            data = completed(self.survey, models, simulated)
            if data is not simulated:
                complete_slopes(self.survey, models, slopes, np.isnan(simulated) & (self.weight[rows] > 0))
            jacobian = np.concatenate([self._columns(slopes, name, data) for name in self.prior.places], axis=2)
            to_u = self.prior.log_slope(u)
            jacobian = jacobian * to_u[:, None, :] if to_u.ndim == 2 else jacobian @ to_u
        residuals, chi2 = self._residuals(data, rows)
        weight = self.weight[rows]
        if self.width is not None:
            channels = self.survey.channels
            weight = weight * (channels.scale_slope(data, self.width[rows]) / channels.scale_slope(data))
        jacobian *= weight[:, :, None]
        jacobian[~np.isfinite(jacobian)] = 0.0
        if self.displacement is not None:
            jacobian = self.displacement.project(jacobian, rows)
        return chi2, residuals, jacobian

    def _differences(self, u, rows):
        """Data, and d(data on their scale)/du (n, n_channels, P) by differences in u, on one side at the box's ends.

        Unlike in ln(parameter) these also exist where a parameter is zero. Where a neighbour cannot be computed the
        other one must do.
        """
        data = self.survey(**self._models(u, rows))
        scaled = self.survey.channels.to_scale(data)
        jacobian = np.empty((*data.shape, u.shape[1]))
        for k in range(u.shape[1]):
            ends = []
            for step in (-_STEP, _STEP):
                moved = np.array(u, dtype=float)
                moved[:, k] = np.clip(moved[:, k] + step, 0.0, 1.0)
                there = self.survey.channels.to_scale(self.survey(**self._models(moved, rows)))
                known = np.isfinite(there)
                ends.append((np.where(known, there, scaled), np.where(known, moved[:, k : k + 1], u[:, k : k + 1])))
            (low, at_low), (high, at_high) = ends
            jacobian[:, :, k] = (high - low) / np.maximum(at_high - at_low, _STEP / 2)
        return data, jacobian

    def expand(self, u, rows):
        """Sum of squared residuals, gradient J'r (n, P) and Gauss–Newton matrix J'J (n, P, P) in u."""
        chi2, residuals, jacobian = self.linearised(u, rows)
        transposed = jacobian.transpose(0, 2, 1)
        return chi2, (transposed @ residuals[:, :, None])[:, :, 0], transposed @ jacobian

    def _columns(self, slopes, name, data):
        """Derivatives by the entries of one array of the models, 0 by one that the survey does not feel."""
        if name not in slopes:
            place = self.prior.places[name]
            return np.zeros((*data.shape, place.stop - place.start))
        return slopes[name] if slopes[name].ndim == 3 else slopes[name][:, :, None]


def fitting_scale(channels, data, sigma):
    """Data and their σ on the scale on which residuals are taken, and the widths of its asinh parts, or None.

    Where signs change, the scale is linear over ten σ of each datum: residuals are then as normal as the noise, also
    around zero, while a model far from the data is compared by its logarithm as on the other scales.

    Parameters
    ----------
    channels : forward_models.Channels
    data, sigma : (n, n_channels) arrays in physical units
    """
    if not channels.changes_sign:
        return channels.to_scale(data), sigma * channels.scale_slope(data), None
    width = np.maximum(channels.width, _LINEAR * np.where(np.isfinite(sigma), sigma, 0.0))
    return channels.to_scale(data, width), sigma * channels.scale_slope(data, width), width
