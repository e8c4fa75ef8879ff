"""Gradient descent against the textbook's loop: one sample, one neuron and one weight at a time."""

import itertools
import math

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from bpinvert.network import BPRegressor, GradientDescent, MeanSquaredError, Momentum, Network
from bpinvert.network.fitting import Budget
from bpinvert.network.objective import Objective
from bpinvert.network.samples import Samples

KINDS = list(itertools.product(("tanh", "unipolar", "bipolar"), ("linear", "sigmoid"), ((3,), (3, 2)), (1.0, 0.7)))
N_SAMPLES = 11


def problem(activation="tanh", output="linear", hidden=(3,), steepness=1.0):
    rng = np.random.default_rng(8)
    network = Network(2, hidden, 2, activation=activation, output=output, steepness=steepness, dtype="float64")
    X = rng.normal(size=(N_SAMPLES, 2))
    Y = rng.uniform(0.1, 0.9, size=(N_SAMPLES, 2))
    return network, network.initial_weights(rng), X, Y


def squash(kind, net, steepness):
    return {
        "tanh": lambda: math.tanh(steepness * net),
        "unipolar": lambda: 1 / (1 + math.exp(-steepness * net)),
        "sigmoid": lambda: 1 / (1 + math.exp(-steepness * net)),
        "bipolar": lambda: 2 / (1 + math.exp(-steepness * net)) - 1,
        "linear": lambda: net,
    }[kind]()


def slope(kind, value, steepness):
    return {
        "tanh": lambda: steepness * (1 - value * value),
        "unipolar": lambda: steepness * value * (1 - value),
        "sigmoid": lambda: steepness * value * (1 - value),
        "bipolar": lambda: steepness / 2 * (1 - value * value),
        "linear": lambda: 1.0,
    }[kind]()


def slopes_of_one_sample(layers, kinds, steepness, x, d):
    """dE/dw of E = ½Σ(d − o)² for each weight, as nested lists; thresholds are weights of inputs of −1."""
    values = [[-1.0, *x]]
    for matrix, kind in zip(layers, kinds, strict=True):
        nets = [sum(values[-1][i] * matrix[i][j] for i in range(len(matrix))) for j in range(len(matrix[0]))]
        values.append([-1.0, *(squash(kind, net, steepness) for net in nets)])
    out = values[-1][1:]
    delta = [(d[k] - out[k]) * slope(kinds[-1], out[k], steepness) for k in range(len(out))]
    slopes = [None] * len(layers)
    for n in reversed(range(len(layers))):
        slopes[n] = [[-values[n][i] * delta[j] for j in range(len(delta))] for i in range(len(values[n]))]
        if n:
            below = values[n][1:]
            back = [sum(layers[n][j + 1][k] * delta[k] for k in range(len(delta))) for j in range(len(below))]
            delta = [back[j] * slope(kinds[n - 1], below[j], steepness) for j in range(len(below))]
    return slopes


def textbook(network, weights, X, Y, orders, *, rate, momentum, size, decay=0.0):
    """ΔW = −η ∂E/∂W + α ΔW(before) over the epochs of `orders`, in plain Python numbers."""
    settings = network.settings
    kinds = [settings["activation"]] * (len(network.shapes) - 1) + [settings["output"]]
    layers = [matrix.tolist() for matrix in network.matrices(weights)]
    steps = [[[0.0] * len(row) for row in matrix] for matrix in layers]
    for order in orders:
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            parts = [slopes_of_one_sample(layers, kinds, settings["steepness"], X[n], Y[n]) for n in rows]
            for n, matrix in enumerate(layers):
                for i, j in itertools.product(range(len(matrix)), range(len(matrix[0]))):
                    total = sum(part[n][i][j] for part in parts) / len(rows)
                    if i:
                        total += decay / len(X) * matrix[i][j]
                    steps[n][i][j] = momentum * steps[n][i][j] - rate * total
            for n, matrix in enumerate(layers):
                for i, j in itertools.product(range(len(matrix)), range(len(matrix[0]))):
                    matrix[i][j] += steps[n][i][j]
    return np.concatenate([np.ravel(matrix) for matrix in layers])


