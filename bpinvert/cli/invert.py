"""`bpinvert invert`: soundings to layered models."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bpinvert.cli import complain
from bpinvert.cli.files import joined, write_result
from bpinvert.cli.layers import write_models
from bpinvert.cli.output import describe_sounding, draw_sounding, make_folder
from bpinvert.cli.soundings import OUTPUTS, chosen_inverter, describe_reading, find_sheets, solve
from bpinvert.results import sounding_name

_SHEET = {"units": "", "long_name": "field sheet that the sounding was read from"}
_PICTURE = {"units": "", "long_name": "picture of the sounding, in the folder of the results"}


def run(options) -> int:
    folder = make_folder(options.output) if options.output else None
    inverter = chosen_inverter(options)
    sheets, faults = find_sheets(options.sheet)
    for fault in faults:
        complain(fault)
    if folder and (folder / OUTPUTS[0]).exists():
        print(f"{folder} holds earlier results: its tables are replaced, pictures of other soundings stay.")
    names = _distinct(sheets)
    results, n_bad, unwritten = [], len(faults), False
    try:
        for sheet in _with_progress(sheets):
            try:
                observed, result = solve(sheet, inverter, options)
            except (ValueError, TypeError, OSError) as error:
                with tqdm.external_write_mode():
                    complain(error)
                n_bad += 1
                continue
            results.append(result.assign(sheet=("sounding", [names[sheet]] * result.sizes["sounding"], _SHEET)))
            with tqdm.external_write_mode():
                print(describe_reading(sheet, observed))
                for k in range(result.sizes["sounding"]):
                    print("\n" + describe_sounding(result, k))
                print(flush=True)
    except KeyboardInterrupt:
        if not (folder and results):
            raise
        _write(results, folder)
        raise KeyboardInterrupt(f"{len(results)} of {len(sheets)} sheets are done and in {folder}.") from None
    if folder and results:
        unwritten = _write(results, folder)
    if results or n_bad > 1:
        print(_summary(results, n_bad))
    return 2 if n_bad or unwritten else 0


def _distinct(sheets):
    """Short names of the sheets: that of the file, with its folders where others have the same."""
    short = [Path(sheet).name for sheet in sheets]
    return {sheet: name if short.count(name) == 1 else sheet for sheet, name in zip(sheets, short, strict=True)}


def _with_progress(sheets):
    """The sheets one by one, on a terminal with a line that counts them."""
    hidden = len(sheets) < 2 or not sys.stderr.isatty()
    with tqdm(total=len(sheets), leave=False, disable=hidden, bar_format="{desc} |{bar:20}| {elapsed}") as bar:
        for i, sheet in enumerate(sheets, 1):
            bar.set_description_str(f"sheet {i} of {len(sheets)}, {Path(sheet).name}")
            yield sheet
            bar.update()


def _summary(results, n_bad):
    n = sum(result.sizes["sounding"] for result in results)
    flagged = sum(np.count_nonzero(result["flag"].values) for result in results)
    bad = f", {_count(n_bad, 'sheet')} not read" if n_bad else ""
    return f"{_count(n, 'sounding')} of {_count(len(results), 'sheet')}, {flagged} flagged{bad}."


def _count(n, noun):
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _write(results, folder):
    """Write all there is to take away; whether something could not be written, which is said."""
    from bpinvert.cli.report import write_workbook

    results, written = _with_pictures(results), []
    for name, write in (
        ("results.nc", lambda path: write_result(joined(results), path)),
        ("models.csv", lambda path: write_models(results, path)),
        ("models.xlsx", lambda path: write_workbook(results, path)),
    ):
        try:
            write(folder / name)
            written.append(name)
        except PermissionError:
            complain(f"cannot write {folder / name}: it is open in another program or protected. Close it, run again.")
    places = [(result, k) for result in results for k in range(result.sizes["sounding"])]
    try:
        for result, k in tqdm(places, "drawing", leave=False, disable=not sys.stderr.isatty()):
            draw_sounding(result, k, folder / str(result["picture"].values[k]))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{_listed(written)} are in {folder}, but not all pictures.") from None
    print(f"written: {_listed([*written, _count(len(places), 'picture')])} in {folder}")
    return len(written) < 3


def _with_pictures(results):
    """The results with a file name for the picture of every sounding."""
    taken = set()
    return [
        result.assign(
            picture=(
                "sounding",
                [_free_name(sounding_name(result, k), taken) for k in range(result.sizes["sounding"])],
                _PICTURE,
            )
        )
        for result in results
    ]


def _listed(words):
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]])) or "no tables"


def _free_name(name, taken):
    """A file name for a sounding: without signs that a file system refuses, and not twice."""
    stem = re.sub(r"[^\w.+-]+", "_", name).strip("._") or "sounding"
    free, n = stem, 1
    while free.lower() in taken:
        n += 1
        free = f"{stem}_{n}"
    taken.add(free.lower())
    return f"{free}.png"
