"""A channel that a model does not have is missing to network, misfit and checks; the model stays."""

from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr

from bpinvert import Inverter, LayeredPrior, Noise, checks, explain, generate_samples, geometry
from bpinvert.codec import Codec
from bpinvert.inverter.simulations import Simulations
from bpinvert.inverter.training_sheets import TrainingSheets
from bpinvert.missing import completed, continued
from bpinvert.posterior import Target
from bpinvert.refinement import Misfit, refine
from bpinvert.samples import models_and_data
from bpinvert.sheets import Sheets
from forward_models import Love
from forward_models.channels import Channels
from forward_models.survey import Survey, freeze


@dataclass(frozen=True, eq=False)
class Modes(Survey):
    """Two smooth curves of layered vs; the second one, as modes do, ends where it reaches the half-space's vs."""

    period: np.ndarray
    mode: np.ndarray

    method = "modes"
    properties = ("vs",)

    def __post_init__(self):
        n = len(self.period)
        freeze(self, period=self.period, mode=np.broadcast_to(self.mode, n))
        what = ("phase_velocity",) * n, ("m/s",) * n, ("log",) * n
        channels = Channels(*what, "period", self.period, "s", extra={"mode": self.mode}, branch="mode")
        object.__setattr__(self, "channels", channels)

    def _simulate(self, thickness, properties, context):
        vs = properties["vs"]
        top = np.vstack([np.zeros((1, vs.shape[1])), np.cumsum(thickness, axis=0)])
        below = np.exp(-top / (np.where(self.mode > 0, 25.0, 60.0) * self.period)[:, None, None])
        share = below - np.concatenate([below[:, 1:], np.zeros_like(below[:, :1])], axis=1)
        speed = np.exp((share * np.log(vs)).sum(axis=1)) * np.where(self.mode > 0, 1.3, 1.0)[:, None]
        return np.where((self.mode[:, None] > 0) & (speed >= vs[-1]), np.nan, speed)

    def beyond(self, thickness, vs):
        return np.repeat(vs[:, -1:], len(self.channels), axis=1)


class Silent(Modes):
    """One that knows nothing of cut-offs."""

    beyond = None


PERIOD = np.geomspace(0.05, 1, 8)
FIRST, SECOND = slice(8), slice(8, 16)
SURVEY = Modes(np.tile(PERIOD, 2), np.repeat([0, 1], 8))
SILENT = Silent(SURVEY.period, SURVEY.mode)
PRIOR = LayeredPrior(3, thickness=(2, 20), vs=(100, 800))
NOISE = Noise(relative=0.02)


def simulated(n=2000, seed=0):
    return Simulations.draw(SURVEY, PRIOR, NOISE, n, np.random.default_rng(seed))


def fitted(simulations):
    return Codec(SURVEY.channels, PRIOR).fit(simulations.scaled)


@pytest.fixture(scope="module")
def inverter():
    inverter = Inverter(SURVEY, PRIOR, noise=NOISE, hidden=16, max_epochs=4)
    return inverter.fit(n_samples=2000, n_calibration=1000, progress=False)


def test_models_that_lack_a_channel_are_kept_and_those_without_any_are_set_aside():
    models = PRIOR.draw(300, 0)
    data = SURVEY(**models)
    lacking = np.isnan(data)
    assert 0.2 < lacking.mean() < 0.8
    data[[3, 5]] = np.nan
    simulations = Simulations(SURVEY, NOISE, models, data)
    assert len(simulations) == 298
    np.testing.assert_array_equal(simulations.failed["vs"], models["vs"][[3, 5]])
    np.testing.assert_array_equal(simulations.missing, np.delete(lacking, [3, 5], axis=0))


def test_samples_keep_what_is_missing():
    samples = generate_samples(SURVEY, PRIOR, 200, seed=0, progress=False)
    models, data = models_and_data(samples)
    assert samples.attrs["n_failed"] == 0
    assert np.isnan(data).any(axis=1).sum() > 50
    np.testing.assert_array_equal(data, SURVEY(**models))
    assert len(Simulations(SURVEY, NOISE, models, data)) == 200


