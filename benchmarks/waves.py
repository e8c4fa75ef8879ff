"""Dispersion curves beside their peers; ``python -m benchmarks.forward --waves [rounds]`` prints the table.

30 periods from 0.05 to 1 s, five layers, vs log-uniform from 100 to 1000 m/s, thickness 1 to 20 m, Poisson's ratio 0.2
to 0.48: in order, with the fastest layer as the half-space, in random order. Every contestant gets the first models of
the same list, on one thread, in alternating rounds; the rate is the median round's. Peers search at their default step
of 5 m/s. Values are judged by the scan of tests/oracles/surface_wave_reference.py, good to about 1e-12:

raised: models for which the code raises. missed, invented: readings it has no value for where the mode exists, and has
one where it does not, of the models it does not raise for. swapped: readings off by more than 1 % and within 0.01 %
of another mode; wrong: other readings off by more than 0.1 %. error: the largest of all other readings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks import wave_peers
from benchmarks.side_by_side import aligned, machine, median_seconds
from forward_models import Love, Rayleigh
from tests.oracles import surface_wave_reference as reference

PERIOD = np.geomspace(0.05, 1, 30)
WAVES = {"Rayleigh": Rayleigh, "Love": Love}
KINDS = {"ordered": "ordered", "zones": "fastest half-space", "random": "random order"}
CHECKED = 300
# Columns of Jacobians.
_NAMES = {"Rayleigh": ("thickness", "vp", "vs", "density"), "Love": ("thickness", "vs", "density")}
# Models whose derivatives are compared.
_SLOPES = 8


@dataclass(frozen=True)
class Contestant:
    """A code at one task: `prepare(models)` is not timed and returns the call that is, for `timed` models."""

    wave: str
    kind: str
    mode: int
    what: str
    code: str
    prepare: Callable
    timed: int


def bpinvert(wave, mode, **settings):
    """The batch in one call."""
    survey = WAVES[wave](period=PERIOD, mode=mode, **settings)

    def prepare(models):
        return lambda: (survey(**models), np.zeros(len(models["vs"]), dtype=bool))

    return prepare


def bpinvert_jacobian(wave, mode):
    survey = WAVES[wave](period=PERIOD, mode=mode)
    names = _NAMES[wave]

    def prepare(models):
        def run():
            jacobian = survey.jacobian(**models)
            return np.concatenate([jacobian[name] for name in names], axis=-1)

        return run

    return prepare


def contestants():
    """The table's rows in order."""
    for wave in WAVES:
        name = wave.lower()
        for kind in KINDS:
            for mode in (0, 1):
                row = (wave, kind, mode, "phase")
                yield Contestant(*row, "bpinvert", bpinvert(wave, mode), 3000)
                yield Contestant(*row, "disba", wave_peers.disba(name, PERIOD, mode), CHECKED)
                yield Contestant(*row, "pysurf96", wave_peers.pysurf96(name, PERIOD, mode), CHECKED)
    for wave in WAVES:
        name = wave.lower()
        row = (wave, "zones", 0, "group")
        yield Contestant(*row, "bpinvert", bpinvert(wave, 0, velocity="group"), 3000)
        yield Contestant(*row, "disba", wave_peers.disba(name, PERIOD, 0, "group"), CHECKED)
        yield Contestant(*row, "pysurf96", wave_peers.pysurf96(name, PERIOD, 0, "group"), CHECKED)
        row = (wave, "zones", 0, "Jacobian")
        yield Contestant(*row, "bpinvert", bpinvert_jacobian(wave, 0), 1000)
        yield Contestant(*row, "disba", wave_peers.disba_jacobian(name, PERIOD, 0), _SLOPES)


def models_of(kind, n):
    """The first n models of a kind; the first ones do not depend on n."""
    drawn = reference.draw(kind, 3000, np.random.default_rng(list(KINDS).index(kind)))
    return {name: np.ascontiguousarray(values[:n]) for name, values in drawn.items()}


def one(models, i):
    return {name: values[i] for name, values in models.items()}


def truth(wave, kind):
    """(velocity, all): (2, n_models, 2 modes, n_periods), and all phase velocities (n_models, n_periods, n_roots)."""
    models, number = models_of(kind, CHECKED), list(WAVES).index(wave)
    every = np.full((CHECKED, len(PERIOD), 200), np.nan)
    velocity = [reference.modes(number, one(models, i), PERIOD, every=every[i]) for i in range(CHECKED)]
    return np.array(velocity).swapaxes(0, 1), every


