"""Training samples: models drawn from a prior with their noise-free data, in chunks that can be resumed."""

from __future__ import annotations

import json
import os
import platform
import time
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import xarray as xr
from tqdm import tqdm

from bpinvert import failures, foreign
from bpinvert.geometry import coordinate_unit
from bpinvert.priors import Models, padded
from bpinvert.priors.base import count
from bpinvert.results import UNITS

FORMAT = "bpinvert samples 1"
SAVE_EVERY = 60.0  # seconds between saves of an unfinished file
# A netCDF-3 file states the size of a variable in a signed 32-bit number.
_MOST_BYTES = 2**31 - 4


def generate_samples(survey, prior, n, *, seed, path=None, chunk_size=16384, client=None, progress=True) -> xr.Dataset:
    """`n` models drawn from `prior` with the noise-free data that `survey` would record.

    Chunk i is drawn from ``SeedSequence(seed, spawn_key=(i,))``, so the numbers depend on neither workers,
    nor order, nor a restart, and the whole chunks of a small run are the first of a bigger one with the same
    seed.

    Parameters
    ----------
    survey : forward_models.Survey
    prior : LayeredPrior, DepthGridPrior or Prior
    n : int
    seed : int
    path : str or path, optional
        A netCDF-3 file to write. It is saved every minute and when the run is interrupted; the same call then
        goes on where it stopped. A finished file is read, or extended if `n` is larger.
    chunk_size : int
        Models per call of the survey.
    client : optional
        Anything with ``submit(function, *args)`` that returns futures with ``result()``: a dask.distributed
        Client or a concurrent.futures executor.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    Dataset with dims sample, layer, interface and channel: ``thickness`` and each property, NaN beyond
    ``n_layers``; context; ``data`` in physical units; the channels' coordinates. Rows that the survey could
    not compute are NaN and counted in the attribute ``n_failed``; ``failed`` says where in the prior they are.

    Raises
    ------
    ValueError, TypeError
        If survey and prior do not match, no model can be computed, or `path` holds something else.
    KeyboardInterrupt
        With `path`, after saving. Without, Ctrl-C returns what is finished, with a warning.

    Examples
    --------
    >>> from bpinvert import LayeredPrior
    >>> from forward_models import Schlumberger
    >>> survey = Schlumberger(ab2=[1, 10, 100])
    >>> prior = LayeredPrior(n_layers=2, thickness=(1, 10), resistivity=(10, 1000))
    >>> dict(generate_samples(survey, prior, 5, seed=0, progress=False).sizes)
    {'sample': 5, 'interface': 1, 'layer': 2, 'channel': 3}
    """
    n, seed, chunk_size = count("n", n), count("seed", seed, 0), count("chunk_size", chunk_size)
    _check_match(survey, prior)
    identity = _identity(survey, prior, seed, chunk_size, stored=path is not None)
    chunks = []
    if path is not None:
        path = Path(path)
        _check_path(path, n * len(survey.channels) * 8)
        if path.exists():
            stored = _load(path)
            _check_same(path, stored, identity, n)
            if foreign.unstorable(survey) is not None:
                models, data = models_and_data(stored.isel(sample=slice(foreign.N_PROBES)))
                foreign.compare(survey(**models), data, survey, path)
            if stored.sizes["sample"] == n:
                return stored
            chunks = _whole_chunks(stored, chunk_size)
    sizes = [min(chunk_size, n - start) for start in range(0, n, chunk_size)]
    done = len(chunks)
    tasks = [(survey, prior, sizes[i], seed, i) for i in range(done, len(sizes))]
    saved = time.monotonic()
    try:
        with tqdm(total=n, initial=sum(sizes[:done]), unit=" models", disable=not progress) as bar:
            for chunk in _run(tasks, client):
                chunks.append(chunk)
                bar.update(len(chunk[1]))
                if path is not None and len(chunks) < len(sizes) and time.monotonic() - saved > SAVE_EVERY:
                    _save(_dataset(survey, chunks, n, identity), path)
                    saved = time.monotonic()
    except BaseException as error:
        n_done = sum(sizes[: len(chunks)])
        if path is not None and len(chunks) > done:
            _save(_dataset(survey, chunks, n, identity), path)
        if path is not None and n_done:
            error.add_note(f"{n_done} of {n} samples are in {path}; the same call goes on from there.")
        if path is not None or not chunks or not isinstance(error, KeyboardInterrupt):
            raise
        warnings.warn(f"Interrupted: these are {n_done} of {n} samples.", UserWarning, stacklevel=2)
    dataset = _dataset(survey, chunks, n, identity)
    if dataset.attrs["n_failed"] == dataset.sizes["sample"]:
        failures.refuse(survey, models_and_data(dataset)[0])
    if path is not None:
        _save(dataset, path)
    return dataset


