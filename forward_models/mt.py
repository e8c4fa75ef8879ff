"""Magnetotelluric sounding over a layered earth: apparent resistivity and phase of the impedance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forward_models.constants import MU0
from forward_models.survey import Channels, Survey, freeze, positive_axis

# Through 40 skin depths and back a wave falls to 1e-35: deeper makes no difference, but exp would reach
# denormal numbers and tan the reduction of large angles, both slow.
_DEEPEST = 40.0


@dataclass(frozen=True, eq=False)
class Magnetotelluric(Survey):
    """Magnetotelluric sounding; apparent resistivity in Ω·m, then phase in degrees (45° over a half-space).

    With the surface impedance Z and the time factor e^{+iωt}, ρa = |Z|²/(ωμ0) and the phase is arg Z, which
    lies between 0° and 90°.

    Parameters
    ----------
    period : (n_periods,) array_like
        In s, in any order.

    Raises
    ------
    ValueError
        If a period is not positive.

    Notes
    -----
    Inside layer i the wave going down has amplitude A and the one coming back B, both taken at its top.
    With the intrinsic impedances √(iωμ0 ρ), the real coefficient r_i = (√ρ_{i+1} - √ρ_i)/(√ρ_{i+1} + √ρ_i)
    and the two-way propagation E_i = exp(-2(1+i) h_i √(ωμ0/2ρ_i)), upward from the half-space, where A = 1
    and B = 0::

        A_i = A_{i+1} + r_i B_{i+1}
        B_i = (r_i A_{i+1} + B_{i+1}) E_i
        Z = √(iωμ0 ρ_1) (A_1 + B_1)/(A_1 - B_1)

    (Wait 1962, *Electromagnetic Waves in Stratified Media*, ch. 2; Ward & Hohmann 1988,
    doi:10.1190/1.9781560802631.ch4).

    Examples
    --------
    >>> survey = Magnetotelluric(period=[0.01, 1, 100])
    >>> survey(thickness=[[500.0]], resistivity=[[100.0, 100.0]]).round(6)
    array([[100., 100., 100.,  45.,  45.,  45.]])
    """

    period: np.ndarray

    method = "mt"
    block = 384

    def __post_init__(self):
        freeze(self, period=positive_axis("Magnetotelluric", "period", self.period, "s"))
        n = self.period.size
        channels = Channels(
            quantity=("apparent_resistivity",) * n + ("phase",) * n,
            unit=("ohm m",) * n + ("degree",) * n,
            scale=("log",) * n + ("linear",) * n,
            coordinate="period",
            value=np.tile(self.period, 2),
            coordinate_unit="s",
        )
        object.__setattr__(self, "channels", channels)
        object.__setattr__(self, "_root", np.sqrt(np.pi * MU0 / self.period)[:, None])

    def _simulate(self, thickness, properties, context):
        resistivity = properties["resistivity"]
        down, up = self._half_space(resistivity)
        for _ in self._upward(thickness, resistivity, down, up):
            pass
        return _sounding(down, up, resistivity[0])

    def _simulate_with_jacobian(self, thickness, properties, context):
        """Analytic: the chain rule through the layers telescopes.

        With Z_i the impedance at the top of layer i, G_i = A_i² - B_i² and
        P_i = Π_{j<i} (1 - r_j²) E_j / G_1, the chain is F_i = ∂ ln Z_1/∂ ln Z_i = P_i G_i, and with
        κ_i = (1+i) h_i √(ωμ0/2ρ_i), d ln Z_1/d ln h_i = -4 κ_i P_i A_i B_i. Z_i is √ρ_i times a function of
        Z_{i+1}/√ρ_i and h_i/√ρ_i, hence d ln Z_1/d ln ρ_i = (F_i - F_{i+1} - d ln Z_1/d ln h_i)/2.
        """
        resistivity = properties["resistivity"]
        n_periods, n_layers = self.period.size, len(resistivity)
        down, up = self._half_space(resistivity)
        propagation, product, difference = np.empty((3, n_layers, *down.shape), complex)
        difference[-1] = 1
        layers = self._upward(thickness, resistivity, down, up)
        for i, (depth, two_way) in zip(range(n_layers - 2, -1, -1), layers, strict=True):
            propagation[i] = two_way
            np.multiply(down, up, out=product[i])
            product[i] *= depth
            product[i] *= -4 - 4j
            np.multiply(down + up, down - up, out=difference[i])
        slope_thickness = np.empty((n_layers - 1, 2 * n_periods, resistivity.shape[1]))
        slope_resistivity = np.empty((n_layers, 2 * n_periods, resistivity.shape[1]))
        root = np.sqrt(resistivity)
        transmission = 4 * root[1:] * root[:-1] / (root[1:] + root[:-1]) ** 2
        chain = 1 / difference[0]
        here = np.ones_like(chain)
        for i in range(n_layers - 1):
            slope = np.multiply(product[i], chain, out=product[i])
            _split(slope, slope_thickness[i])
            here -= slope
            propagation[i] *= transmission[i]
            chain *= propagation[i]
            below = difference[i + 1]
            below *= chain
            here -= below
            here *= 0.5
            _split(here, slope_resistivity[i])
            here = below
        _split(0.5 * here, slope_resistivity[-1])
        data = _sounding(down, up, resistivity[0])
        return data, {"thickness": slope_thickness, "resistivity": slope_resistivity}

    def _half_space(self, resistivity):
        """Waves A = 1 and B = 0 at the top of the half-space, each (n_periods, b)."""
        shape = (self.period.size, resistivity.shape[1])
        return np.ones(shape, complex), np.zeros(shape, complex)

    def _upward(self, thickness, resistivity, down, up):
        """Carry the waves `down` and `up` (changed in place) through one layer at a time, from the lowest.

        Yields h √(ωμ0/2ρ) and E of that layer, valid until the next one.
        """
        root = np.sqrt(resistivity)
        reflection = (root[1:] - root[:-1]) / (root[1:] + root[:-1])
        depth, tangent, decay, twice = np.empty((4, *down.shape))
        two_way, turned = np.empty((2, *down.shape), complex)
        for h, s, r in zip(thickness[::-1], root[-2::-1], reflection[::-1], strict=True):
            np.multiply(self._root, h / s, out=depth)
            np.minimum(depth, _DEEPEST, out=depth)
            np.multiply(depth, -2, out=decay)
            np.exp(decay, out=decay)
            np.tan(depth, out=tangent)
            # cos 2x = 2/(1 + tan²x) - 1, sin 2x = 2 tan x/(1 + tan²x): with AVX-512 one tan costs a third of
            # one cos.
            np.multiply(tangent, tangent, out=twice)
            twice += 1
            np.divide(decay, twice, out=twice)
            twice *= 2
            np.subtract(twice, decay, out=two_way.real)
            twice *= tangent
            np.negative(twice, out=two_way.imag)
            np.multiply(down, r, out=turned)
            turned += up
            up *= r
            down += up
            np.multiply(turned, two_way, out=up)
            yield depth, two_way


def _sounding(down, up, resistivity):
    """ρa in Ω·m, then phase in degrees, from the waves at the surface: (2·n_periods, b)."""
    n_periods, n_models = down.shape
    impedance = (down + up) / (down - up)
    data = np.empty((2 * n_periods, n_models))
    apparent, phase = data[:n_periods], data[n_periods:]
    real, imaginary = impedance.real.copy(), impedance.imag.copy()
    np.arctan2(imaginary, real, out=phase)
    phase *= 180 / np.pi
    phase += 45
    real *= real
    imaginary *= imaginary
    np.add(real, imaginary, out=apparent)
    apparent *= resistivity
    return data


def _split(slope, out):
    """d ln Z as d ln ρa, then d phase in degrees."""
    n_periods = len(slope)
    np.multiply(slope.real, 2, out=out[:n_periods])
    np.multiply(slope.imag, 180 / np.pi, out=out[n_periods:])
