"""Sampled posteriors against brute force on a grid, and the laws of sampling."""

import numpy as np
import pytest
from scipy.integrate import quad

from bpinvert import LayeredPrior
from bpinvert.posterior import Effort, Target, carried, coordinates, sample
from bpinvert.posterior.windows import follow, spread_out
from bpinvert.refinement import Misfit
from forward_models import Schlumberger

SURVEY = Schlumberger(ab2=np.geomspace(1, 100, 8))
PRIOR = LayeredPrior(n_layers=2, thickness=(1, 30), resistivity=(10, 1000))
SIGMA = 0.15
N = 6


def target(n=N, room=(1.0, 1.0), seed=0):
    rng = np.random.default_rng(seed)
    models = PRIOR.draw(n, rng)
    scaled = np.log(SURVEY(**models)) + SIGMA * rng.standard_normal((n, 8))
    misfit = Misfit(SURVEY, PRIOR, scaled, np.full(scaled.shape, SIGMA))
    constant = np.full(n, -8 * np.log(SIGMA * np.sqrt(2 * np.pi)))
    return Target(misfit, constant, [np.full(n, end) for end in room]), PRIOR.encode(models)


def vague(n):
    """A network that knows nothing: the prior."""
    return carried(np.zeros((n, 1)), np.zeros((n, 1, 3)), np.broadcast_to(np.eye(3), (n, 1, 3, 3)))


def generators(n, seed=0):
    return [np.random.default_rng([seed, k]) for k in range(n)]


@pytest.fixture(scope="module")
def exact():
    """Mean, standard deviation and ln evidence by the midpoint rule on 60³ points of the cube."""
    some, _ = target()
    places = (np.arange(60) + 0.5) / 60
    u = np.stack(np.meshgrid(places, places, places, indexing="ij"), axis=-1).reshape(-1, 3)
    predicted = np.log(SURVEY(**PRIOR.decode(u)))
    found = []
    for k in range(N):
        value = -np.square((predicted - some.misfit.scaled[k]) / SIGMA).sum(axis=1) / 2
        weight = np.exp(value - value.max())
        mean = weight @ u / weight.sum()
        sd = np.sqrt(weight @ np.square(u - mean) / weight.sum())
        found.append((mean, sd, some.constant[k] + value.max() + np.log(weight.mean())))
    return [np.array(part) for part in zip(*found, strict=True)]


@pytest.fixture(scope="module")
def sampled():
    some, truth = target()
    return sample(some, vague(N), generators(N), Effort(n_windows=48), 4000, truth)


def test_means_spreads_and_evidences_are_those_of_brute_force(exact, sampled):
    mean, sd, evidence = exact
    # 1000 effective draws and more
    np.testing.assert_allclose(sampled.u.mean(axis=0), mean, atol=0.15 * sd.max())
    assert np.abs((sampled.u.mean(axis=0) - mean) / sd).max() < 0.15
    np.testing.assert_allclose(sampled.u.std(axis=0), sd, rtol=0.12)
    np.testing.assert_allclose(sampled.log_evidence, evidence, atol=0.1)


def test_it_stops_where_weights_are_good(sampled):
    assert (sampled.ess >= 1000).all() and (sampled.pareto_k < 0.7).all() and not sampled.by_chains.any()
    # k̂ of good weights can be above 0.7 by chance
    assert (sampled.n_evaluated < 5000).sum() >= N - 1
    # the weight at the truth, in units of the mean weight
    assert (sampled.log_weight_at < np.log(20)).all()


def test_an_answer_does_not_depend_on_what_else_is_in_the_batch(sampled):
    some, _ = target()
    alone = Target(some.misfit.take([3]), some.constant[[3]], (np.ones(1), np.ones(1)))
    again = sample(alone, vague(1), [generators(N)[3]], Effort(n_windows=48), 4000)
    np.testing.assert_allclose(again.u[:, 0], sampled.u[:, 3], rtol=1e-6, atol=1e-9)


