"""Heads whose targets have a mixture of normal densities: its components, quantiles, draws."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from scipy.special import ndtr

from bpinvert.network.heads import blocks
from bpinvert.network.heads.arrays import draw_terms
from bpinvert.network.heads.base import Head
from bpinvert.network.heads.normals import Normals
from bpinvert.network.heads.quantiles import mixture_quantiles

# Samples worked on at a time.
_SAMPLES, _SAMPLES_OF_QUANTILES = 512, 128


class DensityHead(Head):
    """A head that states a mixture of K normal densities of its D targets, or a single one: K = 1."""

    @abstractmethod
    def normals(self, outputs: np.ndarray, n_jobs=1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights π, means m and lower-triangular factors L of the precisions L Lᵀ, in float64.

        Parameters
        ----------
        outputs : (n_samples, n_outputs) array
        n_jobs : int
            Threads.

        Returns
        -------
        weight : (n_samples, K) array
        mean : (n_samples, K, D) array
        factor : (n_samples, K, D, D) array
        """

    @abstractmethod
    def _marginals(self, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights (K, n_samples), means and standard deviations (K, D, n_samples) of each target by itself."""

    def quantiles(self, outputs: np.ndarray, probabilities, n_jobs=1) -> np.ndarray:
        """Quantiles of each target by itself, at each of the probabilities in (0, 1).

        Parameters
        ----------
        outputs : (n_samples, n_outputs) array
        probabilities : (n_probabilities,) array
        n_jobs : int
            Threads.

        Returns
        -------
        (n_probabilities, n_samples, n_targets) array
            To 1e-9 or to the rounding of the probability, whichever is more:
            see :func:`~bpinvert.network.heads.quantiles.mixture_quantiles`.
        """
        probabilities = np.asarray(probabilities, float)
        out = np.empty((len(probabilities), len(outputs), self.mean(outputs[:0]).shape[1]))

        def fill(rows):
            weight, mean, std = self._marginals(outputs[rows])
            found = mixture_quantiles(weight[:, None], mean, std, probabilities)
            out[:, rows] = found.transpose(0, 2, 1)

        blocks.run(fill, n_jobs, blocks.slices(len(outputs), _SAMPLES_OF_QUANTILES))
        return out

    def mean_cdf(self, outputs: np.ndarray) -> np.ndarray:
        """Expected Φ(y) of each target y, Φ the standard normal distribution function, (n_samples, n_targets).

            E[Φ(y)] = Σ_k π_k Φ(m_k / √(1 + σ_k²))

        Where targets are normal scores y = Φ⁻¹(u), that is the mean of u.

        References
        ----------
        Owen (1980), A table of normal integrals, doi:10.1080/03610918008812164, integral 10,010.8.
        """
        weight, mean, std = self._marginals(outputs)
        return np.einsum("kn,kdn->nd", weight, ndtr(mean / np.sqrt(1 + std**2)))


class NormalsHead(DensityHead):
    """A head whose outputs are those of :class:`~bpinvert.network.heads.normals.Normals`."""

    @abstractmethod
    def _components(self, outputs: np.ndarray) -> tuple[np.ndarray, Normals]:
        """ln π (K, n_samples) and the normal densities (K, n_samples)."""

    def normals(self, outputs, n_jobs=1):
        log_prior, normals = self._components(np.asarray(outputs[:0], float))
        K, n, D = len(log_prior), len(outputs), normals.n_targets
        weight, mean, factor = np.empty((n, K)), np.empty((n, K, D)), np.empty((n, K, D, D))

        def fill(rows):
            log_prior, normals = self._components(np.asarray(outputs[rows], float))
            weight[rows] = np.exp(log_prior).T
            mean[rows] = normals.mean.transpose(2, 1, 0)
            factor[rows] = normals.factor().transpose(3, 2, 0, 1)

        blocks.run(fill, n_jobs, blocks.slices(n, _SAMPLES))
        return weight, mean, factor

    def _marginals(self, outputs):
        log_prior, normals = self._components(np.asarray(outputs, float))
        std = np.sqrt((normals.spread() ** 2).sum(axis=1))
        return np.exp(log_prior), normals.mean.swapaxes(0, 1), std.swapaxes(0, 1)

    def _drawer(self, outputs, dtype):
        log_prior, normals = self._components(np.asarray(outputs, float))
        share, D = np.exp(log_prior), normals.n_targets
        K, n_samples = share.shape
        # One matrix product gives the answer of every component, the means for a constant 1 in place of a z.
        affine = np.concatenate([normals.spread(), normals.mean[:, None]], axis=1)
        affine = np.ascontiguousarray(affine.transpose(3, 1, 2, 0), dtype).reshape(n_samples, D + 1, K * D)

        def draw(rows, n_draws, rng):
            chosen = draw_terms(share[:, rows], n_draws, rng, dtype)
            white = np.ones((*chosen.shape, D + 1), dtype)
            white[..., :D] = rng.standard_normal((*chosen.shape, D), dtype)
            answers = np.matmul(white.transpose(1, 0, 2), affine[rows]).reshape(-1, D)
            place = np.arange(chosen.shape[1]) * n_draws + np.arange(n_draws)[:, None]
            return answers.take(place * K + chosen, axis=0)

        return draw
