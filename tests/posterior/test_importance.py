"""Weights of draws from a mixture that grows, and the thin sheets that it has to find."""

import numpy as np
import pytest

from bpinvert import LayeredPrior
from bpinvert.posterior import Effort, Mixture, Target, carried, sample
from bpinvert.posterior.importance import Run
from bpinvert.refinement import Misfit
from forward_models import Schlumberger

SURVEY = Schlumberger(ab2=np.geomspace(1, 300, 12))
PRIOR = LayeredPrior(n_layers=3, thickness=(0.5, 100), resistivity=(1, 10_000))
SIGMA = 0.03


def target(models, rng):
    scaled = np.log(SURVEY(**models))
    scaled += SIGMA * rng.standard_normal(scaled.shape)
    n = len(scaled)
    constant = np.full(n, -12 * np.log(SIGMA * np.sqrt(2 * np.pi)))
    return Target(Misfit(SURVEY, PRIOR, scaled, np.full(scaled.shape, SIGMA)), constant, [np.ones(n), np.ones(n)])


def generators(n):
    return [np.random.default_rng([1, k]) for k in range(n)]


@pytest.fixture
def run():
    """Two rounds for two soundings, the second with a further component."""
    rng = np.random.default_rng(0)
    some = target(PRIOR.draw(2, rng), rng)
    centre = rng.uniform(-1, 1, (2, 4, 5))
    made = Run(some, np.arange(2), Mixture(np.zeros((2, 3)), centre[:, :3], _precision(2, 3)), generators(2))
    made.draw(300)
    made.extend(np.full((2, 1), 0.4), centre[:, 3:], _precision(2, 1))
    made.draw(500)
    return made


def _precision(n, n_components):
    return np.broadcast_to(2.0 * np.eye(5), (n, n_components, 5, 5))


def test_draws_are_weighted_by_the_average_of_what_they_came_from(run):
    prior = np.exp(run.log_prior)
    first = run.mixture.reweighted(np.array([[1 / 3, 1 / 3, 1 / 3, 0]] * 2))
    density = (300 * np.exp(first.log_density(run.x)) + 500 * np.exp(run.mixture.log_density(run.x))) / 800
    np.testing.assert_allclose(run.log_weight, run.log_target - np.log(0.99 * density + 0.01 * prior), atol=1e-4)


def test_a_probe_has_the_weight_that_a_draw_there_has(run):
    at = run.log_weight_at(run.x[:, 17])
    mean = np.log(np.exp(run.log_weight - run.log_weight.max(axis=1, keepdims=True)).mean(axis=1))
    np.testing.assert_allclose(at, run.log_weight[:, 17] - run.log_weight.max(axis=1) - mean, atol=1e-4)


def test_shares_go_to_where_the_weight_is(run):
    # all weight to draws near to the second component
    off = np.square(run.x - run.mixture.centre[:, 1:2]).sum(axis=2)
    run.log_weight = -20 * off
    before = run.mixture.weight[:, 1]
    for _ in range(3):
        run.learn()
    assert (run.mixture.weight[:, 1] > 2 * before).all() and (run.mixture.weight.argmax(axis=1) == 1).all()
    np.testing.assert_allclose(run.mixture.weight.sum(axis=1), 1)
    # none is lost
    assert run.mixture.weight.min() > 0.05


def test_soundings_that_are_left_go_on_as_before(run):
    weight, density = run.log_weight[1], run.mixture.log_density(run.x)[1]
    run.take([1])
    np.testing.assert_allclose(run.mixture.log_density(run.x)[0], density)
    run.draw(100)
    assert run.x.shape == (1, 900, 5)
    # the weights of what was drawn change by the draws that came since, no more
    assert np.abs(run.log_weight[0, :800] - weight).max() < np.log(900 / 800) + 0.01


@pytest.mark.parametrize("upper", [0, 1])
def test_layers_that_are_alike_are_found(upper):
    """Where two layers differ by nothing, their boundary is free, in a sheet as thin as resistivities are known."""
    rng = np.random.default_rng(0)
    models = PRIOR.draw(24, rng)
    models["resistivity"][:, upper + 1] = models["resistivity"][:, upper] * np.exp(0.01 * rng.standard_normal(24))
    some = target(models, rng)
    vague = carried(np.zeros((24, 1)), np.zeros((24, 1, 5)), np.broadcast_to(np.eye(5), (24, 1, 5, 5)))
    sampled = sample(some, vague, generators(24), Effort(), 500, PRIOR.encode(models))
    # without windows where a boundary was moved four to six of the first kind are beyond that, by factors of millions
    assert (sampled.log_weight_at > np.log(60)).sum() <= 1
    assert (sampled.ess >= 1000).all() and sampled.escalated.sum() <= 1
