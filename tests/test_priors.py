"""Priors: laws of the unit cube, draws, storage, and what is refused."""

import json
import math

import numpy as np
import pytest
from scipy import stats

from bpinvert.priors import DepthGridPrior, LayeredPrior, Models, Ordered, Prior, Relative, padded, prior_from_dict
from forward_models import Schlumberger

RANGES = LayeredPrior(3, thickness=(0.5, 100), resistivity=(1, 10_000))
MARGINALS = LayeredPrior(
    3,
    thickness=[stats.uniform(1, 49), (5, 80)],
    resistivity=[stats.lognorm(0.8, scale=100), (1, 1000), stats.loguniform(2, 200)],
)
DEPENDENT = LayeredPrior(
    4,
    thickness=Ordered((1, 60)),
    vs=Ordered((100, 1000)),
    vp=Relative("vs", (1.5, 3.0)),
    density=(1500, 2500),
)
CHAINED = LayeredPrior(3, thickness=(1, 9), vs=(100, 900), vp=Relative("vs", (1.5, 3)), qp=Relative("vp", (0.1, 0.2)))
UNLAYERED = Prior(radius=(1, 10), dip=stats.norm(0, 20), offset=stats.uniform(-1, 2), depth=Relative("radius", (2, 5)))
GRID = DepthGridPrior(np.geomspace(1, 100, 6), correlation=1.5, resistivity=(1, 10_000))
TWO_ON_A_GRID = DepthGridPrior(
    [1, 3, 20, 50],
    correlation=0.7,
    vs=stats.lognorm(0.4, scale=300),
    density=(1500, 2500),
    context={"height": (25, 60)},
)
PRIORS = {
    "ranges": RANGES,
    "marginals": MARGINALS,
    "dependent": DEPENDENT,
    "chained": CHAINED,
    "unlayered": UNLAYERED,
    "grid": GRID,
    "two on a grid": TWO_ON_A_GRID,
}
MIXTURE = LayeredPrior((2, 4), thickness=(0.5, 100), resistivity=(1, 10_000), layer_weights=[1, 2, 5])

every_prior = pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS)
every_method = pytest.mark.parametrize("method", ["random", "sobol", "lhs"])


def vector(prior, models):
    """Models as a matrix (n, P) in the order of `parameters`."""
    names = dict.fromkeys(name.rpartition("_")[0] or name for name in prior.parameters)
    return np.concatenate([models[name].reshape(len(models[name]), -1) for name in names], axis=1)


@every_prior
def test_encoded_draws_are_uniform_and_uncorrelated(prior):
    u = prior.encode(prior.draw(20_000, 1))
    assert min(stats.kstest(column, "uniform").pvalue for column in u.T) > 1e-3
    correlation = np.corrcoef(u.T) - np.eye(u.shape[1])
    assert abs(correlation).max() < 0.03


@every_prior
def test_decode_undoes_encode(prior):
    models = prior.draw(2000, 2)
    again = vector(prior, prior.decode(prior.encode(models)))
    np.testing.assert_allclose(again, vector(prior, models), rtol=1e-10, atol=1e-10)


def test_ranges_come_back_to_rounding_error():
    models = RANGES.draw(2000, 3)
    again = RANGES.decode(RANGES.encode(models))
    np.testing.assert_allclose(again["resistivity"], models["resistivity"], rtol=1e-13)


@every_prior
def test_encode_undoes_decode(prior):
    u = np.random.default_rng(3).uniform(0.01, 0.99, (2000, len(prior.parameters)))
    # Near the high end of an ordered property little room is left and u loses digits in proportion.
    np.testing.assert_allclose(prior.encode(prior.decode(u)), u, rtol=0, atol=1e-9)


@pytest.mark.parametrize("high", [10.0, 777.7, 1e4, 0.3, 1e-3 * 7])
def test_ends_of_the_cube_decode_to_exactly_low_and_high(high):
    low = high / 37
    prior = Prior(a=(low, high), b=stats.uniform(-low, high), c=stats.loguniform(low, high))
    ends = prior.decode([[0, 0, 0], [1, 1, 1]])
    b = stats.uniform(-low, high).support()
    assert [*ends["a"], *ends["b"], *ends["c"]] == [low, high, *b, low, high]
    np.testing.assert_array_equal(prior.encode(ends), [[0, 0, 0], [1, 1, 1]])


