"""Surveys made of others (`joint`), or of a function of your own (`user`, whose function `calling` calls)."""

from forward_models.combine.joint import Joint
from forward_models.combine.user import UserForward

__all__ = ["Joint", "UserForward"]
