"""Field sheets of others, where they are on this machine."""

import numpy as np
import openpyxl
import pytest
import xarray as xr

from bpinvert.readers import read_soundings


def values(observed, name):
    return observed[name].values[0].tolist()


def test_wauchope_is_read_from_its_logarithms(field):
    observed = read_soundings(field("ves/constable1987_wauchope_schlumberger.dat"))
    rhoa, sigma = observed["apparent_resistivity"].values[0], observed["apparent_resistivity_std"].values[0]
    assert observed.sizes == {"sounding": 1, "reading": 24}
    assert values(observed, "ab2")[::23] == [3, 10000]
    np.testing.assert_allclose(rhoa[[0, -1]], 10.0 ** np.array([1.528, 2.174]), rtol=1e-12)
    np.testing.assert_allclose((sigma / rhoa)[[0, -1]], np.log(10) * np.array([0.043, 0.086]), rtol=1e-12)


@pytest.mark.parametrize(
    "name, n, last",
    [
        ("rves_ves_data1", 18, 19.2),
        ("gwb_myanmar_AungSan_loc1", 8, 194.23),
        ("gwb_myanmar_Mawlamyine_4", 28, 436.24),
    ],
)
def test_field_sheets_of_others_are_read_whole(field, name, n, last):
    observed = read_soundings(field(f"ves/{name}.csv"))
    assert observed["used"].values.sum() == n
    assert values(observed, "apparent_resistivity")[-1] == last


def test_coprod1_is_read_with_both_errors(field):
    observed = read_soundings(field("mt/coprod1_occam1987.csv"), "mt")
    assert observed.sizes == {"sounding": 1, "reading": 15}
    assert values(observed, "phase_std")[:3] == [22.95, 22.95, 4.96]
    rhoa = 10**2.315
    np.testing.assert_allclose(values(observed, "apparent_resistivity")[0], rhoa, rtol=1e-12)
    np.testing.assert_allclose(values(observed, "apparent_resistivity_std")[0], rhoa * np.log(10) * 0.0721, rtol=1e-12)


def test_wauchope_reads_alike_from_text_and_from_a_workbook(field, tmp_path):
    path = field("ves/constable1987_wauchope_schlumberger.dat")
    lines = [line.lstrip("#").split() for line in path.read_text().splitlines()]
    (tmp_path / "w.csv").write_text("\n".join(",".join(cells) for cells in lines))
    book = openpyxl.Workbook()
    for cells in [lines[0], *([float(cell) for cell in row] for row in lines[1:])]:
        book.active.append(cells)
    book.save(tmp_path / "w.xlsx")
    first, *others = (read_soundings(at) for at in (path, tmp_path / "w.csv", tmp_path / "w.xlsx"))
    for other in others:
        xr.testing.assert_equal(other.drop_vars("name"), first.drop_vars("name"))


def test_the_four_soundings_of_gbalo_are_told_apart_by_their_columns(field):
    observed = read_soundings(field("ves/watex_gbalo_cotedivoire.csv"))
    assert observed["name"].values.tolist() == ["SE1", "SE2", "SE3", "SE4"]
    assert observed["used"].values.sum() == 4 * 32
    assert observed["apparent_resistivity"].values[:, -1].tolist() == [142, 95, 156, 110]
    assert "taken as apparent resistivities in ohm m" in observed.read_report


def test_the_plain_format_needs_no_headers(field):
    observed = read_soundings(field("ves/pygimli_sond1-100.ves"))
    assert values(observed, "mn2") == [0.3] * 9 + [3] * 8
    assert values(observed, "apparent_resistivity")[-1] == 255.241
    assert "as a .ves file" in observed.read_report


def test_the_reading_of_mawlamyine_that_contradicts_its_voltage_is_named(field):
    # row 14: 1555.09 m · 20.21 mV / 60.41 mA is 520 ohm m, the sheet says 453
    report = read_soundings(field("ves/gwb_myanmar_Mawlamyine_1.csv")).read_report
    assert "differs from K·V/I by more than 5 % in row 14 (452.79 against 520.25" in report
    assert "differs" not in read_soundings(field("ves/gwb_myanmar_Mawlamyine_4.csv")).read_report


def test_durham_is_refused_until_its_columns_are_explained(field):
    with pytest.raises(ValueError, match=r"'p', 'c', 'm1', 'm2', 'm3', 'm4'; .* needs AB/2 .* with columns="):
        read_soundings(field("ves/durham_position_1.csv"))


def test_durham_is_read_with_its_negatives_and_slips_named(field):
    path = field("ves/durham_position_1.csv")
    meanings = {"p": "MN/2 (cm)", "c": "AB/2 (cm)", **{f"m{k}": f"R{k} (ohm)" for k in (1, 2, 3, 4)}}
    observed = read_soundings(path, columns=meanings)
    p, c, *m = np.loadtxt(path, delimiter=",", skiprows=1).T
    factor = np.pi * (c**2 - p**2) / (2 * p) / 100
    lines = observed.read_report.splitlines()
    named = {int(line.split()[1].rstrip(":")): line for line in lines if line.startswith("Row ")}
    for row in (24, 25, 27, 28):
        assert "not positive" in next(line for line in lines if line.startswith(f"Row {row}:"))
    assert "m1 = 0.425, about a tenth of the others" in named[18]
    assert "m3 = 0.983, m4 = 0.862, about 10 times the others, m1 = 0.1975, m2 = 0.1225" in named[32]
    slips = {18: [1, 2, 3], 32: [0, 1]}
    expected = []
    for i, row in enumerate(range(2, 33)):
        repeats = np.array([column[i] for column in m])[slips.get(row, [0, 1, 2, 3])]
        expected.append(factor[i] * np.median(repeats[repeats > 0]))
    assert observed["used"].values.all()
    order = np.argsort(c, kind="stable")
    np.testing.assert_allclose(values(observed, "ab2"), c[order] / 100, rtol=1e-12)
    np.testing.assert_allclose(values(observed, "apparent_resistivity"), np.array(expected)[order], rtol=1e-12)
