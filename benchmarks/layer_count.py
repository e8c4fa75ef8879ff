"""How many layers: stated probabilities against those of the reference sampler's evidences, and their calibration.

``python -m benchmarks.layer_count`` fits the default `Inverter` of task VES2-5 (``--seconds`` limits the training of
each of its four networks, ``--save`` and ``--inverter`` spare a second one). On the reference's soundings it states log
scores with the bootstrap 90 % interval of their difference, on these and on fresh soundings the expected calibration
error beside what chance alone makes: with a few hundred soundings that is more than the goal of 0.03.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.inverters import add_options, inverter_of
from benchmarks.reference_sampler import load_reference
from benchmarks.tasks import TASKS, TEST_SEED
from bpinvert.calibration import LayerCounts

FRESH_SEED = TEST_SEED + 7


def stated(inverter, data):
    """(n, n_counts) probabilities at level "posterior"."""
    return inverter.invert(data, level="posterior")["layer_probability"].values


def scores(layers):
    """(n,) -ln of the stated probability of the true count, nats."""
    place = np.searchsorted(layers.counts, layers.truth)
    return -np.log(layers.probability[np.arange(layers.n), place].astype(float))


def of_mean(values, rng):
    """Mean of values (n,) and its bootstrap 90 % interval."""
    resampled = values[rng.integers(len(values), size=(2000, len(values)))].mean(axis=1)
    return values.mean(), *np.quantile(resampled, (0.05, 0.95))


def against_reference(inverter, task, n):
    """Lines on the soundings of the reference."""
    reference = load_reference(task.name)
    n = min(n or np.inf, len(reference.truth))
    _, data = task.soundings(len(reference.truth))
    counts, truth = list(inverter.networks), reference.truth[:n]
    by = {"reference": reference.probability, "its run 1": reference.run_probability[0]}
    by |= {"its run 2": reference.run_probability[1], "sampled": stated(inverter, data[:n])}
    by = {name: LayerCounts.join([probability[:n]], [truth], counts) for name, probability in by.items()}
    yield f"{n} soundings of the reference, seed {TEST_SEED}; goal: log score within 0.05 nats"
    heads = f"{'log score':>10}{'difference':>12}{'90 % interval':>20}{'apart':>8}{'largest':>9}{'ECE':>8}"
    yield f"{'':12}{heads}"
    ideal, rng = by["reference"], np.random.default_rng(0)
    for name, layers in by.items():
        mean, low, high = of_mean(scores(layers) - scores(ideal), rng)
        apart = np.abs(layers.probability - ideal.probability).max(axis=1)
        yield (
            f"{name:12}{layers.log_score:10.4f}{mean:+12.4f}{f'{low:+.4f} to {high:+.4f}':>20}{apart.mean():8.4f}"
            f"{apart.max():9.3f}{layers.expected_calibration_error.mean():8.3f}"
        )
    yield f"apart: largest difference of a probability, mean; chance alone makes an ECE of {ideal.chance_error:.3f}"
    yield from confusion(by["reference"], "reference")
    yield from confusion(by["sampled"], "sampled")


def on_fresh(inverter, task, n, part=500):
    """Lines on fresh soundings of the prior."""
    models, data = task.soundings(n, seed=FRESH_SEED)
    began = time.process_time()
    probability = [stated(inverter, data[start : start + part]) for start in range(0, n, part)]
    took = 1e3 * (time.process_time() - began) / n
    layers = LayerCounts.join(probability, [models.n_layers], list(inverter.networks))
    error = layers.expected_calibration_error
    yield f"\n{n} fresh soundings, seed {FRESH_SEED}, {took:.1f} CPU ms each on one thread"
    by_count = ", ".join(f"{count}: {value:.3f}" for count, value in zip(layers.counts, error, strict=True))
    yield f"ECE {error.mean():.3f} (goal 0.03; {layers.chance_error:.3f} by chance alone); of each count {by_count}"
    mean, low, high = of_mean(scores(layers), np.random.default_rng(0))
    yield f"log score {mean:.4f} ({low:.4f} to {high:.4f}) nats; {np.log(len(layers.counts)):.3f} without data"
    yield from confusion(layers, "sampled")


def confusion(layers, name):
    """Lines: true counts by most probable counts."""
    yield f"{f'{name}: most probable':26}" + "".join(f"{count:6d}" for count in layers.counts) + "   right"
    for count, row in zip(layers.counts, layers.confusion, strict=True):
        right = row[layers.counts == count][0] / max(row.sum(), 1)
        yield f"{f'true: {count}':26}" + "".join(f"{cell:6d}" for cell in row) + f"{right:8.0%}"


def main():
    """Print one table for the reference's soundings and one for fresh ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--soundings", type=int, help="of the reference; default: all")
    parser.add_argument("--fresh", type=int, default=3000, help="fresh soundings")
    add_options(parser)
    options = parser.parse_args()
    task = TASKS["VES2-5"]
    inverter = inverter_of(task, options)
    with threadpool_limits(1):
        try:
            for line in against_reference(inverter, task, options.soundings):
                print(line, flush=True)
        except FileNotFoundError as missing:
            print(missing)
        for line in on_fresh(inverter, task, options.fresh) if options.fresh else ():
            print(line, flush=True)


if __name__ == "__main__":
    main()
