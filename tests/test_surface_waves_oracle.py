"""Dispersion curves against 40-digit values of extreme models, and those of a fine scan of 1200 random ones."""

from pathlib import Path

import numpy as np
import pytest

from forward_models import Love, Rayleigh

WAVES = {Rayleigh: 0, Love: 1}
KINDS = {"ordered": slice(0, 400), "fastest half-space": slice(400, 800), "random order": slice(800, 1200)}


@pytest.fixture(scope="module")
def oracle():
    with np.load(Path(__file__).parent / "oracles" / "surface_wave_oracle.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def simulated(oracle):
    """(2 quantities, 1200 models, 2 modes, 30 periods) of the random models, by wave."""
    models = {
        "thickness": oracle["random_thickness"] / 100,
        "vp": oracle["random_vp"] / 10,
        "vs": oracle["random_vs"] / 10,
        "density": oracle["random_density"] / 1.0,
    }
    period = oracle["period"]
    readings = {"period": np.tile(period, 2), "mode": np.repeat([0, 1], len(period)), "velocity": ("phase", "group")}
    data = {wave: wave(**readings)(**models) for wave in WAVES}
    return {wave: data[wave].reshape(-1, 2, 2, len(period)).swapaxes(0, 1) for wave in WAVES}


@pytest.fixture(scope="module")
def extreme(oracle):
    """(quantities, n_models, 3 modes, periods) of the extreme models by wave, each with its own number of layers."""
    period = oracle["period"][oracle["kept"]]
    readings = {
        "period": np.tile(period, 3),
        "mode": np.repeat([0, 1, 2], len(period)),
        "velocity": ("phase", "group"),
    }
    surveys = {Rayleigh: Rayleigh(**readings, ellipticity=True), Love: Love(**readings)}
    data = {wave: np.empty((len(oracle["n_layers"]), len(survey.channels))) for wave, survey in surveys.items()}
    for n in np.unique(oracle["n_layers"]):
        rows = oracle["n_layers"] == n
        models = {name: oracle[name][rows, :n] for name in ("vp", "vs", "density")}
        for wave, survey in surveys.items():
            data[wave][rows] = survey(oracle["thickness"][rows, : n - 1], **models)
    return {wave: data[wave].reshape(len(rows), -1, 3, len(period)).swapaxes(0, 1) for wave in WAVES}


@pytest.mark.parametrize("wave", WAVES)
def test_modes_of_extreme_models_agree_with_forty_digits(wave, oracle, extreme):
    phase, group = extreme[wave][:2]
    np.testing.assert_allclose(phase, oracle["phase"][WAVES[wave]], rtol=1e-8)
    # The slope of a curve from velocities that are good to 1e-9.
    np.testing.assert_allclose(group, oracle["group"][WAVES[wave]], rtol=1e-6)


def test_ellipticity_of_extreme_models_agrees_with_forty_digits(oracle, extreme):
    found, expected = extreme[Rayleigh][2], oracle["ellipticity"]
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    allowed = np.full(expected.shape, 1e-6)
    # Trapped in a channel 17 m down, of which next to nothing is left at the surface.
    allowed[14, 0, :2] = 5e-3
    assert np.nanmax(np.abs(found / expected - 1) / allowed) < 1


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wave", WAVES)
def test_no_mode_is_missed_invented_or_taken_for_another(wave, kind, mode, oracle, simulated):
    expected = oracle["random_phase"][WAVES[wave], KINDS[kind], mode]
    found = simulated[wave][0, KINDS[kind], mode][:, oracle["kept"]]
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    # The oracle's rounding to float32 is 6e-8.
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("wave", WAVES)
def test_group_velocities_agree_with_those_of_the_scan(wave, oracle, simulated):
    expected = oracle["random_group"][WAVES[wave]]
    found = simulated[wave][1][:, :, oracle["kept"]]
    # The scan's differences are 1e-5 off where two modes nearly meet, says mpmath.
    np.testing.assert_allclose(found, expected, rtol=1e-4)
