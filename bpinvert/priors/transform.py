"""Parameters ⇄ the unit cube by (conditional) CDFs: the Rosenblatt transform (1952,
doi:10.1214/aoms/1177729394).

Arrays in this module hold one parameter per *row*, (P, n): every operation then runs along contiguous memory.
"""

from __future__ import annotations

import numpy as np

from bpinvert.priors.distributions import TAIL, LogUniform, Ordered, Relative

_EPS = np.finfo(float).eps
# A few rounding errors wide: widening a decoded range by this, and clipping, makes u = 1 give exactly the
# high end.
_NUDGE = 8 * _EPS


class Independent:
    """Marginals of the rows of a matrix. Log-uniform and uniform ones are one vectorised expression."""

    def __init__(self, distributions):
        ends = [(d.low, d.high) if isinstance(d, LogUniform) else d.support() for d in distributions]
        low, high = np.array(ends, dtype=float).reshape(-1, 2).T[:, :, None].copy()
        kinds = [_closed_form(distribution) for distribution in distributions]
        is_log, is_linear = (
            np.array([kind == word for kind in kinds], dtype=bool)[:, None] for word in ("log", "linear")
        )
        closed = is_log | is_linear
        self.low, self.high = low, high
        self._log = slice(None) if is_log.all() else np.flatnonzero(is_log)
        self._not_log = np.flatnonzero(~is_log)
        self._others = [(i, distributions[i]) for i, kind in enumerate(kinds) if kind is None]
        self._start = np.where(closed, low, 0.0)
        stop = np.where(closed, high, 1.0)
        self._width = stop - self._start
        self._width[is_log] = np.log(high[is_log] / low[is_log])
        rounding = _NUDGE * np.where(is_log, 1 + self._width, np.maximum(abs(self._start), abs(stop)))
        self._wide = self._width + np.where(closed, rounding, 0.0)
        self._narrow = self._width * np.where(closed, 1 - _NUDGE, 1.0)
        self._first = np.where(np.isfinite(low) & (low != 0), 0.0, TAIL)
        self._last = np.where(np.isfinite(high), 1.0, 1 - TAIL)
        self._log_volume = np.log(self._width[closed]).sum()

    def values(self, u) -> np.ndarray:
        """u (P, n) → values (P, n); u is clipped to [0, 1] and values never leave [low, high]."""
        x = np.clip(u, self._first, self._last, order="C")
        for row, distribution in self._others:
            x[row] = distribution.ppf(x[row])
        x *= self._wide
        if self._not_log.size:
            logarithmic = np.exp(x[self._log]) * self._start[self._log]
            x += self._start
            x[self._log] = logarithmic
            np.maximum(x, self.low, out=x)
        else:
            np.exp(x, out=x)
            x *= self._start
        return np.minimum(x, self.high, out=x)

    def cdf(self, x) -> np.ndarray:
        """Values (P, n) → u (P, n): 0 below and 1 above the support."""
        u = np.clip(x, self.low, self.high, order="C")
        others = [(row, distribution.cdf(u[row])) for row, distribution in self._others]
        if self._not_log.size:
            logarithmic = np.log(u[self._log] / self._start[self._log])
            u -= self._start
            u[self._log] = logarithmic
        else:
            u /= self._start
            np.log(u, out=u)
        u /= self._narrow
        for row, value in others:
            u[row] = value
        return np.minimum(u, 1.0, out=u)

    def slope(self, u) -> np.ndarray:
        """d ln|value| / du (P, n) at u (P, n)."""
        slope = np.empty(u.shape)
        slope[:] = self._width
        if self._not_log.size:
            x = self.values(u)
            for row, distribution in self._others:
                slope[row] = np.exp(-distribution.logpdf(x[row]))
            slope[self._not_log] /= x[self._not_log]
        return slope

    def log_density(self, x) -> np.ndarray:
        """Sum over the rows of ln p(value), (n,); -inf outside."""
        inside = ((x >= self.low) & (x <= self.high)).all(axis=0)
        density = np.full(x.shape[1], -np.inf)
        x = x[:, inside]
        total = -self._log_volume - np.log(x[self._log]).sum(axis=0)
        for row, distribution in self._others:
            total += distribution.logpdf(x[row])
        density[inside] = total
        return density


