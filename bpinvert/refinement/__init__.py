"""Batched, bounded Gauss–Newton refinement: the physics has the last word.

`misfit` is what is lowered, `marquardt` lowers it, and `multistart` begins at several places.
"""

from bpinvert.refinement.marquardt import Refined, refine
from bpinvert.refinement.misfit import Misfit, fitting_scale
from bpinvert.refinement.multistart import refine_multistart, starts_around

__all__ = ["Misfit", "Refined", "fitting_scale", "refine", "refine_multistart", "starts_around"]
