"""What trainers minimise: weights of samples, threads, clipping, decay, and every trainer with every head."""

import json
import time

import numpy as np
import pytest

from bpinvert.network import (
    LBFGS,
    Adam,
    BPClassifier,
    BPRegressor,
    CrossEntropy,
    Gaussian,
    GradientDescent,
    LevenbergMarquardt,
    MeanSquaredError,
    Mixture,
    Network,
)
from bpinvert.network.fitting import Budget
from bpinvert.network.objective import Objective, n_threads
from bpinvert.network.samples import Samples
from bpinvert.network.settings import OUTPUTS
from bpinvert.network.strategies import Strategy
from bpinvert.network.trainers import TRAINERS, trainer_from_dict

RNG = np.random.default_rng(1)
X = RNG.uniform(-1, 1, size=(150, 2))
Y = np.stack([np.sin(3 * X[:, 0]), X[:, 0] * X[:, 1]], axis=1)
COUNT = RNG.integers(0, 4, len(X))
REPEATED = np.repeat(np.arange(len(X)), COUNT)
every_trainer = pytest.mark.parametrize("trainer", list(TRAINERS))


def network_and_samples(n_samples, hidden=(6,), n_targets=2):
    rng = np.random.default_rng(2)
    network = Network(3, hidden, n_targets, dtype="float64")
    samples = Samples(rng.normal(size=(n_samples, 3)), rng.normal(size=(n_samples, n_targets)))
    return network, network.initial_weights(rng), samples


def full_batch(trainer, **settings):
    defaults = {"hidden": 6, "max_epochs": 12, "validation_fraction": 0, "random_state": 0, "dtype": "float64"}
    return BPRegressor(trainer=trainer, **defaults | settings)


@pytest.mark.parametrize(
    "trainer",
    ["gd", "momentum", "adaptive", "rprop", LBFGS(iterations=5, curvature_samples=None), LBFGS(5), "lm",
     LevenbergMarquardt(projection=True), "br"],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("settings", [{}, {"init": "nguyen_widrow", "hidden": (4, 3)}])
def test_a_weight_of_two_is_the_sample_twice_and_of_none_leaves_it_out(trainer, settings):
    # Few epochs: second-order steps along flat valleys make much of rounding.
    settings = settings | {"weight_decay": 0.0 if trainer == "br" else 0.1, "max_epochs": 2}
    weighted = full_batch(trainer, **settings).fit(X, Y, sample_weight=COUNT)
    repeated = full_batch(trainer, **settings).fit(X[REPEATED], Y[REPEATED])
    # Normal equations square the condition of the problem.
    close = 1e-6 if trainer in (LevenbergMarquardt(projection=True), LBFGS(5)) else 1e-10
    np.testing.assert_allclose(weighted.weights_, repeated.weights_, rtol=close, atol=close)
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=close)
    np.testing.assert_allclose(weighted.residual_std_, repeated.residual_std_, rtol=1e-8)
    for model in (weighted, repeated):
        model.partial_fit(X, Y, sample_weight=COUNT)
    np.testing.assert_allclose(weighted.weights_, repeated.weights_, rtol=10 * close, atol=10 * close)


