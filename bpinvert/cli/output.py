"""Results as lines of text and as pictures."""

from __future__ import annotations

import contextlib
import json
import sys
import textwrap
import warnings
from pathlib import Path

import numpy as np

from bpinvert.cli.layers import combined, intervals, layers, velocities
from bpinvert.inverter.fitting import priors_by_count
from bpinvert.priors import prior_from_dict
from bpinvert.results import MOST_LISTED, compact, sounding_name
from bpinvert.storage import replacing
from bpinvert.wording import unit_of

PICTURES = (".png", ".pdf", ".svg")
_HEADERS = {
    "resistivity": "ρ (Ω·m)", "chargeability": "m (mV/V)", "vs": "Vs (m/s)", "vp": "Vp (m/s)", "thickness": "h (m)",
    "depth": "depth (m)",
}  # fmt: skip
_COMBINED = {"conductance": ("S", "S"), "transverse_resistance": ("T", "Ω·m²")}


def describe_sounding(result, sounding: int, explanation: str) -> str:
    """Name, table of layers, misfit and what `explain` says."""
    lines = [sounding_name(result, sounding)]
    columns = layers(result, sounding)
    if columns["depth"]:
        shown, uncertain, known = {}, intervals(result, sounding), _determined(result)
        for name, column in columns.items():
            if name in known:
                continue
            unit = unit_of(result[name])
            header = _HEADERS.get(name, f"{name} ({unit})" if unit else name)
            shown[header] = [number(value) for value in column]
            # What the prior fixes, as the thicknesses of a depth grid, has no interval.
            if any(low < high for low, high in uncertain.get(name, ())):
                shown[f"{header.split(' ')[0]} 90 %"] = [_interval(ends) for ends in uncertain[name]]
        rows = zip(*shown.values(), strict=True)
        lines.append(table(["layer", *shown], [[str(i), *row] for i, row in enumerate(rows, 1)]))
        lines += [*_combined(result, sounding), *_upper(result, sounding), _fit(result.isel(sounding=sounding))]
    return "\n".join([*lines, wrapped(explanation)])


def _interval(ends):
    return f"{number(ends[0])}–{number(ends[1])}" if np.isfinite(ends[1]) else ""


def _combined(result, sounding):
    """The line on S and T, where there is a posterior."""
    # A smooth model ends where its grid does, not at a half-space.
    ends = combined(result, sounding) if int(result["n_layers"][sounding]) <= MOST_LISTED else {}
    said = [f"{symbol} {_interval(ends[name])} {unit}" for name, (symbol, unit) in _COMBINED.items() if name in ends]
    return [f"  above the half-space, 90 %: {', '.join(said)}"] if said else []


def _upper(result, sounding):
    """The line on Vs30 and how deep surface waves tell anything."""
    known = velocities(result, sounding)
    words = [f"Vs30 {number(known['vs30'])} m/s"] if "vs30" in known else []
    if "vs30_q05" in known:
        words[0] += f" (90 %: {_interval([known['vs30_q05'], known['vs30_q95']])})"
    if "half_wavelength" in known:
        words.append(f"nothing is told below half the longest wavelength, {number(known['half_wavelength'])} m")
    return [f"  {'; '.join(words)}"] if words else []


def _determined(result):
    """Properties that follow exactly from others, or are known, by the prior: no finding of this sounding."""
    prior = json.loads(result.attrs.get("prior", "null"))
    if not isinstance(prior, dict):
        return set()
    _, prior = priors_by_count(prior_from_dict(prior))[-1]
    free = {part for name in prior.parameters for part in (name, name.rpartition("_")[0])}
    return set(prior.properties) - free


def wrapped(text: str) -> str:
    """A paragraph of short lines, set in by two blanks."""
    return textwrap.fill(text, 100, initial_indent="  ", subsequent_indent="  ", break_long_words=False)


def _fit(one):
    words = f"  chi²/N {compact(float(one['chi2']), 2)}"
    if np.isfinite(one["rrms"]):
        words += f", rrms {compact(float(one['rrms']), 1)} %"
    noise = float(one["noise_estimate"])
    return words if np.isnan(noise) else f"{words}, with errors of {100 * noise:.1f} % where the sheet gives none"


def table(headers: list[str], rows: list[list[str]]) -> str:
    """Columns aligned to the right, two blanks apart."""
    cells = [headers, *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(("  " + "  ".join(map(str.rjust, row, widths))).rstrip() for row in cells)


def number(value: float) -> str:
    """Three digits, written out, as in 0.83, 12.4, 5210."""
    if np.isinf(value):
        return "∞"
    # From here on three digits would be written as 1e+03.
    return f"{value:.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def draw_sounding(result, sounding: int, path) -> None:
    """The picture of one sounding."""
    from bpinvert import plots

    with without_windows():
        save_figure(plots.sounding(result, sounding), path)


def draw_section(result, path) -> None:
    """The picture of all soundings side by side."""
    from bpinvert import plots

    with without_windows():
        save_figure(plots.section(result), path)


@contextlib.contextmanager
def without_windows():
    """A context in which matplotlib draws into files only, also where there is no screen."""
    import matplotlib

    # A notebook that calls the command line keeps its own pictures.
    before = matplotlib.get_backend() if "matplotlib.pyplot" in sys.modules else "Agg"
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    try:
        with plt.ioff():
            yield
    finally:
        if before.lower() != "agg":
            matplotlib.use(before)


def save_figure(axes, path) -> None:
    """Write the figure of `axes` and forget it."""
    import matplotlib.pyplot as plt

    figure = np.ravel(axes)[0].figure
    try:
        with replacing(path) as temporary, warnings.catch_warnings():
            # A name in letters that no font of this machine has is shown as boxes; the tables have it.
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            figure.savefig(temporary, dpi=150)
    finally:
        plt.close(figure)


def check_writable(path, suffixes: tuple[str, ...]) -> Path:
    """`path` if a file can be written there; the door before a long computation.

    Raises
    ------
    ValueError
        If it has another suffix, is a folder, or lies in one that does not exist.
    """
    path = Path(path)
    if path.suffix.lower() not in suffixes:
        raise ValueError(f"cannot write {path}: its name must end in {', '.join(suffixes)}.")
    if path.is_dir():
        raise ValueError(f"cannot write {path}: it is a folder. Name a file.")
    if not path.parent.is_dir():
        raise ValueError(f"cannot write {path}: the folder {path.parent} does not exist. Create it first.")
    return path


def make_folder(path) -> Path:
    """`path` as an existing folder.

    Raises
    ------
    ValueError
        If there is a file of that name.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise ValueError(f"cannot write into {path}: it is a file. Name a folder.")
    path.mkdir(parents=True, exist_ok=True)
    return path
