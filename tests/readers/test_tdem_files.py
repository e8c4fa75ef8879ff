"""Transients of every format: units, time zero, masks, and the system as a survey object."""

import json

import numpy as np
import pytest

from bpinvert.readers import read_soundings
from forward_models import survey_from_dict
from forward_models.tdem import late_time_apparent_resistivity
from tests.readers.em_files import AARHUSINV, PROTEM, TEMFAST, USF


def survey_of(observed):
    return survey_from_dict(json.loads(observed.attrs["survey"]))


def test_an_aarhusinv_file_counts_from_zero_current_and_keeps_its_masks(read):
    observed = read(AARHUSINV, "tdem", "a.tem")
    np.testing.assert_allclose(observed["time"].values[0], [-2e-6, 1e-6, 1e-5, 2e-5, 1e-4], rtol=1e-9)
    np.testing.assert_array_equal(observed["used"].values[0], [False, False, True, True, True])
    np.testing.assert_array_equal(observed["dbdt"].values[0], [np.nan, np.nan, 8e-4, 2e-4, -1e-7])
    np.testing.assert_allclose(observed["dbdt_std"].values[0, 2:], [4e-5, 2e-5, 5e-8])
    assert [float(observed[name][0]) for name in ("x", "y", "elevation")] == [500.5, 900.25, 12]
    assert observed["name"].item() == "7" and observed["line"].item() == "3"
    assert "gate 1 lies before the current has reached zero; kept but not used." in observed.read_report
    assert "1 readings are negative" in observed.read_report


def test_an_aarhusinv_file_describes_its_survey(read):
    survey = survey_of(read(AARHUSINV, "tdem", "a.tem"))
    assert type(survey).__name__ == "CentralLoop" and survey.side == 40 and survey.height == 0
    np.testing.assert_allclose(survey.time, [1e-5, 2e-5, 1e-4], rtol=1e-9)
    np.testing.assert_allclose(survey.width, [4e-5, 2e-5, 5e-8])
    np.testing.assert_allclose(survey.waveform.time, [-1.004e-3, -9.04e-4, -4e-6, 0], rtol=1e-9)
    np.testing.assert_array_equal(survey.waveform.current, [0, 1, 1, 0])
    assert [tuple(entry) for entry in survey.low_pass] == [(450000.0, 1), (300000.0, 1)]


def test_a_receiver_beside_the_centre_is_an_offset_loop(read):
    moved = AARHUSINV.replace("0.00 0.00 0.00 0.00 0.00 0.00", "0.00 0.00 0.00 30.00 40.00 0.00")
    assert survey_of(read(moved, "tdem", "a.tem")).offset == (50.0, 0.0)


def test_files_of_one_station_are_its_moments_the_earliest_first(tmp_path):
    late = AARHUSINV.replace("4e-6 1 0", "5e-6 1 0").replace("%2.0e-06", "%4.0e-06")
    paths = [tmp_path / "hm.tem", tmp_path / "lm.tem"]
    for path, text in zip(paths, (late, AARHUSINV), strict=True):
        path.write_text(text)
    observed = read_soundings(paths, "tdem")
    assert dict(observed.sizes) == {"sounding": 1, "reading": 10}
    np.testing.assert_array_equal(observed["moment"].values[0], [0] * 5 + [1] * 5)
    survey = survey_of(observed)
    assert [wave.ramp for wave in survey.waveform] == pytest.approx([4e-6, 5e-6])
    np.testing.assert_array_equal(survey.moment, [0, 0, 0, 1, 1, 1])
    assert "they were read as its 2 moments" in observed.read_report


def test_files_of_several_stations_are_soundings_of_one_system(tmp_path):
    paths = [tmp_path / "a.tem", tmp_path / "b.tem"]
    paths[0].write_text(AARHUSINV)
    paths[1].write_text(AARHUSINV.replace("StationNumber=7", "StationNumber=8").replace("8e-4 0.05", "6e-4 0.05"))
    observed = read_soundings(paths, "tdem")
    assert observed["name"].values.tolist() == ["7", "8"]
    # the median of both errors
    assert survey_of(observed).width[0] == pytest.approx(3.5e-5)
    paths[1].write_text(AARHUSINV.replace("StationNumber=7", "StationNumber=8").replace("4e-6 1 0", "5e-6 1 0"))
    with pytest.raises(
        ValueError, match=r"a\.tem and b\.tem have different systems \(waveform\); read them one by one"
    ):
        read_soundings(paths, "tdem")


