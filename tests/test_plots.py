"""What the pictures show, read off their artists."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from bpinvert import plots
from bpinvert.cli.output import draw_sounding
from bpinvert.plots.readings import MASKED
from forward_models import DipoleDipole, Magnetotelluric, Schlumberger

AB2 = np.array([2.0, 5.0, 10.0, 20.0, 50.0, 100.0])
VES_MODEL = {"thickness": [2.0, 30.0], "resistivity": [100.0, 10.0, 1000.0]}
MT_MODEL = {"thickness": [500.0], "resistivity": [100.0, 10.0]}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def result(survey, models, **more):
    """One sounding as `Inverter.invert` returns it, with the first reading masked and the last outside."""
    channels = survey.channels
    data = survey(**{name: np.atleast_2d(value) for name, value in models.items()})
    names = ("sounding", "reading")
    columns = channels.columns(channels.quantities[0])
    variables = {name: (names, value[None, columns]) for name, value in channels.coordinates.items()}
    for quantity in channels.quantities:
        values = data[:, channels.columns(quantity)]
        variables |= {quantity: (names, values), f"predicted_{quantity}": (names, values * 1.01)}
        variables[f"{quantity}_std"] = (names, values * 0.05)
    at = np.arange(len(columns))[None]
    variables |= {"used": (names, at > 0), "reading_outside": (names, at == at.max())}
    # One layer more than the model has, as in a result that holds soundings of several layer counts.
    variables["thickness"] = (("sounding", "interface"), [[*models["thickness"], np.nan]])
    variables["resistivity"] = (("sounding", "layer"), [[*models["resistivity"], np.nan]])
    variables |= {"chi2": ("sounding", [1.25]), "rrms": ("sounding", [4.5]), "name": ("sounding", ["site 7"])}
    masks = {"flag_masks": np.array([1, 2, 4]), "flag_meanings": "range mahalanobis misfit"}
    variables["flag"] = ("sounding", [0], masks)
    return xr.Dataset(variables, attrs={"method": survey.method}).assign(more)


def flagged(dataset, value):
    return dataset.assign(flag=dataset["flag"] + value).assign(flag=("sounding", [value], dataset["flag"].attrs))


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def labels(ax):
    return {text.get_text() for text in ax.get_legend().get_texts()}


def table(ax):
    cells = ax.tables[0].get_celld()
    n_rows, n_columns = (max(place[i] for place in cells) + 1 for i in (0, 1))
    return [[cells[row, column].get_text().get_text() for column in range(n_columns)] for row in range(n_rows)]


def test_a_sounding_shows_data_fit_model_and_table():
    curve, rows = plots.sounding(result(Schlumberger(ab2=AB2), VES_MODEL))
    assert (curve.get_xscale(), curve.get_yscale()) == ("log", "log")
    assert labels(curve) == {
        "observed", "observed, not used", "observed, outside the training range", "fitted curve", "model",
    }  # fmt: skip
    assert table(rows) == [
        ["layer", "ρ (Ω·m)", "h (m)", "depth (m)"],
        ["1", "100", "2", "2"],
        ["2", "10", "30", "32"],
        ["3", "1000", "∞", "∞"],
    ]


def test_the_model_is_a_step_with_corners_at_the_interfaces():
    curve, _ = plots.sounding(result(Schlumberger(ab2=AB2), VES_MODEL))
    depth, rho = lines(curve)["model"].get_data()
    left, right = curve.get_xlim()
    np.testing.assert_allclose(depth, [left, 2, 2, 32, 32, right])
    np.testing.assert_array_equal(rho, [100, 100, 10, 10, 1000, 1000])


def test_interfaces_outside_the_spacings_are_in_view():
    curve, _ = plots.sounding(result(Schlumberger(ab2=AB2), {**VES_MODEL, "thickness": [0.1, 500.0]}))
    left, right = curve.get_xlim()
    assert left < 0.1
    assert right > 500.1


def test_masked_readings_are_hollow_and_strange_ones_ringed():
    curve, _ = plots.sounding(result(Schlumberger(ab2=AB2), VES_MODEL))
    points = {container.get_label(): container.lines[0] for container in curve.containers}
    np.testing.assert_array_equal(points["observed"].get_xdata(), AB2[1:])
    np.testing.assert_array_equal(points["observed, not used"].get_xdata(), AB2[:1])
    assert points["observed, not used"].get_markerfacecolor() == "white"
    np.testing.assert_array_equal(lines(curve)["observed, outside the training range"].get_xdata(), AB2[-1:])


def test_error_bars_span_one_standard_deviation():
    dataset = result(Schlumberger(ab2=AB2), VES_MODEL)
    curve, _ = plots.sounding(dataset)
    bars = curve.containers[0].lines[2][0].get_segments()
    rhoa = dataset["apparent_resistivity"].values[0, 1:]
    np.testing.assert_allclose([bar[:, 1] for bar in bars], np.stack([rhoa * 0.95, rhoa * 1.05], axis=1))


def test_missing_errors_draw_points_without_bars():
    dataset = result(Schlumberger(ab2=AB2), VES_MODEL)
    curve, _ = plots.sounding(dataset.assign(apparent_resistivity_std=dataset["apparent_resistivity"] * np.nan))
    assert all(np.ptp(bar[:, 1]) == 0 for bar in curve.containers[0].lines[2][0].get_segments())


def test_the_title_names_the_sounding_its_fit_and_its_flags():
    dataset = result(Schlumberger(ab2=AB2), VES_MODEL)
    calm = plots.sounding(dataset)[0].get_title(loc="left")
    alarm = plots.sounding(flagged(dataset, 5))[0].get_title(loc="left")
    assert calm == "site 7\nchi²/N 1.25, rrms 4.5 %, inside the training range"
    assert alarm.endswith("flagged: range, misfit")


def test_a_sounding_without_a_model_says_so():
    dataset = result(Schlumberger(ab2=AB2), VES_MODEL)
    nothing = {name: dataset[name] * np.nan for name in ("thickness", "resistivity", "chi2", "rrms")}
    curve, rows = plots.sounding(dataset.assign(nothing))
    assert curve.get_title(loc="left").endswith("not inverted: too few readings are used")
    assert "model" not in lines(curve)
    assert not rows.tables


def test_the_fit_parts_where_a_spacing_repeats_with_another_mn():
    survey = Schlumberger(ab2=[5.0, 10.0, 20.0, 20.0, 40.0], mn2=[1.0, 1.0, 1.0, 5.0, 5.0])
    x = lines(plots.sounding(result(survey, VES_MODEL))[0])["fitted curve"].get_xdata()
    np.testing.assert_array_equal(x, [5, 10, 20, np.nan, 20, 40])


def segments(shift=None):
    """A sounding of two MN/2 that share the spacings 10 and 20 m, its first reading masked."""
    survey = Schlumberger(ab2=[2.0, 5.0, 10.0, 10.0, 20.0, 20.0, 50.0, 100.0], mn2=[1, 1, 1, 5, 1, 5, 5, 5])
    dataset = result(survey, VES_MODEL)
    if shift is None:
        return dataset
    factor = xr.where(dataset["mn2"] == 5, shift, 1.0)
    displaced = dataset["predicted_apparent_resistivity"] * factor
    return dataset.assign(segment_shift=factor, predicted_apparent_resistivity=displaced)


def test_readings_are_told_apart_and_connected_by_their_mn():
    curve, _ = plots.sounding(segments())
    assert {"observed, MN/2 = 1 m", "observed, MN/2 = 5 m", "observed, not used"} <= labels(curve)
    joined = [
        line.get_xdata() for line in curve.get_lines() if line.get_color() == MASKED and len(line.get_xdata()) > 1
    ]
    # the masked reading is not connected
    np.testing.assert_allclose(joined[0], [5, 10 / 1.02, 20 / 1.02])
    np.testing.assert_allclose(joined[1], [10 * 1.02, 20 * 1.02, 50, 100])


def test_readings_of_one_spacing_stand_side_by_side():
    curve, _ = plots.sounding(segments())
    points = {container.get_label(): container.lines[0].get_xdata() for container in curve.containers}
    np.testing.assert_allclose(points["observed, MN/2 = 1 m"], [5, 10 / 1.02, 20 / 1.02])
    np.testing.assert_allclose(points["observed, MN/2 = 5 m"], [10 * 1.02, 20 * 1.02, 50, 100])


def test_the_legend_names_mn_in_the_order_of_its_size():
    curve, _ = plots.sounding(segments())
    names = [text.get_text() for text in curve.get_legend().get_texts()]
    assert names[:2] == ["observed, MN/2 = 1 m", "observed, MN/2 = 5 m"]


@pytest.mark.parametrize("mn2", [None, 1.0, [0.2, 0.5, 1.0, 2.0, 5.0, 10.0]])
def test_without_segments_mn_is_not_in_the_legend(mn2):
    curve, _ = plots.sounding(result(Schlumberger(ab2=AB2, mn2=mn2), VES_MODEL))
    assert "observed" in labels(curve) and not any("MN" in label for label in labels(curve))


def test_a_displaced_segment_is_dashed_beside_the_earth_s_own_curve():
    plain, dataset = segments(), segments(1.35)
    curve, _ = plots.sounding(dataset)
    own = lines(plots.sounding(plain)[0])["fitted curve"]
    for axis in (0, 1):
        np.testing.assert_allclose(lines(curve)["fitted curve"].get_data()[axis], own.get_data()[axis])
    dashed = lines(curve)["fitted curve, displaced segments"]
    far = dataset["mn2"].values[0] == 5
    assert dashed.get_linestyle() == "--"
    np.testing.assert_array_equal(dashed.get_xdata(), [10, 20, 50, 100])
    np.testing.assert_array_equal(dashed.get_ydata(), dataset["predicted_apparent_resistivity"].values[0, far])
    assert "fitted curve, displaced segments" in labels(curve)


def test_a_reading_that_is_not_used_is_displaced_with_its_segment():
    dataset = segments(1.35)
    gap = dataset["segment_shift"].where(np.arange(8) != 5)
    whole, part = (plots.sounding(d)[0] for d in (dataset, dataset.assign(segment_shift=gap)))
    for name in ("fitted curve", "fitted curve, displaced segments"):
        np.testing.assert_array_equal(lines(part)[name].get_ydata(), lines(whole)[name].get_ydata())


def test_segments_that_are_not_displaced_are_not_dashed():
    for shift in (1.0, 1.005, np.nan):
        curve, _ = plots.sounding(segments().assign(segment_shift=segments()["mn2"] * 0 + shift))
        assert "fitted curve" in labels(curve) and not any("displaced" in label for label in labels(curve))


def test_a_long_name_is_broken_and_the_flags_have_a_line_of_their_own():
    dataset = result(Schlumberger(ab2=AB2), VES_MODEL).assign(name=("sounding", ["site " * 20]))
    title = plots.sounding(flagged(dataset, 5))[0].get_title(loc="left").split("\n")
    assert max(map(len, title)) <= 60 and len(title) == 4
    assert title[-2:] == ["chi²/N 1.25, rrms 4.5 %", "flagged: range, misfit"]


def test_a_flat_curve_has_room_and_labels_around_it():
    curve, _ = plots.sounding(result(Schlumberger(ab2=AB2), {"thickness": [], "resistivity": [100.0]}))
    low, high = curve.get_ylim()
    assert high / low == pytest.approx(4) and low < 99 and high > 106


def test_large_resistivities_have_ticks_as_powers_of_ten():
    curve, _ = plots.sounding(result(Schlumberger(ab2=AB2), VES_MODEL | {"resistivity": [1e11, 1e9, 1e12]}))
    shown = [curve.yaxis.get_major_formatter()(value) for value in (1e3, 1e6, 1e12)]
    assert shown == ["1000", "1000000", "$10^{12}$"]


def test_names_in_any_script_are_drawn_without_a_warning(tmp_path):
    one = result(Schlumberger(ab2=AB2), VES_MODEL).assign(name=("sounding", ["测点7"]))
    draw_sounding(one, 0, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 10_000


def test_a_thousand_is_written_out_in_the_table():
    _, rows = plots.sounding(result(Schlumberger(ab2=AB2), VES_MODEL | {"resistivity": [100, 10, 999.9999]}))
    assert table(rows)[3][1] == "1000"


def test_the_fit_is_one_line_where_every_reading_has_its_own_mn():
    survey = Schlumberger(ab2=[5.0, 10.0, 20.0], mn2=[1.0, 2.0, 4.0])
    x = lines(plots.sounding(result(survey, VES_MODEL))[0])["fitted curve"].get_xdata()
    np.testing.assert_array_equal(x, [5, 10, 20])


def test_readings_of_dipoles_stand_at_half_their_distance_and_one_length_is_connected():
    survey = DipoleDipole(a=[1, 1, 1, 4, 4, 4], n=[1, 2, 5, 0.5, 1, 2])
    ax = plots.sounding(result(survey, VES_MODEL))[0]
    assert labels(ax) >= {"observed, a = 1 m", "observed, a = 4 m"}
    assert ax.get_xlabel() == "(n + 1) a/2 (m), depth of the model (m)"
    at = lines(ax)["fitted curve"].get_xdata()
    # 1 m long, then 4 m long; both have one at 3 m.
    np.testing.assert_allclose(at, [1, 1.5, 3, np.nan, 3, 4, 6])
    curve = lines(plots.curve(survey, VES_MODEL)[0])["simulated curve"]
    np.testing.assert_allclose(curve.get_xdata(), at)


def test_magnetotelluric_soundings_have_panels_for_both_quantities_and_the_model():
    rhoa, phase, model, rows = plots.sounding(result(Magnetotelluric(period=np.geomspace(0.01, 100, 9)), MT_MODEL))
    assert (rhoa.get_yscale(), phase.get_yscale(), phase.get_ylim()) == ("log", "linear", (0, 90))
    rho, depth = lines(model)["model"].get_data()
    bottom, top = model.get_ylim()
    assert bottom > top
    np.testing.assert_allclose(depth, [top, 500, 500, bottom])
    np.testing.assert_array_equal(rho, [100, 100, 10, 10])
    assert table(rows)[1:] == [["1", "100", "500", "500"], ["2", "10", "∞", "∞"]]


def test_the_callers_axes_are_drawn_on_and_returned():
    _, ax = plt.subplots()
    before = plt.get_fignums()
    returned = plots.sounding(result(Schlumberger(ab2=AB2), VES_MODEL), axes=ax)
    assert returned.tolist() == [ax]
    assert plt.get_fignums() == before
    assert "fitted curve" in lines(ax)


def test_a_wrong_number_of_axes_or_a_sounding_that_is_not_there_is_refused():
    dataset = result(Schlumberger(ab2=AB2), VES_MODEL)
    with pytest.raises(ValueError, match="axes has 3 entries; this sounding needs 1, or 2 with the table"):
        plots.sounding(dataset, axes=plt.subplots(3)[1])
    with pytest.raises(ValueError, match="sounding is 1; the result has 1"):
        plots.sounding(dataset, 1)
    with pytest.raises(ValueError, match="there is no sounding 'VES'; there are"):
        plots.sounding(dataset, "VES")
    with pytest.raises(TypeError, match=r"sounding is 1\.5; it must be a whole number"):
        plots.sounding(dataset, 1.5)


def test_a_simulated_curve_is_the_surveys_own():
    survey = Schlumberger(ab2=AB2)
    curve, rows = plots.curve(survey, VES_MODEL)
    np.testing.assert_array_equal(lines(curve)["simulated curve"].get_ydata(), survey(**VES_MODEL)[0])
    assert labels(curve) == {"simulated curve", "model"}
    assert table(rows)[1] == ["1", "100", "2", "2"]


def test_several_models_give_as_many_curves_and_steps_and_no_table():
    models = {name: np.array([value, value]) for name, value in VES_MODEL.items()}
    axes = plots.curve(Schlumberger(ab2=AB2), models)
    assert len(axes) == 1
    assert len(axes[0].get_lines()) == 4


def test_learning_marks_the_best_epoch_of_the_validation():
    ax = plots.learning({"training": [3.0, 2.0, 1.0], "validation": [3.0, 2.0, 2.5]})
    assert ax.get_yscale() == "log"
    assert labels(ax) == {"training", "validation", "best: 2, epoch 2"}


def test_learning_takes_an_estimator_and_losses_below_zero():
    class Fitted:
        loss_curve_, validation_curve_ = [1.0, -1.0], [1.0, -0.5]

    ax = plots.learning(Fitted())
    assert ax.get_yscale() == "linear"
    np.testing.assert_array_equal(lines(ax)["training"].get_ydata(), [1, -1])


def test_pictures_render_to_a_file(tmp_path):
    axes = plots.sounding(flagged(result(Schlumberger(ab2=AB2), VES_MODEL), 1))
    axes[0].figure.savefig(tmp_path / "sounding.png")
    assert (tmp_path / "sounding.png").read_bytes().startswith(b"\x89PNG")
