"""Corrected intervals cover as promised, whatever the posterior is worth."""

import numpy as np
import pytest
from scipy import special, stats

from bpinvert.calibration import Intervals, curve_type, outward, summarize

OVERCONFIDENT = 0.4


def overconfident_pit(rng, shape, scale=OVERCONFIDENT, shift=0.0):
    """PIT of a Gaussian posterior whose sd is too small by `scale` and whose centre is off by `shift` true sd."""
    return special.ndtr((rng.standard_normal(shape) - shift) / scale)


@pytest.mark.parametrize("n", [20, 99, 250])
@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
def test_coverage_is_guaranteed_on_both_sides_for_a_posterior_far_too_narrow(n, coverage):
    rng = np.random.default_rng(n)
    # each column is a calibration of its own, with one new sounding
    n_repeats = 10_000
    intervals = Intervals(overconfident_pit(rng, (n, n_repeats), shift=0.5), np.zeros(n), fewest=1)
    lower, upper = intervals.levels(coverage, np.zeros(1))
    new = overconfident_pit(rng, (1, n_repeats), shift=0.5)
    share, error = ((new >= lower) & (new <= upper)).mean(), np.sqrt(coverage * (1 - coverage) / n_repeats)
    assert coverage - 4 * error <= share <= coverage + 1 / (n + 1) + 4 * error
    assert ((new > 0.5 - coverage / 2) & (new < 0.5 + coverage / 2)).mean() < coverage - 0.2


@pytest.mark.parametrize(
    ("n", "coverage", "first", "last"),
    # ⌈10·0.9⌉ = 9, ⌈20·0.9⌉ = 18, ⌈39·0.92⌉ = 36 ranks apart, as many left out below as above or one less
    [(9, 0.9, 0, 9), (19, 0.9, 1, 19), (38, 0.92, 1, 37), (99, 0.9, 5, 95)],
)
def test_bounds_are_order_statistics_as_far_apart_as_the_guarantee_needs(n, coverage, first, last):
    pit = (np.arange(1, n + 1) / (n + 1))[::-1, None]
    bounds = Intervals(pit, np.zeros(n), fewest=1).levels(coverage, np.zeros(1))
    np.testing.assert_allclose(np.ravel(bounds) * (n + 1), [first, last])


def test_too_few_simulations_leave_the_whole_prior():
    lower, upper = Intervals(np.array([[0.4], [0.6]]), np.zeros(2)).levels(0.9, np.zeros(1))
    assert (lower.item(), upper.item()) == (0.0, 1.0)


def test_a_true_posterior_keeps_its_levels_and_a_biased_one_gets_others_on_either_side():
    rng = np.random.default_rng(0)
    n = 20_000
    lower, upper = Intervals(rng.random((n, 1)), np.zeros(n)).levels(0.9, np.zeros(1))
    np.testing.assert_allclose([lower.item(), upper.item()], [0.05, 0.95], atol=4 * np.sqrt(0.0475 / n))
    shifted = Intervals(overconfident_pit(rng, (n, 1), 1.0, 0.7), np.zeros(n))
    bounds = [bound.item() for bound in shifted.levels(0.9, np.zeros(1))]
    np.testing.assert_allclose(stats.norm.ppf(bounds), [-1.645 - 0.7, 1.645 - 0.7], atol=0.06)
    median = [bound.item() for bound in shifted.levels(0, np.zeros(1))]
    assert median[0] == median[1] == pytest.approx(stats.norm.cdf(-0.7), abs=0.02)


def test_every_kind_of_sounding_has_its_own_guarantee():
    rng = np.random.default_rng(1)

    def soundings(n):
        kind = rng.choice(["H", "K"], n, p=[0.3, 0.7])
        return np.where(kind == "H", *overconfident_pit(rng, (2, n), np.array([[0.5], [1.6]])))[:, None], kind

    pit, kind = soundings(20_000)
    new, new_kind = soundings(40_000)
    for strata, new_strata, alike in ((kind, new_kind, True), (0 * pit[:, 0], 0 * new[:, 0], False)):
        lower, upper = Intervals(pit, strata).levels(0.9, new_strata)
        inside = ((new >= lower) & (new <= upper))[:, 0]
        shares = np.array([inside[new_kind == one].mean() for one in "HK"])
        # √(0.09/6000 + 0.09/12 000) = 0.005 for the rarer kind
        assert (abs(shares - 0.9) < 0.015).all() == alike
        assert inside.mean() == pytest.approx(0.9, abs=0.01)


def test_a_kind_that_is_guessed_from_the_data_keeps_the_guarantee_even_where_the_guess_is_wrong():
    rng = np.random.default_rng(2)

    def soundings(n):
        truth = rng.standard_normal(n)
        data = truth + rng.standard_normal(n)
        # posterior mean and sd are data/2 and √½; this one believes every datum far too much
        return special.ndtr((truth - 0.9 * data) / 0.4)[:, None], data > 0, truth > 0

    pit, guess, kind = soundings(20_000)
    assert (guess != kind).mean() > 0.2
    new, new_guess, _ = soundings(40_000)
    lower, upper = Intervals(pit, guess).levels(0.8, new_guess)
    inside = ((new >= lower) & (new <= upper))[:, 0]
    for one in (False, True):
        assert inside[new_guess == one].mean() == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / 10_000 + 0.16 / 20_000))


