"""A result in plain words: what was found, whether to believe it, and what to do."""

from __future__ import annotations

import json

import numpy as np
from scipy.special import chdtri

from bpinvert import wording
from bpinvert.checks import MEANINGS
from bpinvert.inverter.choosing import FEW_LAYERS
from bpinvert.inverter.demands import demands
from bpinvert.joining import part_of, parts_in
from bpinvert.mixed_units import mixed_units
from bpinvert.noise import FREEDOM
from bpinvert.results import STATUS, place_of, unit_of
from bpinvert.uncertainty import describe_posterior

_BY_COMMAND = " (bpinvert train --widen results.nc)"
_WIDEN = f"train on a prior that includes it{_BY_COMMAND}"
_LAYERED = "the ground is not layered like the prior (more layers, another range) or not 1-D"
_MODES = "see whether some picks are of another mode than they are said to be, and correct their mode; if not"
# Where several checks reject, the advice is that of the first of these: the most specific.
_ADVICE = {
    "context": f"correct it; if it is right, {_WIDEN}",
    "units": "convert the data to the units asked for and invert again",
    "doubt": "check the sheet, correct it and invert again",
    "range": f"check the units and the sheet at these readings; if they are right, {_WIDEN}",
    "demand": f"if the ground may be like that, {_WIDEN}; if not, check the sheet, its units and its array",
    "residual": "check these readings in the field notes; if they are bad, mask them (used=False) and invert again",
    "conflict": "check that all methods were measured at the same place, and their units and errors (a static shift of "
    "MT); if all are right the ground is not layered there: invert each method alone",
    "noise": "the readings scatter: look for bad contacts and slips of the pen, and mask bad readings (used=False) or "
    "give larger errors",
    "misfit": f"the errors are too small, {_LAYERED}: give larger errors, {_WIDEN}, or do not use this model",
    "mahalanobis": "look for swapped columns, another electrode array or other units; if the curve is right, " + _WIDEN,
    "neighbour": f"{_WIDEN}, or train with more samples",
}
# So many readings beyond 3 σ at most, or one this many times as far off as the next, are a matter of bad readings.
_FEW_READINGS, _STANDS_OUT = 3, 1.5
# Data and known values that chance alone would set so far apart more rarely contradict each other.
_CONTRADICTION = 0.01
# A displacement of less is not worth a word.
_DISPLACED = 0.03

# chi²/N above which a network's answer should not be used without refinement.
_POOR_FIT = 1.5
# chi² for each degree of freedom below which the errors look too large.
_TOO_GOOD = 0.1


