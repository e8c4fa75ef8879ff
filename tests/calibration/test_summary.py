"""Simulations reduced to PIT, CRPS and width."""

import numpy as np
import pytest
from scipy import stats

from bpinvert.calibration import summarize


def case(n_draws=40, n=30, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((n_draws, n, 2)), rng.random((n, 2)), rng.gamma(0.5, size=(n_draws, n))


def summary(draws, truth, weights=None, seed=1):
    return summarize(draws, truth, weights, rng=np.random.default_rng(seed))


def same(first, second, rtol=1e-12, names=("pit", "crps", "prior_crps", "width")):
    for name in names:
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), rtol=rtol, err_msg=name)


@pytest.mark.parametrize("n_draws", [2, 9])
def test_few_draws_of_a_true_posterior_give_exactly_uniform_pit(n_draws):
    rng = np.random.default_rng(2)
    pit = summarize(rng.random((n_draws, 20_000, 1)), rng.random((20_000, 1)), rng=rng).pit[:, 0]
    # the bins cut ranks in parts: breaking ties is tested as well
    assert stats.chisquare(np.histogram(pit, 50, (0, 1))[0]).pvalue > 0.01


def test_a_truth_that_equals_many_draws_stands_anywhere_among_them():
    # 3 draws below, 6 equal, 1 above
    draws = np.tile(np.repeat([0.2, 0.5, 0.8], [3, 6, 1])[:, None, None], (1, 20_000, 1))
    pit = summary(draws, np.full((20_000, 1), 0.5)).pit[:, 0]
    assert stats.kstest(pit, stats.uniform(3 / 11, 7 / 11).cdf).pvalue > 0.01


def test_batch_equals_loop():
    draws, truth, weights = case(n_draws=5000)
    together, rng = summary(draws, truth, weights), np.random.default_rng(1)
    one_by_one = [summarize(draws[:, [k]], truth[[k]], weights[:, [k]], rng=rng) for k in range(len(truth))]
    for name in ("pit", "crps", "width"):
        parts = np.concatenate([getattr(one, name) for one in one_by_one])
        np.testing.assert_allclose(getattr(together, name), parts, rtol=1e-12)


def test_the_scale_of_weights_and_the_order_of_draws_change_nothing():
    draws, truth, weights = case()
    order = np.random.default_rng(3).permutation(len(draws))
    same(summary(draws, truth, weights), summary(draws[order], truth, 1e-30 * weights[order]))
    same(summary(draws, truth), summary(draws, truth, np.full(weights.shape, 7.0)))


def test_draws_of_weight_zero_do_not_count():
    draws, truth, weights = case()
    more = np.concatenate([draws, np.random.default_rng(4).random(draws.shape)])
    padded = np.concatenate([weights, 0 * weights])
    same(summary(draws, truth, weights), summary(more, truth, padded), names=("pit", "crps"))


def test_weighted_draws_say_the_same_as_resampled_ones():
    rng = np.random.default_rng(5)
    n, n_draws = 200, 4000
    truth, draws = rng.random((n, 1)), rng.random((n_draws, n, 1))
    centre = rng.uniform(0.2, 0.8, n)
    weights = np.exp(-0.5 * ((draws[..., 0] - centre) / 0.1) ** 2)
    chosen = [rng.choice(draws[:, k, 0], n_draws, p=weights[:, k] / weights[:, k].sum()) for k in range(n)]
    weighted, resampled = summary(draws, truth, weights), summary(np.stack(chosen, axis=1)[..., None], truth)
    # about 1000 effective draws: 0.5/√1000 for a PIT of one half, 5 % of the width of 0.37
    assert abs(weighted.pit - resampled.pit).max() < 4 * 0.5 / np.sqrt(1000)
    np.testing.assert_allclose(weighted.width, resampled.width, atol=0.05)
    for name, error in (("pit", 0.002), ("crps", 0.0005), ("width", 0.002)):
        # single errors, averaged over 200 simulations
        assert (getattr(weighted, name) - getattr(resampled, name)).mean() == pytest.approx(0, abs=error)


