"""How hard the data press a best-fitting model against the edge of its prior."""

from __future__ import annotations

import numpy as np

# Keeps combinations of parameters that the data do not see from a singular system, as a share of the trace.
_UNSEEN = 1e-6


def pressure(misfit, u) -> np.ndarray:
    """By how much chi² would fall, to first order, if the prior had no edges at which the models `u` are held, (n,).

    That is Rao's score statistic of the parameters that are held, g'H⁻¹g with the gradient g of half chi² in these
    and its Gauss–Newton matrix H (Rao 1948, doi:10.1017/S0305004100023987): the square of how many standard errors
    they want to go beyond.

    Parameters
    ----------
    misfit : Misfit
    u : (n, n_parameters) array, a minimum inside the prior for every sounding of `misfit`
    """
    wanted = np.zeros(len(u))
    rows = np.flatnonzero(((u <= 0) | (u >= 1)).any(axis=1))
    if not rows.size:
        return wanted
    _, gradient, curvature = misfit.expand(u[rows], rows)
    # The gradient is that of a fall of chi².
    held = ((u[rows] <= 0) & (gradient < 0)) | ((u[rows] >= 1) & (gradient > 0))
    pushing = np.where(held, gradient, 0.0)
    diagonal = np.arange(u.shape[1])
    trace = curvature[:, diagonal, diagonal].sum(axis=1, keepdims=True)
    curvature[:, diagonal, diagonal] += _UNSEEN * trace + 1e-12
    step = np.linalg.solve(curvature, pushing[:, :, None])[:, :, 0]
    wanted[rows] = np.maximum((pushing * step).sum(axis=1), 0.0)
    return wanted
