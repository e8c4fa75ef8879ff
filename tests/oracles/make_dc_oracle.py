"""Write dc_oracle.npz: direct-current soundings to about 17 digits, rounded to float64.

With the Hankel functions H = J + iY, real integrals ∫ T(λ) J(λr) … dλ are real parts of ∫ T(λ) H(λr) … dλ.
T has no singularity at Re λ > 0, so the path turns to the ray arg λ = 45°, where H decays exponentially and T
does not oscillate however thin or thick a layer is. In ln λ the integrand is then analytic in a strip of
half-width π/4 and the trapezoidal rule converges exponentially: a step of 0.085 leaves
exp(-2π·(π/4)/0.085) ≈ 1e-25 of the values at the edge of the strip, where H oscillates without decay.

Checks, printed by the script with the largest relative disagreement found: image series (two layers,
4e-24), Gauss-Legendre between the zeros of J (many layers, 4e-22), another step on another ray (6e-18).
Not run by the tests; from the project root: ``python -m tests.oracles.make_dc_oracle`` (needs mpmath;
4 minutes).
"""

from pathlib import Path

import mpmath as mp
import numpy as np

from tests.oracles.models import padded

AB2 = np.geomspace(1, 500, 20)
GEOMETRY = {
    "schlumberger": {"ab2": AB2},
    "schlumberger_mn": {"ab2": AB2, "mn2": AB2 * np.tile([0.02, 0.1, 0.3, 0.6], 5)},
    "wenner": {"a": np.geomspace(0.5, 200, 10)},
    "dipole_dipole": {"a": np.repeat([2.0, 20.0], 4), "n": np.tile([1.0, 2.0, 4.0, 8.0], 2)},
    "pole_dipole": {"a": np.repeat([1.0, 10.0], 4), "n": np.tile([1.0, 2.5, 5.0, 10.0], 2)},
    "pole_pole": {"a": np.geomspace(0.5, 300, 8)},
}


def poles(name, geometry):
    """(sign, distance) of every pair of current and potential electrode; signs are I·(±1) for M and N."""
    if name == "schlumberger_mn":
        ab2, mn2 = geometry["ab2"], geometry["mn2"]
        return [(1, ab2 - mn2), (-1, ab2 + mn2), (-1, ab2 + mn2), (1, ab2 - mn2)]
    a = geometry["a"]
    if name == "wenner":
        return [(1, a), (-1, 2 * a), (-1, 2 * a), (1, a)]
    if name == "pole_pole":
        return [(1, a)]
    n = geometry["n"]
    if name == "pole_dipole":
        return [(1, n * a), (-1, (n + 1) * a)]
    # B A … M N: current enters at A, leaves at B; the sign makes a half-space's voltage positive.
    return [(-1, n * a), (1, (n + 1) * a), (1, (n + 1) * a), (-1, (n + 2) * a)]


def models():
    """(thickness, resistivity) lists: 60 ordinary ones, then extreme ones."""
    rng = np.random.default_rng(20240602)
    for n_layers in np.repeat([2, 3, 4, 5, 6], 12):
        yield 10 ** rng.uniform(np.log10(0.5), 2, n_layers - 1), 10 ** rng.uniform(0, 4, n_layers)
    for n_layers in (3, 5):
        for _ in range(4):
            yield 10 ** rng.uniform(-2, 4, n_layers - 1), 10 ** rng.choice([0.0, 6.0], n_layers)
    for thickness in (0.01, 1.0, 10_000.0):
        yield [thickness], [1.0, 1e6]
        yield [thickness], [1e6, 1.0]
    yield [5.0, 20.0], [1.0, 1e6, 1.0]
    yield [5.0, 20.0], [1e6, 1.0, 1e6]
    yield [0.0, 10.0], [1.0, 10.0, 100.0]
    yield [3.0, 10.0, 30.0], [50.0] * 4


def transform(wavenumber, thickness, resistivity):
    """Koefoed's resistivity transform T(λ) at complex λ."""
    value = mp.mpf(float(resistivity[-1]))
    for h, rho in zip(thickness[::-1], resistivity[-2::-1], strict=True):
        rho = mp.mpf(float(rho))
        decay = mp.exp(-2 * wavenumber * mp.mpf(float(h)))
        th = (1 - decay) / (1 + decay)
        value = (value + rho * th) / (1 + value * th / rho)
    return value


