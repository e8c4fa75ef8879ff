"""The worked examples of notebooks/03: what a textbook says of BP networks, from several starts."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import bpinvert as bp
from bpinvert.network import (
    LBFGS,
    Adaptive,
    BPClassifier,
    BPEnsemble,
    BPRegressor,
    GradientDescent,
    LevenbergMarquardt,
    Mixture,
    Momentum,
    Network,
    Rprop,
    check_gradient,
    try_hidden,
)
from forward_models import Schlumberger

TEXTBOOK = {"activation": "unipolar", "output": "sigmoid", "validation_fraction": 0}
SQUARE = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
EXCLUSIVE_OR = np.array([0, 1, 1, 0])
T = np.linspace(-1, 1, 400)


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def textbook_epoch(V, W, X, D, rate):
    """The book's loop: every sample changes the weights; E is the sum over the samples."""
    E = 0.0
    for x, d in zip(X, D, strict=True):
        x = np.append(-1, x)
        y = np.append(-1, sigmoid(x @ V))
        o = sigmoid(y @ W)
        E += 0.5 * np.sum((d - o) ** 2)
        delta_o = (d - o) * o * (1 - o)
        delta_y = (y * (1 - y) * (W @ delta_o))[1:]
        W = W + rate * np.outer(y, delta_o)
        V = V + rate * np.outer(x, delta_y)
    return V, W, E


def rms(values):
    return float(np.sqrt(np.mean(np.square(values))))


def test_an_online_epoch_equals_the_textbook_loop():
    rng = np.random.default_rng(0)
    X, D = rng.uniform(-1, 1, (20, 3)), rng.uniform(0, 1, (20, 2))
    trainer = GradientDescent(learning_rate=0.5, batch_size=1, shuffle=False)
    model = BPRegressor(hidden=4, trainer=trainer, init="uniform", random_state=0, **TEXTBOOK).partial_fit(X, D)
    V, W, E = textbook_epoch(model.V_.copy(), model.W_.copy(), X, D, rate=0.5)
    model.partial_fit(X, D)
    np.testing.assert_allclose(model.V_, V, rtol=0, atol=1e-12)
    np.testing.assert_allclose(model.W_, W, rtol=0, atol=1e-12)
    assert len(X) * model.loss_curve_[-1] == pytest.approx(E, rel=1e-12)


