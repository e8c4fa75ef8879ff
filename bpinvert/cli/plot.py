"""`bpinvert plot`: draw a sounding, its fit and its model."""

from __future__ import annotations

import bpinvert as bp
from bpinvert.cli.files import is_netcdf, kind_of, open_result
from bpinvert.cli.output import PICTURES, check_writable, draw_sounding, save_figure, without_windows
from bpinvert.cli.soundings import chosen_inverter, solve
from bpinvert.results import place_of, sounding_name


def run(options) -> int:
    output = check_writable(options.output, PICTURES)
    if is_netcdf(options.result):
        if kind_of(options.result) == "inverter":
            _draw_report(options, output)
            print("written:", output)
            return 0
        result = open_result(options.result)
    else:
        _, result = solve(options.result, chosen_inverter(options), options)
    draw_sounding(result, _place(result, options.sounding), output)
    print("written:", output)
    return 0


def _draw_report(options, output):
    """The calibration of an inverter's posteriors: of the level asked for, else of the last that has a report."""
    reports = bp.load_inverter(options.result).reports
    if not reports:
        raise ValueError(
            f"{options.result} holds an inverter without a report on its posteriors; make one by `bpinvert calibrate "
            f"{options.result}`, or give the results.nc that `bpinvert invert -o` writes."
        )
    from bpinvert import plots

    with without_windows():
        save_figure(plots.calibration(reports.get(options.level, next(reversed(reports.values())))), output)


def _place(result, sounding):
    """The sounding of that name, else of that number."""
    names = [sounding_name(result, k) for k in range(result.sizes["sounding"])]
    number = sounding not in names and sounding.isdecimal() and int(sounding) < len(names)
    return place_of(result, int(sounding) if number else sounding)
