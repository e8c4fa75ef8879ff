"""A true posterior passes; a wrong one is caught, by the number that its fault has in theory."""

import numpy as np
import pytest
from scipy import special, stats

from bpinvert.calibration import Section, Summary, simultaneous_band, summarize
from bpinvert.calibration.bands import stays_inside
from bpinvert.calibration.sections import LEVELS

NOISE = np.array([0.3, 1.0, 3.0])
Z = stats.norm.ppf((1 + np.array(LEVELS)) / 2)


def gaussian(n=2000, n_draws=200, scale=1.0, shift=0.0):
    """Section of θ ~ N(0, 1), y ~ N(θ, noise²) in u = Φ(θ); its posteriors' scale and centre (in sd) may be wrong."""
    rng = np.random.default_rng(0)
    theta = rng.standard_normal((n, 3))
    mean = (theta + NOISE * rng.standard_normal((n, 3))) / (1 + NOISE**2)
    sd = NOISE / np.sqrt(1 + NOISE**2)
    parts = []
    for rows in np.array_split(np.arange(n), 4):
        normal = rng.standard_normal((n_draws, len(rows), 3), dtype=np.float32)
        draws = special.ndtr(mean[rows] + sd * (shift + scale * normal))
        parts.append(summarize(draws, special.ndtr(theta[rows]), rng=rng))
    return Section.join(parts, ["a", "b", "c"])


def section_of(pit, strata=None):
    ones = np.ones(pit.shape)
    return Section.join([Summary(pit, ones, ones, ones)], [f"p{k}" for k in range(pit.shape[1])], strata)


def test_a_true_posterior_covers_as_stated_and_stays_in_its_band():
    section = gaussian()
    assert (abs(section.coverage() - LEVELS) < 4 * section.coverage_error()).all()
    assert section.sbc_inside.all()
    assert (section.expected_calibration_error < 3 * section.chance_error).all()


def test_resolution_and_skill_follow_the_noise():
    section = gaussian()
    # without data: 1 and 0; Φ is nearly linear where the posterior is narrow
    assert (np.diff(section.resolution) > 0).all() and (np.diff(section.crps_skill) < 0).all()
    sd = NOISE / np.sqrt(1 + NOISE**2)
    theta = np.random.default_rng(1).standard_normal((100_000, 1))
    mean = (theta + NOISE * np.random.default_rng(2).standard_normal((100_000, 3))) / (1 + NOISE**2)
    exact = (stats.norm.cdf(mean + 1.645 * sd) - stats.norm.cdf(mean - 1.645 * sd)).mean(axis=0) / 0.9
    # 2000 simulations, quantiles of 200 draws
    np.testing.assert_allclose(section.resolution, exact, rtol=0.03)
    # the mean CRPS of a true posterior is its mean spread ½E|u - u'|: of the prior 1/6
    np.testing.assert_allclose(section.prior_crps, 1 / 6, rtol=0.05)
    assert section.crps_skill[0] == pytest.approx(1 - section.resolution[0] * 0.9 / 3.29 / np.sqrt(np.pi) * 6, abs=0.03)


@pytest.mark.parametrize("scale", [0.8, 1.25])
def test_a_wrong_width_shows_in_the_coverage_that_it_must_have(scale):
    section = gaussian(scale=scale)
    expected = 2 * stats.norm.cdf(scale * Z) - 1
    # 200 draws, so the outermost slots are somewhat smeared
    assert (abs(section.coverage() - expected) < 4 * section.coverage_error() + 0.002).all()
    assert not section.sbc_inside.any()
    assert (section.expected_calibration_error > 5 * section.chance_error).all()
    outer = section.rank_histogram[:, [0, -1]].sum(axis=1) / section.n
    assert ((outer > 0.13) if scale < 1 else (outer < 0.07)).all()


def test_a_bias_shows_in_the_ranks_where_coverage_hardly_tells():
    shift = 0.3
    section = gaussian(shift=shift)
    expected = stats.norm.cdf(Z + shift) - stats.norm.cdf(-Z + shift)
    assert (abs(section.coverage() - expected) < 4 * section.coverage_error() + 0.002).all()
    assert not section.sbc_inside.any()
    # of all distances between the two cumulated normal densities the largest is midway
    distance = 2 * stats.norm.cdf(shift / 2) - 1
    np.testing.assert_allclose(section.rank_difference.max(axis=1), distance, atol=4 * 0.5 / np.sqrt(section.n))


