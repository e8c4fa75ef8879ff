"""Units in the headers of electromagnetic tables."""

from __future__ import annotations

import re

from bpinvert.readers.headers import fold

_PREFIX = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}


def split_unit(header: str) -> tuple[str, str]:
    """A header without the unit in its brackets, and that unit.

    >>> split_unit("Time (s)"), split_unit("Gate")
    (('Time', 's'), ('Gate', ''))
    """
    found = re.fullmatch(r"\s*(.*?)\s*[(\[](.*)[)\]]\s*", header)
    return (found[1], found[2].strip()) if found else (header.strip(), "")


def factor_of(unit: str, base: str) -> float | None:
    """What turns `unit` into `base`, one of "s", "V/(A m2)", "V/(A m4)"; None where it is no such unit.

    >>> factor_of("mV/Am2", "V/(A m2)"), factor_of("µs", "s"), factor_of("ohm", "s")
    (0.001, 1e-06, None)
    """
    wanted = _bare(base)
    text = _bare(unit)
    if text == wanted:
        return 1.0
    prefix, rest = text[:1], text[1:]
    return _PREFIX[prefix] if rest == wanted and prefix in _PREFIX else None


def _bare(unit):
    text = fold(unit).replace("μ", "u").replace("µ", "u").replace("²", "2").replace("⁴", "4")
    return re.sub(r"[\s()\[\]*·^.]", "", text)
