"""How many layers are chosen, and how much noise is found where the sheet does not say."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from bpinvert.inverter.choosing import choose, criterion, noise_factor
from bpinvert.noise import Noise

N = 20


def answers(**chi2):
    """Answers by layer count with such sums of squares, e.g. two=[...]; 2·count - 1 parameters each."""
    counts = {"two": 2, "three": 3, "four": 4}
    values = {counts[word]: np.atleast_1d(np.asarray(given, dtype=float)) for word, given in chi2.items()}
    others = {"discord": 0.0, "n_determined": None}
    return {k: SimpleNamespace(u=np.zeros((len(v), 2 * k - 1)), chi2=v, **others) for k, v in values.items()}


def chosen(n_used=N, **chi2):
    table = answers(**chi2)
    n = len(next(iter(table.values())).chi2)
    return choose(table, np.full(n, n_used)).tolist()


def limit(count, n_used=N):
    """The sum of squares that pure noise exceeds in 5 % of cases."""
    return stats.chi2(n_used - (2 * count - 1)).ppf(0.95)


def test_the_fewest_layers_within_the_errors_are_chosen():
    assert chosen(two=[15, 500, 500], three=[5, 15, 300], four=[4, 5, 15]) == [2, 3, 4]


@pytest.mark.parametrize("count", [2, 3])
def test_within_the_errors_is_what_noise_exceeds_in_five_percent(count):
    word = {2: "two", 3: "three"}[count]
    few = {"two": [500, 500], "three": [500, 500], "four": [1, 1]}
    few[word] = [limit(count) - 1e-6, limit(count) + 1e-6]
    if count == 3:
        few["two"] = [5000, 5000]
    assert chosen(**few) == [count, 4]


def test_pure_noise_is_given_a_layer_too_many_in_five_percent():
    chi2 = np.random.default_rng(0).chisquare(N - 3, 20_000)
    counts = np.array(chosen(two=chi2, three=np.zeros(20_000)))
    assert (counts == 3).mean() == pytest.approx(0.05, abs=0.006)


def test_where_none_fits_a_layer_must_lower_chi2_by_more_than_its_two_parameters_cost():
    cost = 2 * np.log(N)
    assert chosen(two=[1000, 1000], three=[1000 - 0.99 * cost, 1000 - 1.01 * cost]) == [2, 3]


def test_a_count_that_was_not_tried_or_predicts_nothing_is_not_chosen():
    assert chosen(two=[1000], three=[np.inf]) == [2]
    assert chosen(two=[np.inf], three=[1000]) == [3]


def test_each_sounding_is_chosen_for_by_its_own_number_of_readings():
    table = answers(two=[20.0, 20.0], three=[1.0, 1.0])
    # 20 is within the errors of 20 readings, not of 8
    assert choose(table, np.array([20, 8])).tolist() == [2, 3]


def test_as_many_readings_as_parameters_leave_one_degree_of_freedom():
    assert chosen(n_used=3, two=[3.0], three=[1.0]) == [2]


RANGE = Noise(relative=(0.01, 0.1))


@pytest.mark.parametrize("true", [0.015, 0.03, 0.08])
def test_the_level_of_noise_is_recovered(true):
    rng = np.random.default_rng(0)
    n, assumed = 5000, 0.03
    levels = np.full((n, 1), assumed)
    ratio = (true / assumed) ** 2
    # a three-layer earth: two layers cannot follow it, four only fit noise
    noise = [rng.chisquare(k, n) for k in (N - 7, 2, 2)]
    table = answers(two=ratio * (sum(noise)) + 3000, three=ratio * (noise[0] + noise[1]), four=ratio * noise[0])
    counts, factor = noise_factor(table, np.full(n, N), RANGE.level_room(levels), 0)
    found = assumed * factor
    # BIC takes the fourth layer at times, which then lowers the estimate
    assert (counts == 3).mean() > 0.8 and (counts == 2).sum() == 0
    assert np.sqrt(np.mean(found[counts == 3] ** 2)) == pytest.approx(true, rel=0.06)
    assert np.quantile(abs(np.log(found / true)), 0.9) < 0.4


def test_a_misfit_beyond_the_range_asks_for_more_layers_instead_of_more_noise():
    levels = np.array([[0.03]])
    # 27 % of noise would explain two layers, but there is room up to 10 % alone
    table = answers(two=[17 * 81.0], three=[15.0])
    assert noise_factor(table, np.array([N]), RANGE.level_room(levels), 0)[0].tolist() == [3]
    # within the room, two parameters must earn their cost: here they do not
    table = answers(two=[17 * 4.0], three=[15 * 4.0])
    counts, factor = noise_factor(table, np.array([N]), RANGE.level_room(levels), 0)
    # the mean over the levels lies a little above the most likely one
    assert counts.tolist() == [2] and factor == pytest.approx([2.0], rel=0.05)


def test_less_noise_than_the_range_allows_is_no_reason_for_more_layers():
    levels = np.array([[0.01]])
    table = answers(two=[17 * 0.5], three=[15 * 0.2])
    # below 1 % the level cannot go: the smaller misfit earns nothing
    assert noise_factor(table, np.array([N]), RANGE.level_room(levels), 0)[0].tolist() == [2]


def test_without_a_range_the_noise_is_as_stated_and_bic_decides():
    cost, known = 2 * np.log(N), (np.ones(1), np.ones(1))
    for gain, count in ((0.9 * cost, 2), (1.1 * cost, 3)):
        table = answers(two=[40.0], three=[40.0 - gain])
        counts, factor = noise_factor(table, np.array([N]), known, 0)
        assert counts.tolist() == [count] and factor == pytest.approx([1.0])


def test_a_count_that_predicts_nothing_explains_no_noise():
    table = answers(two=[np.inf, 30.0], three=[30.0, np.inf])
    counts, factor = noise_factor(table, np.array([N, N]), RANGE.level_room(np.full((2, 1), 0.03)), 0)
    assert counts.tolist() == [3, 2] and np.isfinite(factor).all()


def test_a_fit_without_freedom_says_nothing_of_the_noise():
    room = RANGE.level_room(np.full((1, 1), RANGE.middle_levels()[0]))
    # six readings: three layers (five parameters) leave one, and fit exactly
    counts, factor = noise_factor(answers(two=[4.0], three=[1e-12]), np.array([6]), room, 0)
    assert counts.tolist() == [2] and 0.5 < factor[0] < 2
    # four readings: two layers leave one as well, and the level stays in the middle
    counts, factor = noise_factor(answers(two=[1e-12], three=[1e-12]), np.array([4]), room, 0)
    assert counts.tolist() == [2] and factor == pytest.approx([1.0])


def test_an_estimate_stays_within_the_range_and_is_as_broad_as_the_readings_are_few():
    room = RANGE.level_room(np.full((2, 1), RANGE.middle_levels()[0]))
    for n_used, sure in ((40, 0.12), (6, 0.7)):
        freedom = n_used - 3
        _, factor = noise_factor(answers(two=[1e-3 * freedom, 1e3 * freedom]), np.full(2, n_used), room, 0)
        ends = np.log(factor / [room[0][0], room[1][0]])
        assert 0 < ends[0] < sure and -sure < ends[1] < 1e-12


def test_displacements_cost_as_many_parameters_as_there_are():
    table, n_used, known = answers(two=[30.0], three=[20.0]), np.array([N]), (np.ones(1), np.ones(1))
    more = criterion(table, n_used, known, 2) - criterion(table, n_used, known)
    np.testing.assert_allclose(more, 2 * np.log(N))


def test_that_few_layers_do_not_fit_is_no_sign_of_noise_where_more_have_no_freedom():
    room = np.full(2, 0.3), np.full(2, 3.0)
    few = answers(two=[5000.0, 20.0], three=[0.0, 0.0])
    _, factor = noise_factor(few, np.full(2, 5), room, 0)
    # five readings: three layers fit anything, so that the level is unknown; 20 is within the largest errors
    assert factor[0] == pytest.approx(np.sqrt(0.3 * 3.0)) and factor[1] > 1.5
    _, many = noise_factor(answers(two=[5000.0], three=[4800.0]), np.full(1, N), (room[0][:1], room[1][:1]), 0)
    assert many[0] > 2.9


def test_a_model_that_is_far_from_what_is_known_does_not_fit():
    table = answers(two=[15.0, 15.0], three=[12.0, 12.0])
    table[2].discord = np.array([2.9, 3.1])
    assert choose(table, np.full(2, N)).tolist() == [2, 3]
