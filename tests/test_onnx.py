"""ONNX files answer as predict does, in the user's own units, without Python's help."""

import functools
import json
import sys

import numpy as np
import pytest
from scipy.special import exp10
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

import bpinvert as bp
from bpinvert.exchange import heads
from bpinvert.exchange.graph import Graph, Output
from bpinvert.network import BPClassifier, BPEnsemble, BPRegressor
from bpinvert.network.heads import CrossEntropy, Gaussian, Mixture
from forward_models import Schlumberger

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed")

RNG = np.random.default_rng(0)
# Apparent resistivities, Ω·m.
X = np.exp(RNG.uniform(0, 9, size=(300, 4)))
Z = (np.log(X) - 4.5) / 2.6
Y = np.stack([np.sin(Z[:, 0]) * Z[:, 1], np.cos(Z[:, 2]), Z[:, 3]], axis=1)
METRES = np.exp(2 + 0.5 * Y)
SHARES = np.abs(Y) / np.abs(Y).sum(axis=1, keepdims=True)
SETTINGS = {"hidden": 6, "max_epochs": 5, "random_state": 0, "dtype": "float64"}
# Which third of the samples each belongs to.
PLACE = np.argsort(np.argsort(Z[:, 0] + Z[:, 1])) * 3 // len(Z)
WORDS = np.array(["clay", "gravel", "sand, Ω·m"])


def network(**settings):
    return BPRegressor(**SETTINGS | settings)


def classifier(**settings):
    return BPClassifier(**SETTINGS | settings)


def ensemble(**settings):
    return BPEnsemble(network(**settings), 3, random_state=0)


def answers(path, inputs):
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"X": inputs}), strict=True))


def answer(path, inputs):
    found = answers(path, inputs)
    assert list(found) == ["y"]
    return found["y"]


def exported(model, tmp_path, **settings):
    bp.export_onnx(model, tmp_path / "network.onnx", **settings)
    return tmp_path / "network.onnx"


