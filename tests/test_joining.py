"""Soundings of several methods at the same places: joined, mapped, taken apart."""

import json

import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert import geometry
from bpinvert.inverter import several, unaided
from bpinvert.noise import usual_noise
from bpinvert.sheets import Sheets
from forward_models import CentralLoop, Joint, LoopLoop, Magnetotelluric, Schlumberger, Wenner

VES = Schlumberger(ab2=np.geomspace(1.5, 300, 12))
MT = Magnetotelluric(period=np.geomspace(1e-3, 10, 9))
TDEM = CentralLoop(np.geomspace(1e-5, 1e-3, 10), side=40.0, height=None)
SURVEY = Joint(VES, MT)
MODEL = {"thickness": [[5.0, 40.0]], "resistivity": [[100.0, 10.0, 300.0]]}


def observed(survey, n=2, **more):
    """Noise-free soundings of `n` equal earths on the survey's readings."""
    models = {key: np.repeat(values, n, axis=0) for key, values in MODEL.items()}
    context = {key: np.full(n, 30.0) for key in survey.context}
    dataset = geometry.as_observed(survey(**models, **context), survey)
    return dataset.assign({key: ("sounding", values) for key, values in (context | more).items()})


def test_what_is_joined_is_found_again():
    ves, mt = observed(Schlumberger(ab2=VES.ab2, mn2=0.3)), observed(MT, x=np.array([1.0, 2.0]))
    joint = bp.join_soundings({"ves": ves, "mt": mt})
    for name, given in (("ves", ves), ("mt", mt)):
        again = bp.part_of(joint, name)
        assert again.attrs["array"] == given.attrs["array"]
        for key in given.data_vars:
            np.testing.assert_array_equal(again[key].values, given[key].values)
    np.testing.assert_array_equal(joint["x"], [1.0, 2.0])


def test_readings_of_one_method_follow_those_of_the_other():
    joint = bp.join_soundings({"ves": observed(VES), "mt": observed(MT)})
    assert joint.sizes["reading"] == 21
    assert np.isnan(joint["mt_period"].values[:, :12]).all()
    assert np.isnan(joint["ves_ab2"].values[:, 12:]).all()
    assert joint["used"].dtype == bool


def test_soundings_are_joined_by_name():
    ves = observed(VES, name=np.array(["A", "B"])).assign_coords(sounding=[7, 8])
    mt = observed(MT, name=np.array(["C", "A"]))
    mt["period"][1] *= 2
    joint = bp.join_soundings({"ves": ves, "mt": mt})
    assert joint["name"].values.tolist() == ["A", "B", "C"]
    np.testing.assert_allclose(joint["mt_period"].values[0, 12:], 2 * MT.period)
    assert np.isnan(joint["mt_period"].values[1]).all()
    assert np.isnan(joint["ves_ab2"].values[2]).all()
    assert not joint["used"].values[1, 12:].any()


def test_single_soundings_are_joined_whatever_their_names():
    ves, mt = observed(VES, 1, name=np.array(["site"])), observed(MT, 1, name=np.array(["WIT2"]))
    joint = bp.join_soundings({"ves": ves, "mt": mt})
    assert joint["name"].values.tolist() == ["site"] and joint["used"].values.all()
    assert joint.read_report == "Joined are the only soundings of each method: ves 'site', mt 'WIT2'."
    assert bp.join_soundings({"ves": ves, "mt": mt.assign(name=ves["name"])}).read_report == ""


def test_methods_that_lie_apart_are_joined_and_it_is_said():
    place = {"name": np.array(["A", "B", "C"]), "y": np.zeros(3)}
    ves = observed(VES, 3, x=np.array([0.0, 100, np.nan]), **place)
    mt = observed(MT, 3, x=np.array([0.4, 5100, 7]), **place)
    joint = bp.join_soundings({"ves": ves, "mt": mt})
    assert joint.read_report == "B: ves and mt lie 5000 m apart; they are joined as if at one place."
    assert joint["used"].values.all()


@pytest.mark.parametrize(
    ("parts", "match"),
    [
        ({"ves": observed(VES), "mt": observed(MT, n=3)}, "ves has 2 soundings, mt has 3 soundings.*as many"),
        (
            {"ves": observed(VES, name=np.array(["A", "B"])), "mt": observed(MT, name=np.array(["C", "D"]))},
            r"no two soundings have the same name \(A, B and C, D\)",
        ),
        (
            {"ves": observed(VES, name=np.array(["A", "A"])), "mt": observed(MT, name=np.array(["A", "D"]))},
            "several soundings named 'A'",
        ),
        ({"ves": xr.Dataset({"x": ("sounding", [1.0])})}, "no variable on 'reading'"),
        ({}, "nothing to join"),
    ],
)
def test_what_does_not_belong_together_is_named(parts, match):
    with pytest.raises(ValueError, match=match):
        bp.join_soundings(parts)


