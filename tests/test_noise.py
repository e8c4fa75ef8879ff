"""Noise: its standard deviation, its draws, and what is refused."""

import json

import numpy as np
import pytest
from scipy import stats

from bpinvert.noise import Noise, noise_from_dict
from forward_models import Channels, Magnetotelluric, Schlumberger

DC = Schlumberger(ab2=np.geomspace(1, 100, 5)).channels
MT = Magnetotelluric(period=[0.1, 1.0, 10.0]).channels
ASINH = Channels(("b",) * 2, ("V",) * 2, ("asinh",) * 2, "time", np.array([1.0, 2.0]), "s", width=np.full(2, 0.1))
DATA = np.exp(np.random.default_rng(0).normal(4, 2, (40, 5)))


def test_sigma_adds_floor_and_relative_error_in_squares():
    sigma = Noise(relative=0.03, floor=0.5).sigma(DATA, DC)
    np.testing.assert_allclose(sigma**2, 0.25 + (0.03 * DATA) ** 2)


def test_sigma_of_negative_data_is_positive():
    np.testing.assert_allclose(Noise(relative=0.1).sigma(np.array([[-2.0, 3.0]]), ASINH), [[0.2, 0.3]])


def test_sigma_on_scale_is_sigma_times_the_slope():
    for noise in (Noise(relative=0.03), Noise(relative=0.03, floor=0.5)):
        expected = noise.sigma(DATA, DC) * DC.scale_slope(DATA)
        np.testing.assert_allclose(noise.sigma_on_scale(DATA, DC), expected, rtol=1e-14)


def test_each_quantity_has_its_own_noise():
    data = np.tile([100.0, 200, 300, 45, 50, 55], (2, 1))
    sigma = Noise(relative={"apparent_resistivity": 0.05}, floor={"phase": 0.8}).sigma(data, MT)
    np.testing.assert_allclose(sigma, np.tile([5.0, 10, 15, 0.8, 0.8, 0.8], (2, 1)))


@pytest.mark.parametrize(
    ("noise", "data", "channels"),
    [
        (Noise(relative=0.05), [2.0, 30, 4000, 5, 6], DC),
        (Noise(relative=0.01, floor=0.2), [20.0, 30, 4000, 5, 6], DC),
        (
            Noise(relative={"apparent_resistivity": 0.05}, floor={"phase": 0.8}),
            [20.0, 30, 400, 5, 45, 60],
            MT,
        ),
        (Noise(relative=0.02, floor=0.01), [-3.0, 0.001], ASINH),
    ],
    ids=["log", "log with floor", "mt", "asinh"],
)
def test_drawn_noise_is_standard_normal_in_units_of_sigma_on_the_scale(noise, data, channels):
    data = np.tile(data, (4000, 1))
    noisy = noise.draw(data, channels, 1)
    z = (channels.to_scale(noisy) - channels.to_scale(data)) / noise.sigma_on_scale(data, channels)
    assert min(stats.kstest(column, "norm").pvalue for column in z.T) > 1e-3
    assert abs(np.corrcoef(z.T) - np.eye(z.shape[1])).max() < 0.07


def test_the_short_path_draws_what_the_general_one_draws():
    # A floor of 1e-300 forces the general path without changing sigma.
    short = Noise(relative=0.03).draw(DATA, DC, 5)
    general = Noise(relative=0.03, floor=1e-300).draw(DATA, DC, 5)
    np.testing.assert_allclose(short, general, rtol=1e-13)


def test_logarithmic_data_stay_positive_under_huge_noise():
    assert (Noise(relative=1.0).draw(np.full((5000, 5), 1e-3), DC, 2) > 0).all()


def test_data_without_a_logarithm_become_nan_on_both_paths():
    data = np.array([[1.0, -1.0, 0.5, np.nan, 2.0]])
    with np.errstate(invalid="raise"):
        short = Noise(relative=0.03).draw(data, DC, 3)
        general = Noise(relative=0.03, floor=0.1).draw(data, DC, 3)
    np.testing.assert_array_equal(np.isnan(short), [[False, True, False, True, False]])
    np.testing.assert_array_equal(np.isnan(general), np.isnan(short))


