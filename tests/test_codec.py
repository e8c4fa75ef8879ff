"""Network inputs: standardised, whitened, and filled where nothing was measured."""

import numpy as np
import pytest

from bpinvert import LayeredPrior
from bpinvert.codec import Codec
from forward_models import Schlumberger

SURVEY = Schlumberger(ab2=np.geomspace(1, 300, 14))
PRIOR = LayeredPrior(n_layers=3, thickness=(0.5, 50), resistivity=(1, 1e4))


@pytest.fixture(scope="module")
def scaled():
    rng = np.random.default_rng(0)
    data = np.log(SURVEY(**PRIOR.draw(5000, rng)))
    return data + 0.03 * rng.standard_normal(data.shape)


@pytest.fixture(scope="module")
def codec(scaled):
    return Codec(SURVEY.channels, PRIOR).fit(scaled)


def test_inputs_of_the_training_data_are_standardised_and_their_features_white(codec, scaled):
    inputs = codec.inputs(scaled)
    np.testing.assert_allclose(inputs.mean(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(inputs.std(axis=0), 1)
    whitened = codec.features(inputs)[:, len(SURVEY.channels) :].astype(float)
    # clipping at 8 and float32
    np.testing.assert_allclose(whitened.T @ whitened / len(whitened), np.eye(14), atol=0.02)


def test_models_survive_the_round_trip_through_u(codec):
    models = PRIOR.draw(1000, np.random.default_rng(1))
    back = codec.decode(codec.targets(models))
    for name, values in models.items():
        np.testing.assert_allclose(back[name], values, rtol=1e-12)


def test_a_filled_gap_is_closer_to_what_was_measured_there_than_interpolation(codec, scaled):
    spoilt = scaled.copy()
    spoilt[:, 6] = np.nan
    filled = codec.fill(spoilt)
    np.testing.assert_array_equal(np.delete(filled, 6, axis=1), np.delete(scaled, 6, axis=1))
    error = np.sqrt(np.mean((filled[:, 6] - scaled[:, 6]) ** 2))
    interpolated = (scaled[:, 5] + scaled[:, 7]) / 2
    assert error < 0.6 * np.sqrt(np.mean((interpolated - scaled[:, 6]) ** 2))


def test_soundings_with_different_gaps_are_filled_each_by_itself(codec, scaled):
    spoilt = scaled[:6].copy()
    spoilt[0, 3] = spoilt[2, 9:] = spoilt[5, :4] = np.nan
    together = codec.fill(spoilt)
    apart = np.vstack([codec.fill(row[None]) for row in spoilt])
    np.testing.assert_allclose(together, apart, rtol=1e-12)
    assert np.isfinite(together).all()


def test_filling_changes_nothing_where_nothing_is_missing(codec, scaled):
    assert codec.fill(scaled) is scaled


def test_noise_levels_and_context_are_inputs_behind_the_channels(scaled):
    rng = np.random.default_rng(2)
    levels = np.exp(rng.uniform(-4, -2, (len(scaled), 1)))
    height = rng.uniform(25, 60, (len(scaled), 1))
    codec = Codec(SURVEY.channels, PRIOR, ("relative",), ("height",)).fit(scaled, levels, height)
    inputs = codec.inputs(scaled, levels, height)
    assert inputs.shape == (len(scaled), 16)
    assert np.corrcoef(inputs[:, -1], height[:, 0])[0, 1] == pytest.approx(1)


def test_state_rebuilds_the_codec_exactly(codec, scaled):
    again = Codec.from_state(codec.get_state(), SURVEY.channels, PRIOR)
    np.testing.assert_array_equal(again.features(again.inputs(scaled)), codec.features(codec.inputs(scaled)))
