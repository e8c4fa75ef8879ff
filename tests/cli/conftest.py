"""A trained inverter with its sheet, and commands that must fail."""

import pytest

from bpinvert.cli import main
from tests.cli import LAYERS, RECIPE


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A folder with a recipe, its inverter and a good sheet."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "recipe.toml").write_text(RECIPE)
    code = main(["train", str(folder / "recipe.toml"), "-o", str(folder / "inverter.nc")])
    assert code == 0
    assert main(["simulate", "--ab2", "1.5:300:15", *LAYERS, "-o", str(folder / "good.csv")]) == 0
    return folder


@pytest.fixture
def inverter(trained):
    return ["--inverter", str(trained / "inverter.nc")]


@pytest.fixture
def recipe(tmp_path):
    def write(text, name="recipe.toml"):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    return write


@pytest.fixture
def refused(capsys):
    """Run a command that must fail; gives its one line on stderr."""

    def run(*argv):
        capsys.readouterr()
        assert main([*map(str, argv)]) == 2
        captured = capsys.readouterr()
        progress = ("%|", " [00:")
        lines = [line for line in captured.err.splitlines() if line.strip() and not any(p in line for p in progress)]
        assert len(lines) == 1 and lines[0].startswith("bpinvert: ")
        return lines[0]

    return run
