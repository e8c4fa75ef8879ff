"""Batched, bounded Gauss–Newton refinement: the physics has the last word."""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

# Damping: start, factor after a better and after a worse step; and the floor of each parameter's damping relative to
# the best resolved one. Of twelve settings tried on task VES3 these converge soonest (9.6 evaluations on average).
_DAMPING, _DOWN, _UP, _FLOOR = 0.05, 0.3, 4.0, 0.03
_LONGEST_STEP = 0.5
# An asinh scale on which residuals are taken is linear over so many σ: chi² is then 2 % too large at most.
_LINEAR = 10.0
# A start is at its end when a step lowers chi² by less than this share.
_FINELY = 1e-3


@dataclass
class Refined:
    """Best-fitting models.

    Attributes
    ----------
    u : (n, n_parameters) array, network units in [0, 1]
    chi2 : (n,) array, sum of squared standardised residuals over used readings, and of known values
    converged : (n,) bool array
    searched : (n,) bool array
        Whether further starts would hardly find a better model; False where the fit was good enough before that.
    discord : (n,) array, largest distance from a known value in its σ
    n_determined : int, how many parameters the data determine; None for all of u
    """

    u: np.ndarray
    chi2: np.ndarray
    converged: np.ndarray
    searched: np.ndarray
    discord: np.ndarray | float = 0.0
    n_determined: int | None = None


