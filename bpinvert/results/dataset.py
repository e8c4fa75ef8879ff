"""The result Dataset, built from the observed data, the answers and the calibration of the checks."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

from bpinvert import checks, velocities
from bpinvert.results.answer import Answer
from bpinvert.results.names import FLAG_BITS, MEANINGS, OF_PARAMETERS, STATUS, UNITS, unit_of

# Names of the result's own coordinates, and what is written anew.
_NOT_COPIED = {"sounding", "reading", "check", "layer", "interface", "used"}


def build(observed, answer: Answer, calibration, rate: float, level: str, survey, coordinates) -> xr.Dataset:
    """The result of DESIGN: models, fit, checks and flags, together with the data they belong to.

    `coordinates`, {name: variable}, are those of posteriors.
    """
    channels = survey.channels
    parts = {"parts": observed.attrs["parts"]} if channels.joined else {}
    result = _copied(observed, answer, channels)
    result |= _models(answer, level)
    result |= _velocities(answer, observed)
    result |= _fit(answer, channels, any(part.named("mn2") in observed for part in channels.parts))
    result |= _flags(answer, calibration, rate)
    result["n_layers"] = _variable(("sounding",), answer.n_layers, "", "number of layers, 0 where not inverted")
    result["status"] = _bits(answer.status, {name: bit for name, (bit, _) in STATUS.items()}, "how it was solved")
    result |= {name: _described(name, *entry) for name, entry in answer.summary.items()}
    own = {name: observed[name] for name in ("sounding", "reading") if name in observed.coords}
    own |= {name: coordinate for name, coordinate in coordinates.items() if any(name in v[0] for v in result.values())}
    dataset = xr.Dataset(result, coords={"sounding": np.arange(len(answer.chi2)), **own, "check": list(checks.NAMES)})
    dataset.attrs = {
        "method": observed.attrs.get("method", ""),
        **parts,
        "quantities": json.dumps(list(channels.quantities)),
        "level": level,
        "false_alarm_rate": rate,
    }
    for name, units in getattr(survey, "units", {}).items():
        for variable in (name, *(f"{name}_{what}" for what in OF_PARAMETERS)):
            if variable in dataset:
                dataset[variable].attrs["units"] = units
    return dataset


def flags_of(result, given) -> xr.Dataset:
    """Only the flags of a result and what they are about; `given` are the names of what is known of soundings."""
    keep = ["score", "p_value", "outside", "p_joint", "flag", "reading_outside", "status", "used", "chi2"]
    keep += ["freedom", "noise_estimate", "n_layers", "n_similar"]
    keep += [name for name in ("segment_shift",) if name in result]
    data = [name for name in result.data_vars if result[name].dims == ("sounding", "reading")]
    names = [name for name in result.data_vars if result[name].dims == ("sounding",) and name in given]
    return result[list(dict.fromkeys([*keep, *data, *names]))]


def _variable(dims, values, units, long_name, **attrs):
    return (dims, values, {"units": units, "long_name": long_name, **attrs})


def _copied(observed, answer, channels):
    """The observed data, as given, and what was used of them."""
    result = {}
    table = ("sounding", "reading")
    for name, variable in observed.variables.items():
        if variable.dims in (("sounding",), table) and name not in _NOT_COPIED and not str(name).endswith("_std"):
            result[name] = (variable.dims, variable.values.copy(), dict(variable.attrs))
    for quantity in channels.quantities:
        unit = channels.unit[channels.columns(quantity)[0]]
        label = quantity.replace("_", " ")
        result[quantity] = _variable(table, observed[quantity].values.astype(float), unit, f"observed {label}")
        result[f"{quantity}_std"] = _variable(
            table, answer.sigma[quantity], unit, f"standard deviation of {label} that was assumed"
        )
    result["used"] = _variable(table, answer.used, "", "whether the reading was used")
    return result


def _models(answer, level):
    result = {}
    for name, values in answer.models.items():
        dims = ("sounding",) if values.ndim == 1 else ("sounding", "interface" if name == "thickness" else "layer")
        units, label = unit_of(name), name.replace("_", " ")
        result[name] = _variable(dims, values, units, f"{label} of the recommended model")
        if name == "thickness":
            depth = np.cumsum(values, axis=1)
            result["depth"] = _variable(dims, depth, "m", "depth to the bottom of each layer, recommended model")
        if level != "network":
            best = answer.best[name]
            result[f"{name}_best"] = _variable(dims, best.copy(), units, f"{label} of the best-fitting model")
    return result


def _velocities(answer, observed):
    """What surface waves are asked for."""
    found = {}
    if "vs" in answer.models and "thickness" in answer.models:
        found["vs30"] = velocities.vs30(answer.models["thickness"], answer.models["vs"])
    if velocities.has_wavelengths(observed):
        found["half_wavelength"] = velocities.half_wavelength(observed, answer.used)
    return {name: _variable(("sounding",), values, UNITS[name], MEANINGS[name]) for name, values in found.items()}


def _described(name, dims, values):
    """A variable of a posterior's summary."""
    stem, _, kind = name.rpartition("_")
    if kind not in ("quantile", "mean", "draws"):
        return _variable(dims, values, unit_of(name) or "1", MEANINGS[name])
    of = stem.removesuffix("_profile")
    label = MEANINGS.get(of, of.replace("_", " "))
    what = {
        "quantile": f"posterior quantiles of {label}",
        "mean": f"posterior mean of {label}, of its logarithm if the prior allows positive values only",
        "draws": f"posterior draws of {label}",
    }[kind]
    if of != stem:
        what = f"posterior quantiles of {label} against depth, over all numbers of layers"
    return _variable(dims, values, unit_of(of), what)


