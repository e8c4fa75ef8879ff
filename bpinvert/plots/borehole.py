"""What was known of a sounding beforehand, drawn over its model."""

from __future__ import annotations

import numpy as np

# The green of Okabe & Ito's palette.
_COLOUR, _SHADE = "#009E73", 0.18
_LEGEND = "known (±σ)"


def draw_known(ax, one, bottom, downward) -> None:
    """Depths as lines across the model, resistivities along their layer, each with a band of ±σ.

    Parameters
    ----------
    ax : matplotlib Axes of the model
    one : xarray.Dataset, one sounding of a result
    bottom : (n_layers,) array, depth of the bottom of each layer of the model, the last one infinite
    downward : bool
        Whether the depth is the vertical axis.
    """
    if "fixed_value" not in one or not len(bottom):
        return
    label = _LEGEND
    for name, value, std in zip(one["fixed"].values, one["fixed_value"].values, one["fixed_std"].values, strict=True):
        quantity, _, number = str(name).rpartition("_")
        number, of_interface = int(number), quantity in ("depth", "thickness")
        place = number - 1 if number > 0 else len(bottom) - of_interface + number
        if not np.isfinite(value) or quantity not in ("depth", "thickness", "resistivity"):
            continue
        top = bottom[place - 1] if place else 0.0
        if of_interface:
            # A thickness is known from the top of its layer on, wherever the model has that.
            at = value + (top if quantity == "thickness" else 0.0)
            line, span = (ax.axhline, ax.axhspan) if downward else (ax.axvline, ax.axvspan)
            line(at, color=_COLOUR, lw=1.2, ls="--", label=label)
            # A band to a depth of zero or less would have no end on a logarithmic axis.
            span(max(at - std, at / 100), at + std, color=_COLOUR, alpha=_SHADE, lw=0)
        else:
            ends = np.array([max(top, 1e-3), min(bottom[place], 1e7)])
            low, high = value * np.exp(-std / value), value * np.exp(std / value)
            line, fill = (ax.vlines, ax.fill_betweenx) if downward else (ax.hlines, ax.fill_between)
            line(value, *ends, color=_COLOUR, lw=1.2, ls="--", label=label)
            fill(ends, low, high, color=_COLOUR, alpha=_SHADE, lw=0)
        label = "_nolegend_"
    if downward:
        ax.legend(frameon=False, fontsize="small")
