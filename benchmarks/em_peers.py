"""How the peers compute what `benchmarks.em_forward` asks for, each in its fastest public way.

A function here takes what describes the survey and gives ``prepare(models)``, which is not timed and returns the call
that is; it raises ImportError where the peer is not installed. `models` are {"thickness", "resistivity"}, with "height"
in airborne tasks. Peers take one model for each call. All fields are converted to the units and signs of bpinvert.
"""

from __future__ import annotations

import importlib

import numpy as np

MU0 = 4e-7 * np.pi
# empymod has no earth without air: so little conducts there, and so little is its permittivity.
_AIR = 1e14


def simpeg_tdem(time, hankel_filter, time_filter, radius=None, side=None, waveform=None, points=3):
    """-dB/dt at the centre of a loop; a square one is a path of wire with `points` for each side."""

    def prepare(models):
        heights = models.get("height", np.zeros(len(models["resistivity"])))
        arrays = {"hankel_filter": hankel_filter, "time_filter": time_filter, "n_points_per_path": points}
        simulations = {
            height: _simpeg_loop(time, height, radius, side, waveform, sigmaMap=_identity(models), **arrays)
            for height in np.unique(heights)
        }
        conductivity = 1 / models["resistivity"]
        for simulation in simulations.values():
            simulation.thicknesses = models["thickness"][0]
            simulation.dpred(conductivity[0])

        def run():
            data = []
            for h, sigma, height in zip(models["thickness"], conductivity, heights, strict=True):
                simulation = simulations[height]
                simulation.thicknesses = h
                data.append(-simulation.dpred(sigma))
            return np.array(data)

        return run

    return prepare


def simpeg_tdem_jacobian(time, hankel_filter, time_filter, radius):
    """d ln(-dB/dt)/d ln(parameter) from SimPEG's sensitivities, with its data."""

    def prepare(models):
        maps = importlib.import_module("simpeg.maps")
        n_layers = models["resistivity"].shape[1]
        wires = maps.Wires(("thickness", n_layers - 1), ("resistivity", n_layers))
        simulation = _simpeg_loop(
            time,
            0.0,
            radius,
            rhoMap=wires.resistivity,
            thicknessesMap=wires.thickness,
            hankel_filter=hankel_filter,
            time_filter=time_filter,
        )
        rows = np.hstack([models["thickness"], models["resistivity"]])
        simulation.dpred(rows[0])

        def run():
            slopes = []
            for model in rows:
                data = simulation.dpred(model)
                slopes.append(simulation.getJ(model) * model / data[:, None])
            return np.array(slopes)

        return run

    return prepare


def _simpeg_loop(time, height, radius=None, side=None, waveform=None, **settings):
    tdem = importlib.import_module("simpeg.electromagnetics.time_domain")
    sources = tdem.sources
    pulse = sources.StepOffWaveform()
    if waveform is not None:
        pulse = sources.PiecewiseLinearWaveform(times=waveform.time, currents=waveform.current)
    receiver = tdem.receivers.PointMagneticFluxTimeDerivative([[0.0, 0.0, height]], time, orientation="z")
    if radius is not None:
        source = sources.CircularLoop(
            [receiver], location=[0.0, 0.0, height], radius=radius, current=1.0, waveform=pulse
        )
    else:
        s = side / 2
        corners = [[-s, -s, height], [s, -s, height], [s, s, height], [-s, s, height], [-s, -s, height]]
        source = sources.LineCurrent([receiver], location=corners, current=1.0, waveform=pulse)
    survey = tdem.Survey([source])
    return tdem.Simulation1DLayered(survey=survey, topo=np.zeros(3), **settings)


def _identity(models):
    return importlib.import_module("simpeg.maps").IdentityMap(nP=models["resistivity"].shape[1])


