"""Loop-loop FDEM against quadrature in 20 digits, closed forms and the limits of electromagnetic induction."""

import json
from pathlib import Path

import numpy as np
import pytest

from forward_models import Channels, LoopLoop, survey_from_dict
from forward_models.fdem import (
    INSTRUMENTS,
    ORIENTATIONS,
    apparent_conductivity,
    gf_to_lin,
    instrument,
    quadrature_of_apparent_conductivity,
    rules,
)
from tests.oracles.models import simulate

MU0 = 4e-7 * np.pi
BOXFORD = Path(__file__).parents[2] / "shared" / "data" / "fdem"
GROUND = LoopLoop(9e3, [1, 2, 4] * 3, np.repeat(["HCP", "VCP", "PRP"], 3))
AIRBORNE = instrument("RESOLVE", height=35.0)
EVERY = {"offset": [3.0] * 4, "orientation": list(ORIENTATIONS)}


@pytest.fixture(scope="module")
def oracle():
    with np.load(Path(__file__).parent / "oracles" / "fdem_oracle.npz") as file:
        return dict(file)


def random_models(n_models, n_layers, thickness, resistivity, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "thickness": np.exp(rng.uniform(*np.log(thickness), (n_models, n_layers - 1))),
        "resistivity": np.exp(rng.uniform(*np.log(resistivity), (n_models, n_layers))),
    }


def half_space(survey, resistivity, **context):
    """Complex fractions of the primary over half-spaces."""
    return as_complex(survey(np.empty((len(resistivity), 0)), resistivity=np.array(resistivity)[:, None], **context))


def as_complex(data):
    in_phase, quadrature = np.split(data * 1e-6, 2, axis=1)
    return in_phase + 1j * quadrature


def by_the_filter(survey, models):
    """The survey's data by the digital filter alone, without any fitted rule."""
    general = LoopLoop(survey.frequency, survey.offset, survey.orientation, survey.height)
    sinc = rules.Sinc(survey.frequency, survey.offset, survey.orientation, survey.height)
    object.__setattr__(general, "_rules", [sinc])
    return as_complex(general(**models))


@pytest.mark.parametrize("name", ["ground", "carried", "airborne"])
def test_responses_agree_with_quadrature_in_twenty_digits(oracle, name):
    own = {key.removeprefix(f"{name}_"): value for key, value in oracle.items() if key.startswith(name)}
    survey = LoopLoop(own["frequency"], own["offset"], own["orientation"], float(own["height"]))
    expected = as_complex(own["data"])
    # What the fitted quadratures promise is 1e-6 of the amplitude.
    assert np.max(abs(as_complex(simulate(survey, own)) / expected - 1)) < 1e-6


@pytest.mark.parametrize("name", ["ground", "carried", "airborne"])
def test_the_filter_agrees_with_quadrature_in_twenty_digits(oracle, name):
    own = {key.removeprefix(f"{name}_"): value for key, value in oracle.items() if key.startswith(name)}
    survey = LoopLoop(own["frequency"], own["offset"], own["orientation"], float(own["height"]))
    for row, n in enumerate(own["n_layers"]):
        models = {"thickness": own["thickness"][[row], : n - 1], "resistivity": own["resistivity"][[row], :n]}
        expected = as_complex(own["data"][[row]])
        # Five nodes to the octave leave exp(-π²/4·5/ln 2), 2e-8.
        assert np.max(abs(by_the_filter(survey, models) / expected - 1)) < 3e-8


@pytest.mark.parametrize(
    "survey, height, thickness, resistivity",
    [
        (GROUND, None, (0.3, 10), (1, 1e4)),
        (LoopLoop(GROUND.frequency, GROUND.offset, GROUND.orientation, None), (0, 2), (0.3, 10), (1, 1e4)),
        (AIRBORNE, None, (1, 60), (0.3, 3000)),
        (instrument("RESOLVE"), (25, 60), (1, 60), (0.3, 3000)),
        (LoopLoop(5e3, [8.0] * 3, ["VCP", "PRP", "VCX"], None), (16, 60), (1, 60), (0.3, 3000)),
        (LoopLoop([9e3, 9e3, 1e3], [0.5, 0.5, 8.0], ["HCP", "PRP", "HCP"], None), (1, 20), (1, 60), (0.3, 3000)),
    ],
    ids=["ground", "any low height", "airborne", "any height", "other orientations", "neither low nor high"],
)
def test_fitted_quadratures_err_by_a_millionth_of_the_amplitude(survey, height, thickness, resistivity):
    models = random_models(400, 5, thickness, resistivity, seed=1)
    if height:
        models["height"] = np.random.default_rng(2).uniform(*height, 400)
    expected = by_the_filter(survey, models)
    assert np.max(abs(as_complex(survey(**models)) - expected) / abs(expected)) < 1e-6


