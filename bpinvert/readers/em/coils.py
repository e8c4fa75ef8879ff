"""Tables of frequency, offset and orientation, one pair of coils in each row."""

from __future__ import annotations

import numpy as np

from bpinvert.readers.em import readings
from bpinvert.readers.em.columns import Columns
from bpinvert.readers.em.frequencies import Frequencies
from bpinvert.readers.em.settings import Settings

NAME = "a table of frequency, offset and orientation"
_QUANTITIES = ("in_phase", "quadrature")


def recognised(headers: list[str]) -> bool:
    """Whether each row gives its coils, and in-phase or quadrature."""
    names = {readings.plain(header) for header in headers}
    return {"frequency", "offset", "orientation"} <= names and bool(names & set(_QUANTITIES))


def read(table: Columns, settings: Settings) -> list[Frequencies]:
    """The soundings in `table`.

    Raises
    ------
    ValueError
        If a unit is not known, or heights are given nowhere though the survey needs them.
    """
    said = readings.described(table, ("LoopLoop",))
    frequency, offset = readings.numbers_of(table, "frequency", "Hz"), readings.numbers_of(table, "offset", "m")
    orientation = np.char.upper(table.texts(readings.column_of(table, "orientation")))
    data, std = (
        {
            name: values
            for name in _QUANTITIES
            if (values := readings.numbers_of(table, f"{name}{end}", "ppm")) is not None
        }
        for end in ("", "_std")
    )
    stations = readings.soundings(table)
    height = None
    if "height" not in stations[0][1]:
        height = settings.number("height", said.get("height", 0.0), positive=False)
        if height is None:
            raise ValueError(f"{table.file} has no column of heights, as its survey needs; add height (m).")
        if not said and "height" not in settings:
            table.report.append("No height is given; the coils were taken to lie on the ground.")
    table.report_unread()
    return [
        Frequencies(
            table.file, frequency[rows], offset[rows], orientation[rows],
            {name: values[None, rows] for name, values in data.items()}, site, height, [*table.report],
            {name: values[None, rows] for name, values in std.items()},
        )
        for rows, site in stations
    ]  # fmt: skip
