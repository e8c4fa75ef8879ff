"""Samples of many-parameter posteriors: where the answer is known they have it, and they say when they are doubtful."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

import bpinvert as bp
from bpinvert.posterior import smooth
from bpinvert.refinement import Misfit
from forward_models import Magnetotelluric, Schlumberger


class Problem:
    """Residuals observed - function(z), where the function gives its derivative as well."""

    def __init__(self, function, observed):
        self.function, self.observed = function, observed

    def value(self, u, rows):
        return self.linearised(u, rows)[0]

    def linearised(self, u, rows):
        z = ndtri(u)
        predicted, jacobian = self.function(z)
        residuals = self.observed[rows] - predicted
        density = np.exp(-np.square(z) / 2) / np.sqrt(2 * np.pi)
        return np.square(residuals).sum(axis=1), residuals, jacobian / density[:, None, :]


def linear(n=3, size=25, n_data=8):
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((n_data, size)) * np.geomspace(20, 0.1, n_data)[:, None]
    observed = rng.standard_normal((n, size)) @ matrix.T + rng.standard_normal((n, n_data))
    return (
        matrix,
        observed,
        Problem(lambda z: (z @ matrix.T, np.broadcast_to(matrix, (len(z), *matrix.shape))), observed),
    )


def bent(z):
    """A banana: one datum that knows z_1 + z_2² to a thirtieth."""
    predicted = 30 * (z[:, :1] + np.square(z[:, 1:2]))
    return predicted, 30 * np.stack([np.ones(len(z)), 2 * z[:, 1]], axis=1)[:, None, :]


def stretched(z):
    """One datum that says ever more of z_1 the larger it is."""
    predicted = 2 * np.exp(z[:, :1]) + z[:, 1:]
    return predicted, np.stack([2 * np.exp(z[:, 0]), np.ones(len(z))], axis=1)[:, None, :]


def soundings(survey, n, n_layers=12):
    prior = bp.DepthGridPrior.for_survey(survey, n_layers, resistivity=(1, 10_000))
    rng = np.random.default_rng(3)
    models = prior.draw(n, rng)
    sigma = np.array([0.03 if scale == "log" else np.degrees(0.015) for scale in survey.channels.scale])
    scaled = survey.channels.to_scale(survey(**models))
    scaled = scaled + sigma * rng.standard_normal(scaled.shape)
    return prior, models, Misfit(survey, prior, scaled, np.broadcast_to(sigma, scaled.shape))


def generators(n, seed):
    return [np.random.default_rng([seed, k]) for k in range(n)]


VES, MT = Schlumberger(ab2=np.geomspace(1.5, 300, 20)), Magnetotelluric(period=np.logspace(-3, 3, 20))
both_methods = pytest.mark.parametrize("survey", [VES, MT], ids=["VES", "MT"])


def test_a_linear_problem_is_sampled_exactly():
    matrix, observed, problem = linear()
    posterior = smooth.sample(problem, np.full((3, 25), 0.5), 2000, generators(3, 1))
    covariance = np.linalg.inv(matrix.T @ matrix + np.eye(25))
    z = ndtri(posterior.draws)
    # all weigh the same, but for how well they solve their equations
    np.testing.assert_allclose(posterior.ess, 2000, rtol=1e-6)
    expected = observed @ matrix @ covariance
    # The search ends where a step gains a millionth.
    np.testing.assert_allclose(ndtri(posterior.best), expected, atol=1e-4)
    # Five standard errors of 2000 independent draws.
    error = 5 / np.sqrt(2000)
    assert (abs(z.mean(axis=0) - expected) < error * np.sqrt(np.diagonal(covariance))).all()
    spread = np.sqrt(np.diagonal(covariance))
    for k in range(3):
        assert (abs(np.cov(z[:, k].T) - covariance) < 1.5 * error * spread * spread[:, None]).all()
    of_data = matrix @ matrix.T + np.eye(8)
    evidence = (
        -np.einsum("ni,ij,nj->n", observed, np.linalg.inv(of_data), observed) / 2 - np.linalg.slogdet(of_data)[1] / 2
    )
    np.testing.assert_allclose(posterior.log_evidence, evidence, rtol=1e-6)


@pytest.mark.parametrize(("function", "observed"), [(bent, 15.0), (bent, -15.0), (stretched, 1.0), (stretched, 8.0)])
def test_a_bent_posterior_has_the_moments_and_evidence_that_quadrature_gives(function, observed):
    posterior = smooth.sample(Problem(function, np.array([[observed]])), np.full((1, 2), 0.6), 4000, generators(1, 3))
    x, y = np.meshgrid(np.linspace(-6, 6, 4001), np.linspace(-4, 4, 1001), indexing="ij")
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    prior = np.exp(-np.square(points).sum(axis=1) / 2)
    density = np.exp(-np.square(observed - function(points)[0][:, 0]) / 2) * prior
    evidence = density.sum() / prior.sum()
    density /= density.sum()
    z = ndtri(posterior.draws[:, 0])
    for power in (1, 2):
        for k in range(2):
            values = points[:, k] ** power
            mean = density @ values
            spread = np.sqrt(density @ np.square(values - mean))
            # Four standard errors of 1500 effective draws.
            assert abs((z[:, k] ** power).mean() - mean) < 4 * spread / np.sqrt(1500)
    np.testing.assert_allclose(posterior.log_evidence, np.log(evidence), atol=0.06)


@both_methods
def test_draws_of_a_sounding_fit_it_and_hold_the_truth(survey):
    prior, models, misfit = soundings(survey, 12)
    posterior = smooth.sample(misfit, np.full((12, 12), 0.5), 200, generators(12, 4))
    draws = posterior.draws
    chi2 = np.array([misfit.value(u, np.arange(12)) for u in draws])
    n_data = len(survey.channels)
    assert abs(chi2.mean() / n_data - 1) < 0.25
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    truth = prior.encode(models)
    # 144 intervals, those of a sounding dependent on each other.
    assert 0.8 < ((truth >= low) & (truth <= high)).mean() < 0.98
    assert (posterior.ess > 0.2 * 200).all() and (posterior.pareto_k < 1).all()
    assert (posterior.log_evidence > -100).all()


@both_methods
def test_the_best_model_is_a_maximum(survey):
    _, _, misfit = soundings(survey, 6)
    rows = np.arange(6)
    z = smooth.most_probable(misfit, np.full((6, 12), 0.5))

    def objective(z):
        return misfit.value(ndtr(z), rows) + np.square(z).sum(axis=1)

    found = objective(z)
    for direction in np.random.default_rng(5).standard_normal((20, 6, 12)):
        assert (objective(z + 1e-3 * direction) > found - 1e-5).all()


def test_an_answer_does_not_depend_on_the_batch():
    _, _, misfit = soundings(VES, 3)
    together = smooth.sample(misfit, np.full((3, 12), 0.5), 80, generators(3, 6))
    alone = Misfit(VES, misfit.prior, misfit.scaled[1:2], 1 / misfit.weight[1:2])
    again = smooth.sample(alone, np.full((1, 12), 0.5), 80, generators(3, 6)[1:2])
    # Linear algebra in other batches rounds otherwise, and solutions are met to 1e-3.
    np.testing.assert_allclose(again.draws[:, 0], together.draws[:, 1], atol=1e-3)


def test_models_that_cannot_be_computed_are_never_drawn():
    class Half(Problem):
        def linearised(self, u, rows):
            chi2, residuals, jacobian = super().linearised(u, rows)
            lost = u[:, 0] > 0.6
            return np.where(lost, np.inf, chi2), np.where(lost[:, None], 0.0, residuals), jacobian

    flat = Half(lambda z: (0.5 * z[:, :1], np.broadcast_to([[0.5, 0.0]], (len(z), 1, 2))), np.zeros((1, 1)))
    posterior = smooth.sample(flat, np.full((1, 2), 0.4), 400, generators(1, 7))
    assert posterior.draws[:, 0, 0].max() <= 0.6
    # z_1 of N(0, 1/1.25) below the normal score of 0.6
    np.testing.assert_allclose(posterior.log_evidence, np.log(ndtr(ndtri(0.6) * 1.25**0.5) / 1.25**0.5), atol=0.1)


def test_weights_that_are_all_nothing_are_not_taken_for_equal():
    impossible = Problem(lambda z: (np.full((len(z), 1), np.nan), np.zeros((len(z), 1, 2))), np.zeros((1, 1)))
    posterior = smooth.sample(impossible, np.full((1, 2), 0.4), 100, generators(1, 8))
    assert posterior.pareto_k[0] == np.inf and posterior.ess[0] == 0


def test_a_tilt_is_part_of_the_likelihood():
    _, _, problem = linear()
    plain = smooth.sample(problem, np.full((3, 25), 0.5), 400, generators(3, 9))
    tilted = smooth.sample(
        problem, np.full((3, 25), 0.5), 400, generators(3, 9), tilt=lambda chi2, rows: 0 * chi2 - 2.5
    )
    np.testing.assert_allclose(tilted.log_evidence, plain.log_evidence - 2.5)
    np.testing.assert_array_equal(tilted.draws, plain.draws)
