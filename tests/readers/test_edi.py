"""Magnetotelluric tensors: EDI files of all dialects, and the formats of the extra [mt]."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from bpinvert.cli.arguments import read_arguments
from bpinvert.cli.soundings import _look_of
from bpinvert.readers import edi, read_soundings
from bpinvert.readers.edi.blocks import sections
from bpinvert.readers.edi.stations import station_of
from bpinvert.readers.em.source import open_source

ORACLE = json.loads((Path(__file__).parents[1] / "oracles" / "edi_oracle.json").read_text(encoding="utf-8"))
FILES = [name for name in ORACLE if name.endswith(".edi")]
PERIOD = np.geomspace(0.01, 10, 7)
FIELDS = ("apparent_resistivity", "phase", "apparent_resistivity_std", "phase_std")


def half_space(resistivity, period=PERIOD):
    """Z of a half-space in mV/km/nT, (n, 2, 2)."""
    z = np.sqrt(5 * resistivity / period) * np.exp(0.25j * np.pi)
    return np.stack([0 * z, z, -z, 0 * z], axis=1).reshape(-1, 2, 2)


def rough(seed=0):
    """A tensor with four different elements."""
    rng = np.random.default_rng(seed)
    return half_space(80) * [[1, 1.6], [0.7, 1]] + rng.normal(size=(7, 2, 2)) + 1j * rng.normal(size=(7, 2, 2))


def block(keyword, values):
    return f">{keyword} //{len(values)}\n" + " ".join(f"{value:.12E}" for value in values) + "\n"


def text_of(impedance, variance=None, name="S1", head="", extra="", period=PERIOD):
    lines = f">HEAD\n  DATAID={name}\n{head}\n>=MTSECT\n  SECTID={name}\n" + block("FREQ", 1 / period)
    for k, axes in enumerate(("XX", "XY", "YX", "YY")):
        z = impedance.reshape(-1, 4)[:, k]
        lines += block(f"Z{axes}R", z.real) + block(f"Z{axes}I", z.imag)
        if variance is not None:
            lines += block(f"Z{axes}.VAR", variance.reshape(-1, 4)[:, k])
    return f"{lines}{extra}>END\n"


@pytest.fixture
def read_edi(tmp_path):
    def write_and_read(content, component=None, name="station.edi", method="mt"):
        (tmp_path / name).write_text(content)
        return read_soundings(tmp_path / name, method, component=component)

    return write_and_read


def of(observed, name):
    return observed[name].values[0]


@pytest.mark.parametrize("component", [None, "determinant", "xy", "yx", "mean"])
def test_a_half_space_has_its_resistivity_and_45_degrees_in_every_component(read_edi, component):
    observed = read_edi(text_of(half_space(120)), component)
    np.testing.assert_allclose(of(observed, "apparent_resistivity"), 120, rtol=1e-10)
    np.testing.assert_allclose(of(observed, "phase"), 45, rtol=1e-10)
    np.testing.assert_allclose(of(observed, "period"), PERIOD, rtol=1e-10)
    assert observed["used"].values.all() and observed["name"].values.tolist() == ["S1"]
    assert observed.attrs["array"] == "Magnetotelluric"
    assert f"component {component or 'determinant'!r}" in observed.attrs["read_report"]


def test_turning_the_axes_changes_no_determinant(read_edi):
    c, s = np.cos(0.6), np.sin(0.6)
    turn = np.array([[c, s], [-s, c]])
    straight = read_edi(text_of(rough()))
    turned = read_edi(text_of(turn @ rough() @ turn.T, extra=block("ZROT", np.full(7, 34.4))))
    for name in FIELDS[:2]:
        np.testing.assert_allclose(of(turned, name), of(straight, name), rtol=1e-9)
    assert "turned by 34.4 degrees" in turned.attrs["read_report"]
    assert "turned by" not in straight.attrs["read_report"]


@pytest.mark.parametrize("component", ["determinant", "xy", "yx", "mean"])
def test_the_errors_are_those_of_many_tensors_with_such_noise(read_edi, component):
    std = 0.01 * np.abs(rough()) * [[1, 2], [3, 1]]
    observed = read_edi(text_of(rough(), std**2), component)
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(2, 4000, 7, 2, 2)) * std
    z = rough() + noise[0] + 1j * noise[1]
    z = {
        "determinant": np.sqrt(z[..., 0, 0] * z[..., 1, 1] - z[..., 0, 1] * z[..., 1, 0]),
        "xy": z[..., 0, 1],
        "yx": -z[..., 1, 0],
        "mean": np.sqrt(-z[..., 0, 1] * z[..., 1, 0]),
    }[component]
    # 4000 draws: the standard deviation of a standard deviation is 1.1 % of it
    np.testing.assert_allclose(
        of(observed, "apparent_resistivity_std"), np.std(0.2 * PERIOD * np.abs(z) ** 2, axis=0), rtol=0.05
    )
    np.testing.assert_allclose(of(observed, "phase_std"), np.std(np.degrees(np.angle(z)), axis=0), rtol=0.05)


def test_variances_are_halved_where_the_files_own_phase_errors_say_so(read_edi):
    std = 0.02 * np.abs(rough())
    plain = read_edi(text_of(rough(), std**2), "xy")
    phase_errors = np.degrees(0.02 / np.sqrt(2)) * np.ones(7)
    halved = read_edi(text_of(rough(), std**2, extra=block("PHSXY.ERR", phase_errors)), "xy")
    np.testing.assert_allclose(of(plain, "phase_std"), np.degrees(0.02), rtol=1e-9)
    np.testing.assert_allclose(of(halved, "phase_std"), phase_errors, rtol=1e-9)
    assert "real and imaginary part together" in halved.attrs["read_report"]


def test_the_order_of_frequencies_is_of_no_account(read_edi):
    up, down = read_edi(text_of(rough(), rough().real ** 2)), None
    down = read_edi(text_of(rough()[::-1], rough().real[::-1] ** 2, period=PERIOD[::-1]))
    for name in ("period", *FIELDS):
        np.testing.assert_allclose(of(up, name), of(down, name), rtol=1e-10)


def test_what_is_missing_is_kept_masked_and_said(read_edi):
    z = rough()
    z[2, 0, 0] = z[4, 0, 1] = 1e32
    text = text_of(z, head="EMPTY=1.0E32")
    observed = read_edi(text.replace(f"{1 / PERIOD[6]:.12E}", "-1.0"))
    assert of(observed, "used").tolist() == [True, True, False, True, False, True, False]
    report = observed.attrs["read_report"]
    assert "S1: 7 readings, 4 used" in report and "The frequency is missing or not positive" in report
    assert "a part that the curve needs, is missing or zero at 2 periods (0.1 s, 1 s)" in report
    # xy lacks less than the determinant
    assert of(read_edi(text, "xy"), "used").sum() == 6


def test_cells_that_are_no_numbers_and_numbers_without_blanks_are_read(read_edi):
    head = ">HEAD\nDATAID=A\n>=MTSECT\n>FREQ //3\n1 2 4\n"
    body = "".join(f">Z{axes}{part} //3\n{{}}\n" for axes in ("XY", "YX") for part in "RI")
    text = head + body.format("1.0D+00-2.0E+00 ***** ", "1 2 3", "1 2 3", "1 2 3")
    observed = read_edi(text + ">ZXXR //3\n0 0 0\n>ZXXI //3\n0 0 0\n>ZYYR //3\n0 0 0\n>ZYYI //3\n0 0 0", "xy")
    np.testing.assert_allclose(of(observed, "apparent_resistivity")[1:], [0.2 / 2 * 8, 0.2 * 2])
    assert "Row 7 holds '*****', which is no number" in observed.attrs["read_report"]


def test_a_phase_that_no_layered_earth_gives_is_used_and_said(read_edi):
    observed = read_edi(text_of(half_space(10).conj()))
    assert of(observed, "used").all()
    assert "The phase lies outside 0–90 degrees" in observed.attrs["read_report"]
    np.testing.assert_allclose(of(observed, "phase"), -45)


@pytest.mark.parametrize(("own", "other"), [("xy", "yx"), ("yx", "xy")])
def test_one_off_diagonal_element_alone_is_taken_and_no_other_can_be(read_edi, own, other):
    text = text_of(rough())
    for axes in ("XX", "YY", other.upper()):
        for part in "RI":
            start = text.index(f">Z{axes}{part}")
            text = text[:start] + text[text.index(">", start + 1) :]
    whole = read_edi(text_of(rough()), own)
    for component in (None, own):
        observed = read_edi(text, component)
        np.testing.assert_array_equal(observed["phase"], whole["phase"])
        assert f"component {own!r}" in observed.attrs["read_report"]
    with pytest.raises(ValueError, match=rf"component is 'mean', but S1 has only {own}; use '{own}'"):
        read_edi(text, "mean")


def test_a_tensor_without_its_diagonal_gives_the_mean_and_says_so(read_edi):
    text = text_of(rough())
    for axes in ("XX", "YY"):
        for part in "RI":
            start = text.index(f">Z{axes}{part}")
            text = text[:start] + text[text.index(">", start + 1) :]
    observed, whole = read_edi(text), read_edi(text_of(rough()), "mean")
    np.testing.assert_allclose(observed["phase"], whole["phase"])
    assert "has no determinant" in observed.attrs["read_report"]


def rho_only(rho_xy=50.0, rho_yx=200.0, error=None, turned=False):
    one = np.ones(7)
    error = {"XY": 0.1 * rho_xy * one, "YX": 0.1 * rho_yx * one} if error is None else error
    text = ">HEAD\nDATAID=R\n>=MTSECT\n" + block("FREQ", 1 / PERIOD)
    for axes, rho, phase in (("XY", rho_xy, 40.0), ("YX", rho_yx, -130.0 if turned else 50.0)):
        text += block(f"RHO{axes}", rho * one) + block(f"RHO{axes}.ERR", error[axes])
        text += block(f"PHS{axes}", phase * one) + block(f"PHS{axes}.ERR", np.degrees(0.05) * one)
    return text


@pytest.mark.parametrize("turned", [False, True])
def test_a_file_of_resistivities_gives_the_mean_with_the_phase_of_yx_in_the_first_quadrant(read_edi, turned):
    observed = read_edi(rho_only(turned=turned))
    np.testing.assert_allclose(of(observed, "apparent_resistivity"), 100)
    np.testing.assert_allclose(of(observed, "phase"), 45)
    np.testing.assert_allclose(of(observed, "apparent_resistivity_std"), 100 * 0.1 / np.sqrt(2))
    np.testing.assert_allclose(of(read_edi(rho_only(turned=turned), "yx"), "phase"), 50)
    assert "which have no determinant" in observed.attrs["read_report"]
    with pytest.raises(ValueError, match=r"component is 'determinant', but R has .* use 'xy' or 'yx' or 'mean'"):
        read_edi(rho_only(), "determinant")


def test_errors_of_log10_of_the_resistivity_are_told_by_the_phase_errors(read_edi):
    of_log = np.full(7, 0.1 / np.log(10))
    observed = read_edi(rho_only(error={"XY": of_log, "YX": of_log}), "xy")
    np.testing.assert_allclose(of(observed, "apparent_resistivity_std"), 5.0)
    assert "error of log10" in observed.attrs["read_report"]


def test_errors_of_the_resistivity_in_an_unknown_unit_count_as_not_given(read_edi):
    text = rho_only()
    for axes in ("XY", "YX"):
        text = text.replace(f">PHS{axes}.ERR", f">REMARK{axes}")
    observed = read_edi(text)
    assert np.isnan(of(observed, "apparent_resistivity_std")).all() and of(observed, "used").all()
    assert "may be in ohm m or of log10" in observed.attrs["read_report"]


def test_an_impedance_at_odds_with_the_files_own_resistivities_is_told(read_edi):
    unlike = read_edi(text_of(half_space(10), extra=block("RHOXY", np.full(7, 1e-6 * 10))))
    assert "gives 1e+06 times the apparent resistivity of >RHOXY" in unlike.attrs["read_report"]
    assert "times the" not in read_edi(text_of(half_space(10), extra=block("RHOXY", [10] * 7))).attrs["read_report"]


def powers_text(powers, averages):
    """Spectra of HX HY EX EY and a remote HX HY, (n, 6, 6)."""
    kinds = {"1.001": "HX", "2.001": "HY", "3.001": "EX", "4.001": "EY", "5.001": "HX", "6.001": "HY"}
    text = ">HEAD\nDATAID=P\n>=DEFINEMEAS\nUNITS=M\n"
    text += "".join(f">{kind[0]}MEAS ID= {number} CHTYPE={kind} X= 0.\n" for number, kind in kinds.items())
    text += f">=SPECTRASECT\nNFREQ={len(powers)}\n//6\n{' '.join(kinds)}\n"
    for k, matrix in enumerate(powers):
        table = np.tril(matrix.real) - np.triu(matrix.imag, 1)
        words = " ".join(f"{value:.14E}" for value in table.ravel())
        text += f">SPECTRA FREQ= {10.0 / (k + 1)} ROTSPEC= 0 AVGT= {averages} //36\n{words}\n"
    return text


def simulate(rng, n, averages, noise):
    """Mean cross-powers ⟨x x*⟩ of n stations' fields over a tensor that is the first of :func:`rough`."""
    complex_normal = lambda *shape: rng.normal(size=(2, *shape)).T @ [1, 1j] / np.sqrt(2)  # noqa: E731
    h = complex_normal(averages, 2, n).transpose(0, 2, 1)
    e = np.einsum("ij,njk->nik", rough()[0], h.transpose(0, 2, 1)).transpose(0, 2, 1)
    e = e + noise * complex_normal(averages, 2, n).transpose(0, 2, 1)
    remote = h + 0.3 * complex_normal(averages, 2, n).transpose(0, 2, 1)
    x = np.concatenate([h, e, remote], axis=2)
    return np.einsum("nai,naj->nij", x, x.conj()) / averages


