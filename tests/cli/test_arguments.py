"""What may stand on the command line, and how the process ends."""

import os
import shlex
import subprocess
import sys
from dataclasses import fields

import pytest

import bpinvert as bp
from bpinvert import readers
from bpinvert.cli import arguments, main
from bpinvert.inverter import solving
from forward_models import METHODS

COMMANDS = ("demo", "simulate", "generate", "train", "calibrate", "invert", "check", "plot", "info")


def example_of(command):
    parser = arguments.make_parser()
    epilog = parser._subparsers._group_actions[0].choices[command].epilog
    words = shlex.split(epilog.removeprefix("example:"))
    assert words[0] == "bpinvert" and words[1] == command
    return words[1:]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_shows_an_example_that_parses(command, capsys):
    assert main([command, "--help"]) == 0
    shown = capsys.readouterr().out
    example = example_of(command)
    assert shlex.join(["bpinvert", *example]) in shown
    assert arguments.read_arguments(example).command == command


def test_help_lists_every_command_and_loads_nothing_heavy():
    code = "import sys; from bpinvert.cli import main; main(['--help']); print('numpy' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert all(f"\n    {command} " in shown for command in COMMANDS)
    assert shown.endswith("False\n")


def test_options_and_choices_are_those_of_the_library():
    settings = {f.name for survey in METHODS.values() for f in fields(survey) if f.init}
    assert {*arguments.COORDINATES, *arguments.IN_RECIPES, "dc"} == settings
    assert arguments.LEVELS == solving.LEVELS
    assert arguments.METHODS == tuple(readers.METHODS)


def test_version_is_the_package_s(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"bpinvert {bp.__version__}\n"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "COMMAND"),
        (["inverse"], "invalid choice: 'inverse'"),
        (["invert"], "SHEET"),
        (["invert", "a.csv", "--level", "best"], "'network', 'refined'"),
        (["train"], "either a RECIPE.toml or --widen RESULT.nc"),
        (["train", "a.toml", "--widen", "b.nc"], "give one of the two"),
        (["invert", "a.csv", "--column", "AB"], "'AB' is not HEADER=MEANING; write e.g. --column"),
        (["invert", "a.csv", "--column", "=ab2"], "'=ab2' is not HEADER=MEANING"),
        (["invert", "a.csv", "--column", "A=ab2", "--column", "A=mn2"], "'A' is given two meanings"),
        (["invert", "a.csv", "--layers", "three"], "'three' is no number of layers; write e.g. 3, or auto"),
        (["simulate", "--resistivity", "ten"], "invalid float value: 'ten'"),
    ],
)
def test_a_wrong_command_line_says_what_is_allowed(argv, said, refused):
    assert said in refused(*argv)


def run_process(*argv, **environment):
    return subprocess.run(
        [sys.executable, "-m", "bpinvert", *map(str, argv)], capture_output=True, env=os.environ | environment
    )


def test_the_process_ends_with_2_and_one_line_on_stderr(tmp_path):
    done = run_process("check", tmp_path / "none.csv")
    assert done.returncode == 2 and done.stdout == b""
    assert done.stderr.decode().startswith("bpinvert: There is no file") and done.stderr.count(b"\n") == 1


def test_a_console_of_western_windows_gets_question_marks_and_no_traceback(trained):
    done = run_process("invert", trained / "good.csv", "--inverter", trained / "inverter.nc", PYTHONIOENCODING="cp1252")
    assert done.returncode == 0 and done.stderr == b""
    assert "layer  ? (?·m)" in done.stdout.decode("cp1252")
