"""The door of the estimators: every setting and every sample is checked here, once."""

from __future__ import annotations

import math
import numbers
import zlib

import numpy as np
from sklearn.utils.validation import validate_data

from bpinvert.network.activations import HIDDEN_ACTIVATIONS, OUTPUT_ACTIVATIONS
from bpinvert.network.heads import HEADS
from bpinvert.network.trainers import TRAINERS, Trainer, plain

DTYPES = ("float32", "float64")
NOT_STORED = ("checkpoint", "progress", "random_state")


def check_settings(model) -> None:
    """Refuse settings that make no network or no training.

    Raises
    ------
    ValueError
        Naming the setting, what it may be and what to do.
    """
    hidden_layers(model.hidden)
    _one_of("activation", model.activation, HIDDEN_ACTIVATIONS)
    _one_of("output", model.output, OUTPUT_ACTIVATIONS)
    _one_of("head", model.head, HEADS)
    _one_of("dtype", model.dtype, DTYPES)
    if not isinstance(model.trainer, Trainer):
        _one_of("trainer", model.trainer, TRAINERS, " or a trainer object")
    epochs, seconds, patience = model.max_epochs, model.max_time, model.patience
    allowed = "a whole number from 1, or None to leave it to max_time"
    _check("max_epochs", epochs, epochs is None or _is_count(epochs), allowed)
    allowed = "a positive number of seconds, or None"
    _check("max_time", seconds, seconds is None or (_is_number(seconds) and seconds > 0), allowed)
    if epochs is None and seconds is None:
        raise ValueError("max_epochs and max_time are both None; training needs an end. Set one of them.")
    decay, fraction = model.weight_decay, model.validation_fraction
    _check("weight_decay", decay, _is_number(decay) and decay >= 0, "zero or a positive number")
    _check("validation_fraction", fraction, _is_number(fraction) and 0 <= fraction < 1, "in [0, 1)")
    allowed = "a whole number of epochs from 1, or None"
    _check("patience", patience, patience is None or _is_count(patience), allowed)
    if isinstance(model.random_state, numbers.Integral):
        _check("random_state", model.random_state, model.random_state >= 0, "a whole number from 0, or None")


def hidden_layers(hidden) -> tuple[int, ...]:
    """Neurons per hidden layer, from a number or one or two of them."""
    layers = tuple(hidden) if isinstance(hidden, (tuple, list, np.ndarray)) else (hidden,)
    valid = len(layers) in (1, 2) and all(_is_count(n) for n in layers)
    _check("hidden", hidden, valid, "a whole number of neurons from 1, or two of them for two hidden layers")
    return tuple(int(n) for n in layers)


def trainer_of(model) -> Trainer:
    """The trainer object, from itself or from its name."""
    return model.trainer if isinstance(model.trainer, Trainer) else TRAINERS[model.trainer]()


def plain_settings(model) -> dict:
    """The settings that make the weights, JSON-able, without those of one run (path, bar, seed)."""
    settings = {name: value for name, value in model.get_params(deep=False).items() if name not in NOT_STORED}
    layers = hidden_layers(model.hidden)
    settings["hidden"] = layers[0] if len(layers) == 1 else list(layers)
    settings["trainer"] = trainer_of(model).to_dict()
    return {name: plain(value) for name, value in settings.items()}


def check_samples(model, samples, name: str, *, reset=False, n_targets=None):
    """X and Y of a stream, in the network's dtype.

    Parameters
    ----------
    model : BPEstimator
    samples : (X, y)
    name : str
        What to call them in an error.
    reset : bool
        Take the number of inputs, and whether y is one-dimensional, from these samples.
    n_targets : int, optional
        Targets that y must have.

    Returns
    -------
    X : (n_samples, n_inputs) array
    Y : (n_samples, n_targets) array
    """
    if not isinstance(samples, (tuple, list)) or len(samples) != 2:
        raise ValueError(f"{name} is a {type(samples).__name__}; it must be a pair (X, y). Give both arrays.")
    with np.errstate(over="ignore"):
        X, y = (np.ascontiguousarray(array, dtype=model.dtype) for array in samples)
    if X.ndim != 2 or y.ndim not in (1, 2) or len(X) != len(y) or not len(X):
        raise ValueError(
            f"{name} has X of shape {X.shape} and y of shape {y.shape}; X must be (n_samples, n_inputs) "
            "and y (n_samples,) or (n_samples, n_targets), with at least one sample. Reshape them."
        )
    for what, array in (("X", X), ("y", y)):
        if not _all_finite(array):
            raise ValueError(f"{name} has NaN or infinite values in {what}; all must be finite. Remove those samples.")
    if reset:
        validate_data(model, X, reset=True, skip_check_array=True)
        model._y_ndim = y.ndim
    if X.shape[1] != model.n_features_in_:
        raise ValueError(
            f"{name} has {X.shape[1]} inputs but the first samples had {model.n_features_in_}. "
            "Give every epoch and the validation samples the same columns."
        )
    Y = check_targets(y, model.output, model.dtype, name)
    if n_targets is not None and Y.shape[1] != n_targets:
        raise ValueError(
            f"{name} has {Y.shape[1]} targets but the first samples had {n_targets}. "
            "Give every epoch and the validation samples the same columns."
        )
    return X, Y


def check_targets(y, output: str, dtype: str, name: str) -> np.ndarray:
    """Targets as (n_samples, n_targets) in the network's dtype.

    Raises
    ------
    ValueError
        If a sigmoid output cannot reach them.
    """
    Y = np.ascontiguousarray(y.reshape(len(y), -1), dtype=dtype)
    if output == "sigmoid" and (Y.min() < 0 or Y.max() > 1):
        raise ValueError(
            f"{name} has targets from {Y.min():g} to {Y.max():g}; a sigmoid output reaches only [0, 1]. "
            "Scale the targets to [0, 1] or use output='linear'."
        )
    return Y


def fingerprint(X: np.ndarray, Y: np.ndarray) -> int:
    """A checksum by which a checkpoint knows its own samples again."""
    return zlib.crc32(Y.tobytes(), zlib.crc32(X.tobytes()))


def _all_finite(array):
    # The sum settles nearly every case in one pass, and lets the training thread run meanwhile.
    with np.errstate(invalid="ignore"):
        return bool(np.isfinite(array.sum(dtype=float)) or np.isfinite(array).all())


def _check(name, value, holds, allowed):
    if not holds:
        raise ValueError(f"{name} is {value!r}; it must be {allowed}. Choose such a value.")


def _one_of(name, value, allowed, more=""):
    if not isinstance(value, str) or value not in allowed:
        names = ", ".join(repr(word) for word in allowed)
        raise ValueError(f"{name} is {value!r}; it must be one of {names}{more}. Choose one of these.")


def _is_count(value):
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and value >= 1


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)
