"""Soft coordinates are the prior's cube, seen through a smooth door."""

import numpy as np
from scipy.stats import kstest

from bpinvert.posterior import coordinates

X = np.linspace(-2.8, 2.8, 57)


def test_the_density_is_the_slope_of_the_place_in_the_cube():
    step = 1e-5
    difference = (coordinates.cube(X + step)[0] - coordinates.cube(X - step)[0]) / (2 * step)
    # central differences of numbers near 1
    np.testing.assert_allclose(difference, coordinates.cube(X)[1], rtol=1e-6, atol=1e-10)


def test_inside_of_the_range_places_are_linear_in_the_coordinate():
    u, density = coordinates.cube(np.linspace(-1, 1, 5))
    np.testing.assert_allclose(np.diff(u), u[1] - u[0], rtol=1e-4)
    np.testing.assert_allclose(density, 1 / np.sqrt(12), rtol=3e-4)


def test_bend_is_the_derivative_of_the_log_density():
    step = 1e-4
    x = np.linspace(-2.3, 2.3, 47)
    up, here, down = (np.log(coordinates.cube(x + shift)[1]) for shift in (step, 0, -step))
    slope, curvature = coordinates.bend(x, np.exp(here))
    np.testing.assert_allclose(slope, (up - down) / (2 * step), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(curvature, -(up - 2 * here + down) / step**2, rtol=1e-2, atol=1e-2)


def test_a_place_comes_back_from_its_coordinate():
    u = np.linspace(1e-4, 1 - 1e-4, 999)
    np.testing.assert_allclose(coordinates.cube(coordinates.from_cube(u))[0], u, atol=1e-6)


def test_draws_of_the_prior_fill_the_cube_evenly():
    u, _ = coordinates.cube(coordinates.draw(4000, 2, np.random.default_rng(0)))
    assert min(kstest(column, "uniform").pvalue for column in u.T) > 0.01


def test_far_beyond_the_range_nothing_overflows():
    u, density = coordinates.cube(np.array([-1e3, 1e3]))
    np.testing.assert_allclose(u, [0, 1], atol=1e-12)
    assert (density > 0).all()
    assert np.isfinite(coordinates.bend(np.array([-1e3, 1e3]), density)).all()
