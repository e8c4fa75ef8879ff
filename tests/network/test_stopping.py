"""When trainings stop, and how they go on: partial_fit, warm_start, clones, pipelines and grids."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bpinvert.network import LBFGS, Adam, BPRegressor, GradientDescent, LevenbergMarquardt
from bpinvert.network.trainers import TRAINERS

RNG = np.random.default_rng(3)
X = RNG.uniform(-1, 1, size=(120, 2))
Y = np.stack([np.sin(2 * X[:, 0]), X[:, 0] * X[:, 1]], axis=1)
every_trainer = pytest.mark.parametrize("trainer", list(TRAINERS))


def make(trainer="gd", **settings):
    defaults = {"hidden": 5, "max_epochs": 20, "random_state": 0, "validation_fraction": 0, "dtype": "float64"}
    return BPRegressor(trainer=trainer, **defaults | settings)


@every_trainer
def test_target_loss_stops(trainer):
    whole = make(trainer).fit(X, Y)
    target = whole.loss_curve_[4]
    model = make(trainer, target_loss=target).fit(X, Y)
    assert model.stop_reason_ == "target_loss"
    assert model.loss_curve_[-1] <= target < min(model.loss_curve_[:-1])
    assert model.loss_curve_ == whole.loss_curve_[: model.n_epochs_]


@pytest.mark.parametrize("trainer", [GradientDescent(0.2), "adaptive", "rprop", "lm", "br", LBFGS(2)])
def test_min_gradient_stops(trainer):
    model = make(trainer, min_gradient=0.02, max_epochs=2000).fit(X, Y)
    assert model.stop_reason_ == "min_gradient" and 1 < model.n_epochs_ < 2000
    if trainer != "br":
        _, gradient = model._network().loss_and_gradient(model.weights_, X, Y)
        assert np.linalg.norm(gradient) <= 0.02


@every_trainer
def test_patience_stops_where_nothing_is_to_be_learnt(trainer):
    rng = np.random.default_rng(1)
    inputs, noise = rng.normal(size=(60, 5)), rng.normal(size=60)
    model = make(trainer, hidden=30, validation_fraction=0.5, patience=5, max_epochs=3000)
    if trainer in ("gd", "adaptive", "momentum"):
        model.set_params(trainer=TRAINERS[trainer](learning_rate=0.1))
    model.fit(inputs, noise)
    assert model.stop_reason_ == "patience" or (trainer in ("lm", "br", "lbfgs") and model.stop_reason_ == "converged")
    if model.stop_reason_ == "patience":
        assert model.n_epochs_ == model.best_epoch_ + 5


@every_trainer
def test_max_time_stops(trainer):
    model = make(trainer, max_epochs=None, max_time=0.05, hidden=8).fit(X, Y)
    assert model.stop_reason_ == "max_time" or (trainer in ("lm", "br", "lbfgs") and model.stop_reason_ == "converged")
    assert model.n_epochs_ >= 1 and np.isfinite(model.predict(X)).all()


@every_trainer
def test_max_epochs_stops(trainer):
    model = make(trainer, max_epochs=3).fit(X, Y)
    assert model.stop_reason_ == "max_epochs" and model.n_epochs_ == 3 == len(model.loss_curve_)


@pytest.mark.parametrize("trainer", ["lm", "br", LBFGS(500, tolerance=1e-6), LevenbergMarquardt(projection=True)])
def test_second_order_trainers_converge(trainer):
    decay = 0.0 if trainer == "br" else 1.0
    model = make(trainer, hidden=2, max_epochs=2000, weight_decay=decay).fit(X, Y + 0.1 * RNG.normal(size=Y.shape))
    assert model.stop_reason_ == "converged" and model.n_epochs_ < 2000


def test_without_targets_slopes_vanish_and_rprop_has_converged():
    model = make("rprop", hidden=1, max_epochs=5)
    model.set_params(warm_start=True).fit(X, Y)
    model.weights_ = np.zeros_like(model.weights_)
    assert model.fit(X, 0 * Y).stop_reason_ == "converged"


@pytest.mark.parametrize("batch_size", [None, 1, 16])
@pytest.mark.parametrize("kind", ["gd", "momentum"])
def test_epochs_of_partial_fit_are_those_of_fit(kind, batch_size):
    trainer = TRAINERS[kind](batch_size=batch_size)
    whole, parts = make(trainer, max_epochs=5).fit(X, Y), make(trainer)
    for n in range(1, 6):
        assert parts.partial_fit(X, Y).n_epochs_ == n
    np.testing.assert_array_equal(parts.weights_, whole.weights_)
    assert parts.loss_curve_ == whole.loss_curve_
    assert parts.stop_reason_ == "partial_fit"


@every_trainer
@pytest.mark.parametrize("whiten", [True, False])
def test_partial_fit_lowers_the_loss_with_every_trainer(trainer, whiten):
    model = make(trainer, whiten=whiten)
    for _ in range(10):
        model.partial_fit(X[:60], Y[:60]).partial_fit(X[60:], Y[60:])
    assert len(model.loss_curve_) == model.n_epochs_ == model.best_epoch_ == 20
    assert min(model.loss_curve_[-2:]) < model.loss_curve_[0]


def test_partial_fit_goes_on_after_fit_with_its_curves():
    model = make("rprop", max_epochs=30, validation_fraction=0.2).fit(X, Y)
    losses, validated, weights = model.loss_curve_, model.validation_curve_, model.weights_
    model.partial_fit(X, Y)
    assert model.loss_curve_[:-1] == losses and model.validation_curve_ == validated
    assert model.n_epochs_ == model.best_epoch_ == 31
    assert 0 < np.abs(model.weights_ - weights).max() <= 0.0701
    rebuilt = BPRegressor.from_state(model.get_state()).partial_fit(X, Y)
    assert rebuilt.n_epochs_ == 32


def test_partial_fit_with_another_trainer_begins_its_own_memory():
    model = make("adam")
    model.partial_fit(X, Y)
    before = model.set_params(trainer="lm").partial_fit(X, Y).loss_curve_
    model.set_params(trainer="gd").partial_fit(X, Y)
    assert model.loss_curve_[-1] <= before[-1] * (1 + 1e-9)
    assert model.n_epochs_ == 3


def test_partial_fit_refuses_other_targets():
    model = make().partial_fit(X, Y)
    with pytest.raises(ValueError, match="y has 1 targets but the network was trained on 2"):
        model.partial_fit(X, Y[:, 0])
    with pytest.raises(ValueError, match="X has 1 features, but BPRegressor is expecting 2"):
        model.partial_fit(X[:, :1], Y)


@every_trainer
def test_warm_start_goes_on(trainer):
    model = make(trainer, warm_start=True).fit(X, Y)
    cold = make(trainer).fit(X, Y).loss_curve_
    assert model.loss_curve_ == cold
    again = model.fit(X, Y).loss_curve_
    assert again[0] < cold[0] and min(again) <= cold[-1] * (1.5 if trainer in ("adam", "rprop", "br") else 1 + 1e-9)


def test_warm_start_refuses_another_network():
    model = make(warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match="y has 1 targets but the network was trained on 2"):
        model.fit(X, Y[:, :1])
    with pytest.raises(ValueError, match=r"fitted network has 27 weights and the settings describe 32"):
        model.set_params(hidden=6).fit(X, Y)


def test_divergence_in_partial_fit_keeps_the_weights_before():
    model = make(GradientDescent(0.1)).partial_fit(X, Y)
    weights = model.weights_
    model.set_params(trainer=GradientDescent(1e308))
    with pytest.warns(ConvergenceWarning, match="diverged in epoch 2; the weights of epoch 1 are kept"):
        model.partial_fit(X, 1e3 * Y)
    np.testing.assert_array_equal(model.weights_, weights)
    assert model.stop_reason_ == "diverged"


def test_draw_and_density_of_the_mse_head_use_the_residual_spread():
    rng = np.random.default_rng(0)
    noise = np.array([0.05, 0.2])
    inputs = rng.uniform(-1, 1, size=(3000, 1))
    targets = np.hstack([inputs, inputs**2]) + noise * rng.normal(size=(3000, 2))
    for fraction in (0.0, 0.3):
        model = make(LBFGS(20), max_epochs=5, validation_fraction=fraction).fit(inputs, targets)
        np.testing.assert_allclose(model.residual_std_, noise, rtol=0.1)  # of 900 samples
        answer, std = model.predict(inputs[:4]), model.residual_std_
        draws = model.draw(inputs[:4], 20_000, 0)
        np.testing.assert_allclose(draws.mean(axis=0), answer, atol=0.01)
        np.testing.assert_allclose(draws.std(axis=0), np.tile(std, (4, 1)), rtol=0.03)
        white = (targets[:4] - answer) / std
        expected = np.sum(-0.5 * white**2 - np.log(std * np.sqrt(2 * np.pi)), axis=1)
        np.testing.assert_allclose(model.log_density(inputs[:4], targets[:4]), expected, rtol=1e-12)
    with pytest.raises(ValueError, match=r"y has shape \(4,\); it must hold 2 finite targets for each of the 4"):
        model.log_density(inputs[:4], targets[:4, 0])


def test_networks_work_in_pipelines_grids_clones_and_with_data_frames():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X * 50 + 7, columns=["near", "far"])
    pipeline = make_pipeline(StandardScaler(), make("lm")).fit(frame, Y)
    assert pipeline.score(frame, Y) > 0.95
    grid = GridSearchCV(make("lm"), {"hidden": [1, 6], "trainer": ["lm", Adam(0.001)]}, cv=2).fit(X, Y)
    assert grid.best_params_ == {"hidden": 6, "trainer": "lm"}
    model = make("lm").fit(frame, Y)
    assert list(model.feature_names_in_) == ["near", "far"]
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[["far", "near"]])
    copy = clone(model.set_params(trainer=Adam(0.5)))
    assert copy.get_params() == model.get_params() and not hasattr(copy, "weights_")
    assert list(make("gd").partial_fit(frame, Y).feature_names_in_) == ["near", "far"]


def test_partial_fit_of_another_size_is_refused():
    model = make().fit(X, Y).set_params(hidden=9)
    with pytest.raises(ValueError, match="partial_fit goes on with the same ones only"):
        model.partial_fit(X, Y)


def test_trainers_that_square_the_weights_refuse_large_networks():
    with pytest.raises(ValueError, match=r"the network has 10\d\d\d weights and trainer 'lm' needs the square of that"):
        BPRegressor(2000, trainer="lm").fit(X, Y)
