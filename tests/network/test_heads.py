"""What the outputs mean: losses, gradients, densities and draws of every head against independent formulas."""

import json

import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp, softmax
from scipy.stats import multivariate_normal

from bpinvert.network import Network
from bpinvert.network.gradients import compare_network, relative_difference
from bpinvert.network.heads import HEADS, CrossEntropy, Gaussian, MeanSquaredError, Mixture, head_from_dict
from bpinvert.network.heads.normals import LIMIT

EVERY_HEAD = (MeanSquaredError(), CrossEntropy(), CrossEntropy("sigmoid"), Gaussian(), Mixture(3), Mixture(1))
NORMAL_HEADS = (Gaussian(), Mixture(3))
N_DRAWS = 200_000  # standard error of a mean 0.0022 std; of a covariance of two unit normals at most 0.0032
HEADS_AND_TARGETS = [*((head, 3) for head in EVERY_HEAD), *((head, 1) for head in NORMAL_HEADS)]
every_head = pytest.mark.parametrize("head", EVERY_HEAD, ids=repr)
every_head_and_targets = pytest.mark.parametrize(("head", "n_targets"), HEADS_AND_TARGETS, ids=repr)


def targets_for(head, n_samples, n_targets, rng):
    """Class probabilities for cross-entropy, normal numbers for the others."""
    if not isinstance(head, CrossEntropy):
        return rng.normal(size=(n_samples, n_targets))
    if head.link == "sigmoid":
        return rng.uniform(size=(n_samples, n_targets))
    return rng.dirichlet(np.ones(n_targets), n_samples)


def block_for(head, n_targets=3, n_samples=11, scale=1.0, seed=5):
    """Outputs and targets of a block of samples."""
    rng = np.random.default_rng(seed)
    outputs = scale * rng.normal(size=(n_samples, head.n_outputs(n_targets)))
    return outputs, targets_for(head, n_samples, n_targets, rng)


def loss_and_gradient(head, outputs, targets, weight=None):
    gradient = np.full_like(outputs, np.nan)
    return head.loss_and_gradient(outputs, targets, gradient, weight), gradient


def components_by_hand(head, outputs, n_targets):
    """Log-weights, means and covariances of one sample, element by element: the documented order of outputs."""
    K = getattr(head, "components", 1)
    logits, blocks = (outputs[:K], outputs[K:]) if isinstance(head, Mixture) else (np.zeros(1), outputs)
    means, covariances = [], []
    for block in np.split(blocks, K):
        entries = iter(block)
        means.append([next(entries) for _ in range(n_targets)])
        factor = np.diag([np.exp(LIMIT * np.tanh(next(entries) / LIMIT)) for _ in range(n_targets)])
        for k in range(1, n_targets):
            for j in range(n_targets - k):
                factor[j + k, j] = next(entries)
        covariances.append(np.linalg.inv(factor @ factor.T))
        assert next(entries, None) is None
    return log_softmax(logits), np.array(means), np.array(covariances)


def moments_by_hand(head, outputs, n_targets):
    """Mean and covariance of the density of one sample."""
    log_weights, means, covariances = components_by_hand(head, outputs, n_targets)
    weights = np.exp(log_weights)
    mean = weights @ means
    spread = covariances + (means - mean)[:, :, None] * (means - mean)[:, None, :]
    return mean, np.tensordot(weights, spread, 1)


@pytest.mark.parametrize("hidden", [(5,), (5, 4)])
@every_head_and_targets
def test_gradient_equals_differences_and_complex_step_through_the_network(head, n_targets, hidden):
    rng = np.random.default_rng(8)
    network = Network(4, hidden, head.n_outputs(n_targets), dtype="float64")
    weights, X = network.initial_weights(rng), rng.normal(size=(7, 4))
    Y = targets_for(head, 7, n_targets, rng)
    check = compare_network(network, head, weights, X, Y, weight_decay=0.3)
    assert len(check.gradient) == network.n_weights
    assert check.by_differences < 1e-9 and check.by_complex_step < 1e-13


