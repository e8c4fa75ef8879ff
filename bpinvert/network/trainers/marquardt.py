"""Levenberg–Marquardt: Gauss–Newton steps, damped until they succeed; and with a regularisation that finds itself."""

from __future__ import annotations

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh

from bpinvert.network.strategies import is_number, require
from bpinvert.network.trainers.base import Trainer

# The first penalty as a share of the misfit. With more of it (Foresee & Hagan let all weights count at first) half of
# the trainings end with all weights zero, from where there is no way back.
_FIRST_PENALTY = 0.02

# Several matrices of n_weights² numbers are held; of this size each has half a gigabyte.
_MOST_WEIGHTS = 8000


class LevenbergMarquardt(Trainer):
    """One step (JᵀJ + μ·diag) δ = −Jᵀr an epoch; μ falls after success and grows until a step lowers the loss.

    J is that of the residuals o − d over all samples and outputs; JᵀJ is summed in blocks, so memory is the square of
    the number of weights. With `projection` and linear outputs W is projected out: for every V tried, W is the exact
    least-squares solution, and the step in V takes into account how W will follow (Schur complement of JᵀJ; Kaufman
    1975). That saves some steps where hidden neurons differ; where they are nearly alike, as many neurons on one input,
    W becomes huge and the training ends early.

    Parameters
    ----------
    mu : float
        Damping to begin with, in units of the mean of the diagonal of JᵀJ per sample.
    increase, decrease : float
        Factors on μ.
    largest : float
        μ at which the samples count as learnt.
    projection : bool
        Whether to eliminate W where outputs are linear (variable projection).

    References
    ----------
    Hagan & Menhaj (1994), doi:10.1109/72.329697. Golub & Pereyra (2003), doi:10.1088/0266-5611/19/2/201 (variable
    projection). Names in MATLAB's trainlm: mu, mu_inc, mu_dec, mu_max.
    """

    name = "lm"
    residual = True
    most_weights = _MOST_WEIGHTS

    def __init__(self, mu=1e-3, increase=10.0, decrease=0.1, largest=1e10, projection=False):
        owner = "LevenbergMarquardt"
        _check_damping(owner, mu, increase, decrease, largest)
        require(owner, "projection", projection, isinstance(projection, (bool, np.bool_)), "True or False")
        self.mu = mu
        self.increase = increase
        self.decrease = decrease
        self.largest = largest
        self.projection = projection

    def start(self, weights):
        return {"mu": np.array(float(self.mu)), "projected": np.zeros((), bool)}

    def epoch(self, objective, weights, state, samples, rng, budget):
        loss = objective.on(samples)
        project = self.projection and objective.linear
        last = objective.network.shapes[-1] if project else None
        if project and not state["projected"]:
            best = loss.with_best_output_layer(weights)
            if loss.loss(best) < loss.loss(weights):
                weights[...] = best
            state["projected"][...] = True
        equations = loss.normal_equations(weights)
        before, mu = equations.loss, float(state["mu"])
        if not np.isfinite(before):
            return before, False
        while mu <= self.largest:
            step = _step(equations, mu, weights.dtype, last)
            trial = (weights + step).astype(weights.dtype)
            if project and np.isfinite(trial).all():
                trial = loss.with_best_output_layer(trial)
            after = loss.loss(trial)
            if after < before:
                weights[...] = trial
                state["mu"][...] = max(mu * self.decrease, 1e-20)
                return after, False
            mu *= self.increase
            if budget.out_of_time():
                state["mu"][...] = mu
                return before, False
        # Samples to come may have more to teach.
        state["mu"][...] = self.mu
        return before, True


