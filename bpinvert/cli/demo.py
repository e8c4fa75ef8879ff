"""`bpinvert demo`: the real sounding that comes with the package, inverted."""

from __future__ import annotations

from pathlib import Path

import bpinvert as bp
from bpinvert.cli.files import write_result
from bpinvert.cli.layers import cover
from bpinvert.cli.output import describe_sounding, draw_sounding, make_folder
from bpinvert.explanation import explain

DATA = Path(bp.__file__).parent / "data"


def run(options) -> int:
    folder = make_folder(options.output)
    observed = bp.read_soundings(DATA / "wauchope.csv")
    result = bp.invert(observed)
    write_result(result, folder / "wauchope.nc")
    draw_sounding(result, 0, folder / "wauchope.png")
    print("Schlumberger sounding at Wauchope, central Australia (Constable, Parker & Constable 1987)\n")
    print(describe_sounding(result, 0, explain(result, 0)))
    conductance = cover(result, 0)["longitudinal_conductance"]
    print(f"  conductance above the basement, S = Σ h/ρ: {conductance:.1f} S")
    print(f"\nwritten: {folder / 'wauchope.png'} and {folder / 'wauchope.nc'}")
    return 0
