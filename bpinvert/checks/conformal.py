"""Conformal p-values of the checks and of their joint test, stratum by stratum.

A check's p-value is the share of fresh, held-out simulations, sent through the very same path, that score at least as
high (Vovk et al. 2005, *Algorithmic Learning in a Random World*). The joint test takes the smallest p-value over the
checks, each divided by the weight of its check, and calibrates *that* on the same simulations, so the stated
false-alarm rate holds for all checks together. Weights say how large a part of it each may use up (Genovese, Roeder &
Wasserman 2006, doi:10.1093/biomet/93.3.509).
Both are done among simulations of the same kind (Mondrian conformal prediction, ibid. section 4.5): as many readings,
errors as large, as many layers in the answer, MN segments that are displaced, may be, or none, the same methods.
"""

from __future__ import annotations

import numpy as np

_ANY = -9
# Columns of the strata, the most telling first.
_ORDER = (4, 1, 3, 0, 2)
# A kind of its own has so many times the fewest simulations: with fewer the rate would often be missed.
_ENOUGH = 2
# A score beyond all of a kind's simulations may be so many times rarer than the joint test needs.
_ROOM = 1.5
# Numbers of readings that part kinds: those that leave models hardly any freedom, and shares of the others.
_FEW_READINGS, _PARTS = (5, 8), (0.1, 0.25, 0.5, 0.75)
# Positions in the range of noise levels that part kinds. Estimates that press against the upper end are one.
_KNOWN_EDGES, _ESTIMATED_EDGES = (0.25, 0.5, 0.75), (0.25, 0.5, 0.75, 0.9)


class Stratum:
    """P-values among the simulations of one kind.

    Parameters
    ----------
    scores : (n, n_checks) array, scores of held-out simulations
    rate : float
        False-alarm rate whose rank must be among those kept.
    weights : (n_checks,) array
        Of the checks in the joint test; raised where there are too few simulations for a check to reject by itself.
    """

    # Ranks kept: every one up to this, then each so many times the last; between them p-values are interpolated.
    _EVERY, _RATIO = 10, 1.2

    def __init__(self, scores=None, rate=0.01, weights=None):
        if scores is None:
            return
        scores = np.asarray(scores, dtype=np.float32)
        self.n = len(scores)
        weights = np.ones(scores.shape[1]) if weights is None else weights
        self.weights = np.maximum(weights, min(_ROOM * len(weights) / (rate * (self.n + 1)), 1.0))
        self.ranks = self._kept_ranks(self.n, rate)
        self.quantiles = -np.sort(-scores, axis=0)[self.ranks]
        smallest = self.weighted(self.p_values(scores, own=True)).min(axis=1)
        self.smallest = np.sort(smallest)[self.ranks]

    def _kept_ranks(self, n, rate):
        ladder = self._EVERY * self._RATIO ** np.arange(np.ceil(np.log(max(n / self._EVERY, 1)) / np.log(self._RATIO)))
        around = rate * (n + 1) * np.array([0.5, 0.75, 1.0])
        ranks = np.concatenate([np.arange(self._EVERY), ladder, np.floor(around) - 1, [n - 1]]).astype(int)
        return np.unique(ranks[(ranks >= 0) & (ranks < n)])

    def p_values(self, scores, own=False):
        """(n, n_checks) p-values; `own` when the scores are the calibration's own and must not count themselves."""
        scores = np.asarray(scores, dtype=np.float32)
        p = np.empty(scores.shape)
        for k, column in enumerate(scores.T):
            # Number of calibration scores at least as high.
            count = np.exp(np.interp(-column, -self.quantiles[:, k], np.log(self.ranks + 1)))
            count[column > self.quantiles[0, k]] = 0
            p[:, k] = (np.maximum(count, 1) if own else count + 1) / (self.n + 1)
        return p

    def weighted(self, p_values):
        """What the joint test compares."""
        return (p_values / self.weights).astype(np.float32)

    def joint(self, p_values):
        """(n,) p-value of the smallest of the checks' weighted p-values."""
        smallest = self.weighted(p_values).min(axis=1)
        place = np.searchsorted(self.smallest, smallest, side="right")
        joint = (np.append(self.ranks, self.n)[place] + 1) / (self.n + 1)
        return np.where(np.isnan(smallest), np.nan, joint)

    def threshold(self, rate):
        """The weighted p-value below which a single check makes the joint test reject at `rate`."""
        rejecting = np.count_nonzero((self.ranks + 1) / (self.n + 1) <= rate)
        return float(self.smallest[rejecting - 1]) if rejecting else 0.0

    def get_state(self):
        own = {"n": np.array([self.n]), "weights": self.weights[None]}
        return own | {"ranks": self.ranks, "quantiles": self.quantiles, "smallest": self.smallest}

    @classmethod
    def from_state(cls, state) -> Stratum:
        stratum = cls()
        stratum.n, stratum.weights = int(state["n"][0]), np.asarray(state["weights"][0], dtype=float)
        stratum.ranks = np.asarray(state["ranks"], dtype=int)
        stratum.quantiles = np.asarray(state["quantiles"], dtype=np.float32)
        stratum.smallest = np.asarray(state["smallest"], dtype=np.float32)
        return stratum


