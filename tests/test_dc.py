"""Direct-current soundings against 20-digit values, and the laws of electrode arrays."""

from pathlib import Path

import numpy as np
import pytest

from forward_models import DipoleDipole, PoleDipole, PolePole, Schlumberger, Wenner
from tests.oracles.models import simulate


@pytest.fixture(scope="module")
def oracle():
    with np.load(Path(__file__).parent / "oracles" / "dc_oracle.npz") as file:
        return dict(file)


ARRAYS = {
    "schlumberger": (Schlumberger, ("ab2",)),
    "schlumberger_mn": (Schlumberger, ("ab2", "mn2")),
    "wenner": (Wenner, ("a",)),
    "dipole_dipole": (DipoleDipole, ("a", "n")),
    "pole_dipole": (PoleDipole, ("a", "n")),
    "pole_pole": (PolePole, ("a",)),
}
SPREAD = np.geomspace(1, 500, 20)


def random_models(n_models, n_layers, seed=0):
    rng = np.random.default_rng(seed)
    return 10 ** rng.uniform(-0.3, 2, (n_models, n_layers - 1)), 10 ** rng.uniform(0, 4, (n_models, n_layers))


@pytest.mark.parametrize("array", list(ARRAYS))
def test_soundings_agree_with_twenty_digits(oracle, array):
    kind, settings = ARRAYS[array]
    survey = kind(**{key: oracle[f"{array}_{key}"] for key in settings})
    error = np.abs(simulate(survey, oracle) - oracle[array])
    largest = np.nanmax(oracle["resistivity"], axis=1)
    ordinary = largest / np.nanmin(oracle["resistivity"], axis=1) <= 1e4
    # The filter is linear: its error is a share of the largest resistivity, large where ρa is far below.
    assert np.all(error <= 1e-11 * largest[:, None])
    assert np.all(error[ordinary] <= 2e-8 * np.abs(oracle[array][ordinary]))
    assert np.all(error <= 1e-5 * np.abs(oracle[array]))


def test_two_layers_agree_with_the_image_series():
    thickness, (above, below) = 4.0, (100.0, 20.0)
    k = (below - above) / (below + above)
    m = np.arange(1, 200)[:, None]
    s = SPREAD
    # Stefanesco's series of mirror images of the current electrode at depths 2mh.
    expected = above * (1 + 2 * (k**m * (1 + (2 * m * thickness / s) ** 2) ** -1.5).sum(axis=0))
    np.testing.assert_allclose(Schlumberger(s)([[thickness]], resistivity=[[above, below]])[0], expected, rtol=1e-9)


def test_small_potential_dipoles_approach_the_ideal_array():
    models = random_models(200, 4)
    ideal = Schlumberger(SPREAD)(models[0], resistivity=models[1])
    near, nearer = (
        np.abs(Schlumberger(SPREAD, mn2=ratio * SPREAD)(models[0], resistivity=models[1]) / ideal - 1).max()
        for ratio in (2e-2, 2e-3)
    )
    # The difference is of second order in MN/AB.
    assert near < 2e-2
    assert nearer == pytest.approx(near / 100, rel=0.05)


@pytest.mark.parametrize("ratio", [1e-3, 1e-4, 3.1e-5, 2.9e-5, 1e-5, 1e-7, 1e-300])
def test_no_potential_dipole_is_too_small(ratio):
    models = random_models(100, 4, seed=1)
    ideal = Schlumberger(SPREAD)(models[0], resistivity=models[1])
    finite = Schlumberger(SPREAD, mn2=ratio * SPREAD)(models[0], resistivity=models[1])
    # Second order in MN/AB, and the digits that a difference of potentials loses: rounding over MN/AB ≥ 3e-5.
    lost = 1e-10 * models[1].max(axis=1, keepdims=True)
    assert np.all(np.abs(finite - ideal) <= 50 * ratio**2 * ideal + lost)


