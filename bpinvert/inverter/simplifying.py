"""Layered models with one layer fewer, as starts where more layers fit and fewer have not been made to."""

from __future__ import annotations

import numpy as np


def merged(models) -> list[dict]:
    """The models with two neighbouring layers made one, for each pair from the top, the last pair in two ways.

    A property becomes the mean of its logarithm, weighted by thickness; of the last layer and the half-space either one
    takes the place of both.

    Parameters
    ----------
    models : dict with "thickness" (n, n_layers - 1) and arrays (n, n_layers) of positive properties

    Returns
    -------
    list of n_layers dicts with (n, n_layers - 2) and (n, n_layers - 1) arrays

    Examples
    --------
    >>> models = {"thickness": np.array([[1.0, 3.0]]), "resistivity": np.array([[1.0, 16.0, 5.0]])}
    >>> [model["resistivity"].tolist() for model in merged(models)]
    [[[8.0, 5.0]], [[1.0, 5.0]], [[1.0, 16.0]]]
    >>> merged(models)[0]["thickness"]
    array([[4.]])
    """
    thickness = models["thickness"]
    last = thickness.shape[1] - 1
    upper, lower = thickness[:, :-1], thickness[:, 1:]
    pairs = [(i, (upper / (upper + lower))[:, i]) for i in range(last)]
    return [_merge(models, i, weight) for i, weight in [*pairs, (last, 0.0), (last, 1.0)]]


def _merge(models, i, weight):
    """Layers `i` and `i` + 1 as one, in which the upper one has this weight."""
    thickness = models["thickness"]
    simpler = {"thickness": np.delete(thickness, i, axis=1)}
    simpler["thickness"][:, i:][:, :1] += thickness[:, i : i + 1] if i < thickness.shape[1] - 1 else 0.0
    for name, values in models.items():
        if name != "thickness":
            simpler[name] = np.delete(values, i, axis=1)
            simpler[name][:, i] = values[:, i] ** weight * values[:, i + 1] ** (1 - weight)
    return simpler
