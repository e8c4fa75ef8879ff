"""One value from repeated measurements of a reading: the median, without slips of the decimal point."""

from __future__ import annotations

from itertools import combinations
from statistics import median

import numpy as np

from bpinvert.readers.headers import Column, split_unit
from bpinvert.readers.sheet import Sheet
from bpinvert.readers.table import listed

# Columns that differ by more than this factor in the median row are not taken for repeats unasked.
_ALIKE = 1.4
_AS_REPEAT = {
    "apparent_resistivity": ("rhoa", "ohm m"),
    "resistance": ("R", "ohm"),
    "voltage": ("V", "mV"),
}
# Two repeats that differ by more than this factor are named.
_APART = 2.0
# A slip is suspected where repeats differ by the first factor, and believed where without it they differ by less
# than the second and it was itself within the third of ten or a hundred times the others.
_SUSPECT, _TOGETHER, _NEAR = 4.0, 2.5, 1.6
# Beyond this many repeats only one or two slips are looked for.
_FEW = 8


def refuse_soundings(sheet: Sheet, values: np.ndarray, columns: list[Column]) -> None:
    """Raise where numbered `columns` differ like soundings, and the caller did not say what they are.

    Parameters
    ----------
    sheet : Sheet
    values : (n_rows, n_columns) array
        Resistances or apparent resistivities; NaN where missing.
    columns : list of Column
        Where they stand.
    """
    positive = np.where(values > 0, values, np.nan)[(np.isfinite(values) & (values > 0)).sum(axis=1) > 1]
    apart = np.median(np.nanmax(positive, axis=1) / np.nanmin(positive, axis=1)) if positive.size else 1.0
    if apart <= _ALIKE or all(column.stated for column in columns):
        return
    first, header = columns[0], columns[0].header
    symbol, unit = _AS_REPEAT[first.name]
    repeat = f"{first.log} {symbol}{first.number or 1} ({split_unit(header)[1] or unit})".strip()
    raise ValueError(
        f"{sheet.table.place}, columns {', '.join(repr(column.header) for column in columns)} differ by a factor of "
        f"{_short(apart)} in the median row, too much for repeats of one measurement; if each is "
        f"{own_sounding(columns)}, if they are repeats, with columns={{{header!r}: {repeat!r}, ...}}."
    )


def own_sounding(columns: list[Column]) -> str:
    """How to say that each of numbered `columns` is a sounding, to end the clause "if each is ..."."""
    first, header = columns[0], columns[0].header
    unit = split_unit(header)[1] if first.name == "apparent_resistivity" else ""
    meaning = f"VES {first.number or 1} {f'{first.log} rhoa'.strip()} ({unit or 'ohm m'})"
    return f"the apparent resistivity of a sounding of its own, say so with columns={{{header!r}: {meaning!r}, ...}}"


def typical(sheet: Sheet, values: np.ndarray, cells: np.ndarray, headers: list[str]) -> np.ndarray:
    """The median of the positive repeats of each row, shape (n_rows,).

    A row without a positive repeat, or with most of them not positive, gets the median of all and is not used.

    Parameters
    ----------
    sheet : Sheet
        Whose report says which repeats disagree.
    values : (n_rows, n_repeats) array
        Repeats on a scale on which neighbouring rows are alike; NaN where missing.
    cells : (n_rows, n_repeats) array
        The same as they stand in the sheet, for the report.
    headers : list of str
        Of the repeats.
    """
    if values.shape[1] == 1:
        return values[:, 0]
    result, spread = np.full(len(values), np.nan), np.full(len(values), np.nan)
    names = sheet.soundings
    shown = {}
    level = np.array([_level(row[np.isfinite(row) & (row > 0)]) for row in values])
    for i, row in enumerate(values):
        show = _shower(cells[i], headers)
        given = np.isfinite(row)
        good = given & (row > 0)
        bad = given & ~good
        where = sheet.table.row(i)
        if given.any() and bad.sum() > good.sum():
            result[i] = _median(row[given])
            few = "no repeat is" if not good.any() else f"only {good.sum()} of {given.sum()} repeats are"
            sheet.unusable[i] = f"{where}: {few} positive ({show(given)}); the reading is kept but not used."
            continue
        if bad.any():
            sheet.report.append(f"{where}: {show(bad)}, not positive, left out; the others are {show(good)}.")
        beside = [k for k in (i - 1, i + 1) if 0 <= k < len(level) and names[k] == names[i]]
        slips, times = _slips(row, good, level[beside])
        if slips.any():
            sheet.report.append(
                f"{where}: {show(slips)}, about {times} the others, {show(good & ~slips)}: left out as "
                f"{'slips' if slips.sum() > 1 else 'a slip'} of the decimal point."
            )
            good &= ~slips
        result[i], level[i] = _median(row[good]), _level(row[good])
        if good.sum() > 1:
            spread[i] = row[good].max() / row[good].min()
            if spread[i] > _APART:
                shown[i] = show(good)
    if shown:
        sheet.report.append(_disagreement(sheet, spread, shown))
    sheet.report.append(_summary(sheet, spread, len(headers)))
    return result


