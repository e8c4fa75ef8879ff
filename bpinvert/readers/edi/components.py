"""The one curve of a station that a layered earth can have, from its tensor."""

from __future__ import annotations

import numpy as np

from bpinvert.readers.edi.stations import Station

COMPONENTS = ("determinant", "xy", "yx", "mean")
_WORDS = {
    "determinant": "the determinant of the impedance, sqrt(Zxx Zyy - Zxy Zyx)",
    "xy": "Zxy",
    "yx": "Zyx, its phase turned by 180 degrees",
    "mean": "the geometric mean of Zxy and Zyx",
}


@np.errstate(divide="ignore", invalid="ignore")
def curve(station: Station, component: str | None) -> np.ndarray:
    """ρa in Ω·m, phase in degrees, and their standard deviations, (4, n); the report says of what.

    ρa = 0.2 T |Z|² with Z in mV/km/nT, so δρa = 2 ρa δ|Z|/|Z|, and δφ = δ|Z|/|Z| in radians. Of the determinant
    (Berdichevsky & Dmitriev 1976; Pedersen & Engels 2005, Geophysics 70, G33-G41) with independent errors of its parts
    4 |Z|² (δZ)² = |Zyy δZxx|² + |Zxx δZyy|² + |Zyx δZxy|² + |Zxy δZyx|².

    Parameters
    ----------
    station : Station
    component : "determinant", "xy", "yx" or "mean", optional
        Default: the determinant where there is one, else the mean of what there is.
    """
    if station.impedance is None:
        return _of_curves(station, component)
    there = np.isfinite(station.impedance).any(axis=0)
    own = [axes for axes, known in (("xy", there[0, 1]), ("yx", there[1, 0])) if known]
    wanted = component or "determinant"
    if component is None and not np.isfinite(station.impedance).all(axis=(1, 2)).any():
        wanted = own[0] if len(own) == 1 else "mean"
        station.report.append("The tensor is not complete and has no determinant.")
    elif len(own) == 1 and component not in (None, *own):
        raise ValueError(f"component is {component!r}, but {station.name} has only {own[0]}; use {own[0]!r}.")
    _say(station, wanted)
    (zxx, zxy), (zyx, zyy) = np.moveaxis(station.impedance, 0, -1)
    (sxx, sxy), (syx, syy) = np.moveaxis(station.impedance_std, 0, -1)
    if wanted == "determinant":
        # Of the two roots that with a positive real part: over a layered earth Z lies in the first quadrant.
        z = np.sqrt(zxx * zyy - zxy * zyx)
        parts = (zyy * sxx, zxx * syy, zyx * sxy, zxy * syx)
    elif wanted == "mean":
        z = np.sqrt(-zxy * zyx)
        parts = (zyx * sxy, zxy * syx)
    else:
        z, std = (zxy, sxy) if wanted == "xy" else (-zyx, syx)
        parts = (2 * z * std,)
    relative = np.sqrt(sum(np.abs(part) ** 2 for part in parts)) / (2 * np.abs(z) ** 2)
    rho = 0.2 * station.period * np.abs(z) ** 2
    phase = np.where(z == 0, np.nan, np.degrees(np.angle(z)))
    return np.array([rho, phase, 2 * rho * relative, np.degrees(relative)])


def _of_curves(station, component):
    if component == "determinant":
        raise ValueError(
            f"component is 'determinant', but {station.name} has apparent resistivities and phases only, of which none "
            f"can be had; use {' or '.join(map(repr, _possible(station)))}."
        )
    if component is not None and component not in _possible(station):
        raise ValueError(
            f"component is {component!r}, but {station.name} has only {' and '.join(station.curves)}; use "
            f"{' or '.join(map(repr, _possible(station)))}."
        )
    wanted = component or _possible(station)[-1]
    station.report.append("The file has apparent resistivities and phases only, which have no determinant.")
    _say(station, wanted)
    curves = {axes: values.copy() for axes, values in station.curves.items()}
    if "yx" in curves:
        phase = curves["yx"][1]
        # Some programs have turned it already.
        if wanted in ("yx", "mean") and np.nanmedian(np.cos(np.radians(phase))) < 0:
            curves["yx"][1] = (phase + 360) % 360 - 180
            station.report.append("The phases of yx were turned by 180 degrees.")
    if wanted != "mean":
        return curves[wanted]
    (rho_1, phase_1, std_1, error_1), (rho_2, phase_2, std_2, error_2) = curves["xy"], curves["yx"]
    rho = np.sqrt(np.where((rho_1 > 0) & (rho_2 > 0), rho_1 * rho_2, np.nan))
    std = rho * np.hypot(std_1 / rho_1, std_2 / rho_2) / 2
    return np.array([rho, (phase_1 + phase_2) / 2, std, np.hypot(error_1, error_2) / 2])


def _possible(station):
    return (*station.curves, "mean") if len(station.curves) == 2 else tuple(station.curves)


def _say(station, wanted):
    station.report.append(f"The curve is that of {_WORDS[wanted]} (component {wanted!r}).")