class UnitCube:
    """A vector of P parameters, given in blocks, ⇄ [0, 1]^P.

    Parameters
    ----------
    blocks : dict of name -> (size, spec)
        `spec` is a distribution shared by the block's entries, a list with one each, `Ordered`, or `Relative`
        to an earlier block of the same size. So dependence stays inside a block, or between equal places of
        two blocks.
    """

    def __init__(self, blocks):
        self.places = {}
        distributions, self._ordered, self._relative = [], {}, {}
        for name, (size, spec) in blocks.items():
            place = slice(len(distributions), len(distributions) + size)
            self.places[name] = place
            if isinstance(spec, Ordered):
                distributions += [spec.range] * size
                self._ordered[name] = spec.range
            elif isinstance(spec, Relative):
                distributions += [spec.multiple] * size
                self._relative[name] = spec.of
            else:
                distributions += spec if isinstance(spec, list) else [spec] * size
        self.size = len(distributions)
        self._independent = Independent(distributions)

    def values(self, u) -> np.ndarray:
        """u (P, n) → parameters (P, n)."""
        x = self._independent.values(u)
        return self._depend(u, x) if self._ordered or self._relative else x

    def cdf(self, x) -> np.ndarray:
        """Parameters (P, n) → u (P, n), each given the parameters before it."""
        u = self._independent.cdf(self._multiples(x))
        for j, low, high in self._below_another():
            above = np.clip(x[j - 1], low, high)
            room = np.log(high / above)
            share = np.log(np.clip(x[j], above, high) / above) / np.where(room > 0, room, 1.0)
            u[j] = np.where((x[j] >= high) & (room > 0), 1.0, np.minimum(share, 1.0))
        return u

    def slope(self, u) -> np.ndarray:
        """d ln|parameter| / du at u (P, n): (n, P) if all are independent, else (n, P, P), lower triangular.

        Entry [k, i, j] is d ln p_i / d u_j of model k.
        """
        diagonal = self._independent.slope(u)
        if not (self._ordered or self._relative):
            return diagonal.T
        matrix = np.zeros((u.shape[1], self.size, self.size))
        entries = np.arange(self.size)
        matrix[:, entries, entries] = diagonal.T
        x = self.values(u)
        for name, place in self.places.items():
            if name in self._relative:
                matrix[:, place] += matrix[:, self.places[self._relative[name]]]
            for j in range(place.start + 1, place.stop if name in self._ordered else 0):
                matrix[:, j] = matrix[:, j - 1] * (1 - np.clip(u[j], 0, 1))[:, None]
                matrix[:, j, j] = np.log(self._ordered[name].high / x[j - 1])
        return matrix

    def log_density(self, x) -> np.ndarray:
        """Natural logarithm of the density of parameters (P, n) in their own units, (n,); -inf outside."""
        density = self._independent.log_density(self._multiples(x))
        inside = np.flatnonzero(density > -np.inf)
        x = x[:, inside]
        for base in self._relative.values():
            density[inside] -= np.log(np.abs(x[self.places[base]])).sum(axis=0)
        for j, low, high in self._below_another():
            # `Independent` has counted log-uniform on (low, high); it is log-uniform on (the value above,
            # high).
            room = np.maximum(np.log(high / x[j - 1]), _EPS)
            density[inside] += np.where(x[j] >= x[j - 1], np.log(np.log(high / low) / room), -np.inf)
        return density

    def _below_another(self):
        """(row, low, high) of every value that is bounded by the one before it."""
        for name, limits in self._ordered.items():
            for j in range(self.places[name].start + 1, self.places[name].stop):
                yield j, limits.low, limits.high

    def _depend(self, u, x):
        """Independent values x, changed in place, → the parameters that depend on those before them."""
        for name, place in self.places.items():
            if name in self._relative:
                x[place] *= x[self.places[self._relative[name]]]
            elif name in self._ordered:
                high = self._ordered[name].high
                for j in range(place.start + 1, place.stop):
                    share = np.clip(u[j], 0, 1)
                    value = x[j - 1] * np.exp(share * np.log(high / x[j - 1]))
                    x[j] = np.where(share == 1, high, np.minimum(value, high))
        return x

    def _multiples(self, x):
        """Parameters with each `Relative` one divided by its base, without rounding errors at its ends."""
        if not self._relative:
            return x
        raw = np.array(x)
        for name, base in self._relative.items():
            place = self.places[name]
            multiple = x[place] / x[self.places[base]]
            low, high = self._independent.low[place], self._independent.high[place]
            multiple = np.where((multiple < low) & (multiple >= low - _NUDGE * abs(low)), low, multiple)
            raw[place] = np.where((multiple > high) & (multiple <= high + _NUDGE * abs(high)), high, multiple)
        return raw


def _closed_form(distribution):
    """ "log" or "linear" for what is (log-)uniform on its support, else None."""
    if isinstance(distribution, LogUniform):
        return "log"
    # By the type, not the name: a user's own distribution may call itself "uniform".
    kind = type(distribution.dist).__name__
    if kind == "uniform_gen":
        return "linear"
    offset = distribution.kwds.get("loc", distribution.args[2] if len(distribution.args) > 2 else 0)
    return "log" if kind == "reciprocal_gen" and offset == 0 else None
