"""Whether posteriors are true, as pictures: coverage and ranks, and the reliability of layer counts."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from scipy import stats

from bpinvert.calibration_table import to_dataset
from bpinvert.plots.readings import ALARM, DATA, MASKED

# Okabe & Ito's palette, one colour for each layer.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_STYLES = ("-", "--", ":", "-.")
_PROBABILITY = 0.99
# Half the height of a panel in points, at least: a posterior that is true to a point shall look true.
_LEAST = 4.0


def calibration(report, axes=None, *, n_layers=None) -> np.ndarray:
    """How far coverage and ranks are from what they should be, a line for each parameter.

    Left: coverage of central intervals less their nominal level, with the band that binomial chance leaves to 99 % at
    each level. Right: share of truths up to each rank less that rank, with the band that a true posterior leaves
    nowhere to 99 %. A colour for each layer, a dash for each property; a parameter that leaves its band on the right
    is named in red.

    Parameters
    ----------
    report : CalibrationReport or its Dataset
    axes : sequence of two matplotlib Axes for each layer count, optional
        A new figure if not given, with a row for each layer count.
    n_layers : int, optional
        The layer count to draw. Default: all.

    Returns
    -------
    array of Axes : (coverage, ranks) of each layer count in turn.

    Raises
    ------
    ValueError
        If the report has no such layer count, or the number of axes is another.
    """
    dataset = report if isinstance(report, xr.Dataset) else to_dataset(report)
    counts = dataset["layer_count"].values.tolist()
    if n_layers is not None and n_layers not in counts:
        raise ValueError(f"n_layers is {n_layers}; the report has {', '.join(map(str, counts))}. Give one of those.")
    counts = counts if n_layers is None else [n_layers]
    if axes is None:
        _, axes = plt.subplots(len(counts), 2, figsize=(11, 4.4 * len(counts)), layout="constrained", squeeze=False)
    axes = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
    if len(axes) != 2 * len(counts):
        raise ValueError(f"axes has {len(axes)} entries; {len(counts)} layer counts need {2 * len(counts)}.")
    for count, left, right in zip(counts, axes[::2], axes[1::2], strict=True):
        section = dataset.sel(layer_count=count)
        section = section.sel(parameter=section["resolution"].notnull())
        _draw_coverage(left, section)
        _draw_ranks(right, section)
        layers = f", {count} layer{'s' if count > 1 else ''}" if count else ""
        left.set_title(f"{dataset.attrs['level']}{layers}: {int(section['n_simulations'])} simulations", loc="left")
    return axes


def layer_counts(report, ax=None):
    """Share of simulations with each layer count against its stated probability; the closer to the diagonal the better.

    Parameters
    ----------
    report : CalibrationReport or its Dataset, of an inverter with several layer counts
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the report is of a single layer count.
    """
    dataset = report if isinstance(report, xr.Dataset) else to_dataset(report)
    if "observed_share" not in dataset:
        raise ValueError("this report is of one layer count, and no probabilities; draw it with plots.calibration.")
    if ax is None:
        _, ax = plt.subplots(figsize=(5.6, 5.2), layout="constrained")
    ax.plot([0, 1], [0, 1], color=DATA, lw=1, label="stated and observed alike")
    for k, count in enumerate(dataset["true_count"].values):
        one = dataset.sel(true_count=count)
        stated, observed, error = (
            one[name].values for name in ("stated_probability", "observed_share", "observed_error")
        )
        ax.errorbar(
            stated, observed, 2 * error, fmt="o-", ms=5, lw=1.4, elinewidth=1, capsize=2,
            color=_COLOURS[k % len(_COLOURS)], label=f"{count} layer{'s' if count > 1 else ''}",
        )  # fmt: skip
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    ax.set(xlabel="stated probability of the layer count", ylabel="share of simulations that have it")
    ax.set_title(
        f"calibration error {float(dataset['layer_count_calibration_error'].mean()):.3f}, "
        f"log score {float(dataset['log_score']):.3f} nats", loc="left",
    )  # fmt: skip
    ax.grid(True, alpha=0.25)
    ax.legend(frameon=False, loc="upper left")
    return ax


def _draw_coverage(ax, section):
    nominal, n = section["nominal"].values, int(section["n_simulations"])
    tails = np.array([[1 - _PROBABILITY], [1 + _PROBABILITY]]) / 2
    band = stats.binom.ppf(tails, n, nominal) / n - nominal
    differences = (section["coverage"] - section["nominal"]).values
    _draw(ax, nominal, band, differences, section["parameter"].values, "99 % band, at each level")
    ax.set(xlabel="nominal coverage of the central interval (%)", ylabel="coverage − nominal (points)")
    ax.legend(handles=ax.get_legend_handles_labels()[0][:1], frameon=False, loc="lower right")
    for word, place, side in (("intervals too wide", 0.97, "top"), ("intervals too narrow", 0.03, "bottom")):
        ax.text(0.02, place, word, transform=ax.transAxes, va=side, color=DATA, alpha=0.6, fontsize="small")


def _draw_ranks(ax, section):
    band = np.stack([section["rank_low"].values, section["rank_high"].values])
    differences, names = section["rank_difference"].values, section["parameter"].values
    _draw(ax, section["rank"].values, band, differences, names, "99 % band, all ranks")
    ax.set(xlabel="rank of the truth in its posterior (%)", ylabel="share of truths up to this rank − rank (points)")
    outside = names[section["sbc_inside"].values == 0]
    ax.set_title(f"ranks of {len(names) - len(outside)} of {len(names)} parameters inside", loc="left")
    legend = ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5), handlelength=2.8)
    for text in legend.get_texts():
        if text.get_text() in outside:
            text.set(color=ALARM, text=f"{text.get_text()}: outside")


def _draw(ax, x, band, differences, parameters, label):
    """Band and lines in %, from 0 to 100, where nothing can differ; the same height up and down."""
    x = 100 * np.concatenate([[0], x, [1]])
    band, differences = (100 * np.pad(values, ((0, 0), (1, 1))) for values in (band, differences))
    ax.fill_between(x, *band, label=label, color=MASKED, alpha=0.3, lw=0)
    bases = list(dict.fromkeys(map(_base, parameters)))
    for k, (name, line) in enumerate(zip(parameters, differences, strict=True)):
        base = _base(name)
        number = name[len(base) :].lstrip("_")
        colour = _COLOURS[(int(number) - 1 if number else k) % len(_COLOURS)]
        ax.plot(x, line, color=colour, ls=_STYLES[bases.index(base) % len(_STYLES)], lw=1.7, label=str(name))
    half = max(_LEAST, 1.15 * np.abs(band).max(), 1.15 * np.abs(differences).max())
    ax.axhline(0, color=DATA, lw=0.8, zorder=1)
    ax.set(xlim=(0, 100), ylim=(-half, half), xticks=range(0, 101, 10))
    ax.grid(True, alpha=0.25)


def _base(name):
    """A parameter's property: its name without the number of its layer."""
    return name.rstrip("0123456789").rstrip("_")
