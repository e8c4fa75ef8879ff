"""Soundings of two methods over one ground, from training to flags."""

import json
import re

import matplotlib
import numpy as np
import pytest

import bpinvert as bp
from bpinvert import foreign
from bpinvert.checks.scores import normal_score
from bpinvert.geometry import as_observed, groups
from bpinvert.inverter.conflicts import conflicts
from bpinvert.missing import completed
from bpinvert.results import STATUS
from bpinvert.sheets import Sheets
from forward_models import CentralLoop, Joint, Magnetotelluric, Schlumberger, UserForward

matplotlib.use("agg")

SMALL = Joint(Schlumberger(ab2=np.geomspace(1.5, 300, 8)), Magnetotelluric(period=np.geomspace(1e-4, 1, 5)))
WITH_HEIGHT = Joint(SMALL.surveys[0], CentralLoop(np.geomspace(1e-5, 1e-3, 6), side=40.0, height=None))
CONFLICT = STATUS["methods_conflict"][0]


def trained(survey, context=None):
    prior = bp.LayeredPrior(n_layers=2, thickness=(2, 50), resistivity=(10, 1000), context=context or {})
    inverter = bp.Inverter(survey, prior, hidden=6, max_epochs=2)
    return inverter.fit(n_samples=800, n_calibration=1000, progress=False)


@pytest.fixture(scope="module")
def inverter():
    return trained(SMALL)


def soundings(survey, n, seed=0, **context):
    rng = np.random.default_rng(seed)
    models = {"thickness": 10 ** rng.uniform(0.5, 1.5, (n, 1)), "resistivity": 10 ** rng.uniform(1.2, 2.8, (n, 2))}
    return models, survey(**models, **context)


@pytest.fixture(scope="module")
def data():
    """Four soundings: two ordinary ones, one whose MT is of another ground, one without MT."""
    rng = np.random.default_rng(1)
    models = {"thickness": [[10.0]] * 4, "resistivity": [[100.0, 20.0]] * 4}
    data = SMALL(**models) * (1 + 0.01 * rng.standard_normal((4, len(SMALL.channels))))
    data[2, 8:] = SMALL([[10.0]], resistivity=[[30.0, 600.0]])[0, 8:]
    data[3, 8:] = np.nan
    return data


@pytest.fixture(scope="module")
def result(inverter, data):
    return inverter.invert(data)


def test_the_model_is_found(result):
    np.testing.assert_allclose(result["resistivity"][:2], [[100.0, 20.0]] * 2, rtol=0.05)
    np.testing.assert_allclose(result["thickness"][:2], [[10.0]] * 2, rtol=0.05)


def test_a_misfit_of_each_method_stands_beside_the_total(result):
    n = {"ves": 8, "mt": 10}
    squares = {name: 0.0 for name in n}
    for name in result.data_vars:
        if name.startswith("residual_"):
            squares[name.split("_")[1]] += np.nansum(np.square(result[name].values), axis=1)
    for name, of_method in squares.items():
        np.testing.assert_allclose(result[f"chi2_{name}"][:3], of_method[:3] / n[name])
    np.testing.assert_allclose(result["chi2"][:3], (squares["ves"] + squares["mt"])[:3] / 18)
    assert np.isnan(result["chi2_mt"][3])


def test_a_sounding_without_one_method_is_a_kind_of_its_own(inverter, data):
    observed = as_observed(data, SMALL)
    observed["used"][1, :8] = False
    (group,) = groups(observed, SMALL)
    (one,) = inverter.solver.solve(group, "network")
    # bits by the methods' places: VES is the first, MT the second
    assert one.strata[:, 4].tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize("level", ["network", "refined"])
def test_methods_that_contradict_each_other_are_flagged_and_named(inverter, data, level):
    result = inverter.invert(data, level)
    conflict = result["status"].values & CONFLICT > 0
    assert conflict.tolist() == [False, False, level == "refined" or bool(result["flag"][2]), False]
    if level == "refined":
        assert (result["flag"].values > 0).tolist() == [False, False, True, False]


