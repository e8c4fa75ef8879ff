"""Several networks from different seeds: their mean, how far they differ, and draws from all of them."""

from __future__ import annotations

import copy

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from bpinvert.network import settings as door
from bpinvert.network.estimators import BPRegressor


class BPEnsemble(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Networks that differ in their initial weights, the order of their samples and what they hold out.

    Their mean is better than one of them (Hansen & Salamon 1990, doi:10.1109/34.58871); where they differ, none should
    be believed.

    Parameters
    ----------
    network : BPRegressor
        Settings of every network. Default: those of ``BPRegressor()``.
    n_networks : int
        After Ctrl-C, those trained until then are kept.
    random_state : int, RandomState or None
    n_jobs : int or None
        Networks trained at a time, each in a process of its own; None for one after the other in this one. Ctrl-C then
        ends the processes: only what `checkpoint` names is kept.

    Attributes
    ----------
    networks_ : list of fitted BPRegressor

    Examples
    --------
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> network = BPRegressor(hidden=8, trainer="lbfgs", max_epochs=4)
    >>> ensemble = BPEnsemble(network, n_networks=3, random_state=0).fit(X, np.sin(3 * X[:, 0]))
    >>> mean, spread = ensemble.predict([[0.5], [3.0]], return_std=True)
    >>> bool(spread[1] > 10 * spread[0])
    True
    """

    def __init__(self, network=None, n_networks=5, random_state=None, n_jobs=None):
        self.network = network
        self.n_networks = n_networks
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X, y, sample_weight=None):
        """Train all networks on the same samples; parameters and errors as `BPRegressor.fit`."""
        return self._train(lambda network: network.fit(X, y, sample_weight))

    def fit_stream(self, source, validation=None):
        """Train all networks on one stream; parameters and errors as `BPRegressor.fit_stream`."""
        return self._train(lambda network: network.fit_stream(source, validation))

    def predict(self, X, return_std=False):
        """The networks' mean answer, and with `return_std` their standard deviation, shaped as y was."""
        check_is_fitted(self)
        answers = np.stack([network.predict(X) for network in self.networks_])
        mean = answers.mean(axis=0)
        return (mean, answers.std(axis=0)) if return_std else mean

    def draw(self, X, n_draws, random_state=None, dtype="float64"):
        """Random answers, each from the distribution that one of the networks states; as `BPRegressor.draw`."""
        check_is_fitted(self)
        rng = np.random.default_rng(random_state)
        n_draws = door.check_count("n_draws", n_draws)
        # As equal shares as can be, in random order.
        chosen = rng.permutation(np.arange(n_draws) % len(self.networks_))
        draws = [
            network.draw(X, count, rng, dtype)
            for k, network in enumerate(self.networks_)
            if (count := int(np.sum(chosen == k)))
        ]
        return np.concatenate(draws)[np.argsort(np.argsort(chosen, kind="stable"), kind="stable")]

    def log_density(self, X, y):
        """Logarithm of the mean of the networks' densities for targets `y` at inputs `X`, (n_samples,)."""
        check_is_fitted(self)
        densities = np.stack([network.log_density(X, y) for network in self.networks_])
        return np.logaddexp.reduce(densities, axis=0) - np.log(len(self.networks_))

    def get_state(self) -> list[dict]:
        """The state of every network, for :meth:`from_state`."""
        check_is_fitted(self)
        return [network.get_state() for network in self.networks_]

    @classmethod
    def from_state(cls, states: list[dict]) -> BPEnsemble:
        """Rebuild a fitted ensemble; it predicts the same to the last bit."""
        networks = [BPRegressor.from_state(state) for state in states]
        model = cls(clone(networks[0]), len(networks))
        model.networks_ = networks
        return model._conclude()

    def _train(self, fit):
        networks = self._unfitted()
        if self.n_jobs in (None, 1):
            self.networks_ = []
            for network in networks:
                self.networks_.append(fit(network))
                # Ctrl-C means the whole of it.
                if network.stop_reason_ == "interrupted":
                    break
        else:
            # Processes do not share this one's cores by themselves.
            n_threads = networks[0].n_jobs
            single = [network.set_params(n_jobs=1) for network in networks]
            self.networks_ = Parallel(n_jobs=self.n_jobs)(delayed(fit)(network) for network in single)
            for network in self.networks_:
                network.set_params(n_jobs=n_threads)
        return self._conclude()

    def _unfitted(self):
        template = BPRegressor() if self.network is None else self.network
        if not isinstance(template, BPRegressor):
            raise TypeError(
                f"network is a {type(template).__name__}; an ensemble is made of BPRegressor. Pass BPRegressor(...)."
            )
        n_networks = door.check_count("n_networks", self.n_networks)
        random = check_random_state(self.random_state)
        first = int(random.randint(2**31))
        networks = []
        for seed in (first + k for k in range(n_networks)):
            network = clone(template).set_params(random_state=seed)
            if template.checkpoint is not None:
                network.checkpoint = f"{template.checkpoint}_{seed}"
            networks.append(network)
        return networks

    def _conclude(self):
        self.n_features_in_ = self.networks_[0].n_features_in_
        names = getattr(self.networks_[0], "feature_names_in_", None)
        if names is not None:
            self.feature_names_in_ = copy.copy(names)
        return self
