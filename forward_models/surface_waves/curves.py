"""Dispersion curves of a mode: periods in an order in which those already solved lead to the next."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from forward_models.surface_waves.folds import lowest_branch
from forward_models.surface_waves.search import TOLERANCE, find_roots

# A mode is sought below the vs of the half-space by this fraction; beyond it the wave would leave the layers.
JUST_BELOW = 1 - 1e-9
# Lanes that are evaluated at once: enough that NumPy's own cost is small, few enough to stay in cache.
LANES = 4096
_NEIGHBOURS = 4


@dataclass(frozen=True)
class Level:
    """Periods that are solved together.

    Parameters
    ----------
    periods : (n,) int array
        Which of a plan's.
    weights : (n, n_solved) array or None
        That interpolate from all solved before; None for the first level.
    sides : (2, n) int array or None
        Which of those solved before are the next shorter and the next longer period.
    """

    periods: np.ndarray
    weights: np.ndarray | None = None
    sides: np.ndarray | None = None


def plan(period) -> list[Level]:
    """Levels for periods (n,) in s, in ascending order: the ends and the middle, then the middles of all gaps."""
    x = np.log(period)
    n = len(x)
    solved = sorted({0, (n - 1) // 2, n - 1})
    levels, order = [Level(np.array(solved))], list(solved)
    while len(order) < n:
        new = [(a + b) // 2 for a, b in itertools.pairwise(solved) if b - a > 1]
        weights = np.zeros((len(new), len(order)))
        for row, i in zip(weights, new, strict=True):
            near = np.argsort(np.abs(np.array(order) - i), kind="stable")[:_NEIGHBOURS]
            for j in near:
                others = x[[order[k] for k in near if k != j]]
                row[j] = np.prod((x[i] - others) / (x[order[j]] - others))
        where = np.searchsorted(solved, new)
        sides = np.array([[order.index(solved[w - 1]) for w in where], [order.index(solved[w]) for w in where]])
        levels.append(Level(np.array(new), weights, sides))
        order += new
        solved = sorted(order)
    return levels


class Models:
    """A block of b layered models, for one kind of wave.

    Parameters
    ----------
    wave : module
        `rayleigh` or `love`.
    thickness : (n_layers-1, b) array
    properties : dict of (n_layers, b) arrays
    """

    def __init__(self, wave, thickness, properties):
        self.wave = wave
        self.thickness, self.vs = thickness, properties["vs"]
        self.layers = wave.arrays(thickness, properties)
        self.upper = self.vs[-1] * JUST_BELOW
        self.lower = np.minimum(wave.SLOWEST * self.vs.min(axis=0), self.upper)
        self.n = self.vs.shape[1]

    def evaluator(self, omega, model):
        """The function that `find_roots` wants, for lanes with angular frequency `omega` and index `model`."""
        thin = (self.thickness * (omega.max() / self.vs.max())).min(initial=1) < 1e-6

        def evaluate(c, lanes):
            value, number = np.empty(c.size), np.empty(c.size, np.int16)
            for start in range(0, c.size, LANES):
                part = slice(start, start + LANES)
                which = lanes[part]
                columns = model[which]
                layers = tuple(array.take(columns, axis=1) for array in self.layers)
                value[part], number[part] = self.wave.secular(c[part], omega[which], layers, thin)
            return value, number

        return evaluate


def phase_velocity(models: Models, period, levels, mode: int, tolerance: float = TOLERANCE) -> np.ndarray:
    """Phase velocity (n_periods, b) in m/s at ascending periods (n_periods,); NaN where the mode does not exist."""
    omega = 2 * np.pi / period
    solved, slopes = np.empty((0, models.n)), np.empty((0, models.n))
    for level in levels:
        k = len(level.periods)
        upper, lower = np.tile(models.upper, k), np.tile(models.lower, k)
        if level.weights is None:
            guess, step = first_guess(models, omega[level.periods], mode), np.full((k, models.n), 0.12)
            slope = np.full((k, models.n), np.nan)
        else:
            log_c = np.log(solved)
            ends = log_c[level.sides]
            least, most = ends.min(axis=0), ends.max(axis=0)
            room = 0.1 * (most - least) + 1e-4
            guess = np.exp(np.clip(level.weights @ log_c, least - room, most + room))
            step = 0.3 * (most - least) + 1e-3
            slope = np.exp(level.weights @ slopes)
        guess = np.where(guess > 0.995 * models.upper, models.upper, guess)
        evaluate = models.evaluator(np.repeat(omega[level.periods], models.n), np.tile(np.arange(models.n), k))
        c, slope = find_roots(evaluate, mode, lower, upper, guess.ravel(), step.ravel(), slope.ravel(), tolerance)
        # Where the curve has ended, it is led on along the half-space's vs.
        solved = np.vstack([solved, np.where(np.isnan(c), upper, c).reshape(k, -1)])
        slopes = np.vstack([slopes, np.log(slope).reshape(k, -1)])
    order = np.argsort(np.concatenate([level.periods for level in levels]))
    c = solved[order]
    c[c >= models.upper] = np.nan
    return lowest_branch(models, omega, c, mode, tolerance)


def first_guess(models: Models, omega, mode):
    """Rough velocity (n_omega, b): a mean of vs whose weights fall off with depth over a wavelength."""
    if mode:
        return np.tile(np.sqrt(models.lower * models.upper), (len(omega), 1))
    tops = np.vstack([np.zeros(models.n), models.thickness.cumsum(axis=0)])
    decay, power, factor = models.wave.GUESS
    raised = models.vs**power
    c = np.tile(models.vs[0], (len(omega), 1))
    for _ in range(3):
        c_mean = np.zeros_like(c)
        above = np.ones_like(c)
        for layer in range(1, len(tops) + 1):
            below = np.exp(-decay * omega[:, None] / c * tops[layer]) if layer < len(tops) else 0.0
            c_mean += (above - below) * raised[layer - 1]
            above = below
        c = c_mean ** (1 / power) * factor
    return c
