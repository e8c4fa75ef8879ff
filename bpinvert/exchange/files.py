"""A fitted network as one file: JSON to be read by people, or netCDF-3."""

from __future__ import annotations

from bpinvert import storage
from bpinvert.exchange import doors, names, readable
from bpinvert.exchange.parts import put_together, taken_apart
from bpinvert.network import BPClassifier, BPEnsemble, BPRegressor

# What a file can hold: estimators with get_state() and from_state().
KINDS = {estimator.__name__: estimator for estimator in (BPRegressor, BPClassifier, BPEnsemble)}
_SUFFIXES = (".json", ".nc")


def save_network(model, path) -> None:
    """Write the weights and settings of a fitted network.

    The file gives the same network back: predictions to the last bit, classes and names of columns included. Settings
    of one run (`checkpoint`, `progress`, `random_state`, `warm_start`, `n_jobs`) are not stored.

    Parameters
    ----------
    model : BPRegressor, BPClassifier or BPEnsemble, fitted
    path : path
        Ending in ".json", which people and any program can read, or in ".nc" for netCDF-3.

    Raises
    ------
    TypeError
        If `model` is something else.
    ValueError
        If it is not fitted, its classes are neither numbers nor words, or the path has another suffix or cannot be
        written.

    Examples
    --------
    >>> import tempfile, pathlib, numpy as np
    >>> X = np.linspace(-1, 1, 50)[:, None]
    >>> model = BPRegressor(hidden=4, max_epochs=2, random_state=0).fit(X, X[:, 0])
    >>> path = pathlib.Path(tempfile.mkdtemp(), "network.json")
    >>> save_network(model, path)
    >>> bool((load_network(path).predict(X) == model.predict(X)).all())
    True
    """
    _check_model(model)
    path = doors.with_suffix(path, _SUFFIXES, "a network file")
    doors.require_fitted(model, "save_network")
    arrays, state = taken_apart(model.get_state())
    description = {"version": doors.VERSION, "estimator": type(model).__name__, **names.known(model), "state": state}
    with doors.saying_why(path):
        if path.suffix.lower() == ".json":
            readable.write(path, arrays, description)
        else:
            storage.write(path, "network", arrays, description)


def load_network(path):
    """The network that :func:`save_network` wrote; nothing in the file is executed.

    Parameters
    ----------
    path : path, ending in ".json" or ".nc"

    Returns
    -------
    BPRegressor, BPClassifier or BPEnsemble, fitted

    Raises
    ------
    ValueError
        If the file is missing, may not be read, has another suffix, was not written by `save_network` or by a newer
        version of it, is cut short or was altered.
    """
    path = doors.with_suffix(path, _SUFFIXES, "a network file")
    arrays, stored = readable.read(path) if path.suffix.lower() == ".json" else storage.read(path, "network")
    doors.require_version(path, stored.get("version"))
    kind = stored.get("estimator")
    if kind not in list(KINDS):
        raise ValueError(
            f"{path} holds a {kind!r}, this version of bpinvert reads {', '.join(KINDS)}. Update bpinvert."
        )
    try:
        model = KINDS[kind].from_state(put_together(arrays, stored["state"]))
        names.give(model, stored)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, MemoryError) as error:
        raise ValueError(f"{path} describes no network ({error}); save the network again.") from None
    return model


def _check_model(model):
    kind = type(model)
    if KINDS.get(kind.__name__) is kind:
        for network in getattr(model, "networks_", ()):
            _check_model(network)
        return
    todo = "Pass the network itself; for a scikit-learn pipeline that is its last step, and export_onnx takes it whole."
    if kind.__name__ == "Inverter":
        todo = "Write an inverter with its own save(path), or pass one of its networks."
    raise TypeError(f"model is a {kind.__name__}; save_network stores a fitted {', '.join(KINDS)}. {todo}")
