"""A column of readings for each MN."""

import numpy as np
import pytest


@pytest.mark.parametrize(
    "first, second, third",
    [
        ("MN/2=0.5", "MN/2=2", "MN/2=10"),
        ("rhoa (MN=1)", "rhoa (MN=4)", "rhoa (MN=20)"),
        ("rhoa MN=1m", "rhoa MN=4m", "rhoa MN=20m"),
        ("ρa, MN/2 = 50 cm (Ω·m)", "ρa, MN/2 = 200 cm (Ω·m)", "ρa, MN/2 = 1000 cm (Ω·m)"),
    ],
)
def test_every_filled_cell_is_a_reading_with_the_mn_of_its_header(read, first, second, third):
    rows = "5;10;;\n10;20;21;\n50;;30;\n100;-;40;44\n"
    observed = read(f"AB/2;{first};{second};{third};remarks\n{rows}")
    assert observed["ab2"].values[0].tolist() == [5, 10, 10, 50, 100, 100]
    assert observed["mn2"].values[0].tolist() == [0.5, 0.5, 2, 2, 2, 10]
    assert observed["apparent_resistivity"].values[0].tolist() == [10, 20, 21, 30, 40, 44]
    assert observed["name"].values.tolist() == ["sheet"] and observed["used"].values.all()
    report = observed.read_report
    assert f"Columns {first!r}, {second!r}, {third!r} were read as apparent resistivity in ohm m, one" in report
    assert "one reading from each filled cell, with the MN that the header gives." in report
    assert "Columns not used: 'remarks'." in report and "AB/2 starts again" not in report


def test_the_mn_of_a_header_is_in_the_unit_of_the_spacing_where_it_has_none(read):
    observed = read("AB/2 (ft),MN=2,MN=4 m\n10,5,\n20,6,7\n40,,8\n")
    np.testing.assert_allclose(observed["mn2"].values[0], [0.3048, 0.3048, 2, 2], rtol=1e-12)
    assert "with the MN that the header gives in the unit of the spacing." in observed.read_report


def test_readings_for_each_mn_are_converted_and_that_is_said(read):
    observed = read("AB/2,rhoa (ohm cm) MN=2\n10,5\n20,6\n40,8\n")
    np.testing.assert_allclose(observed["apparent_resistivity"].values[0], [0.05, 0.06, 0.08], rtol=1e-12)
    assert "Column 'rhoa (ohm cm) MN=2' was read as apparent resistivity in ohm m, converted (times 0.01), one" in (
        observed.read_report
    )


def test_resistances_for_each_mn_get_their_own_geometric_factor(read):
    observed = read("AB/2,R (MN=2),R (MN=4)\n10,1,\n20,,1\n40,,1\n")
    s, b = np.array([10, 20, 40]), np.array([1, 2, 2])
    np.testing.assert_allclose(observed["apparent_resistivity"].values[0], np.pi * (s**2 - b**2) / (2 * b), rtol=1e-12)


def test_a_fault_under_an_mn_is_named_by_its_column(read):
    with pytest.raises(ValueError, match=r"row 3, column 'MN=4' holds 'x'"):
        read("AB/2,MN=2,MN=4\n10,5,\n20,6,x\n40,,8\n")
    report = read("AB/2,MN=2,MN=4\n10,5,\n20,6,-7\n40,,8\n80,,9\n").read_report
    assert "Row 3, column 'MN=4': apparent resistivity is -7 ohm m, not positive" in report


def test_columns_that_differ_beside_their_mn_are_refused(read):
    with pytest.raises(ValueError, match="each with an MN of its own, that differ in the rest of their headers"):
        read("AB/2,rhoa (MN=2),R (MN=4)\n10,1,\n20,,1\n40,,1\n")


def test_columns_of_an_mn_beside_one_of_resistivity_are_left_alone(read):
    observed = read("AB/2,rhoa,MN=4\n10,1,2\n20,2,3\n40,3,4\n")
    assert observed["apparent_resistivity"].values[0].tolist() == [1, 2, 3] and "mn2" not in observed
