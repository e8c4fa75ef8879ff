"""Names, units and readings as people write them."""

from __future__ import annotations

import json

import numpy as np

from bpinvert.joining import parts_in

SYMBOLS = {
    "apparent_resistivity": "ρa", "phase": "phase", "in_phase": "in-phase", "quadrature": "quadrature",
    "dbdt": "dB/dt", "b": "B", "apparent_chargeability": "ma",
}  # fmt: skip
_ABBREVIATED = ("ves", "mt", "tdem", "fdem", "ip")
UNITS = {"ohm m": "Ω·m", "degree": "°", "V/(A m^2)": "V/(A·m²)", "V/(A m2)": "V/(A·m²)", "kg/m3": "kg/m³",
         "1": ""}  # fmt: skip
_COORDINATES = {
    "ab2": "AB/2", "mn2": "MN/2", "period": "period", "a": "a", "n": "n", "orientation": "", "frequency": "frequency",
    "offset": "offset", "time": "time", "moment": "moment",
}  # fmt: skip


def symbol(quantity: str) -> str:
    """A measured quantity's symbol or name, with the method before it where there are several: "VES ρa"."""
    if quantity in SYMBOLS:
        return SYMBOLS[quantity]
    own = max((name for name in SYMBOLS if quantity.endswith(f"_{name}")), key=len, default="")
    if own:
        return f"{method(quantity.removesuffix(f'_{own}'))} {SYMBOLS[own]}"
    return quantity.replace("_", " ")


def method(name: str) -> str:
    """A method as people write it."""
    return name.upper() if name in _ABBREVIATED else name.replace("_", " ")


def unit_of(variable) -> str:
    """The unit of a variable as it is written."""
    unit = variable.attrs.get("units", "")
    return UNITS.get(unit, unit)


def reading_place(one, reading) -> str:
    """The coordinates of a sounding's reading, e.g. "AB/2 = 40 m, MN/2 = 5 m" or "HCP, frequency = 8000 Hz"."""
    words = []
    methods = parts_in(one) or [""]
    for name, label in (_COORDINATES | _others(one)).items():
        for own in (f"{prefix}_{name}" if prefix else name for prefix in methods):
            if own not in one or one[own].dims != ("reading",):
                continue
            value, unit = one[own].values[reading], unit_of(one[own])
            if isinstance(value, str):
                words += [value] if value else []
            elif np.isfinite(value):
                words.append(f"{label} = {float(value):.4g} {unit}".rstrip())
    return ", ".join(words) or f"reading {reading}"


def _others(one):
    """Coordinates of surveys that are not ours, {name: itself}."""
    trained = json.loads(one.attrs.get("training_range", "{}")).values()
    names = dict.fromkeys(name for entry in trained for name in entry["coordinates"])
    return {name: name.replace("_", " ") for name in names if name not in _COORDINATES}


def range_at(one, reading, trained):
    """Lowest and highest training datum at a reading; NaN where it is no channel.

    Between channels linear on the scale, like `reading_outside`. `trained` is one entry of a result's
    ``training_range``.
    """
    coordinates = {name: np.array(values) for name, values in trained["coordinates"].items()}
    ends = [np.array(trained[end], dtype=float) for end in ("low", "high")]
    main = trained.get("main", next(iter(coordinates)))
    exact = list(coordinates) if trained.get("points") else [trained["branch"]] if trained.get("branch") else []
    here = np.all([_same(values, one[name].values[reading]) for name, values in coordinates.items() if name in exact]
                  or [np.ones(len(ends[0]), dtype=bool)], axis=0)  # fmt: skip
    if not here.any():
        return np.nan, np.nan
    if trained.get("points"):
        return tuple(float(end[here.argmax()]) for end in ends)
    order = np.flatnonzero(here)[np.argsort(coordinates[main][here])]
    place, at = np.log(coordinates[main][order]), np.log(float(one[main][reading]))
    if trained["scale"] == "asinh":
        width = np.array(trained["width"])[order]
        own = np.exp(np.interp(at, place, np.log(width)))
        return tuple(float(own * np.sinh(np.interp(at, place, np.arcsinh(end[order] / width)))) for end in ends)
    to_scale, from_scale = (np.log, np.exp) if trained["scale"] == "log" else (np.asarray, np.asarray)
    return tuple(float(from_scale(np.interp(at, place, to_scale(end[order])))) for end in ends)


def _same(values, value):
    return values == value if isinstance(value, str) else np.isclose(values, float(value))
