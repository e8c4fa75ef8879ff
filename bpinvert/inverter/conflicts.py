"""Whether methods contradict each other: models fit the data of each one alone, but no model those of all."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtri

from bpinvert import geometry
from bpinvert.inverter.choosing import FEW_LAYERS
from bpinvert.inverter.solving import FEWEST_PLACES
from bpinvert.results import STATUS

# A method alone fits where pure noise would give a larger chi² this often.
_FITS = 0.01


def mark_conflicts(solver, observed, answer, calibration, rate, level, n_layers="auto") -> None:
    """Set the bit ``methods_conflict`` in the status of an `Answer` where methods contradict each other.

    Only soundings that are flagged at `rate`, or whose best model does not fit within the errors, are looked at.
    """
    if not solver.survey.channels.joined:
        return
    suspect = calibration.judge(answer.scores, answer.strata, rate)[2].any(axis=1)
    if level != "network":
        n_used = np.isfinite(list(answer.residual.values())).sum(axis=(0, 2))
        suspect |= answer.chi2 * n_used > chdtri(np.maximum(answer.freedom, 1), FEW_LAYERS)
    answer.status |= STATUS["methods_conflict"][0] * conflicts(solver, observed, suspect, rate, n_layers)


def conflicts(solver, observed, suspect, rate, n_layers="auto") -> np.ndarray:
    """Which soundings each method alone fits within its errors, but all together not, (n,) bool.

    Not together means that chi² of all data exceeds the sum of those of each method's own model by more than chance
    would let it, with as many degrees of freedom as the common model has parameters, in a share `rate` of soundings.

    Parameters
    ----------
    solver : Solver
    observed : xarray.Dataset from `geometry.as_observed`
    suspect : (n,) bool array
        Those to be looked at: each is refined anew with the readings of one method after the other.
    rate : float
    n_layers : "auto" or int
    """
    found = np.zeros(len(suspect), dtype=bool)
    if not solver.survey.channels.joined or not suspect.any():
        return found
    for group in geometry.groups(observed, solver.survey, solver.survey.context):
        group = group.take(np.flatnonzero(suspect[group.rows]))
        parts = [group.only(part) for part in group.survey.channels.parts]
        several = np.sum([part.n_places() >= FEWEST_PLACES for part in parts], axis=0) > 1
        parts = [part.take(np.flatnonzero(several)) for part in parts]
        group = group.take(np.flatnonzero(several))
        if not len(group.rows):
            continue
        together, _, n_parameters = _best(solver, group, n_layers)
        # A method with too few readings to be fitted alone is none that fits.
        alone, fits, _ = zip(*(_best(solver, part, n_layers) for part in parts), strict=True)
        there = np.array([part.n_places() >= FEWEST_PLACES for part in parts])
        with np.errstate(invalid="ignore"):  # neither can be computed
            more = together - np.where(there, alone, 0.0).sum(axis=0)
        apart = more > chdtri(np.maximum(n_parameters, 1), rate)
        found[group.rows] = apart & (np.array(fits) | ~there).all(axis=0) & there.any(axis=0)
    return found


def _best(solver, group, n_layers):
    """chi² of the best model of each sounding, whether it fits within the errors, and its number of parameters."""
    chi2, freedom, n_used = np.full((3, len(group.rows)), np.nan)
    for part in solver.solve(group, "refined", n_layers=n_layers):
        n_used[part.rows] = part.used.sum(axis=1)
        chi2[part.rows], freedom[part.rows] = part.chi2 * n_used[part.rows], part.freedom
    return chi2, chi2 <= chdtri(np.fmax(freedom, 1), _FITS), n_used - freedom
