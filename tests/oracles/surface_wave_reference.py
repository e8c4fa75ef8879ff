"""All surface-wave modes of a layered earth by a fine scan, as slow and plain as can be: a reference.

The equations of motion of Aki & Richards (2002, eq. 7.24 for Love, 7.28 for Rayleigh) are solved downwards from the
free surface by the matrix exponential, orthonormalised every 1/k, and compared with the decaying waves of the
half-space. The secular function has no poles and is scanned with thousands of velocities; where it only dips, the dip
is searched for two roots. Nothing is assumed of the order of the layers. Needs numba, which the tests do not.

Velocities in m/s, density in kg/m³, thickness in m, period in s.
"""

import numba
import numpy as np

RAYLEIGH, LOVE = 0, 1
_STEPS = 2000
# A mode starts at the half-space's vs as the square root of what is missing to it: the scan closes in on it.
_CLOSE = np.geomspace(1e-3, 1e-11, 60)


@numba.njit(cache=True)
def _waves(square, t):
    """cosh(νt) and sinh(νt)/ν from ν², which may be negative."""
    if square > 0:
        nu = np.sqrt(square)
        return np.cosh(nu * t), np.sinh(nu * t) / nu
    if square < 0:
        nu = np.sqrt(-square)
        return np.cos(nu * t), np.sin(nu * t) / nu
    return 1.0, t


@numba.njit(cache=True)
def love(c, omega, thickness, vs, density):
    """Stress less that of the decaying wave, at the top of the half-space; zero at a mode."""
    k = omega / c
    rigidity = density * vs**2
    u, stress = 1.0, 0.0
    for i in range(len(thickness)):
        square = 1 - (c / vs[i]) ** 2
        n = 1 + int(k * thickness[i])
        cosh, sinh = _waves(square, k * thickness[i] / n)
        m = rigidity[i] / rigidity[-1]
        for _ in range(n):
            u, stress = cosh * u + sinh / m * stress, m * square * sinh * u + cosh * stress
            size = np.hypot(u, stress)
            u, stress = u / size, stress / size
    return stress + np.sqrt(1 - (c / vs[-1]) ** 2) * u


@numba.njit(cache=True)
def rayleigh(c, omega, thickness, vp, vs, density):
    """Determinant of the two solutions free at the surface with the two decaying ones; zero at a mode."""
    k = omega / c
    unit = density[-1] * vs[-1] ** 2
    # Horizontal and vertical displacement, shear and normal stress over k unit, of both solutions.
    y = np.zeros((2, 4))
    y[0, 0] = y[1, 1] = 1.0
    v = np.zeros((4, 4))
    for i in range(len(thickness)):
        rigidity = density[i] * vs[i] ** 2
        modulus = density[i] * vp[i] ** 2
        ratio = 1 - 2 * rigidity / modulus
        inertia = density[i] * c**2 / unit
        plate = 4 * rigidity * (1 - rigidity / modulus) / unit - inertia
        p, s = 1 - (c / vp[i]) ** 2, 1 - (c / vs[i]) ** 2
        n = 1 + int(k * thickness[i])
        t = k * thickness[i] / n
        cosh_p, sinh_p = _waves(p, t)
        cosh_s, sinh_s = _waves(s, t)
        # exp(At) as a polynomial of A, whose eigenvalues are ±√p and ±√s.
        w = (
            (p * cosh_s - s * cosh_p) / (p - s),
            (p * sinh_s - s * sinh_p) / (p - s),
            (cosh_p - cosh_s) / (p - s),
            (sinh_p - sinh_s) / (p - s),
        )
        for _ in range(n):
            for j in range(2):
                v[0] = y[j]
                for power in range(1, 4):
                    a, b = v[power - 1], v[power]
                    b[0] = a[1] + unit / rigidity * a[2]
                    b[1] = -ratio * a[0] + unit / modulus * a[3]
                    b[2] = plate * a[0] + ratio * a[3]
                    b[3] = -inertia * a[1] - a[2]
                for e in range(4):
                    y[j, e] = w[0] * v[0, e] + w[1] * v[1, e] + w[2] * v[2, e] + w[3] * v[3, e]
            y[0] /= np.sqrt((y[0] ** 2).sum())
            y[1] -= (y[0] * y[1]).sum() * y[0]
            y[1] /= np.sqrt((y[1] ** 2).sum())
    p, s = np.sqrt(1 - (c / vp[-1]) ** 2), np.sqrt(1 - (c / vs[-1]) ** 2)
    # Solutions that decay do no work on each other: a'·T b - b'·T a = 0.
    d_p = (1.0, p, -2 * p, -1 - s**2)
    d_s = (s, 1.0, -1 - s**2, -2 * s)
    pairs = np.zeros((2, 2))
    for j in range(2):
        for e, d in enumerate((d_p, d_s)):
            pairs[e, j] = d[0] * y[j, 2] + d[1] * y[j, 3] - d[2] * y[j, 0] - d[3] * y[j, 1]
    return pairs[0, 0] * pairs[1, 1] - pairs[0, 1] * pairs[1, 0]


