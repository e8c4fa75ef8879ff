"""Instruments with their nominal gates, waveforms and filters."""

from __future__ import annotations

import numpy as np

from forward_models.tdem.surveys import CentralLoop, CoincidentLoop
from forward_models.tdem.waveform import Waveform

# Times in µs after the current has reached zero.
# ABEM WalkTEM: gates of the files that USGS publishes with GeoBIPy, without those in the ramp or just after it.
_WALKTEM_LOW = [
    3.495, 5.495, 7.495, 9.495, 11.495, 13.495, 15.995, 18.995, 22.495, 26.995, 32.995, 40.495,
    49.495, 60.995, 75.495, 93.995, 117.495, 146.495, 183.495, 229.995, 287.995, 361.495, 453.995, 570.495, 716.995,
]  # fmt: skip
_WALKTEM_HIGH = [
    17.695, 21.195, 25.695, 31.695, 39.195, 48.195, 59.695, 74.195, 92.695, 116.195, 145.195, 182.195,
    228.695, 286.695, 360.195, 452.695, 569.195, 715.695, 900.195, 1132.7, 1425.19, 1793.19, 2256.7, 2840.19, 3574.7,
    4499.7, 5664.2, 7129.7,
]  # fmt: skip
# AEMR TEM-FAST 48: time range 8 of its files, from the fifth gate on.
_TEM_FAST = [
    8.52, 10.53, 12.55, 14.56, 17.44, 21.46, 25.49, 29.5, 35.28, 43.3, 51.4, 59.41,
    70.95, 87.07, 103.16, 119.22, 142.33, 174.54, 206.71, 238.83, 285.04, 350, 413.83, 478.06,
    570.47, 699.41, 828.06, 956.53, 1140.9, 1398.8, 1656.1, 1913.1, 2281.9, 2797.6, 3312.2, 3826.1,
    4563.8, 5595.3, 6624.4, 7652.2,
]  # fmt: skip
# Geonics PROTEM with the TEM47 transmitter, by base frequency in Hz (Geological Survey of Canada, Rankin Inlet).
_PROTEM = {
    285.0: [
        6.813, 8.688, 11.13, 14.19, 18.07, 23.06, 29.44, 37.56, 47.94, 61.13, 77.94, 99.38,
        126.7, 166.4, 206, 262.8, 335.2, 427.7, 545.6, 695.9,
    ],
    75.0: [
        35.25, 42.75, 52.5, 64.75, 80.25, 100.3, 125.8, 158.3, 199.8, 252.5, 319.8, 405.5,
        514.8, 654.3, 832.3, 1059, 1349, 1719, 2190, 2792,
    ],
    30.0: [
        88.13, 106.9, 131.3, 161.9, 200.6, 250.6, 314.4, 395.6, 499.4, 631.3, 799.4, 1014,
        1287, 1636, 2081, 2648, 3373, 4297, 5475, 6978,
    ],
}  # fmt: skip
# SkyTEM: the Elk Hills system files that USGS publishes with GeoBIPy.
_SKYTEM_LOW = {
    "time": [
        -814.6, -779.6, -642.6, -449.6, -106.8, -14.6, -14.38, -14.11, -13.51, -12.91, -11.29, -10.7,
        -10.13, -9.1, -8.02, -7.33, -6.59, -4.92, -2.9, 0,
    ],
    "current": [
        0, 0.0634, 0.25, 0.475, 0.89, 1, 0.997, 0.98, 0.91, 0.816, 0.537, 0.447,
        0.37, 0.256, 0.168, 0.126, 0.0908, 0.0408, 0.013, 0,
    ],
    "open": [
        3.68, 8.68, 14.68, 22.68, 32.68, 45.67, 61.67, 81.67, 106.7, 137.3, 177.3, 228.3,
        291.7, 372.7, 473.7, 600.7, 761.7, 963.7, 1218.4,
    ],
    "close": [
        8.25, 14.25, 22.25, 32.25, 45.25, 61.27, 81.27, 106.3, 137.3, 177.3, 228.3, 291.3,
        372.3, 473.3, 600.3, 761.3, 963.3, 1218.4, 1540.4,
    ],
}  # fmt: skip
_SKYTEM_HIGH = {
    "time": [
        -4319, -4229, -4129, -4039, -3999, -2619, -1329, -319, -315.75, -219, -117, -37, -11, -6, -4, -2, 0,
    ],
    "current": [
        0, 0.317, 0.63, 0.879, 0.961, 0.974, 0.988, 1, 0.991, 0.702, 0.378, 0.116, 0.0279, 0.0121, 0.00661, 0.00303, 0,
    ],
    "open": [
        60.6, 68.6, 78.6, 91.6, 107.6, 127.6, 152.6, 183.6, 223.6, 274.6, 337.6, 418.6,
        519.6, 646.6, 808, 1010, 1265, 1587, 1993, 2504, 3150, 3942, 4910, 6095, 7547, 9323,
    ],
    "close": [
        68.2, 78.2, 91.2, 107.2, 127.2, 152.2, 183.2, 223.2, 274.2, 337.2, 418.2, 519.2,
        646.2, 807, 1009, 1264, 1586, 1992, 2503, 3149, 3941, 4909, 6094, 7546, 9322, 11501,
    ],
}  # fmt: skip
_SKYTEM_FILTERS = [(300e3, 1), (210e3, 2)]


