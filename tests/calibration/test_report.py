"""The report as it is stored, read and tabulated."""

import numpy as np
import pytest
import xarray as xr
from scipy import special

from bpinvert import storage
from bpinvert.calibration import CalibrationReport, LayerCounts, Section, Summary, lines
from bpinvert.calibration_table import to_dataset

from ..test_glossary import names_in_glossary


@pytest.fixture(scope="module")
def single():
    rng = np.random.default_rng(0)
    pit = rng.random((1000, 5))
    names = ["thickness_1", "thickness_2", "resistivity_1", "resistivity_2", "resistivity_3"]
    part = Summary(pit, 0.04 + 0 * pit, 0.1 + 0 * pit, 0.3 + 0 * pit)
    return CalibrationReport("posterior", {3: Section.join([part], names, rng.choice(["H", "K", "A"], 1000))})


@pytest.fixture(scope="module")
def several():
    rng = np.random.default_rng(1)
    sections = {}
    for n_layers, scale in ((2, 1.0), (3, 0.7)):
        names = [f"thickness_{k}" for k in range(1, n_layers)] + [f"resistivity_{k}" for k in range(1, n_layers + 1)]
        pit = special.ndtr(rng.standard_normal((1000, len(names))) / scale)
        pit[:3] = np.nan
        sections[n_layers] = Section.join([Summary(pit, 0.04 + 0 * pit, 0.1 + 0 * pit, 0.3 + 0 * pit)], names)
    probability = rng.dirichlet([1, 1], 1000)
    layers = LayerCounts.join([probability], [2 + (probability[:, 0] < rng.random(1000))], [2, 3])
    return CalibrationReport("network", sections, layers)


@pytest.mark.parametrize("name", ["single", "several"])
def test_a_stored_report_is_the_same_to_the_last_digit(name, request, tmp_path):
    report = request.getfixturevalue(name)
    path = tmp_path / "report.nc"
    storage.write(path, "inverter", report.get_state(), {})
    again = CalibrationReport.from_state(storage.read(path, "inverter")[0])
    assert lines(again) == lines(report)
    xr.testing.assert_identical(to_dataset(again), to_dataset(report))
    for count, section in report.sections.items():
        strata = np.array(section.strata)
        bounds = [one.sections[count].intervals(100).levels(0.9, strata) for one in (report, again)]
        np.testing.assert_array_equal(*bounds)


def test_a_report_of_5000_simulations_takes_little_of_a_file():
    pit = np.random.default_rng(0).random((5000, 5))
    report = CalibrationReport("posterior", {3: Section.join([Summary(pit, pit, pit, pit)], list("abcde"))})
    assert sum(np.asarray(array).nbytes for array in report.get_state().values()) < 150_000


def test_the_text_has_a_row_for_each_parameter_and_marks_what_is_off(single, several):
    text = lines(single)
    assert text[0].startswith("posterior, 3 layers: 1000 simulations, ")
    assert text[1].split() == ["interval", "of", "50", "%", "80", "%", "90", "%", "95", "%",
                               "error", "ranks", "skill", "width"]  # fmt: skip
    rows = {row.split()[0]: row.split()[1:] for row in text[2:7]}
    assert list(rows) == list(single.sections[3].parameters)
    for row, shares in zip(rows.values(), single.sections[3].coverage(), strict=True):
        assert row[:4] == [f"{100 * share:.1f}" for share in shares]
        assert row[5:] == ["inside", "0.60", "0.30"]
    assert not any("*" in row for row in text[:8])
    text = lines(several)
    assert text[0] == "network, 2 layers: 997 simulations (3 more without a posterior), " + text[0].split("), ")[1]
    narrow = [row for row in text[text.index("") :] if row.startswith(("thickness", "resistivity"))]
    assert len(narrow) == 5 and all("* " in row and " outside " in row for row in narrow)
    assert any(row.startswith("calibration error 0.0") for row in text)
    assert max(map(len, text)) <= 120 and text[-1].startswith("true: 3") and text[-1].endswith(" %")


def test_models_without_layers_have_a_report_too():
    pit = np.random.default_rng(0).random((100, 1))
    report = CalibrationReport("network", {0: Section.join([Summary(pit, pit, pit, pit)], ["length"])})
    assert lines(report)[0].startswith("network: 100 simulations")
    again = CalibrationReport.from_state(report.get_state())
    assert again.sections[0].parameters == ("length",) and again.layer_counts is None


def test_the_dataset_has_the_figures_where_they_belong(several):
    table = to_dataset(several)
    assert table["parameter"].values.tolist() == list(several.sections[3].parameters)
    for count, section in several.sections.items():
        one = table.sel(layer_count=count, parameter=list(section.parameters))
        np.testing.assert_array_equal(one["coverage"].sel(nominal=[0.5, 0.8, 0.9, 0.95]), section.coverage())
        np.testing.assert_array_equal(one["sbc_inside"], section.sbc_inside)
        np.testing.assert_array_equal(one["crps"], section.crps)
        np.testing.assert_array_equal(one["rank_histogram"], section.rank_histogram)
    assert table["coverage"].sel(layer_count=2, parameter="thickness_2").isnull().all()
    np.testing.assert_array_equal(table["confusion"], several.layer_counts.confusion)


def test_everything_in_the_dataset_has_a_unit_a_name_and_a_place_in_the_glossary(several, tmp_path):
    table = to_dataset(several)
    for name, variable in table.variables.items():
        assert name == "parameter" or {"units", "long_name"} <= set(variable.attrs), name
    names = {*table.variables, *table.dims, *table.attrs}
    assert names - set(names_in_glossary()) == set()
    table.to_netcdf(tmp_path / "table.nc", engine="scipy")
    xr.testing.assert_allclose(xr.load_dataset(tmp_path / "table.nc", engine="scipy"), table)
