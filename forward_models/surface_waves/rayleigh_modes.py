"""Rayleigh modes at their velocities: group velocity, ellipticity, and how the velocity depends on each parameter."""

from __future__ import annotations

import numpy as np

from forward_models.surface_waves.layers import THINNEST, TINY, tangent, tangent_slopes
from forward_models.surface_waves.rayleigh import half_space, stiffness


def mode_slopes(c, omega, layers):
    """What follows from a mode's shape.

    Parameters
    ----------
    c, omega : (n,) arrays
        Phase velocity of the mode in m/s, angular frequency in rad/s.
    layers : as for `secular`

    Returns
    -------
    group : (n,) array
        Group velocity in m/s.
    ellipticity : (n,) array
        |horizontal/vertical displacement| at the surface.
    slopes : dict
        d ln c/d ln(parameter) at that frequency, (n_layers-1, n) for ``"thickness"``, (n_layers, n) for ``"vs"``,
        ``"vp"`` and ``"density"``.

    Notes
    -----
    With the displacements φ_i at the interfaces as for a mode, the energy G = Σ φᵀKφ over all layers (`secular` says
    how a layer's K depends on c, on X = kh/2 and on its parameters p) is stationary in φ and zero. So with φ held,
    F = c ∂G/∂c - k ∂G/∂k has d ln c/d ln p = -(p ∂G/∂p)/F at fixed ω, and the group velocity is F/(∂G/∂c). In a
    layer G is the sum over y = φ_i + Jφ_{i+1} and z = φ_i - Jφ_{i+1} of yᵀSy + zᵀAz.

    The displacements follow from the interface where they are largest, up with the stiffness of all above and down with
    that of all below: from the surface they could not be continued into a mode that is trapped far below it.
    """
    thickness, slow_s, slow_p, density = layers
    c2 = c * c
    x, z = shape(c, omega, layers)
    ellipticity = np.abs(x[0] / z[0])
    by_c, by_k = np.zeros_like(c), np.zeros_like(c)
    slopes = {"thickness": np.empty_like(thickness)}
    slopes |= {name: np.empty_like(slow_s) for name in ("vs", "vp", "density")}
    for i, h in enumerate(thickness):
        true_depth = 0.5 * omega / c * h
        depth = np.maximum(true_depth, TINY)
        a, b, w, mu = c2 * slow_p[i], c2 * slow_s[i], 0.5 * density[i] * c2, density[i] / slow_s[i]
        r2, s2 = 1 - a, 1 - b
        t_s, t_r = tangent(s2, depth)[0], tangent(r2, depth)[0]
        t_s_x, t_s_q = tangent_slopes(s2, depth, t_s)
        t_r_x, t_r_q = tangent_slopes(r2, depth, t_r)
        u, v = r2 * t_r, s2 * t_s
        d_s, d_a = t_s - u, t_r - v
        y1, y2, z1, z2 = x[i] + x[i + 1], z[i] - z[i + 1], x[i] - x[i + 1], z[i] + z[i + 1]
        by_u, by_t_s = w * ((t_s * y1 - y2) / d_s) ** 2, -w * ((u * y1 - y2) / d_s) ** 2
        by_v, by_t_r = w * ((t_r * z2 - z1) / d_a) ** 2, -w * ((v * z2 - z1) / d_a) ** 2
        by_t_r += by_u * r2
        by_t_s += by_v * s2
        by_r2 = by_u * t_r + by_t_r * t_r_q
        by_s2 = by_v * t_s + by_t_s * t_s_q
        by_mu = 2 * (y1 * y2 + z1 * z2)
        symmetric = (u * t_s * y1 - 2 * u * y2) * y1 + y2 * y2
        antisymmetric = (v * t_r * z2 - 2 * v * z1) * z2 + z1 * z1
        by_w = w * (symmetric / d_s + antisymmetric / d_a - by_mu)
        by_mu *= mu
        by_h = true_depth * (by_t_r * t_r_x + by_t_s * t_s_x)
        slopes["thickness"][i] = by_h
        slopes["vp"][i] = 2 * a * by_r2
        slopes["vs"][i] = 2 * b * by_s2 + 2 * by_mu
        slopes["density"][i] = by_w + by_mu
        by_c += 2 * (by_w - a * by_r2 - b * by_s2)
        by_k += by_h
    x, z = x[-1], z[-1]
    a, b, mu = c2 * slow_p[-1], c2 * slow_s[-1], density[-1] / slow_s[-1]
    r, s = np.sqrt(1 - a), np.sqrt(1 - b)
    g = density[-1] * c2 / (1 - r * s)
    by_r2 = g / (1 - r * s) * (x - s * z) ** 2 / (2 * r)
    by_s2 = g / (1 - r * s) * (z - r * x) ** 2 / (2 * s)
    by_w = g * (r * x * x - 2 * x * z + s * z * z)
    by_mu = 4 * mu * x * z
    slopes["vp"][-1] = 2 * a * by_r2
    slopes["vs"][-1] = 2 * b * by_s2 + 2 * by_mu
    slopes["density"][-1] = by_w + by_mu
    by_c += 2 * (by_w - a * by_r2 - b * by_s2)
    factor = by_c - by_k
    for slope in slopes.values():
        slope /= -factor
    return c * factor / by_c, ellipticity, slopes


