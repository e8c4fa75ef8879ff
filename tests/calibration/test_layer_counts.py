"""Stated probabilities of layer counts against what the models had."""

import numpy as np
import pytest

from bpinvert.calibration import LayerCounts

COUNTS = [2, 3, 4, 5]


def true_ones(n, seed=0, concentration=0.6):
    """Probabilities, and counts drawn with exactly these."""
    rng = np.random.default_rng(seed)
    probability = rng.dirichlet([concentration] * 4, n)
    column = (probability.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    return probability, 2 + column


def test_true_probabilities_have_the_error_of_chance_alone():
    errors, chance = [], []
    for seed in range(60):
        p, truth = true_ones(2000, seed)
        layers = LayerCounts.join([p], [truth], COUNTS)
        errors.append(layers.expected_calibration_error.mean())
        chance.append(layers.chance_error)
    assert np.mean(errors) == pytest.approx(np.mean(chance), rel=0.05)
    assert np.max(errors) < 2 * np.mean(chance) < 0.03 * 2


def test_too_sure_and_too_unsure_are_caught():
    p, truth = true_ones(5000)
    fair = LayerCounts.join([p], [truth], COUNTS)
    for power in (3.0, 0.3):
        wrong = p**power / (p**power).sum(axis=1, keepdims=True)
        layers = LayerCounts.join([wrong], [truth], COUNTS)
        assert (layers.expected_calibration_error > 0.05).all()
        # the log score is proper: nothing beats the truth
        assert layers.log_score > fair.log_score + 0.05


def test_the_reliability_curve_is_on_the_diagonal_and_its_bins_are_equal():
    p, truth = true_ones(20_000)
    stated, observed, chance = LayerCounts.join([p], [truth], COUNTS).reliability
    assert (abs(observed - stated) < 4 * chance).all()
    assert (np.diff(stated, axis=1) > 0).all()
    np.testing.assert_allclose(stated.mean(axis=1), p.mean(axis=0), rtol=1e-6)


def test_log_score_and_confusion_by_hand():
    probability = np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.0, 0.3, 0.7]])
    layers = LayerCounts.join([probability[:1], probability[1:]], [[2], [4, 4]], [2, 3, 4])
    # probabilities are kept as float32
    assert layers.log_score == pytest.approx(-np.log([0.5, 0.1, 0.7]).mean(), rel=1e-6)
    assert layers.confusion.tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 1]]


def test_knowing_nothing_scores_the_logarithm_of_the_number_of_counts():
    layers = LayerCounts.join([np.full((100, 4), 0.25)], [np.arange(100) % 4 + 2], COUNTS)
    assert layers.log_score == pytest.approx(np.log(4))


def test_a_count_that_was_ruled_out_and_true_scores_badly_but_finitely():
    layers = LayerCounts.join([np.array([[1.0, 0.0]])], [[3]], [2, 3])
    assert 80 < layers.log_score < 90


def test_what_does_not_fit_is_said():
    p, truth = true_ones(10)
    with pytest.raises(ValueError, match=r"shape \(10, 4\) for 9 true and 4 possible"):
        LayerCounts.join([p], [truth[:9]], COUNTS)
    with pytest.raises(ValueError, match="add up to 1; normalise every row"):
        LayerCounts.join([2 * p], [truth], COUNTS)
    with pytest.raises(
        ValueError, match=r"true layer counts are \[7\], but probabilities are given for \[2, 3, 4, 5\]"
    ):
        LayerCounts.join([p], [np.full(10, 7)], COUNTS)
