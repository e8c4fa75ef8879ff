"""A network's posterior given what it was not told: mixtures of normal densities conditioned on known values."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri

# Steps with depths in their logarithm, which go far; all steps; the longest one at first; when it is enough.
_FAR, _MOST_STEPS, _LONGEST, _FINELY = 3, 40, 1.0, 1e-4
# Normal scores beyond which a parameter lies at its range's end, and where the steps begin at the outermost: farther
# out nothing says which way to go.
_FARTHEST, _START = 4.5, 1.5
# Draws that are conditioned at once.
_AT_ONCE = 2**16


def settle(constraint, rows, mean, precision, offset=0.0):
    """The most probable z by a normal density and the constraint, by an iterated Kalman step.

    Bell & Cathey (1993), doi:10.1109/9.250476: the update of the Kalman filter, linearised again where it led.

    Parameters
    ----------
    constraint : Constraint
    rows : (m,) int array, the soundings
    mean, precision : (m, P) and (m, P, P) arrays, of normal scores z = Φ⁻¹(u)
    offset : (m, n_known) array, optional
        By which the known values are moved, in σ.

    Returns
    -------
    z : (m, P) array
    square : (m,) array
        Squared distance from the density's mean and from the known values, each by its own errors.
    residuals, jacobian : (m, n_known) and (m, n_known, P) arrays there
    """
    covariance = np.linalg.inv(precision)
    offset = np.broadcast_to(offset, (len(mean), constraint.weight.shape[1]))

    def square(z, part):
        off = z - mean[part]
        residuals = constraint.residuals(_at(z)[0], rows[part]) + offset[part]
        return np.einsum("mi,mij,mj->m", off, precision[part], off) + np.square(residuals).sum(axis=1)

    active = np.arange(len(mean))
    z, reach = np.clip(mean, -_START, _START), np.full(len(mean), _LONGEST)
    least = square(z, active)
    for k in range(_MOST_STEPS):
        if not active.size:
            break
        step, longest = _step(constraint, rows, z, mean, covariance, offset, active, k < _FAR)
        trial = z[active] + step * np.minimum(1.0, reach[active] / np.maximum(longest, 1e-300))[:, None]
        new = square(trial, active)
        gain = least[active] - new
        better = active[gain > 0]
        z[better], least[better] = trial[gain > 0], new[gain > 0]
        reach[active] = np.where(gain > 0, 2 * reach[active], 0.3 * np.minimum(reach[active], longest))
        done = longest < _FINELY if k < _FAR else (np.abs(gain) < _FINELY) & (longest < reach[active])
        active = active[~(done | (reach[active] < _FINELY))]
    u, slope = _at(z)
    residuals, jacobian = constraint.linear(u, rows)
    return z, least, residuals, jacobian * slope[:, None, :]


def _step(constraint, rows, z, mean, covariance, offset, active, far):
    """The way to where the linearised problem has its solution, (n_active, P), and its length, (n_active,)."""
    u, slope = _at(z[active])
    residuals, jacobian = (constraint.logarithmic if far else constraint.linear)(u, rows[active])
    jacobian = jacobian * slope[:, None, :]
    across = covariance[active] @ np.swapaxes(jacobian, 1, 2)
    system = jacobian @ across + np.eye(jacobian.shape[1])
    wanted = residuals + offset[active] + (jacobian @ (z - mean)[active, :, None])[:, :, 0]
    step = (mean - z)[active] + (across @ np.linalg.solve(system, wanted[:, :, None]))[:, :, 0]
    return step, np.abs(step).max(axis=1)


def _at(z):
    z = np.clip(z, -_FARTHEST, _FARTHEST)
    return ndtr(z), np.exp(-np.square(z) / 2) / np.sqrt(2 * np.pi)


class Conditioned:
    """A mixture of normal densities of z for each sounding, given the known values.

    Each component is moved by `settle` and narrowed by the slope there; its weight is multiplied by the density that it
    gave the known values, by Laplace's formula, which is exact where they are linear in z.

    Parameters
    ----------
    constraint : Constraint of n soundings
    log_weight, mean, precision : (n, K), (n, K, P) and (n, K, P, P) arrays, as of `Branch.density`

    Attributes
    ----------
    density : the same three arrays of the conditioned mixture
    p_value : (n,) array
        How often what is known would by chance be as far from what the mixture says.
    """

    def __init__(self, constraint, log_weight, mean, precision):
        n, K, P = mean.shape
        self.constraint, self._before = constraint, (log_weight, mean, precision)
        rows = np.repeat(np.arange(n), K)
        z, square, residuals, jacobian = settle(constraint, rows, mean.reshape(-1, P), precision.reshape(-1, P, P))
        narrowed = precision + (np.swapaxes(jacobian, 1, 2) @ jacobian).reshape(n, K, P, P)
        determinants = np.linalg.slogdet(precision)[1] - np.linalg.slogdet(narrowed)[1]
        moved = log_weight + (determinants - square.reshape(n, K)) / 2
        self.density = moved - moved.max(axis=1, keepdims=True), z.reshape(n, K, P), narrowed
        self._residuals = residuals.reshape(n, K, -1)
        n_known = np.maximum((constraint.weight > 0).sum(axis=1), 1)
        tail = chdtrc(n_known[:, None], square.reshape(n, K))
        self.p_value = (_shares(log_weight) * tail).sum(axis=1)

    def point(self, u) -> np.ndarray:
        """A network's point answer u (n, P) moved as the mean of the mixture was, (n, P).

        The mean of models that honour a depth need not honour it, for depths are curved in z: it is moved once more,
        by as much of the constraint as the known values outweigh the mixture.
        """
        share = _shares(self.density[0])
        u = np.clip(u + _mean(share, *self.density[1:]) - _mean(_shares(self._before[0]), *self._before[1:]), 0.0, 1.0)
        inside = np.clip(u, ndtr(-_FARTHEST), ndtr(_FARTHEST))
        z = self.density[1]
        off = z - (share[:, :, None] * z).sum(axis=1, keepdims=True)
        within = (share[:, :, None, None] * np.linalg.inv(self._before[2])).sum(axis=1)
        covariance = within + np.einsum("nk,nki,nkj->nij", share, off, off)
        offset = -(share[:, :, None] * self._residuals).sum(axis=1)
        start = ndtri(inside)
        settled = settle(self.constraint, np.arange(len(u)), start, np.linalg.inv(covariance), offset)[0]
        return np.clip(u + ndtr(settled) - ndtr(start), 0.0, 1.0)

    def draw(self, n_draws, rng) -> np.ndarray:
        """Draws of u, (n_draws, n, P): each draw of the mixture settles at known values drawn from their own errors.

        Exact where these are linear in z, and close to them where their errors are small (randomised maximum
        likelihood; Oliver 1996, doi:10.1007/BF02066348).
        """
        _, mean, precision = self._before
        n, K, P = mean.shape
        edges = np.cumsum(_shares(self.density[0]), axis=1)
        level = rng.random((n_draws, n, 1)) * edges[:, -1:]
        chosen = np.minimum((level > edges).sum(axis=2), K - 1)
        root = np.swapaxes(np.linalg.inv(np.linalg.cholesky(precision)), -1, -2)
        u = np.empty((n_draws, n, P))
        size = max(_AT_ONCE // n, 1) if n else n_draws
        rows = np.arange(n)
        for start in range(0, n_draws, size):
            part = chosen[start : start + size]
            where = np.broadcast_to(rows, part.shape).ravel()
            which = part.ravel()
            z = mean[where, which] + (root[where, which] @ rng.standard_normal((len(where), P, 1)))[:, :, 0]
            offset = rng.standard_normal((len(where), self.constraint.weight.shape[1]))
            settled = settle(self.constraint, where, z, precision[where, which], offset)[0]
            u[start : start + size] = ndtr(settled).reshape(*part.shape, P)
        return u


def _shares(log_weight):
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def _mean(share, mean, precision):
    """Mean of u = Φ(z) of mixtures, (n, P); Owen (1980), doi:10.1080/03610918008812164, integral 10,010.8."""
    variance = np.diagonal(np.linalg.inv(precision), axis1=-2, axis2=-1)
    return (share[:, :, None] * ndtr(mean / np.sqrt(1 + variance))).sum(axis=1)