def test_one_step_of_a_2_2_1_network_is_that_calculated_by_hand():
    network = Network(2, (2,), 1, activation="unipolar", output="sigmoid", dtype="float64")
    V, W = network.matrices(weights := np.ones(network.n_weights))
    V[0], W[0] = 0, 0
    x, d = np.array([[-2.0, -1.0]]), np.array([[1.0]])
    np.testing.assert_allclose(network.hidden_values(weights, x), [[0.0474, 0.0474]], atol=5e-5)
    np.testing.assert_allclose(network.forward(weights, x), [[0.524]], atol=5e-4)

    step = {"trainer": GradientDescent(learning_rate=0.1), "max_epochs": 1, "warm_start": True}
    model = BPRegressor(hidden=2, **step, **TEXTBOOK).fit(x, d)
    model.V_[...], model.W_[...] = V, W
    model.fit(x, d)
    np.testing.assert_allclose(model.V_, [[-0.00054] * 2, [0.99893] * 2, [0.99946] * 2], atol=5e-6)
    np.testing.assert_allclose(model.W_, [[-0.01188], [1.00056], [1.00056]], atol=5e-6)
    by_network = weights - 0.1 * network.loss_and_gradient(weights, x, d)[1]
    np.testing.assert_allclose(model.weights_, by_network, rtol=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_four_people_are_told_apart_and_two_unseen_ones_too(seed):
    people, woman = np.array([[-2, -1], [25, 6], [17, 4], [-15, -6]]), np.array([1, 0, 0, 1])
    trainer = GradientDescent(learning_rate=0.1, batch_size=1)
    model = BPRegressor(hidden=2, trainer=trainer, max_epochs=1000, random_state=seed, **TEXTBOOK).fit(people, woman)
    first, second = model.predict([[-7, -3], [20, 2]])
    assert first > 0.9 and second < 0.1
    assert np.all(np.diff(model.loss_curve_) < 0) and model.loss_curve_[-1] < 0.003


@pytest.mark.parametrize("seed", range(6))
def test_a_3_4_1_network_learns_exclusive_or_with_an_error_that_never_rises(seed):
    X = np.column_stack([SQUARE, np.ones(4)])
    # 2 in a textbook that sums over the four samples.
    trainer = GradientDescent(learning_rate=8)
    model = BPRegressor(hidden=4, trainer=trainer, init="uniform", max_epochs=1500, random_state=seed, **TEXTBOOK)
    squares = 8 * np.array(model.fit(X, EXCLUSIVE_OR).loss_curve_)
    assert np.all(np.diff(squares) < 0) and squares[-1] < 0.01
    assert np.abs(model.predict(X) - EXCLUSIVE_OR).max() < 0.06


def test_trainers_that_know_more_of_the_error_surface_need_fewer_epochs():
    until = {"output": "sigmoid", "max_epochs": 2000, "target_loss": 0.01 / 4, "validation_fraction": 0}
    trainers = {
        "gd": GradientDescent(learning_rate=2),
        "momentum": Momentum(learning_rate=1),
        "adaptive": Adaptive(learning_rate=1),
        "rprop": Rprop(),
        "lm": LevenbergMarquardt(),
        "lbfgs": LBFGS(iterations=5),
    }
    solved, epochs = {}, {}
    for name, trainer in trainers.items():
        fits = [
            BPRegressor(hidden=4, trainer=trainer, **until, random_state=seed).fit(SQUARE, EXCLUSIVE_OR)
            for seed in range(6)
        ]
        good = [model for model in fits if 4 * model.loss_curve_[-1] <= 0.01]
        assert {model.stop_reason_ for model in good} <= {"target_loss", "converged"}
        solved[name], epochs[name] = len(good), np.median([model.n_epochs_ for model in good])
    # Rprop's steps may saturate the neurons.
    assert min(solved.values()) >= 5
    assert epochs["gd"] > 2 * epochs["momentum"] > 2 * epochs["adaptive"] > 2 * epochs["rprop"] > 3 * epochs["lm"]
    assert epochs["lbfgs"] <= epochs["lm"]


def test_a_lower_steepness_frees_saturated_neurons():
    saturated = {"hidden": 4, "output": "sigmoid", "init": "uniform", "steepness": 20, "validation_fraction": 0}
    until = {"max_epochs": 500, "target_loss": 0.01 / 4}

    def solved(plateau):
        trainer = GradientDescent(learning_rate=1, plateau=plateau)
        fits = [BPRegressor(trainer=trainer, **saturated, **until, random_state=seed) for seed in range(6)]
        return sum(model.fit(2 * SQUARE - 1, EXCLUSIVE_OR).stop_reason_ == "target_loss" for model in fits)

    assert solved(plateau=None) <= 1 and solved(plateau=10) >= 5


@pytest.mark.parametrize("seed", range(4))
def test_at_least_95_percent_of_held_out_digits_are_read(seed):
    digits = load_digits()
    X, X_test, d, d_test = train_test_split(
        digits.data / 16, digits.target, test_size=0.25, stratify=digits.target, random_state=seed
    )
    settings = {"weight_decay": 1.0, "trainer": Rprop(), "max_epochs": 200, **TEXTBOOK}
    model = BPClassifier(hidden=25, head="cross_entropy", **settings, random_state=seed)
    check = check_gradient(model, X[:20], d[:20], max_weights=100)
    assert check.by_differences < 1e-8 and check.by_complex_step < 1e-14
    assert model.fit(X, d).score(X_test, d_test) >= 0.95


@pytest.mark.slow
def test_two_hidden_layers_halve_the_error_on_three_teeth():
    saw_tooth = 2 * (3 * (T + 1) / 2 % 1) - 1
    settings = {"trainer": LBFGS(), "max_epochs": 10, "validation_fraction": 0, "dtype": "float64"}
    errors = {}
    for hidden in (39, (9, 9)):
        nets = [BPRegressor(hidden, **settings, random_state=k).fit(T[:, None], saw_tooth) for k in range(5)]
        assert {net.weights_.size for net in nets} == {118}
        errors[hidden] = [rms(net.predict(T[:, None]) - saw_tooth) for net in nets]
    assert np.median(errors[9, 9]) < 0.5 * np.median(errors[39])


def test_first_weights_spread_over_the_inputs_learn_a_wave_sooner():
    wave = np.sin(3 * np.pi * T)

    def error(init):
        settings = {"init": init, "trainer": Rprop(), "max_epochs": 300, "validation_fraction": 0}
        nets = [BPRegressor(12, **settings, random_state=seed).fit(T[:, None], wave) for seed in range(5)]
        return np.median([rms(net.predict(T[:, None]) - wave) for net in nets])

    assert 1.5 * error("nguyen_widrow") < min(error("uniform"), error("xavier"))


def test_trial_from_low_to_high_stops_where_the_noise_begins():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (400, 2))
    y = np.sin(3 * X[:, 0]) * X[:, 1] + 0.05 * rng.standard_normal(400)
    network = BPRegressor(trainer="lbfgs", max_epochs=10, validation_fraction=0.25, random_state=0)
    trial = try_hidden(network, X, y, [1, 2, 4, 8, 16], repeats=2, tolerance=0.1)
    losses = dict(zip(trial.hidden, trial.loss, strict=True))
    assert losses[1] > 10 * losses[8] and trial.best in (4, 8)
    # half the variance of the noise, known from 100 held-out samples to 14 %
    assert losses[trial.best] == pytest.approx(0.5 * 0.05**2, rel=0.4)


