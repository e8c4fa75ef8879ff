"""From Laplace transforms at a few complex frequencies to step responses at all lags of a window, times 16.

A layered earth's response is a sum of decays exp(-xτ), x > 0. One set of poles p approximates all of them for τ from
1 to 16:

    exp(-xτ) ≈ Σ_k 2 Re w_k(τ) p_k/(p_k + x),   x ≥ 0,

where the poles come from vector fitting (Gustavsen & Semlyen 1999, doi:10.1109/61.772353) of exp(-xτ) at nine τ in
16-fold windows, and the w_k(τ) by least squares. tests/oracles/make_tdem_poles.py makes the poles.
"""

from __future__ import annotations

import functools

import numpy as np

RATIO = 16.0
# One of each conjugate pair, for 1 ≤ τ ≤ RATIO.
POLES = np.array(
    [
        -10.8661760001325 + 9.86471127594154j,
        -6.83162530605907 + 7.70998960831991j,
        -4.37363911266926 + 5.98062636337209j,
        -2.76174665873558 + 4.57820723265411j,
        -1.701770183535 + 3.4480935932399j,
        -1.00801518376833 + 2.56571866973356j,
        -0.552305472881845 + 1.90404566283787j,
        -0.24043316600339 + 1.41682611935426j,
        -0.0114133752662815 + 1.05022379552647j,
        0.160743897365411 + 0.762338043272886j,
        0.285961970004025 + 0.520390205912284j,
        0.368443306829042 + 0.303667774702792j,
        0.409523386926728 + 0.0998316605706214j,
    ]
)
_N_LAGS = 28
# Nodes of Chebyshev interpolation in ln τ.
_ANGLES = np.pi * (np.arange(_N_LAGS) + 0.5) / _N_LAGS
_LAGS = RATIO ** ((1 - np.cos(_ANGLES)) / 2)


def n_windows(shortest: float, longest: float) -> int:
    """Windows needed for lags from `shortest` to `longest`."""
    return max(int(np.ceil(np.log(longest / shortest) / np.log(RATIO) - 1e-9)), 1)


def weights(lag, weight, start: float, n: int, quantity: str) -> np.ndarray:
    """Weights (n, n_poles), complex, with Σ 2 Re(weights · K) = Σ weight · response(lag).

    K are the reflection coefficients at the complex frequencies POLES / (start · RATIO^window), which change sign where
    fields do: the response is -dB/dt or B after the current is switched off.

    Parameters
    ----------
    lag, weight : (n_lags,) arrays, s
    start : float
        Beginning of the first of `n` windows, s.
    quantity : "dbdt" or "b"
    """
    window = np.clip(np.floor(np.log(lag / start) / np.log(RATIO)).astype(int), 0, n - 1)
    found = np.zeros((n, len(POLES)), dtype=complex)
    for w in np.unique(window):
        here, scale = window == w, start * RATIO**w
        nodes = weight[here] @ _interpolation(lag[here] / scale)
        found[w] = _from_lags(quantity) @ nodes / (scale if quantity == "dbdt" else 1.0)
    return found


@functools.cache
def _from_lags(quantity):
    """(n_poles, _N_LAGS) weights for the responses at _LAGS."""
    # Large x are the large wavenumbers, of which there are many: errors must fall as 1/x² there. Where the response
    # is a derivative it falls towards small x, and so must its error.
    x = np.concatenate([[1e-12], np.geomspace(1e-6, 1e6, 2400)])
    fraction = POLES / (x[:, None] + POLES)
    columns = np.hstack([2 * fraction.real, -2 * fraction.imag])
    target = -np.exp(-x[:, None] * _LAGS)
    rows = np.square(np.maximum(1, x))[:, None]
    if quantity == "dbdt":
        target = target * x[:, None]
        rows = rows * (1 + 1 / np.maximum(x[:, None], 1e-3)) / 2
    size = np.linalg.norm(columns * rows, axis=0)
    solution, *_ = np.linalg.lstsq(columns * rows / size, target * rows, rcond=1e-15)
    real, imaginary = np.split(solution / size[:, None], 2)
    return real + 1j * imaginary


def _interpolation(lag):
    """(n, _N_LAGS) barycentric interpolation in ln(lag) from _LAGS."""
    distance = np.log(lag)[:, None] - np.log(_LAGS)
    exact = np.abs(distance) < 1e-14
    share = (-1.0) ** np.arange(_N_LAGS) * np.sin(_ANGLES) / np.where(exact, 1.0, distance)
    share /= share.sum(axis=1, keepdims=True)
    at_node = exact.any(axis=1)
    share[at_node] = exact[at_node]
    return share
