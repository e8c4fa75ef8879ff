"""What the network is shown in training is what field sheets say, and as sure as it is said to be."""

import numpy as np
import pytest

from bpinvert import Inverter, LayeredPrior, Noise, geometry
from bpinvert.codec import Codec
from bpinvert.inverter import fitting
from bpinvert.inverter.simulations import Simulations
from bpinvert.inverter.training_sheets import TrainingSheets, displacements, error_covariance
from bpinvert.noise import usual_noise
from bpinvert.sheets import Sheets
from forward_models import Magnetotelluric, Schlumberger

VES = Schlumberger(ab2=np.geomspace(1, 300, 16)), LayeredPrior(3, thickness=(1, 60), resistivity=(5, 2000))
MT = Magnetotelluric(period=np.logspace(-3, 2, 12)), LayeredPrior(3, thickness=(100, 2000), resistivity=(5, 2000))
VARYING = Noise(relative=(0.01, 0.1))
CASES = {
    "VES, 3 %": (VES, Noise(relative=0.03)),
    "VES, 1 to 10 %": (VES, VARYING),
    "MT": (MT, usual_noise(MT[0].channels, 0.03)),
    "MT, varying": (MT, usual_noise(MT[0].channels, (0.01, 0.1))),
}


def shown(survey, prior, noise, sheets, n=8000, seed=0):
    """Inputs, what is unsure, true standardised channels, and the codec."""
    rng = np.random.default_rng(seed)
    simulations = Simulations.draw(survey, prior, noise, n, rng)
    codec = Codec(survey.channels, None, noise.level_names).fit(simulations.scaled, noise.draw_levels(n, rng))
    paper = TrainingSheets(survey, sheets, noise, rng)
    inputs, unsure = paper.observe(simulations, codec, rng)
    m = len(survey.channels)
    true = (simulations.scaled - codec.mean[:m]) / codec.std[:m]
    return inputs, unsure, true, codec


def miss(case, n=8000, **sheets):
    """Errors of the inputs over what is unsure."""
    (survey, prior), noise = CASES[case]
    inputs, unsure, true, _ = shown(survey, prior, noise, Sheets(errors_given=1.0, **sheets), n)
    return (inputs[:, : true.shape[1]] - true) / unsure


@pytest.mark.parametrize("complete", [0.0, 1.0], ids=["random sheets", "complete sheets"])
@pytest.mark.parametrize("case", CASES)
def test_the_inputs_miss_the_true_channels_by_as_much_as_they_are_unsure(case, complete):
    ratio = miss(case, complete=complete, shift=0.0)
    # Earths are Gaussian only roughly: most are a little smoother than the covariance lets expect.
    assert np.sqrt(np.mean(ratio**2)) == pytest.approx(1, abs=0.05)
    assert 0.85 < np.median(abs(ratio)) / 0.6745 < 1.05


def test_displaced_segments_are_met_as_well_but_for_those_far_off():
    ratio = miss("VES, 3 %", n=40_000, complete=0.0, shift=0.1)
    assert 0.8 < np.median(abs(ratio)) / 0.6745 < 1
    # Student's t is no Gaussian, but of the variance that was assumed
    assert np.sqrt(np.mean(ratio**2)) == pytest.approx(1, abs=0.1)


def test_what_is_sure_is_met_closely_and_what_is_unsure_is_not():
    inputs, unsure, true, _ = shown(*VES, Noise(relative=0.03), Sheets(complete=0.0))
    error = inputs - true
    assert abs(error[unsure < 0.05]).mean() < 0.05
    assert abs(error[unsure > 0.5]).mean() > 0.3
    assert (unsure > 0).all() and (unsure <= 1).all()
    assert np.corrcoef(np.log(abs(error)).ravel(), np.log(unsure).ravel())[0, 1] > 0.5


def test_complete_sheets_with_small_errors_show_the_channels_themselves():
    inputs, unsure, true, _ = shown(*VES, Noise(relative=1e-4), Sheets(complete=1.0))
    # errors up to three times 1e-4, in units of the spread of ln ρa
    np.testing.assert_allclose(inputs, true, atol=3e-3)
    assert unsure.max() < 1e-3


def test_noise_levels_are_shown_where_the_sheet_states_errors_and_else_the_middle():
    middle = np.log(VARYING.middle_levels()[0])
    for given, spread in ((1.0, np.log(10) / np.sqrt(12)), (0.0, 0.0)):
        inputs, _, _, codec = shown(*VES, VARYING, Sheets(errors_given=given), n=60_000)
        level = inputs[:, -1] * codec.std[-1] + codec.mean[-1]
        # one level for each 256 soundings
        assert level.mean() == pytest.approx(middle, abs=0.15)
        assert level.std() == pytest.approx(spread, abs=0.08)


