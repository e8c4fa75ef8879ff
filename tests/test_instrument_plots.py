"""Pictures of soundings with electromagnetic instruments."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from bpinvert import plots
from bpinvert.results import STATUS
from forward_models import CentralLoop, LoopLoop
from forward_models.fdem import apparent_conductivity

BIRD = LoopLoop(
    frequency=[400.0, 1800, 3300, 8200, 40_000], offset=[7.9, 7.9, 9, 7.9, 7.9],
    orientation=["HCP", "HCP", "VCX", "HCP", "HCP"], height=None,
)  # fmt: skip
COILS = LoopLoop(frequency=10_000.0, offset=[1.5, 3, 4.5, 1.5, 3], orientation=["HCP"] * 3 + ["VCP"] * 2)
DECAYS = CentralLoop(
    time=np.concatenate([np.geomspace(1e-5, 1e-3, 8), np.geomspace(1e-4, 1e-2, 8)]), side=40.0,
    waveform=[4e-6, 6e-6], moment=np.repeat([0, 1], 8),
)  # fmt: skip
MODEL = {"thickness": np.array([[20.0]]), "resistivity": np.array([[80.0, 10.0]])}


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def result_of(survey, change=None, **context):
    """A result of one sounding as `Inverter.invert` makes it, with data 5 % above what is predicted."""
    channels = survey.channels
    predicted = survey(**MODEL, **{name: np.atleast_1d(value) for name, value in context.items()})[0]
    observed = 1.05 * predicted
    for place, value in (change or {}).items():
        observed[place] = value
    variables = {}
    for quantity in channels.quantities:
        columns = channels.columns(quantity)
        for name, values in (("", observed), ("_std", 0.05 * np.abs(observed))):
            variables[f"{quantity}{name}"] = (("sounding", "reading"), values[None, columns])
        variables[f"predicted_{quantity}"] = (("sounding", "reading"), predicted[None, columns])
        variables[f"residual_{quantity}"] = (("sounding", "reading"), np.ones((1, len(columns))))
    for name, values in channels.coordinates.items():
        variables[name] = (("sounding", "reading"), values[None, columns])
    variables |= {"used": (("sounding", "reading"), np.ones((1, len(columns)), dtype=bool))}
    variables |= {name: ("sounding", [value]) for name, value in context.items()}
    variables |= {"thickness": (("sounding", "interface"), MODEL["thickness"].copy())}
    variables |= {"resistivity": (("sounding", "layer"), MODEL["resistivity"].copy())}
    variables |= {"chi2": ("sounding", [0.9]), "rrms": ("sounding", [np.nan]), "status": ("sounding", [0])}
    return xr.Dataset(variables)


def points(ax, label):
    """(x, y, face colour) of the error bars of one label."""
    (container,) = [c for c in ax.containers if c.get_label() == label]
    line = container[0]
    return line.get_xdata(), line.get_ydata(), line.get_markerfacecolor()


def fitted(ax):
    return [line for line in ax.lines if line.get_color() == "#D55E00" and len(line.get_xdata()) > 1]


def test_a_bird_has_in_phase_and_quadrature_against_frequency_told_by_orientation():
    axes = plots.sounding(result_of(BIRD, height=40.0))
    assert len(axes) == 4
    expected = BIRD(**MODEL, height=[40.0])[0]
    for k, name in enumerate(("in-phase (ppm)", "quadrature (ppm)")):
        assert axes[k].get_ylabel() == name and axes[k].get_xlabel() == "frequency (Hz)"
        x, y, _ = points(axes[k], "observed, HCP")
        np.testing.assert_array_equal(x, [400, 1800, 8200, 40_000])
        np.testing.assert_allclose(y, 1.05 * expected[5 * k + np.array([0, 1, 3, 4])])
        np.testing.assert_array_equal(points(axes[k], "observed, VCX")[0], [3300])
        np.testing.assert_array_equal(fitted(axes[k])[0].get_xdata(), x)
    title = axes[0].get_title(loc="left")
    assert "height 40 m" in title and "rrms" not in title and "nan" not in title


def test_negative_data_are_drawn_at_their_size_with_open_symbols():
    axes = plots.sounding(result_of(BIRD, change={0: -7.0}, height=40.0))
    x, y, face = points(axes[0], "observed, HCP, negative")
    assert (x, y) == ([400], [7]) and face == "white"
    assert points(axes[0], "observed, HCP")[2] != "white"
    assert axes[0].get_yscale() == "log" and axes[0].get_ylim()[0] > 0


def test_noise_around_zero_does_not_stretch_the_axis():
    dataset = result_of(BIRD, change={0: 1e-9}, height=40.0)
    dataset["in_phase_std"][0, 0] = 5.0
    low, _ = plots.sounding(dataset)[0].get_ylim()
    assert 0.5 < low < 5


def test_coils_of_several_distances_have_apparent_conductivity_against_distance():
    axes = plots.sounding(result_of(COILS))
    assert axes[1].get_ylabel() == "apparent conductivity (mS/m)"
    assert axes[0].get_ylabel() == "in-phase (ppm)" and axes[1].get_xlabel() == "distance of the coils (m)"
    x, y, _ = points(axes[1], "observed, VCP")
    np.testing.assert_array_equal(x, [1.5, 3])
    quadrature = COILS(**MODEL)[0, 8:]
    np.testing.assert_allclose(y, 1.05e3 * apparent_conductivity(quadrature, 10_000.0, x, "VCP"))


def test_quadrature_alone_is_one_panel_beside_the_model():
    alone = LoopLoop(COILS.frequency, COILS.offset, COILS.orientation, quantity=("quadrature",))
    axes = plots.sounding(result_of(alone))
    assert len(axes) == 3 and axes[1].get_title() == "model"


def test_moments_are_told_apart_on_one_pair_of_axes():
    axes = plots.sounding(result_of(DECAYS, change={10: -1e-7}))
    assert axes[0].get_xlabel() == "time (s)" and axes[0].get_ylabel() == "−dB/dt (V/(A·m²))"
    np.testing.assert_array_equal(points(axes[0], "observed, moment 0")[0], DECAYS.time[:8])
    assert len(points(axes[0], "observed, moment 1")[0]) == 7
    np.testing.assert_array_equal(points(axes[0], "observed, moment 1, negative")[0], DECAYS.time[[10]])
    assert [len(line.get_xdata()) for line in fitted(axes[0])] == [8, 8]


def test_readings_that_are_not_used_are_grey_and_padding_is_left_out():
    dataset = result_of(DECAYS)
    dataset["used"][0, 2] = False
    dataset["dbdt"][0, 15] = dataset["time"][0, 15] = dataset["moment"][0, 15] = np.nan
    axes = plots.sounding(dataset)
    np.testing.assert_array_equal(points(axes[0], "observed, not used")[0], DECAYS.time[[2]])
    assert len(points(axes[0], "observed, moment 1")[0]) == 7


def test_a_sounding_without_a_height_says_so():
    dataset = result_of(BIRD, height=40.0)
    dataset["height"][0] = np.nan
    for name in ("thickness", "resistivity", "predicted_in_phase", "predicted_quadrature", "chi2"):
        dataset[name][:] = np.nan
    dataset["status"][0] = STATUS["context_missing"][0]
    assert "not inverted: its height is not known" in plots.sounding(dataset)[0].get_title(loc="left")


@pytest.mark.parametrize("survey", [COILS, DECAYS], ids=["coils", "decays"])
def test_simulated_curves_have_the_same_axes(survey):
    axes = plots.curve(survey, MODEL)
    assert [ax.get_ylabel() for ax in axes] == [ax.get_ylabel() for ax in plots.sounding(result_of(survey))]
    two = {name: np.repeat(values, 2, axis=0) for name, values in MODEL.items()}
    two["resistivity"][1] *= 3
    several = plots.curve(survey, two)
    assert len({tuple(np.atleast_1d(line.get_color())) for line in several[0].lines}) == 2
