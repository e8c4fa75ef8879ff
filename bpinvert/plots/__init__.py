"""Pictures of soundings, curves and training: axes in, axes out."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np

from bpinvert.plots.borehole import draw_known
from bpinvert.plots.coverage import calibration, layer_counts
from bpinvert.plots.curves import Curves, observed_curves, simulated_curves
from bpinvert.plots.line import section
from bpinvert.plots.panels import COORDINATES, QUANTITIES, families, finish, has_own_panel, layers, prepare
from bpinvert.plots.readings import ALARM, DATA, FIT, MASKED, MODEL, Readings, branches, draw_readings
from bpinvert.plots.uncertainty import is_sampled, layer_probability, layer_words
from bpinvert.results import MOST_LISTED, STATUS, compact, place_of, sounding_name

__all__ = ["calibration", "curve", "layer_counts", "layer_probability", "learning", "section", "sounding"]

_TITLE_WIDTH = 60


def sounding(result, sounding: int | str = 0, axes=None) -> np.ndarray:
    """One sounding of a result: data with errors, fitted curve, layered model, table; the flags in the title.

    Where MN was changed, the readings of each MN are connected, and those of one AB/2 stand side by side (2 % apart
    on either side). The curve is the layered earth's own; dashed, displaced by ``segment_shift`` as the readings are.
    For resistivity soundings the curve (against AB/2) and the model (against depth) share one pair of log-log
    axes; magnetotelluric ones have panels for apparent resistivity, phase and model. Transients are drawn against time,
    in-phase and quadrature against frequency, and coils of several distances as apparent conductivity (that of low
    induction numbers) against distance; what is negative at its size, with open symbols and dashed lines. What a
    borehole says (`fixed` of `Inverter.invert`) is drawn over the model.

    Of a posterior: bands with 50 % and 90 % of the resistivity at each depth over all numbers of layers, thin the
    best-fitting model, dotted the depth of investigation where the profile goes deeper, and the 90 % intervals of the
    parameters in the table, given this number of layers.

    Parameters
    ----------
    result : xarray.Dataset
        From `Inverter.invert`.
    sounding : int or str
        Which one, counted from 0, or its name.
    axes : matplotlib Axes or sequence of them, optional
        Data panels first, then the model's if it has its own, then the table's, which may be left out. A new
        figure if not given.

    Returns
    -------
    array of Axes : (curve, table), or (apparent resistivity, phase, model, table); a model of more than eight layers
        has no table.
    """
    place = place_of(result, sounding)
    one = result.isel(sounding=place)
    panels = _panels(one)
    resistivity, depth = layers(one["resistivity"].values, one["thickness"].values)
    own = has_own_panel(panels)
    axes = prepare(axes, len(panels), table=len(resistivity) <= MOST_LISTED, own=own)
    for ax, readings in zip(axes, panels, strict=False):
        _draw(ax, readings)
    draw_known(axes[len(panels) if own else 0], one, depth, downward=own)
    finish(axes, panels, [(resistivity, depth)], ["model"], uncertain=one if is_sampled(one) else None)
    name = sounding_name(result, place)
    flagged = _flag_names(one)
    fit = f"chi²/N {compact(float(one['chi2']), 2)}"
    if np.isfinite(one["rrms"]):
        fit += f", rrms {compact(float(one['rrms']), 1)} %"
    if not flagged:
        fit += ", inside the training range"
    if not resistivity.size:
        missing = int(one.get("status", 0)) & STATUS["context_missing"][0]
        fit = f"not inverted: {'its height is not known' if missing else 'too few readings are used'}"
    if "height" in one and np.isfinite(one["height"]):
        name += f", height {float(one['height']):.4g} m"
    # The flags get a line of their own; a line too long would run into the next panel.
    lines = [name, fit, *filter(None, [layer_words(one)]), *([f"flagged: {', '.join(flagged)}"] if flagged else [])]
    title = "\n".join(textwrap.fill(line, _TITLE_WIDTH) for line in lines)
    fonts = {"fontfamily": families(), "fontsize": "medium"}
    axes[0].set_title(title, color=ALARM if flagged else DATA, loc="left", **fonts)
    return axes


def curve(survey, models, axes=None) -> np.ndarray:
    """Curves that `survey` records over layered `models`, and the models, drawn as by :func:`sounding`.

    Parameters
    ----------
    survey : forward_models.Survey
    models : mapping of arrays
        ``thickness``, ``resistivity``: (n_models, n_layers-1), (n_models, n_layers), or 1-D for one model.
    axes : as for :func:`sounding`

    Returns
    -------
    array of Axes; the table is drawn for a single model only.
    """
    thickness, resistivity = (np.atleast_2d(models[key]) for key in ("thickness", "resistivity"))
    data, channels = survey(**models), survey.channels
    if channels.coordinate in ("time", "frequency"):
        return _instrument_curve(channels, data, thickness, resistivity, axes)
    panels = []
    axes = prepare(axes, len(channels.quantities), table=len(data) == 1, own=len(channels.quantities) > 1)
    colours = [FIT] if len(data) == 1 else plt.colormaps["viridis"](np.linspace(0, 0.9, len(data)))
    for ax, quantity in zip(axes, channels.quantities, strict=False):
        columns = channels.columns(quantity)
        for i, (row, colour) in enumerate(zip(data, colours, strict=True)):
            readings = _simulated(channels, quantity, columns, row[columns])
            label = "_nolegend_" if i else "simulated curve"
            ax.plot(*branches(readings), ".-", ms=4, color=colour, lw=1.8, label=label)
        panels.append(readings)
    layered = [layers(rho, h) for rho, h in zip(resistivity, thickness, strict=True)]
    labels = ["model"] + ["_nolegend_"] * (len(data) - 1)
    finish(axes, panels, layered, labels, colours if len(data) > 1 else None)
    return axes


def _instrument_curve(channels, data, thickness, resistivity, axes):
    drawn = [simulated_curves(channels, row) for row in data]
    axes = prepare(axes, len(drawn[0]), table=len(data) == 1)
    colours = [FIT] if len(data) == 1 else plt.colormaps["viridis"](np.linspace(0, 0.9, len(data)))
    for panels, colour in zip(drawn, colours, strict=True):
        for ax, curves in zip(axes, panels, strict=False):
            curves.draw(ax, "simulated curve", colour)
    layered = [layers(rho, h) for rho, h in zip(resistivity, thickness, strict=True)]
    labels = ["model"] + ["_nolegend_"] * (len(data) - 1)
    everything = [_together([panels[k] for panels in drawn]) for k in range(len(drawn[0]))]
    finish(axes, everything, layered, labels, colours if len(data) > 1 else None)
    return axes


def _together(curves):
    """Curves of several models as one, for the axes."""
    return replace(curves[0], predicted=np.concatenate([one.predicted for one in curves]))


def learning(curves, ax=None):
    """The error against the epoch, for training and validation; the best epoch of the validation is marked.

    Parameters
    ----------
    curves : mapping of name to array, or a fitted estimator with ``loss_curve_`` and ``validation_curve_``
        Of a mapping the entry ``"validation"`` is the one whose best epoch is marked.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    if not isinstance(curves, Mapping):
        curves = {"training": curves.loss_curve_, "validation": curves.validation_curve_}
    curves = {name: np.asarray(values, dtype=float) for name, values in curves.items() if len(values)}
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for (name, values), colour in zip(curves.items(), (MODEL, FIT, DATA, ALARM, MASKED), strict=False):
        ax.plot(np.arange(1, len(values) + 1), values, color=colour, lw=1.8, label=name)
        if name == "validation" and np.isfinite(values).any():
            best = int(np.nanargmin(values))
            label = f"best: {values[best]:.4g}, epoch {best + 1}"
            ax.plot(best + 1, values[best], "o", color=colour, label=label)
    if all(np.nanmin(values) > 0 for values in curves.values()):
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter("{x:g}")
    ax.set(xlabel="epoch", ylabel="loss")
    ax.grid(True, which="both", alpha=0.25)
    ax.legend(frameon=False)
    return ax


