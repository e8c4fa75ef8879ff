"""Data that change sign: their noise, their residuals, and the scales of both."""

import numpy as np
import pytest
from scipy import stats

from bpinvert.noise import Noise, usual_noise
from bpinvert.refinement import Misfit, fitting_scale
from forward_models import LoopLoop, Schlumberger

COILS = LoopLoop(frequency=[400.0, 1800, 8000, 36000], offset=8.0, orientation="HCP")
CHANNELS = COILS.channels
NOISE = Noise(relative=0.05, floor=5.0)


def test_noise_of_signed_data_is_gaussian_in_their_unit_also_around_zero():
    data = np.tile([0.0, 2.0, -30.0, 4000.0, 0.0, -2.0, 30.0, 1e-9], (4000, 1))
    z = (NOISE.draw(data, CHANNELS, 1) - data) / NOISE.sigma(data, CHANNELS)
    assert min(stats.kstest(column, "norm").pvalue for column in z.T) > 1e-3


def test_sigma_on_the_scale_is_the_slope_for_small_and_a_secant_for_large_errors():
    data = np.array([[-300.0, -1.0, 0.0, 0.5, 20.0, 3e3, 1e-3, 7.0]])
    small = 1e-6 * np.ones_like(data)
    np.testing.assert_allclose(CHANNELS.sigma_on_scale(data, small), small * CHANNELS.scale_slope(data), rtol=1e-9)
    moderate = 1e-3 * np.hypot(data, 1)
    np.testing.assert_allclose(
        CHANNELS.sigma_on_scale(data, moderate), moderate * CHANNELS.scale_slope(data), rtol=1e-5
    )
    large = np.full_like(data, 1e4)
    # 1e4 times a slope of 1 would be a factor of exp(1e4)
    np.testing.assert_allclose(CHANNELS.sigma_on_scale(data, large)[0, [2, 6]], np.arcsinh(1e4))
    ohm_metres = Schlumberger(ab2=[1, 10]).channels
    np.testing.assert_array_equal(ohm_metres.sigma_on_scale([[2.0, 4.0]], [[2.0, 40.0]]), [[1, 10]])


def test_on_the_scale_of_an_inverter_noise_is_the_same_everywhere():
    channels = NOISE.resolving(COILS).channels
    np.testing.assert_array_equal(channels.width, 100)
    data = np.array([[-1e4, -100.0, -1, 0, 0.1, 3, 300, 3e4]])
    np.testing.assert_allclose(NOISE.sigma_on_scale(data, channels), 0.05, rtol=2e-3)


def test_scales_are_never_finer_than_the_surveys_nor_linear_without_end():
    assert (Noise(relative=0.05).resolving(COILS).channels.width == 1).all()
    assert (Noise(relative=0.0, floor=2.0).resolving(COILS).channels.width == 200).all()
    np.testing.assert_allclose(Noise(relative=(0.02, 0.08), floor=2.0).resolving(COILS).channels.width, 50)
    wide = LoopLoop(COILS.frequency, 8.0, "HCP", width=700.0)
    assert (NOISE.resolving(wide).channels.width == 700).all()


def test_what_an_inverters_scale_is_makes_no_other_survey():
    resolved = NOISE.resolving(COILS)
    assert resolved == COILS and resolved.to_dict() == COILS.to_dict() and (COILS.channels.width == 1).all()
    dc = Schlumberger(ab2=[1, 10, 100])
    assert NOISE.resolving(dc) is dc


@pytest.mark.parametrize("sigma", [0.3, 5.0, 200.0], ids=["finer than the scale", "as the scale", "coarser"])
def test_chi2_of_the_right_model_is_one_although_errors_exceed_the_data(sigma):
    rng = np.random.default_rng(2)
    truth = np.tile([0.0, 1.0, -3.0, 50.0, 300.0, -100.0, 0.2, 5.0], (20_000, 1))
    data = truth + sigma * rng.standard_normal(truth.shape)
    scaled, scaled_sigma, width = fitting_scale(CHANNELS, data, np.full_like(data, sigma))
    residuals = (scaled - CHANNELS.to_scale(truth, width)) / scaled_sigma
    assert abs(np.square(residuals).mean(axis=0) - 1).max() < 0.05
    # of second order in σ over the datum, as on a logarithmic scale
    assert abs(residuals.mean(axis=0)).max() < 0.04


def test_a_model_far_from_the_data_is_compared_by_its_logarithm():
    data, sigma = np.full((1, 8), 100.0), np.full((1, 8), 3.0)
    scaled, scaled_sigma, width = fitting_scale(CHANNELS, data, sigma)
    residuals = (scaled - CHANNELS.to_scale(1e6 * data, width)) / scaled_sigma
    assert abs(residuals).max() < 20 * np.log(1e6) / 0.03 / 10


def test_scales_of_logarithmic_data_stay_as_they_are():
    channels = Schlumberger(ab2=[1, 10]).channels
    scaled, sigma, width = fitting_scale(channels, np.array([[2.0, 5.0]]), np.array([[0.2, 0.1]]))
    np.testing.assert_array_equal(scaled, np.log([[2.0, 5.0]]))
    np.testing.assert_allclose(sigma, [[0.1, 0.02]], rtol=1e-15)
    assert width is None


def test_the_misfits_gradient_is_that_of_its_value_on_the_scale_of_the_errors():
    from bpinvert import LayeredPrior

    prior = LayeredPrior(n_layers=2, thickness=(1, 20), resistivity=(1, 1000))
    rng = np.random.default_rng(0)
    u = rng.random((3, 3))
    data = COILS(**prior.decode(rng.random((3, 3))))
    scaled, sigma, width = fitting_scale(CHANNELS, data, NOISE.sigma(data, CHANNELS))
    misfit = Misfit(COILS, prior, scaled, sigma, width=width)
    rows = np.arange(3)
    _, gradient, _ = misfit.expand(u, rows)
    step = 1e-5
    for k in range(3):
        up, down = (misfit.value(u + sign * step * np.eye(3)[k], rows) for sign in (1, -1))
        np.testing.assert_allclose(-2 * gradient[:, k], (up - down) / (2 * step), rtol=1e-4, atol=1e-3)
    assert (misfit.take([2, 0]).width == width[[2, 0]]).all()


def test_usual_errors_of_signed_data_have_a_floor():
    noise = usual_noise(CHANNELS)
    assert noise == Noise(relative=0.03, floor={"in_phase": 1.0, "quadrature": 1.0})
    assert (noise.sigma(np.zeros((1, 8)), CHANNELS) == 1).all()


def test_levels_are_found_from_stated_errors_of_signed_data():
    noise = Noise(relative=(0.01, 0.2), floor=(1.0, 50.0))
    data = np.array([[-200.0, 3.0, 0.1, 900.0, 40.0, -5.0, 2000.0, 0.0]])
    sigma = np.hypot(8.0, 0.07 * np.abs(data))
    levels = noise.levels_of(data, sigma, np.ones_like(data, dtype=bool), CHANNELS)
    np.testing.assert_allclose(levels, [[0.07, 8.0]], rtol=1e-6)
