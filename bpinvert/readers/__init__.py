"""Field sheets in, soundings out: one module per format, one table of methods."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bpinvert.readers import edi, em, ip, mt, unified, ves, waves
from bpinvert.readers.files import read_grids
from bpinvert.readers.headers import NOT_USED, read_header, sounding_label, tidy
from bpinvert.readers.layout import EXAMPLE, NO_CELLS, build
from bpinvert.readers.merge import merge
from bpinvert.readers.tables import split_tables

if TYPE_CHECKING:
    import xarray as xr

METHODS = {
    "ves": ves.read,
    "mt": mt.read,
    "tdem": em.read,
    "fdem": em.read,
    "surface_waves": waves.read,
    "ip": ip.read,
}
_IN_SHEETS = ("ves", "mt", "surface_waves", "ip")
# Of methods in sheets: what reads files of a format of their own as tables, and leaves sheets.
_FORMATS = {"surface_waves": waves.tables}
# Headers of a method's sheets, for files that have none.
_EXAMPLES = {"surface_waves": ("frequency (Hz)", "phase velocity (m/s)")}


def read_soundings(
    path: str | os.PathLike | list,
    method: str = "ves",
    columns: dict[str, str] | None = None,
    system=None,
    component: str | None = None,
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

    Dispersion curves ("surface_waves") are sheets of period, frequency or wavelength and velocity or slowness, whose
    units must be stated, or files of Dinver, Geopsy and SURF96 (``bpinvert.readers.waves.tables`` lists them).

    Magnetotelluric tensors ("mt") are told in the same way: EDI files with impedances, with apparent resistivities and
    phases, or with spectra alone; with the extra ``[mt]`` also J files, EMTF XML, ZMM and Zonge's AVG.

    Soundings with induced polarisation ("ip") are sheets like those of resistivity with a column of apparent
    chargeability, or profiles in the unified data format of BERT and pyGIMLi, of which the quadrupoles of one array
    around one midpoint become a sounding.

    Parameters
    ----------
    path : str or path
        Of electromagnetic files also a list of paths: stations of one system, and the moments of each; of EDI files
        and the like a list of stations.
    method : "ves", "mt", "tdem", "fdem", "surface_waves" or "ip"
    columns : dict of str to str, optional
        What headers of the sheet mean, as other headers: ``{"p": "MN/2 (cm)", "m1": "R1 (ohm)"}``, or "not used" to
        leave a column out. Columns without headers, or of equal ones, are called "1", "2", … from the left.
        Columns of electromagnetic tables can only be left out, and of files of Dinver, Geopsy and SURF96 the curves
        of a kind, as ``{"Love": "not used"}``.
    system : path, list of paths, or dict, optional
        Of electromagnetic files: what describes the system where they do not. Files (GA-AEM .stm in the order of the
        moments, .wf and .tc, which are found beside a table unless said), or a dict of ``files`` and: ``side`` or
        ``radius`` of the transmitter loop in m; ``offset`` of the receiver (horizontal, vertical), or of the coils of
        a helicopter's bird, in m; ``ramp`` in s, one or one for each moment; ``time_zero``, when the current has
        reached zero, in s on the file's clock; ``unit`` of the data, "V/(A m2)" or "V/(A m4)"; ``frequency`` in Hz;
        ``height`` in m; ``scale`` of apparent conductivities, "lin" for low induction numbers, "F-0m" or "F-1m" for
        the calibrations of instruments by GF (CMD).
    component : {"determinant", "xy", "yx", "mean"}, optional
        Of magnetotelluric tensors: which curve a layered earth is to explain, the determinant's (default), that of one
        of the off-diagonal elements, or their geometric mean (default of files that have no tensor). It does not
        depend on the axes for a determinant alone.

    Returns
    -------
    xarray.Dataset with dimensions ``sounding`` and ``reading``
        ``<quantity>``, ``<quantity>_std`` (NaN where not given) and the readings' coordinates, in SI units;
        ``used``, ``name`` and, where the file has them, ``x``, ``y``, ``latitude``, ``longitude``, ``elevation``,
        ``height``, ``line``; ``doubt`` where it contradicts itself.
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
    is_tensor = method == "mt" and edi.recognised(path)
    if component is not None and not is_tensor:
        raise ValueError(
            f"component is {component!r}, but that is chosen of magnetotelluric tensors alone (EDI, J, EMTF XML, ZMM, "
            "AVG, with method='mt'). Leave it out."
        )
    if method not in _IN_SHEETS:
        return METHODS[method](_several(path), method, _checked(columns), system)
    if not isinstance(path, (str, os.PathLike)) and not is_tensor:
        raise TypeError(f"path is a {type(path).__name__}; it must be the path of one file.")
    if system is not None:
        raise ValueError(f"system is given, but method is {method!r}; only 'tdem' and 'fdem' have one. Leave it out.")
    columns = _checked(columns)
    if is_tensor:
        if columns:
            raise ValueError("columns is given, but the file is no table with headers. Leave it out.")
        return edi.read(_several(path), component)
    tables = _FORMATS[method](Path(path), columns) if method in _FORMATS else None
    if tables is not None:
        return merge(Path(path).name, {table.part: METHODS[method](table) for table in tables})
    if method == "ip" and unified.recognised(path):
        return ip.read_profile(Path(path), columns)
    sheets = read_grids(Path(path), frozenset(columns))
    grids = [grid for sheet in sheets for grid in split_tables(sheet, frozenset(columns))]
    tables, parts, failures = [], {}, []
    for grid in grids:
        with _collected(failures):
            tables.append(build(grid, columns, several=len(sheets) > 1, example=_EXAMPLES.get(method, EXAMPLE)))
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
                "as 'AB/2 (m)', 'MN/2 (cm)', 'rhoa (ohm m)', 'R1 (ohm)', 'V (mV)', 'I (mA)', 'K', 'sounding', "
                f"'frequency (Hz)' or 'phase velocity (m/s)', or as {NOT_USED!r} to leave the column out."
            )
    return checked
