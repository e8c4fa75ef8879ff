"""The quantities of field sheets: their units, what they are called in sentences, the units that headers may give."""

from __future__ import annotations

POSITION = ("x", "y", "elevation", "height")
SITE = ("sounding", "name", "line", "array", "used", "masked", "judged", *POSITION)
SPACINGS = ("ab2", "ab", "mn2", "mn", "a")
# What orders the readings of a sounding.
OUTER = ("ab2", "ab", "a", "spacing", "period", "frequency")

UNIT = {
    **dict.fromkeys((*SPACINGS, "geometric_factor", *POSITION), "m"),
    "apparent_resistivity": "ohm m",
    "resistance": "ohm",
    "voltage": "V",
    "current": "A",
    "phase": "degree",
    "period": "s",
    "frequency": "Hz",
}
WORD = {
    "ab2": "AB/2",
    "ab": "AB",
    "mn2": "MN/2",
    "mn": "MN",
    "a": "Wenner's a",
    "apparent_resistivity": "apparent resistivity",
    "geometric_factor": "geometric factor",
    "used": "used",
    "masked": "masked",
    "judged": "the quality of the reading",
    **{name: name for name in ("resistance", "voltage", "current", "phase", "period", "frequency")},
    **{name: name for name in ("sounding", "name", "line", "array", *POSITION)},
}
# What headers may give a quantity in, by its unit.
GIVEN_IN = {
    "m": ("m", "cm", "mm", "km", "ft", "in", "yd"),
    "ohm m": ("ohm m", "ohm cm", "ohm ft", "kohm m"),
    "ohm": ("ohm", "mohm", "kohm"),
    "V": ("V", "mV", "µV"),
    "A": ("A", "mA", "µA"),
    "s": ("s",),
    "Hz": ("Hz", "kHz"),
    "degree": ("deg", "rad", "mrad"),
}
