"""What layers are drawn by: the properties of a result, their symbols and units."""

from __future__ import annotations

from bpinvert.results import UNITS
from bpinvert.wording import UNITS as WRITTEN

# Symbols of columns; other properties have their name.
_SYMBOLS = {"resistivity": "ρ", "chargeability": "m", "vs": "Vs", "vp": "Vp"}
_NAMES = {"vs": "shear velocity Vs", "vp": "compressional velocity Vp"}
# Names of a result on (layer) that are no property of the recommended model.
_SUMMARIES = ("_best", "_mean")


def properties_of(one) -> list[str]:
    """Names of the properties of the layers of one sounding, the one to be drawn first."""
    return [
        str(name)
        for name, variable in one.data_vars.items()
        if variable.dims == ("layer",) and not str(name).endswith(_SUMMARIES)
    ]


def label_of(name) -> str:
    """A property with its unit, for an axis."""
    return f"{_NAMES.get(name, name.replace('_', ' '))}{_in_brackets(name)}"


def header_of(name) -> str:
    """A property's symbol with its unit, for a table."""
    return f"{_SYMBOLS.get(name, name.replace('_', ' '))}{_in_brackets(name)}"


def _in_brackets(name):
    unit = UNITS.get(name, "")
    unit = WRITTEN.get(unit, unit)
    return f" ({unit})" if unit else ""
