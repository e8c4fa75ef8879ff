"""What waveforms, filters and gates make of a step response: a weighted mean over lags.

Switching a current I off turns the step response f(τ) into ∫ (-dI/dt')(t') f(t - t') dt'. Ramps, earlier pulses,
low-pass filters and gates of finite length therefore all are one thing: a measure over the lags τ at which f is seen.
"""

from __future__ import annotations

import functools
import itertools

import numpy as np
from scipy import signal

# Earlier pulses, an alternating series that is accelerated: the error is 5.8^-6 of the first of them.
_PULSES = 6
_NODES, _NODE_WEIGHTS = (array / 2 for array in np.polynomial.legendre.leggauss(8))
_GATE_NODES, _GATE_WEIGHTS = (array / 2 for array in np.polynomial.legendre.leggauss(5))
# Through a filter the response at every earlier lag is seen: from this fraction of the time on lag by lag.
_EARLIEST = 2.0**-7
# An edge at so many times a filter's delay is merely seen late: what else the filter does falls as this squared.
_MERE_DELAY = 1000.0
# Weight of the shortest lags, or rate at lag zero times the time, that is not worth a further window.
_NEGLIGIBLE = 1e-9


def lags(time, gates, waveform, low_pass):
    """The measure over lags of every gate.

    Parameters
    ----------
    time : (n,) array, s
    gates : (n, 2) array, s, or None for gates without length
    waveform : Waveform or None
    low_pass : tuple of (frequency, order)

    Returns
    -------
    list of dicts, one for each gate, of (lag, weight) pairs of arrays: those of "dbdt" and, behind filters, of "b". The
    shortest lags are known by what B is after them.
    """
    key = None
    if waveform is not None:
        key = (tuple(waveform.time.tolist()), tuple(waveform.current.tolist()), waveform.base_frequency)
    ends = zip(time, time, strict=True) if gates is None else gates
    return [_gate_lags(key, low_pass, float(low), float(high)) for low, high in ends]


@functools.lru_cache(maxsize=1024)
def _gate_lags(waveform, low_pass, low, high):
    at, share = (low + (high - low) * (_GATE_NODES + 0.5), _GATE_WEIGHTS) if high > low else ([low], [1.0])
    parts = [(pulse.lags(t), part) for t, part in zip(at, share, strict=True) for pulse in _pulses(waveform, low_pass)]
    measure = {}
    for quantity in ("dbdt", "b"):
        seen = [(*found[quantity], part) for found, part in parts if quantity in found]
        if seen:
            lag, weight = (np.concatenate(arrays) for arrays in zip(*((at, w * p) for at, w, p in seen), strict=True))
            measure[quantity] = lag, weight
    if "b" not in measure:
        measure["dbdt"] = _without_shortest(*measure["dbdt"])
    return measure


@functools.lru_cache(maxsize=32)
def _pulses(waveform, low_pass):
    """The pulses that a receiver sees: the last one through its filters, earlier ones where they merely delay, late."""
    filters = _Filter(low_pass) if low_pass else None
    if waveform is None:
        return [_Pulse([(0.0, 1.0)], [], filters)]
    time, current, base_frequency = waveform
    (_, first), *earlier = _alternating(base_frequency)
    # Without a repetition the current has been on for ever.
    before = 0.0 if base_frequency else current[0]
    nodes = [((time[0], before), (time[0], current[0])), *itertools.pairwise(zip(time, current, strict=True))]
    last = _Pulse(*_events(nodes, 0.0, first), filters)
    if not earlier:
        return [last]
    merely = filters is None or filters.delay * _MERE_DELAY < earlier[0][0]
    late = filters.delay if filters is not None and merely else 0.0
    events = [_events(nodes, late - shift, sign) for shift, sign in earlier]
    jumps, slopes = ([event for pulse in events for event in pulse[kind]] for kind in (0, 1))
    return [last, _Pulse(jumps, slopes, None if merely else filters)]


def _events(nodes, shift, sign):
    """(time, size) of jumps of -I and (begin, end, slope) of its slopes."""
    steps = [(begin + shift, end + shift, sign * (before - after)) for (begin, before), (end, after) in nodes]
    steps = [step for step in steps if step[2]]
    jumps = [(begin, size) for begin, end, size in steps if begin == end]
    return jumps, [(begin, end, size / (end - begin)) for begin, end, size in steps if begin < end]


class _Pulse:
    """-dI/dt as jumps (time, size) and slopes (begin, end, slope), seen through filters."""

    def __init__(self, jumps, slopes, filters):
        self.jumps, self.slopes, self.filter = jumps, slopes, filters
        # A slope is a change of slope at its begin and the opposite one at its end.
        changes = {}
        for begin, end, slope in slopes:
            changes[begin] = changes.get(begin, 0.0) + slope
            changes[end] = changes.get(end, 0.0) - slope
        self.changes = sorted(changes.items())

    def lags(self, time):
        """(lag, weight) by quantity of the data at `time`."""
        if self.filter is None:
            at, size = np.array(self.jumps).reshape(-1, 2).T
            begin, end, slope = np.array(self.slopes).reshape(-1, 3).T
            low, width, which = _steps(time - end, time - begin)
            lag, weight = _panels(low, width)
            return {"dbdt": (np.append(time - at, lag), np.append(size, (slope[which, None] * weight).ravel()))}
        edges = sorted({time - at for at, _ in [*self.jumps, *self.changes]})
        steps = self.filter.steps(_EARLIEST * time, edges)
        lag, width = (array.ravel() for array in _panels(steps[:-1], np.diff(steps)))
        found = {"dbdt": (lag, width * self._rate(time - lag))}
        first = steps[0]
        at_once = float(self._rate(np.array([time]))[0])
        if abs(at_once) * time > _NEGLIGIBLE:
            found["b"], early = self._shortest(time, first, at_once)
            found["dbdt"] = np.append(lag, first), np.append(found["dbdt"][1], early)
        return found

    def _rate(self, t):
        """-dI/dt behind the filters."""
        rate = np.zeros_like(t)
        for at, size in self.jumps:
            rate += size * self.filter.impulse(t - at)
        for at, change in self.changes:
            rate += change * self.filter.step(t - at)
        return rate

    def _shortest(self, time, first, at_once):
        """What lags from 0 to `first` add: (lag, weight) of B there, and the weight of its derivative.

        When the current changes, B of the ground's image jumps to b and then falls at first like b - α√τ: the image
        sinks with the square root of time. With B and -dB/dt at `first`, α = 2 √first (-dB/dt) and b = B + α √first, so
        that ∫ -dB/dτ rate(τ) dτ - b rate(0) = α ∫ rate d√τ - b rate(0).
        """
        root = np.sqrt(first)
        mean = root * (_NODE_WEIGHTS @ self._rate(time - np.square(root * (_NODES + 0.5))))
        return (np.array([first]), np.array([-at_once])), 2 * root * mean - 2 * first * at_once


