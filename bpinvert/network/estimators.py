"""The three-layer BP network as a scikit-learn regressor."""

from __future__ import annotations

import copy

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from bpinvert.network import settings as door
from bpinvert.network.base import BPEstimator
from bpinvert.network.heads.density import DensityHead
from bpinvert.network.objective import n_threads


class BPRegressor(MultiOutputMixin, RegressorMixin, BPEstimator):
    """Three-layer backpropagation network for regression.

    It does not scale targets: pass them with mean about 0 and spread about 1 (or in [0, 1] with a sigmoid output),
    inputs likewise. The fitted weights are the best ones seen on the validation samples.

    Parameters
    ----------
    hidden : int or two ints
        Neurons of the hidden layer, or of two; :func:`suggest_hidden` lists rules of thumb.
    activation : {"tanh", "unipolar", "bipolar"}
        Of the hidden neurons.
    output : {"linear", "sigmoid", "softmax"}
        Linear with the heads "mse", "gaussian" and "mixture"; sigmoid with "mse" and "cross_entropy"; softmax with
        "cross_entropy".
    head : {"mse", "cross_entropy", "gaussian", "mixture"} or a head object
        What the outputs mean: the answer alone, or its distribution.
    trainer : {"adam", "soap", "lbfgs", "lm", "br", "gd", "momentum", "adaptive", "rprop"} or a trainer object
    max_epochs : int or None
        None leaves it to `max_time`.
    max_time : float or None
        In seconds. Adam lowers its rate to zero over whichever budget ends first. A training ended by time,
        or whose rate follows the clock, differs from run to run; with `max_epochs` alone, the same
        `random_state` gives the same weights to the last bit, on any number of cores.
    weight_decay : float
        λ in λ/(2N) Σ w² for N training samples; thresholds do not decay.
    validation_fraction : float or None
        Share of the samples given to `fit` that is held out; 0 for none, then the training loss says what is
        best. None is 0.1, and 0 with trainer "br", which needs no validation.
    patience : int or None
        Epochs without a better validation loss after which to stop; None to use the whole budget.
    checkpoint : path or None
        File that is written every few seconds and on Ctrl-C. A training with the same settings and data
        resumes from it. It is removed when the training ends by itself.
    progress : bool
        Show a progress bar.
    random_state : int, RandomState or None
    dtype : {"float32", "float64"} or None
        Of the arithmetic. None is float32 with "adam", "soap" and "lbfgs", float64 otherwise.
    steepness : float
        Factor on the net input of every neuron but linear ones.
    init : {"xavier", "uniform", "nguyen_widrow"}
        How weights begin.
    whiten : bool or None
        Train in decorrelated inputs and fold that back into V afterwards: the same network, much faster where inputs
        resemble each other, as neighbouring readings do. None leaves it to the trainer: the textbook's (gd, momentum,
        adaptive, rprop) work on the inputs as they are.
    max_gradient_norm : float or None
        Gradients longer than this are shortened to it; "lbfgs", "lm" and "br", which find the length of their steps
        themselves, use them as they are.
    target_loss, min_gradient : float or None
        Training loss, or length of the gradient over all samples (where inputs are whitened, by the weights on these),
        at which to stop.
    warm_start : bool
        Whether `fit` goes on from the weights of the fit before.
    n_jobs : int
        Threads; -1 for all cores (as many as BLAS may use).

    Attributes
    ----------
    V_, W_ : (n_inputs+1, n_hidden) and (n_hidden+1, n_outputs) arrays
        Weights; row 0 holds the thresholds, the weights of a constant −1 input. With two hidden layers,
        `matrices_` lists all three.
    weights_ : (n_weights,) array
        All of them in one vector.
    loss_curve_, validation_curve_ : lists
        Mean loss per sample and epoch (the last epoch may be cut short by `max_time`): ½Σ(d − o)² with the mse head;
        the former with weight decay, the latter without.
    n_epochs_, best_epoch_ : int
        Epochs done, and the one (from 1) whose weights are kept; 0 if no epoch was finished.
    stop_reason_ : str
        "max_epochs", "max_time", "target_loss", "min_gradient", "patience", "converged", "diverged", "interrupted"
        (Ctrl-C) or "partial_fit".
    residual_std_ : (n_targets,) array
        With the mse head, spread of held-out targets about the answers (of training targets where none are held out),
        which `draw` and `log_density` take for that of the answer; ones with other heads.
    effective_parameters_ : float or None
        Weights that the data determine, with trainer "br".

    Examples
    --------
    >>> X = np.linspace(-1, 1, 500)[:, None]
    >>> y = np.sin(3 * X[:, 0])
    >>> model = BPRegressor(hidden=8, trainer="lbfgs", max_epochs=10, random_state=0).fit(X, y)
    >>> bool(np.abs(model.predict(X) - y).max() < 0.02)
    True
    """

    def fit(self, X, y, sample_weight=None):
        """Train on one set of samples.

        Parameters
        ----------
        X : (n_samples, n_inputs) array
        y : (n_samples,) or (n_samples, n_targets) array
        sample_weight : (n_samples,) array, optional
            How often each sample counts: 2 is as good as having it twice, where batches are all samples.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a setting is unknown or out of range, X or y has NaN, infinities or a wrong shape, targets lie
            outside [0, 1] with a sigmoid output, or the checkpoint belongs to another training.
        """
        going_on = self.warm_start and hasattr(self, "weights_")
        return self._fit(*self._checked(X, y, reset=not going_on), sample_weight)

    def partial_fit(self, X, y, sample_weight=None):
        """One epoch on these samples, going on from the present weights. There is no validation.

        Adam's rate stays that of the beginning of its schedule. Parameters, errors and what is returned are as in
        :meth:`fit`.
        """
        return self._partial_fit(*self._checked(X, y, reset=not hasattr(self, "weights_")), sample_weight)

    @staticmethod
    def targets_of(y) -> np.ndarray:
        """What the network learns for `y`: (n_samples, n_targets)."""
        y = np.asarray(y)
        return y.reshape(len(y), -1)

    def _checked(self, X, y, *, reset):
        door.check_settings(self)
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=door.dtype_of(self), reset=reset)
        if not reset and y.size // len(y) != self.n_outputs_:
            raise ValueError(
                f"y has {y.size // len(y)} targets but the network was trained on {self.n_outputs_}. "
                "Give the same targets, or fit a new network."
            )
        self._y_ndim = y.ndim
        return np.ascontiguousarray(X), door.check_targets(y, self, "y")

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
        n_targets = None if held_out is None else held_out.Y.shape[1]
        known = held_out is not None

        def checked(epoch):
            nonlocal n_targets, known
            samples = door.check_samples(self, source(epoch), f"source({epoch})", reset=not known, n_targets=n_targets)
            n_targets, known = samples.Y.shape[1], True
            return samples

        return self._fit_stream(checked, held_out)

    def predict(self, X):
        """The network's answer.

        Parameters
        ----------
        X : (n_samples, n_inputs) array

        Returns
        -------
        (n_samples,) or (n_samples, n_targets) array of float64, shaped as y was
        """
        answer = door.head_of(self).mean(self._outputs(X))
        return answer[:, 0] if self._y_ndim == 1 else answer

    def draw(self, X, n_draws, random_state=None, dtype="float64"):
        """Random answers from the distribution that the head states for each input.

        With the mse head that is a normal one about the answer, with the spread of held-out residuals. All draws are
        independent, and the same on any number of threads.

        Parameters
        ----------
        X : (n_samples, n_inputs) array
        n_draws : int
        random_state : int, numpy.random.Generator or None
        dtype : {"float64", "float32"}
            Of the draws; float32 takes half the memory.

        Returns
        -------
        (n_draws, n_samples) or (n_draws, n_samples, n_targets) array of `dtype`
        """
        door.check_dtype(dtype)
        outputs, n_draws = self._outputs(X), door.check_count("n_draws", n_draws)
        jobs = self._threads(len(outputs) * n_draws)
        draws = self._fitted_head().draw(outputs, n_draws, np.random.default_rng(random_state), dtype, jobs)
        return draws[..., 0] if self._y_ndim == 1 else draws

    def quantiles(self, X, probabilities):
        """Quantiles of each target by itself, of the distribution that the head states.

        Parameters
        ----------
        X : (n_samples, n_inputs) array
        probabilities : (n_probabilities,) array
            Strictly between 0 and 1.

        Returns
        -------
        (n_probabilities, n_samples) or (n_probabilities, n_samples, n_targets) array of float64

        Raises
        ------
        ValueError
            If a probability is not inside (0, 1), or the head is "cross_entropy", which states no density.

        Examples
        --------
        >>> X = np.linspace(-1, 1, 500)[:, None]
        >>> model = BPRegressor(hidden=8, head="gaussian", max_epochs=3, random_state=0).fit(X, X[:, 0])
        >>> low, middle, high = model.quantiles(X, [0.05, 0.5, 0.95])
        >>> bool(np.allclose(middle, model.predict(X)) and (low < high).all())
        True
        """
        head, levels = self._density_head("quantiles"), door.check_probabilities(probabilities)
        outputs = self._outputs(X)
        found = head.quantiles(outputs, levels, self._threads(outputs.size))
        return found[..., 0] if self._y_ndim == 1 else found

    def normals(self, X):
        """The normal densities whose mixture the head states; one with the mse and gaussian heads.

        Parameters
        ----------
        X : (n_samples, n_inputs) array

        Returns
        -------
        weight : (n_samples, K) array
            Their shares, which sum to 1.
        mean : (n_samples, K, n_targets) array
        factor : (n_samples, K, n_targets, n_targets) array
            Lower triangular L of the precision L Lᵀ.

        Raises
        ------
        ValueError
            If the head is "cross_entropy", which states no density.
        """
        head, outputs = self._density_head("normals"), self._outputs(X)
        return head.normals(outputs, self._threads(outputs.size))

    def mean_cdf(self, X):
        """Expected Φ(y) of the targets y, Φ the standard normal distribution function, shaped as y was.

        Where targets are normal scores y = Φ⁻¹(u), that is the expected u. Errors as in :meth:`normals`.
        """
        mean = self._density_head("mean_cdf").mean_cdf(self._outputs(X))
        return mean[:, 0] if self._y_ndim == 1 else mean

    def log_density(self, X, y):
        """Logarithm of the probability density that the head states for targets `y` at inputs `X`, (n_samples,)."""
        outputs = self._outputs(X)
        Y = np.asarray(y, dtype=float)
        if Y.size != len(outputs) * self.n_outputs_ or not np.isfinite(Y).all():
            raise ValueError(
                f"y has shape {Y.shape}; it must hold {self.n_outputs_} finite targets for each of the {len(outputs)} "
                "rows of X. Reshape it."
            )
        return self._fitted_head().log_density(outputs, Y.reshape(len(outputs), -1))

    def _density_head(self, wanted):
        head = self._fitted_head()
        if not isinstance(head, DensityHead):
            raise ValueError(
                f"head is {head.name!r}, which states no density of the targets; {wanted} needs one of "
                "'mse', 'gaussian' or 'mixture'. Train with such a head."
            )
        return head

    def _threads(self, size):
        """Threads for that many numbers: on few they cost more than they save."""
        return n_threads(self.n_jobs) if size > 200_000 else 1

    def _fitted_head(self):
        check_is_fitted(self)
        head = copy.copy(door.head_of(self))
        if head.residual:
            head.std = self.residual_std_
        return head
