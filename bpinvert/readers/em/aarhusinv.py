"""AarhusInv .tem files (WalkTEM, tTEM and others): one moment of one station, with its system."""

from __future__ import annotations

import re

import numpy as np

from bpinvert.readers.em.settings import Settings
from bpinvert.readers.em.source import Source
from bpinvert.readers.em.transients import Moment, Transients
from bpinvert.readers.em.waveforms import waveform

NAME = "an AarhusInv .tem file"
_RECTANGLE, _VERTICAL, _DBDT, _SEGMENTS = 7, 3, 3, 3


def recognised(source: Source) -> bool:
    """Whether the file begins as a .tem file does: a title, two whole numbers, six coordinates, two sides."""
    rows = source.lines[1:4]
    counts = [len(re.findall(r"\S+", row)) for row in rows]
    return counts == [2, 6, 2] and all(re.fullmatch(r"[\s\d.eE+-]+", row) for row in rows)


def read(source: Source, settings: Settings) -> Transients:
    """The moment in `source`; its times count from the start of the ramp, which is taken away.

    Raises
    ------
    ValueError
        Where the file is not complete, or holds another system than a square loop with a vertical receiver.
    """
    kind, polarization = source.numbers(2, "the kind of source and the direction of the receiver", 2)
    position = source.numbers(3, "the positions of transmitter and receiver", 6)
    sides = source.numbers(4, "the two sides of the transmitter loop", 2)
    transforms = source.numbers(5, "the kind of data")
    _refuse(source, kind == _RECTANGLE, 2, f"the kind of source {kind:g}", f"{_RECTANGLE}, a rectangular loop")
    _refuse(source, polarization == _VERTICAL, 2, f"the receiver {polarization:g}", f"{_VERTICAL}, a vertical one")
    _refuse(source, sides[0] == sides[1] and sides[0] > 0, 4, f"a loop of {sides[0]:g} by {sides[1]:g} m", "a square")
    _refuse(source, transforms[0] == _DBDT, 5, f"data of the kind {transforms[0]:g}", f"{_DBDT}, dB/dt")
    _refuse(
        source, position[2] == position[5] == 0, 3, f"heights of {position[2]:g} and {position[5]:g} m", "coils at 0 m"
    )

    wave, zero = _waveform(source)
    low_pass, row = _filters(source)
    moment = _gates(source, row)
    moment.waveform, moment.low_pass, moment.zero = wave, low_pass, zero
    _refuse_units(source, moment, wave)
    distance = float(np.hypot(position[3] - position[0], position[4] - position[1]))
    loop = {"survey": "CentralLoop", "side": float(sides[0]), "height": 0.0}
    if distance:
        loop |= {"survey": "OffsetLoop", "offset": [distance, 0.0]}
    moment.label = f"{source.file}: "
    transients = Transients(source.file, loop, [moment], site_of(source), [])
    masked = int((~moment.used).sum())
    transients.report += [
        f"{moment.label}{moment.used.size} gates, {masked} of them masked in the file (%); dB/dt in V/(A m²).",
        f"{moment.label}the times count from the start of the ramp; {zero * 1e6:g} µs were taken away, so that they "
        "count from the moment the current has reached zero.",
    ]
    return transients


def _refuse(source, allowed, row, found, wanted):
    if not allowed:
        raise ValueError(
            f"{source.file}, row {row} gives {found}; only {wanted}, can be read. Leave the file out, or correct it."
        )


def _waveform(source):
    form, count = source.numbers(6, "the form of the waveform and the number of waveforms", 2)
    _refuse(source, form == _SEGMENTS and count == 1, 6, f"a waveform of the form {form:g}", "3 1, linear segments")
    values = source.numbers(7, "the segments of the waveform")
    n = int(values[0])
    if n < 1 or len(values) != 1 + 4 * n:
        raise ValueError(
            f"{source.file}, row 7 announces {n} segments of the waveform and gives {len(values) - 1} numbers; each "
            "segment needs four: begin, end, and the current there. Correct the row."
        )
    begin, end, first, second = values[1:].reshape(n, 4).T
    if not (np.array_equal(begin[1:], end[:-1]) and np.array_equal(first[1:], second[:-1])):
        raise ValueError(
            f"{source.file}, row 7 gives segments of the waveform that do not begin where the one before ends."
        )
    return waveform(f"{source.file}, row 7", [begin[0], *end], [first[0], *second])


def _filters(source):
    """The low-pass filters before and after the front gate, and the row where the gates begin."""
    low_pass, row = [], 9
    for _ in range(2):
        low_pass += _filter(source, row)
        high_pass = source.numbers(row + 1, "the number of high-pass filters")
        _refuse(source, high_pass[0] == 0, row + 1, "high-pass filters", "0, none")
        row += 3
    return low_pass, row - 1


def _filter(source, row):
    count, *values = source.numbers(row, "low-pass filters: how many, and order and frequency of each")
    if len(values) != 2 * int(count):
        raise ValueError(
            f"{source.file}, row {row} announces {count:g} low-pass filters and gives {len(values)} numbers; each "
            "needs two: order and frequency in Hz. Correct the row."
        )
    pairs = np.reshape(values, (-1, 2)).tolist()
    return [frequency if order == 1 else [frequency, int(order)] for order, frequency in pairs]


def _gates(source, first):
    rows = [row for row in range(first, len(source.lines) + 1) if source.lines[row - 1].strip()]
    time, dbdt, relative, masked = [], [], [], []
    for row in rows:
        text = source.lines[row - 1].strip()
        masked.append(text.startswith("%"))
        words = text.lstrip("%").split()
        try:
            values = [float(word) for word in words[:3]]
        except ValueError:
            values = []
        if len(values) < 3:
            raise ValueError(
                f"{source.file}, row {row} holds {text!r:.80}; a gate needs time in s, dB/dt in V/(A m²) and relative "
                "error. Correct the row."
            )
        time.append(values[0])
        dbdt.append(values[1])
        relative.append(values[2])
    if not rows:
        raise ValueError(f"{source.file} has no gates below row {first - 1}; the file is not complete.")
    used = ~np.array(masked)
    dbdt = np.array(dbdt)
    # what a masked gate holds is no measurement, 999 mostly
    dbdt[~used & (dbdt == 999)] = np.nan
    std = np.abs(dbdt) * np.array(relative)
    std[~(std > 0)] = np.nan
    where = [f"{source.file}, row {row}, column 1" for row in rows]
    return Moment(np.array(time), dbdt[None], std[None], used[None], where=where)


def _refuse_units(source, moment, wave):
    """Where times would be later than ten times the pulse they are not in seconds."""
    pulse = -wave["time"][0]
    if moment.time[0] > 10 * pulse:
        raise ValueError(
            f"{moment.where[0]} gives a first gate at {moment.time[0]:g} s after a pulse of {pulse:g} s; "
            "both must be in s. Convert the one that is in ms or µs."
        )


def site_of(source: Source) -> dict:
    """Name and where known position and line, from the title."""
    title = dict(part.split("=", 1) for part in source.lines[0].split(";") if "=" in part)
    site = {"name": np.array([title.get("StationNumber", source.path.stem).strip()])}
    for key, name in (("XUTM", "x"), ("YUTM", "y"), ("Elevation", "elevation")):
        try:
            site[name] = np.array([float(title[key])])
        except (KeyError, ValueError):
            continue
    if "LineNumber" in title:
        site["line"] = np.array([title["LineNumber"].strip()])
    return site
