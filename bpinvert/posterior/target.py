"""What is sampled: the posterior of soundings in soft coordinates."""

from __future__ import annotations

import numpy as np

from bpinvert.posterior import coordinates
from bpinvert.refinement import Misfit

# Nodes for the integral over an unknown noise level: its integrand is smooth, and wider than their distance.
_NODES = 32


class Target:
    """ln p(data | x) and ln p(x) of soundings, with Gauss–Newton pieces; an unknown noise level is integrated out.

    With χ² the sum of squared residuals at the errors that were assumed and f the factor by which they may all be
    wrong, log-uniform on [a, b] beforehand,

        p(d | m) ∝ 1/ln(b/a) ∫ f⁻ᴺ exp(−χ²/(2 f²)) d ln f.

    That is a function of χ² alone, so that a Gauss–Newton step on it is one on χ² times −2 d ln p/dχ² = E[f⁻² | χ²].

    Parameters
    ----------
    misfit : Misfit
    constant : (n,) array
        ln of what stands before the exponential at f = 1: −Σ ln(σ √2π), less half the ln determinant by which
        displacements widen the errors.
    room : (lowest, highest) factors a and b, each (n,), 1 and 1 where the errors are known
    constraint : optional
        Known values of the same soundings, with `penalty`, `expand` and `constant` (n,): further data, whose errors are
        none of the nuisance. The χ² that is stated includes them.
    """

    def __init__(self, misfit: Misfit, constant, room, constraint=None):
        self.misfit, self.constraint = misfit, constraint
        self.constant = np.asarray(constant, dtype=float)
        if constraint is not None:
            self.constant = self.constant + constraint.constant
        low, high = (np.log(np.asarray(end, dtype=float)) for end in room)
        self.n_used = (misfit.weight > 0).sum(axis=1)
        self._unknown = high > low
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        self._log_factor = low[:, None] + (high - low)[:, None] * (nodes + 1) / 2
        self._log_weight = np.log(weights / 2)

    def __len__(self):
        return len(self.constant)

    @property
    def n_parameters(self) -> int:
        return len(self.misfit.prior.parameters)

    def evaluate(self, x, rows):
        """χ², ln likelihood and ln prior, each (n,), of points x (n, P) for the soundings `rows`."""
        u, density = coordinates.cube(x)
        chi2 = self.misfit.value(u, rows)
        likelihood = self._log_likelihood(chi2, rows)
        if self.constraint is not None:
            penalty = self.constraint.penalty(u, rows)
            chi2, likelihood = chi2 + penalty, likelihood - penalty / 2
        return chi2, likelihood, np.log(density).sum(axis=1)

    def expand(self, x, rows):
        """ln posterior (n,) up to the evidence, its gradient (n, P) and minus its Gauss–Newton Hessian (n, P, P)."""
        u, density = coordinates.cube(x)
        chi2, gradient, curvature = self.misfit.expand(u, rows)
        slope, bend = coordinates.bend(x, density)
        weight = self._weight(chi2, rows)[:, None]
        likelihood = self._log_likelihood(chi2, rows)
        gradient *= weight
        curvature *= weight[:, :, None]
        if self.constraint is not None:
            penalty, *known = self.constraint.expand(u, rows)
            likelihood -= penalty / 2
            gradient += known[0]
            curvature += known[1]
        gradient *= density
        gradient += slope
        curvature *= density[:, :, None] * density[:, None, :]
        diagonal = np.arange(x.shape[1])
        curvature[:, diagonal, diagonal] += bend
        return likelihood + np.log(density).sum(axis=1), gradient, curvature

    def tilt(self, rows):
        """(χ², rows among `rows`) -> what an unknown noise level adds to −χ²/2; None where all levels are known."""
        if not self._unknown[rows].any():
            return None
        return lambda chi2, own: self._log_likelihood(chi2, rows[own]) - self.constant[rows[own]] + chi2 / 2

    def _log_likelihood(self, chi2, rows):
        value = self.constant[rows] - chi2 / 2
        k = np.flatnonzero(self._unknown[rows] & np.isfinite(chi2))
        if k.size:
            terms = self._terms(chi2[k], rows[k])
            largest = terms.max(axis=1)
            value[k] = self.constant[rows[k]] + largest + np.log(np.exp(terms - largest[:, None]).sum(axis=1))
        return value

    def _weight(self, chi2, rows):
        weight = np.ones(len(chi2))
        k = np.flatnonzero(self._unknown[rows] & np.isfinite(chi2))
        if k.size:
            terms = self._terms(chi2[k], rows[k])
            share = np.exp(terms - terms.max(axis=1, keepdims=True))
            weight[k] = (share * np.exp(-2 * self._log_factor[rows[k]])).sum(axis=1) / share.sum(axis=1)
        return weight

    def _terms(self, chi2, rows):
        log_factor = self._log_factor[rows]
        size = np.exp(-2 * log_factor) * (chi2 / 2)[:, None]
        return self._log_weight - self.n_used[rows][:, None] * log_factor - size
