"""What `invert`, `check` and `plot` share: from words on the command line to sheets, and from a sheet to a result."""

from __future__ import annotations

import glob
import sys
from pathlib import Path

import bpinvert as bp
from bpinvert.cli.system import in_options
from bpinvert.inverter.unaided import is_served, ready
from bpinvert.readers import edi, unified, waves
from bpinvert.readers.em import method_of
from bpinvert.readers.em.stations import files_of_stations

SUFFIXES = (
    ".csv", ".txt", ".dat", ".xlsx", ".ves", ".tem", ".usf", ".xyz", ".dfn", ".edi", ".j", ".zmm", ".avg", ".target",
)  # fmt: skip
OUTPUTS = ("results.nc", "models.csv", "models.xlsx")


def find_sheets(words: list[str]) -> tuple[list[str], list[str]]:
    """The field sheets that words mean, and a sentence on each word that means none.

    A folder stands for all sheets in it. A pattern such as ``*.xlsx`` stands for the files that match, as the shell of
    Windows leaves it to the command. What an earlier run wrote and the locks of open workbooks are no sheets.
    """
    sheets, faults = [], []
    for word in words:
        if Path(word).is_dir():
            found = [str(path) for path in Path(word).iterdir() if path.suffix.lower() in SUFFIXES]
            fault = f"{word} has no field sheet in it; sheets end in {', '.join(SUFFIXES)}."
        elif glob.has_magic(word) and not Path(word).exists():
            found, fault = glob.glob(word), f"no file matches {word}; check the folder and the pattern."
        else:
            sheets.append(word)
            continue
        found = sorted(path for path in found if _may_be_sheet(Path(path)))
        sheets += found
        faults += [] if found else [fault]
    return sheets, faults


def _may_be_sheet(path):
    written = path.name in OUTPUTS and (path.parent / OUTPUTS[0]).exists()
    # The numbers of a definition, which is the sheet.
    defined = path.suffix.lower() == ".dat" and path.with_suffix(".dfn").exists()
    return path.is_file() and not path.name.startswith(("~$", ".")) and not written and not defined


def group_stations(sheets: list[str]) -> list[str | list[str]]:
    """The sheets, those that are the moments of one station as one list."""
    groups = files_of_stations([Path(sheet) for sheet in sheets])
    names = {Path(sheet): sheet for sheet in sheets}
    return [[names[path] for path in group] if len(group) > 1 else names[group[0]] for group in groups]


def name_of(sheet: str | list[str]) -> str:
    """The sheet, or the sheets of one station, as a name."""
    return sheet if isinstance(sheet, str) else " and ".join(sheet)


def chosen_inverter(options):
    """The inverter of ``--inverter``, or None for the default one."""
    return bp.load_inverter(options.inverter) if options.inverter else None


def solve(sheet, inverter, options):
    """(observed, result) of a sheet, or of the sheets of one station."""
    method = options.method or (inverter.survey.method if inverter else _look_of(sheet))
    more = {name: getattr(options, name) for name in ("columns", "system", "component") if getattr(options, name)}
    try:
        observed = bp.read_soundings(sheet, method=method, **more)
    except (ValueError, ImportError) as error:
        raise ValueError(in_options(str(error))) from None
    observed = ready(observed)
    if inverter is None and bool(observed["used"].any()) and not is_served(observed):
        long = "two minutes" if method == "surface_waves" else "a minute"
        print(f"{name_of(sheet)}: an inverter is trained for these readings, which takes about {long}.", flush=True)
    try:
        result = bp.invert(
            observed,
            inverter=inverter,
            method=method,
            level=options.level,
            fixed=getattr(options, "fixed", None),
            n_layers=options.n_layers,
            draws=options.draws,
            progress=sys.stderr.isatty(),
        )
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name_of(sheet)}: {error}") from None
    return observed, result


def _look_of(sheet):
    """The method of files that look like no other one, else that of most field sheets."""
    first = Path(sheet if isinstance(sheet, str) else sheet[0])
    if waves.recognised(first):
        return "surface_waves"
    if first.suffix.lower() == ".xlsx":
        return "ves"
    if edi.recognised(first):
        return "mt"
    return "ip" if unified.recognised(first) else method_of(first) or "ves"


def describe_reading(sheet, observed) -> str:
    """How the sheet was read: what was used, what was not, and why."""
    _, *lines = in_options(observed.attrs["read_report"]).split("\n")
    return "\n".join([name_of(sheet), *(f"  {line}" for line in lines)])