def test_a_reading_without_mn_is_the_ideal_array():
    models = random_models(20, 4)
    mixed = Schlumberger([10.0, 10.0, 40.0], mn2=[0.0, 3.0, 0.0])(models[0], resistivity=models[1])
    ideal = Schlumberger([10.0, 40.0])(models[0], resistivity=models[1])
    np.testing.assert_allclose(mixed[:, [0, 2]], ideal, rtol=1e-8)
    assert np.abs(mixed[:, 1] / mixed[:, 0] - 1).max() > 1e-3


def test_short_spreads_see_the_top_layer_only():
    models = random_models(50, 3)
    for survey in (Schlumberger([1e-4]), Wenner([1e-4]), DipoleDipole(1e-4, [3]), PoleDipole(1e-4, [3])):
        data = survey(models[0], resistivity=models[1])
        np.testing.assert_allclose(data[:, 0], models[1][:, 0], rtol=1e-6)


def test_long_spreads_see_the_half_space_only():
    thickness, resistivity = random_models(50, 3)
    for survey in (Schlumberger([1e8]), Wenner([1e8]), PolePole([1e8])):
        data = survey(thickness, resistivity=resistivity)
        # The cover's share falls with h/r times the contrast.
        np.testing.assert_allclose(data[:, 0], resistivity[:, -1], rtol=0.1)
    half_spaces = Schlumberger([1e13])(thickness, resistivity=resistivity)
    np.testing.assert_allclose(half_spaces[:, 0], resistivity[:, -1], rtol=1e-6)


def test_a_cover_over_an_insulator_rises_along_the_s_line():
    spread = np.array([200.0, 300.0, 500.0])
    data = Schlumberger(spread)([[4.0, 6.0]], resistivity=[[10.0, 3.0, 1e12]])
    conductance = 4.0 / 10.0 + 6.0 / 3.0
    # ρa = s/S up to (h/s)².
    np.testing.assert_allclose(data[0], spread / conductance, rtol=2e-3)


def test_a_thin_conductor_is_known_by_its_conductance_only():
    survey = Schlumberger(SPREAD)
    one = survey([[20.0, 0.1]], resistivity=[[100.0, 1.0, 200.0]])
    two = survey([[20.0, 0.05]], resistivity=[[100.0, 0.5, 200.0]])
    np.testing.assert_allclose(two, one, rtol=5e-3)
    assert np.abs(survey([[20.0, 0.05]], resistivity=[[100.0, 1.0, 200.0]]) / one - 1).max() > 0.02


def test_a_thin_resistor_is_known_by_its_transverse_resistance_only():
    survey = Schlumberger(SPREAD)
    one = survey([[20.0, 0.1]], resistivity=[[100.0, 1e4, 50.0]])
    two = survey([[20.0, 0.05]], resistivity=[[100.0, 2e4, 50.0]])
    np.testing.assert_allclose(two, one, rtol=5e-3)
    assert np.abs(survey([[20.0, 0.05]], resistivity=[[100.0, 1e4, 50.0]]) / one - 1).max() > 0.02


@pytest.mark.parametrize("array", list(ARRAYS))
def test_a_larger_earth_under_a_larger_array_looks_the_same(oracle, array):
    kind, settings = ARRAYS[array]
    lengths = [key for key in settings if key != "n"]
    geometry = {key: oracle[f"{array}_{key}"] for key in settings}
    larger = geometry | {key: 3.7 * geometry[key] for key in lengths}
    thickness, resistivity = random_models(20, 4)
    data = kind(**geometry)(thickness, resistivity=resistivity)
    np.testing.assert_allclose(kind(**larger)(3.7 * thickness, resistivity=resistivity), data, rtol=1e-7)


def test_a_wenner_array_is_a_schlumberger_array_of_equal_thirds():
    a = np.geomspace(1, 200, 10)
    thickness, resistivity = random_models(50, 4)
    wenner = Wenner(a)(thickness, resistivity=resistivity)
    schlumberger = Schlumberger(1.5 * a, mn2=0.5 * a)(thickness, resistivity=resistivity)
    np.testing.assert_allclose(wenner, schlumberger, rtol=1e-12)


def test_half_a_schlumberger_array_is_a_pole_dipole_array():
    thickness, resistivity = random_models(50, 4)
    whole = Schlumberger([7.0, 22.0], mn2=[2.0, 2.0])(thickness, resistivity=resistivity)
    half = PoleDipole(4.0, [5.0 / 4.0, 20.0 / 4.0])(thickness, resistivity=resistivity)
    np.testing.assert_allclose(half, whole, rtol=1e-8)


