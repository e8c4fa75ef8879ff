"""What `Inverter.fit` does: simulate, train one network for each layer count, fit the checks."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import xarray as xr

from bpinvert import checks, geometry, storage
from bpinvert.codec import Codec
from bpinvert.inverter.branch import Branch, with_prior
from bpinvert.inverter.simulations import Simulations, stream
from bpinvert.inverter.solving import Solver
from bpinvert.network import BPRegressor
from bpinvert.priors.base import count
from bpinvert.samples import models_and_data

_FEWEST_SAMPLES = 500
_MOST_VALIDATION = 5000


def simulations_of(inverter, samples, n_samples, seed) -> Simulations:
    """The training models: those of a Dataset of samples, or fresh ones."""
    survey, prior, noise = inverter.survey, inverter.prior, inverter.noise
    if samples is None:
        n_samples = count("n_samples", n_samples, low=_FEWEST_SAMPLES)
        return Simulations.draw(survey, prior, noise, n_samples, stream(seed, 0))
    if not isinstance(samples, xr.Dataset):
        raise TypeError(f"samples is a {type(samples).__name__}; pass a Dataset from generate_samples or open_samples.")
    for name, mine in (("survey", survey), ("prior", prior)):
        if json.loads(samples.attrs.get(name, "null")) != json.loads(json.dumps(mine.to_dict())):
            raise ValueError(
                f"the samples were generated with another {name} than this inverter's. "
                f"Generate them with the same {name}, or make the inverter with theirs."
            )
    simulations = Simulations(survey, noise, *models_and_data(samples))
    if len(simulations) < _FEWEST_SAMPLES:
        raise ValueError(f"there are {len(simulations)} usable samples; at least {_FEWEST_SAMPLES} are needed.")
    return simulations


def fresh_group(inverter, n, seed) -> geometry.Group:
    """`n` fresh simulations with noise, as a sheet with errors would bring them."""
    survey, rng = inverter.survey, stream(seed, 4)
    simulations = Simulations.draw(survey, inverter.prior, inverter.noise, n, rng)
    noisy, _, sigma = simulations.noisy(rng)
    channels = survey.channels
    data = channels.from_scale(noisy)
    return geometry.Group(
        rows=np.arange(len(data)),
        readings=np.arange(len(channels.columns(channels.quantities[0]))),
        survey=survey,
        data=data,
        sigma=np.broadcast_to(sigma, data.shape) / channels.scale_slope(data),
        used=np.isfinite(noisy),
        context={name: simulations.models[name] for name in survey.context},
    )


def train(inverter, simulations, n_stream, seed, progress, checkpoint) -> Solver:
    """Codec, checks and networks from the training models; with `n_stream`, so many fresh ones for every epoch."""
    n_validation = min(_MOST_VALIDATION, len(simulations) // 10)
    held_out = simulations.take(np.arange(n_validation))
    training = simulations.take(np.arange(n_validation, len(simulations)))
    noisy, levels, _ = training.noisy(stream(seed, 1))
    codec = Codec(inverter.survey.channels, None, inverter.noise.level_names, inverter.survey.context)
    codec.fit(noisy, levels, training.context)
    inputs = codec.inputs(noisy, levels, training.context)
    fitted_checks = [check().fit(inputs) for check in checks.CHECKS.values()]
    branches = {}
    for n_layers, prior in priors_by_count(inverter.prior):
        kept = _Kept(checkpoint, n_layers, inverter, [seed, len(simulations), n_stream])
        of_count = with_prior(codec, prior)
        branches[n_layers] = kept.load(of_count) or kept.save(
            _train_branch(
                inverter,
                of_count,
                _of_count(training, n_layers),
                _of_count(held_out, n_layers),
                n_stream,
                seed,
                progress,
                kept.unfinished,
            )
        )
    return Solver(inverter.survey, inverter.noise, branches, fitted_checks)


def priors_by_count(prior) -> list:
    """[(layer count, prior of that count)]; count 0 for an unlayered prior."""
    if not hasattr(prior, "layer_counts"):
        return [(0, prior)]
    return [(n_layers, prior.fixed(n_layers)) for n_layers in prior.layer_counts]


def _train_branch(inverter, codec, training, held_out, n_stream, seed, progress, checkpoint):
    prior = codec.prior
    network = BPRegressor(
        output="sigmoid",
        head="mse",
        checkpoint=checkpoint,
        progress=progress,
        random_state=inverter.random_state,
        **inverter.settings,
    )
    u = codec.targets(training.models).astype(np.float32)

    def samples(simulations, targets, rng):
        noisy, levels, _ = simulations.noisy(rng)
        return codec.features(codec.inputs(noisy, levels, simulations.context)), targets

    def source(epoch):
        rng = stream(seed, 2, epoch)
        if n_stream is None:
            return samples(training, u, rng)
        fresh = Simulations.draw(inverter.survey, prior, inverter.noise, n_stream, rng)
        return samples(fresh, codec.targets(fresh.models).astype(np.float32), rng)

    held_out_u = codec.targets(held_out.models).astype(np.float32)
    validation = samples(held_out, held_out_u, stream(seed, 3))
    network.fit_stream(source, validation=validation)
    if network.stop_reason_ == "interrupted":
        kept = f"; what is done is in {checkpoint}, call again to go on" if checkpoint else ""
        raise KeyboardInterrupt(f"training was interrupted after {network.n_epochs_} epochs{kept}")
    return Branch(codec, network)


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
        if self.finished is not None:
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