def explain(result, sounding: int | str = 0) -> str:
    """Why a sounding is flagged or not, in plain words, ending in what to do.

    Parameters
    ----------
    result : xarray.Dataset from ``Inverter.invert`` or ``Inverter.check``
    sounding : int or str
        Its place along the dimension ``sounding``, or its name.

    Returns
    -------
    str
        One sentence per finding.

    Raises
    ------
    ValueError
        If there is no such sounding.
    """
    if not {"flag", "status", "freedom"} <= set(getattr(result, "data_vars", ())) or "sounding" not in result.dims:
        raise TypeError("result must be a Dataset from Inverter.invert or Inverter.check, with all its soundings.")
    place = place_of(result, sounding)
    one = result.isel(sounding=place)
    status = int(one["status"])
    if status & STATUS["context_missing"][0]:
        return _without_context(one, result)
    if status & STATUS["too_few_readings"][0]:
        return (
            f"not inverted: {int(one['used'].sum())} usable readings, at least 3 at different places are needed. "
            "What to do: correct or add readings."
        )
    rate = result.attrs["false_alarm_rate"]
    parts = parts_in(result)
    sentences, mixed = [], [sentence for name in parts or [""] for sentence in _mixed_units(result, place, name)]
    if not int(one["flag"]):
        sentences.append(
            f"inside the training range: of 100 soundings drawn from the prior about {100 * float(one['p_joint']):.0f} "
            f"would look at least as strange, chi²/N {float(one['chi2']):.2g}."
        )
        advice = []
    else:
        causes = [str(check) for check in result["check"].values if bool(one["outside"].sel(check=check))]
        sentences += [_cause(one, cause, result) for cause in causes]
        sentences.append(f"Fewer than {100 * rate:g} in 100 soundings drawn from the prior look as strange.")
        conflict = bool(status & STATUS["methods_conflict"][0])
        wanted = [] if mixed or conflict else demands(result, place)
        sentences += [_wish(wanted, one)] if wanted else []
        first = [cause for cause in _ADVICE if cause in causes]
        first = ["conflict", *first] if conflict else first
        if first[0] == "residual" and "misfit" in first and not _few_stand_out(one, result):
            first = first[1:]
        advice = [_ADVICE[first[0]]]
        if wanted and first[0] != "range":
            advice = [_ADVICE["residual" if wanted[0].kind == "reading" else "demand"]]
        if first[0] == "range" and not one["reading_outside"].any() and _beside(one, result):
            advice = [_ADVICE["context"]]
        if "mode" in one and first[0] in ("residual", "misfit"):
            advice = [f"{_MODES}, {advice[0]}"]
        if mixed:
            sentences[:0] = mixed
            advice = [_ADVICE["units"]]
    sentences += _by_method(one, parts)
    if status & STATUS["methods_conflict"][0]:
        sentences.append(_conflict(parts))
        advice = advice or [_ADVICE["conflict"]]
    sentences += describe_posterior(one, result.attrs)
    for name, (bit, meaning) in STATUS.items():
        if status & bit and name in ("extrapolated", "readings_masked", "not_converged", "at_prior_edge"):
            sentences.append(f"Note: {meaning}.")
    if status & STATUS["segments_shifted"][0] and _displaced(one):
        sentences.append(f"Note: {_displaced(one)}.")
    if float(one.get("fixed_p_value", np.nan)) < _CONTRADICTION:
        sentences.append(_contradiction(one))
        advice.append("check the log, whether it belongs to this place, and its layer numbers and errors")
    highest, noise, freedom = _highest_noise(result), float(one["noise_estimate"]), int(one["freedom"])
    estimated = bool(status & STATUS["noise_estimated"][0])
    if noise > 0 and np.isfinite(highest) and freedom < FREEDOM:
        sentences.append(f"Note: so few readings do not tell their errors; {100 * noise:.2g} % is assumed.")
    elif estimated and noise > 0.9 * highest:
        sentences.append(
            f"Note: the noise estimate is at the end of its range, {100 * highest:g} %: single readings may be bad, or "
            "the ground not layered."
        )
    if not int(one["flag"]) and one["reading_outside"].any():
        sentences.append(f"Note: {_readings(one, result)}, which alone is not rare enough for a flag.")
        advice = [_ADVICE["range"]]
    if not int(one["flag"]) and not estimated and freedom >= FREEDOM and _per_freedom(one) < _TOO_GOOD:
        sentences.append("Note: the fit is much closer than the errors; they may be too large.")
    if not advice and not status & STATUS["refined"][0] and float(one["chi2"]) > _POOR_FIT:
        sentences.append(f"The network's answer alone leaves chi²/N {float(one['chi2']):.3g}.")
        advice = ['invert with level="refined"']
    if str(one["doubt"].values if "doubt" in one else ""):
        sentences.append(f"The sheet leaves a doubt: {str(one['doubt'].values).rstrip('.')}.")
        advice.insert(0, _ADVICE["doubt"])
    if '"prior": "Prior"' in result.attrs.get("prior", ""):
        advice = [advised.replace(_LAYERED, "the ground is not like the models of the prior") for advised in advice]
    if "not_stored" in result.attrs.get("survey", ""):
        advice = [advised.replace(_BY_COMMAND, "") for advised in advice]
    sentences.append("What to do: " + ("; ".join(advice) or "nothing, use the model") + ".")
    return " ".join([sentences[0], *(sentence[0].upper() + sentence[1:] for sentence in sentences[1:])])


def _mixed_units(result, place, name):
    """Sentences on data of one method that are in other units than they are taken for."""
    if not name:
        return mixed_units(result.isel(sounding=place), result)
    own = part_of(result, name)
    return [f"{wording.method(name)}: {sentence}" for sentence in mixed_units(own.isel(sounding=place), own)]


