"""Trainers against hand-written loops, and the budget that drives their schedules."""

import numpy as np
import pytest

from bpinvert.network import LBFGS, Adam, MeanSquaredError, Network, Soap
from bpinvert.network.fitting import Budget
from bpinvert.network.objective import Objective
from bpinvert.network.samples import Samples
from bpinvert.network.trainers import trainer_from_dict


def problem(n_samples=25):
    rng = np.random.default_rng(0)
    network = Network(3, (4,), 2, dtype="float64")
    X = rng.normal(size=(n_samples, 3))
    Y = np.stack([np.sin(X[:, 0]), X[:, 1] * X[:, 2]], axis=1)
    return network, network.initial_weights(rng), X, Y


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_adam_equals_a_hand_written_loop(schedule):
    network, weights, X, Y = problem()
    trainer = Adam(learning_rate=0.01, batch_size=10, schedule=schedule)
    objective = Objective(network, MeanSquaredError(), weight_decay=0.5)
    budget = Budget(max_epochs=3, max_time=None)
    by_hand, first, second, step = weights.copy(), 0.0, 0.0, 0
    state = trainer.start(weights)
    for epoch in range(3):
        budget.epoch = epoch
        trainer.epoch(objective, weights, state, Samples(X, Y), np.random.default_rng(epoch), budget)
        order = np.random.default_rng(epoch).permutation(25)
        for start in (0, 10, 20):
            rows = order[start : start + 10]
            _, gradient = network.loss_and_gradient(by_hand, X[rows], Y[rows])
            for matrix, part in zip(network.matrices(by_hand), network.matrices(gradient), strict=True):
                part[1:] += 0.5 / 25 * matrix[1:]
            step += 1
            first = 0.9 * first + 0.1 * gradient
            second = 0.999 * second + 0.001 * gradient**2
            share = (epoch + start / 25) / 3
            rate = 0.01 * (0.5 * (1 + np.cos(np.pi * share)) if schedule == "cosine" else 1)
            by_hand -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    np.testing.assert_allclose(weights, by_hand, rtol=1e-12)


def test_soap_equals_a_hand_written_loop():
    network, weights, X, Y = problem()
    trainer = Soap(learning_rate=0.01, batch_size=10, schedule="constant", refresh=2)
    objective = Objective(network, MeanSquaredError())
    by_hand, state = weights.copy(), trainer.start(weights)
    memory = [{"L": 0, "R": 0, "M": 0, "V": 0} for _ in network.shapes]
    step = 0
    for epoch in range(3):
        trainer.epoch(objective, weights, state, Samples(X, Y), np.random.default_rng(epoch), Budget(3, None))
        order = np.random.default_rng(epoch).permutation(25)
        for start in (0, 10, 20):
            rows = order[start : start + 10]
            _, gradient = network.loss_and_gradient(by_hand, X[rows], Y[rows])
            step += 1
            for W, G, m in zip(network.matrices(by_hand), network.matrices(gradient), memory, strict=True):
                m["L"] = 0.99 * m["L"] + 0.01 * G @ G.T
                m["R"] = 0.99 * m["R"] + 0.01 * G.T @ G
                if step == 1 or step % 2 == 0:
                    m["P"], m["Q"] = np.linalg.eigh(m["L"])[1], np.linalg.eigh(m["R"])[1]
                m["M"] = 0.9 * m["M"] + 0.1 * G
                m["V"] = 0.99 * m["V"] + 0.01 * (m["P"].T @ G @ m["Q"]) ** 2
                first = m["P"].T @ m["M"] @ m["Q"] / (1 - 0.9**step)
                W -= 0.01 * m["P"] @ (first / (np.sqrt(m["V"] / (1 - 0.99**step)) + 1e-8)) @ m["Q"].T
    # Gradients of a few samples have no rank: bases of what they leave out turn with rounding.
    np.testing.assert_allclose(weights, by_hand, rtol=1e-5, atol=1e-8)


