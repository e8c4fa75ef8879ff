"""What may be said about one parameter: a range, a frozen scipy.stats distribution, Ordered or Relative.

scipy.stats is imported only when a description of one of its distributions is read: it costs half a second.
"""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import Any

# A distribution without an end is cut where its tail holds this probability, so that every u decodes to a
# number.
TAIL = 1e-12


@dataclass(frozen=True)
class LogUniform:
    """Uniform in the logarithm between `low` and `high`: what a plain (low, high) pair means."""

    low: float
    high: float

    def __repr__(self):
        return f"({self.low:g}, {self.high:g})"


@dataclass(frozen=True)
class Ordered:
    """Values that increase downward within (low, high).

    The first layer is log-uniform on (low, high), every further one log-uniform on (the one above it, high).
    """

    range: Any

    def __repr__(self):
        return f"Ordered({self.range!r})"


@dataclass(frozen=True)
class Relative:
    """A multiple of another property of the same layer: `multiple` is a range or a frozen distribution.

    The other property stands earlier among the keywords, e.g. ``vs=(100, 1000), vp=Relative("vs", (1.5,
    3.0))``.
    """

    of: str
    multiple: Any

    def __repr__(self):
        return f"Relative({self.of!r}, {self.multiple!r})"


def read_spec(name: str, spec, *, positive: bool = True):
    """The checked form of a specification: a distribution, `Ordered`, `Relative` or a list of distributions.

    Pairs become `LogUniform`; a list whose entries are themselves specifications is one per layer. The plain
    form that :func:`plain_spec` gives is read as well.

    Raises
    ------
    ValueError, TypeError
        With the parameter's name and what to write instead.
    """
    if isinstance(spec, dict):
        spec = _from_plain(name, spec)
    if isinstance(spec, Ordered):
        return Ordered(_pair(f"{name} = Ordered", _unwrap(spec.range)))
    if isinstance(spec, Relative):
        return Relative(spec.of, read_distribution(f"{name} as a multiple of {spec.of}", spec.multiple))
    if isinstance(spec, list) and not all(isinstance(entry, numbers.Real) for entry in spec):
        return [read_distribution(f"{name}[{i}]", entry, positive=positive) for i, entry in enumerate(spec)]
    return read_distribution(name, spec, positive=positive)


def read_distribution(name: str, spec, *, positive: bool = True):
    """The checked form of a specification that stands on its own: `LogUniform` or a frozen distribution."""
    spec = _unwrap(spec)
    if isinstance(spec, dict):
        spec = _from_plain(name, spec)
    if isinstance(spec, Ordered | Relative):
        raise ValueError(
            f"{name} is {spec!r}; Ordered and Relative describe a whole property, not a list entry, "
            "a multiple or context. Give a (low, high) range or a frozen scipy.stats distribution there."
        )
    if _is_frozen(spec):
        _check_support(name, spec, positive)
        return spec
    return _pair(name, spec)


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
    return {name: read_distribution(name, spec, positive=False) for name, spec in context.items()}


def plain_spec(spec):
    """`spec` in numbers, strings, lists and dicts, as JSON stores it."""
    if isinstance(spec, list):
        return [plain_spec(entry) for entry in spec]
    if isinstance(spec, LogUniform):
        return [spec.low, spec.high]
    if isinstance(spec, Ordered):
        return {"ordered": plain_spec(spec.range)}
    if isinstance(spec, Relative):
        return {"relative": spec.of, "multiple": plain_spec(spec.multiple)}
    return {
        "distribution": spec.dist.name,
        "args": [float(value) for value in spec.args],
        "kwds": {key: float(value) for key, value in spec.kwds.items()},
    }


def unstorable(name: str, spec) -> str | None:
    """None, or the sentence that says why `spec` cannot be written to a file."""
    if isinstance(spec, list):
        return next((reason for entry in spec if (reason := unstorable(name, entry))), None)
    if isinstance(spec, Relative):
        return unstorable(name, spec.multiple)
    if isinstance(spec, LogUniform | Ordered) or type(_scipy_distribution(spec.dist.name)) is type(spec.dist):
        return None
    return (
        f"The distribution of {name} is of the custom type {type(spec.dist).__name__}, which a file cannot "
        "hold without code; use a range or a named distribution of scipy.stats for a prior that is to be "
        "stored."
    )


