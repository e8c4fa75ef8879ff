"""The result Dataset: names, dimensions, units and bit masks, in one place."""

from __future__ import annotations

import functools
import json
import platform
from dataclasses import dataclass, field
from importlib import metadata

import numpy as np
import xarray as xr

from bpinvert import checks
from bpinvert.priors.base import index

# status says how a sounding was handled; flag (by the checks' bits) says whether it is a stranger.
STATUS = {
    "extrapolated": (1, "its readings begin or end elsewhere than those that the inverter is for"),
    "readings_masked": (2, "some readings are not used"),
    "too_few_readings": (4, "usable readings at fewer than three places: not inverted"),
    "not_converged": (8, "refinement stopped at its limit of iterations"),
    "refined": (16, "refined with the physics"),
    "at_prior_edge": (32, "a parameter lies at the edge of the prior: the data set it a limit on one side only"),
    "segments_shifted": (64, "readings of some MN segments were displaced against the others to fit one model"),
    "noise_estimated": (128, "the size of its errors was estimated with the sounding"),
    "sampled": (256, "its posterior was sampled"),
    "sampled_by_mcmc": (512, "importance sampling did not suffice; its posterior comes from Markov chains"),
    "sampling_unreliable": (1024, "its posterior could not be sampled reliably: take the intervals as a lower limit"),
    "context_missing": (2048, "its height, or what else must be known of it, is missing or impossible: not inverted"),
}
# Bits of soundings without an answer.
NOT_INVERTED = STATUS["too_few_readings"][0] | STATUS["context_missing"][0]
FLAG_BITS = {name: 1 << k for k, name in enumerate(checks.NAMES)}
# Names of the result's own coordinates, and what is written anew.
_NOT_COPIED = {"sounding", "reading", "check", "layer", "interface", "used"}

UNITS = {
    "thickness": "m",
    "depth": "m",
    "resistivity": "ohm m",
    "chargeability": "mV/V",
    "vs": "m/s",
    "vp": "m/s",
    "density": "kg/m3",
    "height": "m",
    "conductance": "S",
    "transverse_resistance": "ohm m2",
    "basement_depth": "m",
    "depth_of_investigation": "m",
}
# A model of more layers is a smooth one: it is drawn, and its layers are not told one by one.
MOST_LISTED = 8
# What the names of a posterior's summary mean; parameters are named after themselves.
_MEANINGS = {
    "ess": "effective sample size of the posterior",
    "pareto_k": "shape of the tail of the importance weights (Pareto k̂): trust the posterior below 0.7",
    "log_evidence": "ln of the probability density of the data on their scale, over all layer counts",
    "layer_probability": "posterior probability of each number of layers",
    "conductance": "longitudinal conductance above the half-space",
    "transverse_resistance": "transverse resistance above the half-space",
    "basement_depth": "depth to the half-space",
    "depth_of_investigation": "depth below which the data narrow the prior's intervals by less than a fifth",
    "depth": "depth to the bottom of each layer",
    "fixed_value": "value that was known, in m or the property's unit",
    "fixed_std": "its standard deviation, in the same unit",
    "fixed_residual": "(known - recommended model's)/σ, of a property in the logarithm",
    "fixed_p_value": "how often data and known values would by chance be as far apart",
}


