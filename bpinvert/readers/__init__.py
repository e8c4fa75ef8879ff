"""Field sheets in, soundings out: one module per format, one table of methods."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bpinvert.readers import em, mt, ves
from bpinvert.readers.files import read_grids
from bpinvert.readers.headers import NOT_USED, read_header, sounding_label, tidy
from bpinvert.readers.layout import NO_CELLS, build
from bpinvert.readers.merge import merge
from bpinvert.readers.tables import split_tables

if TYPE_CHECKING:
    import xarray as xr

METHODS = {"ves": ves.read, "mt": mt.read, "tdem": em.read, "fdem": em.read}
_IN_SHEETS = ("ves", "mt")


def read_soundings(
    path: str | os.PathLike | list, method: str = "ves", columns: dict[str, str] | None = None, system=None
) -> xr.Dataset:
    """The soundings in a field sheet, every reading kept, each either used or masked for a stated reason.

    One row names the columns; units stand in the headers or in the row below. A sheet holds one sounding, or several
    told apart by a column of names, by a column of apparent resistivity for each, because the spacings start again or
    because the headers do, below or to the right; a workbook, one or more on each sheet. Spacings and data may be
    logarithms (``log10 rhoa``, ``ln rhoa``); a column ``used`` (yes or no, 1 or 0) or its opposite ``rejected`` masks
    readings. Apparent resistivity may be left to K·R or K·V/I, with K from the electrodes where it is not given. Files
    are .xlsx, .csv, .txt, .dat or .ves: comma, semicolon, tab or blanks; decimal point or comma.

    Electromagnetic files ("tdem", "fdem") are told by what stands in them: AarhusInv and TEM-FAST .tem, USF, tables of
    PROTEM, SkyTEM, emagpy and RESOLVE kind, and plain ones of one reading in each row (``bpinvert.readers.em.read``
    lists them). Their system becomes the attribute ``survey``, the JSON text of ``Survey.to_dict()``.

    Parameters
    ----------
    path : str or path
        Of electromagnetic files also a list of paths: stations of one system, and the moments of each.
    method : "ves", "mt", "tdem" or "fdem"
    columns : dict of str to str, optional
        What headers of the sheet mean, as other headers: ``{"p": "MN/2 (cm)", "m1": "R1 (ohm)"}``, or "not used" to
        leave a column out. Columns without headers, or of equal ones, are called "1", "2", … from the left.
        Columns of electromagnetic tables can only be left out.
    system : path, list of paths, or dict, optional
        Of electromagnetic files: what describes the system where they do not. Files (GA-AEM .stm in the order of the
        moments, .wf and .tc, which are found beside a table unless said), or a dict of ``files`` and: ``side`` or
        ``radius`` of the transmitter loop in m; ``offset`` of the receiver (horizontal, vertical), or of the coils of
        a helicopter's bird, in m; ``ramp`` in s, one or one for each moment; ``time_zero``, when the current has
        reached zero, in s on the file's clock; ``unit`` of the data, "V/(A m2)" or "V/(A m4)"; ``frequency`` in Hz;
        ``height`` in m; ``scale`` of apparent conductivities, "lin" for low induction numbers, "F-0m" or "F-1m" for
        the calibrations of instruments by GF (CMD).

    Returns
    -------
    xarray.Dataset with dimensions ``sounding`` and ``reading``
        ``<quantity>``, ``<quantity>_std`` (NaN where not given) and the readings' coordinates, in SI units;
        ``used``, ``name`` and, where the file has them, ``x``, ``y``, ``elevation``, ``height``, ``line``; ``doubt``
        where it contradicts itself.
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
    if method not in _IN_SHEETS:
        return METHODS[method](_several(path), method, _checked(columns), system)
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path is a {type(path).__name__}; it must be the path of one file.")
    if system is not None:
        raise ValueError(f"system is given, but method is {method!r}; only 'tdem' and 'fdem' have one. Leave it out.")
    columns = _checked(columns)
    sheets = read_grids(Path(path), frozenset(columns))
    grids = [grid for sheet in sheets for grid in split_tables(sheet, frozenset(columns))]
    tables, parts, failures = [], {}, []
    for grid in grids:
        with _collected(failures):
            tables.append(build(grid, columns, several=len(sheets) > 1))
    _refuse_unknown(columns, tables)
    for table in tables:
        with _collected(failures):
            parts[table.part] = METHODS[method](table)
    if not parts:
        raise ValueError(_none_read(grids[0].file, failures))
    observed = merge(grids[0].file, parts)
    lines = [observed.attrs["read_report"], *(f"A sheet was not read: {failure}" for failure in failures)]
    return observed.assign_attrs(read_report="\n".join(lines))


def _several(path):
    paths = list(path) if isinstance(path, (list, tuple)) else [path]
    if not paths or not all(isinstance(one, (str, os.PathLike)) for one in paths):
        raise TypeError(f"path is {path!r:.80}; it must be the path of a file, or a list of paths.")
    return [Path(one) for one in paths]


@contextmanager
def _collected(failures):
    """Keep why a sheet cannot be read: the others may be."""
    try:
        yield
    except ValueError as error:
        failures.append(str(error))


def _none_read(file, failures):
    filled = [failure for failure in failures if NO_CELLS not in failure] or failures
    if len(filled) == 1:
        return filled[0]
    more = f" The other {len(filled) - 3} alike." if len(filled) > 3 else ""
    return f"{file} has no sheet that can be read as soundings. " + " ".join(filled[:3]) + more


def _refuse_unknown(columns, tables):
    unknown = [header for header in columns if tables and not any(header in table.stated.values() for table in tables)]
    if unknown:
        headers = ", ".join(repr(header) for table in tables for header in table.headers if header)
        raise ValueError(
            f"columns names {', '.join(map(repr, unknown))}, but {tables[0].file} has the columns {headers}; "
            "write a header as it stands in the sheet, or the number of its column."
        )


def _checked(columns):
    """`columns` with headers as they are compared."""
    if columns is None:
        return {}
    if not isinstance(columns, dict) or not all(isinstance(text, str) for pair in columns.items() for text in pair):
        raise TypeError(
            "columns must be a dict from a header of the sheet to what it means, both text, as {'p': 'MN/2 (m)'}."
        )
    checked = {}
    for header, meaning in columns.items():
        left_out = tidy(meaning).lower() == NOT_USED
        checked[tidy(header)] = NOT_USED if left_out else meaning
        if not left_out and read_header(meaning) is None and sounding_label(meaning) is None:
            raise ValueError(
                f"columns says that {header!r} means {meaning!r}, which is not understood; write it as a header such "
                "as 'AB/2 (m)', 'MN/2 (cm)', 'rhoa (ohm m)', 'R1 (ohm)', 'V (mV)', 'I (mA)', 'K' or 'sounding', or as "
                f"{NOT_USED!r} to leave the column out."
            )
    return checked
