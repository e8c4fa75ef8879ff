"""Rayleigh and Love waves: what the theory says, and that no mode is missed or taken for another."""

import itertools

import numpy as np
import pytest

from forward_models import Love, Rayleigh
from forward_models.surface_waves import love, rayleigh
from forward_models.surface_waves.curves import Models

WAVES = {"Rayleigh": (Rayleigh, rayleigh), "Love": (Love, love)}
PERIOD = np.geomspace(0.05, 1, 10)


@pytest.fixture(params=list(WAVES))
def wave(request):
    return request.param


def draw(n_models, n_layers=5, seed=0, order=True):
    """Ground of 100 to 1000 m/s; `order`: faster downward, with the slowest layers exchanged ("inverted"), or not."""
    rng = np.random.default_rng(seed)
    vs = 10 ** rng.uniform(2, 3, (n_models, n_layers))
    if order:
        vs.sort(axis=1)
    if order == "inverted":
        vs[:, [1, 2]] = vs[:, [2, 1]]
    return {
        "thickness": 10 ** rng.uniform(np.log10(2), np.log10(20), (n_models, n_layers - 1)),
        "vs": vs,
        "vp": vs * rng.uniform(1.3, 4, vs.shape),
        "density": rng.uniform(1600, 2200, vs.shape),
    }


def counted(module, models, period, mode, n_trials):
    """Velocity (n_models, n_periods) of the first step in the count of modes, found by trying many velocities."""
    block = Models(module, models["thickness"].T, {key: models[key].T for key in ("vs", "vp", "density")})
    lanes = np.arange(block.n)
    found = []
    with np.errstate(all="ignore"):
        for omega in 2 * np.pi / period:
            evaluate = block.evaluator(np.full(block.n, omega), lanes)
            trial = 0.7 * block.lower * (block.upper / (0.7 * block.lower)) ** np.linspace(0, 1, n_trials)[:, None]
            slower = evaluate(trial.ravel(), np.tile(lanes, n_trials))[1].reshape(trial.shape) > mode
            first = slower.argmax(axis=0)
            low, high = trial[first - 1, lanes], trial[first, lanes]
            for _ in range(25):
                middle = (low + high) / 2
                above = evaluate(middle, lanes)[1] > mode
                low, high = np.where(above, low, middle), np.where(above, middle, high)
            found.append(np.where(slower.any(axis=0), high, np.nan))
    return np.transpose(found)


def assert_same_modes(c, expected, rtol=1e-7):
    np.testing.assert_array_equal(np.isnan(c), np.isnan(expected))
    np.testing.assert_allclose(c, expected, rtol=rtol)


@pytest.mark.parametrize("ratio", [1.2, np.sqrt(3), 10])
def test_the_velocity_over_a_half_space_solves_rayleighs_equation(ratio):
    model = {"vs": [[300.0]], "vp": [[300.0 * ratio]], "density": [[1900.0]]}
    c = Rayleigh(PERIOD, velocity=("phase", "group"))(thickness=np.empty((1, 0)), **model)
    x = c / 300
    np.testing.assert_allclose((2 - x**2) ** 2, 4 * np.sqrt(1 - x**2) * np.sqrt(1 - (x / ratio) ** 2), rtol=1e-8)


def test_the_ellipticity_over_a_poisson_solid_is_0_6812():
    model = {"vs": [[300.0]], "vp": [[300.0 * np.sqrt(3)]], "density": [[1900.0]]}
    ellipticity = Rayleigh([0.5], ellipticity=True)(thickness=np.empty((1, 0)), **model)[0, 1]
    # For vp = √3 vs the equation is solved by c² = (2 - 2/√3) vs².
    x2 = 2 - 2 / np.sqrt(3)
    np.testing.assert_allclose(ellipticity, (1 - x2 / 2) / np.sqrt(1 - x2 / 3), rtol=1e-8)


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_love_waves_of_one_layer_solve_the_textbook_equation(mode):
    h, beta1, beta2, rho1, rho2 = 12.0, 180.0, 500.0, 1800.0, 2100.0
    survey = Love(np.geomspace(0.02, 0.05, 7), mode=mode)
    c = survey(thickness=[[h]], vs=[[beta1, beta2]], density=[[rho1, rho2]])[0]
    k = 2 * np.pi / survey.period / c
    q1, q2 = np.sqrt((c / beta1) ** 2 - 1), np.sqrt(1 - (c / beta2) ** 2)
    # tan(k h q1) = μ2 q2/(μ1 q1), on its branch for the mode
    phase = np.arctan2(rho2 * beta2**2 * q2, rho1 * beta1**2 * q1) + mode * np.pi
    np.testing.assert_allclose(k * h * q1, phase, rtol=1e-8)


