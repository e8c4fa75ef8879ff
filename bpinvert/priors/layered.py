"""Priors of layered models with a fixed or uncertain number of layers."""

from __future__ import annotations

import numpy as np

from bpinvert.priors import boundaries
from bpinvert.priors.base import BasePrior, count, unit_points
from bpinvert.priors.distributions import LogUniform, Relative, plain_spec, read_context, read_spec, show_spec
from bpinvert.priors.models import Models
from bpinvert.priors.transform import UnitCube
from bpinvert.priors.unlayered import check_base

MOST_LAYERS = 50
# Models with a boundary moved keep so far from the ends of their ranges.
_EDGE = 0.002


class LayeredPrior(BasePrior):
    """What is plausible for a layered earth over a half-space.

    Parameters
    ----------
    n_layers : int or (int, int)
        Layers with the half-space; a pair is a mixture of priors with each count from low to high.
    thickness : specification, in m
        Not needed for one layer.
    layer_weights : sequence of float, optional
        Probability of each count, up to a factor. Equal by default.
    context : dict of name -> range or distribution, optional
        Known quantities of a sounding that vary, e.g. ``{"height": (25, 60)}``. They are drawn, but not
        parameters.
    **properties : specification each
        A specification is a (low, high) range, log-uniform; a frozen scipy.stats distribution of positive
        values; a list of those, one per layer (or interface), for one fixed count; ``Ordered((low, high))``,
        increasing downward; or ``Relative("vs", (1.5, 3.0))``, a multiple of a property named before it.
        Dependence stays within one property (Ordered) or one layer (Relative): nothing ties a layer of one
        property to another layer of another.

    Attributes
    ----------
    layer_counts : tuple of int
    layer_weights : array that sums to 1
    properties : tuple of str
    context : dict of name -> distribution
    parameters : tuple of str
        ``("thickness_1", ..., "resistivity_1", ...)``; one fixed count only, like `encode` and what follows
        it.

    Examples
    --------
    >>> prior = LayeredPrior(n_layers=2, thickness=(1, 100), resistivity=(1, 10_000))
    >>> prior.parameters
    ('thickness_1', 'resistivity_1', 'resistivity_2')
    >>> models = prior.decode([[0.5, 0.25, 1.0]])
    >>> models["thickness"].round(6), models["resistivity"].round(6)
    (array([[10.]]), array([[   10., 10000.]]))
    """

    def __init__(self, n_layers, *, thickness=None, layer_weights=None, context=None, **properties):
        self.layer_counts = _layer_counts(n_layers)
        self._given_weights = None if layer_weights is None else [float(w) for w in np.ravel(layer_weights)]
        self.layer_weights = _normalised(self._given_weights, self.layer_counts)
        if not properties:
            raise ValueError("LayeredPrior has no properties; give at least one, e.g. resistivity=(1, 10_000).")
        if thickness is None and self.layer_counts[-1] > 1:
            raise ValueError(
                f"LayeredPrior with up to {self.layer_counts[-1]} layers needs a thickness; give e.g. "
                "thickness=(0.5, 100)."
            )
        self._thickness = None if thickness is None else read_spec("thickness", thickness)
        if isinstance(self._thickness, Relative):
            raise ValueError("thickness is Relative to a property; it can only be a range, a distribution or Ordered.")
        self._properties = {}
        for name, spec in properties.items():
            spec = read_spec(name, spec)
            check_base(name, spec, self._properties)
            self._properties[name] = spec
        self.properties = tuple(self._properties)
        self.context = read_context(context, self.properties)
        self._check_lists()
        self._cube_context = UnitCube({name: (1, spec) for name, spec in self.context.items()})
        self._fixed = {k: self if len(self.layer_counts) == 1 else None for k in self.layer_counts}
        if len(self.layer_counts) == 1:
            self._fixed_cube = self._make_cube()

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(
            f"{name}_{i + 1}" for name, place in self._cube.places.items() for i in range(place.stop - place.start)
        )

    def fixed(self, n_layers) -> LayeredPrior:
        """This prior given that there are exactly `n_layers` layers."""
        if n_layers not in self._fixed:
            raise ValueError(
                f"n_layers is {n_layers!r}, but this prior has {_in_words(self.layer_counts)} layers. Choose "
                "one of those."
            )
        if self._fixed[n_layers] is None:
            self._fixed[n_layers] = LayeredPrior(
                n_layers, thickness=self._thickness, context=self.context, **self._properties
            )
        return self._fixed[n_layers]

    def widened(self, n_layers, factor, parameter=None) -> LayeredPrior:
        """A prior of one layer count whose (low, high) ranges reach `factor` times further at either end.

        With a `parameter` such as "thickness_2" only that of this parameter does.

        Raises
        ------
        ValueError
            If thickness or a property has another specification than a range.
        """
        specs = {}
        for name, (low, high) in self._ranges().items():
            wider, n = (low / factor, high * factor), n_layers - (name == "thickness")
            own = [wider if parameter in (None, f"{name}_{i + 1}") else (low, high) for i in range(n)]
            specs[name] = wider if parameter is None else own
        return LayeredPrior(n_layers, context=self.context, **specs)

    def including(self, models, margin=1.5) -> LayeredPrior:
        """This prior, its (low, high) ranges widened to hold `models` (arrays without padding) with some room.

        Ranges that hold them already stay; a layer count that is missing is added, with those in between.
        """
        ranges = {}
        for name, (low, high) in self._ranges().items():
            values = np.asarray(models[name], dtype=float)
            if values.size and values.min() < low:
                low = two_digits(values.min() / margin, np.floor)
            if values.size and values.max() > high:
                high = two_digits(values.max() * margin, np.ceil)
            ranges[name] = (low, high)
        count = np.asarray(models[self.properties[0]]).shape[-1]
        counts = min(self.layer_counts[0], count), max(self.layer_counts[-1], count)
        weights = self._given_weights if counts == (self.layer_counts[0], self.layer_counts[-1]) else None
        return LayeredPrior(counts, layer_weights=weights, context=self.context, **ranges)

    def _ranges(self):
        ranges = {}
        for name, spec in self._layered_specs():
            if not isinstance(spec, LogUniform):
                raise ValueError(
                    f"{name} of the prior is {show_spec(spec)}; only a (low, high) range can be widened. Widen the "
                    "prior by hand and train again."
                )
            ranges[name] = (spec.low, spec.high)
        return ranges

    def draw(self, n, rng, method="random") -> Models:
        """`n` models drawn from the prior, layer counts in mixed order.

        Parameters
        ----------
        n : int
        rng : numpy.random.Generator or int
        method : {"random", "sobol", "lhs"}
            The last two spread layer counts, parameters and context evenly together.
        """
        n = count("n", n)
        widest = self.layer_counts[-1]
        mixed = len(self.layer_counts) > 1
        size = self.fixed(widest)._cube.size
        u = unit_points(n, mixed + size + len(self.context), rng, method).T
        known = dict(zip(self.context, self._cube_context.values(u[mixed + size :]), strict=True))
        u_models = u[mixed : mixed + size]
        if not mixed:
            return Models({**self._models(self._cube.values(u_models)), **known}, np.full(n, widest))
        edges = np.cumsum(self.layer_weights)[:-1]
        n_layers = np.array(self.layer_counts)[np.searchsorted(edges, u[0], side="right")]
        arrays = {
            "thickness": np.ones((n, widest - 1)),
            **{name: np.empty((n, widest)) for name in self.properties},
        }
        for k in self.layer_counts:
            rows = np.flatnonzero(n_layers == k)
            part = self.fixed(k)
            models = part._models(part._cube.values(u_models[: part._cube.size, rows]))
            arrays["thickness"][rows, : k - 1] = models["thickness"]
            for name in self.properties:
                arrays[name][rows, :k] = models[name]
                arrays[name][rows, k:] = models[name][:, -1:]
        return Models({**arrays, **known}, n_layers)

    def with_boundary_moved(self, u, rng) -> np.ndarray:
        """Models like those at u, but with one boundary taken out and another put in, both anywhere.

        What the boundary parted becomes one layer with the properties of either part. The new one leaves a layer's
        properties to one side; the other gets the same or, as often, new ones, and is a random share of the layer or
        as thin as a layer may be. Models outside of the ranges come to their edges.

        Parameters
        ----------
        u : (n, P) array
        rng : numpy.random.Generator
        """
        n, last = len(u), self.layer_counts[0] - 1
        if not last:
            return np.array(u)
        old, fresh = self.decode(u), self.decode(rng.random(np.shape(u)))
        thickness = np.concatenate([old["thickness"], np.full((n, 1), np.inf)], axis=1)
        layers = {"thickness": thickness} | {name: old[name] for name in self.properties}
        layers = boundaries.taken_out(layers, rng.integers(0, last, n), rng.random(n) < 0.5)
        rows, into = np.arange(n), rng.integers(0, last, n)
        whole, thin = layers["thickness"][rows, into], fresh["thickness"][rows, into]
        deepest = np.isinf(whole)
        whole = np.where(deepest, 2 * thin, whole)
        part = np.where((rng.random(n) < 0.5) & ~deepest, whole * rng.random(n), np.minimum(thin, whole / 2))
        below = rng.random(n) < 0.5
        layers = boundaries.put_in(layers, into, np.where(below & ~deepest, whole - part, part))
        new, alike = into + below, rng.random(n) < 0.5
        for name in self.properties:
            layers[name][rows, new] = np.where(alike, layers[name][rows, new], fresh[name][rows, new])
        layers["thickness"] = layers["thickness"][:, :last]
        return np.clip(np.nan_to_num(self.encode(layers), nan=0.5), _EDGE, 1 - _EDGE)

    def __repr__(self):
        low, high = self.layer_counts[0], self.layer_counts[-1]
        words = [f"n_layers={low if low == high else (low, high)}"]
        words += [f"{name}={show_spec(spec)}" for name, spec in self._layered_specs()]
        if self._given_weights is not None:
            words.append(f"layer_weights={[float(f'{w:g}') for w in self._given_weights]}")
        if self.context:
            words.append(f"context={{{', '.join(f'{k!r}: {show_spec(s)}' for k, s in self.context.items())}}}")
        return f"LayeredPrior({', '.join(words)})"

    @property
    def _cube(self):
        if len(self.layer_counts) > 1:
            raise ValueError(
                f"This prior has {_in_words(self.layer_counts)} layers; encode, decode, log_slope, "
                f"log_density and parameters need one count. Use prior.fixed({self.layer_counts[0]}) and so "
                "on."
            )
        return self._fixed_cube

    def _make_cube(self):
        n_layers = self.layer_counts[0]
        thickness = {"thickness": (n_layers - 1, self._thickness)} if n_layers > 1 else {}
        return UnitCube(thickness | {name: (n_layers, spec) for name, spec in self._properties.items()})

    def _check_lists(self):
        for name, spec in self._layered_specs():
            if not isinstance(spec, list):
                continue
            if len(self.layer_counts) > 1:
                raise ValueError(
                    f"{name} is a list with one entry per layer, but this prior has "
                    f"{_in_words(self.layer_counts)} layers. Give one specification for all layers, or one "
                    "fixed n_layers."
                )
            n_layers = self.layer_counts[0]
            allowed, what = (n_layers - 1, "interfaces") if name == "thickness" else (n_layers, "layers")
            if len(spec) != allowed:
                raise ValueError(
                    f"{name} is a list of {len(spec)}, but a model of {n_layers} layers has {allowed} "
                    f"{what}. Give {allowed} entries, or one (low, high) range for all."
                )

    def _layered_specs(self):
        thickness = {} if self._thickness is None else {"thickness": self._thickness}
        return (thickness | self._properties).items()

    def _specs(self):
        return (dict(self._layered_specs()) | self.context).items()

    def _description(self):
        # Pairs, not dicts: the order of properties must survive a writer that sorts keys.
        return {
            "prior": "LayeredPrior",
            "n_layers": [self.layer_counts[0], self.layer_counts[-1]],
            "layer_weights": self._given_weights,
            "thickness": None if self._thickness is None else plain_spec(self._thickness),
            "properties": [[name, plain_spec(spec)] for name, spec in self._properties.items()],
            "context": [[name, plain_spec(spec)] for name, spec in self.context.items()],
        }

    def _models(self, values):
        arrays = {name: values[place].T for name, place in self._cube.places.items()}
        n = values.shape[1]
        if "thickness" not in arrays:
            arrays = {"thickness": np.empty((n, 0)), **arrays}
        return Models(arrays, np.full(n, self.layer_counts[0]))

    def _matrix(self, models):
        n_layers = self.layer_counts[0]
        counts = getattr(models, "n_layers", None)
        if counts is not None and np.any(counts != n_layers):
            raise ValueError(
                f"The models have {_in_words(np.unique(counts))} layers, but this prior has {n_layers}. "
                "Encode the rows of each count with prior.fixed(count)."
            )
        rows = []
        for name, place in self._cube.places.items():
            if name not in models:
                raise ValueError(f"The models lack {name}; the prior needs {', '.join(self._cube.places)}.")
            array = np.atleast_2d(np.asarray(models[name], dtype=float))
            size = place.stop - place.start
            # Rows taken from a mixture are padded beyond their own count.
            if array.shape[1] != size and (counts is None or array.shape[1] < size):
                raise ValueError(
                    f"{name} has shape {array.shape}; with {n_layers} layers it must be (n, {size}). Cut or "
                    "complete it."
                )
            rows.append(array[:, :size].T)
        return np.concatenate(rows)