def test_no_decoded_value_leaves_the_prior():
    u = np.random.default_rng(4).uniform(-0.5, 1.5, (20_000, 5))
    models = RANGES.decode(u)
    assert models["thickness"].min() == 0.5
    assert models["thickness"].max() == 100
    assert models["resistivity"].min() == 1
    assert models["resistivity"].max() == 10_000
    assert np.isfinite(RANGES.log_density(models)).all()


def test_unbounded_distributions_decode_to_finite_positive_values():
    models = MARGINALS.decode(np.array([np.zeros(5), np.ones(5)]))
    tail = stats.lognorm(0.8, scale=100).ppf([1e-12, 1 - 1e-12])
    np.testing.assert_array_equal(models["resistivity"][:, 0], tail)


@pytest.mark.parametrize("prior", [RANGES, MARGINALS], ids=["ranges", "marginals"])
def test_values_outside_encode_to_the_ends_and_have_no_density(prior):
    inside = prior.decode(np.full((2, 5), 0.5))
    outside = Models({**inside, "thickness": np.array([[0.01, 20], [20, 5000.0]])}, inside.n_layers)
    u = prior.encode(outside)
    assert (u[0, 0], u[1, 1]) == (0, 1)
    assert (prior.log_density(outside) == -np.inf).all()
    assert np.isfinite(prior.log_density(inside)).all()


def test_log_density_is_the_sum_of_scipys():
    models = MARGINALS.draw(500, 5)
    marginals = [
        *(stats.uniform(1, 49), stats.loguniform(5, 80)),
        *(stats.lognorm(0.8, scale=100), stats.loguniform(1, 1000), stats.loguniform(2, 200)),
    ]
    columns = vector(MARGINALS, models).T
    expected = sum(marginal.logpdf(column) for marginal, column in zip(marginals, columns, strict=True))
    np.testing.assert_allclose(MARGINALS.log_density(models), expected, rtol=1e-11)


def test_log_density_of_a_relative_and_an_ordered_property_is_the_conditional_one():
    models = DEPENDENT.draw(300, 6)
    vs, vp, density = models["vs"], models["vp"], models["density"]
    expected = stats.loguniform(1500, 2500).logpdf(density).sum(axis=1)
    for name, low, high in [("thickness", 1, 60), ("vs", 100, 1000)]:
        above = np.column_stack([np.full(300, low), models[name][:, :-1]])
        expected += stats.loguniform(above, high).logpdf(models[name]).sum(axis=1)
    expected += (stats.loguniform(1.5, 3).logpdf(vp / vs) - np.log(vs)).sum(axis=1)
    np.testing.assert_allclose(DEPENDENT.log_density(models), expected, rtol=1e-9)


@pytest.mark.parametrize(
    "prior",
    [RANGES, MARGINALS, DEPENDENT, CHAINED, GRID, TWO_ON_A_GRID],
    ids=["ranges", "marginals", "dep", "chain", "grid", "two on a grid"],
)
def test_density_is_one_over_the_determinant_of_the_slope(prior):
    u = np.random.default_rng(7).uniform(0.02, 0.98, (200, len(prior.parameters)))
    models = prior.decode(u)
    slope = prior.log_slope(u)
    log_determinant = np.log(slope).sum(axis=1) if slope.ndim == 2 else np.linalg.slogdet(slope)[1]
    expected = -log_determinant - np.log(vector(prior, models)).sum(axis=1)
    np.testing.assert_allclose(prior.log_density(models), expected, rtol=1e-9)


