"""Write mt_oracle.npz: magnetotelluric soundings to 50 digits, rounded to float64.

The impedance recursion of Wait (1962) in its tanh form, which shares nothing with the wave amplitudes of
`forward_models.mt`, in mpmath. Not run by the tests; from the project root:
``python -m tests.oracles.make_mt_oracle`` (needs mpmath; seconds).
"""

from pathlib import Path

import mpmath as mp
import numpy as np

from tests.oracles.models import padded

PERIOD = np.geomspace(1e-3, 1e3, 25)


def models():
    """(thickness, resistivity) lists: 48 ordinary ones, then extreme ones."""
    rng = np.random.default_rng(20240601)
    for n_layers in np.repeat([2, 3, 4, 5, 6, 8], 8):
        yield 10 ** rng.uniform(0.5, 3.7, n_layers - 1), 10 ** rng.uniform(0, 4, n_layers)
    for n_layers in (3, 5):
        for _ in range(4):
            yield 10 ** rng.uniform(-2, 4, n_layers - 1), 10 ** rng.choice([0.0, 6.0], n_layers)
    for thickness in (0.01, 10.0, 10_000.0):
        yield [thickness], [1.0, 1e6]
        yield [thickness], [1e6, 1.0]
        yield [thickness] * 4, [1.0, 1e6, 1.0, 1e6, 1.0]
        yield [thickness] * 4, [1e6, 1.0, 1e6, 1.0, 1e6]
    yield [0.0, 100.0], [1.0, 10.0, 100.0]
    yield [100.0, 300.0, 1000.0], [50.0] * 4


def sounding(thickness, resistivity):
    """ρa in Ω·m and phase in degrees at every PERIOD."""
    mu0 = 4 * mp.pi * mp.mpf(10) ** -7
    apparent, phase = [], []
    for period in PERIOD:
        iwm = mp.mpc(0, 2 * mp.pi / mp.mpf(float(period)) * mu0)
        impedance = mp.sqrt(iwm * mp.mpf(float(resistivity[-1])))
        for h, rho in zip(thickness[::-1], resistivity[-2::-1], strict=True):
            intrinsic = mp.sqrt(iwm * mp.mpf(float(rho)))
            th = mp.tanh(iwm / intrinsic * mp.mpf(float(h)))
            impedance = intrinsic * (impedance + intrinsic * th) / (intrinsic + impedance * th)
        apparent.append(float(abs(impedance) ** 2 / iwm.imag))
        phase.append(float(mp.degrees(mp.arg(impedance))))
    return np.array(apparent + phase)


def main():
    mp.mp.dps = 50
    thickness, resistivity = zip(*models(), strict=True)
    data = [sounding(np.array(h), np.array(rho)) for h, rho in zip(thickness, resistivity, strict=True)]
    np.savez_compressed(
        Path(__file__).with_name("mt_oracle.npz"),
        period=PERIOD,
        data=np.array(data),
        **padded(thickness, resistivity),
    )


if __name__ == "__main__":
    main()
