"""A fitted network, with the scalers around it, as an ONNX file."""

from __future__ import annotations

import json
from typing import NamedTuple

from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

import bpinvert
from bpinvert import storage
from bpinvert.exchange import doors, heads, scalers
from bpinvert.exchange.graph import Graph
from bpinvert.network import BPRegressor
from bpinvert.network.heads import HEADS

_DTYPES = ("float64", "float32")
# (operator, factor on the net input): f(net) = operator(factor · steepness · net).
_ACTIVATIONS = {"tanh": ("Tanh", 1.0), "bipolar": ("Tanh", 0.5), "unipolar": ("Sigmoid", 1.0)}
_OUTPUTS = {"linear": None, "sigmoid": ("Sigmoid", 1.0)}


class Answer(NamedTuple):
    """What a part of the graph computes: the name of an (n, n_columns) array, and whether `predict` drops that axis."""

    name: str
    n_columns: int
    flat: bool


def export_onnx(model, path, *, dtype="float64") -> None:
    """Write a fitted network as ONNX, scalers included: physical units in and out, no Python needed to run it.

    The file has one input "X" (n, n_inputs) and one output "y", shaped as from `predict`, and holds standard operators
    of opset 17 only. What `predict` refuses (NaN, a logarithm of something negative) gives NaN there.

    Parameters
    ----------
    model : fitted BPRegressor, alone or as the last step of a Pipeline or the regressor of a TransformedTargetRegressor
        Scaled by StandardScaler, MinMaxScaler, MaxAbsScaler, or a FunctionTransformer of np.log10, np.log, np.exp, …
    path : path, ending in ".onnx"
    dtype : {"float64", "float32"}
        Of X, y and all arithmetic. In float64, y agrees with `predict` within the rounding of the network's own dtype.

    Raises
    ------
    ImportError
        If the package onnx is not installed.
    TypeError
        If `model` is something else.
    ValueError
        If it is not fitted, a scaler cannot be exported, or the path has another suffix or cannot be written.

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
    answer = _nodes(graph, model, "X")
    name = graph.add("Squeeze", answer.name, graph.constant("axis", [1], "int64")) if answer.flat else answer.name
    shapes = {
        "X": ["n", int(_network_in(model).n_features_in_)],
        "y": ["n"] if answer.flat else ["n", answer.n_columns],
    }
    content = graph.model(onnx, name, shapes, _words(model)).SerializeToString()
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
    inner = _nodes(graph, model.regressor_, value)
    name = graph.apply(inner.name, scalers.backward(model.transformer_))
    # As its `predict` decides; whether the network inside was trained on a column depends on scikit-learn's version.
    return Answer(name, inner.n_columns, inner.n_columns == 1 and model._training_dim == 1)


def _regressor(graph, model, value):
    steepness = float(getattr(model, "steepness", 1.0))
    *hidden, last = model.matrices_
    for matrix in hidden:
        value = _layer(graph, matrix, _ACTIVATIONS[model.activation], steepness, value)
    value = _layer(graph, last, _OUTPUTS[model.output], steepness, value)
    head = HEADS[model.head]() if isinstance(model.head, str) else model.head
    fitted = model.get_state()["settings"]
    n_targets = fitted["n_outputs"]
    return Answer(heads.mean(graph, head, n_targets, value), n_targets, fitted["y_ndim"] == 1)


def _layer(graph, matrix, activation, steepness, value):
    """Neurons with thresholds in row 0, which count as the weights of −1."""
    weights, bias = graph.constant("weights", matrix[1:]), graph.constant("bias", -matrix[0])
    value = graph.add("Gemm", value, weights, bias)
    if activation is None:
        return value
    operator, factor = activation
    factor *= steepness
    return graph.apply(value, [("Mul", factor), (operator,)] if factor != 1 else [(operator,)])


def _words(model):
    names = getattr(model, "feature_names_in_", None)
    network = _network_in(model)
    columns = f"columns {', '.join(names)}" if names is not None else f"{network.n_features_in_} columns"
    return {
        "model": f"{type(network).__name__} of bpinvert with its scalers: y = predict(X)",
        "X": f"one row for each sample, {columns}, in the units that the model was trained with",
        "y": "what predict gives, in the units that the model was trained with",
        "version": bpinvert.__version__,
        "settings": json.dumps(network.get_state()["settings"], sort_keys=True),
    }


def _network_in(model):
    while type(model) in (Pipeline, TransformedTargetRegressor):
        model = model.steps[-1][1] if type(model) is Pipeline else model.regressor_
    return model


_NODES = {Pipeline: _pipeline, TransformedTargetRegressor: _transformed_target, BPRegressor: _regressor}
