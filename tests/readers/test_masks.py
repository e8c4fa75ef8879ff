"""Columns that mask readings."""

import pytest

from bpinvert.readers import read_soundings


def used(read, header, cells):
    rows = "".join(f"{k},{10 + k},{cell}\n" for k, cell in enumerate(cells, start=1))
    observed = read(f"AB/2,rhoa,{header}\n{rows}")
    return observed["used"].values[0].astype(int).tolist(), observed.read_report


def test_readings_masked_in_the_sheet_are_kept_but_not_used(read):
    observed = read("AB/2,rhoa,used\n1,100,yes\n2,100,\n3,9,no\n4,100,1\n")
    assert observed["used"].values[0].tolist() == [True, True, False, True]
    assert observed["apparent_resistivity"].values[0, 2] == 9
    assert "Row 4 is masked in column 'used'" in observed.read_report


@pytest.mark.parametrize("header", ["used", "rejected"])
def test_a_mask_that_is_neither_yes_nor_no_is_refused(read, header):
    with pytest.raises(ValueError, match=rf"row 3, column '{header}' holds 'perhaps'; write yes or no"):
        read(f"AB/2,rhoa,{header}\n1,100,yes\n2,100,perhaps\n3,100,no\n4,100,1\n")


@pytest.mark.parametrize("mark", ["x", "yes", "1", "✓"])
def test_an_empty_cell_among_marks_alone_means_no(read, mark):
    flags, report = used(read, "used", [mark, mark, "", mark, "-"])
    assert flags == [1, 1, 0, 1, 0]
    assert "Column 'used' holds marks and empty cells only; the 2 readings without a mark are not used." in report


def test_an_empty_cell_among_yes_and_no_masks_nothing_and_that_is_said(read):
    flags, report = used(read, "used", ["yes", "", "no", ""])
    assert flags == [1, 1, 0, 1]
    assert "Empty cells in column 'used' mask no reading." in report


@pytest.mark.parametrize("cells, flags", [(["no", "", "", ""], [0, 1, 1, 1]), (["", "", "", ""], [1, 1, 1, 1])])
def test_without_any_mark_an_empty_cell_masks_nothing(read, cells, flags):
    assert used(read, "used", cells)[0] == flags


@pytest.mark.parametrize("header", ["rejected", "Bad", "mask", "Masked?", "exclude", "outlier"])
@pytest.mark.parametrize("cells", [["", "", "x", ""], ["0", "0", "1", "0"], ["no", "", "yes", ""]])
def test_a_column_of_rejections_masks_what_it_marks(read, header, cells):
    flags, report = used(read, header, cells)
    assert flags == [1, 1, 0, 1]
    assert f"Row 4 is masked in column '{header}'" in report


@pytest.mark.parametrize(
    "header",
    [
        *("utilisé", "verwendet", "benutzt", "usado", "Usada", "utilizado", "valid", "valide", "gültig", "Keep"),
        *("accept", "accepted", "采用", "是否采用", "использовать"),
    ],
)
def test_a_column_of_use_is_known_by_its_word_in_several_languages(read, header):
    assert used(read, header, ["yes", "yes", "no", "yes"])[0] == [1, 1, 0, 1]


@pytest.mark.parametrize("header", ["skip", "ignore", "verworfen", "rejeté", "descartado", "剔除"])
def test_a_column_of_rejections_is_known_by_its_word_in_several_languages(read, header):
    assert used(read, header, ["", "", "x", ""])[0] == [1, 1, 0, 1]


@pytest.mark.parametrize("header", ["QC", "Status", "flag", "Quality"])
def test_a_column_of_judgements_masks_where_it_holds_nothing_else(read, header):
    flags, report = used(read, header, ["ok", "", "rejected", "good"])
    assert flags == [1, 1, 0, 1] and f"Row 4 is masked in column '{header}'" in report
    for cells in (["ok", "7", "rejected", "good"], ["0", "0", "1", "0"], ["done", "done", "bad", "done"]):
        flags, report = used(read, header, cells)
        assert flags == [1, 1, 1, 1] and f"Columns not used: '{header}'." in report
        assert ("may speak of rejected readings in row 4" in report) == (cells[2] != "1")


@pytest.mark.parametrize("header", ["Remarks", "Bemerkung", "Comment (field)"])
def test_a_remark_that_speaks_of_a_rejection_is_named_and_masks_nothing(read, header):
    flags, report = used(read, header, ["", "bad contact", "not used!", "dry"])
    assert flags == [1, 1, 1, 1]
    assert (
        f"Column '{header}' may speak of rejected readings in rows 3 ('bad contact'), 4 ('not used!'); they" in report
    )
    assert "To mask them, add a column 'used' with no in these rows." in report
    assert "may speak" not in used(read, header, ["wet", "1 stack", "", "badlands"])[1]
    assert "Column '' may speak" in read("AB/2,,rhoa\n1,bad,10\n2,,20\n3,,30\n").read_report


@pytest.mark.parametrize(
    "yes, no",
    [
        ("oui", "non"),
        ("Ja", "Nein"),
        ("Sí", "No"),
        ("sim", "não"),
        ("WAHR", "FALSCH"),
        ("VRAI", "FAUX"),
        ("verdadero", "falso"),
        ("是", "否"),
        ("да", "нет"),
    ],
)
def test_yes_and_no_are_read_in_several_languages(read, yes, no):
    assert used(read, "used", [yes, yes, no, yes])[0] == [1, 1, 0, 1]


def test_truth_values_of_a_workbook_mask(read_book):
    rows = [["AB/2", "rhoa", "outlier"], [1, 10, False], [2, 20, False], [3, 30, True], [4, 40, False]]
    assert read_book({"S": rows})["used"].values[0].tolist() == [True, True, False, True]


def test_a_column_of_masks_is_no_sounding(tmp_path):
    (tmp_path / "s.csv").write_text("AB/2,VES1,bad\n1,10,0\n2,20,1\n3,30,0\n4,40,0\n")
    observed = read_soundings(tmp_path / "s.csv")
    assert observed["name"].values.tolist() == ["VES1"] and observed["used"].values.sum() == 3


def test_a_masked_slip_is_not_said_to_be_used(read):
    report = read("AB/2,rhoa,used\n1,10,yes\n2,1100,no\n3,12,yes\n4,13,yes\n").read_report
    assert "Row 3 is masked in column 'used'" in report and "slip of the decimal point" not in report
