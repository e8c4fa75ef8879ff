"""Tables of one reading in each row under the glossary's own names, as `bpinvert simulate` writes them."""

from __future__ import annotations

import json
import re

import numpy as np

from bpinvert.readers.em.columns import Columns
from bpinvert.readers.em.units import factor_of, split_unit

# What stands before the description of the survey in a row of comment.
MARK = "# survey:"
_FACTORS = {
    "Hz": {"hz": 1.0, "khz": 1e3},
    "m": {"m": 1.0, "cm": 0.01, "ft": 0.3048},
    "ppm": {"ppm": 1.0, "ppt": 1e3, "%": 1e4},
}
# Settings of a survey that the rows do not give themselves.
_DESCRIBED = ("survey", "radius", "side", "offset", "height", "waveform", "low_pass", "quantity")


def plain(header: str) -> str:
    """A header as the name of a variable, without its unit.

    >>> plain("In-phase (ppm)"), plain("dB/dt (V/(A m^2))")
    ('in_phase', 'dbdt')
    """
    return re.sub(r"[\s_-]+", "_", split_unit(header)[0].lower().replace("/", "")).strip("_")


def described(table: Columns, surveys: tuple[str, ...]) -> dict:
    """What the table says of its survey in a row that begins with `MARK`; nothing where there is no such row.

    Raises
    ------
    ValueError
        If it is no description of one of `surveys`.
    """
    rows = [comment for comment in table.comments if comment.startswith(MARK)]
    if not rows:
        return {}
    try:
        settings = json.loads(rows[0].removeprefix(MARK))
        known = settings["survey"] in surveys and set(settings) <= set(_DESCRIBED)
    except (ValueError, TypeError, KeyError):
        known = False
    if not known:
        raise ValueError(
            f"{table.file} has a row {rows[0]!r:.60}…, which describes none of {', '.join(surveys)} by "
            f"{', '.join(_DESCRIBED)}. Write the row again with `bpinvert simulate`, or delete it and say the system "
            "with system=."
        )
    table.report.append("The survey is that of the row of comment.")
    return settings


def column_of(table: Columns, name: str) -> int | None:
    """Where the column of that name stands."""
    return next((i for i, header in enumerate(table.headers) if plain(header) == name), None)


def numbers_of(table: Columns, name: str, unit: str) -> np.ndarray | None:
    """The column of that name in `unit`; None where there is none.

    Raises
    ------
    ValueError
        If the header gives no unit, or one that cannot be turned into `unit`.
    """
    column = column_of(table, name)
    if column is None:
        return None
    given = split_unit(table.headers[column])[1]
    factor = _FACTORS[unit].get(given.lower()) if unit in _FACTORS else factor_of(given, unit)
    if factor is None:
        raise ValueError(
            f"{table.file}, column {table.headers[column]!r} does not give its values in {unit}; convert them and "
            f"write the unit into the header, as {name} ({unit})."
        )
    return table.numbers(column) * factor


def soundings(table: Columns) -> list[tuple[np.ndarray, dict]]:
    """(rows, site) of each sounding: those of one name, or all where there is no column of names.

    Raises
    ------
    ValueError
        If the rows of one sounding give it different positions or heights.
    """
    site, names = table.site(), table.names()
    names = np.full(len(table), table.stem) if names is None else names
    found = []
    for name in dict.fromkeys(names.tolist()):
        rows = np.flatnonzero(names == name)
        own = {key: values[rows[:1]] for key, values in site.items()} | {"name": np.array([name])}
        for key, values in site.items():
            if key != "name" and not np.all((values[rows] == own[key]) | (values[rows] != values[rows])):
                raise ValueError(
                    f"{table.file} gives the sounding {name} several values of {key}; tell soundings apart by a column "
                    "'name'."
                )
        found.append((rows, own))
    return found
