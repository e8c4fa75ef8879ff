"""Which nodes, and their weights, from models whose data the general path has computed."""

from __future__ import annotations

import numpy as np

from forward_models.constants import MU0
from forward_models.tdem.prepared.box import Box
from forward_models.tdem.prepared.fitting import Fit, select
from forward_models.tdem.prepared.nodes import RATIO, Nodes

# Reach of the candidate nodes: g by the conductivities, s by the lags, λ by the loop.
_G = (0.024, 120.0)
_S = (0.2, 120.0)
_WAVENUMBER = (0.006, 50.0)
# exp(-λ(h + z)) beyond is not needed.
_FARTHEST = 40.0
# Models at a time.
_ROWS, _BLOCK = 4096, 512
# The box is that of so many draws of the prior, and somewhat wider.
_N_DRAWS, _WIDER = 16384, 0.02
# Nodes are chosen by this share of the models.
_CHOOSING = 0.5
# After a first fit come, in rounds, the worst of more models: they lower the largest error a lot, the median hardly.
_ROUNDS, _MORE, _WORST = 3, 2.0, 0.1


def _candidates(measures, size, resistivity, path) -> Nodes:
    """All nodes that may be of use.

    Parameters
    ----------
    measures : list of dicts of (lag, weight)
        Of each gate by quantity, s.
    size : float
        Of the loop, m.
    resistivity : (low, high), Ω·m
    path : float
        Least height of transmitter plus receiver, m.
    """
    every_lag = np.concatenate([lag for measure in measures for lag, _ in measure.values()])
    shortest, longest = every_lag.min(), every_lag.max()
    low, high = 2 * np.log2([_S[0] / longest, _S[1] / shortest])
    k = np.arange(np.ceil(low), high, dtype=int)
    low, high = np.log([_G[0] / resistivity[1], _G[1] / resistivity[0]]) / np.log(RATIO)
    i = np.arange(np.ceil(low), high, dtype=int)
    i, k = (grid.ravel() for grid in np.meshgrid(i, k, indexing="ij"))
    wavenumber = np.sqrt(RATIO ** i.astype(float) * MU0 * 2.0 ** (k / 2))
    used = (wavenumber * size > _WAVENUMBER[0]) & (wavenumber * size < _WAVENUMBER[1]) & (wavenumber * path < _FARTHEST)
    return Nodes(i[used], k[used])


class Source:
    """Models with their data, half of them drawn from a prior and half anywhere in a box.

    Parameters
    ----------
    survey : Loop
        That takes the general path.
    prior : object with draw(n, rng)
    rng : numpy.random.Generator

    Attributes
    ----------
    box : Box
        That of the prior.
    """

    def __init__(self, survey, prior, rng):
        if not callable(getattr(prior, "draw", None)):
            raise TypeError(f"prior is {prior!r:.60}; it must have draw(n, rng). Pass e.g. a LayeredPrior.")
        self.survey, self.prior, self.rng = survey, prior, rng
        self.box = Box.around(self._drawn(_N_DRAWS)).widened(_WIDER)

    def _drawn(self, n):
        """Arrays with the models in the last axis, a half-space in place of NaN."""
        given = self.prior.draw(n, self.rng)
        needed = ("thickness", *self.survey.properties, *self.survey.context)
        if set(given) != set(needed):
            raise ValueError(
                f"The prior draws {', '.join(given)}, but {type(self.survey).__name__} needs {', '.join(needed)}. Give "
                "the prior exactly those."
            )
        models = {name: np.array(given[name], dtype=float).T for name in needed}
        models["thickness"][np.isnan(models["thickness"])] = 1.0
        for above, below in zip(models["resistivity"], models["resistivity"][1:], strict=False):
            np.copyto(below, above, where=np.isnan(below))
        return models

    def draw(self, n, box):
        """About n models inside `box`, models in the last axis, and their data (n_channels, n)."""
        drawn, anywhere = self._drawn(n // 2), box.draw(n - n // 2, self.rng)
        models = {name: np.concatenate([array, anywhere[name]], axis=-1) for name, array in drawn.items()}
        data = self.survey(**{name: array.T for name, array in models.items()}).T
        good = np.isfinite(data).all(axis=0) & (data != 0).all(axis=0)
        good &= box.holds(models["thickness"], models["resistivity"], models.get("height"))
        return {name: array[..., good] for name, array in models.items()}, data[:, good]


def train(source, box, n_models, n_nodes):
    """i, k (n_nodes,) of the nodes and their weights (n_channels, n_nodes) for models inside `box`."""
    survey = source.survey
    models, data = source.draw(n_models, box)
    lowest = survey._path(survey.height if box.height is None else box.height[0])
    nodes = _candidates(survey._measures, survey._seen().size, box.resistivity, max(lowest, 0.0))
    found, sizes = _coefficients(nodes, models), reading_sizes(data, survey.moment)
    some = slice(0, None, round(1 / _CHOOSING))
    kept = select(found[:, some], sizes[:, some], data[:, some], n_nodes)
    nodes = Nodes(nodes.i[kept], nodes.k[kept])
    found = found[kept][nodes.order]
    fits = [Fit(found, size) for size in sizes]
    _add(fits, found, sizes, data)
    weights = np.stack([fit.weights() for fit in fits])
    for _ in range(_ROUNDS):
        models, data = source.draw(int(_MORE * n_models), box)
        found, sizes = _coefficients(nodes, models), reading_sizes(data, survey.moment)
        errors = (np.abs(weights @ found - data) / sizes).max(axis=0)
        worst = np.argsort(errors)[-int(_WORST * n_models) :]
        _add(fits, found[:, worst], sizes[:, worst], data[:, worst])
        weights = np.stack([fit.weights() for fit in fits])
    return nodes.i, nodes.k, weights


def _add(fits, found, sizes, data):
    for start in range(0, data.shape[1], _ROWS):
        rows = slice(start, start + _ROWS)
        for fit, size, target in zip(fits, sizes[:, rows], data[:, rows], strict=True):
            fit.add(found[:, rows], size, target)


def _coefficients(nodes, models):
    parts = []
    for start in range(0, models["resistivity"].shape[1], _BLOCK):
        rows = {name: array[..., start : start + _BLOCK] for name, array in models.items()}
        parts.append(nodes.coefficients(rows["thickness"], 1 / rows["resistivity"], rows.get("height")))
    return np.concatenate(parts, axis=1)


def relative_errors(found, data, branch=None) -> np.ndarray:
    """|found - data| by `reading_sizes`."""
    return np.abs(found - data) / reading_sizes(data, branch)


def reading_sizes(data, branch=None) -> np.ndarray:
    """What errors of readings are divided by, (n_gates, n): |data|.

    Where data change sign it is a tenth of what the neighbours suggest.

    Parameters
    ----------
    data : (n_gates, n) array
    branch : (n_gates,) array, optional
        Which curve each gate belongs to.
    """
    sizes = np.abs(data)
    floor = np.zeros_like(sizes)
    for one in [None] if branch is None else np.unique(branch):
        rows = np.arange(len(data)) if one is None else np.flatnonzero(branch == one)
        if len(rows) < 3:
            continue
        part = np.log(np.maximum(sizes[rows], 1e-300))
        between = np.empty_like(part)
        between[1:-1] = (part[:-2] + part[2:]) / 2
        between[0], between[-1] = 2 * part[1] - part[2], 2 * part[-2] - part[-3]
        floor[rows] = 0.1 * np.exp(between)
    return np.maximum(sizes, floor)
