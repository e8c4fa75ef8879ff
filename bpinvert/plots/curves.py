"""Readings in a panel whose curves are told apart, and whose values may have either sign."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bpinvert.plots.readings import ALARM, DATA, FIT, MASKED

# Okabe & Ito's palette without the colour of the fit.
_COLOURS = (DATA, "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_MARKERS = "os^Dvp"
# Velocities that differ by no more are drawn on a linear axis, with so much of their range left free at either end.
_VELOCITIES, _LINEAR, _FREE = ("phase_velocity", "group_velocity"), 5.0, 0.08
# Coils whose distances differ by more are drawn against distance, others against frequency.
_SEVERAL_OFFSETS = 1.5


@dataclass(frozen=True)
class Curves:
    """One quantity of one sounding, or of a simulation, whose data may have either sign.

    Attributes
    ----------
    coordinate, quantity : str, of which the axes are
    at, observed, std, predicted : (n,) arrays
    used, outside : (n,) bool arrays
    label : (n,) array of str, the curve that a reading is on; empty where there is but one
    """

    coordinate: str
    quantity: str
    at: np.ndarray
    observed: np.ndarray
    std: np.ndarray
    predicted: np.ndarray
    used: np.ndarray
    outside: np.ndarray
    label: np.ndarray

    @property
    def limits(self) -> tuple[float, float]:
        """Of the axis of sizes: of all that is drawn, but not far below the errors."""
        if self.linear:
            low, high = self._ends
            free = _FREE * max(high - low, 0.1 * high)
            return low - free, high + free
        sizes = np.abs(np.concatenate([np.fmax(np.abs(self.observed), self.std / 3), self.predicted]))
        sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
        return (sizes.min() / 2, sizes.max() * 2) if sizes.size else (0.1, 10.0)

    @property
    def linear(self) -> bool:
        """Whether the axis of sizes is linear: for velocities that do not differ much, as is usual for them."""
        low, high = self._ends
        return self.quantity in _VELOCITIES and 0 < low and high < _LINEAR * low

    @property
    def _ends(self):
        """The lowest and the highest value, with errors."""
        error = np.nan_to_num(self.std)
        values = np.concatenate([self.observed - error, self.observed + error, self.predicted])
        values = values[np.isfinite(values)]
        return (values.min(), values.max()) if values.size else (0.0, 1.0)

    def draw(self, ax, fitted="fitted curve", colour_of_fit=FIT) -> None:
        """Data with their errors, negative ones as open symbols at their size; the curve, dashed where negative."""
        there = np.isfinite(self.at)
        for k, name in enumerate(dict.fromkeys(self.label[there].tolist())):
            here = there & (self.label == name)
            colour, marker = _COLOURS[k % len(_COLOURS)], _MARKERS[k % len(_MARKERS)]
            said = f"observed, {name}" if name else "observed"
            shown = here & np.isfinite(self.observed)
            self._points(ax, shown & self.used & (self.observed >= 0), marker, colour, colour, said)
            self._points(ax, shown & self.used & (self.observed < 0), marker, colour, "white", f"{said}, negative")
            self._points(ax, shown & ~self.used, marker, MASKED, "white", "observed, not used")
            self._line(ax, here, colour_of_fit, fitted)
        outside = there & self.outside & np.isfinite(self.observed)
        if outside.any():
            ring = {"ms": 12, "mfc": "none", "mec": ALARM, "mew": 1.8}
            label = "observed, outside the training range"
            ax.plot(self.at[outside], np.abs(self.observed[outside]), "o", label=label, **ring)

    def _points(self, ax, mask, marker, colour, fill, label):
        if not mask.any():
            return
        if label in ax.get_legend_handles_labels()[1]:
            label = "_nolegend_"
        ax.errorbar(
            self.at[mask], np.abs(self.observed[mask]), np.nan_to_num(self.std[mask]),
            fmt=marker, ms=5, elinewidth=1, capsize=2, color=colour, mfc=fill, label=label,
        )  # fmt: skip

    def _line(self, ax, here, colour, fitted):
        rows = np.flatnonzero(here & np.isfinite(self.predicted))
        rows = rows[np.argsort(self.at[rows], kind="stable")]
        if not rows.size:
            return
        at, size, negative = self.at[rows], np.abs(self.predicted[rows]), self.predicted[rows] < 0
        for style, part, words in (("-", ~negative, fitted), ("--", negative, f"{fitted}, negative")):
            if not part.any():
                continue
            if words in ax.get_legend_handles_labels()[1]:
                words = "_nolegend_"
            # A single point would lie under its datum.
            marker, ms = (".", 4) if rows.size > 1 else ("x", 8)
            ax.plot(
                at, np.where(part, size, np.nan), marker + style, ms=ms, color=colour, lw=1.8, label=words, zorder=3
            )


def observed_curves(one, quantities) -> list[Curves]:
    """The panels of a sounding of a result."""
    coordinates = {name: one[name].values for name in _KNOWN if name in one and one[name].dims == ("reading",)}
    shape = one[quantities[0]].shape

    def of(name, fill):
        return one[name].values if name in one else np.full(shape, fill)

    panels = []
    measured = [quantity for quantity in quantities if np.isfinite(one[quantity].values).any()]
    for quantity in measured or quantities:
        parts = [one[quantity].values, of(f"{quantity}_std", np.nan), of(f"predicted_{quantity}", np.nan)]
        used = of("used", True).astype(bool) & np.isfinite(of(f"residual_{quantity}", 0.0))
        panels.append(_panel(quantity, coordinates, *parts, used, of("reading_outside", False).astype(bool)))
    return panels


def simulated_curves(channels, values) -> list[Curves]:
    """The panels of one simulated sounding, `values` (n_channels,)."""
    panels = []
    for quantity in channels.quantities:
        columns = channels.columns(quantity)
        coordinates = {name: array[columns] for name, array in channels.coordinates.items()}
        nothing, no = np.full(len(columns), np.nan), np.zeros(len(columns), dtype=bool)
        panels.append(_panel(quantity, coordinates, nothing, nothing, values[columns], ~no, no))
    return panels


_KNOWN = ("time", "moment", "frequency", "offset", "orientation", "period", "mode")


def _mode_words(number):
    if not np.isfinite(number):
        return ""
    return "fundamental mode" if number == 0 else f"mode {number:g}"


def _panel(quantity, coordinates, observed, std, predicted, used, outside):
    """Against time, frequency or the coils' distance; the quadrature of coils as apparent conductivity."""
    if "mode" in coordinates:
        mode, at = coordinates["mode"], 1 / np.where(coordinates["period"] > 0, coordinates["period"], np.nan)
        label = np.array([_mode_words(number) for number in mode])
        return Curves("frequency", quantity, at, observed, std, predicted, used, outside, label)
    if "time" in coordinates:
        moment = coordinates.get("moment", np.zeros(len(observed)))
        several = len(np.unique(moment[np.isfinite(moment)])) > 1
        label = np.array([f"moment {value:g}" if several else "" for value in moment])
        return Curves("time", quantity, coordinates["time"], observed, std, predicted, used, outside, label)
    offset, frequency, label = (coordinates[name] for name in ("offset", "frequency", "orientation"))
    label = np.asarray(label).astype(str)
    if not np.nanmax(offset) > _SEVERAL_OFFSETS * np.nanmin(offset):
        return Curves("frequency", quantity, frequency, observed, std, predicted, used, outside, label)
    if quantity == "quadrature":
        from forward_models.fdem import apparent_conductivity

        known = np.isfinite(offset) & (label != "")
        factor = np.full(len(offset), np.nan)
        place = (array[known] for array in (frequency, offset, label))
        # Linear in the quadrature, so that errors are converted alike.
        factor[known] = 1e3 * apparent_conductivity(np.ones(known.sum()), *place, method="lin")
        observed, std, predicted = observed * factor, std * np.abs(factor), predicted * factor
        quantity = "apparent_conductivity"
    return Curves("offset", quantity, offset, observed, std, predicted, used, outside, label)
