"""The network's own answers beside the posterior mean: log10 RMSE on the soundings of the reference sampler.

``python -m benchmarks.network_answers`` fits the default `Inverter` on VES3 and MT3 within 60 seconds of training and
states the ratio of its RMSE to that of the reference's posterior mean, the best any answer can do on average, with a
bootstrap 90 % interval over soundings. ``--best`` fits what is best within ten minutes instead.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np

from benchmarks.reference_sampler import load_reference
from benchmarks.tasks import TASKS
from bpinvert import Inverter
from bpinvert.network import BPEnsemble, BPRegressor, Soap


def best(seconds):
    """What is best within some minutes on two cores: two larger networks, fresh models for every epoch."""
    network = BPRegressor(
        (256, 128), output="sigmoid", trainer=Soap(0.005), whiten=False, max_epochs=None, max_time=seconds
    )
    return {"network": BPEnsemble(network, n_networks=2, random_state=0, n_jobs=2)}


def squared_errors(reference, u):
    """(n, P) squared log10 errors of answers u."""
    return np.square((u - reference.truth) * reference.decades)


def ratio(ours, theirs, rng):
    """RMSE over RMSE of paired squared errors (n, …), and its bootstrap 90 % interval."""
    rows = rng.integers(len(ours), size=(2000, len(ours)))
    per = [array.reshape(len(array), -1).mean(axis=1) for array in (ours, theirs)]
    resampled = np.sqrt(per[0][rows].mean(axis=1) / per[1][rows].mean(axis=1))
    return np.sqrt(per[0].mean() / per[1].mean()), *np.quantile(resampled, (0.05, 0.95))


def main():
    """Print one table for each task."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", default=["VES3", "MT3"], choices=["VES3", "MT3"])
    parser.add_argument("--seconds", type=float, help="of training; default 60, and 600 with --best")
    parser.add_argument("--best", action="store_true")
    options = parser.parse_args()
    seconds = options.seconds or (600.0 if options.best else 60.0)
    print(f"OMP_NUM_THREADS {os.environ.get('OMP_NUM_THREADS', 'not set')}, {seconds:g} s of training")
    for name in options.tasks:
        task, reference = TASKS[name], load_reference(name)
        _, data = task.soundings(len(reference.truth))
        inverter = Inverter(
            task.survey,
            task.prior,
            task.noise,
            max_epochs=None,
            max_time=seconds,
            **best(seconds) if options.best else {},
        )
        began = time.perf_counter()
        inverter.fit(stream=options.best, n_calibration=2000, progress=False)
        took = time.perf_counter() - began
        result = inverter.invert(data, level="network")
        models = {key: result[key].values for key in ("thickness", *task.survey.properties)}
        ours = squared_errors(reference, task.prior.encode(models))
        theirs = squared_errors(reference, reference.mean.mean(axis=0))
        network = next(iter(inverter.networks.values()))
        what = inverter.to_dict()["network"] or inverter.settings
        epochs = [member.n_epochs_ for member in getattr(network, "networks_", [network])]
        print(f"\n{name}: {what}, {epochs} epochs, fit {took:.0f} s, {len(data)} soundings", flush=True)
        print(f"{'log10 RMSE':16s}{'network':>9s}{'posterior mean':>16s}{'ratio':>8s}   90 % interval")
        rng = np.random.default_rng(0)
        for column, label in (*enumerate(task.prior.parameters), (slice(None), "all")):
            a, b = ours[:, column], theirs[:, column]
            value, low, high = ratio(a, b, rng)
            print(f"{label:16s}{np.sqrt(a.mean()):9.4f}{np.sqrt(b.mean()):16.4f}{value:8.3f}   {low:.3f}–{high:.3f}")


if __name__ == "__main__":
    main()
