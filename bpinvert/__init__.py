"""Invert geophysical soundings to layered earth models: a network proposes, the physics has the last word."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bpinvert import network, plots
    from bpinvert.drifting import drift
    from bpinvert.exchange import export_onnx, load_network, save_network
    from bpinvert.explanation import explain
    from bpinvert.inverter import Inverter, invert, load_inverter, survey_of, widen
    from bpinvert.joining import join_soundings, part_of
    from bpinvert.noise import Noise
    from bpinvert.priors import DepthGridPrior, LayeredPrior, Prior
    from bpinvert.readers import read_soundings
    from bpinvert.samples import generate_samples, open_samples
    from bpinvert.sheets import Sheets

    __version__: str

__all__ = [
    "DepthGridPrior",
    "Inverter",
    "LayeredPrior",
    "Noise",
    "Prior",
    "Sheets",
    "__version__",
    "drift",
    "explain",
    "export_onnx",
    "generate_samples",
    "invert",
    "join_soundings",
    "load_inverter",
    "load_network",
    "network",
    "open_samples",
    "part_of",
    "plots",
    "read_soundings",
    "save_network",
    "survey_of",
    "widen",
]

_HOME = {
    "DepthGridPrior": "priors",
    "Inverter": "inverter",
    "LayeredPrior": "priors",
    "Noise": "noise",
    "Prior": "priors",
    "Sheets": "sheets",
    "drift": "drifting",
    "explain": "explanation",
    "export_onnx": "exchange",
    "generate_samples": "samples",
    "invert": "inverter",
    "join_soundings": "joining",
    "load_inverter": "inverter",
    "load_network": "exchange",
    "open_samples": "samples",
    "part_of": "joining",
    "read_soundings": "readers",
    "save_network": "exchange",
    "survey_of": "inverter",
    "widen": "inverter",
}


def __getattr__(name):
    # Names load on first use (PEP 562): `import bpinvert` itself costs a few milliseconds.
    if name == "__version__":
        value = _version()
    elif name in ("network", "plots"):
        value = importlib.import_module(f"bpinvert.{name}")
    elif name in _HOME:
        value = getattr(importlib.import_module(f"bpinvert.{_HOME[name]}"), name)
    else:
        raise AttributeError(f"module 'bpinvert' has no attribute {name!r}; public are {', '.join(__all__)}.")
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})


def _version():
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("bpinvert")
    except PackageNotFoundError:
        return "0.1.0"
