"""The command line: what it prints and writes, and what it says instead of a traceback."""

import csv
import io
import os
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
import xarray as xr

import bpinvert as bp
from bpinvert import readers
from bpinvert.cli import arguments, main
from bpinvert.cli.recipe import read_recipe
from bpinvert.inverter import solving
from bpinvert.inverter.simulations import Simulations
from forward_models import METHODS, Schlumberger

REAL = Path(__file__).parents[1].parent / "shared" / "data" / "ves"
RECIPE = """
[survey]
type = "Schlumberger"
ab2 = {geomspace = [1.5, 300, 12]}

[prior]
n_layers = 3
thickness = [0.5, 100]
resistivity = [1, 1e4]

[noise]
relative = 0.05

[samples]
n = 2000
seed = 3

[training]
hidden = 16
max_epochs = 3
n_calibration = 1000
"""
COMMANDS = ("demo", "simulate", "generate", "train", "invert", "check", "plot", "info")
LAYERS = ["--resistivity", "100", "20", "500", "--thickness", "5", "20"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a recipe, its inverter and a good sheet."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "recipe.toml").write_text(RECIPE)
    code = main(["train", str(folder / "recipe.toml"), "-o", str(folder / "inverter.nc")])
    assert code == 0
    assert main(["simulate", "--ab2", "1.5:300:15", *LAYERS, "-o", str(folder / "good.csv")]) == 0
    return folder


@pytest.fixture
def inverter(trained):
    return ["--inverter", str(trained / "inverter.nc")]


@pytest.fixture
def recipe(tmp_path):
    def write(text, name="recipe.toml"):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    return write


@pytest.fixture
def refused(capsys):
    """Run a command that must fail; gives its one line on stderr."""

    def run(*argv):
        capsys.readouterr()
        assert main([*map(str, argv)]) == 2
        captured = capsys.readouterr()
        progress = ("%|", " [00:")
        lines = [line for line in captured.err.splitlines() if line.strip() and not any(p in line for p in progress)]
        assert len(lines) == 1 and lines[0].startswith("bpinvert: ")
        return lines[0]

    return run


def sheet(folder, *rows, header="AB/2 (m),rhoa (ohm m)", name="sheet.csv"):
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return str(path)


GOOD = [f"{ab2},{rhoa}" for ab2, rhoa in zip((1.5, 5, 15, 50, 150), (100, 90, 40, 50, 120), strict=True)]


# ---------------------------------------------------------------- help and the door


def example_of(command):
    parser = arguments.make_parser()
    epilog = parser._subparsers._group_actions[0].choices[command].epilog
    words = shlex.split(epilog.removeprefix("example:"))
    assert words[0] == "bpinvert" and words[1] == command
    return words[1:]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_shows_an_example_that_parses(command, capsys):
    assert main([command, "--help"]) == 0
    shown = capsys.readouterr().out
    example = example_of(command)
    assert shlex.join(["bpinvert", *example]) in shown
    assert arguments.read_arguments(example).command == command


def test_help_lists_every_command_and_loads_nothing_heavy():
    code = "import sys; from bpinvert.cli import main; main(['--help']); print('numpy' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert all(f"\n    {command} " in shown for command in COMMANDS)
    assert shown.endswith("False\n")


def test_options_and_choices_are_those_of_the_library():
    assert set(arguments.COORDINATES) == {f.name for survey in METHODS.values() for f in fields(survey) if f.init}
    assert arguments.LEVELS == solving.LEVELS
    assert arguments.METHODS == tuple(readers.METHODS)


def test_version_is_the_package_s(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"bpinvert {bp.__version__}\n"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "COMMAND"),
        (["inverse"], "invalid choice: 'inverse'"),
        (["invert"], "SHEET"),
        (["invert", "a.csv", "--level", "best"], "'network', 'refined'"),
        (["train"], "RECIPE.toml"),
        (["simulate", "--resistivity", "ten"], "invalid float value: 'ten'"),
    ],
)
def test_a_wrong_command_line_says_what_is_allowed(argv, said, refused):
    assert said in refused(*argv)