@pytest.mark.parametrize("parts", [[observed(VES), observed(MT)], {"v-1": observed(VES)}, {3: observed(VES)}])
def test_parts_need_the_names_of_the_joint_survey(parts):
    with pytest.raises(TypeError, match="pass a dict by the names of the joint survey"):
        bp.join_soundings(parts)


def test_a_part_that_is_not_there_is_named():
    joint = bp.join_soundings({"ves": observed(VES), "mt": observed(MT)})
    with pytest.raises(ValueError, match="no part 'dc'; there are ves, mt"):
        bp.part_of(joint, "dc")
    with pytest.raises(TypeError, match="mt is a list"):
        bp.join_soundings({"ves": observed(VES), "mt": [1.0]})


def test_an_array_on_the_channels_is_the_same_as_the_joined_soundings():
    models = {key: np.repeat(values, 2, axis=0) for key, values in MODEL.items()}
    array = geometry.as_observed(SURVEY(**models), SURVEY)
    xr.testing.assert_allclose(array, bp.join_soundings({"ves": observed(VES), "mt": observed(MT)}))
    (group,) = geometry.groups(array, SURVEY)
    assert group.survey is SURVEY
    np.testing.assert_array_equal(group.data, SURVEY(**models))
    np.testing.assert_array_equal(group.n_places(), [21, 21])


def test_own_readings_of_each_method_make_the_survey_of_a_group():
    ves, mt = Schlumberger(ab2=[2.0, 9.0, 80.0], mn2=[0.5, 0.5, 9.0]), Magnetotelluric(period=[0.1, 1.0])
    joint = geometry.as_observed(bp.join_soundings({"ves": observed(ves), "mt": observed(mt)}), SURVEY)
    (group,) = geometry.groups(joint, SURVEY)
    assert group.survey == Joint(ves, mt)
    np.testing.assert_array_equal(group.readings, np.arange(5))
    assert group.used.all()
    np.testing.assert_array_equal(group.n_places(), [5, 5])


def test_a_wenner_part_is_taken_as_the_same_electrodes():
    joint = bp.join_soundings({"ves": observed(Wenner(a=[2.0, 9.0, 80.0])), "mt": observed(MT)})
    (group,) = geometry.groups(geometry.as_observed(joint, SURVEY), SURVEY)
    np.testing.assert_allclose(group.survey.surveys[0].ab2, [3.0, 13.5, 120.0])


@pytest.mark.parametrize("lacks", ["ves", "mt"])
def test_a_sounding_may_lack_a_method(lacks):
    parts = {"ves": observed(VES, name=np.array(["A", "B"])), "mt": observed(MT, name=np.array(["A", "B"]))}
    parts[lacks] = parts[lacks].isel(sounding=[0])
    joint = geometry.as_observed(bp.join_soundings(parts), SURVEY)
    both, one = geometry.groups(joint, SURVEY)
    assert both.used.all()
    part = SURVEY.channels.parts[list(parts).index(lacks)]
    assert not one.used[:, part.columns].any()
    assert one.used.sum() == len(SURVEY.channels) - len(part.columns)
    assert (one.readings[part.readings] == -1).all()
    assert np.count_nonzero(one.readings >= 0) == one.n_places()[0]


def test_a_method_may_be_missing_altogether():
    joint = bp.join_soundings({"mt": observed(MT)})
    (group,) = geometry.groups(geometry.as_observed(joint, SURVEY), SURVEY)
    np.testing.assert_array_equal(group.used.any(axis=0), np.arange(len(SURVEY.channels)) >= 12)
    survey = Joint(VES, TDEM)
    alone = geometry.as_observed(bp.join_soundings({"ves": observed(VES)}), survey)
    assert np.isnan(alone["tdem_height"].values).all()


def test_text_of_one_method_is_empty_in_the_other():
    loops = LoopLoop(frequency=[1e3, 9e3, 1e3], offset=[4.0, 4.0, 8.0], orientation=["HCP", "VCP", "HCP"])
    survey = Joint(VES, loops)
    joint = geometry.as_observed(bp.join_soundings({"ves": observed(VES), "fdem": observed(loops)}), survey)
    (group,) = geometry.groups(joint, survey)
    assert group.survey is survey
    assert group.used.all()


