"""Dispersion curves: sheets, Dinver's targets, Geopsy's curves and SURF96 lines."""

import gzip
import io
import tarfile
import tracemalloc
from collections import Counter

import numpy as np
import pytest

import bpinvert as bp
from bpinvert.cli import main
from bpinvert.cli.soundings import find_sheets
from bpinvert.readers import read_soundings
from bpinvert.readers.waves import target

METHOD = "surface_waves"
FREQUENCY = np.array([5.0, 10.0, 20.0, 40.0])
VELOCITY = np.array([300.0, 240.0, 200.0, 180.0])


def values(observed, name, sounding=0):
    return observed[name].values[sounding]


def sheet(headers, *columns, delimiter=","):
    rows = [delimiter.join(f"{cell:.15g}" for cell in row) for row in zip(*columns, strict=True)]
    return "\n".join([headers, *rows]) + "\n"


def point(frequency, slowness, deviation, valid="true", tag="RealStatisticalPoint"):
    return (
        f"<{tag}><x>{frequency}</x><mean>{slowness}</mean><stddev>{deviation}</stddev><weight>1</weight>"
        f"<valid>{valid}</valid></{tag}>"
    )


def curve(points, wave="Rayleigh", kind="Phase", index=0, enabled="true", spelling="polarization", modes=1):
    mode = f"<Mode><slowness>{kind}</slowness><{spelling}>{wave}</{spelling}><ringIndex>0</ringIndex>"
    mode += f"<index>{index}</index></Mode>"
    return (
        f"<ModalCurve><name>{wave} {index}</name><enabled>{enabled}</enabled>{mode * modes}{''.join(points)}"
        "</ModalCurve>"
    )


def contents(*curves, tag="DispersionTarget", before=""):
    return (
        f'{before}<Dinver><TargetList><{tag} type="dispersion"><selected>true</selected>{"".join(curves)}</{tag}>'
        f'<ModalCurveTarget type="ellipticity"><selected>false</selected></ModalCurveTarget></TargetList></Dinver>'
    )


def packed(text, encoding="utf-16", name="contents.xml"):
    """A target: a packed tar with one member of text."""
    content = text.encode(encoding)
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return gzip.compress(file.getvalue())


@pytest.fixture
def curves(read):
    """Read what is written into a file."""

    def write_and_read(content, name="sheet.csv", columns=None):
        return read(content, METHOD, name, columns=columns)

    return write_and_read


@pytest.mark.parametrize(
    "header, axis",
    [
        ("period (s)", 1 / FREQUENCY),
        ("T [ms]", 1000 / FREQUENCY),
        ("frequency (Hz)", FREQUENCY),
        ("freq_kHz", FREQUENCY / 1000),
        ("wavelength (m)", VELOCITY / FREQUENCY),
        ("λ (km)", VELOCITY / FREQUENCY / 1000),
    ],
)
@pytest.mark.parametrize(
    "value, error, data, std",
    [
        ("phase velocity (m/s)", "phase velocity std (m/s)", VELOCITY, 0.05 * VELOCITY),
        ("c_mean [km/s]", "std (km/s)", VELOCITY / 1000, 0.05 * VELOCITY / 1000),
        ("Phase velocity (m s⁻¹)", "error (%)", VELOCITY, 5 + 0 * VELOCITY),
        ("phase_velocity_km_s", "velocity std (m/s)", VELOCITY / 1000, 0.05 * VELOCITY),
        ("slowness (s/m)", "slowness std (s/m)", 1 / VELOCITY, 0.05 / VELOCITY),
        ("phase slowness [s/km]", "std (s/km)", 1000 / VELOCITY, 50 / VELOCITY),
        ("slowness (s/m)", "relative error", 1 / VELOCITY, 0.05 + 0 * VELOCITY),
    ],
)
def test_every_unit_and_axis_gives_the_same_curve(curves, header, axis, value, error, data, std):
    observed = curves(sheet(f"{header},{value},{error}", axis, data, std))
    np.testing.assert_allclose(values(observed, "period"), 1 / FREQUENCY, rtol=1e-12)
    np.testing.assert_allclose(values(observed, "phase_velocity"), VELOCITY, rtol=1e-12)
    np.testing.assert_allclose(values(observed, "phase_velocity_std"), 0.05 * VELOCITY, rtol=1e-12)
    assert values(observed, "mode").tolist() == [0, 0, 0, 0]
    assert (observed.method, observed.array) == (METHOD, "Rayleigh")
    assert all({"units", "long_name"} <= set(variable.attrs) for variable in observed.values())


