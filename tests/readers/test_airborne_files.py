"""Airborne transients: waveforms and gate centres beside the table, and GA-AEM system files."""

import json

import numpy as np
import pytest

from bpinvert.readers import read_soundings
from bpinvert.readers.em.gaaem import read_stm
from forward_models import survey_from_dict
from tests.readers.em_files import AIRBORNE, CENTRES, STM, WAVEFORM

SAID = {"radius": 10, "unit": "V/(A m4)"}


@pytest.fixture
def folder(tmp_path):
    """Write files and return the folder."""

    def write(**files):
        for name, text in files.items():
            stem, suffix = name.rsplit("_", 1)
            (tmp_path / f"{stem}.{suffix}").write_text(text)
        return tmp_path

    return write


def survey_of(observed):
    return survey_from_dict(json.loads(observed.attrs["survey"]))


def test_waveform_and_gate_centres_are_found_beside_the_table(folder):
    path = folder(lines_csv=AIRBORNE, hm_wf=WAVEFORM, hm_tc=CENTRES) / "lines.csv"
    observed = read_soundings(path, "tdem", system=SAID)
    np.testing.assert_allclose(observed["time"].values[1], [2e-5, 7e-5, 4.7e-4], rtol=1e-9)
    np.testing.assert_allclose(observed["dbdt"].values[1], np.array([1e-9, 5e-10, -1e-13]) * np.pi * 100)
    assert np.isnan(observed["dbdt_std"].values).all() and bool(observed["used"].all())
    np.testing.assert_array_equal(observed["height"], [34.1, 40.0])
    assert observed["line"].values.tolist() == ["2003", "2003"]
    survey = survey_of(observed)
    assert survey.height is None and survey.radius == 10 and survey.waveform.base_frequency == 50
    np.testing.assert_allclose(survey.waveform.time, [-5.03e-3, -1.03e-3, -3e-5, -1e-5, 0], rtol=1e-9)
    for said in ("multiplied by the loop's 314.159 m²", "hm.wf; its current has reached zero at 0.00503 s", "hm.tc"):
        assert said in observed.read_report


def test_one_of_several_companions_is_that_of_the_same_name(folder):
    other = WAVEFORM.replace("5.03e-3 0", "5.04e-3 0")
    path = folder(lines_csv=AIRBORNE, a_wf=other, lines_wf=WAVEFORM, a_tc=CENTRES) / "lines.csv"
    assert "lines.wf" in read_soundings(path, "tdem", system=SAID).read_report


def test_header_times_serve_where_nothing_stands_beside(folder):
    path = folder(lines_csv=AIRBORNE) / "lines.csv"
    observed = read_soundings(path, "tdem", system={"side": 20, "unit": "nV/(A m2)", "ramp": 1e-5})
    np.testing.assert_allclose(observed["time"].values[0], [4e-5, 9e-5, 4.9e-4])
    np.testing.assert_allclose(observed["dbdt"].values[0, 0], 2e-18)
    assert survey_of(observed).waveform.ramp == 1e-5


def test_a_stm_file_gives_gates_filters_loop_and_unit(folder):
    path = folder(lines_csv=AIRBORNE, low_stm=STM) / "lines.csv"
    observed = read_soundings(path, "tdem", system=path.parent / "low.stm")
    # the second gate opens 10 µs after the current has reached zero, the first before that
    np.testing.assert_allclose(observed["gate_open"].values[0], [-5e-6, 1e-5, 3e-5], atol=1e-12)
    np.testing.assert_allclose(observed["time"].values[0], [0, 1.5e-5, 5e-5], atol=1e-12)
    np.testing.assert_array_equal(observed["used"].values[0], [False, True, True])
    # per unit moment of two turns of 1 m², scaled by 1e12
    np.testing.assert_allclose(observed["dbdt"].values[0, 1], 1e-9 * np.pi * 100 / 2 / 1e12)
    survey = survey_of(observed)
    assert survey.radius == 10 and survey.waveform.base_frequency == 50
    np.testing.assert_allclose(survey.gates, [[1e-5, 2e-5], [3e-5, 7e-5]], rtol=1e-9)
    np.testing.assert_array_equal(survey.waveform.current, [0, 1, 1, 0])
    assert [tuple(entry) for entry in survey.low_pass] == [(300000.0, 1), (210000.0, 2)]


def test_two_stm_files_are_two_moments(folder):
    wide = AIRBORNE.replace("Z_Ch9_t0.00049", "Z_Ch9_t0.00049,Z_Ch10_t1,Z_Ch11_t2,Z_Ch12_t3")
    wide = wide.replace("1e-11\n", "1e-11,3e-9,2e-9,1e-9\n").replace("-1e-13\n", "-1e-13,3e-9,2e-9,1e-9\n")
    place = folder(lines_csv=wide, low_stm=STM, high_stm=STM)
    observed = read_soundings(place / "lines.csv", "tdem", system=[place / "low.stm", place / "high.stm"])
    np.testing.assert_array_equal(observed["moment"].values[0], [0, 0, 0, 1, 1, 1])
    assert len(survey_of(observed).waveform) == 2