@dataclass
class Answer:
    """Arrays of one `invert` call over all soundings, before they get names; NaN where there is no answer.

    Attributes
    ----------
    models, best : dict of (n, k) or (n,) arrays in physical units, NaN beyond the layer count
        The recommended and the best-fitting models.
    n_layers, freedom : (n,) int arrays, 0 where not inverted
    predicted, residual : dict of (n, n_readings) arrays by quantity
    sigma : dict of (n, n_readings) arrays by quantity, in physical units, what the residuals were divided by
    shift : (n, n_readings) array, factor by which the reading's MN segment is displaced
    used, reading_outside : (n, n_readings) bool arrays
    chi2, rrms, noise_estimate : (n,) arrays
    scores : (n, n_checks) array
    strata : (n, 4) array
    status : (n,) int array
    summary : dict, name -> (dims, array), what is known of posteriors
    """

    models: dict = field(default_factory=dict)
    best: dict = field(default_factory=dict)
    n_layers: np.ndarray | None = None
    freedom: np.ndarray | None = None
    predicted: dict = field(default_factory=dict)
    residual: dict = field(default_factory=dict)
    sigma: dict = field(default_factory=dict)
    shift: np.ndarray | None = None
    used: np.ndarray | None = None
    reading_outside: np.ndarray | None = None
    chi2: np.ndarray | None = None
    rrms: np.ndarray | None = None
    noise_estimate: np.ndarray | None = None
    scores: np.ndarray | None = None
    strata: np.ndarray | None = None
    status: np.ndarray | None = None
    summary: dict = field(default_factory=dict)

    @classmethod
    def empty(cls, n, n_readings, quantities, shapes) -> Answer:
        """Nothing answered yet; `shapes` is {name: number of layers or interfaces, or None for a scalar}."""
        rows, table = (n,), (n, n_readings)
        return cls(
            **{
                part: {name: np.full(rows if k is None else (n, k), np.nan) for name, k in shapes.items()}
                for part in ("models", "best")
            },
            n_layers=np.zeros(rows, dtype=np.int32),
            freedom=np.zeros(rows, dtype=np.int32),
            predicted={q: np.full(table, np.nan) for q in quantities},
            residual={q: np.full(table, np.nan) for q in quantities},
            sigma={q: np.full(table, np.nan) for q in quantities},
            shift=np.full(table, np.nan),
            used=np.zeros(table, dtype=bool),
            reading_outside=np.zeros(table, dtype=bool),
            chi2=np.full(rows, np.nan),
            rrms=np.full(rows, np.nan),
            noise_estimate=np.full(rows, np.nan),
            scores=np.full((n, len(checks.NAMES)), np.nan),
            strata=np.zeros((n, 4)),
            status=np.zeros(rows, dtype=np.int32),
        )

    def put_summary(self, rows, summary) -> None:
        """Fill in what is known of the posteriors of some soundings, {name: (dims, array)}."""
        n = len(self.status)
        for name, (dims, values) in summary.items():
            axis = dims.index("sounding")
            shape = [n if k == axis else size for k, size in enumerate(values.shape)]
            if dims[-1] in ("layer", "interface"):
                shape[-1] = self.models["thickness" if dims[-1] == "interface" else self._layered()].shape[1]
            if name not in self.summary:
                self.summary[name] = (dims, np.full(shape, np.nan))
            place = [slice(None)] * values.ndim
            place[axis] = rows
            if dims[-1] in ("layer", "interface"):
                place[-1] = slice(values.shape[-1])
            self.summary[name][1][tuple(place)] = values

    def _layered(self):
        return next(name for name in self.models if name != "thickness")


def build(observed, answer: Answer, calibration, rate: float, level: str, channels, coordinates) -> xr.Dataset:
    """The result of DESIGN: models, fit, checks and flags, together with the data they belong to.

    `coordinates`, {name: variable}, are those of posteriors.
    """
    result = _copied(observed, answer, channels)
    result |= _models(answer, level)
    result |= _fit(answer, channels, "mn2" in observed)
    result |= _flags(answer, calibration, rate)
    result["n_layers"] = _variable(("sounding",), answer.n_layers, "", "number of layers, 0 where not inverted")
    result["status"] = _bits(answer.status, {name: bit for name, (bit, _) in STATUS.items()}, "how it was solved")
    result |= {name: _described(name, *entry) for name, entry in answer.summary.items()}
    own = {name: observed[name] for name in ("sounding", "reading") if name in observed.coords}
    own |= {name: coordinate for name, coordinate in coordinates.items() if any(name in v[0] for v in result.values())}
    dataset = xr.Dataset(result, coords={"sounding": np.arange(len(answer.chi2)), **own, "check": list(checks.NAMES)})
    dataset.attrs = {
        "method": observed.attrs.get("method", ""),
        "quantities": json.dumps(list(channels.quantities)),
        "level": level,
        "false_alarm_rate": rate,
    }
    return dataset


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
        units, label = UNITS.get(name, ""), name.replace("_", " ")
        result[name] = _variable(dims, values, units, f"{label} of the recommended model")
        if name == "thickness":
            depth = np.cumsum(values, axis=1)
            result["depth"] = _variable(dims, depth, "m", "depth to the bottom of each layer, recommended model")
        if level != "network":
            best = answer.best[name]
            result[f"{name}_best"] = _variable(dims, best.copy(), units, f"{label} of the best-fitting model")
    return result


