"""Components of proposals: from the network first, then from what was drawn, as (share, centres, precisions)."""

from __future__ import annotations

import numpy as np

from bpinvert.posterior import coordinates
from bpinvert.posterior.mixture import Mixture
from bpinvert.posterior.pareto import NOTHING
from bpinvert.posterior.weights import normalised, resample, tempered
from bpinvert.posterior.windows import follow, spread_out

# Share of the network's variance that its draws are widened by, and their least standard deviation: far outside its
# range a network may be sure beyond all digits. A share of the first candidates comes from the prior.
_INFLATION, _NARROWEST, _OF_PRIOR = 0.5, 1e-3, 0.05
# Share of the candidates that stays effective when weights are tempered, and the same number for moved boundaries.
_EFFECTIVE, _EFFECTIVE_MOVED = 0.5, 100
# Variance by which windows are wider than a share of the candidates' spread, at least.
_FLOOR = 0.01
# Windows start from so many draws by weight for each of them, of which those that lie far apart are taken.
_CHOICE = 4
# The power that flattens the masses of windows, and the least of them beside the largest.
_FLATNESS, _FAINTEST = 0.7, -8.0
# Shares of the proposal: the network's own mixture in the first; new windows in later ones, and the least of each.
_OF_NETWORK, _OF_MOVED, _OF_NEW, _LEAST_SHARE = 0.1, 0.3, 0.25, 1e-3
# Steps of windows that start at draws of the posterior.
_FEW_STEPS = 1


def first(target, rows, network, rngs, effort):
    """The first proposal: windows beside the network's own mixture.

    They start from simulated draws of the network's mixture, widened, and of the prior, by their tempered weights and
    spread out.

    Returns
    -------
    Mixture
    window : (S, P, P) array, precisions of the windows
    """
    wide = network.widened(_INFLATION * network.covariance + _NARROWEST**2 * np.eye(target.n_parameters))
    n_prior = max(round(_OF_PRIOR * effort.n_candidates), 1)
    share = n_prior / effort.n_candidates
    points = wide.draw(effort.n_candidates - n_prior, rngs)
    prior = np.stack([coordinates.draw(n_prior, target.n_parameters, rng) for rng in rngs])
    points = np.clip(np.concatenate([points, prior], axis=1), -coordinates.FARTHEST, coordinates.FARTHEST)
    log_target, log_prior = _evaluated(target, rows, points)
    proposal = np.logaddexp(np.log1p(-share) + wide.log_density(points), np.log(share) + log_prior)
    weight = tempered(log_target - proposal, _EFFECTIVE * effort.n_candidates)
    window = _windows_of(points, weight, effort.width)
    start = _chosen(points, weight, window, effort.n_windows, rngs)
    log_mass, centre, precision = follow(target, rows, start, window, effort.n_steps)
    windows = Mixture(_flattened(log_mass), centre, precision)
    return windows.joined(_OF_NETWORK * network.weight, network.centre, network.precision), window


def moved(run, window, effort):
    """Windows from draws of the posterior in which one boundary was moved elsewhere.

    Data that support fewer layers than there are leave a boundary free to split any of them, or to set off a thin layer
    anywhere. Each of these is a sheet of its own in the posterior, too thin to be found from the others by chance.
    """
    prior, n = run.target.misfit.prior, 2 * effort.n_candidates
    weight = tempered(run.log_weight, _EFFECTIVE_MOVED)
    chosen = np.stack([resample(own, n, rng) for own, rng in zip(weight, run.rngs, strict=True)])
    u, _ = coordinates.cube(np.take_along_axis(run.x, chosen[..., None], axis=1))
    points = coordinates.from_cube(
        np.stack([prior.with_boundary_moved(own, rng) for own, rng in zip(u, run.rngs, strict=True)])
    )
    weight = tempered(_evaluated(run.target, run.rows, points)[0], _EFFECTIVE_MOVED)
    start = _chosen(points, weight, window, effort.n_moved, run.rngs)
    log_mass, centre, precision = follow(run.target, run.rows, start, window, effort.n_steps)
    return _OF_MOVED * normalised(_flattened(log_mass)), centre, precision


def heavy(run, window, effort):
    """Windows at draws of large weight that no other chosen one stands for."""
    n = min(6 * effort.n_new, run.log_weight.shape[1] - 1)
    places = np.argpartition(-run.log_weight, n, axis=1)[:, :n]
    order = np.argsort(-np.take_along_axis(run.log_weight, places, axis=1), axis=1)
    places = np.take_along_axis(places, order, axis=1)
    log_weight = np.take_along_axis(run.log_weight, places, axis=1)
    points = np.take_along_axis(run.x, places[..., None], axis=1)
    weight = np.exp(log_weight - log_weight[:, :1])
    chosen = _far_and_heavy(points, weight, window, effort.n_new)
    start = np.take_along_axis(points, chosen[..., None], axis=1)
    _, centre, precision = follow(run.target, run.rows, start, window, _FEW_STEPS)
    share = normalised(np.log(np.maximum(np.take_along_axis(weight, chosen, axis=1), _LEAST_SHARE)))
    return _OF_NEW * share, centre, precision


def afresh(run, x, window, effort):
    """Windows from points x (S, N, P) that lie far apart, with most of the weight."""
    chosen = spread_out(x, window, min(2 * effort.n_windows, x.shape[1]))
    start = np.take_along_axis(x, chosen[..., None], axis=1)
    log_mass, centre, precision = follow(run.target, run.rows, start, window, _FEW_STEPS)
    return 2 / 3 * normalised(_flattened(log_mass)), centre, precision


def _evaluated(target, rows, points):
    """ln posterior, up to the evidence, and ln prior, (S, N) each, of points (S, N, P)."""
    S, N, P = points.shape
    _, likelihood, prior = target.evaluate(points.reshape(-1, P), np.repeat(rows, N))
    posterior = np.maximum(np.nan_to_num(likelihood, nan=-np.inf) + prior, NOTHING)
    return posterior.reshape(S, N), prior.reshape(S, N)


def _windows_of(points, weight, width):
    """Precisions (S, P, P) of windows: a share `width` of the points' spread wide, but not arbitrarily narrow."""
    off = points - weight[:, None] @ points
    covariance = np.swapaxes(off * weight[..., None], 1, 2) @ off
    return np.linalg.inv(covariance + _FLOOR * np.eye(points.shape[2])) / width**2


def _chosen(points, weight, window, n, rngs):
    """`n` of the points (S, N, P), of draws by weight those that lie far apart."""
    among = np.stack([resample(own, _CHOICE * n, rng) for own, rng in zip(weight, rngs, strict=True)])
    points = np.take_along_axis(points, among[..., None], axis=1)
    return np.take_along_axis(points, spread_out(points, window, n)[..., None], axis=1)


def _far_and_heavy(points, weight, window, n):
    """Places (S, n) of points of large weight that no other chosen one stands for."""
    flat = points @ np.linalg.cholesky(window)
    rows = np.arange(len(flat))
    chosen = np.zeros((len(flat), n), dtype=int)
    nearest = np.full(weight.shape, np.inf)
    for k in range(1, n):
        off = flat - flat[rows, chosen[:, k - 1]][:, None]
        np.minimum(nearest, np.square(off).sum(axis=2), out=nearest)
        chosen[:, k] = (np.minimum(nearest, 4.0) * weight).argmax(axis=1)
    return chosen


def _flattened(log_mass):
    """ln masses of windows, less different than they are: each is an estimate, and none is to be lost."""
    return np.maximum(_FLATNESS * (log_mass - log_mass.max(axis=1, keepdims=True)), _FAINTEST)