def test_the_contradiction_is_said_in_words(result):
    said = bp.explain(result, 2)
    assert "The methods contradict each other: models of the prior fit VES and MT each alone" in said
    assert "By method chi²/N is VES" in said
    assert "measured at the same place" in said.split("What to do")[1]
    assert "contradict" not in bp.explain(result, 0)
    assert "no data of MT" in bp.explain(result, 3)
    assert re.search(r"(VES|MT) (ρa|phase) at (AB/2|period) = ", said)


def test_readings_of_a_method_that_is_missing_are_not_predicted_anywhere_else(result):
    assert result["used"].values[3].tolist() == [True] * 8 + [False] * 5
    assert np.isnan(result["residual_mt_phase"].values[3]).all()
    np.testing.assert_allclose(result["resistivity"][3, 0], 100.0, rtol=0.1)


def test_a_sounding_without_one_method_is_inverted_as_if_that_were_masked(inverter, data, result):
    ves = bp.part_of(result, "ves")[["apparent_resistivity", "ab2"]].isel(sounding=[3])
    alone = inverter.invert(bp.join_soundings({"ves": ves}))
    np.testing.assert_allclose(alone["resistivity"], result["resistivity"][[3]], rtol=1e-6)
    assert int(alone["status"][0]) & STATUS["readings_masked"][0] == 0


def test_a_part_of_a_result_is_a_result_of_that_method(result):
    part = bp.part_of(result, "mt")
    assert part.sizes["reading"] == 5
    np.testing.assert_array_equal(part["chi2"], result["chi2_mt"])
    np.testing.assert_array_equal(part["predicted_phase"].values, result["predicted_mt_phase"].values[:, 8:])
    assert "ab2" not in part
    assert "ves_ab2" not in part
    assert part.attrs["method"] == "mt"


def test_own_readings_of_each_method_are_fitted(inverter):
    own = Joint(Schlumberger(ab2=np.geomspace(2, 200, 11), mn2=0.4), Magnetotelluric(period=[1e-3, 0.01, 0.1]))
    models, values = soundings(own, 3)
    parts = own.channels.parts
    tables = {
        name: inverter_input(survey, values[:, part.columns])
        for (name, survey), part in zip(own.parts, parts, strict=True)
    }
    found = inverter.invert(bp.join_soundings(tables))
    assert found.sizes["reading"] == 14
    np.testing.assert_allclose(found["resistivity"], models["resistivity"], rtol=0.1)
    np.testing.assert_allclose(found["predicted_mt_phase"][:, 11:], values[:, -3:], rtol=0.1)


def inverter_input(survey, values):
    from bpinvert.geometry import as_observed

    return as_observed(values, survey)


def test_a_joint_inverter_survives_its_file(inverter, data, result, tmp_path):
    inverter.save(tmp_path / "joint.nc")
    again = bp.load_inverter(tmp_path / "joint.nc")
    assert again.survey == inverter.survey
    np.testing.assert_array_equal(again.invert(data)["resistivity"], result["resistivity"])


@pytest.mark.slow
def test_a_height_is_needed_only_where_its_method_has_readings():
    inverter = trained(WITH_HEIGHT, {"tdem_height": (20, 50)})
    _, values = soundings(WITH_HEIGHT, 5, tdem_height=np.full(5, 30.0))
    tables = {
        name: inverter_input(survey, values[:, part.columns])
        for (name, survey), part in zip(WITH_HEIGHT.parts, WITH_HEIGHT.channels.parts, strict=True)
    }
    tables["tdem"]["height"] = ("sounding", [30.0, np.nan, np.nan, -9999.0, -9999.0])
    tables["tdem"]["dbdt"][[2, 4]] = np.nan
    found = inverter.invert(bp.join_soundings(tables))
    missing = found["status"].values & STATUS["context_missing"][0] > 0
    assert missing.tolist() == [False, True, False, True, False]
    assert found["chi2_ves"][2] < 1
    assert "no data of TDEM" in bp.explain(found, 2)


