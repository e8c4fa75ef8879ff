"""What is read from a sheet, masked or refused, and that the report says so."""

import os

import numpy as np
import pytest
import xarray as xr

from bpinvert.readers import read_soundings

PLAIN = "AB/2 (m),rhoa (ohm m)\n1.5,120\n5,95\n15,40\n50,61\n"


def values(observed, name):
    return observed[name].values[0].tolist()


@pytest.mark.parametrize(
    "header, cell, sigma",
    [
        ("error (%)", "5", 5.0),
        ("error percent", "5", 5.0),
        ("relative error", "0.05", 5.0),
        ("error (ohm m)", "2", 2.0),
        ("rhoa_std", "2", 2.0),
        ("std", "2", 2.0),
        ("std log10 rhoa", "0.02", 2.0 * np.log(10)),
        ("std ln rhoa", "0.02", 2.0),
    ],
)
def test_errors_become_physical_standard_deviations(read, header, cell, sigma):
    observed = read(f"ab2,rhoa,{header}\n1,100,{cell}\n2,100,{cell}\n3,100,\n")
    np.testing.assert_allclose(values(observed, "apparent_resistivity_std"), [sigma, sigma, np.nan], rtol=1e-12)


@pytest.mark.parametrize("name, log", [("log10", np.log10), ("lg", np.log10), ("ln", np.log)])
def test_logarithms_are_read_by_their_base(read, name, log):
    rows = "".join(f"{log(ab2):.12g},{log(100):.12g}\n" for ab2 in (1.5, 5, 20))
    observed = read(f"{name}(AB/2),{name}Rhoa\n{rows}")
    np.testing.assert_allclose(values(observed, "ab2"), [1.5, 5, 20])
    np.testing.assert_allclose(values(observed, "apparent_resistivity"), 100)
    assert f"from {name}" in observed.read_report


def test_a_logarithm_of_unknown_base_is_refused(read):
    with pytest.raises(ValueError, match=r"column 'log AB/2' does not say whether it holds log10 or ln"):
        read("log AB/2,rhoa\n0.2,100\n0.5,100\n1,100\n")


def test_an_error_without_a_unit_is_refused(read):
    with pytest.raises(ValueError, match=r"column 'error' does not say in which unit"):
        read("ab2,rhoa,error\n1,100,5\n2,100,5\n3,100,5\n")


def test_per_cent_under_a_header_of_fractions_is_refused(read):
    with pytest.raises(ValueError, match="a relative error is a fraction"):
        read("ab2,rhoa,relative error\n1,100,5\n2,100,5\n3,100,5\n")


def test_full_spacings_are_halved_and_reported(read):
    observed = read("AB (m),MN (m),rhoa\n3,1,120\n6,1,100\n20,2,80\n")
    assert values(observed, "ab2") == [1.5, 3, 10]
    assert values(observed, "mn2") == [0.5, 0.5, 1]
    assert "AB is the full spacing" in observed.read_report
    assert "MN is the full spacing" in observed.read_report


def test_feet_become_metres_and_other_kinds_of_unit_are_refused(read):
    assert values(read("AB/2 (ft),rhoa\n10,1\n20,2\n30,3\n"), "ab2") == pytest.approx([3.048, 6.096, 9.144])
    with pytest.raises(ValueError, match=r"'AB/2 \(Hz\)' is given in Hz; AB/2 must be in m"):
        read("AB/2 (Hz),rhoa\n10,1\n20,2\n30,3\n")


def test_readings_that_repeat_a_spacing_with_another_mn_are_all_kept(read):
    observed = read("ab2,mn2,rhoa\n10,1,50\n20,1,60\n20,5,65\n40,5,70\n")
    assert values(observed, "ab2") == [10, 20, 20, 40]
    assert values(observed, "mn2") == [1, 1, 5, 5]
    assert observed["used"].values.all()