# ---------------------------------------------------------------- simulate


def test_simulate_prints_the_curve_of_the_survey(capsys):
    assert main(["simulate", "--ab2", "1:300:5", *LAYERS]) == 0
    header, *rows = csv.reader(io.StringIO(capsys.readouterr().out))
    assert header == ["ab2 (m)", "apparent_resistivity (ohm m)"]
    ab2 = np.geomspace(1, 300, 5)
    expected = Schlumberger(ab2=ab2)(thickness=[[5, 20]], resistivity=[[100, 20, 500]])[0]
    # six digits are printed
    np.testing.assert_allclose(np.array(rows, dtype=float), np.column_stack([ab2, expected]), rtol=5e-6)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (["--ab2", "1", "10", "--mn2", "0.3"], "Schlumberger"),
        (["--a", "1:50:3"], "Wenner"),
        (["--a", "5", "--n", "1", "2", "3"], "DipoleDipole"),
        (["--a", "5", "--n", "1"], "PoleDipole"),
        (["--a", "5"], "PolePole"),
        (["--period", "0.001:1000:4"], "Magnetotelluric"),
    ],
)
def test_every_survey_shows_a_half_space_as_itself(options, name, capsys):
    assert main(["simulate", "--survey", name, *options, "--resistivity", "50"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert all(float(row["apparent_resistivity (ohm m)"]) == pytest.approx(50, rel=1e-5) for row in rows)
    assert name != "Magnetotelluric" or {row["phase (degree)"] for row in rows} == {"45"}


@pytest.mark.parametrize("suffix", [".csv", ".png", ".svg"])
def test_simulate_writes_a_table_or_a_picture(suffix, tmp_path, capsys):
    path = tmp_path / f"curve{suffix}"
    assert main(["simulate", "--ab2", "1:300:20", *LAYERS, "-o", str(path)]) == 0
    assert path.stat().st_size > 200 and os.listdir(tmp_path) == [path.name]
    assert f"written: {path}" in capsys.readouterr().out


def test_a_printed_curve_is_a_sheet_that_inverts_to_the_typed_layers(tmp_path, inverter, capsys):
    assert main(["simulate", "--ab2", "1.5:300:15", *LAYERS, "-o", str(tmp_path / "curve.png")]) == 0
    (tmp_path / "curve.csv").write_text(capsys.readouterr().out)
    assert main(["invert", str(tmp_path / "curve.csv"), *inverter, "-o", str(tmp_path)]) == 0
    with xr.open_dataset(tmp_path / "results.nc") as result:
        # six printed digits and the refinement's tolerance on chi²
        np.testing.assert_allclose(result["resistivity"][0], [100, 20, 500], rtol=0.02)
        np.testing.assert_allclose(result["thickness"][0], [5, 20], rtol=0.02)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ab2", "1:300"], "LOW:HIGH:COUNT"),
        (["--ab2", "0:300:5"], "LOW:HIGH:COUNT of positive"),
        (["--ab2", "ten"], "'ten'"),
        (["--ab2", "10", "-5"], "ab2[1] = -5 m"),
        (["--ab2", "10", "--mn2", "20"], "smaller than AB/2"),
        (["--a", "10"], "Schlumberger has no --a; it takes --ab2, --mn2"),
        ([], "Schlumberger needs --ab2"),
        (["--survey", "Schlumbergr", "--ab2", "1"], "allowed are Schlumberger, Wenner"),
        (["--ab2", "10", "-o", "curve.xls"], "must end in .csv, .png"),
        (["--ab2", "10", "-o", "no/such/curve.png"], "does not exist. Create it first."),
    ],
)
def test_simulate_says_what_is_wrong_with_its_options(options, said, refused):
    assert said in refused("simulate", *options, *LAYERS)


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (["--resistivity", "100", "20"], "give one fewer"),
        (["--resistivity", "100", "--thickness", "5"], "give one fewer"),
        (["--resistivity", "100", "-20", "--thickness", "5"], "all must be positive"),
        (["--resistivity", "100", "20", "--thickness", "nan"], "all must be positive"),
    ],
)
def test_simulate_says_what_is_wrong_with_the_layers(layers, said, refused):
    assert said in refused("simulate", "--ab2", "10", *layers)