@pytest.mark.parametrize("names", ["c_low [m/s],c_up [m/s]", "lower bound of velocity (m/s),velocity max (m/s)"])
def test_half_the_difference_of_bounds_is_the_standard_deviation_and_said_so(curves, names):
    observed = curves(sheet(f"f (Hz),c (m/s),{names}", FREQUENCY, VELOCITY, VELOCITY - 4, VELOCITY + 8))
    np.testing.assert_allclose(values(observed, "phase_velocity_std"), 6.0, rtol=1e-12)
    assert "Half the difference of the bounds was taken for the standard deviation" in observed.read_report


def test_bounds_of_slowness_and_bounds_that_are_wrong(curves):
    slow = 1 / VELOCITY
    observed = curves(
        sheet("f (Hz),slowness (s/m),slowness low (s/m),slowness up (s/m)", FREQUENCY, slow, 0.9 * slow, 1.1 * slow)
    )
    np.testing.assert_allclose(values(observed, "phase_velocity_std"), 0.1 * VELOCITY, rtol=1e-12)
    low, up = VELOCITY - 5, VELOCITY + 5
    low[1], up[1], low[2] = up[1], low[1], VELOCITY[2] + 1
    observed = curves(sheet("f (Hz),c (m/s),c_low (m/s),c_up (m/s)", FREQUENCY, VELOCITY, low, up))
    np.testing.assert_allclose(values(observed, "phase_velocity_std"), [5, np.nan, 2, 5], rtol=1e-12)
    assert "lies outside its bounds in rows 3, 4" in observed.read_report
    assert "The upper bound is not above the lower one in row 3" in observed.read_report


def test_a_missing_unit_is_refused_and_can_be_said(curves):
    content = sheet("#Frequency,Velocity,Velstd", FREQUENCY, VELOCITY, 0.1 * VELOCITY)
    with pytest.raises(ValueError, match=r"columns 'Frequency', 'Velocity' give no unit, and none is guessed; .* say"):
        curves(content)
    with pytest.raises(ValueError, match=r"column 'f' gives no unit.* with columns=\{'f': 'frequency \(Hz\)'\}"):
        curves(sheet("f,c (m/s)", FREQUENCY, VELOCITY))
    said = {"Frequency": "frequency (Hz)", "Velocity": "phase velocity (m/s)"}
    for columns in (said, said | {"Velstd": "phase velocity std (m/s)"}):
        observed = curves(content, columns=columns)
        np.testing.assert_allclose(values(observed, "phase_velocity_std"), 0.1 * VELOCITY, rtol=1e-12)
    with pytest.raises(
        ValueError, match=r"'ft/s' in brackets, which is not known as a unit of phase velocity; it must"
    ):
        curves(sheet("f (Hz),velocity (ft/s)", FREQUENCY, VELOCITY))
    with pytest.raises(ValueError, match=r"'velocity \(s/m\)' is given in s/m; phase velocity must be in m/s"):
        curves(sheet("f (Hz),velocity (s/m)", FREQUENCY, 1 / VELOCITY))


def test_numbers_without_headers_are_refused_with_an_example_of_a_curve(curves):
    content = sheet("5,300", FREQUENCY, VELOCITY)
    with pytest.raises(ValueError, match=r"columns=\{'1': 'frequency \(Hz\)', '2': 'phase velocity \(m/s\)'\}"):
        curves(content)
    observed = curves(content, columns={"1": "frequency (Hz)", "2": "slowness (s/km)"})
    assert observed.sizes["reading"] == 5