@every_head_and_targets
def test_gradient_by_the_outputs_equals_the_complex_step(head, n_targets):
    outputs, targets = block_for(head, n_targets, scale=3.0)
    loss, gradient = loss_and_gradient(head, outputs, targets)
    for k in range(outputs.shape[1]):
        moved = outputs.astype(complex)
        moved[:, k] += 1e-30j
        np.testing.assert_allclose(gradient[:, k], head.losses(moved, targets).imag / 1e-30, rtol=1e-10, atol=1e-12)
    assert loss == pytest.approx(head.losses(outputs, targets).sum(), rel=1e-13)


@pytest.mark.parametrize("n_targets", [1, 2, 5])
@pytest.mark.parametrize("head", [Gaussian(), Mixture(1), Mixture(4)], ids=repr)
def test_log_density_equals_that_of_scipy(head, n_targets):
    outputs, targets = block_for(head, n_targets)
    expected = []
    for row, target in zip(outputs, targets, strict=True):
        log_weights, *normals = components_by_hand(head, row, n_targets)
        densities = [multivariate_normal(m, c).logpdf(target) for m, c in zip(*normals, strict=True)]
        expected.append(logsumexp(log_weights + densities))
    np.testing.assert_allclose(head.log_density(outputs, targets), expected, rtol=1e-12)


def test_log_density_of_mse_is_that_of_independent_normals_of_its_std():
    head = MeanSquaredError()
    outputs, targets = block_for(head)
    for std in (1.0, 0.3, np.array([0.1, 2.0, 1.0])):
        head.std = std
        normal = multivariate_normal(np.zeros(3), np.diag(np.broadcast_to(std, 3) ** 2))
        np.testing.assert_allclose(head.log_density(outputs, targets), normal.logpdf(targets - outputs), rtol=1e-12)


@pytest.mark.parametrize("head", NORMAL_HEADS, ids=repr)
def test_density_integrates_to_one(head):
    outputs, _ = block_for(head, n_targets=2, n_samples=1, scale=0.5)
    axis = np.linspace(-15, 15, 601)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    density = np.exp(head.log_density(np.repeat(outputs, len(grid), axis=0), grid))
    # the sum over a grid finer than the narrowest component is exact but for the tails cut off
    assert density.sum() * (axis[1] - axis[0]) ** 2 == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("n_targets", [1, 3])
@pytest.mark.parametrize("head", NORMAL_HEADS, ids=repr)
def test_draws_have_mean_and_covariance_of_the_density(head, n_targets):
    outputs, _ = block_for(head, n_targets, n_samples=2)
    draws = head.draw(outputs, N_DRAWS, np.random.default_rng(0))
    assert draws.shape == (N_DRAWS, 2, n_targets)
    for i, row in enumerate(outputs):
        mean, covariance = moments_by_hand(head, row, n_targets)
        np.testing.assert_allclose(head.mean(outputs)[i], mean, rtol=1e-12)
        scale = np.sqrt(np.diag(covariance))
        # five standard errors; squares of a mixture spread up to three times as far as those of a normal
        np.testing.assert_allclose(draws[:, i].mean(axis=0) / scale, mean / scale, atol=0.011)
        error = (np.atleast_2d(np.cov(draws[:, i].T)) - covariance) / np.outer(scale, scale)
        assert np.abs(error).max() < 0.05


def test_draws_of_mse_scatter_by_its_std():
    head = MeanSquaredError()
    head.std = np.array([0.1, 1.0, 3.0])
    outputs, _ = block_for(head, n_samples=2)
    draws = head.draw(outputs, N_DRAWS, np.random.default_rng(0))
    np.testing.assert_allclose(draws.mean(axis=0) / head.std, head.mean(outputs) / head.std, atol=0.011)
    np.testing.assert_allclose(draws.std(axis=0) / head.std, 1, atol=0.008)  # 5 standard errors


