"""Surveys made of a user's own function: what it may be, what it must return, and the way through the pipeline."""

import json
import re

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import bpinvert as bp
from bpinvert import failures, plots
from bpinvert.priors.models import Models
from bpinvert.refinement import Misfit
from forward_models import Channels, Schlumberger, UserForward

# Newton's constant, with tonnes and milligal.
_G = 6.674e-11 * 1e3 * 1e5
STATIONS = np.linspace(-150.0, 150.0, 13)
GRAVITY = {
    "quantity": "gravity",
    "unit": "mGal",
    "coordinate": "position",
    "coordinate_unit": "m",
    "value": STATIONS,
}
FLOOR = 0.01


def sphere(mass, depth, x0, position):
    """Vertical attraction of a sphere with an excess mass in t."""
    aside = position - x0[:, None]
    return _G * (mass * depth)[:, None] / (aside**2 + depth[:, None] ** 2) ** 1.5


def sphere_here(mass, depth, x0):
    return sphere(mass, depth, x0, STATIONS)


def temperature(thickness, conductivity, heat_flow, position):
    """What it is warmer than at the surface, in K, where heat_flow (mW/m2) comes up through layers of W/(m K)."""
    top = np.concatenate([np.zeros((len(thickness), 1)), np.cumsum(thickness, axis=1)], axis=1)
    bottom = np.concatenate([top[:, 1:], np.full((len(thickness), 1), np.inf)], axis=1)
    inside = np.clip(np.minimum(position, bottom[:, :, None]) - top[:, :, None], 0, None)
    return 1e-3 * heat_flow[:, None] * (inside / conductivity[:, :, None]).sum(axis=1)


SURVEY = UserForward(sphere, GRAVITY, parameters={"mass": "t", "depth": "m", "x0": "m"})
PRIOR = bp.Prior(mass=(1e4, 3e6), depth=(20, 120), x0=stats.uniform(-100, 200))
TEMPERATURES = {
    "quantity": "warming",
    "unit": "K",
    "scale": "log",
    "coordinate": "position",
    "value": [10, 50, 90, 200],
}
COLUMN = UserForward(temperature, TEMPERATURES, context=("heat_flow",))
MODELS = {"mass": np.array([2e5, 1e6]), "depth": np.array([40.0, 80.0]), "x0": np.array([-30.0, 0.0])}


def survey(function, channels=3, **settings):
    return UserForward(function, channels, **settings)


@pytest.fixture(scope="module")
def inverter():
    made = bp.Inverter(SURVEY, PRIOR, bp.Noise(relative=0, floor=FLOOR), hidden=24, max_epochs=12)
    return made.fit(n_samples=4000, n_calibration=1000, progress=False)


@pytest.fixture(scope="module")
def result(inverter):
    data = SURVEY(**MODELS) + FLOOR * np.random.default_rng(0).standard_normal((2, len(STATIONS)))
    return inverter.invert(data, level="posterior", draws=20)


def test_parameters_and_places_are_the_arguments_of_the_function():
    assert SURVEY.parameters == ("mass", "depth", "x0") and SURVEY.properties == SURVEY.parameters
    assert COLUMN.parameters == ("thickness", "conductivity") and COLUMN.properties == ("conductivity",)
    plain = survey(lambda a, b: np.stack([a, b, a], axis=1))
    assert plain.parameters == ("a", "b") and plain.channels.points
    np.testing.assert_array_equal(plain(a=[1.0], b=[-2.0]), [[1, -2, 1]])


def test_a_batch_equals_a_loop_and_a_function_of_one_model():
    def alone(mass, depth, x0, position):
        return [float(sphere(*(np.array([v]) for v in (mass, depth, x0)), p)[0, 0]) for p in position[:, None]]

    together = SURVEY(**MODELS)
    one_by_one = UserForward(alone, GRAVITY, vectorized=False)
    np.testing.assert_allclose(one_by_one(**MODELS), together, rtol=1e-12)
    loop = [SURVEY(**{name: values[k : k + 1] for name, values in MODELS.items()})[0] for k in range(2)]
    np.testing.assert_array_equal(loop, together)


