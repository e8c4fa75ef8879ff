"""Whether the soundings of a survey as a whole are strange, though no single one need be."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bpinvert.checks import stretches
from bpinvert.results import sounding_name

# What a check's drift says, and what it does not.
_SAYS = {
    "range": "their data lie near the ends of the training range",
    "mahalanobis": "their curves are of a kind that is rare in the prior",
    "neighbour": "their curves are of a kind that is rare in the prior",
    "residual": "single readings fit worse than the errors let expect",
    "misfit": "they fit worse than the errors let expect, or the ground is at the edge of the prior or not 1-D",
    "noise": "neighbouring readings scatter more than the errors let expect, or the curves are as sharp as few are",
}
# Checks that depend on what the ground is like as much as on how well it is fitted.
_OF_THE_GROUND = ("range", "mahalanobis", "neighbour", "noise")


def drift(result) -> xr.Dataset:
    """Stretches of a survey along which a check's p-values are too small as a whole, check by check.

    If all soundings were independent draws from the prior with errors as stated, ``p_survey`` would be below any rate
    at most that often. Along a line they are no such draws: one geology throughout may be a rare one in the prior
    without anything being wrong. Of surveys of 50 soundings over one and the same ground, itself a draw from the prior
    of task VES3, 46 % drift, nearly all of them in range, mahalanobis, neighbour or noise and few in residual (0.5 %)
    or misfit (1.3 %): a drift in these two rather says that errors, layering or prior do not suit the survey.

    Parameters
    ----------
    result : xarray.Dataset from ``Inverter.invert`` or ``Inverter.check``
        Soundings follow each other by ``line``, and in it along the axis of largest spread of ``x`` and ``y``, where
        they have these; else as they stand.

    Returns
    -------
    xarray.Dataset
        On (check): ``p_value`` of the strangest stretch of the survey, ``first`` and ``last``, the places along
        ``sounding`` where it begins and ends, and ``drifts``, whether the check is responsible for a drift at the
        inverter's false-alarm rate. On (line, check): ``p_line``, the same for each line alone. ``p_survey`` of all
        checks together: the smallest p-value times their number (Bonferroni). ``order``: each sounding's place in the
        order of the survey. NaN for fewer than three soundings.

    Raises
    ------
    TypeError
        If `result` has no p-values.
    """
    if not {"p_value", "n_similar"} <= set(getattr(result, "data_vars", ())) or "sounding" not in result.dims:
        raise TypeError("result must be a Dataset from Inverter.invert or Inverter.check, with all its soundings.")
    lines = _lines(result)
    order = _order(result, lines)
    p_values, n_similar = result["p_value"].values, result["n_similar"].values
    judged = order[np.isfinite(p_values[order]).all(axis=1)]
    p, start, stop = _scan(p_values, n_similar, judged)
    names = list(dict.fromkeys(lines[order].tolist()))
    alone = [_scan(p_values, n_similar, judged[lines[judged] == name])[0] for name in names]
    p_survey = np.minimum(p.size * p.min(), 1.0)
    rate = result.attrs["false_alarm_rate"]
    ends = np.append(judged, -1)
    table = {
        "p_value": ("check", p, "probability of so strange a stretch in a survey of draws from the prior"),
        "first": ("check", ends[start], "place along sounding where that stretch begins"),
        "last": ("check", ends[stop - 1], "place along sounding where that stretch ends"),
        "drifts": ("check", p.size * p <= rate, "whether this check is responsible for a drift"),
        "p_line": (("line", "check"), np.array(alone).reshape(-1, p.size), "the same of each line alone"),
        "p_survey": ((), p_survey, "p-value of all checks together"),
        "order": ("sounding", np.argsort(order), "place of the sounding in the order of the survey"),
    }
    variables = {name: (dims, value, {"units": "1", "long_name": what}) for name, (dims, value, what) in table.items()}
    coordinates = {"check": result["check"].values, "line": np.array(names, dtype=str)}
    return xr.Dataset(variables, coordinates, {"false_alarm_rate": rate})


def _scan(p_values, n_similar, rows):
    """`stretches` of some soundings, in this order."""
    return stretches(p_values[rows], np.mean(n_similar[rows]) if len(rows) else np.inf)


def _lines(result):
    """Name of each sounding's line; "" where there is none."""
    if "line" not in result:
        return np.full(result.sizes["sounding"], "", dtype=object)
    return np.array([str(line) for line in result["line"].values], dtype=object)


def _order(result, lines):
    """Places of the soundings, line after line as they first occur, and along each."""
    order = []
    for name in dict.fromkeys(lines.tolist()):
        rows = np.flatnonzero(lines == name)
        order.append(rows[np.argsort(_along(result, rows), kind="stable")])
    return np.concatenate(order) if order else np.empty(0, dtype=int)


def _along(result, rows):
    """Position of the soundings `rows` on the axis of their largest spread; all the same where it is not known."""
    axes = [result[name].values[rows].astype(float) for name in ("x", "y") if name in result]
    place = np.stack(axes, axis=1) if axes else np.zeros((len(rows), 1))
    if not np.isfinite(place).all():
        return np.zeros(len(rows))
    centred = place - place.mean(axis=0)
    axis = np.linalg.svd(centred, full_matrices=False)[2][0]
    # From west to east, or from south to north: the sign of an axis is arbitrary.
    return centred @ (axis * np.sign(axis[np.argmax(np.abs(axis))]))


def describe_drift(result) -> str:
    """A drift of the survey in one line, with what it says and does not say; "" where there is none."""
    found = drift(result)
    drifting = found["check"].values[found["drifts"].values]
    if not drifting.size:
        return ""
    check = str(found["check"].values[int(found["p_value"].values.argmin())])
    first, last = (sounding_name(result, int(found[name].sel(check=check))) for name in ("first", "last"))
    n = _length(found, check)
    words = (
        f"Drift: {first} to {last} ({n} soundings), each by itself perhaps ordinary, are too strange together by the "
        f"{'check' if drifting.size == 1 else 'checks'} {', '.join(drifting)} (p = {float(found['p_survey']):.2g}): "
        f"{_SAYS[check]}"
    )
    if set(drifting) <= set(_OF_THE_GROUND):
        words += "; one geology throughout the survey may be reason enough"
    return words + "."


def _length(found, check):
    """Number of soundings from the first to the last of a stretch."""
    order = found["order"].values
    first, last = (order[int(found[name].sel(check=check))] for name in ("first", "last"))
    return int(last - first + 1)
