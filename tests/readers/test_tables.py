"""Several tables in one sheet: each is a sounding of its own, where that is clear."""

import numpy as np
import pytest

HEADERS, UNITS = "AB/2,MN/2 (cm),rhoa\n", "m,cm,ohm m\n"


def rows(first, n=3):
    return "".join(f"{k},20,{first + k}\n" for k in range(1, n + 1))


@pytest.mark.parametrize("between", ["\nVES 2\n", "VES 2\n", "Rain at noon.\n\nVES 2\n\n"])
def test_tables_one_below_the_other_are_soundings_named_by_their_titles(read, between):
    table = HEADERS + UNITS
    observed = read("VES 1\n" + table + rows(10) + between + table + rows(70, 4))
    assert observed["name"].values.tolist() == ["VES 1", "VES 2"]
    np.testing.assert_array_equal(observed["apparent_resistivity"], [[11, 12, 13, np.nan], [71, 72, 73, 74]])
    np.testing.assert_array_equal(observed["mn2"].values[:, 0], [0.2, 0.2])
    report = observed.read_report
    assert "Table 1:" in report and "Table 2:" in report
    assert "The sheet holds 2 tables; each was read as a sounding of its own." in report


def test_tables_without_titles_are_numbered(read, read_book):
    assert read(HEADERS + rows(10) + "\n" + HEADERS + rows(70))["name"].values.tolist() == ["sheet", "sheet (2)"]
    table = [["AB/2", "rhoa"], [1, 10], [2, 20], [3, 30]]
    observed = read_book({"North": [*table, [], *table], "P": table})
    assert observed["name"].values.tolist() == ["North", "North (2)", "P"]
    assert "Sheet 'North', table 2:" in observed.read_report


def test_headers_that_come_again_at_once_may_be_those_of_a_new_page(read):
    with pytest.raises(ValueError, match="row 5, column 'AB/2' holds 'AB/2', which is not a number"):
        read(HEADERS + rows(10) + HEADERS + rows(70))


@pytest.mark.parametrize("gap", ["", ","])
def test_tables_side_by_side_are_soundings_named_by_their_titles(read, gap):
    lines = ["Survey of May,,,,,,", f"VES 1,,,{gap}VES 2,,", f"AB/2,MN/2,rhoa,{gap}AB/2,MN/2,rhoa"]
    lines += [f"1,.2,10,{gap}1.5,.3,70", f"2,.2,20,{gap}2.5,.3,80", f"3,.2,30,{gap}3.5,.3,90", f"4,.2,40,{gap},,"]
    observed = read("\n".join(lines))
    assert observed["name"].values.tolist() == ["VES 1", "VES 2"]
    np.testing.assert_array_equal(observed["ab2"], [[1, 2, 3, 4], [1.5, 2.5, 3.5, np.nan]])
    np.testing.assert_array_equal(observed["apparent_resistivity"], [[10, 20, 30, 40], [70, 80, 90, np.nan]])


def test_what_stands_above_tables_side_by_side_is_said_of_all(read):
    with pytest.raises(ValueError, match=r"table 1, row 1 says 'Spacings in feet', but .* table 2, row 1 says"):
        read("Spacings in feet,,,\nAB/2,rhoa,AB/2,rhoa\n1,10,1,10\n2,20,2,20\n3,30,3,30\n")


def test_a_fault_in_a_table_is_named_with_it_and_the_others_are_read(read):
    observed = read("VES 1\n" + HEADERS + rows(10) + "\nVES 2\n" + HEADERS + rows(70) + "4,20,x\n")
    assert observed["name"].values.tolist() == ["VES 1"]
    assert "A sheet was not read: sheet.csv, table 2, row 12, column 'rhoa' holds 'x'" in observed.read_report


def test_repeated_headers_without_a_spacing_are_no_tables(read):
    with pytest.raises(ValueError, match="columns 2 and 4, 'rhoa', both mean apparent resistivity"):
        read("AB/2,rhoa,err (%),rhoa,err (%)\n1,10,5,20,5\n2,10,5,20,5\n3,10,5,20,5\n")


def test_tables_in_a_text_of_blanks_are_told_apart(read):
    table = HEADERS.replace(",", " ") + "10 1 50\n20 1 60\n30 1 70\n"
    observed = read(f"VES 1\n{table}\nVES 2\n{table}", name="a.txt")
    assert observed["name"].values.tolist() == ["VES 1", "VES 2"]


def test_headers_that_come_again_without_readings_between_make_no_table_of_comments(read):
    with pytest.raises(ValueError, match=r"sheet\.csv"):
        read("# Love\nquncy(5\n5,eloc1,7\n1ovex\nquncy(5\n5,12,65,150\n")