def test_half_spaces_have_no_love_waves():
    assert np.isnan(Love(PERIOD)(thickness=np.empty((1, 0)), vs=[[200.0]], density=[[1900.0]])).all()


def test_faster_ground_at_shorter_periods_gives_the_same_curve(wave):
    survey, _ = WAVES[wave]
    models = draw(20, order="inverted")
    faster = {**models, "vs": 3 * models["vs"], "vp": 3 * models["vp"]}
    np.testing.assert_allclose(survey(PERIOD / 3)(**faster), 3 * survey(PERIOD)(**models), rtol=1e-8)


def test_only_ratios_of_densities_count(wave):
    survey, _ = WAVES[wave]
    models = draw(20)
    heavier = {**models, "density": 1.7 * models["density"]}
    np.testing.assert_allclose(survey(PERIOD)(**heavier), survey(PERIOD)(**models), rtol=1e-8)


def test_curves_lie_between_the_grounds_extremes(wave):
    survey, _ = WAVES[wave]
    models = draw(50)
    c = survey(PERIOD)(**models)
    slowest = {"Rayleigh": 0.7, "Love": 1.0}[wave] * models["vs"].min(axis=1)
    assert ((c > slowest[:, None]) & (c < models["vs"][:, -1:])).all()


def test_higher_modes_are_faster_and_end_earlier(wave):
    survey, _ = WAVES[wave]
    models = draw(50, order="inverted")
    curves = [survey(PERIOD, mode=mode)(**models) for mode in range(3)]
    for lower, higher in itertools.pairwise(curves):
        assert np.isfinite(lower[np.isfinite(higher)]).all()
        assert (higher > lower)[np.isfinite(higher)].all()
    assert np.isnan(curves[2]).any()


def test_several_modes_in_one_survey_are_those_of_one_each(wave):
    survey, _ = WAVES[wave]
    models = draw(10)
    both = survey(np.tile(PERIOD, 2), mode=np.repeat([1, 0], len(PERIOD)))
    assert both.channels.branch == "mode"
    expected = np.hstack([survey(PERIOD, mode=mode)(**models) for mode in (1, 0)])
    np.testing.assert_array_equal(both(**models), expected)


@pytest.mark.parametrize("order", [True, "inverted", False])
@pytest.mark.parametrize("mode", [0, 1])
def test_every_mode_is_where_the_count_says(wave, order, mode):
    survey, module = WAVES[wave]
    models = draw(15, seed=1, order=order)
    period = PERIOD[::3]
    assert_same_modes(survey(period, mode=mode)(**models), counted(module, models, period, mode, n_trials=120))


@pytest.mark.slow
@pytest.mark.parametrize("order", [True, "inverted", False])
@pytest.mark.parametrize("mode", [0, 1])
def test_every_mode_of_many_models_is_where_the_count_says(wave, order, mode):
    survey, module = WAVES[wave]
    models = draw(400, seed=2, order=order)
    assert_same_modes(survey(PERIOD, mode=mode)(**models), counted(module, models, PERIOD, mode, n_trials=500))


def test_the_count_is_that_of_the_sign_changes(wave):
    _, module = WAVES[wave]
    models = draw(30, order=False)
    block = Models(module, models["thickness"].T, {key: models[key].T for key in ("vs", "vp", "density")})
    lanes = np.arange(block.n)
    evaluate = block.evaluator(np.full(block.n, 2 * np.pi / 0.05), lanes)
    trial = block.lower * (block.upper / block.lower) ** np.linspace(0, 1, 400)[:, None]
    with np.errstate(all="ignore"):
        value, number = evaluate(trial.ravel(), np.tile(lanes, len(trial)))
    assert number.max() > 5
    np.testing.assert_array_equal(value < 0, number % 2 == 1)


def test_the_group_velocity_is_the_slope_of_the_phase_velocity(wave):
    survey, _ = WAVES[wave]
    models = draw(20, order="inverted", seed=3)
    step = 1e-3
    c, group = np.split(survey(PERIOD, velocity=("phase", "group"))(**models), 2, axis=1)
    at = {shift: np.log(survey(PERIOD * np.exp(shift * step))(**models)) for shift in (-2, -1, 1, 2)}
    slope = (8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * step)
    np.testing.assert_allclose(group, c / (1 + slope), rtol=1e-5)


