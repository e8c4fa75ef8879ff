"""The settings of a noise: numbers, (low, high) ranges, or dicts of these by quantity, read at the door and written."""

from __future__ import annotations

import math
import numbers


def read(name, setting):
    """The checked form of one part: a float, a (low, high) tuple or a dict of those."""
    if isinstance(setting, dict):
        if not setting:
            raise ValueError(f"{name} is an empty dict; name at least one quantity, or give one number for all.")
        return {quantity: _read_level(f"{name} of {quantity}", entry) for quantity, entry in setting.items()}
    return _read_level(name, setting)


def _read_level(name, level):
    values = level if isinstance(level, tuple | list) else [level]
    are_numbers = all(isinstance(value, numbers.Real) and not isinstance(value, bool) for value in values)
    if not are_numbers or (isinstance(level, tuple | list) and len(level) != 2):
        raise TypeError(f"{name} is {level!r}; it is a number, a (low, high) range, or a dict of those by quantity.")
    values = tuple(float(value) for value in values)
    for value in values:
        if not math.isfinite(value) or value < 0:
            raise ValueError(f"{name} is {level!r}; a noise level is finite and not negative. Correct it.")
        if name.startswith("relative") and value > 1:
            raise ValueError(
                f"{name} is {value:g}, that is {100 * value:g} %; relative errors are fractions up to 1. "
                f"For {value:g} % write {value / 100:g}."
            )
    if len(values) == 1:
        return values[0]
    low, high = values
    if low == 0 or low >= high:
        raise ValueError(
            f"{name} = ({low:g}, {high:g}); a range of levels is (low, high) with 0 < low < high. Correct it."
        )
    return low, high


def entries(part, setting):
    """(name, number or range) of each entry, the name as in `level_names`."""
    if isinstance(setting, dict):
        return [(f"{part}:{quantity}", entry) for quantity, entry in setting.items()]
    return [(part, setting)]


def plain(setting):
    if isinstance(setting, dict):
        return {quantity: plain(entry) for quantity, entry in setting.items()}
    return list(setting) if isinstance(setting, tuple) else setting
