"""Gauss–Newton curvature, Levenberg–Marquardt and Bayesian regularisation."""

import tracemalloc

import numpy as np
import pytest

from bpinvert.network import BayesianRegularisation, BPRegressor, LevenbergMarquardt, MeanSquaredError, Network
from bpinvert.network.fitting import Budget
from bpinvert.network.objective import Objective
from bpinvert.network.samples import Samples
from bpinvert.network.trainers.marquardt import _step


def problem(hidden=(5,), output="linear", n_samples=40, weighted=False, **settings):
    rng = np.random.default_rng(6)
    network = Network(3, hidden, 2, output=output, **{"dtype": "float64"} | settings)
    X = rng.normal(size=(n_samples, 3))
    Y = np.stack([0.5 + 0.4 * np.sin(X[:, 0]), 0.5 + 0.3 * np.tanh(X[:, 1] * X[:, 2])], axis=1)
    weight = rng.uniform(0.2, 3, n_samples) if weighted else None
    return network, network.initial_weights(rng), Samples(X, Y, weight)


def train(trainer, objective, weights, samples, n_epochs):
    """Losses of epochs and the trainer's memory; `weights` are changed in place."""
    state, losses = trainer.start(weights), []
    for epoch in range(n_epochs):
        loss, converged = trainer.epoch(
            objective, weights, state, samples, np.random.default_rng(epoch), Budget(1, None)
        )
        losses.append(loss)
        if converged:
            break
    return np.array(losses), state