def test_of_100_true_posteriors_one_leaves_the_band():
    section = section_of(np.random.default_rng(0).random((500, 5000)))
    # √(0.01·0.99/5000) = 0.0014
    assert section.sbc_inside.mean() == pytest.approx(0.99, abs=0.004)


def test_a_single_level_at_99_percent_everywhere_would_be_left_far_more_often():
    pit = np.random.default_rng(0).random((500, 2000))
    counts = np.stack([(pit <= k / 100).sum(axis=0) for k in range(1, 100)])
    low, high = stats.binom.ppf([[0.005], [0.995]], 500, np.arange(1, 100) / 100)
    assert ((counts.T >= low) & (counts.T <= high)).all(axis=1).mean() < 0.9


@pytest.mark.parametrize(("n", "n_parts"), [(7, 5), (40, 10), (100, 30)])
def test_the_probability_of_the_band_is_that_of_binomial_transitions(n, n_parts):
    low, high = simultaneous_band(n, 0.9, n_parts)
    # Säilynoja et al. (2022): from x at z, the count at z' is x + Binomial(n - x, (z' - z)/(1 - z))
    walk = {0: 1.0}
    for k in range(1, n_parts):
        share = 1 / (n_parts - k + 1)
        places = np.arange(low[k - 1], high[k - 1] + 1)
        walk = {y: sum(p * stats.binom.pmf(y - x, n - x, share) for x, p in walk.items()) for y in places.tolist()}
    inside = sum(walk.values())
    assert stays_inside(n, n_parts, low, high) == pytest.approx(inside, rel=1e-9)
    assert 0.9 <= inside


@pytest.mark.parametrize("n", [50, 1000, 20_000])
def test_the_band_is_no_wider_than_needed(n):
    low, high = simultaneous_band(n)
    inside = stays_inside(n, 100, low, high)
    assert 0.99 <= inside < 0.9925
    assert (low == n - high[::-1]).all()


def test_how_large_the_error_is_by_chance_is_known():
    section = section_of(np.random.default_rng(3).random((1000, 1000)))
    assert section.expected_calibration_error.mean() == pytest.approx(section.chance_error, rel=0.03)


def test_parts_together_are_the_whole():
    pit = np.random.default_rng(4).random((90, 2))
    figures = [pit, pit**2, pit + 1, 2 * pit]
    whole = Section.join([Summary(*figures)], "ab")
    parts = Section.join([Summary(*(a[rows] for a in figures)) for rows in np.split(np.arange(90), [20, 21])], "ab")
    np.testing.assert_array_equal(whole.pit, parts.pit)
    for name in ("crps", "crps_error", "prior_crps", "resolution"):
        np.testing.assert_allclose(getattr(whole, name), getattr(parts, name))
    assert whole.n == 90 and whole.rank_histogram.sum(axis=1).tolist() == [90, 90]


def test_simulations_without_a_posterior_are_left_out_and_counted():
    pit = np.random.default_rng(5).random((30, 2))
    holes = pit.copy()
    holes[[4, 7]] = np.nan
    kept = np.delete(np.arange(30), [4, 7])
    strata = np.array(["H", "K"])[np.arange(30) % 2]
    first, second = section_of(holes, strata), section_of(pit[kept], strata[kept])
    assert (first.n, first.n_unanswered, second.n_unanswered) == (28, 2, 0)
    np.testing.assert_array_equal(first.pit, second.pit)
    np.testing.assert_array_equal(first.stratum, second.stratum)
    with pytest.raises(ValueError, match="no simulation has a finite posterior"):
        section_of(np.full((3, 2), np.nan))


def test_names_and_strata_must_fit():
    ones = np.ones((4, 2))
    with pytest.raises(ValueError, match="4 simulations of 2 parameters, but 3 parameters are named and 4 strata"):
        Section.join([Summary(ones, ones, ones, ones)], "abc")
    with pytest.raises(ValueError, match="1 strata given"):
        Section.join([Summary(ones, ones, ones, ones)], "ab", ["H"])
    with pytest.raises(ValueError, match="n is 0 and probability"):
        simultaneous_band(0)