def assert_same(model, tmp_path, inputs=X, rtol=1e-10):
    """The file answers as `predict`, relative to the largest answer of each column."""
    expected, found = model.predict(inputs), answer(exported(model, tmp_path), inputs)
    assert found.shape == expected.shape and found.dtype == np.float64
    scale = np.abs(expected).max(axis=0)
    np.testing.assert_allclose(found / scale, expected / scale, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("hidden", [6, (5, 4)])
@pytest.mark.parametrize("output", ["linear", "sigmoid"])
@pytest.mark.parametrize("activation", ["tanh", "bipolar", "unipolar"])
def test_every_kind_of_neuron_answers_as_predict_does(activation, output, hidden, tmp_path):
    model = network(activation=activation, output=output, hidden=hidden)
    assert_same(model.fit(Z, (Y - Y.min(axis=0)) / np.ptp(Y, axis=0)), tmp_path, Z)


@pytest.mark.parametrize(
    ("activation", "function"),
    [
        ("tanh", lambda net: np.tanh(1.7 * net)),
        ("bipolar", lambda net: 2 / (1 + np.exp(-1.7 * net)) - 1),
        ("unipolar", lambda net: 1 / (1 + np.exp(-1.7 * net))),
    ],
)
def test_a_steepness_multiplies_the_net_inputs_of_hidden_neurons_and_of_a_sigmoid_output(
    activation, function, tmp_path
):
    for output, last in (("linear", lambda net: net), ("sigmoid", lambda net: 1 / (1 + np.exp(-1.7 * net)))):
        model = network(activation=activation, output=output, steepness=1.7).fit(Z, np.abs(Y[:, :2] / 6))
        expected = last(function(Z @ model.V_[1:] - model.V_[0]) @ model.W_[1:] - model.W_[0])
        np.testing.assert_allclose(answer(exported(model, tmp_path), Z), expected, rtol=1e-10, atol=1e-12)
        assert_same(model, tmp_path, Z)


@pytest.mark.parametrize("y", [Y[:, 0], Y], ids=["flat", "three columns"])
@pytest.mark.parametrize("head", ["mse", "gaussian", "mixture", Mixture(components=6)], ids=str)
def test_every_head_answers_with_its_mean(head, y, tmp_path):
    assert_same(network(head=head).fit(Z, y), tmp_path, Z)


@pytest.mark.parametrize("named", [True, False], ids=["named", "object"])
@pytest.mark.parametrize(
    ("output", "y"), [("sigmoid", SHARES[:, 0]), ("sigmoid", SHARES), ("softmax", SHARES)], ids=["flat", "3", "shares"]
)
def test_a_cross_entropy_head_applies_its_link_once_and_without_steepness(output, y, named, tmp_path):
    head = "cross_entropy" if named else CrossEntropy(output)
    model = network(head=head, output=output, steepness=1.7).fit(Z, y)
    assert_same(model, tmp_path, Z)
    net = np.tanh(1.7 * (Z @ model.V_[1:] - model.V_[0])) @ model.W_[1:] - model.W_[0]
    expected = 1 / (1 + np.exp(-net)) if output == "sigmoid" else np.exp(net) / np.exp(net).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(answer(tmp_path / "network.onnx", Z).ravel(), expected.ravel(), rtol=1e-10)


def assert_same_choice(model, tmp_path, inputs=Z, rtol=1e-10):
    """The file names the classes that `predict` names, with the probabilities of `predict_proba`."""
    found = answers(exported(model, tmp_path), inputs)
    assert list(found) == ["label", "probability"]
    expected = model.predict_proba(inputs)
    assert found["probability"].shape == expected.shape and found["probability"].dtype == np.float64
    np.testing.assert_allclose(found["probability"], expected, rtol=rtol, atol=rtol)
    assert found["label"].shape == (len(inputs),)
    # == and not assert_array_equal: words are objects here.
    assert found["label"].tolist() == model.predict(inputs).tolist()


@pytest.mark.parametrize("wrap", [lambda m: m, lambda m: make_pipeline(StandardScaler(), m)], ids=["alone", "pipeline"])
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "settings",
    [{}, {"output": "sigmoid"}, {"output": "sigmoid", "head": "mse"}],
    ids=str,
)
def test_a_classifier_names_the_class_that_predict_names(settings, n_classes, wrap, tmp_path):
    model = wrap(classifier(steepness=1.7, **settings)).fit(Z, WORDS[np.minimum(PLACE, n_classes - 1)])
    assert len(set(model.predict(Z))) == n_classes
    assert_same_choice(model, tmp_path)


