"""`level="posterior"`: what users get, and that it is true."""

import json

import numpy as np
import pytest

import bpinvert as bp
from bpinvert.network import BPRegressor
from bpinvert.results import STATUS
from forward_models import Schlumberger

SURVEY = Schlumberger(ab2=np.geomspace(1, 200, 12))
PRIOR = bp.LayeredPrior(n_layers=(2, 3), thickness=(1, 40), resistivity=(5, 2000))
NOISE = bp.Noise(relative=0.05)
N = 60


@pytest.fixture(scope="module")
def inverter():
    made = bp.Inverter(SURVEY, PRIOR, NOISE, hidden=24, max_epochs=12, sheets=bp.Sheets(complete=1.0))
    return made.fit(n_samples=6000, n_calibration=2000, progress=False)


@pytest.fixture(scope="module")
def truth():
    return PRIOR.draw(N, 11)


@pytest.fixture(scope="module")
def data(truth):
    return NOISE.draw(SURVEY(**truth), SURVEY.channels, 12)


@pytest.fixture(scope="module")
def result(inverter, data):
    return inverter.invert(data, "posterior", draws=200)


def test_what_is_promised_of_a_posterior_is_there_with_units_and_names(result):
    expected = {
        "thickness_quantile": ("quantile", "sounding", "interface"),
        "depth_quantile": ("quantile", "sounding", "interface"),
        "resistivity_quantile": ("quantile", "sounding", "layer"),
        "resistivity_mean": ("sounding", "layer"),
        "resistivity_best": ("sounding", "layer"),
        "resistivity_draws": ("draw", "sounding", "layer"),
        "resistivity_profile_quantile": ("quantile", "sounding", "depth_grid"),
        "conductance_quantile": ("quantile", "sounding"),
        "transverse_resistance_quantile": ("quantile", "sounding"),
        "basement_depth_quantile": ("quantile", "sounding"),
        "layer_probability": ("sounding", "layer_count"),
        "depth_of_investigation": ("sounding",),
        "ess": ("sounding",),
        "pareto_k": ("sounding",),
        "log_evidence": ("sounding",),
    }
    for name, dims in expected.items():
        assert result[name].dims == dims, name
        assert {"units", "long_name"} <= set(result[name].attrs), name
    assert result["quantile"].values.tolist() == [0.05, 0.25, 0.5, 0.75, 0.95]
    assert result["layer_count"].values.tolist() == [2, 3]
    assert result["depth_grid"].attrs["positive"] == "down"
    assert result.sizes["draw"] == 200
    assert (result["status"].values & STATUS["sampled"][0]).all()


def test_quantiles_are_ordered_and_lie_within_the_prior(result):
    for name in ("thickness", "resistivity", "conductance", "resistivity_profile"):
        values = result[f"{name}_quantile"].values
        assert (np.diff(values, axis=0)[np.isfinite(np.diff(values, axis=0))] >= 0).all()
    assert np.nanmin(result["resistivity_quantile"]) >= 5 and np.nanmax(result["resistivity_quantile"]) <= 2000
    beyond = np.arange(3) >= result["n_layers"].values[:, None]
    assert (np.isnan(result["resistivity_quantile"].values) == beyond).all()


def test_the_recommended_model_fits_and_is_one_of_the_posterior(result):
    assert (result["chi2"] < 1.5).mean() > 0.95
    low, high = result["resistivity_quantile"].values[[0, -1]]
    inside = (result["resistivity"].values > low) & (result["resistivity"].values < high)
    assert inside[np.isfinite(low)].mean() > 0.95
    best = SURVEY(thickness=_filled(result, "thickness_best"), resistivity=_filled(result, "resistivity_best"))
    chi2 = np.square(np.log(result["apparent_resistivity"].values / best) / 0.05).mean(axis=1)
    assert (chi2 <= result["chi2"].values * (1 + 1e-9)).all()


def _filled(result, name):
    values = result[name].values
    last = result["resistivity_best"].values[np.arange(N), result["n_layers"].values - 1]
    return np.where(np.isnan(values), 1.0 if name.startswith("thickness") else last[:, None], values)


def test_intervals_hold_the_truth_as_often_as_they_say(result, truth):
    right = result["n_layers"].values == truth.n_layers
    low, high = result["resistivity_quantile"].values[[0, -1]][:, right]
    model = truth.masked()["resistivity"][right]
    inside = ((model >= low) & (model <= high))[np.isfinite(low) & np.isfinite(model)]
    # some 120 parameters of 45 soundings; three standard deviations
    assert inside.mean() == pytest.approx(0.9, abs=0.09)


