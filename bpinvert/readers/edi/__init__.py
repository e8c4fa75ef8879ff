"""Magnetotelluric impedances: EDI files, and by the extra ``[mt]`` J files, EMTF XML, ZMM and Zonge's AVG."""

from __future__ import annotations

import os
from pathlib import Path

import xarray as xr

from bpinvert.readers.edi import blocks, library
from bpinvert.readers.edi.components import COMPONENTS
from bpinvert.readers.edi.datasets import soundings
from bpinvert.readers.edi.stations import station_of
from bpinvert.readers.em.source import open_source
from bpinvert.readers.merge import merge


def recognised(path) -> bool:
    """Whether the file at `path`, or the first of a list, is one of these; a file that cannot be read is none."""
    first = path[0] if isinstance(path, (list, tuple)) and path else path
    if not isinstance(first, (str, os.PathLike)):
        return False
    try:
        source = open_source(Path(first))
    except (OSError, ValueError):
        return False
    return blocks.recognised(source) or library.format_of(source) is not None


def read(paths: list[Path], component: str | None = None) -> xr.Dataset:
    """The soundings in `paths`, a station each or several.

    Parameters
    ----------
    paths : list of Path
    component : {"determinant", "xy", "yx", "mean"}, optional
        Which curve of the tensor; default: the determinant, of files without a tensor the mean of xy and yx.

    Raises
    ------
    OSError, ImportError, ValueError
    """
    if component is not None and component not in COMPONENTS:
        raise ValueError(
            f"component is {component!r}; allowed are {', '.join(map(repr, COMPONENTS))}. Use one of them."
        )
    parts, files = {}, [path.name for path in paths]
    for path in paths:
        source = open_source(path)
        if blocks.recognised(source):
            stations = _of_edi(source)
        elif library.format_of(source):
            stations = library.read(source)
        else:
            raise ValueError(
                f"{source.file} is neither an EDI nor a J, EMTF XML, ZMM or AVG file; read tables one by one."
            )
        title = source.file if files.count(source.file) == 1 else str(path)
        parts[title] = soundings(title, stations, component)
    return merge(f"{len(paths)} files", parts)


def _of_edi(source):
    found = blocks.sections(source)
    if len(found) > 1:  # of one station that is there twice, as spectra and as impedance, the latter
        whole = {_name(section) for section in found if not section.spectra}
        found = [section for section in found if not section.spectra or _name(section) not in whole]
    names = [section.head.get("DATAID") or _name(section) or source.path.stem for section in found]
    if len(set(names)) < len(names):
        own = [_name(section) or str(k) for k, section in enumerate(found, start=1)]
        own = own if len(set(own)) == len(own) else [f"{k}" for k in range(1, len(found) + 1)]
        names = [f"{name} {which}" for name, which in zip(names, own, strict=True)]
    return [station_of(section, name) for section, name in zip(found, names, strict=True)]


def _name(section):
    return section.options.get("SECTID", "")