def test_panels_of_both_methods_stand_beside_the_model(result):
    axes = bp.plots.sounding(result, 2)
    labels = [ax.get_xlabel() for ax in axes]
    assert labels == ["AB/2 (m)", "period (s)", "period (s)", "resistivity (Ω·m)", ""]
    assert "flagged" in axes[0].get_title(loc="left")
    assert "the methods conflict" in " ".join(axes[0].get_title(loc="left").split())
    axes = bp.plots.curve(SMALL, {"thickness": [[10.0]], "resistivity": [[30.0, 600.0]]})
    assert [ax.get_xlabel() for ax in axes] == labels
    matplotlib.pyplot.close("all")


@pytest.fixture(scope="module")
def capable():
    survey = Joint(Schlumberger(ab2=np.geomspace(1.5, 300, 15)), Magnetotelluric(period=np.geomspace(1e-4, 1, 12)))
    prior = bp.LayeredPrior(n_layers=3, thickness=(1, 100), resistivity=(3, 3000))
    return bp.Inverter(survey, prior, hidden=(64, 32), max_epochs=15).fit(
        n_samples=10_000, n_calibration=3000, progress=False
    )


@pytest.mark.slow
def test_intervals_of_both_methods_are_narrower_than_those_of_each(capable):
    rng, channels = np.random.default_rng(3), capable.survey.channels
    models = capable.prior.draw(60, rng)
    data = capable.noise.draw(capable.survey(**models), channels, rng)
    width = {}
    for name, columns in {"both": [], "ves": channels.parts[1].columns, "mt": channels.parts[0].columns}.items():
        masked = data.copy()
        masked[:, columns] = np.nan
        found = capable.invert(masked, "posterior")
        ends = [found[f"{key}_quantile"].sel(quantile=[0.05, 0.95]).values for key in ("resistivity", "thickness")]
        width[name] = np.hstack([np.log10(end[1] / end[0]) for end in ends])
    for name, most in (("ves", 0.8), ("mt", 0.6)):
        ratio = width["both"] / width[name]
        assert np.median(ratio) < most
        assert (np.median(ratio, axis=0) < 1).all()


@pytest.mark.slow
def test_conflicts_are_rare_among_ordinary_soundings_and_found_among_contradictions(capable):
    rng, channels = np.random.default_rng(4), capable.survey.channels
    data, other = (capable.noise.draw(capable.survey(**capable.prior.draw(1000, rng)), channels, rng) for _ in range(2))
    ordinary = capable.invert(data)
    data[:, 15:] = other[:, 15:]
    # Few readings of the other method are enough.
    data[:, np.setdiff1d(np.arange(15, 39), [16, 20, 24, 28, 32, 36])] = np.nan
    strange = capable.invert(data)
    conflict = [found["status"].values & CONFLICT > 0 for found in (ordinary, strange)]
    assert conflict[0].mean() < 0.02
    assert conflict[1].mean() > 0.6
    assert (ordinary["flag"].values > 0).mean() < 0.025
    assert (strange["flag"].values > 0).mean() > 0.9


def test_methods_that_fit_together_are_no_conflict_however_suspect(inverter, data):
    found = conflicts(inverter.solver, as_observed(data, SMALL), np.ones(4, dtype=bool), 0.01)
    assert found.tolist() == [False, False, True, False]


