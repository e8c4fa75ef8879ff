"""Induced polarisation: sheets, and profiles in the unified data format."""

import json

import numpy as np
import pytest

from bpinvert.cli.soundings import _look_of
from bpinvert.geometry import as_observed
from bpinvert.readers import read_soundings
from bpinvert.readers.quadrupoles import geometric_factor
from forward_models import survey_from_dict

# Electrode numbers, counted from 1, of arrays of 19 electrodes 2 m apart.
ARRAYS = {
    "Wenner": ([(7, 13, 9, 11), (4, 16, 8, 12), (1, 19, 7, 13), (4, 13, 7, 10)], ("a",)),
    "Schlumberger": ([(5, 10, 7, 8), (4, 11, 7, 8), (3, 12, 7, 8), (1, 12, 6, 7)], ("ab2", "mn2")),
    "DipoleDipole": ([(6, 5, 7, 8), (5, 4, 8, 9), (4, 3, 9, 10), (4, 2, 8, 10)], ("a", "n")),
    "PoleDipole": ([(6, 0, 7, 8), (5, 0, 8, 9), (4, 0, 9, 10), (1, 0, 8, 10)], ("a", "n")),
    "PolePole": ([(6, 0, 7, 0), (5, 0, 8, 0), (3, 0, 10, 0), (1, 0, 12, 0)], ("a",)),
}


def unified(numbers, tokens="rhoa ip/mV/V", values=None, positions=None, header="x z"):
    """A file of the quadrupoles `numbers`, by default over 50 ohm m and 12 mV/V."""
    positions = [(2.0 * k, 0.0) for k in range(19)] if positions is None else positions
    values = [(50.0, 12.0)] * len(numbers) if values is None else values
    lines = [f"{len(positions)}# Number of electrodes", f"# {header}"]
    lines += ["\t".join(map(str, place)) for place in positions]
    lines += [f"{len(numbers)}", f"# a b m n {tokens}"]
    lines += ["\t".join(map(str, (*four, *row))) for four, row in zip(numbers, values, strict=True)]
    return "\n".join([*lines, "0", ""])


@pytest.fixture
def profile(read):
    return lambda content, columns=None: read(content, "ip", "profile.dat", columns=columns)


def used(observed, name):
    return observed[name].values[observed["used"].values]


@pytest.mark.parametrize("array", ARRAYS)
def test_quadrupoles_of_one_midpoint_are_a_sounding_of_their_array(profile, array):
    numbers, names = ARRAYS[array]
    observed = profile(unified(numbers))
    assert observed.attrs["method"] == "ip" and observed.attrs["array"] == array
    described = json.loads(observed.attrs["survey"])
    assert described["survey"] == "InducedPolarization" and described["dc"]["survey"] == array
    assert f"4 quadrupoles are of the array {array}" in observed.attrs["read_report"]
    # the three of one midpoint are used, the fourth stands alone or with them
    assert observed["used"].values.sum() >= 3 and all(name in observed for name in names)
    dc = survey_from_dict(described["dc"])
    # An inverter of this survey takes them.
    as_observed(observed, survey_from_dict(described))
    found = {tuple(place) for place in np.stack([used(observed, name) for name in names], axis=1).tolist()}
    assert found == set(zip(*(getattr(dc, name).tolist() for name in names), strict=True))


def test_the_spacings_are_those_of_the_electrodes(profile):
    middles = {"Wenner": 18, "Schlumberger": 13, "DipoleDipole": 11, "PoleDipole": 11.5, "PolePole": 11}
    wanted = {
        "Wenner": {"a": [4, 8, 12]},
        "Schlumberger": {"ab2": [5, 7, 9], "mn2": [1, 1, 1]},
        "DipoleDipole": {"a": [2, 2, 2], "n": [1, 3, 5]},
        "PoleDipole": {"a": [2, 2, 2], "n": [1, 3, 5]},
        "PolePole": {"a": [2, 6, 14]},
    }
    for array, spacings in wanted.items():
        observed = profile(unified(ARRAYS[array][0]))
        k = int(observed["used"].values.sum(axis=1).argmax())
        for name, values in spacings.items():
            np.testing.assert_allclose(np.sort(observed[name].values[k][observed["used"].values[k]])[:3], values)
        assert observed["x"].values[k] == pytest.approx(middles[array]), array


@pytest.mark.parametrize("array", ARRAYS)
def test_exchanging_current_and_potential_changes_nothing(profile, array):
    numbers = ARRAYS[array][0]
    first = profile(unified(numbers))
    second = profile(unified([(n, m, b, a) for a, b, m, n in numbers]))
    for name in (*ARRAYS[array][1], "x", "apparent_resistivity"):
        np.testing.assert_allclose(first[name].values, second[name].values)


