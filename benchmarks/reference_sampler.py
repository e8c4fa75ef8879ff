"""Reference posteriors of tasks by a long tempered sampler, run twice, that shares no code with what it judges.

Run ``python -m benchmarks.reference_sampler VES3 --soundings 500`` to make them (tens of minutes; OMP_NUM_THREADS=1 for
the time of one core), without ``--soundings`` to print those that are stored. Other benchmarks call `load_reference`.
Of a task with several layer counts the same soundings are sampled with each of them, and the evidences are kept.

Means and inner quantiles are well known, deviations less: where two layers may be alike their boundary is free within a
very thin set of models that holds a few per cent of the posterior, and 2000 particles seldom visit it.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks.reference_records import HOPELESS, PROBABILITIES, LayerReference, Reference
from benchmarks.tasks import TASKS, TEST_SEED
from benchmarks.tempering import Settings, sample

FOLDER = Path(__file__).parent / "references"


def load_reference(name, folder=FOLDER):
    """The stored `Reference` of task `name`, for the soundings ``TASKS[name].soundings(len(truth))``.

    Of a task with several layer counts it is a `LayerReference`.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is none, or the task's soundings, errors or ranges are no longer those it was made for.
    """
    path, make = folder / f"{name}.npz", f"python -m benchmarks.reference_sampler {name} --soundings"
    if not path.exists():
        raise FileNotFoundError(f"Task {name} has no reference. Make it: {make} 500.")
    with np.load(path) as stored:
        arrays = dict(stored)
    settings = json.loads(str(arrays.pop("settings")))
    kind = LayerReference if len(TASKS[name].prior.layer_counts) > 1 else Reference
    reference = kind(**arrays, settings=settings)
    problem = _problem(TASKS[name], len(reference.truth))
    # Data are stored in single precision; a thousandth of their errors changes no posterior.
    for key, now in problem.items():
        then, allowed = getattr(reference, key), 1e-3 * reference.sigma if key == "data" else 1e-9
        if then.shape != now.shape or not (np.abs(then - now) <= allowed).all():
            raise ValueError(
                f"The {key} of task {name} are not those that its stored reference was made for. "
                f"Make it anew: {make} {len(reference.truth)}."
            )
    return reference


def make_reference(name, n, settings, extensions=3, batch=8, report=lambda line: None):
    """The reference of the first `n` soundings of a task, sampled longer where the two runs disagree.

    Parameters
    ----------
    name : str, of a task whose prior has log-uniform ranges
    n : int
    settings : Settings
    extensions : int, how often soundings whose runs disagree are sampled again, with twice the particles and sweeps
    batch : int, soundings side by side
    report : callable that takes lines on the progress

    Returns
    -------
    Reference, or LayerReference if the prior has several layer counts
    """
    task, start = TASKS[name], time.process_time()
    if len(task.prior.layer_counts) > 1:
        return _make_layer_reference(task, n, settings, extensions, batch, report)
    problem = _problem(task, n)
    shape = (2, *problem["truth"].shape)
    mean, deviation, quantiles = np.empty(shape), np.empty(shape), np.empty((*shape, len(PROBABILITIES)))
    evidence, extended = np.empty(shape[:2]), np.zeros(n, dtype=np.int8)
    how = {"parameters": task.prior.parameters, **_how(settings)}
    rows = np.arange(n)
    for extension in range(extensions + 1):
        runs = _runs(task, task.prior, problem, rows, settings, batch, report, extension)
        for run, chosen, points, found in runs:
            evidence[run, chosen] = found
            mean[run, chosen], deviation[run, chosen] = points.mean(axis=1), points.std(axis=1)
            quantiles[run, chosen] = np.quantile(points, PROBABILITIES, axis=1).transpose(1, 2, 0)
        how["cpu_seconds"] = round(time.process_time() - start, 1)
        reference = Reference(
            **problem,
            mean=mean,
            deviation=deviation,
            quantiles=quantiles.mean(axis=0),
            evidence=evidence,
            extensions=extended,
            settings=how,
        )
        rows = np.flatnonzero(~reference.agree)
        if not rows.size or extension == extensions:
            return reference
        report(f"{len(rows)} soundings whose runs disagree are sampled again, longer")
        extended[rows] += 1
        settings = settings.longer()


def _make_layer_reference(task, n, settings, extensions, batch, report):
    start, counts = time.process_time(), task.prior.layer_counts
    problem, how = _problem(task, n), {"counts": counts, **_how(settings)}
    evidence, extended = np.empty((2, n, len(counts))), np.zeros(n, dtype=np.int8)
    wanted = np.ones((n, len(counts)), dtype=bool)
    for extension in range(extensions + 1):
        for place, count in enumerate(counts):
            prior, rows = task.prior.fixed(count), np.flatnonzero(wanted[:, place])
            for run, chosen, _, found in _runs(task, prior, problem, rows, settings, batch, report, extension, count):
                evidence[run, chosen, place] = found
        how["cpu_seconds"] = round(time.process_time() - start, 1)
        reference = LayerReference(
            **problem, evidence=evidence, weights=task.prior.layer_weights, extensions=extended, settings=how
        )
        again = ~reference.agree
        if not again.any() or extension == extensions:
            return reference
        report(f"{again.sum()} soundings whose runs disagree are sampled again, longer")
        wanted = again[:, None] & (reference.run_probability.max(axis=0) > HOPELESS)
        extended[again] += 1
        settings = settings.longer()


def _runs(task, prior, problem, rows, settings, batch, report, extension, *count):
    """Both runs of the soundings `rows`, a batch after the other: run, rows of the batch, points, ln evidences."""
    start = time.process_time()
    for first in range(0, len(rows), batch):
        chosen = rows[first : first + batch]
        log_likelihood = _likelihood(task, prior, problem["data"][chosen], problem["sigma"])
        for run in (0, 1):
            seed = [TEST_SEED, run, extension, first, *count]
            yield run, chosen, *sample(log_likelihood, len(chosen), len(prior.parameters), seed, settings)
        if first // batch % 5 == 4:
            what = ", ".join(["longer" * extension or "at first", *(f"{k} layers" for k in count)])
            report(f"{what}: {first + len(chosen)} of {len(rows)}, {time.process_time() - start:.0f} s of CPU")


def _how(settings):
    versions = {package: version(package) for package in ("bpinvert", "numpy")}
    return {"seed": TEST_SEED, **versions, **asdict(settings)}


def _problem(task, n):
    """What defines the posteriors of the first n soundings: truth, (decades,) sigma and data of a reference."""
    models, data = task.soundings(n)
    channels, prior = task.survey.channels, task.prior
    known = {"sigma": task.noise.sigma_on_scale(data, channels)[0], "data": channels.to_scale(data)}
    if len(prior.layer_counts) > 1:
        return {"truth": models.n_layers, **known}
    low, high = (prior.decode(np.full((1, len(prior.parameters)), end)) for end in (0.0, 1.0))
    decades = [np.log10(high[k] / low[k])[0] for k in ("thickness", *task.survey.properties)]
    return {"truth": prior.encode(models), "decades": np.concatenate(decades), **known}


def _likelihood(task, prior, scaled, sigma):
    """ln likelihood of points of the prior's cube, for the rows of data on the scale."""
    constant = -np.log(sigma * np.sqrt(2 * np.pi)).sum()

    def log_likelihood(u, rows):
        fit = task.survey.channels.to_scale(task.survey(**prior.decode(u)))
        return constant - np.square((fit - scaled[rows]) / sigma).sum(axis=1) / 2

    return log_likelihood


def main():
    """Make the reference of a task, or read it, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=list(TASKS))
    parser.add_argument("--soundings", type=int, help="make and store this many")
    parser.add_argument("--particles", type=int, default=Settings.particles)
    parser.add_argument("--extensions", type=int, default=3, help="longer runs where the two disagree, at most")
    options = parser.parse_args()
    if options.soundings:
        settings = Settings(particles=options.particles)
        report = partial(print, flush=True)
        reference = make_reference(options.task, options.soundings, settings, options.extensions, report=report)
        reference.save(FOLDER / f"{options.task}.npz")
    reference = load_reference(options.task)
    print(f"task {options.task}, {len(reference.truth)} soundings, {json.dumps(reference.settings)}")
    print("\n".join(reference.table()))


if __name__ == "__main__":
    main()
