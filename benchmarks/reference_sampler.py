"""Reference posteriors of tasks by a long tempered sampler, run twice, that shares no code with what it judges.

Run ``python -m benchmarks.reference_sampler VES3 --soundings 500`` to make them (tens of minutes; OMP_NUM_THREADS=1 for
the time of one core), without ``--soundings`` to print those that are stored. Other benchmarks call `load_reference`.

Means and inner quantiles are well known, deviations less: where two layers may be alike their boundary is free within a
very thin set of models that holds a few per cent of the posterior, and 2000 particles seldom visit it.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass, fields
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks.tasks import TASKS, TEST_SEED
from benchmarks.tempering import Settings, sample

FOLDER = Path(__file__).parent / "references"
PROBABILITIES = (0.05, 0.25, 0.75, 0.95)
# Runs of a sounding agree when their means differ by less than this many posterior standard deviations in every
# parameter, and their ln evidences by less than the second number.
TOLERANCE = 0.1, 0.5


@dataclass(frozen=True)
class Reference:
    """Posteriors of the first soundings of a task by two runs; parameters are places u in their log-uniform ranges.

    Attributes
    ----------
    truth : (n, P) array
    data : (n, n_channels) array on the channels' scale
    sigma : (n_channels,) array, errors on that scale
    decades : (P,) array, log10 widths of the ranges
    mean, deviation : (2, n, P) arrays, of the posterior by either run
    quantiles : (n, P, 4) array at `PROBABILITIES`, mean of both runs
    evidence : (2, n) array, ln of the density of the data on the channels' scale
    extensions : (n,) array, how often longer runs replaced the first ones
    settings : dict, how it was made: parameters, seed, settings of the sampler, CPU seconds, versions
    """

    truth: np.ndarray
    data: np.ndarray
    sigma: np.ndarray
    decades: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    quantiles: np.ndarray
    evidence: np.ndarray
    extensions: np.ndarray
    settings: dict

    @property
    def difference(self):
        """(n, P) differences of the two means in posterior standard deviations."""
        return np.abs(self.mean[0] - self.mean[1]) / np.sqrt(np.square(self.deviation).mean(axis=0))

    @property
    def agree(self):
        """(n,) whether both runs tell the same."""
        return (self.difference.max(axis=1) < TOLERANCE[0]) & (np.abs(np.diff(self.evidence, axis=0)[0]) < TOLERANCE[1])

    def log10_error(self, mean):
        """log10 RMSE of posterior means (n, P) against the truth: (P,) for each parameter, and over all."""
        squared = np.square((mean - self.truth) * self.decades).mean(axis=0)
        return np.sqrt(squared), np.sqrt(squared.mean())

    def save(self, path):
        """Write a compressed npz of arrays; the settings are JSON."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        single = {name: arrays[name].astype(np.float32) for name in ("data", "deviation", "quantiles")}
        path.parent.mkdir(exist_ok=True)
        np.savez_compressed(path, **arrays | single | {"settings": json.dumps(self.settings)})