@pytest.mark.parametrize(
    ("classes", "kind"),
    [
        (np.array([-3, 5, 2**62]), np.int64),
        (np.array([1, 2, 3], np.uint8), np.int64),
        (np.array([0.0, 1.0, 5.0]), np.int64),
        (np.array([False, True, True]), np.int64),
        (WORDS, np.object_),
        (WORDS.astype(object), np.object_),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")),
)
def test_labels_are_words_or_whole_numbers_as_the_classes_are(classes, kind, tmp_path):
    model = classifier().fit(Z, classes[PLACE])
    assert_same_choice(model, tmp_path)
    assert answers(tmp_path / "network.onnx", Z)["label"].dtype == kind


def test_classes_beyond_64_bits_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"the classes \[1, 2, 9223372036854775813\] cannot be exported; a label is"):
        bp.export_onnx(classifier().fit(Z, np.array([1, 2, 2**63 + 5], np.uint64)[PLACE]), tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


def test_a_classifier_in_single_precision_answers_within_its_own_rounding(tmp_path):
    model = classifier(dtype="float32").fit(Z, PLACE)
    assert_same_choice(model, tmp_path, rtol=1e-6)  # float32
    found = answers(exported(model, tmp_path, dtype="float32"), Z.astype(np.float32))
    assert found["probability"].dtype == np.float32
    np.testing.assert_allclose(found["probability"], model.predict_proba(Z), atol=1e-5)  # float32


@pytest.mark.parametrize("settings", [{"output": "sigmoid"}, {"output": "sigmoid", "head": "mse"}], ids=str)
def test_classes_that_no_neuron_speaks_for_are_equally_probable(settings, tmp_path):
    model = classifier(**settings).fit(Z, PLACE)
    model.W_[0] = 1e4  # a threshold at which every sigmoid is 0
    assert (model.predict_proba(Z) == 1 / 3).all()
    assert_same_choice(model, tmp_path)


@pytest.mark.parametrize("settings", [{}, {"output": "sigmoid"}], ids=str)
def test_the_probability_of_what_is_not_a_number_is_none(settings, tmp_path):
    path = exported(classifier(**settings).fit(Z, PLACE), tmp_path)
    found = answers(path, np.array([[np.nan, 0, 0, 0], [0, 0, 0, 0]]))["probability"]
    assert np.isnan(found[0]).all() and np.isfinite(found[1]).all()


def test_a_classifier_takes_any_number_of_rows_and_describes_itself(tmp_path):
    path = exported(make_pipeline(StandardScaler(), classifier()).fit(Z, WORDS[PLACE]), tmp_path)
    for n in (0, 1, 7):
        found = answers(path, Z[:n])
        assert found["label"].shape == (n,) and found["probability"].shape == (n, 3)
    stored = onnx.load(path)
    assert {node.domain for node in stored.graph.node} == {""}
    assert "label = predict(X)" in stored.graph.doc_string
    assert [output.name for output in stored.graph.output] == ["label", "probability"]
    assert all("clay, gravel, sand, Ω·m" in output.doc_string for output in stored.graph.output)


def test_a_classifier_has_no_target_to_be_scaled(tmp_path):
    model = TransformedTargetRegressor(make_pipeline(StandardScaler(), classifier())).fit(Z, PLACE)
    with pytest.raises(
        TypeError, match="a TransformedTargetRegressor around a BPClassifier cannot be exported; classes"
    ):
        bp.export_onnx(model, tmp_path / "a.onnx")


@pytest.mark.parametrize("y", [Y[:, 0], Y[:, :1], Y], ids=["flat", "one column", "three columns"])
@pytest.mark.parametrize("head", ["mse", "gaussian", Mixture(components=6)], ids=str)
def test_an_ensemble_answers_with_the_mean_of_its_networks(head, y, tmp_path):
    model = ensemble(head=head).fit(Z, y)
    assert_same(model, tmp_path, Z)
    found = answer(tmp_path / "network.onnx", Z)
    assert np.abs(found - model.networks_[0].predict(Z)).max() > 1e-3
    settings = {entry.key: entry.value for entry in onnx.load(tmp_path / "network.onnx").metadata_props}["settings"]
    assert len(json.loads(settings)) == 3


def test_an_ensemble_is_scaled_like_a_network(tmp_path):
    inner = make_pipeline(FunctionTransformer(np.log10), StandardScaler(), ensemble())
    model = TransformedTargetRegressor(inner, func=np.log, inverse_func=np.exp).fit(X, METRES)
    assert_same(model, tmp_path)


@pytest.mark.parametrize(
    "head", [Gaussian(), Mixture(1), Mixture(2), Mixture(5), CrossEntropy("softmax"), CrossEntropy("sigmoid")], ids=repr
)
@pytest.mark.parametrize("n_targets", [1, 3])
def test_the_settings_of_a_head_count(head, n_targets):
    n_outputs = head.n_outputs(n_targets)
    outputs = 3 * np.random.default_rng(1).standard_normal((50, n_outputs))
    graph = Graph("float64")
    words = dict.fromkeys(("X", "y", "model", "version"), "")
    output = Output(heads.mean(graph, head, n_targets, "X"), ["n", n_targets])
    file = graph.model(onnx, n_outputs, {"y": output}, words).SerializeToString()
    np.testing.assert_allclose(answer(file, outputs), head.mean(outputs), rtol=1e-12, atol=1e-14)
    assert answer(file, outputs[:0]).shape == head.mean(outputs[:0]).shape == (0, n_targets)


def test_a_head_that_is_not_known_is_named_with_those_that_are():
    class Own(Gaussian):
        name = "own"

    with pytest.raises(
        ValueError, match="the head 'own' cannot be exported; allowed are mse, gaussian, mixture, cross"
    ):
        heads.mean(Graph("float64"), Own(), 1, "X")


def test_a_network_in_single_precision_answers_within_its_own_rounding(tmp_path):
    # predict itself rounds to 6e-8 in every step.
    assert_same(network(dtype="float32").fit(Z, Y), tmp_path, Z, rtol=1e-6)


@pytest.mark.parametrize("y", [Y[:, 0], Y[:, :1], Y], ids=["flat", "one column", "three columns"])
@pytest.mark.parametrize("target", [None, StandardScaler(), MinMaxScaler()])
def test_answers_have_the_shape_that_predict_gives(y, target, tmp_path):
    model = network() if target is None else TransformedTargetRegressor(network(), transformer=target)
    assert_same(model.fit(Z, y), tmp_path, Z)


@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(),
        StandardScaler(with_mean=False),
        StandardScaler(with_std=False),
        MinMaxScaler(),
        MinMaxScaler((-1, 2), clip=True),
        MaxAbsScaler(),
        FunctionTransformer(np.log10),
        FunctionTransformer(np.log),
        FunctionTransformer(np.log2),
        FunctionTransformer(np.log1p),
        FunctionTransformer(np.sqrt),
        FunctionTransformer(np.square),
        FunctionTransformer(),
        "passthrough",
    ],
    ids=str,
)
def test_inputs_are_scaled_inside_the_file(scaler, tmp_path):
    steps = [("first", scaler), ("second", StandardScaler()), ("network", network())]
    # Inputs beyond those of the training, which a clipping scaler clips.
    assert_same(Pipeline(steps).fit(X[:200], Y[:200]), tmp_path, X * 1.5)


