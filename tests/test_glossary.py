"""docs/glossary.md holds every public name, and each once."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

import bpinvert as bp
from bpinvert import network, readers, results
from bpinvert.cli import arguments, recipe
from forward_models import METHODS, Channels, Magnetotelluric, Schlumberger, UserForward

GLOSSARY = Path(__file__).parents[1] / "docs" / "glossary.md"
# arguments that are explained where they stand and nowhere else used
LOCAL = {
    "self",
    "X",
    "y",
    "args",
    "kwargs",
    "rng",
    "observed",
    "distributions",
    "help",
    "command",
    "recipe",
    "result",
    "file",
}

# dataclasses that functions return; their own docstrings say what is in them
RETURNED = {"GradientCheck", "HiddenTrial", "LearningCurve"}


def names_in_glossary():
    cells = re.findall(r"^\| (`.*?) \|", GLOSSARY.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def keywords(*functions):
    return {p.name for f in functions for p in inspect.signature(f).parameters.values()} - LOCAL


def general(names, properties, quantities):
    """Names with <property> and <quantity> in place of each property and quantity."""
    patterns = {name: "<property>" for name in properties} | {name: "<quantity>" for name in quantities}
    out = set()
    for name in names:
        for word, pattern in patterns.items():
            of = "_best|_std|(?:_profile)?_quantile|_mean|_draws"
            name = re.sub(rf"^(predicted_|residual_)?{word}({of})$|^(predicted_|residual_){word}$",
                          lambda m, p=pattern: f"{m[1] or m[3] or ''}{p}{m[2] or ''}", name)  # fmt: skip
        out.add(name)
    return out


@pytest.fixture(scope="module")
def dataset_names(tmp_path_factory):
    """Names of observed, samples and result Datasets of both methods: variables, dimensions and attributes."""
    folder = tmp_path_factory.mktemp("glossary")
    names = set()
    sheets = {
        "ves": "name,x,y,elevation,height,line,AB/2 (m),MN/2 (m),rhoa (ohm m),std (ohm m)\nA,1,1,1,1,1,{},0.1,50,1\n",
        "mt": "name,period (s),rhoa (ohm m),rhoa std (ohm m),phase (deg),phase std (deg)\nA,{},50,1,45,1\n",
    }
    surveys = {"ves": Schlumberger(ab2=[1, 10, 100], mn2=0.1), "mt": Magnetotelluric(period=[0.1, 1, 10])}
    for method, survey in surveys.items():
        header, row, _ = sheets[method].split("\n")
        sheet = folder / f"{method}.csv"
        sheet.write_text("\n".join([header, *(row.format(place) for place in (1, 10, 100))]))
        observed = readers.read_soundings(sheet, method)
        prior = bp.LayeredPrior(n_layers=2, thickness=(1, 100), resistivity=(10, 1000))
        samples = bp.generate_samples(survey, prior, 600, seed=0, progress=False)
        inverter = bp.Inverter(
            survey, prior, bp.Noise(0.05, {"phase": 1} if method == "mt" else 0), max_epochs=1, hidden=4
        )
        inverter.fit(samples, n_calibration=1000, progress=False)
        result = inverter.invert(observed, level="posterior", draws=5)
        for dataset in (observed, samples, result):
            names |= {*dataset.variables, *dataset.dims, *dataset.attrs}
    return general(map(str, names), ["resistivity"], ["apparent_resistivity", "phase"])


def test_no_name_stands_twice():
    names = names_in_glossary()
    assert len(names) > 100 and len(names) == len(set(names))


def test_every_variable_dimension_and_attribute_of_the_datasets_is_explained(dataset_names):
    assert dataset_names - set(names_in_glossary()) == set()


def test_every_bit_and_check_is_explained():
    assert {*results.STATUS, *results.FLAG_BITS} <= set(names_in_glossary())


def test_every_keyword_of_the_public_functions_is_explained():
    found = keywords(
        *METHODS.values(), UserForward, bp.LayeredPrior, bp.DepthGridPrior, bp.DepthGridPrior.for_survey,
        bp.Noise, bp.Inverter, bp.Inverter.fit, bp.Inverter.invert, bp.invert,
        bp.generate_samples, bp.open_samples, bp.read_soundings, bp.explain, bp.load_inverter, bp.widen, bp.Sheets,
        bp.save_network, bp.load_network, bp.export_onnx,
        *(getattr(network, name) for name in network.__all__ if name not in RETURNED),
    )  # fmt: skip
    found |= {f.name for f in fields(Channels)}
    assert found - set(names_in_glossary()) == set()


def test_every_option_and_table_is_explained():
    parser = arguments.make_parser()
    commands = parser._subparsers._group_actions[0].choices.values()
    options = {action.dest for command in commands for action in command._actions} - LOCAL
    tables = {f.name for f in fields(recipe.Recipe)} - {"path", "fit"}
    assert (options | tables) - set(names_in_glossary()) == set()
    assert {"type", "ordered", "multiple", "distribution"} <= set(names_in_glossary())
