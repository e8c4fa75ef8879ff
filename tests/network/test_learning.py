"""Does the verdict on more samples come true?"""

import numpy as np
import pytest

from bpinvert.network import BPRegressor, learning_curve
from bpinvert.network.learning import in_nats, judge, verdict


def samples(n, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    Y = np.stack([np.sin(X[:, 0]) * X[:, 1], X[:, 2] ** 2 / 3], axis=1)
    return X, Y + 0.3 * rng.normal(size=Y.shape)


def network(n, updates=3000):
    return BPRegressor(20, max_epochs=max(updates * 100 // n, 5), random_state=0)


@pytest.mark.slow
def test_few_samples_call_for_more_and_the_gain_comes_true():
    curve = learning_curve(network(400), *samples(400))
    assert curve.n_samples.tolist() == [45, 90, 180, 360]
    assert curve.verdict.startswith("more samples would help: 720 instead of 360")
    test = samples(20_000, seed=9)
    once, twice = (network(n).fit(*samples(n)).loss(*test) for n in (400, 800))
    assert curve.gain == pytest.approx(1 - twice / once, abs=0.1)
    assert judge(network(400).fit(*samples(400))) > 0.02


def test_many_samples_do_not_call_for_more():
    curve = learning_curve(network(20_000), *samples(20_000), fractions=(0.5, 1.0))
    assert curve.gain < 0.01
    assert "more samples would not help" in str(curve)
    assert judge(network(20_000).fit(*samples(20_000))) < 0.01


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match=r"fractions=.* it must be two or more increasing numbers"):
        learning_curve(network(400), *samples(400), fractions=(1.0, 0.5))
    with pytest.raises(ValueError, match="holds out no validation samples"):
        learning_curve(network(400).set_params(validation_fraction=0), *samples(400))


def test_losses_that_can_be_negative_tell_nats_and_no_share():
    with pytest.raises(ValueError, match="head 'gaussian' has losses below zero"):
        learning_curve(network(400).set_params(head="gaussian"), *samples(400))
    fitted = network(400).set_params(head="gaussian", max_epochs=30).fit(*samples(400))
    best = fitted.best_epoch_ - 1
    gap = fitted.validation_curve_[best] - fitted.loss_curve_[best]
    assert in_nats(fitted) and judge(fitted) == pytest.approx(max(gap, 0) / 4)
    assert "800 instead of 400 would lower the validation loss by about 0.30 nats" in verdict(0.3, 400, nats=True)
    assert verdict(0.01, 400, nats=True).startswith("more samples would not help")


def test_losses_with_weight_decay_in_them_tell_nothing():
    gain = judge(network(400).set_params(weight_decay=0.1, max_epochs=3).fit(*samples(400)))
    assert np.isnan(gain) and verdict(gain, 400).startswith("whether more samples would help is not told")


def test_the_gain_is_at_most_half_of_the_gap(monkeypatch):
    monkeypatch.setattr("bpinvert.network.learning._extrapolated", lambda numbers, losses: 0.9)
    curve = learning_curve(network(400), *samples(400), fractions=(0.5, 1.0))
    gap = curve.validation_loss[-1] - curve.training_loss[-1]
    assert 0 < curve.gain == pytest.approx(gap / curve.validation_loss[-1] / 2, rel=1e-12)
