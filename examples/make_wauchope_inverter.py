"""Train the inverter that `bpinvert demo` uses: `python examples/make_wauchope_inverter.py`, about a minute."""

from pathlib import Path

import bpinvert as bp
from forward_models import Schlumberger

DATA = Path(bp.__file__).parent / "data"
PRIOR = bp.LayeredPrior(n_layers=(2, 4), thickness=(1, 3000), resistivity=(0.5, 20_000))
NOISE = bp.Noise(relative=0.1)


def main():
    observed = bp.read_soundings(DATA / "wauchope.csv")
    survey = Schlumberger(ab2=observed["ab2"].values[0])
    inverter = bp.Inverter(survey, PRIOR, NOISE).fit()
    inverter.save(DATA / "wauchope.nc")


if __name__ == "__main__":
    main()
