"""A sounding's own readings and the network's channels."""

import numpy as np
import pytest
import xarray as xr

from bpinvert import LayeredPrior, geometry
from forward_models import DipoleDipole, Magnetotelluric, PolePole, Rayleigh, Schlumberger, Wenner

SURVEY = Schlumberger(ab2=np.geomspace(1, 100, 9))


def observed(**variables):
    arrays = {name: np.atleast_2d(np.asarray(value, dtype=float)) for name, value in variables.items()}
    return xr.Dataset({name: (("sounding", "reading"), value) for name, value in arrays.items()})


def test_a_plain_array_is_on_the_surveys_own_channels():
    data = np.arange(18.0).reshape(2, 9) + 1
    group = geometry.groups(geometry.as_observed(data, SURVEY), SURVEY)[0]
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
    group = geometry.groups(dataset, survey)[0]
    assert group.survey is survey
    np.testing.assert_array_equal(group.data, [[1, 2, 3, 4, 5, 6]])


def test_soundings_of_one_geometry_are_one_group_and_padding_is_left_out():
    ab2 = np.array([[1, 10, 100, np.nan], [2, 20, 40, 80], [1, 10, 100, np.nan]])
    data = np.where(np.isnan(ab2), np.nan, 5.0)
    groups = geometry.groups(observed(apparent_resistivity=data, ab2=ab2), SURVEY)
    assert [group.rows.tolist() for group in groups] == [[0, 2], [1]]
    np.testing.assert_array_equal(groups[0].survey.ab2, [1, 10, 100])
    np.testing.assert_array_equal(groups[1].survey.ab2, [2, 20, 40, 80])


def test_each_reading_keeps_its_own_mn():
    dataset = observed(apparent_resistivity=[5, 6, 7], ab2=[10, 40, 40], mn2=[1, 1, 5])
    group = geometry.groups(dataset, SURVEY)[0]
    np.testing.assert_array_equal(group.survey.mn2, [1, 1, 5])


def test_what_cannot_be_used_is_masked_and_kept():
    dataset = observed(
        apparent_resistivity=[5, np.nan, -3, 0, np.inf, 8, 9],
        ab2=[1, 2, 3, 4, 5, 6, 7],
        apparent_resistivity_std=[np.nan, 1, 1, 1, 1, 0.0, 1],
    )
    dataset["used"] = (("sounding", "reading"), [[True] * 6 + [False]])
    group = geometry.groups(dataset, SURVEY)[0]
    assert group.used.tolist() == [[True, False, False, False, False, False, False]]
    assert group.data.shape == (1, 7)


def test_missing_context_is_named():
    with pytest.raises(ValueError, match=r"needs height of every sounding; add height\(sounding\)"):
        geometry.groups(observed(apparent_resistivity=[1.0], ab2=[1.0]), SURVEY, ("height",))


FINITE = Schlumberger(ab2=np.geomspace(1, 100, 9), mn2=np.geomspace(1, 100, 9) / 5)


def test_a_sheet_without_mn_is_ideal_unless_its_readings_are_the_trained_ones():
    other = geometry.as_observed(observed(apparent_resistivity=np.ones(4), ab2=[2, 4, 8, 16]), FINITE)
    assert geometry.groups(other, FINITE)[0].survey.mn2 is None
    own = geometry.as_observed(observed(apparent_resistivity=np.ones(9), ab2=FINITE.ab2), FINITE)
    assert geometry.groups(own, FINITE)[0].survey is FINITE


def test_soundings_of_another_array_are_refused():
    wenner = observed(apparent_resistivity=[1, 2, 3], a=[1, 2, 3]).assign_attrs(array="Wenner")
    with pytest.raises(ValueError, match="are of the array Wenner, this inverter was trained on PolePole"):
        geometry.as_observed(wenner, PolePole(a=[1, 2, 3]))
    with pytest.raises(ValueError, match="but lacks n, which this inverter needs"):
        geometry.as_observed(wenner.assign_attrs(array=None), DipoleDipole(a=5, n=[1, 2, 3]))


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


WENNER_A = np.array([2.0, 4, 8, 16, 32, 64])