def test_the_layer_count_is_the_most_probable_one_and_probabilities_add_up(result, truth):
    probability = result["layer_probability"].values
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    np.testing.assert_array_equal(result["layer_count"].values[probability.argmax(axis=1)], result["n_layers"])
    stated = probability[np.arange(N), truth.n_layers - 2]
    # as often right as it says, three standard deviations of 60 coin flips
    assert (result["n_layers"].values == truth.n_layers).mean() == pytest.approx(
        probability.max(axis=1).mean(), abs=0.2
    )
    assert -np.log(stated).mean() < np.log(2)


def test_an_answer_does_not_depend_on_the_other_soundings(inverter, data, result):
    alone = inverter.invert(data[[7]], "posterior", draws=200)
    for name in ("resistivity_quantile", "layer_probability", "thickness"):
        one = result[name].isel(sounding=[7]).values
        again = alone[name].values
        np.testing.assert_allclose(again, one, rtol=1e-5)


def test_flags_are_those_of_the_refined_level(inverter, data, result):
    refined = inverter.invert(data, "refined")
    np.testing.assert_array_equal(refined["flag"], result["flag"])
    np.testing.assert_array_equal(refined["p_joint"], result["p_joint"])
    np.testing.assert_array_equal(inverter.check(data, "posterior")["flag"], result["flag"])


def test_one_layer_count_can_be_asked_for_at_every_level(inverter, data):
    for level in ("network", "refined", "posterior"):
        answer = inverter.invert(data[:5], level, n_layers=3)
        assert (answer["n_layers"] == 3).all()
    np.testing.assert_allclose(answer["layer_probability"].values, [[0, 1]] * 5)
    with pytest.raises(ValueError, match="n_layers is 7; this inverter's prior allows 'auto' or one of 2, 3"):
        inverter.invert(data[:5], n_layers=7)


def test_the_network_alone_states_quantiles_and_draws(inverter, data, truth):
    answer = inverter.invert(data, "network", draws=300)
    assert answer["thickness_draws"].dims == ("draw", "sounding", "interface") and answer.sizes["draw"] == 300
    low, high = answer["resistivity_quantile"].values[[0, -1]]
    assert (low < high)[np.isfinite(low)].all()
    assert "ess" not in answer and "layer_probability" not in answer
    again = inverter.invert(data, "network", draws=300)
    np.testing.assert_array_equal(again["thickness_draws"], answer["thickness_draws"])


@pytest.mark.slow
def test_conformal_intervals_hold_the_truth_whatever_the_network_says(inverter):
    models = PRIOR.draw(3000, 21)
    fresh = NOISE.draw(SURVEY(**models), SURVEY.channels, 22)
    cover = {}
    for conformal in (False, True):
        answer = inverter.invert(fresh, "network", draws=400, n_layers=3, conformal=conformal)
        rows = models.n_layers == 3
        low, high = answer["resistivity_quantile"].values[[0, -1]][:, rows]
        cover[conformal] = ((models["resistivity"][rows] >= low) & (models["resistivity"][rows] <= high)).mean(axis=0)
    # 1500 soundings here and 1000 in the calibration: a standard deviation of 1.2 points; curve types are pooled
    assert (cover[True] > 0.9 - 0.04).all() and (cover[True] < 0.9 + 0.05).all()


def test_a_report_is_made_stored_and_read(inverter, tmp_path):
    assert set(inverter.reports) == {"network"}
    inverter.calibrate("posterior", n=120)
    report = inverter.reports["posterior"]
    assert report.sections[3].parameters[0] == "thickness_1"
    # 60 simulations: three standard deviations of 0.9 are 0.12
    assert np.abs(report.sections[3].coverage([0.9]) - 0.9).max() < 0.15
    inverter.save(tmp_path / "inverter.nc")
    again = bp.load_inverter(tmp_path / "inverter.nc")
    np.testing.assert_array_equal(again.reports["posterior"].sections[2].pit, report.sections[2].pit)
    np.testing.assert_array_equal(again.reports["posterior"].layer_counts.probability, report.layer_counts.probability)