@every_prior
def test_log_slope_agrees_with_finite_differences(prior):
    size = len(prior.parameters)
    u = np.random.default_rng(8).uniform(0.1, 0.9, (50, size))
    step = 1e-6
    matrix = np.empty((50, size, size))
    for j in range(size):
        moved = [vector(prior, prior.decode(u + sign * step * np.eye(size)[j])) for sign in (1, -1)]
        matrix[:, :, j] = np.log(moved[0] / moved[1]) / (2 * step)
    slope = prior.log_slope(u)
    if slope.ndim == 2:
        slope = slope[:, :, None] * np.eye(size)
    # Central differences in double precision: about 1e-10 relative to the value, 1e-4 next to dip = 0.
    np.testing.assert_allclose(slope, matrix, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(slope, np.tril(slope))


def test_ordered_properties_increase_downward_and_multiples_keep_their_range():
    models = DEPENDENT.draw(5000, 9)
    assert (np.diff(models["vs"]) >= 0).all()
    assert (np.diff(models["thickness"]) >= 0).all()
    ratio = models["vp"] / models["vs"]
    assert 1.5 * (1 - 1e-15) <= ratio.min() < ratio.max() <= 3 * (1 + 1e-15)


def test_corners_of_a_dependent_prior_have_a_density():
    corners = np.array(np.meshgrid(*[[0.0, 0.999]] * 4)).reshape(4, -1).T
    u = np.concatenate([np.full((len(corners), 11), 0.5), corners], axis=1)
    assert np.isfinite(DEPENDENT.log_density(DEPENDENT.decode(u))).all()
    u = np.concatenate([corners, np.full((len(corners), 11), 0.5)], axis=1)
    assert np.isfinite(DEPENDENT.log_density(DEPENDENT.decode(u))).all()


def test_an_ordered_property_at_its_high_end_stays_there():
    u = np.full((1, 15), 0.5)
    u[0, 3] = 1
    models = DEPENDENT.decode(u)
    np.testing.assert_array_equal(models["vs"], np.full((1, 4), 1000.0))
    assert np.isfinite(DEPENDENT.encode(models)).all()
    assert np.isfinite(DEPENDENT.log_slope(u)).all()


def test_a_moved_boundary_leaves_all_others_where_they_are():
    prior = LayeredPrior(n_layers=4, thickness=(0.5, 200), vs=(100, 1000), vp=Relative("vs", (1.5, 3.0)))
    rng = np.random.default_rng(7)
    # away from the ends of the ranges, and so thin that merged layers stay within theirs
    u = 0.05 + 0.9 * rng.random((400, 11))
    u[:, :3] *= 0.75
    old, new = prior.decode(u), prior.decode(prior.with_boundary_moved(u, rng))
    before, after = (np.cumsum(models["thickness"], axis=1) for models in (old, new))
    kept = (np.abs(after[:, :, None] / before[:, None] - 1) < 1e-6).any(axis=2).sum(axis=1)
    inside = (new["thickness"] < 195).all(axis=1) & (new["thickness"] > 0.52).all(axis=1)
    assert inside.sum() > 200 and (kept[inside] == 2).all()
    # properties are those of the layers, of one side of the boundary that goes, and at most one new one
    same = np.abs(new["vs"][:, :, None] / old["vs"][:, None] - 1) < 1e-6
    assert (same.any(axis=2).sum(axis=1) >= 3).all()
    alike = np.abs(np.diff(new["vs"], axis=1)) < 1e-6
    assert 0.3 < alike.any(axis=1).mean() < 0.7
    ratio = new["vp"] / new["vs"]
    assert ratio.min() > 1.5 and ratio.max() < 3.0


@pytest.mark.parametrize("n_layers", [1, 2])
def test_a_boundary_can_be_moved_in_the_smallest_models(n_layers):
    prior = LayeredPrior(n_layers=n_layers, thickness=(1, 100), resistivity=(1, 1000))
    u = np.random.default_rng(8).random((50, 2 * n_layers - 1))
    moved = prior.with_boundary_moved(u, np.random.default_rng(9))
    assert moved.shape == u.shape and (moved >= 0).all() and (moved <= 1).all()
    assert (moved != u).any() == (n_layers > 1)


@every_method
def test_layer_counts_follow_their_weights_in_mixed_order(method):
    n_layers = MIXTURE.draw(16_384, 10, method).n_layers
    shares = np.array([(n_layers == k).mean() for k in (2, 3, 4)])
    tolerance = 4 * math.sqrt(0.25 / 16_384) if method == "random" else 2 / 16_384
    np.testing.assert_allclose(shares, np.array([1, 2, 5]) / 8, atol=tolerance)
    assert (np.diff(n_layers) != 0).mean() > 0.3


@every_method
def test_draws_repeat_with_the_seed(method):
    first, again, other = (MIXTURE.draw(100, seed, method) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first["resistivity"], again["resistivity"])
    assert not np.array_equal(first["resistivity"], other["resistivity"])


@pytest.mark.parametrize("method", ["sobol", "lhs"])
def test_even_draws_put_the_same_number_in_every_interval(method):
    u = RANGES.encode(RANGES.draw(1024, 11, method))
    assert all((np.histogram(column, 64, (0, 1))[0] == 16).all() for column in u.T)


def test_a_draw_of_a_mixture_given_its_count_is_a_draw_of_the_fixed_prior():
    models = MIXTURE.draw(20_000, 12)
    for k in MIXTURE.layer_counts:
        u = MIXTURE.fixed(k).encode(models.take(models.n_layers == k))
        assert u.shape[1] == 2 * k - 1
        assert min(stats.kstest(column, "uniform").pvalue for column in u.T) > 1e-3


def test_padded_rows_give_the_same_data_as_unpadded_ones():
    survey = Schlumberger(ab2=np.geomspace(1, 100, 8))
    models = MIXTURE.draw(200, 13)
    data = survey(**models)
    for k in MIXTURE.layer_counts:
        rows = models.n_layers == k
        part = models.take(rows)
        alone = survey(thickness=part["thickness"][:, : k - 1], resistivity=part["resistivity"][:, :k])
        np.testing.assert_allclose(data[rows], alone, rtol=1e-9)


def test_masking_and_padding_undo_each_other():
    models = MIXTURE.draw(50, 14)
    masked = models.masked()
    assert (np.isfinite(masked["resistivity"]).sum(axis=1) == models.n_layers).all()
    assert (np.isfinite(masked["thickness"]).sum(axis=1) == models.n_layers - 1).all()
    again = padded(masked, models.n_layers)
    for name in models:
        np.testing.assert_array_equal(again[name], models[name])
    assert np.isfinite(models["thickness"]).all()


def test_a_half_space_needs_no_thickness():
    prior = LayeredPrior(1, resistivity=(1, 100))
    models = prior.draw(7, 0)
    assert models["thickness"].shape == (7, 0)
    assert prior.parameters == ("resistivity_1",)
    np.testing.assert_allclose(prior.decode(prior.encode(models))["resistivity"], models["resistivity"])


def test_context_is_drawn_but_is_no_parameter():
    prior = LayeredPrior((1, 2), thickness=(1, 9), resistivity=(1, 9), context={"height": (25, 60)})
    height = prior.draw(4000, 0)["height"]
    assert stats.kstest(height, stats.loguniform(25, 60).cdf).pvalue > 1e-3
    assert prior.fixed(2).parameters == ("thickness_1", "resistivity_1", "resistivity_2")
    assert "height" not in prior.fixed(2).decode([[0.5, 0.5, 0.5]])


@pytest.mark.parametrize(
    "prior",
    [
        *PRIORS.values(),
        MIXTURE,
        LayeredPrior((1, 2), thickness=(1, 9), rho=(1, 9), context={"h": stats.norm(3)}),
    ],
)
@pytest.mark.parametrize("sort_keys", [True, False])
def test_priors_survive_json_bit_for_bit(prior, sort_keys):
    again = prior_from_dict(json.loads(json.dumps(prior.to_dict(), sort_keys=sort_keys)))
    assert again == prior
    assert hash(again) == hash(prior)
    assert prior.storable is None
    for method in ("random", "sobol"):
        first, second = prior.draw(50, 1, method), again.draw(50, 1, method)
        assert list(first) == list(second)
        assert all(np.array_equal(first[name], second[name]) for name in first)


def test_different_priors_are_not_equal():
    assert LayeredPrior(2, thickness=(1, 9), rho=(1, 9)) != LayeredPrior(2, thickness=(1, 9), rho=(1, 8))
    assert RANGES != UNLAYERED


def test_a_recipe_may_write_lists_and_tables():
    table = LayeredPrior(
        n_layers=2, thickness=[1, 9], vs={"ordered": [100, 900]}, vp={"relative": "vs", "multiple": [1.5, 3]}
    )
    assert table == LayeredPrior(2, thickness=(1, 9), vs=Ordered((100, 900)), vp=Relative("vs", (1.5, 3)))
    lognormal = {"distribution": "lognorm", "args": [0.5], "kwds": {"scale": 100}}
    assert Prior(a=lognormal) == Prior(a=stats.lognorm(0.5, scale=100))


def test_a_repr_reads_like_the_call():
    assert repr(RANGES) == "LayeredPrior(n_layers=3, thickness=(0.5, 100), resistivity=(1, 10000))"
    assert repr(Prior(a=stats.norm(0, 2), b=(1, 2))) == "Prior(a=norm(0, 2), b=(1, 2))"
    assert "vp=Relative('vs', (1.5, 3)" in repr(DEPENDENT)


def test_a_custom_distribution_can_be_drawn_but_not_stored():
    class Ramp(stats.rv_continuous):
        def _cdf(self, x):
            return x**2

        def _ppf(self, q):
            return np.sqrt(q)

    prior = Prior(a=Ramp(a=0, b=1, name="uniform")())
    assert stats.kstest(prior.draw(2000, 0)["a"] ** 2, "uniform").pvalue > 1e-3
    assert "custom type Ramp" in prior.storable
    with pytest.raises(ValueError, match="custom type Ramp, which a file cannot hold"):
        prior.to_dict()
    assert prior == prior
    assert prior != Prior(a=(1, 2))


@pytest.mark.parametrize("name", ["os", "__class__", "norm.__init__", "poisson", "Normal", 3])
def test_a_description_only_names_continuous_distributions(name):
    with pytest.raises(ValueError, match="name of a continuous distribution"):
        prior_from_dict({"prior": "Prior", "distributions": [["a", {"distribution": name, "args": []}]]})


@pytest.mark.parametrize(
    ("description", "sentence"),
    [
        ({"prior": "Magic"}, "called 'Magic'; known are LayeredPrior, DepthGridPrior, Prior"),
        ({"prior": "Prior"}, "incomplete or has unknown entries"),
        (
            {"prior": "Prior", "distributions": [["a", {"distribution": "norm", "args": ["x"]}]]},
            "unknown entries.*numbers",
        ),
        (
            {"prior": "Prior", "distributions": [["a", {"distribution": "norm", "kwds": {"b": 1}}]]},
            "does not take",
        ),
        ({"prior": "Prior", "distributions": [["a", {"what": 1}]]}, "has the keys what"),
    ],
)
def test_a_broken_description_is_refused(description, sentence):
    with pytest.raises(ValueError, match=sentence):
        prior_from_dict(description)


def make(n_layers=3, thickness=(1, 9), **settings):
    return LayeredPrior(n_layers, thickness=thickness, **({"rho": (1, 9)} | settings))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"rho": (100, 1)}, r"rho = \(100, 1\); a range is \(low, high\) with low < high"),
        ({"rho": (5, 5)}, "low < high"),
        (
            {"thickness": (0, 100)},
            r"thickness = \(0, 100\) is a log-uniform range.*Raise the low end, e.g. to 0.1",
        ),
        ({"rho": (1, math.inf)}, "rho .* is not finite"),
        ({"rho": [(1, 9), (1, 9)]}, "rho is a list of 2, but a model of 3 layers has 3 layers"),
        ({"thickness": [(1, 9)] * 3}, "thickness is a list of 3.*2 interfaces"),
        ({"rho": [(1, 9), (1, 9), (9, 1)]}, r"rho\[2\] = \(9, 1\)"),
        ({"n_layers": (2, 3), "rho": [(1, 9), (1, 9)]}, "this prior has 2 or 3 layers"),
        ({"n_layers": 0}, "n_layers is 0; allowed is 1 to 50"),
        ({"n_layers": 51}, "n_layers is 51"),
        ({"n_layers": (4, 2)}, "Swap the two"),
        ({"n_layers": (1, 2, 3)}, "a pair"),
        ({"thickness": None}, "needs a thickness"),
        ({"thickness": Relative("rho", (1, 2))}, "thickness is Relative"),
        ({"n_layers": (2, 4), "layer_weights": [1, 2]}, "layer_weights has 2 entries, but there are 3"),
        ({"n_layers": (2, 3), "layer_weights": [1, -2]}, "not negative"),
        ({"n_layers": (2, 3), "layer_weights": [0, 0]}, "not all zero"),
        ({"rho": stats.norm(100, 50)}, r"rho = norm\(100, 50\) can be negative"),
        ({"rho": stats.uniform(-1, 5)}, "can be negative"),
        ({"rho": stats.lognorm(-1)}, "parameters that scipy.stats does not allow"),
        ({"rho": stats.lognorm([1, 2])}, "one distribution per layer in a list"),
        ({"vp": Relative("vs", (1, 2))}, "vp is relative to 'vs', but before it stand only rho"),
        ({"rho": [Ordered((1, 2)), (1, 2), (1, 2)]}, "Ordered and Relative describe a whole property"),
        ({"context": {"rho": (1, 2)}}, "context names rho"),
        ({"context": {"height": Ordered((1, 2))}}, "describe a whole property"),
    ],
)
def test_an_impossible_prior_is_refused_with_its_mend(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        make(**settings)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"rho": "5"}, r"rho is '5'; a distribution is a \(low, high\) range"),
        ({"context": {"height": 5}}, r"height is 5; a distribution is a \(low, high\) range"),
        ({"rho": (1, 2, 3)}, r"low, high.*write Fixed\(\[1, 2, 3\]\)"),
        ({"rho": ("1", "9")}, "low, high"),
        ({"rho": stats.norm}, "without its parameters"),
        ({"n_layers": 2.5}, "n_layers is 2.5; it must be a whole number"),
        ({"n_layers": True}, "whole number"),
        ({"context": (25, 60)}, "context is .* it is a dict"),
    ],
)
def test_a_specification_of_the_wrong_kind_is_refused(settings, sentence):
    with pytest.raises(TypeError, match=sentence):
        make(**settings)


