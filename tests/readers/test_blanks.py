"""Tables that blanks separate: no header of several words shifts the columns."""

import pytest


def values(observed, name):
    return observed[name].values[0].tolist()


def sheet(header, *rows):
    return "\n".join([header, *rows])


ROWS = ("1.5 100 5", "3 95 4", "6 90 3")


@pytest.mark.parametrize(
    "header",
    [
        "AB/2 App. Resistivity Error(%)",
        "AB/2 (m) Apparent Resistivity (ohm m) err %",
        "Half electrode spacing App. Res. (ohm m) Error (%)",
        "AB/2 Scheinbarer spez. Widerstand Fehler %",
    ],
)
def test_words_are_joined_where_every_header_is_understood_in_one_way_only(read, header):
    observed = read(sheet(header, *ROWS), name="a.txt")
    assert values(observed, "ab2") == [1.5, 3, 6]
    assert values(observed, "apparent_resistivity") == [100, 95, 90]
    assert values(observed, "apparent_resistivity_std") == pytest.approx([5, 3.8, 2.7], rel=1e-12)
    assert "Columns not used" not in observed.read_report


def test_a_column_of_remarks_needs_no_cell_in_every_row(read):
    observed = read("No. AB/2 MN App. Res. Remarks\n1 1.5 1 100\n2 3 1 95 wet\n3 6 1 90\n", name="a.dat")
    assert values(observed, "apparent_resistivity") == [100, 95, 90]
    assert values(observed, "mn2") == [0.5] * 3


@pytest.mark.parametrize(
    "header, given, count",
    [
        ("AB/2 True Resistivity rhoa", "4 headers, 'AB/2', 'True', 'Resistivity', 'rhoa'", 3),
        ("AB/2 Apparent MN", "3 headers, 'AB/2', 'Apparent', 'MN'", 2),
        ("AB/2 rhoa", "2 headers, 'AB/2', 'rhoa'", 3),
        ("AB/2 MN/2 rhoa std", "4 headers, 'AB/2', 'MN/2', 'rhoa', 'std'", 3),
    ],
)
def test_headers_that_may_stand_over_other_columns_are_refused(read, header, given, count):
    rows = [" ".join(row.split()[:count]) for row in ROWS]
    with pytest.raises(ValueError, match=rf"a\.txt, row 1 has {given}, over rows of {count} cells, and it is open"):
        read(sheet(header, *rows), name="a.txt")


def test_names_of_soundings_with_blanks_are_refused_where_no_column_says_so(read):
    rows = [f"VES 1 {row}" for row in ROWS]
    with pytest.raises(ValueError, match="write every header and every name without blanks"):
        read(sheet("Station AB/2 (m) rhoa (ohm m) error (%)", *rows), name="a.txt")


def test_headers_that_columns_states_are_joined(read):
    columns = {"True Resistivity": "AB/2 (m)", "Depth": "rhoa (ohm m)"}
    observed = read(sheet("True Resistivity Depth error (%)", *ROWS), name="a.txt", columns=columns)
    assert values(observed, "ab2") == [1.5, 3, 6]
    assert read(sheet("p (cm) q", "1 2", "2 3", "3 4"), name="a.txt", columns={"p (cm)": "AB/2", "q": "rhoa"})


def test_separators_that_can_be_seen_leave_cells_empty(read):
    observed = read("AB/2\tApp. Resistivity\tError(%)\n1.5\t100\n3\t95\n6\t90\n", name="a.txt")
    assert values(observed, "apparent_resistivity") == [100, 95, 90]


@pytest.mark.parametrize("content", ["#\nAB/2 (m),rhoa\n{}", "# site 7\n#\nAB/2 (m),rhoa\n{}", "AB/2 (m),rhoa\n{}#\n"])
@pytest.mark.parametrize("blank", [",", " "])
def test_a_bare_number_sign_is_an_empty_comment(read, content, blank):
    observed = read(content.format("1,10\n3,20\n9,30\n").replace(",", blank))
    assert observed["ab2"].values.tolist() == [[1, 3, 9]]
