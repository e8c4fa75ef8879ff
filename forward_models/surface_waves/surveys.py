"""Dispersion curves of surface waves: Rayleigh and Love."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from forward_models.channels import Channels
from forward_models.surface_waves import love, love_modes, rayleigh, rayleigh_modes
from forward_models.surface_waves.curves import JUST_BELOW, Models, phase_velocity, plan
from forward_models.surface_waves.search import EXACT, TOLERANCE
from forward_models.survey import Survey, freeze, numbers, positive_axis

VELOCITIES = ("phase", "group")
# Between the bulk modulus of a solid, which is positive, and vp: vp² > 4/3 vs².
SMALLEST_VP = np.sqrt(4 / 3)
_STEP = 1e-5


@dataclass(frozen=True, eq=False)
class Dispersion(Survey):
    """What Rayleigh and Love waves share."""

    period: np.ndarray | None = None
    frequency: np.ndarray | None = None
    mode: np.ndarray | int = 0
    velocity: tuple[str, ...] | str = "phase"

    method = "surface_waves"
    block = 1024
    details = ("mode",)

    def __post_init__(self):
        name = type(self).__name__
        if (self.period is None) == (self.frequency is None):
            given = "neither period nor frequency" if self.period is None else "both period and frequency"
            raise ValueError(f"{name} got {given}; it needs one of them. Give period in s or frequency in Hz.")
        freeze(
            self,
            period=None if self.period is None else positive_axis(name, "period", self.period, "s"),
            frequency=None if self.frequency is None else positive_axis(name, "frequency", self.frequency, "Hz"),
        )
        period = self.period if self.frequency is None else 1 / self.frequency
        mode = _modes(name, self.mode, period.size)
        object.__setattr__(self, "mode", mode)
        object.__setattr__(self, "velocity", _velocities(name, self.velocity))
        quantities = self._quantities()
        n = period.size
        channels = Channels(
            quantity=tuple(np.repeat(quantities, n).tolist()),
            unit=tuple(np.repeat(["1" if quantity == "ellipticity" else "m/s" for quantity in quantities], n).tolist()),
            scale=("log",) * (n * len(quantities)),
            coordinate="period",
            value=np.tile(period, len(quantities)),
            coordinate_unit="s",
            extra={"mode": np.tile(mode, len(quantities)).astype(float)},
            branch="mode",
        )
        object.__setattr__(self, "channels", channels)

    def at(self, **coordinates):
        """The same survey at other readings: `period` in s or `frequency` in Hz, and `mode`.

        A reading of which no mode is said (NaN, or no `mode` at all) is of the mode that the survey has; of several, of
        the fundamental mode.
        """
        mode = coordinates.pop("mode", None)
        usual = int(self.mode[0]) if np.all(self.mode == self.mode[0]) else 0
        if mode is not None:
            mode = numbers(type(self).__name__, "mode", mode)
            coordinates["mode"] = np.where(np.isnan(mode), usual, mode)
        elif {"period", "frequency"} & set(coordinates):
            coordinates["mode"] = usual
        if "period" in coordinates:
            coordinates.setdefault("frequency", None)
        elif "frequency" in coordinates:
            coordinates.setdefault("period", None)
        return super().at(**coordinates)

    def beyond(self, thickness, **arrays) -> np.ndarray:
        """What missing channels tend to where their mode ends, (n_models, n_channels) in their units.

        Velocities tend to vs of the half-space, an ellipticity to nothing in particular (NaN).
        """
        layered, _, valid = self._check(thickness, arrays)
        velocity = np.array([quantity != "ellipticity" for quantity in self.channels.quantity])
        limit = np.where(valid, layered["vs"][:, -1], np.nan)
        return np.where(velocity, limit[:, None], np.nan)

    def _quantities(self):
        return [f"{kind}_velocity" for kind in self.velocity]

    def _possible(self, layered, valid):
        return _refuse_other_units(type(self).__name__, layered, valid)

    @functools.cached_property
    def _curves(self):
        """For each mode: its number, ascending periods, plan, and readings with the period that each has."""
        period = self.channels.value[: self.mode.size]
        curves = []
        for mode in np.unique(self.mode):
            readings = np.flatnonzero(self.mode == mode)
            periods, places = np.unique(period[readings], return_inverse=True)
            curves.append((int(mode), periods, plan(periods), readings, places))
        return curves

    def _simulate(self, thickness, properties, context):
        modes, _ = self._modules
        models = Models(modes, thickness, properties)
        if self._quantities() == ["phase_velocity"]:
            return self._phase_velocity(models)
        c = self._phase_velocity(models, EXACT)
        found = self._at_modes(c, models.layers)
        return np.concatenate([found[quantity] for quantity in self._quantities()])

    def _phase_velocity(self, models, tolerance=TOLERANCE):
        c = np.empty((self.mode.size, models.n))
        for mode, periods, levels, readings, places in self._curves:
            c[readings] = phase_velocity(models, periods, levels, mode, tolerance)[places]
        return c

    def _at_modes(self, c, layers):
        """All quantities (n_readings, b), and the slopes (n_of_that, n_readings, b) of ln c by name."""
        _, module = self._modules
        omega = 2 * np.pi / self.channels.value[: self.mode.size]
        n_models = c.shape[1]
        exists = np.flatnonzero(np.isfinite(c))
        out = {quantity: np.full(c.shape, np.nan) for quantity in ("group_velocity", "ellipticity")}
        slopes = None
        for start in range(0, max(exists.size, 1), 2048):
            lanes = exists[start : start + 2048]
            columns = lanes % n_models
            part = tuple(array.take(columns, axis=1) for array in layers)
            group, ellipticity, by = module.mode_slopes(c.flat[lanes], omega[lanes // n_models], part)
            if slopes is None:
                slopes = {name: np.full((len(slope), *c.shape), np.nan) for name, slope in by.items()}
            out["group_velocity"].flat[lanes] = group
            if ellipticity is not None:
                out["ellipticity"].flat[lanes] = ellipticity
            for name, slope in by.items():
                slopes[name].reshape(len(slope), c.size)[:, lanes] = slope
        return {"phase_velocity": c, **out, "slopes": slopes}

    def _simulate_with_jacobian(self, thickness, properties, context):
        """Analytic for phase velocities; others by differences at velocities moved along those slopes, not searched."""
        modes, _ = self._modules
        models = Models(modes, thickness, properties)
        c = self._phase_velocity(models, EXACT)
        found = self._at_modes(c, models.layers)
        slopes, quantities = found["slopes"], self._quantities()
        others = [quantity for quantity in quantities if quantity != "phase_velocity"]
        jacobian = {name: np.empty((len(slope), len(self.channels), models.n)) for name, slope in slopes.items()}
        used = {"thickness": thickness, **{name: properties[name] for name in self.properties}}
        for name, slope in slopes.items():
            for i in range(len(slope)):
                parts = {"phase_velocity": slope[i]}
                if others:
                    sides = [self._moved(c, slope[i], used, name, i, sign * _STEP) for sign in (1, -1)]
                    parts |= {key: (sides[0][key] - sides[1][key]) / (2 * _STEP) for key in others}
                jacobian[name][i] = np.concatenate([parts[quantity] for quantity in quantities])
        return np.concatenate([found[quantity] for quantity in quantities]), jacobian

    def _moved(self, c, slope, used, name, row, step):
        """ln of all quantities with one parameter changed by exp(step) and the velocity by what that does to it."""
        moved = used[name].copy()
        moved[row] *= np.exp(step)
        arrays = {**used, name: moved}
        modes, _ = self._modules
        layers = modes.arrays(arrays["thickness"], arrays)
        here = np.minimum(c * np.exp(slope * step), arrays["vs"][-1] * JUST_BELOW)
        found = self._at_modes(here, layers)
        return {key: np.log(found[key]) for key in ("group_velocity", "ellipticity")}


@dataclass(frozen=True, eq=False)
class Rayleigh(Dispersion):
    """Rayleigh waves: phase or group velocity in m/s of one or several modes, ellipticity on request.

    Parameters
    ----------
    period : (n_readings,) array_like, optional
        In s, in any order. Either this or `frequency`.
    frequency : (n_readings,) array_like, optional
        In Hz.
    mode : int or (n_readings,) array_like of int
        0 is the fundamental mode; one for each reading where a survey has several.
    velocity : "phase", "group" or ("phase", "group")
        Which of them, in this order: channels of the first, then those of the second.
    ellipticity : bool
        Whether |horizontal/vertical displacement| at the surface follows.

    Raises
    ------
    ValueError
        If neither or both of `period` and `frequency` are given, one of them is not positive, a mode is negative or no
        whole number, or `velocity` is unknown. In calls, if every vs, or every density, is so small that it seems to
        be in km/s or g/cm³ or none is positive, or no layer has vp > vs √(4/3); a model with single such layers is a
        row of NaN.

    Notes
    -----
    A mode that does not exist at a period, because it would be faster than the half-space's vs, is NaN. Every velocity
    is bracketed by the number of modes slower than it, so none is missed or taken for another. Where the group velocity
    is negative, a mode has several velocities at one period; the lowest is given. The module `rayleigh` has the
    equations.

    Examples
    --------
    Over a half-space with vp = √3 vs the velocity is 0.9194 vs:

    >>> survey = Rayleigh(period=[0.1, 1.0])
    >>> half_space = {"vs": [[200.0]], "vp": [[200.0 * 3**0.5]], "density": [[1900.0]]}
    >>> survey(thickness=np.empty((1, 0)), **half_space).round(2)
    array([[183.88, 183.88]])
    """

    ellipticity: bool = False

    properties = rayleigh.PROPERTIES
    _modules = (rayleigh, rayleigh_modes)

    def __post_init__(self):
        if not isinstance(self.ellipticity, (bool, np.bool_)):
            raise TypeError(f"Rayleigh got ellipticity = {self.ellipticity!r}; it is True or False. Correct it.")
        super().__post_init__()

    def _quantities(self):
        return [*super()._quantities(), *(["ellipticity"] if self.ellipticity else [])]

    def _possible(self, layered, valid):
        valid = super()._possible(layered, valid)
        solid = layered["vp"] > SMALLEST_VP * layered["vs"]
        # Of single layers, or models, that are no solid the contract has a row of NaN.
        if valid.any() and not solid[valid].any():
            model = np.flatnonzero(valid)[0]
            raise ValueError(
                f"Rayleigh got vp = {layered['vp'][model, 0]:g} m/s with vs = {layered['vs'][model, 0]:g} m/s; vp must "
                "exceed vs·√(4/3), and it does so in no layer. Check which of them is which."
            )
        return valid & solid.all(axis=1)


@dataclass(frozen=True, eq=False)
class Love(Dispersion):
    """Love waves: phase or group velocity in m/s of one or several modes.

    Parameters
    ----------
    period, frequency, mode, velocity : as for :class:`Rayleigh`

    Raises
    ------
    ValueError
        As for :class:`Rayleigh`.

    Notes
    -----
    vp has no influence; it may be given and is ignored. Over a half-space, or where no layer is slower than it, there
    are no Love waves: NaN. The module `love` has the equations.

    Examples
    --------
    >>> survey = Love(frequency=[5.0, 20.0])
    >>> survey(thickness=[[10.0]], vs=[[200.0, 400.0]], density=[[1800.0, 2000.0]]).round(1)
    array([[305.6, 206. ]])
    """

    properties = love.PROPERTIES
    ignored = ("vp",)
    _modules = (love, love_modes)


def _modes(name, mode, n):
    if np.asarray(mode).dtype == bool:
        raise TypeError(
            f"{name} got mode = {mode!r}; modes are whole numbers from 0, the fundamental mode. Correct it."
        )
    values = numbers(name, "mode", mode)
    if values.shape not in ((), (1,), (n,)):
        raise ValueError(f"{name} got {values.size} modes for {n} readings; give one for each reading or a single one.")
    bad = values[~(np.isfinite(values) & (values >= 0) & (values == np.round(values)))]
    if bad.size:
        raise ValueError(
            f"{name} got mode {bad[0]:g}; modes are whole numbers from 0, the fundamental mode. Correct it."
        )
    values = np.array(np.broadcast_to(values, n), dtype=int)
    values.flags.writeable = False
    return values


def _velocities(name, velocity):
    chosen = (velocity,) if isinstance(velocity, str) else tuple(velocity)
    if not chosen or set(chosen) - set(VELOCITIES) or len(set(chosen)) < len(chosen):
        raise ValueError(
            f'{name} got velocity = {velocity!r}; it must be "phase", "group" or ("phase", "group"). Use one of those.'
        )
    return chosen


def _refuse_other_units(name, layered, valid):
    for key, values in layered.items():
        if key != "thickness" and values.size and (values <= 0).all():
            raise ValueError(
                f"{name} got {key} of {values.max():g} or less in every layer; it must be positive. Correct it."
            )
    for key, least, given, wanted in (("vs", 10, "km/s", "m/s"), ("density", 10, "g/cm³", "kg/m³")):
        values = layered[key][valid]
        if values.size and values.max() < least:
            raise ValueError(
                f"{name} got {key} up to {values.max():g}, which looks like {given}; it must be in {wanted}. "
                "Multiply it by 1000."
            )
    return valid
