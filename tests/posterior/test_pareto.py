"""Pareto smoothing of importance weights."""

import numpy as np
import pytest
from scipy.stats import genpareto

from bpinvert.posterior import pareto
from bpinvert.posterior.weights import effective_size, resample


@pytest.mark.parametrize("shape", [0.1, 0.5, 0.9])
def test_the_shape_of_a_pareto_tail_is_found(shape):
    weight = genpareto(shape).rvs((20, 20_000), random_state=0)
    _, k = pareto.smooth(np.log(weight))
    # of 424 largest weights; the prior pulls to one half by a fortieth
    assert k.mean() == pytest.approx(shape, abs=0.06)


def test_bounded_weights_have_no_tail():
    weight = np.random.default_rng(0).uniform(0.5, 1, (5, 5000))
    smoothed, k = pareto.smooth(np.log(weight))
    assert (k < 0).all()
    np.testing.assert_allclose(smoothed.sum(axis=1), 1)
    np.testing.assert_allclose(smoothed, weight / weight.sum(axis=1, keepdims=True), rtol=0.02)


def test_a_constant_factor_changes_nothing():
    log_weight = np.random.default_rng(1).standard_normal((3, 2000)) * 2
    first, again = pareto.smooth(log_weight), pareto.smooth(log_weight + 700.0)
    np.testing.assert_allclose(first[0], again[0], rtol=1e-9)
    np.testing.assert_allclose(first[1], again[1], rtol=1e-9)


def test_smoothing_keeps_the_order_and_makes_more_draws_effective():
    log_weight = 2.5 * np.random.default_rng(2).standard_normal((3, 2000))
    raw = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    raw /= raw.sum(axis=1, keepdims=True)
    smoothed, k = pareto.smooth(log_weight)
    assert (k > 0.5).all()
    assert (np.diff(np.take_along_axis(smoothed, raw.argsort(axis=1), axis=1), axis=1) >= 0).all()
    assert (effective_size(smoothed) > effective_size(raw)).all()
    # below the 134 largest all keep their proportions
    small = raw < np.quantile(raw, 0.9, axis=1, keepdims=True)
    ratio = np.where(small, smoothed / raw, np.nan)
    np.testing.assert_allclose(np.nanmin(ratio, axis=1), np.nanmax(ratio, axis=1), rtol=1e-9)


def test_equal_weights_are_all_effective():
    weight, k = pareto.smooth(np.zeros((2, 1000)))
    np.testing.assert_allclose(effective_size(weight), 1000)
    assert (k < 0.7).all()


def test_resampling_takes_each_draw_as_often_as_its_weight_says():
    weight = np.array([0.5, 0.0, 0.3, 0.2])
    chosen = resample(weight, 1000, np.random.default_rng(0))
    assert np.abs(np.bincount(chosen, minlength=4) - 1000 * weight).max() <= 1
    assert (np.diff(chosen) < 0).any()
