"""Waveforms as the survey takes them: nodes that end at time 0 with current 0."""

from __future__ import annotations

import numpy as np


def waveform(where: str, time, current, base_frequency: float | None = None) -> tuple[dict, float]:
    """The survey's waveform, with the peak current 1, and when on the file's clock the current has reached zero.

    Parameters
    ----------
    where : str
        What to name in errors.
    time, current : (n,) arrays
        Nodes on the file's clock; those at zero current after the last pulse may stand or not.
    base_frequency : float, optional
        In Hz.

    Raises
    ------
    ValueError
        If the times decrease, or the current does not end at zero.

    Examples
    --------
    >>> waveform("a.wf", [0, 1e-3, 2e-3, 4e-3], [0, 5, 0, 0], 125.0)
    ({'time': [-0.002, -0.001, 0.0], 'current': [0.0, 1.0, 0.0], 'base_frequency': 125.0}, 0.002)
    """
    time, current = np.asarray(time, dtype=float), np.asarray(current, dtype=float)
    for i in np.flatnonzero(np.diff(time) < 0):
        raise ValueError(
            f"{where}: the waveform's times go from {time[i]:g} s to {time[i + 1]:g} s; they must not decrease. Sort "
            "them."
        )
    if not len(current) or not np.abs(current).max() > 0:
        raise ValueError(f"{where}: the waveform has no current other than zero; correct it.")
    if current[-1] != 0:
        raise ValueError(
            f"{where}: the waveform ends at {time[-1]:g} s with a current of {current[-1]:g}; it must end at zero "
            "current. Add the node where the current has reached zero."
        )
    last = int(np.flatnonzero(current)[-1]) + 1
    first = max(int(np.flatnonzero(current)[0]) - 1, 0)
    zero = float(time[last])
    nodes = (time[first : last + 1] - zero).tolist()
    peak = np.abs(current).max()
    return {
        "time": nodes,
        "current": (current[first : last + 1] / peak).tolist(),
        "base_frequency": base_frequency,
    }, zero


def half_duty(ramp: float, base_frequency: float) -> dict:
    """A current that is switched on at once, off by a linear ramp a quarter of the period later, and off for another.

    Raises
    ------
    ValueError
        If the ramp lasts half of that quarter or longer.
    """
    on = 0.25 / base_frequency
    if not ramp < on / 2:
        raise ValueError(
            f"ramp is {ramp:g} s, but at {base_frequency:g} Hz the current is on for {on:g} s only; give it in s."
        )
    return {"time": [-on, -on, -ramp, 0.0], "current": [0.0, 1.0, 1.0, 0.0], "base_frequency": base_frequency}