def test_inputs_are_never_changed_whatever_the_function_does_to_them():
    def careless(a):
        a += 1
        return np.stack([a] * 3, axis=1)

    given = np.array([1.0, 2.0])
    survey(careless)(a=given)
    np.testing.assert_array_equal(given, [1, 2])


def test_the_derivative_is_that_of_the_formula_also_where_a_parameter_is_zero_or_negative():
    def polynomial(a, b):
        return np.stack([a * b, b**2, a + 3 * b], axis=1)

    a, b = np.array([2.0, -1.0, 0.0]), np.array([0.0, -3.0, 5.0])
    slopes = survey(polynomial).jacobian(a=a, b=b)
    # p d/dp; the second differences of the step are of order 1e-8
    np.testing.assert_allclose(slopes["a"][:, :, 0], np.stack([a * b, 0 * a, a], 1), rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(slopes["b"][:, :, 0], np.stack([a * b, 2 * b**2, 3 * b], 1), rtol=1e-7, atol=1e-12)


def test_refinement_finds_its_way_from_a_parameter_of_zero():
    prior = bp.Prior(a=stats.uniform(-1, 2), b=stats.norm(0, 1))
    line = survey(lambda a, b: a[:, None] + b[:, None] * np.array([1.0, 2.0, 3.0]))
    misfit = Misfit(line, prior, np.array([[0.5, 1.0, 1.5]]), np.full((1, 3), 0.1))
    u = np.array([[0.5, 0.5]])
    assert prior.decode(u)["b"] == 0
    _, _, jacobian = misfit.linearised(u, np.zeros(1, dtype=int))
    # dp/du of either distribution in its middle
    slopes = np.array([[1, 1], [1, 2], [1, 3]]) * [2, np.sqrt(2 * np.pi)]
    np.testing.assert_allclose(jacobian[0], slopes / 0.1, rtol=1e-6)


def test_derivatives_at_the_prior_s_ends_and_beside_models_that_fail_are_one_sided():
    def fragile(a):
        return np.stack([np.where(a > 0.3, 2 * a, np.nan)] * 3, axis=1)

    misfit = Misfit(survey(fragile), bp.Prior(a=stats.uniform(0, 1)), np.zeros((1, 3)), np.ones((1, 3)))
    for u in (1.0, 0.30001):
        _, _, jacobian = misfit.linearised(np.array([[u]]), np.zeros(1, dtype=int))
        np.testing.assert_allclose(jacobian, 2.0, rtol=1e-6)


def test_splitting_a_layer_and_padding_the_half_space_change_nothing():
    split = {"thickness": [[20.0, 30.0, 1.0]], "conductivity": [[2.0, 2.0, 3.0, 3.0]], "heat_flow": [60.0]}
    whole = {"thickness": [[50.0]], "conductivity": [[2.0, 3.0]], "heat_flow": [60.0]}
    np.testing.assert_allclose(COLUMN(**split), COLUMN(**whole), rtol=1e-12)


def test_other_readings_are_computed_where_the_function_takes_places_and_picked_where_not():
    np.testing.assert_array_equal(SURVEY.at(position=[0.0, -7.5])(**MODELS), sphere(**MODELS, position=[0.0, -7.5]))
    here = UserForward(sphere_here, GRAVITY)
    picked = here.at(position=STATIONS[[7, 2, 3]]).at(position=STATIONS[[2, 7]])
    np.testing.assert_array_equal(picked(**MODELS), here(**MODELS)[:, [2, 7]])
    with pytest.raises(ValueError, match=r"reading at position 1.0, which sphere_here\(\) does not compute. Give the"):
        here.at(position=[1.0])


@pytest.mark.parametrize("vectorized", [True, False])
def test_models_that_make_the_function_raise_are_found_one_by_one(vectorized):
    calls = []

    def picky(a):
        calls.append(np.size(a))
        if np.any(a < 0):
            raise ValueError("negative")
        return np.stack([a] * 3, axis=-1)

    a = np.arange(64.0)
    a[[5, 40]] *= -1
    data = survey(picky, vectorized=vectorized)(a=a)
    np.testing.assert_array_equal(np.isnan(data).all(axis=1), a < 0)
    np.testing.assert_array_equal(data[a >= 0, 0], a[a >= 0])
    if vectorized:
        assert len(calls) < 30


def test_single_channels_may_be_missing_and_impossible_inputs_are_rows_of_nan():
    partly = survey(lambda a: np.stack([a, a, np.where(a > 1, np.inf, a)], axis=1), positive=("a",))
    found = partly(a=[1.0, 2.0, -1.0, np.nan])
    np.testing.assert_array_equal(np.isnan(found), [[0, 0, 0], [0, 0, 1], [1, 1, 1], [1, 1, 1]])


def raises(a):
    return missing_name  # noqa: F821


WRONG = {
    r"bad\(\) returned an array of shape \(2,\), but \(2, 3\) is needed.*vectorized=False": lambda a: a,
    r"shape \(2, 2\), but \(2, 3\) is needed: one row for each model": lambda a: np.stack([a, a], axis=1),
    r"bad\(\) returned complex numbers; data are real": lambda a: np.stack([a] * 3, axis=1) * 1j,
    r"bad\(\) returned None; it must return an array \(n_models, 3\)": lambda a: None,
    r"bad\(\) returned \['x'\]; it must return an array of numbers": lambda a: ["x"],
    r"bad\(\) raised NameError: .*It was called with a \(2,\); correct the function": raises,
    r"bad\(\) raised \w*TypeError: ": lambda a: a + "x",
}


@pytest.mark.parametrize("words", WRONG)
def test_what_the_function_returns_is_checked(words):
    bad = WRONG[words]
    bad.__name__ = "bad"
    with pytest.raises((TypeError, ValueError), match=words) as caught:
        survey(bad)(a=[1.0, 2.0])
    if "raised" in words:
        assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: UserForward(3, 4), "function is 3; it must be a function"),
        (lambda: survey(lambda a: a, 0), "channels is 0; a function returns at least one number"),
        (lambda: survey(lambda a: a, "x"), "channels is 'x'; pass Channels, a dict such as"),
        (lambda: survey(lambda a: a, {"value": [1, 2]}), "channels has value; it needs quantity and value"),
        (lambda: survey(lambda a: a, {"quantity": "b", "value": [1, np.nan]}), "must be a list of finite numbers"),
        (lambda: survey(lambda a: a, parameters=("b",)), r"has no argument b; it takes a. Name its arguments like"),
        (lambda: survey(lambda a, b, c=1: a, parameters=("a",)), r"\(\) also needs b, which is no parameter"),
        (lambda: survey(lambda a: a, parameters="a"), "parameters is 'a'; it must be a tuple of names"),
        (lambda: survey(lambda a: a, positive=("b",)), "positive has b; the parameters are a"),
        (lambda: survey(max), r"max\(\) does not name its arguments; say parameters"),
        (lambda: survey(lambda: 1), r"has no parameters; give it at least one|does not name"),
        (lambda: survey(lambda status: status), "the name 'status' stands for something else in results"),
        (lambda: survey(lambda signal: signal), "the name 'signal' stands for two things here"),
        (lambda: SURVEY(mass=[1.0], depth=[1.0]), r"sphere\(\) got mass, depth; it needs mass, depth, x0"),
        (lambda: SURVEY(mass=[1.0], depth=[1.0, 2.0], x0=[1.0]), r"depth has shape \(2,\); .* it must be \(1,\)"),
        (
            lambda: COLUMN(thickness=[[1.0]], conductivity=[[1.0]], heat_flow=[1.0]),
            r"conductivity has shape \(1, 1\); .* must be \(1, 2\). The last layer is a half-space",
        ),
        (lambda: SURVEY.at(depth=[1.0]), r"at\(\) got depth; readings of this survey have position"),
    ],
)
def test_what_does_not_fit_together_is_refused(make, words):
    with pytest.raises((TypeError, ValueError), match=words):
        make()


