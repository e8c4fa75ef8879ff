"""Curves as Geopsy's gpdc prints them: ``# 2 Rayleigh dispersion mode(s)``, ``# Mode 0``, frequency and slowness."""

from __future__ import annotations

import re

from bpinvert.readers.waves.curves import Curves, Point

_MODEL = re.compile(r"#\s*Layered model\s+(\S+?):")
_CURVES = re.compile(r"#\s*(\d+)\s+(\w+)\s+(\w+)\s+mode\(s\)")
_MODE = re.compile(r"#\s*Mode\s+(\d+)\s*")


def recognised(content: bytes) -> bool:
    """Whether a line says how many modes follow, or which model of Geopsy."""
    head = content[:4000].decode("latin-1")
    return re.match(r"(ï»¿)?\s*#", head) is not None and bool(_CURVES.search(head) or _MODEL.search(head))


def read(file: str, content: bytes) -> Curves:
    """The points of all curves: frequency in Hz, slowness in s/m; those of each model are a sounding.

    Raises
    ------
    ValueError
        If the file holds models or ellipticities, or a row is not of two numbers below its kind and mode.
    """
    points, model, wave, mode = [], "", "", None
    said, found = 0, set()
    for i, line in enumerate(content.decode("utf-8-sig", errors="replace").splitlines(), start=1):
        text = line.strip()
        if match := _MODEL.match(text):
            model, wave, mode = match[1], "", None
        elif match := _CURVES.match(text):
            said, wave, mode = said + int(match[1]), match[2], None
            if (match[2], match[3]) not in (("Rayleigh", "dispersion"), ("Love", "dispersion")):
                raise ValueError(
                    f"{file}, row {i} announces {match[2]} {match[3]}; only dispersion of Rayleigh or Love waves can "
                    "be read. Give the file of the dispersion curves."
                )
        elif match := _MODE.match(text):
            mode = int(match[1])
            found.add((model, wave, mode))
        elif text and not text.startswith("#"):
            if not wave:
                raise ValueError(
                    f"{file} holds models of the ground as Geopsy writes them (layers of thickness, vp, vs, density), "
                    "no dispersion curve; give the file of the curves, or the .target."
                )
            points.append(_point(file, i, text, wave, mode, model))
    several = len({point.sounding for point in points}) > 1
    if not several:
        points = [Point(p.line, p.wave, p.kind, p.mode, p.axis, p.value) for p in points]
    notes = ["The file holds curves as Geopsy prints them, with frequencies in Hz and phase slownesses in s/m."]
    if said != len(found):
        notes.append(f"It announces {said} modes and holds {len(found)}.")
    return Curves(file, points, "frequency (Hz)", "slowness (s/m)", notes=notes)


def _point(file, i, text, wave, mode, model):
    words = text.split()
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) != 2 or mode is None:
        raise ValueError(
            f"{file}, row {i} holds {text!r:.80}; it must hold a frequency in Hz and a slowness in s/m, below a row as "
            "'# Mode 0'. Correct the row."
        )
    return Point(i, wave, "phase", mode, *numbers, sounding=f"model {model}" if model else "")
