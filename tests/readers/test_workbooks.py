"""Excel workbooks: a sounding on each sheet, titles, units, notes, dates."""

import datetime
import zipfile

import numpy as np
import openpyxl
import pytest
import xarray as xr

from bpinvert.readers import read_soundings


def values(observed, name):
    return observed[name].values[0].tolist()


def test_an_excel_sheet_reads_like_its_csv_twin(read_book, tmp_path):
    rows = [["AB/2 (m)", "rhoa (ohm m)"], [1.5, 120], [5, 95], [None, None], [15, 40], [50, 61]]
    excel = read_book({"VES 1": rows, "notes": []})
    (tmp_path / "VES 1.csv").write_text("AB/2 (m),rhoa (ohm m)\n1.5,120\n5,95\n15,40\n50,61\n")
    text = read_soundings(tmp_path / "VES 1.csv")
    xr.testing.assert_identical(excel.drop_attrs(deep=False), text.drop_attrs(deep=False))
    assert "A sheet was not read: book.xlsx, sheet 'notes' holds no cells" in excel.read_report


def test_text_in_an_excel_cell_is_named_with_its_sheet(read_book):
    with pytest.raises(ValueError, match=r"book\.xlsx, sheet 'Sheet', row 3, column 'rhoa' holds 'high'"):
        read_book({"Sheet": [["AB/2", "rhoa"], [1, 10], [2, "high"], [3, 10]]})


SOUNDING = [["AB/2 (m)", "rhoa (ohm m)"], [1, 10], [2, 20], [3, 30]]


def test_every_sheet_that_reads_is_a_sounding_and_the_others_are_reported(read_book):
    longer = [["AB/2 (m)", "MN/2 (m)", "rhoa"], *([k, 0.3, 10 * k] for k in range(1, 6))]
    observed = read_book({"VES 1": SOUNDING, "cover": [["Client", "X"], ["Date", 5]], "VES 2": longer})
    assert observed["name"].values.tolist() == ["VES 1", "VES 2"]
    assert observed["used"].values.sum(axis=1).tolist() == [3, 5]
    np.testing.assert_array_equal(observed["mn2"].values[:, 0], [np.nan, 0.3])
    np.testing.assert_array_equal(observed["apparent_resistivity"].values[0], [10, 20, 30, np.nan, np.nan])
    lines = observed.read_report.splitlines()
    assert lines[0] == "book.xlsx"
    assert "Sheet 'VES 2':" in lines
    assert "A sheet was not read: book.xlsx, sheet 'cover' has the columns 'Client', 'X'" in observed.read_report


def test_a_sounding_without_a_doubt_has_none_beside_another_sheet(read_book):
    doubted = [["AB/2", "K", "R", "rhoa"], *([k, 1, 10, 100] for k in (1, 2, 3))]
    observed = read_book({"A": SOUNDING, "B": doubted})
    assert observed["doubt"].values.tolist() == [
        "", "In every row the apparent resistivity is 10 times K·R, as by a mistake of units or spacings."
    ]  # fmt: skip
    assert observed["doubt"].attrs == {
        "units": "",
        "long_name": "what contradicts itself in the sheet or may be read in two ways",
    }
    assert "doubt" not in read_book({"A": SOUNDING, "B": SOUNDING})


def test_sheets_may_hold_several_soundings_each_and_their_names_stay_apart(read_book):
    sheet = [["site", "AB/2", "rhoa"], *([site, k, 10] for site in "PQ" for k in (1, 2, 3))]
    observed = read_book({"north": sheet, "south": [*sheet[:4]]})
    assert observed["name"].values.tolist() == ["north: P", "Q", "south: P"]


def test_sheets_of_unlike_arrays_are_refused(read_book):
    with pytest.raises(ValueError, match="soundings of different arrays"):
        read_book({"S": SOUNDING, "W": [["a (m)", "rhoa"], [1, 10], [2, 20], [3, 30]]})


def test_where_no_sheet_reads_each_says_why(read_book):
    with pytest.raises(ValueError, match=r"no sheet that can be read .* sheet 'A' has the columns .* 'B', row 2"):
        read_book({"A": [["p", "q"], [1, 2]], "B": [["AB/2", "rhoa"], [1, "bad"], [2, 3]], "C": []})


def test_rows_above_the_headers_units_and_notes_are_told_from_readings(read_book):
    rows = [["VES 12, village X"], [], ["AB/2", "MN/2", "rhoa"], ["m", "cm", "ohm.m"]]
    observed = read_book({"Sheet1": [*rows, [1, 20, 10], [2, 20, 20], [3, 20, 30], [], ["Note: rain at noon"]]})
    assert observed["name"].values.tolist() == ["VES 12, village X"]
    assert values(observed, "mn2") == [0.2, 0.2, 0.2]
    for words in ("Above the headers row 1 was skipped", "Row 4 was read as units", "Below the readings row 9 was"):
        assert words in observed.read_report
    assert "The name of the sounding was taken from row 1" in observed.read_report


