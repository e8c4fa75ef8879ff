"""Surface waves on the command line: from typed layers to tables and pictures of shear velocities."""

import csv

import numpy as np
import openpyxl
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert.cli import main
from bpinvert.priors import PoissonRatio
from bpinvert.readers import waves
from forward_models import Rayleigh

LAYERS = ["--vs", "150", "400", "--vp", "300", "1500", "--density", "1900", "1900", "--thickness", "8"]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A curve of two modes and a sheet that is too short, inverted with their posteriors, and what was printed."""
    folder = tmp_path_factory.mktemp("waves")
    survey = Rayleigh(frequency=np.tile(np.geomspace(5, 50, 6), 2), mode=np.repeat([0, 1], 6))
    prior = bp.LayeredPrior(
        n_layers=2, thickness=(2, 20), vs=[(80, 200), (210, 600)], vp=PoissonRatio("vs", (0.2, 0.47)), density=1900
    )
    # 50 simulations are enough for one false alarm in five; nothing here depends on how good the network is.
    settings = {"hidden": 12, "max_epochs": 2, "false_alarm_rate": 0.2, "sheets": bp.Sheets(complete=1.0)}
    inverter = bp.Inverter(survey, prior, bp.Noise(relative=0.03), **settings)
    inverter.fit(n_samples=600, n_calibration=50, progress=False).save(folder / "waves.nc")
    command = ["simulate", "--survey", "Rayleigh", "--frequency", "5:50:6", "--mode", "0", "1", *LAYERS]
    assert main([*command, "-o", str(folder / "curve.csv")]) == 0
    return folder


@pytest.fixture
def inverted(written, capsys):
    argv = ["invert", str(written / "curve.csv"), "--inverter", str(written / "waves.nc"), "--level", "posterior"]
    assert main([*argv, "-o", str(written)]) == 0
    return capsys.readouterr().out


def test_tables_have_what_seismologists_ask_for_and_leave_out_what_was_known(written, inverted):
    result = xr.load_dataset(written / "results.nc", engine="scipy")
    np.testing.assert_allclose(result["vs_best"][0], [150, 400], rtol=0.05)
    header = next(line for line in inverted.splitlines() if line.startswith("  layer"))
    assert header.split()[:9] == ["layer", "Vs", "(m/s)", "Vs", "90", "%", "Vp", "(m/s)", "Vp"]
    assert "density" not in header
    assert f"Vs30 {float(result['vs30'][0]):.0f} m/s (90 %: " in inverted
    assert f"below half the longest wavelength, {float(result['half_wavelength'][0]):.3g} m" in inverted
    with (written / "models.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["density (kg/m3)"]) for row in rows] == [1900, 1900]
    assert not any("conductance" in name or "resistance" in name for name in rows[0])
    book = openpyxl.load_workbook(written / "models.xlsx")
    names, values, *_ = book["soundings"].iter_rows(values_only=True)
    sounding = dict(zip(names, values, strict=True))
    low, high = result["vs30_quantile"].sel(quantile=[0.05, 0.95]).values[:, 0]
    for text, label, value in (
        ("vs30 (m/s)", "Vs30 (m/s)", result["vs30"]),
        ("vs30_q05 (m/s)", "Vs30 5 % (m/s)", low),
        ("vs30_q95 (m/s)", "Vs30 95 % (m/s)", high),
        ("half_wavelength (m)", "half the longest wavelength (m)", result["half_wavelength"]),
    ):
        # six digits in the csv
        assert [float(row[text]) for row in rows] == pytest.approx([float(np.ravel(value)[0])] * 2, rel=1e-5)
        assert sounding[label] == pytest.approx(float(np.ravel(value)[0]), rel=1e-12)
    assert not any(name.startswith(("S ", "T ")) for name in names)
    models = [cell.value for cell in book["models"][1]]
    assert {"Vs (m/s)", "Vp (m/s)", "density (kg/m³)", "Vs 5 % (m/s)"} <= set(models)
    assert (written / "curve.png").stat().st_size > 10_000


def test_files_of_surface_waves_are_described_and_drawn(written, inverted, tmp_path, capsys):
    assert main(["info", str(written / "waves.nc")]) == 0
    assert "Rayleigh, 12 readings of phase_velocity, period 0.02–0.2 s, 2 modes" in capsys.readouterr().out
    assert main(["plot", str(written / "results.nc"), "-o", str(tmp_path / "again.png")]) == 0
    assert main(["check", str(written / "curve.csv"), "--inverter", str(written / "waves.nc")]) == 0
    assert "chi²/N" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ("frequency (Hz),phase velocity (m/s)", True),
        ("freq_Hz,c [km/s]", True),
        ("wavelength [m]\tc_mean [m/s]", True),
        ("period (s),group velocity (km/s)", True),
        ("AB/2 (m),V (mV),I (mA)", False),
        ("AB/2 (m),rhoa (ohm m)", False),
        ("period (s),rhoa (ohm m),phase (deg)", False),
    ],
)
def test_a_sheet_with_a_velocity_over_frequency_needs_no_method(headers, told, tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_text(f"{headers}\n1,2,3\n2,3,4\n")
    assert waves.recognised(path) == told and not waves.recognised(tmp_path / "none.csv")
