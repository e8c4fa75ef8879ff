"""The door of the estimators: every setting and every sample is checked here, once."""

from __future__ import annotations

import numbers
import zlib

import numpy as np
from sklearn.utils.validation import _check_sample_weight, validate_data

from bpinvert.network.activations import HIDDEN_ACTIVATIONS
from bpinvert.network.heads import HEADS, CrossEntropy, Head, head_from_dict
from bpinvert.network.initial import INITIAL
from bpinvert.network.samples import Samples
from bpinvert.network.strategies import is_count, is_number, plain
from bpinvert.network.trainers import TRAINERS, Trainer, trainer_from_dict

DTYPES = ("float32", "float64")
# What the neurons of the output layer do, for each head.
OUTPUTS = {
    "mse": ("linear", "sigmoid"),
    "cross_entropy": ("softmax", "sigmoid"),
    "gaussian": ("linear",),
    "mixture": ("linear",),
}
NOT_STORED = ("checkpoint", "progress", "random_state", "warm_start", "n_jobs")


def check_settings(model) -> None:
    """Refuse settings that make no network or no training.

    Raises
    ------
    ValueError
        Naming the setting, what it may be and what to do.
    """
    hidden_layers(model.hidden)
    _one_of("activation", model.activation, HIDDEN_ACTIVATIONS)
    _one_of("output", model.output, ("linear", "sigmoid", "softmax"))
    _one_of("init", model.init, INITIAL)
    if model.dtype is not None:
        _one_of("dtype", model.dtype, DTYPES, " or None")
    if not isinstance(model.head, Head):
        _one_of("head", model.head, HEADS, " or a head object")
    if not isinstance(model.trainer, Trainer):
        _one_of("trainer", model.trainer, TRAINERS, " or a trainer object")
    _check_head(model)
    epochs, seconds, patience = model.max_epochs, model.max_time, model.patience
    allowed = "a whole number from 1, or None to leave it to max_time"
    _check("max_epochs", epochs, epochs is None or is_count(epochs), allowed)
    allowed = "a positive number of seconds, or None"
    _check("max_time", seconds, seconds is None or (is_number(seconds) and seconds > 0), allowed)
    if epochs is None and seconds is None:
        raise ValueError("max_epochs and max_time are both None; training needs an end. Set one of them.")
    decay, fraction = model.weight_decay, validation_fraction_of(model)
    _check("weight_decay", decay, is_number(decay) and decay >= 0, "zero or a positive number")
    _check("validation_fraction", fraction, is_number(fraction) and 0 <= fraction < 1, "in [0, 1), or None")
    allowed = "a whole number of epochs from 1, or None"
    _check("patience", patience, patience is None or is_count(patience), allowed)
    _check("steepness", model.steepness, is_number(model.steepness) and model.steepness > 0, "a positive number")
    _check("whiten", model.whiten, model.whiten in (None, True, False), "True, False or None")
    for name in ("max_gradient_norm", "min_gradient"):
        value = getattr(model, name)
        _check(name, value, value is None or (is_number(value) and value > 0), "a positive number, or None")
    target = model.target_loss
    _check("target_loss", target, target is None or is_number(target), "a number, or None")
    jobs = model.n_jobs
    _check("n_jobs", jobs, is_count(jobs, low=-1) and jobs != 0, "a number of threads from 1, or -1 for all cores")
    if isinstance(model.random_state, numbers.Integral):
        _check("random_state", model.random_state, model.random_state >= 0, "a whole number from 0, or None")


def _check_head(model):
    head, trainer = head_name(model), trainer_of(model)
    if model.output not in OUTPUTS[head]:
        raise ValueError(
            f"output is {model.output!r} with head {head!r}; it must be {' or '.join(map(repr, OUTPUTS[head]))}. "
            "Choose such an output or another head."
        )
    if isinstance(model.head, CrossEntropy) and model.head.link != model.output:
        raise ValueError(
            f"output is {model.output!r} with CrossEntropy(link={model.head.link!r}); both must be the same. "
            "Set one of them."
        )
    if trainer.residual and not HEADS[head].residual:
        raise ValueError(
            f"trainer {trainer.name!r} needs a sum of squares and head {head!r} has none; it works with head='mse'. "
            "Choose trainer='adam' or 'lbfgs'."
        )
    if trainer.name == "br" and model.weight_decay:
        raise ValueError(
            f"weight_decay is {model.weight_decay!r} with trainer 'br', which finds its own. Leave it at 0."
        )


def hidden_layers(hidden) -> tuple[int, ...]:
    """Neurons per hidden layer, from a number or one or two of them."""
    layers = tuple(hidden) if isinstance(hidden, (tuple, list, np.ndarray)) else (hidden,)
    valid = len(layers) in (1, 2) and all(is_count(n) for n in layers)
    _check("hidden", hidden, valid, "a whole number of neurons from 1, or two of them for two hidden layers")
    return tuple(int(n) for n in layers)


def trainer_of(model) -> Trainer:
    """The trainer object, from itself or from its name."""
    return model.trainer if isinstance(model.trainer, Trainer) else TRAINERS[model.trainer]()


def head_name(model) -> str:
    """The name of the head, from itself or from its name."""
    return model.head.name if isinstance(model.head, Head) else model.head


