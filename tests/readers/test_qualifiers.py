"""Columns that say how a quantity was had: the mean is taken, else the caller says which."""

import pytest

ROWS = "1,.2,90,110,100\n2,.2,80,100,90\n3,.2,70,90,80\n"


def rhoa(observed):
    return observed["apparent_resistivity"].values[0].tolist()


@pytest.mark.parametrize(
    "headers",
    [
        "rhoa forward,rhoa reverse,rhoa mean",
        "rho min,rho max,rho mean",
        "rhoa1,rhoa2,rhoa average (ohm m)",
        "rhoa_fwd,rhoa_rev,rhoa_avg",
        "rhoa (hin),rhoa (rück),rhoa (Mittel)",
        "Résistivité aller,Résistivité retour,Résistivité moyenne",
        "resistividad ida,resistividad vuelta,Resistividad media (ohm.m)",
        "视电阻率1,视电阻率2,平均视电阻率(Ω·m)",
    ],
)
def test_the_mean_is_taken_and_the_others_are_said_not_to_be_used(read, headers):
    observed = read(f"AB/2,MN/2,{headers}\n{ROWS}")
    assert rhoa(observed) == [100, 90, 80]
    assert observed["name"].values.tolist() == ["sheet"]
    first, second, mean = headers.split(",")
    report = observed.read_report
    assert f"Column {mean!r} was taken for the apparent resistivity, not " in report
    assert f"Columns not used: {first!r}, {second!r}." in report
    assert "as stated with columns=" not in report


@pytest.mark.parametrize(
    "headers, rivals",
    [
        ("rhoa raw,rhoa smoothed,depth", ["rhoa raw", "rhoa smoothed"]),
        ("rhoa forward,rhoa reverse,SE1", ["rhoa forward", "rhoa reverse"]),
        ("rhoa (ohm m),rhoa corrected (ohm m),depth", ["rhoa corrected (ohm m)", "rhoa (ohm m)"]),
        ("rhoa min,rhoa max,depth", ["rhoa min", "rhoa max"]),
        ("rhoa,depth,rhoa mean", ["rhoa mean", "rhoa"]),
    ],
)
def test_which_of_several_to_invert_is_asked(read, headers, rivals):
    sheet = f"AB/2,MN/2,{headers}\n{ROWS}"
    listed = ", ".join(map(repr, rivals))
    with pytest.raises(ValueError) as caught:
        read(sheet)
    meaning = "rhoa (ohm m)" if "(" in rivals[0] else "rhoa"
    assert f"has the columns {listed}, all of the apparent resistivity; say which is to be inverted, as with columns={{"
    assert str(caught.value).endswith(f"as with columns={{{rivals[0]!r}: {meaning!r}}}.")
    cells = [float(row.split(",")[2 + headers.split(",").index(rivals[0])]) for row in ROWS.split()]
    assert rhoa(read(sheet, columns={rivals[0]: meaning})) == cells
    assert rhoa(read(sheet, columns={rivals[1]: "rhoa (ohm m)"})) != cells


def test_limits_beside_a_value_leave_no_question(read):
    assert rhoa(read(f"AB/2,MN/2,rhoa min,rhoa max,rhoa\n{ROWS}")) == [100, 90, 80]


def test_a_word_on_how_the_only_column_was_had_is_no_name(read):
    observed = read("AB/2,rhoa corrected (ohm m)\n1,10\n2,20\n3,30\n")
    assert observed["name"].values.tolist() == ["sheet"] and rhoa(observed) == [10, 20, 30]
    assert "Column 'rhoa corrected (ohm m)' was taken for the apparent resistivity." in observed.read_report


def test_resistances_are_asked_for_only_where_they_are_needed(read):
    headers = "AB/2,K,R forward (ohm),R reverse (ohm),{}\n" + ROWS
    with pytest.raises(ValueError, match=r"'R forward \(ohm\)', 'R reverse \(ohm\)', all of the resistance"):
        read(headers.format("depth"))
    assert rhoa(read(headers.format("R avg (ohm)"))) == pytest.approx([20, 18, 16], rel=1e-12)
    assert rhoa(read(headers.format("rhoa"))) == [100, 90, 80]


def test_columns_that_are_each_of_a_sounding_are_not_asked_about(read):
    columns = {"rhoa raw": "VES 1 rhoa", "rhoa new": "VES 2 rhoa"}
    observed = read(f"AB/2,MN/2,rhoa raw,rhoa new,depth\n{ROWS}", columns=columns)
    assert observed["name"].values.tolist() == ["VES 1", "VES 2"]
