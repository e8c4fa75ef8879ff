"""(low, high) ranges of a prior's specifications made wider; ties to other properties and known numbers stay."""

from __future__ import annotations

import numpy as np

from bpinvert.priors.specifications import TIES, Fixed, Ordered, is_range, show_spec

# No ground has this or more: a volt per volt.
_LIMIT = {"chargeability": 1000.0}
_BELOW = 0.99


def widenable(specs) -> tuple[str, ...]:
    """Which of {name: specification} have a range of their own."""
    return tuple(name for name, spec in specs.items() if is_range(spec.range if isinstance(spec, Ordered) else spec))


def widened(specs, n_layers, factor, parameter=None) -> dict:
    """Specifications of `n_layers` layers with ranges that reach `factor` times further; see `LayeredPrior.widened`."""
    specs = dict(specs)
    for name, (low, high) in _ranges(specs).items():
        wider, n = (low / factor, _possible(name, high, high * factor)), n_layers - (name == "thickness")
        mine = [parameter in (None, f"{name}_{i + 1}") for i in range(n)]
        if isinstance(specs[name], Ordered):
            specs[name] = Ordered(wider) if any(mine) else specs[name]
        else:
            specs[name] = wider if all(mine) else [wider if own else (low, high) for own in mine]
    return specs


def including(specs, models, margin) -> dict:
    """Specifications with ranges that hold `models`; see `LayeredPrior.including`."""
    specs = dict(specs)
    for name, (low, high) in _ranges(specs).items():
        values = np.asarray(models[name], dtype=float)
        if values.size and values.min() < low:
            low = two_digits(values.min() / margin, np.floor)
        if values.size and values.max() > high:
            high = _possible(name, high, two_digits(values.max() * margin, np.ceil))
        specs[name] = Ordered((low, high)) if isinstance(specs[name], Ordered) else (low, high)
    return specs


def _possible(name, old, new):
    """The upper end `new` of a range, or where no ground has it the largest that one has, but no less than `old`."""
    return max(old, min(new, _BELOW * _LIMIT.get(name, np.inf)))


def _ranges(specs):
    """(low, high) of what is `widenable`."""
    free = widenable(specs)
    for name, spec in specs.items():
        if name not in free and not isinstance(spec, TIES) and not _is_one_number(spec):
            raise ValueError(
                f"{name} of the prior is {show_spec(spec)}; only a (low, high) range can be widened. Widen the "
                "prior by hand and train again."
            )
    return {name: getattr(specs[name], "range", specs[name]).support() for name in free}


def _is_one_number(spec):
    return isinstance(spec, Fixed) and not isinstance(spec.value, tuple)


def two_digits(value, rounding) -> float:
    """A positive `value` with two digits, rounded by numpy's `floor` or `ceil`."""
    decimals = 1 - int(np.floor(np.log10(value)))
    return float(round(float(rounding(value * 10.0**decimals)) / 10.0**decimals, max(decimals, 0)))
