"""Transients against closed forms, an independent code's values, and the laws of waveforms, filters and loops."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import erf

from forward_models import CentralLoop, CoincidentLoop, OffsetLoop, Waveform, survey_from_dict
from forward_models.tdem import SYSTEMS, late_time_apparent_resistivity, system

MU0 = 4e-7 * np.pi
TIME = np.geomspace(1e-5, 1e-2, 9)
EARTH = {
    "thickness": [[10.0, 30.0, 5.0], [2.0, 8.0, 60.0]],
    "resistivity": [[100.0, 10.0, 1000.0, 1.0], [3.0, 300.0, 30.0, 3000.0]],
}


def half_space(time, resistivity, radius):
    """-dB/dt at the centre of a circular loop on a half-space (Ward & Hohmann 1988, eq. 4.98)."""
    x = radius * np.sqrt(MU0 / (4 * resistivity * time))
    rest = 3 * erf(x) - 2 / np.sqrt(np.pi) * x * (3 + 2 * x**2) * np.exp(-(x**2))
    return resistivity / radius**3 * rest


ORACLES = Path(__file__).parent / "oracles"
LOOPS = [
    "circle", "square", "airborne 30 m", "airborne 45 m", "coincident square", "coincident circle", "inside", "outside",
    "outside square", "bird",
]  # fmt: skip
SYSTEM_CASES = [
    "ramp", "step, filters", "ramp, filters", "airborne step, filters", "low moment", "low moment, filters",
    "high moment", "high moment, filters",
]  # fmt: skip


@functools.cache
def oracle(name):
    """Models and setups of Talbot's contour and Gauss-Legendre quadrature, see oracles/tdem_reference.py."""
    with open(ORACLES / name, encoding="utf-8") as file:
        return json.load(file)


def simulated(survey, models):
    rows = [survey(np.reshape(model["thickness"], (1, -1)), resistivity=[model["resistivity"]])[0] for model in models]
    return np.array(rows)


def loop_survey(loop, **settings):
    settings |= {key: loop[key] for key in ("radius", "side", "height") if key in loop}
    if loop["receiver"] == "offset":
        return OffsetLoop(offset=loop["offset"], **settings)
    return (CoincidentLoop if loop["receiver"] == "coincident" else CentralLoop)(**settings)


@pytest.mark.parametrize(("name", "quantity"), [("circle", "b"), *((name, "dbdt") for name in LOOPS)])
def test_loops_agree_with_an_independent_code(name, quantity):
    kept = oracle("tdem_loops.json")
    (case,) = [one for one in kept["setups"] if (one["name"], one["quantity"]) == (name, quantity)]
    survey = loop_survey(case["loop"], time=case["time"], quantity=quantity)
    data, exact = simulated(survey, kept["models"]), np.array(case["values"])
    # Beside a change of sign the error counts as a share of the data around it.
    size = np.maximum(np.abs(exact), np.sqrt(np.abs(np.roll(exact, 1, axis=1) * np.roll(exact, -1, axis=1))) * 0.1)
    error = np.abs(data - exact) / size
    assert error.max() < 5e-5
    assert np.median(error) < 1e-8


@pytest.mark.parametrize("name", SYSTEM_CASES)
def test_systems_agree_with_an_independent_code(name):
    kept = oracle("tdem_systems.json")
    (case,) = [one for one in kept["setups"] if one["name"] == name]
    waveform, filters = case["waveform"], case["low_pass"]
    if isinstance(waveform, dict):
        waveform = {key: waveform.get(key) for key in ("time", "current", "base_frequency")}
    gates = {key: case[key] for key in ("gates", "time") if case.get(key)}
    survey = loop_survey(case["loop"], **gates, waveform=waveform, low_pass=filters)
    error = np.abs(simulated(survey, kept["models"]) / np.array(case["values_with_jump" if filters else "values"]) - 1)
    insulating = np.array([max(model["resistivity"]) > 2000 for model in kept["models"]])
    assert error[~insulating].max() < 1e-4
    # Behind filters the image of a bird over an insulator has sunk before the first lags that are seen.
    assert error[:, 3:].max() < 1e-4
    assert error.max() < 2e-2
    assert np.median(error) < 1e-7


