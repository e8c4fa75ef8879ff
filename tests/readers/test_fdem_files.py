"""Frequency-domain tables: coils from headers or system files, units, and the scale of ground meters."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from bpinvert.readers import read_soundings
from forward_models import survey_from_dict
from forward_models.fdem import gf_to_lin
from tests.readers.em_files import COILS, ECA, RESOLVE, USGS


def described(observed):
    """The survey's keywords, without the time it takes to build one."""
    return SimpleNamespace(**json.loads(observed.attrs["survey"]))


def test_apparent_conductivities_become_the_quadrature_at_low_induction_numbers(read):
    observed = read(ECA, "fdem")
    # σa = 4 Q/(ω μ0 s²): 10 mS/m at 1 m and 10 kHz, 20 mS/m at 2 m and 9 kHz
    omega_mu = 2 * np.pi * np.array([1e4, 9e3]) * 4e-7 * np.pi
    expected = np.array([10e-3, 20e-3]) * omega_mu * np.array([1, 2]) ** 2 / 4 * 1e6
    np.testing.assert_allclose(observed["quadrature"].values[0], expected)
    np.testing.assert_allclose(observed["in_phase"].values, [[100, 200], [np.nan, 300]])
    survey = described(observed)
    assert survey.orientation == ["VCP", "HCP"] and survey.height == 1
    assert survey.quantity == ["in_phase", "quadrature"]
    assert "Columns not used: 'depth'." in observed.read_report
    assert (
        "read in mS/m" in observed.read_report and "The in-phase was turned from ppt into ppm" in observed.read_report
    )


def test_the_simulated_quadrature_of_that_ground_is_the_same(read):
    low = ECA.replace(",10,", ",1e-3,").replace(",20,", ",1e-3,").replace("h1", "h0")
    observed = read(low, "fdem", columns={"VCP1f10000h0_inph": "not used", "HCP2f9000h0_inph": "not used"})
    assert "in_phase" not in observed and "was left out, as columns= says" in observed.read_report
    # at low induction numbers the error is as the offset to the skin depth, 2 m to 5 km
    simulated = survey_from_dict(json.loads(observed.attrs["survey"]))(thickness=np.empty((1, 0)), resistivity=[[1e6]])
    np.testing.assert_allclose(observed["quadrature"].values[0], simulated[0], rtol=1e-3)


def test_headers_without_a_frequency_need_one_said(read):
    bare = ECA.replace("f10000h1", "").replace("f9000h1", "")
    with pytest.raises(ValueError, match=r"column 'VCP1' gives no frequency; say it with system=\{'frequency'"):
        read(bare, "fdem")
    observed = read(bare, "fdem", system={"frequency": 30000})
    assert described(observed).frequency == [30000, 30000] and described(observed).height == 0
    assert "the coils were taken to lie on the ground" in observed.read_report
    assert described(read(bare, "fdem", system={"frequency": 30000, "height": 0.5})).height == 0.5


def test_spacings_of_gf_instruments_are_told(read):
    table = ECA.replace("VCP1f", "VCP1.48f").replace("HCP2f", "HCP2.82f")
    assert "shows values on a scale of its own" in read(table, "fdem").read_report
    assert "scale of its own" not in read(table, "fdem", system={"scale": "lin"}).read_report
    assert "scale of its own" not in read(ECA, "fdem").read_report


def test_values_on_the_scale_of_gf_are_converted(read):
    shown, converted = (read(ECA, "fdem", system={"scale": scale}) for scale in ("lin", "F-1m"))
    factor = (converted["quadrature"] / shown["quadrature"]).values
    expected = [gf_to_lin(1, *coils, setting="F-1m") for coils in ((10e3, 1, "VCP"), (9e3, 2, "HCP"))]
    np.testing.assert_allclose(factor, [expected, expected])
    assert "on GF's scale F-1m and converted from it" in converted.read_report