def station(content, tmp_path):
    (tmp_path / "spectra.edi").write_text(content)
    return station_of(sections(open_source(tmp_path / "spectra.edi"))[0], "S")


def test_spectra_give_the_tensor_that_made_them_and_errors_like_their_scatter(tmp_path):
    rng = np.random.default_rng(0)
    exact = station(powers_text(simulate(rng, 4, 40, 0.0), 40), tmp_path)
    np.testing.assert_allclose(exact.impedance, np.broadcast_to(rough()[0], (4, 2, 2)), rtol=1e-9)
    assert "computed from the cross-powers with the remote reference" in exact.report[0]
    found = station(powers_text(simulate(rng, 300, 100, 5.0), 100), tmp_path)
    off = found.impedance - rough()[0]
    for part in (off.real, off.imag):  # 300 stations: 4 % of an error, and the estimates are few
        stated = np.sqrt(np.mean(found.impedance_std**2, axis=0))
        np.testing.assert_allclose(stated, np.sqrt(np.mean(part**2, axis=0)), rtol=0.15)


def test_spectra_without_an_electric_field_are_refused(read_edi):
    text = powers_text(simulate(np.random.default_rng(0), 3, 40, 0.0), 40).replace("CHTYPE=EY", "CHTYPE=HZ")
    with pytest.raises(ValueError, match=r"station\.edi: the spectra lack the channel EY"):
        read_edi(text)


