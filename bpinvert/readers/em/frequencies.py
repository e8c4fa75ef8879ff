"""Soundings in frequency domain as a reader has found them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Frequencies:
    """The soundings (m of them) of one file with the same k channels.

    Attributes
    ----------
    frequency, offset : (k,) arrays
        In Hz and m.
    orientation : (k,) array of str
    data : dict of (m, k) arrays
        ``in_phase`` and ``quadrature`` in ppm of the coplanar primary field, or the latter alone.
    site : dict of (m,) arrays
        ``name`` and where known ``x``, ``y``, ``elevation``, ``height``, ``line``.
    height : float or None
        Setting of the survey; None where it is a sounding's own.
    std : dict of (m, k) arrays
        Standard deviations of `data` in ppm, of the quantities that have them.
    """

    file: str
    frequency: np.ndarray
    offset: np.ndarray
    orientation: np.ndarray
    data: dict[str, np.ndarray]
    site: dict
    height: float | None
    report: list[str]
    std: dict[str, np.ndarray] = field(default_factory=dict)

    def used(self) -> np.ndarray:
        """(m, k): where any of the quantities is a number."""
        return np.any([np.isfinite(values) for values in self.data.values()], axis=0)