def run(trainer, network, weights, X, Y, n_epochs, decay=0.0, target_loss=None):
    """Losses of epochs; `weights` are changed in place."""
    objective = Objective(network, MeanSquaredError(), decay)
    state = trainer.start(weights)
    budget = Budget(n_epochs, None, target_loss=target_loss)
    return [
        trainer.epoch(objective, weights, state, Samples(X, Y), np.random.default_rng([0, epoch]), budget)[0]
        for epoch in range(n_epochs)
    ]


@pytest.mark.parametrize("size", [1, 4, None], ids=["online", "mini-batch", "batch"])
@pytest.mark.parametrize(("activation", "output", "hidden", "steepness"), KINDS)
def test_updates_equal_the_textbook_loop(activation, output, hidden, steepness, size):
    network, weights, X, Y = problem(activation, output, hidden, steepness)
    orders = [np.arange(N_SAMPLES)] * 3
    by_hand = textbook(network, weights, X, Y, orders, rate=0.2, momentum=0.6, size=size or N_SAMPLES, decay=0.3)
    run(GradientDescent(0.2, 0.6, size, shuffle=False), network, weights, X, Y, 3, decay=0.3)
    np.testing.assert_allclose(weights, by_hand, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("size", [1, 4])
def test_shuffled_epochs_present_every_sample_once_in_another_order(size):
    network, weights, X, Y = problem()
    orders = [np.random.default_rng([0, epoch]).permutation(N_SAMPLES) for epoch in range(3)]
    by_hand = textbook(network, weights, X, Y, orders, rate=0.1, momentum=0.0, size=size)
    run(GradientDescent(0.1, batch_size=size), network, weights, X, Y, 3)
    np.testing.assert_allclose(weights, by_hand, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("output", ["linear", "sigmoid"])
@pytest.mark.parametrize("hidden", [(3,), (3, 2)])
@pytest.mark.parametrize("size", [1, 4, None])
def test_fit_is_the_textbook_loop_from_its_initial_weights(size, hidden, output):
    network, _, X, Y = problem(output=output, hidden=hidden)
    first = network.initial_weights(np.random.default_rng([5, *b"weights"]))
    orders = [np.random.default_rng([5, epoch]).permutation(N_SAMPLES) for epoch in range(4)]
    by_hand = textbook(network, first, X, Y, orders, rate=0.05, momentum=0.3, size=size or N_SAMPLES, decay=0.2)
    model = BPRegressor(
        hidden, output=output, trainer=GradientDescent(0.05, 0.3, size), whiten=False, validation_fraction=0,
        random_state=5, max_epochs=4, weight_decay=0.2,
    ).fit(X, Y)  # fmt: skip
    assert model.best_epoch_ == 4
    np.testing.assert_allclose(model.weights_, by_hand, rtol=1e-12, atol=1e-13)


def test_momentum_is_gradient_descent_with_momentum():
    network, weights, X, Y = problem()
    other = weights.copy()
    run(Momentum(), network, weights, X, Y, 4)
    run(GradientDescent(0.01, 0.9), network, other, X, Y, 4)
    np.testing.assert_array_equal(weights, other)
    assert Momentum() != GradientDescent(0.01, 0.9) and Momentum().to_dict()["trainer"] == "momentum"


def test_the_loss_of_an_epoch_is_the_mean_over_its_samples():
    network, weights, X, Y = problem()
    trainer = GradientDescent(1e-30, batch_size=4)
    (loss,) = run(trainer, network, weights, X, Y, 1)
    assert loss == pytest.approx(network.loss(weights, X, Y), rel=1e-13)


def saturated():
    """A network whose unipolar neurons sit far out on both sides, and what a well-placed one would answer."""
    rng = np.random.default_rng(2)
    X = rng.uniform(-1, 1, size=(60, 2))
    Y = 1 / (1 + np.exp(-3 * X[:, :1] + X[:, 1:]))
    network = Network(2, (4,), 1, activation="unipolar", output="sigmoid", dtype="float64")
    weights = network.initial_weights(rng)
    V, W = network.matrices(weights)
    V[0], V[1:] = [20, -20, 20, -20], 2.0
    W[0], W[1:] = 15.0, 1.0
    return network, weights, X, Y


def test_saturated_neurons_leave_the_plateau_sooner_with_softer_ones():
    epochs = {}
    for plateau in (None, 4.0):
        network, weights, X, Y = saturated()
        losses = np.array(run(GradientDescent(1.0, plateau=plateau), network, weights, X, Y, 3000))
        below = np.flatnonzero(losses < 0.5 * losses[0])
        epochs[plateau] = below[0] if below.size else len(losses)
    assert epochs[4.0] < 0.5 * epochs[None]


def test_the_loss_on_a_plateau_is_that_of_the_network_as_it_is():
    network, weights, X, Y = saturated()
    trainer = GradientDescent(0.5, plateau=4.0)
    objective, state, samples = Objective(network), trainer.start(weights), Samples(X, Y)
    softened = 0
    for epoch in range(6):
        on_plateau = bool(state["on_plateau"])
        before = weights.copy()
        loss, _ = trainer.epoch(objective, weights, state, samples, np.random.default_rng(epoch), Budget(6, None))
        assert [activation.steepness for activation in network.activations] == [1.0, 1.0]
        if on_plateau:
            softened += 1
            assert loss == network.loss(weights, X, Y)
            soft = Network(2, (4,), 1, activation="unipolar", output="sigmoid", steepness=0.25, dtype="float64")
            expected = before - 0.5 * soft.loss_and_gradient(before, X, Y)[1]
            np.testing.assert_allclose(weights, expected, rtol=1e-13)
    assert softened >= 3


def test_a_flat_loss_below_the_target_is_no_plateau():
    for target, expected in ((None, True), (1e-9, True), (1.0, False)):
        network, weights, X, Y = saturated()
        trainer, objective = GradientDescent(1e-9, plateau=4.0), Objective(network)
        state = trainer.start(weights)
        for _ in range(2):
            trainer.epoch(objective, weights, state, Samples(X, Y), None, Budget(9, None, target_loss=target))
        assert bool(state["on_plateau"]) is expected


def test_a_loss_that_moves_ends_the_plateau():
    network, weights, X, Y = problem()
    trainer = GradientDescent(0.1, plateau=4.0)
    state = trainer.start(weights)
    state["on_plateau"][...], state["loss"][...] = True, 1e3
    trainer.epoch(Objective(network), weights, state, Samples(X, Y), None, Budget(9, None))
    assert not state["on_plateau"]


@pytest.mark.parametrize("trainer", [GradientDescent(1e6), Momentum(1e5), GradientDescent(1e4, batch_size=1)])
@pytest.mark.parametrize("fraction", [0.0, 0.3])
def test_a_rate_that_is_too_high_diverges_and_says_so(trainer, fraction):
    _, _, X, Y = problem()
    model = BPRegressor(5, trainer=trainer, max_epochs=500, validation_fraction=fraction, random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"diverged in epoch .* lower the learning rate"):
        model.fit(X, Y)
    assert model.stop_reason_ == "diverged"
    assert np.isfinite(model.predict(X)).all()
    with pytest.warns(ConvergenceWarning, match="diverged in epoch"):
        for _ in range(500):
            if model.partial_fit(X, Y).stop_reason_ == "diverged":
                break
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": 0}, "learning_rate=0; it must be positive"),
        ({"momentum": 1.0}, r"momentum=1.0; it must be in \[0, 1\)"),
        ({"batch_size": 0}, "batch_size=0; it must be a whole number from 1"),
        ({"shuffle": 2}, "shuffle=2; it must be True or False"),
        ({"plateau": 1.0}, "plateau=1.0; it must be a number above 1, or None"),
        ({"flat": 0}, "flat=0; it must be a positive number"),
    ],
)
@pytest.mark.parametrize("kind", [GradientDescent, Momentum])
def test_impossible_settings_are_refused(kind, settings, message):
    with pytest.raises(ValueError, match=f"{kind.__name__} got {message}"):
        kind(**settings)
