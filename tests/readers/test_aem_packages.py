"""Airborne formats that the packages of the extra [aem] read."""

import json
import sys

import numpy as np
import pytest

from bpinvert.readers import read_soundings
from forward_models import survey_from_dict
from tests.readers.em_files import DEFINITION, GEX, RECORDS, STM, WORKBENCH

SAID = {"unit": "V/(A m4)"}


@pytest.fixture
def workbench(tmp_path):
    (tmp_path / "lines.xyz").write_text(WORKBENCH)
    (tmp_path / "small.gex").write_text(GEX)
    (tmp_path / "low.stm").write_text(STM)
    return tmp_path


@pytest.fixture
def gdf2(tmp_path):
    for name, text in (("lines.dfn", DEFINITION), ("lines.dat", RECORDS), ("low.stm", STM)):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(("name", "package"), [("lines.xyz", "libaarhusxyz"), ("lines.dfn", "aseg_gdf2")])
def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch, name, package):
    (tmp_path / name).write_text(WORKBENCH if name.endswith("xyz") else DEFINITION)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        ImportError, match=rf"{name} is read by the package {package}, .* pip install 'bpinvert\[aem\]'"
    ):
        read_soundings(tmp_path / name, "tdem")


def test_a_workbench_file_with_its_geometry(workbench):
    pytest.importorskip("libaarhusxyz", reason="the extra [aem] is not installed")
    system = {"files": workbench / "small.gex", **SAID}
    observed = read_soundings(workbench / "lines.xyz", "tdem", system=system)
    np.testing.assert_array_equal(observed["used"].values, [[True, True, False], [False, True, True]])
    np.testing.assert_allclose(observed["dbdt"].values, np.array([[4, 2, 1], [np.nan, 2.1, 1.1]]) * 1e-9 * 314.159)
    np.testing.assert_allclose(observed["dbdt_std"].values[0], np.array([0.12, 0.1, 0.1]) * 1e-9 * 314.159)
    np.testing.assert_array_equal(observed["height"], [33.5, 34.5])
    assert observed["line"].values.tolist() == ["100", "100"] and observed["name"].values.tolist() == ["1", "2"]
    # opens at 20 µs less the shift of 1 µs; the current has reached zero at 10 µs
    np.testing.assert_allclose(observed["gate_open"].values[0, 0], 9e-6, rtol=1e-9)
    survey = survey_from_dict(json.loads(observed.attrs["survey"]))
    assert survey.radius == pytest.approx(10, rel=1e-5) and survey.waveform.base_frequency == 50
    assert [tuple(entry) for entry in survey.low_pass] == [(300000.0, 1)]


def test_a_workbench_file_with_a_stm_file_needs_no_unit(workbench):
    pytest.importorskip("libaarhusxyz", reason="the extra [aem] is not installed")
    observed = read_soundings(workbench / "lines.xyz", "tdem", system=workbench / "low.stm")
    np.testing.assert_allclose(observed["dbdt"].values[0, 1], 2e-9 * np.pi * 100 / 2 / 1e12)


def test_a_gex_file_that_lacks_an_entry_is_named(workbench):
    pytest.importorskip("libaarhusxyz", reason="the extra [aem] is not installed")
    (workbench / "small.gex").write_text(GEX.replace("TxLoopArea=314.159\n", ""))
    with pytest.raises(ValueError, match=r"small\.gex cannot be read by libaarhusxyz, or lacks an entry"):
        read_soundings(workbench / "lines.xyz", "tdem", system={"files": workbench / "small.gex", **SAID})


@pytest.mark.parametrize("name", ["lines.dfn", "lines.dat"])
def test_a_gdf2_file_is_read_from_either_of_its_parts(gdf2, name):
    pytest.importorskip("aseg_gdf2", reason="the extra [aem] is not installed")
    observed = read_soundings(gdf2 / name, "tdem", system=gdf2 / "low.stm")
    np.testing.assert_array_equal(observed["used"].values, [[False, True, True], [False, False, True]])
    np.testing.assert_allclose(observed["dbdt"].values[0, 1], 2e3 * np.pi * 100 / 2 / 1e12)
    np.testing.assert_array_equal(observed["x"], [500000, 500010])


def test_a_definition_without_its_data_is_named(gdf2):
    pytest.importorskip("aseg_gdf2", reason="the extra [aem] is not installed")
    (gdf2 / "lines.dat").unlink()
    with pytest.raises(ValueError, match=r"lines\.dfn describes lines\.dat, which is not beside it"):
        read_soundings(gdf2 / "lines.dfn", "tdem", system=gdf2 / "low.stm")