def empymod_tdem(time, hankel_filter, time_filter, radius=None, side=None):
    """-dB/dt at the centre of a loop from one tangential dipole, or one side of the square, by symmetry."""

    def prepare(models):
        empymod = importlib.import_module("empymod")
        geometry = {"src": [radius, 0.0, 0.0, 90.0, 0.0], "srcpts": 1}
        times = 2 * np.pi * (radius or 0.0)
        if side is not None:
            s = side / 2
            geometry, times = {"src": [s, s, -s, s, 0.0, 0.0], "srcpts": 10, "strength": 1.0}, 4.0
        settings = {
            "rec": [0.0, 0.0, 0.0, 0.0, 90.0],
            "mrec": True,
            "signal": 0,
            "freqtime": time,
            "htarg": {"dlf": hankel_filter},
            "ft": "dlf",
            "ftarg": {"dlf": time_filter},
            **geometry,
        }
        return lambda: MU0 * times * np.array([_empymod(empymod.bipole, model, **settings) for model in _each(models)])

    return prepare


def _empymod(function, model, **settings):
    resistivity = np.append(_AIR, model["resistivity"])
    depth = np.append(0.0, np.cumsum(model["thickness"]))
    still = np.zeros(len(resistivity))
    return function(depth=depth, res=resistivity, epermH=still, epermV=still, xdirect=None, verb=0, **settings)


def pygimli_tdem(time, radius):
    """-dB/dt from the apparent resistivity that pyGIMLi gives, which it takes from the same late-time formula."""

    def prepare(models):
        vmd = importlib.import_module("pygimli.physics.em.vmd")
        area = np.pi * radius**2
        n_layers = models["resistivity"].shape[1]
        modelling = vmd.VMDTimeDomainModelling(time, area, nLayers=n_layers)
        rows = np.hstack([models["thickness"], models["resistivity"]])

        def run():
            apparent = np.array([modelling.response(row) for row in rows])
            return 2 * MU0 * area / (5 * time) * (MU0 / (4 * np.pi * time * apparent)) ** 1.5

        return run

    return prepare


def simpeg_fdem(readings, hankel_filter):
    """In-phase, then quadrature of readings {"frequency", "offset", "orientation"}, in ppm of the coplanar primary."""

    def prepare(models):
        fdem = importlib.import_module("simpeg.electromagnetics.frequency_domain")
        maps = importlib.import_module("simpeg.maps")
        heights = models.get("height", np.zeros(len(models["resistivity"])))
        conductivity = 1 / models["resistivity"]
        primary = 1 / (4 * np.pi * readings["offset"] ** 3)

        def simulation_at(height):
            sources = []
            for frequency, offset, orientation in zip(*readings.values(), strict=True):
                axes = {"HCP": ("z", "z"), "VCP": ("y", "y"), "VCX": ("x", "x")}[orientation]
                receiver = fdem.receivers.PointMagneticFieldSecondary(
                    [[offset, 0.0, height]], orientation=axes[1], component="both"
                )
                sources.append(
                    fdem.sources.MagDipole([receiver], frequency, location=[0.0, 0.0, height], orientation=axes[0])
                )
            sigma = maps.IdentityMap(nP=conductivity.shape[1])
            return fdem.Simulation1DLayered(
                survey=fdem.Survey(sources), sigmaMap=sigma, topo=np.zeros(3), hankel_filter=hankel_filter
            )

        simulations = {height: simulation_at(height) for height in np.unique(heights)}
        for simulation in simulations.values():
            simulation.thicknesses = models["thickness"][0]
            simulation.dpred(conductivity[0])

        def run():
            fields = []
            for h, sigma, height in zip(models["thickness"], conductivity, heights, strict=True):
                simulation = simulations[height]
                simulation.thicknesses = h
                fields.append(simulation.dpred(sigma))
            fields = np.reshape(fields, (len(fields), -1, 2))
            return _ppm(-(fields[..., 0] + 1j * fields[..., 1]) / primary)

        return run

    return prepare


