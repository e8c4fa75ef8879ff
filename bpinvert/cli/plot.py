"""`bpinvert plot`: draw a sounding, its fit and its model."""

from __future__ import annotations

from bpinvert.cli.files import is_netcdf, open_result
from bpinvert.cli.layers import sounding_name
from bpinvert.cli.output import PICTURES, check_writable, draw_sounding
from bpinvert.cli.soundings import chosen_inverter, solve


def run(options) -> int:
    output = check_writable(options.output, PICTURES)
    if is_netcdf(options.result):
        result = open_result(options.result)
    else:
        _, result = solve(options.result, chosen_inverter(options), options)
    draw_sounding(result, _place(result, options.sounding), output)
    print("written:", output)
    return 0


def _place(result, sounding):
    """Where the sounding of that name, else of that number, stands."""
    names = [sounding_name(result, k) for k in range(result.sizes["sounding"])]
    if sounding in names:
        return names.index(sounding)
    if sounding.isdecimal() and int(sounding) < len(names):
        return int(sounding)
    shown = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    raise ValueError(f"there is no sounding {sounding!r}; there are {shown}. Give a name, or 0 to {len(names) - 1}.")