def judged(entry, found, raised, velocity, every):
    """The cells raised, missed, invented, swapped, wrong, error."""
    quantity = ("phase", "group").index(entry.what)
    expected = velocity[quantity, :, entry.mode][~raised]
    found = found[~raised]
    missed = np.isnan(found) & ~np.isnan(expected)
    invented = ~np.isnan(found) & np.isnan(expected)
    error = np.abs(found / expected - 1)
    swapped = np.zeros(error.shape, dtype=bool)
    if entry.what == "phase":
        with np.errstate(invalid="ignore"):
            near = np.abs(found[..., None] / every[~raised] - 1) < 1e-4
        swapped = (error > 1e-2) & near.any(axis=-1)
    wrong = (error > 1e-3) & ~swapped
    rest = error[~swapped & ~wrong & np.isfinite(error)]
    counts = (int(np.sum(x)) for x in (raised, missed, invented, swapped, wrong))
    return (*(str(n) if n else "–" for n in counts), f"{rest.max():.1e}" if rest.size else "–")


def true_slopes(wave, kind):
    """d ln c/d ln(parameter) (n_models, n_periods, n_parameters) of mode 0 by fourth-order differences of the scan."""
    models, number = models_of(kind, _SLOPES), list(WAVES).index(wave)
    slopes = []
    for i in range(_SLOPES):
        model, columns = one(models, i), []
        for name in _NAMES[wave]:
            for k in range(len(model[name])):
                logs = []
                for shift in (-2e-4, -1e-4, 1e-4, 2e-4):
                    moved = {key: values.copy() for key, values in model.items()}
                    moved[name][k] *= np.exp(shift)
                    logs.append(np.log(reference.modes(number, moved, PERIOD, n_modes=1)[0, 0]))
                columns.append((8 * (logs[2] - logs[1]) - (logs[3] - logs[0])) / 12e-4)
        slopes.append(np.transpose(columns))
    return np.array(slopes)


def measure(entries, rounds):
    """Lines of cells; a code that is not installed says so."""
    calls, cells = {}, {}
    truths = {(entry.wave, entry.kind): None for entry in entries}
    truths = {key: truth(*key) for key in truths}
    slopes = {wave: true_slopes(wave, "zones") for wave in WAVES}
    for entry in entries:
        try:
            if entry.what == "Jacobian":
                found, expected = entry.prepare(models_of(entry.kind, _SLOPES))(), slopes[entry.wave]
                if found.shape[-1] != expected.shape[-1]:
                    # Those by vp, on which Love waves do not depend.
                    found = np.delete(found, np.s_[4:9], axis=-1)
                cells[entry] = (*["–"] * 5, f"{np.nanmax(np.abs(found - expected)):.1e}")
            else:
                found = entry.prepare(models_of(entry.kind, CHECKED))()
                cells[entry] = judged(entry, *found, *truths[entry.wave, entry.kind])
            calls[entry] = entry.prepare(models_of(entry.kind, entry.timed))
        except ImportError:
            continue
    rates = {entry: entry.timed / seconds for entry, seconds in median_seconds(calls, rounds).items()}
    ours = {(e.wave, e.kind, e.mode, e.what): rate for e, rate in rates.items() if e.code == "bpinvert"}
    for entry in entries:
        row = (entry.wave, entry.kind, entry.mode, entry.what)
        head = (entry.wave, entry.what, KINDS[entry.kind], str(entry.mode), entry.code)
        if entry not in rates:
            yield (*head, "not installed", *[""] * 7)
            continue
        ratio = "" if entry.code == "bpinvert" else f"{ours[row] / rates[entry]:.3g} x"
        yield (*head, f"{rates[entry]:,.0f}", *cells[entry], ratio)


def print_tables(rounds):
    """Print rates with failures and errors."""
    header = ("wave", "velocity", "layers", "mode", "code", "soundings/s", "raised", "missed", "invented", "swapped")
    header = (*header, "wrong", "max rel. error", "bpinvert is")
    print(aligned([header, *measure(list(contestants()), rounds)], left=5), end="\n\n")
    print(*machine(("numpy", "numba", "disba", "pysurf96")), sep="\n")
    print(f"Rates: median of {rounds} alternating rounds. Raised: of {CHECKED} models.")
    print(f"Missed, invented, swapped, wrong: of {CHECKED * len(PERIOD)} readings, less those of models raised for.")
    print("Jacobian: d ln(phase velocity)/d ln(parameter) of all parameters; its error is absolute,")
    print(f"of {_SLOPES} models; disba gives it by differences of one period and one kind of parameter for each call.")