def test_a_mode_trapped_far_below_has_its_own_group_velocity():
    trapped = {"thickness": [[50.0, 20.0]], "vs": [[800.0, 100.0, 900.0]], "density": [[2000.0, 1700.0, 2100.0]]}
    trapped["vp"] = 2 * np.array(trapped["vs"])
    for survey in (Rayleigh, Love):
        c = survey(np.array([0.05 * np.exp(-1e-4), 0.05, 0.05 * np.exp(1e-4)]), velocity="phase")(**trapped)[0]
        group = survey([0.05], velocity="group")(**trapped)[0, 0]
        slope = np.log(c[2] / c[0]) / 2e-4
        np.testing.assert_allclose(group, c[1] / (1 + slope), rtol=1e-6)


def test_slopes_of_the_ellipticity_are_its_differences():
    models = draw(10, n_layers=3, seed=5)
    survey = Rayleigh([0.05, 0.2], ellipticity=True)
    slope = survey.jacobian(**models)["vs"][:, 2:, 1]
    sides = []
    for step in (1e-4, -1e-4):
        moved = {**models, "vs": models["vs"] * np.exp([0, step, 0])}
        sides.append(np.log(survey(**moved))[:, 2:])
    np.testing.assert_allclose(slope, (sides[0] - sides[1]) / 2e-4, rtol=1e-4, atol=1e-4)


def test_slopes_add_up_to_those_of_scaling(wave):
    """c depends on vs, vp in proportion, on hf/c and on ratios of densities."""
    survey, _ = WAVES[wave]
    models = draw(20, seed=4)
    c, group = np.split(survey(PERIOD, velocity=("phase", "group"))(**models), 2, axis=1)
    total = {key: slope.sum(axis=2) for key, slope in survey(PERIOD).jacobian(**models).items()}
    np.testing.assert_allclose(total["density"], 0, atol=1e-8)
    dispersion = c / group - 1
    np.testing.assert_allclose(total["thickness"], -dispersion, atol=1e-7)
    np.testing.assert_allclose(total["vs"] + total.get("vp", 0), 1 + dispersion, atol=1e-7)


def test_love_ignores_vp():
    models = draw(3)
    without = {key: value for key, value in models.items() if key != "vp"}
    np.testing.assert_array_equal(Love(PERIOD)(**models), Love(PERIOD)(**without))


def test_beyond_cut_off_is_the_half_spaces_vs():
    models = draw(3)
    beyond = Rayleigh(PERIOD, ellipticity=True).beyond(**models)
    np.testing.assert_array_equal(beyond[:, : len(PERIOD)], np.repeat(models["vs"][:, -1:], len(PERIOD), axis=1))
    assert np.isnan(beyond[:, len(PERIOD) :]).all()


def test_a_mode_approaches_that_value_at_its_cut_off():
    ground = {"thickness": [[10.0]], "vs": [[200.0, 500.0]], "density": [[1800.0, 2000.0]]}
    cut_off = 2 * 10 * np.sqrt(1 / 200**2 - 1 / 500**2)
    c = Love(cut_off * np.array([1 - 1e-4, 1 + 1e-4]), mode=1, velocity=("phase", "group"))(**ground)[0]
    np.testing.assert_allclose(c[[0, 2]], 500, rtol=1e-3)
    assert np.isnan(c[[1, 3]]).all()


def test_frequencies_are_periods(wave):
    survey, _ = WAVES[wave]
    by_frequency = survey(frequency=1 / PERIOD)
    np.testing.assert_allclose(by_frequency.channels.value, PERIOD)
    moved = by_frequency.at(period=PERIOD[:3], mode=np.zeros(3))
    assert moved == survey(PERIOD[:3])
    assert moved.at(frequency=[5.0]) == survey(frequency=[5.0])


def test_readings_that_say_no_mode_are_of_the_only_or_of_the_fundamental_one(wave):
    survey, _ = WAVES[wave]
    two = survey(np.tile(PERIOD, 2), mode=np.repeat([0, 1], len(PERIOD)))
    elsewhere = two.channels.value * 1.1
    assert two.at(period=elsewhere) == survey(elsewhere)
    assert two.at(period=elsewhere[:2], mode=[np.nan, 1]) == survey(elsewhere[:2], mode=[0, 1])
    assert two.at(velocity="group") == survey(two.period, mode=two.mode, velocity="group")
    assert survey(PERIOD, mode=1).at(period=elsewhere) == survey(elsewhere, mode=1)


