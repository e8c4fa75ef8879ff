"""How the peers compute what `benchmarks.waves` asks for, each in its fastest public way.

A function here takes the wave ("rayleigh" or "love"), periods and mode, and gives ``prepare(models)``, which is not
timed and returns the call that is: it gives (n_models, n_periods) velocities in m/s, NaN where the code gives none, and
which models it raised for. It raises ImportError where the peer is not installed. Peers take one model for each call,
in km and g/cm³, with a thickness for the half-space.
"""

from __future__ import annotations

import importlib

import numpy as np


def disba(wave, period, mode, velocity="phase"):
    """Dunkin's matrix at the default step, compiled by numba before."""

    def prepare(models):
        module = importlib.import_module("disba")
        solver = {"phase": module.PhaseDispersion, "group": module.GroupDispersion}[velocity]

        def curve(*layers):
            found = solver(*layers)(period, mode, wave)
            values = np.full(len(period), np.nan)
            values[np.searchsorted(period, found.period * (1 - 1e-9))] = found.velocity
            return values

        return _for_each(models, curve, module.DispersionError)

    return prepare


def disba_jacobian(wave, period, mode):
    """d ln c/d ln(parameter) from differences at each period and of each kind of parameter; NaN where it raises."""

    def prepare(models):
        module = importlib.import_module("disba")
        kinds = ("thickness", "velocity_p", "velocity_s", "density")
        layers = _layers(models)
        n_layers = layers[0].shape[1]

        def at(t, sensitivity, one):
            try:
                kernels = [sensitivity(t, mode, wave, kind) for kind in kinds]
            except module.DispersionError:
                return np.full(4 * n_layers, np.nan)
            return np.concatenate([x.kernel * values / x.velocity for x, values in zip(kernels, one, strict=True)])

        def run():
            slopes = []
            for one in zip(*layers, strict=True):
                sensitivity = module.PhaseSensitivity(*one)
                slopes.append([at(t, sensitivity, one) for t in period])
            # The half-space has no thickness.
            return np.delete(np.array(slopes), n_layers - 1, axis=2)

        run()
        return run

    return prepare


def pysurf96(wave, period, mode, velocity="phase"):
    """The Fortran code of Computer Programs in Seismology, whose step cannot be set."""

    def prepare(models):
        module = importlib.import_module("pysurf96")

        def curve(*layers):
            # It casts the layers it has not, which hold anything, to single precision.
            with np.errstate(over="ignore", invalid="ignore"):
                values = module.surf96(*layers, period, wave, mode + 1, velocity)
            return np.where(values > 0, values, np.nan)

        return _for_each(models, curve, importlib.import_module("pysurf96.wrapper").Surf96Error)

    return prepare


def _layers(models):
    thickness = np.pad(models["thickness"], ((0, 0), (0, 1)))
    return [np.ascontiguousarray(x) / 1000 for x in (thickness, models["vp"], models["vs"], models["density"])]


def _for_each(models, curve, failure):
    layers = _layers(models)

    def run():
        rows, raised = [], []
        for one in zip(*layers, strict=True):
            try:
                rows.append(curve(*one))
                raised.append(False)
            except failure:
                rows.append(None)
                raised.append(True)
        width = max(len(row) for row in rows if row is not None)
        data = [np.full(width, np.nan) if row is None else row for row in rows]
        return 1000 * np.array(data), np.array(raised)

    return run
