"""The range flags keep their stated rate and find what they claim to find."""

import numpy as np
import pytest

from bpinvert import checks


def scores_of(rng, n):
    """Five dependent scores, one with many ties."""
    common = rng.standard_normal(n)
    columns = [common + rng.standard_normal(n) for _ in range(4)]
    return np.stack([*columns, np.maximum(columns[0], 0.5)], axis=1)


def test_p_values_of_fresh_scores_are_uniform_or_conservative():
    rng = np.random.default_rng(1)
    calibration = checks.Calibration(scores_of(rng, 10_000))
    p = calibration.p_values(scores_of(rng, 100_000))
    for rate in (0.001, 0.01, 0.1, 0.5):
        share = (p <= rate).mean(axis=0)
        # standard deviation of the rate over calibration sets of 10 000 is sqrt(rate/10 000)
        assert (share < rate + 5 * np.sqrt(rate / 10_000)).all()
        assert (share[:4] > 0.97 * rate - 5 * np.sqrt(rate / 10_000)).all()


def test_the_joint_test_rejects_at_its_stated_rate():
    rates = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        calibration = checks.Calibration(scores_of(rng, 20_000))
        joint = calibration.joint(calibration.p_values(scores_of(rng, 50_000)))
        rates.append((joint <= 0.01).mean())
    # sqrt(0.01/20 000 + 0.01/50 000) = 0.0008 for one; ten are averaged
    assert np.mean(rates) == pytest.approx(0.01, abs=0.0008)


def test_a_joint_rejection_always_names_a_check_and_nothing_else_does():
    rng = np.random.default_rng(3)
    calibration = checks.Calibration(scores_of(rng, 5000))
    p = calibration.p_values(scores_of(rng, 20_000) * 1.2)
    rejected = calibration.joint(p) <= 0.01
    assert rejected.any()
    np.testing.assert_array_equal(rejected, (p < calibration.threshold(0.01)).any(axis=1))


def test_keeping_some_quantiles_only_rounds_p_values_up():
    rng = np.random.default_rng(4)
    scores = rng.standard_normal((20_000, 1))
    calibration = checks.Calibration(scores)
    fresh = rng.standard_normal((2000, 1))
    exact = (1 + (scores[:, 0] >= fresh).sum(axis=1)) / (len(scores) + 1)
    kept = calibration.p_values(fresh)[:, 0]
    assert (kept >= exact - 1e-12).all()
    assert (kept - exact).max() < 2e-3
    np.testing.assert_allclose(kept[exact < 0.015], exact[exact < 0.015])


def test_nan_scores_have_no_p_value_and_are_not_rejected():
    calibration = checks.Calibration(np.random.default_rng(0).standard_normal((1000, 2)))
    p = calibration.p_values(np.array([[np.nan, 9.0], [0.0, 9.0]]))
    joint = calibration.joint(p)
    assert np.isnan(joint[0])
    assert joint[1] < 0.01


def given(inputs, residuals=None):
    return checks.CheckInputs(inputs, np.zeros((len(inputs), 3)) if residuals is None else residuals)


def test_range_is_negative_inside_and_grows_outside():
    check = checks.Range().fit(np.random.default_rng(0).uniform(-1, 1, (10_000, 3)))
    score = check.score(given(np.array([[0, 0, 0], [0, 2.0, 0], [0, 0, -4.0]])))
    assert score[0] < 0
    np.testing.assert_allclose(score[1:], [1, 3], atol=1e-2)


def test_mahalanobis_sees_a_broken_correlation_that_range_does_not():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(5000)
    inputs = np.stack([x, x + 0.1 * rng.standard_normal(5000)], axis=1)
    stranger = np.array([[1.5, -1.5]])
    assert checks.Range().fit(inputs).score(given(stranger))[0] < 0
    check = checks.Mahalanobis().fit(inputs)
    assert check.score(given(stranger))[0] > check.score(given(inputs)).max()


def test_neighbour_is_the_mean_distance_to_the_five_nearest():
    rng = np.random.default_rng(0)
    reference, fresh = rng.standard_normal((2000, 4)), rng.standard_normal((700, 4))
    score = checks.Neighbour().fit(reference).score(given(fresh))
    distance = np.sort(np.linalg.norm(fresh[:, None] - reference[None], axis=2), axis=1)[:, :5].mean(axis=1)
    # float32 arithmetic on squared distances
    np.testing.assert_allclose(score, distance, rtol=1e-4)


def test_residual_and_misfit_of_gaussian_residuals_are_normal_scores_whatever_the_number_of_readings():
    rng = np.random.default_rng(0)
    residuals = rng.standard_normal((40_000, 20))
    residuals[::2, 9:] = np.nan
    for check in (checks.Residual(), checks.Misfit()):
        score = check.score(given(residuals, residuals))
        for rows in (slice(0, None, 2), slice(1, None, 2)):
            assert abs(score[rows].mean()) < 0.02
            assert score[rows].std() == pytest.approx(1, abs=0.02)


def test_huge_residuals_keep_their_order():
    residuals = np.zeros((4, 10))
    residuals[:, 3] = [8, 12, 100, 1e6]
    assert (np.diff(checks.Residual().score(given(residuals, residuals))) > 0).all()
    assert (np.diff(checks.Misfit().score(given(residuals, residuals))) > 0).all()
