"""Coverage, ranks, CRPS and resolution of every parameter, from simulations of one layer count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bpinvert.calibration.bands import BAND, N_PARTS, simultaneous_band
from bpinvert.calibration.intervals import FEWEST, Intervals

LEVELS = (0.5, 0.8, 0.9, 0.95)
GRID = np.arange(1, 20) / 20
N_BINS = 20
ALL = "all"


@dataclass(frozen=True)
class Section:
    """How the posteriors of n simulations stand to their truths.

    The PIT values are kept one by one and not as a histogram: in float32, 5000 simulations of five parameters take
    100 kB, and a histogram fine enough for `Intervals` would take more for each curve type than the values it counts.
    Nothing is rounded later, so figures are the same before and after they are stored.

    Attributes
    ----------
    parameters : tuple of str
    pit : (n, P) float32 array, simulations whose posterior is not finite left out
    stratum : (n,) int array, the kind of each simulation, place in `strata`
    strata : tuple of str
    crps, crps_error, prior_crps, resolution : (P,) arrays
        Mean CRPS in u with its standard error, that of the prior, and mean width of the central 90 % interval as a
        multiple of the prior's.
    n_unanswered : int
        Simulations that were left out. They would count as not covered: a figure with many of them is worth little.
    """

    parameters: tuple[str, ...]
    pit: np.ndarray
    stratum: np.ndarray
    strata: tuple[str, ...]
    crps: np.ndarray
    crps_error: np.ndarray
    prior_crps: np.ndarray
    resolution: np.ndarray
    n_unanswered: int = 0

    @classmethod
    def join(cls, parts, parameters, strata=None) -> Section:
        """All `parts` (each a `Summary`) together.

        Parameters
        ----------
        parts : sequence of Summary
        parameters : sequence of P str
        strata : sequence of str for all simulations in order, optional
            What the conformal correction tells apart, e.g. the :func:`curve_type` of the recommended model.

        Raises
        ------
        ValueError
            If the numbers of parameters, of simulations and of strata do not agree, or no posterior is finite.
        """
        names = ("pit", "crps", "prior_crps", "width")
        pit, crps, prior_crps, width = (np.concatenate([getattr(part, name) for part in parts]) for name in names)
        strata = np.full(len(pit), ALL) if strata is None else np.asarray(strata, dtype=str)
        if pit.shape[1] != len(parameters) or len(strata) != len(pit):
            raise ValueError(
                f"the parts have {len(pit)} simulations of {pit.shape[1]} parameters, but {len(parameters)} parameters "
                f"are named and {len(strata)} strata given. Name every parameter, give every simulation a stratum."
            )
        good = np.isfinite(pit).all(axis=1)
        if not good.any():
            raise ValueError("no simulation has a finite posterior; nothing can be said. Look at what makes the draws.")
        kinds, stratum = np.unique(strata[good], return_inverse=True)
        n = int(good.sum())
        return cls(
            tuple(parameters), pit[good].astype(np.float32), stratum, tuple(map(str, kinds)), crps[good].mean(axis=0),
            crps[good].std(axis=0) / np.sqrt(n), prior_crps[good].mean(axis=0), width[good].mean(axis=0), len(good) - n,
        )  # fmt: skip

    @property
    def n(self) -> int:
        """Number of simulations that count."""
        return len(self.pit)

    def coverage(self, levels=LEVELS) -> np.ndarray:
        """(P, n_levels) shares of truths inside the central intervals of these levels."""
        distance = np.sort(np.abs(self.pit.astype(float) - 0.5), axis=0)
        half = np.asarray(levels, dtype=float) / 2
        return np.stack([np.searchsorted(column, half, side="right") for column in distance.T]) / self.n

    def coverage_error(self, levels=LEVELS) -> np.ndarray:
        """(n_levels,) binomial standard errors of the coverage of a true posterior."""
        levels = np.asarray(levels, dtype=float)
        return np.sqrt(levels * (1 - levels) / self.n)

    @property
    def expected_calibration_error(self) -> np.ndarray:
        """(P,) mean of \\|coverage - level\\| over 19 levels from 5 to 95 %."""
        return np.abs(self.coverage(GRID) - GRID).mean(axis=1)

    @property
    def chance_error(self) -> float:
        """The `expected_calibration_error` that a true posterior has on average with so many simulations."""
        return float(np.sqrt(2 / np.pi) * self.coverage_error(GRID).mean())

    @property
    def crps_skill(self) -> np.ndarray:
        """(P,) shares of the prior's CRPS that the data take away; 0: nothing learned, 1: known exactly."""
        return 1 - self.crps / self.prior_crps

    @property
    def rank_histogram(self) -> np.ndarray:
        """(P, 20) numbers of truths in equal parts of the posterior: ∪ overconfident, ∩ too wide, a slope is bias."""
        place = np.minimum((self.pit * np.float32(N_BINS)).astype(int), N_BINS - 1)
        return np.stack([np.bincount(column, minlength=N_BINS) for column in place.T])

    @property
    def rank_difference(self) -> np.ndarray:
        """(P, 99) shares of PIT values up to 0.01 … 0.99, less what they should be."""
        at = np.arange(1, N_PARTS) / N_PARTS
        return self._counts(at) / self.n - at

    @property
    def rank_band(self) -> np.ndarray:
        """(2, 99) lowest and highest `rank_difference` of the simultaneous 99 % band."""
        return np.array(simultaneous_band(self.n)) / self.n - np.arange(1, N_PARTS) / N_PARTS

    @property
    def sbc_inside(self) -> np.ndarray:
        """(P,) whether all ranks stay inside the simultaneous 99 % band; one true posterior in 100 does not."""
        low, high = simultaneous_band(self.n, BAND)
        counts = self._counts(np.arange(1, N_PARTS) / N_PARTS)
        return ((counts >= low) & (counts <= high)).all(axis=1)

    def intervals(self, fewest=FEWEST) -> Intervals:
        """The conformal correction that these simulations give, for fresh soundings."""
        return Intervals(self.pit, np.array(self.strata)[self.stratum], fewest)

    def _counts(self, at):
        ordered = np.sort(self.pit.astype(float), axis=0)
        return np.stack([np.searchsorted(column, at, side="right") for column in ordered.T])
