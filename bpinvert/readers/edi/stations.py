"""What the tensor formats have found of a station: its impedance, or curves that were made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from bpinvert.readers.edi.blocks import Section
from bpinvert.readers.edi.spectra import impedance_of_spectra

_COMPONENTS = ("XX", "XY", "YX", "YY")
_FOOT = 0.3048
# So near must the file's own phase errors be to those of half the variance.
_ALIKE = 0.01
# So far may apparent resistivities be from those of the impedance.
_SAME = 0.05


@dataclass
class Station:
    """One station.

    Attributes
    ----------
    period : (n,) array, s
    impedance, impedance_std : (n, 2, 2) arrays, mV/km/nT, or None
        The standard deviation is that of the real and of the imaginary part.
    curves : dict of str to (4, n) array
        Where there is no impedance, by "xy" and "yx": ρa in Ω·m, phase in degrees, and their standard deviations.
    site : dict of str to float
    report : list of str
    """

    name: str
    period: np.ndarray
    impedance: np.ndarray | None = None
    impedance_std: np.ndarray | None = None
    curves: dict[str, np.ndarray] = field(default_factory=dict)
    site: dict[str, float] = field(default_factory=dict)
    report: list[str] = field(default_factory=list)


def station_of(section: Section, name: str) -> Station:
    """The station in a section of an EDI file.

    Raises
    ------
    ValueError
        If it holds neither an impedance nor apparent resistivity and phase, or a block is not complete.
    """
    if "FREQ" not in section:
        frequency, impedance, std = impedance_of_spectra(section)
        rotation = np.array([_or_nan(block.options.get("ROTSPEC", "0")) for block in section.spectra])
        found = {"impedance": impedance, "impedance_std": std}
    else:
        frequency = section.values("FREQ")
        n = len(frequency)
        key = "ZROT" if "ZXYR" in section or "ZYXR" in section else "RHOROT"
        rotation = section.values(key, n) if key in section else np.zeros(n)
        if any(f"Z{axes}R" in section and f"Z{axes}I" in section for axes in ("XY", "YX")):
            found = _impedance(section, frequency)
        else:
            found = {"curves": _curves(section, n)}
    with np.errstate(divide="ignore"):
        period = np.where(frequency > 0, 1 / frequency, np.nan)
    _report_rotation(section, rotation)
    return Station(name, period, site=_site(section), report=section.report, **found)


def _impedance(section, frequency):
    n = len(frequency)
    impedance, variance = np.full((n, 4), np.nan, dtype=complex), np.full((n, 4), np.nan)
    for k, axes in enumerate(_COMPONENTS):
        if f"Z{axes}R" in section and f"Z{axes}I" in section:
            impedance[:, k] = section.values(f"Z{axes}R", n) + 1j * section.values(f"Z{axes}I", n)
        if f"Z{axes}.VAR" in section:
            variance[:, k] = section.values(f"Z{axes}.VAR", n)
        elif f"Z{axes}.ERR" in section:
            variance[:, k] = section.values(f"Z{axes}.ERR", n) ** 2
    std = np.sqrt(np.where(variance > 0, variance, np.nan))
    if _is_of_both_parts(section, impedance, std):
        std /= np.sqrt(2)
        section.report.append(
            "By the file's own phase errors its variances are those of real and imaginary part together; each part "
            "was given half."
        )
    _compare(section, frequency, impedance)
    return {"impedance": impedance.reshape(n, 2, 2), "impedance_std": std.reshape(n, 2, 2)}


@np.errstate(divide="ignore", invalid="ignore")
def _compare(section, frequency, impedance):
    """Report where the file's own apparent resistivities are not those of its impedances."""
    for k, axes in ((1, "XY"), (2, "YX")):
        if f"RHO{axes}" in section:
            ratio = 0.2 / frequency * np.abs(impedance[:, k]) ** 2 / section.values(f"RHO{axes}", len(frequency))
            ratio = ratio[np.isfinite(ratio) & (ratio > 0)]
            if ratio.size and abs(np.median(ratio) - 1) > _SAME:
                section.report.append(
                    f"The impedance gives {np.median(ratio):.3g} times the apparent resistivity of >RHO{axes} in the "
                    "median, as where it is not in mV/km/nT or was edited; nothing was changed. Check the file."
                )


def _is_of_both_parts(section, impedance, std):
    """Whether the phase errors that the file gives are 1/√2 of √variance/|Z|."""
    ratios = []
    for k, axes in ((1, "XY"), (2, "YX")):
        if f"PHS{axes}.ERR" in section:
            given = section.values(f"PHS{axes}.ERR", len(impedance))
            with np.errstate(divide="ignore", invalid="ignore"):
                ratios.append(given / np.degrees(std[:, k] / np.abs(impedance[:, k])))
    ratio = np.concatenate(ratios) if ratios else np.empty(0)
    ratio = ratio[np.isfinite(ratio) & (ratio > 0)]
    return ratio.size > 0 and abs(np.median(ratio) * np.sqrt(2) - 1) < _ALIKE


