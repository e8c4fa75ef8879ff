"""A network in words and tables."""

from __future__ import annotations

import numpy as np

from bpinvert.network import settings as door

_MOST_ROWS, _MOST_COLUMNS = 12, 8


def describe(model) -> str:
    """A table of the layers of a fitted network, then the thresholds and weights of each.

    Large layers show their first neurons and weights; all are in ``model.matrices_``.
    """
    sizes = (model.n_features_in_, *(matrix.shape[1] for matrix in model.matrices_))
    n_layers = len(model.matrices_)
    rows = [("layer", "neurons", "activation", "weights", "thresholds"), ("input", str(sizes[0]), "", "", "")]
    for layer, matrix in enumerate(model.matrices_):
        last = layer == n_layers - 1
        name = "output" if last else "hidden" if n_layers == 2 else f"hidden {layer + 1}"
        activation = model.output if last else model.activation
        if model.steepness != 1 and not (last and door.network_output(model) == "linear"):
            activation += f" (steepness {model.steepness:g})"
        weights = f"{matrix.shape[0] - 1} × {matrix.shape[1]} = {matrix[1:].size}"
        rows.append((name, str(matrix.shape[1]), activation, weights, str(matrix.shape[1])))
    lines = [
        f"{type(model).__name__} {'-'.join(map(str, sizes))}, {model.weights_.size} weights and thresholds, head "
        f"{door.head_name(model)}",
        f"trained by {door.trainer_of(model)!r}: {model.n_epochs_} epochs, stopped by {model.stop_reason_!r}, "
        f"best epoch {model.best_epoch_}",
        "",
        *_aligned(rows),
    ]
    for layer, matrix in enumerate(model.matrices_):
        source = "inputs" if layer == 0 else "hidden neurons"
        lines += [
            "",
            f"{'V' if layer == 0 else 'W' if layer == n_layers - 1 else 'between'}: {rows[layer + 2][0]} "
            f"neurons, their thresholds and weights from the {source}",
            *_aligned(_weights(matrix)),
        ]
    return "\n".join(lines)


def _weights(matrix):
    """One row a neuron: number, threshold, weights."""
    n_from, n_to = matrix.shape[0] - 1, matrix.shape[1]
    columns = range(min(n_from, _MOST_COLUMNS))
    header = ["neuron", "threshold", *(f"w{i + 1}" for i in columns)]
    more = n_from > _MOST_COLUMNS
    rows = [header + ([f"… w{n_from}"] if more else [])]
    for j in range(min(n_to, _MOST_ROWS)):
        values = [matrix[0, j], *(matrix[i + 1, j] for i in columns), *([matrix[-1, j]] if more else [])]
        rows.append([str(j + 1), *(_number(value) for value in values)])
    if n_to > _MOST_ROWS:
        rows.append([f"… {n_to}", *("…" for _ in rows[0][1:])])
    return rows


def _number(value):
    return np.format_float_positional(value, precision=4, unique=False, fractional=False, trim="k")


def _aligned(rows):
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(w) if k == 0 else cell.rjust(w) for k, (cell, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