def test_batches_follow_the_number_of_samples_unless_set():
    sizes = []

    class Listening:
        network = None

        def on(self, samples, whole):
            sizes.append((len(samples), len(whole)))
            return self

        def loss_and_gradient(self, weights, out):
            out.fill(0)
            return 0.0, out

    weights = np.zeros(3)
    for trainer, n_samples in (
        (Adam(), 20),
        (Adam(), 64),
        (Adam(), 10_000),
        (Adam(), 80_000),
        (Adam(batch_size=7), 14),
    ):
        samples = np.zeros((n_samples, 1))
        trainer.epoch(
            Listening(),
            weights,
            trainer.start(weights),
            Samples(samples, samples),
            np.random.default_rng(0),
            Budget(1, None),
        )
    assert list(dict.fromkeys(sizes)) == [
        (20, 20),
        (32, 64),
        (100, 10_000),
        (512, 80_000),
        (128, 80_000),
        (7, 14),
    ]


def test_lbfgs_reaches_a_smaller_gradient():
    network, weights, X, Y = problem()
    objective = Objective(network, MeanSquaredError(), weight_decay=0.1)
    loss_on_samples = objective.on(Samples(X, Y))
    before = np.abs(loss_on_samples.loss_and_gradient(weights)[1]).max()
    trainer = LBFGS(iterations=2000, tolerance=1e-6)
    loss, converged = trainer.epoch(objective, weights, {}, Samples(X, Y), None, Budget(1, None))
    after_loss, after = loss_on_samples.loss_and_gradient(weights)
    assert converged
    assert np.abs(after).max() < 1e-6 < before
    assert loss == pytest.approx(after_loss, rel=1e-14)


def test_budget_is_spent_by_whichever_ends_first():
    budget = Budget(max_epochs=10, max_time=100.0, spent=90.0)
    budget.epoch = 2
    assert 0.9 <= budget.share(0.5) < 0.91
    budget.epoch = 9
    assert budget.share(0.5) == pytest.approx(0.95)
    assert budget.why_over() is None
    budget.epoch = 10
    assert budget.why_over() == "max_epochs"
    assert Budget(max_epochs=None, max_time=1.0, spent=1.0).why_over() == "max_time"


def test_cosine_runs_the_rate_down_to_zero_with_the_time():
    trainer = Adam(learning_rate=0.4)
    for spent, rate in ((0, 0.4), (50, 0.2), (100, 0.0), (200, 0.0)):
        share = Budget(max_epochs=None, max_time=100.0, spent=spent).share()
        assert trainer._rate(share) == pytest.approx(rate, abs=1e-3)  # the clock runs on meanwhile


def test_schedule_depends_on_epochs_alone_without_a_time_limit():
    budget = Budget(max_epochs=8, max_time=None, spent=1e9)
    budget.epoch = 3
    assert budget.share(0.5) == 3.5 / 8
    assert not budget.out_of_time()


@pytest.mark.parametrize(
    "trainer", [Adam(learning_rate=0.02, schedule="constant"), Soap(refresh=3), LBFGS(iterations=7)]
)
def test_trainers_rebuild_from_their_settings(trainer):
    assert trainer_from_dict(trainer.to_dict()) == trainer


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Adam(learning_rate=0), "learning_rate=0; it must be positive"),
        (lambda: Adam(batch_size=0), "batch_size=0; it must be a whole number"),
        (lambda: Adam(schedule="linear"), "schedule='linear'; it must be 'cosine' or 'constant'"),
        (lambda: Adam(beta1=1.0), r"beta1=1.0; it must be in \[0, 1\)"),
        (lambda: LBFGS(iterations=2.5), "iterations=2.5; it must be a whole number"),
        (lambda: LBFGS(tolerance=-1), "tolerance=-1; it must be zero or a positive number"),
    ],
)
def test_impossible_trainer_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
