"""`Noise`: σ of every datum, the levels that vary, and noisy data drawn with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bpinvert.noise import settings
from bpinvert.noise.stated import two_parts

# Floors within which an asinh scale is linear at most.
_LINEAR = 100.0


@dataclass(frozen=True)
class Noise:
    """Gaussian noise with σ² = floor² + (relative·|data|)².

    Each of the two is a number, a (low, high) range of levels, log-uniform, or a dict of quantity -> number
    or range. A quantity that such a dict leaves out has none of that part.

    Parameters
    ----------
    relative : number, range or dict
        Fraction of the value: 0.03 is 3 %.
    floor : number, range or dict
        In the quantity's unit.

    Attributes
    ----------
    level_names : tuple of str
        One for each range, e.g. ``("relative", "floor:phase")``; empty if nothing varies.

    Examples
    --------
    >>> from forward_models import Schlumberger
    >>> channels = Schlumberger(ab2=[1, 10]).channels
    >>> Noise(relative=0.03, floor=0.4).sigma(np.array([[10.0, 100.0]]), channels)
    array([[0.5       , 3.02654919]])
    """

    relative: Any = 0.03
    floor: Any = 0.0

    def __post_init__(self):
        for part in ("relative", "floor"):
            object.__setattr__(self, part, settings.read(part, getattr(self, part)))
        ranges = {
            name: entry
            for part in ("relative", "floor")
            for name, entry in settings.entries(part, getattr(self, part))
            if isinstance(entry, tuple)
        }
        object.__setattr__(self, "level_names", tuple(ranges))
        object.__setattr__(self, "_log_ends", np.log(np.array(list(ranges.values())).reshape(-1, 2)).T)
        if all(entry == 0 for part in (self.relative, self.floor) for _, entry in settings.entries("", part)):
            raise ValueError(
                "Noise has relative = 0 and floor = 0, so every misfit would be infinite; noise-free data "
                "need a small error all the same. Give e.g. relative=0.001."
            )

    def draw_levels(self, n: int, rng) -> np.ndarray:
        """Levels of `n` soundings, (n, n_levels), log-uniform in their ranges."""
        low, high = self._log_ends
        return np.exp(low + (high - low) * np.random.default_rng(rng).random((n, len(low))))

    def middle_levels(self) -> np.ndarray:
        """The geometric middle of every range, (n_levels,)."""
        return np.exp(self._log_ends.mean(axis=0))

    def levels_of(self, data, sigma, used, channels) -> np.ndarray:
        """Levels (n, n_levels) that stated errors stand for, NaN where fewer than half of the used data have any.

        The middle of what each datum says; of two ranges for the same data the least-squares solution of
        σ² = floor² + (relative·data)² divided by σ². What is less than the other part alone counts as the low end.

        Parameters
        ----------
        data, sigma : (n, n_channels) arrays in physical units; σ is NaN where not stated
        used : (n, n_channels) bool array
        channels : forward_models.Channels
        """
        levels = np.full((len(data), len(self.level_names)), np.nan)
        for k, name in enumerate(self.level_names):
            kind, _, quantity = name.partition(":")
            columns = channels.columns(quantity) if quantity else np.arange(len(channels))
            stated = used[:, columns] & np.isfinite(sigma[:, columns])
            rows = np.flatnonzero(stated.any(axis=1) & (2 * stated.sum(axis=1) >= used[:, columns].sum(axis=1)))
            size = np.abs(data[np.ix_(rows, columns)])
            squares = np.square(np.where(stated[rows], sigma[np.ix_(rows, columns)], np.nan))
            other, is_range = self._beside(kind, channels, columns)
            if is_range:
                floor, relative = two_parts(squares, np.square(size))
                squared = relative if kind == "relative" else floor
            else:
                rest = squares - np.square(other * (size if kind == "floor" else 1.0))
                with np.errstate(divide="ignore"):  # a datum of zero says nothing of a relative error
                    squared = np.nanmedian(rest / (np.square(size) if kind == "relative" else 1.0), axis=1)
            low = np.exp(self._log_ends[0, k]) if is_range or other.any() else 0.0
            levels[rows, k] = np.maximum(np.sqrt(np.maximum(squared, 0.0)), low)
        return levels

    def _beside(self, kind, channels, columns):
        """The part of σ other than `kind` on these columns: (n_columns,) if fixed, and whether it is a range."""
        other = "floor" if kind == "relative" else "relative"
        ranges = {name.partition(":")[2] for name in self.level_names if name.startswith(other)}
        # The empty name stands for all quantities.
        is_range = not ranges.isdisjoint(["", *(channels.quantity[column] for column in columns)])
        return self._part(other, channels, self.middle_levels())[columns], is_range

    def completed(self, levels) -> np.ndarray:
        """Levels (n, n_levels) with those that are NaN as high in their ranges as the others; the middles without any.

        Where a sheet states the errors of one quantity only, those of the others were hardly better or worse.
        """
        low, high = self._log_ends
        place = (np.log(levels) - low) / (high - low)
        known = np.isfinite(place)
        mean = np.where(known, np.clip(place, 0, 1), 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        mean[~known.any(axis=1)] = 0.5
        return np.where(known, levels, np.exp(low + (high - low) * mean[:, None]))

    def louder(self, factor) -> Noise:
        """The same with every level a range that reaches `factor` times further up."""

        def wider(level, most):
            if isinstance(level, dict):
                return {name: wider(entry, most) for name, entry in level.items()}
            low, high = level if isinstance(level, tuple) else (level, level)
            return (low, min(high * factor, most)) if 0 < low < min(high * factor, most) else level

        return Noise(relative=wider(self.relative, 1.0), floor=wider(self.floor, np.inf))

    def level_room(self, levels):
        """By which factors, lowest and highest, the levels (n, n_levels) may be multiplied without leaving a range."""
        if not self.level_names:
            return np.ones(len(levels)), np.ones(len(levels))
        low, high = np.exp(self._log_ends)
        return (low / levels).max(axis=1), (high / levels).min(axis=1)

    def position(self, levels) -> np.ndarray:
        """Where in their ranges the levels lie, 0 (low) to 1 (high) in the logarithm; 0 where nothing varies."""
        if not self.level_names:
            return np.zeros(len(levels))
        low, high = self._log_ends
        return np.clip((np.log(levels) - low) / (high - low), 0.0, 1.0).mean(axis=1)

    def sigma(self, data, channels, levels=None) -> np.ndarray:
        """Standard deviations in physical units.

        Parameters
        ----------
        data : (n, n_channels) array
        channels : forward_models.Channels
        levels : (n, n_levels) or (n_levels,) array, optional
            For what is a range; the geometric middles by default.

        Returns
        -------
        (n, n_channels) array

        Raises
        ------
        ValueError
            If a dict names a quantity that the channels lack, or a quantity has neither part.
        """
        relative, floor = self._parts(channels, levels)
        return np.hypot(floor, relative * np.abs(data))

    def sigma_on_scale(self, data, channels, levels=None) -> np.ndarray:
        """Standard deviations on the channels' scale, see `Channels.sigma_on_scale`; arguments as in `sigma`."""
        relative, floor = self._parts(channels, levels)
        if _is_constant(channels, floor):
            return np.array(np.broadcast_to(relative, np.shape(data)))
        return channels.sigma_on_scale(data, np.hypot(floor, relative * np.abs(data)))

    def proportional(self, channels) -> bool:
        """Whether σ on the channels' scale does not depend on the data."""
        relative, floor = self._parts(channels, None)
        scale = np.array(channels.scale)
        return bool((((scale == "log") & (floor == 0)) | ((scale == "linear") & (relative == 0))).all())

    def draw(self, data, channels, rng, levels=None) -> np.ndarray:
        """`data` with noise that is Gaussian on the channels' scale, so that logarithmic data stay positive.

        Data on an asinh scale get noise that is Gaussian in physical units. Parameters as in `sigma`; `rng` is a
        numpy.random.Generator or a seed. float32 data give float32.
        """
        data = np.asarray(data)
        dtype = np.float32 if data.dtype == np.float32 else np.float64
        noise = np.random.default_rng(rng).standard_normal(data.shape, dtype=dtype)
        relative, floor = self._parts(channels, levels)
        if not _is_constant(channels, floor):
            signed = np.array(channels.scale) == "asinh"
            plain = data[..., signed] + noise[..., signed] * self.sigma(data, channels, levels)[..., signed]
            noise *= self.sigma_on_scale(data, channels, levels)
            noisy = channels.from_scale(channels.to_scale(data) + noise)
            noisy[..., signed] = plain
            return noisy.astype(dtype, copy=False)
        # ln(data) + σ·noise without the logarithm. A value that has none is NaN, as from `Channels.to_scale`.
        noise *= relative.astype(dtype)
        np.exp(noise, out=noise)
        noise *= data
        if not (data > 0).all():
            noise[~(data > 0)] = np.nan
        return noise

    def resolving(self, survey):
        """`survey` with asinh scales on which this noise is nearly the same everywhere; itself where it has none.

        With width = floor/relative, σ on the scale is `relative` whatever the datum, as on a logarithmic scale without
        a floor. A scale is never finer than the survey's own, and turns logarithmic at a hundred floors at the latest.
        """
        channels = survey.channels
        if not channels.changes_sign:
            return survey
        relative, floor = self._parts(channels, None)
        with np.errstate(divide="ignore", invalid="ignore"):
            even = np.where(floor > 0, np.minimum(floor / relative, _LINEAR * floor), 0.0)
        return survey.with_width(np.maximum(channels.width, even))

    def to_dict(self) -> dict:
        """JSON-able description; :func:`noise_from_dict` rebuilds the noise."""
        return {"relative": settings.plain(self.relative), "floor": settings.plain(self.floor)}

    def _parts(self, channels, levels):
        """relative and floor as (n_channels,) or (n, n_channels) arrays."""
        levels = self.middle_levels() if levels is None else np.asarray(levels, dtype=float)
        if levels.shape[-1:] != (len(self.level_names),):
            raise ValueError(
                f"levels has shape {levels.shape}; this noise has {len(self.level_names)} levels "
                f"({', '.join(self.level_names) or 'none'}). Pass (n, {len(self.level_names)}), as from "
                "draw_levels."
            )
        relative, floor = self._part("relative", channels, levels), self._part("floor", channels, levels)
        bare = ~((relative > 0) | (floor > 0)).reshape(-1, len(channels)).all(axis=0)
        if bare.any():
            raise ValueError(
                f"Noise gives {channels.quantity[bare.argmax()]} neither a relative error nor a floor; "
                "noise-free data need a small error all the same. Name the quantity in relative or floor."
            )
        return relative, floor

    def _part(self, part, channels, levels):
        setting = getattr(self, part)
        if isinstance(setting, dict):
            unknown = [quantity for quantity in setting if quantity not in channels.quantities]
            if unknown:
                raise ValueError(
                    f"Noise has {part} of {', '.join(unknown)}, but the data are "
                    f"{', '.join(channels.quantities)}. Use those names."
                )
        values = np.zeros((*levels.shape[:-1], len(channels)))
        for name, entry in settings.entries(part, setting):
            columns = channels.columns(name.partition(":")[2]) if ":" in name else slice(None)
            is_range = isinstance(entry, tuple)
            values[..., columns] = levels[..., self.level_names.index(name)][..., None] if is_range else entry
        return values


def noise_from_dict(description: dict) -> Noise:
    """Rebuild a noise from :meth:`Noise.to_dict`.

    Raises
    ------
    ValueError
        If the description has other keys than relative and floor.
    """
    unknown = set(description) - {"relative", "floor"}
    if unknown:
        raise ValueError(
            f"The description of a noise has {', '.join(sorted(unknown))}; allowed are relative and floor."
        )
    return Noise(**description)


def _is_constant(channels, floor):
    """True where σ on the scale is `relative` itself, whatever the data."""
    return not floor.any() and all(scale == "log" for scale in channels.scale)