def _fit(answer, channels, has_mn):
    result = {}
    for quantity in channels.quantities:
        unit = channels.unit[channels.columns(quantity)[0]]
        label = quantity.replace("_", " ")
        table = ("sounding", "reading")
        result[f"predicted_{quantity}"] = _variable(
            table, answer.predicted[quantity], unit, f"{label} re-simulated from the recommended model"
        )
        result[f"residual_{quantity}"] = _variable(
            table, answer.residual[quantity], "1", f"(observed - predicted)/σ of {label} on its scale"
        )
    if has_mn:
        result["segment_shift"] = _variable(
            ("sounding", "reading"),
            answer.shift,
            "1",
            "factor by which the readings of this MN segment are displaced; predicted values include it",
        )
    row = ("sounding",)
    for part in channels.parts if channels.joined else ():
        squares = np.square([answer.residual[part.named(quantity)] for quantity in part.channels.quantities])
        n, total = np.isfinite(squares).sum(axis=(0, 2)), np.nansum(squares, axis=(0, 2))
        chi2 = np.where(n > 0, total / np.maximum(n, 1), np.nan)
        result[f"chi2_{part.name}"] = _variable(row, chi2, "1", f"mean squared residual over the used {part.name} data")
    result["freedom"] = _variable(row, answer.freedom, "", "used data beyond the parameters of model and displacements")
    result["chi2"] = _variable(row, answer.chi2, "1", "mean squared residual over the used readings (chi²/N)")
    result["rrms"] = _variable(row, answer.rrms, "%", "relative RMS of predicted against observed data")
    result["noise_estimate"] = _variable(
        row, answer.noise_estimate, "1", "relative noise assumed where the data came without errors"
    )
    return result


def _flags(answer, calibration, rate):
    p_value, p_joint, outside = calibration.judge(answer.scores, answer.strata, rate)
    n_similar = np.where(np.isfinite(p_joint), calibration.n_similar(answer.strata), 0)
    bits = np.array([FLAG_BITS[name] for name in checks.NAMES])
    table, row = ("sounding", "check"), ("sounding",)
    return {
        "score": _variable(table, answer.scores, "1", "strangeness by each check, higher is stranger"),
        "p_value": _variable(table, p_value, "1", "share of fresh training-like soundings at least as strange"),
        "n_similar": _variable(row, n_similar, "", "number of simulations that p-values are taken among"),
        "outside": _variable(table, outside, "", "whether this check is responsible for the flag"),
        "p_joint": _variable(row, p_joint, "1", "p-value of all checks together"),
        "flag": _bits((outside * bits).sum(axis=1).astype(np.int32), FLAG_BITS, "why it is a stranger, 0: it is not"),
        "reading_outside": _variable(
            ("sounding", "reading"), answer.reading_outside, "", "datum outside the range of the training data"
        ),
    }


def _bits(values, meanings, long_name):
    """A bit mask by the CF conventions (section 3.5)."""
    return _variable(
        ("sounding",),
        values,
        "",
        long_name,
        flag_masks=np.array(list(meanings.values()), dtype=np.int32),
        flag_meanings=" ".join(meanings),
    )
