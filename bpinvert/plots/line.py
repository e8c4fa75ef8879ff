"""A line of soundings as a section: what lies where, and how well it is known."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm

from bpinvert.plots.panels import families
from bpinvert.results import sounding_name

# The 90 % interval, as a factor, up to which a colour is full, and from which on it is faint.
_SURE, _UNSURE, _FAINT = 1.5, 100.0, 0.12
# The bottom of a section whose posteriors go deeper than the soundings' interfaces, as a multiple of the deepest.
_BELOW = 2.0


def section(result, ax=None):
    """Resistivity against depth of all soundings side by side, faded where it is not known.

    A column has the median of the posterior at each depth, over all numbers of layers. It is in full colour where the
    90 % interval is within a factor of 1.5, and faint from a factor of 100 on. A bar marks the depth of the
    half-space of the recommended model.

    Parameters
    ----------
    result : xarray.Dataset
        From `Inverter.invert` at the level "posterior", its soundings in their order along the line.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If no sounding has a posterior of the resistivity against depth.
    """
    profile = result.get("resistivity_profile_quantile")
    if profile is None or not np.isfinite(profile).any():
        raise ValueError(
            "the result has no resistivity against depth; invert a DC or MT sounding with level='posterior'."
        )
    n = result.sizes["sounding"]
    if ax is None:
        _, ax = plt.subplots(figsize=(max(4.5, 1.8 + 0.7 * n), 5), layout="constrained")
    grid = result["depth_grid"].values
    # A cell for each depth, from halfway above to halfway below in the logarithm.
    edges = np.exp(np.interp(np.arange(len(grid) + 1) - 0.5, np.arange(len(grid)), np.log(grid)))
    low, middle, high = (profile.sel(quantile=level).values.T for level in (0.05, 0.5, 0.95))
    bottom = result["thickness"].sum("interface").where(result["n_layers"] > 1).values
    extent = _extent(middle)
    image = ax.pcolormesh(
        np.arange(n + 1) - 0.5, edges, middle, norm=LogNorm(*extent), cmap="turbo", alpha=_opacity(high / low)
    )  # fmt: skip
    ax.hlines(bottom, np.arange(n) - 0.4, np.arange(n) + 0.4, color="black", lw=1.2)
    deepest = np.nanmax(bottom, initial=edges[1]) * _BELOW
    ax.set(yscale="log", ylim=(min(edges[-1], deepest), edges[0]), ylabel="depth (m)", xticks=range(n))
    ax.set_xticklabels([sounding_name(result, k) for k in range(n)], rotation=45, ha="right", fontfamily=families())
    ax.yaxis.set_major_formatter("{x:g}")
    bar = ax.figure.colorbar(image, ax=ax, format="{x:g}", label="resistivity (Ω·m), faint: not known")
    bar.solids.set_alpha(1)
    return ax


def _extent(values):
    """Lowest and highest value for the colours, at least a factor of ten apart."""
    low, high = np.nanmin(values), np.nanmax(values)
    middle = np.sqrt(low * high)
    return min(low, middle / 10**0.5), max(high, middle * 10**0.5)


def _opacity(factor):
    """From 1 to faint as the 90 % interval widens; clear where there is none."""
    share = np.log(factor / _SURE) / np.log(_UNSURE / _SURE)
    return np.nan_to_num(1 - (1 - _FAINT) * np.clip(share, 0, 1))
