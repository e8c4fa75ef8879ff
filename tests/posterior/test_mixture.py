"""Mixtures of t densities: densities, draws and growth."""

import numpy as np
import pytest
from scipy.stats import multivariate_t, norm

from bpinvert.posterior import Mixture, carried, coordinates


def mixture(S=3, K=4, P=3, seed=0):
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((S, K, P, P)) + 2 * np.eye(P)
    return Mixture(rng.standard_normal((S, K)), rng.standard_normal((S, K, P)), root @ np.swapaxes(root, -1, -2))


def generators(n, seed=0):
    return [np.random.default_rng([seed, k]) for k in range(n)]


@pytest.mark.parametrize("P", [1, 3, 7, 14])
def test_the_density_is_that_of_scipys_t_distributions(P):
    some = mixture(P=P)
    x = np.random.default_rng(1).standard_normal((3, 50, P))
    expected = [
        np.log(
            sum(
                some.weight[s, k]
                * multivariate_t(some.centre[s, k], np.linalg.inv(some.precision[s, k]), some.freedom).pdf(x[s])
                for k in range(4)
            )
        )
        for s in range(3)
    ]
    # quadratic forms and powers in single precision
    np.testing.assert_allclose(some.log_density(x), expected, atol=2e-4)


def test_draws_have_the_mixtures_mean_and_covariance():
    some = mixture()
    x = some.draw(100_000, generators(3))
    for s in range(3):
        spread = np.sqrt(np.diag(some.covariance[s]))
        # of 100 000 draws with heavy tails
        np.testing.assert_allclose((x[s].mean(axis=0) - some.mean[s]) / spread, 0, atol=0.015)
        scaled = (np.cov(x[s].T) - some.covariance[s]) / np.outer(spread, spread)
        np.testing.assert_allclose(scaled, 0, atol=0.04)


def test_draws_come_as_evenly_from_the_components_as_can_be():
    apart = Mixture(np.log([[0.25, 0.75]]), np.array([[[-100.0], [100.0]]]), np.ones((1, 2, 1, 1)))
    x = apart.draw(1000, generators(1))[0, :, 0]
    assert (x < 0).sum() in (249, 250, 251)
    # in random order
    assert 200 < np.abs(np.diff(np.sign(x))).sum() / 2 < 500


def test_a_part_and_a_joined_one_keep_their_densities():
    some = mixture()
    x = np.random.default_rng(3).standard_normal((3, 20, 3))
    np.testing.assert_array_equal(some.take([2, 0]).log_density(x[[2, 0]]), some.log_density(x)[[2, 0]])
    new = Mixture(np.zeros((3, 1)), np.zeros((3, 1, 3)), np.broadcast_to(np.eye(3), (3, 1, 3, 3)))
    wider = some.joined(np.full((3, 1), 0.3), new.centre, new.precision)
    both = np.logaddexp(some.log_density(x) + np.log(0.7), new.log_density(x) + np.log(0.3))
    np.testing.assert_allclose(wider.log_density(x), both, atol=1e-3)
    # what was computed of the first components stays good
    np.testing.assert_array_equal(wider.features(x), some.features(x))
    np.testing.assert_array_equal(
        wider.densities(wider.features(x)[1], 1)[:, :4], some.densities(some.features(x)[1], 1)
    )


def test_widened_components_have_both_covariances():
    some, more = mixture(K=1), np.broadcast_to(np.diag([1.0, 2.0, 3.0]), (3, 3, 3))
    own = np.linalg.inv(some.precision[:, 0])
    np.testing.assert_allclose(np.linalg.inv(some.widened(more).precision[:, 0]), own + more, rtol=1e-9)


def test_a_mixture_in_normal_scores_is_carried_to_the_same_places():
    mean = np.array([[[0.0, 1.0, -1.5]]])
    there = carried(np.zeros((1, 1)), mean, 1e4 * np.eye(3)[None, None])
    u, _ = coordinates.cube(there.draw(4000, generators(1))[0])
    np.testing.assert_allclose(u.mean(axis=0), norm.cdf(mean[0, 0]), atol=1e-3)
    np.testing.assert_allclose(
        u.std(axis=0), 0.01 * norm.pdf(mean[0, 0]) * np.sqrt(there.freedom / (there.freedom - 2)), rtol=0.1
    )
