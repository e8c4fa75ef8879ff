"""Gaussian windows on the posterior: the components of a mixture that follows it along bent ridges."""

from __future__ import annotations

import numpy as np

from bpinvert.posterior.coordinates import FARTHEST

# Marquardt's damping: at the start, after a better and after a worse step; and the longest step.
_DAMPING, _DOWN, _UP, _LONGEST = 0.1, 0.1, 8.0, 1.5


def follow(target, rows, start, window, n_steps):
    """Masses, centres and precisions of the posterior times a Gaussian window around each start.

    The posterior times exp(−½ (x − x0)ᵀ B (x − x0)) is more nearly normal than the posterior itself; its mode, by
    Levenberg–Marquardt, and the Gauss–Newton Hessian there are a component. The window keeps apart what would all end
    at one maximum, so that the components stay spread along a ridge. A component's mass is the posterior's under its
    window, divided by how many windows overlap there.

    Parameters
    ----------
    target : Target
    rows : (S,) int array, soundings of the target
    start : (S, M, P) array, x0
    window : (S, P, P) array, B
    n_steps : int

    Returns
    -------
    log_weight : (S, M) array, up to a constant
    centre : (S, M, P) array
    precision : (S, M, P, P) array
    """
    S, M, P = start.shape
    flat_rows, pull = np.repeat(rows, M), np.repeat(window, M, axis=0)
    origin = start.reshape(S * M, P)
    x = origin.copy()
    value, gradient, curvature = _windowed(target, flat_rows, x, origin, pull)
    damping = np.full(S * M, _DAMPING)
    diagonal = np.arange(P)
    for _ in range(n_steps):
        system = curvature.copy()
        system[:, diagonal, diagonal] *= 1 + damping[:, None]
        step = np.linalg.solve(system, gradient[:, :, None])[:, :, 0]
        longest = np.abs(step).max(axis=1, keepdims=True)
        step *= np.minimum(1.0, _LONGEST / np.maximum(longest, 1e-300))
        trial = np.clip(x + step, -FARTHEST, FARTHEST)
        expanded = _windowed(target, flat_rows, trial, origin, pull)
        better = expanded[0] > value
        x[better] = trial[better]
        for old, new in zip((value, gradient, curvature), expanded, strict=True):
            old[better] = new[better]
        damping *= np.where(better, _DOWN, _UP)
    _, log_determinant = np.linalg.slogdet(curvature)
    log_weight = (value - log_determinant / 2).reshape(S, M) - _crowd(start, window)
    # A start without any finite misfit is no component.
    log_weight = np.where(np.isfinite(log_weight), log_weight, -1e30)
    return log_weight, x.reshape(S, M, P), curvature.reshape(S, M, P, P)


def _windowed(target, rows, x, origin, pull):
    """ln of posterior times window, its gradient and minus its Gauss–Newton Hessian."""
    value, gradient, curvature = target.expand(x, rows)
    off = x - origin
    pulled = (pull @ off[:, :, None])[:, :, 0]
    gradient -= pulled
    curvature += pull
    return value - (off * pulled).sum(axis=1) / 2, gradient, curvature


def _crowd(start, window):
    """ln of the sum of all windows at the centre of each, (S, M)."""
    offset = (start @ np.linalg.cholesky(window)).astype(np.float32)
    square = np.square(offset).sum(axis=2)
    distance = square[:, :, None] + square[:, None, :] - 2 * offset @ np.swapaxes(offset, 1, 2)
    return np.log(np.exp(-np.maximum(distance, 0.0) / 2).sum(axis=2))


def spread_out(points, window, n) -> np.ndarray:
    """Places (S, n) of `n` of the points (S, N, P) that lie far apart, each the farthest from those before it.

    Gonzalez (1985), doi:10.1016/0304-3975(85)90224-5, in the metric of `window` (S, P, P). Random draws crowd where the
    density is high; spread out as evenly, as many windows reach further into the tails.
    """
    flat = (points @ np.linalg.cholesky(window)).astype(np.float32)
    rows = np.arange(len(flat))
    chosen = np.zeros((len(flat), n), dtype=int)
    nearest = np.full(flat.shape[:2], np.inf, dtype=np.float32)
    for k in range(1, n):
        off = flat - flat[rows, chosen[:, k - 1]][:, None]
        np.minimum(nearest, np.einsum("snp,snp->sn", off, off), out=nearest)
        chosen[:, k] = nearest.argmax(axis=1)
    return chosen
