"""Repeated measurements of a reading: the median, and what disagrees is named."""

import re

import numpy as np
import pytest

HEADER = "AB/2,R1,R2,R3,R4,K\n"


def rows(*repeats):
    """A sheet with a sound row on either side of each of `repeats`, K = 1."""
    lines = ["1,10,10,10,10,1"]
    for i, cells in enumerate(repeats):
        lines += [f"{2 * i + 2},{','.join(map(str, cells))},1", f"{2 * i + 3},10,10,10,10,1"]
    return HEADER + "\n".join(lines)


def second(observed):
    return observed["apparent_resistivity"].values[0, 1], bool(observed["used"].values[0, 1])


@pytest.mark.parametrize(
    "cells, value, used, words",
    [
        ([10, 11, 12, 14], 11.5, True, None),
        ([10, "", 12, ""], 11, True, None),
        ([10, 11, 12, 25], 11.5, True, "the repeats disagree by a factor of 2.5 (R1 = 10, R2 = 11, R3 = 12, R4 = 25)"),
        ([10, 11, 12, -5], 11, True, "R4 = -5, not positive, left out; the others are R1 = 10, R2 = 11, R3 = 12."),
        ([10, 11, 12, 0], 11, True, "Row 3: R4 = 0, not positive, left out"),
        ([10, 11, 12, 118], 11, True, "Row 3: R4 = 118, about 10 times the others, R1 = 10"),
        ([10, 11, 12, 0.11], 11, True, "Row 3: R4 = 0.11, about a hundredth of the others"),
        ([9, 10, 98, 101], 9.5, True, "Row 3: R3 = 98, R4 = 101, about 10 times the others, R1 = 9, R2 = 10"),
        ([0.9, 1.1, 9, 11], 10, True, "Row 3: R1 = 0.9, R2 = 1.1, about a tenth of the others"),
        ([10, 11, 12, 55], 11.5, True, "the repeats disagree by a factor of 5.5"),
        ([10, -11, -12, -10], -10.5, False, "Row 3: only 1 of 4 repeats are positive"),
        ([-1, -1, -1, -1], -1, False, "no repeat is positive (R1 = -1, R2 = -1, R3 = -1, R4 = -1)"),
        ([0, "", "", ""], 0, False, "Row 3: no repeat is positive"),
    ],
)  # fmt: skip
def test_the_median_of_sound_repeats_is_taken_and_the_rest_named(read, cells, value, used, words):
    observed = read(rows(cells))
    assert second(observed) == (pytest.approx(value, rel=1e-12), used)
    named = [line for line in observed.read_report.splitlines() if line.startswith("Row ")]
    assert (named == []) if words is None else (len(named) == 1 and words in named[0])


def test_a_row_without_any_repeat_is_missing(read):
    observed = read(rows(["", "", "", ""]))
    assert not second(observed)[1]
    assert "Row 3: apparent resistivity is missing" in observed.read_report


def test_half_of_the_repeats_are_not_called_slips_where_no_neighbour_decides(read):
    columns = {"rhoa 1": "rhoa1", "rhoa 2": "rhoa2"}
    observed = read("AB/2,rhoa 1,rhoa 2\n1,10,100\n2,10,100\n3,10,100\n", columns=columns)
    assert "slip" not in observed.read_report
    words = "Rows 2, 3, 4: the repeats disagree, at most by a factor of 10 (row 2: rhoa 1 = 10, rhoa 2 = 100)."
    assert words in observed.read_report


def test_the_scatter_is_told_and_no_error_is_made_of_it(read):
    observed = read(rows([10, 10, 10, 11]))
    assert "by a factor of 1.1 at most (Row 3). No errors were made of that." in observed.read_report
    assert np.isnan(observed["apparent_resistivity_std"].values).all()


def test_repeats_of_the_apparent_resistivity_itself_and_of_its_logarithm_are_taken_alike(read):
    plain = read("AB/2,rhoa1,rhoa2,rhoa3\n1,10,100,10\n2,20,20,20\n3,30,30,30\n")
    log10 = read(
        "AB/2,log10 rhoa1,log10 rhoa2,log10 rhoa3\n1,1,2,1\n2,1.30103,1.30103,1.30103\n3,1.47712,1.47712,1.47712\n"
    )
    np.testing.assert_allclose(log10["apparent_resistivity"], plain["apparent_resistivity"], rtol=1e-5)
    assert "rhoa2 = 2, about 10 times the others" in log10.read_report


