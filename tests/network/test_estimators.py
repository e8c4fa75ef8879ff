"""BPRegressor: learning, streams, stopping, checkpoints, state and bad input."""

import json

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import check_estimator

from bpinvert.network import LBFGS, Adam, BPClassifier, BPRegressor, CrossEntropy, checkpoints

# Ctrl-C is what many of these tests are about; one of them asks for the warning.
pytestmark = pytest.mark.filterwarnings("ignore:Training was interrupted")

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, size=(400, 2))
Y = np.stack([np.sin(3 * X[:, 0]) * X[:, 1], np.cos(2 * X[:, 0]), X[:, 1] ** 2], axis=1)


def stream(epoch):
    noise = np.random.default_rng([5, epoch]).normal(scale=0.01, size=X.shape)
    return X + noise, Y


def interrupt_at(stop, source=stream):
    def interrupted(epoch):
        if epoch == stop:
            raise KeyboardInterrupt
        return source(epoch)

    return interrupted


def quick(**settings):
    return BPRegressor(**{"hidden": 6, "max_epochs": 12, "random_state": 0} | settings)


def test_learns_a_smooth_function_with_each_trainer():
    inputs = np.linspace(-1, 1, 600)[:, None]
    wave = np.sin(3 * inputs[:, 0])
    for trainer in ("lbfgs", Adam(learning_rate=0.05, batch_size=16)):
        model = BPRegressor(hidden=10, trainer=trainer, max_epochs=200, random_state=0).fit(inputs, wave)
        assert np.abs(model.predict(inputs) - wave).max() < 0.02, trainer


def test_two_hidden_layers_and_sigmoid_outputs_learn_too():
    targets = (Y - Y.min(axis=0)) / np.ptp(Y, axis=0)
    model = BPRegressor(hidden=(10, 10), output="sigmoid", trainer=LBFGS(100), max_epochs=10, random_state=0)
    assert model.fit(X, targets).score(X, targets) > 0.995
    assert [matrix.shape for matrix in model.matrices_] == [(3, 10), (11, 10), (11, 3)]


def test_predictions_follow_from_the_readable_matrices():
    model = quick().fit(X, Y)
    hidden = np.tanh(X @ model.V_[1:] - model.V_[0])
    np.testing.assert_allclose(model.predict(X), hidden @ model.W_[1:] - model.W_[0], atol=1e-6)  # float32


def test_answers_have_the_shape_of_the_targets():
    assert quick().fit(X, Y[:, 0]).predict(X).shape == (400,)
    assert quick().fit(X, Y[:, :1]).predict(X).shape == (400, 1)
    assert quick().fit(X, Y).predict(X).shape == (400, 3)


def test_curves_have_one_entry_per_epoch_and_the_best_weights_are_kept():
    model = quick(max_epochs=30).fit_stream(stream, validation=(X, Y))
    assert len(model.loss_curve_) == len(model.validation_curve_) == model.n_epochs_ == 30
    assert model.best_epoch_ == 1 + np.argmin(model.validation_curve_)
    loss = 0.5 * np.mean(np.sum((model.predict(X) - Y) ** 2, axis=1))
    assert min(model.validation_curve_) == pytest.approx(loss, rel=1e-5)  # float32
    assert model.stop_reason_ == "max_epochs"


@pytest.mark.parametrize("trainer", ["adam", LBFGS(iterations=3)])
def test_same_seed_gives_the_same_weights(trainer):
    first, second = (quick(trainer=trainer).fit(X, Y) for _ in range(2))
    np.testing.assert_array_equal(first.weights_, second.weights_)
    other = quick(trainer=trainer, random_state=1).fit(X, Y)
    assert np.abs(other.weights_ - first.weights_).max() > 0.01


def test_every_epoch_of_a_stream_is_asked_for_once_and_in_order():
    asked = []

    def listening(epoch):
        asked.append(epoch)
        return stream(epoch)

    quick(max_epochs=5).fit_stream(listening)
    assert asked == [0, 1, 2, 3, 4]


