"""One sounding a file, a column of names, a column of resistivity for each sounding."""

import numpy as np
import pytest


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


def test_unknown_columns_of_numbers_are_soundings_where_no_resistivity_is_given(read):
    observed = read(
        "No,AB/2 (m),MN/2,SE1,SE2 (ohm.m),SP (mV),Remarks\n"
        "1,1,.3,5,6,0,wet\n2,2,.3,7,,1,\n3,3,.3,8,9,2,\n4,4,.3,-1,10,3,\n"
    )
    assert observed["name"].values.tolist() == ["SE1", "SE2"]
    np.testing.assert_array_equal(observed["ab2"], [[1, 2, 3, 4], [1, 3, 4, np.nan]])
    np.testing.assert_array_equal(observed["used"], [[True, True, True, False], [True, True, True, False]])
    report = observed.read_report
    assert "Columns 'SE1', 'SE2 (ohm.m)' were taken as apparent resistivities in ohm m" in report
    assert "empty there are no readings of that sounding: SE2 1" in report
    assert "Row 5, column 'SE1': apparent resistivity is -1 ohm m, not positive" in report
    assert "Columns not used: 'No', 'SP (mV)', 'Remarks'" in report


def test_headers_may_name_both_sounding_and_resistivity(read):
    observed = read("AB/2;VES 1 rhoa (ohm m);VES 2 rhoa (ohm m)\n1;5;6\n2;7;x\n3;8;9\n")
    assert observed["name"].values.tolist() == ["VES 1", "VES 2"]
    np.testing.assert_array_equal(observed["used"], [[True] * 3, [False] * 3])
    assert "VES 2: none of its readings is used. sheet.csv, row 3, column 'VES 2 rhoa (ohm m)' holds 'x'" in (
        observed.read_report
    )


def test_a_column_of_resistivity_leaves_unknown_columns_alone(read):
    observed = read("AB/2,rhoa,SE1\n1,5,6\n2,7,8\n3,8,9\n")
    assert observed.sizes["sounding"] == 1
    assert "Columns not used: 'SE1'" in observed.read_report


def test_two_columns_of_one_sounding_are_refused(read):
    with pytest.raises(ValueError, match="2 columns of the sounding 'SE1'; rename"):
        read("AB/2,SE1,SE1\n1,2,3\n2,3,4\n3,4,5\n")


@pytest.mark.parametrize("rest", ["SE1", "rhoa"])
def test_a_column_that_counts_the_readings_names_no_soundings(read, rest):
    observed = read(f"Point,AB/2,{rest}\n1,1,5\n2,2,6\n3,3,7\n")
    assert observed.sizes == {"sounding": 1, "reading": 3}


def test_errors_beside_the_columns_of_soundings_are_theirs(read):
    observed = read(
        "AB/2,MN/2,VES1,VES1 error (%),VES2,VES2 error (%),VES10\n"
        "1,.1,10,3,20,5,30\n2,.1,10,3,,5,30\n3,.1,10,3,20,5,30\n4,.1,10,,20,5,30\n"
    )
    assert observed["name"].values.tolist() == ["VES1", "VES2", "VES10"]
    np.testing.assert_allclose(
        observed["apparent_resistivity_std"], [[0.3, 0.3, 0.3, np.nan], [1, 1, 1, np.nan], [np.nan] * 4], rtol=1e-12
    )
    assert "Columns 'VES1 error (%)', 'VES2 error (%)' were read as error" in observed.read_report
    assert "Columns not used" not in observed.read_report


def test_an_error_of_one_sounding_that_is_no_number_is_named_by_its_own_column(read):
    observed = read("AB/2,SE1 rhoa,SE1 std,SE2 rhoa,SE2 std\n1,5,.1,5,.1\n2,6,.1,6,?\n3,7,.1,7,.1\n")
    assert observed["used"].values.sum(axis=1).tolist() == [3, 0]
    assert "row 3, column 'SE2 std' holds '?'" in observed.read_report


def test_errors_of_soundings_in_different_units_are_refused(read):
    with pytest.raises(ValueError, match="has errors in different units side by side"):
        read("AB/2,A1,A1 error (%),A2,A2 error (ohm m)\n1,5,5,5,5\n2,6,5,6,5\n3,7,5,7,5\n")


def test_columns_says_what_headers_mean_and_goes_before_the_headers(read):
    sheet = "s,rhoa,corrected,note\n1,5,6,x\n2,7,8,y\n3,8,9,z\n"
    observed = read(sheet, columns={"s": "AB/2 (ft)", "corrected": "rhoa (ohm m)"})
    np.testing.assert_allclose(observed["ab2"][0], [0.3048, 0.6096, 0.9144], rtol=1e-12)
    assert observed["apparent_resistivity"][0].values.tolist() == [6, 8, 9]
    assert (
        "Column 's' was read as AB/2 in m, converted (times 0.3048), as stated with columns=." in observed.read_report
    )
    assert "Columns not used: 'rhoa', 'note'" in observed.read_report


def test_columns_takes_units_from_the_row_below_the_headers(read):
    observed = read("s,q\ncm,ohm m\n100,5\n200,6\n300,7\n", columns={"s": "AB/2", "q": "rhoa"})
    assert observed["ab2"][0].values.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "columns, error, words",
    [
        ({"z": "AB/2"}, ValueError, "columns names 'z', but sheet.csv has the columns 'p', 'q'"),
        (
            {"p": "shoe size"},
            ValueError,
            "says that 'p' means 'shoe size', which is not understood; write it as a header",
        ),
        (["AB/2"], TypeError, "columns must be a dict"),
        ({"p": 2}, TypeError, "columns must be a dict"),
    ],
)
def test_what_columns_cannot_mean_is_refused(read, columns, error, words):
    with pytest.raises(error, match=words):
        read("p,q\n1,2\n", columns=columns)