def test_data_that_belong_to_no_part_are_refused():
    with pytest.raises(ValueError, match=r"none of ves_apparent_resistivity.*join_soundings"):
        geometry.as_observed(observed(VES), SURVEY)
    joint = bp.join_soundings({"ves": observed(VES), "mt": observed(MT).drop_vars("phase")})
    with pytest.raises(ValueError, match=r"of mt: .*lacks phase"):
        geometry.as_observed(joint, SURVEY)
    with pytest.raises(ValueError, match=r"30 channels \(ves_ab2 1.5–300 m, mt_period 0.001–10 s\)"):
        geometry.as_observed(np.ones((1, 5)), SURVEY)


def test_mapping_is_by_method():
    own = Joint(Schlumberger(ab2=[2.0, 9.0, 80.0], mn2=[0.5, 0.5, 9.0]), Magnetotelluric(period=[0.1, 1.0]))
    matrix = geometry.readings_matrix(own.channels, SURVEY.channels)
    np.testing.assert_array_equal(matrix[:3, :12], geometry.readings_matrix(own.surveys[0].channels, VES.channels))
    np.testing.assert_array_equal(matrix[3:, 12:], geometry.readings_matrix(own.surveys[1].channels, MT.channels))
    assert not matrix[:3, 12:].any()
    assert not matrix[3:, :12].any()
    error = geometry.mapping_error(own.channels)
    np.testing.assert_array_equal(error, [*geometry.mapping_error(own.surveys[0].channels), 0, 0, 0, 0])
    values = np.arange(float(len(SURVEY.channels)))
    np.testing.assert_allclose(geometry.at_readings(own.channels, SURVEY.channels, values),
                               [*geometry.at_readings(own.surveys[0].channels, VES.channels, values[:12]),
                                *geometry.at_readings(own.surveys[1].channels, MT.channels, values[12:])])  # fmt: skip


def test_segments_are_those_of_the_electrodes():
    ab2, mn2 = np.geomspace(2, 200, 10), np.repeat([0.5, 5.0], 5)
    ves = Schlumberger(ab2=ab2, mn2=np.minimum(mn2, 0.4 * ab2[0] * mn2 / 0.5))
    own = Joint(MT, ves).channels
    alone = geometry.mn_segments(ves.channels)
    assert len(alone) == 2
    segments = geometry.mn_segments(own)
    assert not segments[:, :18].any()
    np.testing.assert_array_equal(segments[:, 18:], alone)
    used = np.ones((1, len(own)), dtype=bool)
    assert geometry.movable(own, segments, used).all()
    used[:, 18:22] = False
    assert not geometry.movable(own, segments, used).any()


def test_a_method_that_is_not_there_does_not_end_elsewhere():
    reach = Sheets().reach
    used = np.ones((3, len(SURVEY.channels)), dtype=bool)
    used[1, 12:] = False
    used[2, :6] = False
    beyond = geometry.extrapolated(SURVEY.channels, SURVEY.channels, used, reach)
    np.testing.assert_array_equal(beyond, [False, False, True])


def test_widths_of_scales_are_mapped_by_method():
    survey = Joint(VES, TDEM)
    survey = survey.with_width(np.r_[np.ones(12), np.geomspace(1e-6, 1e-9, 10)])
    own = CentralLoop(TDEM.time[[2, 5]], side=40.0, height=None)
    joint = geometry.as_observed(bp.join_soundings({"ves": observed(VES), "tdem": observed(own)}), survey)
    (group,) = geometry.groups(joint, survey, survey.context)
    np.testing.assert_allclose(group.survey.channels.width[12:], np.geomspace(1e-6, 1e-9, 10)[[2, 5]], rtol=1e-6)
    np.testing.assert_array_equal(group.context["tdem_height"], [30.0, 30.0])


def test_sheets_have_readings_of_each_method_or_of_one_alone():
    rng = np.random.default_rng(0)
    sheets = Sheets(complete=0.0).draw(SURVEY, 200, rng)
    seen = np.zeros((200, 2), dtype=bool)
    for k, sheet in enumerate(sheets):
        own, survey = sheet.channels(), sheet.own_survey()
        assert own.quantities == SURVEY.channels.quantities
        assert len(own) == len(sheet.used) == len(sheet.error_factor) == len(survey.channels)
        np.testing.assert_allclose(own.reading, survey.channels.reading)
        seen[k] = [sheet.used[part.columns].any() for part in own.parts]
    assert seen.any(axis=1).all()
    assert 10 < np.count_nonzero(~seen.all(axis=1)) < 80
    assert (~seen).any(axis=0).all()


def test_usual_errors_are_those_of_each_method():
    channels = Joint(MT, VES, TDEM).channels
    noise = usual_noise(channels, 0.04)
    usual = {"mt": usual_noise(MT.channels, 0.04), "tdem": usual_noise(TDEM.channels, 0.04)}
    assert "mt_phase" not in noise.relative
    assert noise.relative["ves_apparent_resistivity"] == 0.04
    assert noise.floor == {
        "mt_phase": usual["mt"].floor["phase"],
        "tdem_dbdt": usual["tdem"].floor["dbdt"],
    }
    ranges = usual_noise(channels, (0.01, 0.1))
    assert len(ranges.level_names) == 4


