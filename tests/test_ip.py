"""Induced polarisation: Seigel's laws, the image series, the pipeline and its picture."""

import json
import math

import matplotlib
import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert import geometry, plots
from bpinvert.cli.recipe import read_recipe
from bpinvert.priors import Fixed, PowerLaw, Relative
from forward_models import (
    DipoleDipole,
    InducedPolarization,
    Magnetotelluric,
    PoleDipole,
    PolePole,
    Schlumberger,
    Wenner,
    survey_from_dict,
)

matplotlib.use("Agg")

SPACING = np.geomspace(1, 300, 12)
ARRAYS = [
    Schlumberger(SPACING),
    Schlumberger(SPACING, mn2=SPACING / 5),
    Wenner(SPACING),
    DipoleDipole(5.0, np.arange(1, 9)),
    PoleDipole(5.0, np.arange(1, 9)),
    PolePole(SPACING),
]
SURVEY = InducedPolarization(ARRAYS[0])
every_array = pytest.mark.parametrize("dc", ARRAYS, ids=lambda dc: type(dc).__name__)


def draw(n, n_layers=4, seed=0, highest=500.0):
    rng = np.random.default_rng(seed)
    return {
        "thickness": 10 ** rng.uniform(0, 1.5, (n, n_layers - 1)),
        "resistivity": 10 ** rng.uniform(1, 3, (n, n_layers)),
        "chargeability": rng.uniform(0, highest, (n, n_layers)),
    }


def charged(survey, models):
    """The apparent chargeabilities."""
    return survey(**models)[:, survey.channels.columns("apparent_chargeability")]


@every_array
def test_apparent_resistivity_is_that_of_the_dc_survey(dc):
    models = draw(20)
    data = InducedPolarization(dc)(**models)
    without = {name: models[name] for name in ("thickness", "resistivity")}
    np.testing.assert_allclose(data[:, : len(dc.channels)], dc(**without), rtol=1e-13)


@every_array
def test_without_chargeability_nothing_is_charged(dc):
    models = draw(20) | {"chargeability": np.zeros((20, 4))}
    # rounding of a thousand times one less one
    np.testing.assert_allclose(charged(InducedPolarization(dc), models), 0, atol=1e-10)


@every_array
@pytest.mark.parametrize("chargeability", [1e-3, 50.0, 999.0])
def test_a_uniform_chargeability_is_what_appears(dc, chargeability):
    models = draw(20) | {"chargeability": np.full((20, 4), chargeability)}
    np.testing.assert_allclose(charged(InducedPolarization(dc), models), chargeability, atol=1e-10, rtol=1e-12)


@every_array
def test_small_chargeabilities_add_up_by_seigels_sum(dc):
    models = draw(20, highest=0.1)
    without = {name: models[name] for name in ("thickness", "resistivity")}
    share = dc.jacobian(**without)["resistivity"]
    expected = np.einsum("kij,kj->ki", share, models["chargeability"])
    # what is left is of second order, 1e-4 of m, times up to the derivative of the shares
    np.testing.assert_allclose(charged(InducedPolarization(dc), models), expected, atol=1e-3 * 0.1)


