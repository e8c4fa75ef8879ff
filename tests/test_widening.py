"""A wider inverter includes the strangers of a result, and goes no further than they need."""

import json
import warnings

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import bpinvert as bp
from bpinvert.noise import usual_noise
from forward_models import Magnetotelluric, Schlumberger

SURVEY = Schlumberger(ab2=np.geomspace(1, 300, 16))
PRIOR = bp.LayeredPrior(n_layers=(2, 3), thickness=(1, 50), resistivity=(20, 500))
NOISE = bp.Noise(relative=0.03)
SMALL = {"hidden": 48, "max_epochs": 4}
FIT = {"n_samples": 2000, "n_calibration": 1000, "progress": False}
ORDINARY = [3.0, 20.0], [100.0, 30.0, 200.0]
CONDUCTIVE = [3.0, 20.0], [3.0, 100.0, 2.5]
FOUR_LAYERS = [1.5, 8.0, 25.0], [100.0, 25.0, 450.0, 20.0]


def sounding(thickness, resistivity, scatter=0.03, survey=SURVEY):
    data = survey(thickness=[thickness], resistivity=[resistivity])
    return data * np.exp(scatter * np.random.default_rng(0).standard_normal(data.shape))


def as_stranger(data, survey=SURVEY, prior=PRIOR, noise=NOISE, flag=1, **more):
    """What `invert` says of soundings: the readings and errors it used, the flags, and which inverter it was."""
    table, channels = ("sounding", "reading"), survey.channels
    data = np.atleast_2d(data)
    sigma = noise.sigma(data, channels)
    variables = {"flag": (("sounding",), np.broadcast_to(flag, len(data)).copy())}
    for quantity in channels.quantities:
        columns = channels.columns(quantity)
        variables[quantity] = (table, data[:, columns])
        variables[f"{quantity}_std"] = (table, sigma[:, columns])
        place = np.broadcast_to(channels.value[columns], (len(data), len(columns)))
        variables[channels.coordinate] = (table, place)
    attrs = {"survey": survey, "prior": prior, "noise": noise, "sheets": bp.Sheets()}
    attrs = {name: json.dumps(part.to_dict()) for name, part in attrs.items()}
    settings = {"hidden": 16, "trainer": "adam", "max_epochs": 12, "max_time": None}
    attrs |= {"settings": json.dumps(settings), "false_alarm_rate": 0.05, "method": survey.method}
    return xr.Dataset(variables | more, attrs=attrs)


def widened(*args, **kwargs):
    return bp.widen(as_stranger(*args, **kwargs))


def ranges(prior):
    described = prior.to_dict()
    return described["thickness"], dict(described["properties"])["resistivity"]


def holds(prior, thickness, resistivity):
    (thinnest, thickest), (low, high) = ranges(prior)
    return (
        thinnest <= min(thickness)
        and thickest >= max(thickness)
        and low <= min(resistivity)
        and max(resistivity) <= high
    )


@pytest.fixture(scope="module")
def inverter():
    return bp.Inverter(SURVEY, PRIOR, NOISE, **SMALL).fit(**FIT)


@pytest.mark.parametrize(
    "stranger",
    [CONDUCTIVE, pytest.param(FOUR_LAYERS, marks=pytest.mark.slow)],
    ids=["resistivities an eighth", "a layer more"],
)
def test_a_stranger_is_none_for_the_widened_inverter(inverter, stranger):
    data = np.vstack([sounding(*stranger), sounding(*ORDINARY)])
    result = inverter.invert(data)
    assert (result["flag"].values != 0).tolist() == [True, False]
    assert result["chi2"][0] > 10
    wider = bp.widen(result)
    assert holds(wider.prior, *stranger)
    assert wider.prior.layer_counts[-1] >= len(stranger[1])
    wider.settings |= SMALL
    # among a few training soundings a rare one has no neighbour
    again = wider.fit(**FIT | {"n_samples": 40_000}).invert(data)
    assert (again["flag"].values == 0).all()
    assert (again["chi2"] < 2).all()


