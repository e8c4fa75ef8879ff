"""Tables of ground conductivity meters with headers as ``HCP1.48f10000h1``: one sounding in each row."""

from __future__ import annotations

import re

import numpy as np

from bpinvert.readers.em.columns import Columns
from bpinvert.readers.em.frequencies import Frequencies
from bpinvert.readers.em.settings import Settings
from forward_models.fdem import gf_to_lin, quadrature_of_apparent_conductivity

NAME = "a table of apparent conductivities (emagpy)"
_CHANNEL = re.compile(
    r"(?P<coils>HCP|VCP|PRP)(?P<offset>\d+(?:\.\d+)?)(?:f(?P<frequency>\d+(?:\.\d+)?))?(?:h(?P<height>\d+(?:\.\d+)?))?"
    r"(?P<part>_inph|_quad)?"
)
_CALIBRATIONS = ("F-0m", "F-1m")
# Coil spacings in m of the instruments by GF, which record on a scale of their own.
_GF = ({0.32, 0.71, 1.18}, {1.48, 2.82, 4.49}, {0.2, 0.33, 0.5, 0.72, 1.03, 1.5})


def recognised(headers: list[str]) -> bool:
    """Whether a header names coils and spacing as these tables do."""
    return any(_CHANNEL.fullmatch(header.strip()) for header in headers)


def read(table: Columns, settings: Settings) -> Frequencies:
    """The soundings in `table`; apparent conductivity becomes the quadrature at low induction numbers.

    Raises
    ------
    ValueError
        If a frequency is given nowhere, or the channels are not all at one height.
    """
    found = {i: match for i, header in enumerate(table.headers) if (match := _CHANNEL.fullmatch(header.strip()))}
    channels = {}
    for i, match in found.items():
        key = (match["coils"], float(match["offset"]), _frequency(table, settings, i, match))
        channels.setdefault(key, {})[match["part"] or "eca"] = i
    orientation, offset, frequency = (np.array(part) for part in zip(*channels, strict=True))
    report = [f"{len(table)} soundings of {len(channels)} channels."]
    quadrature = np.full((len(table), len(channels)), np.nan)
    in_phase = quadrature.copy()
    # both scales are linear: the quadrature of 1 S/m serves for all
    shown = _scale(settings, set(offset.tolist()), report)(1.0, frequency, offset, orientation)
    of_unit = quadrature_of_apparent_conductivity(shown, frequency, offset, orientation)
    for k, columns in enumerate(channels.values()):
        if "eca" in columns:
            quadrature[:, k] = table.numbers(columns["eca"]) * 1e-3 * of_unit[k]
        if "_quad" in columns:
            quadrature[:, k] = table.numbers(columns["_quad"]) * 1e3
        if "_inph" in columns:
            in_phase[:, k] = table.numbers(columns["_inph"]) * 1e3
    height = _height(table, settings, found.values(), report)
    data = {"quadrature": quadrature}
    if np.isfinite(in_phase).any():
        report.append(
            "The in-phase was turned from ppt into ppm; its zero is that of the instrument, which may have drifted and "
            "contains the ground's magnetic susceptibility. Leave such columns out with columns={…: 'not used'}."
        )
        data = {"in_phase": in_phase, **data}
    site = table.site()
    site["height"] = np.full(len(table), height)
    table.report_unread()
    return Frequencies(table.file, frequency, offset, orientation, data, site, height, report + table.report)


def _frequency(table, settings, column, match):
    said = settings.number("frequency")
    if match["frequency"] is None and said is None:
        raise ValueError(
            f"{table.file}, column {table.headers[column]!r} gives no frequency; say it with "
            f"system={{'frequency': …}} in Hz, or in the header, as {match['coils']}{match['offset']}f10000h1."
        )
    return float(match["frequency"] or said)


def _height(table, settings, matches, report):
    heights = {match["height"] for match in matches}
    said = settings.number("height", positive=False)
    if len(heights) > 1:
        raise ValueError(
            f"{table.file} has channels at different heights ({', '.join(sorted(str(h) for h in heights))}); save "
            "those of each in a file of its own."
        )
    height = heights.pop()
    if said is not None and said < 0:
        raise ValueError(f"system gives a height of {said:g} m; heights above the ground are not negative.")
    if height is None and said is None:
        report.append("The headers give no height; the coils were taken to lie on the ground.")
        return 0.0
    return float(height) if height is not None else said


def _scale(settings, spacings, report):
    """What turns apparent conductivities in S/m as shown, with their coils, into those of low induction numbers."""
    scale = settings.get("scale")
    if scale not in (None, "lin", *_CALIBRATIONS):
        raise ValueError(
            f"system gives the scale {scale!r}; allowed are 'lin', for that of low induction numbers, and 'F-0m' and "
            "'F-1m', the calibrations of instruments by GF. Use one of those."
        )
    report.append(
        "Apparent conductivities were read in mS/m, as such headers mean, and turned into the quadrature in ppm as on "
        "the scale of low induction numbers."
    )
    if scale in _CALIBRATIONS:
        report.append(f"Before that they were taken to be on GF's scale {scale} and converted from it.")
        return lambda shown, *coils: gf_to_lin(shown, *coils, setting=scale)
    if scale is None and any(spacings <= known for known in _GF):
        report.append(
            "The coil spacings are those of an instrument by GF (CMD), which shows values on a scale of its own, up to "
            "several times larger. Say what they are: system={'scale': 'F-1m'} or 'F-0m', the calibration chosen in "
            "the instrument, or 'lin' where they are calibrated otherwise, as by resistivities."
        )
    return lambda shown, *coils: shown