def test_a_curve_goes_on_as_its_nearest_datum():
    scaled = np.array([[1.0, 2, 3, 4, 5, 6, 7, 8, np.nan, np.nan, 3, 4, np.nan, np.nan, 7, np.nan]])
    expected = [[1, 2, 3, 4, 5, 6, 7, 8, 3, 3, 3, 4, 4, 7, 7, 7]]
    np.testing.assert_array_equal(continued(SURVEY.channels, scaled), expected)
    whole = np.where(np.arange(16) < 8, scaled, np.nan)
    np.testing.assert_array_equal(continued(SURVEY.channels, whole), whole)
    complete = np.ones((2, 16))
    assert continued(SURVEY.channels, complete) is complete


@pytest.mark.parametrize("never", [(), (15,), range(8, 16)], ids=["some", "a channel of none", "a curve of none"])
def test_what_is_missing_leaves_a_covariance(never):
    simulations = simulated()
    scaled = simulations.scaled.copy()
    scaled[:, list(never)] = np.nan
    codec = Codec(SURVEY.channels, PRIOR).fit(scaled)
    there = np.array([k not in never for k in range(16)]) | (len(never) == 1)
    assert np.linalg.eigvalsh(codec.covariance).min() > -1e-12
    np.testing.assert_allclose(codec.covariance[there, there], 1.0, rtol=1e-12)
    np.testing.assert_array_equal(codec.presence, np.isfinite(scaled).mean(axis=0))
    complete = codec.fit(scaled[:, FIRST].repeat(2, axis=0).reshape(len(scaled), 16))
    standard = (scaled[:, FIRST] - codec.mean[FIRST]) / codec.std[FIRST]
    np.testing.assert_allclose(complete.covariance[FIRST, FIRST], standard.T @ standard / len(standard), rtol=1e-12)
    # a file brings it all back
    restored = Codec.from_state(codec.get_state(), SURVEY.channels, PRIOR)
    np.testing.assert_array_equal(restored.presence, codec.presence)


def test_soundings_of_a_sheet_lack_the_same_channels_and_none_is_forgotten():
    simulations = simulated(1500)
    sheets = simulations.in_sheets(64)
    assert len(sheets) > 1
    for rows in sheets:
        assert rows.shape[1] <= 64
        np.testing.assert_array_equal(
            simulations.missing[rows], simulations.missing[rows[:, :1]].repeat(rows.shape[1], 1)
        )
    np.testing.assert_array_equal(np.unique(np.concatenate([rows.ravel() for rows in sheets])), np.arange(1500))
    # hardly more than one sheet for each pattern, and two soundings shown for one
    n_patterns = len(np.unique(simulations.missing, axis=0))
    assert sum(len(rows) for rows in sheets) <= 1500 / 64 + n_patterns
    assert sum(rows.size for rows in sheets) < 2 * 1500


def test_where_nothing_is_missing_neighbours_share_a_sheet():
    models = PRIOR.draw(600, 0)
    only_first = Modes(PERIOD, np.zeros(8))
    simulations = Simulations(only_first, NOISE, models, only_first(**models))
    assert simulations.missing is None
    (rows,) = simulations.in_sheets(256)
    np.testing.assert_array_equal(rows, np.arange(600).reshape(3, 200))
    assert simulations.filled[0] is simulations.scaled


@pytest.mark.parametrize("complete", [0.0, 1.0], ids=["random sheets", "complete sheets"])
def test_the_network_is_told_what_is_missing_and_shown_the_rest_in_its_own_order(complete):
    simulations = simulated(1500)
    codec, noise = fitted(simulations), Noise(relative=1e-3)
    paper = TrainingSheets(SURVEY, Sheets(complete=complete), noise, np.random.default_rng(1))
    inputs, unsure = paper.observe(simulations, codec, np.random.default_rng(2))
    missing = simulations.missing
    assert np.isfinite(inputs).all()
    assert unsure[missing].min() > 3 * np.quantile(unsure[~missing], 0.1)
    true = (simulations.scaled - codec.mean) / codec.std
    known = ~missing & (unsure < 0.05)
    assert known.sum() > 0.1 * known.size
    assert abs(inputs - true)[known].max() < 0.5
    if complete:
        assert unsure[~missing].max() < unsure[missing].min()