def test_patience_stops_a_training_that_no_longer_improves():
    targets = np.random.default_rng(1).normal(size=(60, 1))  # nothing to learn
    inputs = np.random.default_rng(2).normal(size=(60, 5))
    model = BPRegressor(hidden=40, validation_fraction=0.5, patience=5, max_epochs=500, random_state=0)
    model.set_params(trainer=Adam(learning_rate=0.02)).fit(inputs, targets)
    assert model.stop_reason_ == "patience"
    assert model.n_epochs_ == model.best_epoch_ + 5


@pytest.mark.parametrize("trainer", ["adam", "lbfgs"])
def test_time_limit_stops_and_keeps_what_was_learnt(trainer):
    model = quick(trainer=trainer, max_epochs=None, max_time=0.2).fit(X, Y)
    assert model.stop_reason_ == "max_time"
    assert model.n_epochs_ == len(model.loss_curve_) >= 1
    assert model.score(X, Y) > 0


def test_converged_lbfgs_stops():
    model = quick(trainer=LBFGS(tolerance=1e-3), max_epochs=500).fit(X, Y)
    assert model.stop_reason_ == "converged"


def test_divergence_keeps_the_best_weights_and_says_so():
    with pytest.warns(ConvergenceWarning, match=r"diverged in epoch .* lower the learning rate"):
        model = quick(trainer=Adam(learning_rate=1e30)).fit(X, Y)
    assert model.stop_reason_ == "diverged"
    assert np.isfinite(model.predict(X)).all()


def test_ctrl_c_keeps_the_best_weights_and_says_so():
    with pytest.warns(ConvergenceWarning, match=r"interrupted after 7 epochs; the weights of epoch \d are kept"):
        model = quick().fit_stream(interrupt_at(7), validation=(X, Y))
    assert model.stop_reason_ == "interrupted"
    assert model.n_epochs_ == 7
    loss = 0.5 * np.mean(np.sum((model.predict(X) - Y) ** 2, axis=1))
    assert min(model.validation_curve_) == pytest.approx(loss, rel=1e-5)  # float32


@pytest.mark.parametrize("trainer", ["adam", LBFGS(iterations=3)])
@pytest.mark.parametrize("seed", [0, None])
def test_resumed_training_ends_with_the_weights_of_the_uninterrupted_one(tmp_path, trainer, seed):
    path = tmp_path / "run.npz"
    settings = {"trainer": trainer, "checkpoint": path, "random_state": seed}
    interrupted = quick(**settings).fit_stream(interrupt_at(7), validation=(X, Y))
    assert interrupted.stop_reason_ == "interrupted"
    with np.load(path, allow_pickle=False) as file:
        seed = int(file["seed"])
    resumed = quick(**settings | {"random_state": None if seed else 0}).fit_stream(stream, validation=(X, Y))
    whole = quick(trainer=trainer, random_state=seed).fit_stream(stream, validation=(X, Y))
    np.testing.assert_array_equal(resumed.weights_, whole.weights_)
    assert resumed.loss_curve_ == whole.loss_curve_
    assert resumed.validation_curve_ == whole.validation_curve_
    assert not path.exists()


def test_resume_works_on_fixed_samples(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    monkeypatch.setattr(checkpoints, "SECONDS_BETWEEN_SAVES", 0.0)
    save = checkpoints.CheckpointFile.save

    def save_and_stop(self, snapshot):
        save(self, snapshot)
        if snapshot.epoch == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints.CheckpointFile, "save_if_due", save_and_stop)
    assert quick(checkpoint=path).fit(X, Y).n_epochs_ == 4
    monkeypatch.undo()
    np.testing.assert_array_equal(quick(checkpoint=path).fit(X, Y).weights_, quick().fit(X, Y).weights_)


