"""High-accuracy values for the accuracy columns: slow ways that share nothing with the fast ones.

Against the values in tests/oracles all of them are right to 1e-12.
"""

from __future__ import annotations

import numpy as np
from scipy.special import hankel1

MU0 = 4e-7 * np.pi


def direct_current(poles, thickness, resistivity):
    """ρa in Ω·m of an array of `poles` [(sign, distance (n_readings,))], (n_models, n_readings).

    Trapezoidal rule on the ray arg λ = 45° (see tests/oracles/make_dc_oracle.py).
    """
    distances = np.array([distance for _, distance in poles])
    wavenumber, step = _ray(distances)
    transform = _transform(wavenumber, thickness, resistivity)
    voltage = sum(
        sign * (transform @ (step * hankel1(0, np.outer(wavenumber, r)) * wavenumber[:, None])).real
        for sign, r in poles
    )
    return voltage / sum(sign / r for sign, r in poles)


def ideal_schlumberger(ab2, thickness, resistivity):
    """ρa in Ω·m of the array with MN → 0, (n_models, n_readings)."""
    wavenumber, step = _ray(ab2)
    weights = step * hankel1(1, np.outer(wavenumber, ab2)) * wavenumber[:, None] ** 2 * ab2**2
    return (_transform(wavenumber, thickness, resistivity) @ weights).real


def magnetotelluric(period, thickness, resistivity):
    """ρa in Ω·m, then phase in degrees, (n_models, 2·n_periods): impedances by Wait's tanh recursion."""
    iwm = 2j * np.pi * MU0 / period
    impedance = np.sqrt(iwm * resistivity[:, -1:])
    for h, rho in zip(thickness.T[::-1, :, None], resistivity.T[-2::-1, :, None], strict=True):
        intrinsic = np.sqrt(iwm * rho)
        depth = iwm / intrinsic * h
        th = np.tanh(np.minimum(depth.real, 40) + 1j * np.where(depth.real < 40, depth.imag, 0))
        impedance = intrinsic * (impedance + intrinsic * th) / (intrinsic + impedance * th)
    return np.hstack([np.abs(impedance) ** 2 / iwm.imag, np.degrees(np.angle(impedance))])


def _ray(distances):
    """Nodes λ on the ray and the step in ln λ; half the step changes no result by more than 1e-12."""
    step = 0.11
    logarithm = np.arange(np.log(1e-16 / np.max(distances)), np.log(100 / np.min(distances)), step)
    return np.exp(logarithm + 0.25j * np.pi), step


def _transform(wavenumber, thickness, resistivity):
    value = np.broadcast_to(resistivity[:, -1:], (len(resistivity), len(wavenumber)))
    for h, rho in zip(thickness.T[::-1, :, None], resistivity.T[-2::-1, :, None], strict=True):
        decay = np.exp(-2 * wavenumber * h)
        th = (1 - decay) / (1 + decay)
        value = (value + rho * th) / (1 + value * th / rho)
    return value
