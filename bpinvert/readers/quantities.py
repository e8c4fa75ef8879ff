"""The quantities of field sheets: their units, what they are called in sentences, the units that headers may give."""

from __future__ import annotations

from bpinvert.readers.velocities import GROUP, PHASE, SLOWNESS, VALUES

POSITION = ("x", "y", "elevation", "height")
SITE = ("sounding", "name", "line", "array", "used", "masked", "judged", *POSITION)
SPACINGS = ("ab2", "ab", "mn2", "mn", "a")
_OF_VELOCITY = {**dict.fromkeys((PHASE, GROUP), "m/s"), **dict.fromkeys(SLOWNESS.values(), "s/m")}
# What orders the readings of a sounding.
OUTER = ("ab2", "ab", "a", "spacing", "period", "frequency", "wavelength")

UNIT = {
    **dict.fromkeys((*SPACINGS, "geometric_factor", *POSITION), "m"),
    "apparent_resistivity": "ohm m",
    "apparent_chargeability": "mV/V",
    "resistance": "ohm",
    "voltage": "V",
    "current": "A",
    "phase": "degree",
    "period": "s",
    "frequency": "Hz",
    "wavelength": "m",
    "ellipticity": "1",
    **{f"{name}{bound}": unit for name, unit in _OF_VELOCITY.items() for bound in ("", "_lower", "_upper")},
}
WORD = {
    "ab2": "AB/2",
    "ab": "AB",
    "mn2": "MN/2",
    "mn": "MN",
    "a": "Wenner's a",
    "apparent_resistivity": "apparent resistivity",
    "apparent_chargeability": "apparent chargeability",
    "geometric_factor": "geometric factor",
    "used": "used",
    "masked": "masked",
    "judged": "the quality of the reading",
    **{name: name for name in ("resistance", "voltage", "current", "phase", "period", "frequency")},
    **{name: name for name in ("wavelength", "mode", "ellipticity")},
    "wave": "kind of wave",
    **{name: name.replace("_", " ") for name in VALUES},
    **{f"{name}{b}": f"{name.replace('_', ' ')} {b[1:]} bound" for name in VALUES for b in ("_lower", "_upper")},
    **{name: name for name in ("sounding", "name", "line", "array", *POSITION)},
}
# What headers may give a quantity in, by its unit.
GIVEN_IN = {
    "m": ("m", "cm", "mm", "km", "ft", "in", "yd"),
    "ohm m": ("ohm m", "ohm cm", "ohm ft", "kohm m"),
    "ohm": ("ohm", "mohm", "kohm"),
    "V": ("V", "mV", "µV"),
    "A": ("A", "mA", "µA"),
    "s": ("s", "ms"),
    "Hz": ("Hz", "kHz"),
    "m/s": ("m/s", "km/s"),
    "s/m": ("s/m", "s/km", "ms/m"),
    "degree": ("deg", "rad", "mrad"),
    "mV/V": ("mV/V", "V/V"),
}
