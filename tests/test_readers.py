"""Field sheets: what is read, what is masked, what is refused, and that the report says so."""

import os
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import xarray as xr

from bpinvert.readers import read_soundings
from bpinvert.readers.headers import read_header

FIELD = Path(__file__).parents[1].parent / "shared" / "data"
PLAIN = "AB/2 (m),rhoa (ohm m)\n1.5,120\n5,95\n15,40\n50,61\n"


@pytest.fixture
def read(tmp_path):
    """Write a sheet and read it."""

    def write_and_read(content, method="ves", name="sheet.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return read_soundings(path, method)

    return write_and_read


def field(name, method="ves"):
    path = FIELD / name
    if not path.exists():
        pytest.skip(f"the field data folder has no {name} here")
    return read_soundings(path, method)


def values(observed, name):
    return observed[name].values[0].tolist()


@pytest.mark.parametrize(
    "header, name, unit",
    [
        ("AB/2", "ab2", ""),
        ("ab2_m", "ab2", "m"),
        ("L/2 (m)", "ab2", "m"),
        ("AB", "ab", ""),
        ("MN [m]", "mn", "m"),
        ("MN/2", "mn2", ""),
        ("ρa", "apparent_resistivity", ""),
        ("ρₐ (Ω·m)", "apparent_resistivity", "ohm m"),
        ("rhoa_ohmm", "apparent_resistivity", "ohm m"),
        ("rho_a", "apparent_resistivity", ""),
        ("App. Res. (Ohm m)", "apparent_resistivity", "ohm m"),
        ("period_s", "period", "s"),
        ("Apparent resistivity (ohm-m)", "apparent_resistivity", "ohm m"),
        ("Frequency (Hz)", "frequency", "Hz"),
        ("phase_deg", "phase", "degree"),
        ("VES No", "sounding", ""),
    ],
)
def test_headers_in_users_spelling_are_understood(header, name, unit):
    column = read_header(header)
    assert (column.name, column.unit, column.log10, column.error) == (name, unit, False, False)


@pytest.mark.parametrize("header", ["K", "V (mV)", "V/I", "ln rhoa", "log(rhoa)", "AB/2 (yd)", "rhoa calc", "R (ohm)"])
def test_headers_of_other_things_are_not_taken_for_a_quantity(header):
    assert read_header(header) is None


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "   "])
def test_every_delimiter_gives_the_same_soundings(read, delimiter):
    observed = read(PLAIN.replace(",", delimiter), name="sheet.txt")
    assert values(observed, "ab2") == [1.5, 5, 15, 50]
    assert values(observed, "apparent_resistivity") == [120, 95, 40, 61]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_every_encoding_gives_the_same_soundings(read, encoding):
    observed = read("AB/2;rhoa (ohm m);Gerät\n1;10;ä\n2;20;ö\n3;30;ü\n", encoding=encoding)
    assert values(observed, "apparent_resistivity") == [10, 20, 30]
    assert "'Gerät'" in observed.read_report


def test_decimal_commas_are_read_and_reported(read):
    observed = read("AB/2;rhoa\n1,5;120,25\n5;95\n15;40,5\n")
    assert values(observed, "apparent_resistivity") == [120.25, 95, 40.5]
    assert "Decimal commas" in observed.read_report


@pytest.mark.parametrize("cells", ["1;1,200\n2;1,150\n3;1,100\n", "1.5;1,200\n2.5;980,5\n3;1,100\n"])
def test_a_comma_that_may_mark_thousands_is_refused(read, cells):
    with pytest.raises(ValueError, match=r"row 2, column 'rhoa' holds '1,200'"):
        read("AB/2;rhoa\n" + cells)


def test_headers_with_blanks_survive_in_a_table_aligned_with_blanks(read):
    observed = read("AB/2 (m) MN/2 (m) rho_a (Ohm m)\n1.5 0.5 120\n3 1 100\n10 1 80\n", name="a.txt")
    assert values(observed, "mn2") == [0.5, 1, 1]


