"""What may be said about one number: a (low, high) range or a frozen scipy.stats distribution.

scipy.stats is imported only when a description of one of its distributions is read: it costs half a second.
"""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np

# A distribution without an end is cut where its tail holds this probability, so that every u decodes to a
# number.
TAIL = 1e-12


@dataclass(frozen=True)
class LogUniform:
    """Uniform in the logarithm between `low` and `high`: what a plain (low, high) pair means."""

    low: float
    high: float

    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def __repr__(self):
        return f"({self.low:g}, {self.high:g})"


@dataclass(frozen=True)
class Uniform:
    """Uniform between `low` and `high`: what a (low, high) pair means for Poisson's ratio, which may be 0."""

    low: float
    high: float

    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def ppf(self, u):
        return self.low + u * (self.high - self.low)

    def cdf(self, x):
        return np.clip((x - self.low) / (self.high - self.low), 0.0, 1.0)

    def logpdf(self, x):
        return np.full(np.shape(x), -math.log(self.high - self.low))

    def __repr__(self):
        return f"({self.low:g}, {self.high:g})"


@dataclass(frozen=True)
class VelocityRatio:
    """vp/vs where Poisson's ratio ν has the distribution `ratio`: √((2 - 2ν)/(1 - 2ν)), which grows with ν.

    Elastic moduli of an isotropic body, e.g. Aki & Richards 2002, *Quantitative Seismology*, section 2.2.
    """

    ratio: Any

    def support(self) -> tuple[float, float]:
        return tuple(float(velocity_ratio(end)) for end in self.ratio.support())

    def ppf(self, u):
        return velocity_ratio(self.ratio.ppf(u))

    def cdf(self, x):
        return self.ratio.cdf(self._of(x))

    def logpdf(self, x):
        # dν/dx = x/(x² - 1)²
        return self.ratio.logpdf(self._of(x)) + np.log(x) - 2 * np.log(np.square(x) - 1)

    def _of(self, x):
        """ν at vp/vs = x, without the rounding that would put it beyond its ends."""
        return np.clip(0.5 - 0.5 / (np.square(x) - 1), *self.ratio.support())


def velocity_ratio(poisson):
    """vp/vs of an isotropic body with that Poisson's ratio."""
    return np.sqrt((2 - 2 * poisson) / (1 - 2 * poisson))


def read_distribution(name: str, spec, *, positive: bool = True):
    """The checked form of a specification that stands on its own: `LogUniform` or a frozen distribution.

    Raises
    ------
    ValueError, TypeError
        With the parameter's name and what to write instead.
    """
    if isinstance(spec, LogUniform):
        spec = [spec.low, spec.high]
    if isinstance(spec, dict):
        spec = from_plain(name, spec)
    if is_frozen(spec):
        _check_support(name, spec, positive)
        return spec
    return pair(name, spec)


def read_poisson(name: str, spec):
    """A number, `Uniform` or a frozen distribution of Poisson's ratio, checked to lie above -1 and below 0.5.

    Towards -1 a body has no bulk modulus, towards 0.5 no shear modulus: vp/vs is √(4/3) and infinite there.
    """
    if isinstance(spec, dict):
        spec = from_plain(name, spec)
    if is_number(spec):
        spec = low = high = float(spec)
    elif is_frozen(spec):
        _check_support(name, spec, positive=False)
        low, high = (float(end) for end in spec.support())
    else:
        low, high = spec.support() if isinstance(spec, Uniform) else two_numbers(name, spec)
        spec = Uniform(low, high)
    if low <= -1 or high >= 0.5 or (low >= high and not is_number(spec)):
        shown = f"{spec:g}" if is_number(spec) else show_distribution(spec)
        raise ValueError(
            f"{name} is {shown}; it must be above -1 and below 0.5, and a range (low, high) with low < high. Of ground "
            "it lies between 0 and 0.5: give e.g. (0.2, 0.45), or cut a distribution without ends off there."
        )
    return spec


def plain_distribution(spec):
    """`spec` in numbers, strings, lists and dicts, as JSON stores it."""
    if isinstance(spec, LogUniform | Uniform):
        return [spec.low, spec.high]
    return {
        "distribution": spec.dist.name,
        "args": [float(value) for value in spec.args],
        "kwds": {key: float(value) for key, value in spec.kwds.items()},
    }


def unstorable_distribution(name: str, spec) -> str | None:
    """None, or the sentence that says why `spec` cannot be written to a file."""
    if isinstance(spec, LogUniform | Uniform) or type(_scipy_distribution(spec.dist.name)) is type(spec.dist):
        return None
    return (
        f"The distribution of {name} is of the custom type {type(spec.dist).__name__}, which a file cannot "
        "hold without code; use a range or a named distribution of scipy.stats for a prior that is to be "
        "stored."
    )


