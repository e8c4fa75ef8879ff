"""`bpinvert simulate`: the curve that a survey records over typed layers."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import fields

import numpy as np

from bpinvert.cli.arguments import COORDINATES, PROPERTIES
from bpinvert.cli.output import PICTURES, check_writable, save_figure, without_windows
from bpinvert.cli.recipe import read_recipe, spaced
from bpinvert.geometry import coordinate_unit
from bpinvert.readers.em.readings import MARK
from bpinvert.storage import replacing
from forward_models import METHODS, InducedPolarization, Joint

# Settings that are one number, of which some may be one for each reading.
_NUMBERS = ("mn2", "n", "frequency", "mode", "radius", "side", "height")
# The array that induced polarisation is measured with, by the options that it has.
_ARRAYS = {("a", "n"): "DipoleDipole", ("a",): "Wenner"}
# Settings that are words.
_WORDS = ("orientation", "velocity")


def run(options) -> int:
    output = options.output and check_writable(options.output, (".csv", *PICTURES))
    survey = _survey(options)
    models = _layers(survey, options) | _context(survey, options)
    for name, values in models.items():
        least, zero = np.min(values, initial=1.0), name in survey.may_be_zero
        if not (np.isfinite(values).all() and (least > 0 or (zero and least == 0))):
            raise ValueError(
                f"--{name} has {' '.join(f'{v:g}' for v in values[0])}; all must be positive numbers"
                f"{' or 0' if zero else ''}."
            )
    data = survey(**models)[0]
    if output and output.suffix.lower() == ".csv":
        with replacing(output) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            _write(file, survey, models, data)
        print("written:", output)
        return 0
    _write(sys.stdout, survey, models, data)
    if output:
        from bpinvert import plots

        with without_windows():
            save_figure(plots.curve(survey, models), output)
        # A comment, so that the table can be redirected into a sheet all the same.
        print("# written:", output)
    return 0


def _survey(options):
    given = {name: getattr(options, name) for name in COORDINATES if getattr(options, name) is not None}
    if options.dc and options.survey != "InducedPolarization":
        raise ValueError("--dc is the array of --survey InducedPolarization; leave it out.")
    if options.recipe:
        survey = read_recipe(options.recipe, needed=("survey",)).survey
        if options.survey or set(given) - set(survey.context):
            raise ValueError("give either a recipe or a survey and its spacings, not both.")
        return _of_one_method(survey)
    kind = options.survey or "Schlumberger"
    if kind not in METHODS:
        raise ValueError(f"--survey is {kind!r}; allowed are {', '.join(METHODS)}.")
    _of_one_method(METHODS[kind])
    if METHODS[kind] is not InducedPolarization:
        return _made(kind, given)
    array = options.dc or next((array for names, array in _ARRAYS.items() if set(names) <= set(given)), "Schlumberger")
    if array not in METHODS or METHODS[array].method != "ves":
        known = ", ".join(name for name, survey in METHODS.items() if survey.method == "ves")
        raise ValueError(f"--dc is {array!r}; allowed are {known}.")
    return InducedPolarization(_made(array, given))


def _made(kind, given):
    """A survey from its options."""
    allowed = [f.name for f in fields(METHODS[kind]) if f.init]
    if not set(allowed) & set(COORDINATES):
        raise ValueError(f"{kind} is made of another survey, which takes a recipe. Write one, like examples/ip.toml.")
    unknown = [name for name in given if name not in allowed]
    allowed = [name for name in allowed if name in COORDINATES]
    if unknown:
        raise ValueError(f"{kind} has no --{unknown[0]}; it takes {', '.join(f'--{name}' for name in allowed)}.")
    axes = allowed[:2] if "mode" in allowed else allowed[:1]
    if not set(axes) & set(given):
        example = "0.05:1:20" if "period" in axes else "1:300:20"
        raise ValueError(f"{kind} needs {' or '.join(f'--{name}' for name in axes)}, e.g. --{axes[0]} {example}.")
    values = {name: _values(name, words) for name, words in given.items()}
    if "mode" in values:
        axis = next(name for name in axes if name in values)
        values |= _in_every_mode(axis, np.atleast_1d(values[axis]), np.atleast_1d(values["mode"]))
    return METHODS[kind](**values)


def _in_every_mode(axis, readings, modes):
    """As many modes as readings; another number of modes means all readings in each of them."""
    if modes.size in (1, readings.size):
        return {}
    return {axis: np.tile(readings, modes.size), "mode": np.repeat(modes, readings.size)}


def _layers(survey, options):
    """Thicknesses and the properties that the survey needs, as one model."""
    name, given = type(survey).__name__, [key for key in PROPERTIES if getattr(options, key) is not None]
    lacking = [key for key in survey.properties if key not in given]
    if lacking:
        raise ValueError(f"{name} needs --{lacking[0]} of each layer from the top.")
    unknown = [key for key in given if key not in (*survey.properties, *survey.ignored)]
    if unknown:
        needed = ", ".join(f"--{key}" for key in survey.properties)
        raise ValueError(f"{name} has no use for --{unknown[0]}; it needs {needed}.")
    for key in survey.properties:
        values = getattr(options, key)
        if len(options.thickness) != len(values) - 1:
            raise ValueError(
                f"--{key} has {len(values)} and --thickness {len(options.thickness)} of the layers; every layer needs "
                f"a value, and every layer but the last a thickness: give {len(options.thickness) + 1} of --{key}, or "
                f"{len(values) - 1} of --thickness."
            )
    return {"thickness": [options.thickness]} | {key: [getattr(options, key)] for key in survey.properties}


def _of_one_method(survey):
    """A survey, or its class, if it is no Joint."""
    if survey is Joint or isinstance(survey, Joint):
        raise ValueError("a sheet holds one method; simulate each of the surveys of a Joint alone.")
    return survey


def _context(survey, options):
    """What must be known beside the layers, such as the height of a survey of a recipe."""
    known = {}
    for name in survey.context:
        if getattr(options, name) is None:
            raise ValueError(
                f"the survey of this recipe has a {name} for each sounding; add --{name}, e.g. --{name} 30."
            )
        known[name] = np.atleast_1d(_values(name, getattr(options, name)))[:1]
    return known


def _values(name, words):
    if name in _WORDS:
        return words[0] if name == "velocity" and len(words) == 1 else words
    values = []
    for word in words:
        low, *more = word.split(":")
        try:
            if not more:
                values.append(float(low))
                continue
            high, count = more
            values.extend(spaced("geomspace", float(low), float(high), int(count)))
        except ValueError:
            raise ValueError(
                f"--{name} has {word!r}; it is a number, or LOW:HIGH:COUNT of positive numbers such as 1:300:20."
            ) from None
    return values[0] if len(values) == 1 and name in _NUMBERS else values


def _write(file, survey, models, data):
    """A table with a row for each reading, headers with units: a sheet that the readers understand."""
    channels = survey.channels
    first = channels.columns(channels.quantities[0])
    place = channels.value[first]
    columns = {f"{channels.coordinate} ({channels.coordinate_unit})": place}
    if getattr(survey, "frequency", None) is not None and channels.coordinate == "period":
        columns = {"frequency (Hz)": 1 / place}
    if channels.branch == "mode":
        columns = {"wave": np.full(len(first), type(survey).__name__)} | columns
    for name, values in channels.extra.items():
        unit = coordinate_unit(name, channels)
        columns[f"{name} ({unit})" if unit and name not in ("a", "n") else name] = values[first]
    for name in survey.context:
        columns[f"{name} (m)"] = np.repeat(models[name], len(first))
    for quantity in channels.quantities:
        rows = channels.columns(quantity)
        unit = channels.unit[rows[0]]
        columns[quantity if unit == "1" else f"{quantity} ({unit})"] = data[rows]
    # A mode that this earth does not have at some period is no reading.
    there = np.any([np.isfinite(data[channels.columns(quantity)]) for quantity in channels.quantities], axis=0)
    if not there.any():
        raise ValueError("over these layers there are no such waves: no mode exists at any of the readings.")
    columns = {name: np.asarray(values)[there] for name, values in columns.items()}
    if survey.instrument:
        file.write(f"{MARK} {json.dumps(_settings(survey))}\n")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow([_cell(value) for value in row])


def _cell(value):
    if isinstance(value, str):
        return value
    return f"{value:.6g}" if np.isfinite(value) else ""


def _settings(survey):
    """What the columns do not say of the survey; a height of None says that they do."""
    said = {*survey.channels.coordinates, "gates", "width"}
    left = {name: value for name, value in survey.to_dict().items() if name not in said}
    return {name: value for name, value in left.items() if value is not None or name == "height"}
