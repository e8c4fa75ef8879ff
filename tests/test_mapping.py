"""Readings as linear functions of the network's channels."""

import numpy as np
import pytest

from bpinvert import LayeredPrior, geometry
from forward_models import DipoleDipole, Magnetotelluric, Schlumberger
from forward_models.survey import Channels

SURVEY = Schlumberger(ab2=np.geomspace(1, 1000, 31))
AB2 = np.geomspace(3, 300, 25)
MT = Magnetotelluric(period=np.logspace(-2, 2, 13))


def matrix(own, survey=SURVEY):
    return geometry.readings_matrix(own.channels, survey.channels)


def channels_at(ab2, mn2=None):
    """Channels of any readings, also several at one place."""
    n = len(ab2)
    extra = {} if mn2 is None else {"mn2": np.asarray(mn2, dtype=float)}
    kind = {"quantity": ("apparent_resistivity",) * n, "unit": ("Ω·m",) * n, "scale": ("log",) * n}
    return Channels(**kind, coordinate="ab2", value=np.asarray(ab2, dtype=float), coordinate_unit="m", extra=extra)


@pytest.mark.parametrize(
    ("own", "survey"),
    [
        (Schlumberger(ab2=AB2), SURVEY),
        (Schlumberger(ab2=AB2, mn2=AB2 / 3), SURVEY),
        (Schlumberger(ab2=[1.0, 1000.0], mn2=[0.4, 300.0]), SURVEY),
        (Magnetotelluric(period=np.logspace(-1.5, 1.7, 9)), MT),
    ],
    ids=["ideal", "finite MN", "finite MN at the ends", "MT"],
)
def test_over_a_half_space_every_reading_is_the_channels_value(own, survey):
    np.testing.assert_allclose(matrix(own, survey).sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("survey", [SURVEY, MT], ids=["VES", "MT"])
def test_the_channels_own_readings_are_the_channels(survey):
    np.testing.assert_allclose(matrix(survey, survey), np.eye(len(survey.channels)), atol=1e-12)


def test_the_order_of_readings_and_channels_does_not_matter():
    order = np.random.default_rng(0).permutation(31)
    mixed = matrix(Schlumberger(ab2=AB2[::-1]), Schlumberger(ab2=SURVEY.ab2[order]))
    np.testing.assert_allclose(mixed, matrix(Schlumberger(ab2=AB2))[::-1][:, order], atol=1e-12)


def test_a_curve_that_is_a_cubic_of_ln_ab2_is_met_between_the_channels():
    cubic = np.polynomial.Polynomial([3, -2, 0.5, 0.1])
    between = matrix(Schlumberger(ab2=AB2)) @ cubic(np.log(SURVEY.ab2))
    np.testing.assert_allclose(between, cubic(np.log(AB2)), rtol=1e-10)


def test_quantities_are_not_mixed():
    part = matrix(Magnetotelluric(period=[0.05, 3.0]), MT)
    assert (part[:2, 13:] == 0).all() and (part[2:, :13] == 0).all()
    np.testing.assert_array_equal(part[:2, :13], part[2:, 13:])


def finite_mn(low, high, ratio):
    """Errors of ln ρa of readings with finite MN by the matrix, and by reading the curve at AB/2 alone."""
    models = LayeredPrior(n_layers=3, thickness=(1, 100), resistivity=(low, high)).draw(1000, 0)
    own = Schlumberger(ab2=AB2, mn2=AB2 * ratio)
    exact, curve = np.log(own(**models)), np.log(SURVEY(**models))
    return curve @ matrix(own).T - exact, curve @ matrix(Schlumberger(ab2=AB2)).T - exact


def test_a_reading_with_finite_mn_is_the_average_that_the_physics_gives():
    averaged, _ = finite_mn(99.5, 100.5, 1 / 3)
    # ln of a mean against the mean of ln: of second order in the contrast of 1 %
    assert abs(averaged).max() < 1e-5


@pytest.mark.parametrize("ratio", [0.1, 0.2, 1 / 3])
def test_finite_mn_is_met_several_times_better_than_by_a_point_of_the_curve(ratio):
    averaged, point = finite_mn(10, 1000, ratio)
    assert averaged.std() < point.std() / 3.5
    # contrasts up to 1:100 and a Wenner array: the mean of ln ρa is not ln of the mean
    assert averaged.std() < 0.018 * (3 * ratio) ** 2


def test_a_reading_beyond_the_channels_is_no_function_of_them():
    own = Schlumberger(ab2=[0.9, 0.99999, 500, 1000.01, 1100])
    np.testing.assert_array_equal(np.isnan(matrix(own)).all(axis=1), [True, False, False, False, True])
    np.testing.assert_array_equal(np.isnan(matrix(own)).any(axis=1), [True, False, False, False, True])
    both = np.isnan(matrix(Magnetotelluric(period=[1e-3, 1.0]), MT)).any(axis=1)
    np.testing.assert_array_equal(both, [True, False, True, False])


def test_channels_at_one_place_count_as_their_mean():
    survey = Schlumberger(ab2=[1, 10, 10, 100, 1000])
    np.testing.assert_allclose(matrix(Schlumberger(ab2=[10.0]), survey), [[0, 0.5, 0.5, 0, 0]], atol=1e-12)


def test_between_three_channels_readings_are_linear():
    survey = Schlumberger(ab2=[1, 10, 100])
    np.testing.assert_allclose(matrix(Schlumberger(ab2=[10**1.25]), survey), [[0, 0.75, 0.25]], atol=1e-12)


DIPOLES = DipoleDipole(a=[10, 10, 10, 5], n=[1, 2, 3, 3])


def test_dipole_readings_correspond_only_where_both_coordinates_agree():
    own = DipoleDipole(a=[5, 10, 20], n=[3, 1, 1])
    np.testing.assert_array_equal(matrix(own, DIPOLES), [[0, 0, 0, 1], [1, 0, 0, 0], [np.nan] * 4])
    back = geometry.at_readings(own.channels, DIPOLES.channels, np.array([1.0, 2, 3, 4]))
    np.testing.assert_array_equal(back, [4, 1, np.nan])


def test_a_value_per_channel_is_linear_between_them_and_constant_beyond():
    values = 2 + np.log(SURVEY.ab2)
    at = geometry.at_readings(Schlumberger(ab2=[0.1, 1, 7, 1000, 5000]).channels, SURVEY.channels, values)
    np.testing.assert_allclose(at, 2 + np.log([1, 1, 7, 1000, 1000]))
    assert geometry.at_readings(SURVEY.channels, SURVEY.channels, values) is values
    phase = geometry.at_readings(Magnetotelluric(period=[0.01, 100]).channels, MT.channels, np.arange(26.0))
    np.testing.assert_allclose(phase, [0, 12, 13, 25])


def own_range(channels, columns):
    """Of sheets that all begin and end with the channels."""
    place = np.log(channels.value[columns])
    return place.min(), place.max()


def is_extrapolated(ab2, used=True, reach=own_range):
    used = np.broadcast_to(used, (1, len(ab2)))
    return bool(geometry.extrapolated(Schlumberger(ab2=ab2).channels, SURVEY.channels, used, reach)[0])


def test_a_sounding_that_ends_early_or_goes_beyond_is_extrapolated():
    step = 10**0.1
    assert not is_extrapolated([1, 30, 1000])
    # half the distance to the next channel is tolerated, to either side
    assert not is_extrapolated([step**0.45, 1000 * step**-0.45])
    assert not is_extrapolated([step**-0.45, 1000 * step**0.45])
    for first, last in [(step**0.55, 1000), (1, 1000 * step**-0.55), (step**-0.55, 1000), (1, 1000 * step**0.55)]:
        assert is_extrapolated([first, last])


def test_only_readings_that_are_used_reach_anywhere():
    assert is_extrapolated([1, 30, 1000], [[True, True, False]])
    assert is_extrapolated([1, 30, 1000], [[False] * 3])
    assert not is_extrapolated([0.1, 1, 1000], [[False, True, True]])


def test_a_sounding_that_begins_and_ends_as_in_training_is_not_extrapolated():
    reach = lambda channels, quantity: (np.log(5), np.log(50))  # noqa: E731
    assert not is_extrapolated([4.9, 60], reach=reach)
    assert is_extrapolated([6, 60], reach=reach)
    assert is_extrapolated([4.9, 40], reach=reach)


def test_every_quantity_must_reach_as_far():
    used = np.ones((3, 26), dtype=bool)
    used[1, 12] = used[2, 25] = False
    np.testing.assert_array_equal(geometry.extrapolated(MT.channels, MT.channels, used, own_range), [False, True, True])


def test_of_dipole_arrays_every_channel_must_be_there():
    used = np.array([[True] * 4, [True, True, False, True]])
    np.testing.assert_array_equal(
        geometry.extrapolated(DIPOLES.channels, DIPOLES.channels, used, own_range), [False, True]
    )
    more = DipoleDipole(a=[10, 10, 10, 5, 20], n=[1, 2, 3, 3, 1])
    everything = np.ones((1, 5), dtype=bool)
    assert not geometry.extrapolated(more.channels, DIPOLES.channels, everything, own_range)[0]


def test_readings_with_one_pair_of_potential_electrodes_are_a_segment():
    segments = geometry.mn_segments(channels_at([2, 4, 8, 8, 16, 32, 64, 128], [0.5, 0.5, 0.5, 4, 4, 4, 10, 0]))
    # one with a single spacing moves along where others can be displaced; the ideal reading stays
    np.testing.assert_array_equal(
        segments, [[1, 1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1, 0, 0], [0, 0, 0, 0, 0, 0, 1, 0]]
    )


def test_where_most_readings_have_electrodes_of_their_own_there_is_nothing_to_displace():
    ab2, mn2 = [2, 4, 8, 16, 32, 64, 128, 256, 300], [0.5, 0.5, 2, 2, 8, 16, 32, 64, 75]
    assert geometry.mn_segments(channels_at(ab2, mn2)).shape == (0, 9)
    assert geometry.mn_segments(channels_at(ab2[:6], mn2[:6])).shape == (4, 6)


@pytest.mark.parametrize(
    "mn2",
    [None, [0, 0, 0, 0], [1, 1, 1, 1], [0.5, 1, 2, 4], [0.5, 0.5, 0.5, 4], [0.5, 0.5, 0, 0]],
    ids=["not given", "ideal", "one for all", "a ratio", "only one segment", "a segment and ideal ones"],
)
def test_without_two_segments_there_is_nothing_to_displace(mn2):
    assert geometry.mn_segments(channels_at([8, 16, 32, 64], mn2)).shape == (0, 4)


def test_a_pair_of_electrodes_is_told_by_its_distance_within_rounding():
    # ln 3 = 1.0986 and ln 3.0003 = 1.0987: no rounding edge parts them
    segments = geometry.mn_segments(channels_at([8, 16, 32, 64], [3, 3.0003, 5, 5 - 1e-9]))
    np.testing.assert_array_equal(segments, [[1, 1, 0, 0], [0, 0, 1, 1]])
