"""Tables of one reading in each row, under the names of the glossary."""

import json

import numpy as np
import pytest

from forward_models import survey_from_dict

LOOP = (
    '# survey: {"survey": "CentralLoop", "side": 40.0, "height": 0.0, "low_pass": [[3e5], []], '
    '"waveform": [%s, 2e-6]}\n'
)
GATES = (
    LOOP % '{"time": [-1e-3, -9e-4, -5e-6, 0], "current": [0, 1, 1, 0], "base_frequency": 200.0}'
    + """name,moment,Time (ms),gate_open (ms),gate_close (ms),dB/dt (nV/Am2),dbdt_std (nV/Am2)
A,0,0.01,0.008,0.012,400,20
A,0,0.02,0.018,0.022,100,5
A,1,0.05,0.04,0.06,,1
A,1,0.1,0.09,0.12,-4,1
B,0,0.01,0.008,0.012,500,20
B,1,0.1,0.09,0.12,6,1
"""
)
COILS = """Frequency (kHz),offset (cm),orientation,in-phase (ppm),quadrature (ppt),quadrature_std (ppm),height (m),line
0.4,790,hcp,47.5,0.1,6,30,7
3.3,900,VCX,-80,0.2,,30,7
"""


def survey_of(observed):
    return survey_from_dict(json.loads(observed.attrs["survey"]))


def test_gates_come_with_the_system_in_the_row_of_comment(read):
    observed = read(GATES, "tdem", "a.csv")
    assert observed["name"].values.tolist() == ["A", "B"] and "height" not in observed
    np.testing.assert_allclose(observed["time"].values[0], [1e-5, 2e-5, 5e-5, 1e-4])
    np.testing.assert_allclose(observed["dbdt"].values[0], [4e-7, 1e-7, np.nan, -4e-9])
    np.testing.assert_allclose(observed["dbdt_std"].values[1, :2], [2e-8, 1e-9])
    np.testing.assert_array_equal(observed["used"].values, [[True, True, False, True], [True, True, False, False]])
    survey = survey_of(observed)
    assert survey.side == 40 and survey.height == 0 and [wave.ramp for wave in survey.waveform] == [5e-6, 2e-6]
    np.testing.assert_array_equal(survey.moment, [0, 0, 1])
    np.testing.assert_allclose(survey.gates[2], [9e-5, 1.2e-4])
    assert survey.low_pass[0] == ((3e5, 1.0),) and survey.low_pass[1] == ()


def test_gates_without_a_description_take_the_loop_that_is_said(read):
    bare = "time (s),dbdt (V/(A m^2))\n1e-5,4e-7\n1e-4,-1e-9\n1e-3,1e-11\n"
    survey = survey_of(read(bare, "tdem", system={"radius": 10.0, "ramp": 3e-6, "height": 30.0}))
    assert (survey.radius, survey.waveform.ramp, survey.height) == (10, 3e-6, 30)
    beside = survey_of(read(bare, "tdem", system={"side": 10.0, "offset": [15.0, 0.0]}))
    assert beside.offset == (15, 0) and beside.waveform is None and beside.height == 0
    with pytest.raises(ValueError, match=r"does not give the size of the transmitter loop; say it with system="):
        read(bare, "tdem")


def test_early_reversals_are_kept_where_the_receiver_lies_beside_the_loop(read):
    bare = "time (s),dbdt (V/(A m^2))\n1e-5,-4e-7\n3e-5,2e-8\n1e-4,1e-9\n3e-4,1e-10\n1e-3,1e-11\n"
    assert read(bare, "tdem", system={"side": 10.0, "offset": [15.0, 0.0]})["used"].all()
    assert not read(bare, "tdem", system={"side": 10.0})["used"].values[0, 0]


def test_coils_need_no_description(read):
    observed = read(COILS, "fdem")
    np.testing.assert_allclose(observed["in_phase"].values, [[47.5, -80]])
    np.testing.assert_allclose(observed["quadrature"].values, [[100, 200]])
    np.testing.assert_allclose(observed["quadrature_std"].values, [[6, np.nan]])
    assert observed["height"].item() == 30 and observed["line"].item() == "7"
    survey = survey_of(observed)
    assert survey.height is None and survey.orientation.tolist() == ["HCP", "VCX"]
    np.testing.assert_allclose([survey.frequency, survey.offset], [[400, 3300], [7.9, 9]])
    on_ground = COILS.replace(",height (m)", "").replace(",30,", ",")
    assert survey_of(read(on_ground, "fdem")).height == 0
    assert survey_of(read(on_ground, "fdem", system={"height": 1.0})).height == 1


@pytest.mark.parametrize(
    ("text", "method", "changes", "said"),
    [
        (GATES, "tdem", ("nV/Am2),d", "nT/s),d"), r"column 'dB/dt \(nT/s\)' does not give its values in V/\(A m2\)"),
        (GATES, "tdem", ("Time (ms)", "Time"), r"write the unit into the header, as time \(s\)"),
        (GATES, "tdem", ("dB/dt", "b"), "gives B; only its change dbdt"),
        (GATES, "tdem", ("CentralLoop", "LoopLoop"), "describes none of CentralLoop, CoincidentLoop, OffsetLoop"),
        (GATES, "tdem", ('"side": 40.0, ', '"side": '), "Write the row again with `bpinvert simulate`, or delete it"),
        (GATES, "tdem", ("B,1,", "B,2,"), "has the moments 0, 1, 2; they count from 0 on, and each needs"),
        (COILS, "fdem", ("0.2,,30", "0.2,,31"), "gives the sounding sheet several values of height"),
        (COILS, "fdem", ("(ppt)", "(mS/m)"), r"does not give its values in ppm; convert them"),
        ("# survey: " + '{"survey": "LoopLoop", "height": null}\n' + COILS, "fdem", ("height (m)", "metres"),
         r"has no column of heights, as its survey needs; add height \(m\)"),
    ],
)  # fmt: skip
def test_what_a_plain_table_lacks_is_said(read, text, method, changes, said):
    with pytest.raises(ValueError, match=said):
        read(text.replace(*changes), method)
