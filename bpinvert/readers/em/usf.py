"""USF files (Universal Sounding Format, as of terraTEM): soundings with keys and a table each."""

from __future__ import annotations

import re

import numpy as np

from bpinvert.readers.em.settings import Settings
from bpinvert.readers.em.source import Source
from bpinvert.readers.em.transients import Moment, Transients
from bpinvert.readers.em.waveforms import half_duty

NAME = "a USF file"
# Factor to V/A or V/(A m²), and which.
_UNITS = {
    **{f"{prefix}v/amp": (factor, "V/A") for prefix, factor in (("", 1.0), ("m", 1e-3), ("u", 1e-6), ("n", 1e-9))},
    **{f"{prefix}v/am2": (factor, "V/(A m2)") for prefix, factor in (("", 1.0), ("m", 1e-3), ("u", 1e-6), ("n", 1e-9))},
}
_ALIASES = {"v/a": "v/amp", "mv/a": "mv/amp", "uv/a": "uv/amp", "nv/a": "nv/amp"}


def recognised(source: Source) -> bool:
    """Whether the keys of the format stand in the file."""
    return bool(re.search(r"(?m)^/+\s*(SOUNDINGS|ARRAY|VOLTAGE_UNITS)\s*:", "\n".join(source.lines[:60])))


def read(source: Source, settings: Settings) -> list[Transients]:
    """The soundings in `source`; their times are taken to count from the end of the ramp.

    Raises
    ------
    ValueError
        If a key or column is missing or wrong, or a time cannot be in s at the frequency of the file.
    """
    soundings, keys, row = [], {}, 1
    while row <= len(source.lines):
        line = source.lines[row - 1].strip()
        found = re.match(r"/+\s*(\w+)\s*:\s*(.*)", line)
        if found:
            keys[found[1].upper()] = (found[2].strip().strip('"'), row)
        elif re.match(r"INDEX\b", line, flags=re.IGNORECASE):
            end = row + 1
            while end <= len(source.lines) and not source.lines[end - 1].strip().startswith("/"):
                end += 1
            soundings.append(_sounding(source, settings, keys, row, end))
            keys, row = {key: value for key, value in keys.items() if value[1] < row}, end
        row += 1
    if not soundings:
        raise ValueError(f"{source.file} has no row of headers that begins with INDEX; the file is not complete.")
    return soundings


def _sounding(source, settings, keys, header, end):
    names = [word.upper() for word in source.words(header)]
    missing = [name for name in ("TIME", "VOLTAGE") if name not in names]
    if missing:
        raise ValueError(f"{source.file}, row {header} lacks the column {missing[0]}; it gives {', '.join(names)}.")
    rows = [row for row in range(header + 1, end) if source.lines[row - 1].strip()]
    if not rows:
        raise ValueError(f"{source.file} has no gates below row {header}; the file is not complete.")
    table = np.array([source.numbers(row, ", ".join(names), len(names)) for row in rows])
    time, voltage = (table[:, names.index(name)] for name in ("TIME", "VOLTAGE"))
    std = table[:, names.index("ST_DEV")] if "ST_DEV" in names else np.full(len(rows), np.nan)
    loop, factor, how = _loop(source, keys)
    moment = Moment(
        time, voltage[None] * factor, np.where(std > 0, std, np.nan)[None] * factor,
        np.ones((1, len(rows)), dtype=bool), where=[f"{source.file}, row {row}, column 'TIME'" for row in rows],
    )  # fmt: skip
    transients = Transients(source.file, loop, [moment], _site(source, keys), [])
    transients.report.append(f"{len(rows)} gates; {how}.")
    ramp = settings.number("ramp", _number(source, keys, "RAMP_TIME", 0.0))
    frequency = _number(source, keys, "FREQUENCY")
    if frequency and time[-1] > 0.5 / frequency:
        raise ValueError(
            f"{moment.where[-1]} gives {time[-1]:g} s, later than half a period of the {frequency:g} Hz in row "
            f"{keys['FREQUENCY'][1]}; times must be in s. Convert those that are in ms or µs."
        )
    if frequency:
        moment.waveform = half_duty(ramp, frequency)
        transients.report.append(
            f"The current was taken to be on for a quarter of the period of {frequency:g} Hz, with "
            + (f"a linear ramp of {ramp * 1e6:g} µs at its end." if ramp else "no ramp, as the file gives none.")
        )
    else:
        moment.waveform = ramp or None
        transients.report.append("No frequency is given; the current was taken as a single step or ramp.")
    zero = settings.number("time_zero", _number(source, keys, "TIME_DELAY", 0.0), positive=False)
    moment.zero = zero
    transients.report.append(
        f"It was assumed that {zero * 1e6:g} µs on the file's clock is the moment the current has reached zero; "
        "where its times count from the start of the ramp, say so with system={'time_zero': …}."
    )
    if np.isfinite(moment.std).any() and _number(source, keys, "STACK_SIZE", 1.0) > 1:
        transients.report.append(
            f"The errors are those of the column ST_DEV, though {keys['STACK_SIZE'][0]} transients were stacked and "
            "the mean may be better than that."
        )
    return transients


def _number(source, keys, key, default=None):
    if key not in keys:
        return default
    text, row = keys[key]
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{source.file}, row {row} gives {key} as {text!r}; it must be a number.") from None


def _loop(source, keys):
    """Settings of the survey, the factor from the file's voltages to V/(A m²), and what was done in words."""
    missing = [key for key in ("ARRAY", "VOLTAGE_UNITS", "LOOP_SIZE") if key not in keys]
    if missing:
        raise ValueError(f"{source.file} has no row /{missing[0]}: …, without which it cannot be read; add it.")
    array, row = keys["ARRAY"]
    kinds = {"COINCIDENT": "CoincidentLoop", "CENTRAL": "CentralLoop", "IN-LOOP": "CentralLoop"}
    survey = next((kind for word, kind in kinds.items() if word in array.upper()), None)
    if survey is None:
        raise ValueError(f"{source.file}, row {row} gives the array {array!r}; only coincident or central loops.")
    sides = [float(word) for word in re.findall(r"[\d.]+", keys["LOOP_SIZE"][0])]
    if not sides or len(set(sides)) > 1 or not sides[0] > 0:
        raise ValueError(
            f"{source.file}, row {keys['LOOP_SIZE'][1]} gives a loop of {keys['LOOP_SIZE'][0]} m; it must be a square."
        )
    unit, row = keys["VOLTAGE_UNITS"]
    folded = re.sub(r"[\s()^*·-]", "", unit.lower()).replace("µ", "u")
    factor, kind = _UNITS.get(_ALIASES.get(folded, folded), (None, None))
    if factor is None:
        raise ValueError(
            f"{source.file}, row {row} gives voltages in {unit!r}; known are V/AMP and V/AM2, also with m, u or n. "
            "Convert them."
        )
    if kind == "V/A":
        area = sides[0] ** 2 if survey == "CoincidentLoop" else _number(source, keys, "COIL_SIZE")
        if not area:
            raise ValueError(
                f"{source.file} gives voltages in {unit} and no area of the receiver (/COIL_SIZE: … m2); add it."
            )
        factor /= area
        how = f"{unit} was turned into V/(A m²) by the receiver's area of {area:g} m²"
    else:
        how = f"the voltages are in {unit}"
    return {"survey": survey, "side": sides[0], "height": 0.0}, factor, how


def _site(source, keys):
    name = keys.get("SOUNDING_NUMBER", keys.get("SOUNDING_NAME", (source.path.stem,)))[0]
    site = {"name": np.array([name or source.path.stem])}
    at = [float(word) for word in re.findall(r"[-+\d.eE]+", keys.get("LOCATION", ("",))[0])]
    if len(at) == 3 and any(at):
        site |= {name: np.array([value]) for name, value in zip(("x", "y", "elevation"), at, strict=True)}
    return site
