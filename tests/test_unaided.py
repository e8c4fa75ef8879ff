"""A sheet alone: the inverter that comes with the package, on soundings whose ground is known."""

import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert.inverter.unaided import is_served, shipped
from bpinvert.results import STATUS
from forward_models import Schlumberger, Wenner

AB2 = np.array([1.5, 2, 3, 4, 6, 8, 10, 8, 10, 15, 20, 30, 40, 30, 40, 60, 80, 100, 150, 200])
SEGMENTS = [7, 6, 7]
MN2 = np.repeat([0.5, 2, 10], SEGMENTS)
PRIOR = bp.LayeredPrior(n_layers=(2, 4), thickness=(1, 50), resistivity=(5, 5000))


def sheet(data, std=None, **place):
    """Soundings of one geometry as `read_soundings` gives them."""
    table, shape = ("sounding", "reading"), np.shape(data)
    variables = {name: (table, np.broadcast_to(values, shape)) for name, values in place.items()}
    variables["apparent_resistivity"] = (table, data)
    if std is not None:
        variables["apparent_resistivity_std"] = (table, std * data)
    return xr.Dataset(variables, attrs={"method": "ves", "array": "Wenner" if "a" in place else "Schlumberger"})


def noisy(survey, n, level, seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    models = PRIOR.draw(n, rng)
    data = survey(**models) * np.exp(level * rng.standard_normal((n, len(survey.channels))))
    if shift:
        data = data * np.exp(np.repeat(shift * rng.standard_normal((n, 3)), SEGMENTS, axis=1))
    return data


def displaced(result):
    return (result["status"].values & STATUS["segments_shifted"][0]) != 0


@pytest.mark.parametrize("std", [pytest.param(None, marks=pytest.mark.slow), 0.03], ids=["no errors", "errors"])
def test_segments_are_displaced_where_they_are_and_hardly_where_they_are_not(std):
    survey = Schlumberger(ab2=AB2, mn2=MN2)
    still = bp.invert(sheet(noisy(survey, 200, 0.03), std, ab2=AB2, mn2=MN2))
    moved = bp.invert(sheet(noisy(survey, 200, 0.03, shift=0.2), std, ab2=AB2, mn2=MN2))
    assert displaced(still).mean() < 0.2 and displaced(moved).mean() > 0.9
    # where nothing is displaced, `predicted` is the model's own answer
    plain = still.isel(sounding=np.flatnonzero(~displaced(still)))
    assert (plain["segment_shift"] == 1).all()
    assert (moved["chi2"] < 1.5).mean() > 0.9


def test_displacements_are_those_that_were_made_up_to_what_all_share():
    survey = Schlumberger(ab2=AB2, mn2=MN2)
    data = survey(thickness=[[8.0, 30.0]], resistivity=[[200.0, 30.0, 300.0]])
    data = data * np.exp(0.03 * np.random.default_rng(1).standard_normal(data.shape))
    result = bp.invert(sheet(data * np.repeat([1.0, 1.5, 1.0], SEGMENTS), ab2=AB2, mn2=MN2))
    first, second, third = (result["segment_shift"].values[0][MN2 == value][0] for value in (0.5, 2, 10))
    assert second / first == pytest.approx(1.5, rel=0.1) and third / first == pytest.approx(1, rel=0.1)
    assert first == pytest.approx(1, rel=0.1)
    np.testing.assert_allclose(result["resistivity"].values[0, :2], [200, 30], rtol=0.25)


def test_a_large_displacement_passes_neither_for_noise_nor_for_strange_ground():
    survey = Schlumberger(ab2=AB2, mn2=MN2)
    data = noisy(survey, 200, 0.03) * np.repeat([1.0, 2.5, 1.0], SEGMENTS)
    result = bp.invert(sheet(data, ab2=AB2, mn2=MN2))
    assert np.median(result["noise_estimate"]) == pytest.approx(0.03, rel=0.15)
    assert (result["flag"] != 0).mean() < 0.04


@pytest.mark.parametrize(("n", "level"), [(20, 0.02), (20, 0.06), (10, 0.05), (6, 0.05)])
def test_the_noise_of_a_sheet_without_errors_is_found(n, level):
    ab2 = np.geomspace(1.5, 200, n)
    result = bp.invert(sheet(noisy(Schlumberger(ab2), 150, level), ab2=ab2))
    ratio = result["noise_estimate"].values / level
    # six readings tell next to nothing: the estimate is then near the middle of 1 to 10 %
    assert np.median(ratio) == pytest.approx(1, abs=0.12 if n > 6 else 0.35)
    assert np.quantile(ratio, 0.05) > 0.4


def test_four_readings_say_nothing_of_the_noise():
    ab2 = np.array([2.0, 8, 30, 120])
    result = bp.invert(sheet(noisy(Schlumberger(ab2), 20, 0.05), ab2=ab2))
    assert np.median(result["noise_estimate"]) == pytest.approx(np.sqrt(0.001), rel=0.05)


def test_errors_that_so_few_readings_cannot_tell_are_said_to_be_assumed():
    ab2 = np.array([1.5, 5, 15, 50, 150])
    exact = Schlumberger(ab2)(thickness=[[5.0, 20.0]], resistivity=[[100.0, 20.0, 500.0]])
    result = bp.invert(sheet(exact, ab2=ab2))
    assert float(result["noise_estimate"][0]) == pytest.approx(np.sqrt(0.001), rel=0.05)
    assert "Note: so few readings do not tell their errors; 3.2 % is assumed" in bp.explain(result)


def test_a_wenner_sounding_is_served_as_the_schlumberger_sounding_that_it_is():
    a = np.geomspace(1, 100, 16)
    data = noisy(Wenner(a), 5, 0.02)
    wenner = bp.invert(sheet(data, 0.02, a=a))
    same = bp.invert(sheet(data, 0.02, ab2=1.5 * a, mn2=0.5 * a))
    np.testing.assert_allclose(wenner["resistivity"], same["resistivity"])
    np.testing.assert_allclose(wenner["a"], np.broadcast_to(a, data.shape))
    n = int(wenner["n_layers"][0])
    model = {name: wenner[name].values[:1, : n - (name == "thickness")] for name in ("thickness", "resistivity")}
    np.testing.assert_allclose(wenner["predicted_apparent_resistivity"].values[:1], Wenner(a)(**model), rtol=1e-7)


def test_an_answer_does_not_depend_on_its_neighbours():
    ab2 = np.tile(np.geomspace(1.5, 200, 15), (4, 1))
    ab2[1], ab2[2] = np.geomspace(3, 30_000, 15), np.geomspace(2, 900, 15)
    data = np.vstack([noisy(Schlumberger(row), 1, 0.03, seed=k) for k, row in enumerate(ab2)])
    together = bp.invert(sheet(data, ab2=ab2))
    for k in range(4):
        if k == 1:
            continue
        alone = bp.invert(sheet(data[k : k + 1], ab2=ab2[k]))
        for name in ("resistivity", "chi2", "noise_estimate", "p_joint", "status", "flag"):
            np.testing.assert_allclose(together[name].values[k], alone[name].values[0], rtol=1e-4, err_msg=name)


def test_readings_beyond_the_range_are_used_by_the_refinement_and_said():
    ab2 = np.geomspace(3, 30_000, 20)
    data = noisy(Schlumberger(ab2), 3, 0.03)
    result = bp.invert(sheet(data, 0.03, ab2=ab2))
    assert (result["status"].values & STATUS["extrapolated"][0] != 0).all()
    assert result["used"].all() and np.isfinite(result["residual_apparent_resistivity"]).all()


def test_what_the_package_serves_is_told_from_what_it_trains_for():
    near, far = np.geomspace(1.5, 200, 10), np.geomspace(0.01, 0.5, 10)
    assert is_served(sheet(np.full((1, 10), 50.0), ab2=near)) and is_served(sheet(np.full((1, 10), 50.0), a=near))
    assert not is_served(sheet(np.full((1, 10), 50.0), ab2=far))
    assert shipped() is shipped() and shipped().prior.layer_counts == (2, 3, 4, 5)


def test_errors_that_are_absurd_leave_a_sounding_that_is_answered():
    ab2 = np.concatenate([np.geomspace(1, 100, 9), np.geomspace(1, 100, 9)])
    data = noisy(Schlumberger(ab2), 1, 0.03)
    for std in (1e-14, 1e200, np.where(np.arange(18) < 9, 1e-12, 0.03)):
        result = bp.invert(sheet(data, std, ab2=ab2))
        assert (
            np.isfinite(result["resistivity"].values[0, 0]) or int(result["status"][0]) & STATUS["too_few_readings"][0]
        )


def test_used_may_be_numbers_or_lie_on_other_dimensions():
    ab2 = np.geomspace(1.5, 200, 12)
    data = noisy(Schlumberger(ab2), 3, 0.03)
    plain = sheet(data, 0.03, ab2=ab2)
    used = np.arange(12) != 4
    expected = bp.invert(plain.assign(used=(("sounding", "reading"), np.broadcast_to(used, data.shape))))
    for marks in (
        (("sounding", "reading"), np.broadcast_to(used, data.shape).astype(int)),
        (("sounding", "reading"), np.broadcast_to(used, data.shape).astype(float)),
        (("reading", "sounding"), np.broadcast_to(used, data.shape).T),
        (("reading",), used),
    ):
        result = bp.invert(plain.assign(used=marks))
        np.testing.assert_allclose(result["resistivity"], expected["resistivity"], rtol=1e-9)
        assert not result["used"].values[:, 4].any()
    flat = plain.assign(ab2=(("reading",), ab2), used=(("sounding", "reading"), np.ones(data.shape, dtype=bool)))
    np.testing.assert_allclose(bp.invert(flat)["chi2"], bp.invert(plain)["chi2"], rtol=1e-9)


def test_a_result_is_no_view_of_the_soundings_and_has_all_of_their_variables():
    ab2 = np.geomspace(1.5, 200, 12)
    data = noisy(Schlumberger(ab2), 3, 0.03)
    observed = sheet(data, 0.03, ab2=ab2).assign(
        x=("sounding", np.arange(3.0)), remark=(("reading", "sounding"), np.full((12, 3), "dry"))
    )
    before = observed.copy(deep=True)
    result = bp.invert(observed)
    assert result["remark"].dims == ("sounding", "reading")
    result["x"].values[:] = 9
    assert observed.identical(before)


def test_a_sounding_is_named_by_number_or_name():
    ab2 = np.geomspace(1.5, 200, 12)
    names = ("sounding", ["well", "school", "school"])
    result = bp.invert(sheet(noisy(Schlumberger(ab2), 3, 0.03), 0.03, ab2=ab2).assign(name=names))
    assert bp.explain(result, "well") == bp.explain(result, 0) == bp.explain(result, -3)
    with pytest.raises(ValueError, match=r"2 soundings are named 'school'; give one's number: \[1, 2\]"):
        bp.explain(result, "school")
    with pytest.raises(ValueError, match="there is no sounding 'mill'; there are well, school, school"):
        bp.explain(result, "mill")


def test_checked_soundings_are_explained_like_inverted_ones():
    for n in (4, 6, 20):
        ab2 = np.geomspace(1.5, 200, n)
        observed = sheet(noisy(Schlumberger(ab2), 2, 0.03), ab2=ab2)
        assert bp.explain(shipped().check(observed), 1) == bp.explain(shipped().invert(observed), 1)


def test_a_close_fit_is_said_to_be_too_good_only_where_the_model_could_not_follow_the_data():
    words = "the fit is much closer than the errors"
    for n, said in ((4, False), (5, False), (20, True)):
        ab2 = np.geomspace(1.5, 150, n)
        exact = Schlumberger(ab2)(thickness=[[5.0, 20.0]], resistivity=[[100.0, 20.0, 500.0]])
        assert (words in bp.explain(bp.invert(sheet(exact, 0.05, ab2=ab2)))) == said


def test_what_all_displaced_segments_share_is_said_to_be_open():
    survey = Schlumberger(ab2=AB2, mn2=MN2)
    data = survey(thickness=[[8.0, 30.0]], resistivity=[[200.0, 30.0, 300.0]]) * np.repeat([1.0, 1.5, 2.2], SEGMENTS)
    said = bp.explain(bp.invert(sheet(data, 0.03, ab2=AB2, mn2=MN2)))
    assert "what all of them share cannot be told from the ground: all resistivities may be off by one factor" in said
    anchored = bp.explain(bp.invert(sheet(data, 0.03, ab2=AB2, mn2=np.where(MN2 == 0.5, np.nan, MN2))))
    assert "displaced: MN/2 = 2 m" in anchored and "share" not in anchored


def test_ground_at_the_very_end_of_the_range_is_not_blamed_on_the_errors():
    ab2 = np.geomspace(1.5, 300, 20)
    result = bp.invert(sheet(np.full((1, 20), 0.99 * 20_000), ab2=ab2))
    assert "the errors are" not in bp.explain(result)
    assert int(result["flag"][0]) == 0 or "a datum at the very end of the training range" in bp.explain(result)


def test_check_takes_what_invert_takes():
    rows = [[50.0] * 41, [60.0] * 41]
    np.testing.assert_allclose(shipped().check(rows)["p_joint"], shipped().invert(rows)["p_joint"])


def test_a_sheet_that_contradicts_itself_is_not_to_be_used_as_it_is():
    ab2 = np.geomspace(1.5, 200, 12)
    observed = sheet(noisy(Schlumberger(ab2), 2, 0.03), 0.03, ab2=ab2)
    plain = bp.explain(bp.invert(observed), 0)
    result = bp.invert(observed.assign(doubt=("sounding", ["In every row it is 3 times K·V/I.", ""])))
    said = bp.explain(result, 0)
    assert "The sheet leaves a doubt: In every row it is 3 times K·V/I." in said
    assert said.endswith("What to do: check the sheet, correct it and invert again.")
    assert plain.endswith("What to do: nothing, use the model.")
    assert "doubt" not in bp.explain(result, 1)
    assert "doubt" in bp.explain(shipped().check(observed.assign(doubt=result["doubt"])), 0)