@pytest.mark.parametrize("resistivity", [0.3, 10.0, 300.0])
def test_a_half_space_gives_the_closed_form(resistivity):
    time = np.geomspace(1e-5, 1e-3, 15)
    data = CentralLoop(time, radius=30.0)(np.empty((1, 0)), resistivity=[[resistivity]])
    # Early, at λa up to 200, the filters' error.
    np.testing.assert_allclose(data[0], half_space(time, resistivity, 30.0), rtol=5e-6)


@pytest.mark.parametrize("kind", [CentralLoop, CoincidentLoop])
def test_late_times_give_the_resistivity_of_a_half_space(kind):
    time = np.array([0.1, 1.0])
    data = kind(time, side=20.0)(np.empty((1, 0)), resistivity=[[20.0]])
    np.testing.assert_allclose(late_time_apparent_resistivity(data, time, 400.0), 20.0, rtol=1e-3)


def test_no_logarithm_no_apparent_resistivity():
    assert np.isnan(late_time_apparent_resistivity(-1e-9, 1e-3, 100.0))


def test_data_are_what_b_loses():
    step = 1e-5
    around = (TIME[:, None] + step * TIME[:, None] * [-2, -1, 1, 2]).ravel()
    b = CentralLoop(around, side=40.0, quantity="b")(**EARTH).reshape(2, -1, 4)
    slope = (b @ [-1, 8, -8, 1]) / (12 * step * TIME)
    np.testing.assert_allclose(CentralLoop(TIME, side=40.0)(**EARTH), slope, rtol=2e-5)


def test_a_ramp_gives_the_mean_over_its_duration():
    ramp = 2e-5
    both = np.concatenate([TIME, TIME + ramp])
    b = CentralLoop(np.sort(both), radius=20.0, quantity="b")(**EARTH)[:, np.argsort(np.argsort(both))]
    expected = (b[:, : len(TIME)] - b[:, len(TIME) :]) / ramp
    data = CentralLoop(TIME, radius=20.0, waveform=ramp)(**EARTH)
    # The difference of B at the last times loses four digits.
    np.testing.assert_allclose(data[:, :6], expected[:, :6], rtol=1e-5)


def test_a_short_pulse_is_the_difference_of_two_steps():
    pulse = Waveform([-1e-3, -1e-3, 0, 0], [0, 1, 1, 0], base_frequency=1e-3)
    both = CentralLoop(np.sort([*TIME, *(TIME + 1e-3)]), radius=20.0)
    after = both(**EARTH)
    expected = after[:, np.isin(both.time, TIME)] - after[:, np.isin(both.time, TIME + 1e-3)]
    np.testing.assert_allclose(CentralLoop(TIME, radius=20.0, waveform=pulse)(**EARTH), expected, rtol=2e-5)


def test_earlier_pulses_alternate():
    period = 0.02
    pulse = Waveform([-period / 4, -period / 4, 0, 0], [0, 1, 1, 0], base_frequency=1 / period)
    data = CentralLoop(TIME, radius=20.0, waveform=pulse)(**EARTH)
    alone = Waveform(pulse.time, pulse.current, base_frequency=1e-3)
    n_pulses, expected = 60, 0.0
    for n in range(n_pulses):
        part = CentralLoop(TIME + n * period / 2, radius=20.0, waveform=alone)(**EARTH)
        # Half of the last one: the mean of two partial sums.
        expected = expected + (-1) ** n * part * (0.5 if n == n_pulses - 1 else 1.0)
    np.testing.assert_allclose(data, expected, rtol=1e-5)


def test_a_gate_is_the_mean_over_its_times():
    gates = np.stack([0.8 * TIME, 1.25 * TIME], axis=1)
    nodes, weights = np.polynomial.legendre.leggauss(12)
    fine = gates[:, :1] + np.diff(gates) * (nodes + 1) / 2
    expected = CentralLoop(fine.ravel(), side=40.0)(**EARTH).reshape(2, -1, 12) @ weights / 2
    np.testing.assert_allclose(CentralLoop(gates=gates, side=40.0)(**EARTH), expected, rtol=1e-6)


def test_a_fast_filter_only_delays():
    cutoff = 3e6
    data = CentralLoop(TIME, radius=20.0, low_pass=[cutoff])(**EARTH)
    delayed = CentralLoop(TIME - 1 / (2 * np.pi * cutoff), radius=20.0)(**EARTH)
    # What it does besides falls as (delay/time)², here 3e-5 at first.
    np.testing.assert_allclose(data, delayed, rtol=1e-4)
    np.testing.assert_allclose(data[:, 3:], delayed[:, 3:], rtol=3e-6)