def test_what_stands_in_for_a_missing_datum_is_never_shown():
    simulations = simulated(500)
    codec = fitted(simulations)
    paper = TrainingSheets(SURVEY, Sheets(), NOISE, np.random.default_rng(1))
    shown = paper.observe(simulations, codec, np.random.default_rng(2))
    scaled, data = simulations.filled
    simulations.filled = scaled + 3.0 * simulations.missing, data * np.where(simulations.missing, 5.0, 1.0)
    for first, second in zip(shown, paper.observe(simulations, codec, np.random.default_rng(2)), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_reading_between_channels_exists_where_those_around_it_do():
    simulations = simulated(500)
    codec = fitted(simulations)
    paper = TrainingSheets(SURVEY, Sheets(complete=1.0, shift=0.0), NOISE, np.random.default_rng(1))
    # one reading, near the middle between the second curve's third and fourth channel, with a spline's small weights
    paper.matrix = np.zeros((1, 16, 16))
    paper.matrix[0, 0, 9:13] = [-0.1, 0.6, 0.6, -0.1]
    paper.used = np.arange(16)[None] == 0
    _, unsure = paper.observe(simulations, codec, np.random.default_rng(2))
    around = ~simulations.missing[:, [10, 11]].any(axis=1)
    assert 0.1 < around.mean() < 0.9
    np.testing.assert_array_equal(unsure.min(axis=1) < 0.9, around)


def observed(seed=3):
    """A sounding with the second curve everywhere, σ, and u of its model and of one whose half-space is slower."""
    rng = np.random.default_rng(seed)
    models = PRIOR.draw(5000, rng)
    data = SURVEY(**models)
    k = np.flatnonzero(np.isfinite(data).all(axis=1))[:1]
    truth = PRIOR.encode(models.take(k))
    slower = truth.copy()
    slower[:, -1] = 0.3 * truth[:, -1]
    sigma = np.full((1, 16), 0.02)
    return SURVEY.channels.to_scale(data[k]), sigma, truth, slower


def test_the_misfit_is_continuous_where_a_mode_ends():
    scaled, sigma, truth, slower = observed()
    path = slower + np.linspace(0, 1, 20_001)[:, None] * (truth - slower)
    data = SURVEY(**PRIOR.decode(path))
    assert np.isnan(data[0, SECOND]).any() and not np.isnan(data[-1]).any()
    rows = np.zeros(len(path), dtype=int)
    chi2 = Misfit(SURVEY, PRIOR, scaled, sigma).value(path, rows)
    assert np.isfinite(chi2).all()
    # steps across a cut-off are no larger than those beside it
    step, crossing = np.abs(np.diff(chi2)), np.diff(np.isnan(data).sum(axis=1)) != 0
    assert crossing.any()
    assert step[crossing].max() < 2 * step[~crossing].max()
    # without a value to compare with, a model that lacks what was observed is impossible
    silent = Misfit(SILENT, PRIOR, scaled, sigma).value(path, rows)
    np.testing.assert_array_equal(np.isinf(silent), np.isnan(data).any(axis=1))
    np.testing.assert_array_equal(silent[np.isfinite(silent)], chi2[np.isfinite(silent)])


def test_a_missing_mode_that_was_not_observed_costs_nothing():
    scaled, sigma, _, slower = observed()
    sigma = np.where(np.isnan(SURVEY(**PRIOR.decode(slower))), np.inf, sigma)
    assert np.isinf(sigma).any()
    values = [Misfit(s, PRIOR, scaled, sigma).value(slower, np.zeros(1, dtype=int)) for s in (SURVEY, SILENT)]
    assert np.isfinite(values[0])
    np.testing.assert_array_equal(*values)


def test_the_slope_at_a_model_without_the_mode_is_that_of_the_misfit():
    scaled, sigma, _, slower = observed()
    misfit, rows = Misfit(SURVEY, PRIOR, scaled, sigma), np.zeros(1, dtype=int)
    _, gradient, curvature = misfit.expand(slower, rows)
    for j in range(slower.shape[1]):
        shift = 1e-6 * (np.arange(slower.shape[1]) == j)
        difference = (misfit.value(slower + shift, rows) - misfit.value(slower - shift, rows)) / 2e-6
        # central differences of a large sum of squares
        np.testing.assert_allclose(gradient[:, j], -difference / 2, rtol=1e-5, atol=1e-5 * abs(gradient).max())
    assert (np.linalg.eigvalsh(curvature) > -1e-9 * abs(curvature).max()).all()


def test_refinement_finds_a_mode_that_its_start_lacks():
    reached = {SURVEY: [], SILENT: []}
    for seed in range(10):
        scaled, sigma, _, slower = observed(seed)
        for survey, chi2 in reached.items():
            chi2.append(refine(Misfit(survey, PRIOR, scaled, sigma), slower).chi2[0])
    # data without noise: what is left is where refinement stops
    assert max(reached[SURVEY]) < 1
    assert max(reached[SILENT]) == np.inf


def test_the_posterior_has_the_likelihood_of_the_refinement():
    scaled, sigma, _, slower = observed()
    misfit, rows = Misfit(SURVEY, PRIOR, scaled, sigma), np.zeros(1, dtype=int)
    target = Target(misfit, np.zeros(1), (np.ones(1), np.ones(1)))
    x = np.clip(slower, 0.01, 0.99)
    chi2, likelihood, _ = target.evaluate(x, rows)
    assert np.isfinite(chi2)
    np.testing.assert_allclose(likelihood, -chi2 / 2)


def test_a_model_that_cannot_be_computed_is_not_completed():
    data = np.array([[1.0, np.nan], [np.nan, np.nan]])
    assert completed(Silent(PERIOD[:2], [0, 1]), {}, data) is data
    nothing = type("Nothing", (Modes,), {"beyond": lambda self, thickness, vs: None})(PERIOD[:2], [0, 1])
    models = {"thickness": np.ones((2, 1)), "vs": np.array([[1.0, 2.0], [1.0, np.nan]])}
    assert completed(nothing, models, data) is data
    np.testing.assert_array_equal(completed(Modes(PERIOD[:2], [0, 1]), models, data), [[1, 2], [np.nan, np.nan]])


def test_the_range_of_a_channel_is_that_of_the_models_that_have_it():
    data = np.array([[1.0, np.nan, np.nan], [2.0, 5.0, np.nan], [3.0, 4.0, np.nan]])
    check = checks.CHECKS["range"]().fit(np.zeros((3, 3)), data)
    np.testing.assert_array_equal(check.low, [1, 4, np.nan])
    np.testing.assert_array_equal(check.high, [3, 5, np.nan])


def test_neighbours_are_sought_among_soundings_that_lack_channels_too():
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((500, 4))
    data = np.where(rng.random((500, 4)) < 0.3, np.nan, inputs)
    check = checks.CHECKS["neighbour"]()
    np.testing.assert_allclose(check.fit(inputs, data).axes, check.fit(inputs, inputs).axes, rtol=1e-5)


def test_a_sounding_need_not_have_what_some_models_lack():
    always = np.arange(16) < 8
    only_first = Modes(PERIOD, np.zeros(8)).channels

    def is_extrapolated(own, used, **how):
        return geometry.extrapolated(own, SURVEY.channels, used, lambda c, k: tuple(np.log(c.value[k][[0, -1]])), **how)

    for own, used in ((only_first, np.ones((1, 8), bool)), (SURVEY.channels, always[None])):
        assert is_extrapolated(own, used)
        assert not is_extrapolated(own, used, always=always)
        assert is_extrapolated(own, used & (np.arange(used.shape[1]) != 7), always=always)
    beyond = Modes(np.append(PERIOD, 3.0), np.append(np.zeros(8), 1)).channels
    assert is_extrapolated(beyond, np.ones((1, 9), bool), always=always)


def test_a_sheet_need_not_have_both_velocities():
    both = Love(PERIOD, velocity=("phase", "group"))
    observed = xr.Dataset(
        {"group_velocity": (("sounding", "reading"), np.full((2, 8), 300.0)), "period": ("reading", PERIOD)}
    )
    (group,) = geometry.groups(geometry.as_observed(observed, both), both)
    assert not group.used[:, :8].any() and group.used[:, 8:].all()
    with pytest.raises(ValueError, match="but lacks phase_velocity, group_velocity, which this inverter needs"):
        geometry.as_observed(observed.drop_vars("group_velocity").assign(c=observed["group_velocity"]), both)


def test_training_says_which_curve_no_model_has():
    class OneMode(Modes):
        def _simulate(self, *arguments):
            return np.where(self.mode[:, None] > 0, np.nan, super()._simulate(*arguments))

    inverter = Inverter(OneMode(SURVEY.period, SURVEY.mode), PRIOR, noise=NOISE, hidden=4, max_epochs=1)
    with pytest.warns(UserWarning, match="no model of the training has phase_velocity at mode 1: nothing is learned"):
        inverter.fit(n_samples=600, n_calibration=1000, progress=False)
    # what is there is learned, and what is not is no stranger by its range
    result = inverter.invert(SURVEY(**PRIOR.draw(20, 5)))
    assert np.isfinite(result["chi2"]).all()
    assert not result["reading_outside"].values[:, SECOND].any()


def test_a_layer_count_without_any_curve_is_named_before_training():
    # Over a half-space there are no Love waves.
    prior = LayeredPrior((1, 2), thickness=(2, 20), vs=(100, 800), density=1900)
    inverter = Inverter(Love(PERIOD), prior, hidden=4, max_epochs=1)
    with (
        pytest.raises(ValueError, match=r"Love can compute none have 1 layer;.* Leave this one out of n_layers"),
        pytest.warns(UserWarning, match="could not be computed.* nothing has to be done, else narrow the prior"),
    ):
        inverter.fit(n_samples=2400, n_calibration=1000, progress=False)


def test_readings_of_a_mode_that_was_never_trained_are_extrapolated():
    own = Modes(SURVEY.period, np.repeat([0, 2], 8)).channels
    used = np.ones((2, 16), dtype=bool)
    used[1, SECOND] = False
    nothing = np.zeros(16, dtype=bool)
    found = geometry.extrapolated(own, SURVEY.channels, used, Sheets().reach, nothing)
    assert found.tolist() == [True, False]


@pytest.mark.parametrize("level", ["network", "refined", "posterior"])
def test_soundings_that_lack_a_mode_are_answered_and_not_flagged_more_than_others(inverter, level):
    data = NOISE.draw(SURVEY(**PRIOR.draw(400 if level != "posterior" else 20, 7)), SURVEY.channels, 8)
    result = inverter.invert(data, level=level)
    assert np.isfinite(result["vs"]).all() and np.isfinite(result["chi2"]).all() and np.isfinite(result["rrms"]).all()
    np.testing.assert_array_equal(result["used"], np.isfinite(data))
    # 1 % at most by chance, with four standard deviations
    assert (result["flag"] != 0).mean() < 0.03
    assert not (result["status"].values & 1).any()
    if level == "refined":
        assert (result["chi2"] < 2).mean() > 0.95


def test_a_mode_that_the_answer_lacks_stays_missing_in_it_and_is_compared_with_its_cut_off(inverter):
    data = NOISE.draw(SURVEY(**PRIOR.draw(400, 7)), SURVEY.channels, 8)
    result = inverter.invert(data, level="network")
    predicted, residual = result["predicted_phase_velocity"].values, result["residual_phase_velocity"].values
    lacking = np.isnan(predicted) & np.isfinite(data)
    assert lacking.any()
    end = np.broadcast_to(result["vs"].values[:, -1:], data.shape)
    np.testing.assert_allclose(residual[lacking], (np.log(data / end) / 0.02)[lacking], rtol=1e-9)
    np.testing.assert_array_equal(
        np.isnan(predicted), np.isnan(SURVEY(result["thickness"].values, vs=result["vs"].values))
    )


def test_a_jump_to_another_mode_is_the_first_thing_to_look_for(inverter):
    data = SURVEY(**PRIOR.draw(400, 7))
    data = data[np.isfinite(data).all(axis=1)][:1].repeat(2, axis=0)
    # Two late picks of the first curve at half the velocity, as where a slower mode was followed.
    data[1, 6:8] /= 2
    result = inverter.invert(data)
    assert (result["flag"].values != 0).tolist() == [False, True]
    advice = "What to do: see whether some picks are of another mode than they are said to be, and correct their mode"
    assert advice in explain(result, 1) and "another mode" not in explain(result, 0)
    assert "another mode" not in explain(result.drop_vars("mode"), 1)
