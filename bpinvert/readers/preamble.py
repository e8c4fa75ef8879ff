"""What the lines above the headers, and cells that name the array, say of the survey."""

from __future__ import annotations

import re

from bpinvert.readers.headers import fold

_FOREIGN_LENGTH = re.compile(r"\b(feet|ft|inch(?:es)?|cm|centimet(?:er|re)s?|yards?)\b")
_ARRAYS = {
    "another": re.compile(r"\b(?:di)?pol[eo]?s?\W*(?:di)?pol[eo]?s?\b|wenner\W*(?:beta|gamma|β|γ)|偶极|диполь"),
    "Wenner": re.compile(r"wenner|温纳|веннер"),
    "Schlumberger": re.compile(r"schlumberger|施伦贝|шлюмберже"),
}
_DECLARATION = re.compile(
    r"\W*(?:all\s+)?(?:electrodes?\s+)?(?:spacings?|separations?|distances?|lengths?|units?|dimensions?|array|"
    r"configuration|dispositif|dispositivo|arreglo|arranjo|anordnung)\b"
)


def foreign_length(text: str) -> str:
    """The first unit of length other than the metre that `text` names; empty where it names none."""
    match = _FOREIGN_LENGTH.search(fold(text))
    return match[1] if match else ""


def arrays_named(text: str) -> set[str]:
    """Which of Wenner, Schlumberger and "another" `text` names.

    >>> arrays_named("Array: dipole-dipole")
    {'another'}
    """
    return {name for name, pattern in _ARRAYS.items() if pattern.search(fold(text))}


def declares(text: str) -> bool:
    """Whether `text` is a statement of the array or the units, and so no title."""
    return _DECLARATION.match(fold(text)) is not None
