"""An ONNX graph, collected node by node; the package onnx is needed only to write it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# Those of ONNX 1.12 (2022): newer runtimes read older files, not the other way round.
OPSET, IR_VERSION = 17, 8


class Output(NamedTuple):
    """What a file answers with: an array of the graph by name, its shape, and its dtype (None: as all arithmetic)."""

    value: str
    shape: list
    dtype: np.dtype | None = None


class Graph:
    """Nodes and constants by name; every method returns the name of what it adds.

    Parameters
    ----------
    dtype : {"float64", "float32"}
        Of all arithmetic.

    Examples
    --------
    >>> graph = Graph("float64")
    >>> graph.apply("X", [("Mul", np.array([2.0])), ("Exp",)])
    'exp_2'
    """

    def __init__(self, dtype: str):
        self.dtype = np.dtype(dtype)
        self.nodes: list[tuple] = []
        self.constants: dict[str, np.ndarray] = {}

    def constant(self, name: str, values, dtype=None) -> str:
        """An array that is part of the file, in the graph's dtype if no other is given."""
        name = f"{name}_{len(self.constants) + 1}"
        self.constants[name] = np.asarray(values, dtype or self.dtype)
        return name

    def add(self, operator: str, *inputs: str, **attributes) -> str:
        """A node of one output."""
        name = f"{operator.lower()}_{len(self.nodes) + 1}"
        self.nodes.append((operator, inputs, name, attributes))
        return name

    def apply(self, value: str, steps: list[tuple]) -> str:
        """`value` after steps (operator, operand, ...), one after the other."""
        for operator, *operands in steps:
            constants = [self.constant(f"{operator.lower()}_by", operand) for operand in operands]
            value = self.add(operator, value, *constants)
        return value

    def model(self, onnx, n_inputs: int, outputs: dict[str, Output], words: dict):
        """The checked onnx.ModelProto with the input "X" (n, n_inputs).

        Parameters
        ----------
        onnx : module
        n_inputs : int
        outputs : dict of Output by name
        words : dict of "X", "model", "version" and each output -> description; any other entry is metadata
        """
        helper = onnx.helper
        nodes = [
            helper.make_node(operator, inputs, [name], name=name, **attributes)
            for operator, inputs, name, attributes in self.nodes
        ]
        nodes += [helper.make_node("Identity", [output.value], [name], name=name) for name, output in outputs.items()]

        def end(name, shape, dtype):
            element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype or self.dtype))
            return helper.make_tensor_value_info(name, element, shape, doc_string=words[name])

        start = end("X", ["n", n_inputs], None)
        ends = [end(name, output.shape, output.dtype) for name, output in outputs.items()]
        constants = [onnx.numpy_helper.from_array(values, name) for name, values in self.constants.items()]
        graph = helper.make_graph(nodes, "bpinvert", [start], ends, constants, doc_string=words["model"])
        model = helper.make_model(
            graph,
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
            producer_name="bpinvert",
            producer_version=words["version"],
            doc_string=words["model"],
        )
        helper.set_model_props(model, words)
        onnx.checker.check_model(model, full_check=True)
        return model