def test_voltages_are_paired_with_their_own_currents(read):
    observed = read("AB/2,K,V1 (mV),I1 (mA),V2 (mV),I2 (mA)\n1,1,10,1,200,20\n2,1,10,1,400,20\n3,1,10,1,240,20\n")
    assert observed["apparent_resistivity"].values[0].tolist() == pytest.approx([10, 15, 11], rel=1e-12)


def test_one_current_serves_all_voltages(read):
    observed = read("AB/2,K,V1 (mV),V2 (mV),I (mA)\n1,1,10,12,1\n2,1,10,10,1\n3,1,10,14,1\n")
    assert observed["apparent_resistivity"].values[0].tolist() == pytest.approx([11, 10, 12], rel=1e-12)


def test_currents_that_pair_with_no_voltage_are_refused(read):
    with pytest.raises(ValueError, match="2 columns of voltage and 2 of current whose numbers do not pair"):
        read("AB/2,K,V1 (mV),V2 (mV),I3 (mA),I4 (mA)\n1,1,1,1,1,1\n")


def test_magnetotelluric_repeats_are_not_read_in_part(read):
    with pytest.raises(ValueError, match="has 2 columns of apparent resistivity; only one can be read here"):
        read("period,rhoa 1,rhoa 2,phase\n1,1,1,45\n", "mt")


SOUNDINGS = "AB/2,MN/2,{0}_1 ({1}),{0}_2 ({1})\n1,.2,10,20\n2,.2,11,23\n3,.2,12,25\n4,.2,13,\n"


@pytest.mark.parametrize(
    "symbol, unit, repeat", [("rho", "ohm m", "rhoa1 (ohm m)"), ("R", "ohm", "R1 (ohm)"), ("rho", "ohm cm", "rhoa1")]
)
def test_columns_that_differ_like_soundings_are_no_repeats_unless_stated(read, symbol, unit, repeat):
    sheet, header = SOUNDINGS.format(symbol, unit), f"{symbol}_1 ({unit})"
    with pytest.raises(ValueError) as caught:
        read(sheet)
    first, second = re.findall(r"columns=\{'(.*?)': '(.*?)', \.\.\.\}", str(caught.value))
    assert "differ by a factor of 2.08 in the median row" in str(caught.value)
    assert first[0] == second[0] == header and second[1].startswith(repeat)
    for meaning in (first[1], second[1]):
        columns = {header.replace("1", k): meaning.replace("1", k) for k in "12"}
        observed = read(sheet, columns=columns)
        assert observed["name"].values.tolist() == (["VES 1", "VES 2"] if meaning == first[1] else ["sheet"])
        assert observed["used"].values.sum(axis=1).tolist() == ([4, 3] if meaning == first[1] else [4])


def test_logarithms_stay_logarithms_in_what_is_advised(read):
    sheet = "AB/2,log10 rhoa1,log10 rhoa2\n1,1,2\n2,1,2\n3,1,2\n"
    with pytest.raises(ValueError, match=r"'VES 1 log10 rhoa \(ohm m\)', .* 'log10 rhoa1 \(ohm m\)', ") as caught:
        read(sheet)
    for meaning in re.findall(r"'log10 rhoa1': '(.*?)'", str(caught.value)):
        observed = read(sheet, columns={f"log10 rhoa{k}": meaning.replace("1 ", f"{k} ", 1) for k in (1, 2)})
        assert observed["apparent_resistivity"].values.ravel()[0] in (10, 55)


def test_voltages_without_a_current_may_be_soundings_and_that_is_said(read):
    sheet = SOUNDINGS.format("V", "mV").replace(" (mV)", "")
    with pytest.raises(ValueError, match=r"say so with columns=\{'V_1': 'VES 1 rhoa \(ohm m\)', \.\.\.\}"):
        read(sheet)
    observed = read(sheet, columns={"V_1": "VES 1 rhoa (ohm m)", "V_2": "VES 2 rhoa (ohm m)"})
    assert observed["apparent_resistivity"].values[1, :3].tolist() == [20, 23, 25]


def test_one_column_of_a_sounding_beside_another_of_any_is_refused(read):
    with pytest.raises(ValueError, match=r"but 'rho_2 \(ohm m\)' is an apparent resistivity of any; say of every such"):
        read(SOUNDINGS.format("rho", "ohm m"), columns={"rho_1 (ohm m)": "VES 1 rhoa (ohm m)"})
