"""Digital linear filters for Hankel transforms, on one wavenumber grid shared by all distances.

The filters are derived here, not tabulated: the sinc-response method of Johansen & Sørensen (1979,
doi:10.1111/j.1365-2478.1979.tb01005.x) with a Gaussian-windowed sinc. A layered-earth kernel T(λ) is analytic in
the strip |Im ln λ| < π/2, so its spectrum over ln λ falls as exp(-π|k|/2) and samples at a fixed ratio determine it.
Because the filter is known as a *continuous* function of ln λ + ln r, any distance can use any grid: the kernel is
computed once per model, and a survey is one matrix from wavenumbers to readings.
"""

from __future__ import annotations

import functools

import numpy as np
from scipy.special import erf, loggamma

NODES_PER_OCTAVE = 5
_SPACING = np.log(2) / NODES_PER_OCTAVE
# Width in ln λ of the Gaussian on the sinc (wider: less aliasing but a longer filter), and the sum of weights that may
# be cut off at either end of the grid. With these the transform of exp(-λz), any z, is within 1e-11 of exact.
_WINDOW = 0.5
_TRIM = 1e-11


def grid(smallest: float, largest: float) -> np.ndarray:
    """Wavenumbers in 1/m, five per octave, whole octaves, wide enough for distances of `smallest` to `largest` m."""
    first = np.floor(np.log2(1e-12 / largest))
    last = np.ceil(np.log2(1e4 / smallest))
    return 2.0 ** (first + np.arange(int(last - first) * NODES_PER_OCTAVE) / NODES_PER_OCTAVE)


def filter_weights(order: int, wavenumber, distance) -> np.ndarray:
    """Weights w with Σ T(λ_j) w_ij = r_i^(order+1) ∫ T(λ) J_order(λ r_i) λ^order dλ.

    Parameters
    ----------
    order : 0 or 1
    wavenumber : (n_nodes,) array from :func:`grid`, 1/m
    distance : (n,) array, m

    Returns
    -------
    (n, n_nodes) array, dimensionless; every row sums to 1.
    """
    k, spectrum = _spectrum(order)
    here = np.exp(1j * np.outer(np.log(distance), k)) * spectrum
    return (here @ _phases(float(wavenumber[0]), len(wavenumber))).real


@functools.cache
def _spectrum(order):
    """Frequencies of ln λ, and the Fourier transform of kernel times window there."""
    nyquist = np.pi / _SPACING
    highest = nyquist + 8.5 / _WINDOW
    n = 512
    k = (np.arange(n) + 0.5) * highest / n
    # Mellin transforms of J0(t) t and J1(t) t² (Abramowitz & Stegun 11.4.16)
    exponent = loggamma((1 + 2 * order - 1j * k) / 2) - loggamma((1 + 1j * k) / 2) - 1j * k * np.log(2)
    window = (erf((k + nyquist) * _WINDOW / np.sqrt(2)) - erf((k - nyquist) * _WINDOW / np.sqrt(2))) / 2
    spectrum = 2**order * np.exp(exponent) * window * _SPACING * highest / (n * np.pi)
    return k, spectrum


@functools.lru_cache(maxsize=8)
def _phases(first, n_nodes):
    """exp(ik ln λ) on the grid that begins at `first`: the same for every survey of about the same spacings."""
    wavenumber = first * 2.0 ** (np.arange(n_nodes) / NODES_PER_OCTAVE)
    return np.exp(1j * np.outer(_spectrum(0)[0], np.log(wavenumber)))


def trim(wavenumber, weights):
    """Cut the ends of the grid where no row has weight; what is cut off at the low end goes to the first node kept.

    The kernel is nearly constant below the first node, and constants must stay exact.
    """
    size = np.abs(weights).max(axis=0)
    low = int(np.searchsorted(np.cumsum(size), _TRIM))
    high = len(size) - int(np.searchsorted(np.cumsum(size[::-1]), _TRIM))
    low -= low % NODES_PER_OCTAVE
    high += -high % NODES_PER_OCTAVE
    kept = weights[:, low:high].copy()
    kept[:, 0] += 1 - kept.sum(axis=1)
    return wavenumber[low:high], kept
