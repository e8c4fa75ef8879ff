"""The three-layer network: its formulas against a textbook loop, finite differences and hand calculation."""

import itertools

import numpy as np
import pytest

from bpinvert.network import Network
from bpinvert.network.objective import Objective
from bpinvert.network.samples import Samples

ACTIVATIONS = ("tanh", "unipolar", "bipolar")
OUTPUTS = ("linear", "sigmoid")
HIDDEN = ((5,), (5, 4))
KINDS = list(itertools.product(ACTIVATIONS, OUTPUTS, HIDDEN))


def make(activation="tanh", output="linear", hidden=(5,), steepness=1.0, dtype="float64", n_samples=7):
    """A network with 4 inputs and 3 outputs, its weights and samples."""
    rng = np.random.default_rng(3)
    network = Network(4, hidden, 3, activation=activation, output=output, steepness=steepness, dtype=dtype)
    X = rng.normal(size=(n_samples, 4)).astype(dtype)
    Y = rng.uniform(size=(n_samples, 3)).astype(dtype)
    return network, network.initial_weights(rng), X, Y


def central_differences(function, weights, step=1e-4):
    """d function / d weights, fourth order so that truncation stays below rounding."""
    columns = []
    for i in range(len(weights)):
        direction = np.zeros_like(weights)
        direction[i] = step
        near = function(weights + direction) - function(weights - direction)
        far = function(weights + 2 * direction) - function(weights - 2 * direction)
        columns.append((8 * near - far) / (12 * step))
    return np.stack(columns, axis=-1)


def relative_difference(a, b):
    return np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b))


def textbook_outputs(network, weights, x, activation, output, steepness):
    """Every layer's outputs for one sample, neuron by neuron, thresholds as weights of an input of -1."""
    bends = {
        "tanh": lambda net: np.tanh(steepness * net),
        "unipolar": lambda net: 1 / (1 + np.exp(-steepness * net)),
        "bipolar": lambda net: 2 / (1 + np.exp(-steepness * net)) - 1,
    }
    ends = {"linear": lambda net: net, "sigmoid": lambda net: 1 / (1 + np.exp(-steepness * net))}
    matrices = network.matrices(weights)
    layers = [np.array([-1.0, *x])]
    for matrix in matrices:
        bend = ends[output] if matrix is matrices[-1] else bends[activation]
        nets = [sum(layers[-1][i] * matrix[i, j] for i in range(len(matrix))) for j in range(matrix.shape[1])]
        layers.append(np.array([-1.0, *(bend(net) for net in nets)]))
    return layers


def textbook_gradient(network, weights, X, Y, activation, output, steepness):
    """Gradient of the mean of half the squared error by the textbook's deltas, one sample at a time."""
    slopes = {
        "tanh": lambda y: steepness * (1 - y * y),
        "unipolar": lambda y: steepness * y * (1 - y),
        "bipolar": lambda y: steepness * (1 - y * y) / 2,
    }
    matrices = network.matrices(weights)
    gradient = np.zeros_like(weights)
    for x, d in zip(X, Y, strict=True):
        layers = textbook_outputs(network, weights, x, activation, output, steepness)
        o = layers[-1][1:]
        delta = (d - o) * (steepness * o * (1 - o) if output == "sigmoid" else 1)
        for k in reversed(range(len(matrices))):
            network.matrices(gradient)[k][...] -= np.outer(layers[k], delta) / len(X)
            y = layers[k][1:]
            delta = (matrices[k][1:] @ delta) * slopes[activation](y) if k else None
    return gradient


