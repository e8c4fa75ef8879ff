"""Velocities of modes: brackets that the count of modes proves, then inverse quadratic interpolation."""

from __future__ import annotations

import numpy as np

# Relative error that ends a search for a velocity, and for one that a mode's shape is wanted of.
TOLERANCE = 1e-10
EXACT = 1e-15
# How strongly a secular function bends, per relative change of c, where its own points do not say more.
_BEND = 20
_MOST_TURNS = 300


def find_roots(evaluate, mode, lower, upper, guess, step, slope, tolerance=TOLERANCE):
    """Phase velocity of a mode for each of n lanes; NaN where fewer modes are slower than `upper`.

    Parameters
    ----------
    evaluate : function
        (c, lanes) → (secular function, number of modes slower than c), for the lanes with these indices.
    mode : int
        0 is the fundamental mode.
    lower, upper : (n,) arrays
        In m/s. `upper` is never left; `lower` is where most modes lie above.
    guess : (n,) array
        In m/s, where to begin.
    step : (n,) array
        How far to go from there, as a fraction, where `slope` does not say it.
    slope : (n,) array
        Roughly the |df/dc| expected at the root; NaN where unknown.
    tolerance : float
        Relative error of c.

    Returns
    -------
    c : (n,) array
    slope : (n,) array
        |df/dc| at the root.
    """
    n = guess.size
    found, found_slope = np.full((2, n), np.nan)
    lanes = np.arange(n)
    x, step, low, high = np.clip(guess, lower, upper), step.copy(), lower.copy(), upper.copy()
    f_low, f_high = np.full((2, n), np.nan)
    # Whether the count at an end of the bracket is that of a neighbour of the root.
    sure_low, sure_high = np.zeros((2, n), bool)
    for turn in range(_MOST_TURNS):
        f, number = evaluate(x, lanes)
        above = number > mode
        finished = x >= upper
        finished &= ~above
        sure_low &= above
        sure_low |= number == mode
        sure_high &= ~above
        sure_high |= number == mode + 1
        old, f_old = np.where(above, high, low), np.where(above, f_high, f_low)
        low, f_low = np.where(above, low, x), np.where(above, f_low, f)
        high, f_high = np.where(above, x, high), np.where(above, f, f_high)
        if turn == 0:
            # Beyond the root by a fifth, so that the second point lies on its other side.
            expected = np.abs(f) * 1.2 / (slope * x) + 1e-7
            step = np.where(expected < 0.5, expected, step)
        proved = sure_low & sure_high
        best, error, inverse_slope = _interpolate(low, f_low, high, f_high, old, f_old, upper)
        done = error < tolerance * best
        done |= high - low < 4e-16 * high
        done &= proved
        finished |= done
        if finished.any():
            which = np.flatnonzero(done)
            found[lanes[which]] = best[which]
            found_slope[lanes[which]] = 1 / np.abs(inverse_slope[which])
            keep = np.flatnonzero(~finished)
            if not keep.size:
                break
            lanes, upper, x, step, low, high, f_low, f_high, best = (
                a[keep] for a in (lanes, upper, x, step, low, high, f_low, f_high, best)
            )
            sure_low, sure_high, proved = sure_low[keep], sure_high[keep], proved[keep]
        x = best
        if turn > 12 and turn % 3 == 0:
            x = np.where(proved, 0.5 * (low + high), x)
        _widen(np.flatnonzero(~proved), x, step, low, high, f_low, f_high)
    return found, found_slope


def _interpolate(low, f_low, high, f_high, old, f_old, upper):
    """Root of the parabola c(f) through three points, or of the secant where that is no better; its error; dc/df."""
    inverse_slope = (high - low) / (f_high - f_low)
    secant = low - f_low * inverse_slope
    bend = ((old - high) / (f_old - f_high) - inverse_slope) * f_low
    bend /= f_old - f_low
    bend *= f_high
    size = np.abs(bend)
    usable = size < 0.5 * np.minimum(secant - low, high - secant)
    # A parabola that leaves the bracket, or nearly does: between the secant and the middle.
    other = np.where(np.isnan(bend), secant, 0.5 * secant + 0.25 * (low + high))
    best = np.where(usable, secant + bend, other)
    spread = (best - low) * (high - best)
    # Each difference of third order is larger than one of second order by the bend or, below cut-off, 1/(upper - c).
    third = _BEND / best + 1 / (upper - best)
    third += 10 * size / spread
    error = (size + spread / best) * third * np.abs(old - best)
    return best, np.where(usable, error, np.inf), inverse_slope


def _widen(which, x, step, low, high, f_low, f_high):
    """Where the bracket is not proved: a further step, or the middle of a bracket with other modes in it."""
    if not which.size:
        return
    a, b, s = low[which], high[which], step[which]
    no_low, no_high = np.isnan(f_low[which]), np.isnan(f_high[which])
    # Even the lower end has the mode below it.
    a = np.where(no_low & (b <= a), 0.8 * b, a)
    low[which] = a
    target = np.sqrt(a * b)
    target = np.where(no_low, np.maximum(b * (1 - s), a), target)
    x[which] = np.where(no_high, np.minimum(a * (1 + s), b), target)
    step[which] = np.minimum(2.5 * s, 0.5)
