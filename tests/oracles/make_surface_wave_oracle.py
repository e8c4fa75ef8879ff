"""Write surface_wave_oracle.npz: dispersion curves to 40 digits for extreme models, and of 1200 random models.

The extreme models' modes are those of a plain 4 by 4 propagator in mpmath, with as many digits as it loses to growing
waves and 40 more; the scan of `surface_wave_reference` says where they are, and the signs between that there are no
others. Of the random models the scan's velocities are kept, each found by disba (Dunkin's matrix at a step of 0.1 m/s)
as well, or proven by a change of sign in mpmath where disba fails. Not run by the tests; from the project root:
``python -m tests.oracles.make_surface_wave_oracle`` (needs mpmath, better with gmpy2, and disba; some minutes).
"""

from collections import Counter
from pathlib import Path

import disba
import mpmath as mp
import numpy as np

from tests.oracles.surface_wave_reference import LOVE, RAYLEIGH, branches, draw, modes

PERIOD = np.geomspace(0.05, 1, 30)
KEPT = np.array([0, 5, 11, 17, 23, 29])
WAVES = {"rayleigh": RAYLEIGH, "love": LOVE}
NAMES = ("thickness", "vp", "vs", "density")


def propagated(wave, c, omega, model):
    """The 2 by 2 (Rayleigh) or 1 by 1 products that vanish together at a mode, in mpmath numbers.

    Aki & Richards (2002, eq. 7.24 and 7.28), tractions over the wavenumber and the half-space's rigidity.
    """
    k = omega / c
    h, vp, vs, density = ([mp.mpf(float(x)) for x in model[name]] for name in NAMES)
    rigidity = [r * v**2 for r, v in zip(density, vs, strict=True)]
    modulus = [r * v**2 for r, v in zip(density, vp, strict=True)]
    unit = rigidity[-1]
    decay_p, decay_s = mp.sqrt(1 - (c / vp[-1]) ** 2), mp.sqrt(1 - (c / vs[-1]) ** 2)
    if wave == LOVE:
        columns, decaying = [[mp.mpf(1), mp.mpf(0)]], [(1, -decay_s)]
    else:
        columns = [[mp.mpf(one == e) for e in range(4)] for one in range(2)]
        decaying = [(1, decay_p, -2 * decay_p, -1 - decay_s**2), (decay_s, 1, -1 - decay_s**2, -2 * decay_s)]
    for i, thickness in enumerate(h):
        m, e = unit / rigidity[i], density[i] * c**2 / unit
        s, p = 1 - (c / vs[i]) ** 2, 1 - (c / vp[i]) ** 2
        (cosh_s, sinh_s), (cosh_p, sinh_p) = hyperbolic(s, k * thickness), hyperbolic(p, k * thickness)
        if wave == LOVE:
            columns = [[cosh_s * u + m * sinh_s * t, s / m * sinh_s * u + cosh_s * t] for u, t in columns]
            continue
        ratio, plate = 1 - 2 * rigidity[i] / modulus[i], 4 * (1 - rigidity[i] / modulus[i]) / m - e

        def derivative(y, ratio=ratio, plate=plate, m=m, e=e, stiff=unit / modulus[i]):
            return [y[1] + m * y[2], stiff * y[3] - ratio * y[0], plate * y[0] + ratio * y[3], -e * y[1] - y[2]]

        # exp(At) = Σ w_n Aⁿ, the polynomial through the eigenvalues ±√p and ±√s.
        weights = [p * cosh_s - s * cosh_p, p * sinh_s - s * sinh_p, cosh_p - cosh_s, sinh_p - sinh_s]
        for j, y in enumerate(columns):
            total = [mp.mpf(0)] * 4
            for w in weights:
                total = [a + w / (p - s) * b for a, b in zip(total, y, strict=True)]
                y = derivative(y)
            columns[j] = total
    half = len(decaying[0]) // 2
    return [[sum(d[e] * y[half + e] - d[half + e] * y[e] for e in range(half)) for y in columns] for d in decaying]


def hyperbolic(square, t):
    """cosh(νt) and sinh(νt)/ν."""
    nu = mp.sqrt(square)
    return (mp.re(mp.cosh(nu * t)), mp.re(mp.sinh(nu * t) / nu)) if square else (mp.mpf(1), t)


def secular(wave, c, omega, model):
    pairs = propagated(wave, c, omega, model)
    return pairs[0][0] if wave == LOVE else pairs[0][0] * pairs[1][1] - pairs[0][1] * pairs[1][0]


def set_digits(model, omega):
    """Twice what the growing waves lose at the lowest velocity scanned, and 40 more."""
    growth = float(omega) / (0.5 * model["vs"].min()) * model["thickness"].sum()
    mp.mp.dps = 40 + int(2 * growth / np.log(10))


