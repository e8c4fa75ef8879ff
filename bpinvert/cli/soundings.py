"""What `invert`, `check` and `plot` share: from a field sheet to a result."""

from __future__ import annotations

import sys

import bpinvert as bp


def chosen_inverter(options):
    """The inverter of ``--inverter``, or None for the default one."""
    return bp.load_inverter(options.inverter) if options.inverter else None


def solve(sheet, inverter, options):
    """(observed, result) of a sheet."""
    method = options.method or (inverter.survey.method if inverter else "ves")
    observed = bp.read_soundings(sheet, method=method)
    if inverter is None:
        print(f"{sheet}: no --inverter; unless the package has one, one is trained for these readings.", flush=True)
    try:
        result = bp.invert(
            observed, inverter=inverter, method=method, level=options.level, progress=sys.stderr.isatty()
        )
    except (ValueError, TypeError) as error:
        raise ValueError(f"{sheet}: {error}") from None
    return observed, result


def describe_reading(sheet, observed) -> str:
    """How the sheet was read: what was used, what was not, and why."""
    _, *lines = observed.attrs["read_report"].split("\n")
    return "\n".join([str(sheet), *(f"  {line}" for line in lines)])