@pytest.mark.parametrize("noise", [Noise(relative=0.03), Noise(relative=0.03, floor=1.0)])
def test_float32_stays_float32_and_inputs_are_unchanged(noise):
    data = DATA.astype(np.float32)
    before = data.copy()
    assert noise.draw(data, DC, 4).dtype == np.float32
    np.testing.assert_array_equal(data, before)


def test_draws_repeat_with_the_seed():
    noise = Noise()
    np.testing.assert_array_equal(noise.draw(DATA, DC, 7), noise.draw(DATA, DC, 7))


def test_ranges_are_named_levels_drawn_log_uniformly():
    noise = Noise(relative={"apparent_resistivity": (0.01, 0.1), "phase": 0.02}, floor={"phase": (0.1, 2)})
    assert noise.level_names == ("relative:apparent_resistivity", "floor:phase")
    assert Noise(relative=(0.01, 0.1)).level_names == ("relative",)
    assert Noise().level_names == ()
    levels = noise.draw_levels(5000, 0)
    for column, ends in zip(levels.T, [(0.01, 0.1), (0.1, 2)], strict=True):
        assert stats.kstest(column, stats.loguniform(*ends).cdf).pvalue > 1e-3
    np.testing.assert_allclose(noise.middle_levels(), np.sqrt([0.01 * 0.1, 0.1 * 2]))
    assert Noise().draw_levels(4, 0).shape == (4, 0)


def test_levels_have_room_to_the_ends_of_their_range():
    low, high = Noise(relative=(0.01, 0.1)).level_room(np.array([[0.01], [0.02], [0.1]]))
    np.testing.assert_allclose(low, [1, 0.5, 0.1])
    np.testing.assert_allclose(high, [10, 5, 1])


def test_of_several_levels_the_one_with_least_room_decides():
    noise = Noise(relative={"apparent_resistivity": (0.01, 0.1)}, floor={"phase": (0.5, 2)})
    low, high = noise.level_room(np.array([[0.05, 0.6], [0.02, 1.5]]))
    np.testing.assert_allclose(low, [0.5 / 0.6, 0.5])
    np.testing.assert_allclose(high, [2, 2 / 1.5])


def test_fixed_levels_have_no_room():
    low, high = Noise(relative=0.03).level_room(np.empty((3, 0)))
    assert low.tolist() == high.tolist() == [1, 1, 1]


def test_the_position_of_a_level_is_logarithmic():
    noise = Noise(relative=(0.01, 0.1))
    levels = np.array([[0.01], [np.sqrt(0.001)], [0.1], [0.5], [0.001]])
    np.testing.assert_allclose(noise.position(levels), [0, 0.5, 1, 1, 0], atol=1e-12)
    assert stats.kstest(noise.position(noise.draw_levels(5000, 0)), "uniform").pvalue > 1e-3
    several = Noise(relative=(0.01, 0.1), floor=(1.0, 100.0))
    np.testing.assert_allclose(several.position(np.array([[0.1, 10.0]])), [0.75])
    assert Noise().position(np.empty((2, 0))).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("noise", "channels"),
    [
        (Noise(relative=0.03), DC),
        (Noise(relative=(0.01, 0.1)), DC),
        (Noise(floor=0.5, relative=0), DC),
        (Noise(relative=0.03, floor=0.1), DC),
        (Noise(relative={"apparent_resistivity": 0.05}, floor={"phase": 0.8}), MT),
        (Noise(relative=0.05), MT),
        (Noise(relative=0.02, floor=0.01), ASINH),
    ],
)
def test_noise_is_proportional_where_sigma_on_the_scale_is_the_same_for_all_data(noise, channels):
    data = np.exp(np.random.default_rng(0).normal(2, 1, (50, len(channels))))
    sigma = noise.sigma_on_scale(data, channels)
    assert noise.proportional(channels) == np.allclose(sigma, sigma[:1], rtol=1e-9)


def test_levels_set_sigma_row_by_row_and_the_middle_is_the_default():
    noise = Noise(relative=(0.01, 0.1))
    levels = np.linspace(0.01, 0.1, len(DATA))[:, None]
    np.testing.assert_allclose(noise.sigma(DATA, DC, levels), levels * DATA)
    np.testing.assert_allclose(noise.sigma_on_scale(DATA, DC, levels), np.tile(levels, 5))
    np.testing.assert_allclose(noise.sigma(DATA, DC), np.sqrt(0.001) * DATA)
    np.testing.assert_allclose(noise.sigma(DATA[0], DC, [0.02]), 0.02 * DATA[0])


