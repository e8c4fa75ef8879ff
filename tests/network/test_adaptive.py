"""Full-batch steps of an own length, against hand-written loops."""

import numpy as np
import pytest

from bpinvert.network import Adaptive, BPRegressor, Network, Rprop
from bpinvert.network.fitting import Budget
from bpinvert.network.objective import Objective
from bpinvert.network.samples import Samples


def problem():
    rng = np.random.default_rng(4)
    network = Network(3, (4,), 2, dtype="float64")
    X = rng.normal(size=(30, 3))
    Y = np.stack([np.sin(X[:, 0]), X[:, 1] * X[:, 2]], axis=1)
    return network, network.initial_weights(rng), X, Y


def epoch(trainer, network, weights, state, X, Y, decay=0.0):
    return trainer.epoch(Objective(network, weight_decay=decay), weights, state, Samples(X, Y), None, Budget(99, None))


def decayed(network, decay, X, Y):
    """Loss and gradient with weight decay, from the network's alone."""

    def loss_and_gradient(w):
        loss, gradient = network.loss_and_gradient(w, X, Y)
        for matrix, part in zip(network.matrices(w), network.matrices(gradient), strict=True):
            part[1:] += decay / len(X) * matrix[1:]
            loss += 0.5 * decay / len(X) * np.sum(matrix[1:] ** 2)
        return loss, gradient

    return loss_and_gradient


@pytest.mark.parametrize("rate", [0.02, 3.0])
def test_adaptive_equals_a_hand_written_loop(rate):
    network, weights, X, Y = problem()
    trainer = Adaptive(rate, 0.8, increase=1.1, decrease=0.6, worst=1.02)
    state, by_hand = trainer.start(weights), weights.copy()
    function = decayed(network, 0.5, X, Y)
    step, kinds = np.zeros_like(weights), set()
    for _ in range(60):
        loss, _ = epoch(trainer, network, weights, state, X, Y, decay=0.5)
        before, gradient = function(by_hand)
        tried = 0.8 * step - rate * gradient
        after = function(by_hand + tried)[0]
        if after > 1.02 * before:
            kinds.add("void")
            rate, step = 0.6 * rate, 0 * step
            after = before
        else:
            kinds.add("better" if after < before else "grown")
            rate = rate * 1.1 if after < before else rate
            by_hand, step = by_hand + tried, tried
        assert loss == pytest.approx(after, rel=1e-12)
        np.testing.assert_allclose(weights, by_hand, rtol=1e-11, atol=1e-13)  # 60 epochs of rounding
    assert float(state["rate"]) == pytest.approx(rate, rel=1e-12)
    assert {"void", "better"} <= kinds


def test_a_step_after_which_the_loss_has_grown_is_void():
    network, weights, X, Y = problem()
    trainer = Adaptive(learning_rate=50.0)
    state, before = trainer.start(weights), weights.copy()
    state["step"][...] = 0.01
    loss, _ = epoch(trainer, network, weights, state, X, Y)
    np.testing.assert_array_equal(weights, before)
    assert loss == network.loss(before, X, Y)
    assert float(state["rate"]) == 50.0 * 0.7
    assert not state["step"].any()


def test_growth_within_the_limit_is_accepted_at_the_same_rate():
    network, weights, X, Y = problem()
    trainer = Adaptive(learning_rate=1e-9, worst=1.5)
    state = trainer.start(weights)
    # Momentum up the slope.
    loss, gradient = network.loss_and_gradient(weights, X, Y)
    state["step"][...] = 0.01 * gradient
    before = weights.copy()
    after, _ = epoch(trainer, network, weights, state, X, Y)
    assert loss < after < 1.5 * loss
    assert float(state["rate"]) == 1e-9
    np.testing.assert_allclose(weights - before, 0.9 * 0.01 * gradient, rtol=1e-6)  # 1e-9 of slope on top