def test_chains_take_over_where_importance_sampling_does_not_suffice(exact):
    some, _ = target()
    # so few windows, wide as the prior, and hardly a round: k̂ cannot be reached
    poor = Effort(n_windows=4, n_new=0, n_steps=0, n_draws=60, n_rounds=2, ess=1e9, n_particles=1000, n_sweeps=24)
    found = sample(some, vague(N), generators(N), poor, 2000)
    assert found.by_chains.all()
    mean, sd, _ = exact
    assert np.abs((found.u.mean(axis=0) - mean) / sd).max() < 0.25
    np.testing.assert_allclose(found.u.std(axis=0), sd, rtol=0.25)


@pytest.mark.parametrize("precision", [[1e-14] * 3, [1e14] * 3, [1e-16, 1.0, 1e6]])
def test_what_a_network_states_far_outside_its_range_stops_nothing(exact, precision):
    some, _ = target()
    mean = 30 * np.random.default_rng(7).standard_normal((N, 1, 3))
    turn = np.linalg.qr(np.random.default_rng(8).standard_normal((3, 3)))[0]
    sure = turn @ np.diag(precision) @ turn.T
    nonsense = carried(np.zeros((N, 1)), mean, np.broadcast_to((sure + sure.T) / 2, (N, 1, 3, 3)))
    found = sample(some, nonsense, generators(N), Effort(), 2000)
    assert np.isfinite(found.u).all()
    assert np.abs((found.u.mean(axis=0) - exact[0]) / exact[1]).max() < 0.3


def test_draws_carry_the_misfit_of_their_models(sampled):
    some, _ = target()
    np.testing.assert_allclose(some.misfit.value(sampled.u[7], np.arange(N)), sampled.chi2[7], rtol=1e-6)


@pytest.mark.parametrize("room", [(1.0, 1.0), (0.3, 3.0)])
def test_the_gradient_is_that_of_the_log_posterior(room):
    some, _ = target(room=room)
    x = coordinates.draw(N, 3, np.random.default_rng(4))
    rows = np.arange(N)
    _, gradient, curvature = some.expand(x, rows)
    for j in range(3):
        step = 1e-5 * (np.arange(3) == j)
        up, down = (sum(some.evaluate(x + sign * step, rows)[1:]) for sign in (1, -1))
        np.testing.assert_allclose(gradient[:, j], (up - down) / 2e-5, rtol=1e-4, atol=1e-4 * np.abs(gradient).max())
    assert (np.linalg.eigvalsh(curvature) > 0).all()


def test_an_unknown_noise_level_is_integrated_out():
    known, _ = target()
    unknown, _ = target(room=(0.4, 2.5))
    x, rows = coordinates.from_cube(np.full((1, 3), 0.4)), np.array([0])
    chi2 = known.evaluate(x, rows)[0][0]

    def integrand(log_factor):
        return np.exp(known.constant[0] - 8 * log_factor - chi2 / (2 * np.exp(2 * log_factor)))

    integral = quad(integrand, np.log(0.4), np.log(2.5), epsabs=0, epsrel=1e-10)[0] / np.log(2.5 / 0.4)
    assert unknown.evaluate(x, rows)[1][0] == pytest.approx(np.log(integral), rel=1e-6)


def test_windows_follow_the_posterior_and_their_masses_add_up_to_the_evidence(exact):
    some, _ = target()
    rng = np.random.default_rng(5)
    start = np.stack([coordinates.draw(400, 3, rng) for _ in range(N)])
    window = np.broadcast_to(np.eye(3) / 0.4**2, (N, 3, 3))
    log_mass, centre, _ = follow(some, np.arange(N), start, window, 6)
    # ∫ over all windows is the posterior's mass times that of one window
    total = np.log(np.exp(log_mass - log_mass.max(axis=1, keepdims=True)).sum(axis=1)) + log_mass.max(axis=1)
    np.testing.assert_allclose(total + 1.5 * np.log(2 * np.pi), exact[2], atol=0.7)
    chi2, *_ = some.evaluate(centre.reshape(-1, 3), np.repeat(np.arange(N), 400))
    before, *_ = some.evaluate(start.reshape(-1, 3), np.repeat(np.arange(N), 400))
    assert np.median(chi2) < 0.5 * np.median(before)


def test_points_that_are_spread_out_include_the_extremes():
    points = np.concatenate([0.01 * np.random.default_rng(6).standard_normal((1, 50, 2)), [[[5.0, 0], [0, 5]]]], axis=1)
    assert {50, 51} <= set(spread_out(points, np.eye(2)[None], 3)[0].tolist())