def test_earths_outside_the_fits_are_left_to_the_filter():
    for survey in (GROUND, AIRBORNE):
        models = random_models(40, 4, (1e-3, 1e3), (1e-6, 1e9), seed=3)
        expected = by_the_filter(survey, models)
        np.testing.assert_allclose(as_complex(survey(**models)), expected, rtol=0, atol=1e-6 * np.abs(expected).max())
        extreme = (models["resistivity"].min(axis=1) < 1e-4) | (models["resistivity"].max(axis=1) > 1e8)
        assert extreme.sum() > 10
        np.testing.assert_allclose(as_complex(survey(**models))[extreme], expected[extreme], rtol=1e-10)


@pytest.mark.parametrize("offset", [1.0, 4.0, 40.0])
def test_loops_on_a_half_space_follow_the_closed_forms(offset):
    """Total over primary field of dipoles on a half-space, γ = √(iωμ0σ)·offset (McNeill 1980, Geonics TN-6)."""
    resistivity = np.array([0.5, 5.0, 50.0])
    gamma = offset * np.sqrt(2j * np.pi * 9e3 * MU0 / resistivity)
    decay = np.exp(-gamma)
    coplanar = 2 * (9 - (9 + 9 * gamma + 4 * gamma**2 + gamma**3) * decay) / gamma**2
    vertical = 2 * (1 - 3 / gamma**2 + (3 + 3 * gamma + gamma**2) * decay / gamma**2)
    data = half_space(LoopLoop(9e3, offset, ["HCP", "VCP"]), resistivity)
    expected = np.stack([coplanar, vertical], axis=1) - 1
    # The closed forms cancel: γ^-2 times rounding.
    assert np.max(abs(data - expected) / (abs(expected) + 1e-7 / abs(gamma[:, None]) ** 2)) < 3e-7


def cumulative(depth):
    """Response of all below a depth in offsets at low induction numbers (McNeill 1980; Wait 1962 for PRP)."""
    root = np.sqrt(4 * depth**2 + 1)
    return np.stack([1 / root, root - 2 * depth, 1 - 2 * depth / root])


def test_at_low_induction_numbers_the_quadrature_is_mcneills():
    survey = LoopLoop(1e3, 2.0, ["HCP", "VCP", "PRP"], height=0.4, quantity="quadrature")
    data = survey([[1.0]], resistivity=[[2e4, 1e5]])[0] * 1e-6
    lin = 2 * np.pi * 1e3 * MU0 * 2.0**2 / 4
    expected = lin * (cumulative(0.2) / 2e4 + cumulative(0.7) * (1 / 1e5 - 1 / 2e4))
    # Left out: the induction number, √(ωμ0σ)·offset.
    np.testing.assert_allclose(data, expected, rtol=2e-3)


def test_the_in_phase_vanishes_before_the_quadrature():
    data = half_space(LoopLoop(1e3, 2.0, ["HCP", "VCP", "PRP"]), [1e3, 1e5])
    growth = np.log(data[0].real / data[1].real) / np.log(100)
    # The next term is smaller by the induction number, 1e-3; the in-phase is 1e-4 of what is exact to 1e-8.
    np.testing.assert_allclose(growth[:2], 1.5, atol=0.02)


def test_a_perfect_conductor_mirrors_the_transmitter():
    offset, height = 3.0, 5.0
    survey = LoopLoop(1e6, **EVERY, height=height)
    distance = np.hypot(2 * height, offset)
    coplanar = offset**3 * (8 * height**2 - offset**2) / distance**5
    vertical = offset**3 / distance**3
    crossed = offset**3 * 6 * height * offset / distance**5
    data = half_space(survey, [1e-12])[0]
    # The skin depth is 0.5 μm.
    np.testing.assert_allclose(data.real, [coplanar, vertical, crossed, coplanar - vertical], rtol=1e-5)
    np.testing.assert_allclose(data.imag, 0, atol=1e-6)