def _walktem(moment):
    low = {
        "time": _seconds(_WALKTEM_LOW),
        "waveform": Waveform(_seconds([-1041, -985, -4, 0]), [0, 1, 1, 0]),
        "low_pass": [450e3, 450e3],
    }
    high = {
        "time": _seconds(_WALKTEM_HIGH),
        "waveform": Waveform(_seconds([-8338.4, -8038.4, -5.4, 0]), [0, 1, 1, 0]),
        "low_pass": [450e3, 450e3],
    }
    return CentralLoop, {"side": 40.0} | _moments({"low": low, "high": high}, moment)


def _skytem(moment):
    parts = {
        name: {
            "gates": np.stack([_seconds(part["open"]), _seconds(part["close"])], axis=1),
            "waveform": Waveform(_seconds(part["time"]), part["current"], frequency),
            "low_pass": _SKYTEM_FILTERS,
        }
        for name, part, frequency in (("low", _SKYTEM_LOW, 210.0), ("high", _SKYTEM_HIGH, 30.0))
    }
    return CentralLoop, {"radius": 10.416, "height": None} | _moments(parts, moment)


def _tem_fast(moment):
    _no_moments("TEM-FAST", moment)
    return CoincidentLoop, {"time": _seconds(_TEM_FAST), "side": 50.0}


def _protem(base_frequency):
    def settings(moment):
        _no_moments("PROTEM 47", moment)
        period = 1 / base_frequency
        # On for a quarter of the period, off for a quarter, and the same with the other sign.
        waveform = Waveform([-period / 4, -period / 4, -5.1e-6, 0], [0, 1, 1, 0], base_frequency)
        return CentralLoop, {"time": _seconds(_PROTEM[base_frequency]), "side": 100.0, "waveform": waveform}

    return settings


SYSTEMS = {
    "WalkTEM": _walktem,
    "TEM-FAST": _tem_fast,
    **{f"PROTEM 47 {frequency:g} Hz": _protem(frequency) for frequency in _PROTEM},
    "SkyTEM": _skytem,
}


def system(name: str, moment: str = "both", **changes):
    """The survey of an instrument.

    Parameters
    ----------
    name : str
        One of `SYSTEMS`.
    moment : {"both", "low", "high"}
        Which moments, of instruments that have two.
    **changes
        Keywords of the survey that are otherwise, e.g. ``side=20.0``.

    Returns
    -------
    CentralLoop or CoincidentLoop

    Raises
    ------
    ValueError
        If there is no such instrument or moment.

    Examples
    --------
    >>> survey = system("WalkTEM", moment="low", side=20.0)
    >>> len(survey.channels)
    25
    """
    if name not in SYSTEMS:
        raise ValueError(f"system is {name!r}; known are {', '.join(SYSTEMS)}. Use one of those, or build the survey.")
    kind, settings = SYSTEMS[name](moment)
    return kind(**(settings | changes))


def _seconds(values):
    return np.array(values) * 1e-6


def _no_moments(name, moment):
    if moment != "both":
        raise ValueError(f"moment is {moment!r}, but {name} has only one. Leave it out.")


def _moments(parts, moment):
    """Keywords of one moment, or of the low and then the high one."""
    if moment in parts:
        return parts[moment]
    if moment != "both":
        raise ValueError(f"moment is {moment!r}; it must be 'both', 'low' or 'high'.")
    axis = next(name for name in ("gates", "time") if name in parts["low"])
    return {
        axis: np.concatenate([part[axis] for part in parts.values()]),
        "moment": np.repeat(np.arange(len(parts)), [len(part[axis]) for part in parts.values()]),
        "waveform": [part["waveform"] for part in parts.values()],
        "low_pass": [part["low_pass"] for part in parts.values()],
    }
