"""The check of gradients: right ones pass, wrong ones do not."""

import numpy as np
import pytest

from bpinvert.network.gradients import compare_gradients


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
