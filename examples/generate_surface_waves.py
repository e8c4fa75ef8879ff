"""Samples of Rayleigh dispersion curves: `python examples/generate_surface_waves.py --n 30000 -o waves_samples.nc`.

`bpinvert generate examples/surface_waves.toml` does the same without Python.
"""

import argparse

import bpinvert as bp
from bpinvert.priors import PoissonRatio, PowerLaw
from forward_models import Rayleigh

FUNDAMENTAL = [5.0, 6.0, 7.2, 8.6, 10.0, 12.0, 14.5, 17.0, 21.0, 25.0, 30.0, 36.0, 43.0, 50.0]
HIGHER = [17.0, 21.0, 25.0, 30.0, 36.0, 43.0, 50.0]
SURVEY = Rayleigh(frequency=FUNDAMENTAL + HIGHER, mode=[0] * len(FUNDAMENTAL) + [1] * len(HIGHER))
PRIOR = bp.LayeredPrior(
    n_layers=3,
    thickness=(1, 20),
    vs=[(80, 400), (80, 800), (200, 1200)],
    vp=PoissonRatio("vs", (0.2, 0.49)),
    density=PowerLaw("vp", 310, 0.25),
)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", default="waves_samples.nc")
    options = parser.parse_args(argv)
    samples = bp.generate_samples(SURVEY, PRIOR, options.n, seed=options.seed, path=options.output)
    print(samples)


if __name__ == "__main__":
    main()