@pytest.mark.parametrize("head", ["gaussian", "mixture"])
def test_weights_count_with_every_head(head):
    weighted = full_batch("rprop", head=head).fit(X, Y, sample_weight=COUNT)
    repeated = full_batch("rprop", head=head).fit(X[REPEATED], Y[REPEATED])
    np.testing.assert_allclose(weighted.weights_, repeated.weights_, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("trainer", [GradientDescent(0.1, batch_size=1), Adam(batch_size=8), LBFGS(5), "gd"])
def test_all_weights_alike_are_no_weights(trainer):
    plain = full_batch(trainer, max_epochs=3).fit(X, Y)
    alike = full_batch(trainer, max_epochs=3).fit(X, Y, sample_weight=np.full(len(X), 2.5))
    np.testing.assert_allclose(alike.weights_, plain.weights_, rtol=1e-8, atol=1e-9)


def test_online_a_heavy_sample_takes_a_longer_step():
    network, weights, samples = network_and_samples(2)
    samples = Samples(samples.X, samples.Y, np.array([3.0, 1.0]))
    by_hand = weights.copy()
    for row, share in ((0, 1.5), (1, 0.5)):
        by_hand -= 0.1 * share * network.loss_and_gradient(by_hand, samples.X[[row]], samples.Y[[row]])[1]
    trainer = GradientDescent(0.1, batch_size=1, shuffle=False)
    first = weights.copy()
    loss, _ = trainer.epoch(Objective(network), weights, trainer.start(weights), samples, None, Budget(1, None))
    np.testing.assert_allclose(weights, by_hand, rtol=1e-13)
    still = GradientDescent(1e-30, batch_size=1, shuffle=False)
    loss, _ = still.epoch(Objective(network), first, still.start(first), samples, None, Budget(1, None))
    assert loss == pytest.approx(Objective(network).on(samples).loss(first), rel=1e-13)


def test_batches_have_the_gradient_of_the_whole_on_average():
    network, weights, samples = network_and_samples(60)
    samples = Samples(samples.X, samples.Y, np.random.default_rng(0).uniform(0.1, 4, 60))
    objective = Objective(network, weight_decay=2.0)
    loss, gradient = objective.on(samples).loss_and_gradient(weights)
    parts = [objective.on(batch, samples).loss_and_gradient(weights) for _, batch in samples.batches(12)]
    np.testing.assert_allclose(np.mean([part[1] for part in parts], axis=0), gradient, rtol=1e-11, atol=1e-14)
    assert np.mean([part[0] for part in parts]) == pytest.approx(loss, rel=1e-13)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.zeros(len(X)), "at least one (must count|non-zero number)"),
        (np.full(len(X), -1.0), "[Nn]egative values in"),
        (np.full(len(X), np.nan), "sample_weight contains NaN"),
        (np.ones(3), r"sample_weight.shape == \(3,\)"),
    ],
)
def test_impossible_weights_are_refused(weight, message):
    with pytest.raises(ValueError, match=message):
        full_batch("gd").fit(X, Y, sample_weight=weight)


def test_a_checkpoint_of_other_weights_of_samples_is_refused(tmp_path, monkeypatch):
    def stop(self, snapshot):
        raise KeyboardInterrupt

    monkeypatch.setattr("bpinvert.network.checkpoints.CheckpointFile.save_if_due", stop)
    model = full_batch("gd", checkpoint=tmp_path / "run.npz")
    with pytest.warns(match="interrupted"):
        model.fit(X, Y, sample_weight=COUNT)
    with pytest.raises(ValueError, match=r"was written with \{'data': "):
        model.fit(X, Y)


@pytest.mark.parametrize("trainer", [LBFGS(iterations=3), "rprop", "lm"])
def test_any_number_of_threads_gives_the_same_weights(trainer):
    rng = np.random.default_rng(3)
    inputs = rng.normal(size=(9001, 3))
    targets = np.sin(inputs[:, :2])
    one, three = (
        BPRegressor(5, trainer=trainer, max_epochs=2, n_jobs=n_jobs, random_state=0).fit(inputs, targets)
        for n_jobs in (1, 3)
    )
    np.testing.assert_array_equal(one.weights_, three.weights_)
    assert one.loss_curve_ == three.loss_curve_ and one.validation_curve_ == three.validation_curve_
    many = np.tile(inputs, (3, 1))
    np.testing.assert_array_equal(one.predict(many), three.predict(many))


def test_parts_and_threads_do_not_show_in_loss_and_gradient():
    network, weights, samples = network_and_samples(9500)
    samples = Samples(samples.X, samples.Y, np.random.default_rng(0).uniform(size=9500))
    objective = Objective(network, weight_decay=0.4, n_jobs=3)
    try:
        loss, gradient = objective.on(samples).loss_and_gradient(weights)
        assert objective.on(samples).loss(weights) == pytest.approx(loss, rel=1e-13)
    finally:
        objective.close()
    plain, expected = network.loss_and_gradient(weights, samples.X, samples.Y, None, samples.weight)
    pull = Objective(network).penalty_gradient(weights)
    np.testing.assert_allclose(gradient, expected + 0.4 / samples.size * pull, rtol=1e-10, atol=1e-13)
    assert loss == pytest.approx(plain + 0.2 / samples.size * weights @ pull, rel=1e-12)


def test_fewer_threads_than_cores_can_be_asked_for(monkeypatch):
    monkeypatch.setattr(
        "bpinvert.network.objective.threadpool_info",
        lambda: [{"user_api": "blas", "num_threads": 4}, {"user_api": "openmp", "num_threads": 9}],
    )
    assert [n_threads(n) for n in (1, 7, -1)] == [1, 7, 4]


