"""Recipes, and what `bpinvert generate` and `train` make of them."""

import functools
import json

import numpy as np
import pytest
import scipy.stats
import xarray as xr

import bpinvert as bp
from bpinvert.cli import main
from bpinvert.cli.recipe import read_recipe
from bpinvert.network.checkpoints import Snapshot
from forward_models import CentralLoop, Joint, Schlumberger
from forward_models import survey_from_dict as read_survey
from tests.cli import RECIPE, sheet


def test_a_recipe_s_keys_are_the_constructors_keywords(recipe):
    read = read_recipe(recipe(RECIPE))
    assert read.survey == Schlumberger(ab2=np.geomspace(1.5, 300, 12))
    assert read.prior == bp.LayeredPrior(n_layers=3, thickness=(0.5, 100), resistivity=(1, 1e4))
    assert read.noise == bp.Noise(relative=0.05)
    assert read.samples == {"n": 2000, "seed": 3}
    assert read.training == {"hidden": 16, "max_epochs": 3} and read.fit == {"n_calibration": 1000}


def test_a_recipe_says_what_sheets_look_like(recipe):
    assert read_recipe(recipe(RECIPE)).sheets == bp.Sheets()
    assert read_recipe(recipe(RECIPE + "[sheets]\ncomplete = 1.0\nshift = 0\n")).sheets == bp.Sheets(
        complete=1.0, shift=0
    )


def test_a_recipe_names_distributions_of_scipy(recipe):
    text = RECIPE.replace(
        "resistivity = [1, 1e4]",
        'resistivity = [[1, 10], {distribution = "lognorm", s = 1.0, scale = 50}, {distribution = "uniform", '
        "loc = 1, scale = 9}]",
    ).replace("thickness = [0.5, 100]", "thickness = {ordered = [0.5, 100]}")
    stats = scipy.stats
    assert read_recipe(recipe(text)).prior == bp.LayeredPrior(
        n_layers=3,
        thickness=bp.priors.Ordered((0.5, 100)),
        resistivity=[(1, 10), stats.lognorm(s=1.0, scale=50), stats.uniform(loc=1, scale=9)],
    )


def test_a_recipe_saved_by_a_windows_editor_is_the_same_recipe(recipe):
    windows = read_recipe(recipe(b"\xef\xbb\xbf" + RECIPE.replace("\n", "\r\n").encode()))
    assert windows.prior == read_recipe(recipe(RECIPE)).prior


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("hidden = 16", "hiden = 16", ["[training]", "'hiden'", "hidden, trainer, max_epochs"]),
        ("ab2 =", "ab3 =", ["[survey]", "'ab3'", "type, ab2, mn2"]),
        ("thickness =", "thikness =", ["[prior]", "'thikness'", "n_layers, thickness"]),
        ("relative =", "relativ =", ["[noise]", "'relativ'", "relative, floor"]),
        ("seed = 3", "sead = 3", ["[samples]", "'sead'", "n, seed"]),
        ("[training]", "[trainng]", ["'trainng'", "[survey], [prior], [noise], [sheets], [samples], [training]"]),
        ("[prior]", "[noise.x]", ["no table [prior]"]),
        ("n_layers = 3", "", ["[prior]", "needs n_layers"]),
        ("ab2 = {geomspace = [1.5, 300, 12]}", "", ["[survey]", "Schlumberger needs ab2"]),
        ("geomspace", "geospace", ["[survey]", "geomspace = [low, high, count]"]),
        ("[1.5, 300, 12]", "[1.5, 300, 12.5]", ["[survey]", "how many of them, up to 10000"]),
        ("[1.5, 300, 12]", "[-1.5, 300, 12]", ["[survey]", "two positive numbers"]),
        ('"Schlumberger"', '"Schlumbergr"', ["[survey]", "'Schlumbergr'", "Schlumberger, Wenner"]),
        ("[0.5, 100]", "[100, 0.5]", ["[prior]", "low < high"]),
        ("relative = 0.05", "relative = 5", ["[noise]", "5 % write 0.05"]),
        ("n = 2000", "n = 2e3", ["[samples]", "whole number"]),
        ("n_layers = 3", "n_layers = 3 4", ["not valid TOML", "line 7"]),
        ("\n[survey]", "survey = 3\n[other]", ["'other'"]),
    ],
)
def test_a_wrong_recipe_is_refused_by_file_table_and_key(old, new, said, recipe, refused):
    assert old in RECIPE
    line = refused("train", recipe(RECIPE.replace(old, new)))
    assert all(words in line for words in ["recipe.toml", *said])