@pytest.mark.parametrize("array", ARRAYS)
def test_resistances_over_a_half_space_give_its_resistivity(profile, array):
    numbers = ARRAYS[array][0]
    places = np.append(np.inf, 2.0 * np.arange(19))[np.array(numbers)]
    resistance = 50 / geometric_factor(places)
    by_r = profile(unified(numbers, "r ip/mV/V", [(r, 12.0) for r in resistance]))
    by_u = profile(unified(numbers, "u/mV i/mA ip/mV/V", [(200 * r, 200.0, 12.0) for r in resistance]))
    by_k = profile(unified(numbers, "r k ip/mV/V", [(r, 50 / r, 12.0) for r in resistance]))
    for observed in (by_r, by_u, by_k):
        np.testing.assert_allclose(used(observed, "apparent_resistivity"), 50)
    assert "K·R, with the factor of the electrodes" in by_r.attrs["read_report"]


def test_the_factor_is_the_textbooks_for_wenner():
    np.testing.assert_allclose(geometric_factor(np.array([[0.0, 9.0, 3.0, 6.0]])), 2 * np.pi * 3)


@pytest.mark.parametrize(
    ("token", "columns", "value"),
    [
        ("ip/mV/V", None, 12.0),
        ("ip/V/V", None, 0.012),
        ("IP/%", None, 1.2),
        ("ip(mV/V)", None, 12.0),
        ("ip", {"ip": "apparent chargeability (mV/V)"}, 12.0),
        ("ip", {"ip": "chargeability (V/V)"}, 0.012),
        ("ip", {"ip": "ip (%)"}, 1.2),
    ],
)
def test_the_chargeability_is_in_the_unit_that_is_stated(profile, token, columns, value):
    numbers = ARRAYS["Wenner"][0]
    observed = profile(unified(numbers, f"rhoa {token}", [(50.0, value)] * 4), columns)
    np.testing.assert_allclose(used(observed, "apparent_chargeability"), 12.0)
    assert observed["apparent_chargeability"].attrs["units"] == "mV/V"


