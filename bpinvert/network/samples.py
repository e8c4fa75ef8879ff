"""What a network learns from: inputs, targets and, where given, a weight for each sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Samples:
    """Samples in the network's dtype.

    Attributes
    ----------
    X : (n_samples, n_inputs) array
    Y : (n_samples, n_targets) array
    weight : (n_samples,) array or None
        How often each sample counts; once where None.
    """

    X: np.ndarray
    Y: np.ndarray
    weight: np.ndarray | None = None

    def __len__(self):
        return len(self.X)

    @property
    def size(self) -> float:
        """Number of samples, each as often as it counts."""
        return float(len(self.X)) if self.weight is None else float(self.weight.sum(dtype=float))

    def take(self, rows) -> Samples:
        """Some of the samples, as views where `rows` is a slice."""
        return Samples(self.X[rows], self.Y[rows], None if self.weight is None else self.weight[rows])

    def astype(self, dtype) -> Samples:
        """The samples in another precision; the same arrays where they have it."""
        weight = None if self.weight is None else self.weight.astype(dtype, copy=False)
        return Samples(self.X.astype(dtype, copy=False), self.Y.astype(dtype, copy=False), weight)

    def batches(self, size: int, order: np.ndarray | None = None):
        """Batch after batch of at most `size` samples, in `order`; each overwrites the one before.

        Yields
        ------
        done : float
            Share of the samples in the batches before.
        batch : Samples
        """
        n_samples = len(self)
        scratch = None
        if order is not None:
            arrays = (self.X, self.Y, self.weight)
            scratch = [None if a is None else np.empty((size, *a.shape[1:]), a.dtype) for a in arrays]
        for start in range(0, n_samples, size):
            if order is None:
                yield start / n_samples, self.take(slice(start, start + size))
                continue
            rows = order[start : start + size]
            parts = [None if buffer is None else buffer[: len(rows)] for buffer in scratch]
            for array, part in zip((self.X, self.Y, self.weight), parts, strict=True):
                if part is not None:
                    np.take(array, rows, axis=0, out=part, mode="clip")
            yield start / n_samples, Samples(*parts)
