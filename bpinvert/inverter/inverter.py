"""`Inverter`: train once for a survey and a prior, then invert, check, save."""

from __future__ import annotations

from bpinvert import checks, failures, geometry, results
from bpinvert.inverter import answering, calibrating, describing, doors, file, fitting, learning
from bpinvert.inverter.conflicts import mark_conflicts
from bpinvert.inverter.sampler import Sampler
from bpinvert.noise import usual_noise
from bpinvert.priors.base import count
from bpinvert.sheets import Sheets


class Inverter:
    """A trained inverse of a survey: from soundings to flagged, refined, re-simulated models.

    Parameters
    ----------
    survey : forward_models.Survey
        The geometry that the network is trained on. Soundings with other readings are mapped to it; their refinement
        and re-simulation use their own readings.
    prior : LayeredPrior, DepthGridPrior or Prior
        What is plausible. With a range of layer counts one network is trained for each, and the fewest layers that
        fit within the errors are reported.
    noise : Noise, optional
        What the network learns to see through; used for soundings that come without errors. Default: 3 %, and what
        goes with that on a phase.
    hidden : int or two ints
        Neurons of the hidden layer(s).
    trainer : str or trainer object
        See `bpinvert.network.BPRegressor`.
    max_epochs : int
        Passes over the training samples, each with fresh noise.
    max_time : float or None
        Seconds of training for each network, at most. With None, the same seed gives the same weights.
    network : scikit-learn regressor, optional
        In place of a `BPRegressor` with the four settings above: a `BPRegressor` with others, a `BPEnsemble`, or any
        regressor of several targets, which learns u in [0, 1]. One without ``fit_stream`` sees the samples once, with
        one draw of the noise. A file cannot hold a foreign one.
    false_alarm_rate : float
        Share of soundings from the prior itself that are flagged, over all checks together.
    sheets : Sheets, optional
        What readings soundings come with; the networks are trained and the flags calibrated for these. Default: half
        of them have the survey's own readings, the others random ones.
    random_state : int

    Examples
    --------
    >>> import numpy as np, bpinvert as bp
    >>> from forward_models import Schlumberger
    >>> survey = Schlumberger(ab2=np.geomspace(1.5, 300, 12))
    >>> prior = bp.LayeredPrior(n_layers=2, thickness=(1, 50), resistivity=(10, 1000))
    >>> inverter = bp.Inverter(survey, prior, bp.Noise(relative=0.03), hidden=16, max_epochs=3)
    >>> inverter = inverter.fit(n_samples=2000, n_calibration=2000, progress=False)
    >>> result = inverter.invert(survey(thickness=[[8.0]], resistivity=[[50.0, 400.0]]))
    >>> result["resistivity"].values.round(-1)
    array([[ 50., 400.]])
    """

    def __init__(
        self,
        survey,
        prior,
        noise=None,
        *,
        hidden=(128, 64),
        trainer="soap",
        max_epochs=150,
        max_time=None,
        network=None,
        false_alarm_rate=0.01,
        sheets=None,
        random_state=0,
    ):
        doors.check_purpose(survey, prior, noise, false_alarm_rate)
        self.noise = usual_noise(survey.channels) if noise is None else noise
        self.survey = self.noise.resolving(survey)
        self.prior = prior
        self.settings = {"hidden": hidden, "trainer": trainer, "max_epochs": max_epochs, "max_time": max_time}
        if network is not None:
            self.settings = {}
        doors.check_training(network, sheets)
        self.network = network
        self.sheets = Sheets() if sheets is None else sheets
        self.false_alarm_rate = false_alarm_rate
        self.random_state = count("random_state", random_state, low=0)
        self.calibrations = {}
        self.reports = {}
        self.identity = {}

    def __repr__(self):
        places = geometry.span_of(self.survey.channels)
        return f"Inverter({type(self.survey).__name__}, {places}, {self.prior!r}, {self.noise!r})"

    @property
    def networks(self) -> dict:
        """The fitted network of each layer count (0 for a prior without layers); V_ and W_ of ours can be read."""
        if not hasattr(self, "solver"):
            raise ValueError("this inverter is not fitted; call fit(), or load one with load_inverter(path).")
        return {n_layers: branch.network for n_layers, branch in self.solver.branches.items()}

    def to_dict(self) -> dict:
        """JSON-able description of what the inverter is made for, without anything fitted."""
        return describing.described(self)

    def fit(
        self,
        samples=None,
        *,
        stream=False,
        n_samples=100_000,
        seed=0,
        n_calibration=50_000,
        progress=True,
        checkpoint=None,
    ):
        """Train the network(s), fit the checks, calibrate the flags.

        Parameters
        ----------
        samples : xarray.Dataset from ``generate_samples``, optional
            Default: `n_samples` models are drawn here.
        stream : bool
            Draw fresh models for every epoch instead of fresh noise on the same models.
        n_samples : int
            Models to draw; with `stream`, per epoch.
        seed : int
            Of everything drawn here.
        n_calibration : int
            Held-out simulations that the p-values are calibrated on. The joint false-alarm rate of 1 % is then true
            to 0.045 % (one standard deviation with 50 000).
        progress : bool
        checkpoint : path, optional
            Training goes on from there after an interruption; one file for each layer count.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the samples are of another survey or prior, or too few.
        KeyboardInterrupt
            On Ctrl-C, after what is done was written to `checkpoint`.
        """
        n_calibration = count("n_calibration", n_calibration, low=checks.fewest(self.false_alarm_rate))
        seed = count("seed", seed, low=0)
        doors.check_stream(stream, self.network)
        simulations = fitting.simulations_of(self, samples, n_samples, seed)
        failed = failures.report(simulations.models, simulations.failed)
        self.solver = fitting.train(self, simulations, n_samples if stream else None, seed, progress, checkpoint)
        self.calibrations, self.reports = {}, {}
        for level in ("network", "refined"):
            self.calibrate(level, n=n_calibration, seed=seed, progress=progress)
        fitting.forget(checkpoint, self.solver.branches)
        self.identity = {
            "seed": seed,
            "n_samples": n_samples if stream else len(simulations),
            "stream": stream,
            "failed": failed,
            "versions": results.versions(),
        }
        return self

    def learning_curve(self):
        """How the networks learned, and whether more samples would have helped.

        Without `stream` that is judged from the gap between training and validation loss: half of it would close with
        infinitely many samples, a quarter with twice as many.

        Returns
        -------
        xarray.Dataset
            ``training_loss`` and ``validation_loss`` on (layer_count, epoch), ``gain`` and ``verdict`` on
            (layer_count).

        Raises
        ------
        ValueError
            If the inverter is not fitted, or its network keeps no curves.
        """
        self.networks  # noqa: B018  raises where there are none
        return learning.learning_curve(self)

    def calibrate(self, level="refined", *, n=None, seed=0, progress=False) -> Inverter:
        """Judge a level by `n` fresh simulations that no training has seen: its flags, and its posterior if any.

        Fitting does so for "network" and "refined". The report on a posterior is in ``reports[level]``, and in the
        inverter's file.

        Parameters
        ----------
        level : {"refined", "network", "posterior"}
        n : int, optional
            Default: 50 000, and 2000 for "posterior", where three layers take about 10 ms each and five a second.
        seed : int
        progress : bool

        Raises
        ------
        ValueError
            If the inverter is not fitted, the level unknown, or `n` too small for the false-alarm rate.
        """
        doors.check_level(level)
        if not hasattr(self, "solver"):
            raise ValueError("this inverter is not fitted; call fit() before calibrate().")
        sampled = level == "posterior"
        n = (2000 if sampled else 50_000) if n is None else n
        n = count("n", n, low=1 if sampled else checks.fewest(self.false_alarm_rate))
        flags, report = calibrating.calibrate(self, level, n, count("seed", seed, low=0), progress)
        if flags is not None:
            self.calibrations[level] = flags
        self.reports.pop(level, None)
        if report is not None:
            self.reports[level] = report
        return self

    def invert(
        self, observed, level="refined", *, fixed=None, n_layers="auto", draws=0, conformal=False, progress=False
    ):
        """Models of observed soundings, re-simulated and flagged.

        Parameters
        ----------
        observed : xarray.Dataset from ``read_soundings``, or (n_soundings, n_channels) array on the inverter's channels
        level : {"refined", "network", "posterior"}
            The network's answer alone, refined with the physics, or the full posterior by sampling from there. The
            flags of "posterior" are those of "refined".
        fixed : dict, quantity -> {number: value or (value, sigma)}, optional
            What a borehole says, e.g. ``{"depth": {1: (32.0, 1.0)}, "resistivity": {-1: (800, 200)}}``, respected at
            every level. The quantity is "depth" of an interface or "thickness" of a layer, normal with `sigma` in m, or
            a property, normal in its logarithm with sigma / value (`sigma` in its unit); 1 % of the value without
            `sigma`. Numbers count from 1 at the top or from -1 at the half-space, as the entries of the result do. Each
            may be an array with one number for each sounding, NaN where it is not known.
            Layer counts without such a layer are out of the question. Chi2 and flags stay those of the data alone;
            ``fixed_residual`` and ``fixed_p_value`` say whether data and borehole agree.
        n_layers : "auto" or int
            One of the prior's layer counts, or the most probable one: by the posterior where sampled, else the fewest
            layers that fit.
        draws : int
            Of the posterior, to be returned as ``<name>_draws``. The level "network" gives quantiles only with these.
        conformal : bool
            Correct the quantiles of thickness and properties so that their intervals hold the truth as often as they
            say, whatever the network or the sampler does, among soundings like the calibration's of the same curve
            type. Needs draws at the level "network", and a report on the level.
        progress : bool

        Returns
        -------
        xarray.Dataset
            A sounding with usable readings at fewer than three places, or without its height where the survey needs
            one, is there too, with NaN and a bit in ``status``.

        Raises
        ------
        ValueError
            If the inverter is not fitted, the level unknown, the data do not belong to this survey, or `fixed` says
            what no model of the prior can have.
        """
        doors.check_level(level)
        # The checks of a sampled sounding are those of the best fit it began with.
        checked = "refined" if level == "posterior" else level
        if checked not in self.calibrations:
            raise ValueError("this inverter is not fitted; call fit(), or load one with load_inverter(path).")
        n_layers, draws = doors.layer_count(n_layers, self.networks), count("draws", draws, low=0)
        observed = geometry.as_observed(observed, self.survey)
        known = doors.known_values(fixed, self.prior, observed.sizes["sounding"], n_layers, conformal)
        sampler = None
        if level == "posterior" or draws or conformal:
            doors.check_posterior(level, self.networks)
            sampler = Sampler.of(self, level, draws, intervals=doors.intervals(self, level) if conformal else None)
        label = progress and "inverting"
        answer = answering.answer(self.solver, self.prior, observed, level, label, sampler, n_layers, known)
        calibration = self.calibrations[checked]
        mark_conflicts(self.solver, observed, answer, calibration, self.false_alarm_rate, level, n_layers)
        result = results.build(
            observed,
            answer,
            calibration,
            self.false_alarm_rate,
            level,
            self.survey,
            (sampler.coordinates if sampler else {}) | (known.coordinates if known else {}),
        )
        result.attrs |= describing.attributes(self, observed)
        return result

    def check(self, observed, level="refined", *, progress=False):
        """Only the flags of observed soundings: ``score``, ``p_value``, ``outside``, ``p_joint``, ``flag``, …

        Parameters and errors as in :meth:`invert`; "posterior" has the flags of "refined", and nothing is sampled.
        """
        result = self.invert(observed, "refined" if level == "posterior" else level, progress=progress)
        return results.flags_of(result, getattr(observed, "variables", ()))

    def save(self, path) -> None:
        """Write the inverter as one netCDF-3 file; :func:`load_inverter` reads it.

        Raises
        ------
        ValueError
            If it is not fitted, the folder does not exist, or it has a part that a file cannot hold.
        """
        if not self.calibrations:
            raise ValueError("this inverter is not fitted; call fit() before save().")
        file.write(self, path)
