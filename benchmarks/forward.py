"""Forward modelling beside its peers: ``python -m benchmarks.forward [rounds]`` prints one table.

With ``--em``, that of electromagnetic soundings instead (`benchmarks.em_forward`); with ``--waves``, that of surface
waves (`benchmarks.waves`).

Every contestant gets random models of the same distribution, one thread, in alternating rounds; the rate is
the median round's. Errors are the largest relative ones against `benchmarks.reference`. SimPEG and pyGIMLi
(``pip install bpinvert[bench]``) take one model per call and get their fastest public way; they have no ideal
Schlumberger array and compute MN/2 = AB/20 instead, against the reference of that geometry.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import importlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks import reference
from benchmarks.side_by_side import aligned, machine, median_seconds
from forward_models import DipoleDipole, Magnetotelluric, Schlumberger, Wenner

AB2 = np.geomspace(1, 500, 20)
MN2 = AB2 / 10
A = np.geomspace(1, 200, 20)
DIPOLE = np.repeat([2.0, 20.0], 10)
FACTOR = np.tile(np.arange(1.0, 11.0), 2)
PERIOD = np.geomspace(1e-3, 1e3, 25)

SCHLUMBERGER = [(1, AB2 - MN2), (-1, AB2 + MN2)]
WENNER = [(1, A), (-1, 2 * A)]
DIPOLE_DIPOLE = [(2, (FACTOR + 1) * DIPOLE), (-1, FACTOR * DIPOLE), (-1, (FACTOR + 2) * DIPOLE)]


@dataclass(frozen=True)
class Contestant:
    """A code at one task: `prepare(thickness, resistivity)` is not timed and returns the call that is.

    `truth(thickness, resistivity)` gives what it should return; `timed` and `checked` count models.
    """

    task: str
    code: str
    prepare: Callable
    truth: Callable
    timed: int
    checked: int


def dc_models(n):
    """4 layers, 1–1e4 Ω·m, 0.5–100 m, log-uniform."""
    rng = np.random.default_rng(n)
    return 0.5 * 200 ** rng.random((n, 3)), 1e4 ** rng.random((n, 4))


def mt_models(n):
    """5 layers, 1–1e4 Ω·m, 10–3000 m, log-uniform."""
    rng = np.random.default_rng(n)
    return 10 * 300 ** rng.random((n, 4)), 1e4 ** rng.random((n, 5))


def bpinvert(survey):
    """The batch in one call."""
    return lambda h, rho: lambda: survey(h, resistivity=rho)


def bpinvert_jacobian(survey):
    return lambda h, rho: lambda: _joined(survey.jacobian(h, resistivity=rho))


def simpeg(electrodes, hankel_filter):
    """SimPEG with the model set directly, which is faster than through its maps."""

    def prepare(h, rho):
        simulation = _simpeg_simulation(electrodes, hankel_filter, rho=rho[0], thicknesses=h[0])
        simulation.dpred()

        def run():
            data = []
            for thickness, resistivity in zip(h, rho, strict=True):
                simulation.rho, simulation.thicknesses = resistivity, thickness
                data.append(simulation.dpred())
            return np.array(data)

        return run

    return prepare


def simpeg_jacobian(electrodes, hankel_filter):
    """SimPEG's data and sensitivities, which it gives through maps only."""

    def prepare(h, rho):
        maps = importlib.import_module("simpeg.maps")
        n_layers = rho.shape[1]
        wires = maps.Wires(("thickness", n_layers - 1), ("resistivity", n_layers))
        simulation = _simpeg_simulation(
            electrodes, hankel_filter, rhoMap=wires.resistivity, thicknessesMap=wires.thickness
        )
        models = np.hstack([h, rho])
        simulation.dpred(models[0])

        def run():
            slopes = []
            for model in models:
                data = simulation.dpred(model)
                slopes.append(simulation.getJ(model) * model / data[:, None])
            return np.array(slopes)

        return run

    return prepare


def _simpeg_simulation(electrodes, hankel_filter, **model):
    dc = importlib.import_module("simpeg.electromagnetics.static.resistivity")
    sources = []
    for positions in zip(*electrodes, strict=True):
        a, b, m, n = (np.array([[x, 0.0, 0.0]]) for x in positions)
        receiver = dc.receivers.Dipole(m, n, data_type="apparent_resistivity")
        sources.append(dc.sources.Dipole([receiver], a[0], b[0]))
    return dc.Simulation1DLayers(survey=dc.Survey(sources), hankel_filter=hankel_filter, **model)


def pygimli_ves(electrodes):
    def prepare(h, rho):
        ves = importlib.import_module("pygimli.physics.ves")
        a, b, m, n = electrodes
        distances = {"am": abs(m - a), "an": abs(n - a), "bm": abs(m - b), "bn": abs(n - b)}
        modelling = ves.VESModelling(**distances, nLayers=rho.shape[1])
        models = np.hstack([h, rho])
        return lambda: np.array([modelling.response(model) for model in models])

    return prepare


def pygimli_mt(h, rho):
    gimli = importlib.import_module("pygimli")
    modelling = gimli.core.MT1dModelling(PERIOD, rho.shape[1])
    models = [gimli.Vector(model) for model in np.hstack([h, rho])]

    def run():
        data = np.array([modelling.response(model) for model in models])
        data[:, len(PERIOD) :] *= 180 / np.pi
        return data

    return run


def poles_truth(poles):
    return lambda h, rho: reference.direct_current(poles, h, rho)


def ideal_truth(h, rho):
    return reference.ideal_schlumberger(AB2, h, rho)


