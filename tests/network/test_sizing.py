"""How many hidden neurons."""

import numpy as np
import pytest

from bpinvert.network import LBFGS, Adam, BPClassifier, BPRegressor, suggest_hidden, try_hidden

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, size=(300, 1))
Y = np.sin(6 * X[:, 0])


def test_rules_of_thumb_have_the_values_of_their_formulas():
    assert suggest_hidden(16, 9, 1000) == {
        "sqrt(n + l) + a": (6, 15),
        "log2(n)": (4, 4),
        "sqrt(n * l)": (12, 12),
        "(n + l) / 2": (12, 12),
        "2n/3 + l": (20, 20),
        "2n + 1": (33, 33),
        "weights = targets": (345, 345),  # 345·17 + 346·9 = 8979 of 9000
    }
    assert min(low for low, _ in suggest_hidden(1, 1, 1).values()) == 1
    assert "weights = targets" not in suggest_hidden(3, 2)


@pytest.mark.parametrize(
    ("given", "message"),
    [((0, 1), "n_inputs=0"), ((1, 2.5), "n_outputs=2.5"), ((1, 1, -3), "n_samples=-3")],
)
def test_impossible_counts_are_refused(given, message):
    with pytest.raises(ValueError, match=f"suggest_hidden got {message}; it must be a whole number from 1"):
        suggest_hidden(*given)


def test_the_smallest_number_that_is_good_enough_wins():
    network = BPRegressor(trainer="lm", max_epochs=60, random_state=0)
    trial = try_hidden(network, X, Y, [12, 1, 2, 8, 4], repeats=2, tolerance=5.0)
    assert trial.hidden == (1, 2, 4, 8, 12)
    least = min(trial.loss)
    assert trial.best == next(h for h, loss in zip(trial.hidden, trial.loss, strict=True) if loss <= 6 * least)
    assert 2 <= trial.best <= 12 and trial.loss[0] > 10 * least
    assert trial.network.hidden == trial.best
    assert min(trial.network.validation_curve_) == trial.loss[trial.hidden.index(trial.best)]
    lines = str(trial).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "4", "8", "12"]
    assert [line for line in lines if "smallest that is good enough" in line] == [
        line for line in lines if line.split()[0] == str(trial.best)
    ]
    assert network.hidden == 64 and not hasattr(network, "weights_")


def test_more_repeats_do_not_raise_the_loss():
    network = BPRegressor(trainer=LBFGS(5), max_epochs=2, random_state=3)
    once, thrice = (try_hidden(network, X, Y, [2, 3], repeats=n) for n in (1, 3))
    assert all(more <= one for one, more in zip(once.loss, thrice.loss, strict=True))
    seeds = [try_hidden(network.set_params(random_state=seed), X, Y, [2, 3]).loss for seed in (3, 4, 5)]
    assert thrice.loss == tuple(np.min(seeds, axis=0))


def test_sizes_are_found_for_losses_below_zero():
    network = BPRegressor(head="gaussian", trainer=LBFGS(20), max_epochs=10, random_state=0)
    trial = try_hidden(network, X, 0.01 * Y, [1, 3, 6], tolerance=0.1)
    assert max(trial.loss) < 0
    assert trial.best == next(
        h for h, loss in zip(trial.hidden, trial.loss, strict=True) if loss <= 0.9 * min(trial.loss)
    )


def test_sizes_to_try_follow_the_rules_of_thumb():
    hidden = try_hidden(BPRegressor(trainer=Adam(), max_epochs=1), np.tile(X, 8), np.tile(Y[:, None], 3)).hidden
    assert hidden[0] == 3 and hidden[-1] == 17 and len(hidden) == 6  # log2 8 to 2·8 + 1
    classes = RNG.integers(0, 40, 300)
    assert try_hidden(BPClassifier(max_epochs=1), X, classes).hidden[-1] == 41  # 2/3 + 40


def test_a_network_without_validation_is_refused():
    with pytest.raises(ValueError, match="holds out no validation samples, so that sizes cannot be compared"):
        try_hidden(BPRegressor(trainer="br", max_epochs=2), X, Y, [2])


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"repeats": 0}, "repeats=0; it must be a whole number"), ({"tolerance": -1}, "tolerance=-1; it must be zero or")],
)
def test_impossible_trials_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        try_hidden(BPRegressor(), X, Y, [2], **settings)
