"""What readings say of the network's channels, and the network's inputs, features and targets."""

import numpy as np
import pytest
from scipy import stats

from bpinvert import LayeredPrior, geometry
from bpinvert.codec import Codec
from bpinvert.inverter.training_sheets import error_covariance
from forward_models import Schlumberger

SURVEY = Schlumberger(ab2=np.geomspace(1, 300, 14))
PRIOR = LayeredPrior(n_layers=3, thickness=(0.5, 50), resistivity=(1, 1e4))
N = len(SURVEY.channels)
OWN = np.eye(N)
# Of what a spline through the channels leaves unexplained between them, as a share of the channel's spread.
BETWEEN = 0.003


@pytest.fixture(scope="module")
def scaled():
    return np.log(SURVEY(**PRIOR.draw(5000, 0)))


@pytest.fixture(scope="module")
def codec(scaled):
    return Codec(SURVEY.channels, PRIOR).fit(scaled)


def errors(n, size=0.03):
    return np.diag(np.full(n, size) ** 2)


def gaussian(codec, n, rng):
    """Data on the channels that are as Gaussian as the codec takes them to be."""
    standard = rng.multivariate_normal(np.zeros(N), codec.covariance, n, method="cholesky")
    return codec.mean + codec.std * standard


def test_exact_data_on_the_channels_come_back_standardised(codec, scaled):
    said = codec.condition(OWN, scaled, errors(N, 1e-5))
    # errors of 1e-5 move the conditional mean by about as much
    np.testing.assert_allclose(said.mapped, (scaled - codec.mean) / codec.std, atol=1e-4)
    assert said.unsure.max() < 1e-3


