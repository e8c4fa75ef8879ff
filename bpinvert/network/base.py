"""What the network's estimators share: settings, what can be read of them, and their stored form."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from bpinvert.network import settings as door
from bpinvert.network.backprop import Network
from bpinvert.network.description import describe
from bpinvert.network.objective import Objective, n_threads
from bpinvert.network.samples import Samples
from bpinvert.network.training import Training

# Samples per block of a prediction: threads that call NumPy seldom wait less for the interpreter.
_PREDICTED_AT_ONCE = 4096


class BPEstimator(Training, BaseEstimator):
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
        validation_fraction=None,
        patience=None,
        checkpoint=None,
        progress=False,
        random_state=None,
        dtype=None,
        steepness=1.0,
        init="xavier",
        whiten=None,
        max_gradient_norm=None,
        target_loss=None,
        min_gradient=None,
        warm_start=False,
        n_jobs=-1,
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
        self.steepness = steepness
        self.init = init
        self.whiten = whiten
        self.max_gradient_norm = max_gradient_norm
        self.target_loss = target_loss
        self.min_gradient = min_gradient
        self.warm_start = warm_start
        self.n_jobs = n_jobs

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

    def loss(self, X, y) -> float:
        """Mean loss of the head per sample, without weight decay: ½Σ(d − o)² with the mse head."""
        outputs = self._outputs(X)
        return float(door.head_of(self).losses(outputs, self.targets_of(y)).mean(dtype=float))

    def describe(self) -> str:
        """The network in words: a table of its layers, then one of each layer's weights and thresholds."""
        check_is_fitted(self)
        return describe(self)

    def get_state(self) -> dict:
        """The fitted network as arrays and one dict of JSON-able settings, for :meth:`from_state`.

        Returns
        -------
        dict with "weights" (n_weights,), "loss_curve", "validation_curve", "residual_std" (arrays) and "settings"
        (dict)
        """
        check_is_fitted(self)
        settings = door.plain_settings(self) | {
            "n_features_in": int(self.n_features_in_),
            "n_outputs": int(self.n_outputs_),
            "y_ndim": int(self._y_ndim),
            "n_epochs": self.n_epochs_,
            "best_epoch": self.best_epoch_,
            "stop_reason": self.stop_reason_,
            "effective_parameters": self.effective_parameters_,
        }
        return {
            "weights": self.weights_.copy(),
            "loss_curve": np.array(self.loss_curve_),
            "validation_curve": np.array(self.validation_curve_),
            "residual_std": np.array(self.residual_std_, dtype=float),
            "settings": settings,
        }

    @classmethod
    def from_state(cls, state: dict) -> BPEstimator:
        """Rebuild a fitted network from :meth:`get_state`; it predicts the same to the last bit."""
        settings = dict(state["settings"])
        names = ("n_features_in", "n_outputs", "y_ndim", "n_epochs", "best_epoch", "stop_reason")
        fitted = {name: settings.pop(name) for name in names}
        effective = settings.pop("effective_parameters", None)
        model = cls(**door.settings_from_plain(settings))
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
        model.weights_ = np.array(state["weights"], door.dtype_of(model))
        model.loss_curve_ = np.asarray(state["loss_curve"]).tolist()
        model.validation_curve_ = np.asarray(state["validation_curve"]).tolist()
        model.residual_std_ = np.array(state.get("residual_std", np.ones(model.n_outputs_)), dtype=float)
        model.effective_parameters_ = effective
        model.n_epochs_ = fitted["n_epochs"]
        model.best_epoch_ = fitted["best_epoch"]
        model.stop_reason_ = fitted["stop_reason"]
        return model

    def _network(self):
        return Network(
            self.n_features_in_,
            door.hidden_layers(self.hidden),
            door.head_of(self).n_outputs(self.n_outputs_),
            activation=self.activation,
            output=door.network_output(self),
            steepness=self.steepness,
            dtype=door.dtype_of(self),
        )

    def _outputs(self, X):
        """The network's outputs for inputs X in float64, on all threads."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=self.weights_.dtype, reset=False)
        if len(X) <= Network.block:
            # In double precision it does not show that BLAS sums one row in another order than many.
            return self._network().copy("float64").forward(self.weights_.astype(float), X.astype(float))
        network = self._network().copy(block=_PREDICTED_AT_ONCE)
        outputs = np.empty((len(X), network.sizes[-1]))
        # Threads cost more than they save on a few samples.
        objective = Objective(network, n_jobs=n_threads(self.n_jobs) if len(X) > 20_000 else 1)
        try:
            # BLAS threads would only wait for each other. Each part of the outputs is filled where it lies.
            with threadpool_limits(1, user_api="blas"):
                for _ in objective.map(
                    lambda network, part: network.forward(self.weights_, part.X, part.Y), Samples(X, outputs)
                ):
                    pass
        finally:
            objective.close()
        return outputs
