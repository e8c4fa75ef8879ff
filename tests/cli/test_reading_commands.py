"""What `bpinvert check`, `plot` and `info` say of sheets and files."""

import numpy as np
import xarray as xr

import bpinvert as bp
from bpinvert.cli import main
from tests.cli import GOOD, RECIPE, sheet


def test_check_prints_the_explanation_of_every_sounding(trained, inverter, capsys):
    good = trained / "good.csv"
    assert main(["check", str(good), *inverter]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    observed = bp.read_soundings(good)
    assert bp.explain(bp.load_inverter(trained / "inverter.nc").check(observed)) in shown
    assert "good: 15 readings, 15 used." in shown


def test_columns_that_are_each_a_sounding_are_said_to_be_so(trained, inverter, tmp_path, capsys, refused):
    rows = [f"{row},{2 * float(row.split(',')[1])}" for row in GOOD]
    two = sheet(tmp_path, *rows, header="AB/2 (m),rho_1 (ohm m),rho_2 (ohm m)")
    assert "too much for repeats of one measurement" in refused("check", two, *inverter)
    stated = [f"--column=rho_{k} (ohm m)=VES {k} rhoa (ohm m)" for k in (1, 2)]
    assert main(["check", two, *inverter, *stated]) == 0
    shown = capsys.readouterr().out
    assert "VES 1: 5 readings, 5 used." in shown and "VES 2: 5 readings, 5 used." in shown


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
    assert "does not exist" in refused("plot", tmp_path / "none.nc", "-o", tmp_path / "x.png")


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
    assert "-16-" in shown and "neurons, 3 epochs" in shown and "refined: 1000 soundings" in shown


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


def test_info_refuses_what_bpinvert_did_not_write(trained, tmp_path, refused):
    assert "is not a netCDF-3 file" in refused("info", trained / "good.csv")
    assert "does not exist" in refused("info", tmp_path / "none.nc")
    assert "is a folder" in refused("info", tmp_path)
    xr.Dataset({"t": ("x", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="scipy")
    assert "not written by bpinvert" in refused("info", tmp_path / "other.nc")
    whole = (trained / "inverter.nc").read_bytes()
    (tmp_path / "cut.nc").write_bytes(whole[: len(whole) // 2])
    assert "damaged" in refused("info", tmp_path / "cut.nc")
