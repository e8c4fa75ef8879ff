"""Sampled posteriors beside the reference sampler's, and on fresh soundings: reliability, missing mass, time.

``python -m benchmarks.posterior`` fits the default `Inverter` of each task (``--seconds`` limits the training,
``--save`` and ``--inverter`` spare a second one) and prints two tables for each. OMP_NUM_THREADS=1 for training on one
core; everything that is timed runs on one thread whatever that says.

What the reference stores of its two runs are means and standard deviations, of quantiles only the mean of both. By how
much the two runs' quantiles differ is therefore stated to first order, |Δmean + z Δsd| with z the normal quantile
("2 runs"); their mean is half as far off if the runs err independently. Two seeds of ours are compared directly.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
from scipy.special import ndtri
from threadpoolctl import threadpool_limits

from benchmarks.inverters import add_options, inverter_of
from benchmarks.network_answers import ratio, squared_errors
from benchmarks.reference_sampler import PROBABILITIES, load_reference
from benchmarks.tasks import TASKS, TEST_SEED
from bpinvert import geometry
from bpinvert.inverter.problem import Problem
from bpinvert.inverter.sampling import N_DRAWS, generators, target_of
from bpinvert.inverter.training_sheets import shift_variance
from bpinvert.posterior import Effort, carried, sample
from bpinvert.results import STATUS

FRESH_SEED = TEST_SEED + 4
# Largest ratio to the reference's RMSE, and ms per sounding.
GOALS = {"VES3": (1.02, 12.0), "MT3": (1.02, 25.0), "VES4": (1.05, 25.0)}
# A truth of so many times the mean weight lies where the proposal has missed mass.
_MISSED = 20.0
_LONGER, _MORE_WINDOWS, _AT_ONCE = 10, 2, 5


class Soundings:
    """Soundings on the readings of an inverter with one layer count, as `Inverter.invert` prepares them for sampling.

    Parameters
    ----------
    inverter : Inverter, fitted
    data : (n, n_channels) array
    """

    def __init__(self, inverter, data):
        observed = geometry.as_observed(data, inverter.survey)
        (group,) = geometry.groups(observed, inverter.survey, inverter.survey.context)
        self.search, shift = inverter.solver.search, inverter.sheets.shift
        (self.branch,) = self.search.branches.values()
        self.problem = Problem(group, inverter.survey, inverter.noise, shift)
        still = np.zeros((len(self.problem), len(self.problem.segments)))
        levels = self.problem.first_levels
        self.assumed = self.problem.assume(self.search.codec, *levels, still, shift_variance(shift))
        self.features = self.search.codec.features(self.assumed.view.inputs, self.assumed.view.unsure)
        self.effort = Effort.usual(len(self.branch.prior.parameters))

    def __len__(self):
        return len(self.problem)

    def refine(self):
        """The best fits."""
        return self.search.refine(self.problem, self.assumed)

    def sample(self, effort, rows=None, seed=0, probes=None, done=None):
        """`Sampled` of some of the soundings."""
        rows = np.arange(len(self)) if rows is None else rows
        target = target_of(self.search, self.problem, self.assumed, self.branch, rows)
        network = carried(*self.branch.density(self.features[rows]))
        rngs = generators(self.problem, seed)
        return sample(target, network, [rngs[row] for row in rows], effort, N_DRAWS, probes, done)


def longer(effort):
    """An effort of ten times the draws, from twice as many windows."""
    return replace(
        effort,
        n_windows=_MORE_WINDOWS * effort.n_windows,
        n_draws=_LONGER * effort.n_draws,
        ess=_LONGER * effort.ess,
        n_sweeps=_LONGER * effort.n_sweeps,
    )


def off(mean, deviation):
    """First-order differences (n, P, 4) of the quantiles of two posteriors in their standard deviations."""
    by_level = np.diff(mean, axis=0)[0][..., None] + ndtri(PROBABILITIES) * np.diff(deviation, axis=0)[0][..., None]
    return np.abs(by_level) / np.sqrt(np.square(deviation).mean(axis=0))[..., None]


def against_reference(inverter, task, n):
    """Lines on posterior means, quantiles and evidences of the reference's soundings."""
    reference = load_reference(task.name)
    n = min(n or np.inf, len(reference.truth))
    _, data = task.soundings(len(reference.truth))
    soundings, rows = Soundings(inverter, data), np.arange(n)
    one, two = (soundings.sample(soundings.effort, rows, seed) for seed in (0, 1))
    reference = replace(
        reference,
        truth=reference.truth[:n],
        mean=reference.mean[:, :n],
        deviation=reference.deviation[:, :n],
        quantiles=reference.quantiles[:n],
        evidence=reference.evidence[:, :n],
    )
    spread = np.sqrt(np.square(reference.deviation).mean(axis=0))[..., None]
    quantiles, again = (np.quantile(s.u, PROBABILITIES, axis=0).transpose(1, 2, 0) for s in (one, two))
    apart = np.abs(quantiles - reference.quantiles) / spread
    ours = squared_errors(reference, one.u.mean(axis=0))
    theirs = squared_errors(reference, reference.mean.mean(axis=0))
    goal = GOALS[task.name][0]
    yield f"{n} soundings of the reference, seed {TEST_SEED}: log10 RMSE of the posterior mean (goal: ratio {goal:g});"
    yield "mean |difference| of marginal quantiles as a share of the reference's standard deviation (goal: 8 %)"
    levels = "".join(f"{100 * p:6.0f} %" for p in PROBABILITIES)
    heads = (
        f"{'ours':>8}{'reference':>11}{'ratio':>8}{'90 % interval':>16}{levels}{'mean':>8}{'2 seeds':>9}{'2 runs':>8}"
    )
    yield f"{'':16}{heads}"
    rng, seeds = np.random.default_rng(0), np.abs(quantiles - again) / spread
    runs = off(reference.mean, reference.deviation)
    for column, label in (*enumerate(task.prior.parameters), (slice(None), "all")):
        a, b = ours[:, column], theirs[:, column]
        value, low, high = ratio(a, b, rng)
        part = apart[:, column].reshape(-1, len(PROBABILITIES))
        shares = "".join(f"{share:8.1%}" for share in (*part.mean(axis=0), part.mean()))
        yield (
            f"{label:16}{np.sqrt(a.mean()):8.4f}{np.sqrt(b.mean()):11.4f}{value:8.3f}{f'{low:.3f}–{high:.3f}':>16}{shares}"
            f"{seeds[:, column].mean():9.1%}{runs[:, column].mean():8.1%}"
        )
    evidence = one.log_evidence - reference.evidence.mean(axis=0)
    yield f"ln evidence less the reference's: {_stated(evidence)}"
    yield f"of the reference's second run less its first: {_stated(np.diff(reference.evidence, axis=0)[0])}"


