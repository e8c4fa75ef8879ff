"""Pictures of soundings, curves and training: axes in, axes out."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np

from bpinvert.joining import part_of, parts_in
from bpinvert.plots.borehole import draw_known
from bpinvert.plots.coverage import calibration, layer_counts
from bpinvert.plots.curves import Curves, observed_curves, simulated_curves
from bpinvert.plots.general import general, simulated
from bpinvert.plots.line import section
from bpinvert.plots.panels import COORDINATES, QUANTITIES, families, finish, has_own_panel, layers, prepare
from bpinvert.plots.properties import properties_of
from bpinvert.plots.readings import ALARM, DATA, FIT, MASKED, MODEL, Readings, branches, draw_readings
from bpinvert.plots.uncertainty import is_sampled, layer_probability, layer_words
from bpinvert.results import MOST_LISTED, STATUS, compact, place_of, sounding_name
from bpinvert.wording import method

__all__ = ["calibration", "curve", "layer_counts", "layer_probability", "learning", "section", "sounding"]

_TITLE_WIDTH = 60


def sounding(result, sounding: int | str = 0, axes=None) -> np.ndarray:
    """One sounding of a result: data with errors, fitted curve, layered model, table; the flags in the title.

    Where MN was changed, the readings of each MN are connected, and those of one AB/2 stand side by side (2 % apart on
    either side). The curve is the layered earth's own; dashed, displaced by ``segment_shift`` as the readings are. For
    resistivity soundings the curve (against AB/2) and the model (against depth) share one pair of log-log axes, dipoles
    against (n + 1) a/2; those with induced polarisation have the same for the chargeability below; magnetotelluric ones
    have panels for apparent resistivity, phase and model. Transients are drawn against time, in-phase and quadrature
    against frequency, and coils of several distances as apparent conductivity (that of low induction numbers) against
    distance; what is negative at its size, with open symbols and dashed lines. What a borehole says (`fixed` of
    `Inverter.invert`) is drawn over the model. Surface waves are drawn against frequency, mode by mode, beside the
    shear velocity; dashed, half the longest wavelength, below which they say nothing. Of joined soundings
    (`bpinvert.join_soundings`) each method has a column of panels of its own, and all have the model in common.

    Other soundings have a panel for each quantity, and for each property of the layers against depth, or one for all
    parameters of models without layers.

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
    array of Axes : (curve, table), (curve, chargeability, table), or (apparent resistivity, phase, model, table)
        A model of more than eight layers has no table.
    """
    place = place_of(result, sounding)
    one = result.isel(sounding=place)
    methods = _methods(result, place)
    if not properties_of(one) or not all(_is_known(part) for part in methods):
        axes = general(one, axes)
        _entitle(axes[0], result, place)
        return axes
    columns = [_panels(part) for part in methods]
    panels = [panel for column in columns for panel in column]
    drawn = properties_of(one)[0]
    values, depth = layers(one[drawn].values, one["thickness"].values)
    own = has_own_panel(panels)
    charged = "apparent_chargeability" in [readings.quantity for readings in panels] and "chargeability" in one
    axes = prepare(axes, [len(column) for column in columns], table=len(values) <= MOST_LISTED, own=own)
    for ax, readings in zip(axes, panels, strict=False):
        _draw(ax, readings)
    draw_known(axes[len(panels) if own else 0], one, depth, downward=own)
    finish(
        axes,
        panels,
        [(values, depth)],
        ["model"],
        uncertain=one if is_sampled(one, drawn) else None,
        name=drawn,
        reach=float(one.get("half_wavelength", np.nan)),
        chargeability=[one["chargeability"].values[: len(values)]] if charged else None,
    )
    _entitle(axes[0], result, place)
    return axes


def curve(survey, models, axes=None) -> np.ndarray:
    """Curves that `survey` records over layered `models`, and the models, drawn as by :func:`sounding`.

    Parameters
    ----------
    survey : forward_models.Survey
    models : mapping of arrays
        ``thickness``, ``resistivity``: (n_models, n_layers-1), (n_models, n_layers), or 1-D for one model; and what
        else the survey needs. Curves of quantities of your own are drawn without the models.
    axes : as for :func:`sounding`

    Returns
    -------
    array of Axes; the table is drawn for a single model only.
    """
    drawn = survey.properties[0]
    quantities = {name for part in survey.channels.parts for name in part.channels.quantities}
    if "thickness" not in models or not quantities <= set(QUANTITIES):
        return simulated(survey, survey(**models), axes)
    thickness, values = (np.atleast_2d(models[key]) for key in ("thickness", drawn))
    data, channels = survey(**models), survey.channels
    methods = [_simulated_panels(part.channels, data[:, part.columns]) for part in channels.parts]
    by_panel = [panel for panels in methods for panel in panels]
    panels = [_together(of_panel) for of_panel in by_panel]
    axes = prepare(axes, [len(part) for part in methods], table=len(data) == 1, own=has_own_panel(panels))
    colours = [FIT] if len(data) == 1 else plt.colormaps["viridis"](np.linspace(0, 0.9, len(data)))
    for ax, of_panel in zip(axes, by_panel, strict=False):
        for i, (one, colour) in enumerate(zip(of_panel, colours, strict=True)):
            if isinstance(one, Curves):
                one.draw(ax, "simulated curve", colour)
            else:
                label = "_nolegend_" if i else "simulated curve"
                ax.plot(*branches(one), ".-", ms=4, color=colour, lw=1.8, label=label)
    layered = [layers(*pair) for pair in zip(values, thickness, strict=True)]
    labels = ["model"] + ["_nolegend_"] * (len(data) - 1)
    charged = "apparent_chargeability" in channels.quantities
    chargeability = np.atleast_2d(models["chargeability"]) if charged else None
    colours = colours if len(data) > 1 else None
    finish(axes, panels, layered, labels, colours, name=drawn, chargeability=chargeability)
    return axes


def _simulated_panels(channels, data):
    """What is drawn of simulated data of one method: for each panel a list with an entry for each model."""
    if channels.coordinate in ("time", "frequency") or "mode" in channels.extra:
        return list(zip(*(simulated_curves(channels, row) for row in data), strict=True))
    columns = {quantity: channels.columns(quantity) for quantity in channels.quantities}
    return [[_simulated(channels, quantity, own, row[own]) for row in data] for quantity, own in columns.items()]


def _together(curves):
    """Curves of several models as one, for the axes."""
    if not isinstance(curves[0], Curves):
        return curves[-1]
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


def _methods(result, place):
    """The sounding at `place` by each method that has data of it; as it is where there is but one method."""
    one = result.isel(sounding=[place])
    found = [part_of(one, name) for name in parts_in(result)] or [one]
    return [part.isel(sounding=0) for part in found if part.sizes["reading"]] or [one.isel(sounding=0)]


def _told_apart(one):
    """Names of the methods that have a misfit of their own."""
    return [name for name in parts_in(one) if f"chi2_{name}" in one and np.isfinite(one[f"chi2_{name}"])]


def _entitle(ax, result, place):
    """Name, fit and flags over a sounding."""
    one = result.isel(sounding=place)
    name = sounding_name(result, place)
    flagged = _flag_names(one)
    if int(one.get("status", 0)) & STATUS["methods_conflict"][0]:
        flagged.append("the methods conflict")
    fit = f"chi²/N {compact(float(one['chi2']), 2)}"
    by_method = [f"{method(name)} {compact(float(one[f'chi2_{name}']), 2)}" for name in _told_apart(one)]
    if by_method:
        fit += f" ({', '.join(by_method)})"
    if np.isfinite(one["rrms"]):
        fit += f", rrms {compact(float(one['rrms']), 1)} %"
    if not flagged:
        fit += ", inside the training range"
    if np.isnan(one["chi2"]):
        missing = int(one.get("status", 0)) & STATUS["context_missing"][0]
        fit = f"not inverted: {'its height is not known' if missing else 'too few readings are used'}"
    if "height" in one and one["height"].ndim == 0 and np.isfinite(one["height"]):
        name += f", height {float(one['height']):.4g} m"
    # The flags get a line of their own; a line too long would run into the next panel.
    lines = [name, fit, *filter(None, [layer_words(one)]), *([f"flagged: {', '.join(flagged)}"] if flagged else [])]
    title = "\n".join(textwrap.fill(line, _TITLE_WIDTH) for line in lines)
    fonts = {"fontfamily": families(), "fontsize": "medium"}
    ax.set_title(title, color=ALARM if flagged else DATA, loc="left", **fonts)


def _is_known(one):
    """Whether a sounding has data that these pictures know."""
    return any(name in one and one[name].dims == ("reading",) for name in QUANTITIES)


def _panels(one):
    """What is drawn of a sounding, panel by panel."""
    quantities = [quantity for quantity in QUANTITIES if quantity in one and one[quantity].dims == ("reading",)]
    if any(name in one for name in ("time", "frequency", "mode")):
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

    at, kept, branch = one[coordinate].values, "MN/2", array("mn2", 0.0)
    if coordinate == "a" and "n" in one:
        coordinate, at, kept, branch = "dipoles", _of_dipoles(at, one["n"].values), "a", at
    mn2, shift = np.nan_to_num(branch), np.ones(shape)
    given = array("segment_shift", np.nan)
    for reading in np.flatnonzero(np.isfinite(given)):
        # A reading that is not used has no displacement of its own, but its prediction has that of its segment.
        shift[mn2 == mn2[reading]] = given[reading]
    return Readings(
        coordinate, quantity, at, mn2, one[quantity].values,
        array(f"{quantity}_std", np.nan), array(f"predicted_{quantity}", np.nan),
        array("used", True).astype(bool), array("reading_outside", False).astype(bool), shift, kept,
    )  # fmt: skip


def _of_dipoles(a, n):
    """Half the distance of two dipoles' middles, about as deep as they reach, in m."""
    return (n + 1) * a / 2


def _simulated(channels, quantity, columns, values):
    nothing, yes = np.full(len(columns), np.nan), np.ones(len(columns), dtype=bool)
    branch = channels.coordinates.get("mn2", np.zeros(len(channels)))[columns]
    coordinate, at = channels.coordinate, channels.value[columns]
    if "n" in channels.extra:
        coordinate, branch, at = "dipoles", at, _of_dipoles(at, channels.extra["n"][columns])
    return Readings(coordinate, quantity, at, branch, nothing, nothing, values, yes, ~yes, np.ones(len(at)))


def _flag_names(one):
    if "flag" not in one:
        return []
    flag, attrs = int(one["flag"]), one["flag"].attrs
    masks, names = np.atleast_1d(attrs["flag_masks"]), attrs["flag_meanings"].split()
    return [name for mask, name in zip(masks, names, strict=True) if flag & int(mask)]