class Calibration:
    """P-values of soundings, each among the calibration simulations of its own kind.

    Parameters
    ----------
    scores : (n, n_checks) array, scores of held-out simulations
    strata : (n, 5) array
        Of each: number of used readings (-1: all of the inverter's own, with errors as modelled), position of its
        errors in the range of noise levels (0 to 1; -1 to -2 where they are estimated), number of layers of the answer,
        whether MN segments can be displaced (1), are in the answer (2), or there are none (0); and the methods of
        which there is nothing, as a sum of 2 to the power of each one's place (0: none is missing).
    rate : float
        False-alarm rate of the joint test.
    weights : (n_checks,) array, optional
        How large a part of it each check may use up, as a multiple of the others'. Default: all the same.

    Attributes
    ----------
    n : int
    cells : dict, (bin of readings, bin of errors, layers, segments, missing methods) -> Stratum
        With -9 for "any", where soundings of kinds that are too rare for a stratum of their own end up.
    """

    def __init__(self, scores=None, strata=None, rate=0.01, weights=None):
        if scores is None:
            return
        scores, strata = np.asarray(scores, dtype=float), np.asarray(strata, dtype=float)
        weights = np.ones(scores.shape[1]) if weights is None else np.asarray(weights, dtype=float)
        weights = weights / weights.mean()
        self.n = len(scores)
        other = strata[strata[:, 0] >= 0, 0]
        parts = np.quantile(other, _PARTS, method="nearest") if other.size else []
        self.edges = np.unique([*_FEW_READINGS, *parts])
        keys = self._keys(strata)
        self.cells = {}
        # The finest kinds first. A coarser one is of those that no finer one has taken, like the soundings that will be
        # judged by it; of all of its kind, where those are too few.
        enough, left = _ENOUGH * fewest(rate), np.ones(self.n, dtype=bool)
        for depth in range(len(_ORDER), -1, -1):
            coarse = _coarsened(keys, depth)
            for key in np.unique(coarse, axis=0):
                alike = (coarse == key).all(axis=1)
                members = alike & left if (alike & left).sum() >= enough else alike
                if members.sum() >= enough or depth == 0:
                    self.cells[tuple(map(int, key))] = Stratum(scores[members], rate, weights)
                    left &= ~members

    def _keys(self, strata):
        """(n, 5) int array: bins of readings and errors, the layers, MN segments, and missing methods."""
        readings, position, layers, segments, missing = strata.T
        readings = np.where(readings < 0, -1, np.searchsorted(self.edges, readings, side="right"))
        known, estimated = (
            np.searchsorted(edges, place, side="right")
            for edges, place in ((_KNOWN_EDGES, position), (_ESTIMATED_EDGES, -1 - position))
        )
        errors = np.where(position < 0, -1 - estimated, known)
        return np.stack([readings, errors, layers, segments, missing], axis=1).astype(int)

    def _members(self, strata):
        """(stratum, its rows) of soundings, each in the finest kind that is calibrated."""
        keys = self._keys(np.asarray(strata, dtype=float))
        left = np.arange(len(keys))
        for depth in range(len(_ORDER), -1, -1):
            coarse = _coarsened(keys[left], depth)
            taken = np.zeros(len(left), dtype=bool)
            for key in np.unique(coarse, axis=0):
                stratum = self.cells.get(tuple(map(int, key)))
                if stratum is not None:
                    rows = (coarse == key).all(axis=1)
                    taken |= rows
                    yield stratum, left[rows]
            left = left[~taken]

    def judge(self, scores, strata, rate):
        """What the checks say of soundings.

        Returns
        -------
        p_value : (n, n_checks) array
        p_joint : (n,) array
        outside : (n, n_checks) bool array, the checks that make the joint test reject at `rate`
        """
        p_value, p_joint = np.full(np.shape(scores), np.nan), np.full(len(scores), np.nan)
        outside = np.zeros(np.shape(scores), dtype=bool)
        for stratum, rows in self._members(strata):
            p_value[rows] = stratum.p_values(scores[rows])
            p_joint[rows] = stratum.joint(p_value[rows])
            outside[rows] = stratum.weighted(p_value[rows]) < np.float32(stratum.threshold(rate))
        p_value[np.isnan(p_joint)] = np.nan
        outside[np.isnan(p_joint)] = False
        return p_value, p_joint, outside

    def n_similar(self, strata):
        """(n,) numbers of the simulations that soundings are judged among."""
        n = np.zeros(len(strata), dtype=int)
        for stratum, rows in self._members(strata):
            n[rows] = stratum.n
        return n

    def get_state(self):
        state = {"total": np.array([self.n]), "edges": self.edges, "keys": np.array(list(self.cells))}
        parts = [stratum.get_state() for stratum in self.cells.values()]
        return (
            state
            | {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            | {"lengths": np.array([len(part["ranks"]) for part in parts])}
        )

    @classmethod
    def from_state(cls, state) -> Calibration:
        calibration = cls()
        calibration.edges = np.asarray(state["edges"], dtype=float)
        keys = np.asarray(state["keys"])
        if keys.ndim == 2 and keys.shape[1] == len(_ORDER) - 1:
            # Of a file that was written before methods could be missing.
            keys = np.column_stack([keys, np.where((keys == _ANY).all(axis=1), _ANY, 0)])
        if keys.ndim != 2 or keys.shape[1] != len(_ORDER) or not (keys == _ANY).all(axis=1).any():
            raise KeyError("calibration")
        ends = np.cumsum(state["lengths"])
        calibration.cells = {}
        for k, key in enumerate(keys):
            rows = slice(ends[k] - state["lengths"][k], ends[k])
            part = {name: state[name][rows] for name in ("ranks", "quantiles", "smallest")}
            part |= {name: state[name][k : k + 1] for name in ("n", "weights")}
            calibration.cells[tuple(map(int, key))] = Stratum.from_state(part)
        calibration.n = int(state["total"][0])
        return calibration


def fewest(rate):
    """With fewer simulations hardly a sounding could be strange enough to reject at `rate`."""
    return int(np.ceil(10 / rate))


def _coarsened(keys, depth):
    """Keys of which only the first `depth` in the order methods, errors, segments, readings, layers are told apart."""
    coarse = keys.copy()
    for column in _ORDER[depth:]:
        coarse[:, column] = _ANY
    return coarse
