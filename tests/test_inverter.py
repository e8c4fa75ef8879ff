"""From samples to flagged, refined, re-simulated models and back from a file."""

import json

import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert import results, storage
from forward_models import Schlumberger
from forward_models.survey import Channels, Survey

SURVEY = Schlumberger(ab2=np.geomspace(1, 300, 14))
PRIOR = bp.LayeredPrior(n_layers=3, thickness=(0.5, 60), resistivity=(2, 3000))
NOISE = bp.Noise(relative=0.03)
SMALL = {"hidden": 32, "max_epochs": 25}
FIT = {"n_samples": 8000, "n_calibration": 4000, "progress": False}


@pytest.fixture(scope="module")
def inverter():
    return bp.Inverter(SURVEY, PRIOR, NOISE, **SMALL).fit(**FIT)


@pytest.fixture(scope="module")
def soundings():
    rng = np.random.default_rng(123)
    models = PRIOR.draw(400, rng)
    return models, NOISE.draw(SURVEY(**models), SURVEY.channels, rng)


@pytest.fixture(scope="module")
def result(inverter, soundings):
    return inverter.invert(soundings[1])


def observed(data, ab2=SURVEY.ab2, **more):
    data = np.atleast_2d(data)
    variables = {"apparent_resistivity": data, "ab2": np.broadcast_to(ab2, data.shape), **more}
    return xr.Dataset({name: (("sounding", "reading"), value) for name, value in variables.items()})


def test_refined_answers_fit_within_the_errors_and_the_networks_do_not(inverter, soundings, result):
    network = inverter.invert(soundings[1], "network")
    assert (result["chi2"] < 1.5).mean() > 0.95
    assert (result["chi2"] <= network["chi2"] + 1e-9).all()
    assert (network["chi2"] < 1.5).mean() < 0.5


def test_well_resolved_parameters_are_recovered(soundings, result):
    top = np.log10(result["resistivity"].values[:, 0] / soundings[0]["resistivity"][:, 0])
    thick = soundings[0]["thickness"][:, 0] > 5
    assert np.sqrt(np.mean(top[thick] ** 2)) < 0.05