def test_quantities_of_different_readings_are_refused():
    uneven = Channels(("a", "a", "b"), ("1",) * 3, ("linear",) * 3, "place", np.array([1.0, 2.0, 1.0]), "m")
    with pytest.raises(ValueError, match="different readings for different quantities; each quantity needs all"):
        survey(lambda m: m, uneven)


def test_a_sphere_s_mass_depth_and_place_are_found_within_their_intervals(result):
    for name, truth in MODELS.items():
        low, high = result[f"{name}_quantile"].sel(quantile=[0.05, 0.95]).values
        assert ((low - 0.3 * (high - low) < truth) & (truth < high + 0.3 * (high - low))).all()
        assert result[name].dims == ("sounding",)
    assert (result["chi2"] < 2).all() and (result["flag"] == 0).all() and (result["n_layers"] == 0).all()
    assert result["mass"].attrs["units"] == result["mass_quantile"].attrs["units"] == "t"
    np.testing.assert_allclose(result["predicted_gravity"], SURVEY(**{n: result[n].values for n in MODELS}), rtol=1e-12)
    said = bp.explain(result, 1)
    assert re.search(r"The data set mass [\d]+–[\d]+ t, depth .* m and x0 -?[\d.]+(–| to )[\d.]+ m \(90", said)


def test_results_of_unlayered_models_are_tables_of_their_parameters(result):
    table = result[["mass", "depth", "x0", "chi2"]].to_dataframe()
    assert table.shape == (2, 4) and set(result.sizes) >= {"sounding", "reading"} and "layer" not in result.sizes


