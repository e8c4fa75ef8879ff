"""Arrays and a description as JSON that a person can read, with a checksum."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from bpinvert import storage
from bpinvert.exchange import doors

FORMAT = "bpinvert network"
_ABOUT = (
    "Weights of a neural network: V to the (first) hidden layer, V2 to a second one, W to the outputs. "
    "Row 0 of each holds the thresholds, the weights of a constant -1 input."
)
_TYPES = ("float32", "float64", "int32", "int64")


def write(path, arrays: dict[str, np.ndarray], description: dict) -> None:
    """Write arrays and a JSON-able description, in place only when complete.

    Numbers have the fewest digits that give the same number back; a row of a matrix is a line.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "a.json")
    >>> write(path, {"V": np.float32([[0.1], [0.2]])}, {"version": 1})
    >>> read(path)[0]["V"].tolist() == np.float32([[0.1], [0.2]]).tolist()
    True
    """
    content = {"format": FORMAT, "about": _ABOUT, **description}
    content["types"] = {name: array.dtype.name for name, array in arrays.items()}
    content["arrays"] = {name: _lists(array) for name, array in arrays.items()}
    # What a JSON reader makes of it: tuples are lists.
    content = json.loads(json.dumps(content, allow_nan=False))
    text = _text(content | {"checksum": _checksum(content)}) + "\n"
    with storage.replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def read(path) -> tuple[dict[str, np.ndarray], dict]:
    """Arrays and description of a file written by :func:`write`.

    Raises
    ------
    ValueError
        If the file is missing, unreadable, too large, no JSON, not ours, of another version, cut short or altered.
    """
    content = storage.content_of(path, "network")
    try:
        stored = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is no JSON, or is cut short ({error}); give a file of save_network, or restore it from a copy."
        ) from None
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise ValueError(f"{path} is JSON but was not written by save_network; give a file that was.")
    # First: what the checksum covers may differ in another version.
    doors.require_version(path, stored.get("version"))
    if stored.pop("checksum", None) != _checksum(stored):
        raise ValueError(f"{path} is damaged (its checksum does not agree); restore it from a copy or save it again.")
    try:
        arrays = {name: _array(values, stored["types"][name]) for name, values in stored["arrays"].items()}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ValueError(f"{path} is damaged ({error}); restore it from a copy or save it again.") from None
    return arrays, {name: value for name, value in stored.items() if name not in ("format", "about", "types", "arrays")}


def _checksum(content):
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _lists(array):
    if array.ndim:
        return [_lists(part) for part in array]
    if array.dtype.kind != "f":
        return array.item()
    if not np.isfinite(array):
        return str(array)  # JSON has no word for these
    # The digits of a float32 are fewer than those of the same number as a float64.
    short = float(str(array))
    return short if array.dtype.type(short) == array else float(array)


def _array(lists, dtype):
    if dtype not in _TYPES:
        raise ValueError(f"an array has the type {dtype!r}")
    return np.array(lists, dtype=object).astype(dtype)


def _text(value, indent=0):
    """JSON with dicts and lists of lists spread over lines."""
    space = " " * indent
    if isinstance(value, dict) and value:
        entries = [f"{space} {json.dumps(key)}: {_text(entry, indent + 1)}" for key, entry in value.items()]
        return "{\n" + ",\n".join(entries) + f"\n{space}}}"
    if isinstance(value, list) and value and isinstance(value[0], list | dict):
        return "[\n" + ",\n".join(f"{space} {_text(entry, indent + 1)}" for entry in value) + f"\n{space}]"
    return json.dumps(value, ensure_ascii=False)
