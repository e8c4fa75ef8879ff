"""Samples of transients over two to four layers: `python examples/generate_tdem.py --n 30000 -o tdem_samples.nc`.

`bpinvert generate examples/tdem.toml` does the same without Python.
"""

import argparse

import numpy as np

import bpinvert as bp
from forward_models import CentralLoop, Waveform

SURVEY = CentralLoop(
    time=np.geomspace(8e-6, 8e-4, 20),
    side=40.0,
    waveform=Waveform(time=[-1.041e-3, -0.985e-3, -4e-6, 0.0], current=[0, 1, 1, 0]),
    low_pass=[450e3, 450e3],
)
PRIOR = bp.LayeredPrior(n_layers=(2, 4), thickness=(1, 150), resistivity=(1, 2000))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", default="tdem_samples.nc")
    options = parser.parse_args(argv)
    samples = bp.generate_samples(SURVEY, PRIOR, options.n, seed=options.seed, path=options.output)
    print(samples)


if __name__ == "__main__":
    main()