def test_noise_survives_json():
    noise = Noise(relative={"apparent_resistivity": (0.01, 0.1)}, floor={"phase": 0.3})
    again = noise_from_dict(json.loads(json.dumps(noise.to_dict())))
    assert again == noise
    assert again.level_names == noise.level_names
    with pytest.raises(ValueError, match="has sigma; allowed are relative and floor"):
        noise_from_dict({"sigma": 3})


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"relative": -0.1}, "relative is -0.1; a noise level is finite and not negative"),
        ({"floor": float("nan")}, "floor is nan"),
        ({"relative": (0.1, 0.01)}, "0 < low < high"),
        ({"floor": (0, 1)}, "0 < low < high"),
        ({"relative": 3}, "relative is 3, that is 300 %.*For 3 % write 0.03"),
        ({"relative": (1, 10)}, "fractions"),
        ({"relative": {"phase": 5}}, "relative of phase is 5"),
        ({"relative": 0, "floor": 0}, "noise-free data need a small error"),
        ({"relative": {"phase": 0}}, "noise-free data need"),
        ({"relative": {}}, "empty dict"),
    ],
)
def test_an_impossible_noise_is_refused(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        Noise(**settings)


@pytest.mark.parametrize("relative", ["3%", None, (0.1, 0.2, 0.3), True, {"phase": "x"}])
def test_a_noise_of_the_wrong_kind_is_refused(relative):
    with pytest.raises(TypeError, match="number, a \\(low, high\\) range"):
        Noise(relative=relative)


def test_unknown_and_forgotten_quantities_are_named():
    with pytest.raises(ValueError, match="relative of rhoa, but the data are apparent_resistivity"):
        Noise(relative={"rhoa": 0.03}).sigma(DATA, DC)
    with pytest.raises(ValueError, match="gives phase neither"):
        Noise(relative={"apparent_resistivity": 0.03}).sigma(np.ones((1, 6)), MT)
    with pytest.raises(ValueError, match=r"levels has shape \(3, 2\); this noise has 1 levels \(relative\)"):
        Noise(relative=(0.01, 0.1)).sigma(DATA, DC, np.ones((3, 2)))


@pytest.mark.parametrize(
    "noise",
    [
        Noise(relative=(0.01, 0.1)),
        Noise(relative=0.03, floor=(0.5, 5.0)),
        Noise(relative=(0.01, 0.1), floor=0.8),
        Noise(relative=(0.01, 0.1), floor=(0.5, 5.0)),
    ],
    ids=["relative", "floor beside a relative error", "relative error beside a floor", "both"],
)
def test_stated_errors_tell_the_levels_that_they_were_made_with(noise):
    channels, rng = Schlumberger(ab2=np.geomspace(1, 300, 12)).channels, np.random.default_rng(0)
    data = np.exp(rng.normal(4, 1.5, (40, 12)))
    levels = noise.draw_levels(40, rng)
    sigma = noise.sigma(data, channels, levels)
    used = np.arange(12) != rng.integers(12, size=(40, 1))
    sigma[np.arange(12) == rng.integers(12, size=(40, 1))] = np.nan
    np.testing.assert_allclose(noise.levels_of(data, sigma, used, channels), levels, rtol=1e-6)


def test_errors_of_fewer_than_half_of_the_data_tell_no_level():
    noise, channels = Noise(relative=(0.01, 0.1)), Schlumberger(ab2=np.geomspace(1, 300, 12)).channels
    data, used = np.full((2, 12), 50.0), np.ones((2, 12), dtype=bool)
    sigma = np.where(np.arange(12) < np.array([[5], [6]]), 2.0, np.nan)
    np.testing.assert_allclose(noise.levels_of(data, sigma, used, channels)[:, 0], [np.nan, 0.04])


def test_errors_below_the_other_part_alone_are_the_smallest_of_the_range():
    noise, channels = Noise(relative=0.03, floor=(0.5, 5.0)), Schlumberger(ab2=[1.0, 10.0, 100.0]).channels
    data = np.full((1, 3), 100.0)
    np.testing.assert_allclose(noise.levels_of(data, 0.02 * data, data > 0, channels), [[0.5]])
