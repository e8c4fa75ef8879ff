"""Priors of smooth models: many layers on a fixed depth grid, their properties correlated with depth."""

from __future__ import annotations

import numbers
from typing import NoReturn

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import ndtr, ndtri

from bpinvert.priors.base import BasePrior, count, unit_points
from bpinvert.priors.distributions import (
    TAIL,
    Ordered,
    Relative,
    plain_spec,
    read_context,
    read_distribution,
    show_spec,
)
from bpinvert.priors.layered import MOST_LAYERS
from bpinvert.priors.models import Models
from bpinvert.priors.transform import Independent, UnitCube

# Interfaces closer than this ratio would make neighbouring layers one in all but rounding errors.
_CLOSEST = 1.01
_LONGEST = 100.0
# Depth in m that a field of period 1 s reaches over 1 Ω·m: the skin depth.
_SKIN_DEPTH = 503.0


class DepthGridPrior(BasePrior):
    """What is plausible for an earth whose properties change smoothly over a fixed grid of depths.

    Every layer has the same marginal distribution; its normal score is a stationary Gaussian process in ln(depth of
    the layer's middle) with Matérn correlation of smoothness 3/2, (1 + √3 r/l) exp(-√3 r/l) (a Gaussian copula; the
    correlation is eq. 4.17 of Rasmussen & Williams 2006). In ln(depth), because both the physics and this prior then
    look the same at every scale, and layers at depth are resolved in proportion to it. So every value lies within its
    range, and z = Φ⁻¹(u) is N(0, I). u_1 says how resistive the top is, every further u what is new in a layer given
    those above it.

    Parameters
    ----------
    depth : (n_layers-1,) array in m
        Interfaces, increasing; at least two. `for_survey` chooses them.
    correlation : float
        Correlation length l in e-folds of depth: 1.0 ties a layer to another at 2.7 times its depth by 0.48.
    context : dict of name -> range or distribution, optional
        Known quantities of a sounding that vary, as in `LayeredPrior`.
    **properties : range or distribution each
        Of any one layer: a (low, high) range, log-uniform, or a frozen scipy.stats distribution of positive values.
        Properties are independent of each other.

    Attributes
    ----------
    depth : (n_layers-1,) array in m
    layer_counts : tuple, the one number of layers
    properties, parameters : tuples of str
    context : dict of name -> distribution

    Raises
    ------
    ValueError, TypeError
        If depths do not increase, or something is not a range.

    Examples
    --------
    >>> prior = DepthGridPrior([1, 10, 100], resistivity=(1, 10_000))
    >>> prior.decode([[0.5, 0.5, 0.5, 0.5]])["resistivity"].round(6)
    array([[100., 100., 100., 100.]])
    """

    smooth = True

    def __init__(self, depth, *, correlation=1.0, context=None, **properties):
        self.depth = _read_depth(depth)
        if not isinstance(correlation, numbers.Real) or not 0 < correlation <= _LONGEST:
            raise ValueError(
                f"correlation is {correlation!r}; it is a length in e-folds of depth, above 0 and up to {_LONGEST:g}. "
                "Give e.g. 1.0."
            )
        if not properties:
            raise ValueError("DepthGridPrior has no properties; give at least one, e.g. resistivity=(1, 10_000).")
        self.correlation = float(correlation)
        self._properties = {name: _read_property(name, spec) for name, spec in properties.items()}
        self.properties = tuple(self._properties)
        self.context = read_context(context, self.properties)
        n_layers = len(self.depth) + 1
        self.layer_counts = (n_layers,)
        self.layer_weights = np.ones(1)
        self.parameters = tuple(f"{name}_{i + 1}" for name in self.properties for i in range(n_layers))
        self._thickness = np.diff(self.depth, prepend=0.0)
        self._cube = _CorrelatedCube(list(self._properties.values()), _correlation_factor(self.depth, self.correlation))
        self._cube_context = UnitCube({name: (1, spec) for name, spec in self.context.items()})

    @classmethod
    def for_survey(cls, survey, n_layers=25, *, correlation=1.0, context=None, **properties) -> DepthGridPrior:
        """A prior with interfaces at equal ratios, from a third of the shallowest reach to three times the deepest.

        The reach is the spacing of the electrodes, or the skin depth 503 √(ρT) m of an MT survey at the median of
        its resistivity. What data say ends at about the deepest reach, so the grid goes on until it has.

        Parameters
        ----------
        survey : forward_models.Survey of method "ves" or "mt"
        n_layers : int, with the half-space
        correlation, context, **properties : as in the class
        """
        n_layers = count("n_layers", n_layers, 3, MOST_LAYERS)
        method = getattr(survey, "method", None)
        if method not in ("ves", "mt"):
            raise ValueError(
                f"survey is of method {method!r}; reach is known of 'ves' and 'mt'. Give the depth yourself."
            )
        reach = np.asarray(survey.channels.value, dtype=float)
        if method == "mt":
            if "resistivity" not in properties:
                raise ValueError("an MT survey needs a resistivity; give e.g. resistivity=(1, 10_000).")
            median = Independent([_read_property("resistivity", properties["resistivity"])]).values(
                np.full((1, 1), 0.5)
            )
            reach = _SKIN_DEPTH * np.sqrt(median.item() * reach)
        if not reach.max() > reach.min():
            raise ValueError("the survey has one reach only, which spans no grid. Give the depth yourself.")
        depth = np.geomspace(reach.min() / 3, 3 * reach.max(), n_layers - 1)
        return cls(depth, correlation=correlation, context=context, **properties)

    def fixed(self, n_layers) -> DepthGridPrior:
        """This prior, which has one number of layers; any other is refused."""
        if n_layers not in self.layer_counts:
            raise ValueError(
                f"n_layers is {n_layers!r}, but this grid has {self.layer_counts[0]} layers. Ask for those."
            )
        return self

    def widened(self, n_layers, factor) -> NoReturn:
        """Refused: a grid is not widened by itself."""
        raise ValueError(
            f"the prior is {self!r}; only a LayeredPrior can be widened. Give wider ranges or a deeper grid by "
            "hand and train again."
        )

    def draw(self, n, rng, method="random") -> Models:
        """`n` models drawn from the prior.

        Parameters
        ----------
        n : int
        rng : numpy.random.Generator or int
        method : {"random", "sobol", "lhs"}
        """
        size = self._cube.size
        u = unit_points(count("n", n), size + len(self.context), rng, method).T
        known = zip(self.context, self._cube_context.values(u[size:]), strict=True)
        models = self._models(self._cube.values(u[:size]))
        return Models({**models, **dict(known)}, models.n_layers)

    def __repr__(self):
        words = [f"{len(self.depth)} interfaces from {self.depth[0]:g} to {self.depth[-1]:g} m"]
        words += [f"correlation={self.correlation:g}"]
        words += [f"{name}={show_spec(spec)}" for name, spec in self._properties.items()]
        if self.context:
            words.append(f"context={{{', '.join(f'{k!r}: {show_spec(s)}' for k, s in self.context.items())}}}")
        return f"DepthGridPrior({', '.join(words)})"

    def _specs(self):
        return (self._properties | self.context).items()

    def _description(self):
        # Pairs, not dicts: the order of properties must survive a writer that sorts keys.
        return {
            "prior": "DepthGridPrior",
            "depth": self.depth.tolist(),
            "correlation": self.correlation,
            "properties": [[name, plain_spec(spec)] for name, spec in self._properties.items()],
            "context": [[name, plain_spec(spec)] for name, spec in self.context.items()],
        }

    def _models(self, values):
        n_layers, n = self.layer_counts[0], values.shape[1]
        arrays = {"thickness": np.tile(self._thickness, (n, 1))}
        for k, name in enumerate(self.properties):
            arrays[name] = values[k * n_layers : (k + 1) * n_layers].T
        return Models(arrays, np.full(n, n_layers))

    def _matrix(self, models):
        missing = [name for name in ("thickness", *self.properties) if name not in models]
        if missing:
            raise ValueError(f"The models lack {', '.join(missing)}; give thickness and {', '.join(self.properties)}.")
        thickness = np.atleast_2d(np.asarray(models["thickness"], dtype=float))
        on_grid = thickness.shape[1] == len(self.depth) and np.allclose(thickness, self._thickness, rtol=1e-6, atol=0)
        if not on_grid:
            raise ValueError(
                f"thickness has shape {thickness.shape} or other values than this prior's grid of {len(self.depth)} "
                "interfaces; give models on that grid, e.g. drawn from this prior."
            )
        arrays = [np.atleast_2d(np.asarray(models[name], dtype=float)) for name in self.properties]
        for name, array in zip(self.properties, arrays, strict=True):
            if array.shape[1] != self.layer_counts[0]:
                raise ValueError(
                    f"{name} has shape {array.shape}; on this grid it must be (n, {self.layer_counts[0]})."
                )
        return np.concatenate([array.T for array in arrays])