def test_a_table_that_is_a_number_is_refused(recipe, refused):
    assert "survey is 3, but it is a table" in refused("train", recipe("survey = 3\nprior = 4\n"))


def test_a_missing_recipe_a_folder_and_a_picture_are_refused(tmp_path, recipe, refused):
    assert "There is no file" in refused("train", tmp_path / "no.toml")
    assert "is a folder" in refused("generate", tmp_path)
    assert "not a text in UTF-8" in refused("generate", recipe(b"\x89PNG\xff\xfe"))


def test_generate_stores_the_samples_of_generate_samples(recipe, tmp_path, capsys):
    path = tmp_path / "samples.nc"
    assert main(["generate", recipe(RECIPE), "-o", str(path), "-n", "700", "--seed", "5"]) == 0
    assert "700 samples of 12 channels" in capsys.readouterr().out
    read = read_recipe(recipe(RECIPE))
    expected = bp.generate_samples(read.survey, read.prior, 700, seed=5, progress=False)
    xr.testing.assert_equal(bp.open_samples(path), expected)


def test_generate_needs_a_number_of_samples(recipe, refused):
    assert "no n in [samples]" in refused("generate", recipe(RECIPE.replace("n = 2000\n", "")))


def test_interrupted_generation_keeps_whole_chunks_and_goes_on(recipe, tmp_path, refused, monkeypatch, capsys):
    from bpinvert import samples

    argv = ["generate", recipe(RECIPE), "-n", "40000", "-o", str(tmp_path / "samples.nc")]
    simulate, calls = samples._simulate, []

    def stopped(*task):
        calls.append(task)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return simulate(*task)

    with monkeypatch.context() as patch:
        patch.setattr(samples, "_simulate", stopped)
        line = refused(*argv)
    assert "stopped" in line and "16384 of 40000 samples are in" in line
    assert main(argv) == 0
    assert main([*argv[:-1], str(tmp_path / "at once.nc")]) == 0
    xr.testing.assert_identical(bp.open_samples(tmp_path / "samples.nc"), bp.open_samples(tmp_path / "at once.nc"))


@pytest.mark.slow
def test_training_on_stored_samples_and_on_a_stream_says_so(recipe, tmp_path, capsys):
    small, stored = recipe(RECIPE), str(tmp_path / "samples.nc")
    assert main(["generate", small, "-n", "600", "-o", stored]) == 0
    capsys.readouterr()
    assert main(["train", small, "--samples", stored, "-o", str(tmp_path / "a.nc")]) == 0
    assert "600 samples, seed 3" in capsys.readouterr().out
    assert main(["train", small, "--stream", "-o", str(tmp_path / "b.nc")]) == 0
    assert "2000 samples fresh in every epoch, seed 3" in capsys.readouterr().out


def test_samples_of_another_prior_are_refused(recipe, tmp_path, refused):
    stored = tmp_path / "samples.nc"
    assert main(["generate", recipe(RECIPE), "-n", "600", "-o", str(stored)]) == 0
    other = recipe(RECIPE.replace("[0.5, 100]", "[0.5, 200]"), "other.toml")
    assert "another prior" in refused("train", other, "--samples", stored, "-o", tmp_path / "i.nc")
    assert not (tmp_path / "i.nc").exists()


def test_interrupted_training_says_what_is_kept_and_ends_the_same(recipe, tmp_path, refused, monkeypatch, trained):
    argv = ["train", recipe(RECIPE), "-o", str(tmp_path / "inverter.nc")]
    after, calls = Snapshot.after, []

    def stopped(*args, **kwargs):
        calls.append(args)
        # one call ends each epoch
        if len(calls) == 3:
            raise KeyboardInterrupt
        return after(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Snapshot, "after", stopped)
        line = refused(*argv)
    kept = tmp_path / "inverter.checkpoint"
    assert "stopped" in line and str(kept) in line
    assert kept.exists() and not (tmp_path / "inverter.nc").exists()
    assert main(argv) == 0
    assert not kept.exists()
    assert (tmp_path / "inverter.nc").read_bytes() == (trained / "inverter.nc").read_bytes()


def test_training_refuses_an_output_it_cannot_write_before_it_begins(recipe, refused, tmp_path):
    assert "must end in .nc" in refused("train", recipe(RECIPE), "-o", tmp_path / "inverter.pkl")
    assert "does not exist" in refused("train", recipe(RECIPE), "-o", tmp_path / "no" / "inverter.nc")
    (tmp_path / "folder.nc").mkdir()
    assert "is a folder" in refused("generate", recipe(RECIPE), "-o", tmp_path / "folder.nc")


