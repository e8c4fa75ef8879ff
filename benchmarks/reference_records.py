"""What is kept of reference posteriors: arrays in compressed files, and tables of how far two runs agree."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields

import numpy as np

PROBABILITIES = (0.05, 0.25, 0.75, 0.95)
# Runs of a sounding agree when their means differ by less than this many posterior standard deviations in every
# parameter, and their ln evidences by less than the second number; layer counts, when no probability differs by more
# than the third.
TOLERANCE = 0.1, 0.5, 0.15
# A layer count of less probability in both runs is not sampled again.
HOPELESS = 0.01


class _Stored:
    """What is written and read of a reference."""

    def save(self, path):
        """Write a compressed npz of arrays; the settings are JSON."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        single = {
            name: arrays[name].astype(np.float32) for name in ("data", "deviation", "quantiles") if name in arrays
        }
        path.parent.mkdir(exist_ok=True)
        np.savez_compressed(path, **arrays | single | {"settings": json.dumps(self.settings)})


@dataclass(frozen=True)
class Reference(_Stored):
    """Posteriors of the first soundings of a task by two runs; parameters are places u in their log-uniform ranges.

    Attributes
    ----------
    truth : (n, P) array
    data : (n, n_channels) array on the channels' scale
    sigma : (n_channels,) array, errors on that scale
    decades : (P,) array, log10 widths of the ranges
    mean, deviation : (2, n, P) arrays, of the posterior by either run
    quantiles : (n, P, 4) array at `PROBABILITIES`, mean of both runs
    evidence : (2, n) array, ln of the density of the data on the channels' scale
    extensions : (n,) array, how often longer runs replaced the first ones
    settings : dict, how it was made: parameters, seed, settings of the sampler, CPU seconds, versions
    """

    truth: np.ndarray
    data: np.ndarray
    sigma: np.ndarray
    decades: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    quantiles: np.ndarray
    evidence: np.ndarray
    extensions: np.ndarray
    settings: dict

    @property
    def difference(self):
        """(n, P) differences of the two means in posterior standard deviations."""
        return np.abs(self.mean[0] - self.mean[1]) / np.sqrt(np.square(self.deviation).mean(axis=0))

    @property
    def agree(self):
        """(n,) whether both runs tell the same."""
        return (self.difference.max(axis=1) < TOLERANCE[0]) & (np.abs(np.diff(self.evidence, axis=0)[0]) < TOLERANCE[1])

    def log10_error(self, mean):
        """log10 RMSE of posterior means (n, P) against the truth: (P,) for each parameter, and over all."""
        squared = np.square((mean - self.truth) * self.decades).mean(axis=0)
        return np.sqrt(squared), np.sqrt(squared.mean())

    def table(self):
        """Lines on the agreement of the runs, the errors against the truth and the coverage of the intervals."""
        low, lower, upper, high = np.moveaxis(self.quantiles, 2, 0)
        covered = [((a <= self.truth) & (self.truth <= b)) for a, b in ((lower, upper), (low, high))]
        errors = [self.log10_error(mean) for mean in (*self.mean, self.mean.mean(axis=0))]
        apart = self.difference
        heads = ("rms", "largest", "run 1", "run 2", "apart", "of both", "50 %", "90 %")
        yield f"{'':18}{'means apart / sd':>18}{'log10 RMSE of the mean':>36}{'covered':>18}"
        yield f"{'':18}" + "".join(f"{head:>9}" for head in heads)
        for column, name in (*enumerate(self.settings["parameters"]), (slice(None), "all")):
            one, two, both = (error[1] if name == "all" else error[0][column] for error in errors)
            yield (
                f"{name:18}{np.sqrt(np.square(apart[:, column]).mean()):>9.3f}{apart[:, column].max():>9.3f}"
                f"{one:>9.4f}{two:>9.4f}{abs(one - two) / both:>9.2%}{both:>9.4f}"
                + "".join(f"{inside[:, column].mean():>9.1%}" for inside in covered)
            )
        evidence = np.diff(self.evidence, axis=0)[0]
        n, settings = len(self.truth), self.settings
        yield f"ln evidence apart: rms {np.sqrt(np.square(evidence).mean()):.3f}, largest {np.abs(evidence).max():.3f}"
        tails = np.abs(np.log(self.deviation[0] / self.deviation[1])).max(axis=1)
        far = (tails > np.log(1.2)).sum()
        yield f"a standard deviation apart by more than a fifth: {far} (thin tails, seldom visited)"
        yield f"sampled again, longer: {(self.extensions > 0).sum()}; still disagreeing: {(~self.agree).sum()}"
        yield f"CPU time for a sounding, both runs: {settings['cpu_seconds'] / n:.2f} s"


