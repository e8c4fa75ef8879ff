"""Transient soundings to about 1e-9, slow and without anything in common with `forward_models`.

All values are per ampere of one turn, vertical component up: `dbdt` is -dB/dt in V/(A m²) and `b` the magnetic flux
density in T/A, both after the current has been switched off, positive inside the loop. The earth is layered and
quasi-static and the air carries no current. A reflected spectrum r(λ, s) gives
b(s) = μ0 ∫ K(λ) exp(-λ (2 height + dz)) r(λ, s) dλ, whose inverse Laplace transform is -dB/dt of a step-off. K is
λ²/(4π) times the mean over all plane-wave directions of the loop's Fourier transform: a/2 λ J1(λa) at the centre of
a circle (Ward and Hohmann 1988, eq. 4.95). r comes from a recursion of Y - λ, free of cancellation. It has
singularities only at s < 0, so a cotangent contour of 28 points (Trefethen, Weideman and Schmelzer 2006,
doi:10.1007/s10543-006-0077-9) inverts it at every λ to about 1e-13, and the result decays as exp(-λ² t/(μ0 σ_max)),
so Gauss-Legendre panels in λ end early.

Loops are dictionaries: `radius` or `side` (m), `height` (m above ground), `receiver` ("central", "coincident" for the
mean over the loop's area, or "offset") and `offset` [dx, dz] in m from the loop's centre, dz up, dx normal to a side.
Models are (thickness, resistivity) lists.

Waveforms: the step-off response, summed over all previous pulses by the series acceleration of Cohen, Rodriguez
Villegas and Zagier (2000, doi:10.1080/10586458.2000.10504632), becomes a Chebyshev interpolant in ln t; currents,
filters and gates are Gauss-Legendre integrals of it.
"""

import numpy as np
from numpy.polynomial import chebyshev
from scipy import signal
from scipy.special import j0, j1

MU0 = 4e-7 * np.pi