class BayesianRegularisation(Trainer):
    """Levenberg–Marquardt on F = β·½Σr² + α·½Σw², with α and β re-estimated after every step.

    The evidence says how many weights the data determine, γ = P − α tr(H⁻¹) with H = βJᵀJ + αI, and from that
    α = γ/Σw² and β = (N − γ)/Σr² for N = samples × outputs. Thresholds are not penalised and have no part in α, but
    γ counts them as if they were: one that the data leave open is no parameter. No validation samples are needed; the
    estimator reports γ as ``effective_parameters_``.

    Parameters
    ----------
    mu, increase, decrease, largest : float
        As in :class:`LevenbergMarquardt`.

    References
    ----------
    MacKay (1992), doi:10.1162/neco.1992.4.3.415. Foresee & Hagan (1997), doi:10.1109/ICNN.1997.614194. Names in
    MATLAB's trainbr: mu, mu_inc, mu_dec, mu_max.
    """

    name = "br"
    residual = True
    most_weights = _MOST_WEIGHTS
    keeps_last = True
    validation_fraction = 0.0

    def __init__(self, mu=5e-3, increase=10.0, decrease=0.1, largest=1e10):
        _check_damping("BayesianRegularisation", mu, increase, decrease, largest)
        self.mu = mu
        self.increase = increase
        self.decrease = decrease
        self.largest = largest

    def start(self, weights):
        return {
            "mu": np.array(float(self.mu)),
            "alpha": np.zeros(()),
            "beta": np.ones(()),
            "effective_parameters": np.full((), float(len(weights))),
        }

    def weight_decay(self, state):
        return float(state["alpha"] / state["beta"])

    def epoch(self, objective, weights, state, samples, rng, budget):
        loss = objective.on(samples, weight_decay=0.0)
        n_data = samples.size * samples.Y.shape[1]
        equations = loss.normal_equations(weights)
        data, squares = equations.loss * samples.size, objective.squared_weights(weights)
        if not np.isfinite(data):
            return data, False
        alpha, beta, mu = (float(state[name]) for name in ("alpha", "beta", "mu"))
        if not alpha:
            gamma = min(len(weights), _FIRST_PENALTY * n_data)
            alpha, beta = gamma / max(2 * squares, 1e-300), (n_data - gamma) / max(2 * data, 1e-300)
        penalty = objective.penalty_matrix(weights)
        pull = objective.penalty_gradient(weights)
        data_curvature = beta * samples.size * equations.curvature
        curvature = data_curvature + alpha * penalty
        slope = beta * samples.size * equations.gradient + alpha * pull
        before = beta * data + alpha * squares
        converged = True
        while mu <= self.largest:
            try:
                factor = cho_factor(_damped(curvature, mu), check_finite=False)
            except LinAlgError:
                mu *= self.increase
                continue
            trial = (weights - cho_solve(factor, slope, check_finite=False)).astype(weights.dtype)
            after_data = loss.loss(trial) * samples.size
            if beta * after_data + alpha * objective.squared_weights(trial) < before:
                weights[...] = trial
                data, mu, converged = after_data, max(mu * self.decrease, 1e-20), False
                break
            mu *= self.increase
            if budget.out_of_time():
                converged = False
                break
        squares = objective.squared_weights(weights)
        gamma, penalised = _effective(data_curvature, alpha, penalty)
        gamma = min(gamma, n_data - 1e-6 * n_data)
        state["effective_parameters"][...] = gamma
        state["alpha"][...] = max(penalised, 1e-3) / max(2 * squares, 1e-300)
        state["beta"][...] = (n_data - gamma) / max(2 * data, 1e-300)
        # Samples to come may have more to teach.
        state["mu"][...] = self.mu if converged else mu
        return data / samples.size, converged


def _check_damping(owner, mu, increase, decrease, largest):
    require(owner, "mu", mu, is_number(mu) and mu > 0, "a positive number")
    require(owner, "increase", increase, is_number(increase) and increase > 1, "a number above 1")
    require(owner, "decrease", decrease, is_number(decrease) and 0 < decrease < 1, "between 0 and 1")
    require(owner, "largest", largest, is_number(largest) and largest > mu, "a number above mu")


def _damped(curvature, mu):
    damped = curvature.copy()
    damped[np.diag_indices(len(damped))] += mu * np.diagonal(curvature).mean()
    return damped


def _step(equations, mu, dtype, shape=None):
    """The damped Gauss–Newton step; with a linear output layer of `shape` eliminated, zero for its weights."""
    curvature, gradient = equations.curvature, equations.gradient
    step = np.zeros_like(gradient)
    if shape is not None:
        n_last = shape[0] * shape[1]
        first, last = slice(0, -n_last), slice(-n_last, None)
        # All linear outputs have the same curvature; that of hidden neurons which are all but one is singular.
        one = curvature[last, last].reshape(*shape, *shape)[:, 0, :, 0]
        inverse = np.linalg.pinv(one, rcond=1000 * np.finfo(dtype).eps, hermitian=True)
        follow = (inverse @ curvature[last, first].reshape(shape[0], -1)).reshape(n_last, -1)
        gradient = gradient[first] - follow.T @ gradient[last]
        curvature = curvature[first, first] - curvature[first, last] @ follow
    else:
        first = slice(None)
    try:
        step[first] = -cho_solve(cho_factor(_damped(curvature, mu), check_finite=False), gradient, check_finite=False)
    except LinAlgError:
        step[first] = -gradient / max(mu * np.diagonal(curvature).mean(), 1e-300)
    return step


def _effective(curvature, alpha, penalty):
    """γ = Σ λ/(λ + α) for the data's curvature λ relative to the penalty's, of all weights and of those penalised."""
    threshold = np.diagonal(penalty) == 0
    # Inputs in units far apart leave a penalty that is singular to rounding.
    held = threshold + 1e-13 * np.diagonal(penalty).max()
    value, vector = eigh(curvature, penalty + np.diag(held), check_finite=False)
    share = np.maximum(value, 0) / (np.maximum(value, 0) + alpha)
    # B-orthonormal vectors u have Σ u² = 1 over penalised weights and thresholds together.
    of_thresholds = (vector[threshold] ** 2).sum(axis=0)
    return float(share.sum()), float(share @ (1 - of_thresholds))