def test_errors_are_given_by_quantity_of_each_method():
    noise = bp.Noise(
        relative={"ves_apparent_resistivity": 0.03, "mt_apparent_resistivity": 0.05}, floor={"mt_phase": 1.0}
    )
    data = SURVEY(**MODEL)
    sigma = noise.sigma(data, SURVEY.channels)
    np.testing.assert_allclose(sigma[:, :12], 0.03 * data[:, :12])
    np.testing.assert_allclose(sigma[:, 12:21], 0.05 * data[:, 12:21])
    np.testing.assert_allclose(sigma[:, 21:], 1.0)


def test_the_survey_of_joined_soundings_is_joint():
    joint = bp.join_soundings({"ves": observed(VES), "mt": observed(MT)})
    assert bp.survey_of(joint) == SURVEY


def test_without_an_inverter_the_prior_reaches_as_far_as_those_of_all_methods():
    joint = geometry.as_observed(bp.join_soundings({"ves": observed(VES), "mt": observed(MT)}), SURVEY)
    alone = [unaided.prior_of(own, observed(own)).to_dict() for own in (VES, MT)]
    together = unaided.prior_of(SURVEY, joint).to_dict()
    for low, high in zip(*(some["thickness"] for some in alone), strict=True):
        assert min(low, high) >= together["thickness"][0] and max(low, high) <= together["thickness"][1]
    assert set(together["thickness"]) <= {end for some in alone for end in some["thickness"]}
    ranges = [dict(some["properties"])["resistivity"] for some in (*alone, together)]
    assert ranges[2] == [min(ranges[0][0], ranges[1][0]), max(ranges[0][1], ranges[1][1])]


def test_without_an_inverter_heights_and_noise_are_those_of_each_method():
    survey = Joint(VES, TDEM)
    tdem = observed(TDEM).assign_attrs(survey=json.dumps(TDEM.to_dict()))
    tdem["dbdt_std"] = 0.04 * np.abs(tdem["dbdt"])
    joint = unaided.ready(bp.join_soundings({"ves": observed(VES), "tdem": tdem}))
    assert unaided.survey_of(joint) == survey
    joint = geometry.as_observed(joint, survey)
    (height,) = dict(unaided.prior_of(survey, joint).to_dict()["context"]).items()
    assert height[0] == "tdem_height" and height[1][0] < 30 < height[1][1]
    noise = unaided.noise_of(survey, joint)
    assert noise.relative["ves_apparent_resistivity"] == (0.01, 0.1)
    assert noise.relative["tdem_dbdt"] == pytest.approx(0.04, rel=0.1)


def test_errors_of_mt_are_raised_among_several_methods_too():
    mt = observed(MT)
    mt["apparent_resistivity_std"] = 0.001 * mt["apparent_resistivity"]
    same_names = np.array(["site", "site"])
    joint = bp.join_soundings({"ves": observed(VES), "mt": mt}).assign(name=("sounding", same_names))
    ready = unaided.ready(joint)
    raised = bp.part_of(ready, "mt")
    np.testing.assert_allclose(raised["apparent_resistivity_std"], 0.03 * raised["apparent_resistivity"])
    assert ready["mt_errors_raised"].values.tolist() == [9, 9] and ready["name"].values.tolist() == ["site", "site"]
    assert "these were taken instead" in bp.part_of(ready, "mt").attrs["read_report"]


def test_methods_whose_unknowns_hang_together_are_not_joined_without_an_inverter():
    waves = bp.LayeredPrior(2, thickness=(1, 9), vs=(100, 900), density=bp.priors.PowerLaw("vs", 850, 0.14))
    with pytest.raises(ValueError, match=r"mt has unknowns that depend on each other"):
        several.prior_of_several(SURVEY, [unaided.prior_of(VES, observed(VES)), waves])


@pytest.mark.slow
def test_joined_soundings_alone_are_inverted(monkeypatch):
    for name, value in (("_N_SAMPLES", 3000), ("_EPOCHS", 4), ("_N_CALIBRATION", 1000)):
        monkeypatch.setattr(unaided, name, value)
    rng = np.random.default_rng(0)
    noisy = usual_noise(SURVEY.channels).draw(SURVEY(**MODEL), SURVEY.channels, rng)
    result = bp.invert(geometry.as_observed(noisy, SURVEY))
    assert float(result["chi2"][0]) < 1.5 and result["flag"].values.tolist() == [0]
    np.testing.assert_allclose(result["depth"][0, :2], [5.0, 45.0], rtol=0.2)
