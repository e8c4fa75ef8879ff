"""Samples of IP soundings over three layers: `python examples/generate_ip.py --n 100000 -o ip_samples.nc`.

`bpinvert generate examples/ip.toml` does the same without Python.
"""

import argparse

import numpy as np

import bpinvert as bp
from forward_models import InducedPolarization, Schlumberger

SURVEY = InducedPolarization(Schlumberger(ab2=np.geomspace(1.5, 300, 20)))
PRIOR = bp.LayeredPrior(n_layers=3, thickness=(0.5, 100), resistivity=(1, 10_000), chargeability=(0.5, 300))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", default="ip_samples.nc")
    options = parser.parse_args(argv)
    samples = bp.generate_samples(SURVEY, PRIOR, options.n, seed=options.seed, path=options.output)
    print(samples)


if __name__ == "__main__":
    main()