def test_filters_of_first_order_in_turn_are_one_of_second_order_where_nearly_alike():
    equal = CentralLoop(TIME, radius=20.0, low_pass=[1e5, 1e5])(**EARTH)
    nearly = CentralLoop(TIME, radius=20.0, low_pass=[1e5 * 1.02, 1e5 / 1.02])(**EARTH)
    np.testing.assert_allclose(nearly, equal, rtol=2e-3)
    assert np.abs(equal / CentralLoop(TIME, radius=20.0)(**EARTH) - 1)[:, 0].min() > 0.05


def test_a_receiver_at_the_centre_is_central():
    for loop in ({"radius": 10.0}, {"side": 30.0}):
        central = CentralLoop(TIME, **loop, height=5.0)(**EARTH)
        np.testing.assert_allclose(OffsetLoop(TIME, **loop, offset=(0, 0), height=5.0)(**EARTH), central, rtol=1e-9)
        near = OffsetLoop(TIME, **loop, offset=(1e-3, 0), height=5.0)(**EARTH)
        np.testing.assert_allclose(near, central, rtol=1e-6)


def test_a_coincident_loop_is_the_mean_over_receivers():
    radius, time = 20.0, np.geomspace(1e-4, 1e-2, 5)
    nodes, weights = np.polynomial.legendre.leggauss(6)
    # By squared distance from the centre all rings have equal areas.
    away = radius * np.sqrt((nodes + 1) / 2)
    receivers = [OffsetLoop(time, radius=radius, offset=(r, 0.0))(**EARTH) for r in away]
    mean = np.tensordot(weights / 2, receivers, axes=1)
    np.testing.assert_allclose(CoincidentLoop(time, radius=radius)(**EARTH), mean, rtol=3e-4)


def test_a_square_is_no_circle_of_equal_area():
    circle = CentralLoop(TIME, radius=40.0 / np.sqrt(np.pi))(**EARTH)
    square = CentralLoop(TIME, side=40.0)(**EARTH)
    difference = np.abs(square / circle - 1)
    assert 0.01 < difference[:, 0].max() < 0.05
    assert difference[:, -1].max() < 1e-3


def test_far_outside_the_first_data_have_the_other_sign():
    data = OffsetLoop(TIME, radius=10.0, offset=(100.0, 0.0))(np.empty((1, 0)), resistivity=[[10.0]])[0]
    assert data[0] < 0 < data[-1]


def test_height_may_be_known_for_each_sounding():
    heights = np.array([30.0, 45.0])
    data = CentralLoop(TIME, radius=10.0, height=None)(**EARTH, height=heights)
    for i, height in enumerate(heights):
        one = CentralLoop(TIME, radius=10.0, height=height)(**EARTH)
        np.testing.assert_allclose(data[i], one[i], rtol=1e-8)
    assert np.isnan(CentralLoop(TIME, radius=10.0, height=None)(**EARTH, height=[-1.0, 1.0])).any(axis=1).tolist() == [
        True,
        False,
    ]


def test_extreme_conductivities_take_a_wider_lattice():
    usual = {"thickness": [[20.0]], "resistivity": [[100.0, 10.0]]}
    extreme = {"thickness": [[20.0]], "resistivity": [[1e6, 0.01]]}
    survey = CentralLoop(TIME, radius=20.0)
    together = survey(**{key: np.vstack([usual[key], extreme[key]]) for key in usual})
    np.testing.assert_allclose(together[:1], survey(**usual), rtol=1e-12)
    np.testing.assert_allclose(together[1:], survey(**extreme), rtol=1e-12)
    # Between air and a conductor at 20 m early data are those of its mirror image, whatever lies above.
    above = survey([[20.0]], resistivity=[[3e6, 0.01]])
    np.testing.assert_allclose(together[1:], above, rtol=1e-4)


def test_moments_are_surveys_side_by_side():
    both, low, high = (system("WalkTEM", moment) for moment in ("both", "low", "high"))
    expected = np.hstack([low(**EARTH), high(**EARTH)])
    np.testing.assert_allclose(both(**EARTH), expected, rtol=1e-6)
    assert both.channels.branch == "moment"


