"""What the range flags score, and that they keep their stated rate among soundings of each kind."""

import numpy as np
import pytest
from scipy import linalg, stats

from bpinvert import checks
from bpinvert.checks.scores import normal_score

RATE = 0.01
OWN, LEVEL = -1, 0.5


def scores_of(rng, n):
    """Five dependent scores, one with many ties."""
    common = rng.standard_normal(n)
    columns = [common + rng.standard_normal(n) for _ in range(4)]
    return np.stack([*columns, np.maximum(columns[0], 0.5)], axis=1)


def one_kind(n):
    return np.tile([OWN, LEVEL, 3.0, 0.0, 0.0], (n, 1))


def mixed(rng, n):
    """Scores that depend on the kind as few readings, large errors, more layers, segments make them, and the kinds."""
    readings = rng.choice([OWN, 8, 25], n)
    kinds = readings, rng.choice([-1, 0.1, 0.9], n), rng.choice([2, 3], n), rng.choice([0, 2], n), np.zeros(n)
    strata = np.stack(kinds, axis=1)
    location, spread = strata[:, 2:].sum(axis=1) + 5 * (readings == 8), 1 + 3 * (strata[:, 1] < 0)
    return location[:, None] + spread[:, None] * scores_of(rng, n), strata


def test_p_values_of_fresh_scores_are_uniform_or_conservative():
    rng = np.random.default_rng(1)
    calibration = checks.Calibration(scores_of(rng, 10_000), one_kind(10_000), RATE)
    p, _, _ = calibration.judge(scores_of(rng, 100_000), one_kind(100_000), RATE)
    for rate in (0.001, 0.01, 0.1, 0.5):
        share = (p <= rate).mean(axis=0)
        # standard deviation of the rate over calibration sets of 10 000 is sqrt(rate/10 000)
        assert (share < rate + 5 * np.sqrt(rate / 10_000)).all()
        assert (share[:4] > 0.97 * rate - 5 * np.sqrt(rate / 10_000)).all()


@pytest.mark.slow
def test_p_values_are_uniform_among_soundings_of_each_kind():
    rng = np.random.default_rng(2)
    calibration = checks.Calibration(*mixed(rng, 180_000), RATE)
    scores, strata = mixed(rng, 180_000)
    p, _, _ = calibration.judge(scores, strata, RATE)
    for kind in np.unique(strata, axis=0):
        column = p[(strata == kind).all(axis=1)][:, :4]
        for rate in (0.01, 0.05, 0.2, 0.5):
            # 5000 soundings among 5000 simulations; kept ranks are interpolated
            assert abs((column <= rate).mean(axis=0) - rate).max() < 0.01 * rate + 4.5 * np.sqrt(2 * rate / 5000)


def test_the_joint_test_rejects_at_its_stated_rate():
    rates = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        calibration = checks.Calibration(scores_of(rng, 20_000), one_kind(20_000), RATE)
        _, joint, _ = calibration.judge(scores_of(rng, 50_000), one_kind(50_000), RATE)
        rates.append((joint <= RATE).mean())
    # sqrt(0.01/20 000 + 0.01/50 000) = 0.0008 for one; ten are averaged
    assert np.mean(rates) == pytest.approx(RATE, abs=0.0008)


def test_weights_share_out_the_false_alarms_and_keep_their_sum():
    weights = np.array([1, 1, 10, 1, 1.0])
    rng = np.random.default_rng(11)
    scores = rng.standard_normal((200_000, 5))
    calibration = checks.Calibration(scores[:100_000], one_kind(100_000), RATE, weights)
    _, joint, outside = calibration.judge(scores[100_000:], one_kind(100_000), RATE)
    # sqrt(2·0.01/100 000) is one standard deviation
    assert (joint <= RATE).mean() == pytest.approx(RATE, abs=4 * np.sqrt(2 * RATE / 100_000))
    shares = outside.mean(axis=0)
    np.testing.assert_allclose(shares / shares.sum(), weights / weights.sum(), atol=0.03)


