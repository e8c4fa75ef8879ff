"""Inverters for benchmarks: trained for the task here and now, or kept in a folder by an earlier run."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from bpinvert import Inverter, load_inverter

# Nothing here judges the flags; these many simulations make them work.
_N_CALIBRATION = 5000


def add_options(parser):
    """How to come by the inverters: ``--seconds``, ``--save`` and ``--inverter``."""
    parser.add_argument("--seconds", type=float, help="of training for each network, at most; default: 150 epochs")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="keep the trained inverters there, TASK.nc each")
    parser.add_argument("--inverter", type=Path, metavar="FOLDER", help="read them there instead of training")


def inverter_of(task, options, n_calibration=_N_CALIBRATION):
    """The default `Inverter` of a task, trained or read as the `add_options` say, with one line on it.

    Raises
    ------
    ValueError
        If the stored inverter is of another survey, prior or noise than the task's.
    """
    began = time.perf_counter()
    if options.inverter is not None:
        path = options.inverter / f"{task.name}.nc"
        inverter, how = load_inverter(path, survey=task.survey), f"read from {path.name}"
        if repr((inverter.prior, inverter.noise)) != repr((task.prior, task.noise)):
            raise ValueError(f"{path} is of {inverter!r}, not of task {task.name}. Train it anew with --save.")
    else:
        inverter = Inverter(task.survey, task.prior, task.noise, max_time=options.seconds)
        inverter.fit(n_calibration=n_calibration, progress=False)
        how = f"fitted in {time.perf_counter() - began:.0f} s"
    if options.save is not None:
        options.save.mkdir(parents=True, exist_ok=True)
        inverter.save(options.save / f"{task.name}.nc")
    networks = inverter.networks.values()
    print(
        f"\n{task.name}: {how}, at most {inverter.settings['max_time'] or np.inf:g} s of training a network, "
        f"epochs {', '.join(str(network.n_epochs_) for network in networks)}; "
        f"OMP_NUM_THREADS {os.environ.get('OMP_NUM_THREADS', 'not set')} of {os.cpu_count()} cores",
        flush=True,
    )
    return inverter
