"""How users spell the velocities and slownesses of surface waves, and the words that stand beside them."""

from __future__ import annotations

import re

PHASE, GROUP = "phase_velocity", "group_velocity"
# What a velocity may be given as instead, by the quantity that it becomes.
SLOWNESS = {PHASE: "phase_slowness", GROUP: "group_slowness"}
VALUES = (*SLOWNESS, *SLOWNESS.values())

# A velocity that does not say which is taken for the phase velocity, and the report says so.
SPELLINGS = {
    "phase_velocity": (
        "phasevelocity", "phasevel", "phasev", "vphase", "cphase", "phasespeed", "velocity", "vel", "speed",
        "phasengeschwindigkeit", "geschwindigkeit", "vitessedephase", "vitesse", "velocidaddefase", "velocidad",
        "velocidadedefase", "velocidade", "velocitadifase", "velocita", "相速度", "速度",
        "фазоваяскорость", "скорость",
    ),
    "group_velocity": (
        "groupvelocity", "groupvel", "groupv", "vgroup", "ugroup", "cgroup", "groupspeed", "gruppengeschwindigkeit",
        "vitessedegroupe", "velocidaddegrupo", "velocidadedegrupo", "velocitadigruppo", "群速度", "групповаяскорость",
    ),
    "phase_slowness": ("phaseslowness", "slowness", "slow", "slo", "lenteur", "langsamkeit", "慢度", "медленность"),
    "group_slowness": ("groupslowness",),
    "wavelength": (
        "wavelength", "wavelen", "lambda", "λ", "wellenlange", "longueurdonde", "longituddeonda", "波长", "длинаволны",
    ),
    "ellipticity": ("ellipticity", "elliptizitat", "ellipticite", "elipticidad", "ellitticita", "elipticidade"),
    "mode": ("mode", "modeno", "modenumber", "modeindex", "modus", "modo", "模式", "阶数", "мода"),
    "wave": ("wave", "wavetype", "typeofwave", "polarisation", "polarization"),
}  # fmt: skip
BY_UNIT = {
    "m/s": {
        **dict.fromkeys(("c", "v", "vr", "cr", "vph", "cph"), PHASE),
        **dict.fromkeys(("u", "cg", "vg", "ug", "vgr"), GROUP),
    },
    "s/m": {"p": "phase_slowness", "s": "phase_slowness"},
}
BY_BOUND = {"m/s": PHASE, "s/m": SLOWNESS[PHASE]}
# Words that say nothing of the quantity, and those that make a bound of it.
BESIDE = {
    "rayleigh", "love", "wave", "waves", "surface", "mean", "average", "avg", "ave", "bound", "limit", "of",
    "experimental", "dispersion",
}  # fmt: skip
BOUNDS = {
    **dict.fromkeys(("low", "lower", "lo", "min", "minimum", "lb"), "_lower"),
    **dict.fromkeys(("up", "upper", "high", "max", "maximum", "ub"), "_upper"),
}


def apart(text: str) -> str:
    """`text`, a header in lower case, with its units as fractions and the words of an error apart.

    >>> apart("phase_velocity_km_s"), apart("c (m s-1)"), apart("velstd")
    ('phase_velocity_km/s', 'c (m/s)', 'vel std')
    """
    text = re.sub(r"\b(?:(k?m)[ ·.*]?(s)|(s)[ ·.*]?(k?m)) ?\^?\s*[-−]\s*1\b", _fraction, text)
    text = re.sub(r"(?<=_)(k?m)_(s)$|(?<=_)(s)_(k?m)$", _fraction, text)
    return re.sub(r"\b(c|vel|velocity|slowness)(?=(?:std|stdev|stddev|err|error|sigma)\b)", r"\1 ", text)


def _fraction(found):
    return "/".join(filter(None, found.groups()))
