"""Tables of text: encodings, delimiters, numbers, headers that are not in the first row."""

from pathlib import Path

import numpy as np
import pytest

from bpinvert.readers import read_soundings

PLAIN = "AB/2 (m),rhoa (ohm m)\n1.5,120\n5,95\n15,40\n50,61\n"


def values(observed, name):
    return observed[name].values[0].tolist()


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


def test_text_in_a_number_cell_is_refused_with_its_place(read):
    with pytest.raises(ValueError, match=r"sheet\.csv, row 3, column 'rhoa \(ohm m\)' holds '95 ohm'"):
        read(PLAIN.replace("95", "95 ohm"))


@pytest.mark.parametrize("fault", ["abc", "1_0", "0x10", "1e", "5%"])
def test_only_plain_numbers_count_as_numbers(read, fault):
    with pytest.raises(ValueError, match="not a number"):
        read(PLAIN.replace("95", fault))


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


@pytest.mark.parametrize(
    "header, encoding, name",
    [
        ("点号,供电极距AB/2(m),视电阻率(Ω·m)", "gb18030", "GB18030"),
        ("point,a(m),R(kΩ)", "gb18030", "GB18030"),
        ("point,Demi-distance AB/2 (m),Résistivité apparente", "cp1252", "Windows-1252"),
        ("point,АВ/2,Кажущееся сопротивление", "cp1251", "Windows-1251"),
        ("point,AB/2,ρa", "utf-16", "UTF-16"),
        ("point,AB/2,ρa", "utf-16-le", "UTF-16"),
    ],
)
def test_the_encoding_is_the_one_under_which_the_headers_are_understood(read, header, encoding, name):
    observed = read(header + "\nA,1,10\nA,2,20\nA,3,30\n", encoding=encoding)
    assert observed["used"].values.sum() == 3
    assert f"The text is not UTF-8; it was read as {name}." in observed.read_report


def test_marks_of_order_line_ends_and_empty_columns_do_not_matter(read):
    observed = read(b"\xef\xbb\xbfAB/2,rhoa,,\r\n1,10,,\r\n\r\n2,20,,\r\n3,30,,\r\n")
    assert values(observed, "ab2") == [1, 2, 3]


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u202f", "'"])
def test_blanks_that_mark_thousands_are_taken_out_and_reported(read, blank):
    observed = read(f"AB/2\u00a0(m);rhoa\n1;1{blank}000\n2;2{blank}000,5\n3;12{blank}345{blank}678\n")
    assert values(observed, "apparent_resistivity") == [1000, 2000.5, 12345678]
    assert "marks of the thousands" in observed.read_report


def test_a_title_and_notes_are_skipped_and_reported(read):
    observed = read("VES 12, village X\nDate: 3/4/2020\n\nAB/2,rhoa\n1,10\n2,20\n3,30\nBy A. B., rainy, cold\n")
    assert observed["name"].values.tolist() == ["VES 12, village X"]
    assert "Above the headers rows 1, 2 were skipped: 'VES 12, village X'; 'Date: 3/4/2020'." in observed.read_report
    assert "Below the readings row 8 was skipped: 'By A. B., rainy, cold'." in observed.read_report


def test_a_title_is_skipped_in_a_table_aligned_with_blanks(read):
    observed = read("VES 12 village X\n\nAB/2 MN/2 rhoa\nm m ohm.m\n1 .2 10\n2 .2 20\n3 .2 30\n", name="a.txt")
    assert observed["name"].values.tolist() == ["VES 12 village X"]
    assert values(observed, "mn2") == [0.2] * 3


def test_comments_between_the_readings_are_reported(read):
    observed = read("# site 7\nAB/2,rhoa\n1,10\n#2,20\n3,30\n4,40\n")
    assert values(observed, "ab2") == [1, 3, 4]
    assert "Comments were skipped: row 4." in observed.read_report


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_header_that_is_a_number_sign_is_no_comment(read, delimiter):
    observed = read("#,AB/2,rhoa\n1,1,5\n2,2,6\n3,3,7\n".replace(",", delimiter))
    assert values(observed, "apparent_resistivity") == [5, 6, 7]


@pytest.mark.parametrize("cell", ["1-Feb", "Feb-01", "2024-02-01", "01-févr."])
def test_a_date_in_a_number_cell_is_called_so(read, cell):
    with pytest.raises(ValueError, match=f"row 3, .* holds '{cell}', .* Excel has made a date of it"):
        read(PLAIN.replace("\n5,", f"\n{cell},"))


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_line_that_tells_excel_the_delimiter_is_no_title(read, first):
    observed = read(f"{first}\nAB/2;rhoa\n1,5;10,5\n2;20\n3;30\n")
    assert observed["name"].item() == "sheet" and values(observed, "ab2") == [1.5, 2, 3]
    assert "Above the headers" not in observed.read_report


def test_a_last_row_of_dashes_is_no_reading(read):
    assert read("AB/2,rhoa\n1,10\n2,20\n3,30\n-,-\n")["used"].values[0].tolist() == [True, True, True]


def test_numbers_without_a_header_are_reported(read):
    assert "Columns not used: number 2, which has no header." in read("AB/2,,rhoa\n1,9,5\n2,9,6\n3,9,7\n").read_report


def test_blanks_within_headers_do_not_hide_the_commas(read):
    observed = read("# a, b and c\nAB/2 (m),log10 rhoa (ohm m),log10 rhoa std\n3,1,.04\n5,2,.04\n7,1,.04\n")
    np.testing.assert_allclose(values(observed, "apparent_resistivity"), [10, 100, 10], rtol=1e-12)