def test_checkpoint_of_another_training_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    quick(checkpoint=path).fit_stream(interrupt_at(2), validation=(X, Y))
    with pytest.raises(ValueError, match=r"written with \{'hidden': 6\}, now it is \{'hidden': 7\}"):
        quick(checkpoint=path, hidden=7).fit_stream(stream, validation=(X, Y))
    with pytest.raises(ValueError, match=r"written with \{'data': "):
        quick(checkpoint=path).fit(X + 1, Y)
    quick(checkpoint=path).fit_stream(interrupt_at(4), validation=(X, Y))
    assert path.exists()


def test_checkpoint_with_other_shapes_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    quick(checkpoint=path).fit_stream(interrupt_at(2))
    with pytest.raises(ValueError, match="holds 39 weights and this network has 45"):
        quick(checkpoint=path).fit_stream(lambda epoch: (np.hstack([X, X[:, :1]]), Y))


def test_damaged_checkpoint_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    path.write_bytes(b"not an archive")
    with pytest.raises(ValueError, match="not a readable checkpoint"):
        quick(checkpoint=path).fit(X, Y)
    with pytest.raises(ValueError, match=r"there is no folder .*nowhere"):
        quick(checkpoint=tmp_path / "nowhere" / "run.npz").fit(X, Y)


def test_checkpoint_leaves_no_temporary_files(tmp_path):
    quick(checkpoint=tmp_path / "run.npz").fit_stream(interrupt_at(3))
    assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]


@pytest.mark.parametrize("settings", [{}, {"hidden": (5, 4), "output": "sigmoid", "trainer": LBFGS(5)}])
def test_state_survives_json_and_predicts_the_same(settings):
    model = quick(**settings).fit(X, np.clip(Y, 0, 1))
    state = model.get_state()
    state["settings"] = json.loads(json.dumps(state["settings"]))
    rebuilt = BPRegressor.from_state(state)
    np.testing.assert_array_equal(rebuilt.predict(X), model.predict(X))
    assert rebuilt.stop_reason_ == model.stop_reason_
    assert rebuilt.validation_curve_ == model.validation_curve_
    assert rebuilt.hidden == model.hidden
    state["weights"] = state["weights"][1:]
    with pytest.raises(ValueError, match="The state is damaged"):
        BPRegressor.from_state(state)