def test_rare_kinds_are_taken_together_and_unknown_ones_with_them():
    kinds = np.repeat(["A", "H", "K", "Q"], [400, 200, 150, 20])
    pit = np.repeat([0.1, 0.2, 0.3, 0.4], [400, 200, 150, 20])[:, None]
    intervals = Intervals(pit, kinds, fewest=300)
    assert [intervals.n_simulations(kind) for kind in ("A", "H", "Q", "HKH")] == [400, 370, 370, 370]
    lower, upper = intervals.levels(0.5, np.array(["HKH", "A", "Q"]))
    np.testing.assert_array_equal(lower[:, 0], [0.2, 0.1, 0.2])
    np.testing.assert_array_equal(upper[:, 0], [0.3, 0.1, 0.3])
    # 20 of Q alone are too few even together: all 420
    few = Intervals(pit[np.isin(kinds, ["A", "Q"])], kinds[np.isin(kinds, ["A", "Q"])], fewest=300)
    assert [few.n_simulations(kind) for kind in ("A", "Q", "H")] == [400, 420, 420]


@pytest.mark.parametrize("weighted", [False, True])
def test_outward_bounds_hold_the_truth_whenever_its_pit_is_between_the_levels(weighted):
    rng = np.random.default_rng(3)
    n, n_draws = 5000, 12
    draws, truth = rng.random((n_draws, n, 1)), rng.random((n, 1))
    weights = rng.gamma(0.5, size=(n_draws, n)) if weighted else None
    pit = summarize(draws, truth, weights, rng=rng).pit
    lower, upper = np.sort(rng.random((2, n, 1)), axis=0)
    low, high = outward(draws, lower, upper, weights)
    inside = (pit >= lower) & (pit <= upper)
    assert ((low <= truth) & (truth <= high))[inside].all()
    # and they are the draws next to the levels
    if not weighted:
        slots = [(draws < bound).sum(axis=0) / (n_draws + 1) for bound in np.nextafter([low, high], 2)]
        assert (lower - slots[0] <= 1 / (n_draws + 1) + 1e-12)[low > 0].all()
        assert (slots[1] - upper <= 1 / (n_draws + 1) + 1e-12)[high < 1].all()


def test_few_draws_of_an_overconfident_posterior_are_corrected_out_to_the_prior():
    rng = np.random.default_rng(4)
    n, n_draws = 4000, 60

    def soundings(n):
        truth, centre = rng.standard_normal((2, n, 1)) / np.sqrt(2)
        draws = centre + 0.3 * rng.standard_normal((n_draws, n, 1))
        return special.ndtr(draws), special.ndtr(truth + centre)

    draws, truth = soundings(n)
    intervals = Intervals(summarize(draws, truth, rng=rng).pit, np.zeros(n))
    draws, truth = soundings(n)
    low, high = outward(draws, *intervals.levels(0.9, np.zeros(n)))
    assert ((low <= truth) & (truth <= high)).mean() > 0.9 - 4 * np.sqrt(2 * 0.09 / n)
    plain = np.quantile(draws, [0.05, 0.95], axis=0)
    assert ((plain[0] <= truth) & (truth <= plain[1])).mean() < 0.6


def test_what_cannot_be_is_refused():
    intervals = Intervals(np.full((5, 1), 0.5), np.zeros(5))
    with pytest.raises(ValueError, match=r"coverage is 90; it must be at least 0 and below 1"):
        intervals.levels(90, np.zeros(1))
    with pytest.raises(ValueError, match=r"pit has shape \(5, 1\) and strata \(4,\)"):
        Intervals(np.full((5, 1), 0.5), np.zeros(4))
    with pytest.raises(ValueError, match="leave out simulations without a posterior"):
        Intervals(np.full((5, 1), np.nan), np.zeros(5))


@pytest.mark.parametrize(
    ("resistivity", "kind"),
    [
        ([1, 2, 3], "A"), ([3, 1, 2], "H"), ([1, 3, 2], "K"), ([3, 2, 1], "Q"),
        ([3, 1, 2, 1], "HK"), ([1, 3, 1, 2], "KH"), ([1, 2, 3, 4], "AA"), ([4, 3, 2, 1], "QQ"),
        ([4, 3, 2, 5], "QH"), ([1, 2, 1, 2, 1], "KHK"), ([1, 2], "up"), ([2, 1], "down"), ([5], "flat"),
    ],
)  # fmt: skip
def test_curve_types_are_the_classical_ones(resistivity, kind):
    assert curve_type([resistivity]).tolist() == [kind]
    padded = [*resistivity, np.nan, np.nan]
    assert curve_type([padded, padded]).tolist() == [kind, kind]


def test_models_of_several_layer_counts_are_typed_together():
    nan = np.nan
    table = [[1, 2, 1, 5], [1, 2, 1, nan], [1, 2, nan, nan], [1, nan, nan, nan], [nan, nan, nan, nan]]
    assert curve_type(table).tolist() == ["KH", "K", "up", "flat", ""]
    assert curve_type(10 ** np.array(table)).tolist() == curve_type(table).tolist()