class _CorrelatedCube:
    """Blocks of equal size whose normal scores y = L z are correlated, ⇄ the unit cube u = Φ(z).

    Arrays hold one parameter per row, as in `UnitCube`.
    """

    def __init__(self, distributions, factor):
        self._factor = factor
        n = len(factor)
        self.size = n * len(distributions)
        self._marginals = Independent([distribution for distribution in distributions for _ in range(n)])

    def _blocks(self, x):
        return x.reshape(self.size // len(self._factor), len(self._factor), x.shape[-1])

    def _scores(self, u):
        """z and y = L z, (P, n) each."""
        z = ndtri(np.clip(u, TAIL, 1 - TAIL))
        return z, (self._factor @ self._blocks(z)).reshape(z.shape)

    def _independent_scores(self, x):
        """y and z of parameters (P, n)."""
        y = ndtri(np.clip(self._marginals.cdf(x), TAIL, 1 - TAIL))
        z = [solve_triangular(self._factor, block, lower=True) for block in self._blocks(y)]
        return y, np.concatenate(z)

    def values(self, u) -> np.ndarray:
        return self._marginals.values(ndtr(self._scores(u)[1]))

    def cdf(self, x) -> np.ndarray:
        return ndtr(self._independent_scores(x)[1])

    def slope(self, u) -> np.ndarray:
        z, y = self._scores(u)
        n = len(self._factor)
        own = self._marginals.slope(ndtr(y))
        matrix = np.zeros((u.shape[1], self.size, self.size))
        for start in range(0, self.size, n):
            block = slice(start, start + n)
            # d value/dy · L · dz/du, and dy/du of a normal score is 1/φ: the ratio of two densities at once.
            ratio = np.exp((np.square(z[block].T)[:, None, :] - np.square(y[block].T)[:, :, None]) / 2)
            matrix[:, block, block] = own[block].T[:, :, None] * self._factor * ratio
        return matrix

    def log_density(self, x) -> np.ndarray:
        density = self._marginals.log_density(x)
        inside = np.flatnonzero(density > -np.inf)
        y, z = self._independent_scores(x[:, inside])
        density[inside] += (np.square(y) - np.square(z)).sum(axis=0) / 2
        n_blocks = self.size // len(self._factor)
        return density - n_blocks * np.log(np.diagonal(self._factor)).sum()


def _correlation_factor(depth, length):
    """Lower Cholesky factor of the correlation of the layers between interfaces at `depth`."""
    # The middles of the first layer and of the half-space: as if each were as thick, in ln, as its neighbour.
    first, last = depth[0] ** 1.5 / depth[1] ** 0.5, depth[-1] ** 1.5 / depth[-2] ** 0.5
    middle = np.log(np.concatenate([[first], np.sqrt(depth[:-1] * depth[1:]), [last]]))
    distance = np.sqrt(3) * np.abs(middle[:, None] - middle) / length
    return np.linalg.cholesky((1 + distance) * np.exp(-distance))


def _read_depth(depth):
    try:
        depth = np.array(depth, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(
            f"depth is {depth!r}; it is an array of depths in m. Write e.g. np.geomspace(1, 100, 24)."
        ) from None
    if depth.ndim != 1 or not 2 <= depth.size < MOST_LAYERS:
        raise ValueError(
            f"depth has shape {depth.shape}; it is a row of 2 to {MOST_LAYERS - 1} interface depths in m. Give e.g. "
            "np.geomspace(1, 100, 24)."
        )
    if not np.isfinite(depth).all() or depth[0] <= 0 or (depth[1:] < _CLOSEST * depth[:-1]).any():
        raise ValueError(
            "depth must be positive, finite and increase by at least 1 % from interface to interface; correct it, e.g. "
            "by np.geomspace."
        )
    return depth


def _read_property(name, spec):
    if name in ("thickness", "n_layers"):
        raise ValueError(f"{name} is fixed by depth in a DepthGridPrior; leave it out.")
    if isinstance(spec, Ordered | Relative | list) and not _is_pair(spec):
        shown = "a list" if isinstance(spec, list) else repr(spec)
        raise ValueError(
            f"{name} is {shown}; on a depth grid every layer has the same (low, high) range or frozen distribution. "
            "Give one of those."
        )
    return read_distribution(name, spec)


def _is_pair(spec):
    return isinstance(spec, list) and all(isinstance(entry, numbers.Real) for entry in spec)