def test_quadratures_are_positive_over_ordinary_ground():
    data = half_space(LoopLoop(5e3, **EVERY, height=30.0), np.geomspace(1, 1000, 7))
    assert (data.imag > 0).all()


def test_high_above_the_ground_coaxial_loops_see_half_of_what_coplanar_ones_see():
    data = half_space(LoopLoop(5e3, [1.0] * 3, ["HCP", "VCP", "VCX"], height=100.0), [10.0, 100.0])
    # Left out: (offset/height)².
    np.testing.assert_allclose(data[:, 1:], data[:, [0, 0]] / 2, rtol=1e-3)


@pytest.mark.parametrize("height", [0.0, 0.7, 3.0, 12.0, 400.0])
def test_a_known_height_is_the_same_as_a_fixed_one(height):
    models = random_models(30, 3, (0.5, 20), (1, 1000))
    fixed = as_complex(LoopLoop(9e3, **EVERY, height=height)(**models))
    known = as_complex(LoopLoop(9e3, **EVERY, height=None)(**models, height=np.full(30, height)))
    # Different fits; VCX on the ground is a small difference.
    assert np.max(abs(known - fixed)[:, :3] / abs(fixed)[:, :3]) < 1e-6
    assert np.max(abs(known - fixed)[:, 3] / np.abs(fixed[:, :2]).max(axis=1)) < 1e-6


def test_lengths_and_frequency_scale_together():
    models = random_models(20, 4, (0.5, 20), (1, 1000))
    scaled = {**models, "thickness": 7 * models["thickness"]}
    small = LoopLoop(49 * 9e3, **EVERY, height=1.0)(**models)
    large = LoopLoop(9e3, np.full(4, 21.0), ORIENTATIONS, height=7.0)(**scaled)
    np.testing.assert_allclose(large, small, rtol=1e-6, atol=1e-6 * np.abs(small).max())


def test_a_smooth_earth_of_sixty_layers_stays_finite():
    depth = np.geomspace(0.1, 300, 60)
    models = {"thickness": np.diff(depth)[None], "resistivity": 10 ** np.sin(np.log(depth))[None]}
    for survey in (GROUND, AIRBORNE):
        expected = by_the_filter(survey, models)
        assert np.max(abs(as_complex(survey(**models)) - expected) / abs(expected)) < 1e-6


@pytest.mark.parametrize("survey", [GROUND, AIRBORNE], ids=["ground", "airborne"])
@pytest.mark.parametrize("resistivity", [(1, 1000), (1e-3, 1e-1)], ids=["fitted", "filter"])
def test_slopes_keep_the_scaling_law(survey, resistivity):
    models = random_models(20, 6, (1, 50), resistivity)
    jacobian = survey.jacobian(**models)
    other = LoopLoop(survey.frequency, 1.0001 * survey.offset, survey.orientation, 1.0001 * survey.height)
    lower = LoopLoop(survey.frequency, survey.offset / 1.0001, survey.orientation, survey.height / 1.0001)
    scale = survey.channels.to_scale
    growth = (scale(other(**models)) - scale(lower(**models))) / (2 * np.log(1.0001))
    # d/d ln length of everything: h, offset, height, and ρ by its square.
    total = jacobian["thickness"].sum(axis=2) + 2 * jacobian["resistivity"].sum(axis=2) + growth
    assert np.abs(total).max() < 2e-3 * np.abs(growth).max()


def test_quantities_are_recorded_in_the_order_asked_for():
    models = random_models(3, 3, (1, 10), (1, 100))
    both = GROUND(**models)
    n = len(GROUND.frequency)
    swapped = LoopLoop(9e3, GROUND.offset, GROUND.orientation, quantity=("quadrature", "in_phase"))
    one = LoopLoop(9e3, GROUND.offset, GROUND.orientation, quantity="quadrature")
    np.testing.assert_array_equal(swapped(**models), np.roll(both, n, axis=1))
    np.testing.assert_array_equal(one(**models), both[:, n:])
    assert one.channels.quantities == ("quadrature",)


def test_readings_are_points_with_their_orientation():
    channels = AIRBORNE.channels
    assert channels.points and channels.branch is None
    assert channels.extra["orientation"].tolist() == ["HCP", "HCP", "VCX", "HCP", "HCP", "HCP"] * 2
    assert set(channels.unit) == {"ppm"} and set(channels.scale) == {"asinh"}


