"""An EDI file as its sections, and a section as its blocks of numbers.

The format is the MT/EMAP Data Interchange Standard of the Society of Exploration Geophysicists (1987): a block begins
with ``>KEYWORD OPTION=value … //count`` and ends where the next begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from bpinvert.readers.em.source import Source

_OPTION = re.compile(r"([A-Za-z][\w.]*)\s*=\s*(\"[^\"]*\"|[^\s\"]*)")
_LINE = re.compile(r"\s*([A-Za-z][\w.]*)\s*=\s*(.*?)\s*")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_DEFAULT_EMPTY = 1e32


@dataclass(frozen=True)
class Block:
    """What begins with ``>`` in a file: its row, counted from 1, and the rows below it."""

    keyword: str
    options: dict[str, str]
    row: int
    lines: list[tuple[int, str]]


@dataclass
class Section:
    """The data of one station.

    Attributes
    ----------
    head, measured, options : dict of str to str
        Settings of ``>HEAD``, of ``>=DEFINEMEAS`` and of the section itself.
    channels : dict of str to str
        Kind of each measurement ("HX", "EY", …) by its number.
    order : list of str
        Numbers of the measurements in the order of the spectra.
    blocks : dict of str to Block
    spectra : list of Block
    report : list of str
    """

    source: Source
    head: dict[str, str] = field(default_factory=dict)
    measured: dict[str, str] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    blocks: dict[str, Block] = field(default_factory=dict)
    spectra: list[Block] = field(default_factory=list)
    report: list[str] = field(default_factory=list)

    def __contains__(self, keyword):
        return keyword in self.blocks

    def values(self, keyword: str, count: int | None = None) -> np.ndarray:
        """The numbers of a block, NaN where the file says that there is none.

        Raises
        ------
        ValueError
            If they are not `count`.
        """
        return self.numbers(self.blocks[keyword], count)

    def numbers(self, block: Block, count: int | None = None) -> np.ndarray:
        """The numbers of `block`, as :meth:`values`."""
        found = []
        for row, line in block.lines:
            for word in line.replace(",", " ").split():
                numbers = _to_numbers(word)
                if numbers is None:
                    self.report.append(f"Row {row} holds {word!r:.40}, which is no number; it counts as missing.")
                    numbers = [np.nan]
                found += numbers
        values = np.array(found, dtype=float)
        if count is not None and len(values) != count:
            raise ValueError(
                f"{self.source.file}, row {block.row}: the block >{block.keyword} holds {len(values)} numbers; there "
                f"must be {count}. The file is not complete; export it again."
            )
        empty = _float(self.head.get("EMPTY", "")) or _DEFAULT_EMPTY
        missing = np.isclose(values, empty, rtol=1e-6, atol=0) | (np.abs(values) >= _DEFAULT_EMPTY / 100)
        return np.where(missing, np.nan, values)


def recognised(source: Source) -> bool:
    """Whether the file begins as EDI files do."""
    first = [line.strip().upper() for line in source.lines[:80] if line.strip()]
    return any(re.match(r">\s*(HEAD\b|=\s*(DEFINEMEAS|MTSECT|EMAPSECT|SPECTRASECT)|FREQ\b)", line) for line in first)


def sections(source: Source) -> list[Section]:
    """The stations in `source`: a new one begins with each section of data.

    Raises
    ------
    ValueError
        If there is none.
    """
    found, head, measured, channels = [], {}, {}, {}
    for block in _blocks(source):
        keyword = block.keyword
        if keyword == "HEAD":
            head, measured, channels = _settings(block), {}, {}
        elif keyword == "=DEFINEMEAS":
            measured = _settings(block)
        elif keyword in ("HMEAS", "EMEAS"):
            options = block.options | _options(" ".join(line for _, line in block.lines))
            if "ID" in options and "CHTYPE" in options:
                channels[_number(options["ID"])] = options["CHTYPE"].upper()
        elif keyword in ("=MTSECT", "=EMAPSECT", "=SPECTRASECT"):
            found.append(Section(source, head, measured, channels, _settings(block), _order(block)))
        elif keyword in ("SPECTRA", "FREQ") or found:
            if not found or (keyword == "FREQ" and keyword in found[-1]):
                found.append(Section(source, head, measured, channels))
            if keyword == "SPECTRA":
                found[-1].spectra.append(block)
            else:
                found[-1].blocks.setdefault(keyword, block)
    filled = [section for section in found if "FREQ" in section or section.spectra]
    if not filled:
        raise ValueError(
            f"{source.file} has neither a block >FREQ nor >SPECTRA; it holds no data, or is not complete. Export it "
            "again."
        )
    return filled


def _blocks(source):
    block = None
    for row, line in enumerate(source.lines, start=1):
        text = line.strip()
        if text.startswith(">"):
            words = re.match(r">\s*(=?\s*[^\s/]*)(.*)", text)
            if block is not None:
                yield block
            block = Block(words[1].replace(" ", "").upper(), _options(words[2]), row, [])
        elif block is not None and text and not text.startswith("!"):
            block.lines.append((row, text))
    if block is not None:
        yield block


def _options(text):
    return {name.upper(): value.strip('"').strip() for name, value in _OPTION.findall(text)}


def _settings(block):
    """One setting a row, so that a value may hold blanks, with those in the row of the keyword."""
    found = [_LINE.fullmatch(line) for _, line in block.lines]
    return block.options | {match[1].upper(): match[2].strip('"').strip() for match in found if match}


def _order(block):
    """Numbers of the measurements below ``//count``."""
    lines = [line for _, line in block.lines]
    start = next((i for i, line in enumerate(lines) if line.startswith("//")), len(lines))
    return [_number(word) for line in lines[start + 1 :] for word in line.split()]


def _number(text):
    """A measurement's number without zeros that some rows have and others lack."""
    value = _float(text)
    return text if value is None else f"{value:.12g}"


def _float(text):
    try:
        return float(re.sub(r"[dD]", "e", text))
    except ValueError:
        return None


def _to_numbers(word):
    """The numbers of a word, of several where a minus sign left no blank between them; None where it is none."""
    word = re.sub(r"[dD]", "e", word)
    value = _float(word)
    if value is not None:
        return [value]
    if re.fullmatch(rf"(?:{_NUMBER.pattern})+", word):
        return [float(number) for number in _NUMBER.findall(word)]
    return None
