"""Many sheets at once: which files words mean, what a column means, progress and the closing line."""

import os
import sys

import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert.cli import invert as invert_command
from bpinvert.cli import main
from bpinvert.cli.output import number
from bpinvert.cli.soundings import find_sheets
from bpinvert.results import STATUS
from tests.cli import GOOD, sheet


@pytest.fixture
def folder(tmp_path):
    """A folder as a field crew leaves it."""
    folder = tmp_path / "line 7"
    (folder / "older").mkdir(parents=True)
    for name in ("b.CSV", "a.csv", "c.xlsx", "d.txt", "e.dat", "f.ves", "~$c.xlsx", ".g.csv", "photo.jpg", "h.xls"):
        (folder / name).touch()
    (folder / "older" / "i.csv").touch()
    return folder


def names(words):
    sheets, faults = find_sheets([str(word) for word in words])
    assert not faults
    return [os.path.basename(path) for path in sheets]


def test_a_folder_stands_for_the_sheets_in_it(folder):
    assert names([folder]) == ["a.csv", "b.CSV", "c.xlsx", "d.txt", "e.dat", "f.ves"]


def test_a_pattern_that_the_shell_left_alone_is_expanded(folder):
    assert names([folder / "*.xlsx", folder / "[ad].*"]) == ["c.xlsx", "a.csv", "d.txt"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(folder):
    (folder / "a[1].csv").touch()
    (folder / "a1.csv").touch()
    assert names([folder / "a[1].csv"]) == ["a[1].csv"]


def test_what_an_earlier_run_wrote_is_no_sheet_but_a_sheet_of_that_name_is(folder):
    for name in ("models.csv", "models.xlsx"):
        (folder / name).touch()
    assert {"models.csv", "models.xlsx"} <= set(names([folder]))
    (folder / "results.nc").touch()
    for word in (folder, folder / "*.*"):
        assert not {"models.csv", "models.xlsx", "results.nc"} & set(names([word]))


def test_words_that_mean_no_sheet_are_told_in_one_line_each(tmp_path, refused):
    assert "no file matches" in refused("invert", tmp_path / "*.xlsx")
    assert "has no field sheet in it; sheets end in .csv, .txt" in refused("invert", tmp_path)


def test_a_folder_of_good_and_bad_sheets_ends_in_a_count(inverter, tmp_path, capsys):
    far = [f"{ab2},{1e-4 * (1 + i % 2)}" for i, ab2 in enumerate((1.5, 3, 6, 12, 25, 50, 100, 300))]
    for name, rows in (("a.csv", GOOD), ("b.csv", ["1.5,ninety"]), ("c.csv", far), ("d.txt", ["no table"])):
        sheet(tmp_path, *rows, name=name)
    assert main(["invert", str(tmp_path), str(tmp_path / "*.xlsx"), *inverter, "-o", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.out.endswith("\n2 soundings of 2 sheets, 1 flagged, 3 sheets not read.\n")
    assert len(captured.err.splitlines()) == 3
    # the second run does not take models.csv and models.xlsx of the first for sheets
    assert main(["invert", str(tmp_path), *inverter, "-o", str(tmp_path)]) == 2
    assert capsys.readouterr().out.endswith("\n2 soundings of 2 sheets, 1 flagged, 2 sheets not read.\n")


def test_one_good_sheet_is_counted_in_the_singular(trained, inverter, capsys):
    assert main(["invert", str(trained / "good.csv"), *inverter]) == 0
    assert capsys.readouterr().out.endswith("\n1 sounding of 1 sheet, 0 flagged.\n")


@pytest.mark.parametrize("terminal", [True, False])
def test_sheets_are_counted_on_a_terminal_only(terminal, trained, inverter, tmp_path, capsys, monkeypatch):
    sheet(tmp_path, *GOOD, name="other.csv")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    assert main(["invert", str(trained / "good.csv"), str(tmp_path / "other.csv"), *inverter]) == 0
    shown = capsys.readouterr().err
    assert [f"sheet {i} of 2, {name}" in shown for i, name in ((1, "good.csv"), (2, "other.csv"))] == [terminal] * 2
    assert terminal or not shown


def test_columns_are_named_to_the_reader_and_only_where_given(trained, inverter, tmp_path, monkeypatch):
    read, given = bp.read_soundings, []

    def reader(path, method, **more):
        given.append(more)
        return read(path, method)

    monkeypatch.setattr(bp, "read_soundings", reader)
    good, columns = str(trained / "good.csv"), ["--column", "ρ = k·U/I=apparent_resistivity", "--column", "L=ab2"]
    for argv in (["invert"], ["check"], ["plot", "-o", str(tmp_path / "p.png")]):
        assert main([*argv, good, *inverter]) == 0
        assert main([*argv, good, *inverter, *columns]) == 0
    # an = within a header belongs to it
    assert given == [{}, {"columns": {"ρ = k·U/I": "apparent_resistivity", "L": "ab2"}}] * 3


def test_displaced_segments_are_named_with_their_displacement(trained, inverter, tmp_path, capsys, monkeypatch):
    invert, mn2 = bp.invert, np.repeat([0.3, 5, 10, 20], [6, 4, 3, 2])

    def displaced(*args, **settings):
        result = invert(*args, **settings)
        shift = np.repeat([1, 1.35, 0.96, 1.01], [6, 4, 3, 2])
        table = ("sounding", "reading")
        moved = {"mn2": (table, mn2[None], {"units": "m"}), "segment_shift": (table, shift[None], {"units": "1"})}
        return result.assign(moved).assign(status=result["status"] | STATUS["segments_shifted"][0])

    good = str(trained / "good.csv")
    assert main(["invert", good, *inverter]) == 0
    assert "displaced" not in capsys.readouterr().out
    monkeypatch.setattr(bp, "invert", displaced)
    assert main(["invert", good, *inverter]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Note: readings of some MN segments are displaced: MN/2 = 5 m by +35 %, 10 m by -4 %." in shown


def test_results_with_other_numbers_of_layers_are_joined(trained, inverter, tmp_path, monkeypatch):
    invert = bp.invert

    def two_layers(observed, **settings):
        result = invert(observed, **settings)
        if observed.sizes["reading"] == 15:
            return result
        return result.isel(layer=slice(2), interface=slice(1)).assign(n_layers=result["n_layers"] * 0 + 2)

    monkeypatch.setattr(bp, "invert", two_layers)
    short = sheet(tmp_path, *GOOD, name="short.csv")
    assert main(["invert", short, str(trained / "good.csv"), *inverter, "-o", str(tmp_path)]) == 0
    result = xr.load_dataset(tmp_path / "results.nc")
    assert np.isfinite(result["resistivity"].values).tolist() == [[True, True, False], [True] * 3]
    assert np.isfinite(result["thickness"].values).tolist() == [[True, False], [True] * 2]


def test_readings_of_a_sheet_without_segments_are_displaced_by_nothing(trained, inverter, tmp_path, monkeypatch):
    invert = bp.invert

    def displaced(observed, **settings):
        result = invert(observed, **settings)
        if observed.sizes["reading"] < 15:
            return result
        return result.assign(segment_shift=result["ab2"] * 0 + 1.35)

    monkeypatch.setattr(bp, "invert", displaced)
    short = sheet(tmp_path, *GOOD, name="short.csv")
    assert main(["invert", short, str(trained / "good.csv"), *inverter, "-o", str(tmp_path)]) == 0
    shift = xr.load_dataset(tmp_path / "results.nc")["segment_shift"].values
    np.testing.assert_array_equal(shift, [[1.0] * 5 + [np.nan] * 10, [1.35] * 15])


def test_a_thousand_is_written_out():
    assert [number(value) for value in (999.9999, 999.4, 12.34, 1234.5, np.inf)] == ["1000", "999", "12.3", "1234", "∞"]


def test_very_many_soundings_are_drawn_side_by_side_and_explained_once(
    trained, inverter, tmp_path, monkeypatch, capsys
):
    rows = [f"{name},{row}" for name in ("A", "B", "C") for row in GOOD]
    line = sheet(tmp_path, *rows, header="VES,AB/2 (m),rhoa (ohm m)", name="line 7.csv")
    explain, asked = bp.explain, []
    monkeypatch.setattr(invert_command, "explain", lambda result, k: asked.append(k) or explain(result, k))
    monkeypatch.setattr(invert_command, "_MOST_PICTURES", 2)
    assert main(["invert", line, *inverter, "-o", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert sorted(os.listdir(tmp_path / "out")) == ["models.csv", "models.xlsx", "results.nc", "section_line_7.png"]
    assert "and 1 picture in" in shown and "results.nc --sounding NAME -o picture.png` draws one." in shown
    assert asked == [0, 1, 2]
    result = xr.load_dataset(tmp_path / "out" / "results.nc")
    assert result["explanation"].values.tolist() == [explain(result, k) for k in range(3)]
    assert set(result["picture"].values) == {"section_line_7.png"}
