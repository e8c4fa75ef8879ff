"""Units: converted where their factor is certain, else refused; none is dropped silently."""

import numpy as np
import pytest

from bpinvert.readers.headers import unit_of
from bpinvert.readers.quantities import GIVEN_IN
from bpinvert.readers.units import with_unit


def values(observed, name):
    return observed[name].values[0].tolist()


def test_every_unit_that_a_sentence_offers_is_understood():
    for si, units in GIVEN_IN.items():
        assert {unit_of(unit)[0] for unit in units} == {si}


@pytest.mark.parametrize(
    "unit, factor", [("in", 0.0254), ("inches", 0.0254), ("yd", 0.9144), ("mm", 1e-3), ("cm", 0.01), ("ft", 0.3048)]
)
@pytest.mark.parametrize("header", ["AB/2 ({})", "AB/2_{}", "AB/2 in {}"])
def test_lengths_become_metres(read, header, unit, factor):
    observed = read(f"{header.format(unit)},rhoa\n100,1\n200,2\n300,3\n")
    assert values(observed, "ab2") == pytest.approx([100 * factor, 200 * factor, 300 * factor], rel=1e-12)
    assert f"times {factor:g}" in observed.read_report


@pytest.mark.parametrize(
    "unit, factor",
    [("ohm-ft", 0.3048), ("Ω.ft", 0.3048), ("ohm-cm", 0.01), ("Ω·cm", 0.01), ("kOhm.m", 1000), ("kΩm", 1000)],
)
def test_resistivities_become_ohm_metres(read, unit, factor):
    observed = read(f"AB/2,rhoa ({unit})\n1,100\n2,200\n3,300\n")
    assert values(observed, "apparent_resistivity") == pytest.approx([100 * factor, 200 * factor, 300 * factor])
    by_column = read(f"AB/2,VES1 ({unit}),VES2 ({unit})\n1,100,1\n2,200,1\n3,300,1\n")
    assert by_column["name"].values.tolist() == ["VES1", "VES2"]
    np.testing.assert_array_equal(by_column["apparent_resistivity"][0], observed["apparent_resistivity"][0])


@pytest.mark.parametrize("unit", ["\u00b5V", "\u03bcV", "uV", "microvolt"])
def test_both_signs_of_micro_are_read(read, unit):
    observed = read(f"AB/2,K,V ({unit}),I (mA)\n1,10,2000,1\n2,10,4000,1\n3,10,6000,1\n")
    assert values(observed, "apparent_resistivity") == pytest.approx([20, 40, 60], rel=1e-12)


@pytest.mark.parametrize(
    "header, words",
    [
        (
            "AB/2 (furlong),rhoa",
            r"column 'AB/2 \(furlong\)' has 'furlong' .* unit of AB/2; it must be in m, cm, mm, km,",
        ),
        (
            "AB/2,rhoa (MΩ·m)",
            r"'MΩ·m' .* unit of apparent resistivity; it must be in ohm m, ohm cm, ohm ft or kohm m\.",
        ),
        (
            "AB/2,rhoa (topsoil)",
            r"if it is in ohm m, say so with columns=\{'rhoa \(topsoil\)': 'apparent resistivity \(ohm",
        ),
        ("AB/2,MN/2 (rod),rhoa", r"column 'MN/2 \(rod\)' has 'rod'"),
        ("AB/2,rhoa (ohm yd),Gbalo", r"column 'rhoa \(ohm yd\)' has 'ohm yd'"),
        ("AB/2',rhoa", r"column \"AB/2'\" ends with a mark that may be one of feet or inches; write the unit"),
        ("AB/2 (″),rhoa", r"ends with a mark that may be one of feet or inches"),
    ],
)
def test_a_unit_that_is_not_known_is_refused_with_those_that_are(read, header, words):
    n = header.count(",") + 1
    with pytest.raises(ValueError, match=words):
        read(f"{header}\n" + "".join(",".join([str(10 * k), ".1", "5"][:n]) + "\n" for k in (1, 2, 3)))


def test_a_bracket_beside_a_column_that_suffices_is_no_unit_to_refuse(read):
    observed = read("AB/2 (half),rhoa (ohm m),rhoa (calc),R (sq)\n1,10,11,1\n2,20,21,1\n3,30,31,1\n")
    assert values(observed, "apparent_resistivity") == [10, 20, 30]