def test_a_check_of_little_weight_rejects_what_none_of_a_few_simulations_scored():
    weights = np.array([1, 1, 10, 1, 1.0])
    for n in (checks.fewest(RATE), 2 * checks.fewest(RATE), 20 * checks.fewest(RATE)):
        calibration = checks.Calibration(np.random.default_rng(n).standard_normal((n, 5)), one_kind(n), RATE, weights)
        _, joint, outside = calibration.judge(np.array([[9.0, 0, 0, 0, 0]]), one_kind(1), RATE)
        assert joint[0] <= RATE and outside[0].tolist() == [True, False, False, False, False]


@pytest.mark.slow
def test_with_the_fewest_simulations_that_are_allowed_the_joint_rate_is_somewhat_lower_and_no_higher():
    rates = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        n = checks.fewest(RATE)
        calibration = checks.Calibration(scores_of(rng, n), one_kind(n), RATE)
        _, joint, _ = calibration.judge(scores_of(rng, 2000), one_kind(2000), RATE)
        rates.append((joint <= RATE).mean())
    # Several checks share the two or three smallest p-values there are; ties count as not rejected.
    # sqrt(0.01/1000 + 0.01/2000) = 0.004 for one; 150 are averaged
    assert 0.6 * RATE < np.mean(rates) < RATE + 0.0005


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.01, 0.05])
def test_the_joint_test_rejects_at_its_rate_in_every_kind_however_different_they_score(rate):
    rng = np.random.default_rng(3)
    calibration = checks.Calibration(*mixed(rng, 180_000), rate)
    scores, strata = mixed(rng, 180_000)
    _, joint, _ = calibration.judge(scores, strata, rate)
    shares = [(joint[(strata == kind).all(axis=1)] <= rate).mean() for kind in np.unique(strata, axis=0)]
    # 36 kinds; each of 5000 simulations and as many soundings: sqrt(2·rate/5000)
    assert abs(np.array(shares) - rate).max() < 4 * np.sqrt(2 * rate / 5000)
    one = checks.Calibration(scores, one_kind(len(scores)), rate)
    _, joint, _ = one.judge(scores, one_kind(len(scores)), rate)
    unequal = [(joint[(strata == kind).all(axis=1)] <= rate).mean() for kind in np.unique(strata, axis=0)]
    assert max(unequal) > 5 * rate


def test_a_kind_too_rare_for_its_own_calibration_is_judged_with_the_next_wider_one():
    rng = np.random.default_rng(4)
    n = 4000
    strata = one_kind(3 * n)
    strata[n : 2 * n, 2] = 4
    strata[2 * n :, 1] = -1
    few = checks.fewest(RATE) - 1
    strata[-few:, 2] = 5
    location = np.where(strata[:, 1] < 0, 10.0, strata[:, 2]) + 5 * (strata[:, 2] == 5)
    scores = location[:, None] + scores_of(rng, 3 * n)
    calibration = checks.Calibration(scores, strata, RATE)

    def p_of(*kind):
        return calibration.judge(np.full((1, 5), 10.0), np.array([[*kind, 0, 0]]), RATE)[0][0]

    # 10 is high among known errors, and ordinary where they are estimated, whatever the layers
    for n_layers in (3, 5, 9):
        assert (p_of(OWN, -1, n_layers) > 0.2).all() and (p_of(OWN, -1, n_layers)[:4] < 0.8).all()
    assert (p_of(OWN, LEVEL, 9) < 0.001).all()
    # nothing alike at all: among all simulations
    np.testing.assert_allclose(p_of(OWN, 0.0, 9)[:4], (scores >= 10).mean(axis=0)[:4], atol=0.01)


