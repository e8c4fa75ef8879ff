"""`bpinvert check`: only whether soundings are like the training."""

from __future__ import annotations

from bpinvert.cli.output import wrapped
from bpinvert.cli.soundings import chosen_inverter, describe_reading, solve
from bpinvert.drifting import describe_drift
from bpinvert.explanation import explain
from bpinvert.results import sounding_name


def run(options) -> int:
    observed, result = solve(options.sheet, chosen_inverter(options), options)
    print(describe_reading(options.sheet, observed))
    for k in range(result.sizes["sounding"]):
        print(f"\n{sounding_name(result, k)}\n{wrapped(explain(result, k))}")
    if drifting := describe_drift(result):
        print(f"\n{wrapped(drifting)}")
    return 0
