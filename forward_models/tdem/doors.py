"""The door of transient surveys: gates, moments and heights that can be."""

from __future__ import annotations

import numpy as np

from forward_models.survey import numbers, positive_axis

# Gates may touch, and overlap by a rounded digit.
_OVERLAP = 2e-3


def times(name, time, gates):
    """(time, gates): the centres of gates where these are given."""
    if gates is None:
        if time is None:
            raise ValueError(f"{name} needs time, the centres of its gates in s, or gates, (opening, closing) of each.")
        return positive_axis(name, "time", time, "s"), None
    gates = numbers(name, "gates", gates)
    if gates.ndim != 2 or gates.shape[1] != 2 or not len(gates):
        raise ValueError(
            f"{name} got gates of shape {gates.shape}; they must be (n, 2): opening and closing times in s."
        )
    positive_axis(name, "gates", gates.ravel(), "s")
    wrong = np.flatnonzero(~(gates[:, 1] > gates[:, 0]))
    if wrong.size:
        raise ValueError(
            f"{name} got a gate from {gates[wrong[0], 0]:g} to {gates[wrong[0], 1]:g} s; it must close after it opens. "
            "Correct it."
        )
    centre = gates.mean(axis=1)
    if time is not None:
        time = positive_axis(name, "time", time, "s")
        if time.shape != centre.shape or not ((time >= gates[:, 0]) & (time <= gates[:, 1])).all():
            raise ValueError(f"{name} got times that are not inside their gates. Give one of time and gates.")
        centre = time
    return centre, gates


def moments(name, moment, time):
    if moment is None:
        return None
    moment = np.atleast_1d(numbers(name, "moment", moment))
    if moment.shape != time.shape:
        raise ValueError(f"{name} got {moment.size} moments for {time.size} gates; give one for each gate.")
    return moment


def known(moment, n):
    """Whether there is a waveform for every moment."""
    return n == 1 if moment is None else bool(np.isin(moment, np.arange(n)).all())


def check_order(name, time, gates, moment):
    """Raise where gates of one moment do not follow each other."""
    for one in [None] if moment is None else np.unique(moment):
        rows = np.arange(len(time)) if one is None else np.flatnonzero(moment == one)
        where = "" if one is None else f" of moment {one:g}"
        wrong = np.flatnonzero(np.diff(time[rows]) <= 0)
        if wrong.size:
            k = rows[wrong[0] + 1]
            raise ValueError(
                f"{name} got time[{k}] = {time[k]:g} s{where} after {time[rows[wrong[0]]]:g} s; times must increase. "
                "Sort the gates, and give moment where several series of gates follow each other."
            )
        if gates is None:
            continue
        open_, close = gates[rows].T
        wrong = np.flatnonzero(open_[1:] < close[:-1] * (1 - _OVERLAP))
        if wrong.size:
            raise ValueError(
                f"{name} got a gate that opens at {open_[wrong[0] + 1]:g} s{where} before the one ahead of it closes "
                f"at {close[wrong[0]]:g} s; gates must not overlap. Correct them."
            )


def height(name, height):
    if height is None:
        return None
    height = float(numbers(name, "height", height))
    if not (np.isfinite(height) and height >= 0):
        raise ValueError(
            f"{name} got height = {height:g} m; it must not be negative. Give the loop's height above the ground, or "
            "None where it is known for each sounding."
        )
    return height


def same_gates(survey, time):
    """The intervals of a survey's gates at these centres."""
    place = [np.flatnonzero(np.isclose(survey.time, one, rtol=1e-6)) for one in time]
    if any(not rows.size for rows in place):
        raise ValueError(
            "the soundings have other gates than the survey, and do not say when they open and close; add gate_open "
            "and gate_close to the Dataset."
        )
    return survey.gates[[rows[0] for rows in place]]