def mt_truth(h, rho):
    return reference.magnetotelluric(PERIOD, h, rho)


def slopes(truth):
    """d ln ρa/d ln parameter by Richardson's differences of the reference: right to about 1e-9."""

    def of(thickness, resistivity):
        models = np.hstack([thickness, resistivity])
        n = thickness.shape[1]

        def difference(column, step):
            up, down = models.copy(), models.copy()
            up[:, column] *= np.exp(step)
            down[:, column] *= np.exp(-step)
            return np.log(truth(up[:, :n], up[:, n:]) / truth(down[:, :n], down[:, n:])) / (2 * step)

        columns = [(4 * difference(i, 1e-3) - difference(i, 2e-3)) / 3 for i in range(models.shape[1])]
        return np.stack(columns, axis=-1)

    return of


def contestants():
    """The table's rows in order; the first of each task is bpinvert."""
    symmetric = (-AB2, AB2, -MN2, MN2)
    wenner = (-1.5 * A, 1.5 * A, -0.5 * A, 0.5 * A)
    gap = FACTOR * DIPOLE
    dipoles = (-DIPOLE, 0 * DIPOLE, gap + DIPOLE, gap)
    accurate, default = "anderson_801_1982", "key_201_2012"
    arrays = {
        "DC Schlumberger, 20 AB/2": (Schlumberger(AB2), ideal_truth, symmetric, poles_truth(SCHLUMBERGER)),
        "DC Wenner, 20 a": (Wenner(A), poles_truth(WENNER), wenner, poles_truth(WENNER)),
        "DC dipole-dipole, 20 (a, n)": (
            DipoleDipole(DIPOLE, FACTOR),
            poles_truth(DIPOLE_DIPOLE),
            dipoles,
            poles_truth(DIPOLE_DIPOLE),
        ),
    }
    for task, (survey, truth, electrodes, peer_truth) in arrays.items():
        yield Contestant(task, "bpinvert", bpinvert(survey), truth, 20_000, 2000)
        for name in (accurate, default):
            yield Contestant(task, f"SimPEG {name}", simpeg(electrodes, name), peer_truth, 1000, 2000)
        yield Contestant(task, "pyGIMLi VESModelling", pygimli_ves(electrodes), peer_truth, 40, 200)
    task = "DC Schlumberger Jacobian"
    truth = slopes(ideal_truth)
    yield Contestant(task, "bpinvert", bpinvert_jacobian(Schlumberger(AB2)), truth, 5000, 2000)
    truth = slopes(poles_truth(SCHLUMBERGER))
    for name in (accurate, default):
        yield Contestant(task, f"SimPEG {name}", simpeg_jacobian(symmetric, name), truth, 200, 500)
    task = "MT, 25 periods, 5 layers"
    yield Contestant(task, "bpinvert", bpinvert(Magnetotelluric(PERIOD)), mt_truth, 20_000, 2000)
    yield Contestant(task, "pyGIMLi MT1dModelling", pygimli_mt, mt_truth, 5000, 2000)


def measure(entries, rounds):
    """Rows (contestant, soundings per second, largest error), both None where the code is not installed."""
    calls, errors = {}, {}
    for entry in entries:
        models = mt_models if entry.task.startswith("MT") else dc_models
        try:
            checked = models(entry.checked)
            found = entry.prepare(*checked)()
            calls[entry] = entry.prepare(*models(entry.timed))
        except ImportError:
            continue
        expected = entry.truth(*checked)
        # A slope may be 0: its error is taken absolutely.
        scale = 1 if "Jacobian" in entry.task else np.abs(expected)
        errors[entry] = (np.abs(found - expected) / scale).max()
    rates = {entry: entry.timed / seconds for entry, seconds in median_seconds(calls, rounds).items()}
    return [(entry, rates.get(entry), errors.get(entry)) for entry in entries]


def table(rows):
    """The rows as text; the last column says how many times as fast bpinvert is."""
    header = ("task", "code", "soundings/s", "max rel. error", "models", "bpinvert is")
    lines = [header]
    ours = None
    for entry, rate, error in rows:
        if entry.code == "bpinvert":
            ours = rate
        if rate is None:
            lines.append((entry.task, entry.code, "not installed", "", "", ""))
            continue
        ratio = "" if entry.code == "bpinvert" else f"{ours / rate:.3g} x"
        lines.append((entry.task, entry.code, f"{rate:,.0f}", f"{error:.1e}", f"{entry.checked}", ratio))
    return aligned(lines, left=2)


def _joined(jacobian):
    return np.concatenate([jacobian["thickness"], jacobian["resistivity"]], axis=-1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", nargs="?", type=int, default=9)
    parser.add_argument("--em", action="store_true", help="electromagnetic soundings")
    parser.add_argument("--waves", action="store_true", help="surface waves")
    options = parser.parse_args()
    for name, chosen in {"em_forward": options.em, "waves": options.waves}.items():
        if chosen:
            importlib.import_module(f"benchmarks.{name}").print_tables(options.rounds)
            return
    print(table(measure(list(contestants()), options.rounds)), end="\n\n")
    print(*machine(("numpy", "scipy", "simpeg", "pygimli")), sep="\n")
    print(f"Rates: median of {options.rounds} alternating rounds.")
    print("Schlumberger: bpinvert's is ideal, the peers' has MN/2 = AB/20, each against its own reference.")
    print("Jacobian: d ln(apparent resistivity)/d ln(parameter); its error is absolute.")


if __name__ == "__main__":
    main()
