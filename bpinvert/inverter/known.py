"""What is known of the ground beforehand, as from a borehole: depths, thicknesses and properties of layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bpinvert.priors.base import index

# A log gives its depths to about one part in a hundred, and hardly stands right where the sounding is.
_USUAL = 0.01
_OF_INTERFACES = ("depth", "thickness")


@dataclass
class Known:
    """Values that n soundings are known to have, with their errors.

    Numbers count as the entries of a result do: 1 is the first layer or interface, −1 the last one, which is the
    half-space of a property and its top of a depth.

    Attributes
    ----------
    what : tuple of (quantity, number)
    value, sigma : (n, n_known) arrays, NaN where nothing is known
        In m, or in the property's unit.
    """

    what: tuple
    value: np.ndarray
    sigma: np.ndarray

    @classmethod
    def read(cls, fixed, prior, n) -> Known:
        """From ``{quantity: {number: value or (value, sigma)}}``; see `Inverter.invert`.

        Raises
        ------
        TypeError, ValueError
            If something in it is no quantity, layer, value or error of the prior's models.
        """
        if not hasattr(prior, "layer_counts") or prior.smooth:
            raise ValueError(
                f"fixed is for models with few layers; the prior of this inverter is a {type(prior).__name__}. Use a "
                "LayeredPrior, or narrow the parameter's range."
            )
        widest = prior.fixed(prior.layer_counts[-1])
        free = any(name.startswith("thickness_") for name in widest.parameters)
        allowed = [*(_OF_INTERFACES if free else ()), *prior.properties]
        if not isinstance(fixed, dict) or not all(isinstance(entries, dict) for entries in fixed.values()):
            raise TypeError(f"fixed is {fixed!r}; write a dict of dicts, e.g. {{'depth': {{1: (32.0, 1.0)}}}}.")
        what, columns = [], []
        for quantity, entries in fixed.items():
            if quantity not in allowed:
                raise ValueError(f"fixed names {quantity!r}, but models have {', '.join(allowed)}. Name one of these.")
            for number, said in entries.items():
                number = index(f"the layer of {quantity} in fixed", number, 1)
                columns.append(_column(quantity, number, said, prior, n))
                what.append((quantity, number))
        if not what:
            raise ValueError("fixed is empty; leave it out, or give a value, e.g. {'depth': {1: (32.0, 1.0)}}.")
        value, sigma = (np.stack(arrays, axis=1) for arrays in zip(*columns, strict=True))
        return cls(tuple(what), value, sigma)

    @property
    def names(self) -> list[str]:
        return [f"{quantity}_{number}" for quantity, number in self.what]

    @property
    def coordinates(self) -> dict:
        """Coordinates of the summaries, {name: (dims, values, attrs)}."""
        return {"fixed": (("fixed",), self.names, {"long_name": "what is known", "units": ""})}

    @property
    def n_known(self) -> np.ndarray:
        """Number of values known of each sounding, (n,)."""
        return np.isfinite(self.value).sum(axis=1)

    def take(self, rows) -> Known:
        """Of some of the soundings."""
        return Known(self.what, self.value[rows], self.sigma[rows])

    def able(self, count) -> np.ndarray:
        """Soundings (n,) whose known layers models of `count` layers have; others are out of the question."""
        lacking = [_needed(*one) > count for one in self.what]
        return ~np.isfinite(self.value[:, lacking]).any(axis=1)

    def of(self, prior) -> Constraint:
        """As residuals of the models of one layer count."""
        return Constraint(self, prior)

    def summary(self, models, n_layers) -> dict:
        """What was known and how far the models are from it, {name: (dims, array)}."""
        found = np.full(self.value.shape, np.nan)
        arrays = models | {"depth": np.cumsum(models["thickness"], axis=1)} if "thickness" in models else models
        rows = np.arange(len(n_layers))
        for k, (quantity, number) in enumerate(self.what):
            last = n_layers - (quantity in _OF_INTERFACES)
            at = np.where(number > 0, number - 1, last + number)
            there = (at >= 0) & (at < last)
            found[there, k] = arrays[quantity][rows[there], at[there]]
        relative = np.array([quantity not in _OF_INTERFACES for quantity, _ in self.what])
        off = np.where(relative, self.value * np.log(self.value / found), self.value - found) / self.sigma
        dims = ("sounding", "fixed")
        return {
            "fixed_value": (dims, self.value),
            "fixed_std": (dims, self.sigma),
            "fixed_residual": (dims, off),
        }


class Constraint:
    """Known values as further data of models of one layer count: normal in m, of a property in its logarithm.

    A property's sigma of 10 % of its value is 0.1 in the logarithm, so that no error, however large, speaks for
    negative values.

    Parameters
    ----------
    known : Known
        Its layers that the models lack are left out.
    prior : LayeredPrior of one layer count
    """

    def __init__(self, known, prior):
        self.prior = prior
        count = prior.layer_counts[0]
        own = [k for k, one in enumerate(known.what) if _needed(*one) <= count]
        self._sum = np.zeros((len(own), max(place.stop for place in prior.places.values())))
        self._relative = np.zeros(len(own), dtype=bool)
        for row, k in enumerate(own):
            quantity, number = known.what[k]
            self._relative[row] = quantity not in _OF_INTERFACES
            number = number if number > 0 else count - (not self._relative[row]) + 1 + number
            stem = "thickness" if quantity == "depth" else quantity
            first = prior.places[stem].start
            self._sum[row, first + (0 if quantity == "depth" else number - 1) : first + number] = 1.0
        value, sigma = known.value[:, own], known.sigma[:, own]
        there = np.isfinite(value)
        self._value = np.where(there, value, 1.0)
        sigma = np.where(there, sigma / np.where(self._relative, self._value, 1.0), np.inf)
        self.weight = 1 / sigma
        # ln of what stands before the exponential.
        self.constant = -np.where(there, np.log(np.where(there, sigma, 1.0) * np.sqrt(2 * np.pi)), 0.0).sum(axis=1)

    def take(self, rows) -> Constraint:
        """Of some of the soundings, which may be repeated."""
        part = object.__new__(Constraint)
        part.__dict__ |= self.__dict__
        for name in ("_value", "weight", "constant"):
            setattr(part, name, getattr(self, name)[rows])
        return part

    def residuals(self, u, rows) -> np.ndarray:
        """(known − model's)/σ at `u` (m, P) for the soundings `rows`, (m, n_known), 0 where nothing is known."""
        return self._standardised(self._entries(u) @ self._sum.T, rows)

    def penalty(self, u, rows) -> np.ndarray:
        """Sum of the squared residuals, (m,)."""
        return np.square(self.residuals(u, rows)).sum(axis=1)

    def linear(self, u, rows):
        """Residuals (m, n_known), and how fast the model's values change with u in σ, (m, n_known, P)."""
        values, jacobian = self._slopes(u)
        return self._standardised(values, rows), jacobian * self.weight[rows][:, :, None]

    def logarithmic(self, u, rows):
        """As `linear`, with depths in their logarithm too: nearly straight lines, good for long steps."""
        values, jacobian = self._slopes(u)
        weight = np.where(self._relative, 1.0, self._value[rows]) * self.weight[rows]
        residuals = np.log(self._value[rows] / values) * weight
        return residuals, jacobian / np.where(self._relative, 1.0, values)[:, :, None] * weight[:, :, None]

    def expand(self, u, rows):
        """Sum of squared residuals, gradient J'r (m, P) and Gauss–Newton matrix J'J (m, P, P) in u."""
        residuals, jacobian = self.linear(u, rows)
        transposed = jacobian.transpose(0, 2, 1)
        return np.square(residuals).sum(axis=1), (transposed @ residuals[:, :, None])[:, :, 0], transposed @ jacobian

    def _standardised(self, values, rows):
        value = self._value[rows]
        off = np.where(self._relative, np.log(value / values), value - values)
        return off * self.weight[rows]

    def _slopes(self, u):
        """The model's own values (m, n_known), and their derivative in u, of the logarithm for a property."""
        entries, slope = self._entries(u), self.prior.log_slope(u)
        parts = np.where(self._relative[:, None], self._sum, self._sum * entries[:, None, :])
        jacobian = parts * slope[:, None, :] if slope.ndim == 2 else parts @ slope
        return entries @ self._sum.T, jacobian

    def _entries(self, u):
        models = self.prior.decode(u)
        return np.concatenate([models[name] for name in self.prior.places], axis=1)


class Constrained:
    """A misfit with the squared residuals of a constraint added, for `refine`.

    Parameters
    ----------
    misfit : Misfit
    constraint : Constraint of the same soundings
    """

    def __init__(self, misfit, constraint):
        self.misfit, self.constraint = misfit, constraint

    def value(self, u, rows) -> np.ndarray:
        """Sum of squared residuals at `u` for the soundings `rows`."""
        return self.misfit.value(u, rows) + self.constraint.penalty(u, rows)

    def expand(self, u, rows):
        """Sum of squared residuals, gradient J'r and Gauss–Newton matrix J'J in u."""
        both = zip(self.misfit.expand(u, rows), self.constraint.expand(u, rows), strict=True)
        return tuple(of_data + of_known for of_data, of_known in both)


def _needed(quantity, number):
    """Fewest layers of a model that has it."""
    return abs(number) + (quantity in _OF_INTERFACES)


def _column(quantity, number, said, prior, n):
    """Values and errors (n,) of one entry of `fixed`, checked."""
    name = f"{quantity} {number}"
    able = [count for count in prior.layer_counts if number and _needed(quantity, number) <= count]
    if not able:
        most = prior.layer_counts[-1] - (quantity in _OF_INTERFACES)
        raise ValueError(
            f"fixed names {name}, but the models have {quantity} 1 to {most}, or -1 to -{most} from below. Name one of "
            "these."
        )
    value, sigma = said if isinstance(said, tuple) and len(said) == 2 else (said, None)
    value = _numbers(f"{name} in fixed", value, n)
    sigma = _USUAL * value if sigma is None else _numbers(f"the sigma of {name} in fixed", sigma, n)
    known = ~np.isnan(value)
    ends = np.array([_ends(quantity, number, prior.fixed(count)) for count in able])
    low, high = ends[:, 0].min(), ends[:, 1].max()
    if low == high:
        raise ValueError(
            f"fixed names {name}, which the prior knows to be {low:g}; leave it out, or give the prior a range of it."
        )
    outside = value[known & ~((value >= low) & (value <= high))]
    if outside.size:
        raise ValueError(
            f"{name} in fixed is {outside[0]:g}, but the prior allows {low:g} to {high:g}. Correct it, or train on a "
            "wider prior."
        )
    bad = sigma[known & ~((sigma > 0) & (sigma < np.inf))]
    if bad.size:
        raise ValueError(f"the sigma of {name} in fixed is {bad[0]:g}; it must be positive. Give the value's error.")
    return value, np.where(known, sigma, np.nan)


def _ends(quantity, number, prior):
    """Lowest and highest value that the prior allows: all u at the ends at which it is that."""
    n_parameters, stem = len(prior.parameters), "thickness" if quantity == "depth" else quantity
    slope = prior.log_slope(np.full((1, n_parameters), 0.5))
    place = prior.places[stem]
    row = range(place.start, place.stop)[number - 1 if number > 0 else number]
    # A tie with a negative exponent makes values fall where a parameter grows; thicknesses all grow.
    grows = (np.diag(slope[0]) if slope.ndim == 2 else slope[0])[row] >= 0 if quantity != "depth" else True
    ends = prior.decode(np.where([[True], [False]], ~np.broadcast_to(grows, n_parameters), grows).astype(float))
    values = np.cumsum(ends["thickness"], axis=1) if quantity == "depth" else ends[quantity]
    return values[:, number - 1 if number > 0 else number]


def _numbers(what, said, n):
    """One number, or one for each of n soundings, as an (n,) array."""
    try:
        values = np.asarray(said, dtype=float)
    except (TypeError, ValueError):
        values = np.empty((0, 0))
    if values.shape not in ((), (n,)) or (values.shape == () and np.isnan(values)):
        raise ValueError(
            f"{what} is {said!r}; it must be a number, or an array with one for each of the {n} soundings, NaN where "
            "it is not known. With its error it is a tuple (value, sigma)."
        )
    return np.broadcast_to(values, (n,)).copy()
