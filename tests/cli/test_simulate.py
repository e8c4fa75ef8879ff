"""The curves that `bpinvert simulate` prints, writes and draws."""

import csv
import io
import os

import numpy as np
import pytest
import xarray as xr

from bpinvert.cli import main
from forward_models import Schlumberger
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
