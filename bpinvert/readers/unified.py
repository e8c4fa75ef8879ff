"""The unified data format of BERT and pyGIMLi: electrodes, then a row of four of them and what was measured."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bpinvert.readers.em.source import Source, open_source

_ELECTRODES = ("a", "b", "m", "n")
_CALLED = {
    "c1": "a", "c2": "b", "p1": "m", "p2": "n", "rho_a": "rhoa", "ra": "rhoa", "z": "r", "rho": "r", "std": "err",
    "error": "err", "errip": "iperr",
}  # fmt: skip
_DEFAULT = ("a", "b", "m", "n", "rhoa", "err")


@dataclass(frozen=True)
class Quadrupoles:
    """What stands in a file.

    Attributes
    ----------
    positions : (n_electrodes, 3) array
        x, y and z in m.
    electrodes : (n, 4) array of int
        A, B, M and N, counted from 1; 0 is one that is far away.
    columns : dict of str to (n,) array
        Measured values by their token in lower case, "rhoa", "r", "k", "u", "i", "ip", "err", "iperr", "valid", ….
    tokens : dict of str to (str, str)
        How each stands in the file, and its unit.
    rows : (n,) array of int
        Where each quadrupole stands, counted from 1.
    """

    file: str
    positions: np.ndarray
    electrodes: np.ndarray
    columns: dict[str, np.ndarray]
    tokens: dict[str, tuple[str, str]]
    rows: np.ndarray


def recognised(path) -> bool:
    """Whether the file begins with a number of electrodes, so many positions, and a number of data."""
    try:
        source = open_source(Path(path))
        lines = _lines(source)
        n, after = _count(source, lines, 0)
        bodies = [words for _, words, _ in lines[after:] if words][: n + 1]
        return len(bodies) == n + 1 and all(len(words) <= 3 for words in bodies[:-1]) and _whole(bodies[-1]) is not None
    except (OSError, ValueError, TypeError):
        return False


def read(path: Path) -> Quadrupoles:
    """The quadrupoles in the file at `path`.

    Raises
    ------
    OSError
        If it is missing, a folder, or may not be read.
    ValueError
        If it is not complete or holds something else where numbers must stand.
    """
    source = open_source(path)
    lines = _lines(source)
    n_electrodes, at = _count(source, lines, 0)
    header, table, _, at = _table(source, lines, at, n_electrodes, "electrodes")
    positions = np.zeros((n_electrodes, 3))
    plain = {1: "x", 2: "xz", 3: "xyz"}.get(table.shape[1])
    axes = [_split(token) for token in header] or [(axis, "") for axis in plain or ""]
    for k, (axis, unit) in enumerate(axes):
        if axis in ("x", "y", "z") and k < table.shape[1]:
            if unit not in ("", "m"):
                raise ValueError(f"{source.file} gives {axis} of the electrodes in {unit}; convert it to m.")
            positions[:, "xyz".index(axis)] = table[:, k]
    n, at = _count(source, lines, at)
    header, table, rows, at = _table(source, lines, at, n, "data")
    tokens = header or _DEFAULT[: table.shape[1]]
    if len(tokens) != table.shape[1]:
        raise ValueError(
            f"{source.file} names {len(tokens)} columns of data ({' '.join(tokens)}), but its rows have "
            f"{table.shape[1]} numbers; correct the row of names."
        )
    columns, named = {}, {}
    for k, token in enumerate(tokens):
        name, unit = _split(token)
        name = _CALLED.get(name, name)
        if name not in columns:
            columns[name], named[name] = table[:, k], (token, unit)
    missing = [name for name in _ELECTRODES if name not in columns]
    if missing:
        raise ValueError(f"{source.file} has the columns {' '.join(tokens)}; it lacks {', '.join(missing)}.")
    electrodes = np.stack([columns.pop(name) for name in _ELECTRODES], axis=1)
    bad = (electrodes < 0) | (electrodes > n_electrodes) | (electrodes % 1 != 0)
    if bad.any():
        row = int(np.flatnonzero(bad.any(axis=1))[0])
        raise ValueError(
            f"{source.file}, row {rows[row]} names electrodes {' '.join(f'{number:g}' for number in electrodes[row])}; "
            f"they are counted from 1 to {n_electrodes}, and 0 is one far away. Correct the row."
        )
    return Quadrupoles(source.file, positions, electrodes.astype(int), columns, named, np.array(rows))


def _lines(source: Source):
    """(Row, words before a #, what stands after it) of every row that is not blank."""
    found = []
    for row, line in enumerate(source.lines, start=1):
        body, _, comment = line.partition("#")
        if line.strip():
            found.append((row, body.replace(";", " ").split(), comment.strip()))
    return found


def _whole(words):
    return int(words[0]) if len(words) == 1 and words[0].isdecimal() else None


def _count(source, lines, at):
    """(The number that stands alone from `at` on, where what follows begins)."""
    for k in range(at, len(lines)):
        if lines[k][1]:
            count = _whole(lines[k][1])
            if count is None:
                raise ValueError(
                    f"{source.file}, row {lines[k][0]} must hold the number of electrodes or data alone. Correct it."
                )
            return count, k + 1
    raise ValueError(f"{source.file} ends before its data; it is not complete.")


def _table(source, lines, at, n, what):
    """(Tokens of the comment above, numbers (n, …), their rows, where what follows begins)."""
    header, values, rows = (), [], []
    while len(values) < n:
        if at == len(lines):
            raise ValueError(
                f"{source.file} says that there are {n} {what} but ends after {len(values)}; the file is not complete."
            )
        row, words, comment = lines[at]
        at += 1
        if not words:
            header = tuple(comment.split()) if not values else header
            continue
        try:
            values.append([float(word) for word in words])
        except ValueError:
            raise ValueError(f"{source.file}, row {row} holds {' '.join(words)!r:.60}; it must be numbers.") from None
        if len(values[-1]) != len(values[0]):
            raise ValueError(
                f"{source.file}, row {row} has {len(values[-1])} numbers, the rows above have {len(values[0])}; "
                "correct the row."
            )
        rows.append(row)
    return header, np.array(values, dtype=float).reshape(n, -1), rows, at


def _split(token):
    """("ip", "mV/V") of ``IP/mV/V``, ``ip(mV/V)`` or ``ip[mV/V]``."""
    found = re.fullmatch(r"([^/(\[]+)(?:/|[(\[])?(.*?)[)\]]?", token)
    return (found[1].lower(), found[2]) if found else (token.lower(), "")