def open_samples(path) -> xr.Dataset:
    """Samples from a file that :func:`generate_samples` finished, read into memory.

    Raises
    ------
    FileNotFoundError
    ValueError
        If the file holds something else or is incomplete.
    """
    path = Path(path)
    dataset = _load(path)
    if not dataset.attrs["complete"]:
        raise ValueError(
            f"{path} is incomplete: it holds {dataset.sizes['sample']} of {dataset.attrs['n_requested']} "
            "samples. Call generate_samples again with the same arguments to finish it."
        )
    return dataset


def models_and_data(dataset: xr.Dataset) -> tuple[Models, np.ndarray]:
    """The models of samples, padded so that ``survey(**models)`` takes them, and the data (n, n_channels)."""
    arrays = {name: dataset[name].values for name in dataset.data_vars if name not in ("data", "n_layers")}
    data = dataset["data"].values
    if "n_layers" not in dataset:
        return Models(arrays), data
    if "thickness" not in arrays:
        arrays = {"thickness": np.empty((len(data), 0)), **arrays}
    return padded(arrays, dataset["n_layers"].values.astype(int)), data


def _simulate(survey, prior, n, seed, i):
    """Chunk i: models and their data. Runs on a worker."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(i,)))
    models = prior.draw(n, rng)
    return models, survey(**models)


def _run(tasks, client):
    """Chunks in order, computed here or by the client's workers."""
    if client is None:
        for task in tasks:
            yield _simulate(*task)
        return
    futures = [client.submit(_simulate, *task) for task in tasks]
    try:
        for future in futures:
            yield future.result()
    finally:
        for future in futures:
            if hasattr(future, "cancel"):
                future.cancel()


def _dataset(survey, chunks, n, identity):
    models = {name: np.concatenate([part[name] for part, _ in chunks]) for name in chunks[0][0]}
    data = np.concatenate([values for _, values in chunks])
    variables = {}
    drawn = Models(models)
    if chunks[0][0].n_layers is not None:
        # int32: netCDF-3 has no longer integer, and a file must give back what was in memory.
        n_layers = np.concatenate([part.n_layers for part, _ in chunks]).astype(np.int32)
        drawn = Models(models, n_layers)
        models = drawn.masked()
        variables["n_layers"] = (
            "sample",
            n_layers,
            {"units": "1", "long_name": "number of layers with half-space"},
        )
    for name, array in models.items():
        dims = ("sample", "interface" if name == "thickness" else "layer")[: array.ndim]
        # A model without interfaces has no thickness; netCDF-3 takes a dimension of length zero for an
        # unlimited one.
        if array.size:
            variables[name] = (dims, np.ascontiguousarray(array), _describe(name) | _own_unit(survey, name))
    quantities = dict(zip(survey.channels.quantity, survey.channels.unit, strict=True))
    described = {"units": ", ".join(dict.fromkeys(quantities.values())), "long_name": "noise-free data"}
    variables["data"] = (("sample", "channel"), data, described)
    complete = int(len(data) == n)
    failed = np.isnan(data).all(axis=1)
    counts = {"complete": complete, "n_requested": n, "n_failed": int(failed.sum())}
    if 0 < counts["n_failed"]:
        parts = (drawn.take(np.flatnonzero(rows)) for rows in (~failed, failed))
        counts["failed"] = failures.sentence(failures.summary(*parts))
    return xr.Dataset(variables, _channel_coordinates(survey.channels), {**identity, **counts})


