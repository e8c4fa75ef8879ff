"""`bpinvert check`: only whether soundings are like the training."""

from __future__ import annotations

from bpinvert.cli import complain
from bpinvert.cli.output import wrapped
from bpinvert.cli.soundings import chosen_inverter, describe_reading, find_sheets, group_stations, solve
from bpinvert.drifting import describe_drift
from bpinvert.explanation import explain
from bpinvert.results import sounding_name


def run(options) -> int:
    inverter = chosen_inverter(options)
    sheets, faults = find_sheets(options.sheet)
    for fault in faults:
        complain(fault)
    n_bad = len(faults)
    for i, sheet in enumerate(group_stations(sheets)):
        try:
            observed, result = solve(sheet, inverter, options)
        except (ValueError, TypeError, OSError) as error:
            complain(error)
            n_bad += 1
            continue
        print(("\n" if i else "") + describe_reading(sheet, observed))
        for k in range(result.sizes["sounding"]):
            print(f"\n{sounding_name(result, k)}\n{wrapped(explain(result, k))}")
        if drifting := describe_drift(result):
            print(f"\n{wrapped(drifting)}")
    return 2 if n_bad else 0