def test_a_profile_may_lack_stations_and_has_strangers_named_by_their_place(inverter):
    data = SURVEY(**MODELS)
    data[0, 3:6] = np.nan
    data[1, 6] += 100 * FLOOR
    found = inverter.invert(data)
    assert found["chi2"][0] < 1 and found["flag"][0] == 0 and found["used"].values[0].sum() == 10
    assert found["flag"][1] != 0
    assert "gravity at position = 0 m" in bp.explain(found, 1)
    # Stations elsewhere are no channels; the refinement and its prediction use them all the same.
    between = xr.Dataset(
        {
            "gravity": (("sounding", "reading"), SURVEY.at(position=STATIONS + 3.0)(**MODELS)),
            "position": ("reading", STATIONS + 3.0),
        }
    )
    assert (inverter.invert(between)["chi2"] < 1e-2).all()


def test_a_saved_inverter_takes_its_function_again_and_no_other(inverter, result, tmp_path):
    path = tmp_path / "sphere.nc"
    inverter.save(path)
    data = result["gravity"].values
    with pytest.raises(
        ValueError, match=r"sphere.nc was made .* computes its data by sphere\(\), a function of your own"
    ):
        bp.load_inverter(path)
    again = bp.load_inverter(
        path, survey=UserForward(sphere, GRAVITY, parameters={"mass": "t", "depth": "m", "x0": "m"})
    )
    xr.testing.assert_identical(again.invert(data, level="posterior", draws=20), result)

    def other(mass, depth, x0, position):
        return 1.00001 * sphere(mass, depth, x0, position)

    with pytest.raises(ValueError, match=r"computes other data than .*sphere.nc was made with: .* gravity at position"):
        bp.load_inverter(path, survey=UserForward(other, GRAVITY))
    moved = UserForward(sphere, GRAVITY | {"value": STATIONS + 1})
    with pytest.raises(ValueError, match="other channels than the survey given has: their value differs"):
        bp.load_inverter(path, survey=moved)
    with pytest.raises(ValueError, match="Schlumberger needs resistivity but the prior has mass, depth, x0"):
        bp.load_inverter(path, survey=Schlumberger(ab2=STATIONS + 200))
    with pytest.raises(TypeError, match=r"survey is <function .*; pass a survey of forward_models"):
        bp.load_inverter(path, survey=other)


