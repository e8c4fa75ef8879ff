"""Loop-loop electromagnetic instruments in the frequency domain, on the ground and in the air."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

import numpy as np

from forward_models.fdem.quadrature import ORIENTATIONS
from forward_models.fdem.rules import Far, Near, Sinc
from forward_models.survey import Channels, Survey, freeze, numbers, positive_axis

QUANTITIES = ("in_phase", "quadrature")
_COORDINATES = ("frequency", "offset", "orientation")
_PPM = 1e6


@dataclass(frozen=True, eq=False)
class LoopLoop(Survey):
    """Two small loops at one height; in-phase, then quadrature in ppm.

    Both are parts of the secondary field along the receiver's axis, in ppm of the magnitude of the *free-space field
    of horizontal coplanar loops* at that offset, whatever the orientation. Their sign is the one that makes the
    quadrature positive over ordinary conductive ground.

    Parameters
    ----------
    frequency : (n_readings,) array_like or float
        In Hz.
    offset : (n_readings,) array_like or float
        Horizontal distance of the loops in m.
    orientation : (n_readings,) array_like of str or str
        ``"HCP"`` (both axes vertical), ``"VCP"`` (both horizontal, across the line), ``"PRP"`` (transmitter vertical,
        receiver horizontal along the line) or ``"VCX"`` (both horizontal along the line).
    height : float, optional
        Of both loops above the ground in m. None makes it context: ``survey(..., height=...)`` takes one for each
        model, and a negative one is a row of NaN.
    quantity : tuple of str, optional
        Which parts are recorded, in this order: ``"in_phase"``, ``"quadrature"``.
    width : float or (n_channels,) array_like, optional
        In ppm, the value where the asinh scale of a channel turns from linear to logarithmic. Default 1.

    Raises
    ------
    ValueError
        If a frequency or offset is not positive, an orientation or quantity is unknown, the height is negative or the
        lengths differ.

    Notes
    -----
    With K the reflection of the earth and h the height, a displacement current being neglected::

        HCP = r³ ∫ K e^{-2λh} λ² J0(λr) dλ        VCP = r² ∫ K e^{-2λh} λ J1(λr) dλ
        PRP = r³ ∫ K e^{-2λh} λ² J1(λr) dλ        VCX = HCP - VCP

    (Ward & Hohmann 1988, doi:10.1190/1.9781560802631.ch4, section 4). Coaxial data are often given in ppm of the
    coaxial primary, which is twice the coplanar one: multiply those by 2.

    Examples
    --------
    At low induction numbers the quadrature of HCP and VCP is ωμ0σs²/4:

    >>> survey = LoopLoop(frequency=9000.0, offset=1.0, orientation=["HCP", "VCP"], quantity=("quadrature",))
    >>> survey(thickness=[[2.0]], resistivity=[[1e5, 1e5]]).round(3)
    array([[0.178, 0.178]])
    """

    frequency: np.ndarray
    offset: np.ndarray
    orientation: np.ndarray
    height: float | None = 0.0
    quantity: tuple[str, ...] = QUANTITIES
    width: np.ndarray | None = None

    method = "fdem"
    instrument = True

    def __post_init__(self):
        readings = {
            "frequency": positive_axis("LoopLoop", "frequency", self.frequency, "Hz"),
            "offset": positive_axis("LoopLoop", "offset", self.offset, "m"),
            "orientation": _orientations(self.orientation),
        }
        n = max(map(len, readings.values()))
        for name, values in readings.items():
            if len(values) not in (1, n):
                raise ValueError(
                    f"LoopLoop got {len(values)} values of {name} for {n} readings; "
                    "give one for each reading or a single one."
                )
            readings[name] = np.broadcast_to(values, n)
        quantity = _quantities(self.quantity)
        freeze(self, frequency=readings["frequency"], offset=readings["offset"], width=_width(self.width, n, quantity))
        orientation = np.array(readings["orientation"])
        orientation.flags.writeable = False
        object.__setattr__(self, "orientation", orientation)
        prepared = {"quantity": quantity, "height": _height(self.height)}
        if self.height is None:
            prepared["context"] = ("height",)
        kinds = [kind for kind in quantity for _ in range(n)]
        prepared["channels"] = Channels(
            quantity=tuple(kinds),
            unit=("ppm",) * len(kinds),
            scale=("asinh",) * len(kinds),
            coordinate="frequency",
            value=np.tile(self.frequency, len(quantity)),
            coordinate_unit="Hz",
            extra={"offset": np.tile(self.offset, len(quantity)), "orientation": np.tile(orientation, len(quantity))},
            width=None if self.width is None else np.broadcast_to(self.width, len(kinds)),
            points=True,
        )
        for key, value in prepared.items():
            object.__setattr__(self, key, value)

    @functools.cached_property
    def _rules(self):
        """What computes the response, the fastest first. Made at the first call: most surveys are only described."""
        fast = [Far, Near] if self.height is None else [Far if Far.reaches(self.offset, self.height) else Near]
        return [rule(self.frequency, self.offset, self.orientation, self.height) for rule in (*fast, Sinc)]

    @functools.cached_property
    def block(self):
        return self._rules[0].block

    def at(self, **coordinates) -> LoopLoop:
        """The same instrument with other readings; those that it has keep their width, new ones get the default."""
        width = self.width
        if width is not None and len(width) > 1:
            own = {reading: i for i, reading in enumerate(_readings(self))}
            wanted = _readings(LoopLoop(**{name: coordinates.get(name, getattr(self, name)) for name in _COORDINATES}))
            table = np.column_stack([width.reshape(len(self.quantity), -1), np.ones(len(self.quantity))])
            width = table[:, [own.get(reading, -1) for reading in wanted]].ravel()
        return dataclasses.replace(self, **coordinates, width=width)

    def _check(self, thickness, arrays):
        layered, context, valid = super()._check(thickness, arrays)
        for height in context.values():
            valid &= height >= 0
        return layered, context, valid

    def _simulate(self, thickness, properties, context):
        conductivity = 1 / properties["resistivity"]
        response = np.empty((len(self.frequency), conductivity.shape[1]), complex)
        for models, rule, *earth in self._shares(thickness, conductivity, context):
            response[:, models] = rule.response(*earth)
        return self._parts(response)

    def _simulate_with_jacobian(self, thickness, properties, context):
        """Analytic, see `reflection_and_slopes`; d/d ln ρ is -d/d ln σ."""
        conductivity = 1 / properties["resistivity"]
        n_layers, n_models = conductivity.shape
        n = len(self.frequency)
        response = np.empty((n, n_models), complex)
        by_thickness = np.empty((n_layers - 1, n, n_models), complex)
        by_conductivity = np.empty((n_layers, n, n_models), complex)
        for models, rule, *earth in self._shares(thickness, conductivity, context):
            found = rule.response_and_slopes(*earth)
            response[:, models], by_thickness[..., models], by_conductivity[..., models] = found
        data = self._parts(response)
        to_scale = self.channels.scale_slope(data.T).T
        return data, {
            "thickness": self._parts(by_thickness) * to_scale,
            "resistivity": self._parts(by_conductivity) * -to_scale,
        }

    def _shares(self, thickness, conductivity, context):
        """(models, rule, their thickness, conductivity, height): a model goes to the first rule that holds for it."""
        n_models = conductivity.shape[1]
        height = context.get("height", np.broadcast_to(self.height or 0.0, n_models))
        left = np.ones(n_models, bool)
        for rule in self._rules:
            mine = left & rule.holds(conductivity, height)
            left &= ~mine
            if mine.all():
                yield slice(None), rule, thickness, conductivity, height
            elif mine.any():
                yield mine, rule, thickness[:, mine], conductivity[:, mine], height[mine]

    def _parts(self, response):
        """The recorded quantities (..., n_channels, b) in ppm, channel-major, of a response (..., n, b)."""
        parts = {"in_phase": response.real, "quadrature": response.imag}
        return np.concatenate([parts[quantity] for quantity in self.quantity], axis=-2) * _PPM


def _readings(survey):
    """(frequency, offset, orientation) of every reading."""
    return list(zip(*(getattr(survey, name).tolist() for name in _COORDINATES), strict=True))


def _orientations(values):
    array = np.atleast_1d(np.asarray(values, dtype=str))
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"LoopLoop got orientation of shape {array.shape}; it must be a list of at least one name.")
    unknown = [name for name in array.tolist() if name not in ORIENTATIONS]
    if unknown:
        raise ValueError(
            f"LoopLoop got orientation {unknown[0]!r}; allowed are {', '.join(ORIENTATIONS)}. Vertical dipoles (VMD) "
            "are HCP, horizontal ones (HMD) across the line VCP."
        )
    return array


def _quantities(values):
    names = (values,) if isinstance(values, str) else tuple(values)
    if not names or len(set(names)) < len(names) or not set(names) <= set(QUANTITIES):
        raise ValueError(f"LoopLoop got quantity {values!r}; it must be one or both of {', '.join(QUANTITIES)}.")
    return names


def _height(value):
    if value is None:
        return None
    height = float(numbers("LoopLoop", "height", value))
    if not (np.isfinite(height) and height >= 0):
        raise ValueError(
            f"LoopLoop got height = {height:g} m; it must be at least 0, the height of the loops above the ground. "
            "None makes it a number for each sounding."
        )
    return height


def _width(value, n_readings, quantity):
    if value is None:
        return None
    width = positive_axis("LoopLoop", "width", value, "ppm")
    if len(width) not in (1, n_readings * len(quantity)):
        raise ValueError(
            f"LoopLoop got {len(width)} values of width for {n_readings * len(quantity)} channels; "
            "give one for each channel or a single one."
        )
    return width
