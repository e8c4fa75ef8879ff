"""Whether stated probabilities of the number of layers are true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

N_BINS = 10
# float32 knows nothing smaller; a true count of probability zero scores 87 nats.
_SMALLEST = np.finfo(np.float32).tiny


@dataclass(frozen=True)
class LayerCounts:
    """Stated probabilities of every layer count, and how many layers there were.

    Attributes
    ----------
    counts : (k,) int array
        The layer counts of the prior.
    probability : (n, k) float32 array
    truth : (n,) int array, number of layers
    """

    counts: np.ndarray
    probability: np.ndarray
    truth: np.ndarray

    @classmethod
    def join(cls, probabilities, truths, counts) -> LayerCounts:
        """Parts [(n, k)] and [(n,)] together.

        Raises
        ------
        ValueError
            If shapes do not agree, rows do not add up to 1, or a true count is none of `counts`.
        """
        counts = np.asarray(counts, dtype=int)
        probability, truth = np.concatenate(probabilities), np.concatenate(truths).astype(int)
        if probability.shape != (len(truth), len(counts)) or not len(truth):
            raise ValueError(
                f"probabilities have shape {probability.shape} for {len(truth)} true and {len(counts)} possible "
                f"layer counts; allowed is ({len(truth)}, {len(counts)}) with a row or more. Give every count a column."
            )
        if not np.allclose(probability.sum(axis=1), 1, atol=1e-4) or (probability < 0).any():
            raise ValueError("probabilities of layer counts must be 0 or more and add up to 1; normalise every row.")
        if not np.isin(truth, counts).all():
            raise ValueError(
                f"true layer counts are {np.unique(truth).tolist()}, but probabilities are given for "
                f"{counts.tolist()}. Leave out what the prior does not have."
            )
        return cls(counts, np.maximum(probability, _SMALLEST).astype(np.float32), truth)

    @property
    def n(self) -> int:
        return len(self.truth)

    @property
    def log_score(self) -> float:
        """Mean of -ln(stated probability of the true count), nats; ln k without data, 0 if always sure and right."""
        column = np.searchsorted(self.counts, self.truth)
        return float(-np.log(self.probability[np.arange(self.n), column].astype(float)).mean())

    @property
    def confusion(self) -> np.ndarray:
        """(k, k) numbers of simulations by true count (rows) and most probable count (columns)."""
        table = np.zeros((len(self.counts), len(self.counts)), dtype=int)
        np.add.at(table, (np.searchsorted(self.counts, self.truth), self.probability.argmax(axis=1)), 1)
        return table

    @property
    def reliability(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points of the reliability curve of every count, in bins with equally many simulations.

        Returns
        -------
        stated : (k, 10) array, mean stated probability
        observed : (k, 10) array, share of simulations with that count; NaN in both where a bin is empty
        chance : (k, 10) array, standard error of `observed` if what is stated is true
        """
        stated, observed, chance = (np.full((len(self.counts), N_BINS), np.nan) for _ in range(3))
        for k, count in enumerate(self.counts):
            p, hit = self.probability[:, k].astype(float), self.truth == count
            for b, rows in enumerate(np.array_split(p.argsort(kind="stable"), N_BINS)):
                if len(rows):
                    stated[k, b], observed[k, b] = p[rows].mean(), hit[rows].mean()
                    chance[k, b] = np.sqrt((p[rows] * (1 - p[rows])).sum()) / len(rows)
        return stated, observed, chance

    @property
    def expected_calibration_error(self) -> np.ndarray:
        """(k,) mean distance of observed from stated probability over the bins (Naeini et al. 2015, Nixon et al. 2019).

        Each class has bins of its own, so that a count that is seldom probable is judged too.
        """
        stated, observed, _ = self.reliability
        return np.nanmean(np.abs(observed - stated), axis=1)

    @property
    def chance_error(self) -> float:
        """Mean over the counts of the `expected_calibration_error` that true probabilities have on average."""
        return float(np.sqrt(2 / np.pi) * np.nanmean(self.reliability[2]))
