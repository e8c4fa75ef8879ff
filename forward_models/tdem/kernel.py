"""Reflection of the magnetic field of a loop by a layered earth, at complex frequencies and wavenumbers of one lattice.

Wavenumbers are five to the octave and each window of lags is 16 times the one before, so that from window to window all
s fall by 16 and all λ by 4: then λ² + sμ0σ falls by 16 everywhere, the coefficients r of the interfaces stay the same,
and exp(-2hv) is the fourth power of that of the next window. Roots, exponentials and divisions are paid for once.
"""

from __future__ import annotations

import numpy as np

from forward_models import hankel
from forward_models.constants import MU0
from forward_models.tdem.laplace import POLES, RATIO
from forward_models.tdem.loops import wavenumber_weights

# Nodes that the lattice moves from window to window.
_STEP = round(np.log2(np.sqrt(RATIO)) * hankel.NODES_PER_OCTAVE)
# At λ² = _DEEPEST μ0σ/τ a response has decayed to exp(-_DEEPEST).
_DEEPEST = 32.0
# Below this share of √(μ0σ/τ) the integrand over ln λ falls as a power of λ, and a geometric series continues it.
_SHALLOWEST = 0.06
_POWER = {"dbdt": 4, "b": 3}
# exp(-43) is nothing beside 1, and its sixteenth power is still no (slow) denormal number.
_LOWEST_EXPONENT = -43.0
# exp(-λH) beyond this is not computed, H the least height of transmitter plus receiver.
_FARTHEST = 27.0
# Models whose conductivities all lie within, in S/m, take the narrow grid; others the wide one.
NARROW, WIDE = (1e-4, 10.0), (1e-7, 1e4)


class Lattice:
    """Wavenumbers and complex frequencies for lags from `start` on, in `n` windows.

    Parameters
    ----------
    start : float, s
    n : int
    conductivity : (low, high), S/m, for which the wavenumbers suffice

    Attributes
    ----------
    wavenumber : (n_wavenumbers,) array, 1/m, of all windows
    """

    def __init__(self, start, n, conductivity):
        low, high = (MU0 * np.array(conductivity)) ** 0.5
        octaves = hankel.NODES_PER_OCTAVE
        first = int(np.floor(octaves * np.log2(_SHALLOWEST * low / np.sqrt(start * RATIO**n))))
        last = int(np.ceil(octaves * np.log2(high * np.sqrt(_DEEPEST / start))))
        self.n = n
        self.size = last - first + 1 - _STEP * (n - 1)
        self.wavenumber = 2.0 ** ((first + np.arange(last - first + 1)) / octaves)
        self.base = self.wavenumber[: self.size]
        self.s = MU0 * POLES / (start * RATIO ** (n - 1))

    def slice_of(self, window):
        """Which of `wavenumber` belong to a window; the first one's weight is to be raised by the tail."""
        low = _STEP * (self.n - 1 - window)
        return slice(low, low + self.size)


