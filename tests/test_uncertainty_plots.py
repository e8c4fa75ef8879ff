"""What pictures show of a posterior, read off their artists."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from bpinvert import plots
from forward_models import Magnetotelluric, Schlumberger
from tests.test_plots import AB2, MT_MODEL, VES_MODEL, labels, lines, result, table

LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
FACTORS = np.array([0.25, 0.8, 1.0, 1.25, 4.0])


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def sampled(survey, model, investigation=1e4, shares=(0.25, 0.75), grid=(0.5, 1e4)):
    """`result` with a posterior: at every depth, and of every parameter, so many times the model."""
    one = result(survey, model)
    depth = np.geomspace(*grid, 60)
    bottom = np.cumsum(model["thickness"])
    profile = np.array(model["resistivity"])[np.searchsorted(bottom, depth)]
    quantiles = {f"{name}_quantile": one[name] for name in ("thickness", "resistivity")}
    quantiles["depth_quantile"] = one["thickness"].cumsum("interface", skipna=False)
    scaled = {name: (("quantile", *v.dims), FACTORS[:, None, None] * v.values) for name, v in quantiles.items()}
    best = {f"{name}_best": 1.1 * one[name] for name in ("thickness", "resistivity")}
    n = len(model["resistivity"])
    return one.assign(scaled | best).assign(
        resistivity_profile_quantile=(
            ("quantile", "sounding", "depth_grid"), FACTORS[:, None, None] * profile[None, None]
        ),
        depth_of_investigation=("sounding", [investigation]),
        layer_probability=(("sounding", "layer_count"), [shares]),
        n_layers=("sounding", [n]),
    ).assign_coords(quantile=LEVELS, depth_grid=depth, layer_count=[n - 1, n])  # fmt: skip


def bands(ax):
    return {band.get_label(): band.get_paths()[0].vertices for band in ax.collections if "interval" in band.get_label()}


def test_bands_are_the_quantiles_of_the_profile_at_its_depths():
    dataset = sampled(Schlumberger(ab2=AB2), VES_MODEL)
    curve, _ = plots.sounding(dataset)
    assert {"90 % interval", "50 % interval", "best-fitting model", "model"} <= labels(curve)
    left, right = curve.get_xlim()
    for name, ends in (("90 % interval", (0, 4)), ("50 % interval", (1, 3))):
        vertices = bands(curve)[name]
        assert vertices[:, 0].min() == pytest.approx(left) and vertices[:, 0].max() == pytest.approx(right)
        for k, depth in enumerate(dataset["depth_grid"].values):
            drawn = vertices[np.isclose(vertices[:, 0], depth), 1]
            if left < depth < right:
                expected = dataset["resistivity_profile_quantile"].values[list(ends), 0, k]
                np.testing.assert_allclose([drawn.min(), drawn.max()], expected)


def test_depths_that_a_result_of_several_inverters_does_not_know_are_bridged():
    dataset = sampled(Schlumberger(ab2=AB2), VES_MODEL)
    gap = dataset["resistivity_profile_quantile"].where(np.arange(60) % 2 == 0)
    whole, part = (bands(plots.sounding(d)[0]) for d in (dataset, dataset.assign(resistivity_profile_quantile=gap)))
    for name in whole:
        assert np.isfinite(part[name]).all() and len(part[name]) < len(whole[name])


def test_bands_lie_behind_the_model_and_the_best_fit_is_thin():
    curve, _ = plots.sounding(sampled(Schlumberger(ab2=AB2), VES_MODEL))
    model, best = (lines(curve)[name] for name in ("model", "best-fitting model"))
    assert max(band.get_zorder() for band in curve.collections if "interval" in band.get_label()) < model.get_zorder()
    assert best.get_linewidth() < model.get_linewidth()
    np.testing.assert_allclose(np.unique(best.get_ydata()), 1.1 * np.unique(VES_MODEL["resistivity"]))


def test_the_depth_of_investigation_is_marked_unless_the_profile_ends_there():
    survey = Schlumberger(ab2=AB2)
    marked = plots.sounding(sampled(survey, VES_MODEL, investigation=40.0))[0]
    np.testing.assert_array_equal(lines(marked)["depth of investigation"].get_xdata(), [40, 40])
    assert "depth of investigation" not in lines(plots.sounding(sampled(survey, VES_MODEL))[0])


def test_a_model_panel_of_its_own_has_the_bands_against_depth():
    survey = Magnetotelluric(period=np.geomspace(0.01, 100, 9))
    rhoa, _, model, rows = plots.sounding(sampled(survey, MT_MODEL, investigation=800.0))
    assert not bands(rhoa) and set(bands(model)) == {"90 % interval", "50 % interval"}
    vertices = bands(model)["90 % interval"]
    np.testing.assert_allclose([vertices[:, 0].min(), vertices[:, 0].max()], [2.5, 400])
    np.testing.assert_array_equal(lines(model)["depth of investigation"].get_ydata(), [800, 800])
    assert "model" in labels(model) and table(rows)[2][1:] == ["25–400", "120–2000", "120–2000"]


def test_the_table_has_the_interval_of_every_parameter_below_it():
    _, rows = plots.sounding(sampled(Schlumberger(ab2=AB2), VES_MODEL))
    assert table(rows)[1:] == [
        ["1", "100", "2", "2"],
        ["", "25–400", "0.5–8", "0.5–8"],
        ["2", "10", "30", "32"],
        ["", "2.5–40", "7.5–120", "8–130"],
        ["3", "1000", "∞", "∞"],
        ["", "250–4000", "", ""],
    ]


@pytest.mark.parametrize(("factors", "shown"), [((0.99, 1.034), "990–1034"), ((0.8, 1.2346), "800–1230")])
def test_the_narrower_an_interval_the_more_digits_it_has_in_the_table(factors, shown):
    dataset = sampled(Schlumberger(ab2=AB2), VES_MODEL)
    ends = np.geomspace(*factors, 5)[:, None, None] * dataset["resistivity"].values
    dataset = dataset.assign(resistivity_quantile=(("quantile", "sounding", "layer"), ends))
    assert table(plots.sounding(dataset)[1])[6][1] == shown


def test_the_title_has_the_probability_of_each_number_of_layers_that_was_in_question():
    survey = Schlumberger(ab2=AB2)
    assert plots.sounding(sampled(survey, VES_MODEL))[0].get_title(loc="left").endswith("\nlayers: 3 (75 %), 2 (25 %)")
    for shares in ((0.0, 1.0), (np.nan, np.nan)):
        title = plots.sounding(sampled(survey, VES_MODEL, shares=shares))[0].get_title(loc="left")
        assert "layers" not in title


def test_a_smooth_model_has_no_table():
    many = {"thickness": np.full(24, 3.0), "resistivity": np.geomspace(10, 1000, 25)}
    axes = plots.sounding(sampled(Schlumberger(ab2=AB2), many, investigation=30.0))
    assert len(axes) == 1 and "depth of investigation" in labels(axes[0])
    _, given = plt.subplots(1, 2)
    assert not plots.sounding(sampled(Schlumberger(ab2=AB2), many), axes=given)[1].tables


def test_the_bars_are_the_probabilities_and_the_model_s_own_is_dark():
    ax = plots.layer_probability(sampled(Schlumberger(ab2=AB2), VES_MODEL), "site 7")
    assert [bar.get_height() for bar in ax.patches] == [25, 75]
    assert [text.get_text() for text in ax.texts] == ["25 %", "75 %"]
    assert ax.patches[0].get_facecolor() != ax.patches[1].get_facecolor()
    assert ax.get_title(loc="left") == "site 7"


def test_bars_need_probabilities_of_several_numbers_of_layers():
    dataset = sampled(Schlumberger(ab2=AB2), VES_MODEL)
    for lacking in (dataset.drop_vars("layer_probability"), dataset.isel(layer_count=[1])):
        with pytest.raises(ValueError, match="no probabilities of several numbers of layers; invert with"):
            plots.layer_probability(lacking)
    nothing = dataset.assign(layer_probability=dataset["layer_probability"] * np.nan)
    assert plots.layer_probability(nothing).get_title(loc="left") == "site 7: no posterior"


def line_of_three():
    """A known sounding, the same less well known, and one without a posterior."""
    one = sampled(Schlumberger(ab2=AB2), VES_MODEL).drop_vars("name")
    known = (
        one["resistivity_profile_quantile"].sel(quantile=[0.5]).values * np.array([0.9, 1, 1, 1, 1.1])[:, None, None]
    )
    first = one.assign(resistivity_profile_quantile=(one["resistivity_profile_quantile"].dims, known))
    return xr.concat([first, one, one * np.nan], "sounding", data_vars="all")


def test_a_section_has_the_median_at_each_depth_and_fades_what_is_not_known():
    dataset = line_of_three()
    ax = plots.section(dataset)
    cells, opacity = ax.collections[0].get_array(), ax.collections[0].get_alpha()
    np.testing.assert_array_equal(cells[:, :2], dataset["resistivity_profile_quantile"].sel(quantile=0.5).values[:2].T)
    assert (opacity[:, 0] == 1).all() and (opacity[:, 2] == 0).all()
    # of 16 between 1.5, full, and 100, faint
    np.testing.assert_allclose(opacity[:, 1], 1 - 0.88 * np.log(16 / 1.5) / np.log(100 / 1.5))
    assert [text.get_text() for text in ax.get_xticklabels()] == ["sounding 0", "sounding 1", "sounding 2"]


def test_a_section_marks_the_half_space_of_each_model_and_goes_deeper():
    ax = plots.section(line_of_three())
    marks = [segment[0, 1] for segment in ax.collections[1].get_segments() if len(segment)]
    assert marks == [32, 32] and ax.get_ylim()[0] == 64 > ax.get_ylim()[1]


def test_depths_of_a_section_are_written_out():
    ax = plots.section(line_of_three().isel(sounding=[0, 1]))
    ax.figure.canvas.draw()
    written = [text.get_text() for text in ax.get_yticklabels(which="both") if text.get_text()]
    assert {"20", "50"} <= set(written) and not any("10^" in text for text in written)


def test_a_section_needs_layers_and_draws_where_it_is_told():
    dataset = line_of_three()
    _, ax = plt.subplots()
    assert plots.section(dataset, ax=ax) is ax
    with pytest.raises(ValueError, match=r"no layers; draw one of `Inverter\.invert` with"):
        plots.section(dataset.drop_vars("thickness"))


def test_a_section_without_posteriors_has_the_recommended_models():
    dataset = line_of_three().drop_vars("resistivity_profile_quantile")
    ax = plots.section(dataset)
    cells = np.ma.filled(ax.collections[0].get_array().astype(float), np.nan)
    layers = dataset["resistivity"].values[0]
    layers = layers[np.isfinite(layers)]
    assert list(dict.fromkeys(cells[:, 0].tolist())) == layers.tolist()
    assert np.isnan(cells[:, 2]).all()
    assert ax.get_ylim()[0] > float(dataset["thickness"][0].sum()) > ax.get_ylim()[1]


def test_sections_without_flags_share_a_figure():
    fig, axes = plt.subplots(2, 1, layout="constrained")
    for ax in axes:
        plots.section(line_of_three().isel(sounding=[0, 1]), ax=ax)
    fig.canvas.draw()
    assert min(ax.get_position().height for ax in axes) > 0.25


def test_a_long_section_names_some_of_its_soundings_and_marks_the_flagged():
    one = line_of_three().isel(sounding=[0])
    long = xr.concat([one] * 60, "sounding")
    long["flag"] = ("sounding", np.arange(60) == 7)
    ax = plots.section(long)
    assert len(ax.get_xticks()) <= 25 and ax.figure.get_size_inches()[0] <= 15
    assert ax.lines[-1].get_xdata().tolist() == [7]