def test_a_contradiction_is_more_than_chance_between_methods_that_fit_alone(inverter):
    data = SMALL([[10.0]] * 3, resistivity=[[100.0, 20.0]] * 3)
    # ρa of MT too high by two and by three of its errors; of three parameters chance makes chi² 11 larger in a
    # hundredth, and these make it 9 and 25 larger.
    data[:2, 8:13] *= [[1.06], [1.1]]
    # MT that no ground has is no contradiction of VES.
    data[2, 8:13] *= 1.5
    data[2, 13:] += 10 * np.array([1, -1, 1, -1, 1])
    found = conflicts(inverter.solver, as_observed(data, SMALL), np.ones(3, dtype=bool), 0.01)
    assert found.tolist() == [False, True, False]


def test_the_worst_fitting_method_counts_twice_in_the_misfit(inverter, data):
    result, squares, n = inverter.invert(data, "network"), {}, {}
    for name in (key for key in result.data_vars if key.startswith("residual_")):
        method, values = name.split("_")[1], result[name].values
        squares[method] = squares.get(method, 0) + np.nansum(values**2, axis=1)
        n[method] = n.get(method, 0) + np.isfinite(values).sum(axis=1)
    total = normal_score(sum(squares.values()) / sum(n.values()), sum(n.values()))
    alone = [np.where(n[m] > 0, normal_score(squares[m] / np.maximum(n[m], 1), np.maximum(n[m], 1)), 0) for m in n]
    expected = total + np.maximum(np.max(alone, axis=0), 0)
    np.testing.assert_allclose(result["score"].sel(check="misfit"), expected, rtol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_method_may_have_a_reading_or_two(n):
    survey = Joint(SMALL.surveys[0], Magnetotelluric(period=np.geomspace(0.01, 1, n)))
    sheets = Sheets(complete=0).draw(survey, 100, np.random.default_rng(0))
    used = np.array([sheet.parts[1].used.sum() for sheet in sheets])
    assert set(used) == {0, 2 * n}


def test_what_a_joint_survey_cannot_compute_fits_nothing_and_stops_nothing():
    ground = {"thickness": [[10.0]], "resistivity": [[100.0, -1.0]]}
    assert np.isnan(completed(SMALL, ground, SMALL(**ground))).all()


def tops(thickness, resistivity):
    """A function of one's own: the first layer's conductance in a log, and what it rests on."""
    return np.stack([thickness[:, 0] / resistivity[:, 0], np.log10(resistivity[:, -1])], axis=1)


WITH_FUNCTION = Joint(SMALL.surveys[0], UserForward(tops, 2))


def test_the_description_of_a_function_among_methods_is_equal_to_itself():
    described = foreign.described(WITH_FUNCTION)
    stored = json.loads(json.dumps(described, allow_nan=False))
    assert stored == described
    foreign.check_described(WITH_FUNCTION, stored, "ves.nc")
    other = Joint(Schlumberger(ab2=np.geomspace(1.5, 200, 8)), WITH_FUNCTION.surveys[1])
    with pytest.raises(ValueError, match="other channels than the survey given has: their value differs"):
        foreign.check_described(other, stored, "ves.nc")


@pytest.mark.slow
def test_a_function_among_methods_goes_through_the_pipeline(tmp_path):
    inverter = trained(WITH_FUNCTION)
    models, data = soundings(WITH_FUNCTION, 3)
    data[2, 8:] *= 3
    result = inverter.invert(data, level="posterior")
    np.testing.assert_allclose(result["resistivity"][:2], models["resistivity"][:2], rtol=0.3)
    assert result["flag"][2] != 0
    for sounding in range(3):
        assert "chi2" not in bp.explain(result, sounding)
    inverter.save(tmp_path / "own.nc")
    again = bp.load_inverter(tmp_path / "own.nc", survey=WITH_FUNCTION)
    np.testing.assert_array_equal(again.invert(data)["chi2"], inverter.invert(data)["chi2"])
    samples = bp.generate_samples(WITH_FUNCTION, inverter.prior, 800, seed=0, progress=False)
    bp.Inverter(WITH_FUNCTION, inverter.prior, hidden=4, max_epochs=1).fit(samples, n_calibration=1000, progress=False)
