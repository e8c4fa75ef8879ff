"""Random field sheets look as promised and lie where the network can use them."""

import json

import numpy as np
import pytest

import bpinvert as bp
from bpinvert import geometry
from bpinvert.sheets import Sheets
from forward_models import DipoleDipole, Magnetotelluric, Rayleigh, Schlumberger, Wenner

VES = Schlumberger(ab2=np.geomspace(1, 1000, 31))
WENNER = Wenner(a=np.geomspace(1, 300, 20))
MT = Magnetotelluric(period=np.logspace(-3, 3, 25))
DIPOLES = DipoleDipole(a=[10.0] * 6 + [20.0] * 6, n=[*range(1, 7)] * 2)
FINITE = Schlumberger(ab2=np.geomspace(1, 100, 12), mn2=np.geomspace(1, 100, 12) / 5)
ALL = [VES, WENNER, MT, DIPOLES, FINITE, Schlumberger(ab2=[1, 10, 100])]
IDS = ["VES", "Wenner", "MT", "dipoles", "finite MN", "three readings"]


def drawn(survey, n=500, seed=0, **settings):
    return Sheets(**settings).draw(survey, n, np.random.default_rng(seed))


def places(survey, **settings):
    """Coordinates of many random sheets that lie elsewhere than the channels."""
    return [sheet.place for sheet in drawn(survey, complete=0.0, **settings)]


@pytest.mark.parametrize("survey", ALL, ids=IDS)
def test_complete_sheets_have_the_surveys_own_readings_all_of_them(survey):
    for sheet in drawn(survey, 20, complete=1.0):
        assert sheet.own_survey() is survey and sheet.channels() is survey.channels
        assert sheet.place is None and sheet.used.all() and len(sheet.used) == len(survey.channels)


def test_the_share_of_complete_sheets_is_as_stated():
    complete = [sheet.place is None for sheet in drawn(VES, 4000, complete=0.3)]
    assert np.mean(complete) == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize("survey", [VES, WENNER, MT], ids=["VES", "Wenner", "MT"])
def test_random_readings_lie_in_order_within_the_channels(survey):
    channels = survey.channels
    low, high = channels.value.min(), channels.value.max()
    for place in places(survey):
        value = place[channels.coordinate]
        assert value.min() >= low * (1 - 1e-9) and value.max() <= high * (1 + 1e-9)
        assert np.isfinite(value).all()
        if "mn2" not in place:
            assert (np.diff(value) > 0).all()


def test_spans_of_random_sheets_reach_as_far_as_stated_and_at_times_all_the_way():
    reach = Sheets(complete=0.0).reach(VES.channels, slice(None))
    ends = np.log([(place["ab2"][0], place["ab2"].max()) for place in places(VES, seed=1)])
    assert (ends[:, 0] <= reach[0] + 1e-9).all() and (ends[:, 1] >= reach[1] - 1e-9).all()
    # and are not all alike: the tenth that begins last or ends first is near those limits
    assert np.quantile(ends[:, 0], 0.9) > 0.8 * reach[0]
    assert np.quantile(ends[:, 1], 0.1) < reach[1] + 0.2 * (np.log(1000) - reach[1])
    whole = (ends[:, 0] < 1e-9) & (ends[:, 1] > np.log(1000) - 1e-9)
    assert 0.01 < whole.mean() < 0.2


def test_complete_sheets_reach_from_the_first_to_the_last_channel():
    np.testing.assert_allclose(Sheets(complete=1.0).reach(VES.channels, slice(None)), np.log([1, 1000]))


@pytest.mark.parametrize("survey", [WENNER, MT], ids=["Wenner", "MT"])
def test_random_sheets_have_as_many_readings_as_stated(survey):
    counts = [len(place[survey.channels.coordinate]) for place in places(survey, readings=(6, 14))]
    few = [n for n in counts if n < 6]
    # one in twelve has fewer
    assert min(few) == 3 and 0.03 < len(few) / len(counts) < 0.14
    assert max(counts) == 14 and 6 in counts


def test_repeated_readings_of_a_schlumberger_sheet_come_on_top():
    counts = np.array([len(np.unique(place["ab2"])) for place in places(VES, readings=(8, 12))])
    assert counts.min() == 3 and counts.max() == 12 and (counts >= 8).mean() > 0.8


def test_mn_is_not_given_or_in_one_ratio_or_constant_over_segments():
    kinds, unwritten = {"none": 0, "ratio": 0, "segments": 0}, 0
    for place in places(VES):
        if "mn2" not in place:
            kinds["none"] += 1
            continue
        ab2, mn2 = place["ab2"], place["mn2"]
        unwritten += (mn2 == 0).any()
        assert (mn2 < ab2 / 1.5).all() and (np.diff(mn2[mn2 > 0]) >= 0).all()
        ab2, mn2 = ab2[mn2 > 0], mn2[mn2 > 0]
        if np.ptp(ab2 / mn2) < 1e-9:
            kinds["ratio"] += 1
        else:
            kinds["segments"] += 1
            # a reading is repeated with other potential electrodes, never with the same
            assert len(np.unique(np.stack([ab2, mn2]), axis=1).T) == len(ab2)
    shares = np.array(list(kinds.values())) / 500
    np.testing.assert_allclose(shares, [0.4, 0.2, 0.4], atol=0.08)
    # of a few sheets with segments the MN of one is not written
    assert 0.01 < unwritten / kinds["segments"] < 0.12