def two_digits(value, rounding) -> float:
    """A positive `value` with two digits, rounded by numpy's `floor` or `ceil`."""
    decimals = 1 - int(np.floor(np.log10(value)))
    return float(round(float(rounding(value * 10.0**decimals)) / 10.0**decimals, max(decimals, 0)))


def _layer_counts(n_layers):
    if not isinstance(n_layers, tuple | list | np.ndarray):
        return (count("n_layers", n_layers, 1, MOST_LAYERS),)
    if len(n_layers) != 2:
        raise ValueError(
            f"n_layers is {n_layers!r}; it is one number of layers or a pair (fewest, most). Write (2, 5)."
        )
    low, high = (count("n_layers", value, 1, MOST_LAYERS) for value in n_layers)
    if low > high:
        raise ValueError(f"n_layers is ({low}, {high}); a pair is (fewest, most). Swap the two.")
    return tuple(range(low, high + 1))


def _normalised(weights, layer_counts):
    if weights is None:
        weights = np.ones(len(layer_counts))
    weights = np.asarray(weights)
    if weights.shape != (len(layer_counts),):
        raise ValueError(
            f"layer_weights has {weights.size} entries, but there are {len(layer_counts)} layer counts "
            f"({_in_words(layer_counts)}). Give one weight for each."
        )
    if not np.isfinite(weights).all() or (weights < 0).any() or weights.sum() == 0:
        raise ValueError(
            f"layer_weights is {weights.tolist()}; weights must be finite, not negative, and not all zero. "
            "Correct them."
        )
    return weights / weights.sum()


def _in_words(counts):
    counts = [int(value) for value in counts]
    if len(counts) == 1:
        return str(counts[0])
    return f"{', '.join(map(str, counts[:-1]))} or {counts[-1]}"