@pytest.mark.parametrize("link", ["softmax", "sigmoid"])
def test_draws_of_cross_entropy_come_as_often_as_their_probability(link):
    head = CrossEntropy(link)
    outputs, _ = block_for(head, n_targets=4, n_samples=3)
    draws = head.draw(outputs, N_DRAWS, np.random.default_rng(0))
    assert set(np.unique(draws)) == {0, 1}
    np.testing.assert_allclose(draws.mean(axis=0), head.mean(outputs), atol=0.0056)  # 5 standard errors
    if link == "softmax":
        np.testing.assert_array_equal(draws.sum(axis=2), 1)


@every_head
def test_draws_repeat_with_their_seed(head):
    outputs, _ = block_for(head)
    first, second = (head.draw(outputs, 4, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (4, 11, 3)


@every_head
def test_minus_the_loss_is_the_log_density(head):
    outputs, targets = block_for(head)
    constant = 1.5 * np.log(2 * np.pi) if head.residual else 0  # ½Σ(o − d)² leaves it out
    np.testing.assert_allclose(
        head.log_density(outputs, targets), -head.losses(outputs, targets) - constant, rtol=1e-13
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_head_and_targets
def test_extreme_outputs_and_targets_far_away_stay_finite(head, n_targets, dtype):
    rng = np.random.default_rng(0)
    outputs = rng.choice([-1e4, 0, 1e4], (1000, head.n_outputs(n_targets))).astype(dtype)
    targets = targets_for(head, len(outputs), n_targets, rng)
    if not isinstance(head, CrossEntropy):
        targets = rng.choice([-1e4, 0, 1e4], targets.shape)
    targets = targets.astype(dtype)
    loss, gradient = loss_and_gradient(head, outputs, targets)
    assert np.isfinite(loss) and np.isfinite(gradient).all()
    assert np.isfinite(head.losses(outputs.astype(complex), targets)).all()
    assert np.isfinite(head.mean(outputs)).all()
    assert np.isfinite(head.draw(outputs, 2, rng)).all()


def test_a_mixture_far_from_all_components_follows_the_nearest():
    outputs = np.array([[0.0, 0.0, -1.0, 0.0, 1.0, 0.0]])
    loss, gradient = loss_and_gradient(Mixture(2), outputs, np.array([[1e6]]))
    assert loss == pytest.approx((1e6 - 1) ** 2 / 2, rel=1e-11)
    np.testing.assert_allclose(gradient[0, [2, 4]], [0, -(1e6 - 1)], rtol=1e-12)


@every_head_and_targets
def test_float32_agrees_with_float64(head, n_targets):
    outputs, targets = block_for(head, n_targets, n_samples=512)
    loss, gradient = loss_and_gradient(head, outputs, targets)
    loss32, gradient32 = loss_and_gradient(head, outputs.astype("float32"), targets.astype("float32"))
    assert gradient32.dtype == np.float32
    assert head.mean(outputs.astype("float32")).dtype == np.float32
    # float32 has 7 digits
    assert loss32 == pytest.approx(loss, rel=2e-6)
    assert relative_difference(gradient32, gradient) < 2e-6


@pytest.mark.parametrize("link", ["softmax", "sigmoid"])
def test_gradient_of_cross_entropy_is_probability_less_target(link):
    head = CrossEntropy(link)
    outputs, targets = block_for(head)
    probability = softmax(outputs, axis=1) if link == "softmax" else 1 / (1 + np.exp(-outputs))
    np.testing.assert_allclose(head.mean(outputs), probability, rtol=1e-13)
    np.testing.assert_allclose(loss_and_gradient(head, outputs, targets)[1], probability - targets, atol=1e-14)


def test_gradient_of_cross_entropy_holds_for_targets_that_are_counts():
    outputs, _ = block_for(CrossEntropy())
    counts = np.random.default_rng(1).integers(0, 4, outputs.shape)
    expected = counts.sum(axis=1, keepdims=True) * softmax(outputs, axis=1) - counts
    np.testing.assert_allclose(loss_and_gradient(CrossEntropy(), outputs, counts)[1], expected, atol=1e-13)


@every_head_and_targets
def test_a_weight_of_two_counts_a_sample_twice_and_none_leaves_it_out(head, n_targets):
    outputs, targets = block_for(head, n_targets)
    count = np.arange(len(outputs)) % 3
    twice = np.repeat(np.arange(len(outputs)), count)
    loss, gradient = loss_and_gradient(head, outputs, targets, count.astype(float))
    expected, single = loss_and_gradient(head, outputs[twice], targets[twice])
    assert loss == pytest.approx(expected, rel=1e-13)
    sums = np.zeros_like(outputs)
    np.add.at(sums, twice, single)
    np.testing.assert_allclose(gradient, sums, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("weight", [None, np.linspace(0, 2, 11)], ids=["equal", "weighted"])
@every_head_and_targets
def test_gradient_may_take_the_place_of_the_outputs(head, n_targets, weight):
    outputs, targets = block_for(head, n_targets)
    loss, gradient = loss_and_gradient(head, outputs, targets, weight)
    assert head.loss_and_gradient(outputs, targets, outputs, weight) == loss
    np.testing.assert_array_equal(outputs, gradient)


@every_head
def test_inputs_are_not_changed(head):
    outputs, targets = block_for(head)
    weight = np.linspace(0, 2, len(outputs))
    copies = [array.copy() for array in (outputs, targets, weight)]
    loss_and_gradient(head, outputs, targets, weight)
    head.losses(outputs, targets)
    head.mean(outputs)
    head.draw(outputs, 3, np.random.default_rng(0))
    head.log_density(outputs, targets)
    for array, copy in zip((outputs, targets, weight), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@every_head_and_targets
def test_no_samples_have_no_answers_and_no_loss(head, n_targets):
    outputs, targets = np.empty((0, head.n_outputs(n_targets))), np.empty((0, n_targets))
    assert head.mean(outputs).shape == (0, n_targets)
    assert head.draw(outputs, 2, np.random.default_rng(0)).shape == (2, 0, n_targets)
    assert head.losses(outputs, targets).shape == head.log_density(outputs, targets).shape == (0,)
    assert loss_and_gradient(head, outputs, targets)[0] == 0


def test_a_mixture_of_one_is_the_gaussian():
    outputs, targets = block_for(Mixture(1))
    loss, gradient = loss_and_gradient(Mixture(1), outputs, targets)
    expected, gaussian = loss_and_gradient(Gaussian(), outputs[:, 1:], targets)
    assert loss == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(gradient, np.column_stack([np.zeros(11), gaussian]), rtol=1e-13)
    np.testing.assert_allclose(Mixture(1).mean(outputs), Gaussian().mean(outputs[:, 1:]), rtol=1e-15)


@every_head
def test_heads_rebuild_from_their_dict(head):
    rebuilt = head_from_dict(json.loads(json.dumps(head.to_dict())))
    assert rebuilt == head and hash(rebuilt) == hash(head)
    assert type(head_from_dict(head.name)) is HEADS[head.name] is type(head)


@pytest.mark.parametrize("components", [0, -1, 2.5, True, "4"])
def test_a_mixture_of_no_components_is_refused(components):
    with pytest.raises(ValueError, match=r"Mixture got components=.*; it must be a whole number from 1\. Choose"):
        Mixture(components=components)


def test_an_unknown_link_is_refused():
    with pytest.raises(ValueError, match=r"CrossEntropy got link='relu'; it must be 'softmax' or 'sigmoid'\. Choose"):
        CrossEntropy(link="relu")