@pytest.mark.parametrize("n_samples", [40, 1100, 5000], ids=["one block", "blocks", "parts"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("output", ["linear", "sigmoid"])
@pytest.mark.parametrize("hidden", [(5,), (4, 3)])
@pytest.mark.parametrize("activation", ["tanh", "unipolar", "bipolar"])
def test_normal_equations_are_those_of_the_jacobian(activation, hidden, output, weighted, n_samples):
    network, weights, samples = problem(hidden, output, n_samples, weighted, activation=activation, steepness=0.8)
    residual, jacobian = network.residuals_and_jacobian(weights, samples.X, samples.Y)
    if weighted:
        residual *= np.sqrt(samples.weight)[:, None]
        jacobian *= np.sqrt(samples.weight)[:, None, None]
    residual, jacobian = residual.ravel(), jacobian.reshape(-1, len(weights))
    found = Objective(network, MeanSquaredError(), weight_decay=0.7).on(samples).normal_equations(weights)
    decay = np.concatenate([np.vstack([0 * m[:1], np.ones_like(m[1:])]).ravel() for m in network.matrices(weights)])
    size = samples.size
    expected = (
        (0.5 * residual @ residual + 0.35 * decay @ weights**2) / size,
        (jacobian.T @ residual + 0.7 * decay * weights) / size,
        (jacobian.T @ jacobian + 0.7 * np.diag(decay)) / size,
    )
    for value, by_hand in zip((found.loss, found.gradient, found.curvature), expected, strict=True):
        np.testing.assert_allclose(value, by_hand, rtol=1e-11, atol=1e-11 * np.abs(by_hand).max())


@pytest.mark.parametrize("output", ["linear", pytest.param("sigmoid", marks=pytest.mark.slow)])
def test_memory_of_normal_equations_does_not_grow_with_the_samples(output):
    network = Network(10, (20,), 6, output=output, dtype="float64")
    weights = network.initial_weights(np.random.default_rng(0))
    peaks = []
    for n_samples in (4000, 40_000):
        rng = np.random.default_rng(0)
        samples = Samples(rng.normal(size=(n_samples, 10)), rng.uniform(size=(n_samples, 6)))
        loss = Objective(network, n_jobs=1).on(samples)
        tracemalloc.start()
        loss.normal_equations(weights)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
    # The sum, one part and its pieces, and what 512 samples need: not a matrix for each output or part.
    assert peaks[1] < 8 * (6 * network.n_weights**2 + 512 * 3 * 220 + 100_000)


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("hidden", [(5,), (4, 3)])
@pytest.mark.parametrize(("output", "projection"), [("linear", True), ("linear", False), ("sigmoid", True)])
def test_no_step_raises_the_loss(output, projection, hidden, decay):
    network, weights, samples = problem(hidden, output)
    losses, _ = train(LevenbergMarquardt(projection=projection), Objective(network, None, decay), weights, samples, 40)
    assert (np.diff(losses) <= 0).all()
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("factorised", [True, False])
@pytest.mark.parametrize("decay", [0.0, 0.5])
@pytest.mark.parametrize("weighted", [False, True])
def test_with_projection_w_is_the_least_squares_solution(weighted, decay, factorised, monkeypatch):
    if not factorised:
        monkeypatch.setattr("bpinvert.network.objective._MOST_FACTORISED", 0)
    network, weights, samples = problem((4, 3), n_samples=2500, weighted=weighted)
    train(LevenbergMarquardt(projection=True), Objective(network, None, decay), weights, samples, 4)
    root = np.ones(2500) if samples.weight is None else np.sqrt(samples.weight)
    values = np.hstack([-np.ones((2500, 1)), network.hidden_values(weights, samples.X)]) * root[:, None]
    ridge = decay * np.diag([0, 1, 1, 1])
    expected = np.linalg.solve(values.T @ values + ridge, values.T @ (samples.Y * root[:, None]))
    np.testing.assert_allclose(network.matrices(weights)[-1], expected, rtol=1e-8, atol=1e-9)  # condition of VᵀV


@pytest.mark.parametrize("projection", [True, False])
def test_a_teacher_of_three_neurons_is_recovered(projection):
    rng = np.random.default_rng(3)
    teacher = Network(2, (3,), 1, dtype="float64")
    X = rng.uniform(-1, 1, size=(200, 2))
    truth = teacher.initial_weights(rng) * 2
    Y = teacher.forward(truth, X)
    weights = teacher.initial_weights(np.random.default_rng(11))
    losses, _ = train(LevenbergMarquardt(projection=projection), Objective(teacher), weights, Samples(X, Y), 100)
    assert losses[-1] < 1e-20
    outside = rng.uniform(-2, 2, size=(50, 2))
    np.testing.assert_allclose(teacher.forward(weights, outside), teacher.forward(truth, outside), atol=1e-7)


@pytest.mark.parametrize("best", [True, False], ids=["W at its best", "W anywhere"])
def test_an_undamped_step_with_projection_is_that_of_all_weights_at_once(best):
    network, weights, samples = problem(n_samples=400)
    loss = Objective(network).on(samples)
    if best:
        weights[...] = loss.with_best_output_layer(weights)
    equations = loss.normal_equations(weights)
    whole = np.linalg.lstsq(equations.curvature, -equations.gradient, rcond=1e-15)[0]
    step = _step(equations, 1e-14, np.dtype(float), network.shapes[-1])
    n_first = network.matrices(weights)[0].size
    np.testing.assert_allclose(step[:n_first], whole[:n_first], rtol=1e-6)  # condition of the curvature
    assert not step[n_first:].any()


@pytest.mark.parametrize(("output", "projection"), [("linear", True), ("linear", False), ("sigmoid", False)])
def test_the_minimum_with_weight_decay_has_no_gradient(output, projection):
    network, weights, samples = problem(output=output)
    objective = Objective(network, None, 0.5)
    train(LevenbergMarquardt(projection=projection), objective, weights, samples, 300)
    assert np.abs(objective.on(samples).loss_and_gradient(weights)[1]).max() < 1e-9


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("hidden", [5, 40])
def test_neurons_that_are_all_alike_do_not_stop_it(hidden, dtype):
    _, _, samples = problem()
    X = np.hstack([samples.X, samples.X[:, :1], np.ones((len(samples), 2))])
    for trainer in ("lm", LevenbergMarquardt(projection=True), "br"):
        for start in ("xavier", "uniform"):
            model = BPRegressor(hidden, trainer=trainer, init=start, dtype=dtype, max_epochs=8, whiten=False)
            model.set_params(random_state=0, validation_fraction=0).fit(X, samples.Y)
            assert model.loss_curve_[-1] < 0.4 * np.mean(np.var(samples.Y, axis=0)), trainer
    network, weights, samples = problem((8,), dtype=dtype)
    samples = samples.astype(dtype)
    V, _ = network.matrices(weights)
    V[:, 1:4] = V[:, :1]
    V[0, 4:] = 100
    losses, _ = train(LevenbergMarquardt(), Objective(network), weights, samples, 10)
    assert np.isfinite(losses).all() and losses[-1] <= losses[0]


def test_damping_falls_after_success_and_begins_anew_when_nothing_helps():
    network, weights, samples = problem()
    trainer = LevenbergMarquardt(mu=1e-3)
    state = trainer.start(weights)
    trainer.epoch(Objective(network), weights, state, samples, None, Budget(1, None))
    assert float(state["mu"]) == pytest.approx(1e-4)
    exact = Samples(samples.X, network.forward(weights, samples.X))
    loss, converged = trainer.epoch(Objective(network), weights, state, exact, None, Budget(1, None))
    assert converged and loss == 0
    assert float(state["mu"]) == 1e-3
    before = weights.copy()
    _, converged = trainer.epoch(Objective(network), weights, state, samples, None, Budget(1, None))
    assert not converged and (weights != before).any()


def noisy(n_samples=120, noise=0.2, seed=0):
    rng = np.random.default_rng(seed)
    X = np.sort(rng.uniform(-1, 1, size=(n_samples, 1)), axis=0)
    return X, np.sin(3 * X[:, 0]) + noise * rng.normal(size=n_samples)


def fitted(trainer, hidden=30, **settings):
    X, y = noisy()
    defaults = {"max_epochs": 150, "random_state": 0}
    return BPRegressor(hidden, trainer=trainer, **defaults | settings).fit(X, y)


def error(model):
    grid = np.linspace(-0.95, 0.95, 200)[:, None]
    return np.sqrt(np.mean((model.predict(grid) - np.sin(3 * grid[:, 0])) ** 2))


@pytest.mark.parametrize("seed", range(3))
def test_bayesian_regularisation_does_not_follow_the_noise(seed):
    regularised = error(fitted("br", random_state=seed))
    assert regularised < 0.06
    assert error(fitted("lm", validation_fraction=0, random_state=seed)) > 1.3 * regularised


def test_effective_parameters_do_not_follow_the_number_of_neurons():
    few, many = (fitted("br", hidden) for hidden in (30, 60))
    assert few.effective_parameters_ < 0.15 * len(few.weights_)
    assert many.effective_parameters_ == pytest.approx(few.effective_parameters_, rel=0.1)
    assert fitted("lm").effective_parameters_ is None


def test_bayesian_regularisation_finds_the_noise():
    X, y = noisy(400)
    network = Network(1, (10,), 1, dtype="float64")
    weights = network.initial_weights(np.random.default_rng(0))
    _, state = train(BayesianRegularisation(), Objective(network), weights, Samples(X, y[:, None]), 150)
    assert 1 / np.sqrt(state["beta"]) == pytest.approx(0.2, rel=0.1)


def test_the_regularised_minimum_has_no_gradient():
    X, y = noisy()
    network = Network(1, (6,), 1, dtype="float64")
    weights = network.initial_weights(np.random.default_rng(0))
    trainer, objective, samples = BayesianRegularisation(), Objective(network), Samples(X, y[:, None])
    _, state = train(trainer, objective, weights, samples, 600)
    residual, jacobian = network.residuals_and_jacobian(weights, X, y[:, None])
    pull = weights.copy()
    for matrix in network.matrices(pull):
        matrix[0] = 0
    gradient = state["beta"] * jacobian[:, 0].T @ residual[:, 0] + state["alpha"] * pull
    assert np.abs(gradient).max() < 1e-5 * np.abs(state["alpha"] * pull).max()
    # γ, α and β belong together (MacKay 1992); thresholds are counted as if they were penalised.
    curvature = state["beta"] * jacobian[:, 0].T @ jacobian[:, 0]
    share = 1 - float(state["alpha"]) * np.diagonal(np.linalg.inv(curvature + state["alpha"] * np.eye(len(weights))))
    gamma, penalised = share.sum(), share[pull != 0].sum()
    assert float(state["effective_parameters"]) == pytest.approx(gamma, rel=1e-4)
    assert float(state["alpha"]) == pytest.approx(penalised / np.sum(pull**2), rel=1e-4)
    assert float(state["beta"]) == pytest.approx((len(X) - gamma) / np.sum(residual**2), rel=1e-4)


def test_bayesian_regularisation_holds_nothing_out_unless_told():
    model = fitted("br")
    assert model.validation_curve_ == [] and model.best_epoch_ == model.n_epochs_
    model = fitted("br", validation_fraction=0.2)
    assert len(model.validation_curve_) == model.n_epochs_
    assert fitted("lm", max_epochs=2).validation_curve_ != []


def test_min_gradient_of_bayesian_regularisation_is_that_of_its_own_loss():
    model = fitted("br", 6, min_gradient=1e-4)
    assert model.stop_reason_ == "min_gradient"
    assert error(model) < 0.08


@pytest.mark.parametrize("kind", [LevenbergMarquardt, BayesianRegularisation])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mu": 0}, "mu=0; it must be a positive number"),
        ({"increase": 1.0}, "increase=1.0; it must be a number above 1"),
        ({"decrease": 1.0}, "decrease=1.0; it must be between 0 and 1"),
        ({"largest": 1e-9}, "largest=1e-09; it must be a number above mu"),
    ],
)
def test_impossible_settings_are_refused(kind, settings, message):
    with pytest.raises(ValueError, match=f"{kind.__name__} got {message}"):
        kind(**settings)


def test_an_impossible_projection_is_refused():
    with pytest.raises(ValueError, match="projection=1; it must be True or False"):
        LevenbergMarquardt(projection=1)