def test_units_below_the_headers_and_comments_above_them_are_read(curves):
    content = "# Site 7, Love waves\n# picked by hand\nf;c;std\nHz;km/s;km/s\n5;0,3;0,01\n10;0,24;0,01\n20;0,2;0,01\n"
    observed = curves(content)
    np.testing.assert_allclose(values(observed, "phase_velocity"), VELOCITY[:3], rtol=1e-12)
    np.testing.assert_allclose(values(observed, "phase_velocity_std"), 10.0, rtol=1e-12)
    assert observed.array == "Love" and "The curves are of Love waves, as row 1 says." in observed.read_report


def test_a_workbook_is_read_too(read_book):
    rows = [["frequency (Hz)", "mode", "phase velocity (m/s)"], *([f, 0, c] for f, c in zip(FREQUENCY, VELOCITY))]  # noqa: B905
    observed = read_book({"MASW": rows}, METHOD)
    np.testing.assert_array_equal(values(observed, "phase_velocity"), VELOCITY)


def test_modes_are_one_sounding_in_the_order_of_the_file(curves):
    frequency, velocity = np.append(FREQUENCY, FREQUENCY[:0:-1]), np.append(VELOCITY, 2 * VELOCITY[:0:-1])
    mode = np.repeat([0, 1], [4, 3])
    observed = curves(sheet("mode,frequency (Hz),phase velocity (m/s)", mode, frequency, velocity))
    assert observed.sizes["sounding"] == 1 and observed["used"].values.all()
    np.testing.assert_allclose(values(observed, "period"), 1 / frequency, rtol=1e-12)
    np.testing.assert_array_equal(values(observed, "mode"), mode)
    np.testing.assert_array_equal(values(observed, "phase_velocity"), velocity)
    assert observed["mode"].units == "1"


def test_a_reading_without_a_mode_is_masked(curves):
    observed = curves("mode,f (Hz),c (m/s)\n0,5,300\n,10,240\nfundamental,20,200\nmode 0,40,180\n")
    assert values(observed, "used").tolist() == [True, False, True, True]
    assert "Row 3: mode is missing; the reading is kept but not used." in observed.read_report


def test_a_sheet_without_mode_0_is_doubted_unless_the_caller_says_what_it_counts(curves):
    content = sheet("mode no,f (Hz),c (m/s)", [1, 1, 2, 2], FREQUENCY, VELOCITY)
    observed = curves(content)
    assert "Its lowest mode is 1" in observed["doubt"].item()
    assert "doubt" not in curves(content, columns={"mode no": "mode"})


def test_what_is_no_mode_or_no_wave_is_refused_with_its_place(curves):
    with pytest.raises(ValueError, match=r"row 3, column 'mode' holds '-1'; a mode is 0 for the fundamental one"):
        curves(sheet("mode,f (Hz),c (m/s)", [0, -1, 0, 0], FREQUENCY, VELOCITY))
    with pytest.raises(ValueError, match=r"row 2, column 'wave' holds 'P'; the kind of wave must be R, Rayleigh, L or"):
        curves("wave,f (Hz),c (m/s)\nP,5,300\nP,10,200\nP,20,100\n")


def test_soundings_are_told_apart_by_a_column_and_where_the_axis_starts_again(curves):
    rows = sheet("f (Hz),c (m/s)", FREQUENCY, VELOCITY).split("\n", 1)[1]
    assert curves("f (Hz),c (m/s)\n" + rows + rows)["name"].values.tolist() == ["sheet", "sheet (2)"]
    named = "name,f (Hz),c (m/s)\n" + "".join(f"{name},{row}\n" for name in "AB" for row in rows.split())
    assert curves(named)["name"].values.tolist() == ["A", "B"]


