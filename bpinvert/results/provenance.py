"""Which versions made a file or a result."""

from __future__ import annotations

import functools
import platform
from importlib import metadata


def versions() -> dict:
    """Versions of what made a file or a result."""
    return dict(_versions())


@functools.cache
def _versions():
    found = {"python": platform.python_version()}
    for name in ("bpinvert", "numpy", "scipy", "scikit-learn", "xarray"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "unknown"
    return found
