"""Data in other units than they are taken for: ms for s, mS/m for S/m, µV for V."""

from __future__ import annotations

import json

import numpy as np

from bpinvert import wording

# Readings are far off where they lie more than a decade outside the training, and that is said where most do.
_FAR, _MOST = 10.0, 0.5
# What numbers are too large or small by where they are in another unit, and what is before that unit.
_PREFIXES = {1e3: "m", 1e6: "µ", 1e9: "n", 1e12: "p", 1e-3: "k", 1e-6: "M"}
_PARTS = {1e-6: "fractions", 1e-4: "%", 1e-3: "‰", 1e3: "ppb"}
# Coordinates of instruments, which come in units of their own.
_COORDINATES = ("time", "frequency")


def mixed_units(one, result) -> list[str]:
    """A sentence on each quantity or coordinate most of whose numbers are more than a decade off the training's.

    Parameters
    ----------
    one : xarray.Dataset, one sounding of `result`
    result : xarray.Dataset from ``Inverter.invert`` or ``Inverter.check``
    """
    ranges = {
        quantity: trained
        for quantity, trained in json.loads(result.attrs.get("training_range", "{}")).items()
        if trained["scale"] == "asinh" and quantity in one
    }
    said = []
    for name in _COORDINATES:
        trained = [entry["coordinates"][name] for entry in ranges.values() if name in entry["coordinates"]]
        if trained and name in one:
            low, high = np.min(trained), np.max(trained)
            said += _sentence(name, one[name], _sizes(one[name], one["used"]), low, high)
    if said:
        # At readings that are elsewhere there is nothing to compare data with.
        return said
    for quantity, trained in ranges.items():
        size = _sizes(one[quantity], one["used"])
        ends = [wording.range_at(one, reading, trained) for reading in range(len(size))]
        low, high = np.array(ends).T
        most = np.fmax(np.abs(low), np.abs(high))
        said += _sentence(wording.symbol(quantity), one[quantity], size, np.where(low > 0, low, 0.0), most)
    return said


def _sizes(variable, used):
    values = np.abs(np.asarray(variable.values, dtype=float))
    return np.where(used.values.astype(bool) & (values > 0), values, np.nan)


def _sentence(name, variable, size, low, high):
    """What to say of numbers of these sizes, the training's being from `low` to `high`."""
    known = np.isfinite(size) & np.isfinite(high)
    if not known.any():
        return []
    low, high = (np.broadcast_to(end, size.shape)[known] for end in (low, high))
    above, below = size[known] / high, np.divide(size[known], low, out=np.ones(known.sum()), where=low > 0)
    if np.mean(above > _FAR) > _MOST:
        off = float(np.median(above[above > _FAR]))
    elif np.mean(below < 1 / _FAR) > _MOST:
        off = float(np.median(below[below < 1 / _FAR]))
    else:
        return []
    unit = variable.attrs.get("units", "")
    names = _PARTS if unit == "ppm" else _PREFIXES
    share = [np.mean((size[known] / factor <= 3 * high) & (size[known] / factor >= low / 3)) for factor in names]
    factor = list(names)[int(np.argmax(share))]
    asked = ""
    if max(share) > _MOST:
        other = names[factor] if unit == "ppm" else names[factor] + wording.UNITS.get(unit, unit)
        asked = f"; are these {other} instead of {wording.UNITS.get(unit, unit)}?"
    side = "above" if off > 1 else "below"
    times = max(off, 1 / off)
    times = (
        f"{times:.2g}"
        if times < 100
        else f"{float(f'{times:.1g}'):.0f}"
        if times < 1e5
        else f"{times:.0e}".replace("e+0", "e")
    )
    return [f"{name} is most of the time {times} times {side} the range of the training{asked or '.'}"]
