"""What the caller says of a system with ``system=``: files that describe it, and what no file says."""

from __future__ import annotations

import os
from pathlib import Path

KEYS = {
    "files": "files that describe the system (.stm, .wf, .tc, .gex)",
    "side": "side of the square transmitter loop in m",
    "radius": "radius of the circular transmitter loop in m",
    "offset": "TDEM: (horizontal, vertical) distance in m from the loop's centre to the receiver; FDEM: coil spacings",
    "ramp": "duration in s of the linear ramp to zero current, one for all moments or a list",
    "time_zero": "when the current has reached zero, in s on the clock of the file's times",
    "unit": "unit of the data, 'V/(A m2)' or, per unit of transmitter moment, 'V/(A m4)'",
    "frequency": "frequency in Hz, of all channels or one of each",
    "height": "height of the coils above the ground in m",
    "scale": "scale of apparent conductivities: 'lin' for low induction numbers, 'F-0m' or 'F-1m' for GF's",
}
# Which of them are numbers, and which text; the files' suffixes.
NUMBERS = ("side", "radius", "offset", "ramp", "time_zero", "frequency", "height")
TEXTS = ("unit", "scale")
FILES = (".stm", ".gex", ".wf", ".tc")


class Settings:
    """The value of ``system=``, which notes what of it was used.

    Parameters
    ----------
    system : None, path, list of paths, or dict with keys of `KEYS`

    Raises
    ------
    TypeError, ValueError
        If it is something else, or has another key.
    """

    def __init__(self, system=None):
        if isinstance(system, dict):
            unknown = [key for key in system if key not in KEYS]
            if unknown:
                raise ValueError(
                    f"system has the key {unknown[0]!r}; allowed are {', '.join(map(repr, KEYS))}. Use one of those."
                )
            self._given = dict(system)
        elif system is None:
            self._given = {}
        else:
            self._given = {"files": system}
        files = self._given.get("files", [])
        files = [files] if isinstance(files, (str, os.PathLike)) else files
        if not isinstance(files, (list, tuple)) or not all(isinstance(file, (str, os.PathLike)) for file in files):
            raise TypeError(
                f"system is a {type(system).__name__}; it must be the path of a file that describes the system, a list "
                "of such paths, or a dict such as {'side': 40.0}."
            )
        self.files = [Path(file) for file in files]
        self._used = set()

    def __contains__(self, key):
        return key in self._given

    def get(self, key: str, default=None):
        """The value of `key`, which counts as used from now on."""
        self._used.add(key)
        return self._given.get(key, default)

    def number(self, key: str, default: float | None = None, positive: bool = True) -> float | None:
        """The value of `key` as a number.

        Raises
        ------
        ValueError
            If it is none, or not positive where it has to be.
        """
        value = self.get(key, default)
        if value is default:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > (0 if positive else -1e300):
            raise ValueError(
                f"system has {key} = {value!r}; it must be a {'positive ' * positive}number: {KEYS[key]}. Correct it."
            )
        return float(value)

    def with_suffix(self, suffix: str) -> list[Path]:
        """The files whose names end so, which count as used from now on."""
        found = [file for file in self.files if file.suffix.lower() == suffix]
        self._used |= {("file", file) for file in found}
        return found

    def refuse_unused(self, form: str) -> None:
        """Raise where something was said that files of the format `form` have no use for.

        Raises
        ------
        ValueError
        """
        unused = [key for key in self._given if key != "files" and key not in self._used]
        unused += [str(file) for file in self.files if ("file", file) not in self._used]
        if unused:
            raise ValueError(
                f"system gives {', '.join(map(repr, unused))}, which is of no use for {form}: it says that itself or "
                "has no such thing. Leave it out."
            )