def test_what_is_reported_as_predicted_is_the_physics_of_the_model(result):
    models = {"thickness": result["thickness"].values, "resistivity": result["resistivity"].values}
    np.testing.assert_allclose(result["predicted_apparent_resistivity"].values, SURVEY(**models), rtol=1e-9)
    ratio = np.log(result["apparent_resistivity"] / result["predicted_apparent_resistivity"]) / 0.03
    np.testing.assert_allclose(result["residual_apparent_resistivity"].values, ratio.values, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(result["chi2"].values, (ratio**2).mean("reading").values, rtol=1e-6)


def test_the_result_has_the_promised_variables_each_with_unit_and_name(result):
    expected = {
        "thickness": ("sounding", "interface"),
        "depth": ("sounding", "interface"),
        "resistivity": ("sounding", "layer"),
        "resistivity_best": ("sounding", "layer"),
        "thickness_best": ("sounding", "interface"),
        "predicted_apparent_resistivity": ("sounding", "reading"),
        "residual_apparent_resistivity": ("sounding", "reading"),
        "apparent_resistivity": ("sounding", "reading"),
        "apparent_resistivity_std": ("sounding", "reading"),
        "ab2": ("sounding", "reading"),
        "used": ("sounding", "reading"),
        "reading_outside": ("sounding", "reading"),
        "chi2": ("sounding",),
        "rrms": ("sounding",),
        "noise_estimate": ("sounding",),
        "n_layers": ("sounding",),
        "score": ("sounding", "check"),
        "p_value": ("sounding", "check"),
        "outside": ("sounding", "check"),
        "p_joint": ("sounding",),
        "flag": ("sounding",),
        "status": ("sounding",),
    }
    for name, dims in expected.items():
        assert result[name].dims == dims, name
    for name in set(result.data_vars) - {"ab2"}:
        assert {"units", "long_name"} <= set(result[name].attrs), name
    assert list(result["check"].values) == ["range", "mahalanobis", "neighbour", "residual", "misfit", "noise"]
    assert result["flag"].attrs["flag_meanings"].split()[:2] == ["range", "mahalanobis"]
    assert json.loads(result.attrs["survey"]) == SURVEY.to_dict()
    result.to_dataframe()


def test_results_survive_a_netcdf_file(result, tmp_path):
    result.to_netcdf(tmp_path / "result.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "result.nc", engine="scipy") as again:
        np.testing.assert_array_equal(again["resistivity"].values, result["resistivity"].values)
        assert bp.explain(again, 3) == bp.explain(result, 3)


def test_a_saved_inverter_answers_the_same_to_the_last_bit(inverter, soundings, result, tmp_path):
    inverter.save(tmp_path / "ves3.nc")
    again = bp.load_inverter(tmp_path / "ves3.nc")
    xr.testing.assert_identical(again.invert(soundings[1]), result)
    assert again.survey == inverter.survey and again.prior == inverter.prior and again.noise == inverter.noise


def test_the_same_seed_gives_the_same_inverter(soundings):
    fit = {"n_samples": 1500, "n_calibration": 1000, "progress": False}
    few = {"hidden": 8, "max_epochs": 2}
    first, again, other = (
        bp.Inverter(SURVEY, PRIOR, NOISE, **few, random_state=state).fit(**fit, seed=seed)
        for state, seed in ((0, 5), (0, 5), (1, 6))
    )
    answers = [inverter.invert(soundings[1], "network")["resistivity"].values for inverter in (first, again, other)]
    np.testing.assert_array_equal(answers[0], answers[1])
    assert (answers[0] != answers[2]).any()


@pytest.mark.parametrize("level", ["network", "refined"])
def test_flags_of_fresh_soundings_are_about_one_in_a_hundred(inverter, level):
    rng = np.random.default_rng(77)
    n = 4000
    data = NOISE.draw(SURVEY(**PRIOR.draw(n, rng)), SURVEY.channels, rng)
    share = (inverter.check(data, level)["flag"] != 0).mean()
    # sd of the share, from 4000 calibration and 4000 test soundings: 0.0022
    assert share == pytest.approx(0.01, abs=0.007)


def test_one_wrong_reading_is_flagged_and_named(inverter, soundings):
    data = soundings[1][:300].copy()
    data[:, 6] *= 3
    flagged = inverter.invert(data)
    assert (flagged["flag"] != 0).mean() > 0.95
    named = [k for k in range(300) if flagged["outside"].sel(check="residual").values[k]]
    assert len(named) > 200
    sentence = bp.explain(flagged, named[0])
    assert f"ρa at AB/2 = {SURVEY.ab2[6]:.4g} m is" in sentence and "above the fit" in sentence
    assert "mask them (used=False) and invert again" in sentence or "give larger errors" in sentence


def test_a_masked_wrong_reading_does_no_harm(inverter, soundings, result):
    data = soundings[1][:100].copy()
    data[:, 6] *= 30
    used = np.ones(data.shape, dtype=bool)
    used[:, 6] = False
    masked = inverter.invert(observed(data, used=used))
    assert (masked["flag"] != 0).mean() < 0.05
    assert (masked["chi2"] < 1.6).mean() > 0.95
    assert np.isnan(masked["residual_apparent_resistivity"].values[:, 6]).all()
    assert np.isfinite(masked["predicted_apparent_resistivity"].values[:, 6]).all()
    assert (masked["status"].values & results.STATUS["readings_masked"][0]).all()


def test_data_outside_the_training_range_are_named_with_that_range(inverter, soundings):
    strange = inverter.invert(soundings[1][:5] * 1e4)
    assert (strange["flag"].values & 1).all()
    assert strange["reading_outside"].values.any(axis=1).all()
    sentence = bp.explain(strange, 0)
    assert sentence.startswith("outside the training range: ρa at AB/2 = 1 m is")
    assert "training " in sentence and "What to do: check the units" in sentence


def test_an_ordinary_sounding_is_explained_as_such(result):
    ordinary = int(np.argmax(result["p_joint"].values))
    sentence = bp.explain(result, ordinary)
    assert sentence.startswith("inside the training range")
    assert sentence.endswith("What to do: nothing, use the model.")


def test_the_networks_answer_alone_is_not_recommended_when_it_does_not_fit(inverter, soundings):
    network = inverter.invert(soundings[1], "network")
    poor = int(np.flatnonzero((network["chi2"].values > 5) & (network["flag"].values == 0))[0])
    assert bp.explain(network, poor).endswith('What to do: invert with level="refined".')


def test_a_hopeless_sounding_among_good_ones_is_reported_and_the_rest_done(inverter, soundings):
    data = soundings[1][:4].copy()
    data[1, 2:] = np.nan
    data[2, 5] = -7.0
    mixed = inverter.invert(data)
    alone = inverter.invert(soundings[1][[0, 3]])
    np.testing.assert_allclose(mixed["resistivity"].values[[0, 3]], alone["resistivity"].values, rtol=1e-6)
    assert np.isnan(mixed["resistivity"].values[1]).all()
    assert mixed["status"].values[1] == results.STATUS["too_few_readings"][0]
    assert mixed["flag"].values[1] == 0 and np.isnan(mixed["p_joint"].values[1])
    assert mixed["used"].values[1].sum() == 2 and not mixed["used"].values[2, 5]
    assert "not inverted: 2 usable readings" in bp.explain(mixed, 1)


def test_a_sounding_is_refined_and_re_simulated_on_its_own_readings(inverter):
    ab2 = np.array([1.0, 2, 4, 8, 15, 15, 30, 60, 120, 250, 300])
    mn2 = np.array([0.3, 0.3, 0.3, 0.3, 0.3, 5, 5, 5, 5, 20, 20])
    own = Schlumberger(ab2=ab2, mn2=mn2)
    truth = {"thickness": np.array([[4.0, 25.0]]), "resistivity": np.array([[300.0, 20.0, 800.0]])}
    answer = inverter.invert(observed(own(**truth), ab2, mn2=mn2[None]))
    models = {"thickness": answer["thickness"].values, "resistivity": answer["resistivity"].values}
    np.testing.assert_allclose(answer["predicted_apparent_resistivity"].values, own(**models), rtol=1e-9)
    assert float(answer["chi2"][0]) < 0.1
    np.testing.assert_allclose(answer["resistivity"].values, truth["resistivity"], rtol=0.1)


def test_a_sheets_own_errors_are_used(inverter, soundings):
    data = soundings[1][:20]
    wide = inverter.invert(observed(data, apparent_resistivity_std=0.3 * data))
    given = inverter.invert(data)
    np.testing.assert_allclose(wide["apparent_resistivity_std"].values, 0.3 * data)
    assert (wide["chi2"].values < 0.1 * given["chi2"].values + 0.05).all()
    assert np.isnan(wide["noise_estimate"]).all()
    np.testing.assert_allclose(given["noise_estimate"].values, 0.03)


def test_noise_levels_are_inputs_where_the_noise_is_a_range(soundings):
    inverter = bp.Inverter(SURVEY, PRIOR, bp.Noise(relative=(0.01, 0.1)), hidden=16, max_epochs=5)
    inverter.fit(n_samples=3000, n_calibration=1000, progress=False)
    data = soundings[1][:50]
    answers = [
        inverter.invert(observed(data, apparent_resistivity_std=level * data), "network") for level in (0.01, 0.1)
    ]
    assert (answers[0]["resistivity"].values != answers[1]["resistivity"].values).any()
    beyond = inverter.invert(observed(data, apparent_resistivity_std=0.9 * data))
    assert (beyond["flag"].values & 1).mean() > 0.9
    assert "noise level" in bp.explain(beyond, int(np.flatnonzero(beyond["flag"].values)[0]))


def test_an_unknown_noise_level_is_estimated_from_the_misfit():
    inverter = bp.Inverter(SURVEY, PRIOR, bp.Noise(relative=(0.01, 0.1)), hidden=16, max_epochs=10)
    inverter.fit(n_samples=4000, n_calibration=1500, progress=False)
    rng = np.random.default_rng(9)
    true = np.repeat([0.015, 0.06], 150)
    scaled = np.log(SURVEY(**PRIOR.draw(300, rng)))
    answer = inverter.invert(np.exp(scaled + true[:, None] * rng.standard_normal(scaled.shape)))
    ratio = answer["noise_estimate"].values / true
    # 14 readings less five parameters: the estimate of a standard deviation scatters by 1/sqrt(2·9) = 0.24
    for part in (ratio[:150], ratio[150:]):
        assert np.median(part) == pytest.approx(1, abs=0.12)
        assert 0.1 < np.diff(np.quantile(part, [0.16, 0.84]))[0] / 2 < 0.4
    np.testing.assert_allclose(
        answer["apparent_resistivity_std"].values,
        answer["noise_estimate"].values[:, None] * answer["apparent_resistivity"].values,
    )
    assert (answer["flag"] != 0).mean() < 0.05


@pytest.fixture(scope="module")
def mixture():
    prior = bp.LayeredPrior(n_layers=(2, 4), thickness=(1, 60), resistivity=(2, 3000))
    inverter = bp.Inverter(SURVEY, prior, NOISE, hidden=24, max_epochs=15)
    return inverter.fit(n_samples=9000, n_calibration=1500, progress=False)


def test_the_fewest_layers_that_fit_are_reported(mixture):
    rng = np.random.default_rng(5)
    two = {"thickness": np.full((40, 1), 6.0), "resistivity": np.tile([200.0, 20.0], (40, 1))}
    three = {"thickness": np.tile([3.0, 20.0], (40, 1)), "resistivity": np.tile([50.0, 500.0, 10.0], (40, 1))}
    counts = [
        mixture.invert(NOISE.draw(SURVEY(**models), SURVEY.channels, rng))["n_layers"].values for models in (two, three)
    ]
    # an adequate simple model is refused in 5 % of cases by construction
    assert (counts[0] == 2).mean() > 0.85
    assert (counts[1] == 3).mean() > 0.85


def test_layers_beyond_the_count_are_nan_and_the_prediction_is_that_of_the_layers_left(mixture):
    data = SURVEY(thickness=[[6.0]], resistivity=[[200.0, 20.0]])
    answer = mixture.invert(data)
    assert int(answer["n_layers"][0]) == 2
    assert answer["resistivity"].shape == (1, 4)
    assert (
        np.isfinite(answer["resistivity"].values[0, :2]).all() and np.isnan(answer["resistivity"].values[0, 2:]).all()
    )
    assert np.isnan(answer["thickness"].values[0, 1:]).all() and np.isnan(answer["depth"].values[0, 1:]).all()
    again = SURVEY(thickness=answer["thickness"].values[:, :1], resistivity=answer["resistivity"].values[:, :2])
    np.testing.assert_allclose(answer["predicted_apparent_resistivity"].values, again, rtol=1e-9)


def test_where_no_count_fits_the_better_fit_wins_over_fewer_layers(mixture):
    rng = np.random.default_rng(8)
    three = {"thickness": np.tile([3.0, 20.0], (20, 1)), "resistivity": np.tile([50.0, 1500.0, 10.0], (20, 1))}
    data = SURVEY(**three) * np.exp(0.12 * rng.standard_normal((20, 14)))
    answer = mixture.invert(data)
    assert (answer["chi2"] > 3).mean() > 0.9
    assert (answer["n_layers"] >= 3).all()


def test_a_file_with_the_range_flags_of_another_version_is_refused_in_one_sentence(inverter, tmp_path):
    path = tmp_path / "old.nc"
    inverter.save(path)
    arrays, settings = storage.read(path, "inverter")
    for other in (None, [1, *settings["checks"][1:]], settings["checks"][:-1]):
        storage.write(path, "inverter", arrays, settings | {"checks": other})
        with pytest.raises(ValueError, match=r"old.nc holds the range flags of another version .* Train the inverter"):
            bp.load_inverter(path)


def test_a_mixture_survives_its_file(mixture, tmp_path, soundings):
    mixture.save(tmp_path / "mixture.nc")
    again = bp.load_inverter(tmp_path / "mixture.nc")
    xr.testing.assert_identical(again.invert(soundings[1][:50]), mixture.invert(soundings[1][:50]))


def test_fit_takes_generated_samples_and_refuses_those_of_another_prior(soundings):
    samples = bp.generate_samples(SURVEY, PRIOR, 2000, seed=3, progress=False)
    inverter = bp.Inverter(SURVEY, PRIOR, NOISE, hidden=16, max_epochs=3)
    inverter.fit(samples, n_calibration=1000, progress=False)
    assert np.isfinite(inverter.invert(soundings[1][:5])["chi2"]).all()
    other = bp.LayeredPrior(n_layers=3, thickness=(0.5, 60), resistivity=(2, 3001))
    with pytest.raises(ValueError, match="generated with another prior than this inverter's"):
        bp.Inverter(SURVEY, other, NOISE).fit(samples)


@pytest.mark.slow
def test_a_stream_of_fresh_models_trains_too(soundings):
    inverter = bp.Inverter(SURVEY, PRIOR, NOISE, hidden=16, max_epochs=8)
    inverter.fit(stream=True, n_samples=2000, n_calibration=1000, progress=False)
    assert (inverter.invert(soundings[1][:100])["chi2"] < 1.5).mean() > 0.9


class Heights(Survey):
    """A made-up survey whose data depend on a known height of each sounding."""

    method = "made up"
    context = ("height",)
    places = np.arange(1.0, 6.0)
    channels = Channels(("signal",) * 5, ("V",) * 5, ("log",) * 5, "a", places, "m")

    def _simulate(self, thickness, properties, context):
        rho = properties["resistivity"]
        weight = np.exp(-thickness[0] / (self.places[:, None] * context["height"]))
        return rho[0] * (1 - weight) + rho[1] * weight

    def to_dict(self):
        return {"survey": "Heights"}


def test_known_quantities_of_each_sounding_are_used(tmp_path):
    survey = Heights()
    prior = bp.LayeredPrior(n_layers=2, thickness=(1, 50), resistivity=(1, 100), context={"height": (2, 20)})
    inverter = bp.Inverter(survey, prior, NOISE, hidden=16, max_epochs=10)
    inverter.fit(n_samples=3000, n_calibration=1000, progress=False)
    height = np.array([3.0, 12.0])
    truth = {"thickness": np.array([[15.0]] * 2), "resistivity": np.array([[10.0, 80.0]] * 2)}
    data = survey(**truth, height=height)
    table = ("sounding", "reading")
    sheet = xr.Dataset(
        {"signal": (table, data), "a": (table, np.tile(survey.places, (2, 1))), "height": ("sounding", height)}
    )
    answer = inverter.invert(sheet)
    np.testing.assert_allclose(answer["resistivity"].values, truth["resistivity"], rtol=0.15)
    np.testing.assert_array_equal(answer["height"].values, height)
    with pytest.raises(ValueError, match="needs height of every sounding"):
        inverter.invert(sheet.drop_vars("height"))
    inverter.save(tmp_path / "heights.nc")
    with pytest.raises(ValueError, match="Heights, which is not one of forward_models' and which a file cannot hold"):
        bp.load_inverter(tmp_path / "heights.nc")
    again = bp.load_inverter(tmp_path / "heights.nc", survey=Heights())
    xr.testing.assert_identical(again.invert(sheet), answer)


class Line:
    """d = a + b x: not layered at all, and without a Jacobian of its own survey base."""

    properties, context, method = ("a", "b"), (), "line"
    x = np.linspace(1, 5, 6)
    channels = Channels(("value",) * 6, ("",) * 6, ("linear",) * 6, "a_place", x, "")

    def __call__(self, a, b):
        return a[:, None] + b[:, None] * self.x

    def data_and_jacobian(self, a, b):
        return self(a, b), {"a": np.tile(a[:, None], (1, 6)), "b": b[:, None] * self.x}

    def to_dict(self):
        return {"survey": "Line"}


def test_models_without_layers_go_the_same_way():
    prior = bp.Prior(a=(1, 10), b=(0.5, 5))
    inverter = bp.Inverter(Line(), prior, bp.Noise(relative=0.02), hidden=12, max_epochs=10)
    inverter.fit(n_samples=2000, n_calibration=1000, progress=False)
    answer = inverter.invert(Line()(a=np.array([3.0, 6.0]), b=np.array([2.0, 1.0])))
    np.testing.assert_allclose(answer["a"].values, [3, 6], rtol=1e-2)
    np.testing.assert_allclose(answer["b"].values, [2, 1], rtol=1e-2)
    assert answer["a"].dims == ("sounding",)


@pytest.mark.slow
def test_an_interrupted_training_goes_on_from_its_checkpoint(tmp_path, monkeypatch):
    from bpinvert.inverter import training_sheets

    made = dict(hidden=8, max_epochs=6)
    fit = {"n_samples": 1500, "n_calibration": 1000, "progress": False}
    expected = bp.Inverter(SURVEY, PRIOR, NOISE, **made).fit(**fit)

    original, calls = training_sheets.TrainingSheets.observe, []

    def interrupted(self, *arguments, **keywords):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return original(self, *arguments, **keywords)

    monkeypatch.setattr(training_sheets.TrainingSheets, "observe", interrupted)
    path = tmp_path / "training.npz"
    with pytest.raises(KeyboardInterrupt, match="call again to go on"):
        bp.Inverter(SURVEY, PRIOR, NOISE, **made).fit(**fit, checkpoint=path)
    assert path.exists()
    monkeypatch.undo()
    resumed = bp.Inverter(SURVEY, PRIOR, NOISE, **made).fit(**fit, checkpoint=path)
    assert not path.exists()
    weights = [i.solver.branches[3].network.weights_ for i in (expected, resumed)]
    np.testing.assert_array_equal(*weights)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bp.Inverter(PRIOR, SURVEY), "survey is a LayeredPrior; pass a survey of forward_models and a prior"),
        (
            lambda: bp.Inverter(SURVEY, bp.LayeredPrior(n_layers=2, thickness=(1, 5), vs=(1, 5))),
            "Schlumberger needs res",
        ),
        (lambda: bp.Inverter(SURVEY, PRIOR, false_alarm_rate=2), "false_alarm_rate is 2; it must be between 0 and 0.5"),
        (lambda: bp.Inverter(SURVEY, PRIOR).fit(n_samples=10), "n_samples is 10; allowed is at least 500"),
        (lambda: bp.Inverter(SURVEY, PRIOR).invert(np.ones((1, 14))), r"not fitted; call fit\(\), or load one"),
        (lambda: bp.Inverter(SURVEY, PRIOR).save("x.nc"), r"not fitted; call fit\(\) before save"),
    ],
)
def test_wrong_use_is_said_in_one_sentence(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_an_unknown_level_and_sounding_are_named(inverter, result):
    with pytest.raises(ValueError, match="level is 'best'; it must be one of 'network', 'refined'"):
        inverter.invert(np.ones((1, 14)), level="best")
    with pytest.raises(ValueError, match="sounding is 400; the result has 400 soundings, give 0 to 399"):
        bp.explain(result, 400)


def test_a_custom_distribution_is_used_but_not_stored(tmp_path):
    from scipy import stats

    class Triangle(stats.rv_continuous):
        def _cdf(self, x):
            return ((x - 10) / 90) ** 2

        def _ppf(self, q):
            return 10 + 90 * np.sqrt(q)

    prior = bp.LayeredPrior(n_layers=2, thickness=(1, 50), resistivity=Triangle(a=10, b=100)())
    inverter = bp.Inverter(SURVEY, prior, NOISE, hidden=8, max_epochs=1)
    inverter.fit(n_samples=600, n_calibration=1000, progress=False)
    result = inverter.invert(SURVEY(**prior.draw(2, 1)))
    assert np.isfinite(result["resistivity"]).all() and "LayeredPrior(n_layers=2" in result.attrs["prior"]
    with pytest.raises(ValueError, match="custom type Triangle, which a file cannot hold"):
        inverter.save(tmp_path / "x.nc")


@pytest.mark.slow
def test_an_interruption_after_the_training_loses_no_network(tmp_path, monkeypatch):
    prior = bp.LayeredPrior(n_layers=(2, 3), thickness=(1, 60), resistivity=(2, 3000))
    made, fit = {"hidden": 8, "max_epochs": 3}, {"n_samples": 1500, "n_calibration": 1000, "progress": False}
    path = tmp_path / "training.npz"

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(bp.Inverter, "calibrate", stop)
    with pytest.raises(KeyboardInterrupt):
        bp.Inverter(SURVEY, prior, NOISE, **made).fit(**fit, checkpoint=path)
    monkeypatch.undo()
    assert len(list(tmp_path.iterdir())) == 2
    other = bp.Inverter(SURVEY, prior, NOISE, **made, random_state=1)
    with pytest.raises(ValueError, match="is of a training with other settings; remove it or name another checkpoint"):
        other.fit(**fit, checkpoint=path)

    def train_again(*_, **__):
        raise AssertionError("a finished network was trained again")

    from bpinvert.inverter import fitting

    with monkeypatch.context() as patch:
        patch.setattr(fitting, "_train_branch", train_again)
        resumed = bp.Inverter(SURVEY, prior, NOISE, **made).fit(**fit, checkpoint=path)
    assert not list(tmp_path.iterdir())
    expected = bp.Inverter(SURVEY, prior, NOISE, **made).fit(**fit)
    for count in (2, 3):
        weights = [i.solver.branches[count].network.weights_ for i in (expected, resumed)]
        np.testing.assert_array_equal(*weights)


def test_too_few_calibration_simulations_are_refused():
    with pytest.raises(ValueError, match="n_calibration is 50; allowed is at least 1000"):
        bp.Inverter(SURVEY, PRIOR, NOISE).fit(n_samples=600, n_calibration=50, progress=False)


def test_readings_left_out_for_their_place_are_said_to_be_masked(inverter, soundings):
    ab2 = SURVEY.ab2.copy()
    ab2[5] = -8
    answer = inverter.invert(observed(soundings[1][0], ab2))
    assert answer["used"].values.sum() == 13
    assert int(answer["status"][0]) & results.STATUS["readings_masked"][0]
    assert "some readings are not used" in bp.explain(answer)


def test_a_missing_datum_is_said_and_padding_is_not(inverter, soundings):
    data = np.vstack([soundings[1][0], soundings[1][1], np.append(soundings[1][2][:12], [np.nan, np.nan])])
    data[1, 4] = np.nan
    ab2 = np.tile(SURVEY.ab2, (3, 1))
    ab2[2, 12:] = np.nan
    masked = inverter.invert(observed(data, ab2))["status"].values & results.STATUS["readings_masked"][0]
    assert (masked > 0).tolist() == [False, True, False]


def test_one_quantity_of_a_reading_left_out_is_said():
    from forward_models import Magnetotelluric

    survey = Magnetotelluric(period=np.logspace(-2, 2, 8))
    prior = bp.LayeredPrior(n_layers=2, thickness=(100, 2000), resistivity=(10, 1000))
    inverter = bp.Inverter(survey, prior, hidden=8, max_epochs=2)
    inverter.fit(n_samples=1000, n_calibration=1000, progress=False)
    data = np.tile(survey(thickness=[[500.0]], resistivity=[[100.0, 20.0]]), (2, 1))
    data[1, 3] = -5.0
    answer = inverter.invert(data)
    assert (answer["status"].values & results.STATUS["readings_masked"][0] > 0).tolist() == [False, True]
    assert np.isnan(answer["residual_apparent_resistivity"].values[1, 3])
    assert np.isfinite(answer["residual_phase"].values[1, 3])


def test_labels_of_soundings_and_the_read_report_are_kept(inverter, soundings):
    sheet = observed(soundings[1][:2]).assign_coords(sounding=["S7", "S9"]).assign_attrs(read_report="all is well")
    answer = inverter.invert(sheet)
    assert answer["sounding"].values.tolist() == ["S7", "S9"]
    assert answer.attrs["read_report"] == "all is well"
    assert json.loads(answer.attrs["inverter"])["n_samples"] == 8000


def test_a_phase_of_zero_does_not_get_infinite_weight():
    from forward_models import Magnetotelluric

    survey = Magnetotelluric(period=np.logspace(-2, 2, 8))
    prior = bp.LayeredPrior(n_layers=2, thickness=(100, 2000), resistivity=(10, 1000))
    noise = bp.Noise(relative=0.03)
    inverter = bp.Inverter(survey, prior, noise, hidden=8, max_epochs=2)
    inverter.fit(n_samples=1000, n_calibration=1000, progress=False)
    data = survey(thickness=[[500.0]], resistivity=[[100.0, 20.0]])
    data[0, 11] = 0.0
    assert np.isfinite(inverter.invert(data)["chi2"]).all()
    # without a noise of one's own a phase has an error in degrees
    assert bp.Inverter(survey, prior).noise.floor["phase"] == pytest.approx(np.degrees(0.015))


def test_rrms_is_relative_to_the_observed_data_and_nan_without_any(inverter, soundings):
    answer = inverter.invert(soundings[1][:3])
    ratio = 1 - answer["predicted_apparent_resistivity"] / answer["apparent_resistivity"]
    expected = 100 * np.sqrt((ratio**2).mean("reading"))
    np.testing.assert_allclose(answer["rrms"].values, expected.values)


def test_training_models_are_not_those_of_a_users_own_seed(inverter):
    from bpinvert.inverter.fitting import simulations_of

    training = simulations_of(inverter, None, 1000, 0).models["thickness"]
    assert not np.isin(PRIOR.draw(1000, np.random.default_rng(0))["thickness"], training).any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bp.Inverter(SURVEY, PRIOR, 0.03), "noise is 0.03; pass a Noise"),
        (lambda: bp.Inverter(Schlumberger(ab2=[1, 2]), PRIOR), "the survey has 2 readings; at least 3"),
        (lambda: bp.Inverter(SURVEY, PRIOR).fit(np.ones(3)), "samples is a ndarray; pass a Dataset"),
        (lambda: bp.Inverter(SURVEY, PRIOR).calibrate(), r"not fitted; call fit\(\) before calibrate"),
        (lambda: bp.Inverter(SURVEY, PRIOR).fit(seed=None, n_samples=600), "seed is None; it must be a whole number"),
        (lambda: bp.explain(xr.Dataset()), "result must be a Dataset from Inverter.invert"),
        (lambda: bp.invert(3), "observed is a int; pass the path of a sheet"),
    ],
)
def test_wrong_things_are_refused_at_the_door(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


@pytest.mark.slow
def test_seven_layers_need_no_special_care():
    prior = bp.LayeredPrior(n_layers=7, thickness=(1, 60), resistivity=(2, 3000))
    inverter = bp.Inverter(SURVEY, prior, NOISE, hidden=8, max_epochs=1)
    inverter.fit(n_samples=600, n_calibration=1000, progress=False)
    assert np.isfinite(inverter.invert(SURVEY(**prior.draw(3, np.random.default_rng(0))))["chi2"]).all()


def test_a_parameter_at_the_edge_of_the_prior_is_said(inverter):
    data = SURVEY(thickness=[[5.0, 20.0]] * 2, resistivity=[[100.0, 20.0, 400.0], [100.0, 20.0, 40_000.0]])
    answer = inverter.invert(data)
    edge = answer["status"].values & results.STATUS["at_prior_edge"][0]
    assert edge.tolist() == [0, results.STATUS["at_prior_edge"][0]]
    assert answer["resistivity"].values[1, 2] == pytest.approx(3000)
    assert "at the edge of the prior" in bp.explain(answer, 1)


def test_an_inverter_says_what_it_is_for(inverter):
    assert repr(inverter).startswith("Inverter(Schlumberger, ab2 1–300 m, LayeredPrior(n_layers=3, thickness=(0.5, 60)")


def test_a_noise_estimate_at_the_end_of_its_range_is_said():
    inverter = bp.Inverter(SURVEY, PRIOR, bp.Noise(relative=(0.01, 0.1)), hidden=8, max_epochs=3)
    inverter.fit(n_samples=2000, n_calibration=1000, progress=False)
    rng = np.random.default_rng(2)
    data = SURVEY(**PRIOR.draw(1, rng)) * np.exp(0.4 * rng.standard_normal(14))
    assert "Note: the noise estimate is at the end of its range, 10 %" in bp.explain(inverter.invert(data))


def test_the_networks_can_be_looked_into(inverter, mixture):
    assert list(mixture.networks) == [2, 3, 4]
    network = inverter.networks[3]
    # eight normal densities of five parameters: a weight, five means and fifteen entries of a triangle each
    assert network.V_.shape == (3 * 14 + 1, 32) and network.W_.shape == (32 + 1, 8 * (1 + 5 + 15))
    squares = bp.Inverter(SURVEY, PRIOR, NOISE, hidden=4, trainer="lm", max_epochs=1)
    squares.fit(n_samples=500, n_calibration=1000, progress=False)
    assert squares.networks[3].W_.shape == (4 + 1, 5)


@pytest.mark.slow
def test_the_learning_curve_says_whether_more_samples_would_help(inverter, soundings):
    curve = inverter.learning_curve()
    assert curve["training_loss"].shape == (1, SMALL["max_epochs"])
    # in nats; of 7200 and 800 soundings
    assert curve["validation_loss"][0, -1].item() == pytest.approx(curve["training_loss"][0, -1].item(), abs=2)
    few = bp.Inverter(SURVEY, PRIOR, NOISE, hidden=64, max_epochs=60).fit(
        n_samples=700, n_calibration=1000, progress=False
    )
    assert few.learning_curve()["gain"].item() > 0.2
    verdict = few.learning_curve()["verdict"].item()
    assert "more samples would help: 1400 instead of 700" in verdict and "nats" in verdict
    assert "nats" in few.learning_curve()["gain"].attrs["long_name"]
    streamed = bp.Inverter(SURVEY, PRIOR, NOISE, hidden=8, max_epochs=2).fit(
        stream=True, n_samples=1000, n_calibration=1000, progress=False
    )
    assert streamed.learning_curve()["verdict"].item().startswith("more samples come with more epochs: each of the 2")