def test_progress_bar_shows_epochs_and_loss(capsys):
    quick(progress=True).fit(X, Y)
    shown = capsys.readouterr().err
    assert "12/12" in shown
    assert "loss=" in shown


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden": 0}, "hidden is 0; it must be a whole number of neurons"),
        ({"hidden": (3, 3, 3)}, "two of them for two hidden layers"),
        ({"activation": "relu"}, "activation is 'relu'; it must be one of 'unipolar', 'bipolar', 'tanh'"),
        ({"output": "relu"}, "output is 'relu'; it must be one of 'linear', 'sigmoid', 'softmax'"),
        ({"output": "softmax"}, "output is 'softmax' with head 'mse'; it must be 'linear' or 'sigmoid'"),
        (
            {"head": "huber"},
            "head is 'huber'; it must be one of 'mse', 'gaussian', 'mixture', 'cross_entropy' or a head",
        ),
        ({"head": "gaussian", "output": "sigmoid"}, "output is 'sigmoid' with head 'gaussian'; it must be 'linear'"),
        ({"head": "mixture", "trainer": "lm"}, "trainer 'lm' needs a sum of squares and head 'mixture' has none"),
        ({"head": CrossEntropy("softmax"), "output": "sigmoid"}, "both must be the same"),
        ({"trainer": "br", "weight_decay": 0.1}, "weight_decay is 0.1 with trainer 'br', which finds its own"),
        (
            {"trainer": "sgd"},
            "trainer is 'sgd'; it must be one of 'gd', 'momentum', 'adaptive', 'rprop', 'adam', 'soap', 'lbfgs', ",
        ),
        ({"dtype": "float16"}, "dtype is 'float16'; it must be one of 'float32', 'float64'"),
        ({"max_epochs": 0}, "max_epochs is 0; it must be a whole number from 1"),
        ({"max_time": -1}, "max_time is -1; it must be a positive number of seconds"),
        ({"max_epochs": None}, "max_epochs and max_time are both None; training needs an end"),
        ({"weight_decay": -0.1}, "weight_decay is -0.1; it must be zero or a positive number"),
        ({"validation_fraction": 1.0}, r"validation_fraction is 1.0; it must be in \[0, 1\)"),
        ({"steepness": 0}, "steepness is 0; it must be a positive number"),
        ({"init": "zero"}, "init is 'zero'; it must be one of 'xavier', 'uniform', 'nguyen_widrow'"),
        ({"whiten": "yes"}, "whiten is 'yes'; it must be True, False or None"),
        ({"max_gradient_norm": 0}, "max_gradient_norm is 0; it must be a positive number, or None"),
        ({"min_gradient": -1}, "min_gradient is -1; it must be a positive number, or None"),
        ({"target_loss": "low"}, "target_loss is 'low'; it must be a number, or None"),
        ({"n_jobs": 0}, "n_jobs is 0; it must be a number of threads from 1, or -1"),
        ({"patience": 0}, "patience is 0; it must be a whole number of epochs"),
        ({"random_state": -1}, "random_state is -1; it must be a whole number from 0"),
        ({"output": "sigmoid"}, r"y has targets from -0.9.* a sigmoid output reaches only \[0, 1\]"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        quick(**settings).fit(X, Y)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_are_refused(value):
    bad = X.copy()
    bad[3, 1] = value
    with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
        quick().fit(bad, Y)
    with pytest.raises(ValueError, match=r"source\(2\) has NaN or infinite values in X"):
        quick().fit_stream(lambda epoch: (bad if epoch == 2 else X, Y))
    with pytest.raises(ValueError, match="validation has NaN or infinite values in X"):
        quick().fit_stream(stream, validation=(bad, Y))


@pytest.mark.parametrize(
    ("source", "validation", "message"),
    [
        (lambda epoch: (X, Y[:-1]), None, r"X of shape \(400, 2\) and y of shape \(399, 3\)"),
        (lambda epoch: X, None, r"source\(0\) is a ndarray; it must be a pair"),
        (lambda epoch: (X[:, : 2 - epoch], Y), None, r"source\(1\) has 1 inputs but the samples before had 2"),
        (
            lambda epoch: (X, Y[:, : 3 - epoch]),
            None,
            r"source\(1\) has 2 targets but the samples before had 3",
        ),
        (stream, (X, Y[:, :2]), r"source\(0\) has 3 targets but the samples before had 2"),
    ],
)
def test_streams_of_wrong_shape_are_refused(source, validation, message):
    with pytest.raises(ValueError, match=message):
        quick().fit_stream(source, validation)


def test_a_stream_that_is_no_function_is_refused():
    with pytest.raises(TypeError, match="source is a tuple; it must be a function of the epoch"):
        quick().fit_stream((X, Y))


def test_predicting_with_other_columns_is_refused():
    with pytest.raises(ValueError, match="X has 1 features, but BPRegressor is expecting 2 features"):
        quick().fit(X, Y).predict(X[:, :1])


def test_fitting_changes_neither_samples_nor_settings():
    model = quick(hidden=np.int64(5))
    inputs, targets = X.copy(), Y.copy()
    settings = clone(model).get_params()
    model.fit(inputs, targets)
    np.testing.assert_array_equal(inputs, X)
    np.testing.assert_array_equal(targets, Y)
    assert model.get_params() == settings


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("estimator", [BPRegressor(max_epochs=60), BPClassifier(max_epochs=60)])
def test_keeps_the_scikit_learn_contract(estimator):
    random_batches = "held-out samples and mini-batches are drawn at random: a weight of 2 is not the sample twice"
    allowed = {
        "check_sample_weight_equivalence_on_dense_data": random_batches,
        "check_sample_weight_equivalence_on_sparse_data": random_batches,
    }
    check_estimator(estimator, expected_failed_checks=allowed)
