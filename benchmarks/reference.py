"""High-accuracy values for the accuracy columns: slow ways that share nothing with the fast ones.

Against the values in tests/oracles all of them are right to 1e-12, `loop_loop` against itself on other rays. Transients
have theirs in tests/oracles/tdem_reference.py.
"""

from __future__ import annotations

import numpy as np
from scipy.special import hankel1, hankel2

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


def loop_loop(frequency, offset, orientation, height, thickness, resistivity):
    """In-phase, then quadrature in ppm of the coplanar primary, (n_models, 2·n_readings).

    J = (H¹ + H²)/2: the trapezoidal rule on the rays arg λ = ±_TURN, where each half decays and no root changes sign.
    The recursion is that of the admittance less λ, free of cancellation. Half the step and another angle change no
    reading by more than 1e-11 of its amplitude. `height` is one number or one for each model.
    """
    height = np.broadcast_to(height, len(resistivity))[:, None]
    response = [
        sum(_half(kind, f, r, orient, height, thickness, resistivity) for kind in (1, 2))
        for f, r, orient in zip(frequency, offset, orientation, strict=True)
    ]
    response = np.transpose(response)
    return 1e6 * np.hstack([response.real, response.imag])


_TURN = np.pi / 8


def _half(kind, frequency, offset, orientation, height, thickness, resistivity, step=0.05):
    """Response with half of the Hankel function of the first or second kind instead of J."""
    bessel, sign = (hankel1, 1) if kind == 1 else (hankel2, -1)
    low, high = 1e-16 / offset, 50 / (offset * np.sin(_TURN))
    wavenumber = np.exp(np.arange(np.log(low), np.log(high), step) + 1j * sign * _TURN)
    kernel = {
        "HCP": lambda x: x**2 * bessel(0, x),
        "VCP": lambda x: x * bessel(1, x),
        "PRP": lambda x: x**2 * bessel(1, x),
        "VCX": lambda x: x**2 * bessel(0, x) - x * bessel(1, x),
    }[orientation](wavenumber * offset)
    source = 2j * np.pi * frequency * MU0 / resistivity.T[:, :, None]
    excess = source[-1] / (np.sqrt(wavenumber**2 + source[-1]) + wavenumber)
    for h, one in zip(thickness.T[::-1, :, None], source[-2::-1], strict=True):
        root = np.sqrt(wavenumber**2 + one)
        decay = np.exp(-2 * root * h)
        th = (1 - decay) / (1 + decay)
        excess = (root * excess + th * (one - wavenumber * excess)) / (root + th * (excess + wavenumber))
    reflection = excess / (excess + 2 * wavenumber) * np.exp(-2 * wavenumber * height)
    return reflection @ (step / 2 * offset * wavenumber * kernel)


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
