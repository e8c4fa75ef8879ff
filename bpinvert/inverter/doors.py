"""What an `Inverter` and its verbs are given, checked before anything is done."""

from __future__ import annotations

import numbers

import numpy as np
from sklearn.base import is_regressor

from bpinvert.inverter.branch import learns_scores
from bpinvert.inverter.known import Known
from bpinvert.inverter.solving import FEWEST_PLACES, LEVELS
from bpinvert.noise import Noise
from bpinvert.sheets import Sheets


def check_purpose(survey, prior, noise, false_alarm_rate) -> None:
    """Refuse what an inverter cannot be for."""
    for value, needed, what in ((survey, "channels", "survey"), (prior, "draw", "prior")):
        if not hasattr(value, needed):
            raise TypeError(
                f"{what} is a {type(value).__name__}; pass a survey of forward_models and a prior of bpinvert, "
                "in this order."
            )
    if noise is not None and not isinstance(noise, Noise):
        raise TypeError(f"noise is {noise!r}; pass a Noise, e.g. Noise(relative=0.03).")
    readings = survey.channels.n_readings
    if readings < FEWEST_PLACES:
        raise ValueError(
            f"the survey has {readings} readings; at least {FEWEST_PLACES} are needed to invert. Add readings."
        )
    lacking = set(survey.properties) - set(prior.properties)
    if lacking or set(survey.context) - set(prior.context):
        raise ValueError(
            f"{type(survey).__name__} needs {', '.join((*survey.properties, *survey.context))} but the prior "
            f"has {', '.join((*prior.properties, *prior.context))}. Give the prior a distribution of each."
        )
    known = (*survey.properties, *survey.context, *getattr(survey, "ignored", ()))
    unknown = [name for name in (*prior.properties, *prior.context) if name not in known]
    if unknown:
        raise ValueError(
            f"the prior has {', '.join(unknown)}, which {type(survey).__name__} does not know; it needs "
            f"{', '.join((*survey.properties, *survey.context))}. Leave the others out of the prior."
        )
    if not isinstance(false_alarm_rate, numbers.Real) or not 0 < false_alarm_rate < 0.5:
        raise ValueError(f"false_alarm_rate is {false_alarm_rate!r}; it must be between 0 and 0.5, e.g. 0.01.")


def check_training(network, sheets) -> None:
    """Refuse what is no unfitted regressor, and what are no sheets."""
    if network is not None and (isinstance(network, type) or not hasattr(network, "fit") or not is_regressor(network)):
        raise TypeError(
            f"network is a {type(network).__name__}; pass an unfitted scikit-learn regressor, e.g. "
            "bpinvert.network.BPRegressor(...)."
        )
    if sheets is not None and not isinstance(sheets, Sheets):
        raise TypeError(f"sheets is {sheets!r}; pass a Sheets, e.g. Sheets(complete=1.0).")


def check_stream(stream, network) -> None:
    """Refuse a stream where the network cannot learn from one."""
    if stream and network is not None and not hasattr(network, "fit_stream"):
        raise ValueError(
            f"stream=True needs a network that learns from a stream, and {type(network).__name__} does not; "
            "pass a BPRegressor or a BPEnsemble, or raise n_samples instead."
        )


def check_level(level) -> None:
    """Refuse a level that there is not."""
    if level not in LEVELS:
        raise ValueError(f"level is {level!r}; it must be one of {', '.join(map(repr, LEVELS))}. Choose one of these.")


def layer_count(n_layers, networks) -> int | str:
    """ "auto" or one of the layer counts that there are networks for."""
    if isinstance(n_layers, str) and n_layers == "auto":
        return n_layers
    known = list(networks)
    if isinstance(n_layers, str) or n_layers not in known or known == [0]:
        said = "auto" if known == [0] else f"'auto' or one of {', '.join(map(str, known))}"
        raise ValueError(f"n_layers is {n_layers!r}; this inverter's prior allows {said}. Give one of these.")
    return int(n_layers)


def known_values(fixed, prior, n, n_layers, conformal) -> Known | None:
    """What `fixed` says of `n` soundings; None without."""
    if fixed is None:
        return None
    if conformal:
        raise ValueError(
            "conformal intervals were calibrated without known values and do not hold with them; leave out one of "
            "conformal and fixed."
        )
    known = Known.read(fixed, prior, n)
    if n_layers != "auto" and not known.able(n_layers).all():
        raise ValueError(
            f"fixed names a layer that models of n_layers={n_layers} lack; give more layers, or leave n_layers 'auto'."
        )
    return known


def check_posterior(level, networks) -> None:
    """Refuse draws at a level, or of networks {layer count: network}, that state no posterior."""
    if level == "refined":
        raise ValueError(
            "level 'refined' has no posterior to draw from; use level='posterior', or 'network' for the network's."
        )
    if level == "network" and not all(learns_scores(network) for network in networks.values()):
        raise ValueError(
            "this inverter's network answers with a point; draws at level 'network' need one with a density, such "
            "as BPRegressor(head='mixture'). Use level='posterior', which samples with the physics."
        )


def intervals(inverter, level) -> dict:
    """{layer count: Intervals} by the report on a level."""
    if level not in inverter.reports:
        raise ValueError(
            f"conformal intervals need a report on level {level!r}; call calibrate(level={level!r}) first."
        )
    sections = inverter.reports[level].sections
    for n_layers, branch in inverter.solver.branches.items():
        if n_layers not in sections:
            raise ValueError(
                f"the report on level {level!r} has no simulation of {n_layers} layers; call "
                f"calibrate(level={level!r}) with more of them."
            )
        slope = branch.prior.log_slope(np.full((1, len(branch.prior.parameters)), 0.5))
        # What grows with one parameter alone has its quantiles where that one has them.
        if slope.ndim == 3 and ((slope < 0).any() or ((slope != 0).sum(axis=2) > 1).any()):
            raise ValueError(
                "conformal intervals are for independent parameters, and those of this prior depend on each other. "
                "Leave conformal out."
            )
    return {count: sections[count].intervals() for count in sections}
