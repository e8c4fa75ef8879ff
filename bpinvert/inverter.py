"""`Inverter`: train once for a survey and a prior, then invert, check, save."""

from __future__ import annotations

import json
import platform
from importlib import metadata
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bpinvert import checks, geometry, results, storage
from bpinvert.branch import Branch, with_prior
from bpinvert.codec import Codec
from bpinvert.network import BPRegressor
from bpinvert.network.trainers import trainer_from_dict
from bpinvert.noise import Noise, noise_from_dict
from bpinvert.priors import prior_from_dict
from bpinvert.solving import LEVELS, Solver
from bpinvert.training import Simulations
from forward_models import METHODS, survey_from_dict

_CHUNK = 4096
_CALIBRATION_STREAM = 1_000_003


class Inverter:
    """A trained inverse of a survey: from soundings to flagged, refined, re-simulated models.

    Parameters
    ----------
    survey : forward_models.Survey
        The geometry that the network is trained on. Soundings with other readings are mapped to it; their refinement
        and re-simulation use their own readings.
    prior : LayeredPrior or Prior
        What is plausible. With a range of layer counts one network is trained for each, and the fewest layers that
        fit within the errors are reported.
    noise : Noise, optional
        What the network learns to see through; used for soundings that come without errors.
    hidden : int or two ints
        Neurons of the hidden layer(s).
    trainer : str or trainer object
        See `bpinvert.network.BPRegressor`.
    max_epochs : int
        Passes over the training samples, each with fresh noise.
    max_time : float or None
        Seconds of training for each network, at most. With None, the same seed gives the same weights.
    false_alarm_rate : float
        Share of soundings from the prior itself that are flagged, over all checks together.
    random_state : int

    Examples
    --------
    >>> import numpy as np, bpinvert as bp
    >>> from forward_models import Schlumberger
    >>> survey = Schlumberger(ab2=np.geomspace(1.5, 300, 12))
    >>> prior = bp.LayeredPrior(n_layers=2, thickness=(1, 50), resistivity=(10, 1000))
    >>> inverter = bp.Inverter(survey, prior, bp.Noise(relative=0.03), hidden=16, max_epochs=3)
    >>> inverter = inverter.fit(n_samples=2000, progress=False)
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
        hidden=128,
        trainer="adam",
        max_epochs=60,
        max_time=None,
        false_alarm_rate=0.01,
        random_state=0,
    ):
        for value, needed, what in ((survey, "channels", "survey"), (prior, "draw", "prior")):
            if not hasattr(value, needed):
                raise TypeError(
                    f"{what} is a {type(value).__name__}; pass a survey of forward_models and a prior of bpinvert, "
                    "in this order."
                )
        lacking = set(survey.properties) - set(prior.properties)
        if lacking or set(survey.context) - set(prior.context):
            raise ValueError(
                f"{type(survey).__name__} needs {', '.join((*survey.properties, *survey.context))} but the prior "
                f"has {', '.join((*prior.properties, *prior.context))}. Give the prior a distribution of each."
            )
        if not 0 < false_alarm_rate < 0.5:
            raise ValueError(f"false_alarm_rate is {false_alarm_rate}; it must be between 0 and 0.5, e.g. 0.01.")
        self.survey = survey
        self.prior = prior
        self.noise = Noise() if noise is None else noise
        self.settings = {"hidden": hidden, "trainer": trainer, "max_epochs": max_epochs, "max_time": max_time}
        self.false_alarm_rate = false_alarm_rate
        self.random_state = random_state
        self.calibrations = {}
        self.identity = {}

    # ---------------------------------------------------------------- training

    def fit(
        self,
        samples=None,
        *,
        stream=False,
        n_samples=100_000,
        seed=0,
        n_calibration=40_000,
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
            Held-out simulations that the p-values are calibrated on.
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
        simulations = self._simulations(samples, n_samples, seed)
        rng = np.random.default_rng([seed, 1])
        n_validation = min(5000, len(simulations) // 10)
        held_out = simulations.take(np.arange(n_validation))
        training = simulations.take(np.arange(n_validation, len(simulations)))
        noisy, levels, _ = training.noisy(rng)
        codec = Codec(self.survey.channels, None, self.noise.level_names, self.survey.context)
        codec.fit(noisy, levels, training.context)
        inputs = codec.inputs(noisy, levels, training.context)
        fitted_checks = [check().fit(inputs) for check in checks.CHECKS.values()]
        branches = {}
        for count, prior in self._priors():
            branches[count] = self._train_branch(
                with_prior(codec, prior),
                _one_count(training, count),
                _one_count(held_out, count),
                n_samples if stream else None,
                seed,
                progress,
                None if checkpoint is None else _checkpoint_path(checkpoint, count, len(self._priors())),
            )
        self.solver = Solver(self.survey, self.noise, branches, fitted_checks)
        self.calibrations = {}
        for level in LEVELS:
            self.calibrate(level, n=n_calibration, seed=seed, progress=progress)
        self.identity = {
            "seed": seed,
            "n_samples": n_samples if stream else len(simulations),
            "stream": stream,
            "versions": _versions(),
        }
        return self

    def _simulations(self, samples, n_samples, seed):
        if samples is None:
            if int(n_samples) < 500:
                raise ValueError(f"n_samples is {n_samples}; at least 500 are needed, 100 000 are usual.")
            return Simulations.draw(
                self.survey, self.prior, self.noise, int(n_samples), np.random.default_rng([seed, 0])
            )
        from bpinvert.samples import models_and_data

        for name, mine in (("survey", self.survey), ("prior", self.prior)):
            if json.loads(samples.attrs.get(name, "null")) != json.loads(json.dumps(mine.to_dict())):
                raise ValueError(
                    f"the samples were generated with another {name} than this inverter's. "
                    f"Generate them with the same {name}, or make the inverter with theirs."
                )
        models, data = models_and_data(samples)
        simulations = Simulations(self.survey, self.noise, models, data)
        if len(simulations) < 500:
            raise ValueError(f"there are {len(simulations)} usable samples; at least 500 are needed.")
        return simulations

    def _priors(self):
        """[(layer count, prior of that count)]; count 0 for an unlayered prior."""
        if not hasattr(self.prior, "layer_counts"):
            return [(0, self.prior)]
        return [(count, self.prior.fixed(count)) for count in self.prior.layer_counts]

    def _train_branch(self, codec, training, held_out, n_stream, seed, progress, checkpoint):
        prior = codec.prior
        network = BPRegressor(
            output="sigmoid",
            head="mse",
            patience=None,
            checkpoint=checkpoint,
            progress=progress,
            random_state=self.random_state,
            **self.settings,
        )
        u = prior.encode(training.models)

        def samples(simulations, targets, rng):
            noisy, levels, _ = simulations.noisy(rng)
            return codec.features(codec.inputs(noisy, levels, simulations.context)), targets.astype(np.float32)

        def source(epoch):
            rng = np.random.default_rng([seed, 2, epoch])
            if n_stream is None:
                return samples(training, u, rng)
            fresh = Simulations.draw(self.survey, prior, self.noise, n_stream, rng)
            return samples(fresh, prior.encode(fresh.models), rng)

        validation = samples(held_out, prior.encode(held_out.models), np.random.default_rng([seed, 3]))
        network.fit_stream(source, validation=validation)
        if network.stop_reason_ == "interrupted":
            kept = f"; the training so far is in {checkpoint}, call again to go on" if checkpoint else ""
            raise KeyboardInterrupt(f"training was interrupted after {network.n_epochs_} epochs{kept}")
        return Branch(codec, network)

    def calibrate(self, level="refined", *, n=40_000, seed=0, progress=False) -> Inverter:
        """Calibrate the p-values of `level` on `n` fresh simulations that no training has seen."""
        _check_level(level)
        rng = np.random.default_rng([seed, _CALIBRATION_STREAM])
        simulations = Simulations.draw(self.survey, self.prior, self.noise, n, rng)
        noisy, _, sigma = simulations.noisy(rng)
        channels = self.survey.channels
        data = channels.from_scale(noisy)
        group = geometry.Group(
            rows=np.arange(n),
            readings=np.arange(len(channels.columns(channels.quantities[0]))),
            survey=self.survey,
            data=data,
            sigma=np.broadcast_to(sigma, data.shape) / channels.scale_slope(data),
            used=np.isfinite(noisy),
            context={name: simulations.models[name] for name in self.survey.context},
        )
        scores = [part.scores for part in self._solutions(group, level, progress and f"calibrating {level}")]
        self.calibrations[level] = checks.Calibration(np.concatenate(scores))
        return self

    # ---------------------------------------------------------------- inverting

    def invert(self, observed, level="refined", *, progress=False):
        """Models of observed soundings, re-simulated and flagged.

        Parameters
        ----------
        observed : xarray.Dataset from ``read_soundings``, or (n_soundings, n_channels) array on the inverter's channels
        level : {"refined", "network"}
            The network's answer alone, or refined with the physics.
        progress : bool

        Returns
        -------
        xarray.Dataset
            A sounding with fewer than three usable readings is there too, with NaN and a bit in ``status``.

        Raises
        ------
        ValueError
            If the inverter is not fitted, the level unknown, or the data do not belong to this survey.
        """
        _check_level(level)
        if level not in self.calibrations:
            raise ValueError("this inverter is not fitted; call fit(), or load one with load_inverter(path).")
        observed = geometry.as_observed(observed, self.survey)
        answer = results.Answer.empty(
            observed.sizes["sounding"], observed.sizes["reading"], self.survey.channels.quantities, self._shapes()
        )
        for group in geometry.groups(observed, self.survey, self.survey.context):
            self._answer_group(group, level, answer, progress and "inverting")
        result = results.build(
            observed, answer, self.calibrations[level], self.false_alarm_rate, level, self.survey.channels
        )
        result.attrs |= {
            "survey": json.dumps(self.survey.to_dict()),
            "prior": json.dumps(self.prior.to_dict()),
            "noise": json.dumps(self.noise.to_dict()),
            "training_range": json.dumps(self._training_range()),
            "versions": json.dumps(_versions()),
        }
        return result

    def check(self, observed, level="refined", *, progress=False):
        """Only the flags of observed soundings: ``score``, ``p_value``, ``outside``, ``p_joint``, ``flag``, …

        Parameters and errors as in :meth:`invert`.
        """
        result = self.invert(observed, level, progress=progress)
        keep = ["score", "p_value", "outside", "p_joint", "flag", "reading_outside", "status", "used", "chi2"]
        data = [name for name in result.data_vars if result[name].dims == ("sounding", "reading")]
        names = [name for name in result.data_vars if result[name].dims == ("sounding",) and name in observed]
        return result[list(dict.fromkeys([*keep, *data, *names]))]

    def _answer_group(self, group, level, answer, progress):
        channels = group.survey.channels
        place = np.ix_(group.rows, group.readings)
        for number, quantity in enumerate(channels.quantities):
            columns = channels.columns(quantity)
            used = group.used[:, columns]
            answer.used[place] = used if number == 0 else answer.used[place] | used
        low, high = self._bounds(channels)
        scaled = channels.to_scale(np.where(group.used, group.data, 1.0))
        beyond = group.used & ((scaled < low) | (scaled > high))
        answer.status[group.rows] = results.STATUS["too_few_readings"][0]
        for quantity in channels.quantities:
            answer.reading_outside[place] |= beyond[:, channels.columns(quantity)]
        for part in self._solutions(group, level, progress):
            rows = group.rows[part.rows]
            place = np.ix_(rows, group.readings)
            for name, values in part.models.items():
                answer.models[name][rows] = values
            for quantity in channels.quantities:
                columns = channels.columns(quantity)
                answer.predicted[quantity][place] = part.predicted[:, columns]
                answer.residual[quantity][place] = part.residuals[:, columns]
                answer.sigma[quantity][place] = part.sigma[:, columns]
            answer.n_layers[rows], answer.chi2[rows] = part.n_layers, part.chi2
            answer.scores[rows], answer.status[rows] = part.scores, part.status
            answer.noise_estimate[rows] = part.noise_estimate
            answer.rrms[rows] = _relative_rms(group, part)

    def _solutions(self, group, level, progress):
        """Solve a group in chunks; `row` numbers of the parts count within the whole group."""
        starts = range(0, len(group.rows), _CHUNK)
        bar = tqdm(
            starts, desc=progress or None, disable=not progress, leave=False, unit_scale=_CHUNK, unit=" soundings"
        )
        for start in bar:
            rows = slice(start, start + _CHUNK)
            part = geometry.Group(
                group.rows[rows],
                group.readings,
                group.survey,
                group.data[rows],
                group.sigma[rows],
                group.used[rows],
                {name: values[rows] for name, values in group.context.items()},
            )
            solution = self.solver.solve(part, level)
            if solution is not None:
                solution.rows = solution.rows + start
                yield solution

    def _shapes(self):
        """{parameter: number of layers or interfaces in results, None for an unlayered one}."""
        if not hasattr(self.prior, "layer_counts"):
            return dict.fromkeys(self.prior.properties)
        widest = max(self.prior.layer_counts)
        return {"thickness": widest - 1} | dict.fromkeys(self.prior.properties, widest)

    def _bounds(self, channels):
        """Range of the training data on the scale, at the readings of `channels`."""
        trained, codec = self.survey.channels, self.solver.codec
        check = self.solver.checks[0]
        n = len(trained)
        ends = [check_end[:n] * codec.std[:n] + codec.mean[:n] for check_end in (check.low, check.high)]
        if channels is trained:
            return ends
        bounds = np.empty((2, len(channels)))
        for quantity in channels.quantities:
            here, there = channels.columns(quantity), trained.columns(quantity)
            order = there[np.argsort(trained.value[there])]
            for bound, end in zip(bounds, ends, strict=True):
                bound[here] = np.interp(np.log(channels.value[here]), np.log(trained.value[order]), end[order])
        return bounds

    def _training_range(self):
        channels = self.survey.channels
        low, high = (channels.from_scale(end) for end in self._bounds(channels))
        return {
            quantity: {
                "coordinate": channels.value[columns].tolist(),
                "low": low[columns].tolist(),
                "high": high[columns].tolist(),
            }
            for quantity in channels.quantities
            if (columns := channels.columns(quantity)) is not None
        }

    # ---------------------------------------------------------------- files

    def save(self, path) -> None:
        """Write the inverter as one netCDF-3 file; :func:`load_inverter` reads it.

        Raises
        ------
        ValueError
            If it is not fitted, the folder does not exist, or it has a part that a file cannot hold.
        """
        if not self.calibrations:
            raise ValueError("this inverter is not fitted; call fit() before save().")
        if self.prior.storable is not None:
            raise ValueError(self.prior.storable)
        if METHODS.get(type(self.survey).__name__) is not type(self.survey):
            raise ValueError(
                f"{type(self.survey).__name__} is not one of forward_models' surveys and cannot be stored in a file. "
                "Keep the script that makes the inverter."
            )
        arrays = {f"codec_{key}": value for key, value in self.solver.codec.get_state().items()}
        for check in self.solver.checks:
            arrays |= {f"check_{check.name}_{key}": value for key, value in check.get_state().items()}
        for level, calibration in self.calibrations.items():
            arrays |= {f"calibration_{level}_{key}": value for key, value in calibration.get_state().items()}
        branches = {}
        for count, branch in self.solver.branches.items():
            state, branches[str(count)] = branch.get_state()
            arrays |= {f"branch{count}_{key}": value for key, value in state.items()}
        settings = {
            "survey": self.survey.to_dict(),
            "prior": self.prior.to_dict(),
            "noise": self.noise.to_dict(),
            "settings": self.settings | {"trainer": _plain_trainer(self.settings["trainer"])},
            "false_alarm_rate": self.false_alarm_rate,
            "random_state": self.random_state,
            "levels": list(self.calibrations),
            "branches": branches,
            "identity": self.identity,
        }
        storage.write(path, "inverter", arrays, settings)


def invert(observed, *, inverter=None, method="ves", level="refined", progress=False):
    """Models of a field sheet, without any set-up.

    Parameters
    ----------
    observed : path of a sheet, or Dataset from ``read_soundings``
    inverter : Inverter or path of one, optional
        Default: the shipped one where it is of just this geometry, else one is trained for these soundings with a
        wide prior of two to four layers (about a minute).
    method : {"ves", "mt"}
        Kind of sheet.
    level, progress : as in :meth:`Inverter.invert`

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    ValueError
        If the sheet cannot be read or has no sounding with three usable readings.
    """
    from bpinvert import defaults
    from bpinvert.readers import read_soundings

    _check_level(level)
    if isinstance(observed, (str, Path)):
        observed = read_soundings(observed, method=method)
    if isinstance(inverter, (str, Path)):
        inverter = load_inverter(inverter)
    if inverter is None:
        survey = defaults.survey_of(observed)
        inverter = _shipped(survey)
    if inverter is None:
        inverter = Inverter(survey, defaults.prior_of(survey, observed), defaults.noise_of(survey, observed))
        inverter.fit(progress=progress)
    return inverter.invert(observed, level, progress=progress)


def _shipped(survey):
    """The inverter in the package whose survey equals this one, or None."""
    for path in sorted((Path(__file__).parent / "data").glob("*.nc")):
        inverter = load_inverter(path)
        if inverter.survey == survey:
            return inverter
    return None


def load_inverter(path, survey=None) -> Inverter:
    """Read an inverter written by :meth:`Inverter.save`.

    Parameters
    ----------
    path : path
    survey : forward_models.Survey, optional
        Must equal the stored one; for surveys that a file cannot hold.

    Raises
    ------
    ValueError
        If the file is missing, damaged, not an inverter, or of another survey.
    """
    arrays, stored = storage.read(path, "inverter")
    try:
        inverter = _rebuild(arrays, stored)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"{path} lacks a part of an inverter ({error}); make it again.") from None
    if survey is not None and survey != inverter.survey:
        raise ValueError(
            f"{path} was trained on {type(inverter.survey).__name__} with other settings than the survey given."
        )
    return inverter


def _rebuild(arrays, stored):
    def part(start):
        return {key.removeprefix(start): value for key, value in arrays.items() if key.startswith(start)}

    settings = dict(stored["settings"])
    if not isinstance(settings["trainer"], str):
        settings["trainer"] = trainer_from_dict(settings["trainer"])
    inverter = Inverter(
        survey_from_dict(stored["survey"]),
        prior_from_dict(stored["prior"]),
        noise_from_dict(stored["noise"]),
        false_alarm_rate=stored["false_alarm_rate"],
        random_state=stored["random_state"],
        **settings,
    )
    names = inverter.noise.level_names, inverter.survey.context
    codec = Codec.from_state(part("codec_"), inverter.survey.channels, None, *names)
    fitted_checks = []
    for check_class in checks.CHECKS.values():
        check = check_class()
        vars(check).update(part(f"check_{check_class.name}_"))
        fitted_checks.append(check)
    branches = {
        count: Branch.from_state(part(f"branch{count}_"), stored["branches"][str(count)], with_prior(codec, prior))
        for count, prior in inverter._priors()
    }
    inverter.solver = Solver(inverter.survey, inverter.noise, branches, fitted_checks)
    inverter.calibrations = {
        level: checks.Calibration.from_state(part(f"calibration_{level}_")) for level in stored["levels"]
    }
    inverter.identity = stored["identity"]
    return inverter


def _one_count(simulations, count):
    """The simulations of one layer count, without padding; all of them for an unlayered prior (count 0)."""
    if not count:
        return simulations
    chosen = simulations.take(np.flatnonzero(simulations.models.n_layers == count))
    for name, values in chosen.models.items():
        if np.ndim(values) == 2:
            chosen.models[name] = values[:, : count - 1 if name == "thickness" else count]
    return chosen


def _plain_trainer(trainer):
    return trainer if isinstance(trainer, str) else trainer.to_dict()


def _checkpoint_path(path, count, n_counts):
    path = Path(path)
    return path if n_counts == 1 else path.with_name(f"{path.stem}_{count}{path.suffix}")


def _relative_rms(group, part):
    """100·sqrt(mean((observed - predicted)/predicted)²) over used readings of log-scaled quantities, in %."""
    log = np.array(group.survey.channels.scale) == "log"
    used = group.used[part.rows] & log
    if not log.any():
        return np.full(len(part.rows), np.nan)
    ratio = np.where(used, group.data[part.rows] / part.predicted - 1, 0.0)
    return 100 * np.sqrt(np.square(ratio).sum(axis=1) / np.maximum(used.sum(axis=1), 1))


def _check_level(level):
    if level not in LEVELS:
        raise ValueError(f"level is {level!r}; allowed are {', '.join(map(repr, LEVELS))}.")


def _versions():
    names = ("bpinvert", "numpy", "scipy", "scikit-learn", "xarray")
    versions = {"python": platform.python_version()}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "unknown"
    return versions
