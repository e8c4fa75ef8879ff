"""BPClassifier: classes in, probabilities out."""

import json

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bpinvert.network import LBFGS, Adam, BPClassifier, GradientDescent
from bpinvert.network.settings import OUTPUTS
from bpinvert.network.trainers import TRAINERS

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, size=(300, 2))
WORDS = np.array(["clay", "gravel", "sand"])
THREE = WORDS[(X[:, 0] > 0).astype(int) + (X[:, 0] * X[:, 1] > 0.2)]
TWO = np.where(X[:, 0] * X[:, 1] > 0, "wet", "dry")
KINDS = [
    (output, head) for head in ("cross_entropy", "mse") for output in ("softmax", "sigmoid") if output in OUTPUTS[head]
]


def make(output="softmax", head="cross_entropy", **settings):
    defaults = {"hidden": 8, "trainer": LBFGS(20), "max_epochs": 15, "random_state": 0}
    return BPClassifier(output=output, head=head, **defaults | settings)


@pytest.mark.parametrize(
    "y", [TWO, THREE, TWO == "wet", np.searchsorted(WORDS, THREE) * 10 - 5], ids=["2", "3", "bool", "int"]
)
@pytest.mark.parametrize(("output", "head"), KINDS)
def test_classes_are_learnt_with_probabilities_that_sum_to_one(output, head, y):
    model = make(output, head).fit(X, y)
    np.testing.assert_array_equal(model.classes_, np.unique(y))
    assert model.score(X, y) > 0.93
    probability = model.predict_proba(X)
    assert probability.shape == (300, len(model.classes_)) and (probability >= 0).all()
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-6)  # float32
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), probability, atol=1e-12)
    np.testing.assert_array_equal(model.predict(X), model.classes_[probability.argmax(axis=1)])
    n_neurons = 1 if output == "sigmoid" and len(model.classes_) == 2 else len(model.classes_)
    assert model.W_.shape == (9, n_neurons) and model.targets_of(y).shape == (300, n_neurons)


def test_probabilities_are_those_of_a_noisy_truth():
    x = RNG.uniform(-1, 1, size=(4000, 1))
    truth = 1 / (1 + np.exp(-3 * x[:, 0]))
    y = RNG.uniform(size=4000) < truth
    for output in ("softmax", "sigmoid"):
        model = make(output, hidden=3, weight_decay=1.0).fit(x, y)
        assert np.abs(model.predict_proba(x)[:, 1] - truth).max() < 0.06  # of 4000 samples


def test_outputs_that_are_all_zero_leave_equal_probabilities():
    model = make("sigmoid", "mse", dtype="float64").fit(X, THREE)
    model.weights_ = np.zeros_like(model.weights_)
    model.matrices_[-1][0] = 1e6
    np.testing.assert_array_equal(model.predict_proba(X), np.full((300, 3), 1 / 3))


def test_a_class_that_was_not_named_is_refused():
    model = make(trainer="gd").partial_fit(X, TWO, classes=["wet", "dry"])
    with pytest.raises(ValueError, match=r"y has the class 'frozen', which is not one of \['dry', 'wet'\]"):
        model.partial_fit(X[:2], ["wet", "frozen"])
    with pytest.raises(ValueError, match="the first call named"):
        model.partial_fit(X, TWO, classes=["wet", "dry", "frozen"])
    with pytest.raises(ValueError, match=r"first call of partial_fit needs all classes; pass classes="):
        make().partial_fit(X, TWO)


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="y has only 1 class, 'a'; a classifier needs at least two"):
        make().fit(X, ["a"] * 300)
    with pytest.raises(ValueError, match="classes has only 1 class, 'wet'"):
        make().partial_fit(X[:2], ["wet", "wet"], classes=["wet"])


def test_epochs_of_partial_fit_are_those_of_fit():
    settings = {"trainer": GradientDescent(0.1, 0.5, 16), "validation_fraction": 0, "max_epochs": 4, "random_state": 7}
    whole, parts = BPClassifier(5, **settings).fit(X, THREE), BPClassifier(5, **settings)
    for _ in range(4):
        parts.partial_fit(X, THREE, classes=WORDS)
    np.testing.assert_array_equal(parts.weights_, whole.weights_)
    assert parts.loss_curve_ == whole.loss_curve_


@pytest.mark.slow
def test_partial_fit_learns_from_batches_that_lack_classes():
    model = make(trainer=Adam(0.05))
    order = np.argsort(THREE, kind="stable")
    for _ in range(40):
        for rows in np.array_split(order, 5):
            model.partial_fit(X[rows], THREE[rows], classes=WORDS)
    assert model.score(X, THREE) > 0.75
    assert model.n_epochs_ == 200 and model.stop_reason_ == "partial_fit"


@pytest.mark.parametrize(
    ("trainer", "output", "head"),
    [(name, *kind) for name in TRAINERS for kind in KINDS if kind[1] == "mse" or not TRAINERS[name].residual],
)
@pytest.mark.parametrize("y", [TWO, THREE, TWO == "wet"], ids=["2", "3", "bool"])
def test_state_survives_json(y, output, head, trainer):
    model = make(output, head, trainer=trainer, max_epochs=2).fit(X, y)
    state = model.get_state()
    state["settings"] = json.loads(json.dumps(state["settings"]))
    rebuilt = BPClassifier.from_state(state)
    np.testing.assert_array_equal(rebuilt.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(rebuilt.predict(X), model.predict(X))
    assert rebuilt.classes_.dtype == model.classes_.dtype
    assert rebuilt.trainer == TRAINERS[trainer]()


def test_weights_of_samples_count():
    settings = {"trainer": "rprop", "validation_fraction": 0, "max_epochs": 10, "dtype": "float64"}
    count = np.arange(300) % 3
    weighted = make(**settings).fit(X, THREE, sample_weight=count)
    repeated = make(**settings).fit(np.repeat(X, count, axis=0), np.repeat(THREE, count))
    np.testing.assert_allclose(weighted.weights_, repeated.weights_, rtol=1e-10, atol=1e-10)


def test_it_works_in_pipelines_grids_and_with_data_frames():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b"])
    model = make().fit(frame, pandas.Series(TWO))
    assert list(model.feature_names_in_) == ["a", "b"]
    np.testing.assert_array_equal(model.predict(frame), model.fit(X, TWO).predict(X))
    pipeline = make_pipeline(StandardScaler(), make(max_epochs=3)).fit(frame, TWO)
    assert pipeline.score(frame, TWO) > 0.9
    grid = GridSearchCV(make(max_epochs=3), {"hidden": [1, 8]}, cv=2).fit(X, TWO)
    assert grid.best_params_ == {"hidden": 8}
    assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize("settings", [{"output": "linear", "head": "mse"}, {"output": "linear", "head": "gaussian"}])
def test_outputs_that_are_no_probabilities_are_refused(settings):
    with pytest.raises(ValueError, match=r"a classifier has output 'linear' and head .*; it must be"):
        BPClassifier(**settings).fit([[0.0], [1.0]], [0, 1])


def test_warm_start_refuses_other_classes():
    model = BPClassifier(3, max_epochs=1, warm_start=True).fit([[0.0], [1.0]], ["a", "b"])
    with pytest.raises(ValueError, match=r"y has the classes \['a', 'c'\] but the fitted network .* has \['a', 'b'\]"):
        model.fit([[0.0], [1.0]], ["a", "c"])
    assert model.predict([[0.0]]).shape == (1,)