def show_spec(spec) -> str:
    """`spec` as its user would write it, shortly."""
    if isinstance(spec, list):
        return f"[{', '.join(show_spec(entry) for entry in spec)}]"
    if isinstance(spec, Ordered):
        return f"Ordered({show_spec(spec.range)})"
    if isinstance(spec, Relative):
        return f"Relative({spec.of!r}, {show_spec(spec.multiple)})"
    if isinstance(spec, LogUniform):
        return repr(spec)
    words = [f"{value:g}" for value in spec.args] + [f"{key}={value:g}" for key, value in spec.kwds.items()]
    return f"{spec.dist.name}({', '.join(words)})"


def _unwrap(spec):
    return [spec.low, spec.high] if isinstance(spec, LogUniform) else spec


def _pair(name, spec):
    if callable(getattr(spec, "freeze", None)):
        raise TypeError(
            f"{name} is a distribution without its parameters; call it with them, e.g. lognorm(0.5, scale=100)."
        )
    is_pair = isinstance(spec, list | tuple) or (hasattr(spec, "tolist") and hasattr(spec, "__len__"))
    if not is_pair or len(spec) != 2 or not all(isinstance(v, numbers.Real) and not isinstance(v, bool) for v in spec):
        raise TypeError(
            f"{name} is {spec!r}; a distribution is a (low, high) range, log-uniform between two numbers, or "
            "a frozen scipy.stats distribution. Write e.g. (1, 1000)."
        )
    low, high = (float(value) for value in spec)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"{name} = ({low:g}, {high:g}) is not finite; give two finite numbers, low < high.")
    if low <= 0:
        raise ValueError(
            f"{name} = ({low:g}, {high:g}) is a log-uniform range, so both ends must be positive. Raise the "
            f"low end, e.g. to {abs(high) / 1000 or 1:g}, or pass a frozen scipy.stats distribution such as "
            "uniform."
        )
    if low >= high:
        raise ValueError(f"{name} = ({low:g}, {high:g}); a range is (low, high) with low < high. Widen or swap it.")
    return LogUniform(low, high)


def _is_frozen(spec):
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
    """Like :func:`show_spec` for a frozen distribution that is not checked yet."""
    try:
        return show_spec(spec)
    except (TypeError, ValueError):
        return spec.dist.name


def _from_plain(name, plain):
    keys = set(plain)
    if keys == {"ordered"}:
        return Ordered(plain["ordered"])
    if keys == {"relative", "multiple"}:
        return Relative(plain["relative"], plain["multiple"])
    if "distribution" in keys and keys <= {"distribution", "args", "kwds"}:
        distribution = _scipy_distribution(plain["distribution"])
        if distribution is None:
            raise ValueError(
                f"{name} has the distribution {plain['distribution']!r}; it must be the name of a continuous "
                "distribution of scipy.stats, e.g. 'lognorm'."
            )
        args, kwds = plain.get("args", []), plain.get("kwds", {})
        if not all(isinstance(value, numbers.Real) for value in (*args, *kwds.values())):
            raise TypeError(
                f"{name}: the parameters of {plain['distribution']} must be numbers, got {args!r}, {kwds!r}."
            )
        try:
            return distribution(*args, **kwds)
        except TypeError as error:
            raise ValueError(f"{name}: {plain['distribution']} does not take {args!r}, {kwds!r}: {error}.") from None
    raise ValueError(
        f"{name} has the keys {', '.join(map(str, plain))}; a table describes either ordered, or relative "
        "and multiple, or distribution with args and kwds."
    )


def _scipy_distribution(name):
    """The continuous distribution of scipy.stats with that name, or None."""
    from scipy import stats

    found = getattr(stats, name, None) if isinstance(name, str) else None
    return found if isinstance(found, stats.rv_continuous) else None
