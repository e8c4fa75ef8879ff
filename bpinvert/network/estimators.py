"""The three-layer BP network as a scikit-learn estimator."""

from __future__ import annotations

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from bpinvert.network import settings as door
from bpinvert.network.base import BPEstimator
from bpinvert.network.heads import HEADS


class BPRegressor(MultiOutputMixin, RegressorMixin, BPEstimator):
    """Three-layer backpropagation network for regression.

    It does not scale: pass inputs of mean about 0 and spread about 1, and targets alike (or in [0, 1] with a
    sigmoid output). The fitted weights are the best ones seen on the validation samples.

    Parameters
    ----------
    hidden : int or two ints
        Neurons of the hidden layer, or of two.
    activation : {"tanh", "unipolar", "bipolar"}
        Of the hidden neurons.
    output : {"linear", "sigmoid"}
    head : {"mse"}
        What the outputs mean.
    trainer : {"adam", "lbfgs"} or a trainer object with its own settings
    max_epochs : int or None
        None leaves it to `max_time`.
    max_time : float or None
        In seconds. Adam lowers its rate to zero over whichever budget ends first. A training ended by time,
        or whose rate follows the clock, differs from run to run; with `max_epochs` alone, the same
        `random_state` gives the same weights to the last bit: training uses one BLAS thread.
    weight_decay : float
        λ in λ/(2N) Σ w² for N training samples; thresholds do not decay.
    validation_fraction : float
        Share of the samples given to `fit` that is held out; 0 for none, then the training loss says what is
        best.
    patience : int or None
        Epochs without a better validation loss after which to stop; None to use the whole budget.
    checkpoint : path or None
        File that is written every few seconds and on Ctrl-C. A training with the same settings and data
        resumes from it. It is removed when the training ends by itself.
    progress : bool
        Show a progress bar.
    random_state : int, RandomState or None
    dtype : {"float32", "float64"}
        Of the arithmetic.

    Attributes
    ----------
    V_, W_ : (n_inputs+1, n_hidden) and (n_hidden+1, n_outputs) arrays
        Weights; row 0 holds the thresholds, the weights of a constant −1 input. With two hidden layers,
        `matrices_` lists all three.
    weights_ : (n_weights,) array
        All of them in one vector.
    loss_curve_, validation_curve_ : lists
        Mean loss per epoch (the last epoch may be cut short by `max_time`); ½Σ(d − o)² per sample with the
        mse head.
    n_epochs_, best_epoch_ : int
        Epochs done, and the one (from 1) whose weights are kept; 0 if no epoch was finished.
    stop_reason_ : str
        "max_epochs", "max_time", "patience", "converged", "diverged" or "interrupted" (Ctrl-C).

    Examples
    --------
    >>> X = np.linspace(-1, 1, 500)[:, None]
    >>> y = np.sin(3 * X[:, 0])
    >>> model = BPRegressor(hidden=8, trainer="lbfgs", max_epochs=10, random_state=0).fit(X, y)
    >>> bool(np.abs(model.predict(X) - y).max() < 0.02)
    True
    """

    def fit(self, X, y):
        """Train on one set of samples.

        Parameters
        ----------
        X : (n_samples, n_inputs) array
        y : (n_samples,) or (n_samples, n_targets) array

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a setting is unknown or out of range, X or y has NaN, infinities or a wrong shape, targets lie
            outside [0, 1] with a sigmoid output, or the checkpoint belongs to another training.
        """
        door.check_settings(self)
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=self.dtype)
        self._y_ndim = y.ndim
        X, Y = np.ascontiguousarray(X), door.check_targets(y, self.output, self.dtype, "y")
        checkpoint, stored, seed = self._resume(door.fingerprint(X, Y))
        validation = None
        n_held_out = int(self.validation_fraction * len(X))
        if n_held_out:
            order = np.random.default_rng([seed, *b"hold out"]).permutation(len(X))
            held_out, kept = order[:n_held_out], order[n_held_out:]
            X, Y, validation = X[kept], Y[kept], (X[held_out], Y[held_out])
        return self._train(lambda epoch: (X, Y), (X, Y), validation, checkpoint, stored, seed, fixed=True)

    def fit_stream(self, source, validation=None):
        """Train on samples that are new in every epoch.

        Parameters
        ----------
        source : callable
            ``source(epoch)`` gives (X, y) as in :meth:`fit`, for epoch 0, 1, ... It is called in a second
            thread, one epoch ahead of the training; derive its random numbers from the epoch to have a
            training repeat itself.
        validation : (X, y), optional
            Samples of the same shapes. Without them the training loss says which weights are best.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As in :meth:`fit`.
        """
        door.check_settings(self)
        if not callable(source):
            raise TypeError(f"source is a {type(source).__name__}; it must be a function of the epoch giving X, y.")
        held_out = None
        if validation is not None:
            held_out = door.check_samples(self, validation, "validation", reset=True)
        checkpoint, stored, seed = self._resume(None if held_out is None else door.fingerprint(*held_out))
        first = stored.epoch if stored else 0
        samples = door.check_samples(self, source(first), f"source({first})", reset=held_out is None)
        if held_out is not None and held_out[1].shape[1] != samples[1].shape[1]:
            raise ValueError(
                f"validation has {held_out[1].shape[1]} targets and source({first}) gives "
                f"{samples[1].shape[1]}; both must be the same. Pass validation samples of the stream's kind."
            )

        def checked(epoch):
            if epoch == first:
                return samples
            return door.check_samples(self, source(epoch), f"source({epoch})", n_targets=samples[1].shape[1])

        return self._train(checked, samples, held_out, checkpoint, stored, seed, fixed=False)

    def predict(self, X):
        """The network's answer.

        Parameters
        ----------
        X : (n_samples, n_inputs) array

        Returns
        -------
        (n_samples,) or (n_samples, n_targets) array of float64, shaped as y was
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=self.weights_.dtype, reset=False)
        outputs = self._network().forward(self.weights_, X)
        answer = HEADS[self.head]().mean(outputs).astype(float)
        return answer[:, 0] if self._y_ndim == 1 else answer
