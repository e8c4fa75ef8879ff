"""What may be said about a whole property: a distribution, Ordered, Fixed, or a tie to another property.

A tie is `factor` · base^exponent, layer by layer: `Relative`, `PoissonRatio` and `PowerLaw`. Its factor is a number,
and then the property is exactly determined, or it has a distribution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpinvert.priors import distributions
from bpinvert.priors.distributions import LogUniform, VelocityRatio, is_number, read_distribution


@dataclass(frozen=True)
class Ordered:
    """Values that increase downward within (low, high).

    The first layer is log-uniform on (low, high), every further one log-uniform on (the one above it, high).
    """

    range: Any

    def read(self, name) -> Ordered:
        given = self.range
        return Ordered(distributions.pair(f"{name} = Ordered", given.support() if is_range(given) else given))

    def plain(self):
        return {"ordered": distributions.plain_distribution(self.range)}

    def __repr__(self):
        return f"Ordered({_show(self.range)})"


@dataclass(frozen=True)
class Fixed:
    """Known values: one number for all layers, or a list with one per layer. They are no parameters.

    A bare number is short for it: ``density=1900``.
    """

    value: Any

    def read(self, name, positive=True) -> Fixed:
        several = isinstance(self.value, list | tuple | np.ndarray)
        values = list(self.value) if several else [self.value]
        if not values or not all(is_number(value) for value in values):
            raise TypeError(
                f"{name} is Fixed({self.value!r}); a fixed property is one number, or a list with one per layer. "
                "Write e.g. 1900."
            )
        for value in values:
            if not math.isfinite(value) or (positive and value <= 0):
                raise ValueError(
                    f"{name} is fixed at {value:g}; it must be finite{' and positive' if positive else ''}. Correct "
                    "it, or give a range."
                )
        return Fixed(tuple(float(value) for value in values) if several else float(values[0]))

    def plain(self):
        return {"fixed": list(self.value) if isinstance(self.value, tuple) else self.value}

    def __repr__(self):
        if isinstance(self.value, list | tuple | np.ndarray):
            return f"Fixed([{', '.join(_show(value) for value in self.value)}])"
        return _show(self.value) if is_number(self.value) else f"Fixed({self.value!r})"


@dataclass(frozen=True)
class Relative:
    """A multiple of another property of the same layer: `multiple` is a range, a distribution or a number.

    The other property stands earlier among the keywords, e.g. ``vs=(100, 1000), vp=Relative("vs", (1.5,
    3.0))``. With a number the property is exactly that multiple, and no parameter.
    """

    of: str
    multiple: Any

    exponent = 1.0

    @property
    def factor(self):
        return self.multiple

    def read(self, name) -> Relative:
        return Relative(self.of, _read_factor(f"{name} as a multiple of {self.of}", self.multiple))

    def plain(self):
        return {"relative": self.of, "multiple": _plain(self.multiple)}

    def __repr__(self):
        return f"Relative({self.of!r}, {_show(self.multiple)})"


@dataclass(frozen=True)
class PoissonRatio:
    """The velocity of P waves from that of S waves `of` the same layer: vp = vs √((2 - 2ν)/(1 - 2ν)).

    `ratio` is Poisson's ratio ν: a (low, high) range, *uniform* between them, for ν may be 0; a frozen distribution;
    or a number, and then vp is no parameter. Above -1 and below 0.5.
    """

    of: str
    ratio: Any

    exponent = 1.0

    @property
    def factor(self):
        exact = is_number(self.ratio)
        return float(distributions.velocity_ratio(self.ratio)) if exact else VelocityRatio(self.ratio)

    def read(self, name) -> PoissonRatio:
        return PoissonRatio(self.of, distributions.read_poisson(f"{name}: Poisson's ratio of {self.of}", self.ratio))

    def plain(self):
        return {"poisson": self.of, "ratio": _plain(self.ratio)}

    def __repr__(self):
        return f"PoissonRatio({self.of!r}, {_show(self.ratio)})"


@dataclass(frozen=True)
class PowerLaw:
    """coefficient · base^exponent of another property `of` the same layer.

    ``density=PowerLaw("vp", 310, 0.25)`` is Gardner's rule in kg/m³ from m/s (Gardner, Gardner & Gregory 1974,
    doi:10.1190/1.1440465). Exactly so, and no parameter, if the coefficient is a number; it may also be a range or a
    distribution.
    """

    of: str
    coefficient: Any
    exponent: float

    @property
    def factor(self):
        return self.coefficient

    def read(self, name) -> PowerLaw:
        if not is_number(self.exponent) or not math.isfinite(self.exponent) or self.exponent == 0:
            raise ValueError(
                f"{name} is a power law of {self.of} with the exponent {self.exponent!r}; it must be a finite number "
                "other than 0. Give e.g. 0.25."
            )
        coefficient = _read_factor(f"{name}: the coefficient on {self.of}", self.coefficient)
        return PowerLaw(self.of, coefficient, float(self.exponent))

    def plain(self):
        return {"power_law": self.of, "coefficient": _plain(self.coefficient), "exponent": self.exponent}

    def __repr__(self):
        return f"PowerLaw({self.of!r}, {_show(self.coefficient)}, {_show(self.exponent)})"


TIES = (Relative, PoissonRatio, PowerLaw)
_BY_KEYS = {
    frozenset({"ordered"}): lambda plain: Ordered(plain["ordered"]),
    frozenset({"fixed"}): lambda plain: Fixed(plain["fixed"]),
    frozenset({"relative", "multiple"}): lambda plain: Relative(plain["relative"], plain["multiple"]),
    frozenset({"poisson", "ratio"}): lambda plain: PoissonRatio(plain["poisson"], plain["ratio"]),
    frozenset({"power_law", "coefficient", "exponent"}): lambda plain: PowerLaw(
        plain["power_law"], plain["coefficient"], plain["exponent"]
    ),
}


def read_spec(name: str, spec, *, positive: bool = True):
    """The checked form of a specification: a distribution, `Ordered`, `Fixed`, a tie, or a list.

    Pairs become `LogUniform`, a number `Fixed`; a list whose entries are themselves distributions or numbers is one
    per layer. The plain form that :func:`plain_spec` gives is read as well.

    Raises
    ------
    ValueError, TypeError
        With the parameter's name and what to write instead.
    """
    if isinstance(spec, dict):
        spec = _BY_KEYS.get(frozenset(spec), lambda plain: plain)(spec)
    if is_number(spec):
        spec = Fixed(spec)
    if isinstance(spec, Fixed):
        return spec.read(name, positive)
    if isinstance(spec, Ordered | Relative | PoissonRatio | PowerLaw):
        return spec.read(name)
    if isinstance(spec, list) and not all(is_number(entry) for entry in spec):
        return [_read_entry(f"{name}[{i}]", entry, positive) for i, entry in enumerate(spec)]
    if isinstance(spec, list | tuple) and len(spec) != 2 and all(is_number(entry) for entry in spec):
        raise TypeError(
            f"{name} is {spec!r}, {len(spec)} numbers; a range is (low, high). For known values of each layer write "
            f"Fixed({list(spec)!r})."
        )
    return read_distribution(name, spec, positive=positive)


def read_context(context, properties):
    """The checked form of `context`: a distribution of each known quantity, none named like a property."""
    if context is None:
        return {}
    if not isinstance(context, dict):
        raise TypeError(
            f"context is {context!r}; it is a dict of name -> range or distribution. Write e.g. {{'height': (25, 60)}}."
        )
    taken = [name for name in context if name in (*properties, "thickness", "n_layers")]
    if taken:
        raise ValueError(f"context names {', '.join(taken)}, which the layers already have. Choose another name.")
    return {name: _alone(name, spec, positive=False) for name, spec in context.items()}


def plain_spec(spec):
    """`spec` in numbers, strings, lists and dicts, as JSON stores it."""
    if isinstance(spec, list):
        return [plain_spec(entry) for entry in spec]
    return _plain(spec)


def unstorable(name: str, spec) -> str | None:
    """None, or the sentence that says why `spec` cannot be written to a file."""
    if isinstance(spec, list):
        return next((reason for entry in spec if (reason := unstorable(name, entry))), None)
    if isinstance(spec, TIES):
        spec = spec.ratio if isinstance(spec, PoissonRatio) else spec.factor
    if is_number(spec) or isinstance(spec, Ordered | Fixed):
        return None
    return distributions.unstorable_distribution(name, spec)


def show_spec(spec) -> str:
    """`spec` as its user would write it, shortly."""
    if isinstance(spec, list):
        return f"[{', '.join(show_spec(entry) for entry in spec)}]"
    return _show(spec)


def is_range(spec) -> bool:
    """Whether `spec` is a checked (low, high) range."""
    return isinstance(spec, LogUniform)


def check_base(name: str, spec, earlier) -> None:
    """Refuse a tie to something that is not among the `earlier` parameters."""
    if isinstance(spec, TIES) and spec.of not in earlier:
        words = {Relative: "relative to", PoissonRatio: "by Poisson's ratio of", PowerLaw: "a power law of"}
        raise ValueError(
            f"{name} is {words[type(spec)]} {spec.of!r}, but before it stand only "
            f"{', '.join(earlier) or 'no others'}. Name an existing parameter and give it before {name}."
        )


def _read_entry(name, spec, positive):
    if is_number(spec) or isinstance(spec, Fixed) or (isinstance(spec, dict) and set(spec) == {"fixed"}):
        spec = read_spec(name, spec, positive=positive)
        if not isinstance(spec.value, tuple):
            return spec
    return _alone(name, spec, positive)


def _alone(name, spec, positive):
    """A distribution, where nothing else may stand."""
    if isinstance(spec, Ordered | Fixed | Relative | PoissonRatio | PowerLaw):
        raise ValueError(
            f"{name} is {spec!r}; Ordered and Relative describe a whole property, like Fixed, PoissonRatio and "
            "PowerLaw, not a list entry, a multiple or context. Give a (low, high) range or a frozen scipy.stats "
            "distribution there."
        )
    return read_distribution(name, spec, positive=positive)


def _read_factor(name, spec):
    if not is_number(spec):
        return _alone(name, spec, positive=True)
    if not 0 < spec < math.inf:
        raise ValueError(f"{name} is {spec:g}; it must be positive and finite. Correct it, or give a range.")
    return float(spec)


def _plain(spec):
    if is_number(spec):
        return float(spec)
    return spec.plain() if hasattr(spec, "plain") else distributions.plain_distribution(spec)


def _show(spec):
    if is_number(spec):
        return f"{spec:g}"
    return distributions.show_distribution(spec) if distributions.is_frozen(spec) else repr(spec)