def test_the_headers_may_stand_in_the_last_comment(read):
    observed = read("# site 7\n#AB/2\tLOG10(RHO)\tSTD\n1\t1.0\t0.05\n2\t2.0\t0.05\n3\t3.0\t0.1\n")
    np.testing.assert_allclose(values(observed, "apparent_resistivity"), [10, 100, 1000], rtol=1e-12)
    sigma = np.log(10) * np.array([0.05 * 10, 0.05 * 100, 0.1 * 1000])
    np.testing.assert_allclose(values(observed, "apparent_resistivity_std"), sigma, rtol=1e-12)


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
    ],
)
def test_errors_become_physical_standard_deviations(read, header, cell, sigma):
    observed = read(f"ab2,rhoa,{header}\n1,100,{cell}\n2,100,{cell}\n3,100,\n")
    np.testing.assert_allclose(values(observed, "apparent_resistivity_std"), [sigma, sigma, np.nan], rtol=1e-12)


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
    observed = read("ab2,mn2,rhoa\n-1,0.1,5\n2,0.2,5\n3,,5\n4,0.2,5\n5,0.2,5\n6,0,5\n")
    assert values(observed, "used") == [False, True, False, True, True, False]


def test_an_error_that_is_not_positive_counts_as_not_given(read):
    observed = read("ab2,rhoa,error (%)\n1,10,0\n2,10,-5\n3,10,5\n")
    np.testing.assert_allclose(values(observed, "apparent_resistivity_std"), [np.nan, np.nan, 0.5])
    assert observed.read_report.count("the error is not positive") == 2


def test_two_readings_only_are_kept_but_none_is_used(read):
    observed = read("ab2,rhoa\n1,10\n2,10\n")
    assert values(observed, "used") == [False, False]
    assert "at least 3" in observed.read_report


def test_mn_not_smaller_than_ab_is_refused_with_its_place(read):
    with pytest.raises(ValueError, match=r"sheet\.csv, row 3, column 'MN/2' gives MN/2 = 5 m at AB/2 = 5 m"):
        read("AB/2,MN/2,rhoa\n1,0.2,10\n5,5,10\n9,1,10\n")


def test_text_in_a_number_cell_is_refused_with_its_place(read):
    with pytest.raises(ValueError, match=r"sheet\.csv, row 3, column 'rhoa \(ohm m\)' holds '95 ohm'"):
        read(PLAIN.replace("95", "95 ohm"))


@pytest.mark.parametrize("fault", ["abc", "1_0", "0x10", "1e", "5%"])
def test_only_plain_numbers_count_as_numbers(read, fault):
    with pytest.raises(ValueError, match="not a number"):
        read(PLAIN.replace("95", fault))


def test_missing_columns_are_named_with_those_that_were_found(read):
    with pytest.raises(ValueError, match=r"has the columns 'p', 'c'; .* needs AB/2 .*, apparent resistivity"):
        read("p,c\n1,2\n")
    with pytest.raises(ValueError, match=r"Add or rename the column of phase"):
        read("period,rhoa\n1,2\n", "mt")


def test_two_columns_of_one_meaning_are_refused(read):
    with pytest.raises(ValueError, match=r"'rhoa' and 'App\. Res\.' both mean"):
        read("ab2,rhoa,App. Res.\n1,2,3\n")


def test_a_row_with_more_cells_than_headers_is_refused(read):
    with pytest.raises(ValueError, match=r"row 2 has 4 cells under 2 headers"):
        read("ab2,rhoa\n1,5,120,3\n")


