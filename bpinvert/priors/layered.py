"""Priors of layered models with a fixed or uncertain number of layers."""

from __future__ import annotations

import numpy as np

from bpinvert.priors import boundaries, ranges
from bpinvert.priors.base import BasePrior, check_free, count, unit_points
from bpinvert.priors.layer_counts import check_lists, in_words, read_counts, read_weights
from bpinvert.priors.models import Models
from bpinvert.priors.specifications import (
    TIES,
    Fixed,
    check_base,
    plain_spec,
    read_context,
    read_spec,
    show_spec,
)
from bpinvert.priors.transform import UnitCube


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
        values; a known number, or ``Fixed([...])`` with one per layer; a list of those, one per layer (or
        interface), for one fixed count; ``Ordered((low, high))``, increasing downward; or a tie to a property
        named before it: ``Relative("vs", (1.5, 3.0))``, ``PoissonRatio("vs", (0.2, 0.45))``, ``PowerLaw("vp",
        310, 0.25)``. What numbers determine exactly is in the models, but no parameter.
        Dependence stays within one property (Ordered) or one layer (ties): nothing ties a layer of one
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
    widenable : tuple of str
        Thickness and properties whose own (low, high) range `widened` and `including` widen.

    Examples
    --------
    >>> prior = LayeredPrior(n_layers=2, thickness=(1, 100), resistivity=(1, 10_000))
    >>> prior.parameters
    ('thickness_1', 'resistivity_1', 'resistivity_2')
    >>> models = prior.decode([[0.5, 0.25, 1.0]])
    >>> models["thickness"].round(6), models["resistivity"].round(6)
    (array([[10.]]), array([[   10., 10000.]]))
    >>> LayeredPrior(2, thickness=(1, 100), vs=(100, 900), vp={"relative": "vs", "multiple": 1.8}).parameters
    ('thickness_1', 'vs_1', 'vs_2')
    """

    def __init__(self, n_layers, *, thickness=None, layer_weights=None, context=None, **properties):
        self.layer_counts = read_counts(n_layers)
        self._given_weights = None if layer_weights is None else [float(w) for w in np.ravel(layer_weights)]
        self.layer_weights = read_weights(self._given_weights, self.layer_counts)
        if not properties:
            raise ValueError("LayeredPrior has no properties; give at least one, e.g. resistivity=(1, 10_000).")
        if thickness is None and self.layer_counts[-1] > 1:
            raise ValueError(
                f"LayeredPrior with up to {self.layer_counts[-1]} layers needs a thickness; give e.g. "
                "thickness=(0.5, 100)."
            )
        self._thickness = None if thickness is None else read_spec("thickness", thickness)
        if isinstance(self._thickness, TIES):
            raise ValueError(
                f"thickness is {type(self._thickness).__name__} to a property; it can only be a range, a distribution, "
                "Ordered or Fixed."
            )
        self._properties = {}
        for name, spec in properties.items():
            spec = read_spec(name, spec)
            check_base(name, spec, self._properties)
            self._properties[name] = spec
        self.properties = tuple(self._properties)
        self.context = read_context(context, self.properties)
        check_lists(self._layered_specs(), self.layer_counts)
        check_free("LayeredPrior", UnitCube(self._blocks(self.layer_counts[0])))
        self._cube_context = UnitCube({name: (1, spec) for name, spec in self.context.items()})
        self._fixed = {k: self if len(self.layer_counts) == 1 else None for k in self.layer_counts}
        if len(self.layer_counts) == 1:
            self._fixed_cube = UnitCube(self._blocks(self.layer_counts[0]))

    @property
    def parameters(self) -> tuple[str, ...]:
        entries = [f"{name}_{i + 1}" for name, place in self.places.items() for i in range(place.stop - place.start)]
        return tuple(entries[row] for row in self._cube.ties.parameters)

    @property
    def widenable(self) -> tuple[str, ...]:
        return ranges.widenable(dict(self._layered_specs()))

    def fixed(self, n_layers) -> LayeredPrior:
        """This prior given that there are exactly `n_layers` layers."""
        if n_layers not in self._fixed:
            raise ValueError(
                f"n_layers is {n_layers!r}, but this prior has {in_words(self.layer_counts)} layers. Choose "
                "one of those."
            )
        if self._fixed[n_layers] is None:
            self._fixed[n_layers] = LayeredPrior(
                n_layers, thickness=self._thickness, context=self.context, **self._properties
            )
        return self._fixed[n_layers]

    def widened(self, n_layers, factor, parameter=None) -> LayeredPrior:
        """A prior of one layer count whose (low, high) ranges reach `factor` times further at either end.

        With a `parameter` such as "thickness_2" only that of this parameter does, or of all layers where they are
        `Ordered`. Ties to other properties, and fixed numbers, stay as they are.

        Raises
        ------
        ValueError
            If thickness or a property has a distribution or a list.
        """
        specs = ranges.widened(dict(self._layered_specs()), n_layers, factor, parameter)
        return LayeredPrior(n_layers, context=self.context, **specs)

    def including(self, models, margin=1.5) -> LayeredPrior:
        """This prior, its (low, high) ranges widened to hold `models` (arrays without padding) with some room.

        Ranges that hold them already stay, like ties and fixed numbers; a layer count that is missing is added, with
        those in between.
        """
        specs = ranges.including(dict(self._layered_specs()), models, margin)
        count = np.asarray(models[self.properties[0]]).shape[-1]
        counts = min(self.layer_counts[0], count), max(self.layer_counts[-1], count)
        weights = self._given_weights if counts == (self.layer_counts[0], self.layer_counts[-1]) else None
        return LayeredPrior(counts, layer_weights=weights, context=self.context, **specs)

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
        if self.layer_counts[0] == 1 or isinstance(self._thickness, Fixed):
            return np.array(u)
        return boundaries.moved(self, u, rng)

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
                f"This prior has {in_words(self.layer_counts)} layers; encode, decode, log_slope, "
                f"log_density and parameters need one count. Use prior.fixed({self.layer_counts[0]}) and so "
                "on."
            )
        return self._fixed_cube

    def _blocks(self, n_layers):
        thickness = {"thickness": (n_layers - 1, self._thickness)} if n_layers > 1 else {}
        return thickness | {name: (n_layers, spec) for name, spec in self._properties.items()}

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
        arrays = {name: values[place].T for name, place in self.places.items()}
        n = values.shape[1]
        if "thickness" not in arrays:
            arrays = {"thickness": np.empty((n, 0)), **arrays}
        return Models(arrays, np.full(n, self.layer_counts[0]))

    def _matrix(self, models):
        n_layers = self.layer_counts[0]
        counts = getattr(models, "n_layers", None)
        if counts is not None and np.any(counts != n_layers):
            raise ValueError(
                f"The models have {in_words(np.unique(counts))} layers, but this prior has {n_layers}. "
                "Encode the rows of each count with prior.fixed(count)."
            )
        rows, sought = {}, self._cube.ties.sought
        for name in sought:
            if name not in models:
                raise ValueError(f"The models lack {name}; the prior needs {', '.join(sought)}.")
            array = np.atleast_2d(np.asarray(models[name], dtype=float))
            size = n_layers - (name == "thickness")
            # Rows taken from a mixture are padded beyond their own count.
            if array.shape[1] != size and (counts is None or array.shape[1] < size):
                raise ValueError(
                    f"{name} has shape {array.shape}; with {n_layers} layers it must be (n, {size}). Cut or "
                    "complete it."
                )
            rows[name] = array[:, :size].T
        return self._cube.ties.stack(rows)
