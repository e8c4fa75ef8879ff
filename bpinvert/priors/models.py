"""The arrays that a prior draws and a survey is called with."""

from __future__ import annotations

import numpy as np


class Models(dict):
    """Arrays by name, ready for ``survey(**models)``.

    Layered priors give ``thickness`` (n, n_layers-1), properties (n, n_layers) and context (n,). Rows with
    fewer layers than the widest are padded with copies of their half-space, which changes nothing in a survey
    (thickness pad 1 m).

    Attributes
    ----------
    n_layers : (n,) int array, or None for unlayered models
    """

    def __init__(self, arrays=(), n_layers=None):
        super().__init__(arrays)
        self.n_layers = n_layers

    def take(self, rows) -> Models:
        """The models at `rows` (indices, mask or slice)."""
        n_layers = None if self.n_layers is None else self.n_layers[rows]
        return Models({name: array[rows] for name, array in self.items()}, n_layers)

    def masked(self) -> dict[str, np.ndarray]:
        """Copies of the arrays with NaN in place of the padding."""
        arrays = {name: np.array(array, dtype=float) for name, array in self.items()}
        if self.n_layers is not None:
            for name, array in arrays.items():
                if array.ndim == 2:
                    n_used = self.n_layers - (name == "thickness")
                    array[np.arange(array.shape[1]) >= n_used[:, None]] = np.nan
        return arrays


def padded(arrays, n_layers) -> Models:
    """Inverse of :meth:`Models.masked`: NaN beyond the layer count becomes a copy of the half-space.

    Parameters
    ----------
    arrays : dict of name -> (n, width) or (n,) arrays
    n_layers : (n,) int array
    """
    models = {}
    for name, array in arrays.items():
        array = np.array(array, dtype=float)
        if array.ndim == 2:
            unused = np.arange(array.shape[1]) >= (n_layers - (name == "thickness"))[:, None]
            pad = 1.0 if name == "thickness" else array[np.arange(len(array)), n_layers - 1][:, None]
            array = np.where(unused, pad, array)
        models[name] = array
    return Models(models, np.asarray(n_layers))
