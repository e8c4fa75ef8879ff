"""Whitening changes the way of a training and not its goal."""

import numpy as np
import pytest

from bpinvert.network import LBFGS, BPRegressor, Network
from bpinvert.network.objective import Objective
from bpinvert.network.samples import Samples
from bpinvert.network.trainers import TRAINERS
from bpinvert.network.whitening import Whitening

RNG = np.random.default_rng(0)
SHARED = RNG.normal(size=(300, 1))
# Neighbours resemble each other, and units differ.
X = (SHARED + 0.1 * RNG.normal(size=(300, 4))) * [1.0, 3.0, 1.0, 0.3] + [0.0, 5.0, -1.0, 0.2]
Y = np.stack([np.tanh(X[:, 0] - X[:, 2]), SHARED[:, 0] ** 2 / 4], axis=1)
network = Network(4, (3,), 2, dtype="float64")
V = RNG.normal(size=(5, 3))


def test_whitened_inputs_are_uncorrelated_with_unit_spread():
    Z = Whitening.of(X).apply(X)
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(Z.T @ Z / len(Z), np.eye(4), atol=1e-10)


def test_weights_of_samples_are_repetitions():
    count = np.arange(len(X)) % 3
    weighted, repeated = Whitening.of(X, count.astype(float)), Whitening.of(np.repeat(X, count, axis=0))
    np.testing.assert_allclose(weighted.mean, repeated.mean, rtol=1e-12)
    np.testing.assert_allclose(np.abs(weighted.matrix), np.abs(repeated.matrix), rtol=1e-9)


def test_fold_and_unfold_are_inverse_and_give_the_same_net_inputs():
    whitening = Whitening.of(X)
    np.testing.assert_allclose(whitening.unfold(whitening.fold(V)), V, rtol=1e-11)
    np.testing.assert_allclose(whitening.fold(whitening.unfold(V)), V, rtol=1e-11)
    folded = whitening.fold(V)
    np.testing.assert_allclose(X @ folded[1:] - folded[0], whitening.apply(X) @ V[1:] - V[0], rtol=1e-10, atol=1e-11)


