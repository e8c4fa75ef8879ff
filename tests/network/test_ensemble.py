"""BPEnsemble: mean, spread and draws of several networks."""

import json

import numpy as np
import pytest
from scipy.special import logsumexp

from bpinvert.network import LBFGS, BPClassifier, BPEnsemble, BPRegressor

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, size=(200, 1))
Y = np.hstack([np.sin(3 * X), X**2]) + 0.05 * RNG.normal(size=(200, 2))


def make(head="mse", **settings):
    network = BPRegressor(6, head=head, trainer=LBFGS(10), max_epochs=4)
    return BPEnsemble(network, **{"n_networks": 4, "random_state": 0} | settings)


@pytest.mark.parametrize("y", [Y, Y[:, 0]], ids=["2-D", "1-D"])
def test_the_answer_is_the_mean_and_the_spread_the_standard_deviation(y):
    model = make().fit(X, y)
    answers = np.array([network.predict(X) for network in model.networks_])
    mean, spread = model.predict(X, return_std=True)
    assert mean.shape == spread.shape == y.shape
    np.testing.assert_allclose(mean, answers.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(spread, answers.std(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(model.predict(X), mean)


def test_networks_disagree_where_there_were_no_samples():
    model = make().fit(X, Y)
    inside, outside = (
        model.predict(grid[:, None], return_std=True)[1].mean()
        for grid in (np.linspace(-0.9, 0.9, 50), np.linspace(2, 4, 50))
    )
    assert outside > 10 * inside


def test_the_mean_errs_no_more_than_the_networks_do():
    model = make().fit(X, Y)
    errors = [np.mean((network.predict(X) - Y) ** 2) for network in model.networks_]
    assert np.mean((model.predict(X) - Y) ** 2) < np.mean(errors)


def test_the_same_seed_gives_the_same_networks_and_all_differ():
    first, again, other = (make(random_state=seed).fit(X, Y) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.predict(X), again.predict(X))
    assert np.abs(first.predict(X) - other.predict(X)).max() > 1e-6
    weights = [network.weights_ for network in first.networks_]
    assert min(np.abs(a - b).max() for k, a in enumerate(weights) for b in weights[:k]) > 0.01


@pytest.mark.parametrize("head", ["mse", "gaussian", "mixture"])
def test_draws_have_the_mean_and_spread_of_all_networks(head):
    model = make(head).fit(X, Y)
    at = np.array([[0.3], [1.5]])
    draws = model.draw(at, 20_000, random_state=0)
    assert draws.shape == (20_000, 2, 2)
    single = [network.draw(at, 20_000, random_state=1) for network in model.networks_]
    mean = np.mean([d.mean(axis=0) for d in single], axis=0)
    square = np.mean([(d**2).mean(axis=0) for d in single], axis=0)
    std = np.sqrt(square - mean**2)
    assert (np.abs(draws.mean(axis=0) - mean) < 6 * std / np.sqrt(10_000)).all()
    np.testing.assert_allclose(draws.std(axis=0), std, rtol=0.06)  # of 20 000 draws
    # In random order: the first draws come from all networks.
    few = model.draw(at, 400, random_state=0)
    assert np.abs(np.corrcoef(np.arange(400), few[:, 1, 0])[0, 1]) < 0.2


def test_every_network_has_an_equal_share_of_the_draws():
    model = make().fit(X, Y[:, 0])
    for k, network in enumerate(model.networks_):
        network.weights_ = np.zeros_like(network.weights_)
        network.matrices_[-1][0] = -k
        network.residual_std_ = np.array([1e-9])
    for n_draws in (1, 3, 8, 10):
        draws = model.draw(X[:2], n_draws, 0)
        assert draws.shape == (n_draws, 2)
        counts = np.bincount(draws[:, 0].round().astype(int), minlength=4)
        assert counts.max() - counts.min() <= 1
        np.testing.assert_allclose(draws[:, 0], draws[:, 1], atol=1e-7)
    many = model.draw(X[:1], 400, 0)[:, 0].round()
    assert 250 < np.count_nonzero(np.diff(many)) < 350  # 3/4 of neighbours differ


@pytest.mark.parametrize("head", ["mse", "gaussian"])
def test_log_density_is_that_of_the_mean_density(head):
    model = make(head).fit(X, Y)
    densities = [network.log_density(X, Y) for network in model.networks_]
    np.testing.assert_allclose(model.log_density(X, Y), logsumexp(densities, axis=0) - np.log(4), rtol=1e-12)


def test_state_survives_json():
    model = make(n_networks=2).fit(X, Y)
    states = model.get_state()
    for state in states:
        state["settings"] = json.loads(json.dumps(state["settings"]))
    rebuilt = BPEnsemble.from_state(states)
    np.testing.assert_array_equal(rebuilt.predict(X), model.predict(X))
    np.testing.assert_array_equal(rebuilt.draw(X, 5, 0), model.draw(X, 5, 0))
    assert rebuilt.n_networks == 2 and rebuilt.n_features_in_ == 1
    assert not hasattr(rebuilt.network, "weights_")


def test_a_stream_trains_all_of_them_and_data_frames_keep_their_names():
    asked = []

    def source(epoch):
        asked.append(epoch)
        return X, Y

    model = make(n_networks=2).fit_stream(source, validation=(X, Y))
    assert sorted(asked) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert np.mean((model.predict(X) - Y) ** 2) < 0.02
    pandas = pytest.importorskip("pandas")
    assert list(make(n_networks=1).fit(pandas.DataFrame(X, columns=["depth"]), Y).feature_names_in_) == ["depth"]


def test_weights_of_samples_reach_the_networks():
    weight = (X[:, 0] > 0).astype(float)
    model = make().fit(X, Y, sample_weight=weight)
    right = X[:, 0] > 0
    errors = np.mean((model.predict(X) - Y) ** 2, axis=1)
    assert errors[right].mean() < 0.1 * errors[~right].mean()


def test_impossible_ensembles_are_refused():
    with pytest.raises(ValueError, match="n_networks is 0; it must be a whole number from 1"):
        make(n_networks=0).fit(X, Y)
    with pytest.raises(TypeError, match="network is a BPClassifier; an ensemble is made of BPRegressor"):
        BPEnsemble(BPClassifier()).fit(X, Y)
    with pytest.raises(ValueError, match="n_draws is 0"):
        make(n_networks=1).fit(X, Y).draw(X, 0)


@pytest.mark.slow
def test_networks_trained_at_a_time_are_those_trained_one_after_the_other():
    X = np.linspace(-1, 1, 60)[:, None]
    y = np.sin(3 * X[:, 0])
    settings = {"n_networks": 2, "random_state": 3}
    network = BPRegressor(5, max_epochs=3)
    alone, together = (BPEnsemble(network, **settings, n_jobs=n_jobs).fit(X, y) for n_jobs in (None, 2))
    for one, two in zip(alone.networks_, together.networks_, strict=True):
        np.testing.assert_array_equal(one.weights_, two.weights_)
        assert one.get_params() == two.get_params()


@pytest.mark.filterwarnings("ignore:Training was interrupted")
def test_ctrl_c_ends_the_ensemble_and_keeps_what_is_trained():
    calls = []

    def source(epoch):
        calls.append(epoch)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return X, np.sin(3 * X[:, 0])

    ensemble = BPEnsemble(BPRegressor(5, max_epochs=4), n_networks=4, random_state=0).fit_stream(source)
    assert [network.stop_reason_ for network in ensemble.networks_] == ["max_epochs", "interrupted"]
    assert len(calls) == 6 and np.isfinite(ensemble.predict(X)).all()