def test_a_branch_is_one_of_the_extra_coordinates():
    kind = {"quantity": ("b",), "unit": ("T",), "scale": ("asinh",), "coordinate": "time", "coordinate_unit": "s"}
    assert Channels(**kind, value=np.ones(1), extra={"moment": np.zeros(1)}, branch="moment").branch == "moment"
    with pytest.raises(ValueError, match=r"branch is 'moment'; .* which are none"):
        Channels(**kind, value=np.ones(1), branch="moment")


def test_a_width_is_one_for_all_channels_or_one_for_each():
    np.testing.assert_array_equal(LoopLoop(9e3, [1, 2], "HCP", width=5.0).channels.width, 5.0)
    np.testing.assert_array_equal(LoopLoop(9e3, [1, 2], "HCP", width=[1, 2, 3, 4]).channels.width, [1, 2, 3, 4])
    with pytest.raises(ValueError, match=r"3 values of width for 4 channels"):
        LoopLoop(9e3, [1, 2], "HCP", width=[1, 2, 3])


def test_other_readings_keep_their_width():
    survey = LoopLoop([1e3, 9e3], 4.0, "HCP", width=[1, 2, 3, 4])
    other = survey.at(frequency=[9e3, 5e3], offset=[4.0, 4.0], orientation=["HCP", "HCP"])
    np.testing.assert_array_equal(other.frequency, [9e3, 5e3])
    np.testing.assert_array_equal(other.channels.width, [2, 1, 4, 1])
    assert GROUND.at(frequency=[1e3], offset=[1.0], orientation=["PRP"]) == LoopLoop(1e3, 1.0, "PRP")


def test_a_survey_with_text_survives_json():
    for survey in (AIRBORNE, instrument("EM34-3"), LoopLoop(9e3, [1, 2], "HCP", width=5.0)):
        again = survey_from_dict(json.loads(json.dumps(survey.to_dict())))
        assert again == survey and again.orientation.tolist() == survey.orientation.tolist()


def test_a_negative_known_height_is_a_row_of_nan():
    models = random_models(3, 3, (1, 10), (1, 100))
    data = LoopLoop(9e3, 4.0, "HCP", height=None)(**models, height=[1.0, -0.1, 0.0])
    assert np.isnan(data).all(axis=1).tolist() == [False, True, False]


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"orientation": "VMD"}, r"orientation 'VMD'; allowed are HCP, VCP, PRP, VCX.*VMD\) are HCP"),
        ({"orientation": []}, "at least one name"),
        ({"height": -1.0}, "height = -1 m; it must be at least 0"),
        ({"height": np.nan}, "height = nan m"),
        ({"frequency": 0.0}, r"frequency\[0\] = 0 Hz; every frequency must be positive"),
        ({"offset": -2.0}, r"offset\[0\] = -2 m"),
        ({"offset": [1.0, 2.0, 3.0], "frequency": [1e3, 2e3]}, "2 values of frequency for 3 readings"),
        ({"quantity": "conductivity"}, "quantity 'conductivity'; it must be one or both of in_phase, quadrature"),
        ({"quantity": ()}, "must be one or both"),
    ],
)
def test_an_impossible_instrument_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        LoopLoop(**{"frequency": 9e3, "offset": 1.0, "orientation": "HCP", **wrong})


@pytest.mark.parametrize("kind, height", [("HCP", 0.0), ("VCP", 1.0), ("PRP", 0.1), ("VCX", 30.0), ("HCP", 35.0)])
def test_full_apparent_conductivity_is_that_of_a_half_space(kind, height):
    conductivity = np.geomspace(1e-5, 0.02, 5)
    ppm = quadrature_of_apparent_conductivity(conductivity, 9e3, 4.0, kind, height, method="full")
    found = apparent_conductivity(ppm, 9e3, 4.0, kind, height, method="full")
    np.testing.assert_allclose(found, conductivity, rtol=1e-10)


def test_lin_apparent_conductivity_is_right_at_low_induction_numbers_on_the_ground():
    survey = LoopLoop(1e3, 1.0, ["HCP", "VCP", "PRP"], quantity="quadrature")
    ppm = survey([[]], resistivity=[[1e4]])[0]
    lin = apparent_conductivity(ppm, survey.frequency, survey.offset, survey.orientation)
    # Left out: the induction number.
    np.testing.assert_allclose(lin, 1e-4, rtol=1e-3)
    back = quadrature_of_apparent_conductivity(lin, survey.frequency, survey.offset, survey.orientation)
    np.testing.assert_allclose(back, ppm, rtol=1e-14)


