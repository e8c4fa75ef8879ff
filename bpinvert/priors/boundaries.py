"""A boundary taken out of layered models or put in: dicts of (n, L) arrays, with an infinite last thickness."""

from __future__ import annotations

import numpy as np

# Models with a boundary moved keep so far from the ends of their ranges.
_EDGE = 0.002


def moved(prior, u, rng) -> np.ndarray:
    """Models of a layered `prior` like those at u (n, P), with one boundary moved; see its `with_boundary_moved`."""
    n, last = len(u), prior.layer_counts[0] - 1
    old, fresh = prior.decode(u), prior.decode(rng.random(np.shape(u)))
    thickness = np.concatenate([old["thickness"], np.full((n, 1), np.inf)], axis=1)
    layers = {"thickness": thickness} | {name: old[name] for name in prior.properties}
    layers = taken_out(layers, rng.integers(0, last, n), rng.random(n) < 0.5)
    rows, into = np.arange(n), rng.integers(0, last, n)
    whole, thin = layers["thickness"][rows, into], fresh["thickness"][rows, into]
    deepest = np.isinf(whole)
    whole = np.where(deepest, 2 * thin, whole)
    part = np.where((rng.random(n) < 0.5) & ~deepest, whole * rng.random(n), np.minimum(thin, whole / 2))
    below = rng.random(n) < 0.5
    layers = put_in(layers, into, np.where(below & ~deepest, whole - part, part))
    new, alike = into + below, rng.random(n) < 0.5
    for name in prior.properties:
        layers[name][rows, new] = np.where(alike, layers[name][rows, new], fresh[name][rows, new])
    layers["thickness"] = layers["thickness"][:, :last]
    return np.clip(np.nan_to_num(prior.encode(layers), nan=0.5), _EDGE, 1 - _EDGE)


def taken_out(layers, at, lower) -> dict:
    """Layers `at` and `at + 1` as one, with the properties of the upper or, where `lower`, of the lower one.

    Parameters
    ----------
    layers : dict of (n, L) arrays, "thickness" among them
    at : (n,) int array
    lower : (n,) bool array
    """
    n, L = layers["thickness"].shape
    places = np.arange(L - 1)
    kept = places + (places >= (at + ~lower)[:, None])
    merged = {name: np.take_along_axis(values, kept, axis=1) for name, values in layers.items()}
    rows, thickness = np.arange(n), layers["thickness"]
    merged["thickness"][rows, at] = thickness[rows, at] + thickness[rows, at + 1]
    return merged


def put_in(layers, into, upper) -> dict:
    """Layer `into` as two alike ones, the upper of them `upper` (n,) thick."""
    n, L = layers["thickness"].shape
    places = np.arange(L + 1)
    source = places - (places > into[:, None])
    parted = {name: np.take_along_axis(values, source, axis=1) for name, values in layers.items()}
    rows = np.arange(n)
    parted["thickness"][rows, into + 1] -= upper
    parted["thickness"][rows, into] = upper
    return parted
