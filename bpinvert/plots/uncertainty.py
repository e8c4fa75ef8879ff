"""What a posterior adds to a picture: bands against depth, the best-fitting model, numbers of layers."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from bpinvert.plots.readings import ALARM, DATA, MASKED, MODEL
from bpinvert.results import investigated, layer_shares, place_of, sounding_name

_BAND = "#56B4E9"
# The wide band first, so that the narrow one lies on it.
_BANDS = ((0.05, 0.95, 0.28, "90 % interval"), (0.25, 0.75, 0.5, "50 % interval"))
# A number of layers less probable than this has no word in a title.
_LEAST = 0.005


def is_sampled(one, name="resistivity") -> bool:
    """Whether a sounding has a profile of a property to draw."""
    profile = f"{name}_profile_quantile"
    return profile in one and bool(np.isfinite(one[profile]).any())


def draw_bands(ax, one, span, downward, name) -> None:
    """The central 90 % and 50 % of a property at every depth of `span`, over all numbers of layers."""
    profile = one[f"{name}_profile_quantile"]
    known = np.isfinite(profile.values).all(axis=0)
    grid = one["depth_grid"].values[known]
    inside = (grid > span[0]) & (grid < span[1])
    # Above and below the grid there is next to no interface: its ends hold on.
    depth = np.concatenate([span[:1], grid[inside], span[1:]])
    fill = ax.fill_betweenx if downward else ax.fill_between
    for low, high, alpha, label in _BANDS:
        edges = [
            np.exp(np.interp(np.log(depth), np.log(grid), np.log(values.values[known])))
            for values in (profile.sel(quantile=level) for level in (low, high))
        ]
        fill(depth, *edges, color=_BAND, alpha=alpha, lw=0, label=label, zorder=0.5)


def draw_investigation(ax, one, span, downward) -> None:
    """A line at the depth below which the data tell little, where it is less deep than the profile."""
    depth = investigated(one)
    if not span[0] < depth < span[1]:
        return
    draw = ax.axhline if downward else ax.axvline
    draw(depth, color=DATA, lw=1, ls=(0, (1, 2)), label="depth of investigation", zorder=0.8)


def layer_words(one) -> str:
    """The numbers of layers and their probabilities, the most probable first; empty where there is but one."""
    shares = {count: share for count, share in layer_shares(one).items() if share >= _LEAST}
    # The one number of the prior, or that which was asked for, is no finding.
    if len(layer_shares(one)) < 2:
        return ""
    return "layers: " + ", ".join(f"{count} ({100 * share:.0f} %)" for count, share in shares.items())


def intervals(one, n_layers, properties) -> list[list[str]]:
    """The 90 % intervals of `properties`, thickness and depth of each layer, in words for the table."""
    words = []
    for name in (*properties, "thickness", "depth"):
        known = f"{name}_quantile" in one
        ends = one[f"{name}_quantile"].sel(quantile=[0.05, 0.95]).values.T if known else np.full((n_layers, 2), np.nan)
        column = [_interval(low, high) if np.isfinite(high) else "" for low, high in ends]
        words.append([*column, *[""] * n_layers][:n_layers])
    return [list(row) for row in zip(*words, strict=True)]


def layer_probability(result, sounding: int | str = 0, ax=None):
    """How probable each number of layers is, a bar for each; that of the recommended model is dark.

    Parameters
    ----------
    result : xarray.Dataset
        From `Inverter.invert` at the level "posterior".
    sounding : int or str
        Which one, counted from 0, or its name.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the result has no probabilities, or its prior one number of layers only.
    """
    if "layer_probability" not in result or result.sizes["layer_count"] < 2:
        raise ValueError(
            "the result has no probabilities of several numbers of layers; invert with level='posterior' and a prior "
            "such as LayeredPrior(n_layers=(2, 4), ...)."
        )
    place = place_of(result, sounding)
    one = result.isel(sounding=place)
    counts, shares = one["layer_count"].values, 100 * one["layer_probability"].values
    if ax is None:
        _, ax = plt.subplots(figsize=(4.5, 3.5), layout="constrained")
    if np.isnan(shares).all():
        ax.set_title(f"{sounding_name(result, place)}: no posterior", loc="left", color=ALARM)
        return ax
    colours = [MODEL if count == int(one["n_layers"]) else MASKED for count in counts]
    bars = ax.bar(counts, shares, color=colours, width=0.7)
    ax.bar_label(bars, [f"{share:.0f} %" for share in shares], padding=2)
    ax.set(xlabel="number of layers", ylabel="probability (%)", ylim=(0, 112), xticks=counts, yticks=range(0, 101, 20))
    ax.set_title(sounding_name(result, place), loc="left")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _interval(low, high):
    """Both ends with as many digits as they need to differ, for the table is narrow."""
    digits = 2 if high > 10 * low else 3 if high > 1.1 * low else 4
    ends = (float(f"{value:.{digits}g}") for value in (low, high))
    return "–".join(f"{end:.0f}" if end >= 1000 else f"{end:g}" for end in ends)