def _curves(section, n):
    curves = {}
    for axes in ("XY", "YX"):
        if f"RHO{axes}" in section and f"PHS{axes}" in section:
            keys = (f"RHO{axes}", f"PHS{axes}", f"RHO{axes}.ERR", f"PHS{axes}.ERR")
            rho, phase, rho_std, phase_std = (
                section.values(key, n) if key in section else np.full(n, np.nan) for key in keys
            )
            rho_std, phase_std = (np.where(std > 0, std, np.nan) for std in (rho_std, phase_std))
            curves[axes.lower()] = np.array([rho, phase, _in_ohm_m(section, axes, rho, rho_std, phase_std), phase_std])
    if not curves:
        raise ValueError(
            f"{section.source.file} has neither an impedance (>ZXYR, >ZXYI or >ZYXR, >ZYXI) nor apparent resistivity "
            "and phase (>RHOXY, >PHSXY) nor spectra; export it again with one of these."
        )
    return curves


def _in_ohm_m(section, axes, rho, rho_std, phase_std):
    """Errors of ρa, which programs write in Ω·m or of log10 ρa: that which is like the phase errors, δρ/ρ = 2 δφ."""
    if not np.isfinite(rho_std).any():
        return rho_std
    of_log = rho_std * np.log(10) * np.abs(rho)
    expected = 2 * np.radians(phase_std) * np.abs(rho)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = [np.abs(np.log(std / expected)) for std in (rho_std, of_log)]
    known = np.isfinite(off[0]) & np.isfinite(off[1])
    if not known.any():
        section.report.append(
            f">RHO{axes}.ERR may be in ohm m or of log10, which no phase errors tell; it counts as not given."
        )
        return np.full_like(rho_std, np.nan)
    is_log = np.median(off[1][known]) < min(np.median(off[0][known]), np.log(1.5))
    section.report.append(
        f">RHO{axes}.ERR was read as error "
        + ("of log10 of the apparent resistivity, which the phase errors agree with." if is_log else "in ohm m.")
    )
    return of_log if is_log else rho_std


def _report_rotation(section, rotation):
    turned = rotation[np.isfinite(rotation) & (rotation != 0)]
    if turned.size:
        angles = f"{turned[0]:g}" if np.ptp(rotation) == 0 else f"{np.nanmin(rotation):g} to {np.nanmax(rotation):g}"
        section.report.append(
            f"The axes x and y of the file are turned by {angles} degrees from north and east; nothing was turned back "
            "(the determinant does not depend on it)."
        )


def _site(section):
    """Latitude, longitude and elevation, from the head or else the measurements; (0, 0) is no position."""
    places = [(section.head, ""), (section.measured, "REF")]
    for settings, prefix in places:
        latitude = _degrees(settings.get(f"{prefix}LAT", ""))
        longitude = _degrees(settings.get(f"{prefix}LONG", settings.get(f"{prefix}LON", "")))
        if latitude is not None and longitude is not None and (latitude, longitude) != (0.0, 0.0):
            break
    else:
        latitude = longitude = np.nan
    unit = _FOOT if section.head.get("UNITS", "M").upper().startswith("F") else 1.0
    heights = [_or_nan(settings.get(f"{prefix}ELEV", "")) for settings, prefix in places]
    elevation = next((height * unit for height in heights if np.isfinite(height)), np.nan)
    return {"latitude": latitude, "longitude": longitude, "elevation": elevation}


def _degrees(text):
    """Degrees of ``-106:17:00``, ``35.5`` or ``35 33 00 N``; None where it is neither.

    >>> _degrees("-106:30:00"), _degrees("22.5S")
    (-106.5, -22.5)
    """
    found = re.fullmatch(r"\s*([-+]?)\s*([\d.]+)(?:[:\s]+([\d.]+))?(?:[:\s]+([\d.]+))?\s*([NSEWnsew]?)\s*", text)
    if not found:
        return None
    sign = -1.0 if found[1] == "-" or found[5] in tuple("SWsw") else 1.0
    try:
        parts = [float(part or 0) for part in found.group(2, 3, 4)]
    except ValueError:
        return None
    return sign * (parts[0] + parts[1] / 60 + parts[2] / 3600)


def _or_nan(text):
    try:
        return float(text)
    except ValueError:
        return np.nan
