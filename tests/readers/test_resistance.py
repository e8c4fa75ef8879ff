"""Apparent resistivity from R, V, I and K; what the sheet gives twice is compared."""

import ast
import re

import numpy as np
import pytest

S, B = np.array([10.0, 20, 30]), 1.0
K = np.pi * (S**2 - B**2) / (2 * B)


def rhoa(observed):
    return observed["apparent_resistivity"].values[0]


def sheet(header, *rows):
    return "\n".join([header, *(",".join(map(str, row)) for row in zip(*rows, strict=True))])


def test_resistance_and_the_geometry_give_the_apparent_resistivity(read):
    observed = read(sheet("AB/2 (m),MN/2 (m),R (ohm)", S, [B] * 3, [1, 0.5, 0.2]))
    np.testing.assert_allclose(rhoa(observed), K * [1, 0.5, 0.2], rtol=1e-12)
    assert "computed as K·R, with R as given and K from the geometry" in observed.read_report


def test_full_spacings_give_the_same_geometric_factor(read):
    observed = read(sheet("AB (m),MN (m),R (ohm)", 2 * S, [2 * B] * 3, [1, 1, 1]))
    np.testing.assert_allclose(rhoa(observed), K, rtol=1e-12)


def test_wenner_needs_only_its_spacing(read):
    observed = read("a (m),R (kohm)\n1,1\n2,2\n3,3\n")
    np.testing.assert_allclose(rhoa(observed), 2000 * np.pi * np.array([1, 4, 9]), rtol=1e-12)


def test_voltage_over_current_with_their_units_give_the_resistance(read):
    observed = read(sheet("AB/2,MN/2,ΔV (V),I (mA)", S, [B] * 3, [1, 2, 3], [500] * 3))
    np.testing.assert_allclose(rhoa(observed), K * [2, 4, 6], rtol=1e-12)


def test_units_may_stand_in_the_row_below_the_headers(read):
    observed = read("AB/2,K,V,I\nm,m,mV,A\n1,10,100,2\n2,20,100,2\n3,30,100,2\n")
    np.testing.assert_allclose(rhoa(observed), np.array([10, 20, 30]) * 0.05, rtol=1e-12)


def test_voltage_and_current_may_both_lack_a_unit_but_that_is_said(read):
    observed = read("AB/2,K,V,I\n1,10,100,50\n2,20,100,50\n3,30,100,50\n")
    assert rhoa(observed).tolist() == [20, 40, 60]
    assert "V/I was taken as ohm, as it is of V and A or mV and mA" in observed.read_report


def test_a_unit_for_voltage_or_current_alone_is_refused(read):
    with pytest.raises(ValueError, match=r"gives units to some of the columns 'V \(mV\)' and 'I' only"):
        read("AB/2,K,V (mV),I\n1,10,100,50\n2,20,100,50\n3,30,100,50\n")


@pytest.mark.parametrize(
    "header, words",
    [
        ("AB/2,MN/2,V (mV)", "gives 'V .mV.' but no column of the current"),
        ("AB/2,n,R (ohm)", "neither MN nor the geometric factor K"),
        ("AB/2,MN/2,R (ohm m2)", "'ohm m2' in brackets, which is not known as a unit of resistance"),
    ],
)
def test_what_is_missing_for_the_resistivity_is_named(read, header, words):
    with pytest.raises(ValueError, match=words):
        read(header + "\n10,1,5\n20,1,5\n30,1,5\n")


def test_a_current_of_zero_masks_its_reading(read):
    observed = read("AB/2,K,V (mV),I (mA)\n1,10,100,50\n2,20,100,0\n3,30,100,50\n4,40,100,50\n")
    assert observed["used"].values[0].tolist() == [True, False, True, True]


def test_a_resistivity_at_odds_with_its_ingredients_is_named_and_kept(read):
    observed = read(sheet("AB/2,MN/2,K,V (mV),I (mA),rhoa", S, [B] * 3, K, [50] * 3, [50] * 3, [K[0], 2 * K[1], K[2]]))
    np.testing.assert_allclose(rhoa(observed), [K[0], 2 * K[1], K[2]], rtol=1e-12)
    assert observed["used"].values.all()
    assert "apparent resistivity differs from K·V/I by more than 5 % in row 3 (1253.5 against 626.748)" in (
        observed.read_report
    )


def test_a_resistance_at_odds_with_voltage_over_current_is_named(read):
    observed = read("AB/2,K,V (mV),I (mA),R (ohm),rhoa\n1,10,100,50,2,20\n2,10,100,50,3,20\n3,10,100,50,2,20\n")
    assert "The resistance differs from V/I by more than 5 % in row 3 (3 against 2)" in observed.read_report


