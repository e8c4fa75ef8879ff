"""Field sheets in, soundings out: one module per format, one table of methods."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bpinvert.readers import mt, ves
from bpinvert.readers.table import read_table

if TYPE_CHECKING:
    import xarray as xr

METHODS = {"ves": ves.read, "mt": mt.read}


def read_soundings(path: str | os.PathLike, method: str = "ves") -> xr.Dataset:
    """The soundings in a field sheet, every reading kept, each either used or masked for a stated reason.

    The first row names the columns; units stand in the headers. A column of names makes several soundings of
    one sheet. Sheets are .xlsx, .csv, .txt or .dat: comma, semicolon, tab or blanks; decimal point or comma.

    Parameters
    ----------
    path : str or path
    method : "ves" or "mt"

    Returns
    -------
    xarray.Dataset with dimensions ``sounding`` and ``reading``
        ``<quantity>``, ``<quantity>_std`` (NaN where not given) and the readings' coordinates, in SI units;
        ``used``, ``name`` and, where the sheet has them, ``x``, ``y``, ``elevation``, ``height``, ``line``.
        The attribute ``read_report`` says in words what was used, what was not, and why.

    Raises
    ------
    OSError
        If the file is missing, a folder, or may not be read.
    ValueError
        If it cannot be read as soundings: naming file, sheet, row and column.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sheet = pathlib.Path(folder, "site 7.csv")
    ...     _ = sheet.write_text("AB/2 (m),rhoa (ohm m)\\n1.5,120\\n5,95\\n15,-9\\n50,61\\n")
    ...     observed = read_soundings(sheet)
    >>> observed["used"].values
    array([[ True,  True, False,  True]])
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; known are {', '.join(METHODS)}. Use one of those.")
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path is a {type(path).__name__}; it must be the path of one file.")
    return METHODS[method](read_table(Path(path)))
