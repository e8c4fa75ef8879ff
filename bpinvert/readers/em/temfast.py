"""TEM-FAST .tem files: one sounding with a square loop that transmits and receives."""

from __future__ import annotations

import re

import numpy as np

from bpinvert.readers.em.settings import Settings
from bpinvert.readers.em.source import Source
from bpinvert.readers.em.transients import Moment, Transients

NAME = "a TEM-FAST file"
_MU0 = 4e-7 * np.pi
_COLUMNS = "Channel, Time in µs, E/I in V/A, Err in V/A, Res in ohm m"


def recognised(source: Source) -> bool:
    """Whether the instrument's name or its words for the loops stand in the first rows."""
    head = "\n".join(source.lines[:8])
    return "TEM-FAST" in head or ("T-LOOP" in head and "R-LOOP" in head)


def read(source: Source, settings: Settings) -> Transients:
    """The sounding in `source`; its times count from the switch-off, in µs.

    Raises
    ------
    ValueError
        If a row is missing or wrong, the loops are two, or the resistivities in the file show another unit or loop.
    """
    text = "\n".join(source.lines)
    side, receiver = (_stated(source, text, rf"{loop}\s*\(m\)\s*(\S+)", loop) for loop in ("T-LOOP", "R-LOOP"))
    turns = _stated(source, text, r"TURN\s*=\s*(\S+)", "TURN")
    if side != receiver:
        raise ValueError(
            f"{source.file} gives a transmitter loop of {side:g} m and a receiver loop of {receiver:g} m; only one "
            "loop for both can be read. Correct T-LOOP or R-LOOP."
        )
    header = next((row for row in source.filled if source.lines[row - 1].lower().startswith("channel")), None)
    if header is None:
        raise ValueError(f"{source.file} has no row of headers that begins with Channel; it must hold {_COLUMNS}.")
    titles = source.lines[header - 1]
    if "E/I[V/A]" not in titles.replace(" ", ""):
        raise ValueError(f"{source.file}, row {header} gives {titles!r}; E/I must be in V/A. Convert it.")
    rows = [row for row in source.filled if row > header and re.match(r"\s*\d+\s", source.lines[row - 1])]
    if not rows:
        raise ValueError(f"{source.file} has no gates below row {header}; the file is not complete.")
    table = np.array([source.numbers(row, _COLUMNS, 5) for row in rows])
    time = table[:, 1] * 1e-6
    area = side**2 * turns**2
    _refuse_resistivities(source, rows, time, table[:, 2] / area, table[:, 4], side)
    std = np.where(table[:, 3] > 0, table[:, 3], np.nan)
    moment = Moment(
        time, table[None, :, 2] / area, std[None] / area, np.ones((1, len(rows)), dtype=bool),
        where=[f"{source.file}, row {row}, column 'Time'" for row in rows],
    )  # fmt: skip
    loop = {"survey": "CoincidentLoop", "side": side, "height": 0.0}
    transients = Transients(source.file, loop, [moment], _site(source, text), [])
    transients.report.append(
        f"{len(rows)} gates; µs were turned into s, and E/I in V/A into V/(A m²) by the area of the loop, "
        f"{side:g} m by {side:g} m{f', and {turns:g} turns' if turns != 1 else ''}."
    )
    ramp = settings.number("ramp")
    zero = settings.number("time_zero", 0.0, positive=False)
    moment.waveform, moment.zero = ramp, zero
    after = f"{zero * 1e6:g} µs on the file's clock is" if zero else "the times count from"
    step = f"a ramp of {ramp * 1e6:g} µs" if ramp else "an ideal step, as the file gives no ramp"
    transients.report.append(f"It was assumed that {after} the moment the current has reached zero, after {step}.")
    return transients


def _stated(source, text, pattern, name):
    found = re.search(pattern, text)
    try:
        value = float(found[1])
    except (TypeError, ValueError):
        value = np.nan
    if not value > 0:
        raise ValueError(f"{source.file} does not give {name} as a positive number; correct or add it.")
    return value


def _refuse_resistivities(source, rows, time, dbdt, resistivity, side):
    """The late-time resistivities that the file gives must be those of its data."""
    good = (dbdt > 0) & (resistivity > 0)
    if not good.any():
        return
    ours = _MU0 / (4 * np.pi * time[good]) * (2 * _MU0 * side**2 / (5 * time[good] * dbdt[good])) ** (2 / 3)
    ratio = float(np.median(ours / resistivity[good]))
    if not 0.5 < ratio < 2:
        raise ValueError(
            f"{source.file}, rows {rows[0]}–{rows[-1]}: the column Res is {1 / ratio:.3g} times the resistivity that "
            "follows from Time, E/I and the loop; one of them is in another unit (µs, V/A, m). Correct it."
        )


def _site(source, text):
    place = re.search(r"Place:\s*(\S.*?)\s*$", text, flags=re.MULTILINE)
    site = {"name": np.array([place[1] if place else source.path.stem])}
    at = re.search(r"Location:\s*x=\s*(\S+)\s*y=\s*(\S+)\s*z=\s*(\S+)", text)
    if at:
        values = [float(word) for word in at.groups()]
        if any(values):
            site |= {name: np.array([value]) for name, value in zip(("x", "y", "elevation"), values, strict=True)}
    return site
