"""Models of a prior that the survey cannot compute: how many there are, and where."""

from __future__ import annotations

import warnings

import numpy as np

# Fewer failures than this, or less of a difference between distributions, tell no region.
_FEWEST, _LEAST = 20, 0.2
# So many models are tried before a fit.
_TRIED = (32, 480)
# A smaller share is not worth a warning.
_SHARE = 1e-3


def summary(computed, failed) -> dict | None:
    """How many models failed, and the parameter whose values differ most between these and the others.

    Of every parameter the distributions of failed and computed models are compared by the largest difference of their
    CDFs (Kolmogorov–Smirnov), which does not depend on the parameter's scale.

    Parameters
    ----------
    computed, failed : Models

    Returns
    -------
    dict with ``n_failed`` and ``n_models``; where a parameter stands out also its ``parameter``, ``difference`` and the
    central 90 % of its values, ``failed`` and ``all``. None where no model failed.
    """
    n_failed, n_computed = (len(next(iter(models.values()))) for models in (failed, computed))
    if not n_failed:
        return None
    found = {"n_failed": n_failed, "n_models": n_failed + n_computed}
    if n_failed < _FEWEST or not n_computed:
        return found
    largest = _LEAST
    for (name, bad), (_, good) in zip(_columns(failed), _columns(computed), strict=True):
        difference = _difference(bad, good)
        if difference > largest:
            largest = difference
            found |= {
                "parameter": name,
                "difference": difference,
                "failed": _interval(bad),
                "all": _interval(np.concatenate([bad, good])),
            }
    return found


def sentence(found, prior_name="the prior") -> str:
    """A summary in words."""
    share = 100 * found["n_failed"] / found["n_models"]
    said = (
        f"{share:.2g} % of the models of {prior_name} ({found['n_failed']} of {found['n_models']}) could not be "
        "computed and are left out"
    )
    if "parameter" not in found:
        return f"{said}; no parameter alone says where."
    name, own, every = found["parameter"], found["failed"], found["all"]
    return (
        f"{said}, most of all by {name}: 90 % of them have {own[0]:.3g} to {own[1]:.3g}, of all models 90 % have "
        f"{every[0]:.3g} to {every[1]:.3g}."
    )


def report(computed, failed) -> dict | None:
    """The summary of a fit's models; warns where more than one in a thousand failed."""
    found = summary(computed, failed)
    if found is not None and found["n_failed"] > _SHARE * found["n_models"]:
        warnings.warn(
            f"{sentence(found)} The inverter is for the others; where some models have no such data, nothing has to be "
            "done, else narrow the prior or correct the survey there.",
            UserWarning,
            stacklevel=3,
        )
    return found


def refuse(survey, failed) -> None:
    """Raise ValueError: no model could be computed; from what the survey raises, if anything."""
    n = len(next(iter(failed.values())))
    cause = survey.failure(**failed.take(slice(0, 1))) if hasattr(survey, "failure") else None
    because = f" The first one raised {type(cause).__name__}: {cause}." if cause is not None else ""
    data = survey(**failed.take(slice(0, 1)))[0]
    where = np.isfinite(data) & (data <= 0) & (np.array(survey.channels.scale) == "log")
    if where.any():
        quantity = survey.channels.quantity[int(np.argmax(where))]
        raise ValueError(
            f"none of {n} models drawn from the prior has data that its channels allow: {quantity} is "
            f"{data[where][0]:.3g} of the first, and a scale 'log' holds positive numbers only. Give the channels a "
            "scale 'linear' or 'asinh', or correct the sign."
        )
    raise ValueError(
        f"none of {n} models drawn from the prior could be computed: {type(survey).__name__} gives NaN for all."
        f"{because} Check the survey on one model by hand, and the units and ranges of the prior."
    ) from cause


def check_counts(survey, prior, parts) -> None:
    """Raise ValueError if a layer count has no model among one of the `parts`, Models to train on and to stop by."""
    for count in getattr(prior, "layer_counts", ()):
        if all((models.n_layers == count).any() for models in parts):
            continue
        n = sum(int((models.n_layers == count).sum()) for models in parts)
        raise ValueError(
            f"of the models that {type(survey).__name__} can compute {n or 'none'} have {count} "
            f"layer{'s' * (count != 1)}; every layer count needs some to train its network on and some to stop it by. "
            "Leave this one out of n_layers, or train on more samples."
        )


def check_computable(survey, prior) -> None:
    """As :func:`refuse`, before much time is spent: if hundreds of models fail, or all have the same data."""
    rng = np.random.default_rng(0)
    for n in _TRIED:
        models = prior.draw(n, rng)
        data = survey(**models)
        if np.isfinite(data).any():
            _refuse_constant(survey, data)
            return
    refuse(survey, models)


def _refuse_constant(survey, data):
    known = data[np.isfinite(data).any(axis=1)]
    if len(known) > 1 and (np.isnan(known) == np.isnan(known[0])).all() and np.nanmax(np.ptp(known, axis=0)) == 0:
        raise ValueError(
            f"{type(survey).__name__} gives the same data for all of {len(known)} models drawn from the prior, so "
            "that nothing could be learned from them. Check the survey on two models by hand, and the prior's ranges."
        )


def _columns(models):
    """(name, (n,) values without NaN) of every parameter: those of layers with their numbers."""
    for name, values in models.masked().items():
        columns = [(name, values)] if values.ndim == 1 else [(f"{name}_{k + 1}", v) for k, v in enumerate(values.T)]
        for label, column in columns:
            yield label, column[np.isfinite(column)]


def _difference(one, other):
    """Largest difference of two samples' CDFs; 0 where one has too few."""
    if min(len(one), len(other)) < _FEWEST:
        return 0.0
    places = np.concatenate([one, other])
    shares = (np.searchsorted(np.sort(values), places, side="right") / len(values) for values in (one, other))
    return float(np.abs(np.subtract(*shares)).max())


def _interval(values):
    return np.quantile(values, (0.05, 0.95)).tolist()
