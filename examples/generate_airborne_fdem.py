"""Samples of airborne frequency-domain soundings over two to five layers.

`python examples/generate_airborne_fdem.py --n 60000 -o airborne_fdem_samples.nc`;
`bpinvert generate examples/airborne_fdem.toml` does the same without Python.
"""

import argparse

import bpinvert as bp
from forward_models import LoopLoop

SURVEY = LoopLoop(
    frequency=[380, 1800, 3300, 8000, 36_000, 130_000],
    offset=[7.9, 7.9, 9.0, 7.9, 7.9, 7.9],
    orientation=["HCP", "HCP", "VCX", "HCP", "HCP", "HCP"],
    height=None,
)
PRIOR = bp.LayeredPrior(n_layers=(2, 5), thickness=(1, 60), resistivity=(0.3, 3000), context={"height": (25, 60)})


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", default="airborne_fdem_samples.nc")
    options = parser.parse_args(argv)
    samples = bp.generate_samples(SURVEY, PRIOR, options.n, seed=options.seed, path=options.output)
    print(samples)


if __name__ == "__main__":
    main()
