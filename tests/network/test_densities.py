"""The densities that heads state: components, quantiles, expected probabilities and draws in blocks."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import logsumexp, ndtr
from scipy.stats import multivariate_normal, norm

from bpinvert.network import BPClassifier, BPEnsemble, BPRegressor
from bpinvert.network.heads import CrossEntropy, Gaussian, MeanSquaredError, Mixture, blocks
from bpinvert.network.heads.quantiles import mixture_quantiles

LEVELS = np.array([0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999])
HEADS = (MeanSquaredError(), Gaussian(), Mixture(1), Mixture(5))
every_head = pytest.mark.parametrize("head", HEADS, ids=repr)
X = np.linspace(-1, 1, 300)[:, None]


def outputs_of(head, n_targets=3, n_samples=11, scale=1.0, seed=5):
    return scale * np.random.default_rng(seed).normal(size=(n_samples, head.n_outputs(n_targets)))


def marginals(head, outputs):
    """Weights (n, K), means and standard deviations (n, K, D) by matrix inversion."""
    weight, mean, factor = head.normals(outputs)
    covariance = np.linalg.inv(factor @ factor.swapaxes(2, 3))
    return weight, mean, np.sqrt(np.einsum("nkdd->nkd", covariance))


def random_mixtures(n, K=6, seed=0):
    """Weights, means and standard deviations (K, n) over several decades: narrow, far and negligible components."""
    rng = np.random.default_rng(seed)
    weight = rng.dirichlet(np.full(K, 0.3), n).T
    return weight, 3 * rng.normal(size=(K, n)), np.exp(rng.uniform(-5, 2, (K, n)))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@every_head
def test_the_components_make_the_log_density(head, dtype):
    outputs = outputs_of(head).astype(dtype)
    targets = np.random.default_rng(1).normal(size=(11, 3))
    weight, mean, factor = head.normals(outputs)
    assert weight.dtype == mean.dtype == factor.dtype == np.float64
    np.testing.assert_allclose(weight.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_array_equal(factor, np.tril(factor))
    for i, target in enumerate(targets):
        terms = [
            np.log(w) + multivariate_normal(m, np.linalg.inv(L @ L.T)).logpdf(target)
            for w, m, L in zip(weight[i], mean[i], factor[i], strict=True)
        ]
        assert head.log_density(outputs[i : i + 1].astype(float), target[None])[0] == pytest.approx(
            logsumexp(terms), rel=1e-10
        )


def test_components_of_many_samples_are_those_of_each_on_any_number_of_threads():
    head = Mixture(2)
    outputs = outputs_of(head, n_samples=1100)
    for whole, threaded, first, last in zip(
        head.normals(outputs), head.normals(outputs, 3), head.normals(outputs[:1]), head.normals(outputs[-1:]),
        strict=True,
    ):  # fmt: skip
        np.testing.assert_array_equal(whole, threaded)
        np.testing.assert_allclose(whole[:1], first, rtol=1e-14)
        np.testing.assert_allclose(whole[-1:], last, rtol=1e-14)


@pytest.mark.parametrize("std", [1.0, np.array([0.1, 2.0, 1e-9])], ids=["one", "each"])
@pytest.mark.parametrize("head", [MeanSquaredError(), Gaussian(), Mixture(1)], ids=repr)
def test_quantiles_of_one_component_are_those_of_scipy(head, std):
    if isinstance(head, MeanSquaredError):
        head = MeanSquaredError()
        head.std = std
    outputs = outputs_of(head)
    _, mean, spread = marginals(head, outputs)
    expected = norm(mean[:, 0], spread[:, 0]).ppf(LEVELS[:, None, None])
    np.testing.assert_allclose(head.quantiles(outputs, LEVELS), expected, rtol=1e-10, atol=1e-12)


def test_quantiles_of_a_mixture_have_their_probability():
    head = Mixture(5)
    outputs = outputs_of(head, n_samples=300)
    found = head.quantiles(outputs, LEVELS)
    weight, mean, std = marginals(head, outputs)
    probability = np.einsum("nk,pnkd->pnd", weight, norm.cdf((found[:, :, None] - mean) / std))
    np.testing.assert_allclose(probability, np.broadcast_to(LEVELS[:, None, None], found.shape), rtol=1e-9)
    np.testing.assert_array_equal(head.quantiles(outputs, LEVELS, n_jobs=2), found)


def test_quantiles_of_narrow_and_far_components_are_exact_or_their_probability_is():
    weight, mean, std = random_mixtures(20_000)
    found = mixture_quantiles(weight, mean, std, LEVELS)
    for p, row in zip(LEVELS, found, strict=True):
        z = (row - mean) / std
        error = np.sum(weight * ndtr(z), axis=0) - p
        density = np.sum(weight / std * norm.pdf(z), axis=0)
        # the error of x to first order, or F to rounding where the density is next to nothing
        assert (np.abs(error) <= 1e-9 * density + 2e-15).all()


def test_quantiles_equal_those_of_a_bracketing_search():
    weight, mean, std = random_mixtures(60, K=3)
    found = mixture_quantiles(weight, mean, std, LEVELS)
    checked = 0
    for i in range(60):
        w, m, s = weight[:, i], mean[:, i], std[:, i]
        for p, x in zip(LEVELS, found[:, i], strict=True):
            if w @ (norm.pdf((x - m) / s) / s) < 1e-5:
                continue
            expected = brentq(lambda t, p=p, w=w, m=m, s=s: w @ ndtr((t - m) / s) - p, -200, 200, xtol=1e-13)
            assert x == pytest.approx(expected, rel=0, abs=2e-9)
            checked += 1
    assert checked > 350


def test_a_mirrored_mixture_has_mirrored_quantiles_and_splitting_a_component_changes_nothing():
    weight, mean, std = random_mixtures(500, K=3)
    found = mixture_quantiles(weight, mean, std, [0.1, 0.5, 0.8])
    # well inside: where the density is next to nothing, a quantile is known to rounding of F only
    density = np.sum(weight / std * norm.pdf((found[:, None] - mean) / std), axis=1)
    sure = density > 1e-6
    assert sure.mean() > 0.95
    mirrored = -mixture_quantiles(weight, -mean, std, [0.9, 0.5, 0.2])
    np.testing.assert_allclose(found[sure], mirrored[sure], rtol=0, atol=2e-9)
    halves = [np.concatenate([array, array]) for array in (weight / 2, mean, std)]
    np.testing.assert_allclose(mixture_quantiles(*halves, [0.1, 0.5, 0.8])[sure], found[sure], rtol=0, atol=2e-9)


def test_quantiles_between_two_far_and_narrow_components_end_the_search():
    weight, mean = np.array([0.5, 0.5]), np.array([-1000.0, 1000.0])
    low, middle, high = mixture_quantiles(weight, mean, np.full(2, 1e-4), [0.25, 0.5, 0.75])
    assert low == pytest.approx(-1000, abs=1e-9) and high == pytest.approx(1000, abs=1e-9)
    assert -1000 < middle < 1000


@every_head
def test_draws_lie_below_a_quantile_as_often_as_its_probability(head):
    outputs = outputs_of(head, n_samples=4)
    levels = np.array([0.1, 0.5, 0.8])
    for dtype in ("float64", "float32"):
        draws = head.draw(outputs, 50_000, np.random.default_rng(0), dtype)
        assert draws.dtype == dtype and draws.shape == (50_000, 4, 3)
        share = (draws < head.quantiles(outputs, levels)[:, None]).mean(axis=1)
        np.testing.assert_allclose(share, np.broadcast_to(levels[:, None, None], share.shape), atol=0.0112)  # 5 σ


@every_head
def test_mean_cdf_is_the_mean_of_the_standard_normal_cdf(head):
    outputs = outputs_of(head, n_samples=3)
    weight, mean, std = marginals(head, outputs)
    found = head.mean_cdf(outputs)
    for i, d in np.ndindex(found.shape):

        def integrand(y, i=i, d=d):
            return ndtr(y) * (weight[i] @ norm.pdf(y, mean[i, :, d], std[i, :, d]))

        edges = np.concatenate([mean[i, :, d] + side * 9 * std[i, :, d] for side in (-1, 0, 1)])
        expected = quad(integrand, edges.min(), edges.max(), points=np.sort(edges)[1:-1], limit=500)[0]
        assert found[i, d] == pytest.approx(expected, rel=1e-7)


def test_mean_cdf_of_the_prior_is_a_half():
    # no logits, means or triangles: every component is N(0, I)
    np.testing.assert_allclose(Mixture(4).mean_cdf(np.zeros((2, Mixture(4).n_outputs(3)))), 0.5, rtol=1e-15)


@pytest.mark.parametrize("head", [*HEADS, CrossEntropy(), CrossEntropy("sigmoid")], ids=repr)
@pytest.mark.parametrize("n_draws", [3, 2 * blocks.DRAWS + 5])
def test_draws_are_the_same_on_any_number_of_threads_and_differ_from_call_to_call(head, n_draws):
    outputs = outputs_of(head, n_samples=3 if n_draws > 10 else 2 * blocks.DRAWS // 3)
    rng = np.random.default_rng(1)
    first, second = (head.draw(outputs, n_draws, rng) for _ in range(2))
    threaded = head.draw(outputs, n_draws, np.random.default_rng(1), n_jobs=3)
    np.testing.assert_array_equal(first, threaded)
    assert (first != second).any()


def test_draws_of_equal_soundings_are_independent_and_in_no_order():
    head, n_draws = Mixture(3), 20_000
    # three narrow components at 0, 1 and 2 with shares 1/2, 1/4, 1/4: a draw tells its component
    row = np.concatenate([np.log([2, 1, 1]), [0.0, 9.0, 1.0, 9.0, 2.0, 9.0]])
    label = head.draw(np.tile(row, (6, 1)), n_draws, np.random.default_rng(0))[..., 0].round()
    shares = [(label == k).mean(axis=0) for k in range(3)]
    np.testing.assert_allclose(shares, np.broadcast_to([[0.5], [0.25], [0.25]], (3, 6)), atol=0.018)  # 5 σ
    limit = 5 / np.sqrt(n_draws)
    together = np.corrcoef(label.T) - np.eye(6)
    assert np.abs(together).max() < limit
    for series in label.T:
        assert abs(np.corrcoef(series[1:], series[:-1])[0, 1]) < limit
        assert abs(np.corrcoef(series, np.arange(n_draws))[0, 1]) < limit


def fitted(head="mixture", y=X, **settings):
    return BPRegressor(6, head=head, max_epochs=3, random_state=0, **settings).fit(X, y)


@pytest.mark.parametrize("head", ["mse", "gaussian", "mixture"])
def test_the_regressor_gives_what_its_head_states(head):
    model = fitted(head, np.hstack([np.sin(3 * X), X]))
    weight, mean, factor = model.normals(X)
    assert factor.shape == (300, weight.shape[1], 2, 2)
    np.testing.assert_allclose(np.einsum("nk,nkd->nd", weight, mean), model.predict(X), rtol=1e-12, atol=1e-14)
    quantiles = model.quantiles(X, LEVELS)
    assert quantiles.shape == (7, 300, 2) and (np.diff(quantiles, axis=0) > 0).all()
    draws = model.draw(X, 400, 0, dtype="float32")
    assert draws.dtype == np.float32
    # 120 000 draws of each target
    share = (draws < quantiles[:, None]).mean(axis=(1, 2))
    np.testing.assert_allclose(share, np.broadcast_to(LEVELS[:, None], share.shape), atol=0.0073)
    np.testing.assert_allclose(model.mean_cdf(X), ndtr(draws).mean(axis=0), atol=0.1)


def test_one_target_gives_results_without_a_last_axis():
    model = fitted(y=X[:, 0])
    assert model.quantiles(X, [0.5]).shape == (1, 300)
    assert model.mean_cdf(X).shape == (300,)
    assert model.draw(X, 4, 0).shape == (4, 300)
    ensemble = BPEnsemble(BPRegressor(3, max_epochs=1), n_networks=2, random_state=0).fit(X, X)
    assert ensemble.draw(X, 4, 0, dtype="float32").dtype == np.float32


@pytest.mark.parametrize("probabilities", [0.5, [0.0], [1.0], [np.nan], [[0.1, 0.2]], [0.5, 5]])
def test_probabilities_that_are_none_are_refused(probabilities):
    with pytest.raises(ValueError, match=r"probabilities is .*; it must be a list of numbers between 0 and 1"):
        fitted().quantiles(X, probabilities)


def test_a_head_without_a_density_says_so():
    model = fitted("cross_entropy", np.clip(X, 0, 1), output="sigmoid")
    for call in (lambda: model.quantiles(X, [0.5]), lambda: model.normals(X), lambda: model.mean_cdf(X)):
        with pytest.raises(ValueError, match=r"head is 'cross_entropy', which states no density of the targets"):
            call()
    assert not hasattr(BPClassifier(), "quantiles")


def test_another_precision_of_the_draws_is_refused():
    with pytest.raises(ValueError, match="dtype is 'float16'; it must be one of 'float32', 'float64'"):
        fitted().draw(X, 2, dtype="float16")
