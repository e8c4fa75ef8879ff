"""Electromagnetic forward modelling beside its peers; ``python -m benchmarks.forward --em [rounds]`` prints the tables.

Every contestant gets the first models of the same distribution, on one thread, in alternating rounds; the rate is the
median round's. Transients are judged by tests/oracles/tdem_reference.py (Talbot contour and Gauss-Legendre panels, good
to about 1e-10), instruments in the frequency domain by `benchmarks.reference.loop_loop`. An error is relative: of a
gate to its datum, of a frequency to the amplitude of both parts, of a Jacobian absolute in d ln(datum)/d ln(parameter).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks import em_peers, reference
from benchmarks.forward import slopes
from benchmarks.side_by_side import aligned, machine, median_seconds
from bpinvert import LayeredPrior
from forward_models import CentralLoop, LoopLoop, tdem
from tests.oracles import tdem_reference

TIME = np.geomspace(1e-5, 1e-2, 25)
RADIUS, SIDE = 22.57, 40.0
HEIGHTS = (30.0, 40.0, 50.0, 60.0)
GROUND = {"frequency": np.full(6, 9e3), "offset": np.tile([1.0, 2.0, 4.0], 2), "orientation": ["HCP"] * 3 + ["VCP"] * 3}
AIRBORNE = {
    "frequency": np.array([380.0, 1800.0, 8000.0, 36e3, 130e3, 3300.0]),
    "offset": np.array([7.9] * 5 + [9.0]),
    "orientation": ["HCP"] * 5 + ["VCX"],
}
GROUND, AIRBORNE = (readings | {"orientation": np.array(readings["orientation"])} for readings in (GROUND, AIRBORNE))
# Models on which the prepared path is compared with the general one.
_MANY = 20_000
GENERAL, PREPARED = "bpinvert", "bpinvert, prepared"


@dataclass(frozen=True)
class Contestant:
    """A code at one task: `prepare(models)` is not timed and returns the call that is.

    `truth(models)` gives what it should return, `error(found, expected)` the (n, n_readings) errors of `readings`;
    `timed` and `checked` count models of `draw(n)`.
    """

    task: str
    code: str
    prepare: Callable
    draw: Callable
    truth: Callable
    error: Callable
    readings: tuple
    timed: int
    checked: int


def models_of(prior, heights=None):
    """draw(n) of a prior's models, with some fixed heights in turn; the first models do not depend on n."""

    def draw(n):
        models = prior.decode(np.random.default_rng(0).random((n, len(prior.parameters))))
        return models if heights is None else models | {"height": np.resize(heights, n)}

    return draw


PRIORS = {
    "tdem": LayeredPrior(n_layers=4, thickness=(0.5, 100), resistivity=(1, 1e4)),
    "skytem": LayeredPrior(n_layers=4, thickness=(0.5, 100), resistivity=(1, 1e4), context={"height": (30, 60)}),
    "ground": LayeredPrior(n_layers=4, thickness=(0.3, 10), resistivity=(1, 1e4)),
    "airborne": LayeredPrior(n_layers=4, thickness=(1, 60), resistivity=(0.3, 3000)),
}


def bpinvert(survey):
    """The batch in one call."""
    return lambda models: lambda: survey(**models)


def prepared(survey, prior):
    """The survey's fast path, with a line on how long that took."""
    began = time.perf_counter()
    fast = survey.prepare(prior)
    what = f"{len(survey.channels)} gates from {1e6 * survey.time[0]:.3g} µs"
    worst = f"largest error on fresh models {fast.prepared.errors['max'].max():.1e}"
    general = f"{fast.prepared.general.sum()} gates on the general path"
    print(
        f"prepared or found in the cache: {what} in {time.perf_counter() - began:.0f} s, {worst}, {general}", flush=True
    )
    return fast


