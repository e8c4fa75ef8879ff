"""Segments of readings that are displaced together, such as those of one pair of potential electrodes."""

from __future__ import annotations

import numpy as np

# By then the centre of the displacements has settled.
_REWEIGHTINGS = 10


class Displacement:
    """Segments of readings that are displaced together, each by an unknown amount with a Gaussian prior.

    No segment is the reference, but the mean of the amounts, weighted by their prior precision, is zero: a displacement
    of all segments together is the ground's. Amounts are linear in the residuals, so they need no iteration: with
    weights w = 1/σ, D the diagonal of Σ w² over each segment and V the prior's covariance, the best amounts are
    V (1 + D V)⁻¹ Σ w² r, and the sum of squares that remains, penalty included, is that of the projected residuals
    (generalised least squares).

    Parameters
    ----------
    segments : (n_segments, n_channels) bool array, disjoint
    variance : (n, n_segments) array
        Of the amounts before their mean was fixed, on the channels' scale; 0 for what is not displaced.
    sigma : (n, n_channels) array, inf where a reading is not used
    """

    def __init__(self, segments, variance, sigma):
        self.segments = segments.astype(float)
        self.variance = variance
        self.weight = np.where(np.isfinite(sigma), 1 / sigma, 0.0)
        self.information = np.square(self.weight) @ self.segments.T
        covariance = _about_a_common_centre(variance, self.information > 0)
        root = np.sqrt(self.information)
        value, vector = np.linalg.eigh(root[:, :, None] * covariance * root[:, None, :])
        shrink = 1 / np.sqrt(1 + np.maximum(value, 0.0)) - 1
        matrix = (vector * shrink[:, None, :]) @ vector.transpose(0, 2, 1)
        inverse = np.divide(1.0, root, out=np.zeros_like(root), where=root > 0)
        self._shrink = inverse[:, :, None] * matrix * inverse[:, None, :]
        self._gain = np.linalg.solve(np.eye(len(segments)) + covariance * self.information[:, None, :], covariance)

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

        The weights of Lange, Little & Taylor (1989, doi:10.2307/2290063): the centre is where most segments are.
        """
        variance, doubt = self.variance, np.square(self.spread())
        moves = variance > 0
        for _ in range(_REWEIGHTINGS):
            precision = np.divide(1.0, variance, out=np.zeros_like(variance), where=moves)
            centre = (amounts * precision).sum(axis=1) / np.maximum(precision.sum(axis=1), 1e-300)
            wider = (freedom * scale**2 + np.square(amounts - centre[:, None]) + doubt) / (freedom + 1)
            variance = np.where(moves, wider, 0.0)
        return variance


def _about_a_common_centre(variance, active):
    """Covariance (n, k, k) of amounts of these variances whose mean, weighted by precision, is zero.

    That of the amounts themselves less the variance of that mean. Segments that are not active take no part.
    """
    room = np.where(active, variance, 0.0)
    precision = np.divide(1.0, room, out=np.zeros_like(room), where=room > 0).sum(axis=1)
    of_mean = np.divide(1.0, precision, out=np.zeros_like(precision), where=precision > 0)
    both = (room > 0)[:, :, None] & (room > 0)[:, None, :]
    return room[:, :, None] * np.eye(room.shape[1]) - of_mean[:, None, None] * both
