"""Does a DC network gain by seeing shape and amplitude of a curve apart? ρ → aρ only makes ρa → aρa.

``python -m benchmarks.amplitude`` trains networks of one size on the same samples of VES4 (3 % noise, drawn afresh
every epoch) that differ in what they see and say:

- *plain*: ln ρa, whitened; ln ρ and ln h. What the inverter does, but for its units;
- *apart*: the mean of ln ρa, and ln ρa less that mean; ln ρ and ln h;
- *relative*: the same inputs; ln ρ less the mean of ln ρa, and ln h;
- *shape only*: ln ρa less its mean; ln ρ less it, and ln h: exactly equivariant, whatever the amplitude.

Errors are log10 RMSE over all seven parameters, paired over the same soundings: inside the prior, and with all
resistivities 10, 100 and 1000 times those of the prior; ratios to *plain* with a bootstrap 90 % interval.
"""

from __future__ import annotations

import argparse
import os

import numpy as np

from benchmarks.network_answers import ratio
from benchmarks.tasks import TASKS, TEST_SEED
from bpinvert.network import BPRegressor

_FACTORS = (1, 10, 100, 1000)


class View:
    """What a network sees of ln ρa (n, n_readings) and says of ln parameters, thicknesses first."""

    def __init__(self, apart=False, relative=False, amplitude=True):
        self.apart, self.relative, self.amplitude = apart, relative, amplitude

    def inputs(self, curves):
        """(n, n_inputs)"""
        if not self.apart:
            return curves
        level = curves.mean(axis=1, keepdims=True)
        return np.hstack([curves - level, level]) if self.amplitude else curves - level

    def said(self, curves, parameters, n_thickness, sign=-1):
        """Parameters as the network says them; with sign=1 back again."""
        said = np.array(parameters, dtype=float)
        if self.relative:
            said[:, n_thickness:] += sign * curves.mean(axis=1, keepdims=True)
        return said


VIEWS = {
    "plain": View(),
    "apart": View(apart=True),
    "relative": View(apart=True, relative=True),
    "shape only": View(apart=True, relative=True, amplitude=False),
}


def simulated(task, n, seed, factor=1.0):
    """Noise-free ln ρa (n, n_readings) and ln parameters (n, P), thicknesses first."""
    models = task.prior.draw(n, np.random.default_rng(seed))
    models["resistivity"] = models["resistivity"] * factor
    parameters = np.log(np.hstack([models["thickness"], models["resistivity"]]))
    return np.log(task.survey(**models)), parameters


def train(view, curves, parameters, n_thickness, sigma, epochs, seed):
    """A network of `view`, as a function from ln ρa to ln parameters."""
    mean, spread = (getattr(view.said(curves, parameters, n_thickness), kind)(axis=0) for kind in ("mean", "std"))

    def source(epoch):
        rng = np.random.default_rng([seed, epoch])
        noisy = curves + sigma * rng.standard_normal(curves.shape)
        said = (view.said(noisy, parameters, n_thickness) - mean) / spread
        return view.inputs(noisy).astype(np.float32), said.astype(np.float32)

    network = BPRegressor(
        (128, 64), head="mse", output="linear", trainer="soap", whiten=True, max_epochs=epochs, random_state=seed
    )
    network.fit_stream(source)

    def answer(noisy):
        said = network.predict(view.inputs(noisy).astype(np.float32)) * spread + mean
        return view.said(noisy, said, n_thickness, sign=1)

    return answer


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each, averaged")
    options = parser.parse_args()
    task, n_test, sigma = TASKS["VES4"], 10_000, 0.03
    n_thickness = 3
    print(
        f"OMP_NUM_THREADS {os.environ.get('OMP_NUM_THREADS', 'not set')}, {options.samples} samples, "
        f"{options.epochs} epochs, {options.seeds} trainings, test seed {TEST_SEED}"
    )
    curves, parameters = simulated(task, options.samples, 1)
    errors = {}
    for name, view in VIEWS.items():
        for seed in range(options.seeds):
            answer = train(view, curves, parameters, n_thickness, sigma, options.epochs, seed)
            for factor in _FACTORS:
                seen, truth = simulated(task, n_test, TEST_SEED, factor)
                noisy = seen + sigma * np.random.default_rng(TEST_SEED).standard_normal(seen.shape)
                squared = np.square((answer(noisy) - truth) / np.log(10))
                errors.setdefault((name, factor), []).append(squared)
        print(f"{name} trained", flush=True)
    rng = np.random.default_rng(0)
    print(f"\n{'ρ of the test':16s}" + "".join(f"{name:>28s}" for name in VIEWS))
    for factor in _FACTORS:
        line = f"{'prior' if factor == 1 else f'prior × {factor}':16s}"
        plain = np.mean(errors["plain", factor], axis=0)
        for name in VIEWS:
            own = np.mean(errors[name, factor], axis=0)
            value, low, high = ratio(own, plain, rng)
            line += f"{np.sqrt(own.mean()):10.4f}  {value:.3f} ({low:.3f}–{high:.3f})"
        print(line)
    print("\nspread over trainings, log10 RMSE inside the prior:")
    for name in VIEWS:
        values = [np.sqrt(squared.mean()) for squared in errors[name, 1]]
        print(f"  {name:12s}{'  '.join(f'{value:.4f}' for value in values)}")


if __name__ == "__main__":
    main()
