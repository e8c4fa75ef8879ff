"""The three-layer BP network as a scikit-learn classifier."""

from __future__ import annotations

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from bpinvert.network import settings as door
from bpinvert.network.base import BPEstimator


class BPClassifier(ClassifierMixin, BPEstimator):
    """Three-layer backpropagation network that tells classes apart.

    With a softmax output every class has a neuron and the loss is the cross-entropy of its probabilities. With a
    sigmoid output two classes share one neuron and more have one each ("one-hot"), trained with the head
    "cross_entropy" or, as in the textbook, "mse".

    Parameters and attributes are those of :class:`BPRegressor`, with other defaults for `output` and `head`.

    Parameters
    ----------
    output : {"softmax", "sigmoid"}
    head : {"cross_entropy", "mse"}

    Attributes
    ----------
    classes_ : (n_classes,) array

    Examples
    --------
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> y = np.array(["same", "different", "different", "same"])
    >>> model = BPClassifier(hidden=4, trainer="lbfgs", max_epochs=5, random_state=0).fit(X, y)
    >>> model.predict(X).tolist()
    ['same', 'different', 'different', 'same']
    """

    def __init__(
        self,
        hidden=64,
        activation="tanh",
        output="softmax",
        head="cross_entropy",
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
        # scikit-learn reads the settings' names and defaults from this signature.
        settings = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        super().__init__(**settings)

    def fit(self, X, y, sample_weight=None):
        """Train on one set of samples.

        Parameters
        ----------
        X : (n_samples, n_inputs) array
        y : (n_samples,) array
            Classes, of any kind that can be sorted.
        sample_weight : (n_samples,) array, optional

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As `BPRegressor.fit`, and if there is only one class.
        """
        self._check_door()
        going_on = self.warm_start and hasattr(self, "weights_")
        X, y = self._checked(X, y, reset=not going_on)
        classes = self._at_least_two(np.unique(y), "y")
        if going_on and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"y has the classes {classes.tolist()} but the fitted network that warm_start goes on from has "
                f"{self.classes_.tolist()}. Give the same classes or set warm_start=False."
            )
        self.classes_ = classes
        return self._fit(X, self.targets_of(y), sample_weight)

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """One epoch on these samples, going on from the present weights.

        Parameters
        ----------
        X, y, sample_weight : as in :meth:`fit`
        classes : array, optional
            All classes there are; needed in the first call only.
        """
        self._check_door()
        first = not hasattr(self, "weights_")
        if first and classes is None:
            raise ValueError("the first call of partial_fit needs all classes; pass classes=[...].")
        X, y = self._checked(X, y, reset=first)
        if first:
            self.classes_ = self._at_least_two(np.unique(classes), "classes")
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"classes is {list(classes)} but the first call named {self.classes_.tolist()}; they stay the same. "
                "Leave classes out."
            )
        return self._partial_fit(X, self.targets_of(y), sample_weight)

    def predict_proba(self, X):
        """Probability of each class, (n_samples, n_classes); outputs of sigmoid neurons are scaled to a sum of 1."""
        check_is_fitted(self)
        answer = door.head_of(self).mean(self._outputs(X))
        if answer.shape[1] == 1:
            return np.hstack([1 - answer, answer])
        total = answer.sum(axis=1, keepdims=True)
        return np.where(total > 0, answer / np.where(total > 0, total, 1.0), 1 / answer.shape[1])

    def predict_log_proba(self, X):
        """Natural logarithm of :meth:`predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X):
        """The most probable class, (n_samples,)."""
        check_is_fitted(self)
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]

    def get_state(self) -> dict:
        """As `BPRegressor.get_state`; numbers and words can be stored as classes."""
        state = super().get_state()
        state["settings"]["classes"] = self.classes_.tolist()
        return state

    @classmethod
    def from_state(cls, state):
        """Inverse of :meth:`get_state`."""
        settings = dict(state["settings"])
        classes = np.array(settings.pop("classes"))
        model = super().from_state(state | {"settings": settings})
        model.classes_ = classes
        return model

    def _check_door(self):
        door.check_settings(self)
        head = door.head_name(self)
        if head not in ("mse", "cross_entropy") or self.output == "linear":
            raise ValueError(
                f"a classifier has output {self.output!r} and head {head!r}; it must be 'softmax' or 'sigmoid' with "
                "'cross_entropy', or 'sigmoid' with 'mse'. Choose such a pair."
            )

    def _checked(self, X, y, *, reset):
        X, y = validate_data(self, X, y, dtype=door.dtype_of(self), reset=reset)
        check_classification_targets(y)
        self._y_ndim = 1
        return np.ascontiguousarray(X), y

    @staticmethod
    def _at_least_two(classes, name):
        if len(classes) < 2:
            raise ValueError(
                f"{name} has only 1 class, {classes.tolist()[0]!r}; a classifier needs at least two. Add others."
            )
        return classes

    def targets_of(self, y) -> np.ndarray:
        """What the network learns for classes `y`: (n_samples, n_neurons) of 0 and 1."""
        y = np.asarray(y)
        classes = getattr(self, "classes_", None)
        classes = np.unique(y) if classes is None else classes
        place = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
        unknown = classes[place] != y
        if unknown.any():
            raise ValueError(
                f"y has the class {y[unknown].tolist()[0]!r}, which is not one of {classes.tolist()}. "
                "Name all classes in the first call."
            )
        dtype = door.dtype_of(self)
        if self.output == "sigmoid" and len(classes) == 2:
            return place[:, None].astype(dtype)
        return np.eye(len(classes), dtype=dtype)[place]