def test_the_title_of_a_sheet_is_the_name_before_its_first_row(read_book):
    assert read_book({"SEV 7": [["Projet"], *SOUNDING]})["name"].values.tolist() == ["SEV 7"]
    assert read_book({"Sheet1": SOUNDING})["name"].values.tolist() == ["book"]


def test_a_row_of_groups_above_the_headers_is_skipped_and_lines_within_a_header_are_one(read_book):
    rows = [["Spacings", None, "Apparent resistivity (Ω.m)"], ["AB/2\n(m)", "MN/2\n(m)", "VES 1", "VES 2", None]]
    observed = read_book({"S": [*rows, [1, 0.2, 10, 5], [2, 0.2, 20, 6], [3, 0.2, 30, None], [4, 0.2, 30, 7]]})
    assert observed["name"].values.tolist() == ["VES 1", "VES 2"]
    assert observed["used"].values.sum(axis=1).tolist() == [4, 3]


def test_units_in_the_header_and_below_it_must_agree(read_book):
    assert values(read_book({"S": [SOUNDING[0], ["m", "ohm-m"], *SOUNDING[1:]]}), "ab2") == [1, 2, 3]
    with pytest.raises(ValueError, match=r"row 2, column 'AB/2 \(m\)' gives the unit 'cm' below a header with another"):
        read_book({"S": [SOUNDING[0], ["cm", "ohm m"], *SOUNDING[1:]]})


def test_numbers_kept_as_text_are_numbers(read_book):
    rows = [["AB/2", "rhoa"], ["1,5", "1\u00a0200"], [" 20 ", "1 000,5"], [30, "−7"], [40, "12"], [50, 13]]
    observed = read_book({"S": rows})
    assert values(observed, "ab2") == [1.5, 20, 30, 40, 50]
    assert values(observed, "apparent_resistivity") == [1200, 1000.5, -7, 12, 13]
    assert "marks of the thousands" in observed.read_report


def test_a_date_that_excel_made_is_called_so(read_book):
    with pytest.raises(ValueError, match=r"row 3, column 'AB/2' .* Excel has made a date of it"):
        read_book({"S": [["AB/2", "rhoa"], [1, 10], [datetime.datetime(2024, 2, 1), 20], [3, 30]]})


def test_a_formula_without_result_masks_its_reading(read_book):
    observed = read_book({"S": [["AB/2", "rhoa"], [1, 10], [2, "#DIV/0!"], [3, 30], ["#N/A", 9], [5, 7]]})
    assert values(observed, "used") == [True, False, True, True, False]


@pytest.mark.parametrize(
    "below", [["Mean", 20], ["Summe:", None], [None, "Average", 20], ["Std. dev.", 3], ["平均", 2]]
)
def test_what_is_computed_below_the_readings_is_skipped_and_said_so(read_book, below):
    rows = [["AB/2", "rhoa"], [1, 10], [2, 20], [3, 30]]
    observed = read_book({"S": [*([None, *row] if below[0] is None else row for row in rows), below]})
    assert values(observed, "apparent_resistivity") == [10, 20, 30]
    assert "Below the readings row 5 was skipped: '" in observed.read_report


def test_a_row_with_a_spacing_is_a_reading_whatever_heads_it(read_book):
    rows = [["VES", "AB/2", "rhoa"], ["A", 1, 10], ["A", 2, 20], ["A", 3, 30], *(["Total", k, 40] for k in (1, 2, 3))]
    assert read_book({"S": rows})["name"].values.tolist() == ["A", "Total"]


def test_magnetotelluric_sheets_are_read_alike(read_book):
    sheet = [["T (s)", "rhoa", "phase (deg)"], *([k, 10, 45] for k in (1, 2, 3))]
    assert read_book({"A": sheet, "B": sheet}, "mt")["name"].values.tolist() == ["A", "B"]


@pytest.mark.parametrize("name", ["old.xls", "locked.xlsx"])
def test_old_and_locked_workbooks_are_to_be_saved_as_xlsx(tmp_path, name):
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(ValueError, match=r"old Excel format \(\.xls\), or one with a password; save it as \.xlsx"):
        read_soundings(tmp_path / name)