@numba.njit(cache=True)
def secular(wave, c, omega, thickness, vp, vs, density):
    if wave == LOVE:
        return love(c, omega, thickness, vs, density)
    return rayleigh(c, omega, thickness, vp, vs, density)


@numba.njit(cache=True)
def _bisected(wave, low, high, f_low, omega, thickness, vp, vs, density):
    for _ in range(60):
        middle = (low + high) / 2
        f = secular(wave, middle, omega, thickness, vp, vs, density)
        if f * f_low > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


@numba.njit(cache=True)
def _dip(wave, low, high, sign, omega, thickness, vp, vs, density):
    """Where the secular function of that sign is least between two velocities, or where it has changed sign."""
    golden = (np.sqrt(5) - 1) / 2
    a, b = high - golden * (high - low), low + golden * (high - low)
    f_a = sign * secular(wave, a, omega, thickness, vp, vs, density)
    f_b = sign * secular(wave, b, omega, thickness, vp, vs, density)
    for _ in range(40):
        if f_a < 0:
            return a
        if f_b < 0:
            return b
        if f_a < f_b:
            high, b, f_b = b, a, f_a
            a = high - golden * (high - low)
            f_a = sign * secular(wave, a, omega, thickness, vp, vs, density)
        else:
            low, a, f_a = a, b, f_b
            b = low + golden * (high - low)
            f_b = sign * secular(wave, b, omega, thickness, vp, vs, density)
    return np.nan


@numba.njit(cache=True)
def roots(wave, omega, grid, thickness, vp, vs, density):
    """All phase velocities within an increasing grid, at most 200, increasing."""
    f = np.array([secular(wave, c, omega, thickness, vp, vs, density) for c in grid])
    found = np.empty(200)
    n = 0
    for i in range(1, len(grid)):
        if f[i - 1] * f[i] < 0:
            found[n] = _bisected(wave, grid[i - 1], grid[i], f[i - 1], omega, thickness, vp, vs, density)
            n += 1
        elif i + 1 < len(grid) and f[i] * f[i + 1] > 0 and abs(f[i]) <= min(abs(f[i - 1]), abs(f[i + 1])):
            sign = np.sign(f[i])
            c = _dip(wave, grid[i - 1], grid[i + 1], sign, omega, thickness, vp, vs, density)
            if not np.isnan(c):
                found[n] = _bisected(wave, grid[i - 1], c, sign, omega, thickness, vp, vs, density)
                found[n + 1] = _bisected(wave, c, grid[i + 1], -sign, omega, thickness, vp, vs, density)
                n += 2
    return found[:n]


