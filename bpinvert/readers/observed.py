"""From columns of readings to the Dataset of soundings that the inverter takes."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bpinvert.readers.headers import read_header
from bpinvert.readers.quantities import POSITION, UNIT, WORD
from bpinvert.readers.sheet import Sheet
from bpinvert.readers.table import listed

FEWEST = 3

LONG_NAME = {
    "ab2": "half the distance between the current electrodes",
    "mn2": "half the distance between the potential electrodes",
    "a": "distance between neighbouring electrodes",
    "n": "distance of the inner electrodes in lengths of a dipole",
    "apparent_resistivity": "apparent resistivity",
    "apparent_chargeability": "apparent chargeability",
    "phase": "phase of the impedance",
    "period": "period",
    "mode": "mode, of which 0 is the fundamental one",
    "phase_velocity": "phase velocity",
    "group_velocity": "group velocity",
    "ellipticity": "horizontal over vertical displacement at the surface",
    "used": "whether the reading is used",
    "name": "name of the sounding",
    "doubt": "what contradicts itself in the sheet or may be read in two ways",
    "line": "survey line",
    "x": "easting",
    "y": "northing",
    "elevation": "elevation of the ground",
    "height": "height above the ground",
}


# Which survey of forward_models the sheet's coordinate means.
ARRAYS = {"ab2": "Schlumberger", "a": "Wenner", "period": "Magnetotelluric"}


def observed(
    sheet: Sheet,
    method: str,
    coordinates: dict,
    data: dict,
    positive: tuple[str, ...],
    *,
    stds: dict | None = None,
    details: dict | None = None,
    array: str | None = None,
) -> xr.Dataset:
    """Soundings × readings, sorted by the first coordinate; what cannot be used is masked and said so.

    Parameters
    ----------
    sheet : Sheet
        Whose report and faults end up in the result.
    method : str
    coordinates : dict of (n_rows,) arrays
        The coordinate that orders the readings first. All must be positive.
    data : dict of (n_rows,) arrays
    positive : tuple of str
        The quantities that must be positive; the others need only be finite.
    stds : dict of (n_rows,) arrays, optional
        Standard deviations of the data; without them those of the sheet's columns of errors.
    details : dict of (n_rows,) arrays, optional
        What else tells the readings apart, such as modes: the readings then stay in the order of the file.
    array : str, optional
        Name of the survey, where the coordinates do not tell it.

    Raises
    ------
    ValueError
        If no sounding is free of faults: the first fault.
    """
    if stds is None:
        stds = {name: sheet.std(name, values, alone=len(data) == 1) for name, values in data.items()}
    names, site = sheet.soundings, _site(sheet)
    details = details or {}
    reasons = _reasons(sheet, {**coordinates, **details, **data}, (*coordinates, *positive), data)
    groups = {name: np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())}
    faulty = _faulty(sheet, groups)

    width = max(map(len, groups.values()))
    columns = {**coordinates, **details, **data, **{f"{name}_std": std for name, std in stds.items()}}
    arrays = {name: np.full((len(groups), width), np.nan) for name in columns}
    used = np.zeros((len(groups), width), dtype=bool)
    counts = []
    main = next(iter(coordinates))
    for i, (name, rows) in enumerate(groups.items()):
        order = rows if details else rows[np.argsort(coordinates[main][rows], kind="stable")]
        if not details and not _in_order(coordinates, rows):
            sheet.report.append(f"{name}: the readings were not in order of {WORD[main]}; they were sorted.")
        for key, values in columns.items():
            arrays[key][i, : len(rows)] = values[order]
        usable = np.array([row not in reasons for row in order])
        if name in faulty:
            sheet.report.append(f"{name}: none of its readings is used. {faulty[name]}")
            usable[:] = False
        elif usable.sum() < FEWEST:
            sheet.report.append(
                f"{name}: none of its readings is used, as only {usable.sum()} can be; "
                f"an inversion needs at least {FEWEST}."
            )
            usable[:] = False
        used[i, : len(rows)] = usable
        counts.append(f"{name}: {len(rows)} readings, {usable.sum()} used.")
    sheet.report += reasons.values()
    by_sounding = {"name": np.array(list(groups)), **site(groups)}
    if sheet.doubts:
        by_sounding["doubt"] = np.array([sheet.doubts.get(name, "") for name in groups])
    array = array or next(array for name, array in ARRAYS.items() if name in arrays)
    return _dataset(sheet, method, array, arrays, used, by_sounding, counts)


def _in_order(coordinates, rows):
    """Whether the readings increase; where MN changes, those of each MN."""
    first, *others = (values[rows] for values in coordinates.values())
    kinds = others[0] if others else np.zeros(len(rows))
    return all((np.diff(first[kinds == kind]) >= 0).all() for kind in np.unique(kinds[~np.isnan(kinds)]))


def _site(sheet):
    """A function from the groups of rows to the position and line of each sounding: its first entry."""
    positions = {name: sheet.values(name) for name in POSITION if name in sheet}
    lines = sheet.texts("line") if "line" in sheet else None

    def of(groups):
        site = {}
        for name, values in positions.items():
            known = [values[rows][np.isfinite(values[rows])] for rows in groups.values()]
            site[name] = np.array([entries[0] if entries.size else np.nan for entries in known])
            for group, entries in zip(groups, known, strict=True):
                if (entries != entries[:1]).any():
                    sheet.report.append(f"{group}: {name} differs between readings; the first is kept.")
        if lines is not None:
            site["line"] = np.array([lines[rows[0]] for rows in groups.values()])
        return site

    return of


def _reasons(sheet, columns, positive, data):
    """For each row that cannot be used, the sentence why; of several `data` a row needs one only."""
    reasons = {row: reason for row, reason in sheet.unusable.items() if row not in sheet.faults}
    nothing = np.all([np.isnan(values) for values in data.values()], axis=0)
    partial = []
    for name, values in columns.items():
        bad = ~np.isfinite(values) | ((values <= 0) if name in positive else False)
        if name in data:
            lacking = np.isnan(values) & ~nothing
            bad &= ~lacking
            partial += [(name, row) for row in np.flatnonzero(lacking).tolist()]
        for row in sorted(set(np.flatnonzero(bad).tolist()) - set(sheet.faults)):
            value = "missing" if np.isnan(values[row]) else f"{values[row]:g} {UNIT[name]}"
            rule = ", not positive" if values[row] <= 0 else ""
            where = sheet.table.row(row)
            reasons.setdefault(row, f"{where}: {WORD[name]} is {value}{rule}; the reading is kept but not used.")
    rows_of = {}
    for name, row in partial:
        if row not in reasons and row not in sheet.faults:
            rows_of.setdefault(name, []).append(sheet.table.lines[row])
    for name, rows in rows_of.items():
        sheet.report.append(
            f"Row{'s' * (len(rows) > 1)} {listed(rows)}: {WORD[name]} is missing; what else was measured is used."
        )
    return dict(sorted(reasons.items()))


def _faulty(sheet, groups):
    """Soundings with a row that cannot be read; where that leaves none, the file itself is at fault."""
    faults = dict(sorted(sheet.faults.items()))
    faulty = {}
    for name, rows in groups.items():
        sentences = [faults[row] for row in rows if row in faults]
        if sentences:
            more = f" More such rows: {len(sentences) - 1}." if len(sentences) > 1 else ""
            faulty[name] = sentences[0] + more
    if len(faulty) == len(groups):
        raise ValueError(next(iter(faulty.values())))
    return faulty


def _dataset(sheet, method, array, arrays, used, by_sounding, counts):
    variables = {
        name: (("sounding", "reading"), values, {"units": _unit(name), "long_name": _long_name(name)})
        for name, values in arrays.items()
    }
    variables["used"] = (("sounding", "reading"), used, {"units": "1", "long_name": LONG_NAME["used"]})
    for name, values in by_sounding.items():
        variables[name] = ("sounding", values, {"units": UNIT.get(name, ""), "long_name": LONG_NAME[name]})
    headers = {i: sheet.table.headers[i] for i in sheet.unread()}
    unread = [repr(header) if header else f"number {i + 1}, which has no header" for i, header in headers.items()]
    if unread:
        sheet.report.append(f"Columns not used: {', '.join(unread)}.")
    left = [header for i, header in headers.items() if method == "ves" and i not in sheet.table.meanings]
    means = [read_header(header) for header in left]
    if any(column and column.name == "apparent_chargeability" and not column.error for column in means):
        sheet.report.append("There is a chargeability; it is inverted as well with method='ip'.")
    report = "\n".join([f"{sheet.table.place}", *counts, *sheet.report])
    return xr.Dataset(variables, attrs={"method": method, "array": array, "read_report": report})


def _unit(name):
    return UNIT.get(name.removesuffix("_std"), "1")


def _long_name(name):
    quantity = name.removesuffix("_std")
    return LONG_NAME[quantity] if quantity == name else f"standard deviation of the {LONG_NAME[quantity]}"
