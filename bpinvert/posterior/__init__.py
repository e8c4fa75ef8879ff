"""Posteriors of soundings: importance sampling from the network's proposal, checked, with evidences.

`Target` is what is sampled, in `coordinates` where the prior's cube has soft edges. A network's mixture is carried
there, `windows` follow the posterior from draws of it, and `sampling` draws from them in rounds, `importance`,
until Pareto's k̂ and the effective sample size are good, with Markov `chains` where they do not become so. Models of
many correlated layers are sampled by `smooth`.
"""

from bpinvert.posterior.mixture import Mixture
from bpinvert.posterior.sampling import Effort, Sampled, carried, sample, sample_smooth
from bpinvert.posterior.target import Target

__all__ = ["Effort", "Mixture", "Sampled", "Target", "carried", "sample", "sample_smooth"]
