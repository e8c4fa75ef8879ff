"""Frequency-domain electromagnetic soundings with loops (FDEM), on the ground and in the air."""

from forward_models.fdem.conductivity import apparent_conductivity, gf_to_lin, quadrature_of_apparent_conductivity
from forward_models.fdem.instruments import INSTRUMENTS, Instrument, instrument
from forward_models.fdem.loops import ORIENTATIONS, LoopLoop

__all__ = [
    "INSTRUMENTS",
    "ORIENTATIONS",
    "Instrument",
    "LoopLoop",
    "apparent_conductivity",
    "gf_to_lin",
    "instrument",
    "quadrature_of_apparent_conductivity",
]
