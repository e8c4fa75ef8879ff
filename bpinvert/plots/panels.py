"""The parts that pictures are made of besides readings: panels, model steps and tables."""

from __future__ import annotations

import functools
import itertools
import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import font_manager
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from bpinvert.plots.properties import header_of, label_of
from bpinvert.plots.readings import DATA, MASKED, MODEL
from bpinvert.plots.uncertainty import draw_bands, draw_investigation, intervals
from bpinvert.results import MOST_LISTED

COORDINATES = {
    "ab2": "AB/2 (m)",
    "a": "a (m)",
    "dipoles": "(n + 1) a/2 (m)",
    "period": "period (s)",
    "time": "time (s)",
    "frequency": "frequency (Hz)",
    "offset": "distance of the coils (m)",
}
QUANTITIES = {
    "apparent_resistivity": "apparent resistivity (Ω·m)",
    "phase": "phase (degrees)",
    "in_phase": "in-phase (ppm)",
    "quadrature": "quadrature (ppm)",
    "apparent_conductivity": "apparent conductivity (mS/m)",
    "dbdt": "−dB/dt (V/(A·m²))",
    "b": "B (T/A)",
    "apparent_chargeability": "apparent chargeability (mV/V)",
    "phase_velocity": "phase velocity (m/s)",
    "group_velocity": "group velocity (m/s)",
    "ellipticity": "ellipticity H/V",
}
# Spacings that are nearly depths: models are drawn against them.
DEPTHS = ("ab2", "a", "dipoles")
# Velocities of layers are compared by differences, all else by factors.
_LINEAR = ("vs", "vp")
# A flat curve would fill the panel with its noise, between ticks without labels.
_NARROWEST = 4.0
_SMALL = {"color": "#555555", "fontsize": 7.5}
# Of Linux, Windows and macOS, with Chinese, Japanese or Korean letters.
_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "WenQuanYi Zen Hei", "Droid Sans Fallback", "Microsoft YaHei", "SimHei",
    "Malgun Gothic", "Yu Gothic", "PingFang SC", "Arial Unicode MS",
)  # fmt: skip


