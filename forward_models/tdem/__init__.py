"""Transient electromagnetic (TDEM) soundings with loops, on the ground and in the air."""

from forward_models.tdem.apparent import late_time_apparent_resistivity
from forward_models.tdem.surveys import CentralLoop, CoincidentLoop, OffsetLoop
from forward_models.tdem.systems import SYSTEMS, system
from forward_models.tdem.waveform import Waveform

__all__ = [
    "SYSTEMS",
    "CentralLoop",
    "CoincidentLoop",
    "OffsetLoop",
    "Waveform",
    "late_time_apparent_resistivity",
    "system",
]
