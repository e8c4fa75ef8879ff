"""Surveys that a file cannot hold: what it says of them, and how one that is handed in again is checked."""

from __future__ import annotations

import numpy as np

from forward_models import METHODS, survey_from_dict

# Models whose data tell functions apart.
N_PROBES = 32
# A function on another machine may differ by rounding: as a share of the datum, and of the channel's spread.
_SAME, _OF_SPREAD = 1e-6, 1e-8
# The data of a half-space that is split into layers may differ by so much.
_SPLIT = 1e-6


def unstorable(survey) -> str | None:
    """None, or the sentence that says why a file cannot hold the survey."""
    name, said = type(survey).__name__, _own_words(survey)
    # What wraps one of ours may describe itself as that one.
    if "not_stored" in said:
        return said["not_stored"]
    if METHODS.get(name) is type(survey) or (said.get("survey") in METHODS and said["survey"] != name):
        return None
    return (
        f"the survey is a {name}, which is not one of forward_models' and which a file cannot hold. Keep its script: "
        f"load_inverter(path, survey={name}(...)) takes the survey again."
    )


def described(survey) -> dict:
    """JSON-able description: of a storable survey all of it, of others what their data are."""
    reason = unstorable(survey)
    if reason is None:
        return survey.to_dict()
    channels = survey.channels
    said = {name: _entries(getattr(channels, name)) for name in ("quantity", "unit", "scale", "value", "width")}
    said |= {name: getattr(channels, name) for name in ("coordinate", "coordinate_unit", "points", "branch")}
    said["extra"] = {name: _entries(values) for name, values in channels.extra.items()}
    found = {"survey": type(survey).__name__, "channels": said, "not_stored": reason}
    found |= {name: list(getattr(survey, name, ())) for name in ("properties", "context")}
    return found | {"settings": {key: entry for key, entry in _own_words(survey).items() if key != "not_stored"}}


def restored(description, survey, where):
    """The survey of a description, or the one handed in where the description alone does not make it.

    Raises
    ------
    ValueError
        If it is needed and was not handed in.
    """
    if "not_stored" not in description:
        return survey_from_dict(description)
    if survey is None:
        raise ValueError(
            f"{where} was made with a survey that a file cannot hold: {description['not_stored'].rstrip('.')}."
        )
    return survey


def check_described(survey, description, where) -> None:
    """Raise ValueError if a survey is not like its description."""
    found = described(survey)
    for what in ("survey", "properties", "context", "settings"):
        if found.get(what) != description.get(what):
            raise ValueError(
                f"{where} was made with {what} {_words(description.get(what))}, but the survey given has "
                f"{_words(found.get(what))}. Pass the survey it was made with."
            )
    for what, entry in description["channels"].items():
        if found["channels"][what] != entry:
            raise ValueError(
                f"{where} was made with other channels than the survey given has: their {what} differs. Pass the "
                "survey it was made with."
            )


def probes(survey, prior):
    """Models of the prior and their data, to know the survey by: (Models, (n, n_channels) array)."""
    models = prior.draw(N_PROBES, np.random.default_rng(0))
    return models, survey(**models)


def check_data(survey, prior, data, where) -> None:
    """Raise ValueError if a survey computes other `data` of the models of :func:`probes` than are kept."""
    compare(probes(survey, prior)[1], data, survey, where)


def compare(found, kept, survey, where) -> None:
    """Raise ValueError if data found (n, n_channels) are others than those kept."""
    spread = np.ptp(np.nan_to_num(kept), axis=0) if len(kept) else 0.0
    room = _SAME * np.abs(np.nan_to_num(kept)) + _OF_SPREAD * spread
    off = (np.isnan(found) != np.isnan(kept)) | (np.abs(np.nan_to_num(found) - np.nan_to_num(kept)) > room)
    if not off.any():
        return
    row, column = np.argwhere(off)[0]
    channels = survey.channels
    raise ValueError(
        f"the survey given computes other data than {where} was made with: for one of its models "
        f"{channels.quantity[column]} at {channels.coordinate} {channels.value[column]:g} {channels.coordinate_unit} "
        f"is {found[row, column]:.6g}, it was {kept[row, column]:.6g}. Pass the function it was made with, or train "
        "again."
    )


def check_split(survey, prior) -> None:
    """Raise ValueError if a survey that is not ours cares how many layers a half-space is split into.

    Models of fewer layers than the most of a prior come to it with copies of their half-space.
    """
    counts = getattr(prior, "layer_counts", (0,))
    if len(counts) < 2:
        return
    models = prior.fixed(counts[0]).draw(N_PROBES, np.random.default_rng(0))
    split = dict(models)
    split["thickness"] = np.hstack([models["thickness"], np.ones((N_PROBES, 1))])
    for name in prior.properties:
        split[name] = np.hstack([models[name], models[name][:, -1:]])
    data, other = survey(**models), survey(**split)
    spread = np.ptp(np.nan_to_num(data), axis=0)
    off = np.abs(np.nan_to_num(other) - np.nan_to_num(data)) > _SPLIT * (np.abs(np.nan_to_num(data)) + spread)
    if (off | (np.isnan(data) != np.isnan(other))).any():
        raise ValueError(
            f"{type(survey).__name__} gives other data where the half-space is split into a layer of 1 m and the rest. "
            f"A prior of {counts[0]} to {counts[-1]} layers needs a survey to which that is the same earth; correct "
            "it, or give the prior a single n_layers."
        )


def _own_words(survey):
    """What a survey says of itself: its settings, or why it cannot be stored."""
    try:
        return survey.to_dict()
    except ValueError as error:
        return {"not_stored": str(error)}
    except TypeError:  # no dataclass
        return {}


def _entries(values):
    """As a list, with None for NaN, which is not equal to itself."""
    return [None if entry != entry else entry for entry in np.asarray(values).tolist()]


def _words(entry):
    return f"({', '.join(entry)})" if isinstance(entry, list) else entry
