"""Drift along a line: p-values that are too small together."""

import argparse

import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert.checks import NAMES, Calibration, stretches
from bpinvert.cli import check
from bpinvert.drifting import describe_drift

RATE = 0.01


def result_of(p_values, n_similar=10**6, **more):
    """A result with these p-values; the rest of it plays no part."""
    p_values = np.asarray(p_values, dtype=float)
    n = len(p_values)
    variables = {"p_value": (("sounding", "check"), p_values), "n_similar": ("sounding", np.full(n, n_similar))}
    variables |= {name: ("sounding", values) for name, values in more.items()}
    coordinates = {"check": list(NAMES[: p_values.shape[1]]), "sounding": np.arange(n)}
    return xr.Dataset(variables, coordinates, {"false_alarm_rate": RATE})


@pytest.mark.parametrize("n", [3, 12, 60])
def test_lines_of_independent_draws_drift_as_rarely_as_stated(n):
    rng = np.random.default_rng(n)
    p = np.concatenate([stretches(rng.random((n, 500)))[0] for _ in range(8)])
    for rate in (0.01, 0.05, 0.2):
        # 4000 lines
        assert (p <= rate).mean() < rate + 4 * np.sqrt(rate / 4000)
    assert (p <= 0.2).mean() > 0.15


def test_lines_longer_than_those_simulated_drift_no_more_often():
    rng = np.random.default_rng(1)
    p = np.concatenate([stretches(rng.random((6000, 100)))[0] for _ in range(4)])
    # 400 lines: four standard deviations
    assert (p <= 0.01).mean() <= 0.01 + 4 * np.sqrt(0.01 / 400)


def test_simulations_shared_by_a_line_are_no_drift():
    rng, drifting = np.random.default_rng(2), []
    for _ in range(60):
        scores, fresh = rng.standard_normal((1000, 20)), rng.standard_normal((1000, 20))
        above = [1000 - np.searchsorted(np.sort(column), own) for column, own in zip(scores.T, fresh.T, strict=True)]
        p = (np.stack(above, axis=1) + 1) / 1001
        drifting.append([stretches(p)[0] <= 0.05, stretches(p, 1000)[0] <= 0.05])
    unaware, aware = np.mean(drifting, axis=(0, 2))
    # 1200 lines, those of one calibration independent: sqrt(0.05/1200) = 0.006
    assert aware < 0.05 + 0.02 < unaware


def test_a_drift_is_found_where_it_is():
    p = np.random.default_rng(3).random((80, 2))
    p[30:50, 1] *= 0.2
    found, start, stop = stretches(p)
    assert found[0] > 0.05 and found[1] < 0.001
    assert abs(start[1] - 30) <= 4 and abs(stop[1] - 50) <= 4


def test_one_strange_sounding_is_no_drift_however_strange():
    p = np.tile(np.linspace(0.05, 0.95, 19)[::-1], 3)[:, None]
    p[7] = 1e-9
    assert stretches(p)[0] > 0.1


def test_p_values_of_a_calibration_are_uniform_enough_for_hundreds_of_soundings():
    rng = np.random.default_rng(4)
    kind = np.tile([-1, 0.5, 3.0, 0.0, 0.0], (20_000, 1))
    calibration = Calibration(rng.standard_normal((20_000, 6)), kind, RATE)
    drifting = []
    for _ in range(100):
        p, _, _ = calibration.judge(rng.standard_normal((400, 6)), kind[:400], RATE)
        drifting.append(stretches(p, 20_000)[0] <= 0.05)
    # 600 lines
    assert np.mean(drifting) < 0.05 + 4 * np.sqrt(0.05 / 600)


def test_too_short_a_line_has_no_p_value():
    p, _, stop = stretches(np.full((2, 3), 0.01))
    assert np.isnan(p).all() and stop.tolist() == [2, 2, 2]
    found = bp.drift(result_of(np.full((2, 3), 0.01)))
    assert np.isnan(found["p_survey"]) and not found["drifts"].any()


def test_soundings_follow_each_other_along_their_lines():
    rng = np.random.default_rng(5)
    east = np.tile(np.arange(40.0), 2)
    line = np.repeat(["A", "B"], 40)
    p = rng.random((80, 2))
    p[50:65, 0] *= 0.15
    mixed = rng.permutation(80)
    place = {"x": 1000 + 30 * east, "y": -2 * east, "line": line}
    found = bp.drift(result_of(p[mixed], **{name: values[mixed] for name, values in place.items()}))
    as_walked = bp.drift(result_of(p, **place))
    if mixed[0] >= 40:  # the lines as they first occur
        pytest.fail("choose a seed whose first sounding is of line A")
    np.testing.assert_array_equal(found["p_value"].values, as_walked["p_value"].values)
    np.testing.assert_array_equal(found["p_line"].sel(line="B").values, as_walked["p_line"].sel(line="B").values)
    assert found["drifts"].values.tolist() == [True, False]
    assert mixed[int(found["first"][0])] == int(as_walked["first"][0])
    assert (
        float(found["p_line"].sel(line="A", check="range")) > 0.05 > float(found["p_line"].sel(line="B", check="range"))
    )


def test_soundings_that_were_not_inverted_are_passed_over():
    p = np.random.default_rng(6).random((60, 2))
    p[20:45, 1] *= 0.15
    gaps = np.insert(p, [10, 30], np.nan, axis=0)
    plain, with_gaps = bp.drift(result_of(p)), bp.drift(result_of(gaps))
    np.testing.assert_array_equal(plain["p_value"], with_gaps["p_value"])
    assert int(with_gaps["last"][1]) == int(plain["last"][1]) + 2


def test_a_drift_is_told_in_one_line_with_its_limits():
    p = np.random.default_rng(7).random((60, 6))
    assert describe_drift(result_of(p)) == ""
    p[20:45, 4] *= 0.1
    said = describe_drift(result_of(p))
    assert said.startswith("Drift: sounding ") and "misfit" in said and "one geology" not in said
    p = np.random.default_rng(7).random((60, 6))
    p[20:45, 2] *= 0.1
    assert "one geology" in describe_drift(result_of(p))


def test_the_command_check_tells_of_a_drift(monkeypatch, capsys):
    p = np.random.default_rng(7).random((60, 6))
    for drifting in (False, True):
        p[20:45, 4] *= 0.1 if drifting else 1
        monkeypatch.setattr(check, "chosen_inverter", lambda options: None)
        monkeypatch.setattr(check, "solve", lambda *given: (None, result_of(p)))
        monkeypatch.setattr(check, "describe_reading", lambda *given: "read")
        monkeypatch.setattr(check, "explain", lambda *given: "ordinary")
        assert check.run(argparse.Namespace(sheet=["line7.csv"])) == 0
        assert ("Drift: sounding" in capsys.readouterr().out) == drifting


def test_what_has_no_p_values_is_refused():
    with pytest.raises(TypeError, match="result must be a Dataset from"):
        bp.drift(xr.Dataset())
