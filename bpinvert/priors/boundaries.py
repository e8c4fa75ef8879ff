"""A boundary taken out of layered models or put in: dicts of (n, L) arrays, with an infinite last thickness."""

from __future__ import annotations

import numpy as np


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