def test_a_long_gradient_is_shortened_and_a_short_one_is_not():
    network, weights, samples = network_and_samples(30)
    exact = Objective(network).on(samples).loss_and_gradient(weights)[1]
    length = np.linalg.norm(exact)
    for most, expected in ((0.5 * length, 0.5 * exact), (2 * length, exact)):
        loss = Objective(network, max_gradient_norm=most).on(samples)
        np.testing.assert_allclose(loss.loss_and_gradient(weights)[1], expected, rtol=1e-13)
        np.testing.assert_array_equal(loss.loss_and_gradient(weights, clip=False)[1], exact)
        np.testing.assert_allclose(loss.normal_equations(weights).gradient, exact, rtol=1e-11, atol=1e-15)


def test_gradient_descent_steps_by_the_shortened_gradient():
    long = full_batch(GradientDescent(0.5), max_epochs=1, max_gradient_norm=1e-3).fit(X, Y)
    start = full_batch(GradientDescent(1e-300), max_epochs=1).fit(X, Y)
    assert np.linalg.norm(long.weights_ - start.weights_) == pytest.approx(0.5e-3, rel=1e-6)


@every_trainer
def test_short_gradients_still_lower_the_loss(trainer):
    model = full_batch(trainer, max_gradient_norm=1e-3, max_epochs=40).fit(X, Y)
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    if trainer in ("lbfgs", "lm", "br"):
        exact = full_batch(trainer, max_epochs=40).fit(X, Y)
        np.testing.assert_array_equal(model.weights_, exact.weights_)


def test_min_gradient_looks_at_the_gradient_as_it_is():
    model = full_batch("gd", max_gradient_norm=1e-6, min_gradient=1e-3, max_epochs=5).fit(X, Y)
    assert model.stop_reason_ == "max_epochs"


# Root of the mean squared error after 300 epochs; 0.72 to begin with.
WORST = {
    "gd": 0.45,
    "momentum": 0.42,
    "adaptive": 0.1,
    "rprop": 0.04,
    "adam": 0.03,
    "soap": 0.03,
    "lbfgs": 1e-3,
    "lm": 1e-3,
    "br": 1e-3,
}


@every_trainer
def test_every_trainer_learns_a_smooth_function(trainer):
    inputs = np.linspace(-1, 1, 200)[:, None]
    wave = np.sin(3 * inputs[:, 0])
    model = BPRegressor(10, trainer=trainer, max_epochs=300, random_state=0).fit(inputs, wave)
    assert np.sqrt(np.mean((model.predict(inputs) - wave) ** 2)) < WORST[trainer]


@every_trainer
def test_every_trainer_rebuilds_from_its_dict(trainer):
    original = TRAINERS[trainer]()
    rebuilt = trainer_from_dict(json.loads(json.dumps(original.to_dict())))
    assert rebuilt == original and hash(rebuilt) == hash(original) and type(rebuilt) is type(original)
    assert trainer_from_dict(trainer) == original
    assert eval(repr(original), dict(vars(__import__("bpinvert.network", fromlist=["x"])))) == original
    assert isinstance(original, Strategy)


HEADS = [MeanSquaredError(), Gaussian(), Mixture(2), CrossEntropy("softmax"), CrossEntropy("sigmoid")]
MATCHES = [
    (trainer, head, output)
    for trainer in TRAINERS
    for head in HEADS
    for output in OUTPUTS[head.name]
    if (head.residual or not TRAINERS[trainer].residual) and getattr(head, "link", output) == output
]


@pytest.mark.parametrize(("trainer", "head", "output"), MATCHES, ids=str)
def test_every_trainer_lowers_the_loss_of_every_head_and_its_state_survives(trainer, head, output):
    targets = Y if output == "linear" else np.abs(Y) / (np.abs(Y).sum(axis=1, keepdims=True) + 1e-3)
    if output == "softmax":
        targets /= targets.sum(axis=1, keepdims=True)
    model = BPRegressor(
        5, head=head, output=output, trainer=trainer, max_epochs=15, random_state=0, validation_fraction=0
    ).fit(X, targets)
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    state = model.get_state()
    state["settings"] = json.loads(json.dumps(state["settings"]))
    rebuilt = BPRegressor.from_state(state)
    np.testing.assert_array_equal(rebuilt.predict(X), model.predict(X))
    np.testing.assert_array_equal(rebuilt.residual_std_, model.residual_std_)
    assert rebuilt.effective_parameters_ == model.effective_parameters_
    assert rebuilt.trainer == TRAINERS[trainer]() and rebuilt.loss_curve_ == model.loss_curve_
    np.testing.assert_array_equal(rebuilt.draw(X, 3, 0), model.draw(X, 3, 0))
    np.testing.assert_array_equal(rebuilt.log_density(X, targets), model.log_density(X, targets))


