"""Tables of a helicopter's frequency-domain bird (RESOLVE, DIGHEM): one sounding in each row."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from bpinvert.readers.em.airborne import height_of
from bpinvert.readers.em.columns import Columns
from bpinvert.readers.em.frequencies import Frequencies
from bpinvert.readers.em.settings import Settings
from bpinvert.readers.em.source import open_source
from forward_models.fdem import INSTRUMENTS

NAME = "a table of in-phase and quadrature (RESOLVE)"
# CPI400_F: coplanar, in-phase, nominal 400 Hz; I_380: in-phase at 380 Hz.
_NAMED = re.compile(r"(?i)(?P<coils>CP|CX)_?(?P<part>[IQ])_?(?P<frequency>\d+(?:\.\d+)?)(?P<kilo>k?)(?:Hz)?(?:_F)?")
_PLAIN = re.compile(r"(?i)(?P<part>[IQ])_?(?P<frequency>\d+(?:\.\d+)?)(?P<kilo>k?)(?:Hz)?(?:\s*[(\[]ppm[)\]])?")
_PART = {"I": "in_phase", "Q": "quadrature"}
# The coaxial primary field, of which such birds record parts per million, is twice the coplanar one.
_COAXIAL = 2.0
# What headers call RESOLVE's frequencies, in the order of the instrument's.
_RESOLVE = dict(
    zip(
        (400.0, 1800.0, 3300.0, 8200.0, 40_000.0, 140_000.0),
        zip(INSTRUMENTS["RESOLVE"].frequency, INSTRUMENTS["RESOLVE"].offset, strict=True),
        strict=True,
    )
)


def recognised(headers: list[str]) -> bool:
    """Whether there are columns of in-phase and quadrature by frequency."""
    parts = [_match(header) for header in headers]
    return {"I", "Q"} <= {match["part"].upper() for match in parts if match}


def read(table: Columns, settings: Settings) -> Frequencies:
    """The soundings in `table`; in-phase and quadrature in ppm.

    Raises
    ------
    ValueError
        If a frequency has only one of the two, the coils are not known, or a sounding has no height.
    """
    columns = {}
    for i, header in enumerate(table.headers):
        match = _match(header)
        if match:
            frequency = float(match["frequency"]) * (1000 if match["kilo"] else 1)
            coils = (match.groupdict().get("coils") or "").upper()
            columns.setdefault((coils, frequency), {})[_PART[match["part"].upper()]] = i
    for (_, frequency), parts in columns.items():
        if len(parts) < 2:
            header = table.headers[next(iter(parts.values()))]
            raise ValueError(
                f"{table.file} has the column {header!r} and no other part of the field at {frequency:g} Hz; in-phase "
                "and quadrature come in pairs. Add the other, or leave this one out with columns=."
            )
    report = [f"{len(table)} soundings of {len(columns)} frequencies; in-phase and quadrature were read in ppm."]
    frequency, offset, orientation = _system(table, settings, list(columns), report)
    data = {}
    factor = np.where(orientation == "VCX", _COAXIAL, 1.0)
    for part in _PART.values():
        data[part] = np.stack([table.numbers(parts[part]) for parts in columns.values()], axis=1) * factor
    if (orientation == "VCX").any():
        report.append(
            "Coaxial coils: the values were doubled, from ppm of the coaxial primary field to ppm of the coplanar one."
        )
    site = table.site()
    site["height"] = height_of(table.file, site, settings)
    table.report_unread()
    return Frequencies(table.file, frequency, offset, orientation, data, site, None, report + table.report)


def _match(header):
    return _NAMED.fullmatch(header.strip()) or _PLAIN.fullmatch(header.strip())


def _system(table, settings, channels, report):
    files = settings.with_suffix(".stm")
    if files:
        return _from_file(table, files[0], channels, report)
    frequencies, offsets = settings.get("frequency"), settings.get("offset")
    if frequencies is not None or offsets is not None:
        frequency, offset = (_one_each(table, name, values, len(channels))
                             for name, values in (("frequency", frequencies), ("offset", offsets)))  # fmt: skip
        report.append("The frequencies and coil spacings are those that system= gives.")
    elif all(nominal in _RESOLVE and coils for coils, nominal in channels):
        frequency, offset = np.array([_RESOLVE[nominal] for _, nominal in channels]).T
        report.append(
            "The headers give RESOLVE's nominal frequencies; "
            + ", ".join(f"{value:g} Hz at {apart:g} m" for value, apart in zip(frequency, offset, strict=True))
            + " were taken, as at Bookpurnong in 2008. Each bird has its own: say them with system={'frequency': […], "
            "'offset': […]} or a system file."
        )
    else:
        raise ValueError(
            f"{table.file} does not give the coils of its channels; say them with a system file, system='….stm', of "
            "the columns freq, tor, tmom, tx, ty, tzoff, ror, rmom, rx, ry, rzoff, or in the headers as CPI400_F and "
            "CXI3300_F with system={'frequency': […], 'offset': […]}."
        )
    if any(not coils for coils, _ in channels):
        report.append("The headers name no coils; all were taken as horizontal coplanar.")
    return frequency, offset, np.array(["VCX" if coils == "CX" else "HCP" for coils, _ in channels])


def _one_each(table, name, values, count):
    values = np.full(count, values, dtype=float) if np.ndim(values) == 0 and values is not None else values
    array = np.asarray(values if values is not None else [], dtype=float)
    if array.shape != (count,) or not (array > 0).all():
        raise ValueError(
            f"system must give {name} for {table.file}, a positive number for each of its {count} frequencies; it "
            f"gives {values!r}."
        )
    return array


def _from_file(table, path: Path, channels, report):
    """The coils of a system file, matched to the channels by frequency."""
    source = open_source(path)
    names = [word.lower() for word in source.words(source.filled[0])]
    missing = [name for name in ("freq", "tor", "ror", "rx") if name not in names]
    if missing:
        raise ValueError(f"{source.file}, row {source.filled[0]} lacks the column {missing[0]}; it gives {names}.")
    rows = [dict(zip(names, source.words(row), strict=True)) for row in source.filled[1:]]
    known = {}
    for number, row in zip(source.filled[1:], rows, strict=True):
        axes = row["tor"].lower() + row["ror"].lower()
        try:
            frequency = float(row["freq"])
            apart = [float(row.get(f"r{axis}", 0)) - float(row.get(f"t{axis}", 0)) for axis in "xy"]
        except ValueError:
            raise ValueError(f"{source.file}, row {number} holds something that is not a number.") from None
        orientation = {"zz": "HCP", "xx": "VCX" if apart[1] == 0 else None, "yy": "VCP" if apart[1] == 0 else None}
        if orientation.get(axes) is None:
            raise ValueError(
                f"{source.file}, row {number} gives coils along {row['tor']} and {row['ror']}, {apart} m apart; only "
                "coplanar or coaxial coils one behind the other can be read."
            )
        known[frequency] = (frequency, float(np.hypot(*apart)), orientation[axes])
    lacking = [nominal for _, nominal in channels if nominal not in known]
    if lacking:
        raise ValueError(
            f"{table.file} has a channel at {lacking[0]:g} Hz, but {source.file} has "
            f"{', '.join(f'{f:g}' for f in known)} Hz; give the system of this file."
        )
    report.append(f"The coils are those of {source.file}.")
    frequency, offset, orientation = zip(*(known[nominal] for _, nominal in channels), strict=True)
    return np.array(frequency), np.array(offset), np.array(orientation)
