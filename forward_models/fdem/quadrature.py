"""Wavenumbers and weights that turn reflections into the response of loops: three rules, from general to fast.

`sinc_rule` is the digital filter of `forward_models.hankel`: right for any earth, with some 200 wavenumbers. The other
two have fewer, with weights that are fitted (least squares, every row scaled to its datum) to what the filter says
of many earths: half-spaces and up to six layers of any contrast, their resistivities and thicknesses drawn on very wide
ranges. All is dimensionless, σ as the induction number B = ωμ0σ·length², so one fit serves every frequency; outside
`NEAR_RANGE` or `FAR_RANGE` of B a fitted rule says nothing and must not be asked.
"""

from __future__ import annotations

import functools

import numpy as np
from scipy.special import factorial

from forward_models import hankel
from forward_models.constants import MU0
from forward_models.fdem.reflection import reflection

ORIENTATIONS = ("HCP", "VCP", "PRP", "VCX")
# Ranges of B in which the fits were made, its length being an offset (near) or the height (far).
NEAR_RANGE = (1e-6, 1e2)
FAR_RANGE = (1e-4, 1e6)
# The near rule was fitted up to this height, the far rule serves from this height on, in units of the largest offset.
NEAR_HEIGHT = 2.2
FAR_HEIGHT = 2.0
# Wavenumbers of the far rule times height: the 20 numbers of which the fit errs least, at most 6e-7 of the amplitude
# (`tests/oracles/make_fdem_nodes.py`).
FAR_NODES = np.array(
    [0.003705971431, 0.008612691548, 0.014861730942, 0.023558132285, 0.036075303949, 0.054193133641, 0.080580782805,
     0.118865369767, 0.174141924516, 0.253793092212, 0.368392725321, 0.532645894405, 0.766587769225, 1.097496765624,
     1.560626458124, 2.199283335628, 3.068995543344, 4.253878998724, 5.909179224114, 8.413927041336]
)  # fmt: skip
# Terms of the power series of the Bessel functions in offset/height, which is at most 1/FAR_HEIGHT.
_TERMS = 8
_N_FITTED = 500
# sum of filter weights that may be cut off at either end of the wavenumbers
_TRIM = 1e-11
_RIDGE = 1e-12


def sinc_rule(offset, orientation):
    """Wavenumbers (n_nodes,) in 1/m and weights (n, n_nodes) from K e^{-2λh} to fractions of the coplanar primary."""
    wavenumber = hankel.grid(np.min(offset), np.max(offset))
    j0, j1 = (hankel.filter_weights(order, wavenumber, offset) for order in (0, 1))
    size = np.maximum(abs(j0), abs(j1)).max(axis=0)
    kept = np.flatnonzero((np.cumsum(size) > _TRIM) & (np.cumsum(size[::-1])[::-1] > _TRIM))
    wavenumber, j0, j1 = wavenumber[kept], j0[:, kept], j1[:, kept]
    arm = np.asarray(offset)[:, None] * wavenumber
    weights = {"HCP": arm**2 * j0, "VCP": j1, "PRP": arm * j1, "VCX": arm**2 * j0 - j1}
    return wavenumber, np.stack([weights[kind][i] for i, kind in enumerate(orientation)])


def near_rule(offset, orientation, height):
    """Like `sinc_rule`, for loops lower than `NEAR_HEIGHT` offsets, with about a quarter of the wavenumbers.

    A number as `height` (m) is part of the weights, which then act on K alone; with None they act on K e^{-2λh}.
    """
    smallest, largest = float(np.min(offset)), float(np.max(offset))
    weights = [
        _near_weights(float(r), smallest, largest, height)[ORIENTATIONS.index(kind)]
        for r, kind in zip(offset, orientation, strict=True)
    ]
    return _near_nodes(smallest, largest), np.stack(weights)


def _near_nodes(smallest, largest):
    """Four to the octave where the Bessel functions turn, two below, where K is all that changes."""
    lowest, highest = np.floor(np.log2(0.1 / largest)), np.ceil(np.log2(30 / smallest))
    tail = lowest - np.arange(8, 0, -0.5)
    return 2.0 ** np.concatenate([tail, np.arange(lowest, highest + 0.125, 0.25)])


