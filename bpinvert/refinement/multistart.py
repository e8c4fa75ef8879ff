"""The best of several starts: where they lie around an answer, and how many of them are refined."""

from __future__ import annotations

import functools

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from bpinvert.refinement.marquardt import FINELY, Refined, refine
from bpinvert.refinement.misfit import Misfit

# Further starts are refined until a step lowers chi² by less than this share, and only the best one to the end,
# beginning almost undamped: along bent valleys that goes further.
_ROUGHLY, _UNDAMPED = 0.06, 5e-6
# Starts are refined at once where so few soundings are left that NumPy's overhead counts.
_WORTHWHILE = 64
# No further start where this many have ended at about the best chi²: its share, or this much in all.
_AGREEING, _ABOUT = 3, (0.02, 0.2)


def starts_around(u, n_starts=12, spread=0.4) -> np.ndarray:
    """Starts scattered around an answer, the answer itself first.

    The offsets are the same for every sounding (a scrambled Sobol' sequence of normal scores), so that an answer does
    not depend on what else is in the batch.

    Parameters
    ----------
    u : (n, n_parameters) array in [0, 1]
    n_starts : int
    spread : float
        Standard deviation of the offsets. Of 0.08 to 0.4, and starts from the prior or from the best-fitting training
        models, 0.4 around the network's answer left the fewest soundings in a wrong valley.

    Returns
    -------
    (n, n_starts, n_parameters) array
    """
    return np.clip(u[:, None] + _offsets(u.shape[1], n_starts, spread), 0.0, 1.0)


@functools.cache
def _offsets(n_parameters, n_starts, spread):
    points = qmc.Sobol(n_parameters, rng=0).random_base2(max(n_starts - 1, 1).bit_length())[: n_starts - 1]
    return np.vstack([np.zeros(n_parameters), spread * ndtri(np.clip(points, 1e-6, 1 - 1e-6))])


def refine_multistart(misfit: Misfit, starts, *, enough, max_iterations=30) -> Refined:
    """Refine from the first start; go on to the next ones only where the fit is not yet good enough.

    Where several starts have ended at the same misfit, no further one is tried: it is the best there is.

    Parameters
    ----------
    misfit : Misfit
    starts : (n, n_starts, n_parameters) array of u
    enough : (n,) array
        Sum of squared residuals below which no further start is tried.
    """
    n, n_starts, _ = starts.shape
    best = Refined(starts[:, 0].copy(), np.full(n, np.inf), *np.zeros((2, n), dtype=bool))
    reached = np.full((n, n_starts), np.inf)
    done = 0
    while done < n_starts:
        rows = _undecided(best, reached, enough)
        if not rows.size:
            break
        # Where one start is enough in any case, no further one is made with it.
        left = 1 if done == 0 and np.isinf(enough[rows]).all() else n_starts - done
        several = min(max(_WORTHWHILE // rows.size, 1), left)
        own = np.repeat(rows, several)
        trials = starts[rows, done : done + several].reshape(len(own), -1)
        further = np.tile(np.arange(done, done + several) > 0, len(rows))
        others = refine(
            misfit, trials, own, max_iterations=max_iterations, tolerance=np.where(further, _ROUGHLY, FINELY)
        )
        # One start after the other, as if each had been made only where needed: an answer does not depend on the batch.
        for k in range(several):
            place = np.flatnonzero(np.isin(own, _undecided(best, reached, enough)))[k::several]
            reached[own[place], done + k] = others.chi2[place]
            better = place[others.chi2[place] < best.chi2[own[place]]]
            for name in ("u", "chi2", "converged"):
                getattr(best, name)[own[better]] = getattr(others, name)[better]
        done += several
    rough = np.flatnonzero(best.chi2 < reached[:, 0])
    fine = refine(misfit, best.u[rough], rough, max_iterations=max_iterations, damping=_UNDAMPED)
    for name in ("u", "chi2", "converged"):
        getattr(best, name)[rough] = getattr(fine, name)
    best.searched = best.chi2 > enough
    return best


def _undecided(best, reached, enough):
    """Soundings that do not fit yet, and whose starts have not ended at the same misfit often enough."""
    about = reached <= (best.chi2 * (1 + _ABOUT[0]) + _ABOUT[1])[:, None]
    agreed = np.isfinite(best.chi2) & (about.sum(axis=1) >= _AGREEING)
    untried = np.isinf(reached).all(axis=1)
    return np.flatnonzero(untried | ((best.chi2 > enough) & ~agreed))