def test_the_data_determine_as_many_weights_however_many_neurons_there_are():
    rng = np.random.default_rng(1)
    s = np.sort(rng.uniform(-1, 1, 40))
    noisy = np.sin(3 * s) + 0.2 * rng.standard_normal(40)
    determined, off = {}, {}
    for hidden in (4, 8, 12):
        bayes = BPRegressor(hidden, trainer="br", max_epochs=300, random_state=0).fit(s[:, None], noisy)
        determined[hidden] = bayes.effective_parameters_
        off[hidden] = rms(bayes.predict(T[:, None]) - np.sin(3 * T))
    assert max(determined.values()) - min(determined.values()) < 0.5
    assert 5 < determined[8] < 8
    assert max(off.values()) < 0.08
    plain = []
    for hidden in off:
        trainer = LevenbergMarquardt(projection=False)
        network = BPRegressor(hidden, trainer=trainer, max_epochs=300, validation_fraction=0, random_state=0)
        plain.append(rms(network.fit(s[:, None], noisy).predict(T[:, None]) - np.sin(3 * T)))
    # How it overfits is chance.
    assert np.median(plain) > 2 * max(off.values())


@pytest.mark.parametrize("seed", range(2))
def test_curve_types_are_told_where_the_middle_layer_shows(seed):
    survey = Schlumberger(ab2=np.geomspace(1.5, 300, 20))
    prior = bp.LayeredPrior(n_layers=3, thickness=(1, 100), resistivity=(1, 10_000))
    noise, rng = bp.Noise(relative=0.03), np.random.default_rng(seed)

    def soundings(n):
        models = prior.draw(n, rng)
        first, second, third = models["resistivity"].T
        types = np.where(second < first, np.where(third > second, "H", "Q"), np.where(third > second, "A", "K"))
        return models, noise.draw(survey(**models), survey.channels, rng), types

    def curves_without_middle_layer(models, neighbour):
        resistivity = models["resistivity"].copy()
        resistivity[:, 1] = resistivity[:, neighbour]
        return survey(thickness=models["thickness"], resistivity=resistivity)

    _, curves, types = soundings(20_000)
    network = BPClassifier(hidden=20, trainer="lbfgs", max_epochs=3, random_state=seed)
    model = make_pipeline(FunctionTransformer(np.log), StandardScaler(), network).fit(curves, types)
    models, curves, types = soundings(4000)
    right = model.predict(curves) == types
    exact = survey(**models)
    changes = [np.log(curves_without_middle_layer(models, k) / exact) for k in (0, 2)]
    visible = np.minimum(*(np.sqrt(np.mean(change**2, axis=1)) for change in changes)) > 0.1
    assert 0.5 < visible.mean() < 0.7
    assert right.mean() > 0.75 and right[visible].mean() > 0.9 and right[~visible].mean() < 0.7


def test_of_two_roots_the_mean_is_neither_and_a_mixture_draws_both():
    rng = np.random.default_rng(0)

    def pairs(n):
        y = rng.uniform(-1, 1, n)
        return (y**2 + 0.03 * rng.standard_normal(n))[:, None], y

    (x, y), (new_x, new_y) = pairs(1000), pairs(2000)
    nets = {
        name: BPRegressor(15, head=head, trainer="lbfgs", max_epochs=4, random_state=0).fit(x, y)
        for name, head in (("mse", "mse"), ("gaussian", "gaussian"), ("mixture", Mixture(components=2)))
    }
    misfit = {name: rms(net.draw(new_x, 1, 0)[0] ** 2 - new_x[:, 0]) for name, net in nets.items()}
    assert rms(nets["mse"].predict(new_x) ** 2 - new_x[:, 0]) > 0.3
    assert misfit["mixture"] < 0.1 < 0.3 < min(misfit["mse"], misfit["gaussian"])
    density = {name: net.log_density(new_x, new_y).mean() for name, net in nets.items()}
    assert density["mixture"] > density["gaussian"] + 0.5
    positive = nets["mixture"].draw([[0.5]], 2000, 0) > 0
    assert 0.35 < positive.mean() < 0.65


def test_an_ensemble_disagrees_where_it_has_seen_nothing():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 80)
    ensemble = BPEnsemble(BPRegressor(8, trainer="lbfgs", max_epochs=4), n_networks=8, random_state=0)
    ensemble.fit(x[:, None], np.sin(3 * x) + 0.05 * rng.standard_normal(80))
    _, inside = ensemble.predict(np.linspace(-0.9, 0.9, 50)[:, None], return_std=True)
    _, outside = ensemble.predict([[-2.5], [-2.0], [2.0], [2.5]], return_std=True)
    assert np.median(inside) < 0.03 and outside.min() > 5 * np.median(inside)


def test_a_network_in_words_shows_its_layers_and_weights_and_comes_back_from_a_file(tmp_path):
    trainer = GradientDescent(learning_rate=8)
    model = BPRegressor(hidden=4, trainer=trainer, max_epochs=5, random_state=0, **TEXTBOOK)
    model.fit(np.column_stack([SQUARE, np.ones(4)]), EXCLUSIVE_OR)
    words = model.describe()
    assert "3-4-1, 21 weights and thresholds" in words and "3 × 4 = 12" in words
    assert np.format_float_positional(model.V_[0, 0], precision=4, unique=False, fractional=False, trim="k") in words
    bp.save_network(model, tmp_path / "net.json")
    assert np.array_equal(bp.load_network(tmp_path / "net.json").weights_, model.weights_)