def test_segments_often_overlap_by_a_repeated_reading():
    overlapping = [len(np.unique(place["ab2"])) < len(place["ab2"]) for place in places(VES) if "mn2" in place]
    assert 0.2 < np.mean(overlapping) < 0.9


@pytest.mark.parametrize("survey", [VES, WENNER, MT], ids=["VES", "Wenner", "MT"])
def test_channels_are_those_of_the_survey_on_the_sheets_readings(survey):
    for sheet in drawn(survey, 15):
        mine, own = sheet.channels(), sheet.own_survey().channels
        assert (mine.quantity, mine.unit, mine.scale) == (own.quantity, own.unit, own.scale)
        assert (mine.coordinate, mine.coordinate_unit) == (own.coordinate, own.coordinate_unit)
        assert len(mine) == len(sheet.used) == len(sheet.error_factor)
        assert mine.coordinates.keys() == own.coordinates.keys()
        for name, values in own.coordinates.items():
            np.testing.assert_array_equal(mine.coordinates[name], values)
        np.testing.assert_array_equal(mine.width, own.width)
        assert type(sheet.own_survey()) is type(survey)


@pytest.mark.parametrize("survey", [VES, WENNER, MT], ids=["VES", "Wenner", "MT"])
def test_every_reading_of_a_random_sheet_is_a_function_of_the_channels(survey):
    for sheet in drawn(survey, 40):
        assert np.isfinite(geometry.readings_matrix(sheet.channels(), survey.channels)).all()


@pytest.mark.parametrize("survey", ALL[3:], ids=IDS[3:])
def test_an_array_that_cannot_be_moved_loses_some_of_its_readings(survey):
    n = len(survey.channels)
    counts = [sheet.used.sum() for sheet in drawn(survey, complete=0.0)]
    assert max(counts) == n
    assert min(counts) == 3
    assert np.mean(np.array(counts) >= min(8, max(n // 2, 3))) > 0.8
    assert all(sheet.own_survey() is survey for sheet in drawn(survey, 20, complete=0.0))


def test_of_an_mt_sheet_single_data_are_missing_at_times_but_not_as_a_rule():
    missing = np.array([1 - sheet.used.mean() for sheet in drawn(MT, complete=0.0)])
    assert (missing == 0).mean() > 0.4
    assert 0.02 < missing[missing > 0].mean() < 0.2
    assert all(sheet.used.all() for sheet in drawn(VES, complete=0.0))


def test_errors_differ_from_reading_to_reading_on_some_sheets():
    assert all((sheet.error_factor == 1).all() for sheet in drawn(VES, 100, complete=1.0))
    factors = [sheet.error_factor for sheet in drawn(VES, 1000, complete=0.0)]
    uneven = np.array([np.ptp(factor) > 0 for factor in factors])
    assert uneven.mean() == pytest.approx(0.3, abs=0.05)
    assert all((factor == 1).all() for factor, differs in zip(factors, uneven, strict=True) if not differs)
    spread = np.log(np.concatenate([factor for factor, differs in zip(factors, uneven, strict=True) if differs]))
    assert abs(spread.mean()) < 0.03 and spread.std() == pytest.approx(0.4, abs=0.03)


def test_draws_repeat_with_the_seed_and_differ_without():
    first, again, other = (drawn(VES, 5, seed, complete=0.0) for seed in (0, 0, 1))
    for one, same, another in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one.place["ab2"], same.place["ab2"])
        assert len(one.used) != len(another.used) or (one.place["ab2"] != another.place["ab2"]).any()


def test_sheets_survive_json():
    sheets = Sheets(complete=0.25, readings=(6, 20), errors_given=0.9, shift=0.05)
    assert Sheets(**json.loads(json.dumps(sheets.to_dict()))) == sheets
    assert bp.Sheets is Sheets


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"complete": 1.5}, "complete is 1.5; it is a share of sheets from 0 to 1"),
        ({"complete": "half"}, "complete is 'half'; it is a share"),
        ({"errors_given": float("nan")}, "errors_given is nan; it is a share"),
        ({"errors_given": -0.1}, "errors_given is -0.1"),
        ({"shift": -0.1}, r"shift is -0.1; it is a natural logarithm from 0 \(none\) to 1, e\.g\. 0\.1"),
        ({"shift": 10}, "shift is 10"),
        ({"readings": (30, 8)}, r"readings is \(30, 8\); it is \(fewest, most\) with 4 <= fewest <= most"),
        ({"readings": (3, 8)}, r"readings is \(3, 8\)"),
        ({"readings": (8.0, 30)}, r"readings is \(8.0, 30\)"),
        ({"readings": (8, 12, 30)}, r"readings is \(8, 12, 30\)"),
    ],
)
def test_impossible_sheets_are_refused(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        Sheets(**settings)


def test_the_curve_of_each_mode_begins_and_ends_by_itself():
    period = np.concatenate([np.geomspace(0.2, 1, 6), np.geomspace(0.02, 0.1, 6)])
    survey = Rayleigh(period, mode=np.repeat([0, 1], 6))
    used = np.array([sheet.used for sheet in Sheets(complete=0).draw(survey, 300, np.random.default_rng(0))])
    cut = ~used[:, :6].all(axis=1)
    assert (cut & used[:, 6:].all(axis=1)).sum() > 10
    assert (~cut & ~used[:, 6:].all(axis=1)).sum() > 10
