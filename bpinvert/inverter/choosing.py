"""How many layers, and how much noise where the sheet does not say."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtri

from bpinvert.noise import FREEDOM

# A layer count fits where pure noise would give a larger chi² this often.
FEW_LAYERS = 0.05
# And so close, in its σ, to every known value.
AT_ODDS = 3.0
# Fits of which pure noise would give a larger chi² more rarely than that are no sign of how large the noise is.
_NO_NOISE = 1e-3
# Noise levels that the posterior mean is taken over.
_LEVELS = 65


def choose(answers, n_used) -> np.ndarray:
    """The fewest layers whose misfit is within the errors, and known values too; where none is, the smallest BIC.

    Parameters
    ----------
    answers : dict, layer count -> Refined
    n_used : (n,) int array, numbers of used readings
    """
    counts, n_parameters, chi2 = _table(answers)
    freedom = np.maximum(n_used[:, None] - n_parameters, 1)
    known = np.stack([np.broadcast_to(answer.discord, len(n_used)) for answer in answers.values()], axis=1)
    fits = (chi2 <= chdtri(freedom, FEW_LAYERS)) & (known <= AT_ODDS)
    bic = chi2 + n_parameters * np.log(np.maximum(n_used, 1))[:, None]
    return counts[np.where(fits.any(axis=1), fits.argmax(axis=1), bic.argmin(axis=1))]


def criterion(answers, n_used, room, n_shifts=0):
    """BIC of every layer count with the noise level as a further unknown, (n, n_counts).

    Parameters
    ----------
    answers : dict, layer count -> Refined
    n_used : (n,) int array
    room : (lowest, highest), each (n,)
        Factors that the noise levels may be multiplied by; 1 and 1 where the errors are known.
    n_shifts : int or (n,) array
        Displacements that were fitted as well.
    """
    _, n_parameters, chi2 = _table(answers)
    n_parameters = n_parameters + np.reshape(n_shifts, (-1, 1))
    freedom = n_used[:, None] - n_parameters
    low, high = (np.asarray(end)[:, None] ** 2 for end in room)
    squared = np.clip(chi2 / np.maximum(freedom, 1), low, high)
    value = n_used[:, None] * np.log(squared) + chi2 / squared + n_parameters * np.log(np.maximum(n_used, 1))[:, None]
    # A fit without freedom says nothing of the noise; unless every count is one, or the errors are known.
    empty = (freedom < FREEDOM) & (low < high) & (freedom[:, :1] >= FREEDOM)
    return np.where(empty, 1e300, value)


def noise_factor(answers, n_used, room, n_shifts):
    """Layer counts by `criterion`, and by how much the noise levels of a sounding should be multiplied.

    The factor is the posterior mean, in the logarithm, of a level that is log-uniform in its range beforehand, given
    chi² of the model chosen (of the freedom that is left); the middle of the range where no freedom is left, or where
    only models without freedom fit at all.

    Returns
    -------
    (n,) int array and (n,) array
    """
    counts, n_parameters, chi2 = _table(answers)
    best = criterion(answers, n_used, room, n_shifts).argmin(axis=1)
    rows = np.arange(len(best))
    freedom = np.asarray(n_used - n_parameters[best] - n_shifts, dtype=float)
    chi2 = chi2[rows, best]
    # More layers would fit without freedom: that fewer do not is no sign of noise.
    more = n_used - n_parameters.max() - n_shifts < FREEDOM
    lost = more & (chi2 > np.square(room[1]) * chdtri(np.maximum(freedom, 1), _NO_NOISE))
    known = (freedom >= FREEDOM) & ~lost
    chi2, freedom = np.where(known, chi2, 0.0), np.where(known, freedom, 0.0)
    low, high = (np.log(end) for end in room)
    factor = np.exp(low[:, None] + (high - low)[:, None] * np.linspace(0, 1, _LEVELS))
    likelihood = -freedom[:, None] * np.log(factor) - chi2[:, None] / (2 * np.square(factor))
    weight = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    return counts[best], np.exp((weight * np.log(factor)).sum(axis=1) / weight.sum(axis=1))


def _table(answers):
    counts = np.array(list(answers))
    n_parameters = np.array([answer.n_determined or answer.u.shape[1] for answer in answers.values()])
    chi2 = np.stack([answer.chi2 for answer in answers.values()], axis=1)
    return counts, n_parameters, np.where(np.isfinite(chi2), chi2, 1e300)