def is_mode(wave, c, omega, model, width=1e-8):
    """Whether the secular function changes sign around a phase velocity."""
    width = min(width, (model["vs"][-1] / c - 1) / 4)
    f = [secular(wave, mp.mpf(c) * (1 + sign * mp.mpf(width)), omega, model) for sign in (-1, 1)]
    return f[0] * f[1] < 0


def polished(wave, c, omega, model):
    """Phase velocity, group velocity and ellipticity (NaN for Love) of a mode, from its velocity to 1e-9."""
    step = min(1e-9, (model["vs"][-1] / c - 1) / 4)
    old, new = mp.mpf(c) * (1 - mp.mpf(step)), mp.mpf(c) * (1 + mp.mpf(step))
    f_old, f_new = (secular(wave, x, omega, model) for x in (old, new))
    if f_old * f_new > 0:
        raise RuntimeError(f"no change of sign at {c}: {model}")
    for _ in range(12):
        old, new, f_old = new, new - f_new * (new - old) / (f_new - f_old), f_new
        if abs(new / old - 1) < mp.mpf(10) ** -30:
            break
        f_new = secular(wave, new, omega, model)
    else:
        raise RuntimeError(f"no convergence at {c}: {model}")
    d = mp.mpf(10) ** -18
    by_c = secular(wave, new * (1 + d), omega, model) - secular(wave, new * (1 - d), omega, model)
    by_omega = secular(wave, new, omega * (1 + d), model) - secular(wave, new, omega * (1 - d), model)
    group = new / (1 + by_omega / by_c)
    if wave == LOVE:
        return float(new), float(group), np.nan
    row = propagated(wave, new, omega, model)[0]
    return float(new), float(group), float(abs(row[1] / row[0]))


def signs_between(wave, c, omega, model, steps=150):
    """How often the secular function changes sign on a grid that separates the modes of velocities c."""
    last = model["vs"][-1]
    grid = np.linspace(0.5 * model["vs"].min(), last * (1 - 1e-9), steps)
    sides = np.concatenate([c * (1 - 1e-7), np.minimum(c * (1 + 1e-7), (c + last) / 2)])
    grid = np.unique(np.concatenate([grid, sides]))
    return int(np.sum(np.diff([int(mp.sign(secular(wave, mp.mpf(x), omega, model))) for x in grid]) != 0))


def extreme_models():
    """Low-velocity zones, thin layers, half-spaces that are not the fastest, Poisson's ratios to 0.499."""

    def model(thickness, vs, poisson, density):
        vs, poisson = np.broadcast_arrays(np.array(vs, dtype=float), poisson)
        vp = vs * np.sqrt((2 - 2 * poisson) / (1 - 2 * poisson))
        density = np.broadcast_to(np.asarray(density, dtype=float), vs.shape)
        return {"thickness": np.array(thickness, dtype=float), "vp": vp, "vs": vs, "density": density}

    yield model([], [300], 0.25, 1900)
    yield model([10, 20], [300] * 3, 0.25, 1900)
    for poisson in (0.0, 0.25, 0.45, 0.49, 0.499):
        yield model([5], [150, 600], poisson, [1700, 2100])
        yield model([3, 4, 8], [200, 100, 300, 500], poisson, 1900)
    yield model([5], [100, 1000], [0.49, 0.25], [1600, 2400])
    yield model([2, 2, 10], [400, 100, 400, 1000], 0.4, 1900)
    yield model([2, 5, 10, 20], [1000, 100, 1000, 100, 1000], [0.3, 0.49, 0.3, 0.49, 0.3], 2000)
    yield model([0.01, 5], [100, 200, 500], 0.3, 1900)
    yield model([5, 0.01, 5], [200, 1000, 250, 500], 0.3, 1900)
    yield model([0.001] * 4, [100, 1000, 100, 1000, 400], 0.3, 1900)
    yield model([0.2, 0.3], [2000, 500, 150], [0.25, 0.3, 0.45], [2300, 2100, 1800])
    yield model([5, 10], [200, 800, 400], 0.3, 1900)
    yield model([5, 10, 10], [900, 300, 600, 400], 0.35, [2200, 1800, 2100, 1900])
    yield model([20, 20], [800, 300, 301], 0.3, 1900)
    yield model([100], [200, 210], 0.3, 1900)
    rng = np.random.default_rng(7)
    for n_layers in (2, 3, 5, 8):
        for kind in ("ordered", "zones", "random"):
            drawn = draw(kind, 2, rng, n_layers)
            yield from ({name: values[i] for name, values in drawn.items()} for i in range(2))


