"""Priors of models without layers."""

from __future__ import annotations

import numpy as np

from bpinvert.priors.base import BasePrior, check_free, count, unit_points
from bpinvert.priors.models import Models
from bpinvert.priors.specifications import Ordered, check_base, plain_spec, read_spec, show_spec
from bpinvert.priors.transform import UnitCube


class Prior(BasePrior):
    """What is plausible for named parameters of any model d = f(m).

    Parameters
    ----------
    **distributions
        For each quantity: a (low, high) range, log-uniform; a frozen scipy.stats distribution, also of
        negative values; a known number; or, tied to one named before it, ``Relative("other", (low, high))``,
        `PoissonRatio` or `PowerLaw`.

    Attributes
    ----------
    properties : tuple of str, all quantities
    parameters : tuple of str, those that are not exactly determined

    Examples
    --------
    >>> prior = Prior(radius=(1, 10), depth=(5, 50))
    >>> models = prior.decode([[0.5, 1.0]])
    >>> models["radius"].round(3), models["depth"]
    (array([3.162]), array([50.]))
    """

    def __init__(self, **distributions):
        if not distributions:
            raise ValueError("Prior() has no parameters; give at least one, e.g. Prior(depth=(1, 100)).")
        self.properties = tuple(distributions)
        self.context = {}
        self._distributions = {}
        for name, spec in distributions.items():
            spec = read_spec(name, spec, positive=False)
            if isinstance(spec, list | Ordered) or isinstance(getattr(spec, "value", None), tuple):
                raise ValueError(
                    f"{name} is {show_spec(spec)}, but an unlayered parameter is one number. Give a (low, "
                    "high) range or a frozen scipy.stats distribution."
                )
            check_base(name, spec, self._distributions)
            self._distributions[name] = spec
        self._cube = UnitCube({name: (1, spec) for name, spec in self._distributions.items()})
        check_free("Prior", self._cube)
        self.parameters = tuple(self.properties[row] for row in self._cube.ties.parameters)
        with np.errstate(invalid="ignore", divide="ignore"):
            ends = self._cube.values(np.repeat([[0.0, 1.0]], self._cube.size, axis=0))
        for name, values in zip(self.properties, ends, strict=True):
            if not np.isfinite(values).all():
                raise ValueError(
                    f"{name} is {show_spec(self._distributions[name])}, but {self._distributions[name].of} can be "
                    "negative or zero, which has no such power. Keep it positive, or take a whole positive exponent."
                )

    def draw(self, n, rng, method="random") -> Models:
        """`n` models drawn from the prior: a dict of arrays (n,).

        Parameters
        ----------
        n : int
        rng : numpy.random.Generator or int
        method : {"random", "sobol", "lhs"}
        """
        return self.decode(unit_points(count("n", n), self._cube.size, rng, method))

    def __repr__(self):
        words = [f"{name}={show_spec(spec)}" for name, spec in self._distributions.items()]
        return f"Prior({', '.join(words)})"

    def _description(self):
        # Pairs, not a dict: the order of parameters must survive a writer that sorts keys.
        return {
            "prior": "Prior",
            "distributions": [[key, plain_spec(s)] for key, s in self._distributions.items()],
        }

    def _specs(self):
        return self._distributions.items()

    def _models(self, values):
        return Models(zip(self.properties, values, strict=True))

    def _matrix(self, models):
        missing = [name for name in self.parameters if name not in models]
        if missing:
            raise ValueError(f"The models lack {', '.join(missing)}; the prior needs {', '.join(self.parameters)}.")
        given = {name: np.atleast_1d(np.asarray(models[name], dtype=float)) for name in self.parameters}
        return self._cube.ties.stack({name: values[None] for name, values in given.items()})
