"""Samples of soundings with a ground instrument of six coils over two or three layers.

`python examples/generate_ground_fdem.py --n 60000 -o ground_fdem_samples.nc`;
`bpinvert generate examples/ground_fdem.toml` does the same without Python.
"""

import argparse

import bpinvert as bp
from forward_models import LoopLoop

SURVEY = LoopLoop(
    frequency=10_000,
    offset=[1.48, 2.82, 4.49, 1.48, 2.82, 4.49],
    orientation=["HCP", "HCP", "HCP", "VCP", "VCP", "VCP"],
    height=0.2,
    quantity=("quadrature",),
)
PRIOR = bp.LayeredPrior(n_layers=(2, 3), thickness=(0.3, 5), resistivity=(2, 1000))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", default="ground_fdem_samples.nc")
    options = parser.parse_args(argv)
    samples = bp.generate_samples(SURVEY, PRIOR, options.n, seed=options.seed, path=options.output)
    print(samples)


if __name__ == "__main__":
    main()