@pytest.mark.parametrize(
    ("files", "system", "said"),
    [
        ({}, None, r"lines\.csv does not give the size of the transmitter loop"),
        ({}, {"radius": 10}, r"no unit is given for the data of lines\.csv; say it with system=\{'unit'"),
        ({}, {"radius": 10, "unit": "furlong"}, r"system gives the unit 'furlong' for the data"),
        ({"a_tc": CENTRES}, SAID, r"a\.tc gives gate centres, but no waveform \(\.wf\) stands beside lines\.csv"),
        ({"a_tc": "1e-3\n", "a_wf": WAVEFORM}, SAID, r"a\.tc gives 1 gate centres, but lines\.csv has 3 columns"),
        ({"a_tc": "5.05e-3\n5.1e-3\n5.6e-3\n", "a_wf": WAVEFORM}, SAID, r"a\.tc gives gate 3 at 0\.0056 s and"),
        ({"a_tc": CENTRES, "a_wf": WAVEFORM.replace("5.03e-3 0\n1e-2 0", "5.03e-3 0.01")}, SAID,
         r"a\.wf: the waveform ends at 0\.00503 s with a current of 0\.01; it must end at zero current"),
        ({"a_tc": CENTRES, "a_wf": WAVEFORM.replace("4e-3", "6e-3")}, SAID, r"times go from 0\.006 s to 0\.005 s"),
        ({"a_tc": CENTRES, "a_wf": "0 on\n1 off\n"}, SAID, r"a\.wf, row 1 holds '0 on'; it must hold time in s"),
        ({"lines_csv": AIRBORNE.replace("tx_height_m", "note")}, SAID, r"lines\.csv has no column of the height"),
        ({"lines_csv": AIRBORNE.replace("40.00", "-40.00")}, SAID, r"sounding 2 has a height of -40 m"),
        ({"lines_csv": AIRBORNE.replace("_t9e-05", "")}, SAID, r"lines\.csv gives no gate times"),
        ({"lines_csv": AIRBORNE.replace("5e-10", "five")}, SAID, r"row 3, column 'Z_Ch8_t9e-05' holds 'five'"),
    ],
)  # fmt: skip
def test_what_the_system_lacks_or_contradicts_is_said(folder, files, system, said):
    place = folder(**{"lines_csv": AIRBORNE, **files})
    with pytest.raises(ValueError, match=said):
        read_soundings(place / "lines.csv", "tdem", system=system)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            ("BaseFrequency = 50", "BaseFrequency = 25"),
            r"low\.stm: the waveform spans 0\.01 s, which is not half a period",
        ),
        (("Time Domain", "Frequency Domain"), r"low\.stm describes a system in Frequency Domain"),
        (("dB/dt", "B"), r"give data as B, normalised by none; only dB/dt"),
        (("4E-05\t8E-05\n", ""), r"lines\.csv has 3 columns of gates, but Small gives 2 windows"),
        (("2E-05\t3E-05", "2E-05\t1E-05"), r"low\.stm: windows must close after they open"),
        (("PeakCurrent   = 1", "PeakCurrent = 0"), r"row 6 gives PeakCurrent = '0'|row 6 gives peakcurrent = '0'"),
        (("1       2", "1"), r"gives 2 filters and 1 orders"),
        (("\t\tLoopArea      = 1\n", ""), r"low\.stm has no entry looparea"),
        (("System Begin", "Nothing"), r"low\.stm is no GA-AEM system file"),
    ],
)
def test_a_wrong_stm_file_is_said_with_its_place(folder, changes, said):
    place = folder(lines_csv=AIRBORNE, low_stm=STM.replace(*changes))
    with pytest.raises(ValueError, match=said):
        read_soundings(place / "lines.csv", "tdem", system=place / "low.stm")


def test_a_system_alone_holds_no_soundings(folder):
    with pytest.raises(ValueError, match=r"low\.stm describes a system and holds no soundings; give it with system="):
        read_soundings(folder(low_stm=STM) / "low.stm", "tdem")


def test_bookpurnong_skytem_has_its_waveform_and_heights(field):
    path = field("tdem/bookpurnong/skytem_bookpurnong_every20th.csv")
    observed = read_soundings(path, "tdem", system=SAID)
    assert dict(observed.sizes) == {"sounding": 218, "reading": 24}
    assert int((observed["dbdt"].values < 0).sum()) == 5 and bool(observed["used"].all())
    survey = survey_of(observed)
    # 10 ms on, 10 ms off; the current has reached zero at 10.0286 ms, the first gate is at 10.087 ms
    assert survey.waveform.base_frequency == pytest.approx(25)
    assert survey.time[0] == pytest.approx(58.4e-6, rel=1e-6)
    np.testing.assert_allclose(observed["dbdt"].values[0, 0], 2.3769e-9 * np.pi * 100)
    assert float(observed["height"][0]) == 34.1


@pytest.mark.parametrize(
    ("moment", "gates", "frequency", "first"), [("LM", 19, 210, 5.965e-6), ("HM", 26, 30, 6.44e-5)]
)
def test_elk_hills_systems_are_read(field, moment, gates, frequency, first):
    system = read_stm(field(f"tdem/usgs_Skytem{moment}.stm"))
    assert len(system.gates) == gates and system.waveform["base_frequency"] == frequency
    assert system.radius == 10.416 and system.low_pass == [300000.0, [210000.0, 2]]
    # the data are per unit moment
    assert system.factor == pytest.approx(340.8, rel=1e-3)
    assert system.gates[0].mean() - system.zero == pytest.approx(first, rel=1e-6)
