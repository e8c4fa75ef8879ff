"""What the pictures of calibration show, read off their artists."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import special

from bpinvert import plots
from bpinvert.calibration import CalibrationReport, LayerCounts, Section, Summary
from bpinvert.calibration_table import to_dataset
from bpinvert.plots.readings import ALARM


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def report():
    rng, sections = np.random.default_rng(0), {}
    for count, scale in ((2, [1, 1, 1]), (3, [1, 1, 1, 0.5, 1])):
        names = [f"thickness_{k}" for k in range(1, count)] + [f"resistivity_{k}" for k in range(1, count + 1)]
        pit = special.ndtr(rng.standard_normal((2000, len(names))) / scale)
        sections[count] = Section.join([Summary(pit, pit, pit, pit)], names)
    probability = np.full((1000, 2), 0.5)
    return CalibrationReport("posterior", sections, LayerCounts.join([probability], [rng.integers(2, 4, 1000)], [2, 3]))


def named(ax):
    return {line.get_label(): line for line in ax.get_lines() if not line.get_label().startswith("_")}


def test_each_parameter_has_a_line_of_what_it_covers_and_where_its_ranks_are(report):
    section = report.sections[3]
    coverage, ranks = plots.calibration(report, n_layers=3)
    assert list(named(coverage)) == list(named(ranks)) == list(section.parameters)
    for k, name in enumerate(section.parameters):
        x, y = named(coverage)[name].get_data()
        np.testing.assert_allclose(y[x == 90], 100 * section.coverage([0.9])[k] - 90)
        x, y = named(ranks)[name].get_data()
        np.testing.assert_allclose(x, np.arange(101))
        np.testing.assert_allclose(y[1:-1], 100 * section.rank_difference[k])
        # nothing can differ at the ends
        assert y[0] == y[-1] == 0


def test_bands_are_those_of_the_report_and_all_lines_are_in_view(report):
    section = report.sections[3]
    for ax in plots.calibration(report, n_layers=3):
        low, high = ax.get_ylim()
        values = np.concatenate([line.get_ydata() for line in named(ax).values()])
        assert low == -high and low < values.min() and values.max() < high
    edges = ax.collections[0].get_paths()[0].vertices
    at = 100 * np.arange(1, 100) / 100
    drawn = [edges[np.isclose(edges[:, 0], x), 1] for x in at]
    expected = 100 * section.rank_band
    np.testing.assert_allclose([d.min() for d in drawn], expected[0], atol=1e-9)
    np.testing.assert_allclose([d.max() for d in drawn], expected[1], atol=1e-9)


def test_a_parameter_outside_its_band_is_named_in_red(report):
    _, ranks = plots.calibration(report, n_layers=3)
    texts = {text.get_text(): text.get_color() for text in ranks.get_legend().get_texts()}
    assert [name for name, colour in texts.items() if colour == ALARM] == ["resistivity_2: outside"]
    assert ranks.get_title(loc="left") == "ranks of 4 of 5 parameters inside"


def test_layers_differ_in_colour_and_properties_in_dashes(report):
    lines = named(plots.calibration(report, n_layers=3)[0])
    assert lines["thickness_2"].get_color() == lines["resistivity_2"].get_color() != lines["resistivity_1"].get_color()
    assert lines["thickness_1"].get_linestyle() == lines["thickness_2"].get_linestyle() == "-"
    assert lines["resistivity_1"].get_linestyle() == lines["resistivity_2"].get_linestyle() == "--"


def test_all_layer_counts_are_drawn_in_rows_and_a_dataset_like_its_report(report):
    axes, again = plots.calibration(report), plots.calibration(to_dataset(report))
    assert [ax.get_title(loc="left") for ax in axes[::2]] == [
        "posterior, 2 layers: 2000 simulations", "posterior, 3 layers: 2000 simulations",
    ]  # fmt: skip
    for first, second in zip(axes, again, strict=True):
        assert named(first).keys() == named(second).keys()
        for name, line in named(first).items():
            np.testing.assert_array_equal(line.get_data(), named(second)[name].get_data())


def test_it_draws_into_given_axes_and_says_how_many_it_needs(report):
    _, given = plt.subplots(1, 2)
    assert plots.calibration(report, given, n_layers=2).tolist() == given.tolist()
    with pytest.raises(ValueError, match="axes has 2 entries; 2 layer counts need 4"):
        plots.calibration(report, given)
    with pytest.raises(ValueError, match="n_layers is 7; the report has 2, 3"):
        plots.calibration(report, n_layers=7)


def test_the_reliability_of_layer_counts_has_a_curve_for_each(report):
    ax = plots.layer_counts(report)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["stated and observed alike", "2 layers", "3 layers"]
    stated, observed, _ = report.layer_counts.reliability
    drawn = ax.containers[1].lines[0]
    np.testing.assert_allclose(drawn.get_data(), [stated[1], observed[1]])
    single = CalibrationReport("posterior", {3: report.sections[3]})
    with pytest.raises(ValueError, match="one layer count"):
        plots.layer_counts(single)
