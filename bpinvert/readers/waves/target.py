"""Dinver's .target: a packed tar with contents.xml, as Geopsy 2 and 3 write it."""

from __future__ import annotations

import io
import math
import re
import tarfile
import zlib
from itertools import islice
from xml.etree import ElementTree

from bpinvert.readers.waves.curves import Curves, Point

_GZIP, _TAR = b"\x1f\x8b", b"ustar"
_CONTENTS = "contents.xml"
# Far more than any target has; a packed file may grow a thousandfold.
_MOST_BYTES = 20_000_000
# Damaged headers may lead back to members before.
_MOST_MEMBERS = 1000
_POINTS = ("StatPoint", "RealStatisticalPoint")
# In s/m no slowness is known so badly; from here on Geopsy 3 means a factor.
_FACTOR = 1.0


def recognised(content: bytes) -> bool:
    """Whether the file is packed as targets are."""
    return content.startswith(_GZIP) or content[257:262] == _TAR


def read(file: str, content: bytes) -> Curves:
    """The points of all dispersion curves that are enabled: frequency in Hz, slowness p and its deviation in s/m.

    The deviation of Geopsy 3 is a factor F, as its misfit takes logarithms; p·ln F is that of the slowness. Of the
    archive nothing but contents.xml is read. A point that is not valid is kept and not used.

    Raises
    ------
    ValueError
        If the file is damaged, too large, no target, or has no dispersion curve.
    """
    root = _parsed(file, _contents(file, content))
    notes = ["The file is a target of Dinver, with frequencies in Hz and slownesses in s/m; rows count its points."]
    points, factors = [], 0
    for goal in root.iter():
        if goal.tag not in ("ModalCurveTarget", "DispersionTarget"):
            continue
        curves = goal.findall("ModalCurve")
        if goal.get("type", "dispersion") != "dispersion":
            if curves:
                notes.append(f"{len(curves)} curves of {goal.get('type')} were not used.")
            continue
        if curves and _text(goal, "selected", default="true") != "true":
            notes.append("The dispersion curves are not selected in the file; they were read all the same.")
        for curve in curves:
            mode = _mode(file, curve, notes)
            if mode is not None:
                new, factor = _points(file, curve, mode, len(points))
                points += new
                factors += factor
    if not points:
        left = f" ({notes[-1]})" if len(notes) > 1 else ""
        raise ValueError(f"{file} has no enabled dispersion curve{left}; add one in Dinver, or give another file.")
    if factors:
        notes.append(
            f"The deviation of {factors} points is a factor of the slowness; its logarithm was taken for the relative "
            "error."
        )
    errors = "slowness std (s/m)" if any(point.error == point.error for point in points) else ""
    return Curves(file, points, "frequency (Hz)", "slowness (s/m)", errors, notes)


def _contents(file, content):
    """The bytes of contents.xml."""
    if content.startswith(_GZIP):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            content = unpacker.decompress(content, _MOST_BYTES + 1)
        except zlib.error as error:
            raise ValueError(f"{file} is damaged ({error}); copy it again, or save it anew in Dinver.") from None
        if len(content) <= _MOST_BYTES and not unpacker.eof:
            raise ValueError(f"{file} is not complete; copy it again, or save it anew in Dinver.")
    if len(content) > _MOST_BYTES:
        raise ValueError(
            f"{file} unpacks to more than {_MOST_BYTES / 1e6:g} MB, which no target of dispersion curves does; it was "
            "not read. Save the curves alone in Dinver."
        )
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for member in islice(archive, _MOST_MEMBERS):
                # A sparse member may be declared of any size.
                plain = member.isreg() and member.size <= len(content)
                if member.name.rpartition("/")[2] == _CONTENTS and plain:
                    return archive.extractfile(member).read()
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise ValueError(
            f"{file} is packed, but is no target of Dinver ({error}); unpack it, or save it anew."
        ) from None
    raise ValueError(f"{file} holds no {_CONTENTS}, as every target of Dinver does; save it anew in Dinver.")


def _parsed(file, content):
    for encoding in ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "latin-1"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise ValueError(f"{file}: {_CONTENTS} is damaged; save the target anew in Dinver.")
    # Entities can only be declared there, and may grow without bound.
    if re.search(r"<!\s*(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise ValueError(
            f"{file}: {_CONTENTS} has a DOCTYPE, which targets of Dinver have not; it was not read. Save the target "
            "anew in Dinver."
        )
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(f"{file}: {_CONTENTS} is damaged ({error}); save the target anew in Dinver.") from None


def _text(element, *names, default=""):
    """What stands below the first of `names` that there is."""
    return next((found.strip() for name in names if (found := element.findtext(name))), default)


def _mode(file, curve, notes):
    """(wave, kind, mode) of a curve, or None where it is left out."""
    name = _text(curve, "name", default="without a name")
    if _text(curve, "enabled", default="true") != "true":
        notes.append(f"Curve {name!r} is not enabled in the file and was left out.")
        return None
    modes = curve.findall("Mode")
    if len(modes) != 1:
        notes.append(f"Curve {name!r} is said to be of {len(modes)} modes and was left out; give it one in Dinver.")
        return None
    wave = _text(modes[0], "polarisation", "polarization")
    kind, index = _text(modes[0], "slowness").lower(), _text(modes[0], "index")
    if wave not in ("Rayleigh", "Love") or kind not in ("phase", "group") or not index.isdecimal():
        raise ValueError(
            f"{file}, curve {name!r} is of {kind or 'no'} slowness, {wave or 'no'} waves and mode {index or 'none'}; "
            "it must be of the phase or group slowness of Rayleigh or Love waves. Correct or disable it in Dinver."
        )
    return wave, kind, int(index)


def _points(file, curve, mode, before):
    """(The points of a curve, of how many the deviation is a factor)."""
    wave, kind, index = mode
    points, factors = [], 0
    for place, element in enumerate((e for e in curve if e.tag in _POINTS), start=before + 1):
        words = [_text(element, name) for name in ("x", "mean", "stddev")]
        try:
            frequency, slowness, error = (float(word or "nan") for word in words)
        except ValueError:
            raise ValueError(
                f"{file}, point {place} of its curves holds {', '.join(words)!r:.80}, which are no numbers; correct it "
                "in Dinver."
            ) from None
        if error >= _FACTOR:
            error, factors = slowness * math.log(error), factors + 1
        used = _text(element, "valid", default="true") == "true"
        points.append(Point(place, wave, kind, index, frequency, slowness, error, used))
    return points, factors