def test_a_prior_needs_something_to_draw():
    with pytest.raises(ValueError, match="no properties"):
        LayeredPrior(2, thickness=(1, 9))
    with pytest.raises(ValueError, match="no parameters"):
        Prior()
    with pytest.raises(ValueError, match="an unlayered parameter is one number"):
        Prior(a=Ordered((1, 2)))


def test_a_mixture_asks_for_one_count():
    with pytest.raises(ValueError, match=r"2, 3 or 4 layers.*Use prior.fixed\(2\)"):
        MIXTURE.encode(MIXTURE.draw(3, 0))
    with pytest.raises(ValueError, match="n_layers is 7, but this prior has 2, 3 or 4"):
        MIXTURE.fixed(7)
    with pytest.raises(ValueError, match="The models have 2, 3 or 4 layers, but this prior has 3"):
        MIXTURE.fixed(3).encode(MIXTURE.draw(50, 0))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: RANGES.draw(10, 0, "halton"), "method is 'halton'; a prior draws by random, sobol, lhs"),
        (lambda: RANGES.draw(0, 0), "n is 0; allowed is at least 1"),
        (lambda: RANGES.decode(np.zeros((3, 4))), r"u has shape \(3, 4\); it must be \(n, 5\)"),
        (lambda: RANGES.encode({"thickness": np.ones((1, 2))}), "lack resistivity"),
        (
            lambda: RANGES.encode({"thickness": np.ones((1, 2)), "resistivity": np.ones((1, 4))}),
            r"resistivity has shape \(1, 4\)",
        ),
        (lambda: UNLAYERED.encode({"radius": 1}), "lack dip"),
    ],
)
def test_a_wrong_call_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