@pytest.mark.parametrize(
    "cell, words", [("0", "0 m/s, not positive"), ("nan", "missing"), ("-5", "-5 m/s, not positi")]
)
@pytest.mark.parametrize("axis", ["f (Hz)", "wavelength (m)"])
def test_a_reading_that_cannot_be_used_is_kept_masked_and_named(curves, axis, cell, words):
    observed = curves(f"{axis},c (m/s)\n5,300\n10,{cell}\n20,200\n40,180\n")
    assert values(observed, "used").tolist() == [True, False, True, True]
    assert f"Row 3: phase velocity is {words}" in observed.read_report


@pytest.mark.parametrize("cell", ["0", "-8"])
def test_a_frequency_that_is_not_positive_is_not_called_a_missing_period(curves, cell):
    observed = curves(f"f (Hz),c (m/s)\n5,300\n{cell},250\n20,200\n40,180\n")
    assert values(observed, "used").tolist() == [True, False, True, True]
    assert f"Row 3: frequency is {cell} Hz, not positive" in observed.read_report


@pytest.mark.parametrize(
    "headers",
    ["Frequenz (Hz);Phasengeschwindigkeit (m/s)", "Fréquence (Hz);Vitesse de phase (m/s)",
     "Frecuencia (Hz);Velocidad de fase (m/s)", "Período (s);Velocidade de fase (m/s)"],
)  # fmt: skip
def test_the_axis_is_known_in_the_languages_of_the_velocity(curves, headers):
    observed = curves(f"{headers}\n4,5;120\n5;110,5\n8;100\n")
    assert values(observed, "phase_velocity").tolist() == [120, 110.5, 100]


def test_period_and_frequency_must_agree(curves):
    agreeing = sheet("period (s),frequency (Hz),c (m/s)", 1.01 / FREQUENCY, FREQUENCY, VELOCITY)
    observed = curves(agreeing)
    np.testing.assert_allclose(values(observed, "period"), 1.01 / FREQUENCY, rtol=1e-12)
    assert "The frequency agrees with the period." in observed.read_report
    with pytest.raises(
        ValueError, match=r"row 2, column 'frequency \(Hz\)' means a period of 0\.2 s, but column 'peri"
    ):
        curves(agreeing.replace("0.202", "0.3"))
    with pytest.raises(ValueError, match=r"column 'wavelength \(m\)' means a period of 0\.1 s"):
        curves("f (Hz),wavelength (m),c (m/s)\n5,30,300\n10,20,200\n20,10,200\n")


def test_velocities_that_look_like_kilometres_are_doubted_and_kept(curves):
    observed = curves(sheet("f (Hz),c (m/s)", FREQUENCY, VELOCITY / 1000))
    assert "below 10 m/s, as where km/s stand under a unit of m/s" in observed["doubt"].item()
    assert observed["used"].values.all()
    observed = curves(sheet("f (Hz),c (km/s)", FREQUENCY, VELOCITY))
    assert "above 10000 m/s" in observed["doubt"].item()


def test_group_velocities_alone_or_beside_phase_velocities(curves):
    observed = curves(sheet("T (s),U (km/s),std (km/s)", 1 / FREQUENCY, VELOCITY / 1000, VELOCITY / 1e4))
    np.testing.assert_allclose(values(observed, "group_velocity"), VELOCITY, rtol=1e-12)
    assert "phase_velocity" not in observed
    both = sheet("T (s),phase velocity (m/s),group slowness (s/m)", 1 / FREQUENCY, VELOCITY, 1 / VELOCITY)
    assert {"phase_velocity", "group_velocity", "group_velocity_std"} <= set(curves(both))
    observed = curves(sheet("T (s),wavelength (m),U (m/s)", 1 / FREQUENCY, VELOCITY, VELOCITY))
    np.testing.assert_array_equal(values(observed, "period"), 1 / FREQUENCY)
    with pytest.raises(ValueError, match="gives wavelengths, but no phase velocity to turn them into periods"):
        curves(sheet("wavelength (m),group velocity (m/s)", FREQUENCY, VELOCITY))


def test_a_velocity_that_does_not_say_which_counts_as_the_phase_velocity_and_is_reported(curves):
    words = "does not say whether it is of the phase or of the group"
    assert words in curves(sheet("f (Hz),velocity (m/s)", FREQUENCY, VELOCITY)).read_report
    assert words not in curves(sheet("f (Hz),c (m/s)", FREQUENCY, VELOCITY)).read_report


