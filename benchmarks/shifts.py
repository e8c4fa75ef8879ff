"""The shifts of task RANGE: soundings that no model of the task's prior, survey and noise would give.

Each shift is one small function: a task, a number of soundings and random numbers in; the true models and noisy data in
physical units out.
"""

from __future__ import annotations

import numpy as np

from forward_models import Magnetotelluric, Schlumberger, Wenner

_FOOT = 0.3048
# Spread of the logarithm of readings on bad electrodes: ten times the noise.
_BAD = 0.3


def shifts(task) -> dict:
    """{what is wrong: function} of the shifts that there are for a task."""
    of_survey = _OF_VES if isinstance(task.survey, Schlumberger) else _OF_MT
    return _OF_ALL | of_survey


def _noisy(task, models, rng, survey=None):
    """Models, and soundings of them with noise."""
    data = (survey or task.survey)(**models)
    return models, task.noise.draw(data, task.survey.channels, rng)


def drawn(task, n, rng, survey=None):
    """Ordinary soundings, or those that another survey records over ordinary ground."""
    return _noisy(task, task.prior.draw(n, rng), rng, survey)


def _outside(name, low, high, sides=(0, 1)):
    """One random layer's `name` is `low` to `high` times (uniformly) beyond an end of its range: 0 the lower, 1."""

    def shift(task, n, rng):
        models = task.prior.draw(n, rng)
        values, rows = models[name], np.arange(n)
        layer, upper = rng.integers(values.shape[1], size=n), rng.choice(sides, n) == 1
        ends = [task.prior.decode(np.full((1, len(task.prior.parameters)), u))[name][0, 0] for u in (0.0, 1.0)]
        factor = rng.uniform(low, high, n)
        values[rows, layer] = np.where(upper, ends[1] * factor, ends[0] / factor)
        return _noisy(task, models, rng)

    return shift


def _more_layers(task, n, rng):
    return _noisy(task, task.prior.widened(5, 1.0).draw(n, rng), rng)


def _times(*factors):
    """All ρa times one of these factors; a phase stays."""

    def shift(task, n, rng):
        models, data = drawn(task, n, rng)
        data[:, task.survey.channels.columns("apparent_resistivity")] *= rng.choice(factors, (n, 1))
        return models, data

    return shift


def _off(task, n, rng, difference):
    """Ordinary soundings with `difference` (n, n_channels) added on the scale."""
    channels, (models, data) = task.survey.channels, drawn(task, n, rng)
    return models, channels.from_scale(channels.to_scale(data) + difference)


def _outlier(task, n, rng):
    """One datum ten standard deviations off."""
    models = task.prior.draw(n, rng)
    exact, channels = task.survey(**models), task.survey.channels
    sigma = task.noise.sigma_on_scale(exact, channels)
    scaled = channels.to_scale(task.noise.draw(exact, channels, rng))
    rows, column = np.arange(n), rng.integers(len(channels), size=n)
    scaled[rows, column] += rng.choice([-10, 10], n) * sigma[rows, column]
    return models, channels.from_scale(scaled)


def _noisier(task, n, rng):
    """Noise of 10 % instead of 3 %."""
    channels, models = task.survey.channels, task.prior.draw(n, rng)
    exact = task.survey(**models)
    sigma = task.noise.sigma_on_scale(exact, channels) * 10 / 3
    return models, channels.from_scale(channels.to_scale(exact) + sigma * rng.standard_normal(exact.shape))


def _bad_electrodes(task, n, rng):
    """Three neighbouring ρa, each off by a factor of its own."""
    columns = task.survey.channels.columns("apparent_resistivity")
    first = rng.integers(len(columns) - 2, size=n)
    difference = np.zeros((n, len(task.survey.channels)))
    difference[np.arange(n)[:, None], columns[first[:, None] + np.arange(3)]] = _BAD * rng.standard_normal((n, 3))
    return _off(task, n, rng, difference)


def _lateral(task, n, rng):
    """ρa drifts smoothly away, to 20 % more or less, over the half of the readings that sees deepest."""
    columns = task.survey.channels.columns("apparent_resistivity")
    half = len(columns) // 2
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, half + 1) / half)
    difference = np.zeros((n, len(task.survey.channels)))
    difference[:, columns[-half:]] = rng.choice([-0.2, 0.2], (n, 1)) * ramp
    return _off(task, n, rng, difference)


def _wenner(task, n, rng):
    return drawn(task, n, rng, Wenner(a=task.survey.ab2))


def _feet(task, n, rng):
    return drawn(task, n, rng, Schlumberger(ab2=_FOOT * task.survey.ab2))


def _mn(task, n, rng):
    return drawn(task, n, rng, Schlumberger(ab2=task.survey.ab2, mn2=task.survey.ab2 / 3))


def _frequencies(task, n, rng):
    return drawn(task, n, rng, Magnetotelluric(period=1 / task.survey.period))


def _radians(task, n, rng):
    (models, data), columns = drawn(task, n, rng), task.survey.channels.columns("phase")
    data[:, columns] = np.radians(data[:, columns])
    return models, data


_OF_ALL = {
    "one ρ up to 3× outside": _outside("resistivity", 1, 3),
    "one ρ 3–10× outside": _outside("resistivity", 3, 10),
    "one h up to 3× outside": _outside("thickness", 1, 3, sides=(1,)),
    "5 layers instead of 3": _more_layers,
    "static shift ×2": _times(2.0, 0.5),
    "one 10 σ outlier": _outlier,
    "noise 10 % instead of 3 %": _noisier,
    "ρa in Ω·ft": _times(1 / _FOOT),
    "three bad electrodes": _bad_electrodes,
    "lateral trend to ±20 %": _lateral,
    "(one h up to 3× thinner)": _outside("thickness", 1, 3, sides=(0,)),
}
_OF_VES = {
    "Wenner's a read as AB/2": _wenner,
    "AB/2 in feet": _feet,
    "MN taken for MN/2": _mn,
}
_OF_MT = {
    "periods read as frequencies": _frequencies,
    "phase in radians": _radians,
}
