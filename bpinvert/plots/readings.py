"""Readings and curves in a panel; where MN was changed, segment by segment."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

# Okabe & Ito's palette, which colour-blind readers can tell apart.
DATA, FIT, MODEL, ALARM, MASKED = "#000000", "#D55E00", "#0072B2", "#CC0033", "#999999"
_MARKERS = "os^Dvp<>"
# Half the way between readings of one spacing, so that their error bars can be told apart.
_APART = 1.02
# A displacement of less lies under the line of the curve.
_VISIBLE = 0.01


@dataclass(frozen=True)
class Readings:
    """One quantity of one sounding; `mn2` tells segments apart, each displaced by the factor `shift`.

    For dipoles, whose readings differ in a and n, it is their length a; `kept` is its name.
    """

    coordinate: str
    quantity: str
    at: np.ndarray
    mn2: np.ndarray
    observed: np.ndarray
    std: np.ndarray
    predicted: np.ndarray
    used: np.ndarray
    outside: np.ndarray
    shift: np.ndarray
    kept: str = "MN/2"

    @property
    def known(self) -> np.ndarray:
        """Whether there is a prediction to draw."""
        return np.isfinite(self.predicted) & np.isfinite(self.at)

    @property
    def segments(self) -> list[float]:
        """The values of MN/2 that were each kept for several readings; none where there is but one."""
        values, counts = np.unique(self.mn2[np.isfinite(self.at)], return_counts=True)
        # Where MN goes with AB, no two readings are connected by their MN.
        return values.tolist() if 1 < len(values) <= len(_MARKERS) and counts.mean() >= 2 else []


def draw_readings(ax, readings):
    """Data with their errors, the layered earth's curve and, dashed, its displaced segments."""
    apart = _apart(readings)
    shown = (apart.at > 0) & np.isfinite(apart.observed)
    shown &= (apart.observed > 0) | (apart.quantity in ("phase", "apparent_chargeability"))
    segments = readings.segments
    for value, marker in zip(segments or [None], _MARKERS, strict=False):
        here = shown & (True if value is None else apart.mn2 == value)
        name = "observed" if value is None else f"observed, {_kept_words(readings.kept, value)}"
        if value is not None:
            ax.plot(apart.at[here & apart.used], apart.observed[here & apart.used], "-", color=MASKED, lw=1, zorder=1)
        _draw_points(ax, apart, here & apart.used, marker, name, DATA, DATA)
        _draw_points(ax, apart, here & ~apart.used, marker, "observed, not used", MASKED, "white")
    outside = shown & apart.outside
    if outside.any():
        ring = {"ms": 12, "mfc": "none", "mec": ALARM, "mew": 1.8}
        ax.plot(apart.at[outside], apart.observed[outside], "o", label="observed, outside the training range", **ring)
    if not readings.known.any():
        return
    earth = replace(readings, predicted=readings.predicted / readings.shift)
    ax.plot(*branches(earth), ".-", ms=4, color=FIT, lw=1.8, label="fitted curve")
    displaced = readings.known & (np.abs(readings.shift - 1) > _VISIBLE)
    for value in np.unique(readings.mn2[displaced]):
        here = np.flatnonzero(displaced & (readings.mn2 == value))
        here = here[np.argsort(readings.at[here], kind="stable")]
        label = "_nolegend_" if value > readings.mn2[displaced].min() else "fitted curve, displaced segments"
        ax.plot(readings.at[here], readings.predicted[here], "--", color=FIT, lw=1, label=label)


def branches(readings):
    """The curve's points in order; where a spacing repeats, one MN after the other, parted by NaN."""
    x, y = [], []
    known = readings.known
    repeats = len(np.unique(readings.at[known])) < known.sum()
    branch = readings.mn2 if repeats else np.zeros(len(known))
    for one in np.unique(branch[known]):
        here = np.flatnonzero(known & (branch == one))
        here = here[np.argsort(readings.at[here], kind="stable")]
        x += [*readings.at[here], np.nan]
        y += [*readings.predicted[here], np.nan]
    return x[:-1], y[:-1]


def _draw_points(ax, readings, mask, marker, label, colour, fill):
    if not mask.any():
        return
    if label in ax.get_legend_handles_labels()[1]:
        label = "_nolegend_"
    ax.errorbar(
        readings.at[mask], readings.observed[mask], np.nan_to_num(readings.std[mask]),
        fmt=marker, ms=5, elinewidth=1, capsize=2, color=colour, mfc=fill, label=label,
    )  # fmt: skip


def _kept_words(name, value):
    return f"{name} = {value:g} m" if value > 0 else "MN → 0"


def _apart(readings):
    """The same with readings of one spacing but another MN side by side, the smallest MN to the left."""
    at = readings.at.copy()
    for spacing in np.unique(at[np.isfinite(at)]):
        here = np.flatnonzero(readings.at == spacing)
        values, rank = np.unique(readings.mn2[here], return_inverse=True)
        at[here] *= _APART ** (2 * rank - (len(values) - 1))
    return replace(readings, at=at)