def test_decay_of_whitened_weights_is_that_of_the_folded_ones():
    whitening = Whitening.of(X)
    weights = network.initial_weights(np.random.default_rng(0))
    folded = weights.copy()
    network.matrices(folded)[0][...] = whitening.fold(network.matrices(weights)[0])
    white = Objective(network, None, 0.7, whitening=whitening).on(Samples(whitening.apply(X), Y))
    plain = Objective(network, None, 0.7).on(Samples(X, Y))
    assert white.loss(weights) == pytest.approx(plain.loss(folded), rel=1e-12)
    _, gradient = white.loss_and_gradient(weights)
    differences = []
    for i in range(len(weights)):
        step = np.zeros_like(weights)
        step[i] = 1e-5
        differences.append((white.loss(weights + step) - white.loss(weights - step)) / 2e-5)
    np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-8)  # second-order differences
    by_parts = white.normal_equations(weights)
    np.testing.assert_allclose(by_parts.gradient, gradient, rtol=1e-11, atol=1e-14)
    curvature = Objective(network, None, 0.0).on(Samples(whitening.apply(X), Y)).normal_equations(weights).curvature
    pull = [white.objective.penalty_gradient(row) for row in np.eye(len(weights))]
    np.testing.assert_allclose(by_parts.curvature - curvature, 0.7 / len(X) * np.array(pull), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("trainer", [LBFGS(1000, tolerance=1e-9, curvature_samples=None), "lm"])
def test_both_ways_end_in_the_same_network(trainer):
    settings = {"hidden": 2, "weight_decay": 3.0, "dtype": "float64", "validation_fraction": 0, "random_state": 3}
    start = BPRegressor(trainer="lm", max_epochs=300, whiten=False, **settings).fit(X, Y).weights_
    models = []
    for whiten in (True, False):
        model = BPRegressor(trainer=trainer, max_epochs=300, whiten=whiten, warm_start=True, **settings)
        model.set_params(max_epochs=1).fit(X, Y)
        model.weights_ = start + 0.02 * np.random.default_rng(0).normal(size=len(start))
        models.append(model.set_params(max_epochs=300).fit(X, Y))
    white, plain = models
    assert white.loss_curve_[-1] == pytest.approx(plain.loss_curve_[-1], rel=1e-9)
    np.testing.assert_allclose(white.predict(X), plain.predict(X), atol=1e-5)  # a gradient of 1e-9 in narrow valleys


def test_whitening_shortens_the_way():
    losses = {
        whiten: BPRegressor(6, trainer="momentum", whiten=whiten, max_epochs=200, random_state=0)
        .fit(X, np.tanh(5 * (X[:, 0] - X[:, 2] - 1)))
        .loss_curve_[-1]
        for whiten in (True, False)
    }
    assert losses[True] < 0.5 * losses[False]


@pytest.mark.parametrize("trainer", list(TRAINERS))
@pytest.mark.parametrize("n_samples", [3, 40])
def test_constant_and_repeated_columns_do_no_harm(trainer, n_samples):
    odd = np.hstack([X, X[:, :1], np.full((300, 1), 1e4), np.zeros((300, 1)), X[:, :2] * 1e-15])[:n_samples]
    model = BPRegressor(5, trainer=trainer, whiten=True, max_epochs=20, validation_fraction=0, random_state=0)
    model.set_params(dtype="float64").fit(odd, Y[:n_samples])
    assert np.isfinite(model.weights_).all()
    if trainer != "br":  # which may give up some of the fit for smaller weights
        assert model.loss_curve_[-1] < max(model.loss_curve_[0], 1e-12)
    loss = 0.5 * np.mean(np.sum((model.predict(odd) - Y[:n_samples]) ** 2, axis=1))
    if trainer in ("adaptive", "rprop", "lm", "lbfgs"):
        assert loss == pytest.approx(model.loss_curve_[-1], rel=1e-5, abs=1e-9)  # folding cancels digits


def test_a_column_of_tiny_units_counts_like_any_other():
    model = BPRegressor(5, trainer=LBFGS(20), dtype="float64", max_epochs=5, random_state=0)
    in_volts = model.fit(X * 1e-14, Y).predict(X * 1e-14)
    np.testing.assert_allclose(in_volts, model.fit(X, Y).predict(X), atol=1e-4)  # 100 steps of rounding


def test_float32_networks_keep_their_digits_when_folded():
    smooth = np.sin(np.linspace(0, 3, 20) + X[:, :1]) + 1e-3 * RNG.normal(size=(300, 20))
    model = BPRegressor(10, trainer="lbfgs", max_epochs=20, random_state=0, validation_fraction=0).fit(smooth, Y)
    loss = 0.5 * np.mean(np.sum((model.predict(smooth) - Y) ** 2, axis=1))
    assert loss == pytest.approx(model.loss_curve_[-1], rel=1e-2, abs=1e-7)  # weights of opposite sign cancel


@pytest.mark.filterwarnings("ignore:Training was interrupted")
@pytest.mark.parametrize("trainer", [name for name, kind in TRAINERS.items() if kind.whitens])
def test_a_resumed_training_has_the_uninterrupted_weights(trainer, tmp_path, monkeypatch):
    def model(**settings):
        return BPRegressor(4, trainer=trainer, max_epochs=8, random_state=0, **settings)

    def stop(self, snapshot):
        if snapshot.epoch == 3:
            raise KeyboardInterrupt

    path = tmp_path / "run.npz"
    with monkeypatch.context() as patch:
        patch.setattr("bpinvert.network.checkpoints.CheckpointFile.save_if_due", stop)
        assert model(checkpoint=path).fit(X, Y).stop_reason_ == "interrupted"
    resumed, whole = model(checkpoint=path).fit(X, Y), model().fit(X, Y)
    np.testing.assert_array_equal(resumed.weights_, whole.weights_)
    assert resumed.loss_curve_ == whole.loss_curve_ and not path.exists()


@pytest.mark.parametrize("trainer", ["gd", LBFGS(3), "lm"])
def test_warm_start_goes_on_where_the_fit_before_ended(trainer):
    model = BPRegressor(5, trainer=trainer, max_epochs=10, whiten=True, dtype="float64", weight_decay=0.2)
    model.set_params(validation_fraction=0, random_state=0, warm_start=True).fit(X, Y)
    before = model.loss_curve_[-1]
    kept = model.weights_
    model.set_params(max_epochs=1).fit(X, Y)
    assert model.loss_curve_[0] <= before * (1 + 1e-9)
    assert not np.array_equal(model.weights_, kept)
    far = model.set_params(warm_start=False).fit(X, Y).loss_curve_[0]
    assert far > 1.2 * before


def degenerate():
    """Four inputs, then a constant, a copy, a sum, and two that are only ever lit together."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    lit = np.zeros((300, 1))
    lit[7] = 0.05
    return np.hstack([X, np.full((300, 1), 3.0), X[:, :1], X[:, 1:2] + X[:, 2:3], lit, lit]), np.tanh(X[:, 0] - X[:, 1])


@pytest.mark.parametrize("trainer", ["adam", "lbfgs", "lm"])
def test_inputs_that_say_the_same_get_no_huge_weights(trainer):
    X, y = degenerate()
    model = BPRegressor(6, trainer=trainer, max_epochs=3, validation_fraction=0, random_state=0).fit(X, y)
    # The rare pair has a spread of 0.003: a weight of 1 on it, scaled, is one of 350 as it comes.
    weights = np.abs(model.V_[1:])
    assert weights[:7].max() < 50 and weights[7:].max() < 5000