@pytest.mark.parametrize("trainer", [name for name, kind in TRAINERS.items() if kind.residual])
@pytest.mark.parametrize("head", ["gaussian", "mixture"])
def test_trainers_on_residuals_refuse_other_heads(trainer, head):
    with pytest.raises(ValueError, match=f"trainer '{trainer}' needs a sum of squares and head '{head}' has none"):
        BPRegressor(trainer=trainer, head=head).fit(X, Y)
    with pytest.raises(ValueError, match="head 'cross_entropy' has none"):
        BPClassifier(trainer=trainer).fit(X, X[:, 0] > 0)


def train_lbfgs(trainer, network, weights, samples, n_epochs, decay=0.0, head=None):
    objective, losses = Objective(network, head, decay), []
    for epoch in range(n_epochs):
        loss, converged = trainer.epoch(objective, weights, {}, samples, np.random.default_rng(epoch), Budget(1, None))
        losses.append(loss)
        if converged:
            break
    return np.array(losses)


@pytest.mark.parametrize("output", ["linear", "sigmoid"])
def test_curvature_shortens_the_way_of_lbfgs_and_not_its_end(output):
    network = Network(2, (4,), 2, output=output, dtype="float64")
    samples, decay = Samples(X, 0.5 + 0.4 * Y), 0.1
    minimum = network.initial_weights(np.random.default_rng(0))
    train_lbfgs(LBFGS(2000, tolerance=1e-10, curvature_samples=None), network, minimum, samples, 5, decay)
    least = Objective(network, None, decay).on(samples).loss(minimum)
    # There are several minima: begin near one of them.
    first = minimum + 0.05 * np.random.default_rng(1).normal(size=len(minimum))
    n_epochs = {}
    for curvature in (None, 5000, 100):
        weights = first.copy()
        losses = train_lbfgs(
            LBFGS(3, curvature_samples=curvature, tolerance=1e-10), network, weights, samples, 100, decay
        )
        train_lbfgs(LBFGS(2000, curvature_samples=curvature, tolerance=1e-10), network, weights, samples, 5, decay)
        n_epochs[curvature] = len(losses)
        assert Objective(network, None, decay).on(samples).loss(weights) == pytest.approx(least, rel=1e-10)
        # A gradient of 1e-10 over the smallest curvature.
        np.testing.assert_allclose(network.forward(weights, X), network.forward(minimum, X), atol=1e-6)
    assert n_epochs[5000] < 0.5 * n_epochs[None] and n_epochs[100] < 0.5 * n_epochs[None]


def test_curvature_of_some_samples_has_the_decay_of_all():
    network, weights, samples = network_and_samples(400)
    objective = Objective(network, None, 50.0)
    whole = LBFGS(curvature_samples=400)._factor(objective, weights, samples, None)
    some = LBFGS(curvature_samples=200)._factor(objective, weights, samples, np.random.default_rng(0))
    decayed = np.linalg.norm(some.T @ some - whole.T @ whole) / np.linalg.norm(whole.T @ whole)
    assert decayed < 0.2


@pytest.mark.parametrize("head", [Gaussian(), Mixture(2)])
def test_lbfgs_does_without_curvature_where_the_head_has_no_residuals(head):
    network = Network(2, (4,), head.n_outputs(2), dtype="float64")
    weights = network.initial_weights(np.random.default_rng(0))
    assert LBFGS()._factor(Objective(network, head), weights, Samples(X, Y), None) is None
    losses = train_lbfgs(LBFGS(50), network, weights, Samples(X, Y), 3, head=head)
    assert losses[-1] < losses[0]


def test_threads_do_not_run_ahead_of_who_takes_their_results():
    net = Network(1, (2,), 1, dtype="float64")
    objective, started = Objective(net, n_jobs=2), []
    many = Samples(np.zeros((8 * 1024, 1)), np.zeros((8 * 1024, 1)))
    for taken, _ in enumerate(objective.map(lambda network, part: started.append(part), many)):
        time.sleep(0.02)
        # Those taken, one for each thread, and one that waits.
        assert len(started) <= taken + 1 + 3
    objective.close()
    assert len(started) == 8
