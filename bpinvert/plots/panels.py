"""The parts that pictures are made of besides readings: panels, model steps and tables."""

from __future__ import annotations

import functools

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import font_manager
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from bpinvert.plots.readings import DATA, MODEL
from bpinvert.plots.uncertainty import draw_bands, draw_investigation, intervals
from bpinvert.results import MOST_LISTED

COORDINATES = {
    "ab2": "AB/2 (m)",
    "a": "a (m)",
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
}
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


def layers(resistivity, thickness):
    """Resistivity and depth of the bottom of each layer that the model has; the last bottom is infinite."""
    resistivity = resistivity[np.isfinite(resistivity)]
    bottom = np.append(np.cumsum(thickness), np.inf)[: len(resistivity)]
    bottom[-1:] = np.inf
    return resistivity, bottom


def prepare(axes, n_panels, table=True, own=True):
    """The caller's axes as an array, or those of a new figure; `own` where the model has its own panel."""
    if axes is not None:
        axes = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
        needed = n_panels + own
        if len(axes) not in (needed, needed + 1):
            raise ValueError(
                f"axes has {len(axes)} entries; this sounding needs {needed}, or {needed + 1} with the table."
            )
        return axes
    if not own:
        if not table:
            return np.array([plt.subplots(figsize=(8.5, 6), layout="constrained")[1]])
        return plt.subplots(1, 2, figsize=(11, 6), width_ratios=(2.4, 1), layout="constrained")[1]
    names, widths = ["rhoa", "phase", "model", "table"][: 3 + table], (1.7, 1.1, 1)[: 2 + table]
    rows = [[data, *names[2:]] for data in names[:n_panels]]
    _, named = plt.subplot_mosaic(rows, figsize=(4.3 * len(widths), 7), width_ratios=widths, layout="constrained")
    return np.array([named[name] for name in [*names[:n_panels], *names[2:]]])


def finish(axes, panels, layered, labels, colours=None, uncertain=None):
    """Scales, model steps, legend and table, once the data are drawn; `uncertain` is a sounding with a posterior."""
    own = has_own_panel(panels)
    for ax, readings in zip(axes, panels, strict=False):
        _style_curve(ax, readings)
    ax = axes[len(panels)] if own else axes[0]
    span = _depth_span(panels[0].at, layered, own)
    if uncertain is not None:
        _draw_posterior(ax, uncertain, span, own)
    for i, (resistivity, bottom) in enumerate(layered):
        _draw_step(ax, resistivity, bottom, span, labels[i], MODEL if colours is None else colours[i], own)
    if own:
        ax.set(xscale="log", yscale="log", ylim=span[::-1], title="model")
        ax.set(xlabel="resistivity (Ω·m)", ylabel="depth (m)")
        ax.margins(x=0.15)
        plain_ticks(ax.yaxis)
        ax.grid(True, which="major", alpha=0.4)
    else:
        ax.set_xlim(span)
        ax.set_xlabel(f"{COORDINATES[panels[0].coordinate]}, depth of the model (m)")
        ax.set_ylabel("apparent resistivity, resistivity of the model (Ω·m)")
    for styled, readings in zip(axes, panels, strict=False):
        # 2·10⁻⁵ s takes too much room.
        plain_ticks(styled.xaxis, widest=20 if readings.coordinate == "time" else 2000)
    if own:
        # The model's panel is narrow: 20, 50 and 100 stand side by side only over a short range.
        axes[len(panels)].autoscale_view()
        plain_ticks(axes[len(panels)].xaxis, widest=20)
    low, high = axes[0].get_ylim()
    if high / low < _NARROWEST:
        middle = (low * high) ** 0.5
        axes[0].set_ylim(middle / _NARROWEST**0.5, middle * _NARROWEST**0.5)
    for styled in axes[: len(panels)]:
        if styled.get_yscale() == "log":
            plain_ticks(styled.yaxis)
    _legend(axes[0])
    if own and uncertain is not None:
        _legend(ax)
    if len(axes) > len(panels) + own:
        axes[-1].set_axis_off()
        if len(layered) == 1 and 0 < layered[0][0].size <= MOST_LISTED:
            _draw_table(axes[-1], *layered[0], uncertain)


def has_own_panel(panels) -> bool:
    """Whether the model is drawn beside the data: all but the spacings of DC are no depths."""
    return panels[0].coordinate not in ("ab2", "a")


def _draw_posterior(ax, one, span, downward):
    draw_bands(ax, one, span, downward)
    best = [one[f"{name}_best"].values for name in ("resistivity", "thickness")]
    _draw_step(ax, *layers(*best), span, "best-fitting model", DATA, downward, lw=0.8)
    draw_investigation(ax, one, span, downward)


def _legend(ax):
    handles, labels = ax.get_legend_handles_labels()
    # By default error bars come last; here the data come first, MN by MN, and of the others the shortest label.
    size = [0 if "MN" in label else len(label) for label in labels]
    order = sorted(range(len(labels)), key=lambda i: (not labels[i].startswith("observed"), size[i]))
    ax.legend([handles[i] for i in order], [labels[i] for i in order], frameon=False, fontsize="small")


def _depth_span(at, layered, own):
    """Shallowest and deepest depth to draw: all interfaces, and all readings where they share the axis."""
    bottoms = np.concatenate([bottom[np.isfinite(bottom) & (bottom > 0)] for _, bottom in layered])
    if own:
        return (bottoms.min() / 5, bottoms.max() * 5) if bottoms.size else (1.0, 1000.0)
    at = at[np.isfinite(at) & (at > 0)]
    return min([at.min(initial=1e6) / 1.4, *bottoms / 2]), max([at.max(initial=1.0) * 1.4, *bottoms * 2])


def _draw_step(ax, resistivity, bottom, span, label, colour, downward, lw=2.0):
    edges = np.concatenate([span[:1], bottom[:-1], span[1:]])
    depth, rho = np.repeat(edges, 2)[1:-1], np.repeat(resistivity, 2)
    if rho.size:
        ax.plot(*((rho, depth) if downward else (depth, rho)), color=colour, lw=lw, label=label)


def _style_curve(ax, readings):
    ax.set_xscale("log")
    ax.set(xlabel=COORDINATES[readings.coordinate], ylabel=QUANTITIES[readings.quantity])
    if readings.quantity == "phase":
        ax.set_ylim(0, 90)
        ax.set_yticks(range(0, 91, 15))
    else:
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


def _draw_table(ax, resistivity, bottom, uncertain=None):
    thickness = np.diff(bottom, prepend=0.0)
    number = lambda value: f"{value:.3g}" if value < 999.5 else f"{value:.0f}"  # noqa: E731
    rows = [
        [str(i + 1), number(rho), number(h) if np.isfinite(h) else "∞", number(z) if np.isfinite(z) else "∞"]
        for i, (rho, h, z) in enumerate(zip(resistivity, thickness, bottom, strict=True))
    ]
    if uncertain is not None:
        # Below each row its 90 % intervals, smaller and without a line between.
        below = [["", *words] for words in intervals(uncertain, len(rows))]
        rows = [row for pair in zip(rows, below, strict=True) for row in pair]
    table = ax.table(
        rows, colLabels=["layer", "ρ (Ω·m)", "h (m)", "depth (m)"], loc="upper center", cellLoc="right",
        colWidths=[0.18, 0.28, 0.25, 0.29] if uncertain is None else [0.15, 0.28, 0.28, 0.29],
    )  # fmt: skip
    table.auto_set_font_size(False)
    table.set_fontsize(10)
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