def test_rayleigh_and_love_waves_in_one_sheet_are_refused(curves):
    with pytest.raises(ValueError, match=r"holds Rayleigh waves \(row 2\) and Love waves \(row 4\); soundings of one"):
        curves("wave,f (Hz),c (m/s)\nR,5,300\nR,10,200\nL,20,100\n")
    two = "f (Hz),Rayleigh velocity (m/s),Love velocity (m/s)\n5,300,310\n10,200,210\n20,100,110\n"
    with pytest.raises(ValueError, match="both mean phase velocity; keep one of them"):
        curves(two)
    observed = curves(two, columns={"Rayleigh velocity (m/s)": "not used"})
    assert observed.array == "Love" and values(observed, "phase_velocity").tolist() == [310, 210, 110]


@pytest.mark.parametrize("wave", ["", "# survey: Love\n"])
def test_what_simulate_writes_is_read_again(curves, wave):
    content = (
        f"{wave}period (s),mode,phase_velocity (m/s),phase_velocity_std\n"
        "0.05,0,180.5,5\n0.1,0,220.25,5\n0.2,0,300,5\n0.05,1,240,9\n0.1,1,310,9\n0.2,1,nan,9\n"
    )
    observed = curves(content)
    assert values(observed, "period").tolist() == [0.05, 0.1, 0.2] * 2
    assert values(observed, "mode").tolist() == [0, 0, 0, 1, 1, 1]
    assert values(observed, "phase_velocity")[:5].tolist() == [180.5, 220.25, 300, 240, 310]
    assert values(observed, "phase_velocity_std").tolist() == [5, 5, 5, 9, 9, 9]
    assert values(observed, "used").tolist() == [True] * 5 + [False]
    assert observed.array == ("Love" if wave else "Rayleigh")


SURF96 = "".join(
    f"SURF96 {wave} {kind} X   {mode}   {period}   {velocity}   {error}\n"
    for wave, kind, mode, period, velocity, error in [
        ("R", "C", 0, 10.0, 3.1, 0.02),
        ("R", "C", 0, 20.0, 3.4, 0.0),
        ("R", "C", 1, 10.0, 3.9, 0.05),
        ("R", "C", 1, 20.0, 4.2, 0.05),
    ]
)


def test_surf96_lines_are_in_kilometres_per_second_by_mode(curves):
    observed = curves(SURF96, "a.disp")
    assert values(observed, "period").tolist() == [10, 20, 10, 20]
    assert values(observed, "mode").tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(values(observed, "phase_velocity"), [3100, 3400, 3900, 4200], rtol=1e-12)
    np.testing.assert_allclose(values(observed, "phase_velocity_std"), [20, np.nan, 50, 50], rtol=1e-12)
    higher = curves("\n".join([*SURF96.split("\n")[2:], "SURF96 R C X 1 30 4.4 0.1", ""]))
    assert values(higher, "mode").tolist() == [1, 1, 1] and "doubt" not in higher


def test_surf96_lines_of_both_velocities_are_joined_where_they_match(curves):
    both = SURF96 + SURF96.replace("R C", "R U")
    observed = curves(both)
    np.testing.assert_array_equal(values(observed, "group_velocity"), values(observed, "phase_velocity"))
    other = SURF96 + SURF96.replace("R C", "R U").replace("10.0", "12.0")
    with pytest.raises(ValueError, match="phase and group velocities that are not of the same modes and periods"):
        curves(other)
    assert values(curves(other, columns={"phase": "not used"}), "period").tolist() == [12, 20, 12, 20]
    with pytest.raises(
        ValueError, match="no sheet with headers; of its curves one can leave out Rayleigh, Love, phase"
    ):
        curves(other, columns={"f": "frequency (Hz)"})


