"""Real field sheets through `bp.invert(path)`: fit, noise, layers, flags, and seconds cold and warm.

Run ``python -m benchmarks.sheets FOLDER``, with the folder of the field data (its sub-folder ves).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import bpinvert as bp

_SHEETS = (
    "rves_ves_data1.csv",
    "gwb_myanmar_Mawlamyine_1.csv",
    "gwb_myanmar_Mawlamyine_4.csv",
    "gwb_myanmar_AungSan_loc1.csv",
    "watex_gbalo_cotedivoire.csv",
    "pygimli_sond1-100.ves",
    "constable1987_wauchope_schlumberger.dat",
)
_COLD = "import time; t = time.perf_counter(); import bpinvert as bp; bp.invert({!r}); print(time.perf_counter() - t)"


def cold_seconds(path):
    """Wall time of import and first call in a fresh process, median of three."""
    runs = [
        subprocess.run([sys.executable, "-c", _COLD.format(str(path))], capture_output=True, check=True) for _ in "123"
    ]
    return float(np.median([float(run.stdout) for run in runs]))


def warm_seconds(path, n_soundings):
    """Wall time of a further call, for each sounding, median of five."""
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        bp.invert(path)
        times.append(time.perf_counter() - begin)
    return float(np.median(times)) / n_soundings


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    print(f"OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}; cold: import included")
    heads = f"{'sounding':28}{'n':>4}{'layers':>7}{'chi²/N':>8}{'rrms %':>8}{'noise %':>9}{'cold s':>8}{'warm s':>8}"
    print(f"{heads}  flags; MN shifts")
    for sheet in _SHEETS:
        result = bp.invert(folder / sheet)
        cold, warm = cold_seconds(folder / sheet), warm_seconds(folder / sheet, result.sizes["sounding"])
        for k in range(result.sizes["sounding"]):
            one = result.isel(sounding=k)
            flags = " ".join(str(check) for check in one["check"].values[one["outside"].values])
            name = sheet.split(".")[0] if result.sizes["sounding"] == 1 else str(one["name"].values)
            print(
                f"{name[:27]:28}{int(one['used'].sum()):>4}{int(one['n_layers']):>7}{float(one['chi2']):>8.2f}"
                f"{float(one['rrms']):>8.1f}{100 * float(one['noise_estimate']):>9.1f}{cold:>8.2f}{warm:>8.3f}  "
                f"{flags or '-'}; {shifts(one) or '-'}"
            )


def shifts(one):
    """Displacements of the MN segments in words."""
    if "segment_shift" not in one or (one["segment_shift"].values[one["used"].values] == 1).all():
        return ""
    mn2, shift = one["mn2"].values, one["segment_shift"].values
    values = np.unique(mn2[np.isfinite(mn2)])
    return ", ".join(f"{value:g} m ×{shift[mn2 == value][0]:.2f}" for value in values)


if __name__ == "__main__":
    main()
