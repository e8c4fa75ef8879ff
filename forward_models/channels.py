"""What each column of a survey's data is, and the scale that it is worked with on."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace

import numpy as np

SCALES = ("log", "linear", "asinh")


@dataclass(frozen=True)
class Part:
    """Columns that are the channels of one method.

    Attributes
    ----------
    name : str
        Empty where the channels are not joined.
    channels : Channels
        These columns under the method's own names.
    columns : (n,) int array
        Where they stand among all columns.
    readings : (n_readings,) int array
        Where the method's readings stand among all readings.
    """

    name: str
    channels: Channels
    columns: np.ndarray
    readings: np.ndarray

    def named(self, name: str) -> str:
        """What a quantity or coordinate of the method is called among the joined ones."""
        return f"{self.name}_{name}" if self.name else name


@dataclass(frozen=True, eq=False)
class Channels:
    """What each column of a survey's output is.

    Columns are channel-major: all readings of the first quantity, then all of the second. Every array has one
    entry per column. Channels of several methods can be joined (`Channels.join`): one method's columns then follow the
    other's, and a reading is one of either method.

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
    joined : tuple of (str, Channels), optional
        The methods that these channels are joined from, by name.
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
    joined: tuple[tuple[str, Channels], ...] = ()

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

    @classmethod
    def join(cls, channels: dict[str, Channels]) -> Channels:
        """Channels of several methods as one, quantities and coordinates called ``<name>_<own name>``.

        A coordinate is NaN, or an empty word, in the columns of other methods; the main one is that of the first.
        """
        parts = list(channels.items())
        coordinates = {
            f"{name}_{key}": _among_others(values, k, [len(other) for _, other in parts])
            for k, (name, part) in enumerate(parts)
            for key, values in part.coordinates.items()
        }
        main = f"{parts[0][0]}_{parts[0][1].coordinate}"
        return cls(
            quantity=tuple(f"{name}_{quantity}" for name, part in parts for quantity in part.quantity),
            unit=tuple(unit for _, part in parts for unit in part.unit),
            scale=tuple(scale for _, part in parts for scale in part.scale),
            coordinate=main,
            value=coordinates.pop(main),
            coordinate_unit=parts[0][1].coordinate_unit,
            extra=coordinates,
            width=np.concatenate([part.width for _, part in parts]),
            joined=tuple(parts),
        )

    @functools.cached_property
    def parts(self) -> tuple[Part, ...]:
        """The methods, one after the other; channels that are not joined are one part."""
        if not self.joined:
            return (Part("", self, np.arange(len(self)), np.arange(self.n_readings)),)
        parts, first, reading = [], 0, 0
        for name, channels in self.joined:
            columns = first + np.arange(len(channels))
            readings = reading + np.arange(channels.n_readings)
            own = replace(channels, width=self.width[columns])
            parts.append(Part(name, own, columns, readings))
            first, reading = first + len(channels), reading + channels.n_readings
        return tuple(parts)

    @functools.cached_property
    def reading(self) -> np.ndarray:
        """Which reading each column belongs to, (n_channels,) int: there is one column for each of its quantities."""
        if self.joined:
            return np.concatenate([part.readings[part.channels.reading] for part in self.parts])
        return np.concatenate([np.arange(len(self.columns(quantity))) for quantity in self.quantities])

    @property
    def n_readings(self) -> int:
        """Number of readings."""
        return int(self.reading.max(initial=-1)) + 1

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


def _among_others(values, place, sizes):
    """`values` as a coordinate of all columns, of parts of these sizes: missing in all parts but that at `place`."""
    missing = "" if np.asarray(values).dtype.kind in "UO" else np.nan
    return np.concatenate([values if k == place else np.full(size, missing) for k, size in enumerate(sizes)])


def same_place(place, own) -> np.ndarray:
    """Which places (n,) are which of a survey's `own` (m,) within rounding, (n, m) bool; words must be equal."""
    place, own = np.asarray(place), np.asarray(own)
    if own.dtype.kind in "UO":
        return place[:, None] == own
    # A place of zero has no size to be rounded by but that of the others.
    room = 1e-4 * np.abs(own) + 1e-9 * np.abs(own).max(initial=0.0)
    return np.abs(place.astype(float)[:, None] - own) <= room