def test_ranges_are_widened_at_the_end_that_needs_it_and_hardly_further():
    wider = widened(sounding(*CONDUCTIVE))
    thickness, (low, high) = ranges(wider.prior)
    assert thickness == [1.0, 50.0] and high == 500
    # 2.5 Ω·m, a margin of 1.5 and what the errors leave open
    assert 1.2 < low < 2.5
    assert wider.noise == NOISE and wider.survey == SURVEY and wider.prior.layer_counts == (2, 3)


def test_a_layer_is_added_where_that_helps_sooner_than_wider_ranges():
    wider = widened(sounding(*FOUR_LAYERS))
    assert wider.prior.layer_counts == (2, 3, 4)
    assert ranges(wider.prior) == ([1.0, 50.0], [20.0, 500.0])


def test_several_strangers_are_all_included():
    resistive = [3.0, 20.0], [2000.0, 100.0, 4000.0]
    wider = widened(np.vstack([sounding(*CONDUCTIVE), sounding(*FOUR_LAYERS), sounding(*resistive)]))
    low, high = ranges(wider.prior)[1]
    assert low < 2.5 and high > 4000 and wider.prior.layer_counts == (2, 3, 4)


def test_only_flagged_soundings_count():
    data = np.vstack([sounding(*CONDUCTIVE), sounding(*FOUR_LAYERS)])
    assert widened(data, flag=[0, 16]).prior.layer_counts == (2, 3, 4)
    assert ranges(widened(data, flag=[0, 16]).prior)[1] == [20, 500]
    assert widened(data, flag=[16, 0]).prior.layer_counts == (2, 3)


def test_a_reading_that_is_not_used_asks_for_nothing():
    spoilt = sounding(*CONDUCTIVE)
    spoilt[0, 5] *= 1000
    used = np.ones((1, 16), dtype=bool)
    used[0, 5] = False
    wider = widened(spoilt, used=(("sounding", "reading"), used))
    low, high = ranges(wider.prior)[1]
    assert 1.2 < low < 2.5 and high == 500


def test_errors_twice_as_large_are_taken_for_a_noisier_sheet_not_for_another_earth():
    data = sounding(*ORDINARY, scatter=0.08)
    wider = widened(data)
    assert ranges(wider.prior) == ([1.0, 50.0], [20.0, 500.0])
    low, high = wider.noise.relative
    assert low <= 0.03 and 0.05 < high < 0.1


def test_errors_of_the_sheet_beyond_those_of_the_training_are_included():
    data = sounding(*ORDINARY, scatter=0.15)
    std = (("sounding", "reading"), 0.15 * data)
    for noise in (NOISE, bp.Noise(relative=(0.02, 0.05))):
        wider = widened(data, noise=noise, apparent_resistivity_std=std)
        low, high = wider.noise.relative
        assert low == pytest.approx(0.03 if noise is NOISE else 0.02) and 0.15 < high < 0.2
        assert ranges(wider.prior) == ([1.0, 50.0], [20.0, 500.0])


def test_a_hopeless_sounding_is_named_in_a_warning_and_widens_nothing():
    hopeless = sounding(*ORDINARY, scatter=0.7)
    names = (("sounding",), np.array(["good", "L7/12"]))
    with pytest.warns(UserWarning, match="no layered model fits L7/12 within .* in ranges up to 30 times wider"):
        wider = widened(np.vstack([sounding(*CONDUCTIVE), hopeless]), name=names)
    assert ranges(wider.prior)[1][1] == 500 and wider.prior.layer_counts == (2, 3)
    assert wider.noise == NOISE


def test_a_hopeless_sounding_without_a_name_is_named_by_its_place_in_the_result():
    data = np.vstack([sounding(*ORDINARY), sounding(*CONDUCTIVE), sounding(*ORDINARY, scatter=0.7)])
    with pytest.warns(UserWarning, match="no layered model fits 2 within"):
        widened(data, flag=[0, 1, 1])


