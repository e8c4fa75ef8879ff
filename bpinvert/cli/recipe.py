"""Recipes: TOML files whose tables and keys are the constructors' own keywords."""

from __future__ import annotations

import inspect
import numbers
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from bpinvert.cli.arguments import LEVELS
from bpinvert.inverter import Inverter
from bpinvert.noise import Noise
from bpinvert.priors import LayeredPrior
from bpinvert.sheets import Sheets
from forward_models import METHODS, Joint

SAMPLES = ("n", "seed")
CALIBRATION = ("level", "n", "seed")
FIT = ("stream", "n_calibration")
SPACINGS = {"geomspace": np.geomspace, "linspace": np.linspace, "logspace": np.logspace}


@dataclass
class Recipe:
    """What a recipe says; `samples` and `training` hold only what it says, for defaults stand elsewhere.

    Attributes
    ----------
    path : Path
    survey : forward_models.Survey
    prior : LayeredPrior or None
    noise : Noise or None, which is the usual one of the survey
    sheets : Sheets
    samples : dict of `n`, `seed`
    training : dict of keywords of `Inverter`
    fit : dict of keywords of `Inverter.fit`
    calibration : dict of `level`, `n`, `seed`, of `Inverter.calibrate`
    """

    path: Path
    survey: object
    prior: LayeredPrior | None = None
    noise: Noise | None = None
    sheets: Sheets = field(default_factory=Sheets)
    samples: dict = field(default_factory=dict)
    training: dict = field(default_factory=dict)
    fit: dict = field(default_factory=dict)
    calibration: dict = field(default_factory=dict)


def read_recipe(path, needed=("survey", "prior")) -> Recipe:
    """Read a recipe.

    Raises
    ------
    ValueError
        If it is missing, no TOML, or has a table, key or value that is not allowed: naming file, table and key.
    """
    path = Path(path)
    tables = _load(path)
    readers = {
        "survey": lambda table: _survey(table, _context_names(tables)),
        "prior": lambda table: _prior(table, recipe.survey),
        "noise": lambda table: Noise(**_known(table, [f.name for f in fields(Noise)])),
        "sheets": lambda table: Sheets(**_known(table, [f.name for f in fields(Sheets)])),
        "samples": lambda table: _whole_numbers(_known(table, SAMPLES)),
        "training": lambda table: _known(table, [*_training_keywords(), *FIT]),
        "calibration": _calibration,
    }
    for name in tables:
        if name not in readers:
            allowed = ", ".join(f"[{table}]" for table in readers)
            raise ValueError(f"{path} has an unknown table or key {name!r}; allowed are the tables {allowed}.")
    for name in needed:
        if name not in tables:
            raise ValueError(f"{path} has no table [{name}]; it needs {', '.join(f'[{n}]' for n in needed)}.")
    recipe = Recipe(path, None)
    for name, read in readers.items():
        if name in tables:
            if not isinstance(tables[name], dict):
                raise ValueError(
                    f"{path}: {name} is {tables[name]!r}, but it is a table. Write [{name}] and its keys below."
                )
            try:
                setattr(recipe, name, read(tables[name]))
            except (ValueError, TypeError) as error:
                raise ValueError(f"{path}, table [{name}]: {error}") from None
    recipe.fit = {key: recipe.training.pop(key) for key in FIT if key in recipe.training}
    return recipe


# A survey of more readings is a slip of the pen.
_MOST_READINGS = 10_000


def spaced(kind: str, low: float, high: float, count: int) -> np.ndarray:
    """`count` numbers by numpy's function of that name, its arguments checked.

    Raises
    ------
    ValueError
        If there is no such function, or no such numbers.
    """
    if kind not in SPACINGS:
        raise ValueError(f"{kind!r} is no way to space numbers; allowed are {', '.join(SPACINGS)}.")
    positive = " positive" if kind == "geomspace" else ""
    finite = all(isinstance(end, numbers.Real) and np.isfinite(end) for end in (low, high))
    counted = isinstance(count, numbers.Integral) and 1 <= count <= _MOST_READINGS
    if not (finite and counted) or (positive and min(low, high) <= 0):
        raise ValueError(
            f"{kind} has {low}, {high}, {count}; it takes two{positive} numbers and how many of them, up to "
            f"{_MOST_READINGS}, e.g. 1, 300, 20."
        )
    return SPACINGS[kind](low, high, count)


def _load(path):
    if path.is_dir():
        raise ValueError(f"{path} is a folder; give the recipe in it.")
    try:
        # Editors on Windows put a byte-order mark first, which TOML does not allow.
        text = path.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text.replace("\r\n", "\n"))
    except FileNotFoundError:
        raise ValueError(f"There is no file {path}; check the name and the folder of the recipe.") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not a text in UTF-8; a recipe is a TOML file.") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is not valid TOML: {error}. Correct it there.") from None