def test_a_temfast_file_is_per_square_metre_of_its_loop(read):
    observed = read(TEMFAST, "tdem", "a.tem")
    np.testing.assert_allclose(observed["time"].values[0, [0, 2, 5]], [4.06e-6, 8.52e-6, 3.8261e-3])
    np.testing.assert_allclose(observed["dbdt"].values[0, [2, 5]], [4.218e-1 / 2500, -2.509e-6 / 2500])
    np.testing.assert_allclose(observed["dbdt_std"].values[0, 2], 2.549e-4 / 2500)
    assert observed["name"].item() == "DUNE" and float(observed["x"][0]) == 3
    survey = survey_of(observed)
    assert type(survey).__name__ == "CoincidentLoop" and survey.side == 50 and survey.waveform is None
    assert "after an ideal step, as the file gives no ramp" in observed.read_report


def test_early_gates_that_change_sign_are_masked_and_late_ones_kept(read):
    observed = read(TEMFAST, "tdem", "a.tem")
    np.testing.assert_array_equal(observed["used"].values[0], [False, False, True, True, True, True])
    assert "gates 1–2 come before the maximum and change sign" in observed.read_report


def test_the_ramp_and_time_zero_may_be_said(read):
    observed = read(TEMFAST, "tdem", "a.tem", system={"ramp": 3e-6, "time_zero": 5e-6})
    assert survey_of(observed).waveform.ramp == 3e-6
    np.testing.assert_allclose(observed["time"].values[0, 2], 3.52e-6)
    assert "gate 1 lies before the current has reached zero" in observed.read_report


def test_a_usf_file_masks_what_is_saturated(read):
    observed = read(USF, "tdem", "a.usf")
    np.testing.assert_array_equal(observed["used"].values[0], [False, False, False, True, True])
    np.testing.assert_allclose(observed["dbdt"].values[0, 3], 1.75e-2 / 2500)
    np.testing.assert_allclose(observed["dbdt_std"].values[0], [np.nan, np.nan, np.nan, 1e-6, 1e-7])
    survey = survey_of(observed)
    assert type(survey).__name__ == "CoincidentLoop" and survey.waveform.base_frequency == 5
    np.testing.assert_allclose(survey.waveform.time, [-0.05, -0.05, -2e-5, 0])
    assert (
        "gates 1–3 hold one and the same value: the receiver was saturated; kept but not used" in observed.read_report
    )
    assert (
        "It was assumed that 0 µs on the file's clock is the moment the current has reached zero"
        in observed.read_report
    )


def test_a_usf_file_may_hold_several_soundings(read):
    second = USF[USF.index("/ARRAY") :].replace("SOUNDING_NUMBER: 6", "SOUNDING_NUMBER: 7")
    observed = read(USF + second, "tdem", "a.usf")
    assert observed["name"].values.tolist() == ["6", "7"] and dict(observed.sizes) == {"sounding": 2, "reading": 5}


def test_usf_voltages_are_read_in_the_unit_of_the_file(read):
    nano = USF.replace("COINCIDENT", "CENTRAL").replace("V/AMP", "nV/Am2")
    np.testing.assert_allclose(read(nano, "tdem", "a.usf")["dbdt"].values[0, 3], 1.75e-11)


def test_a_protem_table_has_a_moment_for_each_frequency(read):
    observed = read(PROTEM, "tdem", system={"side": 100, "ramp": [6e-6, 5e-6]})
    np.testing.assert_array_equal(observed["moment"].values[0], [0, 0, 1, 1, 1])
    np.testing.assert_allclose(observed["dbdt"].values[0], [4.739e-4, 3.861e-4, 2.174e-5, 1.217e-5, -2.923e-10])
    np.testing.assert_allclose(observed["dbdt_std"].values[0, 4], 3.5e-10)
    survey = survey_of(observed)
    assert [wave.base_frequency for wave in survey.waveform] == [285, 75]
    assert [wave.ramp for wave in survey.waveform] == pytest.approx([5e-6, 6e-6])
    assert "Columns not used: 'I (A)'" not in observed.read_report


