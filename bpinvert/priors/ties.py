"""Which entries of a model are parameters, and how the others follow from them.

Arrays in this module hold one entry per *row*, as in `transform`.
"""

from __future__ import annotations

import numpy as np

from bpinvert.priors.distributions import is_number
from bpinvert.priors.specifications import TIES, Fixed, Ordered

# A few rounding errors wide.
NUDGE = 8 * np.finfo(float).eps


class Ties:
    """The M entries of a model, given in blocks, and the P of them that are parameters.

    An entry of a block with a tie (see `specifications`) is factor · base^exponent of the same entry of an earlier
    block. It is a parameter if its factor has a distribution; then that is the *free* value of its row, of others the
    entry itself is.

    Parameters
    ----------
    blocks : dict of name -> (size, spec)

    Attributes
    ----------
    places : dict of name -> slice, each block's rows among the entries
    parameters : (P,) int array, the entries that are parameters
    distributions : list of P, of the free values
    trivial : bool, whether every entry is its own free value
    """

    def __init__(self, blocks):
        self.places, self.distributions = {}, []
        self._ties, parameters, fixed = {}, [], {}
        start = 0
        for name, (size, spec) in blocks.items():
            self.places[name] = slice(start, start + size)
            for row, entry in enumerate(_entries(spec, size), start):
                if isinstance(entry, Fixed):
                    fixed[row] = entry.value
                elif not is_number(entry):
                    parameters.append(row)
                    self.distributions.append(entry)
            if isinstance(spec, TIES):
                self._ties[name] = spec.of, spec.factor, spec.exponent
            start += size
        self.size = start
        self.parameters = np.array(parameters, dtype=int)
        self._fixed = np.array(list(fixed), dtype=int), np.array(list(fixed.values()), dtype=float)
        self.trivial = not self._ties and not fixed

    def free_rows(self, name) -> slice:
        """Rows of a block among the parameters."""
        place = self.places[name]
        return slice(*np.searchsorted(self.parameters, [place.start, place.stop]))

    @property
    def sought(self) -> list[str]:
        """Blocks with a parameter among their entries."""
        return [name for name in self.places if len(range(*self.free_rows(name).indices(self.size)))]

    def stack(self, blocks) -> np.ndarray:
        """Blocks {name: (size, n)} as entries (M, n), NaN where a block is missing."""
        x = np.full((self.size, next(iter(blocks.values())).shape[1]), np.nan)
        for name, values in blocks.items():
            x[self.places[name]] = values
        return x

    def entries(self, free) -> np.ndarray:
        """Free values (P, n) → all entries (M, n)."""
        if self.trivial:
            return free
        x = np.empty((self.size, free.shape[1]))
        x[self.parameters] = free
        return self._complete(x, self._ties)

    def free(self, x, low, high) -> tuple[np.ndarray, np.ndarray]:
        """Entries (M, n) → free values (P, n), and all entries with what follows from others put right.

        `low` and `high` (P, 1) are the ends of the free values; rounding errors beyond them are taken off.
        """
        if self.trivial:
            return x, x
        x = self._complete(np.array(x), {name: tie for name, tie in self._ties.items() if is_number(tie[1])})
        free = x[self.parameters]
        for name, base in self._bases(x):
            rows = self.free_rows(name)
            factor, least, most = free[rows] / base, low[rows], high[rows]
            factor = np.where((factor < least) & (factor >= least - NUDGE * abs(least)), least, factor)
            free[rows] = np.where((factor > most) & (factor <= most + NUDGE * abs(most)), most, factor)
        return free, x

    def slope(self, free_slope) -> np.ndarray:
        """d ln|free value|/du (n, P, P) → d ln|entry|/du (n, M, P)."""
        if self.trivial:
            return free_slope
        matrix = np.zeros((len(free_slope), self.size, len(self.parameters)))
        matrix[:, self.parameters] = free_slope
        for name, (of, _, exponent) in self._ties.items():
            matrix[:, self.places[name]] += exponent * matrix[:, self.places[of]]
        return matrix

    def log_stretch(self, x) -> np.ndarray:
        """ln of the determinant of d(parameter)/d(free value) at entries (M, n), (n,)."""
        return sum((np.log(np.abs(base)).sum(axis=0) for _, base in self._bases(x)), np.zeros(x.shape[1]))

    def _bases(self, x):
        """(name, base^exponent) of every tie whose factor has a distribution."""
        for name, (of, factor, exponent) in self._ties.items():
            if not is_number(factor):
                yield name, _power(x[self.places[of]], exponent)

    def _complete(self, x, ties):
        """Fixed entries, and those by `ties`, put into x."""
        rows, values = self._fixed
        x[rows] = values[:, None]
        for name, (of, factor, exponent) in ties.items():
            place = self.places[name]
            x[place] = (factor if is_number(factor) else x[place]) * _power(x[self.places[of]], exponent)
        return x


def _power(base, exponent):
    return base if exponent == 1 else base**exponent


def _entries(spec, size):
    """What stands for each entry of a block: `Fixed`, a number (the factor of an exact tie) or a distribution."""
    if isinstance(spec, list):
        return spec
    if isinstance(spec, Fixed) and isinstance(spec.value, tuple):
        return [Fixed(value) for value in spec.value]
    if isinstance(spec, TIES):
        return [spec.factor] * size
    return [spec.range if isinstance(spec, Ordered) else spec] * size