def test_two_layers_agree_with_the_image_series():
    thickness, above, below, m = 4.0, 100.0, 20.0, (120.0, 8.0)

    def apparent(above, below):
        k = (below - above) / (below + above)
        return [
            above * (1 + 2 * math.fsum(k**i * (1 + (2 * i * thickness / s) ** 2) ** -1.5 for i in range(1, 200)))
            for s in SPACING
        ]

    before = apparent(above * (1 - m[0] / 1000), below * (1 - m[1] / 1000))
    expected = [1000 * (1 - b / a) for a, b in zip(apparent(above, below), before, strict=True)]
    found = charged(SURVEY, {"thickness": [[thickness]], "resistivity": [[above, below]], "chargeability": [m]})[0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_charged_layer_under_a_conductor_may_appear_negative():
    # type K: of a middle layer above a conductor the share of resistivity, and so of charge, is negative far out
    models = {"thickness": [[2.0, 20.0]], "resistivity": [[10.0, 1000.0, 1.0]], "chargeability": [[0.0, 0.0, 0.0]]}
    share = ARRAYS[0].jacobian(models["thickness"], resistivity=models["resistivity"])["resistivity"][0]
    reading, layer = np.unravel_index(share.argmin(), share.shape)
    assert share.min() < -0.01
    models["chargeability"][0][layer] = 100.0
    assert charged(SURVEY, models)[0, reading] < -1


def test_derivatives_by_a_chargeability_of_zero_are_zero():
    models = draw(5) | {"chargeability": np.zeros((5, 4))}
    data, jacobian = SURVEY.data_and_jacobian(**models)
    assert np.isfinite(data).all() and (jacobian["chargeability"] == 0).all()


def test_impossible_chargeabilities_are_rows_of_nan_unless_all_are():
    models = draw(4)
    models["chargeability"][[1, 3], 2] = [1000.0, -1.0]
    assert np.isnan(SURVEY(**models)).all(axis=1).tolist() == [False, True, False, True]
    models["chargeability"][:] = 5e4
    with pytest.raises(ValueError, match=r"every chargeability is 1000 mV/V or more \(up to 50000\).*0.05 V/V is 50"):
        SURVEY(**models)


@every_array
def test_a_survey_of_any_array_survives_json_and_moves_with_it(dc):
    survey = InducedPolarization(dc)
    again = survey_from_dict(json.loads(json.dumps(survey.to_dict())))
    assert again == survey and again.dc == dc
    assert survey.channels.coordinate == dc.channels.coordinate and survey.channels.points == dc.channels.points
    assert survey.details == dc.details
    name = dc.channels.coordinate
    further = {name: 2 * dc.channels.value}
    assert survey.at(**further) == InducedPolarization(dc.at(**further))


@pytest.mark.parametrize("dc", [Magnetotelluric([1.0, 10.0]), SURVEY, [1, 10, 100], None])
def test_only_direct_current_can_be_charged(dc):
    with pytest.raises(TypeError, match="needs a direct-current survey"):
        InducedPolarization(dc)


def test_displaced_electrodes_move_resistivities_only():
    survey = InducedPolarization(Schlumberger(SPACING, mn2=np.repeat([0.2, 5.0], 6)))
    segments = geometry.mn_segments(survey.channels)
    assert segments.sum(axis=1).tolist() == [6, 6] and not segments[:, 12:].any()


def test_charge_without_a_word_has_a_floor():
    inverter = bp.Inverter(
        SURVEY, bp.LayeredPrior(2, thickness=(1, 50), resistivity=(10, 1000), chargeability=(1, 300))
    )
    assert inverter.noise == bp.Noise(relative=0.03, floor={"apparent_chargeability": 1.0})
    again = SURVEY.with_width(np.full(24, 20.0))
    models = draw(3)
    slope, wide = (one.jacobian(**models)["chargeability"][:, 12:] for one in (SURVEY, again))
    ma = charged(SURVEY, models)[:, :, None]
    np.testing.assert_allclose(wide, slope * np.hypot(ma, 1) / np.hypot(ma, 20), rtol=1e-10)


NOISE = bp.Noise(
    relative={"apparent_resistivity": 0.03, "apparent_chargeability": 0.05}, floor={"apparent_chargeability": 1.0}
)
RANGES = {"thickness": (2, 40), "resistivity": (10, 1000)}
TRAINING = {"hidden": 16, "max_epochs": 3, "trainer": "adam"}


def train(**chargeability):
    survey = InducedPolarization(Schlumberger(np.geomspace(1.5, 200, 14)))
    inverter = bp.Inverter(survey, bp.LayeredPrior(2, **RANGES, **chargeability), NOISE, **TRAINING)
    return inverter.fit(n_samples=1000, n_calibration=1000, progress=False)


def field_sheets(prior, n):
    """Soundings at other spacings than the network's, with two MN, as a file would bring them; and their models."""
    ab2 = np.geomspace(2, 150, 11)
    survey = InducedPolarization(Schlumberger(ab2, mn2=np.where(ab2 < 20, 0.5, 5.0)))
    models = prior.draw(n, 3)
    data = NOISE.draw(survey(**models), survey.channels, 4)
    both = ("sounding", "reading")
    observed = xr.Dataset(
        {
            "apparent_resistivity": (both, data[:, :11]),
            "apparent_chargeability": (both, data[:, 11:]),
            "ab2": (("reading",), ab2),
            "mn2": (("reading",), survey.dc.mn2),
        },
        attrs={"method": "ip", "array": "Schlumberger"},
    )
    return observed, models


@pytest.fixture(scope="module")
def inverter():
    return train(chargeability=(1, 300))


def test_soundings_of_other_readings_are_fitted_within_their_errors(inverter):
    observed, models = field_sheets(inverter.prior, 60)
    network, refined = (inverter.invert(observed, level=level) for level in ("network", "refined"))
    assert np.isfinite(network["chargeability"]).all() and (network["chargeability"] > 0).all()
    # 17 degrees of freedom for 22 data: beyond 1.5 of them one sounding in 150
    assert (refined["chi2"] < 1.5).mean() > 0.9
    # what lies on top is resolved to about its errors
    ratio = refined["chargeability"].values[:, 0] / models["chargeability"][:, 0]
    large = models["chargeability"][:, 0] > 20
    assert np.abs(np.log(ratio[large])).mean() < 0.15
    assert refined["apparent_chargeability"].attrs["units"] == "mV/V" == refined["chargeability"].attrs["units"]


def test_a_picture_has_chargeability_below_resistivity(inverter):
    observed, _ = field_sheets(inverter.prior, 1)
    axes = plots.sounding(inverter.invert(observed, level="refined"), 0)
    assert axes[0].get_ylabel() == "apparent resistivity, resistivity of the model (Ω·m)"
    assert axes[1].get_ylabel() == "apparent chargeability,\nchargeability of the model (mV/V)"
    assert axes[1].get_yscale() == "linear" and axes[1].get_ylim()[0] <= 0
    step = next(line for line in axes[1].lines if line.get_label() == "model")
    assert len(set(step.get_ydata())) == 2
    table = [cell.get_text().get_text() for cell in axes[2].tables[0].get_celld().values()]
    assert "m (mV/V)" in table
    alone = plots.curve(inverter.survey, {"thickness": [5.0], "resistivity": [10, 99], "chargeability": [0, 40]})
    assert len(alone) == 3 and alone[1].get_ylim()[0] <= 0
    matplotlib.pyplot.close("all")


def test_a_recipe_has_the_dc_survey_and_ties_in_tables(tmp_path):
    path = tmp_path / "ip.toml"
    path.write_text("""
[survey]
type = "InducedPolarization"
dc = {type = "Schlumberger", ab2 = {geomspace = [1, 100, 10]}}
[prior]
n_layers = 2
thickness = 5
resistivity = [10, 1000]
chargeability = {power_law = "resistivity", coefficient = {distribution = "uniform", scale = 2}, exponent = 0.5}
""")
    recipe = read_recipe(path)
    assert recipe.survey == InducedPolarization(Schlumberger(np.geomspace(1, 100, 10)))
    from scipy import stats

    tie = PowerLaw("resistivity", stats.uniform(scale=2), 0.5)
    assert recipe.prior == bp.LayeredPrior(2, thickness=5, resistivity=(10, 1000), chargeability=tie)


@pytest.mark.slow
@pytest.mark.parametrize(
    "tie", [PowerLaw("resistivity", 2.0, 0.5), Fixed([5, 80]), Relative("resistivity", (0.05, 0.2))], ids=repr
)
def test_a_tied_property_goes_through_all_levels_and_into_the_file(tie, tmp_path):
    inverter = train(chargeability=tie)
    observed, _ = field_sheets(inverter.prior, 8)
    inverter.save(tmp_path / "tied.nc")
    again = bp.load_inverter(tmp_path / "tied.nc")
    assert again.prior == inverter.prior
    for level in ("network", "refined", "posterior"):
        result = inverter.invert(observed, level=level)
        ratio = result["chargeability"] / result["resistivity"]
        if isinstance(tie, PowerLaw):
            np.testing.assert_allclose(ratio, 2 * result["resistivity"] ** -0.5, rtol=1e-12)
        elif isinstance(tie, Fixed):
            np.testing.assert_array_equal(result["chargeability"], np.tile([5.0, 80.0], (8, 1)))
        else:
            assert 0.05 - 1e-12 < ratio.min() and ratio.max() < 0.2 + 1e-12
        same = again.invert(observed, level=level)
        np.testing.assert_array_equal(result["resistivity"], same["resistivity"])
    assert (result["chi2"] < 1.6).mean() > 0.8 and np.isfinite(result["chargeability_quantile"]).all()
    # a borehole's value of a tied property tells of its base; of a known one nothing
    if isinstance(tie, PowerLaw):
        told = inverter.invert(observed, level="refined", fixed={"chargeability": {2: (20.0, 0.01)}})
        np.testing.assert_allclose(told["resistivity"][:, 1], 100, rtol=0.02)
    # what is no parameter, the data cannot have set
    assert ("chargeability" in bp.explain(result, 0)) == isinstance(tie, Relative)
    inverter.calibrate(level="posterior", n=100)
    sections = inverter.reports["posterior"].sections
    assert list(sections[2].parameters) == list(inverter.prior.parameters)
