"""What the solver makes of soundings before anything is reported: errors, kinds, segments."""

import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert import checks, geometry, storage
from bpinvert.inverter.unaided import shipped
from bpinvert.results import STATUS
from forward_models import Magnetotelluric, Schlumberger

AB2 = np.array([1.5, 2, 3, 4, 6, 8, 10, 8, 10, 15, 20, 30, 40, 30, 40, 60, 80, 100, 150, 200, 150, 200, 300, 500])
SEGMENTS = [7, 6, 7, 4]
MN2 = np.repeat([0.5, 2, 10, 40], SEGMENTS)
PRIOR = bp.LayeredPrior(n_layers=(2, 4), thickness=(1, 50), resistivity=(5, 5000))
FIT = {"n_samples": 3000, "n_calibration": 2000, "progress": False}
SMALL = {"hidden": 16, "max_epochs": 8}


def sheet(data, std=None, used=None, ab2=AB2, mn2=MN2):
    table, shape = ("sounding", "reading"), np.shape(data)
    variables = {"apparent_resistivity": (table, data), "ab2": (table, np.broadcast_to(ab2, shape))}
    if mn2 is not None:
        variables["mn2"] = (table, np.broadcast_to(mn2, shape))
    if std is not None:
        variables["apparent_resistivity_std"] = (table, std * data)
    if used is not None:
        variables["used"] = (table, np.broadcast_to(used, shape))
    return xr.Dataset(variables, attrs={"method": "ves", "array": "Schlumberger"})


def soundings(n, level=0.03, seed=0):
    rng = np.random.default_rng(seed)
    data = Schlumberger(ab2=AB2, mn2=MN2)(**PRIOR.draw(n, rng))
    return data * np.exp(level * rng.standard_normal(data.shape))


def solution(inverter, observed, level="refined"):
    group = next(iter(geometry.groups(geometry.as_observed(observed, inverter.survey), inverter.survey)))
    (one,) = inverter.solver.solve(group, level)
    return one


def kind(observed, inverter=None):
    return solution(inverter or shipped(), observed, "network").strata[0]


def test_the_kind_of_a_sounding_is_told_by_its_readings_errors_layers_and_segments():
    data = soundings(1)
    readings, position, layers, segments, missing = kind(sheet(data))
    assert readings == len(AB2) and segments == 1 and layers in (2, 3, 4, 5) and missing == 0
    # errors that have to be estimated are told by a negative position; the first guess is the middle
    assert position == pytest.approx(-1.5)
    assert kind(sheet(data, 0.01))[1] == pytest.approx(0, abs=1e-9)
    assert kind(sheet(data, 0.1))[1] == pytest.approx(1, abs=1e-9)
    assert kind(sheet(data[:, :7], ab2=AB2[:7], mn2=MN2[:7]))[3] == 0
    # of the third segment one spacing is used, of the fourth none
    used = np.arange(len(AB2)) < 14
    assert kind(sheet(data, used=used))[[0, 3]].tolist() == [14, 1]
    # where the answer displaces segments that is another kind
    moved = solution(shipped(), sheet(data * np.repeat([1, 2, 1, 1], SEGMENTS), 0.03))
    assert moved.strata[0, 3] == 2 and (moved.shift != 0).any()


@pytest.mark.slow
def test_an_inverters_own_readings_with_its_own_errors_are_a_kind():
    survey = Schlumberger(ab2=np.geomspace(1, 300, 12))
    inverter = bp.Inverter(survey, PRIOR.fixed(3), bp.Noise(relative=0.03), **SMALL).fit(**FIT)
    data = survey(thickness=[[5.0, 20.0]], resistivity=[[100.0, 20.0, 500.0]])
    own = {"ab2": survey.ab2, "mn2": None}
    assert kind(sheet(data, **own), inverter)[0] == -1
    assert kind(sheet(data, 0.03, **own), inverter)[0] == -1
    assert kind(sheet(data, 0.05, **own), inverter)[0] == 12
    assert kind(sheet(data, used=np.arange(12) > 0, **own), inverter)[0] == 11


def test_readings_that_are_masked_count_no_more_than_readings_that_are_not_there():
    data = soundings(60)
    # two of four segments, and all readings but one of a third
    there = np.r_[0:7, 7:13, 13:14]
    masked = bp.invert(sheet(data, used=np.isin(np.arange(len(AB2)), there)))
    removed = bp.invert(sheet(data[:, there], ab2=AB2[there], mn2=MN2[there]))
    for name in ("noise_estimate", "n_layers", "resistivity", "p_joint", "chi2"):
        np.testing.assert_allclose(masked[name], removed[name], rtol=1e-6)


