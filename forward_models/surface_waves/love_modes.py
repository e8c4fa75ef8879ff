"""Love modes at their velocities: group velocity, and how the velocity depends on each parameter."""

from __future__ import annotations

import numpy as np

from forward_models.surface_waves.layers import THINNEST, TINY, tangent, tangent_slopes


def mode_slopes(c, omega, layers):
    """Group velocity, no ellipticity, and derivatives of the phase velocity, as those of Rayleigh waves.

    Notes
    -----
    A layer's energy is μ (s² T y² + z²/T) with T = tanh(sX)/s, X = kh/2 and y, z the sum and the difference of the
    displacements at its top and bottom; that of the half-space 2μs φ².
    """
    thickness, slow_s, density = layers
    c2 = c * c
    phi = shape(c, omega, layers)
    by_c, by_k = np.zeros_like(c), np.zeros_like(c)
    slopes = {"thickness": np.empty_like(thickness), "vs": np.empty_like(slow_s), "density": np.empty_like(slow_s)}
    for i, h in enumerate(thickness):
        true_depth = 0.5 * omega / c * h
        depth = np.maximum(true_depth, TINY)
        b, mu = c2 * slow_s[i], density[i] / slow_s[i]
        t = tangent(1 - b, depth)[0]
        t_x, t_q = tangent_slopes(1 - b, depth, t)
        y2, z2 = (phi[i] + phi[i + 1]) ** 2, ((phi[i] - phi[i + 1]) / t) ** 2
        by_t = mu * ((1 - b) * y2 - z2)
        by_s2 = b * (mu * t * y2 + by_t * t_q)
        energy = mu * t * ((1 - b) * y2 + z2)
        slopes["thickness"][i] = true_depth * by_t * t_x
        slopes["vs"][i] = 2 * by_s2 + 2 * energy
        slopes["density"][i] = energy
        by_c -= 2 * by_s2
        by_k += slopes["thickness"][i]
    b = c2 * slow_s[-1]
    energy = 2 * density[-1] / slow_s[-1] * np.sqrt(1 - b) * phi[-1] ** 2
    by_s2 = 0.5 * energy * b / (1 - b)
    slopes["vs"][-1] = 2 * by_s2 + 2 * energy
    slopes["density"][-1] = energy
    by_c -= 2 * by_s2
    factor = by_c - by_k
    for slope in slopes.values():
        slope /= -factor
    return c * factor / by_c, None, slopes


def shape(c, omega, layers):
    """Displacement (n_layers, n) of a mode at the tops of the layers, up to a factor."""
    thickness, slow_s, density = layers
    n_layers = len(slow_s)
    mu = density / slow_s
    s2 = 1 - c * c * slow_s
    half = 0.5 * omega / c * thickness
    thick = half > THINNEST
    half = np.maximum(half, THINNEST)
    k, e = np.empty((2, n_layers - 1, c.size))
    for i in range(n_layers - 1):
        t = tangent(s2[i], half[i])[0]
        k[i], e[i] = mu[i] * (s2[i] * t + 1 / t), mu[i] * (s2[i] * t - 1 / t)
    below, above = np.zeros((2, n_layers, c.size))
    below[-1] = 2 * mu[-1] * np.sqrt(s2[-1])
    for i in range(n_layers - 2, -1, -1):
        below[i] = np.where(thick[i], k[i] - e[i] ** 2 / (k[i] + below[i + 1]), below[i + 1])
    for i in range(n_layers - 1):
        above[i + 1] = np.where(thick[i], k[i] - e[i] ** 2 / (k[i] + above[i]), above[i])
    # An error of c leaves an energy that is shared by all; it is least per displacement where that is largest.
    stiffness = np.abs(below + above)
    start = np.argmin(np.where(np.isnan(stiffness), np.inf, stiffness), axis=0)
    phi = np.zeros_like(below)
    phi[start, np.arange(c.size)] = 1
    for i in range(n_layers - 1):
        onward = np.where(thick[i], -e[i] * phi[i] / (k[i] + below[i + 1]), phi[i])
        phi[i + 1] = np.where(start <= i, onward, phi[i + 1])
    for i in range(n_layers - 2, -1, -1):
        onward = np.where(thick[i], -e[i] * phi[i + 1] / (k[i] + above[i]), phi[i + 1])
        phi[i] = np.where(start > i, onward, phi[i])
    return phi