def on_fresh(inverter, task, n, n_longer, repeats):
    """Lines on how fresh soundings of the prior are solved, what the proposals miss, and the time."""
    models, data = task.soundings(n, seed=FRESH_SEED)
    soundings, truth = Soundings(inverter, data), task.prior.encode(models)
    effort, costs, batches = soundings.effort, [], []
    for _ in range(repeats):
        clock = _Clock()
        sampled = soundings.sample(effort, probes=truth, done=clock)
        batches.append(clock.cost)
        sampling, began = clock.total, time.process_time()
        soundings.refine()
        refined = time.process_time()
        result = inverter.invert(data, level="posterior")
        costs.append((sampling, refined - began, time.process_time() - refined))
    sampling, refining, inverting = 1e3 * np.median(costs, axis=0) / n
    batch = 1e3 * np.median(batches)
    good = (sampled.pareto_k < effort.pareto_k) & (sampled.ess >= effort.ess)
    missed = sampled.log_weight_at > np.log(_MISSED)
    in_rounds = ~sampled.escalated
    status = {name: (result["status"].values & bit != 0).mean() for name, (bit, _) in STATUS.items() if "sampl" in name}
    computed = f"median {np.median(sampled.n_evaluated):.0f}, mean {sampled.n_evaluated.mean():.0f}"
    yield f"{n} fresh soundings, seed {FRESH_SEED}"
    yield f"k̂ < 0.7 and ESS >= 1000 within the rounds          {_share(good & in_rounds)}   goal 99 %"
    yield f"and after Markov chains and new windows            {_share(good)}   goal 100 %"
    yield f"draws are the chains' own states                   {_share(sampled.by_chains)}"
    yield f"status of the results                              {', '.join(f'{k} {v:.1%}' for k, v in status.items())}"
    yield f"models computed for a sounding                     {computed}; k̂ median {np.median(sampled.pareto_k):.2f}"
    yield f"weight at the truth over {_MISSED:g}                       {_share(missed)}   goal 2 %"
    yield f"the same where the rounds sufficed                 {_share(missed[in_rounds])}"
    yield f"no weight known at the truth                       {_share(np.isnan(sampled.log_weight_at))}"
    yield f"CPU ms for a sounding on one thread, median of {repeats} runs (goal {GOALS[task.name][1]:g}):"
    yield (
        f"sampling {sampling:.2f} (median batch {batch:.2f}), refinement {refining:.2f}, checks and summaries "
        f'{inverting - sampling - refining:.2f}; invert(level="posterior") {inverting:.2f}'
    )
    rows = np.arange(min(n_longer, n))
    parts = np.array_split(rows, max(len(rows) // _AT_ONCE, 1)) if rows.size else []
    if parts:
        runs = [soundings.sample(longer(effort), part, seed=1) for part in parts]
        evidence, by_chains = (
            np.concatenate([getattr(r, name) for r in runs]) for name in ("log_evidence", "by_chains")
        )
        difference = sampled.log_evidence[rows] - evidence
        yield f"ln evidence less that of {_LONGER} times the draws (goal 0.03), {len(rows)} soundings:"
        yield f"    {_stated(difference)}; {by_chains.sum()} of the longer runs ended as chains"
        yield f"    where the rounds sufficed: {_stated(difference[in_rounds[rows]])}"


class _Clock:
    """CPU seconds from batch to batch, told by the number of soundings in each."""

    def __init__(self):
        self._times, self._sizes = [time.process_time()], []

    def __call__(self, n):
        self._times.append(time.process_time())
        self._sizes.append(n)

    @property
    def cost(self):
        return np.diff(self._times) / self._sizes

    @property
    def total(self):
        return self._times[-1] - self._times[0]


def _share(true):
    if not true.size:
        return "      –"
    return f"{true.mean():7.2%} ± {np.sqrt(true.var() / len(true)):.2%}"


def _stated(difference):
    if not difference.size:
        return "–"
    mean, error = difference.mean(), difference.std() / np.sqrt(len(difference))
    largest = difference[np.abs(difference).argmax()]
    return f"mean {mean:+.4f} ± {error:.4f}, rms {np.sqrt(np.square(difference).mean()):.4f}, largest {largest:+.3f}"


def main():
    """Print two tables for each task."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", default=list(GOALS), choices=list(GOALS))
    parser.add_argument("--soundings", type=int, help="of the reference; default: all")
    parser.add_argument("--fresh", type=int, default=1000, help="fresh soundings")
    parser.add_argument("--longer", type=int, default=300, help="of these, how many are sampled ten times longer")
    parser.add_argument("--repeats", type=int, default=3, help="of what is timed")
    add_options(parser)
    options = parser.parse_args()
    for name in options.tasks:
        inverter = inverter_of(TASKS[name], options)
        with threadpool_limits(1):
            try:
                for line in against_reference(inverter, TASKS[name], options.soundings):
                    print(line, flush=True)
            except FileNotFoundError as missing:
                print(missing)
            for line in on_fresh(inverter, TASKS[name], options.fresh, options.longer, options.repeats):
                print(line, flush=True)


if __name__ == "__main__":
    main()