# ---------------------------------------------------------------- recipes


def test_a_recipe_s_keys_are_the_constructors_keywords(recipe):
    read = read_recipe(recipe(RECIPE))
    assert read.survey == Schlumberger(ab2=np.geomspace(1.5, 300, 12))
    assert read.prior == bp.LayeredPrior(n_layers=3, thickness=(0.5, 100), resistivity=(1, 1e4))
    assert read.noise == bp.Noise(relative=0.05)
    assert read.samples == {"n": 2000, "seed": 3}
    assert read.training == {"hidden": 16, "max_epochs": 3} and read.fit == {"n_calibration": 1000}


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
        ("[training]", "[trainng]", ["'trainng'", "[survey], [prior], [noise], [samples], [training]"]),
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


# ---------------------------------------------------------------- generate and train


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
    noisy, calls = Simulations.noisy, []

    def stopped(self, rng):
        calls.append(rng)
        # the first two calls fit the codec and make the validation data; then one for each epoch
        if len(calls) == 5:
            raise KeyboardInterrupt
        return noisy(self, rng)

    with monkeypatch.context() as patch:
        patch.setattr(Simulations, "noisy", stopped)
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


# ---------------------------------------------------------------- invert, check, plot, info


def test_invert_writes_results_models_and_a_picture_of_each_sounding(trained, inverter, tmp_path, capsys):
    rows = [f"{name},{row}" for name in ("P/1", "p 1") for row in GOOD]
    two = sheet(tmp_path, *rows, header="VES,AB/2 (m),rhoa (ohm m)")
    assert main(["invert", str(trained / "good.csv"), two, *inverter, "-o", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert shown.count("layer  ρ (Ω·m)") == 3 and shown.count("chi²/N") >= 3
    assert sorted(os.listdir(tmp_path / "out")) == ["P_1.png", "good.png", "models.csv", "p_1_2.png", "results.nc"]
    result = xr.load_dataset(tmp_path / "out" / "results.nc")
    assert result["name"].values.tolist() == ["good", "P/1", "p 1"]
    assert result["used"].dtype == bool and result["used"].sum(axis=1).values.tolist() == [15, 5, 5]
    with (tmp_path / "out" / "models.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["layer"] for row in rows] == ["1", "2", "3"] * 3
    assert [row["sheet"] for row in rows] == ["good.csv"] * 3 + ["sheet.csv"] * 6
    assert [row["sounding"] for row in rows] == ["good"] * 3 + ["P/1"] * 3 + ["p 1"] * 3
    assert [row["thickness (m)"] == "" for row in rows] == [False, False, True] * 3
    table = np.array([float(row["resistivity (ohm m)"]) for row in rows])
    np.testing.assert_allclose(table, result["resistivity"].values.ravel(), rtol=1e-5)


def test_soundings_written_together_are_those_inverted_alone(trained, inverter, tmp_path):
    short = sheet(tmp_path, *GOOD, header="AB/2 (m),rhoa (ohm m)", name="short.csv")
    good = str(trained / "good.csv")
    for argv, name in (([good, short], "both"), ([short], "alone")):
        assert main(["invert", *argv, *inverter, "-o", str(tmp_path / name)]) == 0
    both, alone = (xr.load_dataset(tmp_path / name / "results.nc") for name in ("both", "alone"))
    second = both.isel(sounding=[1], reading=slice(5)).assign_coords(sounding=[0])
    xr.testing.assert_equal(second, alone)
    assert both["apparent_resistivity"][1, 5:].isnull().all()


def test_a_bad_sheet_among_good_ones_is_reported_and_the_rest_done(trained, inverter, tmp_path, capsys):
    good, bad = str(trained / "good.csv"), sheet(tmp_path, "1.5,100", "5,ninety", "15,40")
    capsys.readouterr()
    assert main(["invert", bad, str(tmp_path / "none.csv"), good, *inverter, "-o", str(tmp_path / "out")]) == 2
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert len(lines) == 2 and all(line.startswith("bpinvert: ") for line in lines)
    assert "row 3, column 'rhoa (ohm m)' holds 'ninety'" in lines[0] and "There is no file" in lines[1]
    assert "layer  ρ (Ω·m)" in captured.out and (tmp_path / "out" / "good.png").exists()


def test_interrupted_inversion_keeps_the_sheets_that_are_done(trained, inverter, tmp_path, refused, monkeypatch):
    read, calls = bp.read_soundings, []

    def stopped(*args, **settings):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return read(*args, **settings)

    good = trained / "good.csv"
    monkeypatch.setattr(bp, "read_soundings", stopped)
    line = refused("invert", good, good, *inverter, "-o", tmp_path / "out")
    assert "1 of 2 sheets are done" in line
    assert xr.load_dataset(tmp_path / "out" / "results.nc").sizes["sounding"] == 1


def test_an_interruption_with_nothing_done_says_so(monkeypatch, refused):
    def stopped(path, method):
        raise KeyboardInterrupt

    monkeypatch.setattr(bp, "read_soundings", stopped)
    assert refused("invert", "a.csv") == "bpinvert: stopped; nothing was kept."


def test_a_flagged_sounding_is_no_error_and_says_what_to_do(inverter, tmp_path, capsys):
    far = sheet(tmp_path, *(f"{ab2},{1e-4 * (1 + i % 2)}" for i, ab2 in enumerate((1.5, 3, 6, 12, 25, 50, 100, 300))))
    for command in ("invert", "check"):
        assert main([command, far, *inverter]) == 0
        text = " ".join(capsys.readouterr().out.split())
        assert "outside the training range: ρa at AB/2 = 1.5 m" in text and "What to do:" in text


def test_check_prints_the_explanation_of_every_sounding(trained, inverter, capsys):
    good = trained / "good.csv"
    assert main(["check", str(good), *inverter]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    observed = bp.read_soundings(good)
    assert bp.explain(bp.load_inverter(trained / "inverter.nc").check(observed)) in shown
    assert "good: 15 readings, 15 used." in shown


def test_the_network_level_is_the_network_s_answer(trained, inverter, tmp_path):
    good = str(trained / "good.csv")
    assert main(["invert", good, *inverter, "--level", "network", "-o", str(tmp_path)]) == 0
    expected = bp.load_inverter(trained / "inverter.nc").invert(bp.read_soundings(good), level="network")
    found = xr.load_dataset(tmp_path / "results.nc")
    np.testing.assert_array_equal(found["resistivity"], expected["resistivity"])


def test_plot_draws_a_sounding_by_name_or_number_from_results_or_a_sheet(trained, inverter, tmp_path, refused):
    rows = [f"{name},{row}" for name in ("7", "A1") for row in GOOD]
    two = sheet(tmp_path, *rows, header="VES,AB/2 (m),rhoa (ohm m)")
    assert main(["invert", two, *inverter, "-o", str(tmp_path)]) == 0
    results, pictures = str(tmp_path / "results.nc"), []
    for source in ([results], [two, *inverter]):
        for sounding in ("A1", "1", "7"):
            path = tmp_path / "picture.png"
            assert main(["plot", *source, "--sounding", sounding, "-o", str(path)]) == 0
            pictures.append(path.read_bytes())
    assert pictures[0] == pictures[1] == pictures[3] == pictures[4] and pictures[2] == pictures[5]
    assert pictures[0] != pictures[2]
    assert "there are 7, A1" in refused("plot", results, "--sounding", "B", "-o", tmp_path / "x.png")
    assert "must end in .png" in refused("plot", results, "-o", tmp_path / "x.bmp")
    assert "holds an inverter" in refused("plot", trained / "inverter.nc", "-o", tmp_path / "x.png")
    assert "does not exist" in refused("plot", tmp_path / "none.nc", "-o", tmp_path / "x.png")


def test_a_prior_of_one_layer_goes_all_the_way(recipe, tmp_path, capsys):
    text = RECIPE.replace("n_layers = 3\nthickness = [0.5, 100]", "n_layers = 1")
    assert main(["train", recipe(text), "-o", str(tmp_path / "i.nc")]) == 0
    half_space = sheet(tmp_path, *(f"{ab2},50" for ab2 in (1.5, 5, 15, 50, 150)))
    capsys.readouterr()
    assert main(["invert", half_space, "--inverter", str(tmp_path / "i.nc"), "-o", str(tmp_path)]) == 0
    assert "\n      1       50      ∞          ∞\n" in capsys.readouterr().out
    assert main(["plot", str(tmp_path / "results.nc"), "-o", str(tmp_path / "again.png")]) == 0
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "sheet.png").read_bytes()


def test_info_tells_the_three_kinds_of_file_apart(trained, inverter, tmp_path, recipe, capsys, refused):
    assert main(["generate", recipe(RECIPE), "-n", "600", "-o", str(tmp_path / "s.nc")]) == 0
    assert main(["invert", str(trained / "good.csv"), *inverter, "-o", str(tmp_path)]) == 0
    told = {"s.nc": "samples", "results.nc": "result", str(trained / "inverter.nc"): "inverter"}
    for name, kind in told.items():
        capsys.readouterr()
        assert main(["info", str(tmp_path / name)]) == 0
        shown = capsys.readouterr().out
        assert shown.startswith(f"{tmp_path / name}: {kind}\n")
        assert "Schlumberger, 12 readings of apparent_resistivity, ab2 1.5–300 m" in shown
        assert "LayeredPrior(n_layers=3, thickness=(0.5, 100), resistivity=(1, 10000))" in shown
        assert f"numpy {np.__version__}" in shown
    assert "-16-5 neurons, 3 epochs" in shown and "refined: 1000 soundings" in shown


def test_info_tells_what_results_of_several_inverters_have_in_common(trained, inverter, tmp_path, capsys):
    assert main(["invert", str(trained / "good.csv"), *inverter, "-o", str(tmp_path)]) == 0
    mixed = xr.load_dataset(tmp_path / "results.nc")
    for name in ("survey", "prior", "noise"):
        del mixed.attrs[name]
    mixed.to_netcdf(tmp_path / "mixed.nc", engine="scipy")
    capsys.readouterr()
    assert main(["info", str(tmp_path / "mixed.nc")]) == 0
    shown = capsys.readouterr().out
    assert "1, 1 inverted, 0 flagged at 1 % false alarms" in shown and "prior" not in shown


def test_an_interruption_while_drawing_keeps_the_numbers(trained, inverter, tmp_path, refused, monkeypatch):
    from bpinvert.cli import invert

    def stopped(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(invert, "draw_sounding", stopped)
    line = refused("invert", trained / "good.csv", *inverter, "-o", tmp_path)
    assert "results.nc and models.csv are in" in line
    assert sorted(os.listdir(tmp_path)) == ["models.csv", "results.nc"]


def test_info_refuses_what_bpinvert_did_not_write(trained, tmp_path, refused):
    assert "is not a netCDF-3 file" in refused("info", trained / "good.csv")
    assert "does not exist" in refused("info", tmp_path / "none.nc")
    assert "is a folder" in refused("info", tmp_path)
    xr.Dataset({"t": ("x", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="scipy")
    assert "not written by bpinvert" in refused("info", tmp_path / "other.nc")
    whole = (trained / "inverter.nc").read_bytes()
    (tmp_path / "cut.nc").write_bytes(whole[: len(whole) // 2])
    assert "damaged" in refused("info", tmp_path / "cut.nc")


# ---------------------------------------------------------------- bad sheets


@pytest.mark.parametrize(
    ("rows", "header", "said"),
    [
        (["1.5,100", "5,ninety", "15,40"], "AB/2 (m),rhoa (ohm m)", "row 3, column 'rhoa (ohm m)' holds 'ninety'"),
        (["1.5,100", "5,90", "15,40"], "AB/2 (m),value", "needs AB/2 or AB or Wenner's a, apparent resistivity"),
        (["1.5,2,9", "5,1,9", "15,1,9"], "AB/2 (m),MN/2 (m),rhoa (ohm m)", "MN must be smaller than AB"),
        ([], "AB/2 (m),rhoa (ohm m)", "headers but no readings"),
    ],
)
def test_a_sheet_that_cannot_be_read_is_one_line_naming_the_place(rows, header, said, tmp_path, inverter, refused):
    bad = sheet(tmp_path, *rows, header=header)
    for command in ("invert", "check"):
        line = refused(command, bad, *inverter)
        assert said in line and "sheet.csv" in line


def test_files_of_the_wrong_kind_are_refused(trained, tmp_path, inverter, refused):
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    (tmp_path / "empty.csv").touch()
    assert "neither a table of text" in refused("invert", tmp_path / "picture.png", *inverter)
    assert "is empty" in refused("invert", tmp_path / "empty.csv", *inverter)
    assert "is a folder" in refused("invert", tmp_path, *inverter)
    good = trained / "good.csv"
    assert "not a netCDF-3 file" in refused("invert", good, "--inverter", good)
    assert "does not exist" in refused("invert", good, "--inverter", tmp_path / "none.nc")
    assert "is a file. Name a folder." in refused("invert", good, *inverter, "-o", good)
    assert "phase" in refused("invert", good, *inverter, "--method", "mt")


def test_two_readings_are_not_inverted_and_that_is_said(tmp_path, inverter, capsys):
    assert main(["invert", sheet(tmp_path, *GOOD[:2]), *inverter, "-o", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "not inverted" in shown and "at least 3" in shown and "ρ (Ω·m)" not in shown
    assert (tmp_path / "out" / "sheet.png").exists()
    assert (
        (tmp_path / "out" / "models.csv")
        .read_text(encoding="utf-8-sig")
        .endswith("\nsheet.csv,sheet,,,,,,,not inverted\n")
    )


def test_two_readings_and_no_inverter_are_refused(tmp_path, refused):
    assert "at least 3" in refused("invert", sheet(tmp_path, *GOOD[:2]))


def test_a_negative_reading_is_masked_and_that_is_said(tmp_path, inverter, capsys):
    assert main(["invert", sheet(tmp_path, *GOOD, "300,-80"), *inverter, "-o", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "6 readings, 5 used" in shown
    assert "Row 7: apparent resistivity is -80 ohm m, not positive; the reading is kept but not used." in shown
    assert xr.load_dataset(tmp_path / "results.nc")["used"].values.tolist() == [[True] * 5 + [False]]


def test_unsorted_readings_are_sorted_and_that_is_said(tmp_path, inverter, capsys):
    for name, rows in (("sorted", GOOD), ("unsorted", GOOD[::-1])):
        (tmp_path / name).mkdir()
        path = sheet(tmp_path / name, *rows)
        assert main(["invert", path, *inverter, "-o", str(tmp_path / name)]) == 0
    assert "the readings were not in order of AB/2; they were sorted" in capsys.readouterr().out
    first, second = (xr.load_dataset(tmp_path / name / "results.nc") for name in ("sorted", "unsorted"))
    xr.testing.assert_equal(first, second)


# ---------------------------------------------------------------- the process


def run_process(*argv, **environment):
    return subprocess.run(
        [sys.executable, "-m", "bpinvert", *map(str, argv)], capture_output=True, env=os.environ | environment
    )


def test_the_process_ends_with_2_and_one_line_on_stderr(tmp_path):
    done = run_process("check", tmp_path / "none.csv")
    assert done.returncode == 2 and done.stdout == b""
    assert done.stderr.decode().startswith("bpinvert: There is no file") and done.stderr.count(b"\n") == 1


def test_a_console_of_western_windows_gets_question_marks_and_no_traceback(trained):
    done = run_process("invert", trained / "good.csv", "--inverter", trained / "inverter.nc", PYTHONIOENCODING="cp1252")
    assert done.returncode == 0 and done.stderr == b""
    assert "layer  ? (?·m)" in done.stdout.decode("cp1252")


# ---------------------------------------------------------------- the demo and real sheets


def test_the_demo_finds_the_published_conductance_of_wauchope(tmp_path, capsys):
    assert main(["demo", "-o", str(tmp_path / "demo")]) == 0
    shown = capsys.readouterr().out
    result = xr.load_dataset(tmp_path / "demo" / "wauchope.nc")
    # 42–55 S: the S-line through the last four readings, AB/2 over rhoa
    conductance = float(shown.split("S = Σ h/ρ: ")[1].split(" S")[0])
    assert 42 <= conductance <= 55
    assert float(result["chi2"][0]) <= 1.5
    assert "What to do" in shown and str(tmp_path / "demo" / "wauchope.png") in shown
    assert sorted(os.listdir(tmp_path / "demo")) == ["wauchope.nc", "wauchope.png"]


def test_the_shipped_inverter_serves_its_own_geometry_without_being_named(tmp_path, capsys):
    assert main(["demo", "-o", str(tmp_path)]) == 0
    wauchope = Path(bp.__file__).parent / "data" / "wauchope.csv"
    assert main(["invert", str(wauchope), "-o", str(tmp_path)]) == 0
    demo, result = (xr.load_dataset(tmp_path / name) for name in ("wauchope.nc", "results.nc"))
    np.testing.assert_array_equal(result["resistivity"], demo["resistivity"])


@pytest.mark.skipif(not REAL.is_dir(), reason="real soundings are read from ../shared/data/ves, which is absent")
def test_a_real_sounding_is_fitted_as_well_as_by_its_published_interpretation(inverter, tmp_path):
    assert main(["invert", str(REAL / "rves_ves_data1.csv"), *inverter, "-o", str(tmp_path)]) == 0
    # three layers by hand, 4.9 % rms (khaors/rves, vignette on model selection); its basement has 20.2 Ω·m
    result = xr.load_dataset(tmp_path / "results.nc")
    assert float(result["rrms"][0]) < 4.9
    assert float(result["resistivity"][0, 2]) == pytest.approx(20.2, rel=0.1)


@pytest.mark.skipif(not REAL.is_dir(), reason="real soundings are read from ../shared/data/ves, which is absent")
def test_real_sheets_are_inverted_or_refused_in_one_line_each(inverter, tmp_path, capsys):
    sheets = sorted(path for path in REAL.iterdir() if not path.name.endswith(".txt"))
    assert main(["invert", *map(str, sheets), *inverter, "-o", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    refusals = captured.err.splitlines()
    assert all(line.startswith("bpinvert: ") for line in refusals)
    inverted = xr.load_dataset(tmp_path / "results.nc")["name"].values.tolist()
    assert {"gwb_myanmar_Mawlamyine_4", "gwb_myanmar_AungSan_loc1", "rves_ves_data1"} <= set(inverted)
    assert len(refusals) + len(inverted) == len(sheets)
