"""Refinement fits what can be fitted, and never leaves the prior."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from bpinvert import LayeredPrior
from bpinvert.displacement import Displacement
from bpinvert.refinement import Misfit, refine, refine_multistart, starts_around
from forward_models import Magnetotelluric, Schlumberger

VES = Schlumberger(ab2=np.geomspace(1, 500, 20)), LayeredPrior(n_layers=3, thickness=(0.5, 100), resistivity=(1, 1e4))
MT = (
    Magnetotelluric(period=np.logspace(-3, 3, 20)),
    LayeredPrior(n_layers=3, thickness=(100, 1000), resistivity=(10, 1000)),
)
SIGMA = {"log": 0.03, "linear": np.degrees(0.015)}


def soundings(survey, prior, n, seed=0):
    rng = np.random.default_rng(seed)
    models = prior.draw(n, rng)
    sigma = np.array([SIGMA[scale] for scale in survey.channels.scale])
    scaled = survey.channels.to_scale(survey(**models))
    noisy = scaled + sigma * rng.standard_normal(scaled.shape)
    return prior.encode(models), noisy, np.broadcast_to(sigma, noisy.shape)


@pytest.mark.parametrize(("survey", "prior"), [VES, MT], ids=["VES", "MT"])
def test_gradient_and_curvature_are_those_of_the_misfit(survey, prior):
    u, scaled, sigma = soundings(survey, prior, 30)
    misfit = Misfit(survey, prior, scaled, sigma)
    rows = np.arange(30)
    u = 0.1 + 0.8 * np.random.default_rng(1).random(u.shape)
    _, gradient, curvature = misfit.expand(u, rows)
    step = 1e-5
    for j in range(u.shape[1]):
        shift = step * (np.arange(u.shape[1]) == j)
        difference = (misfit.value(u + shift, rows) - misfit.value(u - shift, rows)) / (2 * step)
        # gradient is J'r = -½ d(chi²)/du; central differences of large sums of squares
        np.testing.assert_allclose(gradient[:, j], -difference / 2, rtol=2e-5, atol=1e-4 * abs(gradient).max())
    assert (np.linalg.eigvalsh(curvature) > -1e-6 * abs(curvature).max()).all()


@pytest.mark.parametrize(("survey", "prior"), [VES, MT], ids=["VES", "MT"])
def test_from_near_the_truth_it_reaches_what_scipy_reaches(survey, prior):
    truth, scaled, sigma = soundings(survey, prior, 40)
    misfit = Misfit(survey, prior, scaled, sigma)
    found = refine(misfit, truth, max_iterations=60, tolerance=1e-6)

    def residuals(u, k):
        data = survey(**prior.decode(np.clip(u, 0, 1)[None]))
        return ((survey.channels.to_scale(data)[0] - scaled[k]) / sigma[k]).ravel()

    expected = [
        2 * least_squares(residuals, np.clip(u, 1e-6, 1 - 1e-6), bounds=(0, 1), args=(k,), xtol=1e-10).cost
        for k, u in enumerate(truth)
    ]
    excess = found.chi2 - np.array(expected)
    assert np.median(excess) < 0.1
    # In a narrow bent valley of equivalent models either may stop first; 3 in chi² are within the errors.
    assert (excess < 3).mean() > 0.9


def test_models_stay_inside_the_prior_even_for_impossible_data():
    survey, prior = VES
    _, scaled, sigma = soundings(survey, prior, 50)
    found = refine(Misfit(survey, prior, scaled + 5, sigma), np.full((50, 5), 0.5))
    assert (found.u >= 0).all() and (found.u <= 1).all()
    models = prior.decode(found.u)
    assert models["resistivity"].max() <= 1e4 and models["thickness"].min() >= 0.5
    assert (found.chi2 > 20).mean() > 0.5


def test_an_unused_reading_has_no_influence():
    survey, prior = VES
    u, scaled, sigma = soundings(survey, prior, 20)
    sigma = sigma.copy()
    sigma[:, 7] = np.inf
    found = []
    for value in (0.0, 50.0, np.nan):
        spoilt = scaled.copy()
        spoilt[:, 7] = value
        found.append(refine(Misfit(survey, prior, spoilt, sigma), u).u)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_the_answer_does_not_depend_on_the_rest_of_the_batch():
    survey, prior = VES
    u, scaled, sigma = soundings(survey, prior, 60)
    starts = starts_around(np.full_like(u, 0.5))
    whole = refine_multistart(Misfit(survey, prior, scaled, sigma), starts, enough=np.full(60, 24.0))
    part = refine_multistart(Misfit(survey, prior, scaled[7:9], sigma[7:9]), starts[7:9], enough=np.full(2, 24.0))
    # BLAS may sum in another order for another batch size
    np.testing.assert_allclose(whole.chi2[7:9], part.chi2, rtol=1e-6)


def test_further_starts_rescue_most_soundings_stuck_in_a_wrong_valley():
    survey, prior = VES
    truth, scaled, sigma = soundings(survey, prior, 300)
    misfit = Misfit(survey, prior, scaled, sigma)
    start = np.full_like(truth, 0.5)
    enough = np.full(len(truth), 24.0)
    one = refine(misfit, start)
    many = refine_multistart(misfit, starts_around(start), enough=enough)
    assert (many.chi2 <= one.chi2 + 1e-9).all()
    assert (one.chi2 > 30).mean() > 3 * (many.chi2 > 30).mean()
    assert (many.chi2 > 30).mean() < 0.05


def test_starts_begin_with_the_answer_and_stay_inside():
    u = np.random.default_rng(0).random((5, 4))
    starts = starts_around(u, n_starts=9)
    assert starts.shape == (5, 9, 4)
    np.testing.assert_array_equal(starts[:, 0], u)
    assert starts.min() >= 0 and starts.max() <= 1
    assert len({tuple(start) for start in starts[0]}) == 9


class Valleys:
    """A misfit of one parameter with two valleys: 50 deep at u = 0.2, 0 at u = 0.9, the watershed at 0.5."""

    def expand(self, u, rows):
        low = u[:, 0] < 0.5
        offset = u[:, 0] - np.where(low, 0.2, 0.9)
        return 1000 * offset**2 + 50 * low, -1000 * offset[:, None], np.full((len(u), 1, 1), 1000.0)


@pytest.mark.parametrize("n", [1, 200], ids=["a few", "many"])
@pytest.mark.parametrize(("place", "found"), [(1, True), (2, True), (3, False), (7, False)])
def test_no_start_is_tried_after_three_have_agreed(n, place, found):
    starts = np.full((n, 8, 1), 0.3)
    starts[:, place] = 0.8
    best = refine_multistart(Valleys(), starts, enough=np.full(n, 1.0))
    # a step that lowers chi² by less than 0.01 is the last
    np.testing.assert_allclose(best.u, 0.9 if found else 0.2, atol=0.01)
    np.testing.assert_allclose(best.chi2, 0 if found else 50, atol=0.1)


def test_a_good_fit_needs_no_further_start():
    starts = np.full((5, 3, 1), 0.3)
    starts[:, 1] = 0.8
    best = refine_multistart(Valleys(), starts, enough=np.full(5, 51.0))
    np.testing.assert_allclose(best.chi2, 50, atol=0.1)


SEGMENTS = np.zeros((2, 20), dtype=bool)
SEGMENTS[0, :8] = SEGMENTS[1, 11:] = True


def displaced(n, seed=3, anchored=False):
    """Displacements of two segments, some readings not used, and residuals; `anchored`: others are in no segment."""
    rng = np.random.default_rng(seed)
    sigma = rng.uniform(0.01, 0.1, (n, 20))
    sigma[rng.random((n, 20)) < 0.1] = np.inf
    if not anchored:
        sigma[:, ~SEGMENTS.any(axis=0)] = np.inf
    variance = rng.uniform(0.001, 0.1, (n, 2))
    difference = 0.05 * rng.standard_normal((n, 20)) + rng.standard_normal((n, 2)) * 0.2 @ SEGMENTS
    return Displacement(SEGMENTS, variance, sigma), difference, sigma, variance


def best_amounts(difference, sigma, variance, anchored=False):
    """Least squares over displacements, each penalised by its square over its variance; their weighted mean is zero
    unless readings in no segment give the level."""
    weight = 1 / sigma
    free = np.eye(2) if anchored else np.array([[variance[0]], [-variance[1]]])
    design = np.vstack([(SEGMENTS * weight).T, np.diag(variance**-0.5)]) @ free
    right = np.concatenate([difference * weight, np.zeros(2)])
    amount = np.linalg.lstsq(design, right)[0]
    return free @ amount, np.sum((right - design @ amount) ** 2)


@pytest.mark.parametrize("anchored", [False, True], ids=["segments only", "others stay"])
def test_displacements_and_what_they_leave_are_those_of_least_squares(anchored):
    displacement, difference, sigma, variance = displaced(40, anchored=anchored)
    assert (displacement.n_free == 1 + anchored).all()
    estimate = displacement.estimate(difference)
    left = displacement.project((difference / sigma)[:, :, None], np.arange(40))[:, :, 0]
    for k in range(40):
        amounts, remaining = best_amounts(difference[k], sigma[k], variance[k], anchored)
        np.testing.assert_allclose(estimate[k], amounts, rtol=1e-9)
        assert np.sum(left[k] ** 2) == pytest.approx(remaining, rel=1e-9)


def test_the_spread_of_a_displacement_is_its_standard_deviation_given_the_readings():
    displacement, _, sigma, variance = displaced(10)
    spread = displacement.spread()
    for k in range(10):
        weight = np.where(SEGMENTS, 1 / sigma[k], 0.0)
        information = np.diag(1 / variance[k]) + weight @ weight.T
        np.testing.assert_allclose(spread[k], np.sqrt(np.diag(np.linalg.inv(information))), rtol=1e-9)
    larger = Displacement(SEGMENTS, variance, 3 * sigma).spread()
    assert (spread < np.sqrt(variance)).all() and (larger > spread).all()


def test_projecting_concerns_each_sounding_and_each_column_by_itself():
    displacement, difference, sigma, _ = displaced(40)
    standardised = np.stack([difference / sigma, np.cos(difference) / sigma], axis=2)
    rows = np.array([7, 3, 7])
    together = displacement.project(standardised[rows], rows)
    for place, k in enumerate(rows):
        for column in range(2):
            alone = displacement.project(standardised[k : k + 1, :, column : column + 1], [k])
            np.testing.assert_allclose(together[place, :, column], alone[0, :, 0], rtol=1e-12, atol=1e-14)


def test_readings_of_no_segment_and_without_room_stay_where_they_are():
    displacement, difference, sigma, variance = displaced(10, anchored=True)
    standardised = np.where(np.isfinite(sigma), difference / sigma, 0.0)[:, :, None]
    left = displacement.project(standardised, np.arange(10))
    np.testing.assert_array_equal(left[:, 8:11], standardised[:, 8:11])
    fixed = Displacement(SEGMENTS, np.zeros_like(variance), sigma)
    np.testing.assert_array_equal(fixed.project(standardised, np.arange(10)), standardised)
    np.testing.assert_array_equal(fixed.estimate(difference), 0)


def test_a_segment_without_a_used_reading_is_not_displaced():
    sigma = np.full((1, 20), 0.03)
    sigma[0, :11] = np.inf
    displacement = Displacement(SEGMENTS, np.full((1, 2), 0.01), sigma)
    # the other is then the only one, and its displacement the ground's
    np.testing.assert_array_equal(displacement.estimate(np.full((1, 20), 0.5)), 0)
    assert np.isfinite(displacement.project(np.ones((1, 20, 1)), np.arange(1))).all()


def test_gradient_and_curvature_account_for_the_displacements():
    survey, prior = VES
    _, scaled, sigma = soundings(survey, prior, 30)
    sigma = np.where(SEGMENTS.any(axis=0), sigma, np.inf)
    _, _, _, variance = displaced(30)
    misfit = Misfit(survey, prior, scaled, sigma, displacement=Displacement(SEGMENTS, variance, sigma))
    rows = np.arange(30)
    u = 0.1 + 0.8 * np.random.default_rng(1).random((30, 5))
    chi2, gradient, curvature = misfit.expand(u, rows)
    np.testing.assert_allclose(misfit.value(u, rows), chi2, rtol=1e-12)
    difference = scaled - np.log(survey(**prior.decode(u)))
    remaining = [best_amounts(*each)[1] for each in zip(difference, sigma, variance, strict=True)]
    np.testing.assert_allclose(chi2, remaining, rtol=1e-9)
    step = 1e-5
    for j in range(5):
        shift = step * (np.arange(5) == j)
        slope = (misfit.value(u + shift, rows) - misfit.value(u - shift, rows)) / (2 * step)
        # gradient is J'r = -½ d(chi²)/du; central differences of large sums of squares
        np.testing.assert_allclose(gradient[:, j], -slope / 2, rtol=2e-5, atol=1e-4 * abs(gradient).max())
    assert (np.linalg.eigvalsh(curvature) > -1e-6 * abs(curvature).max()).all()


def test_refinement_with_displacements_finds_model_and_displacement():
    survey, prior = VES
    truth, scaled, sigma = soundings(survey, prior, 60)
    amounts = np.random.default_rng(5).normal(0, 0.2, (60, 1)) * [1, -1]
    moved = scaled + amounts @ SEGMENTS
    displacement = Displacement(SEGMENTS, np.full((60, 2), 0.04), sigma)
    with_room = refine(Misfit(survey, prior, moved, sigma, displacement=displacement), truth)
    without = refine(Misfit(survey, prior, moved, sigma), truth)
    # 20 readings and 5 parameters; the displacements' own penalties are 2 on average
    assert np.median(with_room.chi2) < 24 and np.median(without.chi2) > 40
    found = displacement.estimate(moved - np.log(survey(**prior.decode(with_room.u))))
    error = (found - amounts) @ [1, -1]
    assert np.median(abs(error)) < 0.25 * np.std(amounts @ [1, -1])


def test_what_all_segments_share_is_no_displacement():
    displacement, difference, _, _ = displaced(20)
    everywhere = SEGMENTS.any(axis=0)
    moved = displacement.estimate(difference + 0.7 * everywhere)
    scattered = displacement.estimate(difference)
    # the amounts are those of a mean of zero, whatever the level
    precision = 1 / displacement.variance
    for amounts in (moved, scattered):
        np.testing.assert_allclose((amounts * precision).sum(axis=1), 0, atol=1e-8 * precision.max())
    level = np.full((1, 20), 0.4)
    even = Displacement(SEGMENTS, np.full((1, 2), 0.05), np.where(everywhere, 0.03, np.inf)[None])
    assert abs(even.estimate(level)).max() < 0.1


def test_reweighting_finds_the_centre_where_most_segments_are():
    segments = np.repeat(np.eye(4, dtype=bool), 5, axis=1)
    sigma = np.full((1, 20), 0.005)
    displacement = Displacement(segments, np.full((1, 4), 0.03), sigma)
    amounts = displacement.estimate(np.array([[0.8, 0.0, 0.02, -0.02]]) @ segments)
    # at first the mean is zero, and the one that stands out moves the others
    assert amounts[0, 1] == pytest.approx(-0.2, abs=0.01)
    again = Displacement(segments, displacement.reweighted(amounts, 0.1, 3), sigma)
    amounts = again.estimate(np.array([[0.8, 0.0, 0.02, -0.02]]) @ segments)
    assert amounts[0, 0] == pytest.approx(0.8, abs=0.05) and abs(amounts[0, 1:]).max() < 0.05
    assert amounts[0, 0] - amounts[0, 1] == pytest.approx(0.8, abs=0.03)


def test_a_segment_beside_readings_that_stay_is_displaced_alone():
    sigma = np.full((1, 20), 0.005)
    displacement = Displacement(SEGMENTS, np.full((1, 2), 0.03), sigma)
    difference = np.array([[0.4, 0.0]]) @ SEGMENTS
    for _ in range(2):
        amounts = displacement.estimate(difference)
        assert amounts[0] == pytest.approx([0.4, 0.0], abs=1e-3)
        displacement = Displacement(SEGMENTS, displacement.reweighted(amounts, 0.1, 3), sigma)


def test_reweighting_leaves_a_large_displacement_more_room_than_a_small_one():
    displacement = Displacement(SEGMENTS, np.full((2, 2), 0.03), np.full((2, 20), 0.03))
    again = displacement.reweighted(np.array([[0.0, 0.01], [0.8, -0.8]]), 0.1, 3)
    assert (again[0] < 0.015).all() and (again[1] > 0.1).all()
