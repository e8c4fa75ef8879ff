"""Soundings of any method: data against their coordinate, and models of any properties or of parameters alone."""

from __future__ import annotations

import functools
import json

import matplotlib.pyplot as plt
import numpy as np

from bpinvert.plots.readings import ALARM, DATA, FIT, MASKED, MODEL
from bpinvert.priors import prior_from_dict
from bpinvert.wording import UNITS

_BAND = "#56B4E9"
_BANDS = ((0.05, 0.95, 0.28, "90 % interval"), (0.25, 0.75, 0.5, "50 % interval"))
# Coordinates that span more than this factor are drawn on a logarithmic axis.
_WIDE = 20.0
# Models of the prior that a parameter's place is found among.
_N_PRIOR = 4000


def general(one, axes=None) -> np.ndarray:
    """One sounding of a result: a panel for each quantity, and for each property, or one for all parameters.

    Properties of layers are drawn against depth; parameters without layers where they lie within the prior, 0 and 1
    being its ends, with their values beside. Of a posterior: the 50 % and 90 % intervals.

    Parameters
    ----------
    one : xarray.Dataset, a result's single sounding
    axes : sequence of matplotlib Axes, optional

    Returns
    -------
    array of Axes : quantities, then the model's
    """
    trained = json.loads(one.attrs["training_range"])
    names, layered = _parameters(one), "thickness" in one
    n_models = len([name for name in names if name != "thickness"]) if layered else 1
    axes = _prepare(axes, len(trained), n_models)
    for ax, (quantity, entry) in zip(axes, trained.items(), strict=False):
        _draw_data(ax, one, quantity, entry)
    if layered:
        for ax, name in zip(axes[len(trained) :], [name for name in names if name != "thickness"], strict=True):
            _draw_profile(ax, one, name)
        if n_models:
            axes[len(trained)].set_ylabel("depth (m)")
    else:
        _draw_parameters(axes[-1], one, names)
    return axes


def simulated(survey, data, axes=None) -> np.ndarray:
    """Curves of simulated data (n_models, n_channels), a panel for each quantity."""
    channels = survey.channels
    axes = _prepare(axes, len(channels.quantities), 0)
    colours = [FIT] if len(data) == 1 else plt.colormaps["viridis"](np.linspace(0, 0.9, len(data)))
    for ax, quantity in zip(axes, channels.quantities, strict=True):
        columns = channels.columns(quantity)
        order = columns[np.argsort(channels.value[columns], kind="stable")]
        for row, colour in zip(data, colours, strict=True):
            ax.plot(channels.value[order], row[order], ".-", ms=4, lw=1.8, color=colour)
        unit = channels.unit[columns[0]]
        ax.set(xlabel=_label(channels.coordinate, channels.coordinate_unit), ylabel=_label(quantity, unit))
        _scale(ax, channels.value, channels.scale[columns[0]])
    return axes


def _parameters(one):
    """Names of what the model consists of, the thickness of layers first."""
    known = [name.removesuffix("_best") for name in map(str, one.data_vars) if name.endswith("_best")]
    prior = json.loads(one.attrs["prior"])
    if known or not isinstance(prior, dict):
        return known
    return list(prior_from_dict(prior).properties) + (["thickness"] if "thickness" in one else [])


def _prepare(axes, n_data, n_models):
    if axes is None:
        columns = n_models + (n_data > 0)
        names = [[f"data {k}", *(f"model {i}" for i in range(n_models))] for k in range(n_data)]
        widths = [1.6, *[1.0 if n_models > 1 else 1.2] * n_models]
        size = (2.2 + 3.0 * columns, max(2.6 * n_data + 0.8, 4.2))
        _, named = plt.subplot_mosaic(names, figsize=size, width_ratios=widths, layout="constrained")
        return np.array([*(named[f"data {k}"] for k in range(n_data)), *(named[f"model {i}"] for i in range(n_models))])
    axes = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
    if len(axes) != n_data + n_models:
        raise ValueError(f"axes has {len(axes)} entries; this sounding needs {n_data + n_models}.")
    return axes