@pytest.mark.parametrize(
    "content, words",
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "neither a table of text nor an .xlsx"),
        (b"PK\x03\x04 not a workbook", "not an Excel workbook"),
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"# nothing\n", "only comments"),
        (b"ab2,rhoa\n", "no readings below"),
        (b"1.5,120\n5,95\n", "begins with numbers in row 1"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(read, content, words):
    with pytest.raises(ValueError, match=words) as caught:
        read(content)
    assert "\n" not in str(caught.value)


def test_a_missing_file_a_folder_and_a_locked_file_are_said_to_be_so(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="There is no file"):
        read_soundings(tmp_path / "none.csv")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        read_soundings(tmp_path)
    (tmp_path / "locked.csv").write_text(PLAIN)

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(PermissionError, match="may not be read; close the program"):
        read_soundings(tmp_path / "locked.csv")


def test_unknown_methods_and_things_that_are_no_path_are_refused():
    with pytest.raises(ValueError, match="known are ves, mt"):
        read_soundings("a.csv", "gravity")
    with pytest.raises(TypeError, match="path is a list"):
        read_soundings(["a.csv"])


def test_a_column_of_names_makes_several_soundings(read):
    observed = read(
        "site,ab2,rhoa,x,line\nA,1,10,100,L1\nA,2,11,100,L1\n,3,12,100,L1\nA,4,13,100,L1\n"
        "B,1,20,200,L2\nB,2,21,200,L2\nB,3,22,200,L2\n"
    )
    assert observed["name"].values.tolist() == ["A", "B"]
    assert observed["x"].values.tolist() == [100, 200]
    assert observed["line"].values.tolist() == ["L1", "L2"]
    np.testing.assert_array_equal(observed["ab2"], [[1, 2, 3, 4], [1, 2, 3, np.nan]])
    np.testing.assert_array_equal(observed["used"], [[True] * 4, [True, True, True, False]])


def test_a_bad_sounding_among_good_ones_is_reported_and_the_rest_read(read):
    observed = read("site,ab2,rhoa\nA,1,10\nA,2,11\nA,3,12\nB,1,20\nB,2,abc\nB,3,22\n")
    np.testing.assert_array_equal(observed["used"], [[True] * 3, [False] * 3])
    assert "B: none of its readings is used. sheet.csv, row 6, column 'rhoa' holds 'abc'" in observed.read_report


def test_an_excel_sheet_reads_like_its_csv_twin(read, tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "VES 1"
    for row in [["AB/2 (m)", "rhoa (ohm m)"], [1.5, 120], [5, 95], [None, None], [15, 40], [50, 61]]:
        book.active.append(row)
    book.create_sheet("notes")
    book.save(tmp_path / "sheet.xlsx")
    excel, text = read_soundings(tmp_path / "sheet.xlsx"), read(PLAIN)
    xr.testing.assert_identical(excel.drop_attrs(deep=False), text.drop_attrs(deep=False))
    assert "not read: notes" in excel.read_report


def test_text_in_an_excel_cell_is_named_with_its_sheet(tmp_path):
    book = openpyxl.Workbook()
    for row in [["AB/2", "rhoa"], [1, 10], [2, "high"], [3, 10]]:
        book.active.append(row)
    book.save(tmp_path / "sheet.xlsx")
    with pytest.raises(ValueError, match=r"sheet\.xlsx, sheet 'Sheet', row 3, column 'rhoa' holds 'high'"):
        read_soundings(tmp_path / "sheet.xlsx")


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


def test_wauchope_is_read_from_its_logarithms():
    observed = field("ves/constable1987_wauchope_schlumberger.dat")
    rhoa, sigma = observed["apparent_resistivity"].values[0], observed["apparent_resistivity_std"].values[0]
    assert observed.sizes == {"sounding": 1, "reading": 24}
    assert values(observed, "ab2")[::23] == [3, 10000]
    np.testing.assert_allclose(rhoa[[0, -1]], 10.0 ** np.array([1.528, 2.174]), rtol=1e-12)
    np.testing.assert_allclose((sigma / rhoa)[[0, -1]], np.log(10) * np.array([0.043, 0.086]), rtol=1e-12)


@pytest.mark.parametrize(
    "name, n, last",
    [
        ("rves_ves_data1", 18, 19.2),
        ("gwb_myanmar_AungSan_loc1", 8, 194.23),
        ("gwb_myanmar_Mawlamyine_4", 28, 436.24),
    ],
)
def test_field_sheets_of_others_are_read_whole(name, n, last):
    observed = field(f"ves/{name}.csv")
    assert observed["used"].values.sum() == n
    assert values(observed, "apparent_resistivity")[-1] == last


def test_coprod1_is_read_with_both_errors():
    observed = field("mt/coprod1_occam1987.csv", "mt")
    assert observed.sizes == {"sounding": 1, "reading": 15}
    assert values(observed, "phase_std")[:3] == [22.95, 22.95, 4.96]
    rhoa = 10**2.315
    np.testing.assert_allclose(values(observed, "apparent_resistivity")[0], rhoa, rtol=1e-12)
    np.testing.assert_allclose(values(observed, "apparent_resistivity_std")[0], rhoa * np.log(10) * 0.0721, rtol=1e-12)
