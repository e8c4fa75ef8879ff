"""Refinement fits what can be fitted, and never leaves the prior."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from bpinvert import LayeredPrior
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