def load_reference(name, folder=FOLDER):
    """The stored `Reference` of task `name`, for the soundings ``TASKS[name].soundings(len(truth))``.

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
    reference = Reference(**arrays, settings=settings)
    problem = _problem(TASKS[name], len(reference.truth))
    # Data are stored in single precision; a thousandth of their errors changes no posterior.
    room = {"truth": 1e-9, "decades": 1e-9, "sigma": 1e-9, "data": 1e-3 * reference.sigma}
    for key, allowed in room.items():
        then, now = getattr(reference, key), problem[key]
        if then.shape != now.shape or not (np.abs(then - now) <= allowed).all():
            raise ValueError(
                f"The {key} of task {name} are not those that its stored reference was made for. "
                f"Make it anew: {make} {len(reference.truth)}."
            )
    return reference


def make_reference(name, n, settings, extensions=3, batch=8, report=lambda line: None):
    """The `Reference` of the first `n` soundings of a task, sampled longer where the two runs disagree.

    Parameters
    ----------
    name : str, of a task whose prior has one layer count and log-uniform ranges
    n : int
    settings : Settings
    extensions : int, how often soundings whose runs disagree are sampled again, with twice the particles and sweeps
    batch : int, soundings side by side
    report : callable that takes lines on the progress
    """
    task, start = TASKS[name], time.process_time()
    problem = _problem(task, n)
    shape = (2, *problem["truth"].shape)
    mean, deviation, quantiles = np.empty(shape), np.empty(shape), np.empty((*shape, len(PROBABILITIES)))
    evidence, extended = np.empty(shape[:2]), np.zeros(n, dtype=np.int8)
    versions = {package: version(package) for package in ("bpinvert", "numpy")}
    how = {"parameters": task.prior.parameters, "seed": TEST_SEED, **versions, **asdict(settings)}
    rows = np.arange(n)
    for extension in range(extensions + 1):
        for first in range(0, len(rows), batch):
            chosen = rows[first : first + batch]
            log_likelihood = _likelihood(task, problem["data"][chosen], problem["sigma"])
            for run in (0, 1):
                seed = [TEST_SEED, run, extension, first]
                points, evidence[run, chosen] = sample(log_likelihood, len(chosen), shape[2], seed, settings)
                mean[run, chosen], deviation[run, chosen] = points.mean(axis=1), points.std(axis=1)
                quantiles[run, chosen] = np.quantile(points, PROBABILITIES, axis=1).transpose(1, 2, 0)
            if first // batch % 5 == 4:
                report(f"{extension}: {first + len(chosen)} of {len(rows)}, {time.process_time() - start:.0f} s of CPU")
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


def _problem(task, n):
    """What defines the posteriors of the first n soundings: truth, data, sigma and decades of a `Reference`."""
    models, data = task.soundings(n)
    channels, prior = task.survey.channels, task.prior
    low, high = (prior.decode(np.full((1, len(prior.parameters)), end)) for end in (0.0, 1.0))
    return {
        "truth": prior.encode(models),
        "data": channels.to_scale(data),
        "sigma": task.noise.sigma_on_scale(data, channels)[0],
        "decades": np.concatenate([np.log10(high[k] / low[k])[0] for k in ("thickness", *task.survey.properties)]),
    }


def _likelihood(task, scaled, sigma):
    """ln likelihood of points of the cube, for the rows of data on the scale."""
    constant = -np.log(sigma * np.sqrt(2 * np.pi)).sum()

    def log_likelihood(u, rows):
        fit = task.survey.channels.to_scale(task.survey(**task.prior.decode(u)))
        return constant - np.square((fit - scaled[rows]) / sigma).sum(axis=1) / 2

    return log_likelihood


def table(reference):
    """Lines on the agreement of the runs, the errors against the truth and the coverage of the intervals."""
    low, lower, upper, high = np.moveaxis(reference.quantiles, 2, 0)
    covered = [((a <= reference.truth) & (reference.truth <= b)) for a, b in ((lower, upper), (low, high))]
    errors = [reference.log10_error(mean) for mean in (*reference.mean, reference.mean.mean(axis=0))]
    apart = reference.difference
    heads = ("rms", "largest", "run 1", "run 2", "apart", "of both", "50 %", "90 %")
    yield f"{'':18}{'means apart / sd':>18}{'log10 RMSE of the mean':>36}{'covered':>18}"
    yield f"{'':18}" + "".join(f"{head:>9}" for head in heads)
    for column, name in (*enumerate(reference.settings["parameters"]), (slice(None), "all")):
        one, two, both = (error[1] if name == "all" else error[0][column] for error in errors)
        yield (
            f"{name:18}{np.sqrt(np.square(apart[:, column]).mean()):>9.3f}{apart[:, column].max():>9.3f}"
            f"{one:>9.4f}{two:>9.4f}{abs(one - two) / both:>9.2%}{both:>9.4f}"
            + "".join(f"{inside[:, column].mean():>9.1%}" for inside in covered)
        )
    evidence = np.diff(reference.evidence, axis=0)[0]
    n, settings = len(reference.truth), reference.settings
    yield f"ln evidence apart: rms {np.sqrt(np.square(evidence).mean()):.3f}, largest {np.abs(evidence).max():.3f}"
    tails = np.abs(np.log(reference.deviation[0] / reference.deviation[1])).max(axis=1)
    yield f"a standard deviation apart by more than a fifth: {(tails > np.log(1.2)).sum()} (thin tails, seldom visited)"
    yield f"sampled again, longer: {(reference.extensions > 0).sum()}; still disagreeing: {(~reference.agree).sum()}"
    yield f"CPU time for a sounding, both runs: {settings['cpu_seconds'] / n:.2f} s"


def main():
    """Make the reference of a task, or read it, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=[name for name, task in TASKS.items() if len(task.prior.layer_counts) == 1])
    parser.add_argument("--soundings", type=int, help="make and store this many")
    parser.add_argument("--particles", type=int, default=Settings.particles)
    options = parser.parse_args()
    if options.soundings:
        settings = Settings(particles=options.particles)
        reference = make_reference(options.task, options.soundings, settings, report=partial(print, flush=True))
        reference.save(FOLDER / f"{options.task}.npz")
    reference = load_reference(options.task)
    print(f"task {options.task}, {len(reference.truth)} soundings, {json.dumps(reference.settings)}")
    print("\n".join(table(reference)))


if __name__ == "__main__":
    main()
