"""How weights begin."""

import numpy as np
import pytest

from bpinvert.network import BPRegressor, GradientDescent, Network
from bpinvert.network.initial import INITIAL

ACTIVATIONS = ("tanh", "unipolar", "bipolar")


@pytest.mark.parametrize("how", list(INITIAL))
@pytest.mark.parametrize("hidden", [(6,), (6, 5)])
def test_the_same_seed_gives_the_same_weights(how, hidden):
    network = Network(3, hidden, 2, dtype="float64")
    X = np.random.default_rng(5).uniform(2, 9, size=(40, 3))
    first, again, other = (network.initial_weights(np.random.default_rng(seed), how, X) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01
    models = [BPRegressor(hidden, init=how, trainer="gd", max_epochs=1, random_state=s) for s in (0, 0, 1)]
    a, b, c = (model.fit(X, X[:, :2]).weights_ for model in models)
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 0.01


def test_uniform_weights_and_thresholds_fill_their_range():
    weights = Network(30, (40,), 10).initial_weights(np.random.default_rng(0), "uniform")
    assert 0.49 < weights.max() <= 0.5 and -0.5 <= weights.min() < -0.49
    assert abs(weights.mean()) < 0.03


@pytest.mark.parametrize("steepness", [1.0, 0.5])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_nguyen_widrow_puts_the_neurons_over_the_range_of_the_inputs(activation, steepness):
    low, high = np.array([10.0, -0.1]), np.array([30.0, 0.3])
    X = np.random.default_rng(1).uniform(low, high, size=(500, 2))
    network = Network(2, (400,), 1, activation=activation, steepness=steepness, dtype="float64")
    V, _ = network.matrices(network.initial_weights(np.random.default_rng(0), "nguyen_widrow", X))
    scaled = V[1:] * np.ptp(X, axis=0)[:, None] / 2
    length = np.linalg.norm(scaled, axis=0)
    gain = {"tanh": 1, "unipolar": 4, "bipolar": 2}[activation] / steepness
    np.testing.assert_allclose(length, 0.7 * np.sqrt(400) * gain, rtol=1e-12)
    # Where the neuron is at its middle, along its own direction, in half-ranges from the centre of the inputs.
    centre = (X.min(axis=0) + X.max(axis=0)) / 2
    middle = (V[0] - centre @ V[1:]) / length
    assert np.abs(middle).max() <= 1
    assert np.abs(np.histogram(middle, 4, (-1, 1))[0] - 100).max() < 35
    directions = np.histogram(np.arctan2(scaled[1], scaled[0]), 4, (-np.pi, np.pi))[0]
    assert np.abs(directions - 100).max() < 35


def test_nguyen_widrow_needs_no_samples_and_bears_constant_columns():
    network = Network(2, (50,), 1, dtype="float64")
    plain = network.initial_weights(np.random.default_rng(0), "nguyen_widrow")
    corners = np.array([[-1.0, -1.0], [1.0, 1.0]])
    np.testing.assert_allclose(plain, network.initial_weights(np.random.default_rng(0), "nguyen_widrow", corners))
    constant = np.array([[-1.0, 7.0], [1.0, 7.0]])
    assert np.isfinite(network.initial_weights(np.random.default_rng(0), "nguyen_widrow", constant)).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_second_hidden_layer_is_spread_over_the_range_of_the_first(activation):
    network = Network(2, (3, 300), 1, activation=activation, dtype="float64")
    _, between, _ = network.matrices(network.initial_weights(np.random.default_rng(0), "nguyen_widrow"))
    centre, half = (0.5, 0.5) if activation == "unipolar" else (0.0, 1.0)
    middle = (between[0] - centre * between[1:].sum(axis=0)) / (half * np.linalg.norm(between[1:], axis=0))
    assert np.abs(middle).max() <= 1
    assert abs(middle.mean()) < 0.1 and 0.5 < middle.std() < 0.65  # 1/√3


@pytest.mark.parametrize("whiten", [True, False])
def test_estimators_spread_the_neurons_over_the_samples_they_see(whiten):
    X = np.random.default_rng(1).uniform(100, 110, size=(200, 1))
    model = BPRegressor(
        40, init="nguyen_widrow", trainer=GradientDescent(1e-12), max_epochs=1, whiten=whiten, validation_fraction=0
    )
    middle = model.set_params(random_state=0).fit(X, X[:, 0] - 105).V_
    middle = middle[0] / middle[1]
    assert (middle > 99.5).all() and (middle < 110.5).all()
    assert np.ptp(middle) > 8
