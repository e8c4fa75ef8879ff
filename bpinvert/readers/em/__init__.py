"""Electromagnetic field files: one module per format, recognised by what stands in them."""

from __future__ import annotations

import json
from pathlib import Path

import xarray as xr

from bpinvert.readers.em import (
    aarhusinv,
    airborne,
    coils,
    eca,
    gaaem,
    gates,
    gdf2,
    helicopter,
    protem,
    temfast,
    usf,
    workbench,
)
from bpinvert.readers.em.columns import read_columns
from bpinvert.readers.em.datasets import of_frequencies, of_transients
from bpinvert.readers.em.settings import Settings
from bpinvert.readers.em.source import open_source
from bpinvert.readers.em.stations import stations
from bpinvert.readers.em.system import settings_of, survey_of
from bpinvert.readers.merge import merge

# Formats that are no table under one row of headers.
_FILES = {"tdem": (aarhusinv, temfast, usf), "fdem": ()}
# Formats that are tables once a package of the extra [aem] has read them.
_LIBRARIES = (workbench, gdf2)
_TABLES = {"tdem": (protem, airborne, gates), "fdem": (eca, helicopter, coils)}


def read(paths: list[Path], method: str, columns: dict[str, str], system) -> xr.Dataset:
    """The soundings in `paths`; files of one station at one place hold its moments.

    | format | told by | time zero in the file | errors |
    |---|---|---|---|
    | AarhusInv .tem | a title, then rows of 2, 6 and 2 numbers | start of the ramp | relative |
    | TEM-FAST .tem | TEM-FAST or T-LOOP, R-LOOP | switch-off | column Err |
    | USF | /ARRAY: and other keys | end of the ramp (assumed) | column ST_DEV |
    | PROTEM csv | Gate, Time (s), V (mV/Am2) | end of the ramp (assumed) | column N (mV/Am2) |
    | airborne csv | Z_Ch7_t4.7e-05, … | zero current of the .wf or .stm | none |
    | Aarhus Workbench .xyz (extra `[aem]`) | rows of /, dbdt_ch1gt1, … | that of the .gex or .stm | relative |
    | ASEG-GDF2 .dfn with .dat (extra `[aem]`) | DEFN | that of the .stm | relative |
    | emagpy csv | HCP1.48f10000h1, … | | none |
    | helicopter csv | CPI400_F, … or I_380, … | | none |
    | table of gates | time (s), dbdt (V/(A m^2)) | zero current | dbdt_std |
    | table of coils | frequency (Hz), offset (m), orientation, quadrature (ppm) | | quadrature_std |

    The last two are what ``bpinvert simulate`` writes: one reading in each row, with moment, gate_open (s) and
    gate_close (s), in_phase (ppm), height (m) and name where there are such; the loops of the former stand in a row
    ``# survey: {"survey": "CentralLoop", "side": 40.0, …}`` or are said with ``system=``.

    Parameters
    ----------
    paths : list of Path
    method : "tdem" or "fdem"
    columns : dict of str to str
        Columns that are not used.
    system : None, path, list of paths, or dict
        As in :func:`bpinvert.read_soundings`.

    Raises
    ------
    OSError, ValueError, TypeError
    """
    settings = Settings(system)
    found, forms = [], []
    for path in paths:
        form, parts = _read_one(path, method, columns, settings)
        found += parts
        forms.append(form)
    settings.refuse_unused(" and ".join(dict.fromkeys(forms)))
    if method == "tdem":
        for part in found:
            part.settle()
        found = stations(found)
    system_of = [settings_of(part) for part in found]
    for part, other in zip(found, system_of, strict=True):
        if other != system_of[0]:
            differing = next(key for key in system_of[0] if other.get(key) != system_of[0][key])
            raise ValueError(
                f"{found[0].file} and {part.file} have different systems ({differing}); read them one by one."
            )
    convert = of_transients if method == "tdem" else of_frequencies
    parts = {}
    for i, part in enumerate(found, start=1):
        title = part.file if len(found) == 1 else f"sounding {i}, from {part.file}"
        parts[title] = convert(part, title)
    observed = merge(found[0].file if len(paths) == 1 else f"{len(paths)} files", parts)
    survey = survey_of(observed, system_of[0])
    return observed.assign_attrs(survey=json.dumps(survey.to_dict()))


def method_of(path: Path) -> str | None:
    """The method whose files look like this one, "tdem" or "fdem"; None where none does, or it cannot be read."""
    try:
        source = open_source(path)
        # The reader says of a system without soundings where to give it.
        return "tdem" if gaaem.recognised(source) else _recognised(source, {})[0]
    except (OSError, ValueError, ImportError):
        return None


def _read_one(path, method, columns, settings):
    """The name of the format, and what was found."""
    source = open_source(path)
    if gaaem.recognised(source):
        raise ValueError(f"{source.file} describes a system and holds no soundings; give it with system=.")
    kind, form, content = _recognised(source, columns, method)
    if form is None:
        known = ", ".join(form.NAME for form in (*_FILES[method], *_TABLES[method]))
        raise ValueError(
            f"{source.file} has the columns {', '.join(map(repr, content.headers[:8]))}; no {method.upper()} format "
            f"has such headers. Known are {known}; rename the headers as one of those has them."
        )
    if kind != method:
        raise ValueError(f"{source.file} is {form.NAME}, which is read with method={kind!r}, not {method!r}.")
    parts = form.read(content, settings)
    return form.NAME, parts if isinstance(parts, list) else [parts]


def _recognised(source, columns, first="tdem"):
    """(method, format, what the format reads) of a file; no method and no format for a table that is of none."""
    methods = sorted(_FILES, key=lambda name: name != first)
    for method in methods:
        for form in _FILES[method]:
            if form.recognised(source):
                return method, form, source
    table = next((form.read(source, columns) for form in _LIBRARIES if form.recognised(source)), None)
    table = table or read_columns(source, columns)
    for method in methods:
        for form in _TABLES[method]:
            if form.recognised(table.headers):
                return method, form, table
    return None, None, table