def bpinvert_jacobian(survey):
    """d ln(datum)/d ln(parameter) of the batch in one call; the survey's own are on the asinh scale."""

    def prepare(models):
        def run():
            data, jacobian = survey.data_and_jacobian(**models)
            on_scale = np.concatenate([jacobian["thickness"], jacobian["resistivity"]], axis=-1)
            return on_scale / (survey.channels.scale_slope(data) * data)[..., None]

        return run

    return prepare


def transient_truth(case):
    """Of a `case` that tdem_reference describes: a step with times, or a system."""

    def truth(models):
        data = []
        for k in range(len(models["resistivity"])):
            loop = case["loop"] | {"height": float(models["height"][k]) if "height" in models else 0.0}
            model = (models["thickness"][k], models["resistivity"][k])
            if "waveform" in case:
                # What a filter makes of the jump when the current changes is part of a spectrum.
                data.append(tdem_reference.system_response(case | {"loop": loop}, model, bool(case["low_pass"])))
            else:
                data.append(tdem_reference.step(loop, model, case["time"]))
        return np.array(data)

    return truth


def instrument_truth(readings):
    return lambda models: reference.loop_loop(
        *readings.values(), models.get("height", 0.0), models["thickness"], models["resistivity"]
    )


def of_data(found, expected):
    return np.abs(found / expected - 1)


def of_slopes(found, expected):
    return np.abs(found - expected).max(axis=-1)


def of_amplitudes(found, expected):
    parts = (np.stack(np.split(data, 2, axis=1)) for data in (found - expected, expected))
    wrong, amplitude = (np.hypot(*part) for part in parts)
    return wrong / amplitude


def contestants():
    """The tables' rows in order; the first of each task is bpinvert's general path."""
    circle, square = CentralLoop(TIME, radius=RADIUS), CentralLoop(TIME, side=SIDE)
    fast = {survey: prepared(survey, PRIORS["tdem"]) for survey in (circle, square)}
    draw, gates = models_of(PRIORS["tdem"]), _gates(TIME)

    def row(code, prepare, timed, checked):
        return Contestant(task, code, prepare, draw, truth, error, gates, timed, checked)

    task, error = "TDEM circular loop, 25 gates", of_data
    truth = on_circle = transient_truth({"loop": {"radius": RADIUS, "receiver": "central"}, "time": TIME})
    yield row(GENERAL, bpinvert(circle), 2000, 200)
    yield row(PREPARED, bpinvert(fast[circle]), 20_000, 200)
    for hankel, fourier, timed, checked in (
        ("key_101_2009", "key_81_2009", 50, 200),
        ("key_201_2009", "key_201_2012", 20, 100),
        ("anderson_801_1982", "key_601_2009", 4, 20),
    ):
        name = f"SimPEG {_number(hankel)}/{_number(fourier)}"
        yield row(name, em_peers.simpeg_tdem(TIME, hankel, fourier, radius=RADIUS), timed, checked)
    for hankel, fourier, timed, checked in (
        ("key_201_2009", "key_201_2012", 20, 100),
        ("key_401_2009", "key_601_2009", 8, 40),
    ):
        name = f"empymod {_number(hankel)}/{_number(fourier)}"
        yield row(name, em_peers.empymod_tdem(TIME, hankel, fourier, radius=RADIUS), timed, checked)
    yield row("pyGIMLi VMDTimeDomainModelling", em_peers.pygimli_tdem(TIME, RADIUS), 5, 40)

    task = "TDEM square loop, 25 gates"
    truth = transient_truth({"loop": {"side": SIDE, "receiver": "central"}, "time": TIME})
    yield row(GENERAL, bpinvert(square), 2000, 100)
    yield row(PREPARED, bpinvert(fast[square]), 20_000, 100)
    for points in (3, 10):
        peer = em_peers.simpeg_tdem(TIME, "key_101_2009", "key_81_2009", side=SIDE, points=points)
        yield row(f"SimPEG 101/81 {4 * points} points", peer, 20, 40)
    peer = em_peers.empymod_tdem(TIME, "key_201_2009", "key_201_2012", side=SIDE)
    yield row("empymod 201/201, 10 points on one side", peer, 8, 40)

    task, error = "TDEM circular loop, Jacobian", of_slopes
    slope = slopes(lambda h, rho: on_circle({"thickness": h, "resistivity": rho}))
    truth = lambda models: slope(**models)  # noqa: E731
    yield row(GENERAL, bpinvert_jacobian(circle), 500, 10)
    yield row(PREPARED, bpinvert_jacobian(fast[circle]), 2000, 10)
    for hankel, fourier, timed in (("key_101_2009", "key_81_2009", 20), ("key_201_2009", "key_201_2012", 5)):
        peer = em_peers.simpeg_tdem_jacobian(TIME, hankel, fourier, RADIUS)
        yield row(f"SimPEG {_number(hankel)}/{_number(fourier)}", peer, timed, 10)

    yield from _skytem()
    yield from _instruments()