def test_a_resolve_table_has_coils_heights_and_doubled_coaxial_values(read):
    observed = read(RESOLVE, "fdem")
    np.testing.assert_allclose(observed["in_phase"].values[0], [429.6, 671.0])
    np.testing.assert_allclose(observed["quadrature"].values[1], [307.8, 203.4])
    assert np.isnan(observed["quadrature_std"].values).all()
    np.testing.assert_array_equal(observed["height"], [42.5, 40.21])
    np.testing.assert_array_equal(observed["elevation"], [14.39, 15.07])
    survey = described(observed)
    assert survey.frequency == [382, 3258] and survey.offset == [7.86, 8.99]
    assert survey.orientation == ["HCP", "VCX"] and survey.height is None
    assert "382 Hz at 7.86 m" in observed.read_report and "the values were doubled" in observed.read_report


def test_frequencies_and_spacings_may_be_said(read):
    survey = described(read(RESOLVE, "fdem", system={"frequency": [390, 3300], "offset": [7.9, 9.0]}))
    assert survey.frequency == [390, 3300] and survey.offset == [7.9, 9.0]
    assert survey.orientation == ["HCP", "VCX"]


def test_a_system_file_gives_the_coils(read, tmp_path):
    (tmp_path / "coils.stm").write_text(COILS)
    observed = read(USGS, "fdem", system=tmp_path / "coils.stm")
    survey = described(observed)
    assert survey.orientation == ["HCP", "VCX"] and survey.offset == [7.93, 9.03]
    np.testing.assert_allclose(observed["in_phase"].values[0], [100, 60])
    assert observed["name"].item() == "sheet" or observed["name"].item() == "1"
    assert float(observed["elevation"][0]) == 1200 and observed["line"].item() == "30010"


def test_cells_that_stand_for_no_value_are_missing(read):
    observed = read(RESOLVE.replace("429.6", "-9999").replace("278.5", "*"), "fdem")
    assert not observed["used"].values[0, 0] and "holds -9999 1 times" in observed.read_report


@pytest.mark.parametrize(
    ("text", "changes", "system", "said"),
    [
        (USGS, ("a", "a"), None, r"does not give the coils of its channels; say them with a system file"),
        (RESOLVE, ("CPQ400_F", "note"), None, r"has the column 'CPI400_F' and no other part of the field at 400 Hz"),
        (RESOLVE, ("bird_height_m", "note"), None, r"has no column of the height above the ground"),
        (RESOLVE, ("42.5", "-42.5"), None, r"sounding 1 has a height of -42\.5 m"),
        (RESOLVE, ("429.6", "high"), None, r"sheet\.csv, row 2, column 'CPI400_F' holds 'high', which is not a number"),
        (RESOLVE, ("a", "a"), {"frequency": [1, 2]}, r"system must give offset for sheet\.csv"),
        (RESOLVE, ("a", "a"), {"frequency": [1], "offset": [1, 2]}, r"system must give frequency .* each of its 2"),
        (ECA, ("HCP2f9000h1,", "HCP2f9000h2,"), None, r"has channels at different heights \(1, 2\)"),
        (ECA, ("a", "a"), {"scale": "log"}, r"system gives the scale 'log'; allowed are 'lin', .* 'F-0m' and 'F-1m'"),
        (ECA, ("a", "a"), {"height": -1}, r"system gives a height of -1 m"),
        ("a,b\n1,2\n3,4\n", ("x", "x"), None, r"no FDEM format has such headers"),
        ("1,2\n3,4\n", ("x", "x"), None, r"has no row of headers with rows of numbers below"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(read, text, changes, system, said):
    with pytest.raises(ValueError, match=said):
        read(text.replace(*changes, 1), "fdem", system=system)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"CPI400": "not used"}, r"columns names 'CPI400', but sheet\.csv has the columns 'line'"),
        ({"CPI400_F": "AB/2 (m)"}, r"in electromagnetic tables it can only leave columns out"),
    ],
)
def test_columns_can_only_leave_out_what_is_there(read, columns, said):
    with pytest.raises(ValueError, match=said):
        read(RESOLVE, "fdem", columns=columns)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (("3345, x", "3400, x"), r"has a channel at 3345 Hz, but coils\.stm has 380, 3400 Hz"),
        (("3345, x, -1", "3345, y, -1"), r"coils\.stm, row 3 gives coils along y and x"),
        (("freq,", "f,"), r"coils\.stm, row 1 lacks the column freq"),
        (("7.93", "near"), r"coils\.stm, row 2 holds something that is not a number"),
    ],
)
def test_a_wrong_system_file_is_said_with_its_place(read, tmp_path, changes, said):
    (tmp_path / "coils.stm").write_text(COILS.replace(*changes))
    with pytest.raises(ValueError, match=said):
        read(USGS, "fdem", system=tmp_path / "coils.stm")


