"""The geometric factor of the electrodes, as their headers say it and as another reading of them would give."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bpinvert.readers.headers import Column
from bpinvert.readers.quantities import SPACINGS
from bpinvert.readers.sheet import Sheet

TOLERANCE = 0.05
# A column must agree with K in so many rows to be taken for K.
_FEWEST_ALIKE = 3


def geometric_factor(coordinates: dict) -> np.ndarray | None:
    """K in m: 2πa for Wenner, π (s² − b²) / (2b) for Schlumberger with AB/2 = s, MN/2 = b; None without MN."""
    if "a" in coordinates:
        return 2 * np.pi * coordinates["a"]
    if "mn2" not in coordinates:
        return None
    s, b = coordinates["ab2"], coordinates["mn2"]
    return np.pi * (s**2 - b**2) / (2 * np.where(b > 0, b, np.nan))


@np.errstate(divide="ignore", invalid="ignore")
def refuse_geometric_factors(sheet: Sheet, coordinates: dict, rhoa: np.ndarray) -> None:
    """Raise where the column of a sounding, taken for its apparent resistivity, holds K in m or in the sheet's unit."""
    factor = geometric_factor(coordinates)
    if factor is None or not sheet.table.sources:
        return
    unit = next(sheet.columns(name)[0].factor for name in SPACINGS if name in sheet)
    headers = np.array(sheet.table.sources[max(sheet.table.sources)])
    for header in dict.fromkeys(headers.tolist()):
        ratio = (rhoa / factor)[headers == header]
        known = ratio[np.isfinite(ratio)]
        if known.size >= _FEWEST_ALIKE and any((np.abs(known * k - 1) <= TOLERANCE).all() for k in (1, unit)):
            raise ValueError(
                f"{sheet.table.place}, column {header!r} was taken for apparent resistivity, but holds the geometric "
                "factor of the sheet's own electrodes in every row. Head it 'K (m)', and the measured resistance "
                f"'R (ohm)', or say so with columns={{{header!r}: 'K (m)'}}."
            )


def other_readings(sheet: Sheet, coordinates: dict) -> Iterator[tuple[list[Column], list[str], np.ndarray]]:
    """(Columns, what they would hold, K) for spacings that are twice or half of what their headers say."""
    if "ab2" not in coordinates:
        return
    s, b = coordinates["ab2"], coordinates["mn2"]
    ab, s_meant = ("ab2", s / 2) if "ab2" in sheet else ("ab", 2 * s)
    mn, b_meant = ("mn2", b / 2) if "mn2" in sheet else ("mn", 2 * b)
    instead = {"ab2": "AB", "ab": "AB/2", "mn2": "MN", "mn": "MN/2"}
    for names, spacing, half in (([mn], s, b_meant), ([ab], s_meant, b), ([ab, mn], s_meant, b_meant)):
        if not all(name in sheet for name in names):  # an MN that a title gives
            continue
        factor = geometric_factor({"ab2": spacing, "mn2": half})
        yield [sheet.columns(name)[0] for name in names], [instead[name] for name in names], factor