def test_a_displacement_that_was_found_is_no_part_of_what_the_checks_see():
    data = soundings(40)
    plain = solution(shipped(), sheet(data))
    moved = solution(shipped(), sheet(data * np.repeat([1, 3.0, 1, 1], SEGMENTS)))
    both = ((plain.shift != 0) == (moved.shift != 0)).all(axis=1) & (plain.n_layers == moved.n_layers)
    found = (moved.shift != 0).any(axis=1)
    assert found.mean() > 0.9
    seen = [checks.NAMES.index(name) for name in ("range", "mahalanobis", "neighbour", "noise")]
    # a factor of three raises all of these by several units where it is not taken off
    assert np.abs(plain.scores - moved.scores)[both][:, seen].max(initial=0) < 1
    assert np.median(moved.scores[:, seen] - plain.scores[:, seen], axis=0).max() < 0.3


@pytest.mark.parametrize("std", [None, 0.03], ids=["no errors", "errors"])
def test_a_displaced_segment_beside_readings_that_give_no_mn_is_found(std):
    data = soundings(60) * np.repeat([1, 1.6, 1, 1], SEGMENTS)
    mn2 = np.where(MN2 == MN2[0], np.nan, MN2)
    result = bp.invert(sheet(data, std, mn2=mn2))
    assert (result["chi2"] < 1.5).mean() > 0.9 and (result["flag"] != 0).mean() < 0.05
    shift = result["segment_shift"].values
    assert (shift[:, MN2 == MN2[0]] == 1).all()
    assert np.median(shift[:, SEGMENTS[0] + 2]) == pytest.approx(1.6, rel=0.1)


def test_soundings_that_state_their_errors_are_answered_apart_from_those_that_do_not():
    survey = Schlumberger(ab2=AB2)
    data = survey(**PRIOR.draw(80, np.random.default_rng(7)))
    data = data * np.exp(0.03 * np.random.default_rng(8).standard_normal(data.shape))
    std = np.where(np.arange(80)[:, None] % 2, np.nan, 0.03 * np.ones(len(AB2)))
    mixed = bp.invert(sheet(data, std, mn2=None))
    for rows, size in ((slice(0, None, 2), 0.03), (slice(1, None, 2), None)):
        apart = bp.invert(sheet(data[rows], size, mn2=None))
        for name in ("resistivity", "chi2", "p_joint", "noise_estimate"):
            np.testing.assert_allclose(mixed[name].values[rows], apart[name].values, rtol=1e-6, err_msg=name)


def test_one_reading_that_states_a_large_error_does_not_set_those_of_the_others():
    data = soundings(40)
    std = np.where(np.arange(len(AB2)) == 5, 0.2, np.nan)
    result = bp.invert(sheet(data, std))
    assert (result["noise_estimate"] < 0.1).all()
    assert np.median(result["noise_estimate"]) == pytest.approx(0.03, rel=0.2)
    np.testing.assert_allclose(result["apparent_resistivity_std"].values[:, 5], 0.2 * data[:, 5])
    assert (result["status"].values & STATUS["noise_estimated"][0] != 0).all()


def test_where_most_readings_state_their_errors_nothing_is_estimated():
    data = soundings(5)
    std = np.where(np.arange(len(AB2)) % 3, 0.099, np.nan)
    result = bp.invert(sheet(data, std))
    np.testing.assert_allclose(result["noise_estimate"], 0.099, rtol=1e-9)
    assert not (result["status"].values & STATUS["noise_estimated"][0]).any()
    assert "noise estimate is at the end of its range" not in bp.explain(result)


def test_readings_at_fewer_than_three_places_are_not_inverted():
    ab2 = np.array([10.0, 10, 10, 20, 20, 20])
    result = bp.invert(sheet(np.full((1, 6), 50.0), ab2=np.where(np.arange(6) < 5, ab2, 30.0), mn2=None))
    assert int(result["n_layers"][0]) > 0 and int(result["freedom"][0]) == 3
    two = shipped().invert(sheet(np.full((1, 6), 50.0), ab2=ab2, mn2=None))
    assert int(two["status"][0]) == STATUS["too_few_readings"][0]
    assert "not inverted: 6 usable readings, at least 3 at different places are needed" in bp.explain(two)