def show_distribution(spec) -> str:
    """`spec` as its user would write it, shortly."""
    if isinstance(spec, LogUniform | Uniform):
        return repr(spec)
    words = [f"{value:g}" for value in spec.args] + [f"{key}={value:g}" for key, value in spec.kwds.items()]
    return f"{spec.dist.name}({', '.join(words)})"


def pair(name: str, spec) -> LogUniform:
    """A (low, high) range of positive numbers."""
    low, high = two_numbers(name, spec)
    if low <= 0:
        raise ValueError(
            f"{name} = ({low:g}, {high:g}) is a log-uniform range, so both ends must be positive. Raise the "
            f"low end, e.g. to {abs(high) / 1000 or 1:g}, or pass a frozen scipy.stats distribution such as "
            "uniform."
        )
    if low >= high:
        raise ValueError(f"{name} = ({low:g}, {high:g}); a range is (low, high) with low < high. Widen or swap it.")
    return LogUniform(low, high)


def two_numbers(name: str, spec) -> tuple[float, float]:
    """Both ends of a range, finite."""
    if callable(getattr(spec, "freeze", None)):
        raise TypeError(
            f"{name} is a distribution without its parameters; call it with them, e.g. lognorm(0.5, scale=100)."
        )
    is_pair = isinstance(spec, list | tuple) or (hasattr(spec, "tolist") and hasattr(spec, "__len__"))
    if not is_pair or len(spec) != 2 or not all(is_number(value) for value in spec):
        raise TypeError(
            f"{name} is {spec!r}; a distribution is a (low, high) range, log-uniform between two numbers, or "
            "a frozen scipy.stats distribution. Write e.g. (1, 1000)."
        )
    low, high = (float(value) for value in spec)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"{name} = ({low:g}, {high:g}) is not finite; give two finite numbers, low < high.")
    return low, high


def is_number(value) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def is_frozen(spec) -> bool:
    """Whether `spec` is a frozen distribution of scipy.stats."""
    # Not isinstance: that would import scipy.stats for every prior, also for those that never use it.
    return all(hasattr(spec, word) for word in ("dist", "args", "kwds", "ppf", "cdf", "logpdf", "support"))


def _check_support(name, spec, positive):
    shown = _show_unchecked(spec)
    ends = spec.support()
    if not all(isinstance(end, numbers.Real) or getattr(end, "ndim", 1) == 0 for end in ends):
        raise ValueError(f"{name} = {shown} has arrays as parameters; give one distribution per layer in a list.")
    low, high = (float(end) for end in ends)
    if math.isnan(low) or math.isnan(high):
        raise ValueError(f"{name} = {shown} has parameters that scipy.stats does not allow; correct them.")
    if positive and low < 0:
        raise ValueError(
            f"{name} = {shown} can be negative (its support starts at {low:g}), but {name} must be positive. "
            "Use a (low, high) range, lognorm, or a distribution with loc and scale that keep it above zero."
        )


def _show_unchecked(spec):
    """Like :func:`show_distribution` for a frozen distribution that is not checked yet."""
    try:
        return show_distribution(spec)
    except (TypeError, ValueError):
        return spec.dist.name


def from_plain(name: str, plain: dict):
    """The frozen distribution that :func:`plain_distribution` describes."""
    if "distribution" not in plain or not set(plain) <= {"distribution", "args", "kwds"}:
        raise ValueError(
            f"{name} has the keys {', '.join(map(str, plain))}; a table describes a distribution with args and kwds, "
            "or of a whole property ordered, relative and multiple, poisson and ratio, power_law, coefficient and "
            "exponent, or fixed."
        )
    distribution = _scipy_distribution(plain["distribution"])
    if distribution is None:
        raise ValueError(
            f"{name} has the distribution {plain['distribution']!r}; it must be the name of a continuous "
            "distribution of scipy.stats, e.g. 'lognorm'."
        )
    args, kwds = plain.get("args", []), plain.get("kwds", {})
    if not all(isinstance(value, numbers.Real) for value in (*args, *kwds.values())):
        raise TypeError(f"{name}: the parameters of {plain['distribution']} must be numbers, got {args!r}, {kwds!r}.")
    try:
        return distribution(*args, **kwds)
    except TypeError as error:
        raise ValueError(f"{name}: {plain['distribution']} does not take {args!r}, {kwds!r}: {error}.") from None


def _scipy_distribution(name):
    """The continuous distribution of scipy.stats with that name, or None."""
    from scipy import stats

    found = getattr(stats, name, None) if isinstance(name, str) else None
    return found if isinstance(found, stats.rv_continuous) else None
