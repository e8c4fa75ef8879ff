"""The check of gradients: right ones pass, wrong ones do not."""

import numpy as np
import pytest

from bpinvert.network import BPRegressor
from bpinvert.network.gradients import check_gradient, compare_gradients
from bpinvert.network.settings import OUTPUTS


def test_a_wrong_gradient_is_seen():
    weights = np.array([0.5, -2.0, 1.0])
    check = compare_gradients(lambda w: (w**3).sum(), 3 * weights**2 * [1, 1, 1.001], weights)
    assert check.by_differences == pytest.approx(check.by_complex_step, rel=1e-6)
    assert 1e-5 < check.by_complex_step < 1e-3
    assert "3 weights" in str(check) and str(check) in repr(check)


def test_some_of_the_weights_can_be_compared():
    weights = np.linspace(0.1, 2, 50)
    check = compare_gradients(lambda w: np.sin(w).sum(), np.cos(weights), weights, max_weights=7)
    assert len(set(check.weights)) == 7
    np.testing.assert_allclose(check.complex_step, np.cos(weights[check.weights]), rtol=1e-14)
    assert check.by_differences < 1e-10 and check.by_complex_step < 1e-14


@pytest.mark.parametrize("output", OUTPUTS["mse"])
@pytest.mark.parametrize("activation", ["tanh", "unipolar", "bipolar"])
def test_gradient_of_an_estimator_is_checked_before_and_after_fitting(activation, output):
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(40, 4)), rng.uniform(size=(40, 3))
    model = BPRegressor(6, activation=activation, output=output, weight_decay=0.1, max_epochs=3, random_state=0)
    for fitted in (model, model.fit(X, y)):
        check = check_gradient(fitted, X, y, max_weights=20)
        assert len(set(check.weights)) == 20
        assert check.by_differences < 1e-9 and check.by_complex_step < 1e-13
