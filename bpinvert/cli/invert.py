"""`bpinvert invert`: soundings to layered models."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bpinvert.cli import complain
from bpinvert.cli.files import write_result
from bpinvert.cli.output import (
    describe_sounding,
    draw_sounding,
    make_folder,
    sounding_name,
    write_models,
)
from bpinvert.cli.soundings import chosen_inverter, describe_reading, solve

_SHEET = {"units": "", "long_name": "field sheet that the sounding was read from"}


def run(options) -> int:
    folder = make_folder(options.output) if options.output else None
    inverter = chosen_inverter(options)
    results, bad = [], 0
    try:
        for sheet in options.sheet:
            try:
                observed, result = solve(sheet, inverter, options)
            except (ValueError, TypeError, OSError) as error:
                complain(error)
                bad += 1
                continue
            results.append(result.assign(sheet=("sounding", [Path(sheet).name] * result.sizes["sounding"], _SHEET)))
            print(describe_reading(sheet, observed))
            for k in range(result.sizes["sounding"]):
                print("\n" + describe_sounding(result, k))
            print(flush=True)
    except KeyboardInterrupt:
        if not (folder and results):
            raise
        _write(results, folder)
        raise KeyboardInterrupt(f"{len(results)} of {len(options.sheet)} sheets are done and in {folder}.") from None
    if folder and results:
        _write(results, folder)
        n = sum(result.sizes["sounding"] for result in results)
        print(f"written: results.nc, models.csv and {n} {'picture' if n == 1 else 'pictures'} in {folder}")
    return 2 if bad else 0


def _write(results, folder):
    write_result(_joined(results), folder / "results.nc")
    write_models(results, folder / "models.csv")
    places = [(result, k) for result in results for k in range(result.sizes["sounding"])]
    taken = set()
    try:
        for result, k in tqdm(places, "drawing", leave=False, disable=not sys.stderr.isatty()):
            draw_sounding(result, k, folder / _free_name(sounding_name(result, k), taken))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"results.nc and models.csv are in {folder}, but not all pictures.") from None


def _joined(results):
    """Results of one inverter as one, the readings filled up to the longest."""
    import xarray as xr

    if len(results) == 1:
        return results[0]
    numbered = [result.assign_coords(reading=np.arange(result.sizes["reading"])) for result in results]
    names = {name for result in results for name in result.data_vars}
    dtypes = {name: next(r[name].dtype for r in results if name in r) for name in names}
    empty = {"b": False, "i": 0, "U": ""}
    fill = {name: empty.get(dtype.kind, np.nan) for name, dtype in dtypes.items()}
    together = xr.concat(
        numbered, "sounding", data_vars="all", coords="minimal", compat="override", join="outer", fill_value=fill,
        combine_attrs="drop_conflicts",
    )  # fmt: skip
    return together.assign_coords(sounding=np.arange(together.sizes["sounding"])).drop_vars("reading")


def _free_name(name, taken):
    """A file name for a sounding: without signs that a file system refuses, and not twice."""
    stem = re.sub(r"[^\w.+-]+", "_", name).strip("._") or "sounding"
    free, n = stem, 1
    while free.lower() in taken:
        n += 1
        free = f"{stem}_{n}"
    taken.add(free.lower())
    return f"{free}.png"
