"""Small objects that say how one thing is done: settings that JSON can hold, and nothing else."""

from __future__ import annotations

import inspect
import math
import numbers

import numpy as np


class Strategy:
    """A trainer or a head: chosen by its name, compared and stored by its settings.

    Every argument of a subclass's ``__init__`` is kept as an attribute of the same name.
    """

    kind: str
    name: str

    def to_dict(self) -> dict:
        """JSON-able: the name under the strategy's kind, and its settings; :func:`strategy_from_dict` rebuilds it."""
        names = [name for name in inspect.signature(type(self).__init__).parameters if name not in ("self", "args")]
        return {self.kind: self.name, **{name: plain(getattr(self, name)) for name in names if hasattr(self, name)}}

    def __eq__(self, other):
        return type(self) is type(other) and self.to_dict() == other.to_dict()

    def __hash__(self):
        return hash(tuple(self.to_dict().items()))

    def __repr__(self):
        settings = self.to_dict()
        settings.pop(self.kind)
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in settings.items())})"


def strategy_from_dict(settings: dict | str, kind: str, known: dict):
    """Rebuild a strategy from :meth:`Strategy.to_dict`, or from its name alone.

    Parameters
    ----------
    settings : dict or str
    kind : {"trainer", "head"}
    known : dict of classes by name
    """
    if isinstance(settings, str):
        return known[settings]()
    settings = dict(settings)
    return known[settings.pop(kind)](**settings)


def plain(value):
    """A NumPy scalar as Python's own number, anything else as it is: what JSON can hold."""
    return value.item() if isinstance(value, np.generic) else value


def is_count(value, low: int = 1) -> bool:
    """Whether `value` is a whole number from `low`."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and value >= low


def is_number(value) -> bool:
    """Whether `value` is a finite real number."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def require(owner: str, name: str, value, holds, allowed: str) -> None:
    """Refuse a setting of a strategy in one sentence."""
    if not holds:
        raise ValueError(f"{owner} got {name}={value!r}; it must be {allowed}. Choose such a value.")
