"""A fitted network, with the scalers around it, as an ONNX file."""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

import bpinvert
from bpinvert import storage
from bpinvert.exchange import doors, heads, scalers
from bpinvert.exchange.graph import Graph, Output
from bpinvert.network import BPClassifier, BPEnsemble, BPRegressor
from bpinvert.network import settings as door

_DTYPES = ("float64", "float32")
# (operator, factor on the net input): f(net) = operator(factor · steepness · net).
_ACTIVATIONS = {"tanh": ("Tanh", 1.0), "bipolar": ("Tanh", 0.5), "unipolar": ("Sigmoid", 1.0)}
_OUTPUTS = {"linear": None, "sigmoid": ("Sigmoid", 1.0)}


class Answer(NamedTuple):
    """What a part of the graph computes: the name of an (n, n_columns) array, and whether `predict` drops that axis.

    Of a classifier, the probability of each class.
    """

    name: str
    n_columns: int
    flat: bool


def export_onnx(model, path, *, dtype="float64") -> None:
    """Write a fitted network as ONNX, scalers included: physical units in and out, no Python needed to run it.

    The file has one input "X" (n, n_inputs) and one output "y", shaped as from `predict`. That of a classifier has two
    outputs: "label" (n,), words or int64, and "probability" (n, n_classes) in the order of `classes_`. Operators are
    standard ones of opset 17. What `predict` refuses (NaN, a logarithm of something negative) gives NaN in "y" and
    "probability"; the label then means nothing.

    Parameters
    ----------
    model : fitted BPRegressor, BPEnsemble or BPClassifier
        Alone or as the last step of a Pipeline, the first two also as the regressor of a TransformedTargetRegressor.
        Scaled by StandardScaler, MinMaxScaler, MaxAbsScaler, or a FunctionTransformer of np.log10, np.log, np.exp, …
    path : path, ending in ".onnx"
    dtype : {"float64", "float32"}
        Of X, y, probability and all arithmetic. In float64, the file agrees with `predict` within the rounding of the
        network's own dtype.

    Raises
    ------
    ImportError
        If the package onnx is not installed.
    TypeError
        If `model` is something else.
    ValueError
        If it is not fitted, a scaler or a class cannot be exported, or the path has another suffix or cannot be
        written.

    Examples
    --------
    >>> import tempfile, pathlib, numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> X = np.linspace(10, 1000, 50)[:, None]
    >>> model = make_pipeline(StandardScaler(), BPRegressor(hidden=4, max_epochs=2)).fit(X, X[:, 0] / 1000)
    >>> export_onnx(model, pathlib.Path(tempfile.mkdtemp(), "network.onnx"))
    """
    path = doors.with_suffix(path, (".onnx",), "an ONNX file")
    if dtype not in _DTYPES:
        raise ValueError(f"dtype is {dtype!r}; it must be one of {', '.join(map(repr, _DTYPES))}. Choose one of these.")
    _require_known(model)
    doors.require_fitted(model, "export_onnx")
    onnx = _onnx()
    graph = Graph(dtype)
    outputs = _outputs(graph, _network_in(model), _nodes(graph, model, "X"))
    n_inputs = int(_network_in(model).n_features_in_)
    content = graph.model(onnx, n_inputs, outputs, _words(model)).SerializeToString()
    with doors.saying_why(path), storage.replacing(path) as temporary:
        temporary.write_bytes(content)


def _onnx():
    try:
        import onnx
    except ImportError:
        raise ImportError(
            "export_onnx needs the package onnx, which is not installed. Run: pip install 'bpinvert[onnx]'"
        ) from None
    return onnx


def _require_known(model):
    if type(model) in _NODES:
        return
    todo = "Pass one of these."
    if type(model).__name__ == "Inverter":
        todo = "An inverter also weighs readings by their errors: write it with its own save(path)."
    networks = ", ".join(kind.__name__ for kind in _NODES if kind not in (Pipeline, TransformedTargetRegressor))
    raise TypeError(
        f"{type(model).__name__} cannot be exported; export_onnx takes a fitted {networks}, alone, at the end of a "
        f"Pipeline after {scalers.SUPPORTED}, or in a TransformedTargetRegressor with one of those. {todo}"
    )


def _nodes(graph, model, value) -> Answer:
    _require_known(model)
    return _NODES[type(model)](graph, model, value)


def _pipeline(graph, pipeline, value):
    *before, last = (step for _, step in pipeline.steps)
    for scaler in before:
        value = graph.apply(value, scalers.forward(scaler))
    return _nodes(graph, last, value)


def _transformed_target(graph, model, value):
    if type(_network_in(model)) is BPClassifier:
        raise TypeError(
            "a TransformedTargetRegressor around a BPClassifier cannot be exported; classes have no scale. "
            "Pass the classifier, or the Pipeline that it ends."
        )
    inner = _nodes(graph, model.regressor_, value)
    name = graph.apply(inner.name, scalers.backward(model.transformer_))
    # As its `predict` decides; whether the network inside was trained on a column depends on scikit-learn's version.
    return Answer(name, inner.n_columns, inner.n_columns == 1 and model._training_dim == 1)


