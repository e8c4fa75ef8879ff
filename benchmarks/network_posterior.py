"""The network's posterior of a survey: time for mixture parameters, quantiles and draws of many soundings.

``python -m benchmarks.network_posterior`` trains a 60-128-64 network with a mixture of eight normal densities on
three-layer Schlumberger soundings (five normal scores), then states the median time of several runs, the network's
forward pass included, and of how many threads: components and quantiles of 26 772 soundings, 1000 draws of 23 366.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np
from scipy.special import ndtri

from benchmarks.tasks import TASKS
from bpinvert.network import BPRegressor, Mixture
from forward_models import Schlumberger

SOUNDINGS, DRAWN, DRAWS = 26_772, 23_366, 1000
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
TRAINING_SEED, TEST_SEED = 1, 2


def soundings(n, seed):
    """Noisy log10 apparent resistivities (n, 60) and normal scores of the parameters (n, 5)."""
    task, survey = TASKS["VES3"], Schlumberger(ab2=np.geomspace(1, 500, 60))
    rng = np.random.default_rng(seed)
    models = task.prior.draw(n, rng)
    return np.log10(task.noise.draw(survey(**models), survey.channels, rng)), ndtri(task.prior.encode(models))


def seconds(call, repeats):
    """Median and least wall time, and least processor time."""
    wall, processor = [], []
    for _ in range(repeats):
        began, busy = time.perf_counter(), time.process_time()
        call()
        wall.append(time.perf_counter() - began)
        processor.append(time.process_time() - busy)
    return np.median(wall), min(wall), min(processor)


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    print(f"OMP_NUM_THREADS {os.environ.get('OMP_NUM_THREADS', 'not set')}, {os.cpu_count()} cores, medians of "
          f"{options.repeats} runs")  # fmt: skip
    X, Y = soundings(100_000, TRAINING_SEED)
    center, scale = X.mean(axis=0), X.std(axis=0)
    model = BPRegressor((128, 64), head=Mixture(8), trainer="soap", max_epochs=options.epochs, random_state=0)
    began = time.perf_counter()
    model.fit((X - center) / scale, Y)
    print(f"training: {(time.perf_counter() - began) / options.epochs:.2f} s an epoch")
    inputs = ((soundings(SOUNDINGS, TEST_SEED)[0] - center) / scale).astype(np.float32)
    calls = {
        f"components of {SOUNDINGS} soundings": lambda: model.normals(inputs),
        f"{len(LEVELS)} quantiles of {SOUNDINGS} soundings": lambda: model.quantiles(inputs, LEVELS),
        f"expected u of {SOUNDINGS} soundings": lambda: model.mean_cdf(inputs),
        f"{DRAWN} x {DRAWS} draws, float32": lambda: model.draw(inputs[:DRAWN], DRAWS, 0, "float32"),
        f"{DRAWN} x {DRAWS} draws, float64": lambda: model.draw(inputs[:DRAWN], DRAWS, 0),
    }
    print(f"{'':36s} threads  median s   least s  processor s")
    for name, call in calls.items():
        for threads in options.threads:
            model.set_params(n_jobs=threads)
            print(f"{name:36s}{threads:8d}" + "".join(f"{s:10.2f}" for s in seconds(call, options.repeats)), flush=True)


if __name__ == "__main__":
    main()
