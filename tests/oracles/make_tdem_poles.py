"""Makes the poles in forward_models/tdem/laplace.py: ``python -m tests.oracles.make_tdem_poles`` prints them.

Vector fitting (Gustavsen & Semlyen 1999, doi:10.1109/61.772353) of exp(-xτ), nine τ from 1 to 16 at once, by rational
functions of x ≥ 0 with common poles. Errors are weighted with max(1, x): large x are large wavenumbers, of which there
are many.
"""

from __future__ import annotations

import numpy as np

N_POLES, RATIO = 13, 16.0


def make(n=N_POLES, ratio=RATIO, iterations=60):
    """(n,) poles, one of each conjugate pair, and the largest weighted error."""
    x = np.concatenate([[1e-9], np.geomspace(1e-5, 1e6, 1500)])
    weight = np.maximum(1, x)[:, None]
    wanted = np.exp(-x[:, None] * np.geomspace(1, ratio, 9)) * weight
    best = np.inf, None
    for scale in (0.8, 0.64, 0.48):
        poles = scale * n * np.exp(1j * np.linspace(0.1, 2.2, n))
        for _ in range(iterations):
            poles = _relocated(poles, x, weight, wanted)
            if len(poles) < n:  # two poles became real: this start leads nowhere
                break
            columns = _columns(poles, x) * weight
            error = np.abs(wanted - columns @ np.linalg.lstsq(columns, wanted, rcond=1e-15)[0]).max()
            if error < best[0]:
                best = error, poles
    return best[1], best[0]


def _columns(poles, x):
    fraction = 1 / (x[:, None] + poles)
    return np.hstack([2 * fraction.real, -2 * fraction.imag])


def _relocated(poles, x, weight, wanted):
    """The zeros of σ(x) = 1 + Σ d/(x + p) for which σ·f is fitted best by the same poles."""
    columns = _columns(poles, x)
    inside, _ = np.linalg.qr(columns * weight)
    rows = []
    for values in wanted.T:
        system = np.hstack([-values[:, None] * columns, values[:, None]])
        rows.append(np.linalg.qr(system - inside @ (inside.T @ system), mode="r"))
    r = np.linalg.qr(np.vstack(rows), mode="r")
    real, imaginary = np.split(np.linalg.lstsq(r[:, :-1], r[:, -1], rcond=1e-15)[0], 2)
    residues = real + 1j * imaginary
    both = np.concatenate([poles, poles.conj()])
    zeros = np.linalg.eigvals(np.diag(-both) - np.outer(np.ones(len(both)), [*residues, *residues.conj()]))
    upper = -zeros[zeros.imag < -1e-12]
    return upper[np.argsort(upper.real)]


if __name__ == "__main__":
    made, error = make()
    for pole in made:
        print(f"{pole.real:.15g}{pole.imag:+.15g}j,")
    print(f"largest weighted error {error:.1e}")
