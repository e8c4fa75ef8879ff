"""The level "posterior": from refined solutions to sampled ones."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtri

from bpinvert.inverter import summarizing
from bpinvert.inverter.sampling import N_DRAWS, posteriors
from bpinvert.results import STATUS

# A draw fits where pure noise would give a larger χ² this often.
_FITS = 0.1
# Beyond this k̂ importance weights have no usable mean (Vehtari et al. 2024).
_UNRELIABLE = 1.0


class Sampler:
    """Samples the posteriors of refined solutions and completes them.

    Parameters
    ----------
    branches : dict, layer count -> Branch
    layer_weights : (n_counts,) array
    seed : int
    draws : int, how many are kept for the result
    effort : Effort, optional
    done : callable, optional
        Told how many soundings were finished.
    keep : callable, optional
        Given each problem's `Posterior` and rows; for calibration.
    """

    def __init__(
        self, branches, layer_weights, seed, *, level="posterior", draws=0, effort=None, done=None, keep=None
    ):
        self.seed, self.level, self.draws = seed, level, draws
        self.effort, self.done, self.keep = effort, done, keep
        self.priors = {count: branch.prior for count, branch in branches.items()}
        self.profiles = None
        if 0 not in branches:
            depths = summarizing.depth_grid(next(reversed(self.priors.values())))
            self.profiles = summarizing.Profiles(self.priors, layer_weights, depths)

    @classmethod
    def of(cls, inverter, level, draws=0, **how) -> Sampler:
        """For an inverter's own networks and prior."""
        search = inverter.solver.search
        return cls(search.branches, search.layer_weights, inverter.random_state, level=level, draws=draws, **how)

    @property
    def coordinates(self) -> dict:
        """Coordinates of the summaries, {name: (dims, values, attrs)}."""
        found = {
            "quantile": (("quantile",), list(summarizing.PROBABILITIES), {"long_name": "probability level", "units": "1"}),
            "layer_count": (("layer_count",), list(self.priors), {"long_name": "number of layers", "units": "1"}),
        }
        if self.profiles is not None:
            about = {"long_name": "depth", "units": "m", "positive": "down"}
            found["depth_grid"] = (("depth_grid",), self.profiles.depths, about)
        return found

    def complete(self, solver, search, problem, assumed, answers, solution) -> None:
        """Make the recommended model of a refined solution one that is typical of the posterior, and summarise that."""
        n_draws = max(N_DRAWS, self.draws)
        posterior = posteriors(
            search, problem, assumed, answers, self.seed, effort=self.effort, n_draws=n_draws, done=self.done
        )
        counts = posterior.n_layers
        enough = chdtri(np.maximum(assumed.n_used, 1), _FITS)
        recommended, best, chosen = {}, {}, {}
        for count, sampled in posterior.sampled.items():
            rows = np.flatnonzero(counts == count)
            chosen[count] = u = sampled.u[:, rows]
            recommended[count] = summarizing.nearest_the_median(u, sampled.chi2[:, rows], enough[rows])
            least = sampled.chi2[:, rows].argmin(axis=0)
            lowest = sampled.chi2[least, rows]
            refined = answers[count]
            better = (refined.chi2[rows] <= lowest)[:, None]
            best[count] = np.where(better, refined.u[rows], u[least, np.arange(len(rows))])
        fit = solver.fit(problem, assumed, counts, recommended)
        fit.pop("at_edge")
        for name, value in fit.items():
            setattr(solution, name, value)
        solution.best, solution.n_layers = solver.decode(counts, best), counts
        pareto_k, by_chains = posterior.of_chosen("pareto_k"), posterior.of_chosen("by_chains").astype(bool)
        bits = {"sampled": np.ones(len(counts), bool), "sampled_by_mcmc": by_chains}
        bits["sampling_unreliable"] = by_chains & ~(pareto_k < _UNRELIABLE)
        solution.status = solution.status | sum(STATUS[name][0] * present for name, present in bits.items())
        solution.summaries = self._summaries(search, posterior, counts, chosen)
        if self.keep is not None:
            self.keep(posterior, problem, solution)

    def _summaries(self, search, posterior, counts, chosen):
        n = len(counts)
        row = {name: (("sounding",), posterior.of_chosen(name)) for name in ("ess", "pareto_k")}
        summary = row | {"log_evidence": (("sounding",), posterior.log_evidence)}
        probability = np.zeros((n, len(self.priors)))
        places = [list(self.priors).index(count) for count in posterior.counts]
        probability[:, places] = posterior.probability
        summary["layer_probability"] = (("sounding", "layer_count"), probability)
        parts = {count: summarizing.quantiles(self.priors[count], u) for count, u in chosen.items() if u.shape[1]}
        if self.draws:
            for count, part in parts.items():
                u = chosen[count][: self.draws]
                for name, values in summarizing.as_models(self.priors[count], u).items():
                    part[f"{name}_draws"] = (("draw", *summarizing.dims_of(name, values.ndim - 1)), values)
        if self.profiles is not None:
            draws = {count: sampled.u for count, sampled in posterior.sampled.items()}
            summary |= self.profiles.summary(draws, probability)
        return [(np.arange(n), summary), *((np.flatnonzero(counts == count), part) for count, part in parts.items())]
