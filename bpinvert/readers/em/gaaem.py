"""GA-AEM system files (.stm): waveform, windows, filters and loop of an airborne time-domain system."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bpinvert.readers.em.source import Source, open_source
from bpinvert.readers.em.waveforms import waveform


@dataclass(frozen=True)
class TimeDomainSystem:
    """One moment of an airborne system.

    Attributes
    ----------
    name : str
    waveform : dict
        Setting of the survey; its last node is at time 0.
    gates : (n, 2) array
        Open and close in s on the file's clock.
    low_pass : list
        Setting of the survey.
    radius : float
        Of the transmitter loop in m.
    factor : float
        From the data that the file describes to V/(A m²) per ampere.
    zero : float
        When the current has reached zero, in s on the file's clock.
    """

    name: str
    waveform: dict
    gates: np.ndarray
    low_pass: list
    radius: float
    factor: float
    zero: float


def recognised(source: Source) -> bool:
    """Whether the file begins as a system file does."""
    return bool(re.search(r"(?im)^\s*system\s+begin\s*$", "\n".join(source.lines[:20])))


def read_stm(path: Path) -> TimeDomainSystem:
    """The system that a .stm file describes.

    Raises
    ------
    ValueError
        If it is none in time domain, lacks an entry, or has windows or a waveform that cannot be.
    """
    source = open_source(path)
    if not recognised(source):
        raise ValueError(f"{source.file} is no GA-AEM system file: it has no row 'System Begin'.")
    entries, blocks = _parse(source)
    if entries.get("type", ("time domain",))[0].lower() != "time domain":
        raise ValueError(f"{source.file} describes a system in {entries['type'][0]}; only time domain can be read.")
    output, row = entries.get("outputtype", ("dB/dt", 0))
    normalised, of = entries.get("secondaryfieldnormalisation", ("none", 0))
    if output.lower() != "db/dt" or normalised.lower() != "none":
        raise ValueError(
            f"{source.file}, rows {row} and {of} give data as {output}, normalised by {normalised}; only dB/dt without "
            "normalisation can be read."
        )
    time, current = _pairs(source, blocks, "waveformcurrent").T
    frequency = _number(source, entries, "basefrequency")
    wave, zero = waveform(source.file, time, current, frequency)
    span = time[-1] - time[0]
    if not np.isclose(span, 0.5 / frequency, rtol=0.02):
        raise ValueError(
            f"{source.file}: the waveform spans {span:g} s, which is not half a period of {frequency:g} Hz; correct "
            "BaseFrequency or the times of the waveform."
        )
    gates = _pairs(source, blocks, "windowtimes")
    if (gates[:, 0] >= gates[:, 1]).any() or (np.diff(gates[:, 0]) <= 0).any():
        raise ValueError(f"{source.file}: windows must close after they open, and one open after the other.")
    radius = _number(source, entries, "modellingloopradius", None)
    area = _number(source, entries, "looparea")
    radius = radius or float(np.sqrt(area / np.pi))
    moment = _number(source, entries, "numberofturns") * _number(source, entries, "peakcurrent") * area
    scaling = _number(source, entries, "zoutputscaling", 1.0)
    return TimeDomainSystem(
        entries.get("name", (source.path.stem, 0))[0],
        wave,
        gates,
        _low_pass(source, entries),
        radius,
        np.pi * radius**2 / (moment * scaling),
        zero,
    )


def _parse(source):
    """Entries ``key = value`` with their rows, and the rows of numbers in each block."""
    entries, blocks, block = {}, {}, None
    for row, line in enumerate(source.lines, start=1):
        text = line.split("//")[0].strip()
        begin = re.fullmatch(r"(\w+)\s+begin", text, flags=re.IGNORECASE)
        if begin:
            block = begin[1].lower()
        elif re.fullmatch(r"\w+\s+end", text, flags=re.IGNORECASE):
            block = None
        elif "=" in text:
            key, value = text.split("=", 1)
            entries[key.strip().lower()] = (value.strip(), row)
        elif text and block:
            blocks.setdefault(block, []).append(row)
    return entries, blocks


def _pairs(source, blocks, name):
    if not blocks.get(name):
        raise ValueError(f"{source.file} has no block {name}; the file is not complete.")
    return np.array([source.numbers(row, f"{name}: two numbers", 2) for row in blocks[name]])


def _number(source, entries, key, *default):
    if key not in entries:
        if default:
            return default[0]
        raise ValueError(f"{source.file} has no entry {key}; add it.")
    text, row = entries[key]
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not value > 0:
        raise ValueError(f"{source.file}, row {row} gives {key} = {text!r}; it must be a positive number.")
    return value


def _low_pass(source, entries):
    if "cutofffrequency" not in entries:
        return []
    (frequencies, row), orders = entries["cutofffrequency"], entries.get("order", ("", 0))[0].split()
    frequencies = frequencies.split()
    orders = orders or ["1"] * len(frequencies)
    if len(orders) != len(frequencies):
        raise ValueError(f"{source.file}, row {row} gives {len(frequencies)} filters and {len(orders)} orders.")
    pairs = zip(map(float, frequencies), map(float, orders), strict=True)
    return [frequency if order == 1 else [frequency, int(order)] for frequency, order in pairs]
