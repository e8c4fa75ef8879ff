"""What a network knows by the user's own names: the columns it was trained on and the classes that it tells apart."""

from __future__ import annotations

import math

import numpy as np

from bpinvert import storage

_KINDS = "biufUO"


def known(model) -> dict:
    """The names in a fitted network that its state leaves out, JSON-able.

    Returns
    -------
    dict
        With "feature_names" (list of str) where it was trained on a table, and "classes_type" (str) of a classifier.

    Raises
    ------
    ValueError
        If its classes are neither numbers nor words.

    Examples
    --------
    >>> from bpinvert.network import BPClassifier
    >>> known(BPClassifier(hidden=2, max_epochs=1).fit([[0.0], [1.0]] * 5, ["wet", "dry"] * 5))
    {'classes_type': '<U3'}
    """
    found = {}
    if hasattr(model, "feature_names_in_"):
        found["feature_names"] = model.feature_names_in_.tolist()
    if hasattr(model, "classes_"):
        odd = [entry for entry in model.classes_.tolist() if not _is_plain(entry)]
        if odd:
            raise ValueError(
                f"the class {odd[0]!r} cannot be stored; classes must be whole numbers, true or false, or words. "
                "Train on such classes."
            )
        found["classes_type"] = model.classes_.dtype.str
    return found


def give(model, stored: dict) -> None:
    """Give a network back the names that :func:`known` found in it.

    Parameters
    ----------
    model : fitted network
    stored : dict
        As from :func:`known`, and "state" with the classes in its settings; what is missing is left as it is.

    Raises
    ------
    ValueError
        If they do not belong to such a network.
    """
    if "feature_names" in stored:
        columns = stored["feature_names"]
        if len(columns) != model.n_features_in_ or not all(isinstance(name, str) for name in columns):
            raise ValueError(f"its columns are {columns!r}, its weights say {model.n_features_in_} of them")
        for network in (model, *getattr(model, "networks_", ())):
            network.feature_names_in_ = np.array(columns, dtype=object)
    if "classes_type" in stored:
        model.classes_ = _classes(stored["state"]["settings"]["classes"], np.dtype(stored["classes_type"]))


def _classes(entries, dtype):
    if dtype.kind not in _KINDS or dtype.itemsize * len(entries) > storage.LARGEST:
        raise ValueError(f"its classes have the type {dtype}")
    classes = np.array(entries, dtype)
    if classes.tolist() != entries:
        raise ValueError(f"its classes {entries!r} are not of the type {dtype}")
    return classes


def _is_plain(entry):
    return isinstance(entry, str | int) or (isinstance(entry, float) and math.isfinite(entry))
