"""Scikit-learn's scalers as steps of an ONNX graph: (operator, operand, ...) on columns."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import exp10
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, MinMaxScaler, StandardScaler

_FUNCTIONS = {
    None: [],
    np.log: [("Log",)],
    np.log10: [("Log",), ("Mul", 1 / math.log(10))],
    np.log2: [("Log",), ("Mul", 1 / math.log(2))],
    np.log1p: [("Add", 1.0), ("Log",)],
    np.exp: [("Exp",)],
    exp10: [("Mul", math.log(10)), ("Exp",)],
    np.exp2: [("Mul", math.log(2)), ("Exp",)],
    np.expm1: [("Exp",), ("Sub", 1.0)],
    np.sqrt: [("Sqrt",)],
    np.square: [("Pow", 2.0)],
}
_UNDONE_BY = {"Add": "Sub", "Sub": "Add", "Mul": "Div", "Div": "Mul"}
SUPPORTED = "StandardScaler, MinMaxScaler, MaxAbsScaler or FunctionTransformer"


def forward(scaler) -> list[tuple]:
    """What `transform` does.

    Raises
    ------
    ValueError
        If it cannot be written as standard ONNX operators.

    Examples
    --------
    >>> forward(MaxAbsScaler().fit([[1.0], [-4.0]]))
    [('Div', array([4.]))]
    """
    if scaler in (None, "passthrough"):
        return []
    if type(scaler) is Pipeline:
        return [step for _, part in scaler.steps for step in forward(part)]
    if type(scaler) is FunctionTransformer:
        return _function(scaler.func, scaler.kw_args, "func")
    steps = _linear(scaler)
    if getattr(scaler, "clip", False):
        steps.append(("Clip", *getattr(scaler, "feature_range", (-1.0, 1.0))))
    return steps


def backward(scaler) -> list[tuple]:
    """What `inverse_transform` does; errors as :func:`forward`.

    Examples
    --------
    >>> backward(MaxAbsScaler().fit([[1.0], [-4.0]]))
    [('Mul', array([4.]))]
    """
    if scaler in (None, "passthrough"):
        return []
    if type(scaler) is Pipeline:
        return [step for _, part in reversed(scaler.steps) for step in backward(part)]
    if type(scaler) is FunctionTransformer:
        return _function(scaler.inverse_func, scaler.inv_kw_args, "inverse_func")
    return [(_UNDONE_BY[operator], operand) for operator, operand in reversed(_linear(scaler))]


def _linear(scaler):
    if type(scaler) is StandardScaler:
        steps = [("Sub", scaler.mean_ if scaler.with_mean else None), ("Div", scaler.scale_)]
        return [(operator, operand) for operator, operand in steps if operand is not None]
    if type(scaler) is MinMaxScaler:
        return [("Mul", scaler.scale_), ("Add", scaler.min_)]
    if type(scaler) is MaxAbsScaler:
        return [("Div", scaler.scale_)]
    raise ValueError(f"{type(scaler).__name__} cannot be exported; scale with {SUPPORTED}.")


def _function(function, keywords, name):
    if keywords or not any(function is known for known in _FUNCTIONS):
        given = f"{getattr(function, '__name__', function)}{' with keywords' if keywords else ''}"
        words = ", ".join("np." + known.__name__ for known in _FUNCTIONS if isinstance(known, np.ufunc))
        raise ValueError(
            f"a FunctionTransformer with {name}={given} cannot be exported; allowed are {words}. Use one of these."
        )
    return list(_FUNCTIONS[function])
