"""What the lines above the headers, and cells that name the array, say of the survey."""

from __future__ import annotations

import re

from bpinvert.readers.headers import fold, unit_of

_FOREIGN_LENGTH = re.compile(r"\b(feet|ft|inch(?:es)?|cm|centimet(?:er|re)s?|yards?)\b")
_ARRAYS = {
    "another": re.compile(r"\b(?:di)?pol[eo]?s?\W*(?:di)?pol[eo]?s?\b|wenner\W*(?:beta|gamma|β|γ)|偶极|диполь"),
    "Wenner": re.compile(r"wenner|温纳|веннер"),
    "Schlumberger": re.compile(r"schlumberger|施伦贝|шлюмберже"),
}
_DECLARATION = re.compile(
    r"\W*(?:all\s+)?(?:electrodes?\s+)?(?:spacings?|separations?|distances?|lengths?|units?|dimensions?|array|"
    r"configuration|dispositif|dispositivo|arreglo|arranjo|anordnung|mn\s*(?:/\s*2\s*)?[=:])(?:\b|(?<=[=:]))"
)
# One MN, not the first of several; the quantifiers give nothing back.
_MN = re.compile(
    r"(?i)(?<![^\W_])(mn\s*(?:/\s*2)?)\s*[=:]\s*(\d++(?:[.,]\d++)?+)\s*+([^\W\d_]++)?+(?!\s*(?:[-–,;/+&~…]|\.\.|to|and|or)\s*\d)"
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


def mn_said(text: str) -> tuple[float, str] | None:
    """(MN/2, its unit or "") where `text` gives one MN or MN/2; None where it gives none or several.

    >>> mn_said("VES 3, MN = 1 m"), mn_said("MN/2: 0,5"), mn_said("MN = 1 and 5 m")
    ((0.5, 'm'), (0.5, ''), None)
    """
    found = _MN.findall(fold(text))
    if len(found) != 1:
        return None
    spacing, number, unit = found[0]
    if unit and (unit_of(unit) or ("",))[0] != "m":
        return None
    return float(number.replace(",", ".")) / (1 if "/" in spacing else 2), unit


def without_mn(text: str) -> str:
    """`text` without the MN that it gives."""
    return _MN.sub(" ", text)


def declares(text: str) -> bool:
    """Whether `text` is a statement of the array, the units or MN, and so no title."""
    return _DECLARATION.match(fold(text)) is not None