def contour(n=28):
    """Points z and weights w of f(t) = Re Σ w F(z/t) / t."""
    angle = np.pi * (2 * np.arange(n // 2) + 1) / n
    cot = 1 / np.tan(0.6407 * angle)
    z = n * (0.5017 * angle * cot - 0.6122 + 0.2645j * angle)
    slope = n * (0.5017 * cot - 0.5017 * 0.6407 * angle / np.sin(0.6407 * angle) ** 2 + 0.2645j)
    return z, 2 * np.exp(z) * slope / (1j * n)


def excess(lam, s, thickness, conductivity):
    """Y - λ of the layered earth, where Y is the vertical wavenumber that a half-space would need to reflect alike."""
    sources = [MU0 * s * sigma for sigma in conductivity]
    d = sources[-1] / (np.sqrt(lam**2 + sources[-1]) + lam)
    for h, source in zip(thickness[::-1], sources[-2::-1], strict=True):
        u = np.sqrt(lam**2 + source)
        th = np.tanh(u * h)
        d = (u * d + th * (source - lam * d)) / (u + th * (d + lam))
    return d


def transient(lam, t, thickness, conductivity, quantity):
    """Inverse Laplace transform of r = -d / (2λ + d), or of -r / s for `b`."""
    z, w = (x[:, None] for x in contour())
    d = excess(lam, z / t, thickness, conductivity)
    if quantity == "b":
        return (w / z * d / (2 * lam + d)).real.sum(0)
    # A constant has no transient: of r and r + 1 the smaller loses fewer digits.
    form = np.where(abs(d[0]) < 2 * lam, -d, 2 * lam)
    return (w * form / (2 * lam + d)).real.sum(0) / t


def panels(edges, n=20):
    """Gauss-Legendre nodes and weights between consecutive edges."""
    x, w = np.polynomial.legendre.leggauss(n)
    half = np.diff(edges)[:, None] / 2
    return (half * (1 + x) + edges[:-1, None]).ravel(), (half * w).ravel()


def wavenumbers(t, conductivity, reach, twice_height, refine=1):
    """λ and weights: geometric panels, split where the kernel oscillates."""
    top = np.sqrt(50 * MU0 * conductivity.max() / t)
    if twice_height:
        top = min(top, 45 / twice_height)
    low = min(1e-3 * np.sqrt(MU0 * conductivity.min() / t), 1e-3 * top)
    edges = np.append(0, np.geomspace(low, top, 2 + int(np.log(top / low) / np.log(1.6) * refine)))
    n_parts = np.ceil(np.diff(edges) * reach / 4 * refine).astype(int)
    parts = [np.linspace(a, b, n, endpoint=False) for a, b, n in zip(edges, edges[1:], n_parts, strict=False)]
    return panels(np.concatenate([*parts, [top]]))


def kernel(loop):
    """K(λ) of a loop and the length over which it oscillates."""
    dx = loop.get("offset", [0, 0])[0]
    if "radius" in loop:
        a = loop["radius"]
        if loop["receiver"] == "coincident":
            return (lambda lam: j1(a * lam) ** 2), 2 * a
        return (lambda lam: a / 2 * lam * j1(a * lam) * j0(lam * dx)), a + abs(dx)
    side = loop["side"]
    power = 2 if loop["receiver"] == "coincident" else 1
    reach = power * side / np.sqrt(2) + abs(dx)

    def square(lam):
        values = np.empty_like(lam)
        for i in range(0, lam.size, 2000):
            some = lam[i : i + 2000, None]
            n = int(40 + 0.5 * some.max() * reach)
            angle = (np.arange(n) + 0.5) * np.pi / 2 / n
            x, y = some * np.cos(angle), some * np.sin(angle)
            waves = np.sinc(x * side / 2 / np.pi) * np.sinc(y * side / 2 / np.pi)
            values[i : i + 2000] = (waves**power * np.cos(x * dx)).mean(1)
        return lam**2 / (4 * np.pi) * side**2 * values

    return square, reach


def step(loop, model, time, quantity="dbdt", refine=1):
    """Response at times after an ideal step-off, shape of time."""
    thickness, conductivity = model[0], 1 / np.array(model[1], float)
    weight, reach = kernel(loop)
    path = 2 * loop["height"] + loop.get("offset", [0, 0])[1]

    def at(t):
        lam, w = wavenumbers(t, conductivity, reach, path, refine)
        f = transient(lam, t, thickness, conductivity, quantity)
        return MU0 * np.sum(w * weight(lam) * np.exp(-lam * path) * f)

    return np.vectorize(at)(time)


class Curve:
    """Interpolant in ln t of a function that begins as a power of t."""

    def __init__(self, function, first, last, begins=0.0, n=20):
        self.first, self.begins = first, begins
        self.edges = np.linspace(np.log(first), np.log(last), 2 + int(np.log2(last / first)))
        x = np.cos(np.pi * (np.arange(n) + 0.5) / n)
        half = (self.edges[1] - self.edges[0]) / 2
        values = function(np.exp(self.edges[:-1, None] + half * (1 + x)))
        self.coefficients = np.array([chebyshev.chebfit(x, row, n - 1) for row in values])

    def __call__(self, t):
        place = np.log(np.maximum(t, self.first))
        width = self.edges[1] - self.edges[0]
        panel = ((place - self.edges[0]) / width).astype(int).clip(0, len(self.edges) - 2)
        x = 2 * (place - self.edges[panel]) / width - 1
        values = chebyshev.chebval(x, np.moveaxis(self.coefficients[panel], -1, 0), tensor=False)
        return values * (np.minimum(t, self.first) / self.first) ** self.begins


def alternating(curve, period, n=24):
    """Σ (-1)^k curve(t + k period) over all k ≥ 0."""
    d = (3 + np.sqrt(8)) ** n
    d = (d + 1 / d) / 2
    b, c, weights = -1.0, -d, []
    for k in range(n):
        c = b - c
        weights.append(c / d)
        b *= (k + n) * (k - n) / ((k + 0.5) * (k + 1))
    return lambda t: sum(w * curve(t + k * period) for k, w in enumerate(weights))


def low_pass(filters):
    """Impulse response h(t) of Butterworth filters in series, and the time after which it is below exp(-45).

    Cut-off frequencies differ, or there are two equal ones of first order.
    """
    numerator, denominator = np.ones(1), np.ones(1)
    for cut_off, order in filters:
        b, a = signal.butter(order, 2 * np.pi * cut_off / 1e6, analog=True)
        numerator, denominator = np.polymul(numerator, b), np.polymul(denominator, a)
    poles = np.roots(denominator)
    if len({f for f, _ in filters}) < len(filters):
        pole = -2 * np.pi * filters[0][0]
        return lambda t: pole**2 * t * np.exp(pole * t), 60 / -pole
    residues = numerator[-1] / np.array([np.prod(p - np.delete(poles, i)) for i, p in enumerate(poles)])
    return (
        lambda t: 1e6 * (residues * np.exp(1e6 * np.multiply.outer(t, poles))).real.sum(-1),
        45e-6 / -poles.real.max(),
    )


def filtered(curve, filters, last, period=None):
    """Interpolant of h * curve; curve repeats with changed sign after a period."""
    h, memory = low_pass(filters)
    graded = np.append(0, np.geomspace(1e-4, 1, 25))

    def at(t):
        root, w = panels(np.sqrt(max(t - memory, 0)) + (np.sqrt(t) - np.sqrt(max(t - memory, 0))) * graded)
        value = np.sum(2 * root * w * h(t - root**2) * curve(root**2))
        if period and t < memory:
            lag, w = panels(np.linspace(t, memory, 25))
            value -= np.sum(w * h(lag) * curve(t - lag + period))
        return value

    return Curve(np.vectorize(at), 1e-9, last, begins=1.0)


def through(curve, time, current, t):
    """Response at t (after the last node) to a current that is linear between its nodes."""
    graded = np.append(0, np.geomspace(2.0**-12, 1, 13))
    fraction, w = panels(graded, 12)
    value = np.zeros_like(t)
    for begin, end, i0, i1 in zip(time, time[1:], current, current[1:], strict=False):
        value += (i0 - i1) * np.sum(w * curve((t - end)[..., None] + (end - begin) * fraction), -1)
    return value


def system_response(case, model, with_jump=False):
    """-dB/dt of a described system: `loop`, `waveform` (None is a step), `low_pass`, and `gates` or `time`.

    A filter smooths what follows each change of the current; `with_jump`, also the jump of the secondary field at
    that change (the ground's mirror image of the primary field), which a spectrum r(λ, iω) contains.
    """
    loop, pulse = case["loop"], case["waveform"] or {"time": [], "current": []}
    first, begins = (1e-16, -0.5) if loop["height"] else (1e-8, 0.0)
    curve = Curve(lambda t: step(loop, model, t), first, 1.0, begins)
    period = None
    if pulse.get("base_frequency"):
        period = 0.5 / pulse["base_frequency"]
        curve = Curve(alternating(curve, period), first, 1.2 * period, begins)
    if case["low_pass"]:
        last = 1.1 * period if period else 0.02
        smooth = filtered(curve, case["low_pass"], last, period)
        jump = image(loop) if with_jump else 0.0
        h = low_pass(case["low_pass"])[0]
        curve = lambda t: smooth(t) - jump * h(t)  # noqa: E731
    node, current = np.array(pulse["time"]), np.array(pulse["current"])
    read = (lambda t: through(curve, node, current, t)) if node.size else curve
    if "gates" not in case:
        return read(np.array(case["time"]))
    gates = np.array(case["gates"])
    x, w = panels(np.array([0.0, 1.0]), 16)
    return np.sum(w * read(gates[:, :1] + np.diff(gates) * x), -1)


def image(loop):
    """Secondary B in T/A just after the current has ended: the primary field of the loop's mirror image."""
    a, path = loop["radius"], 2 * loop["height"]
    return MU0 * a**2 / 2 / np.hypot(a, path) ** 3
