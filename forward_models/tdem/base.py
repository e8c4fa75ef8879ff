"""What all transient soundings with loops share: the door, and the ways to their data."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np

from forward_models.survey import Channels, Survey, freeze, numbers
from forward_models.tdem import doors, laplace
from forward_models.tdem.kernel import NARROW, WIDE, Lattice, Transform
from forward_models.tdem.lags import lags
from forward_models.tdem.prepared import prepare
from forward_models.tdem.waveform import read_low_pass, read_waveform

UNITS = {"dbdt": "V/(A m^2)", "b": "T/A"}
# Half-space whose response is the width of the asinh scale where none is given, Ω·m.
_FAINT = 1e4
# Models at once; derivatives keep many arrays, which are to stay in the cache.
_AT_ONCE, _SLOPES_AT_ONCE = 16, 4


@dataclass(frozen=True, eq=False)
class Loop(Survey):
    """What all loops share. A subclass says in `_seen` from where the receiver sees the loop."""

    time: np.ndarray | None = None
    radius: float | None = None
    side: float | None = None
    height: float | None = 0.0
    waveform: object = None
    low_pass: object = None
    gates: np.ndarray | None = None
    moment: np.ndarray | None = None
    quantity: str = "dbdt"
    width: np.ndarray | None = None

    method = "tdem"
    details = ("gate_open", "gate_close")
    instrument = True
    block = _AT_ONCE
    # Nodes and weights of the fast path, from `prepare`.
    prepared = None

    def __post_init__(self):
        name = type(self).__name__
        if self.quantity not in UNITS:
            raise ValueError(f"{name} got quantity = {self.quantity!r}; allowed are {', '.join(map(repr, UNITS))}.")
        self._check_loop(name)
        time, gates = doors.times(name, self.time, self.gates)
        moment = doors.moments(name, self.moment, time)
        waveforms, filters = self._systems(name, moment)
        doors.check_order(name, time, gates, moment)
        freeze(self, time=time, gates=gates, moment=moment)
        object.__setattr__(self, "height", doors.height(name, self.height))
        object.__setattr__(self, "context", ("height",) if self.height is None else ())
        object.__setattr__(self, "_measures", self._measured(waveforms, filters))
        freeze(self, width=self._widths(name))
        extra = {} if moment is None else {"moment": self.moment}
        if gates is not None:
            extra |= {"gate_open": self.gates[:, 0], "gate_close": self.gates[:, 1]}
        n = len(time)
        channels = Channels(
            quantity=(self.quantity,) * n,
            unit=(UNITS[self.quantity],) * n,
            scale=("asinh",) * n,
            coordinate="time",
            value=self.time,
            coordinate_unit="s",
            extra=extra,
            width=self.width,
            branch=None if moment is None else "moment",
        )
        object.__setattr__(self, "channels", channels)

    def at(self, time, moment=None, gate_open=None, gate_close=None):
        """The same system with other gates; the width of the scale is that of the nearest of its own."""
        time = np.asarray(time, dtype=float)
        if gate_open is None and self.gates is not None:
            gates = doors.same_gates(self, time)
        else:
            gates = None if gate_open is None else np.stack([gate_open, gate_close], axis=1)
        if self.moment is None:
            width = np.exp(np.interp(np.log(time), np.log(self.time), np.log(self.width)))
        else:
            moment = np.asarray(moment, dtype=float)
            width = np.empty_like(time)
            for one in np.unique(moment):
                own, here = self.moment == one, moment == one
                width[here] = np.exp(np.interp(np.log(time[here]), np.log(self.time[own]), np.log(self.width[own])))
        return replace(self, time=time, gates=gates, moment=None if self.moment is None else moment, width=width)

    def _check_loop(self, name):
        sizes = [key for key in ("radius", "side") if getattr(self, key) is not None]
        if len(sizes) != 1:
            raise ValueError(
                f"{name} got {' and '.join(sizes) or 'no size'}; give either radius (of a circular loop) or side (of a "
                "square one), in m."
            )
        size = float(numbers(name, sizes[0], getattr(self, sizes[0])))
        if not (np.isfinite(size) and size > 0):
            raise ValueError(f"{name} got {sizes[0]} = {size:g} m; it must be positive. Correct it.")
        object.__setattr__(self, sizes[0], size)

    def _systems(self, name, moment):
        """Waveform and filters of each moment; the fields as they are kept."""
        several = moment is not None
        waveforms = self.waveform if several else [self.waveform]
        if not isinstance(waveforms, (list, tuple)) or not doors.known(moment, len(waveforms)):
            n = len(waveforms) if isinstance(waveforms, (list, tuple)) else "no list of"
            raise ValueError(
                f"{name} got moments {', '.join(f'{one:g}' for one in np.unique(moment))} and {n} waveforms; give one "
                "waveform for each moment, counted from 0."
            )
        waveforms = tuple(read_waveform(waveform) for waveform in waveforms)
        filters = self.low_pass if several and self.low_pass is not None else [self.low_pass] * len(waveforms)
        if len(filters) != len(waveforms):
            raise ValueError(
                f"{name} got {len(waveforms)} waveforms; low_pass must be a list of as many lists, one for each moment."
            )
        filters = tuple(read_low_pass(one) for one in filters)
        object.__setattr__(self, "waveform", waveforms if several else waveforms[0])
        kept = filters if several else filters[0]
        object.__setattr__(self, "low_pass", kept if any(filters) else None)
        return waveforms, filters

    def _measured(self, waveforms, filters):
        """(lag, weight) of each gate by quantity, see `lags.lags`."""
        moment = np.zeros(len(self.time)) if self.moment is None else self.moment
        measures = [None] * len(self.time)
        for k, (waveform, low_pass) in enumerate(zip(waveforms, filters, strict=True)):
            rows = np.flatnonzero(moment == k)
            gates = None if self.gates is None else self.gates[rows]
            for row, measure in zip(rows, lags(self.time[rows], gates, waveform, low_pass), strict=True):
                if self.quantity == "b":
                    # B itself is bounded at the shortest lags.
                    measure = {"b": measure["dbdt"]}
                measures[row] = measure
        return measures

    def _widths(self, name):
        if self.width is not None:
            width = numbers(name, "width", self.width)
            if width.ndim > 1 or width.size not in (1, len(self.time)) or not (np.isfinite(width) & (width > 0)).all():
                raise ValueError(
                    f"{name} got width of shape {width.shape}; it is one positive number in {UNITS[self.quantity]}, or "
                    "one for each gate."
                )
            return np.broadcast_to(width, self.time.shape)
        path = np.full(1, self._path(0.0 if self.height is None else self.height))
        return np.abs(self._transform(False)(np.empty((0, 1)), np.full((1, 1), 1 / _FAINT), path))[:, 0]

    def prepare(self, prior, *, cache=True, n_models=10_000, n_nodes=680, seed=0):
        """The same survey, some 20 times as fast for models like those of `prior`; it takes about a minute once.

        Nodes and weights are trained on data of this survey (see `forward_models.tdem.prepared`). They hold for models
        whose layers all lie within the ranges of what the prior draws; others are computed as before, in the same call.
        The returned survey has `prepared`, with the ``errors`` on fresh models and the ``box``; it equals this one and
        is stored as this one. With `at` its nodes are gone.

        Parameters
        ----------
        prior : object with draw(n, rng)
            E.g. a `bpinvert.LayeredPrior`: gives arrays of thickness, resistivity and, where it is context, height.
        cache : bool, None or path
            Where to keep what was found, for the next time: True for the user's cache folder, or that in the
            environment variable BPINVERT_CACHE; False or None for nowhere.
        n_models : int
            To train on. With fewer the largest errors grow.
        n_nodes : int
            More are slower and more accurate. If the error of a gate still exceeds 1e-3 on some fresh model, that gate
            is computed as before, and nothing is gained.
        seed : int

        Raises
        ------
        TypeError, ValueError
            If the prior draws nothing or something else than the survey needs.
        OSError
            If a cache folder was given and cannot be written to.
        """
        return prepare(self, prior, cache, n_models, n_nodes, seed)

    def _simulate(self, thickness, properties, context):
        simulate = self._general if self.prepared is None else functools.partial(self.prepared.simulate, self)
        return simulate(thickness, properties, context)

    def _simulate_with_jacobian(self, thickness, properties, context):
        if self.prepared is None:
            return self._general_with_jacobian(thickness, properties, context)
        return self.prepared.simulate_with_jacobian(self, thickness, properties, context)

    def _general(self, thickness, properties, context):
        conductivity, path = 1 / properties["resistivity"], self._paths(thickness, context)
        data = np.full((len(self.time), len(path)), np.nan)
        for wide, rows in self._parts(conductivity, path, _AT_ONCE):
            data[:, rows] = self._transform(wide)(thickness[:, rows], conductivity[:, rows], path[rows])
        return data

    def _general_with_jacobian(self, thickness, properties, context):
        """Analytic, see `Transform.with_slopes`."""
        conductivity, path = 1 / properties["resistivity"], self._paths(thickness, context)
        shape = (len(self.time), len(path))
        data = np.full(shape, np.nan)
        slopes = {
            name: np.full((len(of), *shape), np.nan) for name, of in [("thickness", thickness), *properties.items()]
        }
        for wide, rows in self._parts(conductivity, path, _SLOPES_AT_ONCE):
            data[:, rows], by_thickness, by_conductivity = self._transform(wide).with_slopes(
                thickness[:, rows], conductivity[:, rows], path[rows]
            )
            slopes["thickness"][:, :, rows] = by_thickness
            slopes["resistivity"][:, :, rows] = -by_conductivity
        scale = self.channels.scale_slope(data.T).T
        return data, {name: slope * scale for name, slope in slopes.items()}

    def _paths(self, thickness, context):
        """Height of the transmitter plus that of the receiver, (b,) m; negative where one is underground."""
        if self.height is not None:
            return np.full(thickness.shape[1], self._path(self.height))
        height = context["height"]
        return np.where(np.minimum(height, self._path(height) - height) >= 0, self._path(height), -1.0)

    def _path(self, height):
        return 2 * height

    def _parts(self, conductivity, path, most):
        """(whether they need the wide lattice, rows) of models that can be computed, at `most` so many at once."""
        low, high = NARROW
        narrow = ((conductivity >= low) & (conductivity <= high)).all(axis=0)
        for wide in (False, True):
            rows = np.flatnonzero((path >= 0) & (narrow != wide))
            for start in range(0, len(rows), most):
                yield wide, rows[start : start + most]

    def _transform(self, wide):
        return self._wide if wide else self._narrow

    @functools.cached_property
    def _narrow(self):
        return self._prepared(NARROW)

    @functools.cached_property
    def _wide(self):
        return self._prepared(WIDE)

    def _prepared(self, conductivity):
        every_lag = np.concatenate([lag for measure in self._measures for lag, _ in measure.values()])
        shortest, longest = every_lag.min() * (1 - 1e-12), every_lag.max()
        n = laplace.n_windows(shortest, longest)
        gates = np.stack(
            [
                sum(laplace.weights(*seen, shortest, n, quantity) for quantity, seen in measure.items())
                for measure in self._measures
            ]
        )
        return Transform(Lattice(shortest, n, conductivity), self._seen(), gates, self.quantity)