@pytest.mark.parametrize("steepness", [1.0, 0.7])
@pytest.mark.parametrize(("activation", "output", "hidden"), KINDS)
def test_outputs_and_gradient_equal_a_textbook_loop(activation, output, hidden, steepness):
    network, weights, X, Y = make(activation, output, hidden, steepness)
    by_hand = [textbook_outputs(network, weights, x, activation, output, steepness)[-1][1:] for x in X]
    np.testing.assert_allclose(network.forward(weights, X), by_hand, rtol=1e-12, atol=1e-14)
    _, gradient = network.loss_and_gradient(weights, X, Y)
    by_hand = textbook_gradient(network, weights, X, Y, activation, output, steepness)
    np.testing.assert_allclose(gradient, by_hand, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize(("activation", "output", "hidden"), KINDS)
def test_gradient_equals_finite_differences_of_the_loss(activation, output, hidden, weight_decay):
    network, weights, X, Y = make(activation, output, hidden)
    objective = Objective(network, weight_decay=weight_decay).on(Samples(X, Y))
    loss, gradient = objective.loss_and_gradient(weights)
    differences = central_differences(objective.loss, weights)
    assert loss == pytest.approx(objective.loss(weights), rel=1e-14)
    assert relative_difference(gradient, differences) < 1e-9


@pytest.mark.parametrize(("activation", "output", "hidden"), KINDS)
def test_jacobian_equals_finite_differences_of_the_residuals(activation, output, hidden):
    network, weights, X, Y = make(activation, output, hidden, steepness=0.8)
    residuals, jacobian = network.residuals_and_jacobian(weights, X, Y)
    np.testing.assert_allclose(residuals, network.forward(weights, X) - Y, rtol=1e-14)
    differences = central_differences(lambda w: network.forward(w, X), weights)
    assert relative_difference(jacobian, differences) < 1e-9


def test_gradient_is_the_jacobian_applied_to_the_residuals():
    network, weights, X, Y = make("bipolar", "sigmoid", (5, 4))
    residuals, jacobian = network.residuals_and_jacobian(weights, X, Y)
    _, gradient = network.loss_and_gradient(weights, X, Y)
    np.testing.assert_allclose(gradient, np.einsum("nk,nkp->p", residuals, jacobian) / len(X), rtol=1e-12)


def test_loss_is_half_the_squared_error_per_sample():
    network, weights, X, Y = make()
    loss, _ = network.loss_and_gradient(weights, X, Y)
    assert loss == pytest.approx(0.5 * np.sum((network.forward(weights, X) - Y) ** 2) / len(X), rel=1e-14)


def test_thresholds_do_not_decay():
    network, weights, X, Y = make(hidden=(5, 4))
    plain, decayed = (
        Objective(network, weight_decay=decay).on(Samples(X, Y)).loss_and_gradient(weights)[1] for decay in (0.0, 2.0)
    )
    pull = network.matrices(decayed - plain)
    for change, matrix in zip(pull, network.matrices(weights), strict=True):
        np.testing.assert_array_equal(change[0], 0)
        np.testing.assert_allclose(change[1:], 2.0 / len(X) * matrix[1:], rtol=1e-10)


def test_blocks_do_not_show():
    network, weights, X, Y = make(n_samples=2 * Network.block + 3)
    rows = np.arange(len(X))
    parts = [network.loss_and_gradient(weights, X[[i]], Y[[i]])[1].copy() for i in rows]
    np.testing.assert_allclose(network.loss_and_gradient(weights, X, Y)[1], np.mean(parts, axis=0), rtol=1e-11)


def test_float32_gradient_agrees_with_float64():
    _, weights, X, Y = make(n_samples=1000)
    double, _, _, _ = make()
    single, _, _, _ = make(dtype="float32")
    _, reference = double.loss_and_gradient(weights, X, Y)
    _, gradient = single.loss_and_gradient(*(array.astype("float32") for array in (weights, X, Y)))
    assert gradient.dtype == np.float32
    assert relative_difference(gradient, reference) < 1e-6  # float32 has 7 digits


def test_inputs_are_not_changed():
    network, weights, X, Y = make()
    copies = [array.copy() for array in (weights, X, Y)]
    network.loss_and_gradient(weights, X, Y)
    network.residuals_and_jacobian(weights, X, Y)
    for array, copy in zip((weights, X, Y), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_hand_calculated_step_of_a_2_2_1_network():
    network = Network(2, (2,), 1, activation="unipolar", output="sigmoid", dtype="float64")
    weights = np.ones(network.n_weights)
    V, W = network.matrices(weights)
    V[0] = W[0] = 0
    x = np.array([[-2.0, -1.0]])
    hidden = 1 / (1 + np.exp(3.0))
    assert hidden == pytest.approx(0.0474, abs=5e-5)
    assert network.forward(weights, x).item() == pytest.approx(0.524, abs=5e-4)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_initial_weights_are_xavier_uniform_and_repeatable(activation):
    network = Network(30, (40,), 3, activation=activation)
    weights = network.initial_weights(np.random.default_rng(1))
    V, W = network.matrices(weights)
    gain = {"tanh": 1, "bipolar": 2, "unipolar": 4}[activation]
    for matrix, bound in ((V, gain * np.sqrt(6 / 70)), (W, np.sqrt(6 / 43))):
        assert 0.9 * bound < np.abs(matrix).max() <= bound * (1 + 1e-6)
    np.testing.assert_array_equal(weights, network.initial_weights(np.random.default_rng(1)))
