"""Soundings of several sheets in one Dataset."""

from __future__ import annotations

import numpy as np
import xarray as xr


def merge(file: str, parts: dict[str, xr.Dataset]) -> xr.Dataset:
    """The soundings of all `parts`, by sheet and table, padded to the longest.

    Raises
    ------
    ValueError
        If they are not all of one array.
    """
    if len(parts) == 1:
        return next(iter(parts.values()))
    arrays = {title: part.attrs["array"] for title, part in parts.items()}
    if len(set(arrays.values())) > 1:
        kinds = ", ".join(f"{title!r} {array}" for title, array in arrays.items())
        raise ValueError(
            f"{file} holds soundings of different arrays ({kinds}); save those of each in a file of its own."
        )
    datasets = list(parts.values())
    width = max(part.sizes["reading"] for part in datasets)
    variables = {}
    for name in dict.fromkeys(name for part in datasets for name in part.variables):
        model = next(part[name] for part in datasets if name in part)
        pieces = [_piece(part, name, model, width) for part in datasets]
        variables[name] = (model.dims, np.concatenate(pieces), model.attrs)
    variables["name"] = ("sounding", _names(parts), datasets[0]["name"].attrs)
    reports = [_report(file, part) for part in datasets]
    return xr.Dataset(variables, attrs={**datasets[0].attrs, "read_report": "\n".join([file, *reports])})


def _report(file, part):
    place, _, lines = part.attrs["read_report"].partition("\n")
    heading = place.removeprefix(f"{file}, ")
    return f"{heading[0].upper()}{heading[1:]}:\n{lines}"


def _piece(part, name, model, width):
    """A variable of one part as wide as the widest, empty where the part lacks it."""
    empty = {"f": np.nan, "b": False}.get(model.dtype.kind, "")
    shape = (part.sizes["sounding"], *([width] if "reading" in model.dims else []))
    piece = np.full(shape, empty, dtype=object if empty == "" else model.dtype)
    if name in part:
        values = part[name].values
        piece[tuple(slice(n) for n in values.shape)] = values
    return piece.astype(str) if empty == "" else piece


def _names(parts):
    """The soundings' names, with the sheet's title where they alone do not tell them apart."""
    names = [(title, str(name)) for title, part in parts.items() for name in part["name"].values]
    plain = [name for _, name in names]
    return np.array([name if plain.count(name) == 1 else f"{title}: {name}" for title, name in names])
