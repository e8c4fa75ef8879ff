"""The curves that `bpinvert simulate` prints, writes and draws."""

import csv
import io
import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert.cli import main
from forward_models import DipoleDipole, InducedPolarization, PoleDipole, Schlumberger, Wenner
from tests.cli import LAYERS


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
        (["--survey", "InducedPolarization"], "Schlumberger needs --ab2"),
        (
            ["--survey", "InducedPolarization", "--dc", "Rayleigh"],
            "--dc is 'Rayleigh'; allowed are Schlumberger, Wenner",
        ),
        (["--ab2", "10", "--dc", "Wenner"], "--dc is the array of --survey InducedPolarization"),
        (["--survey", "Rayleigh"], "Rayleigh needs --period or --frequency"),
        (["--survey", "Love", "--period", "1", "--frequency", "1"], "needs one of them"),
        (["--survey", "Joint"], "a sheet holds one method"),
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
        (["--resistivity", "100", "20"], "give 1 of --resistivity, or 1 of --thickness"),
        (["--resistivity", "100", "--thickness", "5"], "give 2 of --resistivity, or 0 of --thickness"),
        (["--resistivity", "100", "-20", "--thickness", "5"], "all must be positive"),
        (["--resistivity", "100", "20", "--thickness", "nan"], "all must be positive"),
        (["--resistivity", "100", "--chargeability", "5"], "Schlumberger has no use for --chargeability"),
    ],
)
def test_simulate_says_what_is_wrong_with_the_layers(layers, said, refused):
    assert said in refused("simulate", "--ab2", "10", *layers)


def test_simulate_takes_chargeabilities_where_the_recipe_is_of_them(refused, capsys):
    command = ["simulate", str(Path(__file__).parents[2] / "examples" / "ip.toml"), "--resistivity", "10", "90"]
    command += ["--thickness", "5"]
    assert main([*command, "--chargeability", "0", "40"]) == 0
    header, first, *_, last = capsys.readouterr().out.splitlines()
    assert header == "ab2 (m),apparent_resistivity (ohm m),apparent_chargeability (mV/V)"
    # near by the top layer, far out the half-space
    assert float(first.split(",")[2]) < 1 and float(last.split(",")[2]) > 36
    assert "InducedPolarization needs --chargeability of each layer" in refused(*command)
    assert "every layer needs a value" in refused(*command, "--chargeability", "0")
    assert "all must be positive numbers or 0" in refused(*command, "--chargeability", "0", "-1")


WAVES = ["--vs", "150", "300", "600", "--density", "1800", "1900", "2000", "--thickness", "5", "10"]


@pytest.mark.parametrize("name", ["Rayleigh", "Love"])
@pytest.mark.parametrize("axis", ["frequency", "period"])
def test_a_simulated_dispersion_curve_is_a_sheet_of_the_same_waves(name, axis, tmp_path, capsys):
    places, table = {"frequency": "5:50:8", "period": "0.02:0.2:8"}[axis], str(tmp_path / "curve.csv")
    command = ["--survey", name, f"--{axis}", places, "--mode", "0", "1", "--velocity", "phase", "group"]
    assert main(["simulate", *command, *WAVES, "--vp", "400", "1500", "2000", "-o", table]) == 0
    observed = bp.read_soundings(table, method="surface_waves")
    survey = bp.survey_of(observed)
    assert type(survey).__name__ == name and observed["used"].all()
    mode = observed["mode"].values[0]
    # The first higher mode begins at a frequency; below it there is no reading.
    assert (mode == 0).sum() == 8 and 0 < (mode == 1).sum() < 8
    own = survey.at(period=observed["period"].values[0], mode=mode.astype(int))
    model = {"vs": [[150, 300, 600]], "density": [[1800, 1900, 2000]], "vp": [[400, 1500, 2000]]}
    again = own(thickness=[[5, 10]], **model)[0]
    stated = np.concatenate([observed[quantity].values[0] for quantity in survey.channels.quantities])
    # six printed digits, of periods and data
    np.testing.assert_allclose(again, stated, rtol=5e-5)


def test_waves_that_no_layer_guides_are_told(refused):
    layers = ["--vs", "350", "300", "--density", "1800", "1900", "--thickness", "5"]
    assert "no mode exists at any of the readings" in refused(
        "simulate", "--survey", "Love", "--period", "0.1", *layers
    )


@pytest.mark.parametrize(
    ("options", "array"),
    [
        (["--ab2", "1:300:9", "--mn2", "0.3"], Schlumberger(ab2=np.geomspace(1, 300, 9), mn2=0.3)),
        (["--a", "1:30:5"], Wenner(a=np.geomspace(1, 30, 5))),
        (["--a", "5", "--n", "1", "2", "3"], DipoleDipole(a=5, n=[1, 2, 3])),
        (["--dc", "PoleDipole", "--a", "5", "--n", "1", "2", "3"], PoleDipole(a=5, n=[1, 2, 3])),
    ],
)
def test_induced_polarisation_has_the_options_of_its_array(options, array, tmp_path):
    table = tmp_path / "ip.csv"
    layers = ["--resistivity", "100", "20", "--chargeability", "0", "50", "--thickness", "5"]
    assert main(["simulate", "--survey", "InducedPolarization", *options, *layers, "-o", str(table)]) == 0
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"))))
    survey = InducedPolarization(array)
    expected = survey(thickness=[[5]], resistivity=[[100, 20]], chargeability=[[0, 50]])[0]
    names = ("apparent_resistivity (ohm m)", "apparent_chargeability (mV/V)")
    printed = np.concatenate([[float(row[name]) for row in rows] for name in names])
    np.testing.assert_allclose(printed, expected, rtol=1e-5)
    if "n" not in array.channels.extra:
        observed = bp.read_soundings(table, method="ip")
        assert observed["used"].all() and bp.survey_of(observed).dc.channels.n_readings == len(rows)