def widened(prior):
    """A stand-in for `bpinvert.widen` that takes another prior."""

    def widen(result):
        survey = read_survey(json.loads(result.attrs["survey"]))
        inverter = bp.Inverter(survey, prior, bp.Noise(relative=0.05), hidden=16, max_epochs=3)
        # by default the calibration takes most of a minute
        inverter.fit = functools.partial(inverter.fit, n_calibration=1000)
        return inverter

    return widen


@pytest.fixture
def flagged(trained, inverter, tmp_path):
    """The results file of a sheet with one strange sounding."""
    far = sheet(tmp_path, *(f"{ab2},{1e-3 * (1 + i % 2)}" for i, ab2 in enumerate((1.5, 3, 6, 12, 25, 50, 100, 300))))
    assert main(["invert", far, *inverter, "-o", str(tmp_path)]) == 0
    return str(tmp_path / "results.nc")


@pytest.mark.slow
def test_training_for_flagged_soundings_says_what_was_widened(flagged, tmp_path, capsys, monkeypatch):
    prior = bp.LayeredPrior(n_layers=3, thickness=(0.5, 100), resistivity=(1e-4, 1e4))
    monkeypatch.setattr(bp, "widen", widened(prior), raising=False)
    samples = str(tmp_path / "samples.nc")
    bp.generate_samples(Schlumberger(ab2=np.geomspace(1.5, 300, 12)), prior, 600, seed=3, path=samples, progress=False)
    capsys.readouterr()
    assert main(["train", "--widen", flagged, "--samples", samples, "-o", str(tmp_path / "wide.nc")]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(
        f"{flagged}: widened to include the flagged soundings\n"
        "  prior   LayeredPrior(n_layers=3, thickness=(0.5, 100), resistivity=(1, 10000))\n"
        "       →  LayeredPrior(n_layers=3, thickness=(0.5, 100), resistivity=(0.0001, 10000))\n"
        "The inverter is in"
    )
    assert bp.load_inverter(tmp_path / "wide.nc").prior == prior


def test_nothing_widened_is_said_as_well(flagged, monkeypatch):
    from bpinvert.cli.train import describe_widening

    result = xr.load_dataset(flagged)
    same = widened(bp.LayeredPrior(n_layers=3, thickness=(0.5, 100), resistivity=(1, 1e4)))(result)
    assert describe_widening(result, same) == "nothing had to be widened"


def test_results_of_several_inverters_cannot_be_widened(flagged, tmp_path, refused):
    mixed = xr.load_dataset(flagged)
    del mixed.attrs["prior"]
    mixed.to_netcdf(tmp_path / "mixed.nc", engine="scipy")
    assert "holds soundings of several inverters" in refused("train", "--widen", tmp_path / "mixed.nc")


JOINT = """
[survey]
type = "Joint"
[[survey.surveys]]
type = "Schlumberger"
ab2 = { geomspace = [1, 300, 12] }
[[survey.surveys]]
type = "CentralLoop"
time = [1e-5, 1e-4, 1e-3]
side = 40.0
[prior]
n_layers = 2
thickness = [1, 50]
resistivity = [10, 1000]
[prior.context]
tdem_height = [20, 50]
"""


def test_a_recipe_joins_surveys(recipe):
    loop = CentralLoop(time=[1e-5, 1e-4, 1e-3], side=40.0, height=None)
    assert read_recipe(recipe(JOINT)).survey == Joint(Schlumberger(ab2=np.geomspace(1, 300, 12)), loop)
    named = JOINT.replace('"Joint"\n', '"Joint"\nnames = ["dc", "em"]\n').replace("tdem_height", "em_height")
    assert read_recipe(recipe(named)).survey.context == ("em_height",)


def test_a_recipe_of_a_joint_without_surveys_says_how_to_write_them(recipe):
    with pytest.raises(ValueError, match=r"\[\[survey.surveys\]\]"):
        read_recipe(recipe('[survey]\ntype = "Joint"\n' + JOINT[JOINT.index("[prior]") :]))


def test_a_sheet_of_several_methods_is_not_simulated(recipe, capsys):
    for survey in ([str(recipe(JOINT))], ["--survey", "Joint"]):
        assert main(["simulate", *survey, "--thickness", "5", "--resistivity", "10", "20"]) != 0
        assert "a sheet holds one method" in capsys.readouterr().err
