"""Priors of models without layers."""

from __future__ import annotations

import numpy as np

from bpinvert.priors.base import BasePrior, count, unit_points
from bpinvert.priors.distributions import Ordered, Relative, plain_spec, read_spec, show_spec
from bpinvert.priors.models import Models
from bpinvert.priors.transform import UnitCube


class Prior(BasePrior):
    """What is plausible for named parameters of any model d = f(m).

    Parameters
    ----------
    **distributions
        For each parameter: a (low, high) range, log-uniform; a frozen scipy.stats distribution, also of
        negative values; or ``Relative("other", (low, high))`` to a parameter named before it.

    Attributes
    ----------
    parameters : tuple of str

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
        self.parameters = self.properties = tuple(distributions)
        self.context = {}
        self._distributions = {}
        for name, spec in distributions.items():
            spec = read_spec(name, spec, positive=False)
            if isinstance(spec, list | Ordered):
                raise ValueError(
                    f"{name} is {show_spec(spec)}, but an unlayered parameter is one number. Give a (low, "
                    "high) range or a frozen scipy.stats distribution."
                )
            check_base(name, spec, self._distributions)
            self._distributions[name] = spec
        self._cube = UnitCube({name: (1, spec) for name, spec in self._distributions.items()})

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
        return Models(zip(self.parameters, values, strict=True))

    def _matrix(self, models):
        missing = [name for name in self.parameters if name not in models]
        if missing:
            raise ValueError(f"The models lack {', '.join(missing)}; the prior needs {', '.join(self.parameters)}.")
        return np.stack([np.atleast_1d(np.asarray(models[name], dtype=float)) for name in self.parameters])


def check_base(name, spec, earlier):
    """Refuse a `Relative` to something that is not among the `earlier` parameters."""
    if isinstance(spec, Relative) and spec.of not in earlier:
        raise ValueError(
            f"{name} is relative to {spec.of!r}, but before it stand only "
            f"{', '.join(earlier) or 'no others'}. Name an existing parameter and give it before {name}."
        )
