"""Range flags: joint false alarms on fresh soundings of the prior by stratum, and detection of one reading times three.

Run ``python -m benchmarks.flags``.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.field import false_alarms
from benchmarks.tasks import TASKS, TEST_SEED
from bpinvert import Inverter
from bpinvert.checks import NAMES
from bpinvert.geometry import as_observed

_MISSING = 6


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", default="VES3", choices=list(TASKS))
    parser.add_argument("--soundings", type=int, default=50_000)
    options = parser.parse_args()
    task = TASKS[options.task]
    inverter = Inverter(task.survey, task.prior, task.noise).fit(progress=False)
    _, fresh = task.soundings(options.soundings, seed=TEST_SEED + 2)
    rng = np.random.default_rng(TEST_SEED + 3)
    spoilt = fresh[:5000].copy()
    spoilt[
        np.arange(len(spoilt)),
        rng.integers(len(task.survey.channels.columns("apparent_resistivity")), size=len(spoilt)),
    ] *= 3
    gaps = fresh[:5000].copy()
    gaps[:, -_MISSING:] = np.nan
    # Three times the trained noise, and a sheet that says so.
    channels = task.survey.channels
    models = task.prior.draw(5000, rng)
    exact = channels.to_scale(task.survey(**models))
    sigma = 3 * task.noise.sigma_on_scale(task.survey(**models), channels)
    rough = as_observed(channels.from_scale(exact + sigma * rng.standard_normal(exact.shape)), task.survey)
    for quantity in channels.quantities:
        columns = channels.columns(quantity)
        size = sigma[:, columns] / channels.scale_slope(task.survey(**models))[:, columns]
        rough[f"{quantity}_std"] = (("sounding", "reading"), size)
    sets = {
        "fresh (false alarms)": fresh,
        "one reading times 3": spoilt,
        f"last {_MISSING} data missing": gaps,
        "errors 3 times, stated": rough,
    }
    print(f"task {task.name}, {len(fresh)} fresh soundings, 5000 of each other set, test seed {TEST_SEED + 2}")
    print(f"{'level':10}{'set':24}{'flagged':>10}" + "".join(f"{check:>13}" for check in NAMES))
    for level in ("network", "refined"):
        for name, data in sets.items():
            result = inverter.check(data, level)
            shares = result["outside"].values.mean(axis=0)
            print(
                f"{level:10}{name:24}{(result['flag'].values != 0).mean():>10.2%}"
                + "".join(f"{share:>13.2%}" for share in shares)
            )
    false_alarms(inverter, options.soundings)


if __name__ == "__main__":
    main()
