"""The scripts and recipes in examples/ run, and the twins agree."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert.cli import main
from bpinvert.cli.recipe import read_recipe

EXAMPLES = Path(__file__).parents[1] / "examples"
TWINS = ("ves", "mt")


def script(name):
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


@pytest.mark.parametrize("method", TWINS)
def test_recipe_and_script_have_the_same_survey_and_prior(method):
    recipe, twin = read_recipe(EXAMPLES / f"{method}.toml"), script(f"generate_{method}")
    assert recipe.survey == twin["SURVEY"] and recipe.survey.method == method
    assert recipe.prior == twin["PRIOR"]


@pytest.mark.parametrize("method", TWINS)
def test_recipe_and_script_make_the_same_samples(method, tmp_path, capsys):
    by_script, by_recipe = tmp_path / "script.nc", tmp_path / "recipe.nc"
    script(f"generate_{method}")["main"](["--n", "1000", "-o", str(by_script)])
    assert "sample: 1000" in capsys.readouterr().out
    assert main(["generate", str(EXAMPLES / f"{method}.toml"), "-n", "1000", "-o", str(by_recipe)]) == 0
    xr.testing.assert_identical(bp.open_samples(by_script), bp.open_samples(by_recipe))


@pytest.mark.parametrize("method", TWINS)
def test_a_shortened_recipe_trains_an_inverter_that_inverts(method, tmp_path):
    text = (EXAMPLES / f"{method}.toml").read_text(encoding="utf-8")
    for long, short in (("= 100_000", "= 2000"), ("hidden = [128, 64]", "hidden = 16"), ("epochs = 150", "epochs = 3")):
        assert long in text
        text = text.replace(long, short)
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