@pytest.mark.parametrize("name", SYSTEMS)
def test_an_instrument_survives_its_description(name):
    survey = system(name)
    rebuilt = survey_from_dict(json.loads(json.dumps(survey.to_dict())))
    assert rebuilt == survey
    context = {"height": [30.0, 40.0]} if survey.context else {}
    np.testing.assert_array_equal(rebuilt(**EARTH, **context), survey(**EARTH, **context))


def test_a_survey_moves_to_other_gates_of_its_own():
    survey = system("SkyTEM")
    part = {name: values[3:9] for name, values in survey.channels.coordinates.items()}
    moved = survey.at(**part)
    np.testing.assert_array_equal(moved.gates, survey.gates[3:9])
    np.testing.assert_allclose(moved.width, survey.width[3:9])
    context = {"height": [30.0, 40.0]}
    np.testing.assert_allclose(moved(**EARTH, **context), survey(**EARTH, **context)[:, 3:9], rtol=1e-6)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"time": [1e-4, 0.0], "radius": 1}, "every time must be positive"),
        ({"time": [1e-4, 1e-5], "radius": 1}, "times must increase. Sort the gates"),
        ({"time": [1e-4], "radius": 1, "side": 1}, "give either radius"),
        ({"time": [1e-4]}, "give either radius"),
        ({"time": [1e-4], "radius": -1}, "radius = -1 m; it must be positive"),
        ({"time": [1e-4], "radius": 1, "height": -2}, "height = -2 m; it must not be negative"),
        ({"radius": 1}, "needs time"),
        ({"radius": 1, "gates": [[1e-4, 1e-4]]}, "must close after it opens"),
        ({"radius": 1, "gates": [[1e-4, 2e-4], [1.5e-4, 3e-4]]}, "gates must not overlap"),
        ({"radius": 1, "gates": [[1e-4, 2e-4]], "time": [1e-3]}, "not inside their gates"),
        ({"time": [1e-4], "radius": 1, "waveform": -1e-6}, "duration of a linear ramp in s, not negative"),
        ({"time": [1e-4], "radius": 1, "low_pass": [-3e5]}, "a cut-off frequency is positive"),
        ({"time": [1e-4], "radius": 1, "quantity": "e"}, "allowed are 'dbdt', 'b'"),
        ({"time": [1e-4], "radius": 1, "width": -1.0}, "one positive number"),
        (
            {"time": [1e-4, 2e-4], "radius": 1, "moment": [0, 2], "waveform": [None, None]},
            "one waveform for each moment",
        ),
        ({"time": [1e-4, 1e-4], "radius": 1, "moment": [0, 1]}, "no list of waveforms"),
    ],
)
def test_what_cannot_be_is_said(settings, words):
    with pytest.raises((ValueError, TypeError), match=words.replace("(", r"\(")):
        CentralLoop(**settings)


@pytest.mark.parametrize(
    ("offset", "height", "words"),
    [((10.0, 0.0), 0.0, "on the wire"), ((0.0, -5.0), 2.0, "underground"), ((1.0,), 0.0, "a pair")],
)
def test_a_receiver_that_cannot_be_there_is_said(offset, height, words):
    with pytest.raises(ValueError, match=words):
        OffsetLoop([1e-4], radius=10.0, offset=offset, height=height)


@pytest.mark.parametrize(
    ("time", "current", "frequency", "words"),
    [
        ([-1e-3, 0], [1, 0.1], None, "must end at time 0 with no current"),
        ([-1e-3, -1e-4], [1, 0], None, "must end at time 0 with no current"),
        ([-1e-4, -1e-3, 0], [1, 1, 0], None, "times must not decrease"),
        ([-1e-3, 0], [0, 0], None, "no current at any node"),
        ([-1e-3, 0], [1, 0], 1000.0, "longer than half a period"),
        ([-1e-3, 0, 0], [1, 0], None, "as many of one"),
    ],
)
def test_a_waveform_that_cannot_be_is_said(time, current, frequency, words):
    with pytest.raises(ValueError, match=words):
        Waveform(time, current, frequency)


def test_an_unknown_instrument_is_said():
    with pytest.raises(ValueError, match="known are WalkTEM"):
        system("NanoTEM")
    with pytest.raises(ValueError, match="must be 'both', 'low' or 'high'"):
        system("SkyTEM", moment="middle")
    with pytest.raises(ValueError, match="has only one"):
        system("TEM-FAST", moment="low")
