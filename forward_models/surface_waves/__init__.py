"""Dispersion curves of surface waves over layered ground."""

from forward_models.surface_waves.surveys import Love, Rayleigh

__all__ = ["Love", "Rayleigh"]
