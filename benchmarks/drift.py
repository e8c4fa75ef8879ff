"""Drift of a survey: false alarms on surveys of prior draws, and detection of surveys that are slightly off.

Run ``python -m benchmarks.drift``.
"""

from __future__ import annotations

import argparse

import numpy as np

import bpinvert as bp
from benchmarks.shifts import shifts
from benchmarks.tasks import TASKS, TEST_SEED
from bpinvert import Inverter, load_inverter
from bpinvert.checks import NAMES

_LENGTHS = (10, 50, 200)


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", default="VES3", choices=["VES3", "MT3"])
    parser.add_argument("--level", default="refined")
    parser.add_argument("--soundings", type=int, default=100_000)
    parser.add_argument("--inverter", help="file of one that is fitted for the task, instead of training one")
    options = parser.parse_args()
    task = TASKS[options.task]
    inverter = load_inverter(options.inverter, task.survey) if options.inverter else None
    inverter = inverter or Inverter(task.survey, task.prior, task.noise).fit(progress=False)
    rng = np.random.default_rng(TEST_SEED + 5)
    models, fresh = task.soundings(options.soundings, seed=TEST_SEED + 6)
    few = options.soundings // 5
    channels = task.survey.channels
    exact = task.survey(**models.take(np.arange(few)))
    sigma = 1.15 * task.noise.sigma_on_scale(exact, channels)
    sets = {
        "draws from the prior": fresh,
        "noise 15 % larger": channels.from_scale(channels.to_scale(exact) + sigma * rng.standard_normal(exact.shape)),
        "5 layers instead of 3": shifts(task)["5 layers instead of 3"](task, few, rng)[1],
        "one sounding again and again": _repeated(task, few, rng),
    }
    print(
        f"task {task.name}, level {options.level}, test seed {TEST_SEED + 6}; share of surveys that drift, stated 1 %"
    )
    print(f"{'':30}{'soundings':>10}{'surveys':>9}{'drift':>8}" + "".join(f"{check:>13}" for check in NAMES))
    for name, data in sets.items():
        result = inverter.check(data, options.level)
        p = result["p_value"].values
        if data is fresh:
            shares = [f"{value}: {(p <= value).mean(axis=0).round(4).tolist()}" for value in (0.05, 0.2, 0.5)]
            print(f"p-values of {len(p)} draws at most " + "; ".join(shares))
        for length in _LENGTHS:
            surveys = [
                bp.drift(result.isel(sounding=slice(k, k + length)))["drifts"].values
                for k in range(0, len(p) - length + 1, length)
            ]
            drifts = np.array(surveys)
            print(
                f"{name:30}{length:>10}{len(drifts):>9}{drifts.any(axis=1).mean():>8.2%}"
                + "".join(f"{share:>13.2%}" for share in drifts.mean(axis=0))
            )


def _repeated(task, n, rng):
    """Surveys over one ground each, 200 soundings long, with fresh noise: a line within one geology."""
    models = task.prior.draw(-(-n // _LENGTHS[-1]), rng)
    models = models.take(np.repeat(np.arange(len(models.n_layers)), _LENGTHS[-1])[:n])
    return task.noise.draw(task.survey(**models), task.survey.channels, rng)


if __name__ == "__main__":
    main()
