"""Fast TDEM data for models within a box: nodes and weights trained on the data of the general path.

Data are linear in the reflection coefficient K(λ, s). On real s the inverse Laplace transform of an arbitrary function
is ill-posed, but for the K of layered models in a box some hundred nodes, with weights found by least squares, give it
to about 1e-6. The weights are so large that K must be good to 1e-15, and they hold for nothing outside of the box: what
is there goes the general path.
"""

from __future__ import annotations

import copy

import numpy as np

from forward_models.tdem.prepared import files
from forward_models.tdem.prepared.nodes import Nodes
from forward_models.tdem.prepared.training import Source, relative_errors, train

# Changes where the same recipe gives other nodes or weights than before.
VERSION = 2
# A gate with a larger error on some fresh model goes the general path.
GOAL = 1e-3
# Training goes beyond the box by this share of its ranges.
_BEYOND = 0.08
_N_FRESH, _N_PROBES = 6000, 64
# Models at a time, and with their derivatives.
BLOCK, _BLOCK_OF_SLOPES = 1024, 64


def prepare(survey, prior, cache, n_models, n_nodes, seed):
    """A copy of `survey` that has a `Prepared`; see `CentralLoop.prepare`."""
    if n_models < 100 or n_nodes < 1:
        raise ValueError(
            f"n_models is {n_models} and n_nodes is {n_nodes}; it takes at least 100 models and one node, and for good "
            "data thousands and hundreds. Leave them out for that."
        )
    general = copy.copy(survey)
    object.__setattr__(general, "prepared", None)
    source = Source(general, prior, np.random.default_rng(seed))
    recipe = {
        "version": VERSION,
        "survey": survey.to_dict(),
        "prior": _described(prior),
        "box": source.box.to_dict(),
        "n_models": n_models,
        "n_nodes": n_nodes,
        "seed": seed,
    }
    stored = files.load(cache, recipe)
    found = None if stored is None else Prepared(source.box, **stored)
    if found is None or not found.works(source):
        trained = train(source, source.box.widened(_BEYOND), n_models, n_nodes)
        found = Prepared(source.box, *trained)
        found.test(source)
        files.save(cache, recipe, found.arrays())
    fast = copy.copy(general)
    object.__setattr__(fast, "prepared", found)
    object.__setattr__(fast, "block", BLOCK)
    return fast


class Prepared:
    """Nodes and weights of a survey, and where they hold.

    Parameters
    ----------
    box : Box
    i, k : (n_nodes,) int arrays, see `Nodes`
    weights : (n_channels, n_nodes) array
    median, largest : (n_channels,) arrays, optional
        Errors in an earlier test.

    Attributes
    ----------
    box : Box
        Models outside go the general path.
    errors : dict of (n_channels,) arrays
        ``"median"`` and ``"max"`` of the relative errors on fresh models, half of them drawn from the prior, half from
        anywhere in the box; where data change sign, against a tenth of what the neighbouring gates suggest.
    general : (n_channels,) bool array
        Gates with a larger error than `GOAL`, which go the general path; nothing is gained then.
    """

    def __init__(self, box, i, k, weights, median=None, largest=None):
        self.box, self.nodes = box, Nodes(i, k)
        self.weights = np.ascontiguousarray(weights[:, self.nodes.order])
        untested = np.zeros(len(weights))
        self._keep(untested if median is None else median, untested if largest is None else largest)

    def _keep(self, median, largest):
        self.errors = {"median": median, "max": largest}
        self.general = ~(largest <= GOAL)

    def arrays(self) -> dict[str, np.ndarray]:
        """What rebuilds it, with the box."""
        errors = {"median": self.errors["median"], "largest": self.errors["max"]}
        return {"i": self.nodes.i, "k": self.nodes.k, "weights": self.weights, **errors}

    def test(self, source):
        """Find the errors on fresh models."""
        errors = self._errors(source, _N_FRESH)
        self._keep(np.median(errors, axis=1), errors.max(axis=1))

    def works(self, source) -> bool:
        """Whether some fresh models have no larger errors than they may have."""
        return bool((self._errors(source, _N_PROBES)[~self.general] <= GOAL).all())

    def _errors(self, source, n):
        models, data = source.draw(n, self.box)
        found = np.empty_like(data)
        for start in range(0, data.shape[1], BLOCK):
            rows = slice(start, start + BLOCK)
            found[:, rows] = self._fast({name: array[..., rows] for name, array in models.items()})
        return relative_errors(found, data, source.survey.moment)

    def simulate(self, survey, thickness, properties, context):
        """Data (n_channels, b); arguments as for `Survey._simulate`."""
        models = {"thickness": thickness, **properties, **context}
        inside = self._inside(survey, thickness, properties, context)
        if inside.all() and not self.general.any():
            return self._fast(models)
        data = np.empty((len(self.weights), len(inside)))
        if inside.any():
            data[:, inside] = self._fast({name: array[..., inside] for name, array in models.items()})
        by_gate = self.general[:, None] | ~inside
        rows = np.flatnonzero(by_gate.any(axis=0))
        exact = survey._general(*_taken(rows, thickness, properties, context))
        data[:, rows] = np.where(by_gate[:, rows], exact, data[:, rows])
        return data

    def simulate_with_jacobian(self, survey, thickness, properties, context):
        """Data and derivatives; arguments and results as of `Survey._simulate_with_jacobian`.

        They are slopes of the quadrature, which was trained on data: their errors are some ten times larger.
        """
        data = self.simulate(survey, thickness, properties, context)
        shape = data.shape
        slopes = {"thickness": np.empty((len(thickness), *shape))}
        slopes |= {name: np.empty((len(values), *shape)) for name, values in properties.items()}
        inside = self._inside(survey, thickness, properties, context)
        for start in range(0, len(inside), _BLOCK_OF_SLOPES):
            rows = start + np.flatnonzero(inside[start : start + _BLOCK_OF_SLOPES])
            h, layers, known = _taken(rows, thickness, properties, context)
            by_thickness, by_conductivity = self.nodes.slopes(h, 1 / layers["resistivity"], known.get("height"))
            scale = survey.channels.scale_slope(data[:, rows].T).T
            slopes["thickness"][:, :, rows] = (self.weights @ by_thickness) * scale
            slopes["resistivity"][:, :, rows] = -(self.weights @ by_conductivity) * scale
        by_gate = self.general[:, None] | ~inside
        rows = np.flatnonzero(by_gate.any(axis=0))
        if rows.size:
            _, exact = survey._general_with_jacobian(*_taken(rows, thickness, properties, context))
            for name, slope in slopes.items():
                slope[:, :, rows] = np.where(by_gate[:, rows], exact[name], slope[:, :, rows])
        return data, slopes

    def _inside(self, survey, thickness, properties, context):
        inside = self.box.holds(thickness, properties["resistivity"], context.get("height"))
        return inside & (survey._paths(thickness, context) >= 0)

    def _fast(self, models):
        return self.weights @ self.nodes.coefficients(
            models["thickness"], 1 / models["resistivity"], models.get("height")
        )


def _taken(rows, thickness, properties, context):
    layers = {name: values[:, rows] for name, values in properties.items()}
    return thickness[:, rows], layers, {name: values[rows] for name, values in context.items()}


def _described(prior):
    """Its description where it has one; the box says what matters."""
    try:
        return prior.to_dict()
    except (AttributeError, ValueError):
        return None
