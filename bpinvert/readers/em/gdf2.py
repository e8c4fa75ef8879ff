"""ASEG-GDF2 files (.dfn with .dat), read by aseg-gdf2."""

from __future__ import annotations

import re
from pathlib import Path

from bpinvert.readers.em.columns import Columns, leave_out
from bpinvert.readers.em.extra import package, quiet
from bpinvert.readers.em.source import Source

NAME = "an ASEG-GDF2 file"


def recognised(source: Source) -> bool:
    """Whether the file is a definition, or a definition of the same name stands beside it."""
    return bool(re.match(r"\s*DEFN\b", source.lines[0])) or _definition(source.path) is not None


def read(source: Source, columns: dict[str, str]) -> Columns:
    """The table of `source`, without the columns that are not used.

    Raises
    ------
    ImportError
        If aseg-gdf2 is not installed.
    ValueError
        If it cannot read the file, or there is no .dat beside the definition.
    """
    library = package("aseg_gdf2", source.file)
    definition = _definition(source.path) or source.path
    if not any(definition.with_suffix(suffix).is_file() for suffix in (".dat", ".DAT")):
        raise ValueError(f"{definition.name} describes {definition.stem}.dat, which is not beside it; put it there.")
    try:
        with quiet():
            table = library.read(str(definition))
            frame = table.df()
            fields = {column["name"]: column["null"] for column in table.get_column_definitions()}
    except Exception as error:
        raise ValueError(f"{source.file} cannot be read by aseg-gdf2: {error}.") from None
    headers = [str(name) for name in frame.columns]
    left = leave_out(source.file, headers, columns)
    nulls = tuple(float(null) for null in fields.values() if null)
    rows = [
        [str(cell) if isinstance(cell, str) else float(cell) for cell in row] for row in frame.to_numpy(dtype=object)
    ]
    return Columns(source.path, headers, rows, list(range(1, len(rows) + 1)), ".", left, nulls or Columns.dummies)


def _definition(path: Path):
    """The definition beside a file of data."""
    found = [path.with_suffix(suffix) for suffix in (".dfn", ".DFN")]
    return next((one for one in found if path.suffix.lower() == ".dat" and one.is_file()), None)