@dataclass(frozen=True)
class LayerReference(_Stored):
    """Evidences of every layer count for the first soundings of a task that has several, by two runs.

    Attributes
    ----------
    truth : (n,) int array, number of layers
    data, sigma, settings : as of a `Reference`
    evidence : (2, n, n_counts) array, ln of the density of the data on the channels' scale given each layer count
    weights : (n_counts,) array, probabilities of the counts beforehand
    extensions : (n,) array, how often longer runs replaced the first ones
    """

    truth: np.ndarray
    data: np.ndarray
    sigma: np.ndarray
    evidence: np.ndarray
    weights: np.ndarray
    extensions: np.ndarray
    settings: dict

    @property
    def run_probability(self):
        """(2, n, n_counts) probabilities of the layer counts by either run."""
        return _shares(self.evidence + np.log(self.weights))

    @property
    def probability(self):
        """(n, n_counts) probabilities by the evidences of both runs together."""
        return _shares(np.logaddexp(*self.evidence) + np.log(self.weights))

    @property
    def agree(self):
        """(n,) whether both runs tell the same."""
        return np.abs(np.diff(self.run_probability, axis=0)[0]).max(axis=1) < TOLERANCE[2]

    def table(self):
        """Lines on the agreement of the runs and what they say of the number of layers."""
        n, counts = len(self.truth), np.array(self.settings["counts"])
        place = np.searchsorted(counts, self.truth)
        stated = np.concatenate([self.run_probability, self.probability[None]])[:, np.arange(n), place]
        apart = np.abs(np.diff(self.run_probability, axis=0)[0]).max(axis=1)
        likely = self.probability > HOPELESS
        squared = np.where(likely, np.square(np.diff(self.evidence, axis=0)[0]), 0.0).sum(axis=0)
        heads = "mean probability of the truth: runs 1, 2, both"
        yield f"{'true layers':12}{'soundings':>10}{'most probable':>14}   {heads}"
        right = self.probability.argmax(axis=1) == place
        for k in np.unique(place):
            rows = place == k
            yield f"{counts[k]:<12}{rows.sum():10d}{right[rows].mean():14.0%}   " + "".join(
                f"{share:8.3f}" for share in stated[:, rows].mean(axis=1)
            )
        yield "log score in nats, run 1, run 2, both: " + ", ".join(f"{-np.log(p).mean():.4f}" for p in stated)
        yield f"probabilities apart: mean of the largest {apart.mean():.4f}, largest {apart.max():.3f}"
        yield "ln evidence apart, rms by layer count where it has any chance: " + ", ".join(
            f"{value:.3f}" for value in np.sqrt(squared / np.maximum(likely.sum(axis=0), 1))
        )
        yield f"sampled again, longer: {(self.extensions > 0).sum()}; still disagreeing: {(~self.agree).sum()}"
        yield f"CPU time for a sounding, both runs: {self.settings['cpu_seconds'] / n:.2f} s"


def _shares(log_weight):
    share = np.exp(log_weight - log_weight.max(axis=-1, keepdims=True))
    return share / share.sum(axis=-1, keepdims=True)
