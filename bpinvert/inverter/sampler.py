"""What is known of posteriors, added to solutions: by the network alone, or by sampling."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtri

from bpinvert.inverter import summarizing
from bpinvert.inverter.sampling import N_DRAWS, doubting, generators, posteriors
from bpinvert.results import STATUS

# A draw fits where pure noise would give a larger χ² this often.
_FITS = 0.1
# Beyond this k̂ importance weights have no usable mean (Vehtari et al. 2024).
_UNRELIABLE = 1.0
# Draws from the network alone that quantiles are taken of where no number is asked for.
_NETWORK_DRAWS = 500


class Sampler:
    """Completes solutions by their posteriors.

    Parameters
    ----------
    branches : dict, layer count -> Branch
    layer_weights : (n_counts,) array
    seed : int
    level : "posterior" or "network"
    draws : int, how many are kept for the result
    effort : Effort, optional
    done : callable, optional
        Told how many soundings were finished.
    intervals : dict, layer count -> Intervals, optional
        By which the quantiles of the parameters are corrected.
    """

    def __init__(
        self, branches, layer_weights, seed, *, level="posterior", draws=0, effort=None, done=None, intervals=None
    ):
        self.seed, self.level, self.draws = seed, level, draws
        self.effort, self.done, self.intervals = effort, done, intervals
        self.priors = {count: branch.prior for count, branch in branches.items()}
        self._smooth = any(prior.smooth for prior in self.priors.values())
        self.profiles = None
        # A half-space alone has no depths, nor have models without layers.
        if max(self.priors) > 1:
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
            "quantile": (
                ("quantile",),
                list(summarizing.PROBABILITIES),
                {"long_name": "probability level", "units": "1"},
            ),
            "layer_count": (("layer_count",), list(self.priors), {"long_name": "number of layers", "units": "1"}),
        }
        if self.profiles is not None:
            about = {"long_name": "depth", "units": "m", "positive": "down"}
            found["depth_grid"] = (("depth_grid",), self.profiles.depths, about)
        return found

    def blank(self) -> dict:
        """Summaries of no sounding, {name: (dims, array)}: what a result has although nothing could be inverted."""
        widest = max(self.priors)
        u = np.full((max(self.draws, 2), 1, len(self.priors[widest].parameters)), 0.5)
        (_, summary), *_ = self._parts(np.array([widest]), {widest: u}, None)
        if self.level == "posterior":
            summary |= {name: (("sounding",), np.empty(1)) for name in ("ess", "pareto_k", "log_evidence")}
            probability = np.eye(len(self.priors))[-1:]
            summary["layer_probability"] = (("sounding", "layer_count"), probability)
            if self.profiles is not None:
                summary |= self.profiles.summary({widest: u}, probability)
        return {name: (dims, np.take(values, [], dims.index("sounding"))) for name, (dims, values) in summary.items()}

    def complete(self, solver, search, problem, assumed, answers, solution) -> None:
        """Add what is known of the posterior to a solution; at the level "posterior" it also recommends the model."""
        if self.level == "network":
            self._by_network(search, problem, assumed, solution)
        else:
            self._by_sampling(solver, search, problem, assumed, answers, solution)

    def _by_network(self, search, problem, assumed, solution):
        features = search.codec.features(assumed.view.inputs, assumed.view.unsure)
        n_draws = max(_NETWORK_DRAWS, self.draws)
        for count, branch in search.branches.items():
            rngs = generators(problem, self.seed)
            if search.known is None:
                solution.draws[count] = branch.draw(features, n_draws, rngs)
            else:
                solution.draws[count] = search.drawn(branch, features, n_draws, rngs)
        chosen = {count: u[:, solution.n_layers == count] for count, u in solution.draws.items()}
        solution.summaries = self._parts(solution.n_layers, chosen, solution)

    def _by_sampling(self, solver, search, problem, assumed, answers, solution):
        n_draws = max(N_DRAWS, self.draws)
        found, assumed = assumed, doubting(problem, assumed, solver.sheets.shift)
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
            refined = answers[count].u[rows]
            chi2 = search.of_data(problem, assumed, search.branches[count], rows).value(refined, np.arange(len(rows)))
            better = np.isfinite(answers[count].chi2[rows]) & (chi2 <= sampled.chi2[least, rows])
            best[count] = np.where(better[:, None], refined, u[least, np.arange(len(rows))])
        fit = solver.fit(problem, assumed, counts, recommended)
        fit.pop("at_edge")
        if len(problem.segments):
            # Displacements that were not found are doubts, and no unknowns that were fitted.
            fit["freedom"] += problem.displacement(assumed).n_free - problem.displacement(found).n_free
        for name, value in fit.items():
            setattr(solution, name, value)
        solution.best, solution.n_layers = solver.decode(counts, best), counts
        pareto_k, by_chains = posterior.of_chosen("pareto_k"), posterior.of_chosen("by_chains").astype(bool)
        bits = {
            "sampled": np.ones(len(counts), dtype=bool),
            "sampled_by_mcmc": by_chains,
            "sampling_unreliable": (by_chains | self._smooth) & ~(pareto_k < _UNRELIABLE),
        }
        solution.status = solution.status | sum(STATUS[name][0] * present for name, present in bits.items())
        solution.draws = {count: sampled.u for count, sampled in posterior.sampled.items()}
        solution.layer_probability = probability = np.zeros((len(counts), len(self.priors)))
        probability[:, [list(self.priors).index(count) for count in posterior.counts]] = posterior.probability
        summary = {name: (("sounding",), posterior.of_chosen(name)) for name in ("ess", "pareto_k")}
        summary["log_evidence"] = (("sounding",), posterior.log_evidence)
        summary["layer_probability"] = (("sounding", "layer_count"), probability)
        if self.profiles is not None:
            summary |= self.profiles.summary(solution.draws, probability)
        solution.summaries = [(np.arange(len(counts)), summary), *self._parts(counts, chosen, solution)]

    def _parts(self, counts, chosen, solution):
        """Summaries of the soundings of each layer count, from their draws u {count: (n_draws, n, P)}."""
        parts = []
        for count, u in chosen.items():
            rows = np.flatnonzero(counts == count)
            if not rows.size:
                continue
            prior = self.priors[count]
            summary = summarizing.quantiles(prior, u, self._levels(count, solution, rows))
            if self.draws:
                for name, values in summarizing.as_models(prior, u[: self.draws]).items():
                    summary[f"{name}_draws"] = (("draw", *summarizing.dims_of(name, values.ndim - 1)), values)
            parts.append((rows, summary))
        return parts

    def _levels(self, count, solution, rows):
        """Corrected probability levels of the parameters' quantiles, (n_levels, n, P); None for the nominal ones."""
        if self.intervals is None or solution is None:
            return None
        kinds = summarizing.kinds(solution.models, rows)
        half = len(summarizing.PROBABILITIES) // 2
        lower, upper = [], []
        for probability in summarizing.PROBABILITIES[:half]:
            ends = self.intervals[count].levels(1 - 2 * probability, kinds)
            lower.append(ends[0])
            upper.append(ends[1])
        middle = self.intervals[count].levels(0.0, kinds)[0]
        return np.stack([*lower, middle, *upper[::-1]])
