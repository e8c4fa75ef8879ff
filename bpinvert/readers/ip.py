"""Induced polarisation: sheets like those of resistivity soundings, and profiles in the unified data format."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import xarray as xr

from bpinvert.readers import ves
from bpinvert.readers.pseudo import soundings
from bpinvert.readers.table import Table
from bpinvert.readers.unified import read as read_unified
from forward_models import METHODS

_SPACINGS = {"Schlumberger": ("ab2", "mn2"), "Wenner": ("a",), "PolePole": ("a",),
             "DipoleDipole": ("a", "n"), "PoleDipole": ("a", "n")}  # fmt: skip


def read(table: Table) -> xr.Dataset:
    """The soundings in a sheet of AB/2 or a, apparent resistivity and apparent chargeability.

    Raises
    ------
    ValueError
        If there is no chargeability, or its unit is not stated.
    """
    return as_ip(ves.read(table, "ip"))


def read_profile(path: Path, columns: dict[str, str]) -> xr.Dataset:
    """The quadrupoles of a profile, those of one midpoint as a sounding.

    Raises
    ------
    OSError, ValueError
    """
    return as_ip(soundings(read_unified(path), columns))


def as_ip(observed: xr.Dataset) -> xr.Dataset:
    """`observed` of a direct-current array as soundings of InducedPolarization over it.

    The attribute ``array`` stays the direct-current one, whose spacings the readings have; ``survey`` describes both,
    on all readings that some sounding uses.
    """
    array, used = observed.attrs["array"], observed["used"].values
    names = [name for name in _SPACINGS[array] if name in observed]
    if used.any():
        # An MN that is not given is the ideal array's.
        places = np.stack([np.nan_to_num(observed[name].values[used]) for name in names], axis=1)
        dc = METHODS[array](**dict(zip(names, np.unique(places, axis=0).T, strict=True)))
        survey = {"survey": "InducedPolarization", "dc": dc.to_dict()}
        observed = observed.assign_attrs(survey=json.dumps(survey))
    return observed.assign_attrs(method="ip")
