"""The prior of smooth models: marginals, correlation in ln(depth), invariance of scale, and what is refused."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

import bpinvert as bp
from bpinvert.refinement import Misfit
from forward_models import Magnetotelluric, Schlumberger

VES = Schlumberger(ab2=np.geomspace(1.5, 300, 20))
DEPTH = np.geomspace(0.5, 100, 24)
PRIOR = bp.DepthGridPrior(DEPTH, resistivity=(2, 3000))


def scores(resistivity, low=2, high=3000):
    return ndtri(np.log(resistivity / low) / np.log(high / low))


def test_every_layer_is_log_uniform_and_stays_inside():
    resistivity = PRIOR.draw(20_000, 0)["resistivity"]
    assert 2 <= resistivity.min() < 2.01
    assert 2990 < resistivity.max() <= 3000
    assert min(stats.kstest(column, stats.loguniform(2, 3000).cdf).pvalue for column in resistivity.T) > 1e-3


def test_layers_are_correlated_as_matern_says_of_the_distance_in_ln_depth():
    # An e-fold is four layers of this grid.
    prior = bp.DepthGridPrior(np.exp(np.arange(12) / 4), correlation=1.0, resistivity=(2, 3000))
    correlation = np.corrcoef(scores(prior.draw(200_000, 1)["resistivity"]).T)
    for apart in (1, 4, 9):
        distance = np.sqrt(3) * apart / 4
        # 200 000 draws know a correlation to 0.002.
        np.testing.assert_allclose(np.diagonal(correlation, apart), (1 + distance) * np.exp(-distance), atol=0.01)


def test_all_depths_times_a_factor_are_the_same_prior():
    deeper = bp.DepthGridPrior(7 * DEPTH, resistivity=(2, 3000))
    u = np.random.default_rng(2).random((50, 25))
    models = deeper.decode(u)
    np.testing.assert_allclose(models["resistivity"], PRIOR.decode(u)["resistivity"], rtol=1e-12)
    np.testing.assert_allclose(models["thickness"], 7 * PRIOR.decode(u)["thickness"], rtol=1e-12)


def test_layers_lie_on_the_grid():
    models = PRIOR.draw(3, 0)
    np.testing.assert_allclose(np.cumsum(models["thickness"], axis=1), np.tile(DEPTH, (3, 1)), rtol=1e-12)
    assert models.n_layers.tolist() == [25, 25, 25]
    assert PRIOR.parameters[0] == "resistivity_1" and len(PRIOR.parameters) == 25


def test_no_models_are_models_too():
    nothing = PRIOR.decode(np.empty((0, 25)))
    assert nothing["resistivity"].shape == (0, 25)
    assert PRIOR.encode(nothing).shape == (0, 25)
    assert PRIOR.log_slope(np.empty((0, 25))).shape == (0, 25, 25)
    assert PRIOR.log_density(nothing).shape == (0,)


def test_a_longer_correlation_makes_smoother_models():
    roughness = [
        np.diff(
            np.log(bp.DepthGridPrior(DEPTH, correlation=length, resistivity=(2, 3000)).draw(500, 3)["resistivity"])
        ).std()
        for length in (0.3, 1.0, 3.0)
    ]
    assert roughness[0] > 1.5 * roughness[1] > 2 * roughness[2]


def test_ends_of_the_cube_decode_to_finite_models_with_finite_slopes():
    u = np.random.default_rng(4).integers(0, 2, (200, 25)).astype(float)
    resistivity = PRIOR.decode(u)["resistivity"]
    assert resistivity.min() >= 2 and resistivity.max() <= 3000
    assert np.isfinite(PRIOR.log_slope(u)).all()


@pytest.mark.parametrize("survey", [VES, Magnetotelluric(period=np.logspace(-3, 3, 20))], ids=["VES", "MT"])
def test_a_grid_for_a_survey_spans_its_reach_at_equal_ratios(survey):
    prior = bp.DepthGridPrior.for_survey(survey, 20, resistivity=(1, 10_000))
    np.testing.assert_allclose(np.diff(np.log(prior.depth)), np.log(prior.depth[1] / prior.depth[0]), rtol=1e-9)
    reach = [1.5, 300] if survey is VES else [503 * 100**0.5 * 1e-3**0.5, 503 * 100**0.5 * 1e3**0.5]
    np.testing.assert_allclose(prior.depth[[0, -1]], [reach[0] / 3, 3 * reach[1]], rtol=1e-9)


def test_the_misfits_gradient_is_that_of_its_value():
    prior = bp.DepthGridPrior(np.geomspace(1, 100, 7), resistivity=(1, 10_000))
    rng = np.random.default_rng(5)
    scaled = np.log(VES(**prior.draw(10, rng))) + 0.03 * rng.standard_normal((10, 20))
    misfit = Misfit(VES, prior, scaled, np.full((10, 20), 0.03))
    u, rows = rng.uniform(0.2, 0.8, (10, 8)), np.arange(10)
    chi2, residuals, jacobian = misfit.linearised(u, rows)
    np.testing.assert_allclose(chi2, np.square(residuals).sum(axis=1), rtol=1e-12)
    gradient = -2 * np.einsum("nc,ncp->np", residuals, jacobian)
    for j in range(8):
        shift = 1e-6 * (np.arange(8) == j)
        difference = (misfit.value(u + shift, rows) - misfit.value(u - shift, rows)) / 2e-6
        # Central differences of large sums of squares.
        np.testing.assert_allclose(gradient[:, j], difference, rtol=1e-4, atol=1e-5 * abs(gradient).max())


def test_an_inverter_of_a_grid_answers_and_is_loaded_again(tmp_path):
    prior = bp.DepthGridPrior.for_survey(VES, 6, resistivity=(1, 10_000))
    sheets = bp.Sheets(complete=1.0)
    inverter = bp.Inverter(VES, prior, bp.Noise(0.05), sheets=sheets, hidden=8, max_epochs=2)
    inverter.fit(n_samples=600, n_calibration=1000, progress=False)
    data = VES(**prior.draw(5, 0))
    answer = inverter.invert(data, level="network")
    np.testing.assert_allclose(answer["depth"], np.tile(prior.depth, (5, 1)), rtol=1e-12)
    inverter.save(tmp_path / "grid.nc")
    again = bp.load_inverter(tmp_path / "grid.nc")
    assert again.prior == prior
    np.testing.assert_array_equal(again.invert(data, level="network")["resistivity"], answer["resistivity"])


def test_models_of_another_grid_are_refused():
    models = bp.DepthGridPrior(2 * DEPTH, resistivity=(2, 3000)).draw(2, 0)
    with pytest.raises(ValueError, match=r"other values than this prior's grid of 24 interfaces"):
        PRIOR.encode(models)
    with pytest.raises(ValueError, match=r"n_layers is 3, but this grid has 25 layers"):
        PRIOR.fixed(3)
    with pytest.raises(ValueError, match="only a LayeredPrior can be widened"):
        PRIOR.widened(25, 2.0)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"depth": [1, 2, 2]}, "increase by at least 1 %"),
        ({"depth": [0, 2, 3]}, "must be positive"),
        ({"depth": [3]}, r"row of 2 to 49 interface depths"),
        ({"correlation": 0}, "correlation is 0; it is a length in e-folds"),
        ({"resistivity": [(1, 2), (1, 3)]}, "every layer has the same"),
        ({"resistivity": bp.priors.Ordered((1, 3))}, "every layer has the same"),
        ({"thickness": (1, 3)}, "thickness is fixed by depth"),
        ({"context": {"resistivity": (1, 2)}}, "which the layers already have"),
    ],
)
def test_what_is_no_grid_is_refused(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        bp.DepthGridPrior(**({"depth": [1, 2, 4], "resistivity": (1, 100)} | settings))