def test_voltages_superpose_whichever_electrodes_carry_the_current():
    thickness, resistivity = random_models(50, 4)
    simulate = lambda survey: survey(thickness, resistivity=resistivity)  # noqa: E731
    a, n = 5.0, np.array([1.0, 2.0, 5.0])
    # Voltages per current times 2π: apparent resistivity over the geometric factor.
    potential = {k: simulate(PolePole(k * a)) / (k * a) for k in np.unique(np.concatenate([n, n + 1, n + 2]))}
    potential = lambda k, table=potential: np.hstack([table[each] for each in k])  # noqa: E731
    one_pole = simulate(PoleDipole(a, n)) * (1 / n - 1 / (n + 1)) / a
    np.testing.assert_allclose(one_pole, potential(n) - potential(n + 1), rtol=1e-7)
    two_poles = simulate(DipoleDipole(a, n)) * (2 / (n + 1) - 1 / n - 1 / (n + 2)) / a
    pole_at_b = simulate(PoleDipole(a, n + 1)) * (1 / (n + 1) - 1 / (n + 2)) / a
    # The dipole's other end takes the current out again; by reciprocity the order of the four is free.
    np.testing.assert_allclose(two_poles, pole_at_b - one_pole, rtol=1e-6)


def test_a_reading_does_not_depend_on_the_others():
    thickness, resistivity = random_models(50, 4)
    together = Schlumberger(SPREAD[::-1])(thickness, resistivity=resistivity)
    for i in (0, 7, 19):
        alone = Schlumberger(SPREAD[i])(thickness, resistivity=resistivity)
        np.testing.assert_allclose(alone[:, 0], together[:, 19 - i], rtol=1e-7)


def test_apparent_resistivity_stays_within_the_resistivities_of_a_two_layer_earth():
    thickness, resistivity = random_models(300, 2)
    for survey in (Schlumberger(SPREAD), Wenner(SPREAD), PolePole(SPREAD)):
        data = survey(thickness, resistivity=resistivity)
        room = 1e-9 * resistivity.max(axis=1, keepdims=True)
        assert np.all(data >= resistivity.min(axis=1, keepdims=True) - room)
        assert np.all(data <= resistivity.max(axis=1, keepdims=True) + room)


def test_mn_is_a_coordinate_where_given():
    assert list(Schlumberger(SPREAD).channels.coordinates) == ["ab2"]
    with_mn = Schlumberger(SPREAD, mn2=0.5).channels.coordinates
    np.testing.assert_array_equal(with_mn["mn2"], 0.5)
    assert list(DipoleDipole(5.0, [1, 2]).channels.coordinates) == ["a", "n"]


@pytest.mark.parametrize("mn2", [10.0, 12.0, -1.0, np.nan, np.inf])
def test_potential_electrodes_outside_the_current_electrodes_raise(mn2):
    with pytest.raises(ValueError, match=r"mn2\[1\] = .* at ab2 = 10 m; MN/2 must be .* smaller than AB/2"):
        Schlumberger([5.0, 10.0], mn2=[1.0, mn2])


def test_lists_of_different_lengths_raise():
    with pytest.raises(ValueError, match="2 values of mn2 for 3 of ab2; give one for each reading"):
        Schlumberger([1, 2, 3], mn2=[0.1, 0.2])
    with pytest.raises(ValueError, match="give one for each reading"):
        DipoleDipole([1, 2, 3], [1, 2])


@pytest.mark.parametrize("array", [DipoleDipole, PoleDipole])
@pytest.mark.parametrize("n", [0.0, -1.0, np.nan])
def test_dipoles_on_top_of_each_other_raise(array, n):
    with pytest.raises(ValueError, match=r"n\[1\] = .* must be positive"):
        array(5.0, [1, n])


def test_tables_of_readings_raise():
    with pytest.raises(ValueError, match=r"ab2 of shape \(2, 2\)"):
        Schlumberger([[1, 2], [3, 4]])
