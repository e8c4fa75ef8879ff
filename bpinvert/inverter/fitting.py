"""What `Inverter.fit` does: simulate, train one network for each layer count, fit the checks."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path

import numpy as np
import xarray as xr
from sklearn.base import clone

from bpinvert import checks, failures, foreign, geometry, storage
from bpinvert.codec import Codec
from bpinvert.inverter.branch import Branch, learns_scores, with_prior
from bpinvert.inverter.simulations import Simulations, stream
from bpinvert.inverter.solving import Solver
from bpinvert.inverter.training_sheets import TrainingSheets, displacements
from bpinvert.network import BPEnsemble, BPRegressor, Gaussian, Mixture
from bpinvert.network.trainers import TRAINERS
from bpinvert.priors.base import count
from bpinvert.samples import models_and_data
from bpinvert.sheets import error_factors

_FEWEST_SAMPLES = 500
_MOST_VALIDATION = 5000
# Share of calibration soundings with several MN segments none of which is displaced.
_STILL = 0.3
# Calibration soundings that share one random sheet.
_SOUNDINGS_PER_SHEET = 150
# Normal densities in the network's posterior.
_COMPONENTS = 8


def simulations_of(inverter, samples, n_samples, seed) -> Simulations:
    """The training models: those of a Dataset of samples, or fresh ones."""
    if foreign.unstorable(inverter.survey) is not None:
        failures.check_computable(inverter.survey, inverter.prior)
        foreign.check_split(inverter.survey, inverter.prior)
    simulations = _simulations(inverter, samples, n_samples, seed)
    if not len(simulations):
        failures.refuse(inverter.survey, simulations.failed)
    if len(simulations) < _FEWEST_SAMPLES:
        found = failures.summary(simulations.models, simulations.failed)
        because = f" {failures.sentence(found).rstrip('.')}." if found else ""
        raise ValueError(
            f"there are {len(simulations)} usable samples; at least {_FEWEST_SAMPLES} are needed.{because} Draw more, "
            "or narrow the prior to models that can be computed."
        )
    return simulations


def _simulations(inverter, samples, n_samples, seed):
    survey, prior, noise = inverter.survey, inverter.prior, inverter.noise
    if samples is None:
        n_samples = count("n_samples", n_samples, low=_FEWEST_SAMPLES)
        return Simulations.draw(survey, prior, noise, n_samples, stream(seed, 0))
    if not isinstance(samples, xr.Dataset):
        raise TypeError(f"samples is a {type(samples).__name__}; pass a Dataset from generate_samples or open_samples.")
    for name, mine in (("survey", foreign.described(survey)), ("prior", prior.to_dict())):
        if json.loads(samples.attrs.get(name, "null")) != json.loads(json.dumps(mine)):
            raise ValueError(
                f"the samples were generated with another {name} than this inverter's. "
                f"Generate them with the same {name}, or make the inverter with theirs."
            )
    models, data = models_and_data(samples)
    if foreign.unstorable(survey) is not None:
        few = slice(foreign.N_PROBES)
        foreign.compare(survey(**models.take(few)), data[few], survey, "the Dataset of samples")
    return Simulations(survey, noise, models, data)


def fresh_groups(inverter, n, seed):
    """`n` fresh simulations with noise, as the sheets of `inverter.sheets` would bring them.

    Yields
    ------
    Group and Models, for each sheet
    """
    survey, sheets = inverter.survey, inverter.sheets
    rng = stream(seed, 4)
    n_complete = round(sheets.complete * n)
    sizes = [n_complete] if n_complete else []
    if n_complete < n:
        n_sheets = max((n - n_complete) // _SOUNDINGS_PER_SHEET, 1)
        sizes += np.diff(np.linspace(n_complete, n, n_sheets + 1).astype(int)).tolist()
    for k, size in enumerate(sizes):
        sheet = sheets.complete_sheet(survey) if k == 0 and n_complete else sheets.random_sheet(survey, rng)
        yield _group(sheet, inverter, size, rng)


def _group(sheet, inverter, n, rng):
    """Fresh simulations on the readings of one sheet, some with their errors stated and some without."""
    own, noise, shift = sheet.own_survey(), inverter.noise, inverter.sheets.shift
    channels = own.channels
    simulations = Simulations.draw(own, inverter.prior, noise, n, rng)
    n = len(simulations)
    levels = noise.draw_levels(n, rng)
    given = rng.random(n) < inverter.sheets.errors_given
    # Errors as trained on the inverter's own readings are a kind of their own; uneven ones come with other readings.
    complete = sheet.on_channels and sheet.used.all()
    factor = np.where(given[:, None] & ~complete, error_factors(simulations.data.shape, rng), 1.0)
    sigma = noise.sigma_on_scale(simulations.data, channels, levels) * factor
    scaled = simulations.scaled + sigma * rng.standard_normal(sigma.shape)
    segments = geometry.mn_segments(channels)
    segments = segments[geometry.movable(channels, segments, sheet.used[None])[0]]
    if shift and len(segments):
        moved = rng.random((n, 1)) > _STILL
        scaled += (moved * displacements(rng, shift, (n, len(segments)))) @ segments
    data = channels.from_scale(scaled)
    stated = noise.sigma(data, channels, levels) * factor
    stated[~given] = np.nan
    group = geometry.Group(
        rows=np.arange(n),
        readings=np.arange(channels.n_readings),
        survey=own,
        data=data,
        sigma=stated,
        used=np.isfinite(scaled) & sheet.used,
        context={name: simulations.models[name] for name in own.context},
    )
    return group, simulations.models


def train(inverter, simulations, n_stream, seed, progress, checkpoint) -> Solver:
    """Codec, checks and networks from the training models; with `n_stream`, so many fresh ones for every epoch."""
    survey, noise = inverter.survey, inverter.noise
    if unknown := simulations.unknown_curves():
        warnings.warn(
            f"no model of the training has {', '.join(unknown)}: nothing is learned of it. Leave it out of the survey, "
            "or widen the prior to models that have it.",
            stacklevel=3,
        )
    n_validation = min(_MOST_VALIDATION, len(simulations) // 10)
    held_out = simulations.take(np.arange(n_validation))
    training = simulations.take(np.arange(n_validation, len(simulations)))
    failures.check_counts(survey, inverter.prior, (training.models, held_out.models))
    rng = stream(seed, 1)
    noisy, levels, _ = training.noisy(rng)
    codec = Codec(survey.channels, None, noise.level_names, survey.context)
    codec.fit(training.scaled, levels, training.context)
    paper = TrainingSheets(survey, inverter.sheets, noise, rng)
    inputs, _ = paper.observe(training, codec, rng)
    n = len(survey.channels)
    data = (noisy - codec.mean[:n]) / codec.std[:n]
    fitted_checks = [check().fit(inputs, data) for check in checks.CHECKS.values()]
    branches = {}
    for n_layers, prior in priors_by_count(inverter.prior):
        kept = _Kept(checkpoint, n_layers, inverter, [seed, len(simulations), n_stream])
        of_count = with_prior(codec, prior)
        branches[n_layers] = kept.load(of_count) or kept.save(
            _train_branch(
                inverter,
                of_count,
                paper,
                _of_count(training, n_layers),
                _of_count(held_out, n_layers),
                n_stream,
                seed,
                progress,
                kept.unfinished,
            )
        )
    return Solver(survey, noise, inverter.sheets, layer_weights(inverter.prior), branches, fitted_checks)


def priors_by_count(prior) -> list:
    """[(layer count, prior of that count)]; count 0 for an unlayered prior."""
    if not hasattr(prior, "layer_counts"):
        return [(0, prior)]
    return [(n_layers, prior.fixed(n_layers)) for n_layers in prior.layer_counts]


def layer_weights(prior) -> np.ndarray:
    """Prior probability of each layer count of :func:`priors_by_count`."""
    return np.asarray(getattr(prior, "layer_weights", [1.0]))


def _train_branch(inverter, codec, paper, training, held_out, n_stream, seed, progress, checkpoint):
    prior = codec.prior
    network = _unfitted(inverter, checkpoint, progress)

    def targets(models):
        return (codec.scores if learns_scores(network) else codec.targets)(models).astype(np.float32)

    wanted = targets(training.models)

    def samples(simulations, targets, rng, **how):
        return codec.features(*paper.observe(simulations, codec, rng, **how)), targets

    def source(epoch):
        rng = stream(seed, 2, epoch)
        if n_stream is None:
            return samples(training, wanted, rng)
        fresh = Simulations.draw(inverter.survey, prior, inverter.noise, n_stream, rng)
        return samples(fresh, targets(fresh.models), rng)

    if not hasattr(network, "fit_stream"):
        return Branch(codec, _fitted(network, *source(0)))
    # With as many sheets as can be: the loss differs more from sheet to sheet than from sounding to sounding.
    validation = samples(held_out, targets(held_out.models), stream(seed, 3), per_sheet=8)
    with warnings.catch_warnings():
        # Ctrl-C goes on to the caller as an exception that says more.
        warnings.filterwarnings("ignore", "Training was interrupted")
        network.fit_stream(source, validation=validation)
    for member in getattr(network, "networks_", [network]):
        if member.stop_reason_ == "interrupted":
            kept = f"; what is done is in {member.checkpoint}, call again to go on" if checkpoint else ""
            raise KeyboardInterrupt(f"training was interrupted after {member.n_epochs_} epochs{kept}")
        if not member.best_epoch_:
            raise ValueError(
                "the network's training diverged in its first epoch; lower the learning rate of its trainer."
            )
    return Branch(codec, network)


def _fitted(network, X, u):
    """A foreign regressor after its own ``fit``."""
    try:
        return network.fit(X, u[:, 0] if u.shape[1] == 1 else u)
    except ValueError as error:
        if u.shape[1] == 1:
            raise
        raise ValueError(
            f"network {type(network).__name__} does not learn {u.shape[1]} parameters at once ({error}). If it takes "
            "one target only, wrap it in sklearn.multioutput.MultiOutputRegressor."
        ) from error


def _unfitted(inverter, checkpoint, progress):
    """The network to train, by the inverter's settings or as it was handed in."""
    if inverter.network is None:
        density = {"output": "linear", "head": _head(inverter.prior)}
        if _needs_squares(inverter.settings["trainer"]):
            density = {"output": "sigmoid", "head": "mse"}
        # Its features are decorrelated already.
        return BPRegressor(
            **density,
            whiten=False,
            checkpoint=checkpoint,
            progress=progress,
            random_state=inverter.random_state,
            **inverter.settings,
        )
    network = clone(inverter.network)
    own = {"progress": progress, "checkpoint": checkpoint}
    inner = "network__" if isinstance(network, BPEnsemble) else ""
    if isinstance(network, BPEnsemble) and network.network is None:
        network.network = BPRegressor()
    known = network.get_params()
    network.set_params(**{inner + name: value for name, value in own.items() if inner + name in known})
    unset = [name for name, value in known.items() if name.split("__")[-1] == "random_state" and value is None]
    network.set_params(**dict.fromkeys(unset, inverter.random_state))
    return network