def test_few_effective_draws_bias_coverage_little():
    rng = np.random.default_rng(8)
    n = 10_000
    truth = rng.standard_normal((n, 1))
    data = truth + 0.5 * rng.standard_normal((n, 1))
    draws = rng.standard_normal((60, n, 1))
    weights = np.exp(-0.5 * ((draws - data) / 0.5) ** 2)[..., 0]
    assert (weights.sum(axis=0) ** 2 / (weights**2).sum(axis=0)).mean() < 30
    plain = (weights * (draws < truth)[..., 0]).sum(axis=0) / weights.sum(axis=0)
    off = [(abs(pit - 0.5) < 0.45).mean() - 0.9 for pit in (summary(draws, truth, weights).pit[:, 0], plain)]
    # of the prior's 60 draws some 26 count: too wide by about 2 points instead of too narrow by 4
    assert 0 < off[0] < 0.025 and off[1] < -0.03


def test_crps_is_the_double_sum_over_draws():
    draws, truth, weights = case()
    w = weights / weights.sum(axis=0)
    distance = np.einsum("in,inp->np", w, abs(draws - truth))
    spread = np.einsum("in,jn,ijnp->np", w, w, abs(draws[:, None] - draws[None])) / 2
    expected = distance - spread / (1 - (w**2).sum(axis=0))[:, None]
    np.testing.assert_allclose(summary(draws, truth, weights).crps, expected, rtol=1e-10)


@pytest.mark.parametrize(("n_draws", "n"), [(2, 100_000), (1000, 1000)])
def test_crps_of_gaussian_draws_is_the_closed_form_however_few_they_are(n_draws, n):
    rng = np.random.default_rng(6)
    sd, z = 0.05, 0.7
    crps = summarize(0.5 + sd * rng.standard_normal((n_draws, n, 1)), np.full((n, 1), 0.5 + z * sd), rng=rng).crps
    exact = sd * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))
    assert crps.mean() == pytest.approx(exact, abs=4 * crps.std() / np.sqrt(n))
    assert 4 * crps.std() / np.sqrt(n) < 0.03 * exact


def test_draws_of_the_prior_have_its_crps_and_its_width():
    rng = np.random.default_rng(7)
    truth = np.linspace(0, 1, 11)[:, None]
    prior = summarize(np.tile((np.arange(5000) + 0.5)[:, None, None] / 5000, (1, 11, 1)), truth, rng=rng)
    np.testing.assert_allclose(prior.prior_crps[:, 0], truth[:, 0] ** 2 / 2 + (1 - truth[:, 0]) ** 2 / 2 - 1 / 6)
    # 5000 equal parts against their limit; ∓1/(6·5000) of the unbiased sum
    np.testing.assert_allclose(prior.crps, prior.prior_crps, atol=1e-4)
    np.testing.assert_allclose(prior.width, 1, rtol=1e-10)


def test_a_simulation_without_a_finite_posterior_is_nan_and_leaves_the_others_alone():
    draws, truth, weights = case()
    whole = summary(draws, truth, weights)
    draws[3, 0, 1], weights[:, 1], weights[5, 2] = np.nan, 0.0, np.inf
    part = summary(draws, truth, weights)
    for name in ("pit", "crps", "prior_crps", "width"):
        assert np.isnan(getattr(part, name)[:3]).all()
        np.testing.assert_array_equal(getattr(part, name)[3:], getattr(whole, name)[3:])


def test_inputs_are_not_changed():
    draws, truth, weights = case()
    copies = draws.copy(), truth.copy(), weights.copy()
    summary(draws, truth, weights)
    summary(draws, truth)
    for one, copy in zip((draws, truth, weights), copies, strict=True):
        np.testing.assert_array_equal(one, copy)


def test_what_does_not_fit_is_said():
    draws, truth, weights = case()
    with pytest.raises(ValueError, match=r"draws has shape \(30, 40, 2\) and truth \(30, 2\)"):
        summary(draws.swapaxes(0, 1), truth)
    with pytest.raises(ValueError, match="two draws or more"):
        summary(draws[:1], truth)
    with pytest.raises(ValueError, match=r"weights has shape \(30, 40\); draws of shape .* need \(40, 30\)"):
        summary(draws, truth, weights.T)
    with pytest.raises(ValueError, match=r"weights are 0 or more\. Exponentiate log-weights"):
        summary(draws, truth, np.log(weights / weights.max()))
