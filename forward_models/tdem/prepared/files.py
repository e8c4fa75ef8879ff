"""Prepared nodes and weights on disk, under a name that is the hash of their recipe."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import uuid
import zipfile
import zlib
from pathlib import Path

import numpy as np

_NAMES = ("i", "k", "weights", "median", "largest")


def folder() -> Path:
    """Where caches are kept: BPINVERT_CACHE, or the folder that the system has for them."""
    if os.environ.get("BPINVERT_CACHE"):
        return Path(os.environ["BPINVERT_CACHE"])
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "bpinvert" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "bpinvert"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bpinvert"


def load(cache, recipe) -> dict[str, np.ndarray] | None:
    """The arrays that were saved with this recipe; None where there are none, or no sound ones.

    Parameters
    ----------
    cache : bool, None or path
        True: in `folder`. False or None: nothing is kept.
    recipe : JSON-able dict
    """
    path = _path(cache, recipe)
    if path is None:
        return None
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as stored:
            if str(stored["recipe"]) != _text(recipe):
                return None
            arrays = {name: stored[name] for name in _NAMES}
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error):
        return None
    return arrays if _sound(arrays, len(recipe["survey"]["time"])) else None


def save(cache, recipe, arrays) -> None:
    """Write `arrays`; a folder of the system that cannot be written to is left alone, one that was given raises."""
    path = _path(cache, recipe)
    if path is None:
        return
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    with contextlib.suppress(OSError) if cache is True else contextlib.nullcontext():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(part, "wb") as file:
                np.savez(file, recipe=np.array(_text(recipe)), **arrays)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)


def _path(cache, recipe):
    if cache is None or cache is False:
        return None
    name = hashlib.sha256(_text(recipe).encode()).hexdigest()[:32]
    return (folder() if cache is True else Path(cache)) / f"tdem-{name}.npz"


def _text(recipe):
    return json.dumps(recipe, sort_keys=True)


def _sound(arrays, n_channels):
    n = arrays["i"].size
    shapes = {"i": (n,), "k": (n,), "weights": (n_channels, n), "median": (n_channels,), "largest": (n_channels,)}
    kinds = {"i": "i", "k": "i"}
    return n > 0 and all(
        arrays[name].shape == shape
        and arrays[name].dtype.kind == kinds.get(name, "f")
        and np.isfinite(arrays[name]).all()
        for name, shape in shapes.items()
    )