class Reflection:
    """The reflection coefficients K of some models, window by window from the last to the first.

    With v = √(λ² + sμ0σ), upward from the half-space with P = r_N and Q = 1::

        r_j = (v_{j-1} - v_j)/(v_{j-1} + v_j),  E_j = exp(-2 h_j v_j)
        p = P E_j,  P = r_j Q + p,  Q = Q + r_j p,  K = P/Q at the surface, where v_0 = λ in the air

    (Ward & Hohmann 1988, doi:10.1190/1.9781560802631.ch4, eqs. 4.29-4.31, as a numerator and a denominator).

    Parameters
    ----------
    lattice : Lattice
    n_base : int
        Wavenumbers of the last window that are needed.
    thickness, conductivity : (n_layers-1, b), (n_layers, b) arrays
    """

    def __init__(self, lattice, n_base, thickness, conductivity):
        self.lattice, self.thickness, self.conductivity = lattice, thickness, conductivity
        self.wavenumber = lattice.base[:n_base, None]
        self.shape = (len(lattice.s), n_base, conductivity.shape[1])
        self.roots = [self._root(sigma) for sigma in conductivity]
        above, self.ratios = self.wavenumber + 0j, []
        for root in self.roots:
            self.ratios.append(_ratio(above, root))
            above = root
        self.decays = [_decay(root, h) for root, h in zip(self.roots, thickness, strict=False)]

    def _root(self, conductivity):
        """√(λ² + sμ0σ) with positive real part; its argument stays below 70°, so nothing cancels."""
        s = self.lattice.s[:, None, None]
        root = np.empty(self.shape, dtype=complex)
        squared = np.square(self.wavenumber) + s.real * conductivity
        imaginary = s.imag * conductivity
        size = np.square(squared)
        size += np.square(imaginary)
        np.sqrt(size, out=size)
        size += squared
        size *= 0.5
        np.sqrt(size, out=size)
        root.real = size
        np.divide(0.5 * imaginary, size, out=squared)
        root.imag = squared
        return root

    def windows(self, counts):
        """(window, K) for each window from the last to the first of which wavenumbers are needed.

        Parameters
        ----------
        counts : (n_windows,) ints
            How many.
        """
        buffers = np.empty((3, *self.shape), dtype=complex)
        for window, m, decays in self._decays(counts):
            p, top, bottom = (buffer[:, :m] for buffer in buffers)
            below, *ratios = (ratio[:, :m] for ratio in self.ratios[::-1])
            bottom[...] = 1
            for ratio, decay in zip(ratios, decays[::-1], strict=True):
                np.multiply(below, decay, out=p)
                np.multiply(ratio, bottom, out=top)
                top += p
                p *= ratio
                bottom += p
                below = top
            yield window, _quotient(below, bottom, p) if ratios else below

    def layers(self, counts):
        """(window, layers) likewise; layers are (E, p, P below, Q below, Q) of each interface, downward."""
        for window, m, decays in self._decays(counts):
            below, *ratios = (ratio[:, :m] for ratio in self.ratios[::-1])
            one = np.ones_like(below)
            layers = [(None, 0.0, 0.0, one, one)]
            below_bottom = one
            for ratio, decay in zip(ratios, decays[::-1], strict=True):
                p = below * decay
                top, bottom = ratio * below_bottom + p, below_bottom + ratio * p
                layers.append((decay, p, below, below_bottom, bottom))
                below, below_bottom = top, bottom
            yield window, layers[::-1], below / below_bottom

    def _decays(self, counts):
        """(window, number of wavenumbers, exp(-2hv) of each layer there)."""
        decays = self.decays
        for window in range(len(counts) - 1, -1, -1):
            m = counts[window]
            if window < len(counts) - 1:
                for decay in decays:
                    np.square(decay, out=decay)
                    np.square(decay, out=decay)
            if m:
                yield window, m, [decay[:, :m] for decay in decays]


def _ratio(above, below):
    """(above - below)/(above + below)."""
    difference, total = above - below, above + below
    return _quotient(difference, total, np.empty_like(total))


def _quotient(numerator, denominator, spare):
    """numerator/denominator in place; NumPy's complex division is slower than a product and a real division."""
    square = spare.real
    np.multiply(denominator.real, denominator.real, out=square)
    square += denominator.imag * denominator.imag
    np.conjugate(denominator, out=denominator)
    numerator *= denominator
    numerator.real /= square
    numerator.imag /= square
    return numerator


def _decay(root, thickness):
    """exp(-2 h v)."""
    exponent = root.real * (-2 * thickness)
    np.maximum(exponent, _LOWEST_EXPONENT, out=exponent)
    np.exp(exponent, out=exponent)
    angle = root.imag * (-2 * thickness)
    decay = np.empty_like(root)
    np.multiply(np.cos(angle), exponent, out=decay.real)
    np.multiply(np.sin(angle), exponent, out=decay.imag)
    return decay