def head_of(model) -> Head:
    """The head object; that of an mse network knows the spread of its residuals once it is fitted."""
    if isinstance(model.head, Head):
        head = model.head
    elif model.head == "cross_entropy":
        head = CrossEntropy(link=model.output)
    else:
        head = HEADS[model.head]()
    return head


def network_output(model) -> str:
    """The activation of the output neurons: a cross-entropy head applies sigmoid or softmax itself."""
    return "linear" if head_name(model) == "cross_entropy" else model.output


def dtype_of(model) -> str:
    """The precision of the arithmetic: the setting, else what the trainer needs."""
    return model.dtype or trainer_of(model).dtype


def whitens(model) -> bool:
    """Whether inputs are decorrelated while training: the setting, else what the trainer likes."""
    return bool(trainer_of(model).whitens if model.whiten is None else model.whiten)


def validation_fraction_of(model) -> float:
    """The share held out: the setting, else what the trainer needs."""
    fraction = model.validation_fraction
    return trainer_of(model).validation_fraction if fraction is None else fraction


def plain_settings(model) -> dict:
    """The settings that make the weights, JSON-able, without those of one run (path, bar, seed)."""
    settings = {name: value for name, value in model.get_params(deep=False).items() if name not in NOT_STORED}
    layers = hidden_layers(model.hidden)
    settings["hidden"] = layers[0] if len(layers) == 1 else list(layers)
    settings["trainer"] = trainer_of(model).to_dict()
    if isinstance(model.head, Head):
        settings["head"] = model.head.to_dict()
    settings["dtype"] = dtype_of(model)
    return {name: plain(value) for name, value in settings.items()}


def settings_from_plain(settings: dict) -> dict:
    """Inverse of :func:`plain_settings`; settings that an older file lacks are left to their defaults."""
    settings = dict(settings)
    settings["trainer"] = trainer_from_dict(settings["trainer"])
    if isinstance(settings["head"], dict):
        settings["head"] = head_from_dict(settings["head"])
    if not isinstance(settings["hidden"], int):
        settings["hidden"] = tuple(settings["hidden"])
    return settings


def check_weights(sample_weight, X):
    """Weights of samples in the dtype of X, or None.

    Raises
    ------
    ValueError
        If they are not one finite number from 0 for each sample, or all 0.
    """
    if sample_weight is None:
        return None
    weight = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
    if not weight.sum() > 0:
        raise ValueError("sample_weight is 0 for all samples; at least one must count. Weigh some samples above 0.")
    return weight


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
    Samples
    """
    if not isinstance(samples, (tuple, list)) or len(samples) != 2:
        raise ValueError(f"{name} is a {type(samples).__name__}; it must be a pair (X, y). Give both arrays.")
    with np.errstate(over="ignore"):
        X, y = (np.ascontiguousarray(array, dtype=dtype_of(model)) for array in samples)
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
            f"{name} has {X.shape[1]} inputs but the samples before had {model.n_features_in_}. "
            "Give every epoch and the validation samples the same columns."
        )
    Y = check_targets(y, model, name)
    if n_targets is not None and Y.shape[1] != n_targets:
        raise ValueError(
            f"{name} has {Y.shape[1]} targets but the samples before had {n_targets}. "
            "Give every epoch and the validation samples the same columns."
        )
    return Samples(X, Y)


def check_targets(y, model, name: str) -> np.ndarray:
    """Targets as (n_samples, n_targets) in the network's dtype.

    Raises
    ------
    ValueError
        If the outputs cannot reach them.
    """
    Y = np.ascontiguousarray(y.reshape(len(y), -1), dtype=dtype_of(model))
    if model.output != "linear" and (Y.min() < 0 or Y.max() > 1):
        raise ValueError(
            f"{name} has targets from {Y.min():g} to {Y.max():g}; a {model.output} output reaches only [0, 1]. "
            "Scale the targets to [0, 1] or use output='linear'."
        )
    if model.output == "softmax" and np.abs(Y.sum(axis=1) - 1).max() > 1e-3:
        raise ValueError(
            f"{name} has targets that do not sum to 1 in each sample; with a softmax output they are probabilities of "
            "classes. Give one column for each class, or use output='sigmoid'."
        )
    return Y


def check_count(name: str, value) -> int:
    """`value` as an int, refused where it is no whole number from 1."""
    _check(name, value, is_count(value), "a whole number from 1")
    return int(value)


def check_dtype(dtype) -> None:
    """Refuse a precision that there is not."""
    _one_of("dtype", dtype, DTYPES)


def check_probabilities(probabilities) -> np.ndarray:
    """Probabilities (n_probabilities,) as float64.

    Raises
    ------
    ValueError
        If they are not one row of numbers inside (0, 1).
    """
    levels = np.asarray(probabilities, dtype=float)
    if levels.ndim != 1 or not ((levels > 0) & (levels < 1)).all():
        raise ValueError(
            f"probabilities is {probabilities!r}; it must be a list of numbers between 0 and 1, without these. "
            "Pass for example [0.05, 0.5, 0.95]."
        )
    return levels


def fingerprint(samples: Samples) -> int:
    """A checksum by which a checkpoint knows its own samples again."""
    found = zlib.crc32(samples.Y.tobytes(), zlib.crc32(samples.X.tobytes()))
    return found if samples.weight is None else zlib.crc32(samples.weight.tobytes(), found)


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
