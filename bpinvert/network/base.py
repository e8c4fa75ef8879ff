"""What the network's estimators share: settings, the way from samples to weights, and their stored form."""

from __future__ import annotations

import numbers
import warnings

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from bpinvert.network import settings as door
from bpinvert.network.backprop import Network
from bpinvert.network.checkpoints import CheckpointFile, Snapshot
from bpinvert.network.fitting import Budget, Objective, train
from bpinvert.network.heads import HEADS
from bpinvert.network.trainers import trainer_from_dict

FITTED_SETTINGS = ("n_features_in", "n_outputs", "y_ndim", "n_epochs", "best_epoch", "stop_reason")


class BPEstimator(BaseEstimator):
    """Settings, training and state of a BP network; :class:`BPRegressor` tells what the settings mean."""

    def __init__(
        self,
        hidden=64,
        activation="tanh",
        output="linear",
        head="mse",
        trainer="adam",
        max_epochs=200,
        max_time=None,
        weight_decay=0.0,
        validation_fraction=0.1,
        patience=None,
        checkpoint=None,
        progress=False,
        random_state=None,
        dtype="float32",
    ):
        self.hidden = hidden
        self.activation = activation
        self.output = output
        self.head = head
        self.trainer = trainer
        self.max_epochs = max_epochs
        self.max_time = max_time
        self.weight_decay = weight_decay
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.checkpoint = checkpoint
        self.progress = progress
        self.random_state = random_state
        self.dtype = dtype

    @property
    def matrices_(self) -> list[np.ndarray]:
        """All weight matrices, V first and W last, as views of `weights_`."""
        check_is_fitted(self)
        return self._network().matrices(self.weights_)

    @property
    def V_(self) -> np.ndarray:
        """Weights from the inputs to the (first) hidden layer, thresholds in row 0."""
        return self.matrices_[0]

    @property
    def W_(self) -> np.ndarray:
        """Weights from the (last) hidden layer to the outputs, thresholds in row 0."""
        return self.matrices_[-1]

    def get_state(self) -> dict:
        """The fitted network as arrays and one dict of JSON-able settings, for :meth:`from_state`.

        Returns
        -------
        dict with "weights" (n_weights,), "loss_curve" and "validation_curve" (arrays) and "settings" (dict)
        """
        check_is_fitted(self)
        settings = door.plain_settings(self) | {
            "n_features_in": int(self.n_features_in_),
            "n_outputs": int(self.n_outputs_),
            "y_ndim": int(self._y_ndim),
            "n_epochs": self.n_epochs_,
            "best_epoch": self.best_epoch_,
            "stop_reason": self.stop_reason_,
        }
        return {
            "weights": self.weights_.copy(),
            "loss_curve": np.array(self.loss_curve_),
            "validation_curve": np.array(self.validation_curve_),
            "settings": settings,
        }

    @classmethod
    def from_state(cls, state: dict) -> BPEstimator:
        """Rebuild a fitted network from :meth:`get_state`; it predicts the same to the last bit."""
        settings = dict(state["settings"])
        fitted = {name: settings.pop(name) for name in FITTED_SETTINGS}
        settings["trainer"] = trainer_from_dict(settings["trainer"])
        if not isinstance(settings["hidden"], int):
            settings["hidden"] = tuple(settings["hidden"])
        model = cls(**settings)
        door.check_settings(model)
        model.n_features_in_ = fitted["n_features_in"]
        model.n_outputs_ = fitted["n_outputs"]
        model._y_ndim = fitted["y_ndim"]
        n_weights = model._network().n_weights
        if np.shape(state["weights"]) != (n_weights,):
            raise ValueError(
                f"The state holds weights of shape {np.shape(state['weights'])} but its settings describe "
                f"{n_weights} weights. The state is damaged: store it again."
            )
        model.weights_ = np.array(state["weights"], model.dtype)
        model.loss_curve_ = np.asarray(state["loss_curve"]).tolist()
        model.validation_curve_ = np.asarray(state["validation_curve"]).tolist()
        model.n_epochs_ = fitted["n_epochs"]
        model.best_epoch_ = fitted["best_epoch"]
        model.stop_reason_ = fitted["stop_reason"]
        return model

    def _train(self, source, samples, validation, checkpoint, stored, seed, *, fixed):
        self.n_outputs_ = samples[1].shape[1]
        network = self._network()
        trainer = door.trainer_of(self)
        if stored is None:
            weights = network.initial_weights(np.random.default_rng([seed, *b"weights"]))
            stored = Snapshot(weights, trainer.start(weights), weights, seed)
        elif len(stored.weights) != network.n_weights:
            raise ValueError(
                f"checkpoint {checkpoint.path} holds {len(stored.weights)} weights and this network has "
                f"{network.n_weights}; a training resumes with samples of the same shape only. "
                "Set them back, delete the file or name another one."
            )
        snapshot, reason = train(
            Objective(network, HEADS[self.head](), self.weight_decay),
            trainer,
            stored,
            source,
            Budget(self.max_epochs, self.max_time, stored.elapsed),
            validation=validation,
            patience=self.patience,
            fixed=fixed,
            checkpoint=checkpoint,
            progress=self.progress,
        )
        if reason == "diverged":
            warnings.warn(
                f"Training diverged in epoch {snapshot.epoch + 1}; "
                f"the weights of epoch {snapshot.best_epoch} are kept. "
                "Scale X and y to a spread of about 1 or lower the learning rate.",
                ConvergenceWarning,
                stacklevel=3,
            )
        self.weights_ = snapshot.best_weights
        self.loss_curve_ = list(snapshot.loss_curve)
        self.validation_curve_ = list(snapshot.validation_curve)
        self.n_epochs_ = snapshot.epoch
        self.best_epoch_ = snapshot.best_epoch
        self.stop_reason_ = reason
        return self

    def _resume(self, fingerprint):
        """The checkpoint file (or None), what it holds (or None) and the seed of this training."""
        stored = checkpoint = None
        if self.checkpoint is not None:
            checkpoint = CheckpointFile(self.checkpoint, door.plain_settings(self) | {"data": fingerprint})
            stored = checkpoint.load()
        if stored:
            return checkpoint, stored, stored.seed
        if isinstance(self.random_state, numbers.Integral):
            return checkpoint, None, int(self.random_state)
        return checkpoint, None, int(check_random_state(self.random_state).randint(2**31))

    def _network(self):
        return Network(
            self.n_features_in_,
            door.hidden_layers(self.hidden),
            HEADS[self.head]().n_outputs(self.n_outputs_),
            activation=self.activation,
            output=self.output,
            dtype=self.dtype,
        )