def _alternating(base_frequency):
    """(how much earlier, with which weight) the pulses that are counted: an alternating series, accelerated.

    Cohen, Rodriguez Villegas & Zagier (2000), doi:10.1080/10586458.2000.10504632, algorithm 1.
    """
    pulses = [(0.0, 1.0)]
    if base_frequency is None:
        return pulses
    d = (3 + np.sqrt(8)) ** _PULSES
    d = (d + 1 / d) / 2
    b, c = -1.0, -d
    for k in range(_PULSES):
        c = b - c
        pulses.append(((k + 1) * 0.5 / base_frequency, -c / d))
        b *= (k + _PULSES) * (k - _PULSES) / ((k + 0.5) * (k + 1))
    return pulses


def _steps(low, high):
    """Panels from `low` to `high` (n,), growing at most twofold: low ends, widths, and which of the n each is."""
    ratio = high / low
    n = np.maximum(np.ceil(np.log2(ratio)), 1).astype(int)
    which = np.repeat(np.arange(len(n)), n)
    place = np.arange(len(which)) - np.repeat(np.cumsum(n) - n, n)
    edges = low[which] * ratio[which] ** (place / n[which])
    return edges, edges * (ratio ** (1 / n) - 1)[which], which


def _panels(low, width):
    """Nodes and weights (n, n_nodes) of Gauss-Legendre quadrature in panels."""
    return low[:, None] + width[:, None] * (_NODES + 0.5), width[:, None] * _NODE_WEIGHTS


def _without_shortest(lag, weight):
    """Sorted by lag, without the shortest lags of hardly any weight, which goes to the first lag kept."""
    order = np.argsort(lag)
    lag, weight = lag[order], weight[order]
    first = int(np.searchsorted(np.cumsum(np.abs(weight)), _NEGLIGIBLE * np.abs(weight).sum()))
    weight[first] += weight[:first].sum()
    return lag[first:], weight[first:]


class _Filter:
    """A cascade of Butterworth low-pass filters, by the residues at its poles."""

    def __init__(self, low_pass):
        zeros_poles_gains = [signal.butter(n, 2 * np.pi * f, analog=True, output="zpk") for f, n in low_pass]
        poles = np.concatenate([p for _, p, _ in zeros_poles_gains])
        gain = np.prod([k for _, _, k in zeros_poles_gains])
        # Residues lose digits where filters are nearly equal: time in units of the slowest pole keeps them of size one.
        self.scale = np.abs(poles).min()
        poles, gain = poles / self.scale, gain / self.scale ** len(poles)
        denominator = np.real(np.poly(poles))
        # The mean delay of a cascade is the sum of those of its filters, -d ln H/ds at s = 0.
        self.delay = float(np.sum(-1 / poles).real) / self.scale
        self._impulse = _terms(*signal.residue([gain], denominator)[:2])
        self._step = _terms(*signal.residue([gain], np.append(denominator, 0.0))[:2])

    def impulse(self, t):
        """Response to an impulse, 1/s; 0 before it."""
        return self.scale * _evaluated(self._impulse, self.scale * t)

    def step(self, t):
        """Response to a step from 0 to 1; 0 before it."""
        return _evaluated(self._step, self.scale * t)

    def steps(self, shortest, edges):
        """Edges of panels from `shortest` on that resolve what the filter makes of kinks at the lags `edges`."""
        edges = np.array([shortest, *edges])
        below = edges[1:, None] - 0.5 / self.scale * 2.0 ** np.arange(64)
        points = [edges, below[below > edges[:-1, None]], _steps(edges[:-1], edges[1:])[0]]
        points = np.unique(np.concatenate(points))
        return points[np.concatenate([[True], np.diff(points) > 1e-9 * points[1:]])]


def _terms(residues, poles):
    """(residue, pole, power of t divided by its factorial) of a sum of partial fractions as scipy orders them."""
    terms, previous, power = [], None, 0
    for residue, pole in zip(residues, poles, strict=True):
        power = power + 1 if previous is not None and pole == previous else 0
        terms.append((residue, pole, power))
        previous = pole
    return terms


def _evaluated(terms, t):
    after = np.maximum(t, 0.0)
    total, factorial = np.zeros_like(after), np.cumprod([1.0, *range(1, 20)])
    for residue, pole, power in terms:
        total += (residue * np.exp(pole * after) * after**power / factorial[power]).real
    return np.where(t >= 0, total, 0.0)
