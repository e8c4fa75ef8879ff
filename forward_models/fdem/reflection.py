"""The reflection of a loop's field by a layered earth, as a function of wavenumber and frequency."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from forward_models.constants import MU0

# Through 40 and back a wave falls to 1e-35: deeper makes no difference, but exp would reach denormal numbers and tan
# the reduction of large angles, both slow.
_DEEPEST = 40.0


def reflection(wavenumber, omega, thickness, conductivity):
    """K = (û - λ)/(û + λ): how much of each wavenumber of the primary field comes back, with its sign turned.

    Inside layer j the vertical decay is v_j = √(λ² + iωμ0σ_j), in the air v_0 = λ. With the coefficient r_j of the
    interface above layer j and E_j = exp(-2 v_j h_j), upward from the half-space, where P = r and Q = 1::

        r_j = iωμ0 (σ_j - σ_{j-1})/(v_{j-1} + v_j)²
        P, Q = r_j Q + P E_j, Q + r_j P E_j
        K = P/Q

    (Ward & Hohmann 1988, doi:10.1190/1.9781560802631.ch4, whose r_TE is -K.)

    Parameters
    ----------
    wavenumber : (n_nodes, 1) or (n_nodes, b) array, 1/m
    omega : (n_nodes, 1) array, 2π frequency
    thickness : (n_layers-1, b) array, m
    conductivity : (n_layers, b) array, S/m

    Returns
    -------
    (n_nodes, b) complex array
    """
    for layer in _upward(wavenumber, omega, thickness, conductivity):
        numerator, denominator = layer.P, layer.Q
    # complex division is three times as slow as this
    scale = denominator.real**2
    scale += denominator.imag**2
    np.divide(1, scale, out=scale)
    numerator *= np.conjugate(denominator, out=denominator)
    numerator.real *= scale
    numerator.imag *= scale
    return numerator


def reflection_and_slopes(wavenumber, omega, thickness, conductivity):
    """Yield K as in `reflection`, then, downward, dK/d ln σ and dK/d ln h of each layer.

    The chain rule through the layers telescopes. With P_j, Q_j above layer j (j = 1 at the surface), T_1 = 1/Q_1²,
    T_{j+1} = T_j E_j (1 - r_j²), F_j = T_j (Q_j² - P_j²) and H_j = T_{j+1} P_{j+1} Q_{j+1}::

        dK/d ln σ_j = iωμ0σ_j [(F_j - F_{j+1})/(4 v_j²) - h_j H_j/v_j]
        dK/d ln h_j = -2 v_j h_j H_j

    where the half-space has neither F_{j+1} nor H_j. What is yielded is the caller's to overwrite.
    """
    layers = list(_upward(wavenumber, omega, thickness, conductivity, keep=True))[::-1]
    chain = 1 / layers[0].Q
    kernel = layers[0].P * chain
    chain *= chain
    upper = 1 - kernel * kernel
    yield kernel
    for layer, below, sigma, h in zip(layers, [*layers[1:], None], conductivity, [*thickness, None], strict=True):
        inverse = 1 / layer.v
        if below is None:
            slope = upper * inverse
            slope *= 0.25
        else:
            chain *= layer.E
            chain *= 1 - layer.r * layer.r
            crossed = below.P * below.Q
            crossed *= chain
            crossed *= h
            lower = (below.Q - below.P) * (below.Q + below.P)
            lower *= chain
            upper -= lower
            upper *= inverse
            upper *= 0.25
            upper -= crossed
            slope, upper = upper, lower
            crossed *= layer.v
            crossed *= -2
        slope *= inverse
        slope *= 1j * MU0 * omega * sigma
        yield slope
        if below is not None:
            yield crossed


class _Layer(NamedTuple):
    """What `_upward` knows above the layer's top (P, Q, r) and inside it (v, E); all (n_nodes, b) complex."""

    P: np.ndarray
    Q: np.ndarray
    r: np.ndarray
    E: np.ndarray | None
    v: np.ndarray | None


def _upward(wavenumber, omega, thickness, conductivity, keep=False):
    """The `_Layer`s from the half-space to the surface.

    Without `keep` P, Q and E are overwritten on the way and there is no v. Complex square roots, exponentials and
    divisions are made of real ones, which NumPy vectorises.
    """
    shape = (len(wavenumber), conductivity.shape[1])
    square = wavenumber**2
    induction = omega * MU0
    real, imaginary = _decay(square, induction * conductivity[-1], np.empty((2, *shape)))
    P = Q = E = None
    r = np.empty(shape, complex)
    for j in range(len(conductivity) - 1, -1, -1):
        if keep:
            r = np.empty(shape, complex)
        if j < len(conductivity) - 1:
            E = _two_way(real, imaginary, thickness[j], np.empty(shape, complex) if keep or E is None else E)
        if j:
            above = _decay(square, induction * conductivity[j - 1], np.empty((2, *shape)))
            _coefficient(real + above[0], imaginary + above[1], induction * (conductivity[j] - conductivity[j - 1]), r)
        else:
            above = None
            _coefficient(real + wavenumber, imaginary, induction * conductivity[0], r)
        if P is None:
            P, Q = r.copy(), np.ones(shape, complex)
        elif keep:
            turned = P * E
            P, Q = r * Q + turned, Q + r * turned
        else:
            P *= E
            turned = r * P
            r *= Q
            P += r
            Q += turned
        yield _Layer(P, Q, r, E, _complex(real, imaginary) if keep else None)
        if above is not None:
            real, imaginary = above


def _complex(real, imaginary):
    out = np.empty(real.shape, complex)
    out.real, out.imag = real, imaginary
    return out


def _decay(square, induction, out):
    """Real and imaginary part of √(λ² + i·induction)."""
    real, imaginary = out
    np.multiply(induction, induction, out=real)
    real += square * square
    np.sqrt(real, out=real)
    real += square
    real *= 0.5
    np.sqrt(real, out=real)
    np.divide(induction, real, out=imaginary)
    imaginary *= 0.5
    return out


def _coefficient(real, imaginary, difference, out):
    """i·difference/(real + i·imaginary)²; `real` is overwritten."""
    product = real * imaginary
    real *= real
    square = imaginary * imaginary
    size = real + square
    size *= size
    np.divide(difference, size, out=size)
    real -= square
    np.multiply(real, size, out=out.imag)
    size *= 2
    np.multiply(product, size, out=out.real)


def _two_way(real, imaginary, thickness, out):
    """exp(-2 thickness (real + i·imaginary)); depths beyond `_DEEPEST` are cut off.

    cos 2x = 2/(1 + tan²x) - 1, sin 2x = 2 tan x/(1 + tan²x): one tan costs a third of one cos.
    """
    decay = real * thickness
    np.minimum(decay, _DEEPEST, out=decay)
    decay *= -2
    np.exp(decay, out=decay)
    tangent = imaginary * thickness
    np.minimum(tangent, _DEEPEST, out=tangent)
    np.tan(tangent, out=tangent)
    twice = tangent * tangent
    twice += 1
    np.divide(decay, twice, out=twice)
    twice *= 2
    np.subtract(twice, decay, out=out.real)
    tangent *= twice
    np.negative(tangent, out=out.imag)
    return out
