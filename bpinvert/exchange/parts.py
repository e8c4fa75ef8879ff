"""The state of an estimator as named arrays and a JSON-able description, the same for every format."""

from __future__ import annotations

import itertools

import numpy as np

# V of the first hidden layer, V2 of a second one, W of the outputs; curves and anything else keep their names.
_MATRICES = {1: ("V", "W"), 2: ("V", "V2", "W")}


def taken_apart(state: dict | list[dict], prefix: str = "") -> tuple[dict[str, np.ndarray], dict]:
    """Arrays by name and the rest of a state, its flat weights as matrices.

    Parameters
    ----------
    state : dict or list of dict
        From ``get_state()``: arrays, "settings", and "networks" (a list of states) where it has several. A list is
        that of an ensemble, which has nothing else.
    prefix : str
        Of the arrays' names.

    Examples
    --------
    >>> settings = {"hidden": 2, "n_features_in": 1}
    >>> arrays, rest = taken_apart({"weights": np.arange(7.0), "settings": settings})
    >>> arrays["V"].shape, arrays["W"].ravel().tolist()
    ((2, 2), [4.0, 5.0, 6.0])
    >>> put_together(arrays, rest)["weights"].tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    """
    arrays, rest = {}, {}
    if isinstance(state, list):
        state = {"networks": state}
    for name, value in state.items():
        if name == "networks":
            parts = [taken_apart(member, f"{prefix}network{k}_") for k, member in enumerate(value)]
            arrays |= {key: array for part, _ in parts for key, array in part.items()}
            rest[name] = [described for _, described in parts]
        elif name == "weights":
            arrays |= {prefix + key: matrix for key, matrix in _matrices(value, state["settings"]).items()}
        elif isinstance(value, np.ndarray) and value.size:
            arrays[prefix + name] = value
        else:
            # netCDF-3 has no dimension of length zero.
            rest[name] = value.tolist() if isinstance(value, np.ndarray) else value
    return arrays, rest


def put_together(arrays: dict[str, np.ndarray], rest: dict, prefix: str = "") -> dict | list[dict]:
    """Inverse of :func:`taken_apart`.

    Raises
    ------
    ValueError
        If the matrices are not those that the settings describe.
    """
    state = {name: value for name, value in rest.items() if name != "networks"}
    members = [f"{prefix}network{k}_" for k in range(len(rest.get("networks", ())))]
    own = [name for name in arrays if name.startswith(prefix) and not name.startswith(tuple(members))]
    state |= {name.removeprefix(prefix): arrays[name] for name in own}
    if "networks" in rest:
        state["networks"] = [
            put_together(arrays, described, member) for described, member in zip(rest["networks"], members, strict=True)
        ]
    if "V" in state:
        sizes = _sizes(state["settings"])
        matrices = [state.pop(name) for name in _MATRICES[len(sizes) - 1]]
        shapes = [(n_from + 1, n_to) for n_from, n_to in itertools.pairwise([*sizes, matrices[-1].shape[-1]])]
        if [matrix.shape for matrix in matrices] != shapes:
            raise ValueError(f"its matrices have shapes {[m.shape for m in matrices]}, its settings say {shapes}")
        state["weights"] = np.concatenate([matrix.ravel() for matrix in matrices])
    return state["networks"] if state.keys() == {"networks"} else state


def _matrices(weights, settings):
    sizes = _sizes(settings)
    *below, last = sizes
    inner = [(n_from + 1, n_to) for n_from, n_to in itertools.pairwise(sizes)]
    ends = list(itertools.accumulate(rows * columns for rows, columns in inner))
    parts = np.split(weights, ends)
    shapes = [*inner, (last + 1, len(parts[-1]) // (last + 1))]
    return {name: part.reshape(shape) for name, part, shape in zip(_MATRICES[len(below)], parts, shapes, strict=True)}


def _sizes(settings):
    """Number of inputs and of neurons in each hidden layer."""
    hidden = settings["hidden"]
    return [settings["n_features_in"], *([hidden] if isinstance(hidden, int) else hidden)]
