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


def chi2_from_truth(task, models, data):
    """chi²/N of scipy's bounded least squares (trust region reflective) started at the true model."""
    channels, prior = task.survey.channels, task.prior.fixed(task.prior.layer_counts[0])
    scaled = channels.to_scale(data)
    sigma = task.noise.sigma_on_scale(data, channels)
    start = np.clip(prior.encode(models), 1e-9, 1 - 1e-9)
    names = ("thickness", *task.survey.properties)

    def residuals(u, k):
        return (channels.to_scale(task.survey(**prior.decode(u[None])))[0] - scaled[k]) / sigma[k]

    def jacobian(u, k):
        slopes = task.survey.jacobian(**prior.decode(u[None]))
        to_log = np.concatenate([slopes[name][0] for name in names], axis=1)
        return to_log * prior.log_slope(u[None])[0] / sigma[k][:, None]

    return np.array(
        [
            2 * least_squares(residuals, start[k], jacobian, bounds=(0, 1), x_scale=1.0, args=(k,)).cost / data.shape[1]
            for k in range(len(data))
        ]
    )


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
    parser.add_argument("--task", default="FIT", choices=["FIT", "VES3", "VES4", "MT3"])
    parser.add_argument("--soundings", type=int, default=2000)
    parser.add_argument("--timed", type=int, default=10_000)
    options = parser.parse_args()
    task = TASKS[options.task]
    print(f"task {task.name}, test seed {TEST_SEED}, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}")
    start = time.perf_counter()
    inverter = Inverter(task.survey, task.prior, task.noise).fit(progress=False)
    print(f"training with the defaults: {time.perf_counter() - start:.1f} s (checks and calibration included)")
    models, data = task.soundings(options.soundings)
    _, many = task.soundings(options.timed, seed=TEST_SEED + 1)
    print(f"{'':22}{'chi²/N < 1.5':>14}{'median chi²/N':>16}{'µs per sounding':>18}")
    for level in ("network", "refined"):
        chi2 = inverter.invert(data, level)["chi2"].values
        cost = seconds(lambda level=level: inverter.invert(many, level)) / len(many) * 1e6
        print(f"{level:22}{(chi2 < 1.5).mean():>13.2%}{np.median(chi2):>16.3g}{cost:>18.1f}")
    chi2 = chi2_from_truth(task, models, data)
    print(f"{'started at the truth':22}{(chi2 < 1.5).mean():>13.2%}{np.median(chi2):>16.3g}")


if __name__ == "__main__":
    main()