def test_several_stations_in_one_file_and_in_several_are_soundings(read_edi, tmp_path):
    short = text_of(half_space(30, PERIOD[:5]), name="S2", period=PERIOD[:5])
    both = read_edi(text_of(half_space(10)) + short)
    assert both["name"].values.tolist() == ["S1", "S2"] and both.sizes["reading"] == 7
    np.testing.assert_allclose(both["apparent_resistivity"][1, :5], 30)
    assert both["used"].sum("reading").values.tolist() == [7, 5]
    (tmp_path / "b.edi").write_text(short)
    (tmp_path / "a.edi").write_text(text_of(half_space(10)))
    listed = read_soundings([tmp_path / "a.edi", tmp_path / "b.edi"], "mt")
    np.testing.assert_array_equal(listed["apparent_resistivity"], both["apparent_resistivity"])


def test_the_position_is_read_in_every_spelling(read_edi):
    head = 'LAT="-30:15:36"\nLONG=22:30:00\nELEV=100\nUNITS=FT'
    observed = read_edi(text_of(half_space(10), head=head))
    assert observed["latitude"].values == pytest.approx(-30.26) and observed["longitude"].values == pytest.approx(22.5)
    assert observed["elevation"].values == pytest.approx(30.48)
    south = read_edi(text_of(half_space(10), head="LAT=-30 30 S\nLONG=10.5W"))
    assert south["latitude"].values == pytest.approx(-30.5) and south["longitude"].values == pytest.approx(-10.5)
    assert "latitude" not in read_edi(text_of(half_space(10), head="LAT=0.0\nLONG=0.0"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (">HEAD\nDATAID=A\n>END\n", r"station\.edi has neither a block >FREQ nor >SPECTRA"),
        (">HEAD\n>=MTSECT\n>FREQ //2\n1 2\n>ZXYR //2\n1 2\n", r"has neither an impedance .* nor spectra; export"),
        (
            text_of(half_space(10)).replace(f"{half_space(10)[6, 0, 1].real:.12E}", ""),
            r"row \d+: the block >ZXYR holds 6 numbers; there must be 7\. The file is not complete",
        ),
    ],
)
def test_files_that_are_not_complete_are_refused_by_what_is_missing(read_edi, content, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_edi(content)


def test_a_component_is_one_of_four_and_of_tensors_alone(read_edi, read):
    with pytest.raises(ValueError, match=r"component is 'te'; allowed are 'determinant', 'xy', 'yx', 'mean'"):
        read_edi(text_of(half_space(10)), "te")
    table = "period (s),rhoa (ohm m),phase (deg)\n1,10,45\n10,10,45\n100,10,45\n"
    with pytest.raises(ValueError, match=r"component is 'xy', but that is chosen of magnetotelluric tensors alone"):
        read_edi(table, "xy", "table.csv")
    with pytest.raises(ValueError, match=r"is chosen of magnetotelluric tensors alone"):
        read_edi(text_of(half_space(10)), "xy", method="ves")
    with pytest.raises(ValueError, match=r"columns is given, but the file is no table"):
        read(text_of(half_space(10)), "mt", "station.edi", columns={"a": "period (s)"})


def test_the_command_line_knows_a_tensor_and_its_component(tmp_path):
    (tmp_path / "station.edi").write_text(text_of(half_space(10)))
    assert _look_of(str(tmp_path / "station.edi")) == "mt"
    assert read_arguments(["invert", "station.edi", "--component", "yx"]).component == "yx"


@pytest.mark.parametrize("name", FILES)
def test_our_reader_agrees_with_mt_metadata(name, field):
    path, stored = field(f"mt/{name}"), ORACLE[name]
    observed = read_soundings(path, "mt", component="xy")
    place = np.array([np.abs(np.log(of(observed, "period") / period)).argmin() for period in stored["period"]])
    np.testing.assert_allclose(of(observed, "period")[place], stored["period"], rtol=1e-6)
    assert observed.sizes["reading"] == stored["n_periods"]
    z = {
        axes: np.array(stored[f"real_{axes}"]) + 1j * np.array(stored[f"imag_{axes}"])
        for axes in ("xx", "xy", "yx", "yy")
    }
    rho = 0.2 * np.array(stored["period"]) * np.abs(z["xy"]) ** 2
    np.testing.assert_allclose(of(observed, "apparent_resistivity")[place], rho, rtol=1e-6)
    np.testing.assert_allclose(of(observed, "phase")[place], np.degrees(np.angle(z["xy"])), rtol=1e-6)
    if "rho_only" in name:
        return
    determinant = np.sqrt(z["xx"] * z["yy"] - z["xy"] * z["yx"])
    by_default = read_soundings(path, "mt")
    np.testing.assert_allclose(
        of(by_default, "apparent_resistivity")[place], 0.2 * np.array(stored["period"]) * np.abs(determinant) ** 2,
        rtol=1e-5,
    )  # fmt: skip
    np.testing.assert_allclose(of(by_default, "phase")[place], np.degrees(np.angle(determinant)), rtol=1e-5)
    if np.any(stored["error_xy"]):
        # mt_metadata takes all variances for those of one part; of spectra they are certainly of both.
        both = ("real and imaginary part together", "cross-powers")
        halved = np.sqrt(2) if any(words in observed.attrs["read_report"] for words in both) else 1.0
        relative = np.array(stored["error_xy"]) / np.abs(z["xy"]) / halved
        np.testing.assert_allclose(of(observed, "phase_std")[place], np.degrees(relative), rtol=1e-5)
        np.testing.assert_allclose(of(observed, "apparent_resistivity_std")[place], 2 * rho * relative, rtol=1e-5)
    else:
        assert np.isnan(of(observed, "phase_std")).all()


def test_a_field_edi_that_mt_metadata_refuses_is_read(field):
    observed = read_soundings(field("mt/kap118.edi"), "mt")
    assert of(observed, "used").sum() == 20 and observed["latitude"].values == pytest.approx(-30.0833, abs=1e-3)
    assert ((of(observed, "phase") > 0) & (of(observed, "phase") < 90)).all()


def test_coprod1_keeps_its_unknown_phases_and_turns_errors_of_logarithms(field):
    observed = read_soundings(field("mt/coprod1_occam1987.csv"), "mt")
    assert of(observed, "used").sum() == 15
    np.testing.assert_allclose(of(observed, "apparent_resistivity")[0], 10**2.315)
    np.testing.assert_allclose(of(observed, "apparent_resistivity_std")[0], 10**2.315 * np.log(10) * 0.0721)
    assert (of(observed, "phase_std") == 22.95).sum() == 7


XML = '<?xml version="1.0"?>\n<EM_TF>\n</EM_TF>\n'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("station.xml", XML),
        ("station.zmm", "TRANSFER FUNCTIONS IN MEASUREMENT COORDINATES\n"),
        ("station.j", "# BIRRP\n>LATITUDE = 1.0\nS1\nZXX S.I.\n14\n"),
        ("station.avg", "$Survey.Type=NSAMT\n$Rx.Cmp = Zxy\n"),
    ],
)
def test_without_mt_metadata_the_extra_is_named(tmp_path, monkeypatch, name, content):
    monkeypatch.setitem(sys.modules, "mt_metadata", None)
    monkeypatch.delitem(sys.modules, "mt_metadata.transfer_functions.core", raising=False)
    (tmp_path / name).write_text(content)
    with pytest.raises(ImportError, match=rf"{name} is read by the package mt_metadata.*pip install 'bpinvert\[mt\]'"):
        read_soundings(tmp_path / name, "mt")


