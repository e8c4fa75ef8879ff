"""Laws that every layered survey keeps. A new method adds one line to EXAMPLES."""

import dataclasses
import json

import numpy as np
import pytest

from forward_models import (
    METHODS,
    CentralLoop,
    CoincidentLoop,
    DipoleDipole,
    InducedPolarization,
    Joint,
    LoopLoop,
    Love,
    Magnetotelluric,
    OffsetLoop,
    PoleDipole,
    PolePole,
    Rayleigh,
    Schlumberger,
    Wenner,
    survey_from_dict,
)


def resistivity_scales_data(models, factor):
    """DC: ρ → aρ gives ρa → aρa."""
    return {**models, "resistivity": factor * models["resistivity"]}, lambda data: factor * data


def resistivity_scales_only_resistivity(models, factor):
    """IP: ρ → aρ gives ρa → aρa; the apparent chargeability stays."""
    scaled = {**models, "resistivity": factor * models["resistivity"]}
    return scaled, lambda data: data * np.repeat([factor, 1.0], data.shape[1] // 2)


def earth_scales_impedance(models, factor):
    """MT: ρ → a²ρ and h → ah at fixed period give ρa → a²ρa; the phase stays."""
    scaled = {"thickness": factor * models["thickness"], "resistivity": factor**2 * models["resistivity"]}
    return scaled, lambda data: data * np.repeat([factor**2, 1.0], data.shape[1] // 2)


def frequency_counts_like_conductivity(models, factor):
    """Quasi-static induction depends on f/ρ: ρ → aρ is f → f/a."""
    other = dataclasses.replace(LOOPS, frequency=LOOPS.frequency / factor)
    return {**models, "resistivity": factor * models["resistivity"]}, lambda _: other(**models)


def time_counts_like_resistivity(survey):
    """Diffusion depends on ρt: ρ → aρ is t → at for fields, of which dB/dt is a derivative by t."""

    def law(models, factor):
        other = dataclasses.replace(survey, time=survey.time * factor)
        return {**models, "resistivity": factor * models["resistivity"]}, lambda _: factor * other(**models)

    return law


def earth_scales_both(models, factor):
    """VES and MT: the earth of MT's law, and spacings that grow with it."""
    scaled, of_impedance = earth_scales_impedance(models, factor)
    ves, mt = JOINT.surveys
    other = Joint(dataclasses.replace(ves, ab2=ves.ab2 / factor), mt)
    n = len(ves.channels)
    return scaled, lambda data: np.hstack([factor**2 * other(**models)[:, :n], of_impedance(data[:, n:])])


def lengths_count_like_periods(survey):
    """Velocities depend on h/T: h → ah is T → T/a."""

    def law(models, factor):
        other = dataclasses.replace(survey, period=survey.period / factor)
        return {**models, "thickness": factor * models["thickness"]}, lambda _: other(**models)

    return law


SPACING = np.geomspace(1, 300, 8)
TIME = np.geomspace(1e-5, 1e-2, 8)
TRANSIENTS = (
    CentralLoop(TIME, side=40.0, height=None),
    CoincidentLoop(TIME, side=50.0),
    OffsetLoop(TIME, radius=10.0, offset=(-12.5, 2.0), height=None),
)
LOOPS = LoopLoop(
    frequency=np.repeat([1e3, 9e3], 4),
    offset=[1, 2, 4, 8] * 2,
    orientation=["HCP", "VCP", "PRP", "VCX"] * 2,
    height=None,
    width=100.0,
)
JOINT = Joint(Schlumberger(ab2=SPACING), Magnetotelluric(period=np.geomspace(1e-3, 1e3, 5)))
WAVES = (
    Rayleigh(period=np.geomspace(0.05, 1, 4), velocity=("phase", "group")),
    Love(period=np.geomspace(0.05, 1, 4), velocity=("group", "phase")),
)
EXAMPLES = {
    "Schlumberger": (
        Schlumberger(ab2=SPACING, mn2=SPACING * np.tile([0.0, 0.2], 4)),
        resistivity_scales_data,
    ),
    "Wenner": (Wenner(a=SPACING), resistivity_scales_data),
    "DipoleDipole": (DipoleDipole(a=5.0, n=np.arange(1, 9)), resistivity_scales_data),
    "PoleDipole": (PoleDipole(a=5.0, n=np.arange(1, 9)), resistivity_scales_data),
    "PolePole": (PolePole(a=SPACING), resistivity_scales_data),
    "InducedPolarization": (
        InducedPolarization(Schlumberger(ab2=SPACING, mn2=SPACING * np.tile([0.0, 0.2], 4))),
        resistivity_scales_only_resistivity,
    ),
    "Magnetotelluric": (Magnetotelluric(period=np.geomspace(1e-3, 1e3, 8)), earth_scales_impedance),
    "LoopLoop": (LOOPS, frequency_counts_like_conductivity),
    "Joint": (JOINT, earth_scales_both),
    **{type(survey).__name__: (survey, time_counts_like_resistivity(survey)) for survey in TRANSIENTS},
    **{type(survey).__name__: (survey, lengths_count_like_periods(survey)) for survey in WAVES},
}
RANGES = {
    "resistivity": (10, 1000),
    "chargeability": (1, 300),
    "height": (0.5, 50),
    "vs": (100, 1000),
    "vp": (1500, 3000),
    "density": (1600, 2200),
}
THICKNESS = (1, 100)
# What differences of data leave of their digits; late transients are small differences of large transforms, velocities
# of waves end their search at 1e-10.
ROUNDED = {"ves": 1e-9, "ip": 1e-8, "mt": 1e-9, "joint": 1e-9, "fdem": 1e-8, "tdem": 1e-6, "surface_waves": 1e-6}
# To what data agree that should be the same.
SAME = {"surface_waves": 1e-8}


@pytest.fixture(params=list(METHODS))
def name(request):
    return request.param


@pytest.fixture
def survey(name):
    return EXAMPLES[name][0]


# Those whose readings are a setting of their own, and not those of other surveys.
@pytest.fixture(params=[name for name, (survey, _) in EXAMPLES.items() if hasattr(survey, survey.channels.coordinate)])
def with_readings(request):
    return EXAMPLES[request.param][0]


def draw(survey, n_models, n_layers=4, seed=0):
    """Random models as keywords of a survey."""
    rng = np.random.default_rng(seed)
    log_uniform = lambda low, high, *shape: low * (high / low) ** rng.random(shape)  # noqa: E731
    models = {"thickness": log_uniform(*THICKNESS, n_models, n_layers - 1)}
    models |= {key: log_uniform(*RANGES[key], n_models, n_layers) for key in survey.properties}
    if "vs" in models:
        # All modes exist above a fastest half-space.
        models["vs"].sort(axis=1)
    return models | {key: log_uniform(*RANGES[key], n_models) for key in survey.context}


def rows(models, index):
    return {key: value[index] for key, value in models.items()}


def settings_of(survey):
    """What has the readings among its settings: the survey itself, or the DC survey in it."""
    return getattr(survey, "dc", survey)


def with_settings(survey, **settings):
    """`survey` with other settings, such as readings."""
    own = dataclasses.replace(settings_of(survey), **settings)
    return own if own.method == survey.method else dataclasses.replace(survey, dc=own)


def same(survey, rtol=1e-10):
    return SAME.get(survey.method, rtol)


def layered(survey, models):
    """Names of the arrays with one column per layer."""
    return [key for key in models if key in survey.properties]


def test_an_example_stands_for_every_method():
    assert set(EXAMPLES) == set(METHODS)


def test_data_have_one_finite_column_per_channel(survey):
    data = survey(**draw(survey, 5))
    assert data.shape == (5, len(survey.channels))
    assert data.dtype == np.float64
    assert np.isfinite(data).all()


def test_channels_are_channel_major_and_complete(survey):
    channels = survey.channels
    assert len(channels.unit) == len(channels.scale) == len(channels.width) == len(channels)
    assert all(value.shape == (len(channels),) for value in channels.coordinates.values())
    blocks = [channels.columns(quantity) for quantity in channels.quantities]
    np.testing.assert_array_equal(np.concatenate(blocks), np.arange(len(channels)))


def test_data_survive_their_scale_and_back(survey):
    data = survey(**draw(survey, 5))
    np.testing.assert_allclose(survey.channels.from_scale(survey.channels.to_scale(data)), data, rtol=1e-13)


def test_batch_equals_loop(survey):
    n_models = survey.block + 3
    models = draw(survey, n_models)
    data = survey(**models)
    for i in (0, 1, survey.block - 1, survey.block, n_models - 1):
        np.testing.assert_allclose(survey(**rows(models, slice(i, i + 1)))[0], data[i], rtol=same(survey, 1e-11))


def test_one_model_may_be_given_without_the_model_axis(survey):
    models = draw(survey, 1)
    flat = {key: value[0] if value.ndim == 2 else value for key, value in models.items()}
    np.testing.assert_array_equal(survey(**flat), survey(**models))


def test_no_models_give_no_rows(survey):
    models = rows(draw(survey, 3), slice(0, 0))
    assert survey(**models).shape == (0, len(survey.channels))


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_splitting_a_layer_changes_nothing(survey, layer):
    models = draw(survey, 6)
    upper = np.linspace(0, 0.9, 6) * models["thickness"][:, layer]
    split = {key: np.insert(models[key], layer, models[key][:, layer], axis=1) for key in layered(survey, models)}
    split["thickness"] = np.insert(models["thickness"], layer, upper, axis=1)
    split["thickness"][:, layer + 1] -= upper
    np.testing.assert_allclose(survey(**{**models, **split}), survey(**models), rtol=same(survey))


def test_padding_with_the_half_space_changes_nothing(survey):
    models = draw(survey, 6)
    padded = {key: np.hstack([models[key], models[key][:, [-1, -1]]]) for key in layered(survey, models)}
    padded["thickness"] = np.hstack([models["thickness"], np.ones((6, 2))])
    np.testing.assert_allclose(survey(**{**models, **padded}), survey(**models), rtol=same(survey))


def test_a_layer_of_no_thickness_changes_nothing(survey):
    models = draw(survey, 6)
    squeezed = {key: np.insert(models[key], 1, 0.77 * models[key][:, 1], axis=1) for key in layered(survey, models)}
    squeezed["thickness"] = np.insert(models["thickness"], 1, 0.0, axis=1)
    np.testing.assert_allclose(survey(**{**models, **squeezed}), survey(**models), rtol=same(survey))


def test_equal_layers_equal_a_half_space(survey):
    models = draw(survey, 6)
    equal = {key: np.repeat(models[key][:, :1], 4, axis=1) for key in layered(survey, models)}
    half_space = {key: models[key][:, :1] for key in layered(survey, models)} | {"thickness": np.empty((6, 0))}
    np.testing.assert_allclose(survey(**{**models, **equal}), survey(**{**models, **half_space}), rtol=same(survey))


@pytest.mark.parametrize("factor", [1e-2, 7.0])
def test_the_scaling_law_holds(name, survey, factor):
    models = draw(survey, 6)
    scaled, expected = EXAMPLES[name][1](models, factor)
    # The nodes of transients' quadratures do not scale with the times.
    rtol = 1e-6 if survey.method == "tdem" else same(survey)
    np.testing.assert_allclose(survey(**scaled), expected(survey(**models)), rtol=rtol)


def test_a_survey_survives_json(survey):
    again = survey_from_dict(json.loads(json.dumps(survey.to_dict())))
    assert again == survey
    assert hash(again) == hash(survey)
    models = draw(survey, 3)
    np.testing.assert_array_equal(again(**models), survey(**models))


def test_surveys_at_other_readings_differ(with_readings):
    name = with_readings.channels.coordinate
    other = with_settings(with_readings, **{name: 1.5 * getattr(settings_of(with_readings), name)})
    assert other != with_readings
    np.testing.assert_allclose(other.channels.value, 1.5 * with_readings.channels.value)


def test_a_survey_cannot_be_changed(with_readings):
    name = with_readings.channels.coordinate
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(with_readings, name, 1.0)
    with pytest.raises(ValueError, match="read-only"):
        getattr(settings_of(with_readings), name)[0] = 1.0


def test_a_survey_keeps_its_own_copy_of_the_readings(with_readings):
    name = with_readings.channels.coordinate
    given = np.array(getattr(settings_of(with_readings), name))
    copy = with_settings(with_readings, **{name: given})
    given *= 2
    assert copy == with_readings


def test_inputs_stay_unchanged(survey):
    models = draw(survey, 4)
    models["thickness"][1] = np.nan
    before = {key: value.copy() for key, value in models.items()}
    for value in models.values():
        value.flags.writeable = False
    survey(**models)
    survey.jacobian(**models)
    for key, value in models.items():
        np.testing.assert_array_equal(value, before[key])


def test_an_impossible_model_is_a_row_of_nan_among_good_ones(survey):
    impossible = [("thickness", bad) for bad in (np.nan, -1.0, np.inf)]
    impossible += [(key, bad) for key in survey.properties for bad in (np.nan, -5.0, np.inf)]
    impossible += [(key, 0.0) for key in survey.properties if key not in survey.may_be_zero]
    impossible += [(key, np.nan) for key in survey.context]
    models = draw(survey, 2 * len(impossible))
    good = survey(**models)
    for i, (key, bad) in enumerate(impossible):
        models[key][(2 * i, 0) if models[key].ndim == 2 else 2 * i] = bad
    data, jacobian = survey.data_and_jacobian(**models)
    for found in (survey(**models), data):
        assert np.isnan(found[::2]).all()
        np.testing.assert_allclose(found[1::2], good[1::2], rtol=same(survey, 1e-11))
    for slope in jacobian.values():
        assert np.isnan(slope[::2]).all()
        assert np.isfinite(slope[1::2]).all()


@pytest.mark.parametrize("n_layers", [1, 2, 5])
def test_the_jacobian_is_the_derivative_of_the_scaled_data(survey, n_layers):
    models = draw(survey, 4, n_layers)
    data, jacobian = survey.data_and_jacobian(**models)
    np.testing.assert_allclose(data, survey(**models), rtol=same(survey, 1e-11))
    assert list(jacobian) == ["thickness", *survey.properties]

    def difference(key, column, step):
        sides = []
        for sign in (1, -1):
            moved = {k: v.copy() for k, v in models.items()}
            moved[key][:, column] *= np.exp(sign * step)
            sides.append(survey.channels.to_scale(survey(**moved)))
        return (sides[0] - sides[1]) / (2 * step)

    for key, slope in jacobian.items():
        assert slope.shape == (4, len(survey.channels), models[key].shape[1])
        for column in range(models[key].shape[1]):
            # Richardson's step removes the h² term; what is left is rounding, data/1e-3 · 1e-15.
            expected = (4 * difference(key, column, 1e-3) - difference(key, column, 2e-3)) / 3
            largest = max(1.0, np.abs(expected).max())
            np.testing.assert_allclose(slope[:, :, column], expected, atol=ROUNDED[survey.method] * largest, rtol=0)


def test_a_missing_array_is_named(survey):
    models = draw(survey, 2)
    models.pop(survey.properties[0])
    with pytest.raises(TypeError, match=f"needs {survey.properties[0]}"):
        survey(**models)


def test_an_unknown_array_is_named(survey):
    with pytest.raises(TypeError, match=r"got .*colour.* besides thickness"):
        survey(**draw(survey, 2), colour=np.ones((2, 4)))


def test_shapes_that_do_not_fit_are_named(survey):
    models = draw(survey, 2)
    models["thickness"] = np.ones((2, 4))
    with pytest.raises(ValueError, match=r"shape \(2, 4\).*half-space and has no thickness"):
        survey(**models)


def test_readings_that_are_not_positive_raise(with_readings):
    name = with_readings.channels.coordinate
    values = np.array(getattr(settings_of(with_readings), name))
    for bad in (0.0, -1.0, np.nan, np.inf):
        values[1] = bad
        with pytest.raises(ValueError, match=rf"{name}\[1\] = .* must be positive and finite"):
            with_settings(with_readings, **{name: values})
    with pytest.raises(ValueError, match="at least one number"):
        with_settings(with_readings, **{name: []})


def test_an_unknown_survey_is_named():
    with pytest.raises(ValueError, match=r"called 'Dowsing'; known are .*Schlumberger"):
        survey_from_dict({"survey": "Dowsing"})


def test_a_description_with_unknown_settings_is_refused(survey):
    with pytest.raises(ValueError, match=f"description of {type(survey).__name__}"):
        survey_from_dict({**survey.to_dict(), "colour": 1})