def test_its_description_is_refused_with_what_to_do():
    with pytest.raises(ValueError, match=r"computes its data by sphere\(\).*load_inverter\(path, survey=UserForward"):
        SURVEY.to_dict()
    assert SURVEY == UserForward(sphere, GRAVITY) and SURVEY != UserForward(sphere_here, GRAVITY)
    assert hash(SURVEY) == hash(UserForward(sphere, GRAVITY)) and SURVEY != COLUMN


def test_samples_train_only_the_function_that_made_them():
    samples = bp.generate_samples(SURVEY, PRIOR, 600, seed=0, progress=False)
    assert samples["mass"].attrs["units"] == "t" and "x0" in samples and "layer" not in samples.sizes
    made = {"noise": bp.Noise(relative=0, floor=FLOOR), "hidden": 4, "max_epochs": 1}

    def double(mass, depth, x0, position):
        return 2 * sphere(mass, depth, x0, position)

    double.__name__ = "sphere"
    with pytest.raises(ValueError, match="the survey given computes other data than the Dataset of samples was made"):
        bp.Inverter(UserForward(double, GRAVITY), PRIOR, **made).fit(samples, n_calibration=1000, progress=False)


def test_a_fit_says_how_many_models_failed_and_where():
    def fragile(a, b):
        if np.any(a > 8):
            raise FloatingPointError("too large")
        return np.stack([a, b, a * b], axis=1)

    prior = bp.Prior(a=(1, 10), b=(1, 10))
    made = bp.Inverter(survey(fragile), prior, bp.Noise(relative=0.05), hidden=4, max_epochs=1)
    with pytest.warns(UserWarning, match=r"10 % of the models of the prior .* most of all by a: 90 % of them have 8"):
        made.fit(n_samples=2000, n_calibration=1000, progress=False)
    failed = made.identity["failed"]
    assert failed["n_models"] == 2000 and failed["parameter"] == "a"
    # log10(10/8)
    assert failed["n_failed"] / 2000 == pytest.approx(0.0969, abs=0.02)
    assert failed["failed"][0] > 8 and failed["all"][0] < 1.3
    samples = bp.generate_samples(survey(fragile), prior, 300, seed=0, progress=False)
    assert samples.attrs["n_failed"] > 10 and "most of all by a" in samples.attrs["failed"]


def test_failures_all_over_the_prior_are_blamed_on_no_parameter():
    rng = np.random.default_rng(0)
    parts = [Models({"a": rng.random(n), "b": rng.random(n)}) for n in (2000, 300)]
    found = failures.summary(*parts)
    assert found == {"n_failed": 300, "n_models": 2300}
    assert failures.sentence(found).endswith("no parameter alone says where.")
    assert failures.summary(parts[0], parts[1].take(slice(0))) is None


def test_a_function_that_fails_on_every_model_is_an_error_with_its_cause():
    def broken(a):
        raise OverflowError("far too large")

    made = bp.Inverter(survey(broken), bp.Prior(a=(1, 10)), bp.Noise(relative=0.05))
    with pytest.raises(
        ValueError, match=r"none of 480 models .* The first one raised OverflowError: far too"
    ) as caught:
        made.fit(n_samples=600, progress=False)
    assert isinstance(caught.value.__cause__, OverflowError)
    with pytest.raises(ValueError, match="none of 40 models drawn from the prior could be computed"):
        bp.generate_samples(survey(broken), bp.Prior(a=(1, 10)), 40, seed=0, progress=False)


@pytest.mark.parametrize(
    ("function", "scale", "words"),
    [
        (lambda a: -np.stack([a, a, a], axis=1), "log", "signal is -.* of the first, and a scale 'log' holds positive"),
        (lambda a: np.ones((len(a), 3)), "linear", "the same data for all of 32 models"),
    ],
)
def test_data_of_the_wrong_sign_or_without_a_difference_are_refused_as_that(function, scale, words):
    channels = {"quantity": "signal", "value": [1.0, 2.0, 3.0], "scale": scale}
    made = bp.Inverter(survey(function, channels), bp.Prior(a=(1, 10)), bp.Noise(relative=0.05))
    with pytest.raises(ValueError, match=words):
        made.fit(n_samples=600, progress=False)