@pytest.mark.parametrize(
    ("tokens", "columns", "sentence"),
    [
        (
            "rhoa ip",
            None,
            r"profile\.dat, column 'ip' gives no unit.*columns=\{'ip': 'apparent chargeability \(mV/V\)'",
        ),
        ("rhoa ip/mrad", None, r"column 'ip/mrad' is given in mrad; it must be in mV/V.* no chargeability without"),
        ("rhoa ip/ms", None, r"column 'ip/ms' is given in ms; it must be in mV/V"),
        ("rhoa gm", None, r"an IP sounding needs ip"),
        ("rhoa ip/mV/V", {"ip/mV/V": "not used"}, r"an IP sounding needs ip"),
        ("rhoa ip", {"ma": "chargeability (mV/V)"}, r"columns names 'ma', but profile\.dat has the columns 'a', 'b',"),
        ("rhoa ip", {"ip": "rhoa (ohm m)"}, r"in this format it is apparent chargeability; say its unit"),
        ("k ip/mV/V", None, r"has neither rhoa, r nor u and i"),
        ("rhoa ip/mV/V err", None, r"names 7 columns of data .* rows have 6 numbers"),
    ],
)
def test_what_is_not_stated_is_not_guessed(profile, tokens, columns, sentence):
    with pytest.raises(ValueError, match=sentence):
        profile(unified(ARRAYS["Wenner"][0], tokens), columns)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda text: text.replace("\n4\n# a b", "\n40\n# a b"),
            r"says that there are 40 data but ends after 5|numbers",
        ),
        (lambda text: text.replace("4\t13\t7\t10", "4\t20\t7\t10"), r"row \d+ names electrodes 4 20 7 10; they are"),
        (lambda text: text.replace("4\t13\t7\t10", "4\tx\t7\t10"), r"row \d+ holds '4 x 7 10 50.0 12.0'; it must be"),
    ],
)
def test_files_that_are_not_complete_are_refused_by_row(profile, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        profile(change(unified(ARRAYS["Wenner"][0])))


def test_quadrupoles_of_another_array_are_left_out_and_counted(profile):
    observed = profile(unified([*ARRAYS["Wenner"][0], (6, 5, 7, 8)]))
    assert observed["apparent_resistivity"].notnull().sum() == 4
    assert "1 quadrupole of another array was left out" in observed.attrs["read_report"]


def test_electrodes_that_are_no_array_or_on_no_line_are_refused(profile):
    with pytest.raises(ValueError, match=r"has no four electrodes that are a Wenner, Schlumberger, dipole-dipole"):
        profile(unified([(1, 5, 3, 9)]))
    bent = [(2.0 * k, 0.3 * k**2, 0.0) for k in range(19)]
    with pytest.raises(ValueError, match=r"beside a straight line; soundings are taken from straight lines"):
        profile(unified(ARRAYS["Wenner"][0], positions=bent, header="x y z"))


def test_a_line_across_the_map_has_its_own_distances_and_places(profile):
    along = 2.0 * np.arange(19)
    oblique = [(100 + 0.6 * s, 500 + 0.8 * s, 30 + 0.1 * s) for s in along]
    flat = profile(unified(ARRAYS["DipoleDipole"][0]))
    turned = profile(unified(ARRAYS["DipoleDipole"][0], positions=oblique, header="x y z"))
    for name in ("a", "n"):
        np.testing.assert_array_equal(flat[name], turned[name])
    np.testing.assert_allclose(turned["x"], 100 + 0.6 * flat["x"])
    np.testing.assert_allclose(turned["y"], 500 + 0.8 * flat["x"])
    np.testing.assert_allclose(turned["elevation"], 30 + 0.1 * flat["x"])


def test_what_cannot_be_used_is_kept_masked_and_said(profile):
    values = [(50, 12, 1), (50, 12, 0), (-50, 12, 1), (50, "nan", 1), (50, -3, 1), (50, 12, 1)]
    numbers = [(6 - k, 9 + k, 7, 8) for k in range(6)]
    observed = profile(unified(numbers, "rhoa ip/mV/V valid", values))
    assert observed["used"].values.tolist() == [[True, False, False, True, True, True]]
    report = observed.attrs["read_report"]
    for what in ("are marked as not valid", "have no positive apparent resistivity", "have no apparent chargeability"):
        assert what in report
    few = profile(unified(numbers[:2], "rhoa ip/mV/V", [(50, 12)] * 2))
    assert not few["used"].values.any() and "fewer than 3 can be" in few.attrs["read_report"]
    assert "survey" not in few.attrs


@pytest.mark.parametrize(
    ("tokens", "row", "std"),
    [
        ("rhoa ip/mV/V err", (50.0, 12.0, 0.03), (1.5, np.nan)),
        ("rhoa ip/mV/V err/%", (50.0, 12.0, 3.0), (1.5, np.nan)),
        ("rhoa k ip/mV/V err/Ohm", (50.0, 10.0, 12.0, 0.15), (1.5, np.nan)),
        ("rhoa ip/V/V iperr", (50.0, 0.012, 0.001), (np.nan, 1.0)),
    ],
)
def test_errors_are_read_by_their_unit(profile, tokens, row, std):
    observed = profile(unified(ARRAYS["Wenner"][0], tokens, [row] * 4))
    for name, value in zip(("apparent_resistivity_std", "apparent_chargeability_std"), std, strict=True):
        np.testing.assert_allclose(used(observed, name), value)


def test_an_error_in_per_cent_without_its_unit_is_refused(profile):
    with pytest.raises(ValueError, match=r"column 'err' holds 3 in the median; by the format it is a fraction"):
        profile(unified(ARRAYS["Wenner"][0], "rhoa ip/mV/V err", [(50.0, 12.0, 3.0)] * 4))


@pytest.mark.parametrize("header", ["chargeability (mV/V)", "M (mV/V)", "IP [mV/V]", "ma (V/V)", "Chargeability (%)"])
def test_a_sheet_has_one_quantity_more_than_that_of_a_resistivity_sounding(read, header):
    factor = 1000 if "V/V" in header and "mV" not in header else 10 if "%" in header else 1
    rows = "".join(f"{ab2},0.5,{100 + ab2},{12 / factor:g},2\n" for ab2 in (3, 10, 30, 100))
    sheet = f"AB/2 (m),MN/2 (m),rhoa (ohm m),{header},chargeability std (mV/V)\n{rows}"
    observed = read(sheet, "ip")
    np.testing.assert_allclose(observed["apparent_chargeability"].values, [[12] * 4])
    np.testing.assert_allclose(observed["apparent_chargeability_std"].values, [[2] * 4])
    np.testing.assert_allclose(observed["apparent_resistivity"].values, [[103, 110, 130, 200]])
    dc = json.loads(observed.attrs["survey"])["dc"]
    assert dc["survey"] == "Schlumberger" and dc["ab2"] == [3, 10, 30, 100] and dc["mn2"] == [0.5] * 4
    assert read(sheet, "ves")["used"].values.all()


def test_a_sheet_of_wenner_soundings_with_negative_chargeability_is_used(read):
    observed = read("a (m),rhoa (ohm m),IP (mV/V)\n1,10,5\n2,12,-1\n4,14,0\n", "ip")
    assert observed["used"].values.all() and json.loads(observed.attrs["survey"])["dc"]["survey"] == "Wenner"


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("chargeability", r"column 'chargeability' gives no unit of the apparent chargeability; write \(mV/V\)"),
        ("IP (ms)", r"is an integral over the decay.*Divide the column by the length of the window"),
        ("remark", r"an IP sounding needs apparent chargeability"),
    ],
)
def test_a_sheet_without_a_chargeability_or_its_unit_is_refused(read, header, sentence):
    with pytest.raises(ValueError, match=sentence):
        read(f"a (m),rhoa (ohm m),{header}\n1,10,5\n2,12,1\n4,14,0\n", "ip")


