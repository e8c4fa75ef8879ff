"""The kinds of file that bpinvert writes, told apart, and results as one file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.io import netcdf_file

from bpinvert.storage import replacing

_MAGIC = (b"CDF\x01", b"CDF\x02")
_ARTICLE = {"inverter": "an inverter", "samples": "samples"}


def is_netcdf(path) -> bool:
    """Whether the file begins like netCDF-3.

    Raises
    ------
    ValueError
        If there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise ValueError(f"{path} {what}; check the name of the file.")
    with path.open("rb") as file:
        return file.read(4) in _MAGIC


def kind_of(path) -> str:
    """What the file holds: "inverter", "samples" or "result".

    Raises
    ------
    ValueError
        If it is damaged or none of these.
    """
    if not is_netcdf(path):
        raise ValueError(f"{path} is not a netCDF-3 file; give a file that bpinvert wrote.")
    try:
        file = netcdf_file(path, "r", mmap=False)
    except Exception as error:  # whatever the reader meets in damaged bytes
        raise ValueError(f"{path} is damaged ({error}); make it again.") from None
    if hasattr(file, "bpinvert_kind"):
        return file.bpinvert_kind.decode()
    if getattr(file, "format", b"").startswith(b"bpinvert samples"):
        return "samples"
    if {"chi2", "p_value", "flag"} <= set(file.variables):
        return "result"
    raise ValueError(f"{path} is netCDF, but not written by bpinvert; give an inverter, samples or results file.")


def open_result(path) -> xr.Dataset:
    """A result that `invert` wrote.

    Raises
    ------
    ValueError
        If the file holds something else.
    """
    kind = kind_of(path)
    if kind != "result":
        raise ValueError(
            f"{path} holds {_ARTICLE[kind]}, not results; give the results.nc that `bpinvert invert -o` writes."
        )
    result = xr.load_dataset(path, engine="scipy")
    for name in ("thickness", "depth"):
        if name not in result:
            result[name] = (("sounding", "interface"), np.empty((result.sizes["sounding"], 0)), {"units": "m"})
    return result


def write_result(result, path) -> None:
    """The result as netCDF-3, complete or not at all."""
    # netCDF-3 holds no dimension of length zero: the interfaces, where the prior has a half-space only.
    empty = [name for name in result.data_vars if not result[name].size]
    with replacing(path) as temporary:
        result.drop_vars(empty).to_netcdf(temporary, engine="scipy")


def joined(results: list) -> xr.Dataset:
    """All results as one, readings and layers filled up to the most."""
    if len(results) == 1:
        return results[0]
    widths = ("reading", "layer", "interface")
    numbered = [
        result.assign_coords({name: np.arange(n) for name, n in result.sizes.items() if name in widths})
        for result in results
    ]
    shifts = [result["segment_shift"] for result in results if "segment_shift" in result]
    if shifts:
        numbered = [_with_shift(result, shifts[0].attrs) for result in numbered]
    names = {name for result in numbered for name in result.data_vars}
    dtypes = {name: next(r[name].dtype for r in numbered if name in r) for name in names}
    empty = {"b": False, "i": 0, "U": ""}
    fill = {name: empty.get(dtype.kind, np.nan) for name, dtype in dtypes.items()}
    together = xr.concat(
        numbered, "sounding", data_vars="all", coords="minimal", compat="override", join="outer", fill_value=fill,
        combine_attrs="drop_conflicts",
    )  # fmt: skip
    together.attrs["read_report"] = "\n\n".join(result.attrs.get("read_report", "") for result in results)
    return together.assign_coords(sounding=np.arange(together.sizes["sounding"])).drop_vars(widths, errors="ignore")


def _with_shift(result, attrs):
    """The result with a displacement of 1 where it has none, for NaN is padding."""
    if "segment_shift" in result:
        return result
    measured = np.isfinite(result[json.loads(result.attrs["quantities"])[0]].values)
    return result.assign(segment_shift=(("sounding", "reading"), np.where(measured, 1.0, np.nan), attrs))
