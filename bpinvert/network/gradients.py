"""Is the gradient right? Backpropagation against central differences and the complex step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bpinvert.network import settings as door
from bpinvert.network.backprop import Network
from bpinvert.network.objective import Objective
from bpinvert.network.samples import Samples

# So small that its square is nothing beside 1: the imaginary part is the derivative to rounding.
COMPLEX_STEP = 1e-30


@dataclass(frozen=True, eq=False, repr=False)
class GradientCheck:
    """A gradient beside two others of the same loss.

    Attributes
    ----------
    by_differences, by_complex_step : float
        Relative difference |a − b| / (|a| + |b|) from each, in the 2-norm: 0 for the same, 1 for opposite ones.
    gradient, differences, complex_step : (n_compared,) arrays
        The gradient in question, fourth-order central differences, complex step.
    epsilon : float
        Step of the central differences.
    weights : (n_compared,) int array
        Which weights were compared.
    """

    by_differences: float
    by_complex_step: float
    epsilon: float
    gradient: np.ndarray
    differences: np.ndarray
    complex_step: np.ndarray
    weights: np.ndarray

    def __str__(self):
        return (
            f"gradient by {len(self.gradient)} weights: relative difference {self.by_differences:.1e} from central "
            f"differences (step {self.epsilon:g}), {self.by_complex_step:.1e} from the complex step"
        )

    def __repr__(self):
        return f"<GradientCheck: {self}>"


def compare_gradients(loss, gradient, weights, epsilon=1e-4, *, max_weights=None, rng=None) -> GradientCheck:
    """Compare a gradient with central differences and with the complex step of its loss.

        differences:   [8 (E(w+ε) − E(w−ε)) − (E(w+2ε) − E(w−2ε))] / 12ε, of error ε⁴
        complex step:  Im E(w + ih) / h, exact to rounding for an analytic E

    Parameters
    ----------
    loss : callable
        ``loss(weights)`` for real and complex weights.
    gradient : (n_weights,) array
        d loss / d weights, as computed by the code in question.
    weights : (n_weights,) array
    epsilon : float
    max_weights : int, optional
        Compare that many weights, chosen at random; all of them if not given.
    rng : numpy.random.Generator, optional
        For that choice; seeded with 0 if not given.

    References
    ----------
    Squire & Trapp (1998), Using complex variables to estimate derivatives, doi:10.1137/S003614459631241X.

    Examples
    --------
    >>> w = np.array([0.3, -1.0])
    >>> check = compare_gradients(lambda w: np.exp(w).sum(), np.exp(w), w)
    >>> check.by_differences < 1e-11, check.by_complex_step < 1e-15
    (True, True)
    """
    weights = np.asarray(weights, float)
    chosen = np.arange(len(weights))
    if max_weights is not None and max_weights < len(weights):
        rng = rng or np.random.default_rng(0)
        chosen = np.sort(rng.choice(len(weights), max_weights, replace=False))
    differences, complex_step = np.empty(len(chosen)), np.empty(len(chosen))
    for n, i in enumerate(chosen):
        moved = weights.astype(complex)
        moved[i] += 1j * COMPLEX_STEP
        complex_step[n] = loss(moved).imag / COMPLEX_STEP
        values = []
        for steps in (-2, -1, 1, 2):
            moved = weights.copy()
            moved[i] += steps * epsilon
            values.append(loss(moved))
        differences[n] = (8 * (values[2] - values[1]) - (values[3] - values[0])) / (12 * epsilon)
    given = np.array(gradient, float)[chosen]
    by_differences, by_complex_step = (relative_difference(given, other) for other in (differences, complex_step))
    return GradientCheck(by_differences, by_complex_step, epsilon, given, differences, complex_step, chosen)


def compare_network(
    network, head, weights, X, Y, *, weight_decay=0.0, epsilon=1e-4, max_weights=None, rng=None
) -> GradientCheck:
    """The gradient of an :class:`Objective`, compared by :func:`compare_gradients`.

    The loss is computed apart from it, in one plain forward pass.

    Parameters
    ----------
    network : Network
        With dtype float64.
    head : Head
    weights : (n_weights,) array
    X : (n_samples, n_inputs) array
    Y : (n_samples, n_targets) array
    weight_decay : float
    epsilon, max_weights, rng
        As in :func:`compare_gradients`.
    """

    def loss(weights):
        values, decay = X, 0.0
        for matrix, activation in zip(network.matrices(weights), network.activations, strict=True):
            values = values @ matrix[1:] - matrix[0]
            activation.apply(values)
            decay = decay + (matrix[1:] * matrix[1:]).sum()
        return (head.losses(values, Y).sum() + 0.5 * weight_decay * decay) / len(X)

    _, gradient = Objective(network, head, weight_decay).on(Samples(X, Y)).loss_and_gradient(weights)
    return compare_gradients(loss, gradient, weights, epsilon, max_weights=max_weights, rng=rng)


def check_gradient(network, X, y, *, epsilon=1e-4, max_weights=None, rng=None) -> GradientCheck:
    """Check the backpropagated gradient of an estimator on some samples, in double precision.

    Parameters
    ----------
    network : BPRegressor or BPClassifier
        Fitted, or not: then at initial weights.
    X : (n_samples, n_inputs) array
    y : (n_samples,) or (n_samples, n_targets) array
        As for ``fit``.
    epsilon : float
        Step of the central differences.
    max_weights : int, optional
        Compare that many weights, chosen at random; all of them if not given.
    rng : numpy.random.Generator, optional
        For that choice and the initial weights; seeded with 0 if not given.

    Returns
    -------
    GradientCheck

    Examples
    --------
    >>> from bpinvert.network import BPRegressor
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(20, 4)), rng.normal(size=(20, 3))
    >>> check = check_gradient(BPRegressor(hidden=5), X, y)
    >>> check.by_differences < 1e-9, check.by_complex_step < 1e-13
    (True, True)
    """
    door.check_settings(network)
    rng = rng or np.random.default_rng(0)
    X, Y = np.asarray(X, float), np.asarray(network.targets_of(y), float)
    if X.ndim != 2 or len(X) != len(Y) or not (np.isfinite(X).all() and np.isfinite(Y).all()):
        raise ValueError(
            f"X has shape {X.shape} and y {np.shape(y)}; they must be (n_samples, n_inputs) and one row or number for "
            "each sample, all finite. Reshape them or remove those samples."
        )
    head = door.head_of(network)
    core = Network(
        X.shape[1],
        door.hidden_layers(network.hidden),
        head.n_outputs(Y.shape[1]),
        activation=network.activation,
        output=door.network_output(network),
        steepness=network.steepness,
        dtype="float64",
    )
    weights = getattr(network, "weights_", None)
    weights = core.initial_weights(rng) if weights is None else weights.astype(float)
    return compare_network(
        core,
        head,
        weights,
        X,
        Y,
        weight_decay=network.weight_decay,
        epsilon=epsilon,
        max_weights=max_weights,
        rng=rng,
    )


def relative_difference(a: np.ndarray, b: np.ndarray) -> float:
    """|a − b| / (|a| + |b|) in the 2-norm; 0 where both vanish."""
    size = np.linalg.norm(a) + np.linalg.norm(b)
    return float(np.linalg.norm(a - b) / size) if size else 0.0
