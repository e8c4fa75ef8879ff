"""A sounding's own readings and the network's channels."""

import numpy as np
import pytest
import xarray as xr

from bpinvert import geometry
from forward_models import Magnetotelluric, Schlumberger

SURVEY = Schlumberger(ab2=np.geomspace(1, 100, 9))


def observed(**variables):
    arrays = {name: np.atleast_2d(np.asarray(value, dtype=float)) for name, value in variables.items()}
    return xr.Dataset({name: (("sounding", "reading"), value) for name, value in arrays.items()})


def test_a_plain_array_is_on_the_surveys_own_channels():
    data = np.arange(18.0).reshape(2, 9) + 1
    group = next(iter(geometry.groups(geometry.as_observed(data, SURVEY), SURVEY)))
    assert group.survey is SURVEY
    np.testing.assert_array_equal(group.data, data)
    assert group.used.all()
    assert np.isnan(group.sigma).all()


def test_a_wrong_width_says_what_was_trained_and_what_to_do():
    message = r"data has 7 columns but this inverter was trained on 9 channels \(ab2 1–100 m\)\. Pass a Dataset"
    with pytest.raises(ValueError, match=message):
        geometry.as_observed(np.ones((2, 7)), SURVEY)


def test_things_that_are_no_data_are_refused():
    with pytest.raises(TypeError, match=r"observed is a str; pass an xarray\.Dataset from read_soundings or an array"):
        geometry.as_observed("line7.csv", SURVEY)
    with pytest.raises(ValueError, match="has rho_a, ab2 but lacks apparent_resistivity"):
        geometry.as_observed(observed(rho_a=[1, 2], ab2=[1, 2]), SURVEY)


def test_mt_data_are_channel_major():
    survey = Magnetotelluric(period=[0.1, 1.0, 10.0])
    dataset = geometry.as_observed(np.arange(1.0, 7).reshape(1, 6), survey)
    np.testing.assert_array_equal(dataset["apparent_resistivity"].values, [[1, 2, 3]])
    np.testing.assert_array_equal(dataset["phase"].values, [[4, 5, 6]])
    group = next(iter(geometry.groups(dataset, survey)))
    assert group.survey is survey
    np.testing.assert_array_equal(group.data, [[1, 2, 3, 4, 5, 6]])


def test_soundings_of_one_geometry_are_one_group_and_padding_is_left_out():
    ab2 = np.array([[1, 10, 100, np.nan], [2, 20, 40, 80], [1, 10, 100, np.nan]])
    data = np.where(np.isnan(ab2), np.nan, 5.0)
    groups = list(geometry.groups(observed(apparent_resistivity=data, ab2=ab2), SURVEY))
    assert [group.rows.tolist() for group in groups] == [[0, 2], [1]]
    np.testing.assert_array_equal(groups[0].survey.ab2, [1, 10, 100])
    np.testing.assert_array_equal(groups[1].survey.ab2, [2, 20, 40, 80])


def test_each_reading_keeps_its_own_mn():
    dataset = observed(apparent_resistivity=[5, 6, 7], ab2=[10, 40, 40], mn2=[1, 1, 5])
    group = next(iter(geometry.groups(dataset, SURVEY)))
    np.testing.assert_array_equal(group.survey.mn2, [1, 1, 5])


def test_what_cannot_be_used_is_masked_and_kept():
    dataset = observed(
        apparent_resistivity=[5, np.nan, -3, 0, np.inf, 8, 9],
        ab2=[1, 2, 3, 4, 5, 6, 7],
        apparent_resistivity_std=[np.nan, 1, 1, 1, 1, 0.0, 1],
    )
    dataset["used"] = (("sounding", "reading"), [[True] * 6 + [False]])
    group = next(iter(geometry.groups(dataset, SURVEY)))
    assert group.used.tolist() == [[True, False, False, False, False, False, False]]
    assert group.data.shape == (1, 7)


def test_missing_context_is_named():
    with pytest.raises(ValueError, match=r"needs height of every sounding; add height\(sounding\)"):
        list(geometry.groups(observed(apparent_resistivity=[1.0], ab2=[1.0]), SURVEY, ("height",)))


def mapped(own_ab2, values, sigma=None):
    own = Schlumberger(ab2=own_ab2)
    scaled = np.atleast_2d(np.asarray(values, dtype=float))
    sigma = np.full(scaled.shape, 0.03) if sigma is None else np.atleast_2d(sigma)
    return geometry.to_channels(own.channels, SURVEY.channels, scaled, sigma)


def test_mapping_reproduces_anything_linear_in_ln_ab2():
    own = np.array([30.0, 0.7, 3, 130, 9])
    values, extrapolated = mapped(own, 2 + 3 * np.log(own))
    np.testing.assert_allclose(values[0], 2 + 3 * np.log(SURVEY.ab2))
    assert not extrapolated[0]


def test_repeated_readings_are_averaged():
    values, _ = mapped([1, 10, 10, 100], [0.0, 1.0, 3.0, 4.0])
    assert values[0, 4] == pytest.approx(2.0)


