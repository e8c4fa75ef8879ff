"""A file as lines of text, with sentences that say where in it something stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from bpinvert.readers.files import read_bytes

_APART = re.compile(r"[,;\s]+")


@dataclass(frozen=True)
class Source:
    """One file.

    Attributes
    ----------
    lines : list of str
        Row i of the file is ``lines[i - 1]``.
    """

    path: Path
    content: bytes

    @property
    def file(self) -> str:
        return self.path.name

    @cached_property
    def lines(self) -> list[str]:
        try:
            text = self.content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = self.content.decode("latin-1")
        return re.split(r"\r\n|\r|\n", text)

    @cached_property
    def filled(self) -> list[int]:
        """Rows that are not blank."""
        return [i for i, line in enumerate(self.lines, start=1) if line.strip()]

    def words(self, row: int) -> list[str]:
        """What stands in a row between blanks, commas and semicolons."""
        return [word for word in _APART.split(self.lines[row - 1].strip()) if word]

    def numbers(self, row: int, what: str, count: int | None = None) -> np.ndarray:
        """The numbers of a row.

        Raises
        ------
        ValueError
            If the file ends before it, or it holds anything else than `count` numbers.
        """
        if row > len(self.lines):
            raise ValueError(f"{self.file} ends before row {row}, which must hold {what}; the file is not complete.")
        words = self.words(row)
        try:
            values = np.array([float(word) for word in words])
        except ValueError:
            values = None
        if values is None or (count is not None and len(values) != count):
            raise ValueError(
                f"{self.file}, row {row} holds {self.lines[row - 1].strip()!r:.80}; it must hold {what}"
                f"{f', {count} numbers' if count else ''}. Correct the row."
            )
        return values


def open_source(path: Path) -> Source:
    """The file at `path`.

    Raises
    ------
    OSError
        If it is missing, a folder, or may not be read.
    ValueError
        If it is empty.
    """
    content = read_bytes(path)
    if not content.strip():
        raise ValueError(f"{path.name} is empty; give a file with soundings.")
    return Source(path, content)
