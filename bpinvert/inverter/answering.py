"""From an observed Dataset to arrays of answers, group by group."""

from __future__ import annotations

import numpy as np
from tqdm import tqdm

from bpinvert import checks, geometry
from bpinvert.inverter import scoring
from bpinvert.inverter.solving import FEWEST_PLACES
from bpinvert.results import NOT_INVERTED, STATUS, Answer

# Soundings at once; sampled ones bring some thousand draws each.
_CHUNK, _SAMPLED_CHUNK = 4096, 200


def answer(solver, prior, observed, level, progress=False, sampler=None, n_layers="auto", known=None) -> Answer:
    """Solve every sounding of an observed Dataset; `progress` is the label of a progress bar, or False.

    For the level "posterior" there must be a `Sampler`; `n_layers` and `known` as in `Solver.solve`.
    """
    survey = solver.survey
    sizes = observed.sizes["sounding"], observed.sizes["reading"]
    answer = Answer.empty(*sizes, survey.channels.quantities, _shapes(prior))
    if sampler is not None:
        answer.put_summary(np.empty(0, dtype=int), sampler.blank())
    for group in geometry.groups(observed, survey, survey.context):
        own = None if known is None else known.take(group.rows)
        _answer_group(solver, group, level, answer, progress, sampler, n_layers, own)
    answer.status |= STATUS["readings_masked"][0] * _masked(answer, observed, survey.channels, solver.codec.presence)
    return answer


def _masked(answer, observed, channels, presence):
    """Soundings with a datum that exists, or a reading without one, that is not used; padding does not count.

    Nor does a reading without a datum of a part of the channels that some models do not have either: there may be none.
    """
    inverted = (answer.status & NOT_INVERTED) == 0
    masked = np.zeros(len(inverted), dtype=bool)
    for part in channels.parts:
        placed = np.isfinite(observed[part.named(part.channels.coordinate)].values)
        placed &= np.all(presence[part.columns] == 1)
        for quantity in map(part.named, part.channels.quantities):
            exists = np.isfinite(observed[quantity].values) | placed
            masked |= (exists & np.isnan(answer.residual[quantity])).any(axis=1)
    return masked & inverted


def _answer_group(solver, group, level, answer, progress, sampler, n_layers, known):
    channels = group.survey.channels
    answer.status[group.rows] = STATUS["too_few_readings"][0]
    if not group.readings.size:
        return
    unknown = ~solver.context_possible(group) & (group.n_places() >= FEWEST_PLACES)
    answer.status[group.rows[unknown]] = STATUS["context_missing"][0]
    for quantity in channels.quantities:
        columns = group.columns(quantity)
        answer.used[np.ix_(group.rows, group.place(columns))] |= group.used[:, columns]
    for part in solutions(solver, group, level, progress, sampler, n_layers, known):
        rows = group.rows[part.rows]
        answer.used[rows] = False
        for mine, theirs in ((answer.models, part.models), (answer.best, part.best)):
            for name, values in theirs.items():
                mine[name][rows] = values
        for own, summary in part.summaries:
            answer.put_summary(rows[own], summary)
        for quantity in channels.quantities:
            columns = group.columns(quantity)
            place = np.ix_(rows, group.place(columns))
            answer.used[place] |= part.used[:, columns]
            answer.reading_outside[place] |= part.beyond[:, columns]
            answer.predicted[quantity][place] = part.predicted[:, columns]
            answer.residual[quantity][place] = part.residuals[:, columns]
            answer.sigma[quantity][place] = part.sigma[:, columns]
        answer.n_layers[rows], answer.freedom[rows], answer.chi2[rows] = part.n_layers, part.freedom, part.chi2
        answer.scores[rows], answer.strata[rows], answer.status[rows] = part.scores, part.strata, part.status
        # Electrodes, and with them segments, are of methods with one quantity.
        for method in (method for method in channels.parts if len(method.channels.quantities) == 1):
            columns = group.columns(method.named(method.channels.quantities[0]))
            shift = np.where(np.isfinite(group.data[part.rows]), np.exp(part.shift), np.nan)[:, columns]
            answer.shift[np.ix_(rows, group.place(columns))] = shift
        answer.noise_estimate[rows] = part.noise_estimate
        answer.rrms[rows] = _relative_rms(group, part)


def solutions(solver, group, level, progress=False, sampler=None, n_layers="auto", known=None):
    """Solutions of parts of a group; the rows of each count within the whole group."""
    chunk = _CHUNK if sampler is None else _SAMPLED_CHUNK
    starts = range(0, len(group.rows), chunk)
    with tqdm(total=len(group.rows), desc=progress or None, disable=not progress, leave=False, unit="sounding") as bar:
        for start in starts:
            rows = slice(start, start + chunk)
            part, own = group.take(rows), None if known is None else known.take(rows)
            for solution in solver.solve(part, level, sampler, n_layers, own):
                solution.rows = solution.rows + start
                yield solution
            bar.update(len(part.rows))


def context_range(solver) -> dict:
    """{known quantity: (lowest, highest)} of the training."""
    codec = solver.codec
    first = len(codec.channels) + len(codec.level_names)
    ends = (getattr(solver.checks[checks.NAMES.index("range")], end) for end in ("low", "high"))
    low, high = (end[first:] * codec.std[first:] + codec.mean[first:] for end in ends)
    pairs = zip(codec.context_names, low.tolist(), high.tolist(), strict=True)
    return {name: [lowest, highest] for name, lowest, highest in pairs}


def training_range(solver) -> dict:
    """Range of the training data by quantity: coordinates, lowest and highest value in physical units, scale."""
    channels = solver.survey.channels
    low, high = (channels.from_scale(end) for end in scoring.training_bounds(solver, channels)[:2])
    ranges = {}
    for part in channels.parts:
        own = part.channels
        for quantity in own.quantities:
            rows = own.columns(quantity)
            columns = part.columns[rows]
            entry = {
                "coordinates": {part.named(name): value[rows].tolist() for name, value in own.coordinates.items()},
                "low": low[columns].tolist(),
                "high": high[columns].tolist(),
                "scale": channels.scale[columns[0]],
                "main": part.named(own.coordinate),
                "points": own.points,
                "branch": own.branch and part.named(own.branch),
            }
            if entry["scale"] == "asinh":
                entry["width"] = channels.width[columns].tolist()
            ranges[part.named(quantity)] = entry
    return ranges


def _shapes(prior):
    """{parameter: number of layers or interfaces in results, None for an unlayered one}."""
    if not hasattr(prior, "layer_counts"):
        return dict.fromkeys(prior.properties)
    widest = max(prior.layer_counts)
    return {"thickness": widest - 1} | dict.fromkeys(prior.properties, widest)


def _relative_rms(group, part):
    """100·sqrt(mean(((observed - predicted)/observed)²)) in %; NaN without any.

    Over used data of log-scaled quantities that the model has.
    """
    used = part.used & np.isfinite(part.predicted) & (np.array(group.survey.channels.scale) == "log")
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        ratio = np.where(used, 1 - part.predicted / group.data[part.rows], 0.0)
        mean = np.square(ratio).sum(axis=1) / used.sum(axis=1)
    return 100 * np.sqrt(mean)