def test_nothing_is_invented_beyond_the_last_reading():
    values, extrapolated = mapped([1, 10, 40], [0.0, 1.0, 2.0])
    assert np.isnan(values[0, SURVEY.ab2 > 40]).all()
    assert np.isfinite(values[0, SURVEY.ab2 < 40]).all()
    assert extrapolated[0]


def test_a_masked_reading_has_no_influence():
    sigma = np.array([0.03, np.inf, 0.03, 0.03])
    first, _ = mapped([1, 5, 10, 100], [0.0, 99.0, 1.0, 2.0], sigma)
    second, _ = mapped([1, 5, 10, 100], [0.0, -99.0, 1.0, 2.0], sigma)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, mapped([1, 10, 100], [0.0, 1.0, 2.0])[0])


FINITE = Schlumberger(ab2=np.geomspace(1, 100, 9), mn2=np.geomspace(1, 100, 9) / 5)


def test_a_sheet_without_mn_is_ideal_unless_its_readings_are_the_trained_ones():
    other = geometry.as_observed(observed(apparent_resistivity=np.ones(4), ab2=[2, 4, 8, 16]), FINITE)
    assert geometry.groups(other, FINITE)[0].survey.mn2 is None
    own = geometry.as_observed(observed(apparent_resistivity=np.ones(9), ab2=FINITE.ab2), FINITE)
    assert geometry.groups(own, FINITE)[0].survey is FINITE


def test_soundings_of_another_array_are_refused():
    from forward_models import DipoleDipole, PolePole

    wenner = observed(apparent_resistivity=[1, 2, 3], a=[1, 2, 3]).assign_attrs(array="Wenner")
    with pytest.raises(ValueError, match="are of the array Wenner, this inverter was trained on PolePole"):
        geometry.as_observed(wenner, PolePole(a=[1, 2, 3]))
    with pytest.raises(ValueError, match="but lacks n, which this inverter needs"):
        geometry.as_observed(wenner.assign_attrs(array=None), DipoleDipole(a=5, n=[1, 2, 3]))


def test_dipole_readings_correspond_only_where_both_coordinates_agree():
    from forward_models import DipoleDipole

    trained = DipoleDipole(a=[10, 10, 10, 5], n=[1, 2, 3, 3])
    own = DipoleDipole(a=[5, 10, 20], n=[3, 1, 1])
    mapped, _ = geometry.to_channels(own.channels, trained.channels, np.array([[7.0, 8, 9]]), np.full((1, 3), 0.1))
    np.testing.assert_array_equal(mapped, [[8, np.nan, np.nan, 7]])
    back = geometry.at_readings(own.channels, trained.channels, np.array([1.0, 2, 3, 4]))
    np.testing.assert_array_equal(back, [4, 1, np.nan])


def test_one_geometry_for_all_soundings_may_stand_on_reading_alone_and_dimensions_in_any_order():
    data = np.arange(1.0, 19).reshape(2, 9)
    natural = xr.Dataset(
        {
            "apparent_resistivity": (("reading", "sounding"), data.T),
            "used": ("reading", [True] * 8 + [False]),
            "ab2": ("reading", SURVEY.ab2),
        }
    )
    checked = geometry.as_observed(natural, SURVEY)
    group = geometry.groups(checked, SURVEY)[0]
    assert group.survey is SURVEY
    np.testing.assert_array_equal(group.data, data)
    assert group.used[:, :8].all() and not group.used[:, 8].any()
    single = geometry.as_observed(natural.isel(sounding=1), SURVEY)
    np.testing.assert_array_equal(single["apparent_resistivity"].values, data[1:])


def test_an_open_used_is_not_used_and_text_is_refused():
    dataset = observed(apparent_resistivity=[1, 2, 3], ab2=[1, 2, 3], used=[1, np.nan, 0])
    assert geometry.groups(geometry.as_observed(dataset, SURVEY), SURVEY)[0].used.tolist() == [[True, False, False]]
    dataset["used"] = (("sounding", "reading"), [["yes", "no", "yes"]])
    with pytest.raises(ValueError, match="used holds text; it must be True or False"):
        geometry.as_observed(dataset, SURVEY)


def test_an_infinite_error_switches_a_reading_off():
    dataset = observed(apparent_resistivity=[1, 2, 3], ab2=[1, 2, 3], apparent_resistivity_std=[0.1, np.inf, 0.1])
    assert geometry.groups(dataset, SURVEY)[0].used.tolist() == [[True, False, True]]


def test_a_reading_that_cannot_exist_is_left_out_and_the_others_stay():
    dataset = observed(apparent_resistivity=[5, 6, 7, 8], ab2=[-10, 20, 40, 80], mn2=[1, 30, 1, np.nan])
    group = geometry.groups(dataset, SURVEY)[0]
    assert group.readings.tolist() == [2, 3]
    np.testing.assert_array_equal(group.survey.mn2, [1, 0])