class Ray:
    """∫ T(λ) J0(λr) dλ and ∫ T(λ) J1(λr) λ dλ by the trapezoidal rule in ln λ on the ray arg λ = `angle`."""

    def __init__(self, smallest, largest, step="0.085", angle=mp.pi / 4):
        self.step = mp.mpf(step)
        first, last = mp.log(mp.mpf(10) ** -27 / largest), mp.log(65 / mp.sin(angle) / smallest)
        self.nodes = [mp.exp(mp.mpc(first + k * self.step, angle)) for k in range(int((last - first) / self.step) + 1)]
        self._weights = {}

    def weights(self, order, distance):
        """Weights of T at the nodes for one distance."""
        key = order, float(distance)
        if key not in self._weights:
            r = mp.mpf(float(distance))
            self._weights[key] = [
                self.step * mp.hankel1(order, r * z) * z ** (order + 1) for z in self.nodes if mp.im(r * z) < 65
            ]
        return self._weights[key]

    def integrals(self, order, distances, kernel):
        """The integral for each distance, from T at the nodes."""
        return [mp.re(mp.fdot(self.weights(order, r), kernel[: len(self.weights(order, r))])) for r in distances]

    def soundings(self, thickness, resistivity):
        """ρa in Ω·m of every array in GEOMETRY."""
        kernel = [transform(z, thickness, resistivity) for z in self.nodes]
        integrals = self.integrals(1, AB2, kernel)
        found = {
            "schlumberger": np.array([float(mp.mpf(float(s)) ** 2 * u) for s, u in zip(AB2, integrals, strict=True)])
        }
        for name in list(GEOMETRY)[1:]:
            voltage = unit = 0
            for sign, distances in poles(name, GEOMETRY[name]):
                voltage += sign * np.array(self.integrals(0, distances, kernel))
                unit += sign * np.array([1 / mp.mpf(float(r)) for r in distances])
            found[name] = (voltage / unit).astype(float)
        return found


def image_potential(r, thickness, resistivity):
    """U(r) over two layers as the sum over mirror images of the current pole."""
    above, below = (mp.mpf(float(rho)) for rho in resistivity)
    k = (below - above) / (below + above)
    r, h = mp.mpf(float(r)), mp.mpf(float(thickness[0]))
    count = int(mp.ceil(-60 / mp.log(abs(k)))) + 1
    return above * (1 / r + 2 * mp.fsum(k**m / mp.sqrt(r * r + (2 * m * h) ** 2) for m in range(1, count)))


def bessel_zero_integral(order, r, thickness, resistivity):
    """The integral of either order, Gauss-Legendre between zeros of J; the half-space part is analytic."""
    top, r = mp.mpf(float(resistivity[0])), mp.mpf(float(r))
    end = 50 / (2 * mp.mpf(float(thickness[0])))
    zeros = [mp.mpf(0)]
    while zeros[-1] < end:
        zeros.append(mp.besseljzero(order, len(zeros)) / r)
    # A resistive basement gives T structure at very small λ, inside the first interval.
    pieces = [zeros[0], *[zeros[1] * mp.mpf(2) ** -k for k in range(40, 0, -1)], *zeros[1:]]
    rest = mp.quad(
        lambda x: (transform(x, thickness, resistivity) - top) * mp.besselj(order, x * r) * x**order,
        pieces,
        method="gauss-legendre",
        maxdegree=4,
    )
    return top / r ** (order + 1) + rest


def report(ray, models):
    """Print the largest relative disagreements with three other ways."""
    print(f"{len(ray.nodes)} nodes, {len(models)} models")
    worst = 0
    for h, rho in [m for m in models if len(m[1]) == 2 and max(m[1]) / min(m[1]) < 1e4][:6]:
        kernel = [transform(z, h, rho) for z in ray.nodes]
        for r in (1.0, 22.0, 500.0):
            found = ray.integrals(0, [r], kernel)[0]
            worst = max(worst, abs(found / image_potential(r, h, rho) - 1))
    print("image series:", mp.nstr(worst, 3))
    worst = 0
    for h, rho in [m for m in models[12:60] if m[0][0] > 2][::8]:
        kernel = [transform(z, h, rho) for z in ray.nodes]
        for order in (0, 1):
            for r in (1.0, 10.0):
                found = ray.integrals(order, [r], kernel)[0]
                worst = max(worst, abs(found / bessel_zero_integral(order, r, h, rho) - 1))
    print("Gauss-Legendre between zeros:", mp.nstr(worst, 3))
    other = Ray(0.3, 1200, step="0.061", angle=mp.mpf("0.9"))
    worst = 0
    for h, rho in models[3::9]:
        one, two = ([transform(z, h, rho) for z in each.nodes] for each in (ray, other))
        for r in (1.0, 22.0, 500.0):
            for order in (0, 1):
                found = ray.integrals(order, [r], one)[0]
                worst = max(worst, abs(found / other.integrals(order, [r], two)[0] - 1))
    print("another ray and step:", mp.nstr(worst, 3))


def main():
    mp.mp.dps = 40
    every = [(np.array(h), np.array(rho)) for h, rho in models()]
    ray = Ray(0.3, 1200)
    report(ray, every)
    found = [ray.soundings(h, rho) for h, rho in every]
    data = {name: np.array([each[name] for each in found]) for name in GEOMETRY}
    geometry = {f"{name}_{key}": value for name, axes in GEOMETRY.items() for key, value in axes.items()}
    file = Path(__file__).with_name("dc_oracle.npz")
    np.savez_compressed(file, **geometry, **data, **padded(*zip(*every, strict=True)))


if __name__ == "__main__":
    main()
