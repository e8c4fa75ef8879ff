"""Soundings and draws in blocks whose temporaries stay in cache, on several threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from threadpoolctl import threadpool_limits

# Draws worked on at a time.
DRAWS = 8192


def slices(n: int, size: int) -> list[slice]:
    """Slices of at most `size` that make up `n`.

    Examples
    --------
    >>> slices(5, 3)
    [slice(0, 3, None), slice(3, 5, None)]
    """
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def tiles(n_draws: int, n_samples: int) -> list[tuple[slice, slice]]:
    """Pairs of slices, of draws and of samples, with at most :data:`DRAWS` of both together."""
    rows = slices(n_samples, max(DRAWS // n_draws, 1))
    return [(draws, part) for part in rows for draws in slices(n_draws, DRAWS)]


def run(function: Callable, n_jobs: int, *arguments: Iterable) -> None:
    """Call `function` with each of the `arguments` on `n_jobs` threads; an error in one is raised here."""
    if n_jobs == 1 or len(arguments[0]) < 2:
        for each in zip(*arguments, strict=True):
            function(*each)
        return
    # BLAS threads would only wait for each other.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(n_jobs) as threads:
        for _ in threads.map(function, *arguments):
            pass