def test_bookpurnong_resolve_has_the_published_row(field):
    observed = read_soundings(field("fdem/bookpurnong/resolve_bookpurnong.csv"), "fdem")
    assert dict(observed.sizes) == {"sounding": 1022, "reading": 6}
    published = observed.isel(sounding=1021)
    assert float(published["height"]) == 33.46
    np.testing.assert_allclose(published["in_phase"], [816.0, 1674.1, 2 * 654.6, 2116.2, 2580.5, 2603.2])
    np.testing.assert_allclose(published["quadrature"], [590.1, 507.4, 2 * 188.3, 429.2, 255.8, 177.3])


def test_boxford_is_read_at_its_height_with_the_scale_told(field):
    observed = read_soundings(field("fdem/emagpy_boxford_eca_raw.csv"), "fdem")
    assert dict(observed.sizes) == {"sounding": 43, "reading": 6} and described(observed).height == 1
    assert "shows values on a scale of its own" in observed.read_report
    assert described(observed).quantity == ["quadrature"]


def test_the_saprolite_site_has_in_phase_too(field):
    observed = read_soundings(field("fdem/emagpy_saprolite_mexpl.csv"), "fdem", system={"frequency": 30000})
    np.testing.assert_allclose(observed["in_phase"].values[0, :3], [1850, 1500, 2010])
    assert observed["name"].values[:2].tolist() == ["1", "2"]


def test_the_usgs_resolve_system_is_read(field, read):
    system = field("fdem/usgs_resolve.stm")
    frequencies = (380, 1776, 3345, 8171, 41020, 129550)
    header = " ".join(f"I_{f} Q_{f}" for f in frequencies)
    observed = read(f"Line height {header}\n1 30 {' '.join(map(str, range(12)))}\n", "fdem", system=system)
    survey = described(observed)
    assert survey.orientation == ["HCP", "HCP", "VCX", "HCP", "HCP", "HCP"]
    assert survey.offset == [7.93, 7.91, 9.03, 7.91, 7.91, 7.89]


def test_a_sounding_without_a_height_is_kept_but_not_used(read):
    observed = read(RESOLVE.replace("42.5", ""), "fdem")
    assert observed["used"].values.tolist() == [[False, False], [True, True]]
    assert "1 soundings have no height; none of their readings is used." in observed.read_report


def test_files_of_other_coils_are_soundings_of_one_survey(tmp_path):
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    paths[0].write_text(ECA.replace("h1", "h0"))
    paths[1].write_text(ECA.replace("h1", "h0").replace("HCP2f", "HCP4f"))
    observed = read_soundings(paths, "fdem")
    assert dict(observed.sizes) == {"sounding": 4, "reading": 2}
    assert described(observed).offset == [1, 2, 4]
    with pytest.raises(ValueError, match=r"a\.csv and b\.csv have different systems \(height\)"):
        paths[1].write_text(ECA)
        read_soundings(paths, "fdem")


def test_boxford_as_shown_becomes_the_converted_file(field):
    shown = read_soundings(field("fdem/emagpy_boxford_eca_raw.csv"), "fdem", system={"scale": "F-1m"})
    converted = read_soundings(field("fdem/emagpy_boxford_eca_calibration.csv"), "fdem", system={"scale": "lin"})
    # the file is rounded to two digits after the point, and its author's constants differ by 0.3 %
    np.testing.assert_allclose(shown["quadrature"], converted["quadrature"], rtol=4e-3)
