"""Love waves: secular function and count of modes, by displacement and traction carried upward."""

from __future__ import annotations

import numpy as np

from forward_models.surface_waves.layers import tangent

PROPERTIES = ("vs", "density")
SLOWEST = 1.0
GUESS = (0.9, 0.7, 1.07)


def arrays(thickness, properties):
    """What `secular` takes as `layers`."""
    return thickness, properties["vs"] ** -2, properties["density"]


def secular(c, omega, layers, thin=True):
    """Secular function, whose zeros are the modes' velocities, and the number of modes slower than `c`.

    Parameters and results as those of Rayleigh waves, with layers = (thickness, 1/vs², density).

    Notes
    -----
    With k = ω/c, s² = 1 - c²/β², X = kh and T = tanh(sX)/s, which is tan(|s|X)/|s| for s² < 0, the displacement v and
    the traction kt at the top of a layer are, up to the factor cosh(sX), v + T t/μ and t + μ s² T v of those at its
    bottom (Haskell 1953, doi:10.1785/BSSA0430010017); in the half-space v = 1 and t = μs. A mode has t = 0 at the
    surface.

    N counts the zeros of v below the surface, and one more where t and v have different signs there (Sturm).
    """
    thickness, slow_s, density = layers
    c2 = c * c
    k = omega / c
    v = np.ones_like(c)
    t = density[-1] / slow_s[-1] * np.sqrt(1 - c2 * slow_s[-1])
    number, half_turns = np.zeros(c.shape, np.int16), np.zeros_like(c)
    for h, bs, rho in zip(thickness[::-1], slow_s[-2::-1], density[-2::-1], strict=True):
        s2 = 1 - c2 * bs
        mu = rho / bs
        ratio, travelling = tangent(s2, k * h)
        below, v = v, v + ratio * t / mu
        s2 *= mu
        s2 *= ratio
        s2 *= below
        t = t + s2
        changed = (v < 0) != (below < 0)
        if travelling is not None:
            which, phase, tan = travelling
            tan *= which
            # Of the zeros, one for each half-turn; v/cos has one more after a turn beyond, one fewer before it.
            before = changed & (tan < 0)
            number -= before
            number -= before
            phase *= 1 / np.pi
            np.rint(phase, out=phase)
            phase *= which
            half_turns += phase
            tan *= tan
            tan += 1
            np.sqrt(tan, out=tan)
            phase *= 0.5
            odd = phase != np.rint(phase)
            np.negative(tan, out=tan, where=odd)
            v /= tan
            t /= tan
        number += changed
    number += (v < 0) != (t < 0)
    number += half_turns.astype(np.int16)
    return t, number
