"""Impedances in the formats that the package mt_metadata reads: J files, EMTF XML, ZMM and Zonge's AVG."""

from __future__ import annotations

import re

import numpy as np

from bpinvert.readers.edi.stations import Station
from bpinvert.readers.em.extra import package, quiet
from bpinvert.readers.em.source import Source

# What stands near the beginning of a file, its format, and what mt_metadata calls it.
_FORMATS = (
    (re.compile(r"<EM_TF\b"), "an EMTF XML file", "xml"),
    (re.compile(r"(?i)TRANSFER FUNCTIONS IN MEASUREMENT COORDINATES"), "a ZMM file", "zmm"),
    (re.compile(r"(?im)^\$(Survey\.Type|MTEdit|Rx\.Cmp)\b"), "a Zonge AVG file", "avg"),
    (re.compile(r"(?im)^\s*[ZR](XX|XY)\s+(S\.?I\.?|field)\b"), "a J file", "j"),
)
_HEAD = 200


def format_of(source: Source) -> tuple[str, str] | None:
    """(What the file is, its name in mt_metadata); None where it is none of these."""
    head = "\n".join(source.lines[:_HEAD])
    return next(((what, kind) for pattern, what, kind in _FORMATS if pattern.search(head)), None)


def read(source: Source) -> list[Station]:
    """The station in `source`.

    Raises
    ------
    ImportError
        If mt_metadata is not installed.
    ValueError
        If it cannot read the file, or finds no impedance in it.
    """
    what, kind = format_of(source)
    core = package("mt_metadata.transfer_functions.core", source.file, extra="mt")
    log = package("loguru", source.file, extra="mt").logger
    log.disable("mt_metadata")
    try:
        with quiet():
            found = core.TF()
            found.read(fn=source.path, file_type=kind)
            has_impedance = found.has_impedance()
            impedance = np.array(found.impedance.values, dtype=complex) if has_impedance else None
            error = found.impedance_error.values if has_impedance else None
            complete = found.has_residual_covariance() and found.has_inverse_signal_power()
    except Exception as fault:
        raise ValueError(f"{source.file} is {what} that mt_metadata cannot read: {fault!s:.300}") from None
    finally:
        log.enable("mt_metadata")
    if impedance is None:
        raise ValueError(f"{source.file} is {what} without an impedance; export it again with one.")
    std = np.full(impedance.shape, np.nan) if error is None else np.array(error, dtype=float)
    site = {name: _number(getattr(found, name)) for name in ("latitude", "longitude", "elevation")}
    if site["latitude"] == 0 and site["longitude"] == 0:
        site = {}
    report = [f"Read by mt_metadata as {what}."]
    if complete:  # the variances are products of these covariances, which are of complex fields
        std = std / np.sqrt(2)
        report.append("Its variances are those of real and imaginary part together; each part was given half.")
    if kind == "j" and re.search(r"(?im)^\s*ZXY\s+S\.?I\.?", "\n".join(source.lines)):
        report.append("The file says that its impedances are in SI units; mt_metadata took them as mV/km/nT.")
    return [
        Station(
            str(found.station or source.path.stem),
            np.array(found.period, dtype=float),
            np.where(impedance == 0, np.nan, impedance),
            np.where(std > 0, std, np.nan),
            site=site,
            report=report,
        )
    ]


def _number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan
