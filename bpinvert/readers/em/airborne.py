"""Tables of an airborne time-domain system: one sounding in each row, one gate in each column."""

from __future__ import annotations

import re

import numpy as np

from bpinvert.readers.em.columns import Columns
from bpinvert.readers.em.gaaem import read_stm
from bpinvert.readers.em.gex import read_gex
from bpinvert.readers.em.settings import Settings
from bpinvert.readers.em.source import open_source
from bpinvert.readers.em.transients import Moment, Transients
from bpinvert.readers.em.units import factor_of
from bpinvert.readers.em.waveforms import waveform

NAME = "a table of one transient in each row (SkyTEM)"
_NUMBERED = re.compile(r"(?P<name>.*?)_?[\[(]?(?P<number>\d+)[\])]?(?:_t(?P<time>\d[\d.eE+-]*))?")
_DATA = re.compile(r"(?:^|_)z_?ch$|dbdt|gate_ch|(?:^|_|em)z$")
_ERROR, _USED, _OTHER = re.compile(r"std|unc"), re.compile(r"in_?use"), re.compile(r"noise|err|(?:^|_|em)[xy](?:_|$)")


def recognised(headers: list[str]) -> bool:
    """Whether three columns or more are numbered gates."""
    return len(_columns(headers)["data"]) >= 3


def read(table: Columns, settings: Settings) -> Transients:
    """The soundings in `table`, with the system of .stm or .gex files, or of a waveform (.wf) and gate centres (.tc).

    Raises
    ------
    ValueError
        If there is no unit, loop or time, or the system's files do not agree with the table.
    """
    columns = _columns(table.headers)
    data = np.stack([table.numbers(i) for i in columns["data"]], axis=1)
    report = [f"{len(table)} soundings of {data.shape[1]} gates."]
    stm, gex = settings.with_suffix(".stm"), settings.with_suffix(".gex")
    if stm or gex:
        systems = [read_stm(path) for path in stm] or read_gex(gex[0], unit_said(table.file, settings))
        loop, moments = _from_systems(table.file, systems, data, report)
    else:
        loop, moments = _from_nodes(table, settings, columns["data"], data, report)
    _errors_and_masks(table, columns, moments, report)
    site = table.site()
    site["height"] = height_of(table.file, site, settings)
    table.report_unread()
    return Transients(table.file, loop, moments, site, report + table.report)


def _columns(headers):
    """Indices of the columns of data, relative errors and masks."""
    found = {"data": [], "error": [], "used": []}
    for i, header in enumerate(headers):
        match = _NUMBERED.fullmatch(header.strip())
        name = match["name"].lower() if match else ""
        if not _DATA.search(re.sub(r"(?:std|unc|in_?use)_?|_?(?:std|unc|in_?use)", "", name)) or _OTHER.search(name):
            continue
        found["error" if _ERROR.search(name) else "used" if _USED.search(name) else "data"].append(i)
    return found


def _errors_and_masks(table, columns, moments, report):
    """Relative errors, and masks where 0 is not used; each for all gates or not at all."""
    parts = np.cumsum([len(moment.time) for moment in moments])
    for kind in ("error", "used"):
        if not columns[kind]:
            continue
        if len(columns[kind]) != parts[-1]:
            raise ValueError(
                f"{table.file} has {parts[-1]} columns of gates and {len(columns[kind])} of their "
                f"{'errors' if kind == 'error' else 'masks'}; add those that are missing or leave them out."
            )
        values = np.stack([table.numbers(i) for i in columns[kind]], axis=1)
        for moment, own in zip(moments, np.split(values, parts[:-1], axis=1), strict=True):
            if kind == "error":
                moment.std = np.where(own > 0, own, np.nan) * np.abs(moment.dbdt)
            else:
                moment.used = own == 1
        report.append(
            "The errors were taken as fractions of the data."
            if kind == "error"
            else f"{int((values != 1).sum())} readings are masked in the file."
        )


def height_of(file: str, site: dict, settings: Settings) -> np.ndarray:
    """The height of every sounding, from its column or ``system=``.

    Raises
    ------
    ValueError
        If neither gives it, or one is negative.
    """
    height = site.get("height")
    if height is None:
        said = settings.number("height")
        if said is None:
            raise ValueError(
                f"{file} has no column of the height above the ground; add one, as height (m), or say it with "
                "system={'height': …}."
            )
        height = np.full(len(site["name"]), said)
    for row in np.flatnonzero(height < 0):
        raise ValueError(
            f"{file}, sounding {site['name'][row]} has a height of {height[row]:g} m; heights above the ground are not "
            "negative. Correct the row."
        )
    return height


def _from_systems(file, systems, data, report):
    """Loop and moments of described systems; the columns of `data` are the gates of the first, then on."""
    counts = [len(system.gates) for system in systems]
    names = ", ".join(system.name for system in systems)
    if sum(counts) != data.shape[1]:
        raise ValueError(
            f"{file} has {data.shape[1]} columns of gates, but {names} {'give' if len(systems) > 1 else 'gives'} "
            f"{' + '.join(map(str, counts))} windows; give the system of each moment, in the order of the columns, and "
            "leave other columns out with columns=."
        )
    if len({system.radius for system in systems}) > 1:
        raise ValueError(f"{names} have loops of different radius; the moments of one sounding must have one loop.")
    moments = []
    for system, values in zip(systems, np.split(data, np.cumsum(counts)[:-1], axis=1), strict=True):
        label = f"{system.name}: " if len(systems) > 1 else ""
        report.append(
            f"{label}{len(system.gates)} gates as windows of {system.name}; the data were multiplied by "
            f"{system.factor:.6g} to V/(A m²) per ampere; the current has reached zero at {system.zero:g} s on the "
            "clock of the system's file."
        )
        moments.append(
            Moment(
                system.gates.mean(axis=1), values * system.factor, np.full(values.shape, np.nan),
                np.ones(values.shape, dtype=bool), system.gates, system.waveform, system.low_pass, system.zero,
                [f"{system.name}, window {i + 1}" for i in range(len(system.gates))], label,
            )
        )  # fmt: skip
    return {"survey": "CentralLoop", "radius": systems[0].radius, "height": None}, moments


def loop_said(file: str, settings: Settings) -> dict:
    """Settings of the survey from the size of the loop, which the caller must say.

    Raises
    ------
    ValueError
        If it is not said, or both a side and a radius are.
    """
    side, radius, offset = settings.number("side"), settings.number("radius"), settings.get("offset")
    if (side is None) == (radius is None):
        raise ValueError(
            f"{file} does not give the size of the transmitter loop; say it with system={{'side': …}} for a square or "
            "system={'radius': …} for a circle, in m."
        )
    loop = {"survey": "CentralLoop"} | ({"radius": radius} if side is None else {"side": side})
    return loop if offset is None else loop | {"survey": "OffsetLoop", "offset": [float(part) for part in offset]}


def unit_said(file: str, settings: Settings) -> str:
    """The unit of the data, which the caller must say.

    Raises
    ------
    ValueError
        If it is not said, or not known.
    """
    unit = settings.get("unit")
    if unit is None or not (factor_of(str(unit), "V/(A m2)") or factor_of(str(unit), "V/(A m4)")):
        given = "no unit is given for" if unit is None else f"system gives the unit {unit!r} for"
        raise ValueError(
            f"{given} the data of {file}; say it with system={{'unit': 'V/(A m2)'}} where they are per ampere, or "
            "'V/(A m4)' where they are per unit of the transmitter's moment; p, n, µ and m may stand before the V."
        )
    return str(unit)


