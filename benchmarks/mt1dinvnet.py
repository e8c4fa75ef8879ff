"""Task MT1DInvNet: two-layer magnetotelluric models on a grid, 20 hidden neurons, against the published test error.

``python -m benchmarks.mt1dinvnet`` trains on 700 of the 1000 grid models by Levenberg–Marquardt and states the mean
squared error on the 150 test models, in Ω·m and m squared as published, and relative errors on models uniform in the
box. Two kinds of inputs: log10 ρa and phase as they are; and the curves normalised between their ends, which stay
finite where both resistivities approach each other and the deviation from a half-space vanishes with their contrast.

One model in ten has ρ1 = ρ2. Its data are the half-space's for every thickness: no method can know h, and the best
answer is the mean, wrong by 82 500 m² on average. The table states what that makes of each split's error, its floor.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np

from benchmarks.tasks import TEST_SEED
from bpinvert import LayeredPrior
from bpinvert.network import BPRegressor
from bpinvert.refinement import Misfit, refine
from forward_models import Magnetotelluric

PUBLISHED = 4022.8
SURVEY = Magnetotelluric(period=np.logspace(-3, 3, 20))
BOX = LayeredPrior(n_layers=2, thickness=(100, 1000), resistivity=(100, 1000))
# Of the refinement, on ln ρa: there is no noise, and float64 is what limits the fit.
SIGMA = 1e-6
LEAST_CONTRAST = 1e-9


def grid():
    """All 1000 models, columns ρ1, ρ2, h."""
    values = np.arange(100.0, 1001.0, 100.0)
    return np.stack(np.meshgrid(values, values, values, indexing="ij"), axis=-1).reshape(-1, 3)


def simulate(models):
    """Data in physical units of models with columns ρ1, ρ2, h."""
    return SURVEY(resistivity=models[:, :2], thickness=models[:, 2:])


def plain(data):
    """log10 ρa and phase, 40 columns."""
    return np.hstack([np.log10(data[:, :20]), data[:, 20:]])


def normalised(data):
    """log10 ρa at both ends, and both curves as fractions of the difference between these, NaN where there is none."""
    level = np.log10(data[:, :20])
    first, last = level[:, :1], level[:, -1:]
    contrast = np.where(np.abs(last - first) < LEAST_CONTRAST, np.nan, last - first)
    return np.hstack([first, last, (level[:, 1:-1] - first) / contrast, (data[:, 20:] - 45) / contrast])


class Inverse:
    """Inputs standardised, targets log10 in the box, answers clipped to it; the mean h over a half-space."""

    def __init__(self, features, models, data, seconds, seed):
        self.features = features
        raw = features(data)
        known = np.isfinite(raw).all(axis=1)
        self.center, self.scale = raw[known].mean(axis=0), raw[known].std(axis=0)
        self.middle = models[:, 2].mean()
        self.network = BPRegressor(
            20, trainer="lm", max_epochs=None, max_time=seconds, validation_fraction=0, random_state=seed
        )
        self.network.fit((raw[known] - self.center) / self.scale, np.log10(models[known] / 100))

    def __call__(self, data):
        raw = self.features(data)
        known = np.isfinite(raw).all(axis=1)
        answer = self.network.predict(np.where(np.isfinite(raw), (raw - self.center) / self.scale, 0.0))
        models = 100 * 10 ** np.clip(answer, 0, 1)
        # A half-space: ρa is its resistivity at every period.
        models[~known] = np.column_stack([data[~known, 0], data[~known, 0], np.full((~known).sum(), self.middle)])
        return models


def refined(models, data):
    """Models after bounded Gauss–Newton steps in the box."""
    scaled = SURVEY.channels.to_scale(data)
    start = BOX.encode({"resistivity": models[:, :2], "thickness": models[:, 2:]})
    found = refine(Misfit(SURVEY, BOX, scaled, np.full(scaled.shape, SIGMA)), start, max_iterations=60, tolerance=1e-9)
    decoded = BOX.decode(found.u)
    return np.hstack([decoded["resistivity"], decoded["thickness"]])


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0, help="of training")
    parser.add_argument("--splits", type=int, default=3)
    options = parser.parse_args()
    print(f"OMP_NUM_THREADS {os.environ.get('OMP_NUM_THREADS', 'not set')}, {options.seconds:g} s of training")
    models = grid()
    data = simulate(models)
    off = np.random.default_rng(TEST_SEED).uniform(100, 1000, (10_000, 3))
    off_data = simulate(off)
    print(f"published (MATLAB, trainlm): test MSE {PUBLISHED}")
    print("split  inputs          test MSE: all  its floor  ρ1≠ρ2  refined, ρ1≠ρ2   off grid: median    95 %  outside")
    for split in range(options.splits):
        order = np.random.default_rng(split).permutation(len(models))
        training, test = order[:700], order[850:]
        unknown = models[test, 0] == models[test, 1]
        floor = np.sum(np.square(models[test][unknown, 2] - models[:, 2].mean())) / (3 * len(test))
        for name, features in (("plain", plain), ("normalised", normalised)):
            began = time.perf_counter()
            inverse = Inverse(features, models[training], data[training], options.seconds, seed=split)
            seconds = time.perf_counter() - began
            error = np.square(inverse(data[test]) - models[test])
            better = np.square(refined(inverse(data[test]), data[test]) - models[test])[~unknown]
            answer = inverse(off_data)
            relative = np.abs(answer - off) / off
            outside = np.mean((answer < 99.999) | (answer > 1000.001))
            print(
                f"{split:5d}  {name:12s}  {error.mean():15.1f}  {floor:9.1f}  {error[~unknown].mean():6.2f}  "
                f"{better.mean():14.1e}   {np.median(relative):16.3%}  {np.quantile(relative, 0.95):6.2%}  "
                f"{outside:7.1%}  ({seconds:.0f} s, {inverse.network.n_epochs_} epochs)",
                flush=True,
            )


if __name__ == "__main__":
    main()
