"""Vs30 and the wavelengths that surface waves reach with."""

import numpy as np
import pytest
import xarray as xr

from bpinvert.velocities import half_wavelength, vs30


def test_vs30_is_the_travel_time_through_30_m():
    h, vs = np.array([[4.0, 6.0, 50.0]]), np.array([[120.0, 200.0, 400.0, 800.0]])
    assert vs30(h, vs) == pytest.approx(30 / (4 / 120 + 6 / 200 + 20 / 400))


def test_vs30_of_a_half_space_is_its_velocity():
    assert vs30(np.empty((2, 0)), np.array([[250.0], [90.0]])).tolist() == [250.0, 90.0]


def test_layers_below_30_m_do_not_count():
    vs = np.array([[200.0, 400.0, 1000.0], [200.0, 400.0, 90.0]])
    assert np.ptp(vs30(np.full((2, 2), 20.0), vs)) == 0


def test_layers_beyond_the_count_are_not_there():
    padded = vs30(np.array([[10.0, np.nan]]), np.array([[200.0, 400.0, np.nan]]))
    assert padded == pytest.approx(vs30(np.array([[10.0]]), np.array([[200.0, 400.0]])))


def test_no_model_has_no_vs30():
    assert np.isnan(vs30(np.full((1, 2), np.nan), np.full((1, 3), np.nan))).all()


def test_half_the_longest_wavelength_is_that_of_a_used_reading():
    observed = xr.Dataset(
        {
            "period": (("sounding", "reading"), [[0.1, 0.2, 1.0], [0.1, 0.2, np.nan]]),
            "phase_velocity": (("sounding", "reading"), [[100.0, 150.0, 300.0], [100.0, 150.0, np.nan]]),
        }
    )
    used = np.array([[True, True, False], [False, False, False]])
    np.testing.assert_allclose(half_wavelength(observed, used), [15.0, np.nan])
