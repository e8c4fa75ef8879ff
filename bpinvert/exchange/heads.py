"""How the outputs of a network become its answer: the `mean` of each head as nodes of an ONNX graph."""

from __future__ import annotations

from bpinvert.network.heads.normals import n_parameters


def mean(graph, head, n_targets: int, outputs: str) -> str:
    """The name of the answer, (n, n_targets), to outputs (n, n_outputs).

    Parameters
    ----------
    graph : Graph
    head : bpinvert.network.heads.Head
    n_targets : int
    outputs : str

    Raises
    ------
    ValueError
        If the head is none of those known here.

    Examples
    --------
    >>> from bpinvert.exchange.graph import Graph
    >>> from bpinvert.network.heads import CrossEntropy
    >>> mean(Graph("float64"), CrossEntropy("sigmoid"), 2, "o")
    'sigmoid_1'
    """
    if head.name not in _MEANS:
        raise ValueError(f"a network with the head {head.name!r} cannot be exported; allowed are {', '.join(_MEANS)}.")
    return _MEANS[head.name](graph, head, n_targets, outputs)


def _squared(graph, head, n_targets, outputs):
    return outputs


def _gaussian(graph, head, n_targets, outputs):
    return _part(graph, outputs, 0, n_targets, axis=1)


def _mixture(graph, head, n_targets, outputs):
    n, size = head.components, n_parameters(n_targets)
    share = graph.add("Softmax", _part(graph, outputs, 0, n, axis=1))
    share = graph.add("Unsqueeze", share, graph.constant("axis", [2], "int64"))
    blocks = _part(graph, outputs, n, n * (1 + size), axis=1)
    # A size of 0 keeps that of the input: any number of rows, none included.
    blocks = graph.add("Reshape", blocks, graph.constant("shape", [0, n, size], "int64"))
    weighted = graph.add("Mul", _part(graph, blocks, 0, n_targets, axis=2), share)
    return graph.add("ReduceSum", weighted, graph.constant("axis", [1], "int64"), keepdims=0)


def _cross_entropy(graph, head, n_targets, outputs):
    return graph.add({"softmax": "Softmax", "sigmoid": "Sigmoid"}[head.link], outputs)


def _part(graph, value, start, end, axis):
    limits = (
        graph.constant(name, [entry], "int64") for name, entry in (("start", start), ("end", end), ("axis", axis))
    )
    return graph.add("Slice", value, *limits)


_MEANS = {"mse": _squared, "gaussian": _gaussian, "mixture": _mixture, "cross_entropy": _cross_entropy}
