"""L-BFGS by SciPy, in coordinates where the error surface is round."""

from __future__ import annotations

import numpy as np
from scipy.linalg import LinAlgError, cholesky, solve_triangular
from scipy.optimize import minimize

from bpinvert.network.strategies import is_count, is_number, require
from bpinvert.network.trainers.base import Trainer

# Gauss–Newton curvature is a square of the number of weights; beyond this it costs more than it brings.
_MOST_WEIGHTS = 4000
# Damping of the curvature, as a share of its mean diagonal.
_DAMPING = 1e-3


class LBFGS(Trainer):
    """Full-batch quasi-Newton steps by SciPy's L-BFGS-B, in float64 around a gradient in the network's dtype.

    At the beginning of every epoch the Gauss–Newton curvature of some samples is factorised, C = RᵀR, and the epoch
    searches in R·w, where the curvature is about the identity: on 100 000 four-layer soundings an iteration then brings
    about three times as much (`benchmarks.training`).

    Parameters
    ----------
    iterations : int
        Per epoch. The sample set (a fresh one in a stream), the curvature and the memory are renewed at every epoch.
    memory : int
        Pairs of steps and gradient changes kept.
    tolerance : float
        Largest component of the gradient at which the samples count as learnt.
    curvature_samples : int or None
        Samples for the curvature, which needs the mse head; None searches in the weights themselves, and so does a
        network of more than 4000 weights.

    References
    ----------
    Byrd, Lu, Nocedal & Zhu (1995), doi:10.1137/0916069. Byrd, Chin, Neveitt & Nocedal (2011), doi:10.1137/10079923X
    (curvature of a sub-sample).
    """

    name = "lbfgs"
    whitens = True
    dtype = "float32"

    def __init__(self, iterations=50, memory=20, tolerance=1e-7, curvature_samples=5000):
        require("LBFGS", "iterations", iterations, is_count(iterations), "a whole number from 1")
        require("LBFGS", "memory", memory, is_count(memory), "a whole number from 1")
        valid = is_number(tolerance) and tolerance >= 0
        require("LBFGS", "tolerance", tolerance, valid, "zero or a positive number")
        valid = curvature_samples is None or is_count(curvature_samples)
        require("LBFGS", "curvature_samples", curvature_samples, valid, "a whole number from 1, or None")
        self.iterations = iterations
        self.memory = memory
        self.tolerance = tolerance
        self.curvature_samples = curvature_samples

    def epoch(self, objective, weights, state, samples, rng, budget):
        loss = objective.on(samples)
        origin, gradient = weights.astype(float), np.empty_like(weights)
        factor = self._factor(objective, weights, samples, rng)

        def solve(vector, transposed):
            return vector if factor is None else solve_triangular(factor, vector, trans=transposed, check_finite=False)

        def loss_and_gradient(point):
            value, _ = loss.loss_and_gradient((origin + solve(point, 0)).astype(weights.dtype), gradient, clip=False)
            return value, solve(gradient.astype(float), 1)

        def stop_early(intermediate_result):
            if budget.out_of_time() or np.abs(gradient).max() <= self.tolerance:
                raise StopIteration

        found = minimize(
            loss_and_gradient,
            np.zeros_like(origin),
            jac=True,
            method="L-BFGS-B",
            callback=stop_early,
            options={"maxiter": self.iterations, "maxcor": self.memory, "gtol": 0.0, "ftol": 0.0},
        )
        weights[...] = origin + solve(found.x, 0)
        return float(found.fun), bool(np.abs(gradient).max() <= self.tolerance or found.nit == 0)

    def _factor(self, objective, weights, samples, rng):
        """R of the damped curvature RᵀR, or None."""
        n = self.curvature_samples
        if n is None or not objective.head.residual or len(weights) > _MOST_WEIGHTS:
            return None
        some = samples
        if n < len(samples):
            some = samples.take(np.sort(rng.choice(len(samples), n, replace=False)))
        curvature = objective.on(some, samples).normal_equations(weights).curvature
        diagonal = np.diagonal(curvature)
        curvature[np.diag_indices(len(weights))] += max(_DAMPING * diagonal.mean(), 1e-12)
        try:
            return cholesky(curvature, overwrite_a=True, check_finite=False)
        except LinAlgError:
            return None
