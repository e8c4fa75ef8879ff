"""SURF96 lines of Computer Programs in Seismology: ``SURF96 R C X 0 period velocity error``, in s and km/s."""

from __future__ import annotations

import re

from bpinvert.readers.waves.curves import Curves, Point

_WAVE = {"R": "Rayleigh", "L": "Love"}
_KIND = {"C": "phase", "U": "group"}


def recognised(content: bytes) -> bool:
    """Whether the first line that is no comment is one of SURF96, or a file begins as its models do."""
    lines = (line for line in content[:4000].splitlines() if line.strip() and not line.lstrip().startswith(b"#"))
    first = next(lines, b"").lstrip(b"\xef\xbb\xbf \t").upper()
    return re.match(rb"(SURF96|MODEL\.\d+)(\s|$)", first) is not None


def read(file: str, content: bytes) -> Curves:
    """The points of all lines, with the sounding's attenuation (G) left out.

    Raises
    ------
    ValueError
        If a line is no SURF96 line, or the file holds a model.
    """
    points, computed, attenuation = [], 0, 0
    for i, line in enumerate(content.decode("utf-8-sig", errors="replace").splitlines(), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if re.match(r"(?i)model", words[0]):
            raise ValueError(f"{file} holds a model of the ground, no dispersion curve; give the file of the curve.")
        if len(words) > 2 and words[2].upper() == "G":
            attenuation += 1
            continue
        points.append(_point(file, i, line, words))
        computed += words[3].upper() == "T"
    notes = ["The file holds SURF96 lines, with periods in s and velocities in km/s."]
    if computed:
        notes.append(f"{computed} of its points are marked T: computed, not observed.")
    if attenuation:
        notes.append(f"{attenuation} lines of attenuation (G) were not used.")
    errors = any(point.error == point.error for point in points)
    return Curves(file, points, "period (s)", "velocity (km/s)", "velocity std (km/s)" if errors else "", notes)


def _point(file, i, line, words):
    try:
        name, wave, kind, _, mode, period, velocity, *rest = words
        numbers = [float(word) for word in (period, velocity, *rest[:1])]
        if name.upper() != "SURF96":
            raise KeyError(name)
        return Point(i, _WAVE[wave.upper()], _KIND[kind.upper()], int(mode), *numbers)
    except (ValueError, KeyError):
        raise ValueError(
            f"{file}, row {i} holds {line.strip()!r:.80}; it must be a line as 'SURF96 R C X 0 10.0 3.2 0.05': R or L, "
            "C or U, X or T, the mode from 0, period in s, velocity and error in km/s. Correct the row."
        ) from None
