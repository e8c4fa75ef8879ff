"""How many layers models may have, how probable each number is, and what is said of every layer."""

from __future__ import annotations

import numpy as np

from bpinvert.priors.base import count
from bpinvert.priors.specifications import Fixed

MOST_LAYERS = 50


def read_counts(n_layers) -> tuple[int, ...]:
    """All layer counts that a number or a (fewest, most) pair stands for."""
    if not isinstance(n_layers, tuple | list | np.ndarray):
        return (count("n_layers", n_layers, 1, MOST_LAYERS),)
    if len(n_layers) != 2:
        raise ValueError(
            f"n_layers is {n_layers!r}; it is one number of layers or a pair (fewest, most). Write (2, 5)."
        )
    low, high = (count("n_layers", value, 1, MOST_LAYERS) for value in n_layers)
    if low > high:
        raise ValueError(f"n_layers is ({low}, {high}); a pair is (fewest, most). Swap the two.")
    return tuple(range(low, high + 1))


def read_weights(weights, layer_counts) -> np.ndarray:
    """The probability of each count; equal without `weights`."""
    if weights is None:
        weights = np.ones(len(layer_counts))
    weights = np.asarray(weights)
    if weights.shape != (len(layer_counts),):
        raise ValueError(
            f"layer_weights has {weights.size} entries, but there are {len(layer_counts)} layer counts "
            f"({in_words(layer_counts)}). Give one weight for each."
        )
    if not np.isfinite(weights).all() or (weights < 0).any() or weights.sum() == 0:
        raise ValueError(
            f"layer_weights is {weights.tolist()}; weights must be finite, not negative, and not all zero. "
            "Correct them."
        )
    return weights / weights.sum()


def check_lists(specs, layer_counts) -> None:
    """Refuse a list among (name, specification) pairs that has not one entry for each layer or interface."""
    for name, spec in specs:
        if isinstance(spec, Fixed) and isinstance(spec.value, tuple):
            spec = spec.value
        if not isinstance(spec, list | tuple):
            continue
        if len(layer_counts) > 1:
            raise ValueError(
                f"{name} is a list with one entry per layer, but this prior has "
                f"{in_words(layer_counts)} layers. Give one specification for all layers, or one "
                "fixed n_layers."
            )
        n_layers = layer_counts[0]
        allowed, what = (n_layers - 1, "interfaces") if name == "thickness" else (n_layers, "layers")
        if len(spec) != allowed:
            raise ValueError(
                f"{name} is a list of {len(spec)}, but a model of {n_layers} layers has {allowed} "
                f"{what}. Give {allowed} entries, or one (low, high) range for all."
            )


def in_words(counts) -> str:
    counts = [int(value) for value in counts]
    if len(counts) == 1:
        return str(counts[0])
    return f"{', '.join(map(str, counts[:-1]))} or {counts[-1]}"
