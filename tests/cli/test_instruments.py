"""Electromagnetic files on the command line: systems, moments of one station, and methods told by content."""

import json

import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert.cli import main
from bpinvert.cli.soundings import find_sheets, group_stations
from bpinvert.cli.system import in_options, read_system
from bpinvert.inverter import unaided
from bpinvert.readers.em import method_of, settings
from forward_models import survey_from_dict
from tests.readers import em_files as files

RECIPES = {
    "moments": 'type = "CentralLoop"\nside = 40.0\nmoment = [0, 0, 1]\n'
    "gates = [[8e-6, 1.2e-5], [2e-5, 3e-5], [1e-4, 2e-4]]\n"
    "waveform = [{time = [-1e-4, -9e-5, -5e-6, 0.0], current = [0.0, 1.0, 1.0, 0.0]}, 2e-6]\n"
    "low_pass = [[4.5e5, [3e5, 2]], []]",
    "bird": 'type = "OffsetLoop"\nradius = 10.0\noffset = [-12.5, 2.0]\ntime = {geomspace = [1e-5, 1e-3, 5]}\n'
    "[prior]\nn_layers = 2\nthickness = [1, 60]\nresistivity = [1, 1000]\ncontext = {height = [25, 60]}",
    "coincident": 'type = "CoincidentLoop"\nside = 50.0\nwaveform = 4e-6\ntime = {geomspace = [1e-5, 1e-3, 5]}',
    "coils": 'type = "LoopLoop"\nfrequency = [380, 3300]\noffset = [7.9, 9.0]\norientation = ["HCP", "VCX"]\n'
    "[prior]\nn_layers = 2\nthickness = [1, 60]\nresistivity = [1, 1000]\ncontext = {height = [25, 60]}",
    "ground": 'type = "LoopLoop"\nfrequency = 9000.0\noffset = [1.0, 2.0]\norientation = "VCP"\nheight = 0.5\n'
    'quantity = ["quadrature"]',
}  # fmt: skip


@pytest.fixture
def written(tmp_path):
    """Write a file; gives its name."""

    def write(name, text):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


@pytest.mark.parametrize("name", RECIPES)
def test_a_simulated_table_is_a_file_of_the_same_survey(name, recipe, tmp_path):
    table, high = str(tmp_path / "line.csv"), ["--height", "30"] if "context" in RECIPES[name] else []
    made = recipe(f"[survey]\n{RECIPES[name]}")
    assert main(["simulate", made, *high, "--resistivity", "100", "20", "--thickness", "9", "-o", table]) == 0
    observed = bp.read_soundings(table, method_of(table_path := tmp_path / "line.csv"))
    assert method_of(table_path) == ("fdem" if "LoopLoop" in RECIPES[name] else "tdem")
    survey = survey_from_dict(json.loads(observed.attrs["survey"]))
    heights = {"height": observed["height"].values} if high else {}
    again = survey(resistivity=[[100, 20]], thickness=[[9]], **heights)[0]
    quantities = survey.channels.quantities
    stated = np.concatenate([observed[quantity].values[0] for quantity in quantities])
    assert observed["used"].all() and survey.context == (("height",) if high else ())
    # six printed digits, of times and data
    np.testing.assert_allclose(again, stated, rtol=3e-5)


@pytest.mark.slow
def test_a_simulated_table_inverts_to_the_typed_layers(tmp_path, monkeypatch):
    for name, value in (("_N_SAMPLES", 2500), ("_EPOCHS", 4), ("_N_SIMULATED", 1000)):
        monkeypatch.setattr(unaided, name, value)
    coils = ["--frequency", "400", "1800", "8000", "36000", "--offset", "7.9", "--orientation", "HCP", "--height", "30"]
    loop = ["--time", "1e-5:1e-3:15", "--side", "40"]
    for survey, options in (("LoopLoop", coils), ("CentralLoop", loop)):
        table = str(tmp_path / f"{survey}.csv")
        layers = ["--resistivity", "100", "10", "--thickness", "20"]
        assert main(["simulate", "--survey", survey, *options, *layers, "-o", table]) == 0
        assert main(["invert", table, "--layers", "2", "-o", str(tmp_path / survey)]) == 0
        with xr.open_dataset(tmp_path / survey / "results.nc") as result:
            np.testing.assert_allclose(result["thickness"][0, 0], 20, rtol=0.05)
            np.testing.assert_allclose(result["resistivity"][0, 1], 10, rtol=0.05)