def test_wenner_is_schlumberger_with_ab2_of_three_halves_and_mn2_of_half_a():
    models = LayeredPrior(n_layers=4, thickness=(0.5, 50), resistivity=(1, 1e4)).draw(500, 0)
    schlumberger = Schlumberger(ab2=1.5 * WENNER_A, mn2=0.5 * WENNER_A)
    # both are differences of the same potentials, rounded differently
    np.testing.assert_allclose(Wenner(WENNER_A)(**models), schlumberger(**models), rtol=1e-10)


@pytest.mark.parametrize("array", ["Wenner", None])
def test_a_wenner_sounding_for_a_schlumberger_inverter_keeps_its_electrodes(array):
    wenner = observed(apparent_resistivity=WENNER_A, a=WENNER_A)
    if array:
        wenner.attrs["array"] = array
    group = geometry.groups(geometry.as_observed(wenner, SURVEY), SURVEY)[0]
    np.testing.assert_allclose(group.survey.ab2, 1.5 * WENNER_A)
    np.testing.assert_allclose(group.survey.mn2, 0.5 * WENNER_A)
    np.testing.assert_array_equal(group.data, [WENNER_A])
    assert wenner.attrs.get("array") == array and "ab2" not in wenner


def test_a_wenner_inverter_takes_a_wenner_sounding_as_it_is():
    wenner = observed(apparent_resistivity=WENNER_A, a=WENNER_A).assign_attrs(array="Wenner")
    assert "ab2" not in geometry.as_observed(wenner, Wenner(WENNER_A))


def test_some_of_a_group_are_its_rows():
    data = np.arange(27.0).reshape(3, 9) + 1
    group = geometry.groups(geometry.as_observed(data, SURVEY), SURVEY)[0]
    group.context["height"] = np.array([30.0, 40, 50])
    some = group.take([2, 0])
    np.testing.assert_array_equal(some.data, data[[2, 0]])
    assert some.rows.tolist() == [2, 0] and some.context["height"].tolist() == [50, 30]
    assert some.survey is group.survey


def test_places_within_rounding_are_one_and_mn_tells_none_apart():
    # ln 3 and ln 3.0003 lie on either side of a rounding edge
    survey = Schlumberger(ab2=[3, 3.0003, 3, 10, 30], mn2=[0.5, 0.5, 1, 1, 1])
    data = np.full((2, 5), 50.0)
    used = np.array([[True] * 5, [True, True, True, True, False]])
    group = geometry.Group(np.arange(2), np.arange(5), survey, data, np.full((2, 5), np.nan), used, {})
    assert group.n_places().tolist() == [3, 2]


@pytest.mark.parametrize("trained", [np.repeat([0, 1], 5), 1], ids=["both", "first higher mode"])
@pytest.mark.parametrize("n", [10, 7])
def test_readings_of_the_fundamental_mode_are_of_that_mode_whatever_was_trained(trained, n):
    period = np.tile(np.geomspace(0.05, 0.5, 5), 2)
    survey = Rayleigh(period, mode=trained)
    table = ("sounding", "reading")
    elsewhere, mode = np.geomspace(0.06, 0.4, n)[None], np.zeros((1, n))
    variables = {"phase_velocity": 200 + elsewhere, "period": elsewhere, "mode": mode}
    observed = xr.Dataset({name: (table, values) for name, values in variables.items()})
    (group,) = geometry.groups(geometry.as_observed(observed, survey), survey)
    assert group.survey == Rayleigh(elsewhere[0], mode=0)


def test_complex_data_are_refused_and_not_halved():
    survey = Schlumberger(ab2=[1.0, 3.0, 10.0])
    data = np.array([[10.0, 20.0, 30.0 + 1j]])
    with pytest.raises(ValueError, match="the array holds complex numbers; data are real"):
        geometry.as_observed(data, survey)
    observed = geometry.as_observed(data.real, survey)
    with pytest.raises(ValueError, match="apparent_resistivity holds complex numbers"):
        geometry.as_observed(observed.assign(apparent_resistivity=observed["apparent_resistivity"] + 1j), survey)