def _head(prior):
    """Many correlated parameters have posteriors of one piece, and too many covariances for several."""
    return Gaussian() if prior.smooth else Mixture(_COMPONENTS)


def _needs_squares(trainer):
    return getattr(TRAINERS.get(trainer) if isinstance(trainer, str) else trainer, "residual", False)


def _of_count(simulations, n_layers):
    """The simulations of one layer count, without padding; all of them for an unlayered prior (count 0)."""
    if not n_layers:
        return simulations
    chosen = simulations.take(np.flatnonzero(simulations.models.n_layers == n_layers))
    for name, values in chosen.models.items():
        if np.ndim(values) == 2:
            chosen.models[name] = values[:, : n_layers - 1 if name == "thickness" else n_layers]
    return chosen


class _Kept:
    """Files beside a checkpoint: the unfinished training of a layer count, and its network when finished."""

    def __init__(self, checkpoint, n_layers, inverter, settings):
        self.unfinished = self.finished = None
        if checkpoint is not None:
            self.unfinished = Path(checkpoint)
            self.finished = _finished(checkpoint, n_layers)
            recipe = json.dumps([inverter.to_dict(), *settings], sort_keys=True)
            self.recipe = hashlib.sha256(recipe.encode()).hexdigest()

    def load(self, codec):
        if self.finished is None or not self.finished.exists():
            return None
        arrays, settings = storage.read(self.finished, "branch")
        if settings.pop("recipe") != self.recipe:
            raise ValueError(
                f"{self.finished} is of a training with other settings; remove it or name another checkpoint."
            )
        return Branch.from_state(arrays, settings, codec)

    def save(self, branch):
        if self.finished is not None and branch.storable is None:
            arrays, settings = branch.get_state()
            storage.write(self.finished, "branch", arrays, settings | {"recipe": self.recipe})
        return branch


def forget(checkpoint, branches) -> None:
    """Remove what a completed fit no longer needs."""
    for n_layers in branches if checkpoint is not None else ():
        _finished(checkpoint, n_layers).unlink(missing_ok=True)


def _finished(checkpoint, n_layers):
    path = Path(checkpoint)
    return path.with_name(f"{path.name}_{n_layers}_layers.nc")
