"""`bpinvert invert`: soundings to layered models."""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bpinvert.cli import complain
from bpinvert.cli.files import joined, write_result
from bpinvert.cli.layers import write_models
from bpinvert.cli.output import describe_sounding, draw_section, draw_sounding, make_folder
from bpinvert.cli.soundings import (
    OUTPUTS,
    chosen_inverter,
    describe_reading,
    find_sheets,
    group_stations,
    name_of,
    solve,
)
from bpinvert.explanation import explain
from bpinvert.results import sounding_name

# More pictures than anyone looks through; a hundred take a minute.
_MOST_PICTURES = 200
_SHEET = {"units": "", "long_name": "field sheet that the sounding was read from"}
_EXPLANATION = {"units": "", "long_name": "whether to believe the model, why, and what to do"}
_PICTURE = {"units": "", "long_name": "picture of the sounding, in the folder of the results"}


def run(options) -> int:
    folder = make_folder(options.output) if options.output else None
    inverter = chosen_inverter(options)
    sheets, faults = find_sheets(options.sheet)
    for fault in faults:
        complain(fault)
    if folder and (folder / OUTPUTS[0]).exists():
        print(f"{folder} holds earlier results: its tables are replaced, pictures of other soundings stay.")
    names, sheets = _distinct(sheets), group_stations(sheets)
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
            name = name_of(names[sheet] if isinstance(sheet, str) else [names[file] for file in sheet])
            results.append(result.assign(sheet=("sounding", [name] * result.sizes["sounding"], _SHEET)))
            with tqdm.external_write_mode():
                print(describe_reading(sheet, observed))
                texts = []
                for k in range(result.sizes["sounding"]):
                    texts.append(explain(result, k))
                    print("\n" + describe_sounding(result, k, texts[-1]))
                print(flush=True)
            results[-1] = results[-1].assign(explanation=("sounding", texts, _EXPLANATION))
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
            name = Path(sheet if isinstance(sheet, str) else sheet[0]).name
            bar.set_description_str(f"sheet {i} of {len(sheets)}, {name}")
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
    pictures = _pictures(results)
    try:
        for name, draw in tqdm(pictures.items(), "drawing", leave=False, disable=not sys.stderr.isatty()):
            draw(folder / name)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{_listed(written)} are in {folder}, but not all pictures.") from None
    print(f"written: {_listed([*written, _count(len(pictures), 'picture')])} in {folder}")
    if _many(results):
        print(
            "As there are so many soundings, they were drawn side by side; `bpinvert plot "
            f"{folder / OUTPUTS[0]} --sounding NAME -o picture.png` draws one."
        )
    return len(written) < 3


def _many(results):
    return sum(result.sizes["sounding"] for result in results) > _MOST_PICTURES


def _with_pictures(results):
    """The results with a file name for the picture of every sounding; of very many, for that of their sheet."""
    taken, named = set(), []
    for result in results:
        n = result.sizes["sounding"]
        if _many(results):
            names = [_free_name(f"section_{Path(str(result['sheet'].values[0])).stem}", taken)] * n
        else:
            names = [_free_name(sounding_name(result, k), taken) for k in range(n)]
        named.append(result.assign(picture=("sounding", names, _PICTURE)))
    return named


def _pictures(results):
    """{file name: what draws it} of all pictures."""
    drawn = {}
    for result in results:
        for k, name in enumerate(result["picture"].values):
            draw = partial(draw_section, result) if _many(results) else partial(draw_sounding, result, k)
            drawn.setdefault(str(name), draw)
    return drawn


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