@pytest.mark.parametrize(
    ("name", "station_name", "n", "rho_xy"),
    [
        ("tf_xml.xml", "NMX20", 33, 10.328),
        ("tf_zmm.zmm", "300", 38, 107.067),
        ("tf_jfile.j", "BP05", 12, 349.376),
        ("tf_avg.avg", "24", 28, 19.6354),
    ],
)
def test_the_four_other_formats_are_read_where_mt_metadata_is_there(field, name, station_name, n, rho_xy):
    pytest.importorskip("mt_metadata", reason="the extra [mt] is not installed")
    observed = read_soundings(field(f"mt/format_zoo/{name}"), "mt", component="xy")
    assert observed["name"].values.tolist() == [station_name] and observed.sizes["reading"] == n
    np.testing.assert_allclose(of(observed, "apparent_resistivity")[0], rho_xy, rtol=1e-4)
    assert np.isfinite(of(observed, "apparent_resistivity_std")).sum() > n / 2
    assert "Read by mt_metadata as" in observed.attrs["read_report"]


def test_a_file_that_mt_metadata_cannot_read_is_named(tmp_path):
    pytest.importorskip("mt_metadata", reason="the extra [mt] is not installed")
    (tmp_path / "broken.xml").write_text(XML)
    with pytest.raises(ValueError, match=r"broken\.xml is an EMTF XML file that mt_metadata cannot read"):
        read_soundings(tmp_path / "broken.xml", "mt")


def test_a_table_among_the_stations_is_refused(tmp_path):
    (tmp_path / "a.edi").write_text(text_of(half_space(10)))
    (tmp_path / "b.csv").write_text("period (s),rhoa (ohm m),phase (deg)\n1,10,45\n")
    with pytest.raises(ValueError, match=r"b\.csv is neither an EDI nor a J, EMTF XML, ZMM or AVG file"):
        edi.read([tmp_path / "a.edi", tmp_path / "b.csv"])