@pytest.mark.parametrize(
    "scaler",
    [FunctionTransformer(function) for function in (np.exp, exp10, np.exp2, np.expm1)],
    ids=lambda scaler: scaler.func.__name__,
)
def test_logarithms_are_undone_inside_the_file(scaler, tmp_path):
    assert_same(make_pipeline(scaler, MaxAbsScaler(), network()).fit(Z, Y), tmp_path, Z)


@pytest.mark.parametrize(
    "transformer",
    [
        StandardScaler(),
        MinMaxScaler(),
        MaxAbsScaler(),
        FunctionTransformer(np.log, np.exp),
        make_pipeline(FunctionTransformer(np.log10, exp10), StandardScaler()),
    ],
    ids=["standard", "minmax", "maxabs", "log", "log and standard"],
)
def test_answers_come_back_in_the_users_units(transformer, tmp_path):
    inner = make_pipeline(FunctionTransformer(np.log10), StandardScaler(), network())
    model = TransformedTargetRegressor(inner, transformer=transformer).fit(X, METRES)
    assert_same(model, tmp_path)


def test_functions_given_for_the_target_are_undone_too(tmp_path):
    model = TransformedTargetRegressor(network(), func=np.log, inverse_func=np.exp).fit(Z, METRES)
    assert_same(make_pipeline(FunctionTransformer(), model).fit(Z, METRES), tmp_path, Z)


def test_the_file_takes_any_number_of_rows(tmp_path):
    model = network().fit(Z, Y)
    path = exported(model, tmp_path)
    for n in (0, 1, 7):
        assert answer(path, Z[:n]).shape == (n, 3)


def test_single_precision_throughout_is_there_on_request(tmp_path):
    model = TransformedTargetRegressor(make_pipeline(StandardScaler(), network()), transformer=StandardScaler())
    model.fit(Z, Y)
    found = answer(exported(model, tmp_path, dtype="float32"), Z.astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, model.predict(Z), atol=1e-5)  # float32
    stored = onnx.load(tmp_path / "network.onnx").graph.initializer
    assert {constant.data_type for constant in stored} == {onnx.TensorProto.FLOAT}


def test_the_file_is_standard_describes_itself_and_is_always_the_same(tmp_path):
    model = make_pipeline(StandardScaler(), network(activation="bipolar")).fit(X, Y[:, 0])
    path = exported(model, tmp_path)
    before = path.read_bytes()
    stored = onnx.load(path)
    onnx.checker.check_model(stored, full_check=True)
    assert [(entry.domain, entry.version) for entry in stored.opset_import] == [("", 17)] and stored.ir_version == 8
    assert {node.domain for node in stored.graph.node} == {""}
    assert stored.producer_name == "bpinvert" and stored.producer_version == bp.__version__
    assert "4 columns" in stored.graph.input[0].doc_string
    assert '"activation": "bipolar"' in {entry.key: entry.value for entry in stored.metadata_props}["settings"]
    assert exported(model, tmp_path).read_bytes() == before
    assert [other.name for other in tmp_path.iterdir()] == ["network.onnx"]