def _known(table, allowed):
    for key in table:
        if key not in allowed:
            raise ValueError(f"there is an unknown key {key!r}; allowed are {', '.join(allowed)}.")
    return table


def _training_keywords():
    return [name for name in _keywords(Inverter.__init__) if name != "sheets"]


def _keywords(function):
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]


def _calibration(table):
    level = _known(table, CALIBRATION).get("level", "posterior")
    if level not in LEVELS:
        raise ValueError(f"level is {level!r}; allowed are {', '.join(LEVELS)}.")
    return {"level": level} | _whole_numbers({key: value for key, value in table.items() if key != "level"})


def _whole_numbers(table):
    for key, value in table.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ValueError(f"{key} is {value!r}; it is a whole number, not negative.")
    return table


def _context_names(tables):
    """What the prior draws with every sounding, such as its height, and is therefore no setting of the survey."""
    prior = tables.get("prior")
    context = prior.get("context") if isinstance(prior, dict) else None
    return list(context) if isinstance(context, dict) else []


def _survey(table, context):
    kind = table.get("type")
    if kind not in METHODS:
        raise ValueError(f'type is {kind!r}; allowed are {", ".join(METHODS)}. Write e.g. type = "Schlumberger".')
    survey = METHODS[kind]
    if survey is Joint:
        return _joint(table, context)
    settings = _known(table, ["type", *(f.name for f in fields(survey) if f.init)]).copy()
    del settings["type"]
    _complete(survey, settings, kind)
    for name in context:
        if name in settings:
            raise ValueError(f"{name} is {settings[name]!r}, but [prior] has it as context. Give it in one place.")
        if name in [f.name for f in fields(survey)]:
            settings[name] = None
    of_survey = {key: value for key, value in settings.items() if isinstance(value, dict) and "type" in value}
    parts = {key: _survey(value, context) for key, value in of_survey.items()}
    return survey(**parts, **{key: _axis(key, value) for key, value in settings.items() if key not in parts})


def _joint(table, context):
    """Each of ``[[survey.surveys]]`` is a survey of its own."""
    _known(table, ["type", "surveys", "share", "names"])
    parts = table.get("surveys")
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        raise ValueError("Joint needs surveys; write each as a table [[survey.surveys]] with its type and readings.")
    names = table.get("names", [getattr(METHODS.get(part.get("type")), "method", "") for part in parts])
    own = [
        [key.removeprefix(f"{name}_") for key in context if key.startswith(f"{name}_")]
        for name, _ in zip(names, parts, strict=False)
    ]
    surveys = [_survey(part, known) for part, known in zip(parts, [*own, *[[]] * len(parts)], strict=False)]
    return Joint(*surveys, **{key: table[key] for key in ("share", "names") if key in table})


def _complete(function, settings, name):
    needed = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD]
    missing = [p.name for p in needed if p.default is p.empty and p.name not in settings]
    if missing:
        raise ValueError(f"{name} needs {', '.join(missing)}; add the key.")


def _axis(key, value):
    if not isinstance(value, dict) or key == "waveform":
        return value
    kind, arguments = next(iter(value.items())) if len(value) == 1 else ("", None)
    if kind not in SPACINGS or not isinstance(arguments, list) or len(arguments) != 3:
        raise ValueError(
            f"{key} is {value!r}; it is a list of numbers or one of "
            f"{', '.join(f'{{{kind} = [low, high, count]}}' for kind in SPACINGS)}."
        )
    return spaced(kind, *arguments)


def _prior(table, survey):
    own = [*_keywords(LayeredPrior.__init__), *survey.properties]
    _complete(LayeredPrior, table, "LayeredPrior")
    settings = {key: _specification(value) for key, value in _known(table, ["n_layers", *own]).items()}
    if isinstance(settings.get("context"), dict):
        settings["context"] = {name: _specification(value) for name, value in table["context"].items()}
    return LayeredPrior(**settings)


def _specification(value):
    """{distribution = "lognorm", s = 1.0} in the form that priors read: the distribution's own keywords apart."""
    if isinstance(value, list):
        return [_specification(entry) for entry in value]
    if isinstance(value, dict) and "distribution" in value and not {"args", "kwds"} & set(value):
        return {"distribution": value["distribution"], "kwds": {k: v for k, v in value.items() if k != "distribution"}}
    if isinstance(value, dict):
        inner = {key: _specification(value[key]) for key in ("multiple", "ratio", "coefficient") if key in value}
        return value | inner
    return value
