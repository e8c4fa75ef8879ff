"""The soundings of one group, ready to be fitted: on their scale, with errors, as the network sees them."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bpinvert import geometry
from bpinvert.displacement import Displacement
from bpinvert.inverter.training_sheets import error_covariance
from bpinvert.refinement import fitting_scale

# Numbers in the matrices that are inverted at once.
_AT_ONCE = 2**20
# Standard deviations on the scale: no reading is better known to the network, and worse ones say nothing.
_SMALLEST, _WORTHLESS = 1e-4, 1e6


@dataclass
class View:
    """What the network and the checks see of soundings.

    Attributes
    ----------
    inputs : (n, n_inputs) array, standardised
    unsure : (n, n_channels) array
    distance : (n,) array, squared Mahalanobis distance of the used readings from the training data
    roughness : (n,) array, mean square of what is too rough for a curve, over that which the errors let expect
    n_rough : (n,) array, number of independent combinations of the readings that this is the mean over
    n_mapped : (n,) int array, number of used readings within the channels, on which the last three rest
    """

    inputs: np.ndarray
    unsure: np.ndarray
    distance: np.ndarray
    roughness: np.ndarray
    n_rough: np.ndarray
    n_mapped: np.ndarray


@dataclass
class Assumed:
    """What is assumed of the errors of soundings, and how the network sees them with these.

    Attributes
    ----------
    levels : (n, n_levels) array, noise levels
    unknown : (n,) bool array, where the sheet gives no errors and the level is a nuisance
    shift_variance : (n, n_segments) array, prior variance of the displacement of each MN segment
    modelled, sigma : (n, n_channels) arrays, standard deviations by the noise model and as used, in physical units
    scaled, scaled_sigma : (n, n_channels) arrays
        Data, and the σ used, on the scale on which they are fitted; σ is inf where a reading is not used.
    width : (n, n_channels) array or None, of that scale, see `refinement.fitting_scale`
    seen_sigma : (n, n_channels) array, the σ used on the network's scale, inf where a reading is not
    view : View
    together : bool, whether all MN segments may be displaced by the same amount
    """

    levels: np.ndarray
    unknown: np.ndarray
    shift_variance: np.ndarray
    modelled: np.ndarray
    sigma: np.ndarray
    scaled: np.ndarray
    scaled_sigma: np.ndarray
    width: np.ndarray | None
    seen_sigma: np.ndarray
    view: View
    together: bool = False

    @property
    def n_used(self):
        return np.isfinite(self.scaled_sigma).sum(axis=1)


class Problem:
    """Data of a group with enough readings each.

    Parameters
    ----------
    group : Group
    survey : forward_models.Survey of the network
    noise : Noise
    shift : float
        Scale of displacements of MN segments; 0: none.

    Attributes
    ----------
    used : (n, n_channels) bool array
    scaled : (n, n_channels) array, data on the network's scale, harmless where not used
    segments : (n_segments, n_channels) bool array
    movable : (n, n_segments) bool array, which of them can be displaced
    """

    def __init__(self, group, survey, noise, shift):
        self.group, self.noise = group, noise
        self.survey, self.context = group.survey, group.context
        self.channels = group.survey.channels
        # A reading that is not used gets a harmless value here and no weight below.
        self.data = np.where(group.used, group.data, 1.0)
        self.scaled = self.channels.to_scale(self.data)
        self.used = group.used
        self.given = np.isfinite(group.sigma)
        self.segments = geometry.mn_segments(self.channels)[: None if shift else 0]
        self.movable = geometry.movable(self.channels, self.segments, self.used)
        same = self.channels is survey.channels
        self.matrix = np.eye(len(self.channels)) if same else geometry.readings_matrix(self.channels, survey.channels)
        self.mapping = np.zeros(len(self.channels)) if same else geometry.mapping_error(self.channels)

    def __len__(self):
        return len(self.data)

    @cached_property
    def first_levels(self):
        """Noise levels by the sheet's errors, else the middle ones, (n, n_levels); where the sheet says none, (n,)."""
        levels = self.noise.levels_of(self.data, self.group.sigma, self.used, self.channels)
        unknown = np.isnan(levels).all(axis=1) if levels.shape[1] else np.zeros(len(self), dtype=bool)
        return self.noise.completed(levels), unknown

    def without(self, shift) -> Problem:
        """The same soundings with `shift` (n, n_channels) taken off the data, on their scale."""
        corrected = copy.copy(self)
        corrected.scaled = self.scaled - shift
        return corrected

    def displacement(self, assumed, rows=slice(None)):
        """Displacements of the MN segments; None where there are none."""
        if not len(self.segments):
            return None
        return Displacement(
            self.segments, assumed.shift_variance[rows], assumed.scaled_sigma[rows], together=assumed.together
        )

    def assume(self, codec, levels, unknown, shift_variance, prior_variance) -> Assumed:
        """The soundings with these errors: those of the sheet, else by the noise model.

        The network sees segments that are not displaced as it was trained to, with their `prior_variance`.

        A noise model may leave no error at all, e.g. 3 % of a phase of 0: no reading has infinite weight.
        """
        modelled = self.noise.sigma(self.data, self.channels, levels)
        sigma = np.where(self.given, self.group.sigma, modelled)
        scaled, scaled_sigma, width = fitting_scale(self.channels, self.data, sigma)
        scaled_sigma = np.where(self.used & (sigma > 0), scaled_sigma, np.inf)
        scaled_sigma[scaled_sigma > _WORTHLESS] = np.inf
        seen_sigma = scaled_sigma
        if width is None:
            scaled = self.scaled
        else:
            known = np.isfinite(scaled_sigma)
            seen_sigma = np.where(known, self.channels.sigma_on_scale(self.data, np.where(known, sigma, 1.0)), np.inf)
        seen_variance = np.where(shift_variance > 0, shift_variance, prior_variance * self.movable)
        view = self._view(codec, levels, seen_sigma, seen_variance)
        errors = {"modelled": modelled, "sigma": sigma, "scaled_sigma": scaled_sigma, "seen_sigma": seen_sigma}
        return Assumed(levels, unknown, shift_variance, **errors, scaled=scaled, width=width, view=view)

    def _view(self, codec, levels, seen_sigma, shift_variance) -> View:
        """What the network sees of the soundings with these errors."""
        n, n_channels = len(self), len(codec.channels)
        known, variance = self._errors(seen_sigma)
        mapped, unsure = np.empty((n, n_channels)), np.empty((n, n_channels))
        distance, roughness, n_rough = np.empty(n), np.empty(n), np.empty(n)
        matrix = np.nan_to_num(self.matrix)
        for rows in _batches(np.hstack([variance, shift_variance])):
            first = rows[:, 0]
            part = known[first]
            errors = error_covariance(
                np.where(part, variance[first], 1.0), self.segments * part[:, None], np.sqrt(shift_variance[first])
            )
            scaled = np.where(part[:, None], self.scaled[rows], 0.0)
            said = codec.condition(matrix * part[:, :, None], scaled, errors)
            mapped[rows], unsure[rows] = said.mapped, said.unsure[:, None]
            distance[rows], roughness[rows], n_rough[rows] = said.distance, said.roughness, said.n_rough[:, None]
        columns = np.stack(list(self.context.values()), axis=1) if self.context else None
        return View(codec.inputs(mapped, levels, columns), unsure, distance, roughness, n_rough, known.sum(axis=1))

    def _errors(self, seen_sigma):
        """Where a reading is used and within the channels, and its variance there, with the error of the mapping."""
        known = np.isfinite(seen_sigma) & np.isfinite(self.matrix).all(axis=1)
        size = np.hypot(np.maximum(np.where(known, seen_sigma, 1.0), _SMALLEST), self.mapping)
        return known, np.where(known, np.square(size), 0.0)

    def smooth_part(self, codec, seen_sigma, difference):
        """The part of the misfit that is as smooth as curves are, and for how many combinations of readings it stands.

        With residuals d, their errors E and the covariance of curves A it is d'E⁻¹d - d'(A + E)⁻¹d: what noise makes
        of neighbouring readings counts little, what another ground would make of them in full.

        Parameters
        ----------
        codec : Codec
        seen_sigma, difference : (n, n_channels) arrays, on the network's scale

        Returns
        -------
        (n,) and (n,) arrays
        """
        known, variance = self._errors(seen_sigma)
        smooth, n_smooth = np.empty(len(self)), np.empty(len(self))
        difference = np.where(known & np.isfinite(difference), difference, 0.0)
        matrix = np.nan_to_num(self.matrix)
        diagonal = np.arange(variance.shape[1])
        for rows in _batches(variance):
            first = rows[:, 0]
            part = known[first]
            errors = np.zeros((len(first), variance.shape[1], variance.shape[1]))
            errors[:, diagonal, diagonal] = np.where(part, variance[first], 1.0)
            inverse, _ = codec.precision(matrix * part[:, :, None], errors)
            d = difference[rows]
            whole = np.einsum("ijk,ijk,ik->ij", d, d, 1 / errors[:, diagonal, diagonal])
            smooth[rows] = whole - np.einsum("ijk,ijk->ij", d @ inverse, d)
            rough = np.where(part, inverse[:, diagonal, diagonal] * variance[first], 0.0).sum(axis=1)
            n_smooth[rows] = (part.sum(axis=1) - rough)[:, None]
        return smooth, n_smooth


def _batches(errors):
    """Rows of soundings to be treated at once, (n_sheets, n): those of a sheet have equal variances `errors`."""
    n = len(errors)
    # Rounded: σ on the scale has gone through physical units and back.
    rounded = np.round(np.log(np.maximum(errors, 1e-300)) * 1e6)
    if (rounded == rounded[:1]).all():
        return [np.arange(n)[None]]
    patterns, which = np.unique(rounded, axis=0, return_inverse=True)
    # Where hardly any two have the same, each is a sheet of its own.
    if len(patterns) * 4 > n:
        size = max(_AT_ONCE // max(errors.shape[1] ** 2, 1), 1)
        return (np.arange(start, min(start + size, n))[:, None] for start in range(0, n, size))
    order = np.argsort(which.ravel(), kind="stable")
    return (rows[None] for rows in np.split(order, np.cumsum(np.bincount(which.ravel()))[:-1]))