def test_rare_kinds_that_are_many_together_have_their_own_rate():
    rng = np.random.default_rng(6)
    strata = one_kind(30_000)
    # ten kinds of 1500 each, too few for a stratum of their own, all of them stranger than the common one
    strata[15_000:, 2] = 4 + np.arange(15_000) % 10
    scores = scores_of(rng, 30_000) + 3.0 * (strata[:, 2:3] > 3)
    calibration = checks.Calibration(scores, strata, RATE)
    fresh = scores_of(rng, 30_000) + 3.0 * (strata[:, 2:3] > 3)
    flagged = calibration.judge(fresh, strata, RATE)[2].any(axis=1)
    for rare in (False, True):
        assert flagged[(strata[:, 2] > 3) == rare].mean() == pytest.approx(RATE, abs=0.003)


@pytest.mark.parametrize("rate", [0.001, 0.01, 0.037, 0.2])
def test_a_joint_rejection_always_names_a_check_and_nothing_else_does(rate):
    rng = np.random.default_rng(5)
    calibration = checks.Calibration(*mixed(rng, 50_000), RATE)
    scores, strata = mixed(rng, 20_000)
    _, joint, outside = calibration.judge(1.3 * scores, strata, rate)
    # the rarest kinds have 1000 simulations: nothing is stranger than 0.1 % there
    assert (joint <= rate).any() or rate < 0.01
    np.testing.assert_array_equal(joint <= rate, outside.any(axis=1))


def test_keeping_some_ranks_only_moves_p_values_little():
    rng = np.random.default_rng(6)
    scores, fresh = rng.standard_normal((20_000, 1)), rng.standard_normal((2000, 1))
    calibration = checks.Calibration(scores, one_kind(20_000), RATE)
    exact = (1 + (scores[:, 0] >= fresh).sum(axis=1)) / (len(scores) + 1)
    kept = calibration.judge(fresh, one_kind(2000), RATE)[0][:, 0]
    # ranks are kept to a fifth of themselves, and interpolated
    np.testing.assert_allclose(kept[exact < 0.7], exact[exact < 0.7], rtol=0.15)
    assert kept[exact > 0.7].min() > 0.65
    # the ten highest each for itself
    highest = np.sort(scores[:, 0])[::-1][:10]
    p = calibration.judge(highest[:, None], one_kind(10), RATE)[0][:, 0]
    np.testing.assert_allclose(p, np.arange(2, 12) / 20_001)
    # and what is higher than all of them
    assert calibration.judge(highest[:1, None] + 1e-3, one_kind(1), RATE)[0] == pytest.approx(1 / 20_001)


def test_a_higher_score_never_has_a_higher_p_value():
    rng = np.random.default_rng(7)
    calibration = checks.Calibration(*mixed(rng, 20_000), RATE)
    ladder = np.linspace(-20, 40, 5001)
    for kind in ([OWN, LEVEL, 3, 0], [8, -1, 2, 0], [12, 0.1, 7, 2]):
        strata = np.tile(np.array([*kind, 0], dtype=float), (len(ladder), 1))
        p, joint, _ = calibration.judge(np.repeat(ladder[:, None], 5, axis=1), strata, RATE)
        assert (np.diff(p, axis=0) <= 0).all() and (np.diff(joint) <= 0).all()
        # p is never 0, and the lowest score is as ordinary as can be
        assert p.min() > 0 and p[0] == pytest.approx(1)


def test_nan_scores_have_no_p_value_and_are_not_flagged():
    calibration = checks.Calibration(np.random.default_rng(0).standard_normal((2000, 2)), one_kind(2000), RATE)
    p, joint, outside = calibration.judge(np.array([[np.nan, 9.0], [0.0, 9.0]]), one_kind(2), RATE)
    assert np.isnan(p[0]).all() and np.isnan(joint[0]) and not outside[0].any()
    assert joint[1] < RATE and outside[1].tolist() == [False, True]


