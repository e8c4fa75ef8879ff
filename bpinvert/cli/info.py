"""`bpinvert info`: what a file holds, and how it was made."""

from __future__ import annotations

import json
import textwrap

import numpy as np
import xarray as xr

import bpinvert as bp
from bpinvert import calibration
from bpinvert.cli.files import kind_of, open_result
from bpinvert.geometry import coordinate_unit, details_of, is_text
from bpinvert.noise import noise_from_dict
from bpinvert.priors import prior_from_dict
from forward_models import survey_from_dict


def run(options) -> int:
    kind = kind_of(options.file)
    if kind == "samples":
        text = _describe_samples(xr.load_dataset(options.file, engine="scipy"))
    elif kind == "result":
        text = _describe_result(open_result(options.file))
    else:
        inverter = bp.load_inverter(options.file)
        text = "\n\n".join([describe_inverter(inverter), *map(describe_report, inverter.reports.values())])
    print(f"{options.file}: {kind}")
    print(text)
    return 0


def describe_inverter(inverter) -> str:
    """Survey, prior, noise, networks, training, calibration and versions, a line each."""
    lines = {"survey": describe_survey(inverter.survey), "prior": repr(inverter.prior), "noise": repr(inverter.noise)}
    for count, branch in inverter.solver.branches.items():
        members = getattr(branch.network, "networks_", [branch.network])
        network = members[0]
        sizes = [len(network.matrices_[0]) - 1, *(matrix.shape[1] for matrix in network.matrices_)]
        name = f"network, {count} layers" if count else "network"
        lines[name] = (
            f"{f'{len(members)} of ' if len(members) > 1 else ''}{'-'.join(map(str, sizes))} neurons, "
            f"{network.n_epochs_} epochs, best {network.best_epoch_} "
            f"with validation loss {min(network.validation_curve_):.4g}"
        )
    identity = inverter.identity
    fresh = " fresh in every epoch" if identity["stream"] else ""
    lines["training"] = f"{identity['n_samples']} samples{fresh}, seed {identity['seed']}"
    verdicts = inverter.learning_curve()["verdict"].values
    lines["more samples"] = "; ".join(dict.fromkeys(str(sentence) for sentence in verdicts))
    lines["calibration"] = ", ".join(f"{level}: {c.n} soundings" for level, c in inverter.calibrations.items())
    lines["reports"] = ", ".join(inverter.reports) or "none"
    if "posterior" not in inverter.reports:
        lines["reports"] += "; `bpinvert calibrate` makes that on posteriors"
    lines["false alarms"] = f"{100 * inverter.false_alarm_rate:g} in 100 soundings from the prior"
    return _lines(lines | {"versions": _versions(identity["versions"])})


def describe_report(report) -> str:
    """A calibration report in tables, set in like everything else."""
    return textwrap.indent("\n".join(calibration.lines(report)), "  ")


def describe_survey(survey) -> str:
    """Its name, and how many readings from where to where."""
    if survey.channels.joined:
        parts = (f"{name}: {describe_survey(own)}" for name, own in survey.parts)
        return f"{type(survey).__name__} of {'; '.join(parts)}"
    channels = survey.channels
    readings = channels.columns(channels.quantities[0])
    words = [f"{type(survey).__name__}, {len(readings)} readings of {' and '.join(channels.quantities)}"]
    for name, values in channels.coordinates.items():
        here, unit = values[readings], coordinate_unit(name, channels)
        if name in details_of(survey) and name != channels.branch:
            continue
        if is_text(here):
            words.append(" and ".join(dict.fromkeys(here.tolist())))
        elif name in (channels.coordinate, "offset"):
            low, high = here.min(), here.max()
            words.append(f"{name} {low:g}–{high:g} {unit}" if low < high else f"{name} {low:g} {unit}")
        elif name == channels.branch:
            words.append(f"{len(np.unique(here))} {name}s")
    words += [f"a {name} for each sounding" for name in survey.context]
    return ", ".join(words)


def _describe_samples(dataset):
    attrs = dataset.attrs
    state = "complete" if attrs["complete"] else f"of {attrs['n_requested']} wanted; generate again to finish"
    lines = {
        "samples": f"{dataset.sizes['sample']}, {state}, {attrs['n_failed']} could not be simulated",
        "survey": _survey(json.loads(attrs["survey"])),
        "prior": repr(prior_from_dict(json.loads(attrs["prior"]))),
        "seed": attrs["seed"],
        "versions": _versions(json.loads(attrs["versions"])),
    }
    return _lines(lines)


def _describe_result(dataset):
    attrs = dataset.attrs
    solved = np.isfinite(dataset["chi2"].values)
    lines = {
        "soundings": f"{dataset.sizes['sounding']}, {solved.sum()} inverted, "
        f"{np.count_nonzero(dataset['flag'].values)} flagged at {100 * attrs['false_alarm_rate']:g} % false alarms",
        "level": attrs["level"],
    }
    if solved.any():
        low, middle, high = np.nanquantile(dataset["chi2"].values, [0, 0.5, 1])
        lines["chi²/N"] = f"{low:.2g} to {high:.2g}, median {middle:.2g}"
    # Sheets that were inverted by different inverters have none of these in common.
    readers = {
        "survey": _survey,
        "prior": lambda text: repr(prior_from_dict(text)),
        "noise": lambda text: repr(noise_from_dict(text)),
        "versions": _versions,
    }
    lines |= {name: read(json.loads(attrs[name])) for name, read in readers.items() if name in attrs}
    return _lines(lines)


def _survey(description):
    """A survey in words; of one that is not ours what its data are."""
    if "not_stored" not in description:
        return describe_survey(survey_from_dict(description))
    channels = description["channels"]
    quantities, value = ", ".join(dict.fromkeys(channels["quantity"])), channels["value"]
    where = f"{channels['coordinate']} {min(value):g}–{max(value):g} {channels['coordinate_unit']}"
    return f"{description['survey']}, {quantities} at {where}; not held by the file"


def _versions(versions):
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _lines(lines):
    width = max(map(len, lines))
    return "\n".join(f"  {name.ljust(width)}  {text}" for name, text in lines.items())
