"""Cells of lines that blanks separate, where a header may hold blanks itself, as in ``AB/2 (m)``."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import islice

from bpinvert.readers.cells import is_number
from bpinvert.readers.headers import is_remark, other_quantity, read_header, score, sounding_label, tidy

# Longer lines are sentences, or tables whose headers need no joining.
_MOST_WORDS = 40
# A word with the brackets that follow it.
_WORD = re.compile(r"(?:\([^)]*\)|\[[^\]]*\]|\s+(?=[(\[])|\S)+")


def split_by_blanks(lines: list[str], stated: frozenset[str]) -> list[tuple[int, list[str], bool]]:
    """(line counted from 1, cells, False) of every line that is not blank."""
    filled = [(i + 1, line) for i, line in enumerate(lines) if line.strip()]
    width = usual_width([line.split() for _, line in reversed(filled)])
    return [(i, line.split() if _fits(line, width) else spaced(line, width, stated), False) for i, line in filled]


def usual_width(rows: list[list]) -> int:
    """How many cells most of the rows with a number have; 0 where there are none."""
    widths = Counter(len(cells) for cells in rows if any(map(is_number, cells)))
    return widths.most_common(1)[0][0] if widths else 0


def spaced(line: str, width: int, stated: frozenset[str]) -> list[str]:
    """The cells of a line that is no row of numbers: `width` of them, where that can be in one way."""
    words, marked = line.split(), [tidy(word) for word in _WORD.findall(line)]
    ways = (re.split(r"\s{2,}", line.strip()), marked, words)
    whole = marked if score(marked, stated) > 1 else [line.strip()]
    return next((cells for cells in ways if len(cells) == width), _joined(marked, width, stated) or whole)


def _fits(line, width):
    """Whether a line splits at each blank, as a row of numbers does."""
    words = line.split()
    return len(words) >= width and 2 * sum(map(is_number, words)) >= len(words)


def _joined(words, width, stated):
    """Neighbouring `words` joined to `width` headers that are all understood; empty unless there is one way only."""
    if not 0 < len(words) <= _MOST_WORDS:
        return []
    ways = _ways(tuple(words), width, stated)
    if not ways and is_remark(words[-1]):  # most rows have no cell in a column of remarks
        ways = [[*way, words[-1]] for way in _ways(tuple(words[:-1]), width, stated)]
    return ways[0] if len(ways) == 1 else []


def _ways(words, width, stated):
    """Up to two ways of joining `words` to `width` headers that are understood."""

    @cache
    def header(start, end):
        text = " ".join(words[start:end])
        return text if _is_header(text, words[start:end], stated) else None

    @cache
    def ways(start, width):
        if width == 0:
            return [[]] if start == len(words) else []
        ends = range(start + 1, len(words) - width + 2)
        found = ([header(start, end), *rest] for end in ends if header(start, end) for rest in ways(end, width - 1))
        return list(islice(found, 2))

    return ways(0, width)


def _is_header(text, words, stated):
    """Whether `words`, as `text`, are one header that is understood, and not two such headers."""
    if text in stated or (len(words) == 1 and other_quantity(text)):
        return True
    halves = ((" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words)))
    two = any(read_header(first) and read_header(second) for first, second in halves)
    return not two and bool(read_header(text) or sounding_label(text))
