"""Workbench geometry files (.gex), read by libaarhusxyz: the moments of an airborne system."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np

from bpinvert.readers.em.extra import package, quiet
from bpinvert.readers.em.gaaem import TimeDomainSystem
from bpinvert.readers.em.source import open_source
from bpinvert.readers.em.units import factor_of
from bpinvert.readers.em.waveforms import waveform


def read_gex(path: Path, unit: str) -> list[TimeDomainSystem]:
    """The moments that a .gex file describes, with data in `unit`, V/(A m2) or V/(A m4).

    Raises
    ------
    ImportError
        If libaarhusxyz is not installed.
    ValueError
        If it cannot read the file, or that lacks an entry.
    """
    library = package("libaarhusxyz", path.name)
    # the package takes the row above a section for a blank one
    text = re.sub(r"(?m)^\s*\[", "\n[", "\n".join(open_source(path).lines))
    try:
        with quiet():
            gex = library.GEX(io.StringIO(text))
            channels = [_channel(gex, number) for number in range(1, int(gex.number_channels) + 1)]
            area = float(gex.gex_dict["General"]["TxLoopArea"])
    except (KeyError, AssertionError, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} cannot be read by libaarhusxyz, or lacks an entry: {error}.") from None
    factor = factor_of(unit, "V/(A m2)") or factor_of(unit, "V/(A m4)") * area
    systems = []
    for name, nodes, gates, filters, frequency in channels:
        wave, zero = waveform(f"{path.name}, {name}", *np.asarray(nodes, dtype=float).T[:2])
        one_sign = min(wave["current"]) >= 0 or max(wave["current"]) <= 0
        if frequency and one_sign and -wave["time"][0] <= 0.5 / frequency:
            wave["base_frequency"] = frequency
        # its gate times are centre, open, close
        systems.append(TimeDomainSystem(name, wave, gates[:, 1:3], filters, float(np.sqrt(area / np.pi)), factor, zero))
    return systems


def _channel(gex, number):
    entries = gex.gex_dict[f"Channel{number}"]
    gates = np.asarray(gex.gate_times(number), dtype=float)
    filters = np.atleast_1d(np.asarray(entries.get("TiBLowPassFilter", []), dtype=float))
    low_pass = [float(filters[1])] if filters.size == 2 and filters[0] == 1 else []
    if filters.size == 2 and filters[0] > 1:
        low_pass = [[float(filters[1]), int(filters[0])]]
    frequency = float(np.ravel(entries.get("RepFreq", 0.0))[0])
    return str(gex.transmitter_moment(number)), gex.transmitter_waveform(number), gates, low_pass, frequency
