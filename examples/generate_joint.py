"""Samples of resistivity and MT soundings together: `python examples/generate_joint.py --n 100000 -o joint_samples.nc`.

`bpinvert generate examples/joint.toml` does the same without Python.
"""

import argparse

import numpy as np

import bpinvert as bp
from forward_models import Joint, Magnetotelluric, Schlumberger

SURVEY = Joint(
    Schlumberger(ab2=np.geomspace(1.5, 500, 16)),
    Magnetotelluric(period=np.logspace(-4, 1, 16)),
    share=("resistivity",),
)
PRIOR = bp.LayeredPrior(n_layers=4, thickness=(1, 2000), resistivity=(1, 10_000))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", default="joint_samples.nc")
    options = parser.parse_args(argv)
    samples = bp.generate_samples(SURVEY, PRIOR, options.n, seed=options.seed, path=options.output)
    print(samples)


if __name__ == "__main__":
    main()