def test_columns_cannot_tell_equal_headers_apart(read):
    with pytest.raises(ValueError, match=r"has 2 columns 'p', so that columns= .* as columns=\{'1': 'AB/2'\}"):
        read("p,p\n1,2\n", columns={"p": "AB/2"})


SIDE_BY_SIDE = "VES1,,,VES2,\nAB/2,rhoa,,AB/2,rhoa\n1,10,,4,40\n2,20,,5,50\n3,30,,6,60\n"


def test_equal_headers_are_told_apart_by_the_numbers_that_the_error_gives(read):
    with pytest.raises(ValueError, match=r"columns 1 and 4, 'AB/2', both mean AB/2; .* columns=\{'1': 'AB/2'\}"):
        read(SIDE_BY_SIDE, columns={"2": "rhoa"})
    with pytest.raises(ValueError, match=r"columns 2 and 5, 'rhoa', both mean apparent resistivity"):
        read(SIDE_BY_SIDE, columns={"4": "AB/2"})
    observed = read(SIDE_BY_SIDE, columns={"4": "AB/2", "5": "rhoa"})
    assert observed["ab2"].values[0].tolist() == [4, 5, 6]
    assert observed["apparent_resistivity"].values[0].tolist() == [40, 50, 60]


def test_a_column_that_is_not_used_is_left_out_as_the_errors_say(read):
    sheet = "AB/2,rhoa,App. Res.,err,n\n1,10,1,5,1\n2,20,2,5,2\n3,30,3,5,3\n"
    with pytest.raises(ValueError, match=r"or which is not, as with columns=\{'rhoa': 'not used'\}"):
        read(sheet)
    with pytest.raises(ValueError, match=r"or leave the column out with columns=\{'err': 'not used'\}"):
        read(sheet, columns={"rhoa": "not used"})
    observed = read(sheet, columns={"rhoa": "not used", "err": "not used"})
    assert observed["apparent_resistivity"].values[0].tolist() == [1, 2, 3]
    assert "Columns not used: 'rhoa', 'err', 'n'." in observed.read_report


@pytest.mark.parametrize(
    "header", ["SE2", "SE1 err (%)", "Field reading (ohm)", "VES 2 rhoa", "AB/2 (furlong)", "used"]
)
def test_what_is_not_used_has_no_meaning(read, header):
    sheet = f"AB/2 (m),SE1,{header}\n1,10,9\n2,20,9\n3,30,9\n"
    observed = read(sheet, columns={header: "not used"})
    assert observed["name"].values.tolist() == ["SE1"] and observed["used"].values.all()
    assert np.isnan(observed["apparent_resistivity_std"].values).all()


def test_the_n_of_a_dipole_array_may_be_left_out(read):
    sheet = "a,n,rhoa\n5,1,10\n10,1,11\n15,1,12\n"
    assert read(sheet, columns={"n": "not used"})["a"].values[0].tolist() == [5, 10, 15]
    with_units = "a,n,rhoa\nm,m,ohm m\n5,1,10\n10,1,11\n15,1,12\n"
    assert read(with_units, columns={"n": "Not used"})["a"].values[0].tolist() == [5, 10, 15]


def test_different_headers_of_one_meaning_are_told_apart_as_the_error_says(read):
    sheet = "AB/2,rhoa,App. Res.\n1,10,1\n2,20,2\n3,30,3\n"
    with pytest.raises(ValueError, match=r"'rhoa' and 'App\. Res\.' both mean .* columns=\{'rhoa': 'rhoa'\}"):
        read(sheet)
    assert read(sheet, columns={"rhoa": "rhoa"})["apparent_resistivity"].values[0].tolist() == [10, 20, 30]


def test_a_header_that_is_a_number_goes_before_the_number_of_a_column(read):
    observed = read("AB/2,2,1\n1,10,5\n2,20,6\n3,30,7\n", columns={"1": "rhoa"})
    assert observed["apparent_resistivity"].values[0].tolist() == [5, 6, 7]


@pytest.mark.parametrize("row, mn2", [("{},0.3,50", 0.3), ("{},50", None)])
def test_ves_files_need_no_headers_and_say_how_they_were_taken(read, row, mn2):
    observed = read("\n".join(row.format(place) for place in (1, 2, 3)), name="a.ves")
    assert observed["apparent_resistivity"][0].values.tolist() == [50] * 3
    assert ("mn2" in observed) == (mn2 is not None)
    assert "as a .ves file its columns were taken as AB/2 (m)" in observed.read_report


def test_other_files_without_headers_need_columns_by_number(read):
    sheet = "1,9,50\n2,9,60\n3,9,70\n"
    with pytest.raises(ValueError, match=r"begins with numbers in row 1; .* columns=\{'1': 'AB/2 \(m\)'"):
        read(sheet)
    observed = read(sheet, columns={"1": "AB/2", "3": "rhoa"})
    assert observed["apparent_resistivity"][0].values.tolist() == [50, 60, 70]
    assert "Columns not used: '2'" in observed.read_report
