"""Proposals for importance sampling: the first one from the network, the next ones from what was drawn."""

from __future__ import annotations

import numpy as np

from bpinvert.posterior import coordinates
from bpinvert.posterior.mixture import Mixture
from bpinvert.posterior.windows import follow, spread_out

# Candidates among which the starts of the windows are spread out; the variance added to the network's.
_CANDIDATES, _INFLATION = 4, 1.0
# Variance added to the network's in the windows' shape, and the power that flattens their masses.
_FLOOR, _FLATNESS, _FAINTEST = 0.01, 0.7, -8.0
# Share of the network's own mixture in the first proposal; of new windows in later ones.
_OF_NETWORK, _OF_NEW = 0.1, 0.25
# Components hold on by such a share of the draws.
_PSEUDO = 0.1


def windows_of(network, width) -> np.ndarray:
    """Precisions (S, P, P) of windows: a share `width` of the network's spread wide, but not arbitrarily narrow."""
    return np.linalg.inv(network.covariance + _FLOOR * np.eye(network.mean.shape[1])) / width**2


def first(target, rows, network, window, rngs, effort) -> Mixture:
    """Windows from draws of the network's mixture, spread out, beside that mixture itself."""
    S, P = network.mean.shape
    n = _CANDIDATES * effort.n_windows
    start = network.draw(n, rngs)
    scatter = np.linalg.cholesky(_INFLATION * network.covariance / 2 + 1e-6 * np.eye(P))
    start += np.stack([rng.standard_normal((n, P)) for rng in rngs]) @ np.swapaxes(scatter, 1, 2)
    start = np.clip(start, -coordinates.FARTHEST, coordinates.FARTHEST)
    start = start[np.arange(S)[:, None], spread_out(start, window, effort.n_windows)]
    log_weight, centre, precision = follow(target, rows, start, window, effort.n_steps)
    windows = Mixture(_flattened(log_weight), centre, precision)
    ratio = np.log(_OF_NETWORK / (1 - _OF_NETWORK))
    return windows.joined(np.log(np.maximum(network.weight, 1e-30)) + ratio, network.centre, network.precision)


def following(run, window, effort) -> Mixture:
    """The last proposal, adapted to all draws, with new windows where single draws weigh much."""
    adapted = run.mixtures[-1].adapted(run.x, run.tempered(), _PSEUDO, effort.n_windows)
    if not effort.n_new:
        return adapted
    S = len(run.x)
    n = min(6 * effort.n_new, run.x.shape[1] - 1)
    heaviest = np.argpartition(-run.log_weight, n, axis=1)[:, :n]
    weight = np.take_along_axis(run.log_weight, heaviest, axis=1)
    order = np.argsort(-weight, axis=1)
    heaviest, weight = np.take_along_axis(heaviest, order, axis=1), np.take_along_axis(weight, order, axis=1)
    points = run.x[np.arange(S)[:, None], heaviest]
    weight = np.exp(weight - weight[:, :1])
    chosen = _far_and_heavy(points, weight, window, effort.n_new)
    start = np.take_along_axis(points, chosen[..., None], axis=1)
    _, centre, precision = follow(run.target, run.rows, start, window, 1)
    share = np.take_along_axis(weight, chosen, axis=1)
    share = _OF_NEW * share / share.sum(axis=1, keepdims=True) + 1e-3
    return adapted.joined(np.log(share), centre, precision)


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


def afresh(run, x, window, effort) -> Mixture:
    """The last proposal with as much weight again on windows from points x (S, N, P) that lie far apart."""
    chosen = spread_out(x, window, min(2 * effort.n_windows, x.shape[1]))
    start = np.take_along_axis(x, chosen[..., None], axis=1)
    log_weight, centre, precision = follow(run.target, run.rows, start, window, 1)
    share = np.exp(_flattened(log_weight))
    share *= 2 / share.sum(axis=1, keepdims=True)
    return run.mixtures[-1].joined(np.log(share), centre, precision)


def _flattened(log_weight):
    """ln masses of windows, less different than they are: each is an estimate, and none is to be lost."""
    return np.maximum(_FLATNESS * (log_weight - log_weight.max(axis=1, keepdims=True)), _FAINTEST)