def _skytem():
    survey, task = tdem.system("SkyTEM", "low"), "TDEM SkyTEM low moment, 19 gates"
    draw, gates = models_of(PRIORS["tdem"], HEIGHTS), _gates(survey.time)
    pulse = survey.waveform
    loop = {"radius": survey.radius, "receiver": "central"}
    case = {"loop": loop, "waveform": pulse.to_dict(), "low_pass": survey.low_pass, "gates": survey.gates}
    truth = transient_truth(case)
    common = {"draw": draw, "error": of_data, "readings": gates}
    yield Contestant(task, GENERAL, bpinvert(survey), truth=truth, timed=2000, checked=12, **common)
    fast = bpinvert(prepared(survey, PRIORS["skytem"]))
    yield Contestant(task, PREPARED, fast, truth=truth, timed=20_000, checked=12, **common)
    single = {"loop": loop, "waveform": pulse.to_dict() | {"base_frequency": None}, "low_pass": None}
    truth = transient_truth(single | {"time": survey.time})
    for hankel, fourier, timed in (("key_101_2009", "key_81_2009", 20), ("key_201_2009", "key_201_2012", 8)):
        peer = em_peers.simpeg_tdem(survey.time, hankel, fourier, radius=survey.radius, waveform=pulse)
        name = f"SimPEG {_number(hankel)}/{_number(fourier)}, one pulse, no gates, no filters"
        yield Contestant(task, name, peer, truth=truth, timed=timed, checked=12, **common)


def _instruments():
    for task, readings, prior, height in (
        ("FDEM ground, 9 kHz HCP and VCP at 1, 2, 4 m", GROUND, "ground", None),
        ("FDEM airborne, 5 HCP and 1 VCX at 35 m", AIRBORNE, "airborne", (35.0,)),
    ):
        settings = {
            "draw": models_of(PRIORS[prior], height),
            "truth": instrument_truth(readings),
            "error": of_amplitudes,
            "readings": tuple(f"{f:g} Hz {o} {r:g} m" for f, r, o in zip(*readings.values(), strict=True)),
        }
        survey = LoopLoop(**readings, height=None if height else 0.0)
        yield Contestant(task, GENERAL, bpinvert(survey), timed=20_000, checked=1000, **settings)
        yield Contestant(
            task, "SimPEG key_101", em_peers.simpeg_fdem(readings, "key_101_2009"), timed=500, checked=1000, **settings
        )
        yield Contestant(
            task, "empymod key_201", em_peers.empymod_fdem(readings, "key_201_2009"), timed=200, checked=500, **settings
        )
        yield Contestant(task, "emagpy", em_peers.emagpy_fdem(readings), timed=100, checked=500, **settings)
        if height:
            peer = em_peers.pygimli_fdem(readings)
            yield Contestant(task, "pyGIMLi HEMmodelling, HCP only", peer, timed=200, checked=500, **settings)