def test_impossible_models_are_rows_of_nan_among_good_ones():
    models = draw(4)
    models["vp"][1, 2] = models["vs"][1, 2] * 1.15
    c = Rayleigh(PERIOD)(**models)
    assert np.isnan(c[1]).all() and np.isfinite(c[[0, 2, 3]]).all()


@pytest.mark.parametrize(
    "settings, message",
    [
        ({}, "neither period nor frequency; it needs one of them"),
        ({"period": [1], "frequency": [1]}, "both period and frequency; it needs one of them"),
        ({"period": [1, 0]}, r"period\[1\] = 0 s; every period must be positive"),
        ({"frequency": [-5]}, r"frequency\[0\] = -5 Hz; every frequency must be positive"),
        ({"period": [1], "mode": -1}, "mode -1; modes are whole numbers from 0"),
        ({"period": [1], "mode": 0.5}, "mode 0.5; modes are whole numbers from 0"),
        ({"period": [1, 2, 3], "mode": [0, 1]}, "2 modes for 3 readings; give one for each"),
        ({"period": [1], "velocity": "fast"}, 'velocity = \'fast\'; it must be "phase", "group"'),
    ],
)
def test_settings_that_make_no_sense_are_named(wave, settings, message):
    with pytest.raises(ValueError, match=message):
        WAVES[wave][0](**settings)
    with pytest.raises(TypeError, match="mode = True; modes are whole numbers from 0"):
        WAVES[wave][0](period=[1], mode=True)
    with pytest.raises(TypeError, match="ellipticity = 3; it is True or False"):
        Rayleigh(period=[1], ellipticity=3)


@pytest.mark.parametrize(
    "key, factor, message",
    [
        ("vs", 1e-3, "vs up to .*, which looks like km/s; it must be in m/s"),
        ("density", 1e-3, "density up to .*, which looks like g/cm³; it must be in kg/m³"),
        ("density", -1, "density of -.* or less in every layer; it must be positive"),
        ("vs", 0, "vs of 0 or less in every layer; it must be positive"),
        ("vp", 0.2, "vp = .* vp must exceed vs·√\\(4/3\\), and it does so in no layer"),
    ],
)
def test_models_in_other_units_are_refused(key, factor, message):
    models = draw(5)
    with pytest.raises(ValueError, match=message):
        Rayleigh(PERIOD)(**{**models, key: factor * models[key]})


FOLDED = {
    "thickness": np.array([[5.03, 19.47]]),
    "vs": np.array([[612.5, 108.4, 800.8]]),
    "vp": np.array([[3615.4, 547.4, 4180.3]]),
    "density": np.array([[2004.0, 1626.0, 1667.0]]),
}


def test_the_lowest_branch_of_a_folded_curve_is_found():
    """Slow ground under a stiff plate: between 0.42 and 0.45 s the curve turns back and one period has three roots."""
    period = np.geomspace(0.05, 1, 30)
    c = Rayleigh(period)(**FOLDED)
    assert_same_modes(c, counted(rayleigh, FOLDED, period, 0, n_trials=800))
    assert (np.diff(period * c[0]) > 0).all()
    fold = np.argmax(c[0, 1:] / c[0, :-1]) + 1
    assert c[0, fold] / c[0, fold - 1] > 1.4


def test_a_fold_is_also_found_at_a_single_period():
    period = np.array([0.4376])
    assert_same_modes(Rayleigh(period)(**FOLDED), counted(rayleigh, FOLDED, period, 0, n_trials=800))


def test_group_velocities_stay_within_bounds_in_extreme_ground(wave):
    survey, _ = WAVES[wave]
    rng = np.random.default_rng(0)
    vs = 10 ** rng.uniform(1.5, 3.6, (60, 12))
    models = {
        "thickness": 10 ** rng.uniform(-1, 2.5, (60, 11)),
        "vs": vs,
        "vp": vs * 10 ** rng.uniform(np.log10(1.2), 1, vs.shape),
        "density": rng.uniform(1000, 3500, vs.shape),
    }
    c, group = np.split(survey(np.geomspace(0.01, 30, 9), velocity=("phase", "group"))(**models), 2, axis=1)
    np.testing.assert_array_equal(np.isnan(c), np.isnan(group))
    exists = np.isfinite(c)
    fastest = np.broadcast_to(models["vp"].max(axis=1, keepdims=True), c.shape)
    assert (group < fastest)[exists].all()
    if wave == "Love":
        # Its energy never flows backward.
        assert (group <= c * (1 + 1e-9))[exists].all() and (group > 0)[exists].all()