def test_too_few_models_that_can_be_computed_are_said_to_have_failed_and_where():
    def fragile(a):
        return np.stack([np.where(a > 1.2, np.nan, a)] * 3, axis=1)

    made = bp.Inverter(survey(fragile), bp.Prior(a=(1, 10)), bp.Noise(relative=0.05))
    with pytest.raises(ValueError, match=r"at least 500 are needed\. 9\d % of the models .* most of all by a.*narrow"):
        made.fit(n_samples=2000, n_calibration=1000, progress=False)


def test_a_prior_of_more_than_the_survey_knows_is_refused():
    prior = bp.Prior(a=(1, 10), b=(1, 10), c=(1, 10))
    with pytest.raises(ValueError, match=r"the prior has c, which UserForward does not know; it needs a, b\. L"):
        bp.Inverter(survey(lambda a, b: np.stack([a, b, a], axis=1)), prior, bp.Noise(relative=0.05))


def test_a_function_that_counts_layers_is_refused_where_their_number_varies():
    def total(thickness, v):
        return np.stack([thickness.sum(axis=1)] * 3, axis=1)

    prior = {"thickness": (1, 10), "v": (1, 10)}
    made = bp.Inverter(survey(total), bp.LayeredPrior(n_layers=(2, 3), **prior), bp.Noise(relative=0.05))
    with pytest.raises(ValueError, match="gives other data where the half-space is split into a layer of 1 m"):
        made.fit(n_samples=600, progress=False)


def test_pictures_show_data_against_their_coordinate_and_parameters_within_the_prior(result):
    axes = plots.sounding(result, 1)
    assert axes[0].get_xlabel() == "position (m)" and axes[0].get_ylabel() == "gravity (mGal)"
    assert "chi²/N" in axes[0].get_title(loc="left")
    assert [label.get_text() for label in axes[1].get_yticklabels()] == ["mass", "depth", "x0"]
    words = [text.get_text() for text in axes[1].texts]
    assert re.fullmatch(r"[\de+.]+   \([\de+.]+ to [\de+.]+\) t", words[0])
    assert len(plots.curve(SURVEY, MODELS)[0].lines) == 2
    plots.plt.close("all")


@pytest.mark.slow
def test_a_layered_column_goes_through_the_pipeline_at_places_of_its_own(tmp_path):
    depths = np.geomspace(10, 500, 14)
    column = UserForward(temperature, TEMPERATURES | {"value": depths}, context=("heat_flow",))
    prior = bp.LayeredPrior(
        n_layers=(2, 3), thickness=(20, 200), conductivity=(0.8, 6), context={"heat_flow": (40, 110)}
    )
    made = bp.Inverter(column, prior, bp.Noise(relative=0.005), hidden=(48, 24), max_epochs=20)
    made.fit(n_samples=12000, n_calibration=2000, progress=False)
    truth = {"thickness": [[60.0, 120.0]], "conductivity": [[1.5, 3.5, 2.2]], "heat_flow": [70.0]}
    places = np.linspace(12, 480, 20)
    data = column.at(position=places)(**truth) * np.exp(0.005 * np.random.default_rng(0).standard_normal((1, 20)))
    observed = xr.Dataset(
        {
            "warming": (("sounding", "reading"), data),
            "position": ("reading", places),
            "heat_flow": ("sounding", [70.0]),
        }
    )
    found = made.invert(observed, level="posterior")
    assert found["n_layers"] == 3 and found["flag"] == 0 and found["chi2"] < 2
    np.testing.assert_allclose(found["conductivity"], truth["conductivity"], rtol=0.06)
    axes = plots.sounding(found)
    assert axes[1].get_xlabel().startswith("conductivity") and axes[1].get_ylabel() == "depth (m)"
    plots.plt.close("all")
    made.save(tmp_path / "column.nc")
    again = bp.load_inverter(tmp_path / "column.nc", survey=column)
    xr.testing.assert_identical(again.invert(observed, level="posterior"), found)
    assert json.loads(found.attrs["survey"])["context"] == ["heat_flow"]