class Transform:
    """Data of layered models: reflection coefficients summed over wavenumbers, then over complex frequencies.

    Parameters
    ----------
    lattice : Lattice
    loop : as for `loops.wavenumber_weights`
    gates : (n_gates, n_windows, n_poles) complex array, from `laplace.weights`
    quantity : "dbdt" or "b"
    """

    def __init__(self, lattice, loop, gates, quantity):
        self.lattice = lattice
        weights = wavenumber_weights(lattice.wavenumber, loop)
        self.weights = []
        for window in range(lattice.n):
            part = weights[lattice.slice_of(window)].copy()
            part[0] /= 1 - 2 ** (-_POWER[quantity] / hankel.NODES_PER_OCTAVE)
            self.weights.append(part)
        self.used = (gates != 0).any(axis=(0, 2))
        # Real and imaginary parts side by side, as those of the transforms are.
        self.gates = np.stack([2 * gates.real, -2 * gates.imag], axis=-1).reshape(*gates.shape[:2], -1)

    def __call__(self, thickness, conductivity, path) -> np.ndarray:
        """Data (n_gates, b) of `path` (b,) m, the heights of transmitter and receiver together."""
        counts = self._counts(path)
        data = np.zeros((self.gates.shape[0], conductivity.shape[1]))
        reflection = Reflection(self.lattice, max(counts), thickness, conductivity)
        for window, coefficient in reflection.windows(counts):
            data += self._summed(window, coefficient, self._spread(window, counts[window], path))
        return data

    def with_slopes(self, thickness, conductivity, path):
        """Data, and their derivatives by ln(thickness) (n_layers-1, n_gates, b) and ln(conductivity) likewise.

        With Q and P those of `Reflection` above each layer, G_0 = 1/Q_0², G_{j+1} = G_j (1 - r_j²) E_j,
        D_j = G_j (Q_{j+1}² - p_j²) and T_j = G_{j+1} P_{j+1} Q_{j+1}, it is ∂K/∂ln h_j = -2 h_j v_j T_j and
        ∂K/∂ln σ_j = sμ0σ_j/(4v_j²) [(1 - r_{j+1}²) D_{j+1} - (1 - r_j²) D_j - 4 h_j v_j T_j].
        """
        counts = self._counts(path)
        n_gates, (n_layers, b) = self.gates.shape[0], conductivity.shape
        data = np.zeros((n_gates, b))
        by_thickness, by_conductivity = np.zeros((n_layers - 1, n_gates, b)), np.zeros((n_layers, n_gates, b))
        reflection = Reflection(self.lattice, max(counts), thickness, conductivity)
        passed = [1 - ratio * ratio for ratio in reflection.ratios]
        share = [
            self.lattice.s[:, None, None] * sigma / (4 * root * root)
            for sigma, root in zip(conductivity, reflection.roots, strict=True)
        ]
        for window, layers, coefficient in reflection.layers(counts):
            m = counts[window]
            spread = self._spread(window, m, path)
            data += self._summed(window, coefficient, spread)
            deeper = RATIO ** (0.5 * (self.lattice.n - 1 - window))
            gain, above = 1 / np.square(layers[0][-1]), None
            for j, (decay, p, below, below_bottom, _) in enumerate(layers):
                interface = passed[j][:, :m] * gain
                upper = interface * (np.square(below_bottom) - np.square(p))
                if above is not None:
                    by_conductivity[j - 1] += self._summed(window, share[j - 1][:, :m] * (above + upper), spread)
                above = -upper
                if decay is not None:
                    gain = interface * decay
                    turned = gain * below * below_bottom
                    turned *= reflection.roots[j][:, :m] * (-2 * deeper * thickness[j])
                    by_thickness[j] += self._summed(window, turned, spread)
                    above += 2 * turned
            by_conductivity[-1] += self._summed(window, share[-1][:, :m] * above, spread)
        return data, by_thickness, by_conductivity

    def _counts(self, path):
        """Wavenumbers of each window that reach the ground and back."""
        n = self.lattice.size
        farthest = _FARTHEST / max(path.min(), 1e-300)
        return [
            min(n, max(1, int(np.searchsorted(self.lattice.wavenumber[self.lattice.slice_of(window)], farthest))))
            if used
            else 0
            for window, used in enumerate(self.used)
        ]

    def _spread(self, window, m, path):
        """Weights of the first m wavenumbers of a window: (m,) where all paths are equal, else (m, b)."""
        wavenumber = self.lattice.wavenumber[self.lattice.slice_of(window)][:m]
        weights = self.weights[window][:m]
        if (path == path[0]).all():
            return weights * np.exp(-wavenumber * path[0])
        return weights[:, None] * np.exp(-wavenumber[:, None] * path)

    def _summed(self, window, coefficient, spread):
        """(n_gates, b) from the coefficients (n_poles, m, b) of a window."""
        b = coefficient.shape[2]
        if spread.ndim == 1:
            transform = np.matmul(spread, coefficient.view(float)).view(complex)
        else:
            transform = (coefficient * spread).sum(axis=1)
        parts = np.stack([transform.real, transform.imag], axis=1).reshape(-1, b)
        return self.gates[:, window] @ parts