@functools.cache
def families() -> list[str]:
    """Fonts for names of any script: the usual one, then those of this machine that have what it lacks."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return [*plt.rcParams["font.family"], *(name for name in _FONTS if name in installed)]


def layers(values, thickness):
    """A property and the depth of the bottom of each layer that the model has; the last bottom is infinite."""
    values = values[np.isfinite(values)]
    bottom = np.append(np.cumsum(thickness), np.inf)[: len(values)]
    bottom[-1:] = np.inf
    return values, bottom


def prepare(axes, columns, table=True, own=True):
    """The caller's axes as an array, or those of a new figure.

    `columns` lists the numbers of panels of data on top of each other; `own` where the model has its own panel.
    """
    n_panels = sum(columns)
    if axes is not None:
        axes = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
        needed = n_panels + own
        if len(axes) not in (needed, needed + 1):
            raise ValueError(
                f"axes has {len(axes)} entries; this sounding needs {needed}, or {needed + 1} with the table."
            )
        return axes
    if not own and n_panels > 1:
        rows = [[k, *["table"][:table]] for k in range(n_panels)]
        size = {"figsize": (13 if table else 8.5, 8), "width_ratios": (1.8, 1)[: 1 + table]}
        _, named = plt.subplot_mosaic(rows, layout="constrained", **size)
        return np.array([named[name] for name in [*range(n_panels), *["table"][:table]]])
    if not own:
        if not table:
            return np.array([plt.subplots(figsize=(8.5, 6), layout="constrained")[1]])
        return plt.subplots(1, 2, figsize=(11, 6), width_ratios=(2.4, 1), layout="constrained")[1]
    names, widths = ["model", "table"][: 1 + table], [*(1.7,) * len(columns), *(1.1, 1)[: 1 + table]]
    data = [[f"data {k} {row}" for row in range(n)] for k, n in enumerate(columns)]
    n_rows = math.lcm(*columns)
    rows = zip(*(np.repeat(column, n_rows // len(column)).tolist() for column in data), strict=True)
    rows = [[*row, *names] for row in rows]
    _, named = plt.subplot_mosaic(rows, figsize=(4.3 * len(widths), 7), width_ratios=widths, layout="constrained")
    return np.array([named[name] for name in [*itertools.chain(*data), *names]])


def finish(
    axes, panels, layered, labels, colours=None, uncertain=None, name="resistivity", reach=np.nan, chargeability=None
):
    """Scales, model steps, legend and table, once the data are drawn.

    `uncertain` is a sounding with a posterior, `name` the property that is drawn, and `reach` the depth in m below
    which the wavelengths say nothing. `chargeability` are the values of each of the models `layered`, drawn with the
    apparent ones.
    """
    own = has_own_panel(panels)
    for ax, readings in zip(axes, panels, strict=False):
        _style_curve(ax, readings)
    ax = axes[len(panels)] if own else axes[0]
    span = _depth_span(panels[0].at, layered, own, reach)
    if uncertain is not None:
        _draw_posterior(ax, uncertain, span, own, name)
    if span[0] < reach < span[1]:
        ax.axhline(reach, color=MASKED, lw=1.2, ls="--", label="half the longest wavelength", zorder=0.8)
    for i, (values, bottom) in enumerate(layered):
        _draw_step(ax, values, bottom, span, labels[i], MODEL if colours is None else colours[i], own)
    if own:
        ax.set(xscale="linear" if name in _LINEAR else "log", yscale="log", ylim=span[::-1], title="model")
        ax.set(xlabel=label_of(name), ylabel="depth (m)")
        ax.margins(x=0.15)
        plain_ticks(ax.yaxis)
        ax.grid(True, which="major", alpha=0.4)
    else:
        for shared in axes[: len(panels)]:
            shared.set_xlim(span)
            shared.set_xlabel(f"{COORDINATES[panels[0].coordinate]}, depth of the model (m)")
        ax.set_ylabel("apparent resistivity, resistivity of the model (Ω·m)")
    if chargeability is not None:
        colours = [MODEL] * len(layered) if colours is None else colours
        steps = list(zip(chargeability, layered, labels, colours, strict=True))
        _draw_chargeability(axes[1], steps, span, uncertain)
    for styled, readings in zip(axes, panels, strict=False):
        # 2·10⁻⁵ s takes too much room.
        plain_ticks(styled.xaxis, widest=20 if readings.coordinate == "time" else 2000)
    if own:
        # The model's panel is narrow: 20, 50 and 100 stand side by side only over a short range.
        axes[len(panels)].autoscale_view()
        if name in _LINEAR:
            ax.xaxis.set_major_locator(MaxNLocator(5))
        else:
            plain_ticks(ax.xaxis, widest=20)
    low, high = axes[0].get_ylim()
    if axes[0].get_yscale() == "log" and high / low < _NARROWEST:
        middle = (low * high) ** 0.5
        axes[0].set_ylim(middle / _NARROWEST**0.5, middle * _NARROWEST**0.5)
    for styled in axes[: len(panels)]:
        if styled.get_yscale() == "log":
            plain_ticks(styled.yaxis)
    _legend(axes[0])
    if own and (uncertain is not None or np.isfinite(reach)):
        _legend(ax)
    if len(axes) > len(panels) + own:
        axes[-1].set_axis_off()
        if len(layered) == 1 and 0 < layered[0][0].size <= MOST_LISTED:
            _draw_table(axes[-1], *layered[0], uncertain, name, None if chargeability is None else chargeability[0])


def has_own_panel(panels) -> bool:
    """Whether the model is drawn beside the data: all but the spacings of DC are no depths."""
    quantities = [readings.quantity for readings in panels]
    # Of several arrays neither has the depths to itself.
    return len(set(quantities)) < len(quantities) or any(readings.coordinate not in DEPTHS for readings in panels)


def _draw_chargeability(ax, steps, span, uncertain):
    """Model steps of the chargeability over the apparent one, on an axis that shows zero."""
    if uncertain is not None:
        draw_bands(ax, uncertain, span, False, "chargeability")
    for values, (_, bottom), label, colour in steps:
        _draw_step(ax, values, bottom, span, label, colour, False)
    ax.set_ylabel("apparent chargeability,\nchargeability of the model (mV/V)")
    ax.set_ylim(bottom=min(ax.get_ylim()[0], 0.0))


def _draw_posterior(ax, one, span, downward, name):
    draw_bands(ax, one, span, downward, name)
    best = [one[f"{part}_best"].values for part in (name, "thickness")]
    _draw_step(ax, *layers(*best), span, "best-fitting model", DATA, downward, lw=0.8)
    draw_investigation(ax, one, span, downward)


def _legend(ax):
    handles, labels = ax.get_legend_handles_labels()
    # By default error bars come last; here the data come first, MN by MN or mode by mode, then what is said of single
    # readings, and of the others the shortest label.
    drawn = [label.startswith("observed") for label in labels]
    last = ["not used" in label or "outside" in label for label in labels]
    size = [0 if first else len(label) for first, label in zip(drawn, labels, strict=True)]
    order = sorted(range(len(labels)), key=lambda i: (not drawn[i], last[i], size[i]))
    ax.legend([handles[i] for i in order], [labels[i] for i in order], frameon=False, fontsize="small")


def _depth_span(at, layered, own, reach):
    """Shallowest and deepest depth to draw: all interfaces, the reach, and all readings where they share the axis."""
    bottoms = np.concatenate([bottom[np.isfinite(bottom) & (bottom > 0)] for _, bottom in layered])
    if own:
        low, high = (bottoms.min() / 5, bottoms.max() * 5) if bottoms.size else (1.0, 1000.0)
        return (low, max(high, 1.5 * reach)) if np.isfinite(reach) else (low, high)
    at = at[np.isfinite(at) & (at > 0)]
    return min([at.min(initial=1e6) / 1.4, *bottoms / 2]), max([at.max(initial=1.0) * 1.4, *bottoms * 2])


def _draw_step(ax, values, bottom, span, label, colour, downward, lw=2.0):
    edges = np.concatenate([span[:1], bottom[:-1], span[1:]])
    depth, steps = np.repeat(edges, 2)[1:-1], np.repeat(values, 2)
    if steps.size:
        ax.plot(*((steps, depth) if downward else (depth, steps)), color=colour, lw=lw, label=label)


def _style_curve(ax, readings):
    ax.set_xscale("log")
    ax.set(xlabel=COORDINATES[readings.coordinate], ylabel=QUANTITIES[readings.quantity])
    if readings.quantity == "phase":
        ax.set_ylim(0, 90)
        ax.set_yticks(range(0, 91, 15))
    elif readings.quantity != "apparent_chargeability" and not getattr(readings, "linear", False):
        ax.set_yscale("log")
    if hasattr(readings, "limits"):
        ax.set_ylim(readings.limits)
    ax.grid(True, which="major", alpha=0.4)
    ax.grid(True, which="minor", alpha=0.15)


def plain_ticks(axis, widest=2000) -> None:
    """Values written out, 100 rather than 10²; between the decades too where the axis spans less than `widest`."""
    low, high = sorted(axis.get_view_interval())
    axis.set_major_locator(LogLocator(subs=(1.0,) if high / low > widest else (1.0, 2.0, 5.0)))
    axis.set_minor_locator(LogLocator(subs=range(1, 10)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _plain(value)))
    axis.set_minor_formatter(NullFormatter())


def _plain(value):
    exponent = np.log10(value)
    if value >= 1e7 or (value < 1e-3 and abs(exponent - round(exponent)) < 1e-6):
        return f"$10^{{{exponent:.3g}}}$"
    return f"{value:g}" if value < 1e5 else f"{value:.0f}"


def _draw_table(ax, values, bottom, uncertain, name, chargeability=None):
    thickness = np.diff(bottom, prepend=0.0)
    number = lambda value: f"{value:.3g}" if value < 999.5 else f"{value:.0f}"  # noqa: E731
    rows = [
        [str(i + 1), number(value), number(h) if np.isfinite(h) else "∞", number(z) if np.isfinite(z) else "∞"]
        for i, (value, h, z) in enumerate(zip(values, thickness, bottom, strict=True))
    ]
    labels, properties = ["layer", header_of(name), "h (m)", "depth (m)"], [name]
    widths = [0.18, 0.28, 0.25, 0.29] if uncertain is None else [0.15, 0.28, 0.28, 0.29]
    if chargeability is not None:
        rows = [[*row[:2], number(m), *row[2:]] for row, m in zip(rows, chargeability, strict=True)]
        labels, widths = [*labels[:2], "m (mV/V)", *labels[2:]], [0.12, 0.22, 0.22, 0.22, 0.25]
        properties.append("chargeability")
    if uncertain is not None:
        # Below each row its 90 % intervals, smaller and without a line between.
        below = [["", *words] for words in intervals(uncertain, len(rows), properties)]
        rows = [row for pair in zip(rows, below, strict=True) for row in pair]
    table = ax.table(rows, colLabels=labels, loc="upper center", cellLoc="right", colWidths=widths)
    table.auto_set_font_size(False)
    table.set_fontsize(10 if chargeability is None else 9)
    table.scale(1, 1.6)
    for (row, _), cell in table.get_celld().items():
        cell.set_edgecolor("#cccccc")
        if row == 0:
            cell.set_facecolor("#eef3f8")
            cell.set_text_props(weight="bold")
        elif uncertain is not None:
            cell.visible_edges = "BRL" if row % 2 == 0 else "TRL"
            if row % 2 == 0:
                cell.set_height(0.7 * cell.get_height())
                cell.set_text_props(**_SMALL)
    if uncertain is not None:
        height = sum(table[row, 0].get_height() for row in range(len(rows) + 1))
        # Tables begin 2 % below the top of their axes.
        ax.text(0.5, 0.97 - height, "small: 90 % intervals", ha="center", va="top", **_SMALL)