def test_what_is_hidden_or_struck_through_is_used_and_said_so(tmp_path):
    book = openpyxl.Workbook()
    hidden = book.create_sheet("H")
    hidden.sheet_state = "hidden"
    for sheet in book:
        for row in [*SOUNDING, (4, 40), (5, 50)]:
            sheet.append(row)
    book.active.row_dimensions[4].hidden = True
    book.active.row_dimensions[9].hidden = True
    for cell in (book.active["B3"], book.active["A5"], book.active["A1"]):
        cell.font = openpyxl.styles.Font(strike=True)
    book.save(tmp_path / "seen.xlsx")
    observed = read_soundings(tmp_path / "seen.xlsx")
    assert observed["used"].values.sum() == 10
    first, second = observed.read_report.split("Sheet 'H':")
    assert "Row 4: numbers that are hidden, as by a filter, are used all the same; to leave readings out" in first
    assert "Rows 3, 5: numbers that are struck through are used all the same" in first
    assert "The worksheet is hidden, and read all the same; delete it to leave it out." in second
    assert "hidden" not in first.partition("Row 4")[0] and "struck" not in second


@pytest.mark.parametrize("page", [b"<html><table>", b"\n<!DOCTYPE html>\n", b"\xef\xbb\xbf<HTML xmlns='x'>"])
def test_a_page_saved_as_a_workbook_is_called_so(tmp_path, page):
    (tmp_path / "a.xls").write_bytes(page + b"<tr><td>AB/2</td></tr></table></html>")
    with pytest.raises(ValueError, match=r"a\.xls is an HTML page, .* save it as \.xlsx"):
        read_soundings(tmp_path / "a.xls")


def test_cells_merged_downward_hold_the_value_for_every_reading(tmp_path):
    book = openpyxl.Workbook()
    for row in [
        ("AB/2 (m)", "MN/2 (m)", "rhoa"),
        (2, 0.5, 10),
        (4, None, 11),
        (6, None, 12),
        (6, 2, 13),
        (9, None, 14),
    ]:
        book.active.append(row)
    book.active.merge_cells("B2:B4")
    book.active.merge_cells("B5:B6")
    book.save(tmp_path / "merged.xlsx")
    observed = read_soundings(tmp_path / "merged.xlsx")
    np.testing.assert_array_equal(observed["mn2"].values[0], [0.5, 0.5, 0.5, 2, 2])
    assert observed["used"].all()


FORMULAS = (
    "the file holds formulas without their values; open it in Excel or LibreOffice, save it there and read it again"
)


@pytest.mark.parametrize("last", [["=A4*2", "=A5*9"], [40, "=A5*9"]])
def test_formulas_without_values_are_said_to_be_so(read_book, last):
    rows = [["AB/2", "rhoa"], [10, 90], [20, 80], [30, 70], last]
    with pytest.raises(ValueError, match=rf"row 5, column '.*' holds '=A.*', which is not a number: {FORMULAS}"):
        read_book({"S": rows})
    with pytest.raises(ValueError, match=rf"row 2, column 'used' holds '=1': {FORMULAS}"):
        read_book({"S": [["AB/2", "rhoa", "used"], [1, 10, "=1"], [2, 20, 1], [3, 30, 1]]})


def test_formulas_in_columns_that_are_not_read_do_not_matter(read_book):
    rows = [["AB/2", "rhoa", "remark"], *([k, 10 * k, f"=A{k + 1}*2"] for k in (1, 2, 3))]
    assert read_book({"S": rows})["used"].values.all()


def test_a_formula_that_gives_empty_text_is_an_empty_cell(tmp_path):
    book = openpyxl.Workbook()
    for row in [("AB/2", "rhoa"), (1, 10), (2, 20), (3, 30), (4, "=IF(A5>3,A6,5)")]:
        book.active.append(row)
    book.save(tmp_path / "plain.xlsx")
    with zipfile.ZipFile(tmp_path / "plain.xlsx") as plain, zipfile.ZipFile(tmp_path / "s.xlsx", "w") as saved:
        for name in plain.namelist():
            # as Excel writes it: with the type of the value
            saved.writestr(name, plain.read(name).replace(b'<c r="B5"><f>', b'<c r="B5" t="str"><f>'))
    observed = read_soundings(tmp_path / "s.xlsx")
    assert values(observed, "used") == [True, True, True, False]
    assert "Row 5: apparent resistivity is missing" in observed.read_report


def test_cells_merged_below_an_empty_corner_are_filled_in_place(tmp_path):
    book = openpyxl.Workbook()
    for row, cells in enumerate([("AB/2", "MN/2", "rhoa"), (2, 0.5, 10), (4, None, 11), (6, None, 12)], start=3):
        for column, cell in enumerate(cells, start=2):
            book.active.cell(row, column, cell)
    book.active.merge_cells("C4:C6")
    book.save(tmp_path / "corner.xlsx")
    assert values(read_soundings(tmp_path / "corner.xlsx"), "mn2") == [0.5] * 3


def test_a_name_that_begins_like_a_formula_is_a_name(read):
    assert read("VES,AB/2,rhoa\n=P1,1,10\n=P1,2,20\n=P1,3,30\n")["name"].item() == "=P1"
