"""Task FIT: how many soundings are fitted at each level, beside an optimiser started at the truth; and the time.

Run ``python -m benchmarks.fit``; set OMP_NUM_THREADS=1 for the time of one core.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np
from scipy.optimize import least_squares

from benchmarks.tasks import TASKS, TEST_SEED
from bpinvert import Inverter
from bpinvert.refinement import Misfit


def chi2_from_truth(task, models, data):
    """chi²/N of scipy's bounded least squares (trust region reflective) started at the true model."""
    channels, prior = task.survey.channels, task.prior.fixed(task.prior.layer_counts[0])
    scaled = channels.to_scale(data)
    known = np.isfinite(scaled)
    misfit = Misfit(task.survey, prior, scaled, np.where(known, task.noise.sigma_on_scale(data, channels), np.inf))
    start = np.clip(prior.encode(models), 1e-9, 1 - 1e-9)

    def residuals(u, k):
        return misfit.linearised(u[None], np.array([k]))[1][0]

    def jacobian(u, k):
        return -misfit.linearised(u[None], np.array([k]))[2][0]

    settings = {"bounds": (0, 1), "x_scale": 1.0, "max_nfev": 100}
    found = [least_squares(residuals, start[k], jacobian, **settings, args=(k,)) for k in range(len(data))]
    return np.array([2 * one.cost for one in found]) / known.sum(axis=1)


def seconds(function, repeat=3):
    """Median wall time of a call."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", default="FIT", choices=["FIT", "VES3", "VES4", "MT3", "WAVES", "IP"])
    parser.add_argument("--soundings", type=int, default=2000)
    parser.add_argument("--timed", type=int, default=10_000)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--calibration", type=int, default=50_000, help="simulations that the flags are calibrated on")
    options = parser.parse_args()
    task = TASKS[options.task]
    print(f"task {task.name}, test seed {TEST_SEED}, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}")
    start = time.perf_counter()
    inverter = Inverter(task.survey, task.prior, task.noise).fit(
        n_samples=options.samples, n_calibration=options.calibration, progress=False
    )
    print(f"training: {time.perf_counter() - start:.1f} s (checks and calibration included)")
    models, data = task.soundings(options.soundings)
    _, many = task.soundings(options.timed, seed=TEST_SEED + 1)
    print(f"{'':22}{'chi²/N < 1.5':>14}{'median chi²/N':>16}{'flagged':>10}{'µs per sounding':>18}")
    for level in ("network", "refined"):
        result = inverter.invert(data, level)
        chi2, flagged = result["chi2"].values, (result["flag"].values != 0).mean()
        cost = seconds(lambda level=level: inverter.invert(many, level)) / len(many) * 1e6
        print(f"{level:22}{(chi2 < 1.5).mean():>13.2%}{np.median(chi2):>16.3g}{flagged:>10.2%}{cost:>18.1f}")
    chi2 = chi2_from_truth(task, models, data)
    print(f"{'started at the truth':22}{(chi2 < 1.5).mean():>13.2%}{np.median(chi2):>16.3g}")


if __name__ == "__main__":
    main()