@pytest.mark.parametrize(
    "values, words", [((0.005, 0.02, -0.01), "below 0.5 mV/V"), ((500, 800, 1500), "reaches 1500 mV/V")]
)
def test_chargeabilities_as_of_another_unit_are_doubted_and_kept(read, values, words):
    rows = "".join(f"{ab2},50,{value}\n" for ab2, value in zip((1, 3, 10), values, strict=True))
    observed = read(f"ab/2 (m),rhoa (ohm m),ip (mV/V)\n{rows}", "ip")
    assert words in observed["doubt"].item() and words in observed.read_report
    assert observed["used"].values.all()
    np.testing.assert_allclose(observed["apparent_chargeability"].values[0], values)


def test_chargeabilities_of_zero_or_a_few_are_not_doubted(read):
    for values in ((0, 0, 0), (0.2, 3, 12)):
        rows = "".join(f"{ab2},50,{value}\n" for ab2, value in zip((1, 3, 10), values, strict=True))
        assert "doubt" not in read(f"ab/2 (m),rhoa (ohm m),ip (mV/V)\n{rows}", "ip")


def test_a_profile_is_told_from_a_sheet(tmp_path):
    (tmp_path / "profile.dat").write_text(unified(ARRAYS["Wenner"][0]))
    (tmp_path / "sheet.dat").write_text("AB/2 (m),rhoa (ohm m)\n1,10\n2,12\n")
    assert _look_of(str(tmp_path / "profile.dat")) == "ip" and _look_of(str(tmp_path / "sheet.dat")) == "ves"


def test_schleiz_is_a_dipole_dipole_profile_of_soundings(field):
    path = field("ip/gimli_schleizTDIP.dat")
    with pytest.raises(ValueError, match=r"column 'ip' gives no unit"):
        read_soundings(path, "ip")
    observed = read_soundings(path, "ip", columns={"ip": "chargeability (mV/V)"})
    assert json.loads(observed.attrs["survey"])["dc"]["survey"] == "DipoleDipole"
    assert observed.sizes == {"sounding": 77, "reading": 19} and int(observed["used"].sum()) == 823
    assert set(np.unique(used(observed, "a"))) == {1.0, 4.0}
    np.testing.assert_allclose(np.diff(observed["x"].values), 0.5)
    middle = observed.isel(sounding=int(np.argmax(observed["x"].values == 20.5)))
    assert middle["used"].sum() == 19


def test_a_resistivity_without_chargeability_is_used(read, profile):
    observed = read("a (m),rhoa (ohm m),ip (mV/V)\n1,90,5\n2,80,\n4,70,8\n8,60,9\n", "ip")
    assert observed["used"].values.all() and np.isnan(observed["apparent_chargeability"].values[0, 1])
    assert "Row 3: apparent chargeability is missing; what else was measured is used." in observed.read_report
    numbers, _ = ARRAYS["Wenner"]
    observed = profile(unified(numbers, values=[(50, 12), (50, "nan"), (50, 12), (50, 12)]))
    # The reading of a midpoint of its own is too few.
    assert observed["used"].values.tolist() == [[False] * 3, [True] * 3]
    assert np.isnan(observed["apparent_chargeability"].values[1]).sum() == 1
    assert "have no apparent chargeability; their apparent resistivity is used." in observed.read_report


def test_a_chargeability_that_is_read_as_resistivities_alone_is_named(read):
    written = "a (m),rhoa (ohm m),ip (mV/V)\n1,90,5\n2,80,6\n4,70,8\n8,60,9\n"
    said = "There is a chargeability; it is inverted as well with method='ip'."
    assert said in read(written).read_report and said not in read(written, "ip").read_report
    assert "chargeability" not in read(written.replace("ip (mV/V)", "sp (mV)")).read_report
    assert said not in read(written, columns={"ip (mV/V)": "not used"}).read_report