def empymod_fdem(readings, hankel_filter):
    """One call for all readings of one orientation, since empymod takes lists of offsets and of frequencies."""

    def prepare(models):
        empymod = importlib.import_module("empymod")
        heights = models.get("height", np.zeros(len(models["resistivity"])))
        primary = 1 / (4 * np.pi * readings["offset"] ** 3)
        calls = []
        for orientation in np.unique(readings["orientation"]):
            rows = np.flatnonzero(readings["orientation"] == orientation)
            frequency, offset = (np.unique(readings[name][rows]) for name in ("frequency", "offset"))
            if len(frequency) * len(offset) != len(rows):
                raise ValueError("empymod computes every frequency at every offset; give a full grid of them.")
            order = np.lexsort([readings["offset"][rows], readings["frequency"][rows]])
            code = {"HCP": 66, "VCP": 55, "VCX": 44}[orientation]
            calls.append((rows[order], {"freqtime": frequency, "ab": code}, offset))

        def run():
            response = np.empty((len(heights), len(primary)), complex)
            for k, model in enumerate(_each(models)):
                for rows, settings, offset in calls:
                    fields = _empymod(
                        empymod.dipole,
                        model,
                        src=[0.0, 0.0, -heights[k]],
                        rec=[offset, np.zeros(len(offset)), -heights[k]],
                        htarg={"dlf": hankel_filter},
                        **settings,
                    )
                    response[k, rows] = np.ravel(fields)
            # Its magnetic dipoles have the moment 1/(iωμ0) A m².
            return _ppm(-response * (2j * np.pi * readings["frequency"] * MU0) / primary)

        return run

    return prepare


def emagpy_fdem(readings):
    """emagpy's full solution; coaxial loops, which it lacks, as coplanar ones less vertical coplanar ones."""

    def prepare(models):
        solve = importlib.import_module("emagpy.invertHelper").getQs
        heights = models.get("height", np.zeros(len(models["resistivity"])))
        parts, entries = [], []
        for row, orientation in enumerate(readings["orientation"]):
            for name, sign in {"HCP": {"hcp": 1}, "VCP": {"vcp": 1}, "VCX": {"hcp": 1, "vcp": -1}}[orientation].items():
                parts.append((row, sign))
                entries.append((readings["offset"][row], name, readings["frequency"][row]))
        offset, position, frequency = (list(column) for column in zip(*entries, strict=True))
        siemens = 1e3 / models["resistivity"]
        depth = np.cumsum(models["thickness"], axis=1)

        def run():
            found = np.array(
                [
                    solve(sigma, below, offset, position, frequency, float(height))
                    for sigma, below, height in zip(siemens, depth, heights, strict=True)
                ]
            )
            response = np.zeros((len(found), len(readings["offset"])), complex)
            for column, (row, sign) in enumerate(parts):
                response[:, row] += sign * (found[:, column] - 1)
            return _ppm(response)

        return run

    return prepare


def pygimli_fdem(readings):
    """pyGIMLi's helicopter modelling, which has coplanar loops only: the others are NaN."""

    def prepare(models):
        hem = importlib.import_module("pygimli.physics.em.hemmodelling")
        coplanar = readings["orientation"] == "HCP"
        n_layers = models["resistivity"].shape[1]
        frequency, offset = (readings[name][coplanar] for name in ("frequency", "offset"))
        modellings = {
            height: hem.HEMmodelling(n_layers, height, f=frequency, r=offset) for height in np.unique(models["height"])
        }
        rows = np.hstack([models["thickness"], models["resistivity"]])

        def run():
            found = [modellings[height].response(row) for height, row in zip(models["height"], rows, strict=True)]
            data = np.full((len(rows), 2 * len(coplanar)), np.nan)
            data[:, np.tile(coplanar, 2)] = np.array(found)
            return data

        return run

    return prepare


def _ppm(response):
    return 1e6 * np.hstack([response.real, response.imag])


def _each(models):
    for k in range(len(models["resistivity"])):
        yield {name: values[k] for name, values in models.items()}
