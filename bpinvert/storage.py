"""The inverter file: one self-describing netCDF-3 file of arrays and JSON, checked before it is believed.

Nothing in the file is ever executed. Sizes in the header are compared with the file before anything is allocated, and
a SHA-256 over all names, shapes and bytes must agree.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import secrets
from pathlib import Path

import numpy as np
from scipy.io import netcdf_file

SCHEMA = 2
LARGEST = 100 * 2**20
OPENED_BY = {"inverter": "load_inverter", "network": "load_network"}
_MAGIC = (b"CDF\x01", b"CDF\x02")
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8}
_KINDS = {"f": (np.float32, np.float64), "i": (np.int32,), "u": (np.int32,), "b": (np.int32,)}


@contextlib.contextmanager
def replacing(path):
    """A temporary path beside `path` that is moved onto it when the block ends well, and removed otherwise."""
    path = Path(path)
    if not path.parent.is_dir():
        raise ValueError(f"cannot write {path}: the folder {path.parent} does not exist. Create it first.")
    # Beside the target, so that the move is atomic; created by the writer, so that its permissions are the usual ones.
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write(path, kind: str, arrays: dict[str, np.ndarray], settings: dict) -> None:
    """Write arrays and JSON-able settings as one netCDF-3 file, in place only when complete.

    Parameters
    ----------
    path : path
    kind : str
        What the file is, e.g. ``"inverter"``.
    arrays : dict of float or int arrays
    settings : dict, JSON-able
    """
    arrays = {name: _storable(np.asarray(array)) for name, array in arrays.items()}
    text = json.dumps(settings, sort_keys=True)
    buffer = io.BytesIO()
    file = netcdf_file(buffer, "w", version=2)
    file.bpinvert_kind = kind
    file.bpinvert_schema = str(SCHEMA)
    file.settings = text
    file.checksum = _checksum(kind, arrays, text)
    for name, array in arrays.items():
        dimensions = []
        for size in array.shape:
            # A square array needs two names for its one size: xarray knows no repeated dimension.
            dimension = f"n{size}" + "_again" * dimensions.count(f"n{size}")
            if dimension not in file.dimensions:
                file.createDimension(dimension, size)
            dimensions.append(dimension)
        variable = file.createVariable(name, array.dtype, tuple(dimensions))
        variable[...] = array
    file.flush()
    content = buffer.getvalue()
    if len(content) > LARGEST:
        raise ValueError(f"{path} would have {len(content) / 2**20:.0f} MiB; at most {LARGEST // 2**20} MiB are read.")
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def read(path, kind: str) -> tuple[dict[str, np.ndarray], dict]:
    """Arrays and settings of a file written by :func:`write`.

    Raises
    ------
    ValueError
        If the file is missing, unreadable, not ours, of another kind or schema, too large, cut short or altered.
    """
    content = content_of(path, kind)
    if content[:4] not in _MAGIC:
        raise ValueError(f"{path} is not a netCDF-3 file; give a file written by bpinvert.")
    try:
        _check_header(content)
        file = netcdf_file(io.BytesIO(content), "r", mmap=False)
        found = {
            name: getattr(file, name).decode() for name in ("bpinvert_kind", "bpinvert_schema", "settings", "checksum")
        }
        # netCDF stores big-endian; everything downstream is native.
        arrays = {
            name: np.array(variable.data, dtype=variable.data.dtype.newbyteorder("="))
            for name, variable in file.variables.items()
        }
        settings = json.loads(found["settings"])
    except AttributeError:
        raise ValueError(f"{path} is netCDF but was not written by bpinvert; give a bpinvert {kind} file.") from None
    except (ValueError, KeyError, IndexError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is damaged ({error}); restore it from a copy or make it again.") from None
    if found["bpinvert_kind"] != kind:
        given = found["bpinvert_kind"]
        todo = f" Open it with bpinvert.{OPENED_BY[given]}." if given in OPENED_BY else ""
        raise ValueError(f"{path} holds a bpinvert {given}; a bpinvert {kind} file is needed here.{todo}")
    if found["bpinvert_schema"] != str(SCHEMA):
        raise ValueError(
            f"{path} has schema {found['bpinvert_schema']}, this version of bpinvert reads schema {SCHEMA}. "
            "Update bpinvert or make the file again."
        )
    if found["checksum"] != _checksum(kind, arrays, found["settings"]):
        raise ValueError(f"{path} is damaged (its checksum does not agree); restore it from a copy or make it again.")
    return arrays, settings


def content_of(path, kind: str) -> bytes:
    """All bytes of a file that is there, may be read and is not too large; errors as :func:`read`."""
    path = Path(path)
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise ValueError(f"{path} is a folder; give the {kind} file in it.")
        if size > LARGEST:
            raise ValueError(f"{path} has {size / 2**20:.0f} MiB; {kind} files have at most {LARGEST // 2**20} MiB.")
        return path.read_bytes()
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist; check the name of the {kind} file.") from None
    except PermissionError:
        raise ValueError(f"{path} cannot be read: no permission. Change its permissions or copy it.") from None


def _storable(array):
    if array.dtype.kind not in _KINDS:
        raise ValueError(f"an array of type {array.dtype} cannot be stored; allowed are floats and integers.")
    allowed = _KINDS[array.dtype.kind]
    array = np.ascontiguousarray(array)
    if array.dtype.type in allowed:
        return array
    if array.dtype.kind == "f":
        return array.astype(np.float64)
    stored = array.astype(np.int32)
    if not np.array_equal(stored, array):
        raise ValueError("an integer array has values beyond 32 bits, which netCDF-3 cannot store.")
    return stored


def _checksum(kind, arrays, text):
    digest = hashlib.sha256(f"{kind}\n{SCHEMA}\n{text}\n".encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


class _Header:
    """Reads the fields of a netCDF-3 header, refusing to pass the end of the file."""

    def __init__(self, content):
        self.content, self.place = content, 4
        self.offset_bytes = 8 if content[3] == 2 else 4

    def number(self, n_bytes=4):
        end = self.place + n_bytes
        if end > len(self.content):
            raise ValueError("the header is cut short")
        value = int.from_bytes(self.content[self.place : end], "big")
        self.place = end
        return value

    def skip(self, n_bytes):
        self.place += n_bytes + -n_bytes % 4
        if self.place > len(self.content):
            raise ValueError("the header points beyond the end of the file")

    def entries(self):
        self.number()
        count = self.number()
        if count > len(self.content):
            raise ValueError("the header lists more entries than the file has bytes")
        return range(count)

    def attributes(self):
        for _ in self.entries():
            self.skip(self.number())
            n_bytes = _SIZES.get(self.number(), 8)
            self.skip(n_bytes * self.number())


def _check_header(content):
    """Walk the header (NetCDF Classic Format Specification) and compare every stated size with the file's."""
    header = _Header(content)
    header.number()
    sizes = []
    for _ in header.entries():
        header.skip(header.number())
        sizes.append(header.number())
    header.attributes()
    for _ in header.entries():
        header.skip(header.number())
        n_items = 1
        for _ in range(_bounded(header.number(), 16, "dimensions")):
            n_items *= sizes[header.number()]
        header.attributes()
        n_bytes = n_items * _SIZES.get(header.number(), 8)
        header.number()
        begin = header.number(header.offset_bytes)
        if begin + n_bytes > len(content):
            raise ValueError(f"a variable of {n_bytes} bytes is stated, the file has {len(content)}")


def _bounded(value, largest, what):
    if value > largest:
        raise ValueError(f"the header states {value} {what}")
    return value
