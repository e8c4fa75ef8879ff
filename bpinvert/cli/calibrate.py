"""`bpinvert calibrate`: how true an inverter's posteriors are, kept in its file."""

from __future__ import annotations

import sys
import time

import bpinvert as bp
from bpinvert.cli.info import describe_report
from bpinvert.cli.output import check_writable


def run(options) -> int:
    output = check_writable(options.output or options.inverter, (".nc",))
    inverter = bp.load_inverter(options.inverter)
    begin = time.perf_counter()
    inverter.calibrate(options.level, n=options.n, seed=options.seed, progress=sys.stderr.isatty())
    seconds = time.perf_counter() - begin
    inverter.save(output)
    print(f"The inverter calibrated at level {options.level} is in {output}; that took {seconds:.0f} s.")
    if options.level in inverter.reports:
        print("\n" + describe_report(inverter.reports[options.level]))
    return 0
