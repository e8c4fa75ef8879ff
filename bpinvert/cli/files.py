"""The kinds of file that bpinvert writes, told apart."""

from __future__ import annotations

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