def test_unsorted_spacings_are_sorted_with_their_values_and_reported(read):
    observed = read("ab2,rhoa\n5,95\n1.5,120\n50,61\n15,40\n")
    assert values(observed, "ab2") == [1.5, 5, 15, 50]
    assert values(observed, "apparent_resistivity") == [120, 95, 40, 61]
    assert "not in order of AB/2" in observed.read_report


@pytest.mark.parametrize(
    "cell, words",
    [
        ("-9", "-9 ohm m, not positive"),
        ("0", "0 ohm m, not positive"),
        ("nan", "missing"),
        ("", "missing"),
        ("inf", "inf ohm m"),
    ],
)
def test_a_reading_that_cannot_be_used_is_kept_masked_and_named(read, cell, words):
    observed = read(PLAIN.replace("15,40", f"15,{cell}"))
    assert values(observed, "used") == [True, True, False, True]
    assert values(observed, "ab2")[2] == 15
    assert f"Row 4: apparent resistivity is {words}" in observed.read_report


def test_a_spacing_or_mn_that_is_not_positive_masks_the_reading(read):
    observed = read("ab2,mn2,rhoa\n-1,0.1,5\n2,-0.2,5\n3,0.2,5\n4,0.2,5\n5,0.2,5\n6,0,5\n")
    assert values(observed, "used") == [False, False, True, True, True, False]


def test_mn_written_once_for_several_readings_is_that_of_all_of_them_and_said_so(read):
    observed = read(
        "sounding,ab2,mn2,rhoa\nA,2,0.5,5\n,3,,5\n,4,,5\n,4,1,5\n,6,,5\nB,1,,7\nB,2,0.2,7\nB,3,,7\nB,4,,7\n"
    )
    np.testing.assert_array_equal(observed["mn2"].values[0], [0.5, 0.5, 0.5, 1, 1])
    np.testing.assert_array_equal(observed["mn2"].values[1], [np.nan, 0.2, 0.2, 0.2, np.nan])
    assert "MN is empty for 5 readings; they were taken with the MN of the reading above." in observed.read_report


@pytest.mark.parametrize(
    "line, unit, mn2",
    [
        ("MN = 1 m", "m", 0.5),
        ("MN/2 = 0.5 m", "m", 0.5),
        ("MN=50cm", "m", 0.25),
        ("MN : 2", "ft", 0.3048),
        ("# mn = 0,8 m", "m", 0.4),
    ],
)
def test_an_mn_written_above_the_headers_is_that_of_all_readings(read, line, unit, mn2):
    observed = read(f"{line}\nAB/2 ({unit});rhoa\n3;10\n6;20\n9;30\n")
    np.testing.assert_allclose(values(observed, "mn2"), [mn2] * 3, rtol=1e-12)
    assert observed["name"].item() == "sheet"
    assert f"MN/2 = {mn2:g} m was taken for all readings, as row 1 says." in observed.read_report


def test_the_title_of_a_sheet_may_give_mn_and_then_names_no_sounding(read_book):
    rows = [["AB/2", "rhoa"], [3, 10], [6, 20], [9, 30]]
    observed = read_book({"MN=1m": rows})
    assert values(observed, "mn2") == [0.5] * 3 and observed["name"].item() == "book"
    assert values(read_book({"P4, MN=1m": rows}), "mn2") == [0.5] * 3


@pytest.mark.parametrize(
    "line", ["MN = 1 m; 5 m", "MN = 1 to 5 m", "MN = 1-5 m", "MN = 1..5 m", "MN = 1 Ohm", "AMN = 1 m", "MN = 15/2"]
)
def test_what_gives_no_single_mn_is_not_taken_for_it(read, line):
    assert "mn2" not in read(f"{line}\nAB/2\trhoa\n3\t10\n6\t20\n9\t30\n")


