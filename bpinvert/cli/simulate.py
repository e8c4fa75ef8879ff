"""`bpinvert simulate`: the curve that a survey records over typed layers."""

from __future__ import annotations

import csv
import sys
from dataclasses import fields

import numpy as np

from bpinvert.cli.arguments import COORDINATES
from bpinvert.cli.output import PICTURES, check_writable, save_figure, without_windows
from bpinvert.cli.recipe import read_recipe, spaced
from bpinvert.storage import replacing
from forward_models import METHODS


def run(options) -> int:
    output = options.output and check_writable(options.output, (".csv", *PICTURES))
    survey = _survey(options)
    models = {"thickness": [options.thickness], "resistivity": [options.resistivity]}
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
            _write(file, survey.channels, data)
        print("written:", output)
        return 0
    _write(sys.stdout, survey.channels, data)
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
        if options.survey or given:
            raise ValueError("give either a recipe or a survey and its spacings, not both.")
        return read_recipe(options.recipe, needed=("survey",)).survey
    kind = options.survey or "Schlumberger"
    if kind not in METHODS:
        raise ValueError(f"--survey is {kind!r}; allowed are {', '.join(METHODS)}.")
    allowed = [f.name for f in fields(METHODS[kind]) if f.init]
    unknown = [name for name in given if name not in allowed]
    if unknown:
        raise ValueError(f"{kind} has no --{unknown[0]}; it takes {', '.join(f'--{name}' for name in allowed)}.")
    if allowed[0] not in given:
        raise ValueError(f"{kind} needs --{allowed[0]}, e.g. --{allowed[0]} 1:300:20.")
    values = {name: _values(name, words) for name, words in given.items()}
    return METHODS[kind](**values)


def _values(name, words):
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
    return values[0] if len(values) == 1 and name in ("mn2", "n") else values


def _write(file, channels, data):
    """A table with a row for each reading, headers with units: a sheet that the readers understand."""
    first = channels.columns(channels.quantities[0])
    columns = {f"{channels.coordinate} ({channels.coordinate_unit})": channels.value[first]}
    for name, values in channels.extra.items():
        columns[f"{name} ({channels.coordinate_unit})" if name == "mn2" else name] = values[first]
    for quantity in channels.quantities:
        rows = channels.columns(quantity)
        columns[f"{quantity} ({channels.unit[rows[0]]})"] = data[rows]
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([f"{value:.6g}" for value in row] for row in zip(*columns.values(), strict=True))