@pytest.mark.parametrize("line", ["SURF96 R C X 0 10.0", "SURF96 X C X 0 10 3 0", "10 3 0.1", "SURF96 R C X a 10 3 0"])
def test_a_line_that_is_not_of_surf96_is_refused_with_its_row(curves, line):
    with pytest.raises(ValueError, match=rf"sheet\.csv, row 5 holds '{line}'; it must be a line as 'SURF96 R C X 0"):
        curves(SURF96 + line + "\n")


GEOPSY = (
    "# Layered model 7: value=0.5\n# 2 Rayleigh dispersion mode(s)\n# CPU Time = 1 ms\n"
    "# Mode 0\n5 0.002\n10 0.004\n20 0.005\n# Mode 1\n10 0.0025\n20 0.004\n"
)


def test_curves_of_geopsy_are_slownesses_by_mode_and_model(curves):
    observed = curves(GEOPSY + GEOPSY.replace("model 7", "model 9"), "curves.txt")
    assert observed["name"].values.tolist() == ["model 7", "model 9"]
    assert values(observed, "mode").tolist() == [0, 0, 0, 1, 1]
    np.testing.assert_allclose(values(observed, "phase_velocity", 1), [500, 250, 200, 400, 250], rtol=1e-12)
    np.testing.assert_allclose(values(observed, "period", 1), [0.2, 0.1, 0.05, 0.1, 0.05], rtol=1e-12)


def test_rayleigh_and_love_curves_of_one_file_are_read_one_after_the_other(curves):
    both = GEOPSY + GEOPSY.replace("Rayleigh", "Love")
    with pytest.raises(ValueError, match=r"Rayleigh and of Love waves, .* leaving out the other with columns=\{'Love'"):
        curves(both)
    assert curves(both, columns={"Love": "not used"}).array == "Rayleigh"
    assert curves(both, columns={"Rayleigh": "not used"}).array == "Love"


