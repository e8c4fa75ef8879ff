"""Posteriors from the command line: what is printed, written and drawn, and whether they are true."""

import csv
import shutil

import numpy as np
import openpyxl
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert import calibration
from bpinvert.cli import main
from bpinvert.cli.files import open_result
from tests.cli import GOOD, RECIPE, sheet


@pytest.fixture(scope="module")
def written(trained, tmp_path_factory):
    """A good sounding, and one of two readings, with their posteriors; and what was printed."""
    folder = tmp_path_factory.mktemp("posterior")
    few = sheet(folder, *GOOD[:2], name="few.csv")
    argv = ["invert", str(trained / "good.csv"), few, "--inverter", str(trained / "inverter.nc")]
    assert main([*argv, "--level", "posterior", "--draws", "60", "-o", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def result(written):
    return xr.load_dataset(written / "results.nc")


@pytest.fixture(scope="module")
def ends(result):
    """(5 %, 95 %) of a variable of the good sounding."""
    return lambda name: result[f"{name}_quantile"].isel(sounding=0).sel(quantile=[0.05, 0.95]).values


@pytest.fixture(scope="module")
def calibrated(trained, tmp_path_factory):
    """A copy of the inverter with a report on its posteriors."""
    path = tmp_path_factory.mktemp("calibrated") / "inverter.nc"
    shutil.copy(trained / "inverter.nc", path)
    assert main(["calibrate", str(path), "-n", "20", "--seed", "4"]) == 0
    return path


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_results_have_as_many_draws_as_asked_for(result):
    assert result.sizes["draw"] == 60 and result.attrs["level"] == "posterior"
    assert np.isfinite(result["resistivity_draws"].isel(sounding=0)).all()


def test_the_csv_has_intervals_of_each_layer_after_its_old_columns(written, result, ends):
    rows = rows_of(written / "models.csv")
    names = list(rows[0])
    assert names[3:7] == ["resistivity (ohm m)", "thickness (m)", "depth (m)", "chi2"]
    assert names[names.index("picture") + 1 :] == [
        "resistivity_q05 (ohm m)", "resistivity_q95 (ohm m)", "thickness_q05 (m)", "thickness_q95 (m)",
        "depth_q05 (m)", "depth_q95 (m)", "total_conductance_q05 (S)", "total_conductance_q95 (S)",
        "total_transverse_resistance_q05 (ohm m2)", "total_transverse_resistance_q95 (ohm m2)", "layer_probability",
        "ess", "pareto_k",
    ]  # fmt: skip
    good, units = rows[:3], {"resistivity": "ohm m", "thickness": "m", "depth": "m"}
    for name, unit in units.items():
        found = [[row[f"{name}_{end} ({unit})"] for end in ("q05", "q95")] for row in good]
        if name != "resistivity":
            assert found.pop() == ["", ""]
        np.testing.assert_allclose(np.array(found, dtype=float), ends(name).T, rtol=5e-6)
    for name in ("conductance", "transverse_resistance"):
        columns = [key for key in names if key.startswith(f"total_{name}_q")]
        for row in good:
            np.testing.assert_allclose([float(row[key]) for key in columns], ends(name), rtol=5e-6)
    for name in ("ess", "pareto_k"):
        np.testing.assert_allclose([float(row[name]) for row in good], float(result[name][0]), rtol=5e-6)
    assert {row["layer_probability"] for row in good} == {"1"}


def test_a_sounding_without_a_posterior_leaves_its_columns_empty(written):
    few = rows_of(written / "models.csv")[3]
    assert few["flag"] == "not inverted" and few["ess"] == few["resistivity_q05 (ohm m)"] == ""


def test_the_workbook_has_each_interval_beside_its_value(written, result, ends):
    book = openpyxl.load_workbook(written / "models.xlsx")
    header, *layers = book["models"].iter_rows(values_only=True)
    at = header.index("ρ (Ω·m)")
    assert header[at : at + 3] == ("ρ (Ω·m)", "ρ 5 % (Ω·m)", "ρ 95 % (Ω·m)")
    found = np.array([row[at + 1 : at + 3] for row in layers[:3]], dtype=float)
    np.testing.assert_allclose(found, ends("resistivity").T, rtol=1e-15)
    header, good, few = book["soundings"].iter_rows(values_only=True)
    good, few = dict(zip(header, good, strict=True)), dict(zip(header, few, strict=True))
    np.testing.assert_allclose([good["S 5 % (S)"], good["S 95 % (S)"]], ends("conductance"), rtol=1e-15)
    np.testing.assert_allclose([good["T 5 % (Ω·m²)"], good["T 95 % (Ω·m²)"]], ends("transverse_resistance"), rtol=1e-15)
    assert good["probability of so many layers (%)"] == 100
    assert good["effective sample size"] == pytest.approx(float(result["ess"][0]), rel=1e-15)
    assert few["S 5 % (S)"] is few["Pareto k̂"] is None


def test_other_levels_have_no_columns_of_a_posterior(trained, inverter, tmp_path):
    assert main(["invert", str(trained / "good.csv"), *inverter, "-o", str(tmp_path)]) == 0
    assert list(rows_of(tmp_path / "models.csv")[0])[-1] == "picture"
    header = next(openpyxl.load_workbook(tmp_path / "models.xlsx")["models"].iter_rows(values_only=True))
    assert not any("%" in name for name in header)


def test_intervals_conductance_and_what_is_known_are_printed(trained, inverter, capsys, result, ends):
    argv = ["invert", str(trained / "good.csv"), *inverter, "--level", "posterior", "--layers", "3", "--draws", "60"]
    assert main(argv) == 0
    shown = capsys.readouterr().out
    assert "layer  ρ (Ω·m)" in shown and "ρ 90 %" in shown and "depth 90 %" in shown
    low, high = ends("conductance")
    assert f"above the half-space, 90 %: S {low:.3g}–{high:.3g} S, T " in shown
    text = " ".join(shown.split())
    assert "(90 % intervals)" in text and bp.explain(result, 0) in text
    assert not any(line.endswith(" ") for line in shown.splitlines())


def test_a_number_of_layers_that_the_prior_does_not_have_is_refused(trained, inverter, refused):
    argv = ["invert", trained / "good.csv", *inverter, "--layers", "7"]
    assert "n_layers is 7; this inverter's prior allows 'auto' or one of 3" in refused(*argv)


def test_the_report_of_calibrate_is_in_the_file_and_is_what_the_library_finds(trained, calibrated):
    again = bp.load_inverter(trained / "inverter.nc").calibrate("posterior", n=20, seed=4)
    found = bp.load_inverter(calibrated)
    assert calibration.lines(found.reports["posterior"]) == calibration.lines(again.reports["posterior"])
    assert found.calibrations.keys() == again.calibrations.keys()


def test_info_shows_the_report(calibrated, capsys):
    capsys.readouterr()
    assert main(["info", str(calibrated)]) == 0
    shown = capsys.readouterr().out
    for line in calibration.lines(bp.load_inverter(calibrated).reports["posterior"]):
        assert not line or f"\n  {line}\n" in shown + "\n"


def test_info_of_an_inverter_without_a_report_names_the_command(trained, capsys):
    assert main(["info", str(trained / "inverter.nc")]) == 0
    assert "`bpinvert calibrate` makes that on posteriors" in capsys.readouterr().out


def test_calibrate_can_leave_the_file_as_it_is(trained, tmp_path, capsys):
    before, other = (trained / "inverter.nc").read_bytes(), tmp_path / "other.nc"
    argv = ["calibrate", str(trained / "inverter.nc"), "-n", "2", "-o", str(other)]
    assert main(argv) == 0
    assert (trained / "inverter.nc").read_bytes() == before and "posterior" in bp.load_inverter(other).reports
    assert "posterior, 3 layers: 2 simulations" in capsys.readouterr().out


def test_calibrate_refuses_what_is_no_inverter_and_too_few_simulations(trained, written, tmp_path, refused):
    assert "not written by bpinvert" in refused("calibrate", written / "results.nc", "-n", "2")
    assert "must end in .nc" in refused("calibrate", trained / "inverter.nc", "-o", tmp_path / "x.txt")
    assert "n is 0" in refused("calibrate", trained / "inverter.nc", "-n", "0", "-o", tmp_path / "x.nc")


def test_plot_draws_the_report_of_an_inverter(calibrated, tmp_path):
    pictures = []
    for more in ([], ["--level", "posterior"], ["--level", "network"]):
        assert main(["plot", str(calibrated), *more, "-o", str(tmp_path / "x.png")]) == 0
        pictures.append((tmp_path / "x.png").read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]


def test_plot_of_an_inverter_without_a_report_names_the_command(trained, tmp_path, refused):
    inverter = bp.load_inverter(trained / "inverter.nc")
    inverter.reports = {}
    inverter.save(tmp_path / "bare.nc")
    line = refused("plot", tmp_path / "bare.nc", "-o", tmp_path / "x.png")
    assert "holds an inverter without a report" in line and "`bpinvert calibrate" in line


def test_a_recipe_asks_for_a_calibration(recipe, refused):
    table = "[calibration]\nn = 500\nseed = 2\n"
    assert bp.cli.recipe.read_recipe(recipe(RECIPE)).calibration == {}
    assert bp.cli.recipe.read_recipe(recipe(RECIPE + table)).calibration == {"level": "posterior", "n": 500, "seed": 2}
    assert "level is 'best'" in refused("train", recipe(RECIPE + '[calibration]\nlevel = "best"\n'))
    assert "n is -1" in refused("train", recipe(RECIPE + "[calibration]\nn = -1\n"))


def test_posteriors_of_one_layer_go_all_the_way(recipe, tmp_path, capsys):
    text = RECIPE.replace("n_layers = 3\nthickness = [0.5, 100]", "n_layers = 1") + "[calibration]\nn = 20\n"
    assert main(["train", recipe(text), "-o", str(tmp_path / "i.nc")]) == 0
    assert bp.load_inverter(tmp_path / "i.nc").reports["posterior"].sections[1].n == 20
    half_space = sheet(tmp_path, *(f"{ab2},50" for ab2 in (1.5, 5, 15, 50, 150)))
    capsys.readouterr()
    argv = ["invert", half_space, "--inverter", str(tmp_path / "i.nc"), "--level", "posterior", "-o", str(tmp_path)]
    assert main(argv) == 0
    assert "The data set ρ1 4" in " ".join(capsys.readouterr().out.split())
    assert "The data set ρ1 4" in bp.explain(open_result(tmp_path / "results.nc"))