def test_a_column_of_mn_goes_before_a_title_and_the_title_must_be_possible(read):
    assert values(read("MN = 1 m\nAB/2,MN/2,rhoa\n3,.2,10\n6,.2,20\n9,.2,30\n"), "mn2") == [0.2] * 3
    with pytest.raises(ValueError, match=r"sheet\.csv, row 1 gives MN/2 = 5 m at AB/2 = 3 m; MN must be smaller"):
        read("MN = 10 m\nAB/2,rhoa\n3,10\n6,20\n9,30\n")


def test_an_error_that_is_not_positive_counts_as_not_given(read):
    observed = read("ab2,rhoa,error (%)\n1,10,0\n2,10,-5\n3,10,5\n")
    np.testing.assert_allclose(values(observed, "apparent_resistivity_std"), [np.nan, np.nan, 0.5])
    words = "Column 'error (%)': the error is not positive in rows 2, 3; it counts as not given there."
    assert words in observed.read_report
    many = "".join(f"{k},10,0\n" for k in range(1, 16))
    report = read("ab2,rhoa,error (%)\n" + many).read_report
    assert (
        report.count("the error is not positive") == 1 and "in rows 2, 3, 4," in report and "13 and 3 more;" in report
    )


def test_two_readings_only_are_kept_but_none_is_used(read):
    observed = read("ab2,rhoa\n1,10\n2,10\n")
    assert values(observed, "used") == [False, False]
    assert "at least 3" in observed.read_report


def test_mn_not_smaller_than_ab_is_refused_with_its_place(read):
    with pytest.raises(ValueError, match=r"sheet\.csv, row 3, column 'MN/2' gives MN/2 = 5 m at AB/2 = 5 m"):
        read("AB/2,MN/2,rhoa\n1,0.2,10\n5,5,10\n9,1,10\n")


def test_missing_columns_are_named_with_those_that_were_found(read):
    with pytest.raises(ValueError, match=r"has the columns 'p', 'c'; .* needs AB/2 .*, apparent resistivity"):
        read("p,c\n1,2\n")
    with pytest.raises(ValueError, match=r"Add or rename the column of phase"):
        read("period,rhoa\n1,2\n", "mt")


def test_two_columns_of_one_meaning_are_refused(read):
    with pytest.raises(ValueError, match=r"'rhoa' and 'App\. Res\.' both mean"):
        read("ab2,rhoa,App. Res.\n1,2,3\n")


def test_unknown_methods_and_things_that_are_no_path_are_refused():
    with pytest.raises(ValueError, match="known are ves, mt"):
        read_soundings("a.csv", "gravity")
    with pytest.raises(TypeError, match="path is a list"):
        read_soundings(["a.csv"])


def test_frequencies_become_periods_sorted_upward(read):
    observed = read("frequency (Hz),rhoa,phase\n100,10,45\n1,20,50\n0.1,30,-60\n", "mt")
    assert values(observed, "period") == [0.01, 1, 10]
    assert values(observed, "phase") == [45, 50, -60]
    assert "1 phases lie outside 0–90 degrees" in observed.read_report


def test_phases_in_radians_become_degrees(read):
    observed = read("period,rhoa,phase (rad)\n1,10,0.5\n2,10,0.5\n3,10,0.5\n", "mt")
    assert values(observed, "phase") == pytest.approx([np.rad2deg(0.5)] * 3, rel=1e-12)


@pytest.mark.parametrize("method, content", [("ves", PLAIN), ("mt", "period,rhoa,phase\n1,9,45\n2,9,45\n3,9,45\n")])
def test_every_variable_has_units_and_a_long_name_and_survives_netcdf(read, tmp_path, method, content):
    observed = read(content, method)
    assert observed.method == method
    assert all({"units", "long_name"} <= set(variable.attrs) for variable in observed.values())
    observed.to_netcdf(tmp_path / "observed.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "observed.nc", engine="scipy") as again:
        xr.testing.assert_equal(again.load(), observed)


def test_reading_needs_no_particular_type_of_path(tmp_path):
    path = tmp_path / "site 7.csv"
    path.write_text(PLAIN)
    assert read_soundings(os.fspath(path))["name"].item() == "site 7"