def test_names_of_columns_are_in_the_description(tmp_path):
    pandas = pytest.importorskip("pandas")
    model = make_pipeline(StandardScaler(), network()).fit(pandas.DataFrame(X, columns=list("abcd")), Y)
    assert "columns a, b, c, d," in onnx.load(exported(model, tmp_path)).graph.input[0].doc_string


def test_what_predict_refuses_is_not_a_number(tmp_path):
    model = make_pipeline(FunctionTransformer(np.log10), network()).fit(X, Y)
    found = answer(exported(model, tmp_path), np.array([[-1.0, 1, 1, 1], [1, 1, np.nan, 1], [1, 1, 1, 1]]))
    assert np.isnan(found[:2]).all() and np.isfinite(found[2]).all()


@pytest.mark.parametrize(
    ("scaler", "message"),
    [
        (RobustScaler(), "RobustScaler cannot be exported; scale with StandardScaler, MinMaxScaler, MaxAbs"),
        (FunctionTransformer(lambda x: x), r"func=<lambda> cannot be exported; allowed are np\.log, np\.log10"),
        (FunctionTransformer(np.log, kw_args={"dtype": float}), "func=log with keywords cannot be exported"),
    ],
    ids=["RobustScaler", "lambda", "keywords"],
)
def test_scalers_that_cannot_be_exported_are_named_with_those_that_can(scaler, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        bp.export_onnx(make_pipeline(scaler, network()).fit(X, Y), tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


def test_what_is_no_network_is_named_with_what_is_taken(tmp_path):
    for model in (LinearRegression(), make_pipeline(StandardScaler(), LinearRegression()).fit(X, Y), None):
        with pytest.raises(TypeError, match=r"(LinearRegression|NoneType) cannot be exported; export_onnx takes a"):
            bp.export_onnx(model, tmp_path / "a.onnx")


def test_an_inverter_is_sent_to_its_own_save(tmp_path):
    prior = bp.LayeredPrior(n_layers=2, thickness=(1, 50), resistivity=(10, 1000))
    inverter = bp.Inverter(Schlumberger(ab2=[1, 10, 100]), prior)
    with pytest.raises(TypeError, match=r"Inverter cannot be exported; .* write it with its own save\(path\)"):
        bp.export_onnx(inverter, tmp_path / "a.onnx")


@pytest.mark.parametrize("wrap", [lambda m: m, make_pipeline, TransformedTargetRegressor], ids=["bare", "pipe", "ttr"])
def test_a_network_that_is_not_fitted_is_refused(wrap, tmp_path):
    with pytest.raises(ValueError, match=r"is not fitted; call fit\(\) before export_onnx\(\)"):
        bp.export_onnx(wrap(network()), tmp_path / "a.onnx")


def test_bad_places_and_settings_are_named(tmp_path):
    export = functools.partial(bp.export_onnx, network().fit(Z, Y))
    with pytest.raises(ValueError, match=r"has the suffix '\.pb'; an ONNX file ends in \.onnx"):
        export(tmp_path / "a.pb")
    with pytest.raises(ValueError, match="dtype is 'half'; it must be one of 'float64', 'float32'"):
        export(tmp_path / "a.onnx", dtype="half")
    with pytest.raises(ValueError, match=r"the folder .* does not exist\. Create it first"):
        export(tmp_path / "no" / "a.onnx")
    (tmp_path / "b.onnx").mkdir()
    with pytest.raises(ValueError, match="is a folder"):
        export(tmp_path / "b.onnx")


def test_without_onnx_the_error_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"Run: pip install 'bpinvert\[onnx\]'"):
        bp.export_onnx(network().fit(Z, Y), tmp_path / "a.onnx")
