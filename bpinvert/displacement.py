"""Segments of readings that are displaced together, such as those of one pair of potential electrodes."""

from __future__ import annotations

import copy

import numpy as np

# By then the centre of the displacements has settled.
_REWEIGHTINGS = 10


class Displacement:
    """Segments of readings that are displaced together, each by an unknown amount with a Gaussian prior.

    Readings in no segment stay where they are. Where a sounding has none of these, no segment is the reference, but the
    mean of the amounts, weighted by their prior precision, is zero: a displacement of all readings together is the
    ground's. Amounts are linear in the residuals, so they need no iteration: with weights w = 1/σ, D the diagonal of
    Σ w² over each segment and V the prior's covariance, the best amounts are V (1 + D V)⁻¹ Σ w² r, and the sum of
    squares that remains, penalty included, is that of the projected residuals (generalised least squares).

    Parameters
    ----------
    segments : (n_segments, n_channels) bool array, disjoint
    variance : (n, n_segments) array
        Of the amounts before their mean was fixed, on the channels' scale; 0 for what is not displaced.
    sigma : (n, n_channels) array, inf where a reading is not used
    together : bool
        Whether all readings may be displaced together after all: to state how well the ground's level is known.

    Attributes
    ----------
    n_free : (n,) int array, how many of the amounts are unknowns of their own
    log_determinant : (n,) array, ln of the factor by which they enlarge the determinant of the errors' covariance
    """

    def __init__(self, segments, variance, sigma, together=False):
        self.segments = segments.astype(float)
        self.variance = variance
        self.weight = np.where(np.isfinite(sigma), 1 / sigma, 0.0)
        self.information = np.square(self.weight) @ self.segments.T
        moves = (variance > 0) & (self.information > 0)
        self._anchored = ((self.weight > 0) & (moves @ self.segments == 0)).any(axis=1) | together
        self.n_free = np.maximum(moves.sum(axis=1) - ~self._anchored, 0)
        covariance = _covariance(np.where(moves, variance, 0.0), self._anchored)
        root = np.sqrt(self.information)
        value, vector = np.linalg.eigh(root[:, :, None] * covariance * root[:, None, :])
        shrink = 1 / np.sqrt(1 + np.maximum(value, 0.0)) - 1
        matrix = (vector * shrink[:, None, :]) @ vector.transpose(0, 2, 1)
        inverse = np.divide(1.0, root, out=np.zeros_like(root), where=root > 0)
        # By what displacements enlarge the determinant of the errors' covariance.
        self.log_determinant = np.log1p(np.maximum(value, 0.0)).sum(axis=1)
        self._shrink = inverse[:, :, None] * matrix * inverse[:, None, :]
        self._gain = np.linalg.solve(np.eye(len(segments)) + covariance * self.information[:, None, :], covariance)

    def take(self, rows) -> Displacement:
        """Of some of the soundings."""
        part = copy.copy(self)
        for name, value in vars(self).items():
            if name != "segments":
                setattr(part, name, value[rows])
        return part

    def project(self, standardised, rows):
        """Standardised residuals or derivatives (n, n_channels, k) without the share that displacements explain."""
        weight = self.weight[rows][:, :, None]
        common = self._shrink[rows] @ (self.segments @ (weight * standardised))
        return standardised + weight * (self.segments.T @ common)

    def estimate(self, difference):
        """Best amounts (n, n_segments) for the residuals (n, n_channels) of all soundings, on the scale."""
        weighted = np.where(np.isfinite(difference), difference, 0.0) * np.square(self.weight)
        return (self._gain @ (weighted @ self.segments.T)[:, :, None])[:, :, 0]

    def spread(self):
        """Standard deviations of the amounts (n, n_segments), were the model known."""
        return np.sqrt(self.variance / (1 + self.variance * self.information))

    def reweighted(self, amounts, scale, freedom) -> np.ndarray:
        """Variances (n, n_segments) that bring the prior near Student's t of that scale around a common centre.

        The weights of Lange, Little & Taylor (1989, doi:10.2307/2290063): the centre is where most segments are, or
        where the readings in no segment are.
        """
        variance, doubt = self.variance, np.square(self.spread())
        moves = variance > 0
        for _ in range(_REWEIGHTINGS):
            precision = np.divide(1.0, variance, out=np.zeros_like(variance), where=moves)
            centre = (amounts * precision).sum(axis=1) / np.maximum(precision.sum(axis=1), 1e-300)
            centre[self._anchored] = 0.0
            wider = (freedom * scale**2 + np.square(amounts - centre[:, None]) + doubt) / (freedom + 1)
            variance = np.where(moves, wider, 0.0)
        return variance


def _covariance(variance, anchored):
    """Covariance (n, k, k) of amounts of these variances, 0 for what is not displaced.

    Unless `anchored` their mean, weighted by precision, is zero: the variance of that mean is taken off.
    """
    precision = np.divide(1.0, variance, out=np.zeros_like(variance), where=variance > 0).sum(axis=1)
    of_mean = np.divide(1.0, precision, out=np.zeros_like(precision), where=(precision > 0) & ~anchored)
    both = (variance > 0)[:, :, None] & (variance > 0)[:, None, :]
    return variance[:, :, None] * np.eye(variance.shape[1]) - of_mean[:, None, None] * both
