"""Range flags: joint false alarms on fresh soundings of the prior, and detection of one reading times three.

Run ``python -m benchmarks.flags``.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.tasks import TASKS, TEST_SEED
from bpinvert import Inverter


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
    print(f"task {task.name}, {len(fresh)} fresh soundings, test seed {TEST_SEED + 2}")
    checks = None
    for level in ("network", "refined"):
        alarms, found = inverter.check(fresh, level), inverter.check(spoilt, level)
        if checks is None:
            checks = [str(check) for check in alarms["check"].values]
            print(f"{'level':10}{'set':24}{'flagged':>10}" + "".join(f"{check:>13}" for check in checks))
        for name, result in (("fresh (false alarms)", alarms), ("one reading times 3", found)):
            shares = result["outside"].values.mean(axis=0)
            print(
                f"{level:10}{name:24}{(result['flag'].values != 0).mean():>10.2%}"
                + "".join(f"{share:>13.2%}" for share in shares)
            )


if __name__ == "__main__":
    main()
