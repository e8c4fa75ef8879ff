"""The demo and real sheets, as a user would run them."""

import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert.cli import main

REAL = Path(__file__).parents[3] / "shared" / "data" / "ves"


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
    inverted = set(xr.load_dataset(tmp_path / "results.nc")["sheet"].values.tolist())
    assert {"gwb_myanmar_Mawlamyine_4.csv", "gwb_myanmar_AungSan_loc1.csv", "rves_ves_data1.csv"} <= inverted
    assert len(refusals) + len(inverted) == len(sheets)
