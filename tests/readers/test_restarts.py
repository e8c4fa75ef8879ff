"""Soundings under one name are told apart where the spacings start again, and only there."""

import numpy as np
import pytest

OUT = [1.5, 2, 3, 4, 6, 10, 15, 20, 30, 40, 60, 100]
MN = [0.25] * 6 + [1] * 6


def rows(*columns):
    return "".join(",".join(map(str, row)) + "\n" for row in zip(*columns, strict=True))


def names(read, spacings, mn2=None):
    rhoa = [50 + k % 7 for k in range(len(spacings))]
    sheet = "AB/2,rhoa\n" + rows(spacings, rhoa) if mn2 is None else "AB/2,MN/2,rhoa\n" + rows(spacings, mn2, rhoa)
    return read(sheet)["name"].values.tolist()


def test_a_sheet_without_names_is_split_where_the_spacings_start_again(read):
    observed = read("AB/2,rhoa\n" + rows(OUT * 2, [10] * 12 + [70] * 12))
    assert observed["name"].values.tolist() == ["sheet", "sheet (2)"]
    np.testing.assert_array_equal(observed["ab2"], [OUT, OUT])
    np.testing.assert_array_equal(observed["apparent_resistivity"][:, 0], [10, 70])
    assert (
        "sheet: AB/2 starts again (Row 14); the readings from there on were taken as another sounding, 'sheet (2)'. "
        "Sort the rows by AB/2 if they are one." in observed.read_report
    )
    assert "they were sorted" not in observed.read_report


def test_a_name_that_comes_again_in_a_later_block_is_another_sounding(read):
    shifted = [1.03 * spacing for spacing in OUT]
    observed = read("VES,AB/2,rhoa\n" + rows(["A"] * 12 + ["B"] * 12 + ["A"] * 12, OUT * 2 + shifted, range(1, 37)))
    assert observed["name"].values.tolist() == ["A", "B", "A (2)"]
    assert observed["apparent_resistivity"].values[:, 0].tolist() == [1, 13, 25]


@pytest.mark.parametrize(
    "spacings, mn2, count",
    [
        (OUT * 3, None, 3),
        (OUT * 2, MN * 2, 2),
        (OUT[::-1] * 2, None, 2),
        (OUT + OUT[:8], None, 2),
        (OUT[:8] + OUT, None, 2),
        ([1, 10, 100] * 2, None, 2),
        ([1.5, 2, 3, "", 10, 30, 1.5, 2, 4, 9, 30], None, 2),
    ],
)
def test_soundings_one_below_the_other_are_counted(read, spacings, mn2, count):
    assert len(names(read, spacings, mn2)) == count


@pytest.mark.parametrize(
    "spacings, mn2",
    [
        (OUT + OUT[::-1], None),
        (OUT + OUT[::-1] + OUT, None),
        ([*OUT, 1.5], None),
        ([*OUT, 1.5, 2, 3], None),
        ([*OUT, 1.5, 10, 80], None),
        (sorted(OUT * 2), None),
        (OUT[:6] + OUT[4:9] + OUT[7:], None),
        (OUT * 2, MN + [0.5] * 12),
        (OUT[:6] + OUT[4:], [0.25] * 6 + [1] * 8),
        ([10, 60, 3, 100, 1.5, 30, 4, 15, 2, 40, 6, 20], None),
        ([1, 2], None),
    ],
)
def test_what_one_sounding_does_is_not_split(read, spacings, mn2):
    assert names(read, spacings, mn2) == ["sheet"]


def test_soundings_interleaved_by_spacing_stay_what_their_names_say(read):
    doubled = [spacing for spacing in OUT for _ in "AB"]
    observed = read("VES,AB/2,rhoa\n" + rows(["A", "B"] * 12, doubled, range(1, 25)))
    assert observed["name"].values.tolist() == ["A", "B"]


def test_a_name_that_is_taken_is_passed_over(read):
    observed = read("VES,AB/2,rhoa\n" + rows(["A"] * 24 + ["A (2)"] * 12, OUT * 3, range(1, 37)))
    assert observed["name"].values.tolist() == ["A", "A (3)", "A (2)"]


def test_periods_that_start_again_are_another_sounding(read):
    observed = read("frequency,rhoa,phase\n" + rows([1000, 100, 10, 1] * 2, range(1, 9), [45] * 8), "mt")
    assert observed["name"].values.tolist() == ["sheet", "sheet (2)"]