def _panels(one):
    """What is drawn of a sounding, panel by panel."""
    quantities = [quantity for quantity in QUANTITIES if quantity in one and one[quantity].dims == ("reading",)]
    if any(name in one for name in ("time", "frequency")):
        return observed_curves(one, quantities)
    return [_readings(one, quantity) for quantity in quantities]


def _draw(ax, readings):
    if isinstance(readings, Curves):
        readings.draw(ax)
    else:
        draw_readings(ax, readings)


def _readings(one, quantity):
    coordinate = next(name for name in COORDINATES if name in one)
    shape = one[quantity].shape

    def array(name, fill):
        return one[name].values if name in one else np.full(shape, fill)

    mn2, shift = np.nan_to_num(array("mn2", 0.0)), np.ones(shape)
    given = array("segment_shift", np.nan)
    for reading in np.flatnonzero(np.isfinite(given)):
        # A reading that is not used has no displacement of its own, but its prediction has that of its segment.
        shift[mn2 == mn2[reading]] = given[reading]
    return Readings(
        coordinate, quantity, one[coordinate].values, mn2, one[quantity].values,
        array(f"{quantity}_std", np.nan), array(f"predicted_{quantity}", np.nan),
        array("used", True).astype(bool), array("reading_outside", False).astype(bool), shift,
    )  # fmt: skip


def _simulated(channels, quantity, columns, values):
    nothing, yes = np.full(len(columns), np.nan), np.ones(len(columns), dtype=bool)
    branch = channels.coordinates.get("mn2", np.zeros(len(channels)))[columns]
    at = channels.value[columns]
    return Readings(channels.coordinate, quantity, at, branch, nothing, nothing, values, yes, ~yes, np.ones(len(at)))


def _flag_names(one):
    if "flag" not in one:
        return []
    flag, attrs = int(one["flag"]), one["flag"].attrs
    masks, names = np.atleast_1d(attrs["flag_masks"]), attrs["flag_meanings"].split()
    return [name for mask, name in zip(masks, names, strict=True) if flag & int(mask)]
