"""Field data of surface waves, induced polarisation and transfer functions, by `bp.invert` alone."""

import numpy as np
import pytest

import bpinvert as bp
from bpinvert.inverter import unaided
from tests.test_real_soundings import field_sheet


@pytest.fixture
def short(monkeypatch):
    """Shorter trainings than `bp.invert` has: the physics finds the models all the same."""
    for name, value in (("_N_SAMPLES", 10_000), ("_EPOCHS", 8), ("_N_SIMULATED", 1000)):
        monkeypatch.setattr(unaided, name, value)


@pytest.mark.slow
def test_oysand_is_sand_that_stiffens_downward_and_its_picks_are_within_their_bounds_or_next_to_them(short):
    observed = bp.read_soundings(field_sheet("surface_wave", "oysand_Oysand_dc.txt"), method="surface_waves")
    result = bp.invert(observed, level="posterior")
    assert int(result["flag"][0]) == 0
    n = int(result["n_layers"][0])
    best = {name: result[f"{name}_best"].values[:, :n] for name in ("vs", "vp", "density")}
    survey = bp.survey_of(observed).at(period=observed["period"].values[0])
    best_fit = survey(thickness=result["thickness_best"].values[:, : n - 1], **best)
    # Half the distance of the bounds is taken for σ.
    off = np.abs(best_fit - observed["phase_velocity"].values) / observed["phase_velocity_std"].values
    assert (off <= 1).mean() >= 0.9 and off.max() < 1.3
    vs, depth = result["vs"].values[0, :n], result["depth"].values[0, : n - 1]
    upper = np.append(True, depth < 10)
    assert vs[upper].min() > 90 and vs[upper].max() < 200 and (np.diff(vs) > 0).all()
    low, high = result["vs30_quantile"].values[[0, -1], 0]
    assert 160 < low < high < 210
    assert float(result["half_wavelength"][0]) == pytest.approx(29.5584 / 2, rel=1e-6)


@pytest.mark.slow
def test_an_edi_file_alone_is_inverted_with_errors_that_can_be_believed(monkeypatch):
    monkeypatch.setattr(unaided, "_N_CALIBRATION", 1000)
    observed = unaided.ready(bp.read_soundings(field_sheet("mt", "WIT2_SouthernThomson.edi"), method="mt"))
    assert int(observed["errors_raised"][0]) == 54 and "Of 54 readings stated errors" in observed.attrs["read_report"]
    survey = unaided.survey_of(observed)
    inverter = bp.Inverter(
        survey, unaided.prior_of(survey, observed), unaided.noise_of(survey, observed), hidden=32, max_epochs=15
    )
    result = inverter.fit(n_samples=9000, n_calibration=1000, progress=False).invert(observed)
    # Conductive cover, some hundred metres of it, over resistive basement: without the floor chi²/N is in the hundreds.
    assert float(result["chi2"][0]) < 60 and "Of 54 readings" in result.attrs["read_report"]


@pytest.mark.slow
def test_soundings_of_a_profile_of_dipoles_get_chargeable_layers(short):
    path = field_sheet("ip", "gimli_schleizTDIP.dat")
    observed = bp.read_soundings(path, method="ip", columns={"ip": "apparent chargeability (mV/V)"})
    result = bp.invert(observed.isel(sounding=slice(20, 40, 4)))
    assert np.isfinite(result["chi2"]).all() and (result["n_layers"] >= 2).all()
    assert (result["chargeability"].max("layer") > 50).all()