def _draw_data(ax, one, quantity, trained):
    at, observed = one[trained["main"]].values, one[quantity].values
    used, std = one["used"].values.astype(bool), np.nan_to_num(one[f"{quantity}_std"].values)
    predicted, outside = one[f"predicted_{quantity}"].values, one["reading_outside"].values.astype(bool)
    there = np.isfinite(at) & np.isfinite(observed)
    good = there & used & np.isfinite(one[f"residual_{quantity}"].values)
    ax.errorbar(at[good], observed[good], std[good], fmt="o", ms=4, lw=1, capsize=2, color=DATA, label="observed")
    if (there & ~good).any():
        bad = there & ~good
        ax.plot(at[bad], observed[bad], "o", ms=5, color=MASKED, mfc="white", label="observed, not used")
    if (good & outside).any():
        ring = {"ms": 11, "mfc": "none", "mec": ALARM, "mew": 1.8}
        ax.plot(at[good & outside], observed[good & outside], "o", label="outside the training range", **ring)
    branch = one[trained["branch"]].values if trained["branch"] else np.zeros(len(at))
    label = "fitted curve"
    for value in np.unique(branch[np.isfinite(predicted)]):
        rows = np.flatnonzero(np.isfinite(predicted) & (branch == value))
        rows = rows[np.argsort(at[rows], kind="stable")]
        ax.plot(at[rows], predicted[rows], "-", color=FIT, lw=1.8, label=label)
        label = "_nolegend_"
    units = one[trained["main"]].attrs.get("units", ""), one[quantity].attrs.get("units", "")
    ax.set(xlabel=_label(trained["main"], units[0]), ylabel=_label(quantity, units[1]))
    _scale(ax, at[there], trained["scale"] if (observed[there] > 0).all() else "linear")
    ax.legend(frameon=False, fontsize="small")


def _scale(ax, at, scale):
    if at.size and at.min() > 0 and at.max() > _WIDE * at.min():
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter("{x:g}")
    if scale == "log":
        ax.set_yscale("log")
        low, high = ax.get_ylim()
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter("{x:g}" if high < 10 * low else "")
    ax.grid(True, alpha=0.3)


def _draw_profile(ax, one, name):
    values, thickness = one[name].values, one["thickness"].values
    values = values[np.isfinite(values)]
    bottom = np.cumsum(thickness)[: max(len(values) - 1, 0)]
    deepest = 1.5 * bottom.max(initial=1.0)
    if f"{name}_profile_quantile" in one and np.isfinite(one[f"{name}_profile_quantile"]).any():
        profile, grid = one[f"{name}_profile_quantile"], one["depth_grid"].values
        deepest = max(deepest, float(grid[-1]))
        for low, high, alpha, label in _BANDS:
            ends = (profile.sel(quantile=level).values for level in (low, high))
            ax.fill_betweenx(grid, *ends, color=_BAND, alpha=alpha, lw=0, label=label)
    if values.size:
        depth = np.repeat([0.0, *bottom, deepest], 2)[1:-1]
        ax.plot(np.repeat(values, 2), depth, color=MODEL, lw=2, label="model")
    ax.set(xlabel=_label(name, one[name].attrs.get("units", "")), ylim=(deepest, 0))
    if values.size and values.min() > 0 and values.max() > _WIDE * values.min():
        ax.set_xscale("log")
    ax.grid(True, alpha=0.3)
    ax.legend(frameon=False, fontsize="small")


def _draw_parameters(ax, one, names):
    """Every parameter in a row: where it lies within the prior, and its value with its 90 % interval in words."""
    drawn = _drawn(one.attrs["prior"]) if isinstance(json.loads(one.attrs["prior"]), dict) else {}
    labels = []
    for row, name in enumerate(names):
        value, unit = float(one[name]), one[name].attrs.get("units", "")
        words = _number(value)
        if f"{name}_quantile" in one and np.isfinite(one[f"{name}_quantile"]).all():
            ends = [[float(one[f"{name}_quantile"].sel(quantile=q)) for q in band[:2]] for band in _BANDS]
            words += f"   ({_number(ends[0][0])} to {_number(ends[0][1])})"
            for (low, high), width in zip(ends, (3, 8), strict=True):
                if name in drawn:
                    ax.plot(_place(drawn[name], [low, high]), [row, row], color=_BAND, lw=width, solid_capstyle="butt")
        if name in drawn:
            ax.plot([0, 1], [row, row], color=MASKED, lw=1, zorder=0)
            ax.plot(_place(drawn[name], [value]), [row], "o", color=MODEL, ms=7)
        ax.text(
            0.5, row - 0.18, f"{words} {UNITS.get(unit, unit)}".rstrip(), ha="center", va="bottom", fontsize="small"
        )
        labels.append(name.replace("_", " "))
    ax.set_yticks(range(len(names)), labels)
    ax.set(xlim=(-0.03, 1.03), ylim=(len(names) - 0.5, -0.7), xlabel="share of the prior below")
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(left=False)


def _place(drawn, values):
    """The prior's probability of less."""
    return np.searchsorted(drawn, values) / len(drawn)


@functools.lru_cache(maxsize=8)
def _drawn(prior):
    models = prior_from_dict(json.loads(prior)).draw(_N_PRIOR, 0, "sobol")
    return {name: np.sort(values) for name, values in models.items() if np.ndim(values) == 1}


def _number(value):
    """Four digits, without an exponent as far as people write it so."""
    return f"{value:.4g}" if not 1e4 <= abs(value) < 1e7 else f"{float(f'{value:.4g}'):.0f}"


def _label(name, unit):
    unit = UNITS.get(unit, unit)
    return name.replace("_", " ") + (f" ({unit})" if unit else "")
