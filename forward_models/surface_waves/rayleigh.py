"""Rayleigh waves: secular function and count of modes, by a stiffness recursion upward from the half-space."""

from __future__ import annotations

import numpy as np

from forward_models.surface_waves.layers import THINNEST, tangent

PROPERTIES = ("vs", "vp", "density")
# Of the slowest layer's vs: below it fundamental modes are rare.
SLOWEST = 0.85
# First guess: decay with depth times k, power of vs that is averaged, and factor.
GUESS = (0.6, 0.5, 0.99)


def arrays(thickness, properties):
    """What `secular` takes as `layers`."""
    return thickness, properties["vs"] ** -2, properties["vp"] ** -2, properties["density"]


def secular(c, omega, layers, thin=True):
    """Secular function, whose zeros are the modes' velocities, and the number of modes slower than `c`.

    Parameters
    ----------
    c, omega : (n,) arrays
        Trial phase velocity in m/s below the half-space's vs, angular frequency in rad/s.
    layers : (thickness, 1/vs², 1/vp², density)
        Of `arrays`, the first (n_layers-1, n), the others (n_layers, n).
    thin : bool
        Whether layers may be so thin that they must be passed over.

    Returns
    -------
    value : (n,) array
        The secular function up to a positive factor.
    number : (n,) int array
        N; (-1)^N is the sign of `value`.

    Notes
    -----
    With k = ω/c, r² = 1 - c²/α², s² = 1 - c²/β² (negative where waves travel in the layer), X = kh/2 and
    T_q = tanh(qX)/q, which is tan(|q|X)/|q| for q² < 0, the stiffness of a layer in units of k (Kausel &
    Roësset 1981, doi:10.1785/BSSA0710061743) splits into a symmetric and an antisymmetric half S and A, in which thin
    layers suffer no cancellation. With w = ρc²/2, p = w/(T_s - r²T_r) and q = w/(T_r - s²T_s)::

        S_xx = r² T_r T_s p    S_zz = p              S_xz = μ - w - r² T_r p
        A_xx = q               A_zz = s² T_r T_s q   A_xz = μ - w - s² T_s q

    K = S + A is the stiffness of a layer's top with its bottom clamped, E = S - A couples both. Upward, with D the
    stiffness of all below and J = diag(1, -1): M = K + J D J, D ← K - E M⁻¹ E. Multiplied by cos² of the phases of
    travelling waves, the product det D Π det M/(pq) has no poles.

    The number of modes with ω_n(k) < ω is that of negative eigenvalues of all M and D, plus the clamped layers' own
    modes (Wittrick & Williams 1971, doi:10.1093/qjmam/24.3.263). These are zeros of T_s - r²T_r and of T_r - s²T_s as
    s² and r² fall at fixed X, of which one lies between two poles: as many as poles have been passed, or one fewer
    where the expression is negative.
    """
    thickness, slow_s, slow_p, density = layers
    c2 = c * c
    half_k = 0.5 * omega / c
    xx, xz, zz = half_space(c2, slow_s[-1], slow_p[-1], density[-1])
    value = np.ones_like(c)
    number, half_turns = np.zeros(c.shape, np.int16), np.zeros_like(c)
    for h, bs, bp, rho in zip(thickness[::-1], slow_s[-2::-1], slow_p[-2::-1], density[-2::-1], strict=True):
        depth = half_k * h
        thick = None if not thin or (depth > THINNEST).all() else depth > THINNEST
        if thick is not None:
            depth = np.maximum(depth, THINNEST)
        (k_xx, k_xz, k_zz), (e_xx, e_xz, e_zz), p, q, travelling = stiffness(c2, depth, bs, bp, rho)
        m_xx, m_xz, m_zz = k_xx + xx, k_xz - xz, k_zz + zz
        det = m_xx * m_zz - m_xz * m_xz
        modes = _negative(det, m_xx)
        modes -= (p < 0).view(np.int8)
        modes -= (q < 0).view(np.int8)
        factor = det / (p * q)
        inverse = 1 / det
        m_xx *= inverse
        m_xz *= inverse
        m_zz *= inverse
        x_z = m_zz * e_xz - m_xz * e_zz
        z_z = m_xx * e_zz - m_xz * e_xz
        k_xx -= e_xx * (m_zz * e_xx - m_xz * e_xz) + e_xz * (m_xx * e_xz - m_xz * e_xx)
        k_xz -= e_xx * x_z + e_xz * z_z
        k_zz -= e_xz * x_z + e_zz * z_z
        if thick is not None:
            k_xx, k_xz, k_zz = np.where(thick, (k_xx, k_xz, k_zz), (xx, xz, zz))
            modes *= thick
            factor = np.where(thick, factor, 1.0)
        xx, xz, zz = k_xx, k_xz, k_zz
        value *= factor
        number += modes
        for which, phase, tan in travelling:
            tan *= which
            tan *= tan
            tan += 1
            value /= tan
            phase *= 1 / np.pi
            np.rint(phase, out=phase)
            phase *= which
            half_turns += phase
    det = xx * zz - xz * xz
    number += _negative(det, xx)
    half_turns *= 2
    number += half_turns.astype(np.int16)
    value *= det
    return value, number


def stiffness(c2, depth, slow_s, slow_p, density):
    """K and E of a layer as (xx, xz, zz), p, q, and the travelling waves in it (see `secular`)."""
    r2 = 1 - c2 * slow_p
    s2 = 1 - c2 * slow_s
    w = 0.5 * density * c2
    t_s, shear = tangent(s2, depth)
    t_r, pressure = tangent(r2, depth)
    u = r2 * t_r
    v = s2 * t_s
    p = w / (t_s - u)
    q = w / (t_r - v)
    u *= p
    v *= q
    k_xz = density / slow_s - w
    k_xz += k_xz
    k_xz -= u
    k_xz -= v
    e_xz = v - u
    u *= t_s
    v *= t_r
    travelling = [wave for wave in (shear, pressure) if wave is not None]
    return (u + q, k_xz, p + v), (u - q, e_xz, p - v), p, q, travelling


def half_space(c2, slow_s, slow_p, density):
    """Stiffness (xx, xz, zz) of a half-space: gr, 2μ - g and gs, with g = ρc²/(1 - rs)."""
    r = np.sqrt(1 - c2 * slow_p)
    s = np.sqrt(1 - c2 * slow_s)
    g = density * c2 / (1 - r * s)
    return g * r, 2 * density / slow_s - g, g * s


def _negative(det, xx):
    """Number of negative eigenvalues of symmetric 2×2 matrices."""
    first = xx < 0
    second = (det < 0) != first
    return first.view(np.int8) + second.view(np.int8)
