"""Parameters ⇄ the unit cube by (conditional) CDFs: the Rosenblatt transform (1952,
doi:10.1214/aoms/1177729394).

Arrays in this module hold one parameter per *row*, (P, n): every operation then runs along contiguous memory.
"""

from __future__ import annotations

import numpy as np

from bpinvert.priors.distributions import TAIL, LogUniform, Uniform
from bpinvert.priors.specifications import Ordered
from bpinvert.priors.ties import NUDGE, Ties

_EPS = np.finfo(float).eps


class Independent:
    """Marginals of the rows of a matrix. Log-uniform and uniform ones are one vectorised expression."""

    def __init__(self, distributions):
        ends = [distribution.support() for distribution in distributions]
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
        # Widening a decoded range by a few rounding errors, and clipping, makes u = 1 give exactly the high end.
        rounding = NUDGE * np.where(is_log, 1 + self._width, np.maximum(abs(self._start), abs(stop)))
        self._wide = self._width + np.where(closed, rounding, 0.0)
        self._narrow = self._width * np.where(closed, 1 - NUDGE, 1.0)
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
    """P parameters among the M entries of a model, given in blocks, ⇄ [0, 1]^P.

    Parameters
    ----------
    blocks : dict of name -> (size, spec)
        `spec` is a distribution or `Fixed`, a list with one of those for each entry, `Ordered`, or a tie to an earlier
        block of the same size. So dependence stays inside a block, or between equal places of two blocks.
    """

    def __init__(self, blocks):
        self.ties = Ties(blocks)
        self.size = len(self.ties.parameters)
        self._independent = Independent(self.ties.distributions)
        # (row, low, high) of every free value that is bounded by the one before it.
        self._below_another = [
            (j, spec.range.low, spec.range.high)
            for name, (_, spec) in blocks.items()
            if isinstance(spec, Ordered)
            for j in range(*self.ties.free_rows(name).indices(self.size))[1:]
        ]

    def values(self, u) -> np.ndarray:
        """u (P, n) → entries (M, n)."""
        return self.ties.entries(self._free_values(u))

    def cdf(self, x) -> np.ndarray:
        """Entries (M, n) → u (P, n) of each parameter given those before it."""
        free, _ = self._free(x)
        u = self._independent.cdf(free)
        for j, low, high in self._below_another:
            above = np.clip(free[j - 1], low, high)
            room = np.log(high / above)
            share = np.log(np.clip(free[j], above, high) / above) / np.where(room > 0, room, 1.0)
            u[j] = np.where((free[j] >= high) & (room > 0), 1.0, np.minimum(share, 1.0))
        return u

    def slope(self, u) -> np.ndarray:
        """d ln|entry| / du at u (P, n): (n, P) if all entries are independent parameters, else (n, M, P).

        Entry [k, i, j] is d ln x_i / d u_j of model k; 0 for j beyond i.
        """
        diagonal = self._independent.slope(u)
        if self.ties.trivial and not self._below_another:
            return diagonal.T
        matrix = np.zeros((u.shape[1], self.size, self.size))
        entries = np.arange(self.size)
        matrix[:, entries, entries] = diagonal.T
        free = self._free_values(u) if self._below_another else None
        for j, _, high in self._below_another:
            matrix[:, j] = matrix[:, j - 1] * (1 - np.clip(u[j], 0, 1))[:, None]
            matrix[:, j, j] = np.log(high / free[j - 1])
        return self.ties.slope(matrix)

    def log_density(self, x) -> np.ndarray:
        """Natural logarithm of the density of the parameters among the entries (M, n), (n,); -inf outside."""
        free, x = self._free(x)
        density = self._independent.log_density(free)
        inside = np.flatnonzero(density > -np.inf)
        density[inside] -= self.ties.log_stretch(x[:, inside])
        free = free[:, inside]
        for j, low, high in self._below_another:
            # `Independent` has counted log-uniform on (low, high); it is log-uniform on (the value above,
            # high).
            room = np.maximum(np.log(high / free[j - 1]), _EPS)
            density[inside] += np.where(free[j] >= free[j - 1], np.log(np.log(high / low) / room), -np.inf)
        return density

    def _free(self, x):
        return self.ties.free(x, self._independent.low, self._independent.high)

    def _free_values(self, u):
        free = self._independent.values(u)
        for j, _, high in self._below_another:
            share = np.clip(u[j], 0, 1)
            value = free[j - 1] * np.exp(share * np.log(high / free[j - 1]))
            free[j] = np.where(share == 1, high, np.minimum(value, high))
        return free


def _closed_form(distribution):
    """ "log" or "linear" for what is (log-)uniform on its support, else None."""
    if isinstance(distribution, LogUniform):
        return "log"
    if isinstance(distribution, Uniform):
        return "linear"
    if not hasattr(distribution, "dist"):
        return None
    # By the type, not the name: a user's own distribution may call itself "uniform".
    kind = type(distribution.dist).__name__
    if kind == "uniform_gen":
        return "linear"
    offset = distribution.kwds.get("loc", distribution.args[2] if len(distribution.args) > 2 else 0)
    return "log" if kind == "reciprocal_gen" and offset == 0 else None