def _regressor(graph, network, value):
    fitted = network.get_state()["settings"]
    return Answer(_mean(graph, network, value), fitted["n_outputs"], fitted["y_ndim"] == 1)


def _ensemble(graph, ensemble, value):
    answers = [_nodes(graph, network, value) for network in ensemble.networks_]
    total = graph.add("Sum", *(answer.name for answer in answers))
    return answers[0]._replace(name=graph.apply(total, [("Div", len(answers))]))


def _classifier(graph, network, value):
    value, n_classes = _mean(graph, network, value), len(network.classes_)
    if network.n_outputs_ == 1:
        value = graph.add("Concat", graph.add("Sub", graph.constant("one", 1), value), value, axis=1)
    elif network.output != "softmax":
        total = graph.add("ReduceSum", value, graph.constant("axis", [1], "int64"), keepdims=1)
        # Not `total > 0`: NaN shall remain NaN.
        none = graph.add("LessOrEqual", total, graph.constant("zero", 0))
        value = graph.add("Where", none, graph.constant("even", 1 / n_classes), graph.add("Div", value, total))
    return Answer(value, n_classes, False)


def _mean(graph, network, value):
    """What the head makes of the outputs, (n, n_outputs_)."""
    *hidden, last = network.matrices_
    for matrix in hidden:
        value = _layer(graph, matrix, _ACTIVATIONS[network.activation], network.steepness, value)
    value = _layer(graph, last, _OUTPUTS[door.network_output(network)], network.steepness, value)
    return heads.mean(graph, door.head_of(network), int(network.n_outputs_), value)


def _layer(graph, matrix, activation, steepness, value):
    """Neurons with thresholds in row 0, which count as the weights of −1."""
    weights, bias = graph.constant("weights", matrix[1:]), graph.constant("bias", -matrix[0])
    value = graph.add("Gemm", value, weights, bias)
    if activation is None:
        return value
    operator, factor = activation
    factor *= float(steepness)
    return graph.apply(value, [("Mul", factor), (operator,)] if factor != 1 else [(operator,)])


def _outputs(graph, network, answer):
    """The ends of the graph by name."""
    if type(network) is BPClassifier:
        labels = _labels(network.classes_)
        place = graph.add("ArgMax", answer.name, axis=1, keepdims=0)
        label = graph.add("Gather", graph.constant("classes", labels, labels.dtype), place)
        return {
            "label": Output(label, ["n"], labels.dtype),
            "probability": Output(answer.name, ["n", answer.n_columns]),
        }
    if not answer.flat:
        return {"y": Output(answer.name, ["n", answer.n_columns])}
    return {"y": Output(graph.add("Squeeze", answer.name, graph.constant("axis", [1], "int64")), ["n"])}


def _labels(classes):
    """Classes as ONNX has them: words as they are, true and false and other numbers as whole numbers."""
    if all(isinstance(entry, str) for entry in classes.tolist()):
        return classes.astype(object)
    if classes.dtype.kind in "biuf":
        with np.errstate(invalid="ignore"):
            labels = classes.astype(np.int64)
        if labels.tolist() == classes.tolist():
            return labels
    raise ValueError(
        f"the classes {classes.tolist()} cannot be exported; a label is a word or a whole number of 64 bits. "
        "Train on such classes."
    )


def _words(model):
    names = getattr(model, "feature_names_in_", None)
    network = _network_in(model)
    columns = f"columns {', '.join(names)}" if names is not None else f"{network.n_features_in_} columns"
    what = f"{type(network).__name__} of bpinvert with its scalers"
    if type(network) is BPClassifier:
        classes = ", ".join(map(str, network.classes_))
        answers = {
            "model": f"{what}: label = predict(X), probability = predict_proba(X)",
            "label": f"the most probable class, one of {classes}",
            "probability": f"one column for each class, in the order {classes}",
        }
    else:
        answers = {
            "model": f"{what}: y = predict(X)",
            "y": "what predict gives, in the units that the model was trained with",
        }
    return answers | {
        "X": f"one row for each sample, {columns}, in the units that the model was trained with",
        "version": bpinvert.__version__,
        "settings": json.dumps(_settings(network.get_state()), sort_keys=True),
    }


def _settings(state):
    return [_settings(member) for member in state] if isinstance(state, list) else state["settings"]


def _network_in(model):
    while type(model) in (Pipeline, TransformedTargetRegressor):
        model = model.steps[-1][1] if type(model) is Pipeline else model.regressor_
    return model


_NODES = {
    Pipeline: _pipeline,
    TransformedTargetRegressor: _transformed_target,
    BPRegressor: _regressor,
    BPClassifier: _classifier,
    BPEnsemble: _ensemble,
}