def test_what_cannot_be_had_is_said(inverter, data):
    with pytest.raises(ValueError, match="level 'refined' has no posterior to draw from; use level='posterior'"):
        inverter.invert(data, "refined", draws=10)
    point = bp.Inverter(
        SURVEY, PRIOR.fixed(2), NOISE, network=BPRegressor(8, output="sigmoid", max_epochs=2, whiten=False)
    ).fit(n_samples=1000, n_calibration=1000, progress=False)
    with pytest.raises(ValueError, match="this inverter's network answers with a point; draws at level 'network' need"):
        point.invert(data, "network", draws=10)
    with pytest.raises(ValueError, match="conformal intervals need a report on level 'posterior'; call calibrate"):
        point.invert(data, "posterior", conformal=True)
    answer = point.invert(data[:4], "posterior")
    assert np.isfinite(answer["resistivity_quantile"].values[:, :, :2]).all()


def test_an_unknown_noise_level_widens_the_intervals():
    noise = bp.Noise(relative=(0.01, 0.1))
    made = bp.Inverter(SURVEY, PRIOR.fixed(2), noise, hidden=16, max_epochs=5)
    made.fit(n_samples=2000, n_calibration=1000, progress=False)
    exact = SURVEY(thickness=[[8.0]], resistivity=[[50.0, 400.0]])
    rng = np.random.default_rng(3)
    noisy = exact * np.exp(0.03 * rng.standard_normal((1, 12)))
    unknown = made.invert(noisy, "posterior")
    assert unknown["status"].values[0] & STATUS["noise_estimated"][0]
    estimate = float(unknown["noise_estimate"][0])
    observed = bp.geometry.as_observed(noisy, SURVEY)
    observed["apparent_resistivity_std"] = observed["apparent_resistivity"] * estimate
    known = made.invert(observed, "posterior")
    widths = [
        np.log(r["resistivity_quantile"].values[-1, 0, :2] / r["resistivity_quantile"].values[0, 0, :2])
        for r in (unknown, known)
    ]
    assert (widths[0] > widths[1]).all() and (widths[0] < 2 * widths[1]).all()


@pytest.mark.slow
def test_a_smooth_prior_is_sampled_too():
    prior = bp.DepthGridPrior.for_survey(SURVEY, n_layers=12, resistivity=(5, 2000))
    made = bp.Inverter(SURVEY, prior, NOISE, hidden=16, max_epochs=3)
    made.fit(n_samples=2000, n_calibration=1000, progress=False)
    models = prior.draw(12, 5)
    answer = made.invert(NOISE.draw(SURVEY(**models), SURVEY.channels, 6), "posterior")
    low, high = answer["resistivity_quantile"].values[[0, -1]]
    inside = (models["resistivity"] >= low) & (models["resistivity"] <= high)
    # twelve soundings whose layers are correlated
    assert inside.mean() == pytest.approx(0.9, abs=0.1)
    assert (answer["ess"] > 100).all()
    assert json.loads(answer.attrs["prior"])["prior"] == "DepthGridPrior"
    # contradictory readings with tiny errors leave no draw of any weight
    jumping = bp.geometry.as_observed(np.exp(np.where(np.arange(12) % 2, 1.0, 7.0))[None], SURVEY)
    jumping["apparent_resistivity_std"] = 1e-3 * jumping["apparent_resistivity"]
    assert made.invert(jumping, "posterior")["status"].values[0] & STATUS["sampling_unreliable"][0]
    made.calibrate("posterior", n=4)
    with pytest.raises(ValueError, match="those of this prior depend on each other"):
        made.invert(jumping, "posterior", conformal=True)


def test_the_networks_quantiles_depend_on_no_neighbour_and_on_no_number_of_draws(inverter, data):
    together, alone = (inverter.invert(some, "network", draws=2) for some in (data[:6], data[[4]]))
    np.testing.assert_allclose(alone["resistivity_quantile"], together["resistivity_quantile"][:, [4]], rtol=1e-6)
    many = inverter.invert(data[:6], "network", draws=400)
    np.testing.assert_array_equal(many["resistivity_quantile"], together["resistivity_quantile"])


def test_where_nothing_can_be_inverted_all_variables_are_there_without_values(inverter, result):
    blank = inverter.invert(np.full((2, 12), np.nan), "posterior", draws=3)
    assert set(result.data_vars) == set(blank.data_vars) and set(result.coords) == set(blank.coords)
    assert np.isnan(blank["resistivity_quantile"]).all() and np.isnan(blank["layer_probability"]).all()
