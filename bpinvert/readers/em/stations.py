"""Moments of one station that stand in files of their own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bpinvert.readers.em import aarhusinv
from bpinvert.readers.em.source import open_source
from bpinvert.readers.em.transients import Transients


def stations(found: list[Transients]) -> list[Transients]:
    """One entry for each station: those of one name at one place are its moments, the earliest gates first.

    Raises
    ------
    ValueError
        If moments of one station have different loops.
    """
    by_key = {}
    for part in found:
        by_key.setdefault(_key(part.site), []).append(part)
    return [_joined(parts) for parts in by_key.values()]


def files_of_stations(paths: list[Path]) -> list[list[Path]]:
    """The files that belong together, as the moments of one station; every other file alone."""
    groups = {}
    for i, path in enumerate(paths):
        group = groups.setdefault(_station_of(path) or i, [])
        if path not in group:
            group.append(path)
    return list(groups.values())


def _station_of(path):
    """What the files of one station have in common; None where files hold whole soundings, or cannot be read."""
    try:
        source = open_source(path)
    except (OSError, ValueError):
        return None
    return _key(aarhusinv.site_of(source)) if aarhusinv.recognised(source) else None


def _key(site):
    return json.dumps([_text(site.get(name)) for name in ("name", "x", "y", "line")])


def _text(values):
    return None if values is None else [str(value) for value in values]


def _joined(parts):
    first = parts[0]
    if len(parts) == 1:
        return first
    for part in parts[1:]:
        if part.loop != first.loop:
            raise ValueError(
                f"{first.file} and {part.file} are of the station {first.site['name'][0]} but have different loops; "
                "correct the files, or read them one by one."
            )
    moments = [moment for part in parts for moment in part.moments]
    order = np.argsort([moment.time[0] for moment in moments], kind="stable")
    files = ", ".join(part.file for part in parts)
    report = [line for part in parts for line in part.report]
    report.append(
        f"{files} are of one station; they were read as its {len(moments)} moments, the earliest gates first."
    )
    return Transients(first.file, first.loop, [moments[i] for i in order], first.site, report)
