"""Sheets inverted: what is written and said, and what is refused."""

import csv
import os

import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert.cli import main
from tests.cli import GOOD, RECIPE, sheet


def test_invert_writes_results_models_and_a_picture_of_each_sounding(trained, inverter, tmp_path, capsys):
    rows = [f"{name},{row}" for name in ("P/1", "p 1") for row in GOOD]
    two = sheet(tmp_path, *rows, header="VES,AB/2 (m),rhoa (ohm m)")
    assert main(["invert", str(trained / "good.csv"), two, *inverter, "-o", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert shown.count("layer  ρ (Ω·m)") == 3 and shown.count("chi²/N") >= 3
    assert sorted(os.listdir(tmp_path / "out")) == [
        "P_1.png", "good.png", "models.csv", "models.xlsx", "p_1_2.png", "results.nc",
    ]  # fmt: skip
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


def test_a_file_open_in_another_program_is_reported_and_the_others_written(
    trained, inverter, tmp_path, refused, monkeypatch
):
    from bpinvert.cli import invert

    def locked(*args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(invert, "write_models", locked)
    line = refused("invert", trained / "good.csv", *inverter, "-o", tmp_path)
    assert f"cannot write {tmp_path / 'models.csv'}: it is open in another program" in line
    assert sorted(os.listdir(tmp_path)) == ["good.png", "models.xlsx", "results.nc"]


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


def test_the_network_level_is_the_network_s_answer(trained, inverter, tmp_path):
    good = str(trained / "good.csv")
    assert main(["invert", good, *inverter, "--level", "network", "-o", str(tmp_path)]) == 0
    expected = bp.load_inverter(trained / "inverter.nc").invert(bp.read_soundings(good), level="network")
    found = xr.load_dataset(tmp_path / "results.nc")
    np.testing.assert_array_equal(found["resistivity"], expected["resistivity"])


def test_a_prior_of_one_layer_goes_all_the_way(recipe, tmp_path, capsys):
    text = RECIPE.replace("n_layers = 3\nthickness = [0.5, 100]", "n_layers = 1")
    assert main(["train", recipe(text), "-o", str(tmp_path / "i.nc")]) == 0
    half_space = sheet(tmp_path, *(f"{ab2},50" for ab2 in (1.5, 5, 15, 50, 150)))
    capsys.readouterr()
    assert main(["invert", half_space, "--inverter", str(tmp_path / "i.nc"), "-o", str(tmp_path)]) == 0
    assert "\n      1       50      ∞          ∞\n" in capsys.readouterr().out
    assert main(["plot", str(tmp_path / "results.nc"), "-o", str(tmp_path / "again.png")]) == 0
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "sheet.png").read_bytes()


def test_an_interruption_while_drawing_keeps_the_numbers(trained, inverter, tmp_path, refused, monkeypatch):
    from bpinvert.cli import invert

    def stopped(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(invert, "draw_sounding", stopped)
    line = refused("invert", trained / "good.csv", *inverter, "-o", tmp_path)
    assert "results.nc, models.csv and models.xlsx are in" in line
    assert sorted(os.listdir(tmp_path)) == ["models.csv", "models.xlsx", "results.nc"]


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
    assert "is a folder" in refused("plot", tmp_path, *inverter, "-o", tmp_path / "p.png")
    good = trained / "good.csv"
    assert "not a netCDF-3 file" in refused("invert", good, "--inverter", good)
    assert "does not exist" in refused("invert", good, "--inverter", tmp_path / "none.nc")
    assert "is a file. Name a folder." in refused("invert", good, *inverter, "-o", good)
    assert "phase" in refused("invert", good, *inverter, "--method", "mt")


def test_sheets_of_one_name_and_their_pictures_can_be_told_apart(inverter, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = []
    for folder in ("north", "south"):
        os.mkdir(folder)
        words.append(os.path.relpath(sheet(tmp_path / folder, *GOOD, header="AB/2,rhoa", name="ves1.csv")))
    assert main(["invert", *words, *inverter, "-o", "out"]) == 0
    with open("out/models.csv", encoding="utf-8-sig", newline="") as file:
        places = {(row["sheet"], row["sounding"], row["picture"]) for row in csv.DictReader(file)}
    assert places == {(words[0], "ves1", "ves1.png"), (words[1], "ves1", "ves1_2.png")}
    assert {"ves1.png", "ves1_2.png"} < set(os.listdir("out"))
    assert xr.load_dataset("out/results.nc")["picture"].values.tolist() == ["ves1.png", "ves1_2.png"]
    assert "earlier results" not in capsys.readouterr().out
    assert main(["invert", words[0], *inverter, "-o", "out"]) == 0
    assert "out holds earlier results: its tables are replaced" in capsys.readouterr().out


def test_two_readings_are_not_inverted_and_that_is_said(tmp_path, inverter, capsys):
    assert main(["invert", sheet(tmp_path, *GOOD[:2]), *inverter, "-o", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "not inverted" in shown and "at least 3" in shown and "ρ (Ω·m)" not in shown
    assert (tmp_path / "out" / "sheet.png").exists()
    models = (tmp_path / "out" / "models.csv").read_text(encoding="utf-8-sig")
    assert models.endswith("\nsheet.csv,sheet,,,,,,,not inverted,,,,,sheet.png\n")


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
