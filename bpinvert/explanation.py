"""A result in plain words: what was found, whether to believe it, and what to do."""

from __future__ import annotations

import numpy as np

from bpinvert import findings
from bpinvert.inverter.demands import demands
from bpinvert.joining import parts_in
from bpinvert.noise import FREEDOM
from bpinvert.results import STATUS, place_of
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
# Data and known values that chance alone would set so far apart more rarely contradict each other.
_CONTRADICTION = 0.01

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
        return findings.without_context(one, result)
    if status & STATUS["too_few_readings"][0]:
        return (
            f"not inverted: {int(one['used'].sum())} usable readings, at least 3 at different places are needed. "
            "What to do: correct or add readings."
        )
    rate = result.attrs["false_alarm_rate"]
    parts = parts_in(result)
    mixed = [sentence for name in parts or [""] for sentence in findings.in_other_units(result, place, name)]
    sentences = []
    if not int(one["flag"]):
        sentences.append(
            f"inside the training range: of 100 soundings drawn from the prior about {100 * float(one['p_joint']):.0f} "
            f"would look at least as strange, chi²/N {float(one['chi2']):.2g}."
        )
        advice = []
    else:
        causes = [str(check) for check in result["check"].values if bool(one["outside"].sel(check=check))]
        sentences += [findings.cause(one, cause, result) for cause in causes]
        sentences.append(f"Fewer than {100 * rate:g} in 100 soundings drawn from the prior look as strange.")
        conflict = bool(status & STATUS["methods_conflict"][0])
        wanted = [] if mixed or conflict else demands(result, place)
        sentences += [findings.wish(wanted, one)] if wanted else []
        first = [cause for cause in _ADVICE if cause in causes]
        first = ["conflict", *first] if conflict else first
        if first[0] == "residual" and "misfit" in first and not findings.few_stand_out(one, result):
            first = first[1:]
        advice = [_ADVICE[first[0]]]
        if wanted and first[0] != "range":
            advice = [_ADVICE["residual" if wanted[0].kind == "reading" else "demand"]]
        if first[0] == "range" and not one["reading_outside"].any() and findings.beside(one, result):
            advice = [_ADVICE["context"]]
        if "mode" in one and first[0] in ("residual", "misfit"):
            advice = [f"{_MODES}, {advice[0]}"]
        if mixed:
            sentences[:0] = mixed
            advice = [_ADVICE["units"]]
    sentences += findings.by_method(one, parts)
    if status & STATUS["methods_conflict"][0]:
        sentences.append(findings.conflict(parts))
        advice = advice or [_ADVICE["conflict"]]
    sentences += describe_posterior(one, result.attrs)
    for name, (bit, meaning) in STATUS.items():
        if status & bit and name in ("extrapolated", "readings_masked", "not_converged", "at_prior_edge"):
            sentences.append(f"Note: {meaning}.")
    if status & STATUS["segments_shifted"][0] and findings.displaced(one):
        sentences.append(f"Note: {findings.displaced(one)}.")
    if float(one.get("fixed_p_value", np.nan)) < _CONTRADICTION:
        sentences.append(findings.contradiction(one))
        advice.append("check the log, whether it belongs to this place, and its layer numbers and errors")
    highest, noise, freedom = findings.highest_noise(result), float(one["noise_estimate"]), int(one["freedom"])
    estimated = bool(status & STATUS["noise_estimated"][0])
    if noise > 0 and np.isfinite(highest) and freedom < FREEDOM:
        sentences.append(f"Note: so few readings do not tell their errors; {100 * noise:.2g} % is assumed.")
    elif estimated and noise > 0.9 * highest:
        sentences.append(
            f"Note: the noise estimate is at the end of its range, {100 * highest:g} %: single readings may be bad, or "
            "the ground not layered."
        )
    if not int(one["flag"]) and one["reading_outside"].any():
        sentences.append(f"Note: {findings.readings(one, result)}, which alone is not rare enough for a flag.")
        advice = [_ADVICE["range"]]
    if not int(one["flag"]) and not estimated and freedom >= FREEDOM and findings.per_freedom(one) < _TOO_GOOD:
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
