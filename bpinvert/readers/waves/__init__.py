"""Dispersion curves of surface waves: sheets, Geopsy's and Dinver's files, SURF96 lines."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import xarray as xr

from bpinvert.readers.cells import is_empty
from bpinvert.readers.files import read_bytes, read_grids
from bpinvert.readers.headers import read_header
from bpinvert.readers.masks import mask_rows
from bpinvert.readers.observed import observed
from bpinvert.readers.restarts import split_restarts
from bpinvert.readers.sheet import Sheet
from bpinvert.readers.table import Table
from bpinvert.readers.velocities import VALUES
from bpinvert.readers.waves import geopsy, surf96, target
from bpinvert.readers.waves.axis import periods
from bpinvert.readers.waves.modes import modes
from bpinvert.readers.waves.values import deviations, require_units, velocities

_FORMATS = (target, geopsy, surf96)
# Headers stand in the first rows of a sheet.
_HEAD = 30
AXES = ("period", "frequency", "wavelength")
_BOUNDS = tuple(f"{name}{bound}" for name in VALUES for bound in ("_lower", "_upper"))
WANTED = (*AXES, *VALUES, *_BOUNDS, "ellipticity", "mode", "wave")
# Velocities in m/s all beyond these are those of no ground.
_SLOWEST, _FASTEST = 10.0, 10_000.0


def recognised(path: Path) -> bool:
    """Whether a file holds dispersion curves: one of a format of theirs, or headers of a velocity and its frequency.

    A file that cannot be read holds none.
    """
    try:
        content = read_bytes(path)
        if any(form.recognised(content) for form in _FORMATS):
            return True
        rows = [cells for grid in read_grids(path) for _, cells, _ in grid.rows[:_HEAD]]
    except (OSError, ValueError):
        return False
    headers = [read_header(cell) for cells in rows for cell in cells if isinstance(cell, str)]
    names = {column.name for column in headers if column is not None}
    return not names.isdisjoint(VALUES) and not names.isdisjoint(AXES)


def tables(path: Path, columns: dict[str, str]) -> list[Table] | None:
    """The curves in a file of a format of its own, as a table; None for a sheet.

    | format | told by | what it gives |
    |---|---|---|
    | Dinver .target, 2 and 3 | a packed contents.xml | frequency, slowness, its standard deviation or factor |
    | Geopsy's curves | # 1 Rayleigh dispersion mode(s) | frequency, slowness of each model |
    | SURF96 | SURF96 R C X 0 … | period, velocity in km/s, error |

    Parameters
    ----------
    path : Path
    columns : dict of str to str
        Here only {"Love": "not used"}, or another kind of wave or velocity.

    Raises
    ------
    OSError, ValueError
    """
    content = read_bytes(path)
    form = next((form for form in _FORMATS if form.recognised(content)), None)
    return None if form is None else [form.read(path.name, content).table(columns)]


def read(table: Table) -> xr.Dataset:
    """The soundings in `table`, their readings in the order of the file, with velocities in m/s by period in s.

    A slowness p becomes the velocity c = 1/p with the standard deviation c² of p's, a frequency f the period 1/f, a
    wavelength λ the period λ/c. Half the difference of an upper and a lower bound is taken for a standard deviation.

    Raises
    ------
    ValueError
        If a column has no unit, columns are missing, or the sheet holds both Rayleigh and Love waves.
    """
    sheet = Sheet(table, WANTED)
    sheet.require("a dispersion curve", AXES, VALUES)
    require_units(sheet, (*AXES, *VALUES, *_BOUNDS))
    data, sources = velocities(sheet)
    stds = {name: deviations(sheet, name, sources[name], data[name], alone=len(data) == 1) for name in data}
    period = periods(sheet, data)
    mode = modes(sheet)
    split_restarts(sheet, {"period": period, "mode": mode})
    mask_rows(sheet)
    _doubt_units(sheet, data)
    if "ellipticity" in sheet:
        data["ellipticity"] = sheet.values("ellipticity")
        stds["ellipticity"] = sheet.std("ellipticity", data["ellipticity"], alone=False)
    array = _wave(sheet)
    return observed(
        sheet,
        "surface_waves",
        {"period": period},
        data,
        positive=tuple(data),
        stds=stds,
        details={"mode": mode},
        array=array,
    )


def _doubt_units(sheet, data):
    """Doubt soundings whose velocities are all too low or too high, as by km/s under a header of m/s."""
    for name in dict.fromkeys(sheet.soundings.tolist()):
        for quantity, values in data.items():
            known = values[(sheet.soundings == name) & np.isfinite(values) & (values > 0)]
            word = quantity.replace("_", " ")
            if known.size and known.max() < _SLOWEST:
                mistake = f"All its {word} is below {_SLOWEST:g} m/s, as where km/s stand under a unit of m/s."
            elif known.size and known.min() > _FASTEST:
                mistake = f"All its {word} is above {_FASTEST:g} m/s, as where m/s stand under a unit of km/s."
            else:
                continue
            sheet.doubt(name, mistake)
            sheet.report.append(f"{name}: {mistake} Nothing was changed.")


def _wave(sheet):
    """The kind of wave, which is the name of the survey too: "Rayleigh" or "Love"."""
    table, found = sheet.table, {}
    if "wave" in sheet:
        for row, text in enumerate(sheet.texts("wave")):
            if is_empty(text):
                continue
            kind = {"r": "Rayleigh", "rayleigh": "Rayleigh", "l": "Love", "love": "Love"}.get(text.strip().lower())
            if kind is None:
                raise ValueError(
                    f"{sheet.where(row, 'wave')} holds {text!r}; the kind of wave must be R, Rayleigh, L or Love. "
                    "Correct the cell, or leave the column out with "
                    f"columns={{{sheet.columns('wave')[0].header!r}: 'not used'}}."
                )
            found.setdefault(kind, f"row {table.lines[row]}")
    else:
        columns = [column for name in VALUES if name in sheet for column in sheet.columns(name)]
        said = [(f"{table.meanings.get(c.index, '')} {c.header}", f"column {c.header!r}") for c in columns]
        said += [(text, where) for where, text in table.said]
        for text, where in said:
            for kind in re.findall(r"(?<![^\W_])(rayleigh|love)(?![^\W_])", text.lower()):
                found.setdefault(kind.capitalize(), where)
    if len(found) > 1:
        places = " and ".join(f"{kind} waves ({where})" for kind, where in found.items())
        raise ValueError(
            f"{table.place} holds {places}; soundings of one file must be of one kind. Save those of each in a file of "
            "its own."
        )
    if not found:
        sheet.report.append("No kind of wave is given; the curves were taken for those of Rayleigh waves.")
        return "Rayleigh"
    kind, where = next(iter(found.items()))
    sheet.report.append(f"The curves are of {kind} waves, as {where} says.")
    return kind
