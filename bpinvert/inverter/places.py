"""Where the readings of many soundings lie, as the channels of one survey."""

from __future__ import annotations

import numpy as np

# Readings of a curve beyond that say what their neighbours do.
_MOST = 40


def thinned(places, most=_MOST) -> np.ndarray:
    """Ascending places of a curve; of more than `most` so many, spaced evenly in the logarithm."""
    return places if places.size <= most else np.geomspace(places[0], places[-1], most)


def refuse_few(observed, n, name) -> None:
    """Raise a ValueError where a sheet has readings at fewer than three places, saying why."""
    if n >= 3:
        return
    lines = observed.attrs.get("read_report", "").split("\n")
    found = [line for line in lines if "not used" in line or "none of its readings" in line]
    why = f" {' '.join(found[:3])}" if found else ""
    raise ValueError(
        f"no sounding of the sheet has usable readings at 3 different {name}, which are needed at least. Correct or "
        f"add readings.{why}"
    )
