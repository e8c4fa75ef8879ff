"""How the packages hang together: light to import, imports one way, nothing that only one system has."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import bpinvert

ROOT = Path(__file__).parents[1]
PACKAGES = ("bpinvert", "forward_models")
HEAVY = ("numpy", "scipy", "sklearn", "xarray", "pandas", "matplotlib", "openpyxl", "tqdm", "forward_models")


def modules(*parts):
    """The source files at `parts`: a module, or every module of a folder."""
    path = ROOT.joinpath(*parts)
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def imports(path):
    """Every module that `path` imports anywhere, by full name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def foreign(names):
    """The packages among `names` that do not come with Python."""
    return {name.split(".")[0] for name in names if name} - set(sys.stdlib_module_names)


def test_importing_bpinvert_loads_nothing_heavy():
    code = "import sys, bpinvert; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "bpinvert" in loaded.stdout.split()
    assert not set(HEAVY) & set(loaded.stdout.split())


@pytest.mark.parametrize("name", bpinvert.__all__)
def test_every_public_name_resolves_and_is_listed(name):
    assert getattr(bpinvert, name) is not None
    assert name in dir(bpinvert)


def test_an_unknown_name_is_an_attribute_error_that_lists_the_public_ones():
    with pytest.raises(AttributeError, match=r"no attribute 'Invertor'; public are DepthGridPrior, Inverter, "):
        bpinvert.Invertor  # noqa: B018


@pytest.mark.parametrize("path", modules("forward_models"), ids=lambda path: path.name)
def test_forward_models_know_only_numpy_and_scipy(path):
    assert foreign(imports(path)) <= {"numpy", "scipy", "numba", "forward_models"}


@pytest.mark.parametrize("part", ["codec", "network", "checks", "calibration"])
def test_the_core_sees_no_xarray_no_survey_and_no_reader(part):
    paths = modules("bpinvert", part)
    names = set().union(*map(imports, paths))
    assert not foreign(names) & {"xarray", "matplotlib", "openpyxl", "forward_models"}
    assert not {name for name in names if name.startswith(("bpinvert.readers", "bpinvert.plots"))}


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_calls_what_only_posix_has(package):
    names = set().union(*map(imports, modules(package)))
    assert not {name.split(".")[0] for name in names} & {"fcntl", "pwd", "grp", "resource", "termios"}
    calls = {
        "os.fork",
        "os.uname",
        "os.getuid",
        "os.chown",
        "os.sched_getaffinity",
        "signal.SIGKILL",
        "signal.alarm",
    }
    found = {
        ast.unparse(node)
        for path in modules(package)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
    }
    assert not found & calls


def declared(*extras):
    """The packages that the project needs, with those of some extras, by the names that are imported."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)]
    return {requirement.split(">")[0].replace("scikit-learn", "sklearn") for part in lists for requirement in part}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_packages_use_only_what_they_declare(package):
    paths = set(modules(package)) - set(modules("bpinvert", "exchange"))
    assert foreign(set().union(*map(imports, paths))) <= declared() | set(PACKAGES)


def test_what_an_extra_brings_is_imported_in_exchange_alone_and_only_when_it_is_called():
    paths = modules("bpinvert", "exchange")
    assert foreign(set().union(*map(imports, paths))) <= declared("onnx") | set(PACKAGES)
    code = "import sys, bpinvert; bpinvert.export_onnx; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not (declared("onnx") - declared()) & set(loaded.stdout.split())


@pytest.mark.parametrize("package", PACKAGES)
def test_the_packages_are_marked_as_typed(package):
    assert (ROOT / package / "py.typed").is_file()


def test_the_console_script_leads_to_a_function():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    module, function = project["scripts"]["bpinvert"].split(":")
    place = ROOT.joinpath(*module.split("."))
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    tree = ast.parse(file.read_text("utf-8"))
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_readme_names_the_two_commands_that_make_knows():
    readme, makefile = ((ROOT / name).read_text("utf-8") for name in ("README.md", "Makefile"))
    for target in ("demo", "test"):
        assert f"make {target}" in readme
        assert f"\n{target}:" in makefile
