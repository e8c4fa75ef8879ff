"""`bpinvert plot`: draw a sounding, its fit and its model."""

from __future__ import annotations

from bpinvert.cli.files import is_netcdf, open_result
from bpinvert.cli.output import PICTURES, check_writable, draw_sounding
from bpinvert.cli.soundings import chosen_inverter, solve
from bpinvert.results import place_of, sounding_name


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
    """The sounding of that name, else of that number."""
    names = [sounding_name(result, k) for k in range(result.sizes["sounding"])]
    number = sounding not in names and sounding.isdecimal() and int(sounding) < len(names)
    return place_of(result, int(sounding) if number else sounding)
