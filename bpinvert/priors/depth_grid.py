"""Priors of smooth models: many layers on a fixed depth grid, their properties correlated with depth."""

from __future__ import annotations

import numbers
from typing import NoReturn

import numpy as np

from bpinvert.priors.base import BasePrior, check_free, count, unit_points
from bpinvert.priors.correlated import CorrelatedCube, correlation_factor
from bpinvert.priors.layer_counts import MOST_LAYERS
from bpinvert.priors.models import Models
from bpinvert.priors.specifications import Ordered, check_base, plain_spec, read_context, read_spec, show_spec
from bpinvert.priors.ties import Ties
from bpinvert.priors.transform import UnitCube

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
    **properties : specification each
        Of any one layer: a (low, high) range, log-uniform; a frozen scipy.stats distribution of positive values; a
        known number, or ``Fixed([...])`` with one per layer; or a tie to a property named before it, `Relative`,
        `PoissonRatio` or `PowerLaw`, whose factor is then what changes smoothly. Others are independent of each other.

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
        n_layers = len(self.depth) + 1
        self._properties = {}
        for name, spec in properties.items():
            self._properties[name] = _read_property(name, spec, n_layers)
            check_base(name, self._properties[name], list(self._properties)[:-1])
        self.properties = tuple(self._properties)
        self.context = read_context(context, self.properties)
        self.layer_counts = (n_layers,)
        self.layer_weights = np.ones(1)
        self._thickness = np.diff(self.depth, prepend=0.0)
        ties = Ties({name: (n_layers, spec) for name, spec in self._properties.items()})
        self._cube = CorrelatedCube(ties, correlation_factor(self.depth, self.correlation))
        check_free("DepthGridPrior", self._cube)
        entries = [f"{name}_{i + 1}" for name in self.properties for i in range(n_layers)]
        self.parameters = tuple(entries[row] for row in ties.parameters)
        self._cube_context = UnitCube({name: (1, spec) for name, spec in self.context.items()})

    @classmethod
    def for_survey(cls, survey, n_layers=25, *, correlation=1.0, context=None, **properties) -> DepthGridPrior:
        """A prior with interfaces at equal ratios, from a third of the shallowest reach to three times the deepest.

        The reach is the spacing of the electrodes, or the skin depth 503 √(ρT) m of an MT survey at the median of
        its resistivity. What data say ends at about the deepest reach, so the grid goes on until it has.

        Parameters
        ----------
        survey : forward_models.Survey of method "ves", "ip" or "mt"
        n_layers : int, with the half-space
        correlation, context, **properties : as in the class
        """
        n_layers = count("n_layers", n_layers, 3, MOST_LAYERS)
        method = getattr(survey, "method", None)
        if method not in ("ves", "ip", "mt"):
            raise ValueError(
                f"survey is of method {method!r}; reach is known of 'ves', 'ip' and 'mt'. Give the depth yourself."
            )
        reach = np.asarray(survey.channels.value, dtype=float)
        if method == "mt":
            if "resistivity" not in properties:
                raise ValueError("an MT survey needs a resistivity; give e.g. resistivity=(1, 10_000).")
            one = UnitCube({name: (1, _read_property(name, spec, 1)) for name, spec in properties.items()})
            median = one.values(np.full((one.size, 1), 0.5))[one.ties.places["resistivity"]]
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
        n = values.shape[1]
        arrays = {name: values[place].T for name, place in self.places.items()}
        return Models({"thickness": np.tile(self._thickness, (n, 1)), **arrays}, np.full(n, self.layer_counts[0]))

    def _matrix(self, models):
        sought = self._cube.ties.sought
        missing = [name for name in ("thickness", *sought) if name not in models]
        if missing:
            raise ValueError(f"The models lack {', '.join(missing)}; give thickness and {', '.join(sought)}.")
        thickness = np.atleast_2d(np.asarray(models["thickness"], dtype=float))
        on_grid = thickness.shape[1] == len(self.depth) and np.allclose(thickness, self._thickness, rtol=1e-6, atol=0)
        if not on_grid:
            raise ValueError(
                f"thickness has shape {thickness.shape} or other values than this prior's grid of {len(self.depth)} "
                "interfaces; give models on that grid, e.g. drawn from this prior."
            )
        arrays = {name: np.atleast_2d(np.asarray(models[name], dtype=float)) for name in sought}
        for name, array in arrays.items():
            if array.shape[1] != self.layer_counts[0]:
                raise ValueError(
                    f"{name} has shape {array.shape}; on this grid it must be (n, {self.layer_counts[0]})."
                )
        return self._cube.ties.stack({name: array.T for name, array in arrays.items()})


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


def _read_property(name, spec, n_layers):
    if name in ("thickness", "n_layers"):
        raise ValueError(f"{name} is fixed by depth in a DepthGridPrior; leave it out.")
    read = read_spec(name, spec)
    if isinstance(read, Ordered | list):
        shown = "a list" if isinstance(spec, list) else repr(spec)
        raise ValueError(
            f"{name} is {shown}; on a depth grid every layer has the same (low, high) range, frozen distribution or "
            "tie to another property. Give one of those, or Fixed([...]) for known values."
        )
    values = getattr(read, "value", None)
    if isinstance(values, tuple) and len(values) != n_layers:
        raise ValueError(
            f"{name} is Fixed with {len(values)} values, but the grid has {n_layers} layers. Give one each."
        )
    return read
