"""The scripts and recipes in examples/ run, and the twins agree."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert.cli import main
from bpinvert.cli.recipe import read_recipe

EXAMPLES = Path(__file__).parents[1] / "examples"
TWINS = ("ves", "ip", "mt", "joint", "surface_waves", "tdem", "airborne_fdem", "ground_fdem")


def script(name):
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


@pytest.mark.parametrize("method", TWINS)
def test_recipe_and_script_have_the_same_survey_and_prior(method):
    recipe, twin = read_recipe(EXAMPLES / f"{method}.toml"), script(f"generate_{method}")
    assert recipe.survey == twin["SURVEY"] and method.endswith(recipe.survey.method)
    assert recipe.prior == twin["PRIOR"]


@pytest.mark.parametrize("method", TWINS)
def test_recipe_and_script_make_the_same_samples(method, tmp_path, capsys):
    by_script, by_recipe = tmp_path / "script.nc", tmp_path / "recipe.nc"
    script(f"generate_{method}")["main"](["--n", "1000", "-o", str(by_script)])
    assert "sample: 1000" in capsys.readouterr().out
    assert main(["generate", str(EXAMPLES / f"{method}.toml"), "-n", "1000", "-o", str(by_recipe)]) == 0
    xr.testing.assert_identical(bp.open_samples(by_script), bp.open_samples(by_recipe))


@pytest.mark.parametrize("method", ["ves", *(pytest.param(name, marks=pytest.mark.slow) for name in ("mt", "tdem"))])
def test_a_shortened_recipe_trains_an_inverter_that_inverts(method, tmp_path):
    text = (EXAMPLES / f"{method}.toml").read_text(encoding="utf-8")
    text = re.sub("(?m)^n_calibration = .*$", "", text)
    for long, short in (
        (r"n = [\d_]+", "n = 2000"),
        (r"hidden = \[128, 64\]", "hidden = 16"),
        (r"max_\w+ = \d+", "max_epochs = 3"),
    ):
        text, found = re.subn(f"(?m)^{long}", short, text)
        assert found == 1
    (tmp_path / "short.toml").write_text(text + "n_calibration = 1000\n", encoding="utf-8")
    assert main(["train", str(tmp_path / "short.toml"), "-o", str(tmp_path / "inverter.nc")]) == 0
    inverter = bp.load_inverter(tmp_path / "inverter.nc")
    models = inverter.prior.draw(50, np.random.default_rng(1))
    noisy = inverter.noise.draw(inverter.survey(**models), inverter.survey.channels, 2)
    # noise of the stated size: the best model has chi²/N of about 1 less its parameters
    assert 0.3 < float(inverter.invert(noisy)["chi2"].median()) < 1.2


def test_the_shipped_inverter_is_that_of_its_script():
    made = script("make_shipped_inverter")
    path = made["OUTPUT"]
    inverter = bp.load_inverter(path)
    assert inverter.prior == made["PRIOR"] and inverter.noise == made["NOISE"] and inverter.sheets == made["SHEETS"]
    assert inverter.survey == made["SURVEY"]
    assert sum(file.stat().st_size for file in path.parent.iterdir()) < 3e6


@pytest.mark.parametrize("method", ["airborne_fdem", "ground_fdem"])
def test_recipes_of_instruments_go_from_simulation_to_inversion(method, tmp_path, capsys):
    text = (EXAMPLES / f"{method}.toml").read_text(encoding="utf-8")
    for long, short in (
        ("n = 60_000", "n = 700"),
        ("[128, 64]", "12"),
        ("epochs = 30", "epochs = 2"),
        ("= 5000", "= 200"),
    ):
        assert long in text
        text = text.replace(long, short)
    layers = {"airborne_fdem": "[2, 5]", "ground_fdem": "[2, 3]"}[method]
    text = text.replace(f"n_layers = {layers}", "n_layers = 2") + "false_alarm_rate = 0.05\n"
    recipe, samples = tmp_path / "short.toml", tmp_path / "samples.nc"
    recipe.write_text(text, encoding="utf-8")
    by_script = script(f"generate_{method}")
    assert main(["generate", str(recipe), "-o", str(samples)]) == 0
    assert main(["train", str(recipe), "--samples", str(samples), "-o", str(tmp_path / "inverter.nc")]) == 0
    inverter = bp.load_inverter(tmp_path / "inverter.nc")
    assert inverter.survey == by_script["SURVEY"]
    height = ["--height", "40"] if "height" in inverter.survey.context else []
    capsys.readouterr()
    assert main(["simulate", str(recipe), "--resistivity", "10", "100", "--thickness", "9", *height]) == 0
    table = capsys.readouterr().out.splitlines()
    # A line that describes the survey, the headers, and the readings.
    assert len(table) == 2 + len(inverter.survey.channels.columns(inverter.survey.channels.quantities[0]))
    models = inverter.prior.draw(30, np.random.default_rng(1))
    noisy = inverter.noise.draw(inverter.survey(**models), inverter.survey.channels, 2)
    observed = bp.geometry.as_observed(noisy, inverter.survey)
    result = inverter.invert(observed.assign({name: ("sounding", models[name]) for name in inverter.survey.context}))
    assert 0.2 < float(result["chi2"].median()) < 1.2
