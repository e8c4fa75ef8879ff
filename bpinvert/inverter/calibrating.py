"""What `Inverter.calibrate` does: fresh simulations through the whole path, for flags and for the report."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from bpinvert import checks
from bpinvert.calibration import CalibrationReport, LayerCounts, Section, summarize
from bpinvert.inverter import answering, fitting, summarizing
from bpinvert.inverter.branch import learns_scores
from bpinvert.inverter.sampler import Sampler
from bpinvert.inverter.simulations import stream

# Simulations of the report where a level takes microseconds and the flags need many more.
_N_REPORT = 5000


def calibrate(inverter, level, n, seed, progress):
    """Flags and report of a level, by `n` fresh simulations that no training has seen.

    Returns
    -------
    checks.Calibration, or None for "posterior", whose flags are those of "refined"
    CalibrationReport, or None where the level states no posterior
    """
    sampler = None
    states = {
        "network": all(learns_scores(branch.network) for branch in inverter.solver.branches.values()),
        "refined": False,
        "posterior": True,
    }
    bar = tqdm(total=n, desc=f"calibrating {level}", disable=not progress, leave=False, unit="sounding")
    if states[level]:
        sampler = Sampler.of(inverter, level, done=bar.update if level == "posterior" else None)
    record, scores, strata = Record(sampler.priors, seed) if sampler else None, [], []
    # The matrices are small: a second BLAS thread only waits.
    with threadpool_limits(1, user_api="blas"), bar:
        # The report's simulations are spread over all sheets.
        every = 1 if level == "posterior" else max(n // _N_REPORT, 1)
        for k, (group, models) in enumerate(fitting.fresh_groups(inverter, n, seed)):
            reported = slice(k % every, None, every) if sampler else slice(0)
            rows = np.arange(len(group.rows))[reported]
            rest = np.setdiff1d(np.arange(len(group.rows)), rows)
            for some, own in ((rows, sampler), (rest, None)):
                if not some.size or (level == "posterior" and own is None):
                    continue
                for part in answering.solutions(inverter.solver, group.take(some), level, sampler=own):
                    scores.append(part.scores)
                    strata.append(part.strata)
                    if own is not None:
                        record.add(part, models.take(some[part.rows]))
                    if level != "posterior":
                        bar.update(len(part.rows))
    report = record.report(level) if sampler else None
    if level == "posterior":
        return None, report
    rate = inverter.false_alarm_rate
    return checks.Calibration(np.concatenate(scores), np.concatenate(strata), rate, checks.weights(level)), report


class Record:
    """Simulated soundings' posteriors against their truths, gathered part by part.

    Parameters
    ----------
    priors : dict, layer count -> prior
    seed : int
    """

    def __init__(self, priors, seed):
        self.priors, self._rng = priors, stream(seed, 5)
        self._parts = {count: [] for count in priors}
        self._kinds = {count: [] for count in priors}
        self._probability, self._truth = [], []

    def add(self, solution, models) -> None:
        """One part: its solutions with draws, and the true models."""
        n = len(solution.n_layers)
        truth = np.zeros(n, dtype=int) if models.n_layers is None else models.n_layers
        for count, prior in self.priors.items():
            rows = np.flatnonzero(truth == count)
            if rows.size:
                u = prior.encode(models.take(rows))
                self._parts[count].append(summarize(solution.draws[count][:, rows], u, rng=self._rng))
                self._kinds[count].append(summarizing.kinds(solution.models, rows))
        if solution.layer_probability is not None and len(self.priors) > 1:
            answered = np.isfinite(solution.layer_probability).all(axis=1)
            self._probability.append(solution.layer_probability[answered])
            self._truth.append(truth[answered])

    def report(self, level) -> CalibrationReport:
        """Of everything gathered."""
        sections = {
            count: Section.join(parts, self.priors[count].parameters, np.concatenate(self._kinds[count]))
            for count, parts in self._parts.items()
            if parts
        }
        layers = None
        if self._probability:
            layers = LayerCounts.join(self._probability, self._truth, list(self.priors))
        return CalibrationReport(level, sections, layers)