def test_of_one_quantity_in_two_units_the_one_without_a_factor_is_read(read):
    observed = read("a (ft),rhoa (ohm-ft),rhoa (ohm m)\n10,1,3\n20,2,6\n30,3,9\n")
    assert values(observed, "apparent_resistivity") == [3, 6, 9]
    assert "Columns not used: 'rhoa (ohm-ft)'" in observed.read_report
    with pytest.raises(ValueError, match="both mean voltage"):
        read("AB/2,K,ΔV (mV),V (V),I (mA)\n10,1,3,1,1\n20,2,6,1,1\n30,3,9,1,1\n")


@pytest.mark.parametrize(
    "meaning, header, stated",
    [
        ("AB/2", "p (cm)", "AB/2 (cm)"),
        ("AB/2", "p_cm", "AB/2 (cm)"),
        ("rhoa", "App. resist. (ohm-ft)", "rhoa (ohm-ft)"),
        ("rhoa", "q (log10)", "rhoa (log10)"),
        ("AB/2 (m)", "p (cm)", "AB/2 (m)"),
        ("VES 1 rhoa", "q (ohm cm)", "VES 1 rhoa (ohm cm)"),
        ("AB/2", "p mA", "AB/2"),
        ("sounding", "Site (m)", "sounding"),
    ],
)
def test_a_unit_in_the_header_counts_where_columns_states_none(meaning, header, stated):
    assert with_unit(meaning, header) == stated


def test_a_unit_that_columns_leaves_out_is_converted_or_refused(read):
    sheet = "p (cm),q ({})\n100,10\n200,20\n300,30\n"
    columns = {"p (cm)": "AB/2", "q (ohm-ft)": "rhoa"}
    observed = read(sheet.format("ohm-ft"), columns=columns)
    assert values(observed, "ab2") == [1, 2, 3]
    assert values(observed, "apparent_resistivity") == pytest.approx([3.048, 6.096, 9.144])
    with pytest.raises(ValueError, match=r"column 'q \(ohm-yd\)' has 'ohm-yd' in brackets, which is not known"):
        read(sheet.format("ohm-yd"), columns={"p (cm)": "AB/2", "q (ohm-yd)": "rhoa"})
    with pytest.raises(ValueError, match=r"column 'q \(mV\)' is given in V; apparent resistivity must be in ohm m"):
        read(sheet.format("mV"), columns={"p (cm)": "AB/2", "q (mV)": "rhoa"})


@pytest.mark.parametrize("header", ["VES1 (ohm-ft),VES2", "VES1 rhoa (ohm m),VES2 rhoa (ohm ft)"])
def test_soundings_side_by_side_in_different_units_are_refused(read, header):
    with pytest.raises(ValueError, match="has resistivities in different units side by side"):
        read(f"AB/2,{header}\n1,2,3\n2,3,4\n3,4,5\n")


def test_a_unit_named_by_the_title_of_a_sheet_is_refused_alike(read_book):
    rows = [["AB/2", "rhoa"], [1, 10], [2, 20], [3, 30]]
    words = r"sheet 'VES1 \(feet\)', the title of the sheet says 'VES1 \(feet\)', but column 'AB/2' gives no unit"
    with pytest.raises(ValueError, match=words):
        read_book({"VES1 (feet)": rows})
    rows[0][0] = "AB/2 (ft)"
    assert read_book({"VES1 (feet)": rows})["name"].item() == "VES1 (feet)"


@pytest.mark.parametrize("line", ["All spacings in feet", "# distances in ft", "Units: cm", "Lengths (inches)"])
def test_a_unit_named_above_headers_without_one_is_refused(read, line):
    sheet = f"{line}\nAB/2{{}},rhoa\n1,10\n2,20\n3,30\n"
    with pytest.raises(ValueError, match=r"row 1 says '.*', but column 'AB/2' gives no unit; write the unit"):
        read(sheet.format(""))
    observed = read(sheet.format(" (ft)"))
    assert observed["name"].item() == "sheet"
    assert values(observed, "ab2") == pytest.approx([0.3048, 0.6096, 0.9144], rel=1e-12)
    assert values(read(sheet.format(""), columns={"AB/2": "AB/2 (m)"}), "ab2") == [1, 2, 3]