def test_a_mistake_of_units_shows_in_every_row(read):
    observed = read("AB/2,K,V (V),I (mA),rhoa\n1,10,100,50,20\n2,10,100,50,20\n3,10,100,50,20\n")
    assert "In every row it is 0.001 times that, as by a mistake of units" in observed.read_report


@pytest.mark.parametrize(
    "header, ab, mn, mistake",
    [
        ("AB/2,MN/2", S, 2 * B, "column 'MN/2' held MN"),
        ("AB/2,MN", S, B, "column 'MN' held MN/2"),
        ("AB,MN/2", S, B, "column 'AB' held AB/2"),
        ("AB/2,MN/2", 2 * S, B, "column 'AB/2' held AB"),
        ("AB/2,MN/2", 2 * S, 2 * B, "column 'AB/2' held AB and column 'MN/2' held MN"),
    ],
)
@pytest.mark.parametrize("how", ["K,rhoa", "R,rhoa", "K,R"])
def test_a_half_spacing_taken_for_a_full_one_shows_in_the_geometric_factor(read, header, ab, mn, mistake, how):
    given = {"K": K, "R": np.ones(3), "rhoa": K}
    text = sheet(f"{header},{how}", ab, [mn] * 3, *(given[name] for name in how.split(",")))
    with pytest.raises(ValueError, match=f"is that of the electrodes only if {mistake}, in nearly every row") as caught:
        read(text)
    columns = ast.literal_eval(str(caught.value).partition("columns=")[2].rstrip("."))
    assert list(columns) == re.findall("column '(.*?)'", mistake)
    observed = read(text, columns=columns)
    assert f"would agree if {mistake}: check the header" in observed.read_report
    np.testing.assert_allclose(rhoa(observed), K, rtol=1e-12)


def test_a_spacing_that_is_mended_as_the_refusal_says_is_read(read):
    text = sheet("AB/2 (ft),MN/2 (ft),K,R", S / 0.3048, [2 * B / 0.3048] * 3, K, np.ones(3))
    with pytest.raises(ValueError, match=r"confirm it with columns=\{'MN/2 \(ft\)': 'MN/2 \(ft\)'\}"):
        read(text)
    observed = read(text, columns={"MN/2 (ft)": "MN (ft)"})
    assert "would agree" not in observed.read_report and "doubt" not in observed
    np.testing.assert_allclose(observed["mn2"].values, B, rtol=1e-12)


def test_a_contradiction_by_one_factor_in_every_row_is_a_doubt_of_that_sounding(read):
    names, good = ["A"] * 3 + ["B"] * 3, np.tile(K, 2)
    given = np.concatenate([3 * K, K])
    text = sheet("VES,AB/2,MN/2,K,R,rhoa", names, np.tile(S, 2), [B] * 6, good, np.ones(6), given)
    observed = read(text)
    sentence = "In every row the apparent resistivity is 3 times K·R, as by a mistake of units or spacings."
    assert observed["doubt"].values.tolist() == [sentence, ""]
    assert observed["used"].values.all()
    one = text.replace("A,", "B,")
    assert "doubt" not in read(one)


def test_a_geometric_factor_of_the_other_sign_is_no_doubt(read):
    observed = read(sheet("AB/2,MN/2,K,R", S, [B] * 3, -K, -np.ones(3)))
    assert "doubt" not in observed and observed["used"].values.all()
    assert "differs from that of the electrodes" in observed.read_report


def test_a_factor_of_the_electrodes_that_no_header_explains_is_a_doubt(read):
    observed = read(sheet("AB/2,MN/2,K,R", S, [B] * 3, 10 * K, np.ones(3)))
    assert observed["doubt"].item().startswith("In every row the geometric factor K is 10 times that of the electrodes")
    observed = read(sheet("AB/2,MN/2,V (mV),I (mA),R (ohm)", S, [B] * 3, [1, 2, 3], [1, 1, 1], [1e3, 2e3, 3e3]))
    assert observed["doubt"].item().startswith("In every row the resistance is 1000 times V/I")


def test_columns_for_comparison_cannot_spoil_the_reading(read):
    observed = read("AB/2,K,V (mV),I,rhoa\n1,10,overload,5,20\n2,x,100,50,20\n3,10,100,50,20\n")
    assert observed["used"].values.all()
    assert "Nothing was compared with the apparent resistivity" in observed.read_report
    observed = read("AB/2,K,R,rhoa\n1,10,overload,20\n2,10,2,20\n3,10,2,20\n")
    assert observed["used"].values.all()
    assert "holds 'overload'" in observed.read_report and "not touched" in observed.read_report


