"""Intervals that cover as often as stated whatever the posterior is worth: split-conformal, by curve type.

A posterior that was computed for n held-out simulations and is computed in the same way for a new one puts the new
truth's PIT at any rank among theirs with the same probability. So the interval between two of their order statistics,
m ranks apart, has the new PIT inside with probability m/(n + 1) exactly: conformalised quantile regression (Romano,
Patterson & Candès 2019, arXiv:1905.03222) with the PIT as the score, hence with both ends corrected each for itself.
With m = ⌈(n + 1)·coverage⌉ that is at least the coverage asked for, and less than 1/(n + 1) more.

It holds within every kind of sounding too (Mondrian, Vovk et al. 2005, section 4.5) if the kind is a function of the
data alone. The curve type of the *true* model is not known in the field; that of the recommended model is, and being
computed from the data it keeps the guarantee even where it is wrong. Of models with one of several layer counts it is
a guarantee for soundings whose true count is the one the interval is for: of others the parameters are not defined.
"""

from __future__ import annotations

import numpy as np

# With so many the realised coverage of 90 % intervals scatters by 1.7 points.
FEWEST = 300
_LETTERS = np.array(["Q", "H", "K", "A"])


class Intervals:
    """Corrected probability levels for each kind of sounding.

    Parameters
    ----------
    pit : (n, P) array
        Of calibration simulations, finite. Leaving out those without an answer keeps the guarantee for soundings with
        one: whether there is an answer is a function of the data.
    strata : (n,) array of str or int
    fewest : int
        Kinds with fewer simulations are taken together; where these are fewer too, they are judged among all.

    Attributes
    ----------
    groups : dict, kind -> (n_kind, P) array of PIT values in order; None is any other kind

    Raises
    ------
    ValueError
        If shapes do not agree or a PIT is not finite.
    """

    def __init__(self, pit, strata, fewest=FEWEST):
        pit, strata = np.asarray(pit, dtype=float), np.asarray(strata)
        if pit.ndim != 2 or strata.shape != pit.shape[:1] or not len(pit):
            raise ValueError(
                f"pit has shape {pit.shape} and strata {strata.shape}; allowed are (n, P) and (n,) with n of 1 or "
                "more. Give every simulation its kind."
            )
        if not np.isfinite(pit).all():
            raise ValueError("pit has values that are not finite; leave out simulations without a posterior.")
        kinds, counts = np.unique(strata, return_counts=True)
        own = kinds[counts >= fewest]
        rest = ~np.isin(strata, own)
        members = {kind: strata == kind for kind in own.tolist()}
        members[None] = rest if rest.sum() >= fewest else np.ones(len(strata), dtype=bool)
        self.groups = {kind: np.sort(pit[rows], axis=0) for kind, rows in members.items()}

    def levels(self, coverage, strata) -> tuple[np.ndarray, np.ndarray]:
        """Probability levels at which the posterior's quantiles bound an interval of that coverage.

        Parameters
        ----------
        coverage : float
            In [0, 1); 0 gives the corrected median, twice.
        strata : (n,) array

        Returns
        -------
        lower, upper : (n, P) arrays in [0, 1]
            0 and 1 stand for the prior's own bounds.

        Raises
        ------
        ValueError
            If coverage is not in [0, 1).
        """
        if not 0 <= coverage < 1:
            raise ValueError(f"coverage is {coverage}; it must be at least 0 and below 1. Give e.g. 0.9 for 90 %.")
        kinds, place = np.unique(np.asarray(strata), return_inverse=True)
        bounds = np.stack([self._bounds(self._group(kind), coverage) for kind in kinds.tolist()], axis=1)
        return bounds[0, place], bounds[1, place]

    def n_simulations(self, kind) -> int:
        """How many simulations a sounding of that kind is judged among: the n of the guarantee."""
        return len(self._group(kind))

    def _group(self, kind):
        return self.groups.get(kind, self.groups[None])

    @staticmethod
    def _bounds(ordered, coverage):
        n, n_parameters = ordered.shape
        # (n + 1)·0.9 may be a rounding error above a whole number.
        apart = int(np.ceil((n + 1) * coverage - 1e-9))
        first = (n + 1 - apart) // 2
        edge = np.ones((1, n_parameters))
        return np.concatenate([0 * edge, ordered, edge])[[first, first + apart]]


def outward(draws, lower, upper, weights=None) -> tuple[np.ndarray, np.ndarray]:
    """Bounds in u between which the truth lies whenever its PIT by `summarize` is in [lower, upper].

    Interpolated quantiles of few draws are too narrow in the tails, and beyond the outermost draw nothing is known
    but the prior. Here bounds are draws, rounded outward by one, or 0 and 1 where no draw is far enough out.

    Parameters
    ----------
    draws : (n_draws, n, P) array, in u
    lower, upper : (n, P) arrays, from `Intervals.levels`
    weights : (n_draws, n) array, optional

    Returns
    -------
    low, high : (n, P) arrays, in u
    """
    draws = np.asarray(draws, dtype=float)
    weights = np.ones(draws.shape[:2]) if weights is None else np.asarray(weights, dtype=float)
    order = draws.argsort(axis=0)
    x = np.take_along_axis(draws, order, axis=0)
    w = np.take_along_axis(np.broadcast_to((weights / weights.sum(axis=0))[..., None], draws.shape), order, axis=0)
    own = (w**2).sum(axis=0)
    cumulated = np.cumsum(w, axis=0)
    # A truth below draw j has a PIT of at most (C[j-1] + own)/(1 + own), one above it of at least C[j]/(1 + own).
    below = ((cumulated - w + own) / (1 + own) <= lower).sum(axis=0)
    above = (cumulated / (1 + own) < upper).sum(axis=0)
    edge = np.zeros((1, *x.shape[1:]))
    low = np.take_along_axis(np.concatenate([edge, x]), below[None], axis=0)[0]
    high = np.take_along_axis(np.concatenate([x, edge + 1]), above[None], axis=0)[0]
    return low, high


def curve_type(resistivity) -> np.ndarray:
    """The classical letters of layered models, one for every three consecutive layers.

    A: ascending, Q: descending, H: the middle is lowest, K: the middle is highest; HK, KH, AA, … for four layers,
    and so on (Koefoed 1979, *Geosounding Principles 1*). Two layers are "up" or "down", one is "flat", none "". Equal
    neighbours count as ascending.

    Parameters
    ----------
    resistivity : (n, n_layers) array
        NaN beyond a model's own layers.

    Returns
    -------
    (n,) array of str

    Examples
    --------
    >>> curve_type([[100.0, 10.0, 500.0, 20.0], [100.0, 10.0, 500.0, float("nan")]]).tolist()
    ['HK', 'H']
    """
    resistivity = np.atleast_2d(np.asarray(resistivity, dtype=float))
    n_layers = np.isfinite(resistivity).sum(axis=1)
    up = (np.diff(resistivity, axis=1) >= 0).astype(int)
    letters = _LETTERS[2 * up[:, :-1] + up[:, 1:]]
    kinds = np.full(len(resistivity), "", dtype=f"U{max(4, letters.shape[1])}")
    kinds[n_layers == 1] = "flat"
    for k in range(2, resistivity.shape[1] + 1):
        rows = n_layers == k
        if k == 2:
            kinds[rows] = np.where(up[rows, 0], "up", "down")
        else:
            kinds[rows] = ["".join(row) for row in letters[rows, : k - 2]]
    return kinds