@functools.lru_cache(maxsize=1024)
def _near_weights(offset, smallest, largest, height):
    """Weights (4, n_nodes) of all orientations at one offset."""
    wavenumber = _near_nodes(smallest, largest) * offset
    full, weights, exact_kernel = _near_reference()
    earths = list(_earths(NEAR_RANGE))
    kernel = np.concatenate([_kernel(wavenumber, *earth) for earth in earths], axis=1)
    if height is None:
        rng = np.random.default_rng(1)
        h = np.exp(rng.uniform(np.log(1e-2), np.log(NEAR_HEIGHT * largest / offset), kernel.shape[1]))
        h[::3] = 0
        kernel *= np.exp(-2 * wavenumber[:, None] * h)
        exact = weights @ (exact_kernel * np.exp(-2 * full[:, None] * h))
    else:
        exact = (weights * np.exp(-2 * full * height / offset)) @ exact_kernel
    # VCP never vanishes, the others do over some earth.
    return _fit(kernel, exact, abs(exact[ORIENTATIONS.index("VCP")]))


@functools.cache
def _near_reference():
    """Wavenumbers times offset, weights of all orientations, and K of the earths there: the same for every offset."""
    full, weights = sinc_rule(np.ones(len(ORIENTATIONS)), ORIENTATIONS)
    return full, weights, np.concatenate([_kernel(full, *earth) for earth in _earths(NEAR_RANGE)], axis=1)


def far_series(orientation):
    """Coefficients c (n_terms,), exponent e and parity p: response = ρ^e Σ_k c_k ρ^{2k} M_{p,k}, ρ = offset/height.

    The power series of J0 and J1; the moments M_{p,k} = ∫ K x^{2k+2+p} e^{-2x} dx are `far_moments`.
    """
    k = np.arange(_TERMS)
    j0 = (-0.25) ** k / factorial(k) ** 2
    j1 = (-0.25) ** k / (2 * factorial(k) * factorial(k + 1))
    return {"HCP": (j0, 3, 0), "VCP": (j1, 3, 0), "VCX": (j0 - j1, 3, 0), "PRP": (j1, 4, 1)}[orientation]


@functools.cache
def far_moments():
    """Weights (2, n_terms, n_nodes) that make the moments of `far_series` of K at `FAR_NODES`/height."""
    octaves, density = 34.5, 10
    full = 25 * 2.0 ** (-np.arange(octaves * density) / density)
    powers = np.arange(2 * _TERMS) + 2
    weights = full ** (powers[:, None] + 1) * np.exp(-2 * full) * np.log(2) / density
    exact, fitted = [], []
    for earth in _earths(FAR_RANGE):
        exact.append(weights @ _kernel(full, *earth))
        fitted.append(_kernel(FAR_NODES, *earth))
    exact = np.concatenate(exact, axis=1)
    moments = _fit(np.concatenate(fitted, axis=1), exact, abs(exact[0]))
    return moments.reshape(_TERMS, 2, -1).transpose(1, 0, 2)


def _earths(span):
    """Earths in units of the length, σ as B, as many of each number of layers: (thickness, conductivity)."""
    rng = np.random.default_rng(0)
    low, high = np.log(span)
    for n_layers in (1, 2, 3, 4, 6):
        middle = rng.uniform(low, high, (1, _N_FITTED))
        contrast = rng.choice([0.5, 2.0, 4.0], _N_FITTED)
        conductivity = np.clip(middle + contrast * rng.standard_normal((n_layers, _N_FITTED)), low, high)
        thickness = rng.uniform(np.log(3e-3), np.log(30), (n_layers - 1, _N_FITTED))
        yield np.exp(thickness), np.exp(conductivity)


def _kernel(wavenumber, thickness, conductivity):
    """K where σ is given as B, in units of the length."""
    nodes = wavenumber[:, None]
    return reflection(nodes, np.full_like(nodes, 1 / MU0), thickness, conductivity)


def _fit(kernel, exact, size):
    """Real weights (n, n_nodes) with weights @ kernel ≈ exact (n, n_models) relative to `size` (n_models,).

    By QR of the rows with a ridge under them: normal equations would lose half the digits.
    """
    rows = lambda values: np.concatenate([values.real / size, values.imag / size], axis=-1).T  # noqa: E731
    matrix = rows(kernel)
    norm = np.sqrt((matrix**2).mean(axis=0))
    n_rows, n_nodes = matrix.shape
    ridge = _RIDGE * np.sqrt(n_rows) * np.eye(n_nodes)
    q, r = np.linalg.qr(np.concatenate([matrix / norm, ridge]))
    return (np.linalg.solve(r, q[:n_rows].T @ rows(exact)) / norm[:, None]).T
