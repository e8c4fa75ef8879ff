"""Folded dispersion curves: where the group velocity is negative, a mode has several velocities at one period."""

from __future__ import annotations

import numpy as np

from forward_models.surface_waves.search import find_roots

# A curve that rises by more between neighbouring periods may have passed over a lower branch.
_JUMP = 1.4
_SCANNED = 12


def lowest_branch(models, omega, c, mode, tolerance):
    """Phase velocities (n_periods, b) with those on an upper branch of a fold moved to the lowest one.

    At a given wavelength a mode has one frequency, at a given frequency it may have several wavelengths. The number
    of modes slower than c then rises, falls and rises again, and a bracket may hold the upper root. That shows as a
    jump between neighbouring periods (the count is scanned there) or as a wavelength that falls with the period.
    """
    unchecked = np.ones(c.shape, bool)
    while True:
        period, model, low, high = _suspects(models, omega, c, unchecked)
        if not period.size:
            return c
        unchecked[period, model] = False
        evaluate = models.evaluator(omega[period], model)
        low, high = _scan(evaluate, low, high, mode)
        hit = np.flatnonzero(np.isfinite(high))
        if not hit.size:
            continue
        low, high, period, model = low[hit], high[hit], period[hit], model[hit]
        guess = np.sqrt(low * high)
        moved, _ = find_roots(
            lambda x, lanes, hit=hit, evaluate=evaluate: evaluate(x, hit[lanes]),
            mode, low, high, guess, high / guess - 1, np.full(hit.size, np.nan), tolerance,
        )  # fmt: skip
        before = c[period, model]
        lower = (moved < before * (1 - 1e-6)) | (np.isnan(before) & np.isfinite(moved))
        period, model = period[lower], model[lower]
        c[period, model] = moved[lower]
        # Their neighbours are compared with new velocities.
        for neighbour in (period - 1, period + 1):
            there = (neighbour >= 0) & (neighbour < len(omega))
            unchecked[neighbour[there], model[there]] = True


def _suspects(models, omega, c, unchecked):
    """Indices (period, model) and the interval of velocities that a lower branch would lie in."""
    reached = np.where(np.isnan(c), models.upper, c)
    before = np.vstack([models.lower, reached[:-1]])
    jump = reached > _JUMP * before
    # The wavelength of a later period is no shorter, or this one has a root with a yet shorter one.
    wavelength = reached / omega[:, None]
    later = np.minimum.accumulate(wavelength[::-1], axis=0)[::-1]
    later = np.vstack([later[1:], np.full(models.n, np.inf)])
    behind = wavelength > later * (1 + 1e-9)
    period, model = np.nonzero((jump | behind) & unchecked)
    low = np.where(behind, models.lower, before)[period, model]
    high = np.where(behind, later * omega[:, None], reached)[period, model]
    return period, model, low, high


def _scan(evaluate, low, high, mode):
    """The first interval of a scan in which the mode is passed, NaN where there is none."""
    n = low.size
    fractions = np.linspace(0, 1, _SCANNED + 2)[1:]
    trial = low * (high / low) ** fractions[:, None]
    trial[-1] *= 1 - 1e-7
    lanes = np.tile(np.arange(n), len(trial))
    _, number = evaluate(trial.ravel(), lanes)
    above = number.reshape(trial.shape) > mode
    first = above.argmax(axis=0)
    every = np.vstack([low, trial])
    some = above.any(axis=0)
    columns = np.arange(n)
    return np.where(some, every[first, columns], np.nan), np.where(some, every[first + 1, columns], np.nan)