def test_other_files_of_geopsy_are_refused_as_what_they_are(curves):
    with pytest.raises(ValueError, match="holds models of the ground as Geopsy writes them"):
        curves("# Layered model 7: value=0.7\n2\n1 300 100 1900\n0 900 400 2000\n")
    with pytest.raises(ValueError, match="row 2 announces Rayleigh ellipticity; only dispersion"):
        curves(GEOPSY.replace("dispersion", "ellipticity"))
    with pytest.raises(ValueError, match=r"row 7 holds '20 0\.005 x'; it must hold a frequency in Hz and a slowness"):
        curves(GEOPSY.replace("20 0.005", "20 0.005 x"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_a_target_gives_its_modes_with_deviations_linear_or_as_factors(curves, encoding):
    slowness = 1 / VELOCITY
    two = contents(
        *(
            curve(
                [point(f, s, 0.05 * s, tag="StatPoint") for f, s in zip(FREQUENCY, slowness / k, strict=True)],
                index=k - 1,
                spelling="polarisation",
            )
            for k in (1, 2)
        ),
        tag="ModalCurveTarget",
    )
    three = contents(
        *(
            curve([point(f, s, np.exp(0.05)) for f, s in zip(FREQUENCY, slowness / k, strict=True)], index=k - 1)
            for k in (1, 2)
        )
    )
    for text in (two, three):
        observed = curves(packed(text, encoding), "a.target")
        assert values(observed, "mode").tolist() == [0] * 4 + [1] * 4
        np.testing.assert_allclose(values(observed, "period"), np.tile(1 / FREQUENCY, 2), rtol=1e-12)
        np.testing.assert_allclose(values(observed, "phase_velocity"), [*VELOCITY, *(2 * VELOCITY)], rtol=1e-12)
        relative = values(observed, "phase_velocity_std") / values(observed, "phase_velocity")
        np.testing.assert_allclose(relative, 0.05, rtol=1e-12)


def test_points_that_are_not_valid_are_masked_and_curves_that_are_not_enabled_left_out(curves):
    points = [
        point(f, 0.005, 1.05, valid) for f, valid in zip(FREQUENCY, ["true", "false", "true", "true"], strict=True)
    ]
    love, unsure = curve(points, wave="Love", enabled="false"), curve(points, modes=2)
    observed = curves(packed(contents(curve(points), love, unsure)), "a.target")
    assert values(observed, "used").tolist() == [True, False, True, True]
    assert "Curve 'Love 0' is not enabled in the file and was left out." in observed.read_report
    assert "is said to be of 2 modes and was left out" in observed.read_report
    with pytest.raises(ValueError, match=r"has no enabled dispersion curve \(Curve 'Love 0' is not enabled"):
        curves(packed(contents(love)), "a.target")
    with pytest.raises(ValueError, match="of phase slowness, Vertical waves and mode 0; it must be of"):
        curves(packed(contents(curve(points, wave="Vertical"))), "a.target")


def test_a_target_is_unpacked_no_further_than_the_limit(curves, monkeypatch):
    bomb = gzip.compress(bytes(30_000_000))
    monkeypatch.setattr(target, "_MOST_BYTES", 1000)
    tracemalloc.start()
    with pytest.raises(ValueError, match="unpacks to more than"):
        curves(bomb, "a.target")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e6


def sparse_target():
    """An archive whose contents.xml says that it has a terabyte of holes."""
    member = tarfile.TarInfo("contents.xml")
    member.size, member.pax_headers = 512, {"GNU.sparse.size": str(10**12), "GNU.sparse.map": "0,1", "GNU.sparse.name": "contents.xml"}  # fmt: skip # noqa: E501
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(member, io.BytesIO(bytes(512)))
    return gzip.compress(file.getvalue())


@pytest.mark.parametrize(
    "content, words",
    [
        (lambda: packed(contents(), name="other.xml"), "holds no contents.xml, as every target"),
        (sparse_target, "holds no contents.xml, as every target"),
        (lambda: packed(contents())[:-20], "is not complete"),
        (lambda: packed(contents())[:20] + bytes(99), "is damaged"),
        (lambda: gzip.compress(b"f,c\n" * 999), "is packed, but is no target of Dinver"),
        (lambda: packed("<Dinver>"), "contents.xml is damaged"),
        (lambda: packed(contents(before='<!DOCTYPE a [<!ENTITY b "c">]>')), "has a DOCTYPE, which targets of Dinver"),
        (
            lambda: packed(contents(curve([point(5, "x", 1.1)]))),
            "point 1 of its curves holds '5, x, 1.1', which are no",
        ),
        (lambda: packed(contents()), "has no enabled dispersion curve; add one in Dinver"),
    ],
)
def test_a_target_that_cannot_be_read_is_refused_in_a_sentence(curves, content, words):
    with pytest.raises(ValueError, match=rf"^a\.target\W.*{words}"):
        curves(content(), "a.target")


@pytest.mark.parametrize(
    "name, modes, period, velocity, relative",
    [
        ("oysand_Oysand_dc.txt", {0: 30}, (0.0172128, 0.170557), (109.622, 173.305), (0.00790444, 0.0277153)),
        ("iitb_masw_2modes.csv", {0: 15, 1: 10}, (0.037037, 0.0909091), (349.710, 1209.56), None),
        ("mat_inverse_example2.csv", {0: 35}, (0.0156786, 0.2), (150.663, 315.636), None),
        ("format_zoo/from_tar_v2.target", {0: 4}, (0.01, 0.1), (81.9039, 134.617), (0.0501253, 0.0501253)),
        ("format_zoo/from_tar_v3.target", {0: 4}, (0.02, 0.1), (89.5686, 134.307), (0.0500425, 0.0500425)),
        ("format_zoo/from_tar_complex.target", {0: 60}, (0.00814875, 0.5), (81.2095, 697.402), (0.0500425, 0.0500425)),
        ("format_zoo/from_tar_with_velstd.csv", {0: 3}, (0.1, 1.0), (100.0, 150.0), (7 / 150, 0.05)),
        ("format_zoo/from_geopsy_dc.txt", {0: 50}, (0.0166667, 10.0), (108.963, 2989.24), None),
    ],
)
def test_field_files_give_the_ranges_that_awk_finds_in_them(field, name, modes, period, velocity, relative):
    observed = read_soundings(field(f"surface_wave/{name}"), METHOD)
    assert observed.sizes["sounding"] == 1 and observed["used"].values.all() and "doubt" not in observed
    assert Counter(values(observed, "mode").tolist()) == modes
    ratio = values(observed, "phase_velocity_std") / values(observed, "phase_velocity")
    found = [values(observed, "period"), values(observed, "phase_velocity"), ratio]
    expected = [period, velocity, relative or (np.nan, np.nan)]
    # awk prints six digits.
    np.testing.assert_allclose([[column.min(), column.max()] for column in found], expected, rtol=1e-5)


def test_field_files_without_units_or_without_curves_are_refused(field):
    path = field("surface_wave/format_zoo/example_adv.csv")
    with pytest.raises(ValueError, match="columns 'Frequency', 'Velocity' give no unit"):
        read_soundings(path, METHOD)
    columns = {"Frequency": "frequency (Hz)", "Velocity": "phase velocity (m/s)", "Velstd": "phase velocity std (m/s)"}
    observed = read_soundings(path, METHOD, columns)
    ratio = values(observed, "phase_velocity_std") / values(observed, "phase_velocity")
    np.testing.assert_allclose(ratio, 0.05, rtol=1e-6)
    with pytest.raises(ValueError, match="holds models of the ground as Geopsy"):
        read_soundings(field("surface_wave/format_zoo/from_geopsy_gm.txt"), METHOD)
    with pytest.raises(ValueError, match="holds a model of the ground, no dispersion curve"):
        read_soundings(field("surface_wave/iitb_masw_2modes.mod96"), METHOD)
    with pytest.raises(ValueError, match="a dispersion curve needs period or frequency or wavelength"):
        read_soundings(field("surface_wave/oysand_Oysand_initial.csv"), METHOD)


def test_the_command_line_takes_targets_for_curves(tmp_path, capsys):
    path = tmp_path / "a.target"
    path.write_bytes(packed(contents(), name="other.xml"))
    assert find_sheets([str(tmp_path)])[0] == [str(path)]
    assert main(["check", str(path)]) == 2
    assert "a.target holds no contents.xml, as every target of Dinver does" in capsys.readouterr().err


def test_bounds_of_nothing_else_are_those_of_the_velocity(curves):
    observed = curves(
        sheet(
            "frequency (Hz),velocity (m/s),lower (m/s),upper (m/s)", FREQUENCY, VELOCITY, VELOCITY - 10, VELOCITY + 20
        )
    )
    assert values(observed, "phase_velocity_std").tolist() == [15] * 4


def test_an_ellipticity_beside_a_velocity_is_read_where_it_was_measured(curves):
    written = "frequency (Hz),c (m/s),ellipticity,ellipticity error (%)\n5,300,0.7,10\n10,240,,10\n20,200,0.5,10\n"
    observed = curves(written)
    np.testing.assert_array_equal(values(observed, "ellipticity"), [0.7, np.nan, 0.5])
    np.testing.assert_allclose(values(observed, "ellipticity_std"), [0.07, np.nan, 0.05])
    assert values(observed, "used").all()
    assert "Row 3: ellipticity is missing; what else was measured is used." in observed.read_report
    assert bp.survey_of(observed).channels.quantities == ("phase_velocity", "ellipticity")


def test_a_reading_needs_one_of_its_velocities(curves):
    written = (
        "period (s),phase velocity (m/s),group velocity (m/s)\n0.1,200,\n0.2,,230\n0.3,,\n0.4,300,250\n0.5,320,-1\n"
    )
    observed = curves(written)
    assert values(observed, "used").tolist() == [True, True, False, True, False]
    assert "Row 2: group velocity is missing; what else was measured is used." in observed.read_report
    assert "Row 4: phase velocity is missing; the reading is kept but not used." in observed.read_report
    assert "Row 6: group velocity is -1 m/s, not positive; the reading is kept but not used." in observed.read_report