def shape(c, omega, layers):
    """Horizontal and vertical displacement (n_layers, n) of a mode at the tops of the layers, up to a factor."""
    thickness, slow_s, slow_p, density = layers
    n_layers = len(slow_s)
    c2 = c * c
    depth = 0.5 * omega / c * thickness
    thick = depth > THINNEST
    depth = np.maximum(depth, THINNEST)
    blocks = [
        np.array(stiffness(c2, *layer)[:2]) for layer in zip(depth, slow_s[:-1], slow_p[:-1], density[:-1], strict=True)
    ]
    below = [np.array(half_space(c2, slow_s[-1], slow_p[-1], density[-1]))]
    for (k, e), passed in zip(blocks[::-1], thick[::-1], strict=True):
        below.insert(0, np.where(passed, _eliminate(k, e, _turned(below[0])), below[0]))
    above = [np.zeros_like(below[0])]
    for (k, e), passed in zip(blocks, thick, strict=True):
        above.append(np.where(passed, _turned(_eliminate(k, e, above[-1])), above[-1]))
    xx, xz, zz = np.array(below).transpose(1, 0, 2) + np.array(above).transpose(1, 0, 2)
    smallest = np.abs(xx * zz - xz * xz) / np.sqrt(xx * xx + 2 * xz * xz + zz * zz)
    start = np.argmin(np.where(np.isnan(smallest), np.inf, smallest), axis=0)
    columns = np.arange(c.size)
    xx, xz, zz = xx[start, columns], xz[start, columns], zz[start, columns]
    larger = np.abs(xx) > np.abs(zz)
    x, z = np.zeros((2, n_layers, c.size))
    x[start, columns] = np.where(larger, -xz, zz)
    z[start, columns] = np.where(larger, xx, -xz)
    for i in range(n_layers - 1):
        to_x, to_z = _follow(*blocks[i], _turned(below[i + 1]), x[i], z[i])
        to_x, to_z = np.where(thick[i], (to_x, -to_z), (x[i], z[i]))
        down = start <= i
        x[i + 1], z[i + 1] = np.where(down, to_x, x[i + 1]), np.where(down, to_z, z[i + 1])
    for i in range(n_layers - 2, -1, -1):
        to_x, to_z = _follow(*blocks[i], above[i], x[i + 1], -z[i + 1])
        to_x, to_z = np.where(thick[i], (to_x, to_z), (x[i + 1], z[i + 1]))
        up = start > i
        x[i], z[i] = np.where(up, to_x, x[i]), np.where(up, to_z, z[i])
    return x, z


def _turned(matrix):
    """J D J."""
    xx, xz, zz = matrix
    return np.array((xx, -xz, zz))


def _eliminate(k, e, other):
    """K - E (K + other)⁻¹ E."""
    to_xx, to_zx = _follow(k, e, other, 1.0, 0.0)
    to_xz, to_zz = _follow(k, e, other, 0.0, 1.0)
    e_xx, e_xz, e_zz = e
    k_xx, k_xz, k_zz = k
    return np.array(
        (k_xx + e_xx * to_xx + e_xz * to_zx, k_xz + e_xx * to_xz + e_xz * to_zz, k_zz + e_xz * to_xz + e_zz * to_zz)
    )


def _follow(k, e, other, x, z):
    """-(K + other)⁻¹ E (x, z)."""
    xx, xz, zz = k + other
    e_xx, e_xz, e_zz = e
    b1, b2 = e_xx * x + e_xz * z, e_xz * x + e_zz * z
    det = xz * xz - xx * zz
    return (zz * b1 - xz * b2) / det, (xx * b2 - xz * b1) / det
