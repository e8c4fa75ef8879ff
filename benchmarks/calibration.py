"""Whether stated uncertainties are true: sampled posteriors, and the network's before and after the correction.

``python -m benchmarks.calibration`` fits the default `Inverter` of each task (``--seconds`` limits the training,
``--save`` and ``--inverter`` spare a second one) and prints the report of three kinds of posteriors on fresh
simulations of the task: level "network" as it is; the same with the conformal correction that other simulations gave;
level "posterior". Below each: shares of truths in central intervals more than 1.5 points from the nominal ones, ranks,
CRPS. ``--sheets trained`` judges them on the sheets that the inverter was trained for instead, half of them with random
readings, gaps, uneven errors and displaced MN segments.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

from benchmarks.inverters import add_options, inverter_of
from benchmarks.tasks import TASKS, TEST_SEED
from bpinvert.calibration import CalibrationReport, lines
from bpinvert.calibration.sections import LEVELS

FRESH_SEED, CORRECTION_SEED = TEST_SEED + 5, TEST_SEED + 6
GOAL = 0.015


def report_of(inverter, level, n, seed):
    """`CalibrationReport` on `n` fresh simulations."""
    return inverter.calibrate(level, n=n, seed=seed).reports[level]


def corrected(report, correction):
    """A report's figures after the conformal correction by another one of the same level.

    CRPS and widths of corrected posteriors would need their draws and are left out (nan). A truth's place among the
    correction's PIT values is its corrected PIT; `coverage` below goes by the corrected intervals themselves.
    """
    rng, sections = np.random.default_rng(0), {}
    for count, section in report.sections.items():
        intervals = correction.sections[count].intervals()
        kinds = np.array(section.strata)[section.stratum]
        pit = np.empty_like(section.pit)
        for kind in np.unique(kinds):
            rows = np.flatnonzero(kinds == kind)
            ordered = intervals.groups.get(kind, intervals.groups[None])
            for column, known in enumerate(ordered.T):
                below = np.searchsorted(known, section.pit[rows, column].astype(float))
                pit[rows, column] = (below + rng.random(len(rows))) / (len(known) + 1)
        unknown = np.full(len(section.parameters), np.nan)
        sections[count] = replace(section, pit=pit, crps=unknown, crps_error=unknown, resolution=unknown)
    return CalibrationReport(f"{report.level}, corrected", sections)


def coverage(report, correction=None):
    """{count: (P, 4) shares of truths in central intervals of `LEVELS`}, those of a correction where there is one."""
    if correction is None:
        return {count: section.coverage() for count, section in report.sections.items()}
    found = {}
    for count, section in report.sections.items():
        intervals, kinds = correction.sections[count].intervals(), np.array(section.strata)[section.stratum]
        ends = [intervals.levels(level, kinds) for level in LEVELS]
        found[count] = np.stack([((low <= section.pit) & (section.pit <= high)).mean(axis=0) for low, high in ends], 1)
    return found


def verdict(report, shares):
    """Lines on the goals: coverage within 1.5 points, ranks inside their band; and the CRPS."""
    for count, section in report.sections.items():
        off = shares[count] - LEVELS
        row, k = np.unravel_index(np.abs(off).argmax(), off.shape)
        worst = f"{section.parameters[row]} {100 * LEVELS[k]:.0f} %: {100 * off[row, k]:+.2f}"
        by_chance = ", ".join(f"{GOAL / one:.1f}" for one in section.coverage_error())
        marked = [
            f"{name} {100 * LEVELS[k]:.0f} % {100 * off[row, k]:+.1f}"
            for row, name in enumerate(section.parameters)
            for k in range(len(LEVELS))
            if abs(off[row, k]) > GOAL
        ]
        yield (
            f"{count} layers: goal |coverage - nominal| <= 1.5 points ({by_chance} standard errors): "
            f"{off.size - len(marked)} of {off.size} hold; worst {worst}"
        )
        if marked:
            yield "missed: " + "; ".join(marked)
        yield f"goal ranks inside the 99 % band: {section.sbc_inside.sum()} of {len(section.parameters)}"
        if np.isfinite(section.crps).all():
            both = zip(section.parameters, section.crps, section.crps_error, strict=True)
            yield "CRPS in u: " + ", ".join(f"{name} {value:.4f} ± {error:.4f}" for name, value, error in both)
        else:
            yield "nan: skill and width of corrected posteriors would need their draws"


def main():
    """Print three reports for each task."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", nargs="+", default=["VES3", "MT3"], choices=list(TASKS))
    parser.add_argument("--simulations", type=int, default=5000, help="of each report, 9999 at most at level network")
    parser.add_argument("--correction", type=int, default=9999, help="simulations that the correction is made of")
    parser.add_argument("--sheets", default="own", choices=["own", "trained"], help="readings of the simulations")
    parser.add_argument("--levels", nargs="+", default=["network", "posterior"], choices=["network", "posterior"])
    add_options(parser)
    options = parser.parse_args()
    for name in options.task:
        inverter = inverter_of(TASKS[name], options)
        if options.sheets == "own":
            inverter.sheets = replace(inverter.sheets, complete=1.0)
        reports = []
        if "network" in options.levels:
            correction = report_of(inverter, "network", options.correction, CORRECTION_SEED)
            raw = report_of(inverter, "network", options.simulations, FRESH_SEED)
            reports += [(raw, coverage(raw)), (corrected(raw, correction), coverage(raw, correction))]
        if "posterior" in options.levels:
            began = time.process_time()
            sampled = report_of(inverter, "posterior", options.simulations, FRESH_SEED)
            print(
                f"posteriors: {1e3 * (time.process_time() - began) / options.simulations:.1f} CPU ms for a simulation"
            )
            reports.append((sampled, coverage(sampled)))
        for report, shares in reports:
            print("\n" + "\n".join((*lines(report), *verdict(report, shares))), flush=True)


if __name__ == "__main__":
    main()
