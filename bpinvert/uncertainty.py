"""A posterior in plain words: how many layers, what the data set and what they leave open."""

from __future__ import annotations

import functools
import json

import numpy as np

from bpinvert.priors import prior_from_dict
from bpinvert.results import MOST_LISTED, STATUS, investigated, layer_shares, unit_of

# Shares of the prior's 90 % width: an interval is set below the first and open above the second.
_SET, _OPEN = 0.25, 0.8
# An interval that begins or ends in this tail of the prior is not bounded there, if it stays clear of the other one.
_TAIL, _CLEAR = 0.1, 0.15
_N_PRIOR = 4000
# A number of layers this probable is taken for granted; one less probable than _RARE has no word.
_SURE, _RARE = 0.9, 0.02
# Equivalence: thickness and resistivity both uncertain by more than this factor, their product by less and by less
# than the root of either's factor.
_FACTOR = 2.0
_FEWEST_DRAWS = 50
_SYMBOLS = {"resistivity": "ρ", "thickness": "h"}
_WRITTEN = {"ohm m": "Ω·m"}


def describe_posterior(one, attrs) -> list[str]:
    """Sentences about the posterior of one sounding; none where it has none.

    Parameters
    ----------
    one : Dataset, a result's single sounding
    attrs : dict, of the result; its prior is what the intervals are compared with
    """
    if not any(np.isfinite(one[name]).any() for name in one.data_vars if str(name).endswith("_quantile")):
        return []
    found = [_layers(one)]
    prior = attrs.get("prior", "null")
    if int(one["n_layers"]) <= MOST_LISTED:
        found += [_parameters(one, prior), _equivalence(one)]
    found = [sentence for sentence in [*found, _investigation(one)] if sentence]
    if found and int(one["flag"]):
        found.append("all this presupposes the ground and the errors that the flag doubts.")
    return [*found, *filter(None, [_sampling(one)])]


def _layers(one):
    shares = layer_shares(one)
    if len(shares) < 2:
        return ""
    (first, share), *others = shares.items()
    rest = _listed([f"{count} ({_percent(p)})" for count, p in others if p >= _RARE] or ["another number"], "or")
    if share >= _SURE:
        said = f"there are {first} layers with a probability of {_percent(share)}"
    elif share >= 0.5:
        said = f"most probably there are {first} layers ({_percent(share)}), else {rest}"
    else:
        said = f"the data do not decide how many layers there are: {first} ({_percent(share)}), {rest}"
    own = int(one["n_layers"])
    if own != first:
        said += f"; this model has {own} ({_percent(shares.get(own, 0.0))})"
    return f"{said}."


def _parameters(one, prior):
    groups = {"set": [], "roughly": [], "from below": [], "from above": [], "open": []}
    for variable, layer, place in _prior_draws(prior, int(one["n_layers"])):
        if f"{variable}_quantile" not in one:
            continue
        values = one[f"{variable}_quantile"].sel(quantile=[0.05, 0.95]).values
        low, high = values if layer is None else values[:, layer]
        symbol = _symbol(variable, layer)
        kind = _kind(*np.searchsorted(place, [low, high]) / len(place))
        unit = _unit(variable, one)
        dash = "–" if low >= 0 else " to "
        interval = f"{symbol} {_number(low)}{dash}{_number(high)}{unit}"
        one_sided = {
            "from below": f"{symbol} > {_number(low)}{unit}",
            "from above": f"{symbol} < {_number(high)}{unit}",
            "open": symbol,
        }
        groups[kind].append(one_sided.get(kind, interval))
    words = {
        "set": "the data set {}",
        "roughly": "roughly {}",
        "from below": "from below only {}",
        "from above": "from above only {}",
        "open": "not {}, nearly as uncertain as the prior",
    }
    said = [words[kind].format(_listed(members, "and")) for kind, members in groups.items() if members]
    if not said:
        return ""
    if not groups["set"]:
        said[0] = f"the data set no parameter well, {said[0]}"
    return f"{'; '.join(said)} (90 % intervals)."


def _kind(low, high):
    """How an interval between the prior's probabilities `low` and `high` relates to the prior."""
    width = (high - low) / 0.9
    if width > _OPEN:
        return "open"
    if width <= _SET:
        return "set"
    if high >= 1 - _TAIL and low >= _CLEAR:
        return "from below"
    if low <= _TAIL and high <= 1 - _CLEAR:
        return "from above"
    return "roughly"


