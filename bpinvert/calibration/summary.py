"""Posterior draws of simulated soundings, reduced at once to what calibration needs of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Draws that are sorted at a time: three arrays of so many numbers stay in cache.
_BLOCK = 2**17
_TAIL = 0.05


@dataclass(frozen=True)
class Summary:
    """What is kept of each simulation and parameter, arrays (n, P); NaN where the posterior is not finite.

    Attributes
    ----------
    pit : share of the posterior below the truth, uniform on [0, 1] if the posterior is true
    crps : continuous ranked probability score, in u; lower is better
    prior_crps : that of the prior
    width : of the central 90 % interval, as a multiple of the prior's
    """

    pit: np.ndarray
    crps: np.ndarray
    prior_crps: np.ndarray
    width: np.ndarray


def summarize(draws, truth, weights=None, *, rng) -> Summary:
    """PIT, CRPS and width of (weighted) posterior draws of many simulations.

    Parameters
    ----------
    draws : (n_draws, n, P) array, in u
    truth : (n, P) array, in u
    weights : (n_draws, n) array, optional
        Not negative, in any scale. Equal by default.
    rng : numpy.random.Generator
        Breaks ties: the PIT is drawn from the slot in which the truth stands.

    Raises
    ------
    ValueError
        If shapes do not agree, there are fewer than two draws, or a weight is negative.

    Notes
    -----
    With n_draws equal weights the PIT is (rank + V)/(n_draws + 1), V uniform: exactly uniform for a true posterior
    (simulation-based calibration, Talts et al. 2018, arXiv:1804.06788). With others the truth counts as one draw of
    the weight that equal draws of the same effective number would have, Σw²/Σw: coverage then errs by some 1/ESS, half
    as much as without.

    CRPS = Σ wᵢ|xᵢ - y| - ½ Σᵢⱼ wᵢwⱼ|xᵢ - xⱼ| (Gneiting & Raftery 2007, doi:10.1198/016214506000001437, eq. 21). Sorted,
    the double sum is Σ Cᵢ(1 - Cᵢ)(xᵢ₊₁ - xᵢ) with C = cumulated w; divided by 1 - Σw² it is unbiased for any number
    of draws (Ferro 2014, doi:10.1002/qj.2270). The prior is uniform in u; its CRPS is y² - y + 1/3.
    """
    draws, truth = np.asarray(draws), np.asarray(truth, dtype=float)
    if draws.ndim != 3 or truth.shape != draws.shape[1:] or len(draws) < 2:
        raise ValueError(
            f"draws has shape {draws.shape} and truth {truth.shape}; allowed are (n_draws, n, P) with two draws or "
            "more, and (n, P). Put the draws first."
        )
    weights = _checked(weights, draws)
    n_draws, n, n_parameters = draws.shape
    ties = rng.random((n, n_parameters))
    pit, crps, width = (np.full((n, n_parameters), np.nan) for _ in range(3))
    step = max(1, _BLOCK // (n_draws * n_parameters))
    for start in range(0, n, step):
        rows = slice(start, start + step)
        part = None if weights is None else weights[:, rows]
        good, x, w = _sorted(draws[:, rows], part)
        good = start + good
        pit[good] = _pit(x, w, truth[good], ties[good])
        crps[good] = _crps(x, w, truth[good])
        width[good] = (_quantile(x, w, 1 - _TAIL) - _quantile(x, w, _TAIL)) / (1 - 2 * _TAIL)
    prior_crps = np.where(np.isnan(pit), np.nan, truth * (truth - 1) + 1 / 3)
    return Summary(pit, crps, prior_crps, width)


def _checked(weights, draws):
    if weights is None:
        return None
    weights = np.asarray(weights, dtype=float)
    if weights.shape != draws.shape[:2]:
        raise ValueError(
            f"weights has shape {weights.shape}; draws of shape {draws.shape} need {draws.shape[:2]}. "
            "Give each draw of each simulation one weight."
        )
    if (weights < 0).any():
        raise ValueError(f"weights has the value {weights.min():g}; weights are 0 or more. Exponentiate log-weights.")
    return weights


def _sorted(draws, weights):
    """Places of the simulations that can be used; their draws in order, (m, P, n_draws), and weights of sum 1."""
    good = np.isfinite(draws).all(axis=(0, 2))
    if weights is not None:
        total = weights.sum(axis=0)
        good &= np.isfinite(total) & (total > 0)
    good = np.flatnonzero(good)
    x = np.ascontiguousarray(np.moveaxis(draws[:, good], 0, 2), dtype=float)
    if weights is None:
        x.sort(axis=2)
        return good, x, np.broadcast_to(1 / x.shape[2], x.shape)
    order = x.argsort(axis=2)
    w = np.broadcast_to((weights[:, good] / total[good]).T[:, None], x.shape)
    return good, np.take_along_axis(x, order, axis=2), np.take_along_axis(w, order, axis=2)


def _pit(x, w, truth, ties):
    y = truth[..., None]
    below, tied, own = _sum(w, x < y), _sum(w, x == y), _sum(w, w)
    return (below + ties * (tied + own)) / (1 + own)


def _crps(x, w, truth):
    cumulated = np.cumsum(w, axis=2)[..., :-1]
    spread = _sum(cumulated * (1 - cumulated), np.diff(x, axis=2))
    distance = _sum(w, np.abs(x - truth[..., None]))
    # A single draw with all the weight has no spread to correct.
    freedom = np.maximum(1 - _sum(w, w), np.finfo(float).eps)
    return distance - spread / freedom


def _quantile(x, w, probability):
    """Between sorted draws, each standing at the middle of its weight."""
    middle = np.cumsum(w, axis=2) - w / 2
    above = np.clip((middle < probability).sum(axis=2, keepdims=True), 1, x.shape[2] - 1)
    (x0, x1), (m0, m1) = (
        (np.take_along_axis(a, above - 1, axis=2)[..., 0], np.take_along_axis(a, above, axis=2)[..., 0])
        for a in (x, middle)
    )
    share = (probability - m0) / np.where(m1 > m0, m1 - m0, 1.0)
    return x0 + np.clip(share, 0, 1) * (x1 - x0)


def _sum(a, b):
    """Products, summed over the draws."""
    return np.einsum("ijk,ijk->ij", a, b)
