"""Write fdem_oracle.npz: loop-loop responses by adaptive quadrature in 20 digits, rounded to float64.

The admittance recursion in its tanh form and integrals between the zeros of the Bessel function (mpmath), which share
nothing with the wave amplitudes and filters of `forward_models.fdem`. Not run by the tests; from the project root:
``python -m tests.oracles.make_fdem_oracle`` (needs mpmath; some minutes).
"""

from pathlib import Path

import mpmath as mp
import numpy as np

from tests.oracles.models import padded

MU0 = 4 * mp.pi * mp.mpf(10) ** -7
# name: frequency, offset, orientation, height, ranges of thickness and resistivity
SURVEYS = {
    "ground": ([9e3] * 6, [1.0, 1.0, 1.0, 4.0, 4.0, 4.0], ["HCP", "VCP", "PRP"] * 2, 0.0, (0.2, 10), (0.5, 1e4)),
    "carried": ([1e4] * 4, [1.48, 4.49, 4.49, 4.49], ["HCP", "VCP", "PRP", "VCX"], 1.0, (0.2, 10), (0.5, 1e4)),
    "airborne": (
        [382.0, 3258.0, 35920.0, 130100.0, 7970.0, 7970.0],
        [7.86, 8.99, 7.86, 7.86, 7.86, 7.86],
        ["HCP", "VCX", "HCP", "HCP", "VCP", "PRP"],
        35.0,
        (1, 60),
        (0.3, 3e3),
    ),
}


def models(rng, thickness, resistivity):
    """(thickness, resistivity) lists within the ranges, from the half-space to five layers."""
    for n_layers in (1, 2, 3, 3, 4, 5):
        yield (
            np.exp(rng.uniform(*np.log(thickness), n_layers - 1)),
            np.exp(rng.uniform(*np.log(resistivity), n_layers)),
        )


def reflection(wavenumber, omega, thickness, resistivity):
    """(û - λ)/(û + λ)."""
    decay = [mp.sqrt(wavenumber**2 + mp.mpc(0, omega * MU0 / mp.mpf(float(rho)))) for rho in resistivity]
    admittance = decay[-1]
    for v, h in zip(decay[-2::-1], thickness[::-1], strict=True):
        th = mp.tanh(v * mp.mpf(float(h)))
        admittance = v * (admittance + v * th) / (v + admittance * th)
    return (admittance - wavenumber) / (admittance + wavenumber)


def response(frequency, offset, orientation, height, thickness, resistivity):
    """Complex ppm of the coplanar primary."""
    if orientation == "VCX":
        kinds = [response(frequency, offset, kind, height, thickness, resistivity) for kind in ("HCP", "VCP")]
        return kinds[0] - kinds[1]
    omega, r, h = 2 * mp.pi * mp.mpf(frequency), mp.mpf(offset), mp.mpf(height)
    order, power = {"HCP": (0, 2), "VCP": (1, 1), "PRP": (1, 2)}[orientation]

    def integrand(x):
        wave = x / r
        kernel = reflection(wave, omega, thickness, resistivity) * mp.exp(-2 * wave * h)
        return kernel * x**power * mp.besselj(order, x)

    if height > offset:
        edges = (
            [mp.mpf(10) ** k * r / h for k in (-6, -4, -3, -2, -1)] + [0.3 * r / h] + [k * r / h for k in range(1, 25)]
        )
        return 1e6 * complex(mp.quad(integrand, [0, *edges]))
    # Near the origin the kernel changes over decades; beyond the first zero the partial sums alternate.
    first = mp.besseljzero(order, 1)
    start = mp.quad(integrand, [0, *(mp.mpf(10) ** k for k in (-6, -5, -4, -3, -2, -1, -0.5)), 1, first])
    rest = mp.quadosc(integrand, [first, mp.inf], zeros=lambda n: mp.besseljzero(order, n + 1))
    return 1e6 * complex(start + rest)


def main():
    mp.mp.dps = 20
    rng = np.random.default_rng(20240602)
    arrays = {}
    for name, (frequency, offset, orientation, height, *ranges) in SURVEYS.items():
        thickness, resistivity = zip(*models(rng, *ranges), strict=True)
        readings = list(zip(frequency, offset, orientation, strict=True))
        found = np.array(
            [[response(*r, height, h, rho) for r in readings] for h, rho in zip(thickness, resistivity, strict=True)]
        )
        contents = {
            "frequency": frequency,
            "offset": offset,
            "orientation": orientation,
            "height": height,
            "data": np.hstack([found.real, found.imag]),
            **padded(thickness, resistivity),
        }
        arrays |= {f"{name}_{key}": np.asarray(value) for key, value in contents.items()}
    np.savez_compressed(Path(__file__).with_name("fdem_oracle.npz"), **arrays)


if __name__ == "__main__":
    main()
