"""`bpinvert simulate`: the curve that a survey records over typed layers."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import fields

import numpy as np

from bpinvert.cli.arguments import COORDINATES
from bpinvert.cli.output import PICTURES, check_writable, save_figure, without_windows
from bpinvert.cli.recipe import read_recipe, spaced
from bpinvert.geometry import coordinate_unit
from bpinvert.readers.em.readings import MARK
from bpinvert.storage import replacing
from forward_models import METHODS

# Settings that are one number, of which some may be one for each reading.
_NUMBERS = ("mn2", "n", "frequency", "radius", "side", "height")


def run(options) -> int:
    output = options.output and check_writable(options.output, (".csv", *PICTURES))
    survey = _survey(options)
    models = {"thickness": [options.thickness], "resistivity": [options.resistivity]} | _context(survey, options)
    if len(options.thickness) != len(options.resistivity) - 1:
        raise ValueError(
            f"there are {len(options.resistivity)} values of --resistivity and {len(options.thickness)} of "
            "--thickness; every layer but the last has a thickness, so give one fewer."
        )
    for name, values in models.items():
        if not (np.isfinite(values).all() and np.min(values, initial=1.0) > 0):
            raise ValueError(f"--{name} has {' '.join(f'{v:g}' for v in values[0])}; all must be positive numbers.")
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
    if options.recipe:
        survey = read_recipe(options.recipe, needed=("survey",)).survey
        if options.survey or set(given) - set(survey.context):
            raise ValueError("give either a recipe or a survey and its spacings, not both.")
        return survey
    kind = options.survey or "Schlumberger"
    if kind not in METHODS:
        raise ValueError(f"--survey is {kind!r}; allowed are {', '.join(METHODS)}.")
    allowed = [f.name for f in fields(METHODS[kind]) if f.init]
    unknown = [name for name in given if name not in allowed]
    if unknown:
        raise ValueError(f"{kind} has no --{unknown[0]}; it takes {', '.join(f'--{name}' for name in allowed)}.")
    allowed = [name for name in allowed if name in COORDINATES]
    if allowed[0] not in given:
        raise ValueError(f"{kind} needs --{allowed[0]}, e.g. --{allowed[0]} 1:300:20.")
    values = {name: _values(name, words) for name, words in given.items()}
    return METHODS[kind](**values)


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
    if name == "orientation":
        return words
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
    columns = {f"{channels.coordinate} ({channels.coordinate_unit})": channels.value[first]}
    for name, values in channels.extra.items():
        unit = coordinate_unit(name, channels)
        columns[f"{name} ({unit})" if unit and name not in ("a", "n") else name] = values[first]
    for name in survey.context:
        columns[f"{name} (m)"] = np.repeat(models[name], len(first))
    for quantity in channels.quantities:
        rows = channels.columns(quantity)
        columns[f"{quantity} ({channels.unit[rows[0]]})"] = data[rows]
    if survey.instrument:
        file.write(f"{MARK} {json.dumps(_settings(survey))}\n")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow([value if isinstance(value, str) else f"{value:.6g}" for value in row])


def _settings(survey):
    """What the columns do not say of the survey; a height of None says that they do."""
    said = {*survey.channels.coordinates, "gates", "width"}
    left = {name: value for name, value in survey.to_dict().items() if name not in said}
    return {name: value for name, value in left.items() if value is not None or name == "height"}
