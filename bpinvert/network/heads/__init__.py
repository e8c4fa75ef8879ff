"""What the network's outputs mean: the loss, its gradient, the answer and its spread, side by side.

One module for each head, all of them the :class:`Head` of `base.py`. Heads with a density are those of `density.py`,
with quantiles from `quantiles.py`; the normal densities that `gaussian.py` and `mixture.py` share are in `normals.py`,
stable exponentials and the layout of arrays in `arrays.py`, work in blocks on threads in `blocks.py`.
"""

from __future__ import annotations

from bpinvert.network.heads.base import Head
from bpinvert.network.heads.cross_entropy import CrossEntropy
from bpinvert.network.heads.gaussian import Gaussian
from bpinvert.network.heads.mixture import Mixture
from bpinvert.network.heads.squared import MeanSquaredError
from bpinvert.network.strategies import strategy_from_dict

__all__ = ["HEADS", "CrossEntropy", "Gaussian", "Head", "MeanSquaredError", "Mixture", "head_from_dict"]

HEADS = {head.name: head for head in (MeanSquaredError, Gaussian, Mixture, CrossEntropy)}


def head_from_dict(settings: dict | str) -> Head:
    """Rebuild a head from :meth:`Head.to_dict`, or from its name alone.

    Examples
    --------
    >>> head_from_dict({"head": "mixture", "components": 3})
    Mixture(components=3)
    """
    return strategy_from_dict(settings, "head", HEADS)
