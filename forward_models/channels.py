"""What each column of a survey's data is, and the scale that it is worked with on."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import numpy as np

SCALES = ("log", "linear", "asinh")


@dataclass(frozen=True, eq=False)
class Channels:
    """What each column of a survey's output is.

    Columns are channel-major: all readings of the first quantity, then all of the second. Every array has one
    entry per column.

    Parameters
    ----------
    quantity : tuple of str
        Physical quantity, e.g. ``"apparent_resistivity"``.
    unit : tuple of str
        Its unit.
    scale : tuple of str
        ``"log"`` (natural logarithm), ``"linear"`` or ``"asinh"``: how the pipeline transforms the column.
    coordinate : str
        Name of the coordinate that tells the readings apart, e.g. ``"ab2"``.
    value : (n_channels,) array
        That coordinate, in `coordinate_unit`.
    coordinate_unit : str
    extra : dict of (n_channels,) arrays
        Further coordinates of a reading, e.g. ``{"mn2": ...}``; numbers or text.
    width : (n_channels,) array, optional
        For ``"asinh"``: the magnitude where the scale turns from linear to logarithmic.
    points : bool, optional
        Whether the readings lie on no curve along the main coordinate: a reading of a sounding then *is* one of the
        channels, with all coordinates equal, or is none.
    branch : str, optional
        Name of the extra coordinate whose values tell curves along the main coordinate apart.
    """

    quantity: tuple[str, ...]
    unit: tuple[str, ...]
    scale: tuple[str, ...]
    coordinate: str
    value: np.ndarray
    coordinate_unit: str
    extra: dict[str, np.ndarray] = field(default_factory=dict)
    width: np.ndarray | None = None
    points: bool = False
    branch: str | None = None

    def __post_init__(self):
        unknown = set(self.scale) - set(SCALES)
        if unknown:
            raise ValueError(f"scale has {sorted(unknown)}; allowed are {', '.join(SCALES)}. Use one of those.")
        if self.branch is not None and self.branch not in self.extra:
            raise ValueError(
                f"branch is {self.branch!r}; it must be one of the extra coordinates, which are "
                f"{', '.join(self.extra) or 'none'}."
            )
        if self.width is None:
            object.__setattr__(self, "width", np.ones(len(self.quantity)))

    def __len__(self):
        return len(self.quantity)

    @property
    def quantities(self) -> tuple[str, ...]:
        """The different quantities, in order."""
        return tuple(dict.fromkeys(self.quantity))

    @property
    def coordinates(self) -> dict[str, np.ndarray]:
        """All coordinates of the columns by name, the main one first."""
        return {self.coordinate: self.value, **self.extra}

    def columns(self, quantity: str) -> np.ndarray:
        """Indices of the columns that hold `quantity`."""
        return np.flatnonzero(np.array(self.quantity) == quantity)

    def _has(self, scale):
        return np.array(self.scale) == scale

    @functools.cached_property
    def _all_log(self):
        return set(self.scale) == {"log"}

    def to_scale(self, data, width=None) -> np.ndarray:
        """Data on the pipeline's scale; a value that has no logarithm becomes NaN.

        `width` (..., n_channels) stands in for the channels' own, also in the next three methods.
        """
        scaled = np.array(data, dtype=float)
        if self._all_log:
            return np.log(np.where(scaled > 0, scaled, np.nan))
        log, asinh = self._has("log"), self._has("asinh")
        if log.any():
            positive = np.where(scaled[..., log] > 0, scaled[..., log], np.nan)
            scaled[..., log] = np.log(positive)
        if asinh.any():
            scaled[..., asinh] = np.arcsinh(scaled[..., asinh] / self._width(width)[..., asinh])
        return scaled

    def from_scale(self, scaled, width=None) -> np.ndarray:
        """Inverse of :meth:`to_scale`."""
        data = np.array(scaled, dtype=float)
        log, asinh = self._has("log"), self._has("asinh")
        if log.any():
            data[..., log] = np.exp(data[..., log])
        if asinh.any():
            data[..., asinh] = np.sinh(data[..., asinh]) * self._width(width)[..., asinh]
        return data

    def scale_slope(self, data, width=None) -> np.ndarray:
        """d(scaled)/d(data): turns a small difference in physical units into one on the scale."""
        data = np.asarray(data, dtype=float)
        slope = np.ones_like(data)
        log, asinh = self._has("log"), self._has("asinh")
        if log.any():
            slope[..., log] = 1 / np.abs(data[..., log])
        if asinh.any():
            slope[..., asinh] = 1 / np.hypot(data[..., asinh], self._width(width)[..., asinh])
        return slope

    def sigma_on_scale(self, data, sigma, width=None) -> np.ndarray:
        """Standard deviations `sigma` of `data` on the scale: by its slope; where signs change, by a secant.

        The secant, half the difference of the scaled data ± σ, also holds where σ exceeds the datum.
        """
        sigma = np.asarray(sigma, dtype=float)
        on_scale = sigma * self.scale_slope(data, width)
        asinh = self._has("asinh")
        if asinh.any():
            data, width = np.asarray(data, dtype=float)[..., asinh], self._width(width)[..., asinh]
            up, down = ((data + sign * sigma[..., asinh]) / width for sign in (1, -1))
            secant = (np.arcsinh(up) - np.arcsinh(down)) / 2
            # Of a very small σ the difference is all rounding.
            tiny = sigma[..., asinh] < 1e-4 * np.hypot(data, width)
            on_scale[..., asinh] = np.where(tiny, on_scale[..., asinh], secant)
        return on_scale

    @property
    def changes_sign(self) -> bool:
        """Whether any column is on the asinh scale."""
        return "asinh" in self.scale

    def _width(self, width):
        return self.width if width is None else np.asarray(width, dtype=float)
