"""Reflection coefficients at real wavenumbers and real Laplace variables: no complex number, no sine, no cosine.

With g = λ²/(sμ0) the root √(λ² + sμ0σ) is √(sμ0) √(g + σ), so that the coefficients of the interfaces depend on g
alone: nodes are grouped by it. On the lattice s = 2^(k/2), exp(-2hv) at 4s is the square of that at s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forward_models.constants import MU0

# From one g to the next; a quadrature with steps beyond 1.8 is coarse.
RATIO = 1.5
# Steps of k from s to 4s.
_FOURFOLD = 4
# exp of this times some small reflection coefficients is no (slow) denormal number.
_LOWEST_EXPONENT = -600.0
# So many squares later; what is squared so often still is nothing (exp(-37)) beside 1 where its exponent is cut.
_MOST_SQUARES = 4


@dataclass(frozen=True)
class _Group:
    """Nodes of one g: some whose exponentials are computed, then levels of squares of those of the level before."""

    g: float
    n: int
    twice_root: np.ndarray  # 2√(sμ0) of all
    exponent: np.ndarray  # -2√(sμ0) of the first level
    lowest: np.ndarray
    squares: tuple[int, ...]


class Nodes:
    """Pairs of g = RATIO^i S/m and s = 2^(k/2) 1/s.

    Parameters
    ----------
    i, k : (n,) int arrays, each pair once

    Attributes
    ----------
    order : (n,) int array
        Which of the given pairs each row of the coefficients belongs to.
    """

    def __init__(self, i, k):
        i, k = np.asarray(i), np.asarray(k)
        self._groups, order = [], []
        for one in np.unique(i):
            rows = np.flatnonzero(i == one)
            levels, depth = _levels(k[rows])
            rows = rows[np.concatenate(levels)]
            order.append(rows)
            twice_root = 2 * np.sqrt(MU0) * 2.0 ** (k[rows, None] / 4)
            self._groups.append(
                _Group(
                    g=RATIO ** float(one),
                    n=len(rows),
                    twice_root=twice_root,
                    exponent=-twice_root[: len(depth)],
                    lowest=(_LOWEST_EXPONENT / 2.0 ** np.array(depth))[:, None],
                    squares=tuple(len(level) for level in levels[1:]),
                )
            )
        self.order = np.concatenate(order)
        self.i, self.k = i[self.order], k[self.order]
        self._most = max(group.n for group in self._groups)

    def __len__(self):
        return len(self.order)

    def coefficients(self, thickness, conductivity, height=None) -> np.ndarray:
        """K (n, b) of models (n_layers-1, b), (n_layers, b); times exp(-2λ height) where a height (b,) is given.

        The recursion is that of `kernel.Reflection`, with r_j = (σ_{j-1} - σ_j)/(√(g+σ_{j-1}) + √(g+σ_j))².
        """
        found, row = np.empty((len(self), conductivity.shape[1])), 0
        for group, _, ratios, decays, spare in self._each(thickness, conductivity, height, n_spare=3):
            here = found[row : row + group.n]
            _upward(ratios, decays, spare, here)
            if height is not None:
                here *= decays[-1]
            row += group.n
        return found

    def slopes(self, thickness, conductivity, height=None):
        """Derivatives of the coefficients by ln(thickness) (n_layers-1, n, b) and ln(conductivity) (n_layers, n, b).

        Formulas as of `kernel.Transform.with_slopes`.
        """
        n_layers, b = conductivity.shape
        by_thickness, by_conductivity = np.empty((n_layers - 1, len(self), b)), np.empty((n_layers, len(self), b))
        row = 0
        for group, roots, ratios, decays, _ in self._each(thickness, conductivity, height, n_spare=0):
            rows = slice(row, row + group.n)
            share = conductivity / (4 * np.square(roots))
            passed = 1 - np.square(ratios)
            layers, gain = _kept(ratios, decays)
            if height is not None:
                gain = gain * decays[-1]
            lower = 0.0
            for j, (decay, p, below, below_bottom) in enumerate(layers):
                upper = passed[j] * (gain * (below_bottom * below_bottom - p * p))
                if j:
                    by_conductivity[j - 1, rows] = share[j - 1] * (upper + lower)
                gain = gain * (passed[j] * decay)
                turned = gain * (below * below_bottom)
                turned *= group.twice_root * (-thickness[j] * roots[j])
                by_thickness[j, rows] = turned
                lower = 2 * turned - upper
            upper = passed[-1] * gain
            if layers:
                by_conductivity[-2, rows] = share[-2] * (upper + lower)
            by_conductivity[-1, rows] = -share[-1] * upper
            row += group.n
        return by_thickness, by_conductivity

    def _each(self, thickness, conductivity, height, n_spare):
        """(group, √(g+σ), r, exp(-2hv) with that of the height last, spare arrays) of each group; all overwritten."""
        n_layers, b = conductivity.shape
        jumps = np.concatenate([-conductivity[:1], conductivity[:-1] - conductivity[1:]])
        n_decays = n_layers - 1 + (height is not None)
        roots, ratios = np.empty((2, n_layers, b))
        depths, buffers = np.empty((n_decays, b)), np.empty((n_decays + n_spare, self._most, b))
        for group in self._groups:
            root = group.g**0.5
            np.add(conductivity, group.g, out=roots)
            np.sqrt(roots, out=roots)
            np.add(roots[0], root, out=ratios[0])
            np.add(roots[:-1], roots[1:], out=ratios[1:])
            np.square(ratios, out=ratios)
            np.divide(jumps, ratios, out=ratios)
            np.multiply(thickness, roots[:-1], out=depths[: n_layers - 1])
            if height is not None:
                np.multiply(height, root, out=depths[-1])
            decays, spare = buffers[:n_decays, : group.n], buffers[n_decays:, : group.n]
            _exponentials(group, depths, decays)
            yield group, roots, ratios, decays, spare


def _exponentials(group, depths, out):
    n = len(group.lowest)
    for depth, decay in zip(depths, out, strict=True):
        new = decay[:n]
        np.multiply(depth, group.exponent, out=new)
        np.maximum(new, group.lowest, out=new)
        np.exp(new, out=new)
        begin, end = 0, n
        for more in group.squares:
            np.square(decay[begin : begin + more], out=decay[end : end + more])
            begin, end = end, end + more


def _upward(ratios, decays, spare, out):
    if len(ratios) == 1:
        out[:] = ratios[0]
        return
    p, top, bottom = spare
    last = len(ratios) - 2
    np.multiply(decays[last], ratios[-1], out=p)
    np.multiply(p, ratios[last], out=bottom)
    bottom += 1
    np.add(p, ratios[last], out=top)
    for j in range(last - 1, -1, -1):
        np.multiply(top, decays[j], out=p)
        np.multiply(bottom, ratios[j], out=top)
        top += p
        p *= ratios[j]
        bottom += p
    np.divide(top, bottom, out=out)


def _kept(ratios, decays):
    """What `_upward` has at each layer, from the surface down: [(decay, p, P below, Q below)], and 1/Q² at the top."""
    top, bottom = ratios[-1], 1.0
    layers = []
    for j in range(len(ratios) - 2, -1, -1):
        p = top * decays[j]
        layers.append((decays[j], p, top, bottom))
        top, bottom = ratios[j] * bottom + p, bottom + ratios[j] * p
    return layers[::-1], 1 / np.square(bottom)


def _levels(k):
    """Places of k in levels, an entry of each but the first being _FOURFOLD above that at its place in the one before.

    With them, how many squares follow each entry of the first level.
    """
    place = {value: j for j, value in enumerate(k.tolist())}
    growing, chains = {}, []
    for value in sorted(place):
        chain = growing.pop(value - _FOURFOLD, [])
        if not chain or len(chain) > _MOST_SQUARES:
            chain = []
            chains.append(chain)
        chain.append(place[value])
        growing[value] = chain
    chains.sort(key=len, reverse=True)
    levels = [[chain[j] for chain in chains if len(chain) > j] for j in range(len(chains[0]))]
    return levels, [len(chain) - 1 for chain in chains]
