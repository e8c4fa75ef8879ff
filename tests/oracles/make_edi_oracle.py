"""Writes edi_oracle.json: what mt_metadata reads in the EDI files of its own tests, at a few periods each.

    python tests/oracles/make_edi_oracle.py ../shared/data/mt

needs mt_metadata (version 1.0.12 was used). Periods in s, impedances and their errors in mV/km/nT.
"""

import json
import sys
from pathlib import Path

import mt_metadata
import numpy as np
from loguru import logger
from mt_metadata.transfer_functions.core import TF

ELEMENTS = {"xx": (0, 0), "xy": (0, 1), "yx": (1, 0), "yy": (1, 1)}


def record(path: Path) -> dict:
    """Five periods of a file, from the shortest to the longest, and its site."""
    transfer = TF(fn=path)
    transfer.read()
    period = np.asarray(transfer.period)
    kept = np.unique(np.linspace(1, len(period) - 2, 5).astype(int))
    impedance, error = transfer.impedance.values[kept], transfer.impedance_error.values[kept]
    found = {"period": period[kept].tolist(), "n_periods": len(period)}
    for name, (i, j) in ELEMENTS.items():
        found[f"real_{name}"] = impedance[:, i, j].real.tolist()
        found[f"imag_{name}"] = impedance[:, i, j].imag.tolist()
        found[f"error_{name}"] = np.abs(error[:, i, j]).tolist()
    found |= {name: float(getattr(transfer, name)) for name in ("latitude", "longitude", "elevation")}
    return found


def main(folder: Path) -> None:
    logger.disable("mt_metadata")
    paths = [*sorted((folder / "format_zoo").glob("*.edi")), folder / "mtpy_AMT_15125A_imp.edi"]
    paths.append(folder / "WIT2_SouthernThomson.edi")
    oracle = {"mt_metadata": mt_metadata.__version__}
    oracle |= {path.relative_to(folder).as_posix(): record(path) for path in paths}
    text = json.dumps(oracle, indent=1)
    Path(__file__).with_name("edi_oracle.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