class Misfit:
    """Sum of squared residuals of soundings as a function of u, with its Gauss–Newton pieces.

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
        return self._residuals(self.survey(**self._models(u, rows)), rows)[1]

    def linearised(self, u, rows):
        """Sum of squared residuals, the residuals r (n, n_channels) and J = -dr/du (n, n_channels, P).

        Residuals are standardised, (observed - predicted)/σ, and 0 where a reading is not used.
        """
        data, slopes = self.survey.data_and_jacobian(**self._models(u, rows))
        residuals, chi2 = self._residuals(data, rows)
        jacobian = np.concatenate([_columns(slopes[name]) for name in self._names(slopes)], axis=2)
        to_u = self.prior.log_slope(u)
        jacobian = jacobian * to_u[:, None, :] if to_u.ndim == 2 else jacobian @ to_u
        weight = self.weight[rows]
        if self.width is not None:
            channels = self.survey.channels
            weight = weight * (channels.scale_slope(data, self.width[rows]) / channels.scale_slope(data))
        jacobian *= weight[:, :, None]
        jacobian[~np.isfinite(jacobian)] = 0.0
        if self.displacement is not None:
            jacobian = self.displacement.project(jacobian, rows)
        return chi2, residuals, jacobian

    def expand(self, u, rows):
        """Sum of squared residuals, gradient J'r (n, P) and Gauss–Newton matrix J'J (n, P, P) in u."""
        chi2, residuals, jacobian = self.linearised(u, rows)
        transposed = jacobian.transpose(0, 2, 1)
        return chi2, (transposed @ residuals[:, :, None])[:, :, 0], transposed @ jacobian

    def _names(self, slopes):
        """Order of the derivative's blocks: that of the prior's parameters."""
        stems = (name.rsplit("_", 1)[0] if name not in slopes else name for name in self.prior.parameters)
        return list(dict.fromkeys(stems))


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


def _columns(slope):
    return slope if slope.ndim == 3 else slope[:, :, None]


def refine(misfit: Misfit, start, rows=None, *, max_iterations=30, tolerance=_FINELY, damping=_DAMPING) -> Refined:
    """Levenberg–Marquardt on all soundings at once, inside the prior's box, without any pull to its centre.

    Parameters are u; steps are clipped to the box, and a parameter that presses against its bound is held there
    (projected Gauss–Newton; Kelley 1999, *Iterative Methods for Optimization*, chapter 5).

    Parameters
    ----------
    misfit : Misfit
    start : (n, n_parameters) array of u
    rows : (n,) int array, optional
        Which sounding of `misfit` each start belongs to; default all in order.
    max_iterations : int
    tolerance : float or (n,) array
        A sounding is done when a step lowers chi² by less than this share of it (or by 0.01 in all).
    damping : float
        Marquardt's λ of the first step.

    Returns
    -------
    Refined
    """
    u = np.clip(np.array(start, dtype=float), 0.0, 1.0)
    rows = np.arange(len(u)) if rows is None else np.asarray(rows)
    chi2, gradient, curvature = misfit.expand(u, rows)
    damping, tolerance = np.full(len(u), damping), np.broadcast_to(tolerance, len(u))
    converged = np.zeros(len(u), dtype=bool)
    active = np.arange(len(u))
    for _ in range(max_iterations):
        step = _step(u[active], gradient[active], curvature[active], damping[active])
        trial = np.clip(u[active] + step, 0.0, 1.0)
        trial_chi2, trial_gradient, trial_curvature = misfit.expand(trial, rows[active])
        with np.errstate(invalid="ignore"):  # neither can be computed
            gain = chi2[active] - trial_chi2
        better = gain > 0
        still = np.abs(trial - u[active]).max(axis=1) < 1e-6
        done = (better & (gain < np.maximum(tolerance[active] * trial_chi2, 1e-2))) | still
        accepted = active[better]
        u[accepted], chi2[accepted] = trial[better], trial_chi2[better]
        gradient[accepted], curvature[accepted] = trial_gradient[better], trial_curvature[better]
        damping[active] = np.where(better, damping[active] * _DOWN, damping[active] * _UP).clip(1e-8, 1e8)
        converged[active[done]] = True
        # Damped beyond any useful step: a stationary point as far as float64 differences tell.
        stuck = ~better & (damping[active] >= 1e6)
        converged[active[stuck]] = True
        active = active[~(done | stuck)]
        if not active.size:
            break
    return Refined(u, chi2, converged, np.zeros(len(u), dtype=bool))


def _step(u, gradient, curvature, damping):
    """Damped step of the parameters that are free to move; a held one stays where it is."""
    held = ((u <= 0.0) & (gradient < 0)) | ((u >= 1.0) & (gradient > 0))
    n = u.shape[1]
    diagonal = np.arange(n)
    size = curvature[:, diagonal, diagonal]
    largest = size.max(axis=1, keepdims=True)
    system = np.where(held[:, :, None] | held[:, None, :], 0.0, curvature)
    # The last term keeps a parameter without any influence from a singular system.
    damped = damping[:, None] * (size + _FLOOR * largest) + 1e-9 * largest + 1e-12
    system[:, diagonal, diagonal] += np.where(held, 1.0, damped)
    right = np.where(held, 0.0, gradient)
    step = np.linalg.solve(system, right[:, :, None])[:, :, 0]
    longest = np.abs(step).max(axis=1, keepdims=True)
    return step * np.minimum(1.0, _LONGEST_STEP / np.maximum(longest, 1e-300))


def starts_around(u, n_starts=12, spread=0.4) -> np.ndarray:
    """Starts scattered around an answer, the answer itself first.

    The offsets are the same for every sounding (a scrambled Sobol' sequence of normal scores), so that an answer does
    not depend on what else is in the batch.

    Parameters
    ----------
    u : (n, n_parameters) array in [0, 1]
    n_starts : int
    spread : float
        Standard deviation of the offsets. Of 0.08 to 0.4, and starts from the prior or from the best-fitting training
        models, 0.4 around the network's answer left the fewest soundings in a wrong valley.

    Returns
    -------
    (n, n_starts, n_parameters) array
    """
    return np.clip(u[:, None] + _offsets(u.shape[1], n_starts, spread), 0.0, 1.0)


@functools.cache
def _offsets(n_parameters, n_starts, spread):
    points = qmc.Sobol(n_parameters, rng=0).random_base2(max(n_starts - 1, 1).bit_length())[: n_starts - 1]
    return np.vstack([np.zeros(n_parameters), spread * ndtri(np.clip(points, 1e-6, 1 - 1e-6))])


# Further starts are refined until a step lowers chi² by less than this share, and only the best one to the end,
# beginning almost undamped: along bent valleys that goes further.
_ROUGHLY, _UNDAMPED = 0.06, 5e-6
# Starts are refined at once where so few soundings are left that NumPy's overhead counts.
_WORTHWHILE = 64
# No further start where this many have ended at about the best chi²: its share, or this much in all.
_AGREEING, _ABOUT = 3, (0.02, 0.2)


def refine_multistart(misfit: Misfit, starts, *, enough, max_iterations=30) -> Refined:
    """Refine from the first start; go on to the next ones only where the fit is not yet good enough.

    Where several starts have ended at the same misfit, no further one is tried: it is the best there is.

    Parameters
    ----------
    misfit : Misfit
    starts : (n, n_starts, n_parameters) array of u
    enough : (n,) array
        Sum of squared residuals below which no further start is tried.
    """
    n, n_starts, _ = starts.shape
    best = Refined(starts[:, 0].copy(), np.full(n, np.inf), *np.zeros((2, n), dtype=bool))
    reached = np.full((n, n_starts), np.inf)
    done = 0
    while done < n_starts:
        rows = _undecided(best, reached, enough)
        if not rows.size:
            break
        # Where one start is enough in any case, no further one is made with it.
        left = 1 if done == 0 and np.isinf(enough[rows]).all() else n_starts - done
        several = min(max(_WORTHWHILE // rows.size, 1), left)
        own = np.repeat(rows, several)
        trials = starts[rows, done : done + several].reshape(len(own), -1)
        further = np.tile(np.arange(done, done + several) > 0, len(rows))
        others = refine(
            misfit, trials, own, max_iterations=max_iterations, tolerance=np.where(further, _ROUGHLY, _FINELY)
        )
        # One start after the other, as if each had been made only where needed: an answer does not depend on the batch.
        for k in range(several):
            place = np.flatnonzero(np.isin(own, _undecided(best, reached, enough)))[k::several]
            reached[own[place], done + k] = others.chi2[place]
            better = place[others.chi2[place] < best.chi2[own[place]]]
            for name in ("u", "chi2", "converged"):
                getattr(best, name)[own[better]] = getattr(others, name)[better]
        done += several
    rough = np.flatnonzero(best.chi2 < reached[:, 0])
    fine = refine(misfit, best.u[rough], rough, max_iterations=max_iterations, damping=_UNDAMPED)
    for name in ("u", "chi2", "converged"):
        getattr(best, name)[rough] = getattr(fine, name)
    best.searched = best.chi2 > enough
    return best


def _undecided(best, reached, enough):
    """Soundings that do not fit yet, and whose starts have not ended at the same misfit often enough."""
    about = reached <= (best.chi2 * (1 + _ABOUT[0]) + _ABOUT[1])[:, None]
    agreed = np.isfinite(best.chi2) & (about.sum(axis=1) >= _AGREEING)
    untried = np.isinf(reached).all(axis=1)
    return np.flatnonzero(untried | ((best.chi2 > enough) & ~agreed))
