"""The rules of `forward_models.fdem.quadrature` at work: from blocks of earths to the response at every reading."""

from __future__ import annotations

import functools

import numpy as np

from forward_models.constants import MU0
from forward_models.fdem import quadrature
from forward_models.fdem.reflection import reflection, reflection_and_slopes

# Arrays of about this many complex numbers stay in the cache and below the size from which allocating one costs more
# than filling it; of these, rows of about this many models are long enough for NumPy's inner loops.
_CACHED = 7600
_ROW = 112


class Sinc:
    """Response of readings at several frequencies, for any earth and any height.

    Parameters
    ----------
    frequency, offset, orientation : (n,) arrays
    height : float or None
        None where each model has its own.
    """

    def __init__(self, frequency, offset, orientation, height):
        self.frequency, self.offset, self.orientation, self.height = frequency, offset, orientation, height

    @functools.cached_property
    def block(self):
        """How many models to compute at once."""
        return max(16, _CACHED // max(len(omega) for _, omega, _ in self._chunks))

    @functools.cached_property
    def _chunks(self):
        """Frequencies together as long as arrays stay small: (wavenumber, omega, [(rows, members, weights)])."""
        chunks = []
        for frequency, members in self._groups():
            wavenumber, weights = self._prepare(self.offset[members], self.orientation[members])
            n = len(wavenumber)
            if not chunks or len(chunks[-1][0]) + n > _CACHED // _ROW:
                chunks.append((np.empty((0, 1)), np.empty((0, 1)), []))
            nodes, omega, parts = chunks[-1]
            parts.append((slice(len(nodes), len(nodes) + n), members, weights))
            nodes = np.concatenate([nodes, wavenumber[:, None]])
            chunks[-1] = (nodes, np.concatenate([omega, np.full((n, 1), 2 * np.pi * frequency)]), parts)
        return chunks

    def _groups(self):
        """Each frequency and its readings."""
        return [(value, np.flatnonzero(self.frequency == value)) for value in np.unique(self.frequency)]

    def holds(self, conductivity, height):
        """(b,): whether the rule may be asked about each model."""
        return np.ones(len(height), bool)

    def response(self, thickness, conductivity, height):
        """(n, b) complex fractions of the coplanar primary."""
        out = np.empty((len(self.offset), conductivity.shape[1]), complex)
        for wavenumber, omega, parts in self._chunks:
            nodes, project = self._at(wavenumber, parts, height)
            project(reflection(nodes, omega, thickness, conductivity), out)
        return out

    def response_and_slopes(self, thickness, conductivity, height):
        """The response, its d/d ln h (n_layers-1, n, b) and its d/d ln σ (n_layers, n, b)."""
        response = np.empty((len(self.offset), conductivity.shape[1]), complex)
        by_thickness = np.empty((len(thickness), *response.shape), complex)
        by_conductivity = np.empty((len(conductivity), *response.shape), complex)
        targets = [response]
        for j, slope in enumerate(by_conductivity):
            targets += [slope, *by_thickness[j : j + 1]]
        for wavenumber, omega, parts in self._chunks:
            nodes, project = self._at(wavenumber, parts, height)
            kernels = reflection_and_slopes(nodes, omega, thickness, conductivity)
            for target, kernel in zip(targets, kernels, strict=True):
                project(kernel, target)
        return response, by_thickness, by_conductivity

    def _prepare(self, offset, orientation):
        """(wavenumber, weights) of the readings at one frequency."""
        wavenumber, weights = quadrature.sinc_rule(offset, orientation)
        return wavenumber, weights if self.height is None else weights * np.exp(-2 * wavenumber * self.height)

    def _at(self, wavenumber, parts, height):
        """Wavenumbers of the models, and the function (kernel, out) that sums a kernel over them."""
        attenuation = np.exp(-2 * wavenumber * height) if self.height is None else None

        def project(kernel, out):
            if attenuation is not None:
                kernel.real *= attenuation
                kernel.imag *= attenuation
            for rows, members, weights in parts:
                out[members] = _times(weights, kernel[rows])

        return wavenumber, project

    def _induction_numbers(self, conductivity, smallest, largest):
        """The smallest and the largest ωμ0σ·length² over layers and frequencies, each (b,)."""
        low = 2 * np.pi * self.frequency.min() * MU0 * conductivity.min(axis=0) * smallest**2
        return low, 2 * np.pi * self.frequency.max() * MU0 * conductivity.max(axis=0) * largest**2


class Near(Sinc):
    """Fewer wavenumbers, for loops low above ordinary ground."""

    def holds(self, conductivity, height):
        low, high = self._induction_numbers(conductivity, self.offset.min(), self.offset.max())
        inside = (low >= quadrature.NEAR_RANGE[0]) & (high <= quadrature.NEAR_RANGE[1])
        if self.height is None:
            inside &= height <= quadrature.NEAR_HEIGHT * min(
                self.offset[members].max() for _, members in self._groups()
            )
        return inside

    def _prepare(self, offset, orientation):
        return quadrature.near_rule(offset, orientation, self.height)


class Far(Sinc):
    """Very few wavenumbers, in units of 1/height, for loops high above ordinary ground."""

    @staticmethod
    def reaches(offset, height):
        """Whether `height`, a number or an array, is high for all of the offsets."""
        return height >= quadrature.FAR_HEIGHT * offset.max()

    def holds(self, conductivity, height):
        low, high = self._induction_numbers(conductivity, height, height)
        inside = (low >= quadrature.FAR_RANGE[0]) & (high <= quadrature.FAR_RANGE[1])
        return inside & self.reaches(self.offset, height)

    def _prepare(self, offset, orientation):
        series = [quadrature.far_series(kind) for kind in orientation]
        if self.height is None:
            return quadrature.FAR_NODES, series
        weights = [
            self._weights(np.array([r / self.height]), *own)[:, 0] for r, own in zip(offset, series, strict=True)
        ]
        return quadrature.FAR_NODES / self.height, np.array(weights)

    def _at(self, wavenumber, parts, height):
        if self.height is not None:
            return super()._at(wavenumber, parts, height)
        readings = [
            (rows, i, self._weights(self.offset[i] / height, *series))
            for rows, members, all_series in parts
            for i, series in zip(members, all_series, strict=True)
        ]

        def project(kernel, out):
            for rows, i, weights in readings:
                out[i].real = np.einsum("nb,nb->b", weights, kernel[rows].real)
                out[i].imag = np.einsum("nb,nb->b", weights, kernel[rows].imag)

        return wavenumber / height, project

    @staticmethod
    def _weights(ratio, coefficients, exponent, parity):
        """(n_nodes, b) weights of one reading at each offset/height."""
        powers = np.empty((len(coefficients), len(ratio)))
        powers[0] = ratio**exponent
        powers[1:] = ratio**2
        np.multiply.accumulate(powers, axis=0, out=powers)
        return (quadrature.far_moments()[parity].T * coefficients) @ powers


def _times(weights, kernel):
    """Real matrix times complex one, as one product of real ones."""
    return (weights @ kernel.view(float)).view(complex)
