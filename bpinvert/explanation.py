"""A result in plain words: what was found, whether to believe it, and what to do."""

from __future__ import annotations

import json

import numpy as np

from bpinvert.checks import MEANINGS
from bpinvert.results import STATUS

_SYMBOLS = {"apparent_resistivity": "ρa", "phase": "phase"}
_COORDINATES = {"ab2": "AB/2", "mn2": "MN/2", "period": "period", "a": "a"}
_UNITS = {"ohm m": "Ω·m", "degree": "°"}
# Where several checks reject, the advice is that of the first of these: the most specific.
_ADVICE = {
    "range": "check the units and the sheet at these readings; if they are right, train on a wider prior",
    "residual": "check these readings in the field notes; if they are bad, mask them (used=False) and invert again",
    "misfit": "the errors are too small, the ground is not layered like the prior (more layers, another range) or not "
    "1-D: give larger errors, train on a wider prior, or do not use this model",
    "mahalanobis": "look for swapped columns, another electrode array or other units; if the curve is right, "
    "train on a prior that includes it",
    "neighbour": "train on a prior that includes such curves, or with more samples",
}
# So many readings beyond 3 σ at most, or one this many times as far off as the next, are a matter of bad readings.
_FEW_READINGS, _STANDS_OUT = 3, 1.5

# chi²/N above which a network's answer should not be used without refinement.
_POOR_FIT = 1.5


def explain(result, sounding: int = 0) -> str:
    """Why a sounding is flagged or not, in plain words, ending in what to do.

    Parameters
    ----------
    result : xarray.Dataset from ``Inverter.invert`` or ``Inverter.check``
    sounding : int
        Its place along the dimension ``sounding``.

    Returns
    -------
    str
        One sentence per finding.

    Raises
    ------
    ValueError
        If there is no such sounding.
    """
    n = result.sizes["sounding"]
    if not -n <= sounding < n:
        raise ValueError(f"sounding is {sounding}; the result has {n} soundings, give 0 to {n - 1}.")
    one = result.isel(sounding=sounding)
    status = int(one["status"])
    if status & STATUS["too_few_readings"][0]:
        return (
            f"not inverted: {int(one['used'].sum())} usable readings, at least 3 are needed. "
            "What to do: correct or add readings."
        )
    rate = result.attrs["false_alarm_rate"]
    sentences = []
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
        first = [cause for cause in _ADVICE if cause in causes]
        if first[0] == "residual" and "misfit" in first and not _few_stand_out(one, result):
            first = ["misfit"]
        advice = [_ADVICE[first[0]]]
    for name, (bit, meaning) in STATUS.items():
        if status & bit and name in ("extrapolated", "readings_masked", "not_converged"):
            sentences.append(f"Note: {meaning}.")
    if not advice and not status & STATUS["refined"][0] and float(one["chi2"]) > _POOR_FIT:
        sentences.append(f"The network's answer alone leaves chi²/N {float(one['chi2']):.3g}.")
        advice = ['invert with level="refined"']
    sentences.append("What to do: " + ("; ".join(advice) or "nothing, use the model") + ".")
    return " ".join([sentences[0], *(sentence[0].upper() + sentence[1:] for sentence in sentences[1:])])


def _cause(one, cause, result):
    probability = float(one["p_value"].sel(check=cause))
    if cause == "range":
        where = _readings(one, result)
        if where:
            return f"outside the training range: {where}."
        return "outside the training range: the noise level or another known quantity of the sounding."
    if cause == "residual":
        return f"single readings that no model of the prior fits: {_worst(one, result)}."
    if cause == "misfit":
        return f"{MEANINGS[cause]}: chi²/N is {float(one['chi2']):.3g} (p = {probability:.2g})."
    return f"{MEANINGS[cause]} (p = {probability:.2g})."


def _unit(variable):
    unit = variable.attrs.get("units", "")
    return _UNITS.get(unit, unit)


def _place(one, reading):
    for name, label in _COORDINATES.items():
        if name in one and one[name].dims == ("reading",):
            unit = one[name].attrs.get("units", "")
            return f"{label} = {float(one[name][reading]):g} {unit}".rstrip()
    return f"reading {reading}"


def _readings(one, result, limit=4):
    """The readings outside the training range, each with its value and that range."""
    found = []
    main = next((name for name in _COORDINATES if name in one and one[name].dims == ("reading",)), None)
    for quantity, trained in json.loads(result.attrs["training_range"]).items():
        order = np.argsort(trained["coordinate"])
        place = np.log(np.array(trained["coordinate"])[order])
        # Between channels the range is linear on the scale, as for reading_outside itself.
        to_scale, from_scale = (np.log, np.exp) if trained["scale"] == "log" else (np.asarray, np.asarray)
        for reading in np.flatnonzero(one["reading_outside"].values) if main else ():
            here = np.log(float(one[main][reading]))
            low, high = (
                float(from_scale(np.interp(here, place, to_scale(np.array(trained[end])[order]))))
                for end in ("low", "high")
            )
            value = float(one[quantity][reading])
            if low <= value <= high:
                continue
            symbol, unit = _SYMBOLS.get(quantity, quantity.replace("_", " ")), _unit(one[quantity])
            found.append(f"{symbol} at {_place(one, reading)} is {value:.4g} {unit}, training {low:.3g}–{high:.3g}")
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
        f"{_SYMBOLS.get(quantity, quantity)} at {_place(one, reading)} is {size:.1f} σ "
        f"{'above' if value > 0 else 'below'} the fit"
        for size, quantity, reading, value in _beyond(one, result)[:_FEW_READINGS]
    ]
    return "; ".join(words) or "the largest residual is unusual for so many readings"
