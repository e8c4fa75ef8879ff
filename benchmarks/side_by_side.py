"""Timing codes beside each other on one machine, and printing what came of it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from pathlib import Path

import numpy as np


def median_seconds(calls, rounds):
    """{key: median seconds of a call}, every call once in each round, so that a slow minute is slow for all."""
    seconds = {key: [] for key in calls}
    for _ in range(rounds):
        for key, call in calls.items():
            start = time.perf_counter()
            call()
            seconds[key].append(time.perf_counter() - start)
    return {key: float(np.median(times)) for key, times in seconds.items()}


def aligned(lines, left):
    """Rows of cells as text, the first `left` columns flush left, the others flush right."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(f"{cell:{'<' if i < left else '>'}{widths[i]}}" for i, cell in enumerate(line)).rstrip()
        for line in lines
    )


def machine(packages):
    """Lines on the processor, the threads and the versions of packages."""
    versions = ", ".join(f"{name} {_version(name)}" for name in packages)
    yield f"OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'not set')}, {_cpu()}"
    yield f"Python {platform.python_version()}, {versions}"


def _cpu():
    file = Path("/proc/cpuinfo")
    names = [line for line in file.read_text().splitlines() if "model name" in line] if file.exists() else []
    return names[0].split(":")[1].strip() if names else platform.processor()


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