def test_protem_headers_give_the_units(read):
    other = PROTEM.replace("Time (s)", "Time (µs)").replace("V (mV/Am2)", "V (V/Am2)")
    micro = {
        "3.525E-05": "35.25",
        "4.275E-05": "42.75",
        "1.349E-03": "1349",
        "6.813E-06": "6.813",
        "8.688E-06": "8.688",
    }
    volts = {"2.174E-02": "2.174E-05", "1.217E-02": "1.217E-05", "-2.923E-07": "-2.923E-10"}
    volts |= {"4.739E-01": "4.739E-04", "3.861E-01": "3.861E-04"}
    for number, text in (micro | volts).items():
        other = other.replace(number, text)
    first, second = (read(text, "tdem", system={"side": 100}) for text in (PROTEM, other))
    for name in ("time", "dbdt", "dbdt_std"):
        np.testing.assert_allclose(first[name].values, second[name].values, rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "changes", "system", "said"),
    [
        (AARHUSINV, ("40.00 40.00", "40.00 60.00"), None, r"row 4 gives a loop of 40 by 60 m; only a square"),
        (AARHUSINV, ("4e-6 1 0\n", "4e-6 1 0.2\n"), None, r"row 7: the waveform ends at 4e-06 s with a current"),
        (AARHUSINV, ("0 4e-6", "1e-6 4e-6"), None, r"row 7 gives segments of the waveform that do not begin where"),
        (AARHUSINV, ("3 3 3", "1 3 3"), None, r"row 5 gives data of the kind 1; only 3, dB/dt"),
        (AARHUSINV, ("1.4e-05 8e-4 0.05", "1.4e-05 x 0.05"), None, r"a\.tem, row 16 holds '1\.4e-05 x 0\.05 1 1'"),
        (AARHUSINV, ("2.4e-05", "1.2e-05"), None, r"row 17, column 1 gives the time 1\.2e-05 s after 1\.4e-05 s"),
        (AARHUSINV, ("%2.0e-06", "%-2.0e-06"), None, r"row 14, column 1 gives the time -2e-06 s; .* must be positive"),
        (AARHUSINV, ("%2.0e-06", "%2.0e-02"), None, r"row 14, column 1 gives a first gate at 0\.02 s after a pulse"),
        (AARHUSINV[: AARHUSINV.index("1 1 1.0")], ("a", "a"), None, r"a\.tem, row 8 holds ''|ends before row 9"),
        (AARHUSINV[: AARHUSINV.index("%")], ("a", "a"), None, r"a\.tem has no gates below row 13; .* not complete"),
        (AARHUSINV, ("a", "a"), {"side": 40}, r"system gives 'side', which is of no use for an AarhusInv \.tem file"),
        (TEMFAST, ("R-LOOP (m)\t 50", "R-LOOP (m)\t 10"), None, r"a receiver loop of 10 m; only one loop for both"),
        (TEMFAST, ("E/I[V/A]", "E/I[mV/A]"), None, r"row 8 gives .*; E/I must be in V/A\. Convert it"),
        (TEMFAST, ("T-LOOP (m)\t 50.000\t R-LOOP (m)\t 50.000", "T-LOOP (m)\t 5.000\t R-LOOP (m)\t 5.000"), None,
         r"rows 9–14: the column Res is .* times the resistivity that follows"),
        # two turns transmit and receive four times as much
        (TEMFAST, ("TURN=\t    1", "TURN=\t    2"), None, r"the column Res is 0\.397 times the resistivity"),
        (TEMFAST, (" 3\t  8.52", " 3\t  6.00"), None, r"row 11, column 'Time' gives the time 6e-06 s after"),
        (USF, ("V/AMP", "LUMENS"), None, r"a\.tem, row 7 gives voltages in 'LUMENS'; known are V/AMP"),
        (USF, ("6.05E-05", "6.05E+01"), None, r"row 19, column 'TIME' gives 60\.5 s, later than half a period"),
        (USF, ("50.00, 50", "50.00, 70"), None, r"row 9 gives a loop of 50\.00, 70 m; it must be a square"),
        (USF, ("COINCIDENT LOOP", "BOREHOLE"), None, r"row 4 gives the array 'BOREHOLE TEM'; only coincident"),
        (USF, ("TIME,", "HOUR,"), None, r"row 14 lacks the column TIME"),
        (USF, ("2.0E-05", "20"), None, r"ramp is 20 s, but at 5 Hz the current is on for 0\.05 s only"),
        (PROTEM, ("a", "a"), None, r"does not give the size of the transmitter loop; say it with system=\{'side'"),
        (PROTEM, ("V (mV/Am2)", "V (nV/Am2)"), {"side": 100},
         r"row 2, column 'V \(nV/Am2\)': the voltages are 1e-06"),
        (PROTEM, ("Time (s)", "Time (h)"), {"side": 100}, r"column 'Time \(h\)' does not give its values in s"),
        (PROTEM, ("1.349E-03", "1.349"), {"side": 100}, r"row 4, column 'Time \(s\)' gives 1\.349 s, later than half"),
        (PROTEM, ("2.174E-02", "two"), {"side": 100}, r"row 2, column 'V \(mV/Am2\)' holds 'two', which"),
        (PROTEM, ("a", "a"), {"side": 100, "ramp": [1e-6]}, r"system gives 1 ramps, but the file has 2 waveforms"),
        (PROTEM, ("a", "a"), {"side": "wide"}, r"system has side = 'wide'; it must be a positive number"),
        (PROTEM, ("a", "a"), {"size": 100}, r"system has the key 'size'; allowed are 'files', 'side'"),
        ("a,b\n1,2\n3,4\n", ("x", "x"), None, r"a\.tem has the columns 'a', 'b'; no TDEM format has such headers"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_its_place(read, text, changes, system, said):
    with pytest.raises(ValueError, match=said):
        read(text.replace(*changes, 1), "tdem", "a.tem", system=system)


def test_a_file_of_the_other_method_is_named(read):
    with pytest.raises(ValueError, match=r"is a TEM-FAST file, which is read with method='tdem', not 'fdem'"):
        read(TEMFAST, "fdem", "a.tem")


def test_what_is_no_path_is_refused(read):
    with pytest.raises(TypeError, match=r"path is 3; it must be the path of a file, or a list of paths"):
        read_soundings(3, "tdem")
    with pytest.raises(TypeError, match=r"system is a int; it must be the path"):
        read(TEMFAST, "tdem", "a.tem", system=3)
    with pytest.raises(ValueError, match=r"system is given, but method is 'ves'"):
        read("AB/2,rhoa\n1,2\n", system={"side": 1})


def test_walktem_moments_agree_at_late_times(field):
    observed = read_soundings([field(f"tdem/usgs_WalkTEM_{moment}.tem") for moment in ("LM", "HM")], "tdem")
    assert dict(observed.sizes) == {"sounding": 1, "reading": 57} and int(observed["used"].sum()) == 44
    survey = survey_of(observed)
    assert [wave.ramp for wave in survey.waveform] == pytest.approx([4e-6, 5.4e-6])
    # 24 ohm m at 187.6 µs on the file's clock, as in the description of the data
    time, dbdt, moment = (observed[name].values[0] for name in ("time", "dbdt", "moment"))
    clock = time + np.where(moment == 0, 4e-6, 5.4e-6)
    rho = late_time_apparent_resistivity(dbdt, clock, 1600)
    at = [int(np.argmin(np.abs(np.where(moment == k, clock, np.inf) - 187.6e-6))) for k in (0, 1)]
    np.testing.assert_allclose(rho[at], 24, rtol=0.03)
    early, late = (np.array([dbdt[moment == k][np.argmin(np.abs(time[moment == k] - t))] for t in (4.9e-5, 1.2e-4)])
                   for k in (0, 1))  # fmt: skip
    np.testing.assert_allclose(early, late, rtol=0.05)


def test_langeoog_has_the_resistivities_of_its_own_file(field):
    observed = read_soundings(field("tdem/gimli_TEMfastLangeoog.tem"), "tdem")
    np.testing.assert_array_equal(np.flatnonzero(~observed["used"].values[0]), [0, 1, 2, 3])
    assert int((observed["dbdt"].values[0, 4:] < 0).sum()) == 5
    rho = late_time_apparent_resistivity(observed["dbdt"].values[0], observed["time"].values[0], 2500)
    assert rho[19] == pytest.approx(29.48, rel=1e-3)


def test_stade_is_masked_where_it_is_saturated(field):
    observed = read_soundings(field("tdem/gimli_TerraTEMStade.usf"), "tdem")
    np.testing.assert_array_equal(np.flatnonzero(~observed["used"].values[0]), np.arange(16))
    assert float(observed["time"].values[0, 16]) == 52.5e-6


def test_rankin_inlet_keeps_its_reversals_and_says_so(field):
    paths = [field(f"tdem/gsc_rankin_inlet_{number}.csv") for number in (2301, 2304)]
    observed = read_soundings(paths, "tdem", system={"side": 100.0, "ramp": 5.1e-6})
    assert dict(observed.sizes) == {"sounding": 2, "reading": 120} and bool(observed["used"].all())
    assert "TEM47 30 Hz: 8 readings are negative" in observed.read_report
    assert [wave.base_frequency for wave in survey_of(observed).waveform] == [285, 75, 30, 30, 7.5, 3]
    # 183 ohm m at 100.3 µs and 75 Hz of 2301, as in the description of the data
    row = int(np.flatnonzero(np.isclose(observed["time"].values[0], 100.3e-6) & (observed["moment"].values[0] == 1))[0])
    rho = late_time_apparent_resistivity(observed["dbdt"].values[0, row], observed["time"].values[0, row], 1e4)
    assert rho == pytest.approx(183, rel=0.01)
