"""What stands out in one sounding of a result, in sentences: for `bpinvert.explain`."""

from __future__ import annotations

import json

import numpy as np
from scipy.special import chdtri

from bpinvert import wording
from bpinvert.checks import MEANINGS
from bpinvert.inverter.choosing import FEW_LAYERS
from bpinvert.joining import part_of
from bpinvert.mixed_units import mixed_units
from bpinvert.results import STATUS, unit_of

# So many readings beyond 3 σ at most, or one this many times as far off as the next, are a matter of bad readings.
_FEW_READINGS, _STANDS_OUT = 3, 1.5
# A displacement of less is not worth a word.
_DISPLACED = 0.03


def in_other_units(result, place, name):
    """Sentences on data of one method that are in other units than they are taken for."""
    if not name:
        return mixed_units(result.isel(sounding=place), result)
    own = part_of(result, name)
    return [f"{wording.method(name)}: {sentence}" for sentence in mixed_units(own.isel(sounding=place), own)]


def by_method(one, parts):
    """How each of several methods fits."""
    chi2 = {wording.method(name): float(one[f"chi2_{name}"]) for name in parts if f"chi2_{name}" in one}
    said = [f"{name} {value:.3g}" for name, value in chi2.items() if np.isfinite(value)]
    lacking = [name for name, value in chi2.items() if not np.isfinite(value)]
    sentences = [f"By method chi²/N is {' and '.join(said)}."] if len(said) > 1 else []
    return sentences + [f"Note: there are no data of {' and '.join(lacking)}." for _ in lacking[:1]]


def conflict(parts):
    """That several methods cannot be explained by one model."""
    names = [wording.method(name) for name in parts]
    return (
        f"The methods contradict each other: models of the prior fit {' and '.join(names)} each alone, but none fits "
        "them together."
    )


def without_context(one, result):
    """That the height, or what else must be known of a sounding, is not."""
    names = list(json.loads(result.attrs["context_range"]))
    given = {name: float(one[name]) for name in names}
    missing = [name for name, value in given.items() if not np.isfinite(value)]
    said = f"its {' and '.join(missing)} is missing"
    if not missing:
        words = [f"{name} of {value:g} {unit_of(name)}".rstrip() for name, value in given.items()]
        said = f"no model has data at a {' and a '.join(words)}"
    return f"not inverted: {said}. What to do: correct the {' and '.join(names)} of this sounding."


def contradiction(one):
    """That data and known values cannot both be right."""
    known = zip(one["fixed"].values, one["fixed_value"].values, one["fixed_std"].values, strict=True)
    said = ", ".join(
        f"{str(name).replace('_', ' ')} = {value:.4g} +- {std:.2g}" for name, value, std in known if np.isfinite(value)
    )
    furthest = float(np.nanmax(np.abs(one["fixed_residual"].values)))
    return (
        f"The data contradict what is known ({said}): chance alone would set them so far apart with p = "
        f"{float(one['fixed_p_value']):.2g}; the model has chi²/N {float(one['chi2']):.2g} and is up to "
        f"{furthest:.2g} σ from the known values."
    )


def beside(one, result):
    """Which height, or what else is known of a sounding, is outside the training range; empty where none is."""
    for name, (low, high) in json.loads(result.attrs.get("context_range", "{}")).items():
        value, unit = float(one[name]), unit_of(name)
        if value < low or value > high:
            return f"{name} is {value:.4g} {unit}, training {low:.3g}–{high:.3g} {unit}".rstrip()
    return ""


def _further(one, result):
    """What is outside the training range where no reading is."""
    if float(one["score"].sel(check="range")) <= 0:
        return "a datum at the very end of the training range"
    if beside(one, result):
        return beside(one, result)
    relative = json.loads(result.attrs.get("noise", "{}")).get("relative")
    if not isinstance(relative, list) or "apparent_resistivity_std" not in one:
        return "the noise level or another known quantity of the sounding"
    size = np.nanmedian(one["apparent_resistivity_std"].values / np.abs(one["apparent_resistivity"].values))
    return (
        f"the errors are {100 * size:.3g} %, training {100 * relative[0]:g}–{100 * relative[1]:g} % (the noise level)"
    )


def per_freedom(one):
    """chi² over the number of data beyond the parameters."""
    return float(one["chi2"]) * _n_used(one) / int(one["freedom"])


def _n_used(one):
    return sum(int(one[name].notnull().sum()) for name in one.data_vars if str(name).startswith("residual_"))


def highest_noise(result):
    """Upper end of the range in which the relative noise is estimated, infinite where it is not."""
    relative = json.loads(result.attrs.get("noise", "{}")).get("relative")
    if isinstance(relative, dict):
        relative = relative.get(json.loads(result.attrs["quantities"])[0])
    return relative[1] if isinstance(relative, list) else np.inf