def _prior_draws(prior, n_layers):
    """(variable, layer or None, sorted draws of the prior) of each parameter; nothing where the prior is not known."""
    return _drawn(prior, n_layers) if isinstance(json.loads(prior), dict) else ()


@functools.lru_cache(maxsize=8)
def _drawn(prior, n_layers):
    prior = prior_from_dict(json.loads(prior))
    prior = prior.fixed(n_layers) if hasattr(prior, "layer_counts") else prior
    models = prior.draw(_N_PRIOR, np.random.default_rng(0))
    columns = []
    for name in [name for name in models if name not in prior.context]:
        values = np.sort(models[name], axis=0)
        layers = range(values.shape[1]) if values.ndim == 2 else [None]
        columns += [
            (name, layer, values if layer is None else values[:, layer])
            for layer in layers
            # What is known beforehand, or follows from a parameter, no data have set.
            if (name if layer is None else f"{name}_{layer + 1}") in prior.parameters
        ]
    return columns


def _equivalence(one):
    """Layers whose thickness and resistivity data cannot tell apart, though their ratio or product is well known."""
    if not {"thickness_quantile", "resistivity_quantile"} <= set(one.data_vars):
        return ""
    ends = [np.log(one[f"{name}_quantile"].sel(quantile=[0.05, 0.95]).values) for name in ("thickness", "resistivity")]
    found = []
    for k in range(int(one["n_layers"]) - 1):
        loose = min(np.ptp(values[:, k]) for values in ends)
        tight = [(high / low, words, low, high) for words, (low, high) in _combined(one, k)]
        if not tight or loose <= np.log(_FACTOR):
            continue
        factor, (name, unit), low, high = min(tight)
        if np.log(factor) < min(loose / 2, np.log(_FACTOR)):
            found.append(f"layer {k + 1}, where {name} is well known, {_number(low)}–{_number(high)} {unit}")
    if not found:
        return ""
    return f"equivalence: thickness and resistivity can be traded for each other in {'; and in '.join(found)}."


def _combined(one, k):
    """((name, unit), (5 %, 95 %)) of S and T of a layer by its draws.

    Without draws those of all above the half-space, where this layer has most of it.
    """
    names = ("S = h/ρ", "S"), ("T = h·ρ", "Ω·m²")
    if "thickness_draws" in one and "resistivity_draws" in one and one.sizes["draw"] >= _FEWEST_DRAWS:
        h, rho = (one[f"{name}_draws"].values[:, k] for name in ("thickness", "resistivity"))
        return [
            (name, np.quantile(values, (0.05, 0.95))) for name, values in zip(names, (h / rho, h * rho), strict=True)
        ]
    n = int(one["n_layers"]) - 1
    h, rho = (one[name].values[:n] for name in ("thickness", "resistivity"))
    variables = ("conductance", "transverse_resistance")
    return [
        ((f"{name} of all above the half-space", unit), one[f"{variable}_quantile"].sel(quantile=[0.05, 0.95]).values)
        for (name, unit), variable, parts in zip(names, variables, (h / rho, h * rho), strict=True)
        if parts[k] > parts.sum() / 2
    ]


def _investigation(one):
    depth = investigated(one)
    return f"below about {_number(depth)} m the data tell little." if depth > 0 else ""


def _sampling(one):
    status = int(one["status"])
    if status & STATUS["sampling_unreliable"][0]:
        return "Note: the posterior could not be sampled reliably; the true uncertainty may be larger than stated."
    if status & STATUS["sampled_by_mcmc"][0]:
        return "Note: a difficult posterior, sampled by Markov chains where weighted draws did not suffice."
    return ""


def _listed(words, conjunction):
    *first, last = words
    return f"{', '.join(first)} {conjunction} {last}" if first else last


def _symbol(variable, layer):
    """ρ2, h1, vs 3, and the name alone of a parameter without layers."""
    if layer is None:
        return variable.replace("_", " ")
    return f"{_SYMBOLS.get(variable, variable.replace('_', ' ') + ' ')}{layer + 1}"


def _unit(variable, one):
    unit = one[f"{variable}_quantile"].attrs.get("units", unit_of(variable))
    return f" {_WRITTEN.get(unit, unit)}".rstrip()


def _percent(share):
    return f"{100 * share:.0f} %" if 0.005 <= share < 0.995 else ("> 99 %" if share > 0.5 else "< 1 %")


def _number(value):
    if abs(value) < 999.5 or abs(value) >= 1e7:
        return f"{value:.3g}"
    return f"{float(f'{value:.3g}'):.0f}"
