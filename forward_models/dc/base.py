"""What all direct-current arrays share: the resistivity transform of a layered earth, and its derivatives.

The potential of a current pole at distance r on the surface is V(r) = I/(2π) U(r) with U(r) = ∫ T(λ) J0(λr) dλ and
T(λ) the resistivity transform (Koefoed 1979, *Geosounding Principles 1*). Every array is a sum of U's; the ideal
Schlumberger array (MN → 0) is ρa = s² ∫ T(λ) J1(λs) λ dλ.
"""

from __future__ import annotations

import numpy as np

from forward_models import hankel
from forward_models.survey import Channels, Survey

# exp(-2·2λh) = exp(-2λh)²: the exponential is evaluated in every fifth octave of wavenumbers and squared in between.
# Each squaring doubles the relative rounding error, so the run is short.
_RUN = 5
# exp(-40) is nothing beside 1, and its fourth squaring exp(-640) is still no (slow) denormal number.
_LOWEST_EXPONENT = -40.0


class DirectCurrent(Survey):
    """What all arrays share. A subclass says where its electrodes are and calls `_prepare`.

    `_weights` (n_channels, n_nodes) maps T at the nodes of `_wavenumber` (1/m) to apparent resistivities, and
    `_slope_weights` are these times λ.
    """

    method = "ves"
    block = 128

    def _prepare(self, coordinates, wavenumber, weights, points=False):
        """Store channels and the trimmed matrix; `coordinates` is {name: (unit, values)}, the main one first."""
        n = len(weights)
        (name, (unit, value)), *others = coordinates.items()
        channels = Channels(
            quantity=("apparent_resistivity",) * n,
            unit=("ohm m",) * n,
            scale=("log",) * n,
            coordinate=name,
            value=value,
            coordinate_unit=unit,
            extra={key: values for key, (_, values) in others},
            points=points,
        )
        wavenumber, weights = hankel.trim(wavenumber, weights)
        prepared = {"channels": channels, "_wavenumber": wavenumber, "_weights": weights}
        prepared["_slope_weights"] = weights * wavenumber
        for key, value in prepared.items():
            object.__setattr__(self, key, value)

    def _prepare_poles(self, coordinates, poles, points=False):
        """For an array that is a sum of potentials: `poles` lists (sign, distance (n_channels,) in m)."""
        distances = [distance for _, distance in poles]
        wavenumber = hankel.grid(np.min(distances), np.max(distances))
        self._prepare(coordinates, wavenumber, pole_weights(wavenumber, poles), points)

    def _simulate(self, thickness, properties, context):
        resistivity = properties["resistivity"]
        top, bottom, _ = self._recursion(thickness, resistivity)
        np.divide(top, bottom, out=top)
        data = self._weights @ top
        data *= resistivity[0]
        return data

    def _simulate_with_jacobian(self, thickness, properties, context):
        """Analytic: with T = N/D in homogeneous form the chain rule through the layers telescopes.

        For layer i, with A_i = Π_{j<i} exp(-2λh_j) and n_i, D_i, p_i, q_i as in `_recursion`,
        dT/d ln ρ_i = G_i - G_{i+1}, G_i = 4^(i-1) ρ_i A_i n_i D_i / D_1², and dT/d ln h_i = -4^i λ h_i ρ_i A_{i+1}
        p_i q_i / D_1².
        """
        resistivity = properties["resistivity"]
        n_layers = len(resistivity)
        top, bottom, layers = self._recursion(thickness, resistivity, keep=True)
        scale = 1 / bottom
        data = (self._weights @ (top * scale)) * resistivity[0]
        scale *= scale
        to_log = 1 / data
        slope_resistivity = np.empty((n_layers, *data.shape))
        slope_thickness = np.empty((n_layers - 1, *data.shape))
        top *= bottom
        top *= scale
        upper = (self._weights @ top) * (resistivity[0] * to_log)
        for i, (decay, p, q, below, below_bottom) in enumerate(reversed(layers)):
            scale *= decay
            np.multiply(p * q, scale, out=decay)
            factor = 4.0 ** (i + 1) * to_log
            slope_thickness[i] = (self._slope_weights @ decay) * (-thickness[i] * resistivity[i] * factor)
            np.multiply(below * below_bottom, scale, out=decay)
            lower = (self._weights @ decay) * (resistivity[i + 1] * factor)
            slope_resistivity[i] = upper - lower
            upper = lower
        slope_resistivity[-1] = upper
        return data, {"thickness": slope_thickness, "resistivity": slope_resistivity}

    def _recursion(self, thickness, resistivity, keep=False):
        """T(λ)/ρ_1 as a numerator and a denominator, each (n_nodes, b), upward from the half-space.

        With T_i = ρ_i n_i/D_i at the top of layer i and E = exp(-2λh_i): p = n_{i+1} ρ_{i+1}/ρ_i + D_{i+1},
        q = n_{i+1} ρ_{i+1}/ρ_i - D_{i+1}, n_i = p + qE, D_i = p - qE, and n = D = 1 in the half-space. Both stay
        positive. `keep` returns (E, p, q, n below, D below) of each layer as well; without it they are overwritten.
        """
        shape = (len(self._wavenumber), resistivity.shape[1])
        if not len(thickness):
            return *np.ones((2, *shape)), []
        ratios = resistivity[1:] / resistivity[:-1]
        # Above the half-space p and q are the same for all wavenumbers.
        below = below_bottom = np.ones((1, shape[1]))
        p, q, decay = ratios[-1] + below, ratios[-1] - below, np.empty(shape)
        self._decay(thickness[-1], decay)
        turned = q * decay
        top, bottom = p + turned, p - turned
        layers = [(decay, p, q, below, below_bottom)]
        if not keep:
            p, q = np.empty(shape), turned
        for h, ratio in zip(thickness[-2::-1], ratios[-2::-1], strict=True):
            below, below_bottom = top, bottom
            if keep:
                decay, p, q, top, bottom = np.empty((5, *shape))
            self._decay(h, decay)
            np.multiply(below, ratio, out=q)
            np.add(q, below_bottom, out=p)
            np.subtract(q, below_bottom, out=q)
            turned = np.multiply(q, decay, out=None if keep else q)
            np.add(p, turned, out=top)
            np.subtract(p, turned, out=bottom)
            layers.append((decay, p, q, below, below_bottom))
        return top, bottom, layers

    def _decay(self, thickness, out):
        """exp(-2λh) at all nodes, (n_nodes, b), by exponentials and squarings."""
        octaves = out.reshape(-1, hankel.NODES_PER_OCTAVE, out.shape[1])
        start = -2 * self._wavenumber.reshape(-1, hankel.NODES_PER_OCTAVE)[::_RUN]
        exponent = start[..., None] * thickness
        np.maximum(exponent, _LOWEST_EXPONENT, out=exponent)
        octaves[::_RUN] = np.exp(exponent, out=exponent)
        for k in range(1, _RUN):
            target = octaves[k::_RUN]
            source = octaves[k - 1 :: _RUN][: len(target)]
            np.multiply(source, source, out=target)


def pole_weights(wavenumber, poles):
    """(n_channels, n_nodes) weights of Σ sign·U(r) divided by its value over a unit half-space, Σ sign/r."""
    unit = sum(sign / distance for sign, distance in poles)
    return sum(
        (sign / (distance * unit))[:, None] * hankel.filter_weights(0, wavenumber, distance) for sign, distance in poles
    )
