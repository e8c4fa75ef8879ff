"""Train the inverter that comes with the package: `python examples/make_shipped_inverter.py`, about forty minutes.

One for all Schlumberger soundings with AB/2 from 1 m to 10 km, whatever their readings and errors. A Wenner sounding is
a Schlumberger sounding with AB/2 = 1.5 a and MN/2 = 0.5 a, and is served by the same file.
"""

import argparse
from pathlib import Path

import numpy as np

import bpinvert as bp
from forward_models import Schlumberger

SURVEY = Schlumberger(ab2=np.geomspace(1, 10_000, 41))
PRIOR = bp.LayeredPrior(n_layers=(2, 5), thickness=(0.3, 2000), resistivity=(0.5, 20_000))
NOISE = bp.Noise(relative=(0.01, 0.1))
SHEETS = bp.Sheets(complete=0.0)
OUTPUT = Path(bp.__file__).parent / "data" / "schlumberger.nc"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT)
    parser.add_argument("--hidden", type=int, nargs="+", default=[192, 96])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--samples", type=int, default=800_000)
    parser.add_argument("--calibration", type=int, default=80_000)
    parser.add_argument("--posterior", type=int, default=1000, help="soundings that its report is made of")
    options = parser.parse_args()
    hidden = options.hidden[0] if len(options.hidden) == 1 else tuple(options.hidden)
    inverter = bp.Inverter(SURVEY, PRIOR, NOISE, sheets=SHEETS, hidden=hidden, max_epochs=options.epochs)
    inverter.fit(
        n_samples=options.samples,
        n_calibration=options.calibration,
        checkpoint=options.output.with_suffix(".checkpoint"),
    )
    inverter.save(options.output)
    inverter.calibrate("posterior", n=options.posterior, progress=True)
    inverter.save(options.output)
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
