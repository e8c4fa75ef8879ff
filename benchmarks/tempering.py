"""Tempered sequential Monte Carlo on the unit cube, for many problems side by side.

From the prior, uniform on the cube, to the posterior (Del Moral, Doucet and Jasra 2006,
doi:10.1111/j.1467-9868.2006.00553.x). It shares no code with the inversion, whose answers it judges.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

# A likelihood that cannot be computed; finite, so that zero times it is zero.
_NEVER = -1e30


@dataclass(frozen=True)
class Settings:
    """How long to sample.

    Attributes
    ----------
    particles : int, per problem
    efficiency : float, effective share of the particles that the next temperature leaves
    correlation : float, of a parameter with itself since resampling, below which the particles have moved
    sweeps : (int, int), fewest and most sweeps at a temperature
    final_sweeps : int, sweeps at the posterior whose particles are all kept
    """

    particles: int = 2000
    efficiency: float = 0.5
    correlation: float = 0.25
    sweeps: tuple[int, int] = (3, 16)
    final_sweeps: int = 16

    def longer(self):
        """The same with twice the particles and twice the sweeps."""
        fewest, most = self.sweeps
        return replace(
            self,
            particles=2 * self.particles,
            sweeps=(2 * fewest, 2 * most),
            final_sweeps=2 * self.final_sweeps,
        )


def sample(log_likelihood, n, dimension, seed, settings):
    """Points of `n` posteriors and their ln evidences, sampled side by side.

    Parameters
    ----------
    log_likelihood : callable, (m, dimension) points of the unit cube and (m,) indices of problems -> (m,)
    n, dimension : int
    seed : anything that numpy.random.default_rng takes
    settings : Settings, with an even number of particles

    Returns
    -------
    points : (n, final_sweeps · particles, dimension) array
    evidence : (n,) array
    """
    rng = np.random.default_rng(seed)
    size = settings.particles
    u = rng.random((n, size, dimension))
    value = _evaluate(log_likelihood, u, np.repeat(np.arange(n), size).reshape(n, size))
    inverse_temperature, evidence = np.zeros(n), np.zeros(n)
    while (rows := np.flatnonzero(inverse_temperature < 1)).size:
        step = _next_step(value[rows], inverse_temperature[rows], settings.efficiency)
        best = value[rows].max(axis=1, keepdims=True)
        weight = np.exp(step[:, None] * (value[rows] - best))
        evidence[rows] += np.log(weight.mean(axis=1)) + step * best[:, 0]
        inverse_temperature[rows] = np.where(step < 1 - inverse_temperature[rows], inverse_temperature[rows] + step, 1)
        for row, chosen in zip(rows, _resample(weight, rng), strict=True):
            u[row], value[row] = u[row, chosen], value[row, chosen]
        before = u[rows]
        for count in range(1, settings.sweeps[1] + 1):
            u[rows], value[rows] = _sweep(u[rows], value[rows], rows, inverse_temperature[rows], log_likelihood, rng)
            if count >= settings.sweeps[0]:
                still = _correlation(before, u[rows]).max(axis=1) > settings.correlation
                rows, before = rows[still], before[still]
            if not rows.size:
                break
    rows, kept = np.arange(n), []
    for _ in range(settings.final_sweeps):
        u, value = _sweep(u, value, rows, inverse_temperature, log_likelihood, rng)
        kept.append(u)
    return np.concatenate(kept, axis=1), evidence


def _next_step(value, inverse_temperature, efficiency):
    """Largest steps (n,) up to temperature 1 that leave that share of the particles effective, by bisection."""
    low, high = np.zeros(len(value)), 1 - inverse_temperature
    value = value - value.max(axis=1, keepdims=True)

    def enough(step):
        weight = np.exp(step[:, None] * value)
        return weight.sum(axis=1) ** 2 >= efficiency * value.shape[1] * np.square(weight).sum(axis=1)

    if (whole := enough(high)).all():
        return high
    for _ in range(40):
        middle = (low + high) / 2
        good = enough(middle) | whole
        low, high = np.where(good, middle, low), np.where(good, high, middle)
    # Never zero, however narrow the likelihood: the loop over temperatures ends.
    return np.where(whole, 1 - inverse_temperature, np.maximum(low, high))


def _resample(weight, rng):
    """Systematic resampling: indices (n, size), in random order as neighbours are often the same particle."""
    n, size = weight.shape
    places = (rng.random((n, 1)) + np.arange(size)) / size
    edges = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)
    chosen = [np.searchsorted(edge, place) for edge, place in zip(edges, places, strict=True)]
    return rng.permuted(np.minimum(chosen, size - 1), axis=1)


def _correlation(before, after):
    """Of every parameter (n, dimension) over the particles."""
    before, after = (part - part.mean(axis=1, keepdims=True) for part in (before, after))
    spread = np.sqrt(np.square(before).sum(axis=1) * np.square(after).sum(axis=1))
    return (before * after).sum(axis=1) / np.maximum(spread, 1e-300)


def _sweep(u, value, rows, inverse_temperature, log_likelihood, rng):
    """One Metropolis step of every particle, half of them at a time.

    Proposals depend on the other half only, which stays: detailed balance holds for the product of the particles'
    densities (as in Goodman and Weare 2010, doi:10.2140/camcos.2010.5.65). Proposals outside of the cube are rejected;
    reflecting them would not be symmetric where parameters are correlated.
    """
    half = u.shape[1] // 2
    parts = [(u[:, :half], value[:, :half]), (u[:, half:], value[:, half:])]
    for moving in (0, 1):
        (now, level), (others, _) = parts[moving], parts[1 - moving]
        proposed, ratio = _proposals(now, others, rng)
        rise = _evaluate(log_likelihood, proposed, np.broadcast_to(rows[:, None], level.shape))
        accepted = np.log(rng.random(level.shape)) < inverse_temperature[:, None] * (rise - level) + ratio
        parts[moving] = np.where(accepted[..., None], proposed, now), np.where(accepted, rise, level)
    return tuple(np.concatenate(pair, axis=1) for pair in zip(*parts, strict=True))


def _proposals(now, others, rng):
    """Where particles `now` (n, size, dimension) might go, and the ln ratio (n, size) of the densities back and forth.

    Random walks, differential evolution (ter Braak 2006, doi:10.1007/s11222-006-8769-1) and draws from a mixture of
    Gaussians, all scaled by the covariance of `others`. The mixture follows bent ridges and modes that steps do not.
    """
    n, size, dimension = now.shape
    n_others = others.shape[1]
    mean = others.mean(axis=1, keepdims=True)
    covariance = (others - mean).transpose(0, 2, 1) @ (others - mean) / n_others + 1e-16 * np.eye(dimension)
    to_cube = np.linalg.cholesky(covariance).transpose(0, 2, 1)
    to_white = np.linalg.inv(to_cube)
    now, others = (now - mean) @ to_white, (others - mean) @ to_white

    first = rng.integers(n_others, size=(n, size))
    second = (first + rng.integers(1, n_others, size=(n, size))) % n_others
    problem = np.arange(n)[:, None]
    difference = (others[problem, first] - others[problem, second]) / np.sqrt(2)
    # About the scale that is best for Gaussians; one step in five is a whole difference, from one mode to another.
    scale = 2.38 / np.sqrt(dimension) * np.exp(rng.uniform(np.log(0.2), np.log(2), (n, size, 1)))
    whole = rng.random((n, size, 1)) < 0.2
    walk = scale * rng.standard_normal((n, size, dimension))
    evolution = np.where(whole, np.sqrt(2), scale) * difference
    step = np.where(rng.random((n, size, 1)) < 0.5, walk, evolution)

    mixture = _Mixture(others, rng)
    drawn = mixture.draw(size, rng)
    density = mixture.log_density(np.concatenate([now, drawn], axis=1))
    independent = rng.random((n, size)) < 0.6
    proposed = np.where(independent[..., None], drawn, now + step)
    return proposed @ to_cube + mean, np.where(independent, density[:, :size] - density[:, size:], 0.0)


class _Mixture:
    """A mixture of Gaussians for each set of white points (n, size, dimension), by a few steps of EM."""

    def __init__(self, points, rng, components=12, steps=4):
        n, _, dimension = points.shape
        eye, squares = np.eye(dimension), _squares(points)
        self.weight = np.full((n, components), 1 / components)
        self.centre = points[:, rng.permutation(points.shape[1])[:components]]
        self.covariance = np.broadcast_to(eye / 4, (n, components, dimension, dimension))
        for _ in range(steps):
            share = self._log_parts(points, squares)
            share = np.exp(share - share.max(axis=1, keepdims=True))
            share /= share.sum(axis=1, keepdims=True)
            count = share.sum(axis=2, keepdims=True) + 1e-3
            self.weight = (count / count.sum(axis=1, keepdims=True))[..., 0]
            self.centre = share @ points / count
            covariance = (share @ squares / count).reshape(self.covariance.shape)
            covariance = covariance - self.centre[..., :, None] * self.centre[..., None, :] + 0.003 * eye
            self.covariance = np.where(count[..., None] < 2 * dimension, eye, covariance)
        # Wider than the points, for their tails.
        self.covariance = 1.2 * self.covariance

    def draw(self, size, rng):
        """(n, size, dimension) points."""
        n, _, dimension = self.centre.shape
        edges = np.cumsum(self.weight[:, None, :-1], axis=2)
        chosen = np.arange(n)[:, None], (rng.random((n, size, 1)) > edges).sum(axis=2)
        normal = rng.standard_normal((n, size, dimension, 1))
        return self.centre[chosen] + (np.linalg.cholesky(self.covariance)[chosen] @ normal)[..., 0]

    def log_density(self, points):
        """(n, size), up to a constant."""
        parts = self._log_parts(points, _squares(points))
        best = parts.max(axis=1)
        return best + np.log(np.exp(parts - best[:, None]).sum(axis=1))

    def _log_parts(self, points, squares):
        """(n, components, size)"""
        precision = np.linalg.inv(self.covariance)
        slope = (precision @ self.centre[..., None])[..., 0]
        constant = np.log(self.weight) + (np.linalg.slogdet(precision)[1] - (self.centre * slope).sum(axis=2)) / 2
        curvature = precision.reshape(*slope.shape[:2], -1)
        return constant[..., None] + slope @ points.transpose(0, 2, 1) - curvature @ squares.transpose(0, 2, 1) / 2


def _squares(points):
    return (points[..., :, None] * points[..., None, :]).reshape(*points.shape[:2], -1)


def _evaluate(log_likelihood, u, rows):
    """ln likelihood at u (n, size, dimension) of the problems `rows` (n, size); outside of the cube -inf."""
    value = np.full(u.shape[:2], -np.inf)
    inside = ((u >= 0) & (u <= 1)).all(axis=2)
    value[inside] = np.nan_to_num(log_likelihood(u[inside], rows[inside]), nan=_NEVER, neginf=_NEVER)
    return value
