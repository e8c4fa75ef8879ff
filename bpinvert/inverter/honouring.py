"""Solutions that honour what is known of the ground, in place of those by the data alone."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc

from bpinvert.inverter.choosing import choose
from bpinvert.results import STATUS


def honour(solver, search, problem, assumed, alone, solution, level):
    """Answers by data and known values; the models of a solution become theirs.

    The errors that were assumed and the scores of the checks stay those of the data alone: known values that contradict
    a sounding are no sign of noise and do not make the sounding itself a stranger.

    Parameters
    ----------
    solver : Solver
    search : Search that is given what is known
    problem : Problem
    assumed : Assumed
    alone : dict, layer count -> Refined, by the data alone
    solution : Solution by the data alone, changed in place
    level : str

    Returns
    -------
    dict, layer count -> Refined
    (n,) array
        How often data and known values would by chance be as far apart: χ² of what the latter raise the least sum of
        squares by; at the level "network" by what the network's density says of them.
    """
    answers = search.propose(problem, assumed) if level == "network" else search.refine(problem, assumed)
    counts = choose(answers, assumed.n_used)
    n_known = np.maximum(search.known.n_known, 1)
    p_value = np.empty(len(counts))
    features = search.codec.features(assumed.view.inputs, assumed.view.unsure)
    for count, answer in answers.items():
        rows = np.flatnonzero(counts == count)
        if level == "network":
            if rows.size:
                p_value[rows] = search.conditioned(search.branches[count], features, rows).p_value
            continue
        # Where the data alone did not ask for so many layers, with the fewer ones that they did.
        own, least = alone[count].chi2[rows], np.min([other.chi2[rows] for other in alone.values()], axis=0)
        raised = answer.chi2[rows] - np.where(np.isfinite(own), own, least)
        p_value[rows] = chdtrc(n_known[rows], np.maximum(raised, 0.0))
    converged = np.any([answer.converged & (counts == count) for count, answer in answers.items()], axis=0)
    fit = solver.fit(problem, assumed, counts, {count: answer.u[counts == count] for count, answer in answers.items()})
    bits = {
        "at_prior_edge": fit.pop("at_edge"),
        "not_converged": ~converged,
        "segments_shifted": fit["shift"].any(axis=1),
    }
    for name, present in bits.items():
        solution.status = np.where(present, solution.status | STATUS[name][0], solution.status & ~STATUS[name][0])
    for name, value in fit.items():
        setattr(solution, name, value)
    solution.n_layers = counts
    solution.best = fit["models"] if level != "network" else {}
    return answers, p_value