def displaced(one):
    """Which MN segments were displaced, and how far."""
    shift, mn2, used = (one[name].values for name in ("segment_shift", "mn2", "used"))
    moved = used & (np.abs(shift - 1) > _DISPLACED)
    # A plain hyphen: a console that has no other minus sign would show a question mark.
    words = [f"{mn2[k]:g} m by {100 * (shift[k] - 1):+.0f} %" for k in np.flatnonzero(moved) if _is_first(shift, k)]
    if not words:
        return ""
    said = f"readings of some MN segments are displaced: MN/2 = {', '.join(words)}"
    if (shift[used] == 1).any():  # readings that stay give the level
        return said
    return f"{said}; what all of them share cannot be told from the ground: all resistivities may be off by one factor"


def _is_first(values, k):
    return k == np.flatnonzero(values == values[k])[0]


def cause(one, check, result):
    """Why a check has rejected a sounding."""
    probability = float(one["p_value"].sel(check=check))
    if check == "range":
        where = readings(one, result)
        if where:
            return f"outside the training range: {where}."
        return f"outside the training range: {_further(one, result)}."
    if check == "residual":
        return f"single readings that no model of the prior fits: {_worst(one, result)}."
    if check == "misfit" and float(one["chi2"]) * _n_used(one) <= chdtri(max(int(one["freedom"]), 1), FEW_LAYERS):
        return f"{_nearly(one)} (p = {probability:.2g})."
    if check == "misfit":
        return f"{MEANINGS[check]}: chi²/N is {float(one['chi2']):.3g} (p = {probability:.2g})."
    return f"{MEANINGS[check]} (p = {probability:.2g})."


def _nearly(one):
    """What is wrong with a best model whose chi²/N alone is ordinary."""
    if int(one["status"]) & STATUS["at_prior_edge"][0]:
        return "the best model of the prior fits, but the data press it against the edge of the prior"
    return "the best model of the prior fits, but is off to the same side over neighbouring readings"


def wish(wanted, one):
    """What would have to change, each of the changes alone."""
    first = wanted[0]
    if first.kind == "reading":
        symbol = wording.symbol(first.quantity)
        return f"Without {symbol} at {wording.reading_place(one, first.reading)} a model of the prior fits."
    if first.kind == "layers":
        return f"A model of {first.value} layers fits."
    words = []
    for wish in wanted:
        unit = wording.UNITS.get(unit_of(wish.name), unit_of(wish.name))
        side = "more" if wish.more else "less"
        bound, value = (f"{_short(number)} {unit}".rstrip() for number in (wish.bound, wish.value))
        words.append(f"{wish.name} of layer {wish.layer} wants {side} than {bound} (a model with {value} fits)")
    return f"{'; or '.join(words)}."


def _short(number):
    """A number with two or three digits, without an exponent as far as people write it so."""
    return f"{number:.3g}" if number < 1000 or number >= 1e6 else f"{float(f'{number:.2g}'):.0f}"


def readings(one, result, limit=4):
    """The readings outside the training range, each with its value and that range."""
    found = []
    for quantity, trained in json.loads(result.attrs["training_range"]).items():
        for reading in np.flatnonzero(one["reading_outside"].values):
            low, high = wording.range_at(one, reading, trained)
            shift = float(one["segment_shift"][reading]) if "segment_shift" in one else 1.0
            value = float(one[quantity][reading]) / shift
            if not (value < low or value > high):
                continue
            symbol, unit = wording.symbol(quantity), wording.unit_of(one[quantity])
            without = " without its displacement" if shift != 1 else ""
            place = f"{symbol} at {wording.reading_place(one, reading)}{without}"
            found.append(f"{place} is {value:.4g} {unit}, training {low:.3g}–{high:.3g}")
    rest = len(found) - limit
    return "; ".join(found[:limit]) + (f"; and {rest} more" if rest > 0 else "")


def _beyond(one, result):
    """Readings whose residual exceeds 3 σ, the largest first: (size, quantity, reading, residual)."""
    found = [
        (abs(value), quantity, reading, value)
        for quantity in json.loads(result.attrs["quantities"])
        for reading, value in enumerate(one[f"residual_{quantity}"].values)
        if abs(value) > 3
    ]
    return sorted(found, reverse=True)


def few_stand_out(one, result):
    """Whether the misfit is a matter of a few readings."""
    sizes = [size for size, *_ in _beyond(one, result)]
    return len(sizes) <= _FEW_READINGS or sizes[0] > _STANDS_OUT * sizes[1]


def _worst(one, result):
    words = [
        f"{wording.symbol(quantity)} at {wording.reading_place(one, reading)} is {size:.3g} σ "
        f"{'above' if value > 0 else 'below'} the fit"
        for size, quantity, reading, value in _beyond(one, result)[:_FEW_READINGS]
    ]
    return "; ".join(words) or "the largest residual is unusual for so many readings"