def test_larger_errors_leave_more_unsure():
    inputs, unsure, _, _ = shown(*VES, VARYING, Sheets(complete=1.0, errors_given=1.0), n=20_000)
    correlation = np.corrcoef(inputs[:, -1], np.log(unsure.mean(axis=1)))[0, 1]
    assert correlation > 0.8


def test_complete_sheets_have_the_errors_of_the_noise_model_all_alike():
    _, unsure, _, _ = shown(*VES, Noise(relative=0.03), Sheets(complete=1.0, errors_given=1.0), n=60_000)
    np.testing.assert_allclose(unsure, np.broadcast_to(unsure[0], unsure.shape), rtol=1e-6)


def test_each_sounding_is_shown_once_whatever_their_number():
    for n in (1, 3, 255, 256, 257, 1000):
        rng = np.random.default_rng(0)
        survey, prior = VES
        noise = Noise(relative=0.01)
        simulations = Simulations.draw(survey, prior, noise, n, rng)
        codec = Codec(survey.channels, None).fit(np.log(survey(**prior.draw(500, 1))))
        inputs, unsure = TrainingSheets(survey, Sheets(complete=1.0), noise, rng).observe(simulations, codec, rng)
        assert inputs.shape == unsure.shape == (n, 16)
        # in their own order
        np.testing.assert_allclose(inputs, (simulations.scaled - codec.mean) / codec.std, atol=0.2)


def test_the_pool_holds_sheets_as_drawn():
    survey, _ = VES
    sheets = Sheets(complete=0.5)
    paper = TrainingSheets(survey, sheets, Noise(), np.random.default_rng(0))
    pool = sheets.draw(survey, len(paper.matrix), np.random.default_rng(0))
    np.testing.assert_array_equal(paper.used.sum(axis=1), [sheet.used.sum() for sheet in pool])
    np.testing.assert_allclose(paper.matrix.sum(axis=2), paper.used, atol=1e-12)
    k = next(k for k, sheet in enumerate(pool) if sheet.place is None)
    np.testing.assert_array_equal(paper.matrix[k][paper.used[k]], np.eye(16))
    assert paper.segments.any()
    assert not (paper.segments & ~paper.used[:, None]).any()


def test_without_a_shift_there_are_no_segments():
    paper = TrainingSheets(VES[0], Sheets(shift=0.0), Noise(), np.random.default_rng(0))
    assert not paper.segments.any()


def test_displacements_are_students_t_and_never_beyond_a_factor_of_seven():
    moved = displacements(np.random.default_rng(0), 0.1, (200_000,))
    # quartiles of Student's t with three degrees of freedom
    np.testing.assert_allclose(np.quantile(moved, [0.25, 0.5, 0.75]), [-0.0765, 0, 0.0765], atol=0.002)
    assert abs(displacements(np.random.default_rng(0), 1.0, (200_000,))).max() == 2


def test_readings_of_a_segment_share_their_displacement_in_the_covariance():
    rng = np.random.default_rng(0)
    segments = np.array([[1, 1, 1, 0, 0, 0], [0, 0, 0, 0, 1, 1]])
    sigma, shift = np.array([0.1, 0.2, 0.1, 0.1, 0.3, 0.1]), np.array([0.2, 0.5])
    drawn = sigma * rng.standard_normal((400_000, 6)) + (shift * rng.standard_normal((400_000, 2))) @ segments
    covariance = error_covariance(sigma**2, segments, shift)
    np.testing.assert_allclose(covariance, np.cov(drawn.T), atol=2e-3)
    np.testing.assert_allclose(error_covariance(sigma**2, segments, 0.2)[:3], covariance[:3], atol=1e-15)
    np.testing.assert_array_equal(error_covariance(sigma**2, segments[:0], 0.2), np.diag(sigma**2))
    stacked = error_covariance(np.stack([sigma, 2 * sigma]) ** 2, np.stack([segments, segments]), np.stack([shift] * 2))
    np.testing.assert_allclose(stacked[0], covariance)
    np.testing.assert_allclose(np.diagonal(stacked[1] - covariance), 3 * sigma**2)


def test_of_the_calibration_soundings_with_several_mn_some_are_not_displaced():
    survey, prior = VES
    inverter = Inverter(survey, prior, Noise(relative=1e-6), sheets=Sheets(complete=0.0))
    moved = []
    for group, models in fitting.fresh_groups(inverter, 6000, 0):
        if len(geometry.mn_segments(group.survey.channels)):
            moved += (abs(np.log(group.data / group.survey(**models))) > 1e-3).any(axis=1).tolist()
    assert 500 < len(moved) < 4000
    assert np.mean(moved) == pytest.approx(0.7, abs=0.06)
