"""Magnetotellurics against 50-digit values and the limits of electromagnetic induction."""

from pathlib import Path

import numpy as np
import pytest

from forward_models import Magnetotelluric
from tests.oracles.models import simulate

MU0 = 4e-7 * np.pi


@pytest.fixture(scope="module")
def oracle():
    with np.load(Path(__file__).parent / "oracles" / "mt_oracle.npz") as file:
        return dict(file)


def random_models(n_models, n_layers, seed=0):
    rng = np.random.default_rng(seed)
    return 10 ** rng.uniform(-2, 4, (n_models, n_layers - 1)), 10 ** rng.uniform(-1, 5, (n_models, n_layers))


def test_soundings_agree_with_fifty_digits(oracle):
    data = simulate(Magnetotelluric(oracle["period"]), oracle)
    n = oracle["period"].size
    np.testing.assert_allclose(data[:, :n], oracle["data"][:, :n], rtol=1e-11)
    np.testing.assert_allclose(data[:, n:], oracle["data"][:, n:], rtol=0, atol=1e-11 * 90)


def test_a_half_space_gives_its_resistivity_and_45_degrees():
    data = Magnetotelluric([1e-4, 1.0, 1e4])(np.empty((3, 0)), resistivity=[[0.1], [10.0], [1e6]])
    np.testing.assert_allclose(data[:, :3], [[0.1] * 3, [10.0] * 3, [1e6] * 3], rtol=1e-14)
    np.testing.assert_array_equal(data[:, 3:], 45.0)


def test_short_periods_see_the_top_layer_only():
    data = Magnetotelluric([1e-6])([[1000.0, 1000.0]], resistivity=[[20.0, 1.0, 1000.0]])
    np.testing.assert_allclose(data, [[20.0, 45.0]], rtol=1e-12)


def test_long_periods_see_the_half_space_only():
    data = Magnetotelluric([1e14])([[1000.0, 1000.0]], resistivity=[[20.0, 5.0, 100.0]])
    # The layers' share falls with thickness over skin depth, here 1e-6.
    np.testing.assert_allclose(data, [[100.0, 45.0]], rtol=1e-5)


def test_a_conductive_sheet_over_an_insulator_gives_its_conductance():
    period = np.geomspace(10, 1000, 5)
    data = Magnetotelluric(period)([[100.0]], resistivity=[[1.0, 1e12]])
    conductance = 100.0
    expected = period / (2 * np.pi * MU0 * conductance**2)
    # Left out: (thickness/skin depth)² of the sheet, and the basement's impedance, 1e4 of the sheet's.
    np.testing.assert_allclose(data[0, :5], expected, rtol=1e-3)
    np.testing.assert_allclose(data[0, 5:], 0.0, atol=0.2)


def test_a_perfect_conductor_gives_its_depth():
    period = np.geomspace(10, 1000, 5)
    data = Magnetotelluric(period)([[500.0]], resistivity=[[1e6, 1e-15]])
    np.testing.assert_allclose(data[0, :5], 2 * np.pi * MU0 / period * 500.0**2, rtol=1e-4)
    np.testing.assert_allclose(data[0, 5:], 90.0, atol=1e-2)


def test_the_phase_stays_between_0_and_90_degrees():
    thickness, resistivity = random_models(5000, 6)
    phase = Magnetotelluric(np.geomspace(1e-4, 1e4, 20))(thickness, resistivity=resistivity)[:, 20:]
    assert np.all((phase > 0) & (phase < 90))


def test_apparent_resistivity_never_changes_faster_than_the_period():
    period = np.geomspace(1e-4, 1e4, 2000)
    thickness, resistivity = random_models(200, 6, seed=1)
    apparent = Magnetotelluric(period)(thickness, resistivity=resistivity)[:, :2000]
    slope = np.diff(np.log(apparent)) / np.diff(np.log(period))
    assert np.abs(slope).max() <= 1 + 1e-9


def test_amplitude_and_phase_keep_the_dispersion_relation():
    log_frequency = np.linspace(-30, 30, 60_001)
    survey = Magnetotelluric(np.exp(-log_frequency))
    data = survey([[300.0, 1000.0]], resistivity=[[100.0, 5.0, 500.0]])[0]
    n = log_frequency.size
    # ρa is |Z|² over frequency; what the division takes away is the 45° of a half-space.
    growth = np.diff(np.log(data[:n])) / 2
    middle = (log_frequency[1:] + log_frequency[:-1]) / 2
    for i in range(25_000, 35_000, 1000):
        weight = -np.log(np.tanh(np.abs(middle - log_frequency[i]) / 2))
        phase = 45 + np.degrees((growth * weight).sum() / np.pi)
        # The mid-point rule errs over the weight's logarithmic pole by about the spacing, 1e-3 radian.
        assert phase == pytest.approx(data[n + i], abs=0.05)


def test_slopes_keep_the_scaling_law_over_extreme_earths():
    thickness, resistivity = random_models(500, 20, seed=2)
    slopes = Magnetotelluric(np.geomspace(1e-4, 1e4, 10)).jacobian(thickness, resistivity=resistivity)
    # ρ → a²ρ with h → ah gives ρa → a²ρa and leaves the phase: Euler's theorem for homogeneous functions.
    total = 2 * slopes["resistivity"].sum(axis=-1) + slopes["thickness"].sum(axis=-1)
    np.testing.assert_allclose(total[:, :10], 2.0, rtol=1e-9)
    np.testing.assert_allclose(total[:, 10:], 0.0, atol=1e-7)


def test_the_order_of_periods_is_the_order_of_columns():
    thickness, resistivity = random_models(3, 4)
    forward = Magnetotelluric([0.1, 1.0, 10.0])(thickness, resistivity=resistivity)
    backward = Magnetotelluric([10.0, 1.0, 0.1])(thickness, resistivity=resistivity)
    np.testing.assert_allclose(backward, forward[:, [2, 1, 0, 5, 4, 3]], rtol=1e-13)


def test_two_hundred_thin_layers_of_strong_contrast_lose_no_accuracy():
    period = np.geomspace(1e-3, 1e3, 9)
    thickness = np.full(200, 0.5)
    resistivity = np.append(np.tile([1.0, 1e6], 100), 50.0)
    iwm = 2j * np.pi / period * MU0
    impedance = np.sqrt(iwm * resistivity[-1])
    for h, rho in zip(thickness[::-1], resistivity[-2::-1], strict=True):
        intrinsic = np.sqrt(iwm * rho)
        th = np.tanh(iwm / intrinsic * h)
        impedance = intrinsic * (impedance + intrinsic * th) / (intrinsic + impedance * th)
    data = Magnetotelluric(period)(thickness, resistivity=resistivity)[0]
    # Up to 3 digits go where a layer's own impedance is 1e-3 or 1e3 of the one that it carries.
    np.testing.assert_allclose(data[:9], np.abs(impedance) ** 2 / iwm.imag, rtol=1e-11)
    np.testing.assert_allclose(data[9:], np.degrees(np.angle(impedance)), rtol=1e-11)
