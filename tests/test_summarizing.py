"""Posteriors against depth, from draws whose models are known."""

import numpy as np

import bpinvert as bp
from bpinvert.inverter.summarizing import Profiles, depth_grid

PRIOR = bp.LayeredPrior(n_layers=(2, 4), thickness=(1, 100), resistivity=(1, 10_000))
PRIORS = {count: PRIOR.fixed(count) for count in PRIOR.layer_counts}


def test_a_number_of_layers_that_was_not_tried_changes_no_profile():
    profiles = Profiles(PRIORS, PRIOR.layer_weights, depth_grid(PRIORS[4]))
    rng = np.random.default_rng(0)
    draws = {count: rng.random((50, 2, len(prior.parameters))) for count, prior in PRIORS.items()}
    probability = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    # First, so that no memory holds the right answer already.
    tried_one = profiles.summary({3: draws[3]}, probability)
    tried_all = profiles.summary(draws, probability)
    for name, (_, values) in tried_all.items():
        np.testing.assert_array_equal(values, tried_one[name][1])


def test_profiles_reach_from_above_hardly_any_interface_to_below_nearly_all():
    depth = np.cumsum(PRIOR.draw(50_000, 1).masked()["thickness"], axis=1)
    grid = depth_grid(PRIOR)
    # Pictures hold the shallowest value on upward: it must be that of the first layer.
    assert (depth[:, 0] < grid[0]).mean() < 0.004
    assert (np.nanmax(depth, axis=1) > grid[-1]).mean() < 0.02
