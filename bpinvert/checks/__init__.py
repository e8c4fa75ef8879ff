"""The range flags: is this sounding like those the network was trained on?"""

from bpinvert.checks.conformal import Calibration, fewest
from bpinvert.checks.drift import stretches
from bpinvert.checks.scores import CHECKS, MEANINGS, NAMES, SIGNATURE, CheckInputs, Fit, weights

__all__ = [
    "CHECKS",
    "MEANINGS",
    "NAMES",
    "SIGNATURE",
    "Calibration",
    "CheckInputs",
    "Fit",
    "fewest",
    "stretches",
    "weights",
]