def test_apparent_conductivity_is_the_smaller_of_two_half_spaces():
    conductive = quadrature_of_apparent_conductivity(1.0, 130e3, 8.0, "HCP", 35.0, method="full")
    resistive = apparent_conductivity(conductive, 130e3, 8.0, "HCP", 35.0, method="full")
    assert resistive < 1e-2
    same = quadrature_of_apparent_conductivity(resistive, 130e3, 8.0, "HCP", 35.0, method="full")
    np.testing.assert_allclose(same, conductive, rtol=1e-9)


def test_a_quadrature_of_no_half_space_has_no_apparent_conductivity():
    found = apparent_conductivity([-1.0, 0.0, np.nan, 1e9, 100.0], 9e3, 4.0, "HCP", method="full")
    assert np.isnan(found).tolist() == [True, True, True, True, False]
    assert np.isnan(apparent_conductivity(100.0, 9e3, 4.0, "VCX", 0.0, method="full"))
    assert np.isnan(apparent_conductivity(100.0, 9e3, 4.0, "HCP", -1.0, method="full"))


def test_coaxial_loops_have_no_lin_apparent_conductivity():
    with pytest.raises(ValueError, match=r'"VCX".*Use method="full"'):
        apparent_conductivity(100.0, 9e3, 4.0, ["HCP", "VCX"])


def test_an_unknown_method_or_setting_is_named():
    with pytest.raises(ValueError, match="method is 'best'; it must be one of lin, full"):
        apparent_conductivity(100.0, 9e3, 4.0, "HCP", method="best")
    with pytest.raises(ValueError, match="setting is 'F-2m'; it must be one of F-0m, F-1m"):
        gf_to_lin(0.05, 1e4, 4.49, "HCP", setting="F-2m")


@pytest.mark.parametrize("setting, height", [("F-0m", 0.0), ("F-1m", 1.0)])
def test_a_cmd_shows_50_over_its_calibration_site(setting, height):
    site = quadrature_of_apparent_conductivity(0.05, 1e4, 4.49, "VCP", height, method="full")
    lin = apparent_conductivity(site, 1e4, 4.49, "VCP")
    np.testing.assert_allclose(gf_to_lin(0.05, 1e4, 4.49, "VCP", setting=setting), lin, rtol=1e-12)


def test_the_conversion_of_a_cmd_is_emagpys():
    shown, converted = (BOXFORD / f"emagpy_boxford_eca_{name}.csv" for name in ("raw", "calibration"))
    if not converted.exists():
        pytest.skip("the Boxford readings are not here")
    shown, converted = (np.genfromtxt(path, delimiter=",", skip_header=1) for path in (shown, converted))
    shown = shown[np.searchsorted(shown[:, 0], converted[:, 0])]
    explorer = INSTRUMENTS["CMD-Explorer"]
    order = [3, 4, 5, 0, 1, 2]
    offset, orientation = np.array(explorer.offset)[order], np.array(explorer.orientation)[order]
    found = gf_to_lin(shown[:, 1:] / 1000, 10e3, offset, orientation, setting="F-1m")
    # emagpy's own forward calculation has its error, which is largest at the smallest offset.
    np.testing.assert_allclose(found, converted[:, 1:] / 1000, rtol=4e-3)


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_every_instrument_sees_the_ground(name):
    survey = instrument(name)
    assert survey.context == ("height",)
    data = survey([[5.0]], resistivity=[[50.0, 20.0]], height=[1.0 if survey.offset.min() < 5 else 30.0])
    assert np.isfinite(data).all()
    assert (data[:, survey.channels.columns("quadrature")] > 0).all()


def test_an_unknown_instrument_is_named():
    with pytest.raises(ValueError, match=r"'RESOLV'; known are DUALEM-21S, .*RESOLVE"):
        instrument("RESOLV")


def test_an_instrument_may_differ_from_the_nominal_one():
    survey = instrument("CMD-Explorer", height=0.5, quantity="quadrature", width=20.0)
    assert survey.height == 0.5 and survey.context == ()
    assert survey.quantity == ("quadrature",)