@numba.njit(cache=True)
def group_velocity(wave, phase, which, omega, thickness, vp, vs, density):
    """dω/dk of one of all phase velocities, from fourth-order differences of the root.

    Differences of the secular function itself would not do: below a mode that hardly reaches the half-space it is a
    step, as all other solutions grow.
    """
    c = phase[which]
    room = vs[-1] - c if which == len(phase) - 1 else phase[which + 1] - c
    room = min(room, c - phase[which - 1] if which else 0.01 * c, 0.01 * c) / 2
    step = 2e-4
    moved = np.empty(4)
    while step > 1e-12:
        done = 0
        for shift in (-2, -1, 1, 2):
            at = omega * (1 + shift * step)
            low = secular(wave, c - room, at, thickness, vp, vs, density)
            high = secular(wave, c + room, at, thickness, vp, vs, density)
            if low * high >= 0:
                break
            moved[done] = _bisected(wave, c - room, c + room, low, at, thickness, vp, vs, density) - c
            if abs(moved[done]) > room / 2:
                break
            done += 1
        if done == 4:
            slope = (8 * (moved[2] - moved[1]) - (moved[3] - moved[0])) / (12 * step * c)
            return c / (1 - slope)
        step /= 4
    return np.nan


def branches(wave, model, period, steps=_STEPS):
    """All modes at one period: phase and group velocities and branch, each (n_roots,), phase velocity increasing.

    `model` is {"thickness", "vp", "vs", "density"}; `steps` velocities are scanned from half the slowest vs to that of
    the half-space. N(c) of the frequencies ω_n(ω/c) are below ω: a root of positive group velocity on branch N raises
    N, one of negative group velocity, which turns a branch back in a fold, lowers it.
    """
    arrays = tuple(np.asarray(model[name], dtype=float) for name in ("thickness", "vp", "vs", "density"))
    omega, last = 2 * np.pi / period, arrays[2][-1]
    slowest = 0.5 * arrays[2].min()
    grid = np.concatenate([np.linspace(slowest, last * (1 - _CLOSE[0]), steps), last * (1 - _CLOSE[1:])])
    phase = roots(wave, omega, grid, *arrays)
    group = np.array([group_velocity(wave, phase, j, omega, *arrays) for j in range(len(phase))])
    above = np.cumsum(np.sign(group)).astype(int)
    return phase, group, np.where(group > 0, above - 1, above)


def modes(wave, model, period, n_modes=2, steps=_STEPS, every=None):
    """(phase, group) velocities, each (n_modes, n_periods), NaN where a mode does not exist.

    Mode m is the lowest phase velocity on branch m: the (m + 1)-th root unless a fold comes before. All phase
    velocities go to `every`, a (n_periods, many) array of NaN, where that is given.
    """
    velocity = np.full((2, n_modes, len(period)), np.nan)
    for i, each in enumerate(period):
        phase, group, branch = branches(wave, model, each, steps)
        for m in range(n_modes):
            on_branch = np.flatnonzero((branch == m) & (group > 0))
            if len(on_branch):
                velocity[:, m, i] = phase[on_branch[0]], group[on_branch[0]]
        if every is not None:
            every[i, : len(phase)] = phase
    return velocity


def draw(kind, n, rng, n_layers=5):
    """n random models: `kind` "ordered" (vs increases), "zones" (the half-space is fastest) or "random"."""
    vs = np.exp(rng.uniform(*np.log([100, 1000]), (n, n_layers)))
    if kind == "ordered":
        vs.sort(axis=1)
    elif kind == "zones":
        last = vs.argmax(axis=1)
        rows = np.arange(n)
        vs[rows, last], vs[:, -1] = vs[:, -1].copy(), vs.max(axis=1)
    poisson = rng.uniform(0.2, 0.48, (n, n_layers))
    return {
        "thickness": np.round(np.exp(rng.uniform(*np.log([1, 20]), (n, n_layers - 1))), 2),
        "vp": np.round(vs * np.sqrt((2 - 2 * poisson) / (1 - 2 * poisson)), 1),
        "vs": np.round(vs, 1),
        "density": np.round(rng.uniform(1600, 2400, (n, n_layers))),
    }