def _channel_coordinates(channels):
    coordinates = {
        "quantity": (
            "channel",
            np.array(channels.quantity),
            {"units": "1", "long_name": "measured quantity"},
        ),
        "unit": ("channel", np.array(channels.unit), {"units": "1", "long_name": "unit of the data"}),
    }
    for name, values in channels.coordinates.items():
        units = coordinate_unit(name, channels) or "1"
        coordinates[name] = ("channel", np.asarray(values), {"units": units, "long_name": name})
    return coordinates


def _describe(name):
    # Surveys that are joined put their own name before a property: "tdem_resistivity".
    known = next((key for key in UNITS if name == key or name.endswith(f"_{key}")), None)
    return {"units": UNITS.get(known, "1"), "long_name": name.replace("_", " ")}


def _own_unit(survey, name):
    units = getattr(survey, "units", {})
    return {"units": units[name]} if name in units else {}


def _identity(survey, prior, seed, chunk_size, stored):
    """What the numbers depend on, and with what they were made, as attributes."""
    versions = {"numpy": np.__version__, "python": platform.python_version()}
    try:
        versions["bpinvert"] = version("bpinvert")
    except PackageNotFoundError:
        versions["bpinvert"] = "not installed"
    identity = {"survey": foreign.described(survey), "prior": _described(prior, stored), "seed": seed}
    identity |= {"chunk_size": chunk_size, "versions": versions, "method": survey.method}
    return {"format": FORMAT, **{key: json.dumps(value) for key, value in identity.items()}}


def _described(thing, stored):
    try:
        return thing.to_dict()
    except ValueError as error:
        if stored:
            raise
        return {"not_stored": str(error)}


def _whole_chunks(stored, chunk_size):
    """The chunks of a stored file that a longer run starts with."""
    models, data = models_and_data(stored)
    starts = range(0, len(data) - chunk_size + 1, chunk_size)
    rows = [slice(start, start + chunk_size) for start in starts]
    return [(models.take(part), data[part]) for part in rows]


def _save(dataset, path):
    part = path.with_name(path.name + ".part")
    try:
        dataset.to_netcdf(part, engine="scipy")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _load(path):
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist. Make it with generate_samples(..., path=...).")
    try:
        dataset = xr.load_dataset(path, engine="scipy")
    except (OSError, TypeError, ValueError, KeyError, IndexError) as error:
        raise ValueError(f"{path} cannot be read as a netCDF-3 file: {error}. Make it with generate_samples.") from None
    if dataset.attrs.get("format") != FORMAT:
        raise ValueError(f"{path} is a netCDF file, but not one of samples. Make it with generate_samples.")
    words = [name for name in dataset.coords if dataset[name].dtype == object]
    return dataset.assign_coords({name: dataset[name].astype(str) for name in words})


def _check_match(survey, prior):
    drawn = (*getattr(prior, "properties", ()), *getattr(prior, "context", ()))
    needed = (*getattr(survey, "properties", ()), *getattr(survey, "context", ()))
    if hasattr(survey, "properties") and set(drawn) != set(needed):
        raise ValueError(
            f"The prior draws {', '.join(drawn)}, but {type(survey).__name__} needs {', '.join(needed)}. "
            "Give the prior exactly those (known quantities of a sounding by context=)."
        )


def _check_path(path, n_bytes):
    if not path.parent.is_dir():
        raise FileNotFoundError(f"The folder {path.parent} does not exist. Make it first, or write elsewhere.")
    if n_bytes > _MOST_BYTES:
        raise ValueError(
            f"{path} would hold {n_bytes / 2**30:.1f} GiB of data, but a netCDF-3 file holds 2 GiB per "
            "variable. Choose a smaller n, or several files with different seeds."
        )


def _check_same(path, stored, identity, n):
    different = [key for key in ("survey", "prior", "seed", "chunk_size") if stored.attrs.get(key) != identity[key]]
    if different:
        raise ValueError(
            f"{path} holds samples of another {' and '.join(different)}. Choose another path, or remove the file."
        )
    if stored.sizes["sample"] > n:
        raise ValueError(
            f"{path} holds {stored.sizes['sample']} samples of this survey and prior, but n is {n}. Use "
            f"open_samples and take the first {n}, or choose another path."
        )