def test_infinite_scores_are_the_strangest_and_the_most_ordinary():
    rng = np.random.default_rng(8)
    scores = rng.standard_normal((5000, 1))
    scores[:3], scores[3:30] = np.inf, -np.inf
    calibration = checks.Calibration(scores, one_kind(5000), RATE)
    p, _, _ = calibration.judge(np.array([[np.inf], [5.0], [0.0], [-np.inf]]), one_kind(4), RATE)
    np.testing.assert_allclose(p[:, 0], [4 / 5001, 5 / 5001, 0.5, 1], rtol=0.06)


def test_the_state_rebuilds_the_calibration_exactly():
    rng = np.random.default_rng(9)
    calibration = checks.Calibration(*mixed(rng, 20_000), RATE)
    again = checks.Calibration.from_state(calibration.get_state())
    np.testing.assert_array_equal(calibration.n_similar(one_kind(2)), again.n_similar(one_kind(2)))
    assert again.n == 20_000 and again.cells.keys() == calibration.cells.keys()
    assert len(again.cells) > 8
    scores, strata = mixed(rng, 3000)
    for first, second in zip(calibration.judge(scores, strata, RATE), again.judge(scores, strata, RATE), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_calibration_from_before_methods_could_be_missing_says_the_same():
    rng = np.random.default_rng(10)
    calibration = checks.Calibration(*mixed(rng, 20_000), RATE)
    state = calibration.get_state()
    n_cells = len(state["keys"])
    state["keys"] = state["keys"][:, :4]
    again = checks.Calibration.from_state(state)
    assert len(again.cells) == len(set(map(tuple, state["keys"].tolist()))) >= n_cells - 1
    scores, strata = mixed(rng, 3000)
    for first, second in zip(calibration.judge(scores, strata, RATE), again.judge(scores, strata, RATE), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.slow
def test_soundings_that_lack_a_method_are_judged_among_their_like():
    rng = np.random.default_rng(12)

    def simulated(n):
        missing = np.where(rng.random(n) < 0.1, rng.choice([1, 2], n), 0)
        strata = one_kind(n)
        strata[:, 0], strata[:, 4] = rng.integers(9, 30, n), missing
        return scores_of(rng, n) * np.where(missing == 2, 1.5, 1.0)[:, None], strata, missing

    scores, strata, _ = simulated(150_000)
    calibration = checks.Calibration(scores, strata, RATE)
    scores, strata, missing = simulated(150_000)
    outside = calibration.judge(scores, strata, RATE)[2].any(axis=1)
    for which, tolerance in ((0, 0.002), (1, 0.005), (2, 0.005)):
        assert outside[missing == which].mean() == pytest.approx(RATE, abs=tolerance)


def test_nobody_to_judge_is_no_error():
    calibration = checks.Calibration(np.random.default_rng(0).standard_normal((2000, 2)), one_kind(2000), RATE)
    p, joint, outside = calibration.judge(np.empty((0, 2)), np.empty((0, 5)), RATE)
    assert p.shape == outside.shape == (0, 2) and joint.shape == (0,)


def given(n, **what):
    """CheckInputs of `n` soundings that nothing is wrong with but `what`."""
    harmless = {
        "inputs": np.zeros((n, 3)),
        "beyond": np.full(n, -1.0),
        "distance": np.full(n, 20.0),
        "roughness": np.ones(n),
        "n_rough": np.full(n, 15.0),
        "n_mapped": np.full(n, 20),
        "residuals": np.zeros((n, 20)),
    }
    return checks.CheckInputs(**harmless | what)


def score(name, given, inputs=None, data=None):
    inputs = np.zeros((10, 3)) if inputs is None else inputs
    return checks.CHECKS[name]().fit(inputs, np.zeros((len(inputs), 3)) if data is None else data).score(given)


def test_each_check_has_a_name_a_meaning_and_a_place():
    assert tuple(checks.CHECKS) == checks.NAMES == tuple(checks.MEANINGS)
    assert all(name == check.name for name, check in checks.CHECKS.items())


def test_used_readings_are_those_with_a_residual():
    assert given(1, residuals=np.array([[0.5, np.nan, np.inf, -3]])).n_used.tolist() == [3]


def test_range_is_how_far_a_reading_lies_beyond_the_training_data():
    assert score("range", given(3, beyond=np.array([-0.3, 0.0, 2.5]))).tolist() == [-0.3, 0, 2.5]


def test_range_looks_at_noise_levels_and_context_as_well():
    rng = np.random.default_rng(0)
    data, known = rng.uniform(-1, 1, (10_000, 3)), rng.uniform(-2, 2, (10_000, 1))
    ask = np.zeros((3, 4))
    ask[:, 3] = [0, 3.0, -6.0]
    # the inputs of the data themselves play no part: their range is that of the readings
    ask[:, 0] = 100
    found = score("range", given(3, inputs=ask, beyond=np.full(3, -0.5)), np.hstack([0 * data, known]), data)
    np.testing.assert_allclose(found, [-0.5, 1, 4], atol=1e-2)


def test_range_keeps_the_ends_of_the_noisy_data():
    data = np.random.default_rng(0).normal(size=(500, 3))
    check = checks.CHECKS["range"]().fit(np.zeros((500, 3)), data)
    np.testing.assert_array_equal([check.low, check.high], [data.min(axis=0), data.max(axis=0)])
    assert check.get_state()["n_known"].tolist() == [0]


def test_mahalanobis_is_a_normal_score_of_the_distance_whatever_the_number_of_readings():
    rng = np.random.default_rng(1)
    for n in (6, 30):
        distance = rng.chisquare(n, 40_000)
        # all of it rough, and nothing where five combinations are smooth
        noise = {"roughness": distance / (n - 5), "n_rough": np.full(40_000, n - 5.0)}
        found = score("mahalanobis", given(40_000, distance=distance, n_mapped=np.full(40_000, n), **noise))
        assert abs(found.mean()) < 0.02 and found.std() == pytest.approx(1, abs=0.02)


def test_mahalanobis_sees_a_strange_curve_among_readings_of_ordinary_noise():
    # 5 of 20 combinations are smooth; all of 17 is ordinary for 20, all of it for 5 is not
    n, whole = np.full(2, 20), np.full(2, 17.0)
    plain, strange = score("mahalanobis", given(2, distance=whole, n_mapped=n, roughness=np.array([0.8, 0.0])))
    assert strange > 2.5 > 0.5 > plain


def test_neighbour_is_the_distance_to_the_nearest_in_scaled_principal_components():
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((5, 5)) * [3, 1, 1, 0.5, 0.1]
    reference, fresh = rng.standard_normal((2000, 5)) @ mixing.T, rng.standard_normal((700, 5)) @ mixing.T
    found = score("neighbour", given(700, inputs=fresh, roughness=np.full(700, 0.5)), reference, reference)
    covariance = np.cov(reference, rowvar=False)
    # distances in the metric whose square is the inverse of the covariance
    metric = np.linalg.inv(linalg.sqrtm(covariance).real)
    difference = fresh[:, None] - reference[None]
    distance = np.sqrt(np.einsum("ijk,kl,ijl->ij", difference, metric, difference)).min(axis=1)
    # float32 arithmetic on squared distances
    np.testing.assert_allclose(found, distance, rtol=1e-3)


def test_neighbour_counts_scatter_that_inputs_do_not_show_and_what_is_known_beside_the_data():
    data = np.random.default_rng(0).standard_normal((500, 3))
    known = np.zeros((500, 1))
    inputs = np.hstack([data, known])
    ask = np.repeat(inputs[:1], 3, axis=0)
    ask[1, 3] = 2.0
    calm, other, rough = score("neighbour", given(3, inputs=ask, roughness=np.array([1, 1, 4.0])), inputs, data)
    assert calm == pytest.approx(0, abs=0.02) and other == pytest.approx(2, rel=1e-3)
    assert rough == pytest.approx(0.1 * normal_score(4.0, 20), rel=0.05)


def test_residual_and_misfit_of_gaussian_residuals_are_normal_scores_whatever_the_number_of_readings():
    rng = np.random.default_rng(0)
    residuals = rng.standard_normal((40_000, 20))
    residuals[::2, 9:] = np.nan
    for name in ("residual", "misfit"):
        found = score(name, given(40_000, residuals=residuals))
        for rows in (slice(0, None, 2), slice(1, None, 2)):
            assert abs(found[rows].mean()) < 0.02
            assert found[rows].std() == pytest.approx(1, abs=0.02)


def test_residual_sees_one_wrong_reading_and_misfit_many_slightly_wrong_ones():
    residuals = np.full((2, 20), 1.6)
    residuals[1], residuals[1, 4] = 0.3, -4.5
    residual, misfit = (score(name, given(2, residuals=residuals)) for name in ("residual", "misfit"))
    assert residual[1] > 2 > residual[0] and misfit[0] > 2 > misfit[1]


def test_misfit_of_a_best_fit_adds_what_is_smooth_in_it_and_how_hard_it_is_pressed_against_the_edge():
    residuals = np.full((4, 20), 1.1)
    n = np.full(4, 6.0)
    fit = {"smooth": np.array([5, 15, 5, 5.0]), "n_smooth": n, "pressure": np.array([0, 0, 9, 16.0])}
    network, (ordinary, smooth, pressed, more) = (
        score("misfit", given(1)),
        score("misfit", given(4, residuals=residuals, **fit)),
    )
    assert np.isfinite(network).all()
    assert smooth - ordinary == pytest.approx(normal_score(15 / 6, 6) - normal_score(5 / 6, 6))
    # three and four standard errors, each twice
    assert pressed - ordinary == pytest.approx(6) and more - ordinary == pytest.approx(8)


def test_huge_residuals_keep_their_order_up_to_infinity():
    residuals = np.zeros((5, 10))
    residuals[:, 3] = [8, 12, 100, 1e6, np.inf]
    for name in ("residual", "misfit"):
        assert (np.diff(score(name, given(5, residuals=residuals))) > 0).all()


def test_noise_is_the_scatter_of_neighbours_as_a_normal_score():
    rng = np.random.default_rng(2)
    found = score("noise", given(40_000, roughness=rng.chisquare(20, 40_000) / 20))
    assert abs(found.mean()) < 0.02 and found.std() == pytest.approx(1, abs=0.02)
    # the same scatter is stranger among more readings
    few, many = (score("noise", given(1, roughness=np.array([3.0]), n_mapped=np.array([n])))[0] for n in (6, 30))
    assert many > few > 2


@pytest.mark.parametrize("n", [3, 10, 40])
def test_the_normal_score_of_a_mean_square_has_the_chance_of_chi_square(n):
    quantile = np.array([0.05, 0.5, 0.95, 0.99])
    # the approximation of Wilson and Hilferty at three degrees of freedom
    np.testing.assert_allclose(normal_score(stats.chi2(n).ppf(quantile) / n, n), stats.norm.ppf(quantile), atol=0.08)


def test_soundings_with_hardly_any_readings_are_a_kind_although_they_are_few():
    rng = np.random.default_rng(9)

    def simulated(n):
        few = rng.random(n) < 0.04
        strata = one_kind(n)
        strata[:, 0] = np.where(few, 4, rng.integers(9, 30, n))
        return scores_of(rng, n) * np.where(few, 1.5, 1.0)[:, None], strata, few

    scores, strata, _ = simulated(150_000)
    calibration = checks.Calibration(scores, strata, RATE)
    scores, strata, few = simulated(150_000)
    outside = calibration.judge(scores, strata, RATE)[2].any(axis=1)
    # scores half as large again would be flagged several times as often among the others
    assert outside[few].mean() == pytest.approx(RATE, abs=0.006) and outside[~few].mean() == pytest.approx(
        RATE, abs=0.002
    )
