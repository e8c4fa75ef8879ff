"""Arrays that this reader does not know, or whose spacings are not those that the sheet gives."""

import re

import pytest

ROWS = "3,1,10\n6,2,20\n9,3,30\n"


@pytest.mark.parametrize("header", ["a (m),n,rhoa", "A,B,M,N,rhoa"])
def test_other_arrays_are_not_taken_for_wenner(read, header):
    rows = "\n".join(f"5,{3 + k % 2},{10 + k},{k},{k}"[: 2 * header.count(",") + 2] for k in range(4))
    with pytest.raises(ValueError, match=r"looks like (a dipole array with a and n|positions of A, B, M and N)"):
        read(f"{header}\n{rows}\n")
    # readings that are only counted are no dipoles
    assert "a" in read("N,a (m),rhoa\n1,5,10\n2,10,11\n3,20,12\n")


def test_dipoles_of_one_length_are_not_taken_for_counted_readings(read):
    with pytest.raises(ValueError, match="looks like a dipole array with a and n"):
        read("a,n,rhoa\n5,1,10\n5,2,11\n5,3,12\n")


@pytest.mark.parametrize("line", ["Array: Wenner", "Wenner survey", "Array: dipole-dipole", "Dispositivo polo-dipolo"])
def test_an_array_named_above_the_headers_must_be_that_of_the_spacings(read, line):
    with pytest.raises(ValueError, match=rf"row 1 says '{line}', but AB/2 is the spacing of a Schlumberger array"):
        read(f"{line}\nAB/2,MN/2,rhoa\n3,.5,10\n6,.5,20\n9,.5,30\n")


def test_wenners_a_is_refused_where_another_array_is_named(read):
    with pytest.raises(ValueError, match="says 'Schlumberger', but Wenner's a is the spacing of a Wenner array"):
        read("Schlumberger\na,rhoa\n3,10\n6,20\n9,30\n")


def test_an_array_named_by_a_header_or_the_title_of_a_sheet_must_be_that_of_the_spacings(read, read_book):
    for header in ("AB/2 Wenner (m)", "Wenner AB/2"):
        with pytest.raises(ValueError, match=f"a header says '{re.escape(header)}', but AB/2 is the spacing of a Schl"):
            read(f"{header},rhoa\n3,10\n6,20\n9,30\n")
    rows = [["AB/2", "rhoa"], [3, 10], [6, 20], [9, 30]]
    with pytest.raises(ValueError, match="the title of the sheet says 'Wenner 1', but AB/2 is the spacing of a Schl"):
        read_book({"Wenner 1": rows})
    assert read_book({"Wenner 1": [["a", "rhoa"], *rows[1:]]})["used"].values.all()
    assert read("AB/2 Schlumberger (m),rhoa\n3,10\n6,20\n9,30\n")["used"].values.all()


def test_a_column_of_arrays_names_the_row_of_another_one(read):
    with pytest.raises(ValueError, match=r"sheet\.csv, row 3, column 'Array' says 'Wenner', but AB/2 is the spacing"):
        read("Array,AB/2,rhoa\nSchlumberger,3,10\nWenner,6,20\nWenner,9,30\n")


@pytest.mark.parametrize(
    "sheet",
    [
        "Array: Wenner\nAB/2,MN/2,rhoa\n" + ROWS,
        "Array: Schlumberger\nAB/2,MN/2,rhoa\n" + ROWS,
        "Wenner-Schlumberger\nAB/2,rhoa\n3,10\n6,20\n9,30\n",
        "Wenner\na,rhoa\n3,10\n6,20\n9,30\n",
        "Array,AB/2,rhoa\nSchlumberger,3,10\n,6,20\nschlumberger,9,30\n",
    ],
)
def test_the_array_of_the_spacings_may_be_named(read, sheet):
    observed = read(sheet)
    assert observed["used"].values.all()
    assert "Columns not used" not in observed.read_report


def test_a_line_that_states_the_array_is_no_name_of_a_sounding(read):
    assert read("Array: Schlumberger\nVES 12\nAB/2,rhoa\n3,10\n6,20\n9,30\n")["name"].item() == "VES 12"