def test_where_the_prior_holds_the_sounding_already_a_warning_says_so():
    with pytest.warns(UserWarning, match="the prior already holds models that fit the flagged soundings"):
        wider = widened(sounding(*ORDINARY))
    assert wider.prior == PRIOR and wider.noise == NOISE and wider.survey == SURVEY


def test_channels_are_added_as_far_as_the_strangers_readings_go():
    longer = Schlumberger(ab2=np.geomspace(0.5, 900, 20))
    data = sounding(*CONDUCTIVE, survey=longer)
    result = as_stranger(data, longer)
    result.attrs["survey"] = json.dumps(SURVEY.to_dict())
    reached = bp.widen(result).survey.ab2
    np.testing.assert_array_equal(reached[2:18], SURVEY.ab2)
    step = 300 ** (1 / 15)
    # in the same steps, to within half of one
    np.testing.assert_allclose(np.diff(np.log(reached)), np.log(step))
    assert reached[0] < 0.5 * step**0.5 and reached[-1] > 900 / step**0.5
    masked = result.assign(used=(("sounding", "reading"), (longer.ab2 > 0.95)[None] & (longer.ab2 < 310)))
    assert bp.widen(masked).survey == SURVEY


def test_the_errors_and_readings_of_an_mt_sounding_are_widened_for_as_well():
    survey = Magnetotelluric(period=np.logspace(-3, 2, 12))
    prior = bp.LayeredPrior(n_layers=3, thickness=(100, 2000), resistivity=(20, 500))
    noise = usual_noise(survey.channels)
    data = survey(thickness=[[300.0, 1500.0]], resistivity=[[2000.0, 50.0, 3.0]])
    wider = widened(data, survey, prior, noise)
    low, high = ranges(wider.prior)[1]
    assert low < 3 and high > 2000 and wider.noise == noise and wider.survey == survey


def test_the_errors_of_an_mt_sounding_are_widened_where_only_they_are_too_small():
    survey = Magnetotelluric(period=np.logspace(-3, 2, 12))
    prior = bp.LayeredPrior(n_layers=3, thickness=(100, 2000), resistivity=(20, 500))
    noise = usual_noise(survey.channels)
    data = survey(thickness=[[300.0, 900.0]], resistivity=[[200.0, 50.0, 300.0]])
    scattered = usual_noise(survey.channels, 0.06).draw(data, survey.channels, 2)
    assert widened(scattered, survey, prior, noise, flag=32).prior == prior
    wider = widened(scattered, survey, prior, noise, flag=32).noise
    assert wider.relative["apparent_resistivity"][0] == 0.03 and wider.relative["apparent_resistivity"][1] > 0.045
    assert wider.floor["phase"][1] > 1.5 * noise.floor["phase"]


def test_rate_and_network_stay_as_they_were():
    wider = widened(sounding(*CONDUCTIVE))
    assert wider.false_alarm_rate == 0.05 and wider.settings["hidden"] == 16 and wider.settings["max_epochs"] == 12


def test_other_specifications_than_ranges_are_refused():
    prior = bp.LayeredPrior(n_layers=3, thickness=(1, 50), resistivity=stats.lognorm(1.0, scale=100))
    with pytest.raises(ValueError, match=r"resistivity of the prior is .*; only a \(low, high\) range can be widened"):
        widened(sounding(*CONDUCTIVE), prior=prior)


def test_without_a_flag_there_is_nothing_to_include(inverter):
    with pytest.raises(ValueError, match="no sounding of the result is flagged; there is nothing to include"):
        bp.widen(inverter.invert(sounding(*ORDINARY)))


@pytest.mark.parametrize("result", [None, xr.Dataset(), as_stranger(sounding(*ORDINARY)).drop_vars("flag")])
def test_what_is_no_result_is_refused(result):
    with pytest.raises(ValueError, match="does not say which inverter made it; pass one of a single call"):
        bp.widen(result)


def test_widening_repeats_and_leaves_the_result_as_it_is():
    result = as_stranger(sounding(*CONDUCTIVE))
    before = result.copy(deep=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bp.widen(result).to_dict() == bp.widen(result).to_dict()
    xr.testing.assert_identical(result, before)
