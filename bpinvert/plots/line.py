"""A line of soundings as a section: what lies where, and how well it is known."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm

from bpinvert.plots.panels import families, plain_ticks
from bpinvert.plots.properties import label_of, properties_of
from bpinvert.plots.readings import ALARM
from bpinvert.results import sounding_name

# The 90 % interval, as a factor, up to which a colour is full, and from which on it is faint.
_SURE, _UNSURE, _FAINT = 1.5, 100.0, 0.12
# More names than that along a line cannot be read.
_MOST_NAMES = 25
# Depths that models without a posterior are drawn at.
_CELLS = 80
# The bottom of a section whose posteriors go deeper than the soundings' interfaces, as a multiple of the deepest.
_BELOW = 2.0


def section(result, ax=None):
    """Resistivity, or what else layers have first, against depth of all soundings side by side, faded where not known.

    A column has the median of the posterior at each depth, over all numbers of layers. It is in full colour where the
    90 % interval is within a factor of 1.5, and faint from a factor of 100 on. Without posteriors it has the
    recommended model. A bar marks the depth of that model's half-space, a triangle above a flagged sounding.

    Parameters
    ----------
    result : xarray.Dataset
        From `Inverter.invert`, its soundings in their order along the line.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If no sounding has a layered model.
    """
    name = next(iter(properties_of(result.isel(sounding=0))), None) if result.sizes["sounding"] else None
    if "thickness" not in result or name is None or not np.isfinite(result[name]).any():
        raise ValueError("the result has no layers; draw one of `Inverter.invert` with a layered prior.")
    profile = result.get(f"{name}_profile_quantile")
    n = result.sizes["sounding"]
    if ax is None:
        _, ax = plt.subplots(figsize=(np.clip(1.8 + 0.7 * n, 4.5, 15), 5), layout="constrained")
    if profile is None or not np.isfinite(profile).any():
        grid, middle = _models(result, name)
        low = high = middle
    else:
        grid = result["depth_grid"].values
        low, middle, high = (profile.sel(quantile=level).values.T for level in (0.05, 0.5, 0.95))
    # A cell for each depth, from halfway above to halfway below in the logarithm.
    edges = np.exp(np.interp(np.arange(len(grid) + 1) - 0.5, np.arange(len(grid)), np.log(grid)))
    bottom = result["thickness"].sum("interface").where(result["n_layers"] > 1).values
    extent = _extent(middle, 2.0 if name == "vs" else 10.0)
    image = ax.pcolormesh(
        np.arange(n + 1) - 0.5, edges, middle, norm=LogNorm(*extent), cmap="turbo", alpha=_opacity(high / low)
    )  # fmt: skip
    ax.hlines(bottom, np.arange(n) - 0.4, np.arange(n) + 0.4, color="black", lw=1.2)
    deepest = np.nanmax(bottom, initial=edges[1]) * _BELOW
    named = range(0, n, -(-n // _MOST_NAMES))
    ax.set(yscale="log", ylim=(min(edges[-1], deepest), edges[0]), ylabel="depth (m)", xticks=named)
    ax.set_xticklabels([sounding_name(result, k) for k in named], rotation=45, ha="right", fontfamily=families())
    flagged = np.flatnonzero(result["flag"].values) if "flag" in result else []
    if len(flagged):
        # Not without any: a layout would make room for an empty line at the corner of the figure.
        above = ax.get_xaxis_transform()
        ax.plot(flagged, np.full(len(flagged), 1.02), "v", color=ALARM, ms=5, transform=above, clip_on=False)
    plain_ticks(ax.yaxis)
    faint = "" if low is high else ", faint: not known"
    bar = ax.figure.colorbar(image, ax=ax, format="{x:g}", label=f"{label_of(name)}{faint}")
    bar.solids.set_alpha(1)
    return ax


def _models(result, name):
    """Depths (n_depths,), and a property (n_depths, n) of the recommended models there."""
    values = result[name].values
    bottom = np.cumsum(np.nan_to_num(result["thickness"].values), axis=1)
    bottom[~np.isfinite(result["thickness"].values)] = np.inf
    finite = bottom[np.isfinite(bottom)]
    shallowest, deepest = (finite.min(), finite.max()) if finite.size else (1.0, 10.0)
    grid = np.geomspace(shallowest / _BELOW, _BELOW * deepest, _CELLS)
    layer = (bottom[:, :, None] < grid).sum(axis=1)
    return grid, np.take_along_axis(values, layer, axis=1).T


def _extent(values, apart):
    """Lowest and highest value for the colours, at least a factor `apart`."""
    low, high = np.nanmin(values), np.nanmax(values)
    middle = np.sqrt(low * high)
    return min(low, middle / apart**0.5), max(high, middle * apart**0.5)


def _opacity(factor):
    """From 1 to faint as the 90 % interval widens; clear where there is none."""
    share = np.log(factor / _SURE) / np.log(_UNSURE / _SURE)
    return np.nan_to_num(1 - (1 - _FAINT) * np.clip(share, 0, 1))
