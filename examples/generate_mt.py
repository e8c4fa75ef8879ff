"""Samples of magnetotelluric soundings over three layers: `python examples/generate_mt.py --n 100000 -o mt_samples.nc`.

`bpinvert generate examples/mt.toml` does the same without Python.
"""

import argparse

import numpy as np

import bpinvert as bp
from forward_models import Magnetotelluric

SURVEY = Magnetotelluric(period=np.logspace(-3, 3, 20))
PRIOR = bp.LayeredPrior(n_layers=3, thickness=(100, 1000), resistivity=(10, 1000))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", default="mt_samples.nc")
    options = parser.parse_args(argv)
    samples = bp.generate_samples(SURVEY, PRIOR, options.n, seed=options.seed, path=options.output)
    print(samples)


if __name__ == "__main__":
    main()
