"""What a user says of a function of his own, checked: its channels and the names of its arguments."""

from __future__ import annotations

import inspect
from dataclasses import fields

import numpy as np

from forward_models.channels import Channels
from forward_models.survey import numbers

# Names that Datasets of soundings give to something else.
_TAKEN = (
    "sounding", "reading", "channel", "sample", "layer", "interface", "quantile", "draw", "check", "used", "n_layers",
    "chi2", "rrms", "status", "flag", "score", "freedom", "data", "unit", "name",
)  # fmt: skip


def channels_of(given) -> Channels:
    """`Channels` from what a user writes."""
    if isinstance(given, int) and not isinstance(given, bool):
        if given < 1:
            raise ValueError(f"channels is {given}; a function returns at least one number.")
        given = {"quantity": "signal", "value": np.arange(1.0, given + 1)}
    if isinstance(given, dict):
        given = _from_keywords(dict(given))
    if not isinstance(given, Channels):
        raise TypeError(
            f"channels is {given!r:.60}; pass Channels, a dict such as {{'quantity': 'gravity', 'unit': 'mGal', "
            "'coordinate': 'position', 'value': x}, or a number of channels."
        )
    readings = [
        {name: np.asarray(values)[given.columns(quantity)].tolist() for name, values in given.coordinates.items()}
        for quantity in given.quantities
    ]
    ordered = np.concatenate([given.columns(quantity) for quantity in given.quantities])
    if any(other != readings[0] for other in readings) or (ordered != np.arange(len(given))).any():
        raise ValueError(
            "the channels have different readings for different quantities; each quantity needs all of them, one "
            "quantity after the other. Return NaN for what is not measured, or make it one quantity."
        )
    return given


def _from_keywords(said):
    unknown = set(said) - {f.name for f in fields(Channels)}
    if unknown or not {"quantity", "value"} <= set(said):
        raise ValueError(
            f"channels has {', '.join(map(str, said))}; it needs quantity and value, and may have "
            f"{', '.join(f.name for f in fields(Channels) if f.name not in ('quantity', 'value'))}."
        )
    quantities = (said.pop("quantity"),) if isinstance(said["quantity"], str) else tuple(said.pop("quantity"))
    value = np.atleast_1d(numbers("channels", "value", said.pop("value")))
    if value.ndim != 1 or not value.size or not np.isfinite(value).all():
        raise ValueError(f"channels has value = {value!r:.60}; it must be a list of finite numbers, one a reading.")
    n = len(value)

    def each(key, default):
        entry = said.pop(key, default)
        entries = (entry,) * len(quantities) if isinstance(entry, str) else tuple(entry)
        if len(entries) != len(quantities):
            raise ValueError(f"channels has {len(entries)} {key}s for {len(quantities)} quantities; give one for each.")
        return tuple(word for word in entries for _ in range(n))

    columns = {"quantity": tuple(word for word in quantities for _ in range(n))}
    columns |= {"unit": each("unit", "1"), "scale": each("scale", "linear")}
    said["extra"] = {
        name: np.tile(np.broadcast_to(values, n), len(quantities)) for name, values in said.get("extra", {}).items()
    }
    if said.get("width") is not None:
        width = np.asarray(said["width"], dtype=float)
        said["width"] = (
            np.repeat(width, n) if width.shape == (len(quantities),) else np.broadcast_to(width, n * len(quantities))
        )
    said = {"coordinate": "place", "coordinate_unit": "1"} | said
    # A curve is interpolated in the logarithm of its coordinate.
    said = {"points": bool((value <= 0).any())} | said
    return Channels(**columns, value=np.tile(value, len(quantities)), **said)


def names(what, given) -> tuple[str, ...]:
    if isinstance(given, str) or not all(isinstance(name, str) and name.isidentifier() for name in given):
        raise TypeError(f"{what} is {given!r}; it must be a tuple of names, e.g. ('radius', 'depth').")
    return tuple(given)


def check_names(channels, parameters, context):
    own = [*parameters, *context, *channels.quantities, *channels.coordinates]
    twice = sorted({name for name in own if own.count(name) > 1})
    # A result has the depth of every interface.
    taken = [name for name in own if name in _TAKEN or (name == "depth" and "thickness" in parameters)]
    if twice or taken:
        raise ValueError(
            f"the name {(twice or taken)[0]!r} stands for {'two things here' if twice else 'something else in results'}"
            "; parameters, context, quantities and coordinates need names of their own. Choose another."
        )


def arguments_of(function):
    """Names of a function's arguments; None where it does not tell."""
    try:
        known = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    names = [p.name for p in known if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    return names or None


def required_by(function):
    """Names of the arguments that a function cannot be called without; those before a bare ``/`` cannot be named."""
    try:
        known = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [p.name for p in known if p.kind in kinds and p.default is p.empty]


def takes_any(function):
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())