def test_readings_outside_the_training_range_are_told_without_the_displacement():
    survey = Schlumberger(ab2=AB2, mn2=MN2)
    data = survey(thickness=[[20.0]], resistivity=[[14_000.0, 18_000.0]])
    data = data * np.exp(0.02 * np.random.default_rng(0).standard_normal(data.shape))
    result = bp.invert(sheet(data * np.repeat([1, 2.5, 1, 1], SEGMENTS), 0.02))
    assert (result["segment_shift"].values[0][MN2 == 2] > 1.8).all()
    assert not result["reading_outside"].values.any() and "training range: ρa" not in bp.explain(result)


@pytest.mark.slow
def test_displaced_segments_of_a_survey_with_prescribed_mn_are_reported_too():
    survey = Schlumberger(ab2=AB2, mn2=MN2)
    inverter = bp.Inverter(survey, PRIOR.fixed(3), bp.Noise(relative=0.03), **SMALL).fit(**FIT)
    data = survey(thickness=[[8.0, 30.0]], resistivity=[[200.0, 30.0, 300.0]]) * np.repeat([1, 1.8, 1, 1], SEGMENTS)
    for given in (data, sheet(data, mn2=None)):
        result = inverter.invert(given)
        np.testing.assert_array_equal(result["mn2"].values[0], MN2)
        assert result["segment_shift"].values[0][MN2 == 2][0] > 1.3
        assert "displaced: MN/2 = " in bp.explain(result)


@pytest.mark.slow
def test_false_alarms_are_as_stated_for_an_error_with_a_floor():
    survey = Schlumberger(ab2=np.geomspace(1, 300, 12))
    prior = bp.LayeredPrior(n_layers=2, thickness=(1, 50), resistivity=(1, 1000))
    noise = bp.Noise(relative=0.03, floor=1.0)
    inverter = bp.Inverter(survey, prior, noise, **SMALL).fit(**FIT | {"n_calibration": 20_000})
    rng = np.random.default_rng(5)
    data = noise.draw(survey(**prior.draw(8000, rng)), survey.channels, rng)
    flagged = (inverter.invert(data)["flag"].values != 0).mean()
    assert flagged == pytest.approx(0.01, abs=0.004)


def test_errors_of_one_quantity_say_how_large_those_of_the_other_are():
    survey = Magnetotelluric(period=np.logspace(-3, 2, 10))
    noise = bp.Noise(relative={"apparent_resistivity": (0.01, 0.1)}, floor={"phase": (0.3, 3.0)})
    prior = bp.LayeredPrior(n_layers=2, thickness=(100, 1000), resistivity=(10, 1000))
    inverter = bp.Inverter(survey, prior, noise, **SMALL).fit(**FIT)
    data = survey(thickness=[[300.0]], resistivity=[[100.0, 20.0]])
    table = ("sounding", "reading")
    one = xr.Dataset(
        {
            "apparent_resistivity": (table, data[:, :10]),
            "phase": (table, data[:, 10:]),
            "apparent_resistivity_std": (table, 0.08 * data[:, :10]),
            "period": (table, survey.period[None]),
        }
    )
    found = solution(inverter, one)
    np.testing.assert_allclose(found.sigma[0, 10:], 0.3 * 10 ** np.log10(8), rtol=1e-9)
    # the errors that the noise estimate is of are given
    assert np.isnan(found.noise_estimate[0])


def test_the_inverter_that_is_shipped_knows_how_strange_a_sounding_is():
    data = soundings(5)
    plain = bp.invert(sheet(data))
    assert np.isfinite(plain["p_joint"]).all() and np.isfinite(plain["p_value"]).all()
    data[:, 3] *= 50
    assert (bp.invert(sheet(data))["flag"] != 0).all()


def test_a_file_whose_calibration_knows_other_kinds_is_refused(tmp_path):
    shipped().save(tmp_path / "a.nc")
    arrays, settings = storage.read(tmp_path / "a.nc", "inverter")
    arrays["calibration_refined_keys"] = arrays["calibration_refined_keys"][:, :3]
    storage.write(tmp_path / "b.nc", "inverter", arrays, settings)
    with pytest.raises(ValueError, match=r"b.nc lacks a part of an inverter \('calibration'\); make it again"):
        bp.load_inverter(tmp_path / "b.nc")