def _by_method(one, parts):
    """How each of several methods fits."""
    chi2 = {wording.method(name): float(one[f"chi2_{name}"]) for name in parts if f"chi2_{name}" in one}
    said = [f"{name} {value:.3g}" for name, value in chi2.items() if np.isfinite(value)]
    lacking = [name for name, value in chi2.items() if not np.isfinite(value)]
    sentences = [f"By method chi²/N is {' and '.join(said)}."] if len(said) > 1 else []
    return sentences + [f"Note: there are no data of {' and '.join(lacking)}." for _ in lacking[:1]]


def _conflict(parts):
    names = [wording.method(name) for name in parts]
    return (
        f"The methods contradict each other: models of the prior fit {' and '.join(names)} each alone, but none fits "
        "them together."
    )


def _without_context(one, result):
    """That the height, or what else must be known of a sounding, is not."""
    names = list(json.loads(result.attrs["context_range"]))
    given = {name: float(one[name]) for name in names}
    missing = [name for name, value in given.items() if not np.isfinite(value)]
    said = f"its {' and '.join(missing)} is missing"
    if not missing:
        words = [f"{name} of {value:g} {unit_of(name)}".rstrip() for name, value in given.items()]
        said = f"no model has data at a {' and a '.join(words)}"
    return f"not inverted: {said}. What to do: correct the {' and '.join(names)} of this sounding."


def _contradiction(one):
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


def _beside(one, result):
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
    if _beside(one, result):
        return _beside(one, result)
    relative = json.loads(result.attrs.get("noise", "{}")).get("relative")
    if not isinstance(relative, list) or "apparent_resistivity_std" not in one:
        return "the noise level or another known quantity of the sounding"
    size = np.nanmedian(one["apparent_resistivity_std"].values / np.abs(one["apparent_resistivity"].values))
    return (
        f"the errors are {100 * size:.3g} %, training {100 * relative[0]:g}–{100 * relative[1]:g} % (the noise level)"
    )


def _per_freedom(one):
    """chi² over the number of data beyond the parameters."""
    return float(one["chi2"]) * _n_used(one) / int(one["freedom"])


def _n_used(one):
    return sum(int(one[name].notnull().sum()) for name in one.data_vars if str(name).startswith("residual_"))


def _highest_noise(result):
    """Upper end of the range in which the relative noise is estimated, infinite where it is not."""
    relative = json.loads(result.attrs.get("noise", "{}")).get("relative")
    if isinstance(relative, dict):
        relative = relative.get(json.loads(result.attrs["quantities"])[0])
    return relative[1] if isinstance(relative, list) else np.inf


def _displaced(one):
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


def _cause(one, cause, result):
    probability = float(one["p_value"].sel(check=cause))
    if cause == "range":
        where = _readings(one, result)
        if where:
            return f"outside the training range: {where}."
        return f"outside the training range: {_further(one, result)}."
    if cause == "residual":
        return f"single readings that no model of the prior fits: {_worst(one, result)}."
    if cause == "misfit" and float(one["chi2"]) * _n_used(one) <= chdtri(max(int(one["freedom"]), 1), FEW_LAYERS):
        return f"{_nearly(one)} (p = {probability:.2g})."
    if cause == "misfit":
        return f"{MEANINGS[cause]}: chi²/N is {float(one['chi2']):.3g} (p = {probability:.2g})."
    return f"{MEANINGS[cause]} (p = {probability:.2g})."


def _nearly(one):
    """What is wrong with a best model whose chi²/N alone is ordinary."""
    if int(one["status"]) & STATUS["at_prior_edge"][0]:
        return "the best model of the prior fits, but the data press it against the edge of the prior"
    return "the best model of the prior fits, but is off to the same side over neighbouring readings"


def _wish(wanted, one):
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


def _readings(one, result, limit=4):
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


def _few_stand_out(one, result):
    sizes = [size for size, *_ in _beyond(one, result)]
    return len(sizes) <= _FEW_READINGS or sizes[0] > _STANDS_OUT * sizes[1]


def _worst(one, result):
    words = [
        f"{wording.symbol(quantity)} at {wording.reading_place(one, reading)} is {size:.3g} σ "
        f"{'above' if value > 0 else 'below'} the fit"
        for size, quantity, reading, value in _beyond(one, result)[:_FEW_READINGS]
    ]
    return "; ".join(words) or "the largest residual is unusual for so many readings"