def test_a_loss_below_zero_shrinks_the_rate_no_sooner():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(100, 1))
    y = 0.01 * np.sin(3 * X[:, 0])
    model = BPRegressor(6, head="gaussian", trainer="adaptive", max_epochs=400, validation_fraction=0, random_state=0)
    curve = np.array(model.fit(X, y).loss_curve_)
    assert curve[-1] < -2.5
    moving = np.diff(curve[curve < 0]) != 0
    assert moving.mean() > 0.8


def test_rprop_equals_a_hand_written_loop():
    network, weights, X, Y = problem()
    trainer = Rprop(0.1, increase=1.3, decrease=0.4, largest_step=0.2, smallest_step=0.01)
    state, by_hand = trainer.start(weights), weights.copy()
    function = decayed(network, 0.5, X, Y)
    length, last = np.full(len(weights), 0.1), np.zeros(len(weights))
    seen = set()
    for _ in range(40):
        loss, _ = epoch(trainer, network, weights, state, X, Y, decay=0.5)
        _, gradient = function(by_hand)
        for i, now in enumerate(gradient):
            if now * last[i] > 0:
                length[i] = min(length[i] * 1.3, 0.2)
            elif now * last[i] < 0:
                length[i] = max(length[i] * 0.4, 0.01)
                now = 0.0
            by_hand[i] -= np.sign(now) * length[i]
            last[i] = now
            seen.add(length[i])
        np.testing.assert_allclose(weights, by_hand, rtol=1e-12, atol=1e-13)
        assert loss == pytest.approx(function(by_hand)[0], rel=1e-11)
    assert {0.2, 0.01} <= seen


def test_rprop_depends_on_signs_alone():
    network, weights, X, Y = problem()
    trainer, other = Rprop(), weights.copy()
    objectives = [Objective(network), Objective(network, max_gradient_norm=1e-6)]
    for w, objective in zip((weights, other), objectives, strict=True):
        state = trainer.start(w)
        for _ in range(5):
            trainer.epoch(objective, w, state, Samples(X, Y), None, Budget(5, None))
    np.testing.assert_array_equal(weights, other)


def test_rprop_has_converged_where_there_is_no_slope():
    network, _, X, _ = problem()
    weights = np.zeros(network.n_weights)
    loss, converged = epoch(Rprop(), network, weights, Rprop().start(weights), X, np.zeros((30, 2)))
    assert converged and loss == 0 and not weights.any()


def test_the_weights_kept_are_those_of_the_smallest_loss():
    _, _, X, Y = problem()
    for trainer in (Rprop(initial_step=0.5), "adaptive"):
        model = BPRegressor(6, trainer=trainer, max_epochs=15, validation_fraction=0, random_state=1).fit(X, Y)
        loss = 0.5 * np.mean(np.sum((model.predict(X) - Y) ** 2, axis=1))
        assert loss == pytest.approx(min(model.loss_curve_), rel=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Adaptive(learning_rate=-1), "Adaptive got learning_rate=-1; it must be positive"),
        (lambda: Adaptive(momentum=1), r"Adaptive got momentum=1; it must be in \[0, 1\)"),
        (lambda: Adaptive(increase=0.9), "Adaptive got increase=0.9; it must be a number from 1"),
        (lambda: Adaptive(decrease=1), "Adaptive got decrease=1; it must be between 0 and 1"),
        (lambda: Adaptive(worst=0.5), "Adaptive got worst=0.5; it must be a number from 1"),
        (lambda: Rprop(initial_step=0), "Rprop got initial_step=0; it must be positive"),
        (lambda: Rprop(increase=0.5), "Rprop got increase=0.5; it must be a number from 1"),
        (lambda: Rprop(decrease=0), "Rprop got decrease=0; it must be between 0 and 1"),
        (lambda: Rprop(largest_step=0.01), "Rprop got largest_step=0.01; it must be a number from initial_step"),
        (lambda: Rprop(smallest_step=1.0), "Rprop got smallest_step=1.0; it must be positive and at most initial_step"),
    ],
)
def test_impossible_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
