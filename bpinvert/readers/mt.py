"""Magnetotelluric soundings from a table: period or frequency, apparent resistivity, phase, errors."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bpinvert.readers.masks import mask_rows
from bpinvert.readers.observed import observed
from bpinvert.readers.restarts import split_restarts
from bpinvert.readers.sheet import Sheet
from bpinvert.readers.table import Table

WANTED = ("period", "frequency", "apparent_resistivity", "phase")


def read(table: Table) -> xr.Dataset:
    """The soundings in `table`, sorted by period; the phase is 45° over a half-space."""
    sheet = Sheet(table, WANTED)
    sheet.require("an MT sounding", ("period", "frequency"), ("apparent_resistivity",), ("phase",))
    if "period" in sheet:
        period = sheet.values("period")
    else:
        frequency = sheet.values("frequency")
        period = 1 / np.where(frequency > 0, frequency, np.nan)
        sheet.report.append("The frequency was turned into the period.")
    split_restarts(sheet, {"period": period})
    mask_rows(sheet)
    data = {name: sheet.values(name) for name in ("apparent_resistivity", "phase")}
    strange = int(np.sum((data["phase"] < 0) | (data["phase"] > 90)))
    if strange:
        sheet.report.append(
            f"{strange} phases lie outside 0–90 degrees, which no layered earth gives: "
            "check the sign convention, the quadrant and the unit."
        )
    return observed(sheet, "mt", {"period": period}, data, positive=("apparent_resistivity",))