def measure(entries, rounds):
    """({contestant: soundings per second}, {contestant: (n, n_readings) errors}) of those that are installed."""
    calls, errors, known = {}, {}, {}
    for entry in entries:
        try:
            found = entry.prepare(entry.draw(entry.checked))()
            calls[entry] = entry.prepare(entry.draw(entry.timed))
        except ImportError:
            continue
        if len(known.get(entry.truth, ())) < entry.checked:
            most = max(other.checked for other in entries if other.truth is entry.truth)
            known[entry.truth] = entry.truth(entry.draw(most))
        errors[entry] = entry.error(found, known[entry.truth][: entry.checked])
    rates = {entry: entry.timed / seconds for entry, seconds in median_seconds(calls, rounds).items()}
    return rates, errors


def rate_table(entries, rates, errors):
    """One row for each contestant; the last columns say how many times as fast bpinvert's two paths are."""
    lines = [
        (
            "task",
            "code",
            "soundings/s",
            "median error",
            "maximum",
            "models",
            "worst reading",
            "general is",
            "prepared is",
        )
    ]
    ours = {(entry.task, entry.code): rate for entry, rate in rates.items()}
    for entry in entries:
        if entry not in rates:
            lines.append((entry.task, entry.code, "not installed", *[""] * 6))
            continue
        times = (ours.get((entry.task, code)) for code in (GENERAL, PREPARED))
        ratios = (
            "" if entry.code in (GENERAL, PREPARED) or one is None else f"{one / rates[entry]:.3g} x" for one in times
        )
        error = errors[entry]
        worst = entry.readings[int(np.nanargmax(error) % len(entry.readings))]
        figures = (f"{np.nanmedian(error):.1e}", f"{np.nanmax(error):.1e}", str(entry.checked), worst)
        lines.append((entry.task, entry.code, f"{rates[entry]:,.0f}", *figures, *ratios))
    return aligned(lines, left=2)


def reading_table(entries, errors):
    """Median and maximum error of every reading, one column for each of the contestants of one task."""
    here = [entry for entry in entries if entry in errors]
    lines = [
        ("median, maximum", *("prepared" if entry.code == PREPARED else entry.code.split(",")[0] for entry in here))
    ]
    for k, reading in enumerate(here[0].readings):
        columns = (errors[entry][:, k] for entry in here)
        lines.append((reading, *(f"{np.median(one):.0e} {one.max():.0e}" for one in columns)))
    return aligned(lines, left=1)


def prepared_beside_general(entries):
    """Lines on the prepared path where only the general one is fast enough to judge it."""
    general = {entry.task: entry for entry in entries if entry.code == GENERAL}
    for entry in entries:
        if entry.code != PREPARED or entry.error is not of_data:
            continue
        models = entry.draw(_MANY)
        error = of_data(entry.prepare(models)(), general[entry.task].prepare(models)())
        yield f"{entry.task}: prepared less general, {_MANY} models: median {np.median(error):.1e}; by gate,"
        yield "  99.9 %: " + " ".join(f"{one:.0e}" for one in np.quantile(error, 0.999, axis=0))
        yield "  maximum: " + " ".join(f"{one:.0e}" for one in error.max(axis=0))


def print_tables(rounds):
    """Print rates with errors, then the errors of every reading."""
    entries = list(contestants())
    rates, errors = measure(entries, rounds)
    print(rate_table(entries, rates, errors), flush=True)
    for task in dict.fromkeys(entry.task for entry in entries):
        print(f"\n{task}\n{reading_table([entry for entry in entries if entry.task == task], errors)}")
    print(*prepared_beside_general(entries), "", sep="\n")
    print(*machine(("numpy", "scipy", "simpeg", "empymod", "emagpy", "pygimli")), sep="\n")
    print(f"Rates: median of {rounds} alternating rounds.")
    print("SimPEG cannot repeat a pulse, open a gate or filter: it is judged by the reference without these.")
    print("GA-AEM (C++, not on PyPI) computes 2 560 soundings/s of a SkyTEM low moment with 18 gates; not run here.")


def _gates(time):
    return tuple(f"{1e6 * one:.4g} µs" for one in time)


def _number(name):
    return name.split("_")[1]
