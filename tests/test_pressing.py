"""What of a best fit's misfit is no noise: how hard the prior's edge is pressed, and what is smooth."""

import numpy as np
import pytest

import bpinvert as bp
from bpinvert.codec import Codec
from bpinvert.geometry import as_observed, groups
from bpinvert.inverter.pressing import pressure
from bpinvert.inverter.problem import Problem
from bpinvert.refinement import Misfit, refine
from forward_models import Schlumberger

SURVEY = Schlumberger(ab2=np.geomspace(1, 300, 15))
PRIOR = bp.LayeredPrior(n_layers=2, thickness=(1, 30), resistivity=(10, 1000))
SIGMA = 0.03


def best_fit(thickness, resistivity, prior=PRIOR):
    scaled = np.log(SURVEY(thickness=thickness, resistivity=resistivity))
    misfit = Misfit(SURVEY, prior, scaled, np.full(scaled.shape, SIGMA))
    return misfit, refine(misfit, np.full((len(scaled), 3), 0.5))


def test_no_model_inside_the_prior_is_pressed():
    misfit, fit = best_fit([[8.0], [3.0]], [[50, 400.0], [300, 20.0]])
    assert pressure(misfit, fit.u).tolist() == [0, 0]


@pytest.mark.parametrize("basement", [1100.0, 1300.0, 9.0])
def test_pressure_is_the_fall_of_chi_square_when_the_edge_is_taken_away(basement):
    resistivity = [[100.0, basement]]
    misfit, fit = best_fit([[8.0]], resistivity)
    assert np.isin(fit.u, [0, 1]).any()
    _, free = best_fit([[8.0]], resistivity, PRIOR.widened(2, 3.0))
    # first order in the distance beyond the edge
    assert pressure(misfit, fit.u)[0] == pytest.approx(fit.chi2[0] - free.chi2[0], rel=0.25)


def test_a_parameter_at_the_edge_that_wants_to_stay_is_no_pressure():
    misfit, fit = best_fit([[8.0]], [[100.0, 400.0]])
    u = fit.u.copy()
    # the layer's resistivity at the upper edge although the data want it lower
    u[0, 1] = 1.0
    assert pressure(misfit, u)[0] == 0


def test_pressure_grows_with_the_distance_beyond_the_edge():
    misfit, fit = best_fit([[8.0]] * 4, [[100, rho] for rho in (999.0, 1050.0, 1500.0, 3000.0)])
    assert (np.diff(pressure(misfit, fit.u)) > 0).all()


@pytest.fixture(scope="module")
def codec():
    models = PRIOR.draw(4000, np.random.default_rng(0))
    return Codec(SURVEY.channels, PRIOR).fit(np.log(SURVEY(**models)))


def smooth_part(codec, difference, sigma=SIGMA):
    data = np.full((len(difference), 15), 100.0)
    problem = Problem(next(iter(groups(as_observed(data, SURVEY), SURVEY))), SURVEY, bp.Noise(relative=0.03), 0.0)
    return problem.smooth_part(codec, np.broadcast_to(sigma, data.shape), difference)


def test_the_smooth_part_of_noise_is_the_number_of_smooth_combinations(codec):
    part, n = smooth_part(codec, SIGMA * np.random.default_rng(1).standard_normal((4000, 15)))
    # curves of two layers move in some combinations of the 15 readings
    assert 3 < n[0] < 10 and (n == n[0]).all()
    # 4000 sums of about as many squares
    assert part.mean() == pytest.approx(n[0], rel=0.05)


def test_a_trend_is_smooth_and_alternating_readings_are_not(codec):
    trend, alternating = np.linspace(-0.1, 0.1, 15), 0.1 * (-1.0) ** np.arange(15)
    part, _ = smooth_part(codec, np.stack([trend, alternating, 0 * trend]))
    whole = np.square(np.stack([trend, alternating]) / SIGMA).sum(axis=1)
    assert part[0] > 0.9 * whole[0] and part[1] < 0.1 * whole[1] and part[2] == 0


def test_readings_that_are_not_used_have_no_part(codec):
    sigma = np.full((2, 15), SIGMA)
    sigma[:, 4] = np.inf
    difference = np.random.default_rng(2).standard_normal((2, 15)) * SIGMA
    difference[1] = difference[0]
    difference[1, 4] = np.nan
    part, n = smooth_part(codec, difference, sigma)
    assert part[0] == part[1] and n[0] == n[1] < smooth_part(codec, difference[:1])[1][0]
