"""What layered and unlayered priors share: drawing, encoding and storing."""

from __future__ import annotations

import json
import operator

import numpy as np

from bpinvert.priors.specifications import unstorable

METHODS = ("random", "sobol", "lhs")


def unit_points(n, dimension, rng, method) -> np.ndarray:
    """n points of the unit cube (n, dimension): independent, scrambled Sobol, or Latin hypercube."""
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; a prior draws by {', '.join(METHODS)}. Use one of those.")
    rng = np.random.default_rng(rng)
    if method == "random" or dimension == 0:
        return rng.random((n, dimension))
    from scipy.stats import qmc

    if method == "lhs":
        return qmc.LatinHypercube(dimension, rng=rng).random(n)
    # Sobol points are balanced in powers of two; of the next power the first n are taken.
    return qmc.Sobol(dimension, rng=rng).random_base2((n - 1).bit_length())[:n]


def index(name, value, example=0) -> int:
    """`value` as an int."""
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}; it must be a whole number. Write e.g. {example}.") from None


def count(name, value, low=1, high=None) -> int:
    """`value` as an int in [low, high]; the door for every number of something."""
    number = index(name, value, low + 2)
    if number < low or (high is not None and number > high):
        allowed = f"at least {low}" if high is None else f"{low} to {high}"
        raise ValueError(f"{name} is {number}; allowed is {allowed}. Choose a number in that range.")
    return number


def check_free(name, cube) -> None:
    """Refuse a prior in which everything is exactly determined."""
    if not cube.size:
        raise ValueError(
            f"{name} has no free parameter: {', '.join(cube.ties.places)} are all fixed. Give at least one of them a "
            "(low, high) range."
        )


class BasePrior:
    """A prior with named `parameters` and, where their number is fixed, a `UnitCube`.

    What is exactly determined, by `Fixed` or a tie with a number, is in its models but no parameter.
    """

    parameters: tuple[str, ...]
    # Whether there are more parameters than data tell, held together by the prior alone.
    smooth = False
    # (u, rng) -> u of models with a boundary between layers in another place; None without layers.
    with_boundary_moved = None

    @property
    def places(self) -> dict[str, slice]:
        """Which rows of `log_slope` the entries of every array of a model are."""
        return self._cube.ties.places

    def encode(self, models) -> np.ndarray:
        """u (n, P) in [0, 1]: the (conditional) CDF of every parameter.

        What is exactly determined is not looked at, and need not be among the `models`.

        In the far tail of an unbounded distribution u runs out of digits; elsewhere ``decode(encode(m)) ==
        m`` to about 1e-12 of each value.
        """
        return self._cube.cdf(self._matrix(models)).T

    def decode(self, u):
        """Models at u (n, P), inverse of :meth:`encode`; u is clipped to [0, 1]."""
        return self._models(self._cube.values(self._points(u)))

    def log_slope(self, u) -> np.ndarray:
        """d ln|entry| / du at u (n, P), of all entries of a model's arrays: their rows are `places`.

        Returns
        -------
        (n, P) array if all of them are independent parameters; else (n, M, P) with [k, i, j] = d ln x_i / d u_j of
        model k. Without determined entries M is P, and the matrix lower triangular.
        """
        return self._cube.slope(self._points(u))

    def log_density(self, models) -> np.ndarray:
        """Natural logarithm of the prior density of the parameters in their own units, (n,); -inf outside."""
        return self._cube.log_density(self._matrix(models))

    @property
    def storable(self) -> str | None:
        """None, or the sentence that says what cannot be written to a file."""
        return next((reason for name, spec in self._specs() if (reason := unstorable(name, spec))), None)

    def to_dict(self) -> dict:
        """JSON-able description; :func:`prior_from_dict` rebuilds the prior bit for bit.

        Raises
        ------
        ValueError
            With the sentence of `storable`.
        """
        if self.storable:
            raise ValueError(self.storable)
        return self._description()

    def __eq__(self, other):
        if type(self) is not type(other) or self.storable or other.storable:
            return self is other
        return self.to_dict() == other.to_dict()

    def __hash__(self):
        return id(self) if self.storable else hash(json.dumps(self.to_dict()))

    def _points(self, u):
        u = np.atleast_2d(np.asarray(u, dtype=float))
        if u.ndim != 2 or u.shape[1] != self._cube.size:
            raise ValueError(
                f"u has shape {u.shape}; it must be (n, {self._cube.size}), a column for each of "
                f"{', '.join(self.parameters)}."
            )
        return u.T