def test_systems_are_said_as_words_and_as_files(tmp_path):
    stm = str(tmp_path / "a=1.stm")
    (tmp_path / "a=1.stm").touch()
    assert read_system(["offset=15,0", "unit=V/(A m4)", stm, stm]) == {
        "offset": [15.0, 0.0], "unit": "V/(A m4)", "files": [stm, stm]
    }  # fmt: skip
    assert read_system(["Scale=F-1m"], {"files": [stm]}) == {"files": [stm], "scale": "F-1m"}
    assert {*settings.NUMBERS, *settings.TEXTS, "files"} == set(settings.KEYS)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sides=1"], "'sides=1' says nothing that is known; allowed are side: side of the square"),
        (["side=ten"], "'side=ten' gives no number"),
        (["scale="], "'scale=' says nothing"),
        (["side=1", "side=2"], "side is given two values"),
        (["a.csv"], "Write sheets before --system"),
        (["a.stm"], "there is no file a.stm"),
        ([], "expected at least one argument"),
    ],
)
def test_a_system_that_is_not_understood_is_told(words, said, refused):
    for command in (["invert", "x.tem"], ["check", "x.tem"], ["plot", "x.tem", "-o", "x.png"]):
        assert said in refused(*command, "--system", *words)


def test_readers_are_given_the_system_and_answer_in_options(written, monkeypatch, refused, tmp_path):
    table = written("p.csv", files.PROTEM)
    assert "say it with --system side=… for a square or --system radius=… for a circle" in refused("check", table)
    assert "which is read with --method tdem" in refused("check", table, "--method", "fdem")
    given = []
    monkeypatch.setattr(bp, "read_soundings", lambda *_, **more: given.append(more) or [][0])
    for command in (["invert"], ["check"], ["plot", "-o", str(tmp_path / "p.png")]):
        with pytest.raises(IndexError):
            main([*command, table, "--system", "side=100", "--system", "ramp=5e-6,6e-6"])
    assert given == [{"method": "tdem", "system": {"side": 100.0, "ramp": [5e-6, 6e-6]}}] * 3


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("system={'frequency': […], 'offset': […]} or", "--system frequency=… offset=… or"),
        ("system={'unit': 'V/(A m4)'}", '--system "unit=V/(A m4)"'),
        ("leave such out with columns={…: 'not used'}.", 'leave such out with --column "…=not used".'),
        ("give it with system=.", "give it with --system."),
        ("as system= says", "as --system says"),
        ("system gives 2 ramps", "system gives 2 ramps"),
    ],
)
def test_keywords_become_options(text, meant):
    assert in_options(text) == meant


@pytest.mark.parametrize(
    ("name", "text", "method"),
    [
        ("a.tem", files.AARHUSINV, "tdem"),
        ("b.tem", files.TEMFAST, "tdem"),
        ("c.usf", files.USF, "tdem"),
        ("d.csv", files.PROTEM, "tdem"),
        ("e.csv", files.AIRBORNE, "tdem"),
        ("f.stm", files.STM, "tdem"),
        ("g.csv", files.ECA, "fdem"),
        ("h.csv", files.RESOLVE, "fdem"),
        ("i.csv", "AB/2 (m),I (mA),V (mV)\n1,2,3\n2,2,3\n", None),
        ("j.csv", "period (s),rhoa (ohm m),phase (deg)\n1,2,3\n2,2,3\n", None),
        ("k.txt", "", None),
        ("none.csv", None, None),
    ],
)
def test_the_method_is_told_by_what_stands_in_the_file(name, text, method, tmp_path):
    if text is not None:
        (tmp_path / name).write_text(text)
    assert method_of(tmp_path / name) == method


def test_files_of_one_station_are_one_sheet(written, tmp_path):
    low, high = written("LM.tem", files.AARHUSINV), written("HM.tem", files.AARHUSINV)
    other = written("b.tem", files.AARHUSINV.replace("StationNumber=7", "StationNumber=8"))
    table = written("c.csv", files.RESOLVE)
    words = [low, table, "none.tem", high, other]
    assert group_stations(words) == [[low, high], table, "none.tem", other]
    found, _ = find_sheets([str(tmp_path)])
    assert group_stations(found) == [[high, low], other, table]


def test_a_folder_stands_for_electromagnetic_files_too(tmp_path):
    for name in ("a.tem", "b.usf", "c.xyz", "d.dfn", "d.dat", "e.dat", "f.stm", "g.wf", "h.tc", "i.gex"):
        (tmp_path / name).touch()
    found, _ = find_sheets([str(tmp_path)])
    assert [path[-5:] for path in found] == ["a.tem", "b.usf", "c.xyz", "d.dfn", "e.dat"]


def test_moments_are_read_together_and_named_as_one(written, monkeypatch, capsys):
    low, high = written("LM.tem", files.AARHUSINV), written("HM.tem", files.AARHUSINV.replace("4e-6", "5e-6"))
    asked = []

    def invert(observed, **_):
        asked.append(dict(observed.sizes))
        raise ValueError("no more of this.")

    monkeypatch.setattr(bp, "invert", invert)
    for command in ("invert", "check"):
        assert main([command, low, high]) == 2
        shown = capsys.readouterr()
        assert shown.err == f"bpinvert: {low} and {high}: no more of this.\n"
    assert asked == [{"sounding": 1, "reading": 10}] * 2