def _described(name, dims, values):
    """A variable of a posterior's summary."""
    stem, _, kind = name.rpartition("_")
    if kind not in ("quantile", "mean", "draws"):
        return _variable(dims, values, UNITS.get(name, "1"), _MEANINGS[name])
    of = stem.removesuffix("_profile")
    label = _MEANINGS.get(of, of.replace("_", " "))
    what = {
        "quantile": f"posterior quantiles of {label}",
        "mean": f"posterior mean of {label}, of its logarithm if the prior allows positive values only",
        "draws": f"posterior draws of {label}",
    }[kind]
    if of != stem:
        what = f"posterior quantiles of {label} against depth, over all numbers of layers"
    return _variable(dims, values, UNITS.get(of, ""), what)


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


def sounding_name(result, sounding: int) -> str:
    """The sounding's own name, or its number where it has none."""
    return str(result["name"].values[sounding]) if "name" in result else f"sounding {sounding}"


def layer_shares(one) -> dict[int, float]:
    """{number of layers: its probability} of one sounding, the most probable first; without those that have none."""
    if "layer_probability" not in one:
        return {}
    found = zip(one["layer_count"].values.tolist(), one["layer_probability"].values.tolist(), strict=True)
    return dict(sorted(((count, share) for count, share in found if share > 0), key=lambda pair: -pair[1]))


def investigated(one) -> float:
    """Depth of investigation of one sounding in m; NaN where its profile ends there, for it may be deeper."""
    profile = next((name for name in one.data_vars if str(name).endswith("_profile_quantile")), None)
    if profile is None:
        return np.nan
    # A result of several inverters has the depths of all of them.
    known = np.isfinite(one[profile].values).all(axis=0)
    depth = float(one["depth_of_investigation"])
    return depth if 0 < depth < one["depth_grid"].values[known].max(initial=0.0) else np.nan


def place_of(result, sounding: int | str) -> int:
    """Where along ``sounding`` the sounding of that number or name stands.

    Raises
    ------
    ValueError
        If there is none, or more than one of that name.
    """
    n = result.sizes["sounding"]
    if not isinstance(sounding, str):
        sounding = index("sounding", sounding)
        if not -n <= sounding < n:
            raise ValueError(f"sounding is {sounding}; the result has {n} soundings, give 0 to {n - 1}.")
        return sounding % n
    names = [sounding_name(result, k) for k in range(n)]
    found = [k for k, name in enumerate(names) if name == sounding]
    if len(found) > 1:
        raise ValueError(f"{len(found)} soundings are named {sounding!r}; give one's number: {found}.")
    if not found:
        shown = ", ".join(names[:10]) + (", …" if n > 10 else "")
        raise ValueError(f"there is no sounding {sounding!r}; there are {shown}. Give a name, or 0 to {n - 1}.")
    return found[0]


def compact(value: float, digits: int) -> str:
    """A misfit in words: so many decimals, powers of ten beyond a thousand."""
    return f"{value:.{digits}f}" if abs(value) < 1000 else f"{value:.2g}"


def versions() -> dict:
    """Versions of what made a file or a result."""
    return dict(_versions())


@functools.cache
def _versions():
    found = {"python": platform.python_version()}
    for name in ("bpinvert", "numpy", "scipy", "scikit-learn", "xarray"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "unknown"
    return found
