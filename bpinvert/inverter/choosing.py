"""How many layers, and how much noise where the sheet does not say."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtri

# A layer count fits where pure noise would give a larger chi² this often.
FEW_LAYERS = 0.05


def choose(answers, n_used) -> np.ndarray:
    """The fewest layers whose misfit is within the errors; where none is, the smallest BIC.

    Parameters
    ----------
    answers : dict, layer count -> Refined
    n_used : (n,) int array, numbers of used readings
    """
    counts, n_parameters, chi2 = _table(answers)
    freedom = np.maximum(n_used[:, None] - n_parameters, 1)
    fits = chi2 <= chdtri(freedom, FEW_LAYERS)
    criterion = np.where(np.isfinite(chi2), chi2, 1e300) + n_parameters * np.log(n_used)[:, None]
    return counts[np.where(fits.any(axis=1), fits.argmax(axis=1), criterion.argmin(axis=1))]


def noise_factor(answers, n_used, noise, levels):
    """Layer counts by BIC with the noise level as a further unknown within its range, and the level's factor.

    Parameters
    ----------
    answers : dict, layer count -> Refined, with chi² by `levels`
    n_used : (n,) int array
    noise : Noise
    levels : (n, n_levels) array

    Returns
    -------
    (n,) int array and (n,) array: by how much the levels of a sounding should be multiplied
    """
    counts, n_parameters, chi2 = _table(answers)
    chi2 = np.where(np.isfinite(chi2), chi2, 1e300)
    freedom = np.maximum(n_used[:, None] - n_parameters, 1)
    low, high = noise.level_room(levels)
    squared = np.clip(chi2 / freedom, low[:, None] ** 2, high[:, None] ** 2)
    criterion = n_used[:, None] * np.log(squared) + chi2 / squared + n_parameters * np.log(n_used)[:, None]
    best = criterion.argmin(axis=1)
    rows = np.arange(len(best))
    return counts[best], np.sqrt((chi2 / freedom)[rows, best])


def _table(answers):
    counts = np.array(list(answers))
    n_parameters = np.array([answer.u.shape[1] for answer in answers.values()])
    return counts, n_parameters, np.stack([answer.chi2 for answer in answers.values()], axis=1)
