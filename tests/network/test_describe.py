"""A network in words and tables."""

import re

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from bpinvert.network import BPClassifier, BPRegressor

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, size=(60, 3))


def numbers(text):
    return [float(word) for word in re.findall(r"-?\d+\.\d+", text)]


def test_sizes_activations_thresholds_and_weights_are_shown():
    model = BPRegressor(4, activation="unipolar", output="sigmoid", trainer="gd", max_epochs=7, random_state=0)
    text = model.fit(X, np.abs(X[:, :2])).describe()
    lines = text.splitlines()
    assert lines[0] == "BPRegressor 3-4-2, 26 weights and thresholds, head mse"
    assert (
        "GradientDescent(learning_rate=0.01" in lines[1]
        and "7 epochs, stopped by 'max_epochs', best epoch 7" in lines[1]
    )
    table = [line.split() for line in lines[3:7]]
    assert table[0] == ["layer", "neurons", "activation", "weights", "thresholds"]
    assert table[1] == ["input", "3"]
    assert table[2] == ["hidden", "4", "unipolar", "3", "×", "4", "=", "12", "4"]
    assert table[3] == ["output", "2", "sigmoid", "4", "×", "2", "=", "8", "2"]
    start = lines.index("V: hidden neurons, their thresholds and weights from the inputs")
    assert lines[start + 1].split() == ["neuron", "threshold", "w1", "w2", "w3"]
    for j in range(4):
        row = lines[start + 2 + j].split()
        assert row[0] == str(j + 1)
        np.testing.assert_allclose([float(word) for word in row[1:]], model.V_[:, j], rtol=1e-3)  # four digits
    start = lines.index("W: output neurons, their thresholds and weights from the hidden neurons")
    for k in range(2):
        np.testing.assert_allclose(numbers(lines[start + 2 + k]), model.W_[:, k], rtol=1e-3)


def test_large_layers_show_their_first_neurons_and_weights_and_the_last():
    wide = RNG.uniform(-1, 1, size=(60, 20))
    model = BPRegressor((30, 5), max_epochs=1, random_state=0).fit(wide, wide[:, :1])
    lines = model.describe().splitlines()
    assert [line.split()[:2] for line in lines[4:8]] == [
        ["input", "20"],
        ["hidden", "1"],
        ["hidden", "2"],
        ["output", "1"],
    ]
    header = next(line for line in lines if line.split()[:2] == ["neuron", "threshold"])
    assert header.split()[2:] == [*(f"w{i}" for i in range(1, 9)), "…", "w20"]
    start = lines.index(header)
    expected = [*model.V_[:9, 0], model.V_[-1, 0]]
    np.testing.assert_allclose(numbers(lines[start + 1]), expected, rtol=1e-3)
    assert lines[start + 13].startswith("… 30")
    assert "between: hidden 2 neurons, their thresholds and weights from the hidden neurons" in lines
    assert max(map(len, lines[3:])) < 130


@pytest.mark.parametrize(
    ("make", "hidden", "output"),
    [
        (lambda: BPRegressor(2, steepness=0.7, max_epochs=1), "tanh (steepness 0.7)", "linear"),
        (
            lambda: BPRegressor(2, steepness=0.7, output="sigmoid", max_epochs=1),
            "tanh (steepness 0.7)",
            "sigmoid (steepness 0.7)",
        ),
        (lambda: BPClassifier(2, steepness=0.7, max_epochs=1), "tanh (steepness 0.7)", "softmax"),
        (lambda: BPClassifier(2, steepness=0.7, output="sigmoid", max_epochs=1), "tanh (steepness 0.7)", "sigmoid"),
        (lambda: BPClassifier(2, output="sigmoid", head="mse", max_epochs=1), "tanh", "sigmoid"),
    ],
)  # fmt: skip
def test_steepness_is_told_of_the_neurons_that_have_it(make, hidden, output):
    lines = make().fit(X, (X[:, 0] > 0).astype(int)).describe().splitlines()
    assert [re.split(r"\s{2,}", line)[2] for line in lines[5:7]] == [hidden, output]


def test_a_network_that_is_not_fitted_has_nothing_to_tell():
    with pytest.raises(NotFittedError):
        BPRegressor().describe()
