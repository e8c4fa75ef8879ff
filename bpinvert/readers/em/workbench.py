"""Aarhus Workbench .xyz files, read by libaarhusxyz."""

from __future__ import annotations

import re

from bpinvert.readers.em.columns import Columns, leave_out
from bpinvert.readers.em.extra import package, quiet
from bpinvert.readers.em.source import Source

NAME = "an Aarhus Workbench .xyz file"
# Its own names of positions and of what moves.
_CALLED = {"utmx": "x", "utmy": "y", "topo": "elevation", "topography": "elevation", "tx_altitude": "height",
           "alt": "height", "title": "line", "line_no": "line"}  # fmt: skip


def recognised(source: Source) -> bool:
    """Whether the file begins with rows of a slash, one of which names columns of gates."""
    head = [line for line in source.lines[:60] if line.startswith("/")]
    return source.lines[0].startswith("/") and any(re.search(r"(?i)\b(?:dbdt|gate)_?\w*\d", line) for line in head)


def read(source: Source, columns: dict[str, str]) -> Columns:
    """The table in `source`, without the columns that are not used.

    Raises
    ------
    ImportError
        If libaarhusxyz is not installed.
    ValueError
        If it cannot read the file.
    """
    library = package("libaarhusxyz", source.file)
    try:
        with quiet():
            parsed = library.parse(str(source.path))
    except Exception as error:
        raise ValueError(f"{source.file} cannot be read by libaarhusxyz: {error}.") from None
    flat = parsed["flightlines"].copy()
    for name, gates in parsed["layer_data"].items():
        for number in gates.columns:
            flat[f"{name}[{number}]"] = gates[number]
    headers = [_CALLED.get(str(name).lower(), str(name)) for name in flat.columns]
    left = leave_out(source.file, headers, columns)
    dummy = parsed["model_info"].get("dummy")
    dummies = (float(dummy),) if isinstance(dummy, (int, float)) else Columns.dummies
    rows = [
        [str(cell) if isinstance(cell, str) else float(cell) for cell in row] for row in flat.to_numpy(dtype=object)
    ]
    return Columns(source.path, headers, rows, list(range(1, len(rows) + 1)), ".", left, dummies)
