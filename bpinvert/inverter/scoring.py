"""What the checks see of an answer, and among which simulations its scores are judged."""

from __future__ import annotations

import numpy as np

from bpinvert import checks, geometry
from bpinvert.inverter.pressing import pressure
from bpinvert.missing import continued

# A channel that so large a share of the training models have is one that a sounding should have.
_ALWAYS = 0.99


def check_inputs(solver, problem, assumed, counts, u, residuals, shift, level):
    """What the checks are given to look at.

    Returns
    -------
    checks.CheckInputs
    (n, n_channels) array
        How far each used reading lies outside the training range, in training standard deviations.
    """
    used = np.isfinite(assumed.scaled_sigma)
    corrected, view = problem, assumed.view
    if shift.any():
        # A displacement that was found is the electrodes', not the ground's: the checks see the data without it.
        corrected = problem.without(shift)
        still = np.zeros_like(assumed.shift_variance)
        view = solver.assume(corrected, assumed.levels, assumed.unknown, still).view
    beyond = _beyond(solver, corrected)
    seen = checks.CheckInputs(
        inputs=view.inputs,
        beyond=beyond.max(axis=1),
        distance=view.distance,
        roughness=view.roughness,
        n_rough=view.n_rough,
        n_mapped=view.n_mapped,
        residuals=residuals,
    )
    if level != "network":
        # A network's own answer is no best fit: what it leaves says little of the prior.
        left = residuals * np.where(used, assumed.seen_sigma, np.nan)
        seen.smooth, seen.n_smooth = problem.smooth_part(solver.codec, assumed.seen_sigma, left)
        seen.pressure = _pressure(solver, problem, assumed, counts, u)
    if problem.channels.joined:
        seen.parts = _fits(solver, problem, assumed, residuals, level)
    return seen, beyond


def strata(solver, problem, assumed, counts, shift):
    """What the calibration tells apart; see `checks.Calibration`."""
    as_modelled = (np.abs(assumed.sigma - assumed.modelled) <= 0.01 * assumed.modelled).all(axis=1)
    own = as_modelled & np.isfinite(assumed.scaled_sigma).all(axis=1)
    own &= problem.survey is solver.survey and solver.sheets.complete > 0
    position = solver.noise.position(assumed.levels)
    # Levels that were estimated are a kind of their own, told apart by a negative sign.
    position = np.where(assumed.unknown, -1 - position, position)
    segments = problem.movable.any(axis=1).astype(int) + (shift != 0).any(axis=1)
    there = np.isfinite(assumed.scaled_sigma)
    parts = enumerate(problem.channels.parts)
    missing = sum(2**k * ~there[:, part.columns].any(axis=1) for k, part in parts)
    return np.stack([np.where(own, -1, assumed.n_used), position, counts, segments, missing], axis=1)


def extrapolated(solver, problem) -> np.ndarray:
    """Which soundings begin or end elsewhere than those that the inverter is for."""
    always = solver.codec.presence >= _ALWAYS
    if solver.sheets.complete == 0:
        # No sounding has all points of which each is a place of its own.
        always &= ~np.concatenate(
            [np.full(len(part.columns), part.channels.points) for part in solver.survey.channels.parts]
        )
    return geometry.extrapolated(problem.channels, solver.survey.channels, problem.used, solver.sheets.reach, always)


def training_bounds(solver, channels):
    """Lowest and highest training datum on the scale, and their spread, at the readings of `channels`.

    Where no model of the training has a channel, those of the nearest one of its curve; NaN without any.
    """
    n, trained = len(solver.survey.channels), solver.survey.channels
    check = solver.checks[checks.NAMES.index("range")]
    mean, spread = solver.codec.mean[:n], solver.codec.std[:n]
    ends = np.stack([check.low[:n] * spread + mean, check.high[:n] * spread + mean, spread])
    ends = continued(trained, ends)
    return [geometry.at_readings(channels, trained, end) for end in ends]


def _fits(solver, problem, assumed, residuals, level):
    """How the answer fits the readings of each method."""
    fits = []
    for part in problem.channels.parts:
        here = np.full_like(residuals, np.nan)
        here[:, part.columns] = residuals[:, part.columns]
        fit = checks.Fit(here)
        if level != "network":
            sigma = np.where(np.isnan(here), np.inf, assumed.seen_sigma)
            fit.smooth, fit.n_smooth = problem.smooth_part(solver.codec, sigma, here * assumed.seen_sigma)
        fits.append(fit)
    return tuple(fits)


def _pressure(solver, problem, assumed, counts, u):
    wanted = np.zeros(len(counts))
    for count, values in u.items():
        rows = np.flatnonzero(counts == count)
        wanted[rows] = pressure(solver.search.misfit(problem, assumed, solver.branches[count], rows), values)
    return wanted


def _beyond(solver, problem):
    """How far each used reading lies outside the training range, in training standard deviations."""
    low, high, spread = training_bounds(solver, problem.channels)
    beyond = np.maximum(low - problem.scaled, problem.scaled - high) / spread
    return np.where(problem.used & np.isfinite(beyond), beyond, -np.inf)
