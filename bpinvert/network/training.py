"""How an estimator is trained: from samples to the best weights and everything told of them."""

from __future__ import annotations

import numbers
import warnings
from dataclasses import replace

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from threadpoolctl import threadpool_limits

from bpinvert.network import settings as door
from bpinvert.network.checkpoints import CheckpointFile, Snapshot
from bpinvert.network.fitting import Budget, train
from bpinvert.network.objective import Objective, n_threads
from bpinvert.network.samples import Samples
from bpinvert.network.whitening import Whitening

# Samples from which the spread of residuals is taken where none are held out.
_MOST_FOR_SPREAD = 20_000


class Training:
    """The part of an estimator that trains it. ``self._network()`` gives the network that its settings describe."""

    def _fit(self, X, Y, sample_weight):
        """Train on fixed samples: X and encoded targets Y in the network's dtype."""
        samples = self._weighted(X, Y, sample_weight)
        checkpoint, stored, seed = self._resume(door.fingerprint(samples))
        validation = None
        n_held_out = int(door.validation_fraction_of(self) * len(samples))
        if n_held_out:
            order = np.random.default_rng([seed, *b"hold out"]).permutation(len(samples))
            samples, validation = samples.take(order[n_held_out:]), samples.take(order[:n_held_out])
        return self._train(None, samples, validation, checkpoint, stored, seed)

    def _fit_stream(self, source, validation):
        """Train on Samples that ``source(epoch)`` draws; `validation` is Samples or None."""
        fingerprint = None if validation is None else door.fingerprint(validation)
        checkpoint, stored, seed = self._resume(fingerprint)
        first = stored.epoch if stored else 0
        samples = source(first)
        # Handed over once: later epochs do not keep the first one's samples in memory.
        drawn = [samples]
        return self._train(
            lambda epoch: drawn.pop() if drawn else source(epoch), samples, validation, checkpoint, stored, seed
        )

    def _partial_fit(self, X, Y, sample_weight):
        """One epoch of the trainer on these samples, going on from the weights and the trainer's memory."""
        samples = self._weighted(X, Y, sample_weight)
        trainer = door.trainer_of(self)
        going_on = hasattr(self, "weights_")
        if not going_on:
            self.n_outputs_ = Y.shape[1]
        else:
            self._require_same_size("partial_fit")
        # The memory of one trainer means nothing to another.
        trained_by, snapshot = getattr(self, "_trained_by", None), getattr(self, "_snapshot", None)
        if snapshot is None or trained_by != trainer:
            snapshot = self._beginning(trainer, samples, self._seed(), warm=going_on)
            if going_on:
                snapshot = replace(
                    snapshot,
                    epoch=self.n_epochs_,
                    best_epoch=self.best_epoch_,
                    loss_curve=tuple(self.loss_curve_),
                    validation_curve=tuple(self.validation_curve_),
                )
        # One epoch more than before, with a rate that is that of the schedule's beginning.
        objective, whitened = self._objective(snapshot, samples)
        weights, state = snapshot.weights.copy(), {name: value.copy() for name, value in snapshot.state.items()}
        rng = np.random.default_rng([snapshot.seed, snapshot.epoch])
        budget = Budget(None, None, 0.0, self.target_loss)
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"), threadpool_limits(1, user_api="blas"):
                loss, _ = trainer.epoch(objective, weights, state, whitened, rng, budget)
        finally:
            objective.close()
        if np.isfinite(loss) and np.isfinite(weights).all():
            snapshot, reason = snapshot.after(weights, state, loss, None, 0.0, keep=True), "partial_fit"
        else:
            reason = "diverged"
            _warn_of_doubtful(snapshot, reason)
        self._snapshot, self._trained_by = snapshot, trainer
        return self._conclude(snapshot, reason, samples)

    def _train(self, source, samples, validation, checkpoint, stored, seed):
        """From the first samples to the fitted attributes; `source` is None where all epochs have these samples."""
        self._snapshot = None
        trainer = door.trainer_of(self)
        warm = self.warm_start and hasattr(self, "weights_") and stored is None
        self.n_outputs_ = samples.Y.shape[1]
        if warm:
            self._require_same_size("warm_start")
        snapshot = stored or self._beginning(trainer, samples, seed, warm)
        if len(snapshot.weights) != self._network().n_weights:
            raise ValueError(
                f"checkpoint {checkpoint.path} holds {len(snapshot.weights)} weights and this network has "
                f"{self._network().n_weights}; a training resumes with samples of the same shape only. "
                "Set them back, delete the file or name another one."
            )
        objective, whitened = self._objective(snapshot, samples)
        whiten = self._whitener(snapshot)
        snapshot, reason = train(
            objective,
            trainer,
            snapshot,
            (lambda epoch: whitened) if source is None else (lambda epoch: whiten(source(epoch))),
            Budget(self.max_epochs, self.max_time, snapshot.elapsed, self.target_loss),
            validation=None if validation is None else whiten(validation),
            patience=self.patience,
            min_gradient=self.min_gradient,
            fixed=source is None,
            checkpoint=checkpoint,
            progress=self.progress,
        )
        _warn_of_doubtful(snapshot, reason)
        return self._conclude(snapshot, reason, validation or samples)

    def _require_same_size(self, what):
        if len(self.weights_) != self._network().n_weights:
            raise ValueError(
                f"the fitted network has {len(self.weights_)} weights and the settings describe "
                f"{self._network().n_weights}; {what} goes on with the same ones only. Set them back, or fit anew."
            )

    def _beginning(self, trainer, samples, seed, warm):
        """The snapshot before the first epoch, its weights on whitened inputs where these are whitened."""
        network = self._network()
        if trainer.most_weights is not None and network.n_weights > trainer.most_weights:
            raise ValueError(
                f"the network has {network.n_weights} weights and trainer {trainer.name!r} needs the square of that in "
                f"memory; it takes {trainer.most_weights} at most. Use fewer neurons, or trainer 'lbfgs' or 'soap'."
            )
        state = {}
        X = samples.X
        whitening = None
        if door.whitens(self):
            whitening = Whitening.of(X, samples.weight)
            state = {"whitening_mean": whitening.mean, "whitening_matrix": whitening.matrix}
            X = whitening.apply(X)
        if warm:
            weights = np.array(self.weights_, dtype=float)
            if whitening is not None:
                V = network.matrices(weights)[0]
                V[...] = whitening.unfold(V)
            weights = weights.astype(network.dtype)
        else:
            weights = network.initial_weights(np.random.default_rng([seed, *b"weights"]), self.init, X)
        return Snapshot(weights, trainer.start(weights) | state, weights, seed)

    def _objective(self, snapshot, samples):
        """The objective of a training, and the samples as it sees them."""
        objective = Objective(
            self._network(),
            door.head_of(self),
            self.weight_decay,
            max_gradient_norm=self.max_gradient_norm,
            whitening=_whitening(snapshot),
            n_jobs=n_threads(self.n_jobs),
        )
        return objective, self._whitener(snapshot)(samples)

    @staticmethod
    def _weighted(X, Y, sample_weight):
        """Samples with their weights; those that count nothing are left out."""
        weight = door.check_weights(sample_weight, X)
        samples = Samples(X, Y, weight)
        return samples if weight is None or (weight > 0).all() else samples.take(np.flatnonzero(weight > 0))

    @staticmethod
    def _whitener(snapshot):
        whitening = _whitening(snapshot)
        if whitening is None:
            return lambda samples: samples
        return lambda samples: Samples(whitening.apply(samples.X), samples.Y, samples.weight)

    def _conclude(self, snapshot, reason, held_out):
        """The fitted attributes."""
        self.weights_ = self._on_inputs(snapshot)
        self.loss_curve_ = list(snapshot.loss_curve)
        self.validation_curve_ = list(snapshot.validation_curve)
        self.n_epochs_ = snapshot.epoch
        self.best_epoch_ = snapshot.best_epoch
        self.stop_reason_ = reason
        effective = snapshot.state.get("effective_parameters")
        self.effective_parameters_ = None if effective is None else float(effective)
        self.residual_std_ = self._spread(held_out)
        return self

    def _on_inputs(self, snapshot):
        """The best weights, for inputs as they come."""
        weights, whitening = snapshot.best_weights, _whitening(snapshot)
        if whitening is None:
            return weights.copy()
        folded = weights.astype(float)
        V = self._network().matrices(folded)[0]
        V[...] = whitening.fold(V)
        return folded.astype(weights.dtype)

    def _spread(self, samples):
        """Standard deviation of each target about the answer, on held-out samples where there are any."""
        if not door.head_of(self).residual:
            return np.ones(self.n_outputs_)
        part = samples.take(slice(0, _MOST_FOR_SPREAD))
        # A training that diverged leaves answers whose square may be infinite.
        with np.errstate(over="ignore"):
            residual = self._network().forward(self.weights_, part.X).astype(float) - part.Y
            return np.sqrt(np.average(residual**2, axis=0, weights=part.weight))

    def _resume(self, fingerprint):
        """The checkpoint file (or None), what it holds (or None) and the seed of this training."""
        stored = checkpoint = None
        if self.checkpoint is not None:
            checkpoint = CheckpointFile(self.checkpoint, door.plain_settings(self) | {"data": fingerprint})
            stored = checkpoint.load()
        if stored:
            return checkpoint, stored, stored.seed
        return checkpoint, None, self._seed()

    def _seed(self):
        if isinstance(self.random_state, numbers.Integral):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31))


def _warn_of_doubtful(snapshot, reason):
    if reason not in ("diverged", "interrupted"):
        return
    told = {
        "diverged": f"diverged in epoch {snapshot.epoch + 1}",
        "interrupted": f"was interrupted after {snapshot.epoch} epochs",
    }
    mend = " Scale X and y to a spread of about 1 or lower the learning rate." if reason == "diverged" else ""
    warnings.warn(
        f"Training {told[reason]}; the weights of epoch {snapshot.best_epoch} are kept.{mend}",
        ConvergenceWarning,
        stacklevel=5,
    )


def _whitening(snapshot):
    if "whitening_mean" not in snapshot.state:
        return None
    return Whitening(snapshot.state["whitening_mean"], snapshot.state["whitening_matrix"])
