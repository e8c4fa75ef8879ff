"""Smooth models of 25 layers: seconds for a sounding, k̂, coverage, and what share of the truth is never drawn.

Run ``python -m benchmarks.smooth [--task MT] [--soundings 240] [--draws 600]``.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from scipy.special import ndtri

from benchmarks.tasks import TEST_SEED
from bpinvert import DepthGridPrior
from bpinvert.noise import usual_noise
from bpinvert.posterior import smooth
from bpinvert.refinement import Misfit
from forward_models import Magnetotelluric, Schlumberger

_SURVEYS = {
    "VES": Schlumberger(ab2=np.geomspace(1.5, 300, 20)),
    "MT": Magnetotelluric(period=np.logspace(-3, 3, 20)),
}
_SHARES = (0.5, 0.8, 0.9, 0.95)


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", default="VES", choices=list(_SURVEYS))
    parser.add_argument("--soundings", type=int, default=240)
    parser.add_argument("--draws", type=int, default=600)
    parser.add_argument("--correlation", type=float, default=1.0)
    options = parser.parse_args()
    survey, n = _SURVEYS[options.task], options.soundings
    prior = DepthGridPrior.for_survey(survey, correlation=options.correlation, resistivity=(1, 10_000))
    rng = np.random.default_rng(TEST_SEED + 7)
    models = prior.draw(n, rng)
    data = survey(**models)
    sigma = usual_noise(survey.channels).sigma_on_scale(data, survey.channels)
    scaled = survey.channels.to_scale(data) + sigma * rng.standard_normal(data.shape)
    misfit = Misfit(survey, prior, scaled, sigma)
    start = np.full((n, len(prior.parameters)), 0.5)
    began = time.process_time()
    rngs = [np.random.default_rng([TEST_SEED, k]) for k in range(n)]
    posterior = smooth.sample(misfit, start, options.draws, rngs)
    seconds = (time.process_time() - began) / n
    truth = prior.encode(models)
    print(f"{options.task}, {prior}, {n} soundings, {options.draws} draws, test seed {TEST_SEED + 7}")
    print(f"{seconds:.2f} s of one core for a sounding")
    for name in ("ess", "pareto_k"):
        low, median, high = np.quantile(getattr(posterior, name), [0.05, 0.5, 0.95])
        print(f"{name:12} median {median:.4g}, 90 % of soundings {low:.4g} to {high:.4g}")
    values, true = (prior.decode(u)["resistivity"] for u in (posterior.draws.reshape(-1, truth.shape[1]), truth))
    values = values.reshape(posterior.draws.shape)
    for share in _SHARES:
        low, high = np.quantile(values, [(1 - share) / 2, (1 + share) / 2], axis=0)
        inside = ((true >= low) & (true <= high)).mean(axis=1)
        print(f"coverage of {share:.0%} intervals: {inside.mean():.1%} ± {inside.std() / np.sqrt(n):.1%}")
    unreached, weight = _at_truth(misfit, truth)
    heavy = weight - posterior.log_evidence > np.log(20)
    print(f"truth never drawn: {unreached.mean():.2%}; its weight beyond 20 times the mean: {heavy.mean():.2%}")


def _at_truth(misfit, truth):
    """Whether the solver misses the truth from its own normal scores Q'F, (n,), and its log weight, (n,)."""
    n = len(truth)
    rows, z = np.arange(n), ndtri(truth)
    mode = smooth.most_probable(misfit, np.full_like(truth, 0.5))
    basis = np.linalg.qr(smooth._stacked(misfit, mode, rows)[1])[0].swapaxes(1, 2)
    values, derivative = smooth._stacked(misfit, z, rows)
    scores = (basis @ values[:, :, None])[:, :, 0]
    unreached = np.empty(n, dtype=bool)
    for k in range(n):
        one = Misfit(misfit.survey, misfit.prior, misfit.scaled[k : k + 1], 1 / misfit.weight[k : k + 1])
        found, weight = smooth._solutions(one, mode[k : k + 1], scores[None, k : k + 1])
        unreached[k] = not np.isfinite(weight[0, 0]) or np.abs(found[0, 0] - z[k]).max() > 0.01
    excess = (np.square(scores).sum(axis=1) - np.square(values).sum(axis=1)) / 2
    return unreached, excess - np.linalg.slogdet(basis @ derivative)[1]


if __name__ == "__main__":
    main()
