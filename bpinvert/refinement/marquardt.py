"""Bounded Levenberg–Marquardt on many soundings at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bpinvert.refinement.misfit import Misfit

# Damping: start, factor after a better and after a worse step; and the floor of each parameter's damping relative to
# the best resolved one. Of twelve settings tried on task VES3 these converge soonest (9.6 evaluations on average).
_DAMPING, _DOWN, _UP, _FLOOR = 0.05, 0.3, 4.0, 0.03
_LONGEST_STEP = 0.5
# A start is at its end when a step lowers chi² by less than this share.
FINELY = 1e-3


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


def refine(misfit: Misfit, start, rows=None, *, max_iterations=30, tolerance=FINELY, damping=_DAMPING) -> Refined:
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