def _from_nodes(table, settings, columns, data, report):
    loop = loop_said(table.file, settings)
    factor = _factor(table, settings, loop, report)
    wf, tc = (_companion(table.path, settings, suffix) for suffix in (".wf", ".tc"))
    headers = [_NUMBERED.fullmatch(table.headers[i].strip())["time"] for i in columns]
    in_headers = np.array([np.nan if text is None else float(text) for text in headers])
    wave, zero = settings.number("ramp"), settings.number("time_zero", 0.0, positive=False)
    time, where = in_headers, [f"{table.file}, column {table.headers[i]!r}" for i in columns]
    if wf is not None:
        wave, zero = _read_waveform(wf)
        repeated = wave["base_frequency"]
        report.append(
            f"The waveform is that of {wf.name}; its current has reached zero at {zero:g} s on its clock"
            + (f", and it repeats with {repeated:.6g} Hz, as it spans half a period." if repeated else ".")
        )
    if tc is not None:
        time, where = _read_centres(tc, in_headers, table.file)
        report.append(f"The gate centres are those of {tc.name}; {zero:g} s were taken away from them.")
        if wf is None and "time_zero" not in settings:
            raise ValueError(
                f"{tc.name} gives gate centres, but no waveform (.wf) stands beside {table.file} that says when the "
                "current has reached zero; add it, or say it with system={'time_zero': …} in s."
            )
    elif np.isnan(time).any():
        raise ValueError(
            f"{table.file} gives no gate times, neither in its headers, as Z_Ch7_t4.7e-05, nor in a file of gate "
            "centres (.tc) beside it; say that file with system=, or a system file (.stm)."
        )
    else:
        zero = settings.number("time_zero", 0.0, positive=False)
        report.append(
            f"The gate times are those of the headers; it was assumed that {zero:g} s on their clock is the moment the "
            "current has reached zero."
        )
    moment = Moment(
        time, data * factor, np.full(data.shape, np.nan), np.ones(data.shape, dtype=bool),
        waveform=wave, zero=zero, where=where,
    )  # fmt: skip
    return loop | {"height": None}, [moment]


def _factor(table, settings, loop, report):
    unit = unit_said(table.file, settings)
    per_moment, per_ampere = factor_of(unit, "V/(A m4)"), factor_of(unit, "V/(A m2)")
    if per_moment is None:
        report.append(f"The data are in {unit}, as system= says.")
        return per_ampere
    area = loop["side"] ** 2 if "side" in loop else np.pi * loop["radius"] ** 2
    report.append(f"The data are in {unit}, as system= says; they were multiplied by the loop's {area:.6g} m².")
    return per_moment * area


def _companion(table, settings, suffix):
    """The file with that suffix which the caller says, or which stands beside: of the same name, or the only one."""
    said = settings.with_suffix(suffix)
    if said:
        return said[0]
    beside = sorted(path for path in table.parent.iterdir() if path.suffix.lower() == suffix)
    same = [path for path in beside if path.stem == table.stem]
    return (same or beside)[0] if same or len(beside) == 1 else None


def _read_waveform(path):
    source = open_source(path)
    nodes = np.array([source.numbers(row, "time in s and current", 2) for row in source.filled])
    time, current = nodes.T
    ends_later = len(current) > 2 and current[-1] == current[-2] == 0
    return waveform(path.name, time, current, 0.5 / (time[-1] - time[0]) if ends_later else None)


def _read_centres(path, in_headers, file):
    source = open_source(path)
    centres = np.concatenate([source.numbers(row, "a gate centre in s") for row in source.filled])
    if len(centres) != len(in_headers):
        raise ValueError(
            f"{path.name} gives {len(centres)} gate centres, but {file} has {len(in_headers)} columns of gates; give "
            "the file of these gates with system=."
        )
    shift = centres - in_headers
    if np.isfinite(shift).all() and np.ptp(shift) > 0.01 * in_headers.min():
        worst = int(np.argmax(np.abs(shift - np.median(shift))))
        raise ValueError(
            f"{path.name} gives gate {worst + 1} at {centres[worst]:g} s and the header of {file} at "
            f"{in_headers[worst]:g} s, which does not go with the other gates; one of them is of another system or "
            "unit. Correct it."
        )
    return centres, [f"{path.name}, gate {i + 1}" for i in range(len(centres))]