def extreme():
    """Arrays of the extreme models: (n_models, n_layers) padded with NaN, data (2, n_models, 3 modes, periods)."""
    models = list(extreme_models())
    n_layers = np.array([len(model["vs"]) for model in models])
    arrays = {name: np.full((len(models), n_layers.max() - (name == "thickness")), np.nan) for name in NAMES}
    found = np.full((3, 2, len(models), 3, len(KEPT)), np.nan)
    for i, model in enumerate(models):
        for name in NAMES:
            arrays[name][i, : len(model[name])] = model[name]
        for wave in WAVES.values():
            for j, period in enumerate(PERIOD[KEPT]):
                set_digits(model, 2 * np.pi / period)
                omega = 2 * mp.pi / mp.mpf(float(period))
                phase, _, branch = branches(wave, model, period, steps=4000)
                if signs_between(wave, phase, omega, model) != len(phase):
                    raise RuntimeError(f"not {len(phase)} modes at {period} s: {model}")
                for m in range(3):
                    for c in phase[branch == m][:1]:
                        found[:, wave, i, m, j] = polished(wave, c, omega, model)
                if len(phase) != branch.max(initial=-1) + 1:
                    print(f"fold: extreme model {i}, wave {wave}, {period:.3g} s, {phase}")
        print(f"extreme model {i} of {len(models)}", flush=True)
    data = {"phase": found[0], "group": found[1], "ellipticity": found[2][RAYLEIGH]}
    return arrays | data | {"n_layers": n_layers}


def random_models():
    """1200 models of five layers, a third of each kind."""
    rng = np.random.default_rng(20240607)
    kinds = [draw(kind, 400, rng) for kind in ("ordered", "zones", "random")]
    return {name: np.concatenate([kind[name] for kind in kinds]) for name in NAMES}


def by_disba(wave, model, mode):
    """Phase velocities of disba at PERIOD, NaN where it gives none; None where it raises."""
    layers = [np.append(model["thickness"], 0.0), *(model[name] for name in NAMES[1:])]
    code = disba.PhaseDispersion(*(np.asarray(x) / 1000 for x in layers), dc=1e-4)
    try:
        curve = code(PERIOD, mode, wave)
    except disba.DispersionError:
        return None
    velocity = np.full(len(PERIOD), np.nan)
    velocity[np.searchsorted(PERIOD, curve.period * (1 - 1e-9))] = 1000 * curve.velocity
    return velocity


def compared(wave, model, counts):
    """Phase and group velocities (2, 2 modes, n_kept) of a random model, compared with disba's and counted."""
    period = PERIOD[KEPT]
    found = modes(WAVES[wave], model, period, steps=4000)
    for mode in (0, 1):
        theirs = by_disba(wave, model, mode)
        for i, (ours, at) in enumerate(zip(found[0, mode], period, strict=True)):
            other = np.nan if theirs is None else theirs[KEPT[i]]
            counts[wave, verdict(wave, model, at, ours, other, theirs is None)] += 1
    return found


def verdict(wave, model, period, ours, theirs, raised):
    if np.isnan(ours):
        if np.isnan(theirs):
            return "agrees: no mode"
        return "disba: not a bound mode" if theirs > model["vs"][-1] * (1 - 1e-6) else "DISBA ALONE"
    if abs(theirs / ours - 1) < 1e-5:
        return "agrees within 1e-5"
    set_digits(model, 2 * np.pi / period)
    if not is_mode(WAVES[wave], ours, 2 * mp.pi / mp.mpf(float(period)), model):
        raise RuntimeError(f"{wave} at {period} s: {ours} is no mode: {model}")
    if raised:
        return "disba raises"
    if np.isnan(theirs):
        return "disba: missing"
    if theirs > model["vs"][-1] * (1 - 1e-6):
        return "disba: not a bound mode in its place"
    phase, _, branch = branches(WAVES[wave], model, period, steps=8000)
    if abs(phase / theirs - 1).min() > 1e-5:
        return "DISBA DIFFERS"
    folded = len(phase) != branch.max() + 1
    return "a fold, counted differently" if folded else "disba: a higher mode" if theirs > ours else "DISBA LOWER"


def random():
    """Arrays of the random models in units of 0.01 m, 0.1 m/s and 1 kg/m³, and data (2 waves, n, 2 modes, periods)."""
    models = random_models()
    counts = Counter()
    found = np.empty((2, 2, len(models["vs"]), 2, len(KEPT)), dtype=np.float32)
    for i in range(len(models["vs"])):
        model = {name: values[i] for name, values in models.items()}
        for wave, number in WAVES.items():
            found[:, number, i] = compared(wave, model, counts)
        if i % 100 == 99:
            print(f"random model {i + 1}: {sorted(counts.items())}", flush=True)
    for (wave, what), n in sorted(counts.items()):
        print(f"{wave}: {n} of {2 * len(KEPT) * len(models['vs'])}: {what}")
    units = {"thickness": 100, "vp": 10, "vs": 10, "density": 1}
    arrays = {f"random_{name}": np.round(models[name] * unit).astype(np.uint16) for name, unit in units.items()}
    return arrays | {"random_phase": found[0], "random_group": found[1]}


def main():
    np.savez_compressed(
        Path(__file__).with_name("surface_wave_oracle.npz"), period=PERIOD, kept=KEPT, **extreme(), **random()
    )


if __name__ == "__main__":
    main()