def test_mean_and_standard_deviation_are_those_of_a_gaussian_given_the_readings(codec, scaled):
    rng = np.random.default_rng(0)
    # five channels, and two readings between channels
    matrix = np.vstack([OWN[[0, 3, 4, 9, 12]], 0.3 * OWN[5] + 0.7 * OWN[6], OWN[[1, 2, 3]].mean(axis=0)])
    root = 0.05 * rng.standard_normal((7, 7))
    noise = root @ root.T + errors(7)
    readings = scaled[:50] @ matrix.T + 0.03 * rng.standard_normal((50, 7))
    said = codec.condition(matrix, readings, noise)

    prior = codec.std[:, None] * codec.covariance * codec.std
    unexplained = np.diag(np.r_[np.zeros(5), [np.sum((BETWEEN * row * codec.std) ** 2) for row in matrix[5:]]])
    inverse = np.linalg.inv(matrix @ prior @ matrix.T + noise + unexplained)
    mean = codec.mean + (readings - codec.mean @ matrix.T) @ inverse @ matrix @ prior
    left = prior - prior @ matrix.T @ inverse @ matrix @ prior
    np.testing.assert_allclose(said.mapped, (mean - codec.mean) / codec.std, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(said.unsure, np.sqrt(np.diag(left) / np.diag(prior)), rtol=1e-8)
    difference = readings - codec.mean @ matrix.T
    np.testing.assert_allclose(said.distance, np.einsum("ij,jk,ik->i", difference, inverse, difference), rtol=1e-8)
    explained = difference @ inverse
    expected = np.trace(inverse @ noise)
    np.testing.assert_allclose(
        said.roughness, np.einsum("ij,jk,ik->i", explained, noise, explained) / expected, rtol=1e-8
    )


def test_two_readings_at_one_place_act_as_one_weighted_by_their_errors(codec):
    first, second = 0.02, 0.1
    matrix = OWN[[3, 7, 7]]
    readings = codec.mean[[3, 7, 7]] + np.array([[0.5, 1.0, 2.0]])
    twice = codec.condition(matrix, readings, np.diag([0.03, first, second]) ** 2)
    weights = np.array([first, second]) ** -2.0
    mean = readings[:, 1:] @ weights / weights.sum()
    once = codec.condition(matrix[:2], np.column_stack([readings[:, 0], mean]), np.diag([0.03**2, 1 / weights.sum()]))
    np.testing.assert_allclose(twice.mapped, once.mapped, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(twice.unsure, once.unsure, rtol=1e-8)


def test_a_reading_that_is_not_used_has_no_influence(codec, scaled):
    used = np.arange(N) != 6
    matrix, noise = OWN * used[:, None], np.where(OWN * used, errors(N), OWN * ~used)
    readings = np.where(used, scaled[:40], 0.0)
    with_gap, without = (
        codec.condition(matrix, readings, noise),
        codec.condition(OWN[used], scaled[:40, used], errors(N - 1)),
    )
    for name in ("mapped", "unsure", "distance", "roughness"):
        # inverses of matrices of another size, conditioned like 1e6
        np.testing.assert_allclose(getattr(with_gap, name), getattr(without, name), rtol=1e-6, atol=1e-9)
    spoilt = codec.condition(matrix, np.where(used, readings, 99.0), noise)
    np.testing.assert_array_equal(spoilt.mapped, with_gap.mapped)


@pytest.mark.parametrize("gap", [1, 6, 11])
def test_a_gap_is_closer_to_what_was_measured_there_than_interpolation(codec, scaled, gap):
    noisy = scaled + 0.02 * np.random.default_rng(1).standard_normal(scaled.shape)
    others = np.arange(N) != gap
    said = codec.condition(OWN[others], noisy[:, others], errors(N - 1, 0.02))
    error = said.mapped[:, gap] * codec.std[gap] + codec.mean[gap] - scaled[:, gap]
    interpolated = (noisy[:, gap - 1] + noisy[:, gap + 1]) / 2
    assert error.std() < 0.6 * (interpolated - scaled[:, gap]).std()


def test_unsure_is_the_share_of_the_spread_that_remains(codec):
    rng = np.random.default_rng(2)
    data = gaussian(codec, 20_000, rng)
    matrix = OWN[[2, 5, 6]]
    noisy = data @ matrix.T + 0.1 * rng.standard_normal((len(data), 3))
    said = codec.condition(matrix, noisy, errors(3, 0.1))
    left = (said.mapped - (data - codec.mean) / codec.std).std(axis=0)
    # 20 000 draws
    np.testing.assert_allclose(left, said.unsure, rtol=0.03)


def test_nothing_is_known_without_readings_and_more_with_each(codec):
    unsure = []
    for n in range(N + 1):
        used = np.arange(N)[:, None] < n
        noise = np.where(used, errors(N), OWN)
        said = codec.condition(OWN * used, np.zeros((1, N)), noise)
        unsure.append(said.unsure)
        if n == 0:
            np.testing.assert_array_equal(said.mapped, 0)
            np.testing.assert_array_equal(said.distance, 0)
    np.testing.assert_array_equal(unsure[0], 1)
    assert (np.diff(unsure, axis=0) < 1e-9).all()
    assert unsure[-1].max() < 0.1


def test_the_distance_of_gaussian_data_is_chi_square_of_as_many_readings(codec):
    rng = np.random.default_rng(3)
    own = Schlumberger(ab2=np.geomspace(1.3, 250, 11))
    # on channels alone, so that nothing is between them
    for matrix in (OWN, OWN[[0, 2, 2, 9]], geometry.readings_matrix(own.channels, SURVEY.channels)):
        n = len(matrix)
        readings = gaussian(codec, 4000, rng) @ matrix.T + 0.05 * rng.standard_normal((4000, n))
        said = codec.condition(matrix, readings, errors(n, 0.05))
        assert stats.kstest(said.distance, stats.chi2(n).cdf).pvalue > 1e-3


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("earths", ["layered", "Gaussian"])
def test_roughness_is_the_square_of_how_many_times_larger_the_scatter_is(codec, scaled, times, earths):
    rng = np.random.default_rng(4)
    # Every channel is read ten times: nine in ten directions are pure noise.
    matrix = np.repeat(OWN, 10, axis=0)
    true = scaled[:1000] if earths == "layered" else gaussian(codec, 1000, rng)
    noisy = true @ matrix.T + 0.03 * times * rng.standard_normal((1000, 10 * N))
    said = codec.condition(matrix, noisy, errors(10 * N))
    # the directions of the curve themselves hardly count
    assert said.roughness.mean() == pytest.approx(times**2, rel=0.05)


def test_with_one_reading_per_channel_roughness_is_one_for_right_errors_and_grows_with_wrong_ones(codec, scaled):
    normal = 0.03 * np.random.default_rng(4).standard_normal(scaled.shape)
    mean = [codec.condition(OWN, scaled + times * normal, errors(N)).roughness.mean() for times in (1 / 3, 1, 2, 3)]
    assert mean[1] == pytest.approx(1, abs=0.05)
    assert (np.diff(mean) > 0.4).all()


def test_roughness_does_not_see_a_stranger_with_a_smooth_curve(codec):
    direction = np.linalg.eigh(codec.covariance)[1][:, -1]
    smooth = codec.mean + codec.std * 100 * direction
    said = codec.condition(OWN, smooth[None], errors(N))
    assert said.distance[0] > 500
    assert said.roughness[0] < 0.5


def test_a_displaced_segment_says_less_where_its_displacement_is_allowed(codec):
    segments = np.zeros((2, N))
    segments[0, :7] = segments[1, 7:] = 1
    moved = codec.mean + np.array([0.0, 0.3])[:, None] * segments[1]
    influence = []
    for shift in (0.0, 0.1, 1.0, 100.0):
        said = codec.condition(OWN, moved, error_covariance(np.full(N, 1e-4), segments, shift))
        influence.append(abs(said.mapped[1]).max())
    assert (np.diff(influence) < 0).all()
    # Nothing is known of the level of either segment then.
    assert influence[-1] < 1e-3 * influence[0]


def test_sheets_are_treated_at_once_as_each_alone(codec, scaled):
    rng = np.random.default_rng(5)
    matrix = OWN[rng.integers(N, size=(6, 5))]
    readings = (scaled[:60].reshape(6, 10, N) @ np.swapaxes(matrix, 1, 2)) + 0.1
    noise = np.stack([errors(5, size) for size in rng.uniform(0.01, 0.1, 6)])
    together = codec.condition(matrix, readings, noise)
    for k in range(6):
        alone = codec.condition(matrix[k], readings[k], noise[k])
        for name in ("mapped", "unsure", "distance", "roughness"):
            # BLAS and LAPACK may sum in another order for another batch
            np.testing.assert_allclose(getattr(together, name)[k], getattr(alone, name), rtol=1e-6, atol=1e-9)


def test_what_comes_in_is_not_changed(codec, scaled):
    matrix, readings, noise = OWN.copy(), scaled[:5].copy(), errors(N)
    codec.condition(matrix, readings, noise)
    np.testing.assert_array_equal(matrix, OWN)
    np.testing.assert_array_equal(readings, scaled[:5])
    np.testing.assert_array_equal(noise, errors(N))


def test_features_of_the_training_data_are_standardised_and_white(codec, scaled):
    inputs = codec.inputs((scaled - codec.mean) / codec.std)
    np.testing.assert_allclose(inputs.mean(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(inputs.std(axis=0), 1)
    features = codec.features(inputs, np.full(inputs.shape, 0.1)).astype(float)
    assert features.shape == (len(scaled), 3 * N)
    np.testing.assert_allclose(features[:, :N], inputs, atol=1e-5)
    whitened = features[:, N : 2 * N]
    # directions below 1e-4 of the largest standard deviation are not blown up; clipping at 8, float32
    variance = np.diag(whitened.T @ whitened / len(whitened))
    np.testing.assert_allclose(variance[-10:], 1, atol=0.05)
    assert abs(whitened).max() <= 8


def test_the_network_is_told_what_is_unsure(codec):
    inputs = np.zeros((2, N))
    doubt = codec.features(inputs, np.array([np.full(N, 1.0), np.full(N, 0.02)]))[:, 2 * N :]
    # from 1, unknown, to about -1, well measured
    assert (doubt[0] == 1).all()
    np.testing.assert_allclose(doubt[1], -1, atol=0.1)


def test_models_survive_the_round_trip_through_u(codec):
    models = PRIOR.draw(1000, np.random.default_rng(1))
    back = codec.decode(codec.targets(models))
    for name, values in models.items():
        np.testing.assert_allclose(back[name], values, rtol=1e-12)


def test_noise_levels_and_context_are_inputs_behind_the_channels(scaled):
    rng = np.random.default_rng(2)
    levels = np.exp(rng.uniform(-4, -2, (len(scaled), 1)))
    height = rng.uniform(25, 60, (len(scaled), 1))
    codec = Codec(SURVEY.channels, PRIOR, ("relative",), ("height",)).fit(scaled, levels, height)
    mapped = codec.condition(OWN, scaled, errors(N)).mapped
    inputs = codec.inputs(mapped, levels, height)
    assert inputs.shape == (len(scaled), N + 2)
    np.testing.assert_array_equal(inputs[:, :N], mapped)
    np.testing.assert_allclose(inputs[:, N:].std(axis=0), 1)
    assert np.corrcoef(inputs[:, -2], np.log(levels[:, 0]))[0, 1] == pytest.approx(1)
    assert np.corrcoef(inputs[:, -1], height[:, 0])[0, 1] == pytest.approx(1)
    assert codec.features(inputs, np.ones((len(inputs), N))).shape == (len(scaled), 3 * N + 2)


def test_state_rebuilds_the_codec_exactly(codec, scaled):
    again = Codec.from_state(codec.get_state(), SURVEY.channels, PRIOR)
    first, second = (one.condition(OWN, scaled[:50], errors(N)) for one in (codec, again))
    unsure = np.tile(first.unsure, (50, 1))
    np.testing.assert_array_equal(again.features(second.mapped, unsure), codec.features(first.mapped, unsure))
