"""Range flags: how well they tell the RANGE shifts from soundings of the prior, at their stated false-alarm rate.

Run ``python -m benchmarks.flags --task MT3``. For every shift: the AUROC of each check's score and of the joint p-value
(the probability that a shifted sounding looks stranger than a fresh one of the prior), and the share that is flagged;
with ``--covered`` also how often the posterior's 90 % intervals of the property against depth hold the truth of those
that were not flagged, averaged over depths.
With ``--fresh`` instead the joint false alarms on fresh soundings by stratum, and the detection of some field troubles.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.stats import rankdata

from benchmarks.field import false_alarms
from benchmarks.shifts import drawn, shifts
from benchmarks.tasks import TASKS, TEST_SEED
from bpinvert import Inverter, load_inverter
from bpinvert.checks import NAMES
from bpinvert.geometry import as_observed
from bpinvert.inverter.summarizing import at_depths

_MISSING = 6
_SHIFTED = 2000


def main():
    """Print one table for each level."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="VES3", choices=list(TASKS))
    parser.add_argument("--levels", nargs="+", default=["network", "refined"])
    parser.add_argument("--soundings", type=int, default=50_000, help="fresh ones")
    parser.add_argument("--inverter", help="file of one that is fitted for the task, instead of training one")
    parser.add_argument("--covered", type=int, default=0, help="soundings of each shift whose posterior is sampled")
    parser.add_argument("--seed", type=int, default=TEST_SEED, help="of the test sets")
    parser.add_argument("--fresh", action="store_true", help="false alarms by stratum instead")
    options = parser.parse_args()
    task = TASKS[options.task]
    inverter = load_inverter(options.inverter, task.survey) if options.inverter else None
    inverter = inverter or Inverter(task.survey, task.prior, task.noise).fit(progress=False)
    _, fresh = task.soundings(options.soundings, seed=options.seed + 2)
    if options.fresh:
        false_alarms_by_set(task, inverter, fresh, options.seed)
        return
    print(f"task {task.name}, {len(fresh)} fresh soundings, {_SHIFTED} of each shift, test seed {options.seed + 2}")
    for level in options.levels:
        detection(task, inverter, fresh, level, options.seed)
    if options.covered:
        covered(task, inverter, options.covered, options.seed)


def covered(task, inverter, n, seed):
    """Print the coverage of 90 % intervals among the soundings of every shift that were not flagged."""
    print(f"\n90 % intervals against depth, {n} soundings of each shift")
    print(f"{'':30}{'not flagged':>13}{'covered':>10}")
    for name, shift in {"(none)": drawn, **shifts(task)}.items():
        models, data = shift(task, n, np.random.default_rng(seed + 4))
        result = inverter.invert(data, "posterior")
        true = at_depths(models["resistivity"], models["thickness"], result["depth_grid"].values)
        low, high = result["resistivity_profile_quantile"].values[[0, -1]]
        quiet = result["flag"].values == 0
        inside = ((low <= true) & (true <= high))[quiet]
        print(f"{name:30}{quiet.mean():>13.0%}{inside.mean() if quiet.any() else np.nan:>10.1%}", flush=True)


def detection(task, inverter, fresh, level, seed):
    """Print AUROC and detection of every shift at a level."""
    usual = inverter.check(fresh, level)
    rate, error = (usual["flag"].values != 0).mean(), 100 * np.sqrt(0.01 * 0.99 / len(fresh))
    print(f"\nlevel {level}: joint false alarms {rate:.2%} of fresh soundings (± {error:.2f} points), stated 1 %")
    print(
        f"{'AUROC':30}" + "".join(f"{check:>13}" for check in NAMES) + f"{'joint':>9}{'joint-best':>12}{'flagged':>9}"
    )
    for name, shift in shifts(task).items():
        result = inverter.check(shift(task, _SHIFTED, np.random.default_rng(seed + 4))[1], level)
        own = [
            auroc(before, after)
            for before, after in zip(usual["score"].values.T, result["score"].values.T, strict=True)
        ]
        joint = auroc(-usual["p_joint"].values, -result["p_joint"].values)
        print(
            f"{name:30}" + "".join(f"{value:>13.3f}" for value in own) + f"{joint:>9.3f}{joint - max(own):>+12.3f}"
            f"{(result['flag'].values != 0).mean():>9.1%}"
        )


def auroc(usual, strange):
    """Area under the receiver operating characteristic: how often one of `strange` exceeds one of `usual`."""
    rank = rankdata(np.concatenate([usual, strange]))[len(usual) :]
    return (rank.mean() - (len(strange) + 1) / 2) / len(usual)


def false_alarms_by_set(task, inverter, fresh, seed):
    """Print the share of flagged soundings of some sets, and the false alarms by stratum."""
    rng = np.random.default_rng(seed + 3)
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
    print(f"task {task.name}, {len(fresh)} fresh soundings, 5000 of each other set, test seed {seed + 2}")
    print(f"{'level':10}{'set':24}{'flagged':>10}" + "".join(f"{check:>13}" for check in NAMES))
    for level in ("network", "refined"):
        for name, data in sets.items():
            result = inverter.check(data, level)
            shares = result["outside"].values.mean(axis=0)
            print(
                f"{level:10}{name:24}{(result['flag'].values != 0).mean():>10.2%}"
                + "".join(f"{share:>13.2%}" for share in shares)
            )
    false_alarms(inverter, len(fresh))


if __name__ == "__main__":
    main()