def test_columns_for_comparison_may_stand_twice(read):
    observed = read("AB/2,K,Geometric factor,rhoa\n1,10,9,20\n2,10,9,20\n3,10,9,20\n")
    assert "Columns not used: 'Geometric factor'" in observed.read_report


@pytest.mark.parametrize("header, choice", [("Electrode spacing (m)", "AB/2, AB or"), ("L", "AB/2, AB or")])
def test_a_spacing_that_may_be_full_or_half_is_not_guessed(read, header, choice):
    with pytest.raises(ValueError, match=f"does not say whether it holds {choice}.*columns="):
        read(f"{header},rhoa\n1,10\n2,20\n3,30\n")


def test_a_potential_spacing_that_may_be_full_or_half_is_not_guessed(read):
    with pytest.raises(ValueError, match="does not say whether it holds MN/2 or MN"):
        read("AB/2,potential electrode spacing,rhoa\n1,.1,10\n2,.1,20\n3,.1,30\n")


@pytest.mark.parametrize(
    "cells, row, words",
    [
        ([10, 11, 120, 13, 14], 4, "120 ohm m at AB/2 = 3 m stands between 11 and 13 on the same MN"),
        ([10, 11, 1.2, 13, 14], 4, "1.2 ohm m at AB/2 = 3 m stands between 11 and 13 on the same MN"),
        ([10, 11, 12, 1.3, 1.4], 5, "1.3 ohm m at AB/2 = 4 m follows 12 on the same MN"),
    ],
)
def test_a_jump_that_smells_of_a_slip_is_named_and_kept(read, cells, row, words):
    observed = read(sheet("AB/2,rhoa", [1, 2, 3, 4, 5], cells))
    assert f"Row {row}: apparent resistivity {words}; check for a slip" in observed.read_report
    assert rhoa(observed).tolist() == cells and observed["used"].values.all()


def test_what_the_earth_may_do_is_no_jump(read):
    observed = read("AB/2,MN/2,rhoa\n1,.1,10\n10,.1,200\n100,.1,10\n100,20,80\n120,20,90\n")
    assert "slip" not in observed.read_report


@pytest.mark.parametrize("header", ["Geometric constant", "Const.", "Factor", "K值", "系数", "Gbalo"])
@pytest.mark.parametrize("reading, unit", [("Field reading (ohm)", "ohm"), ("mV", "V"), ("Dial (mA)", "A")])
def test_a_column_in_ohm_volt_or_ampere_tells_that_the_others_are_no_resistivities(read, header, reading, unit):
    with pytest.raises(
        ValueError, match=rf"column '{re.escape(reading)}' is in {unit}, so that the sheet gives resist"
    ):
        read(sheet(f"AB/2,MN/2,{header},{reading}", S, [B] * 3, K, [1, 0.5, 0.2]))


def test_a_current_alone_tells_that_too(read):
    with pytest.raises(ValueError, match=r"column 'I \(mA\)' is in A, so that the sheet gives resistances"):
        read(sheet("AB/2,MN/2,Gbalo,I (mA)", S, [B] * 3, [1, 2, 3], [9, 9, 9]))


def test_columns_of_other_quantities_in_volt_and_ohm_tell_nothing(read):
    observed = read(sheet("AB/2,SE1,Self potential (mV),Contact resistance (kohm)", S, [1, 2, 3], S, S))
    assert observed["name"].values.tolist() == ["SE1"]


@pytest.mark.parametrize("header, scale", [("AB/2 (m),MN/2 (m)", 1), ("AB/2 (ft),MN/2 (ft)", 1), ("AB/2,MN/2", 1.02)])
def test_a_sounding_that_equals_the_geometric_factor_is_refused(read, header, scale):
    rounded = [f"{scale * k:.4g}" for k in K]
    with pytest.raises(
        ValueError, match=r"column 'P' was taken for apparent resistivity, but holds the geometric factor"
    ):
        read(sheet(f"{header},P", S, [B] * 3, rounded))
    observed = read(sheet(f"{header},P,SE2", S, [B] * 3, [9, 9, 9], [9, 9, 9]))
    assert observed["name"].values.tolist() == ["P", "SE2"]


def test_soundings_by_column_beside_the_geometric_factor_may_be_resistances(read):
    with pytest.raises(ValueError, match=r"gives the geometric factor, but .* 'SE1', 'SE2' may hold either"):
        read(sheet("AB/2,MN/2,K,SE1,SE2", S, [B] * 3, K, [1, 2, 3], [1, 2, 3]))