def _median(values):
    return float(median(values)) if values.size else np.nan


def _level(values):
    """The median where the values are of one order, else NaN."""
    return _median(values) if values.size and values.max() < _SUSPECT * values.min() else np.nan


def _short(ratio):
    return f"{ratio:.3g}" if ratio < 100 else f"{ratio:.0f}"


def _shower(cells, headers):
    def show(which):
        return ", ".join(f"{headers[k]} = {cells[k]:g}" for k in np.flatnonzero(which))

    return show


def _slips(row, good, neighbours):
    """Which of the repeats are slips of the decimal point, and "10 times" what they are of the others."""
    places, none = np.flatnonzero(good), np.zeros(len(row), dtype=bool)
    logs = np.log10(row[places])
    if len(places) < 2 or np.ptp(logs) < np.log10(_SUSPECT):
        return none, ""
    most = len(places) // 2 if len(places) <= _FEW else 2
    found = []
    for size in range(1, most + 1):
        for chosen in map(list, combinations(range(len(places)), size)):
            rest = np.delete(logs, chosen)
            for power in (1, 2, -1, -2):
                moved = logs[chosen] - power
                even = 2 * size == len(places)
                near = np.abs(moved - np.median(rest)).max() <= np.log10(_TOGETHER if even else _NEAR)
                if near and np.ptp([*moved, *rest]) < np.log10(_TOGETHER):
                    found.append((np.ptp([*moved, *rest]), even, chosen, power, float(np.median(rest))))
    if not found:
        return none, ""
    best = min(found, key=lambda entry: entry[:2])
    if best[1]:
        best = _decided(found, neighbours)
        if best is None:
            return none, ""
    none[places[best[2]]] = True
    return none, {1: "10 times", 2: "100 times", -1: "a tenth of", -2: "a hundredth of"}[best[3]]


def _decided(found, neighbours):
    """Of slips in half of the repeats, those without which the row is like its neighbours; None where that is open."""
    known = [np.log10(value) for value in neighbours if value > 0]
    if not known:
        return None
    apart = sorted((abs(entry[4] - float(np.mean(known))), i) for i, entry in enumerate(found) if entry[1])
    clear = len(apart) == 1 or apart[1][0] - apart[0][0] > np.log10(3)
    return found[apart[0][1]] if clear and apart[0][0] < np.log10(4) else None


def _disagreement(sheet, spread, shown):
    """In which rows the repeats are far apart, and how in the worst."""
    worst = max(shown, key=lambda row: spread[row])
    by = f"by a factor of {_short(spread[worst])}"
    if len(shown) == 1:
        return f"{sheet.table.row(worst)}: the repeats disagree {by} ({shown[worst]})."
    lines = listed([sheet.table.lines[row] for row in shown])
    return f"Rows {lines}: the repeats disagree, at most {by} (row {sheet.table.lines[worst]}: {shown[worst]})."


def _summary(sheet, spread, n_repeats):
    if np.isnan(spread).all():
        return f"The reading is the median of up to {n_repeats} repeats."
    worst = int(np.nanargmax(spread))
    return (
        f"The reading is the median of up to {n_repeats} repeats; from least to greatest they differ by "
        f"{100 * (np.nanmedian(spread) - 1):.2g} % in the median row and by a factor of {_short(spread[worst])} at "
        f"most ({sheet.table.row(worst)}). No errors were made of that."
    )
