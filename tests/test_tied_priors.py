"""Properties that are known, or follow from others: exact values, encoding, derivatives, storage, and inversion."""

import dataclasses
import json

import numpy as np
import pytest
from scipy import stats

from bpinvert.inverter.known import Known
from bpinvert.priors import (
    DepthGridPrior,
    Fixed,
    LayeredPrior,
    Ordered,
    PoissonRatio,
    PowerLaw,
    Prior,
    Relative,
    prior_from_dict,
)
from bpinvert.refinement import Misfit
from forward_models import Channels, Magnetotelluric
from forward_models.survey import Survey, freeze

GARDNER = PowerLaw("vp", 310, 0.25)
ELASTIC = LayeredPrior(
    3, thickness=(1, 20), vs=Ordered((100, 900)), vp=PoissonRatio("vs", (0.1, 0.45)), density=GARDNER
)
PRIORS = {
    "elastic": ELASTIC,
    "exact": LayeredPrior(3, thickness=(1, 20), vs=(100, 900), vp=Relative("vs", 1.8), density=1900),
    "poisson": LayeredPrior(2, thickness=(1, 9), vs=(100, 900), vp=PoissonRatio("vs", 0.25), q=Relative("vp", (1, 9))),
    "spread": LayeredPrior(
        2,
        thickness=3.0,
        vs=stats.lognorm(0.3, scale=300),
        vp=PoissonRatio("vs", stats.uniform(0.2, 0.2)),
        density=PowerLaw("vp", (280, 340), 0.25),
        q=PowerLaw("density", 1e9, -2),
    ),
    "by layer": LayeredPrior(
        3, thickness=Fixed([2, 5]), vs=[(100, 300), 250, stats.uniform(200, 500)], rho=Fixed([1, 2, 3])
    ),
    "unlayered": Prior(
        radius=(1, 10), contrast=500.0, depth=Relative("radius", (2, 5)), mass=PowerLaw("radius", 2e3, 3)
    ),
    "grid": DepthGridPrior(
        [1, 3, 20], vs=(100, 900), vp=PoissonRatio("vs", (0.0, 0.4)), density=GARDNER, q=Fixed([1, 2, 3, 4])
    ),
}
every_prior = pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS)


def entries(prior, models):
    """All entries of the models' arrays (n, M), in the order of `places`."""
    return np.concatenate([models[name].reshape(len(models[name]), -1) for name in prior.places], axis=1)


def inner(prior, n, seed=0):
    return np.random.default_rng(seed).uniform(0.05, 0.95, (n, len(prior.parameters)))


def test_determined_properties_are_exact_and_no_parameters():
    models = PRIORS["exact"].draw(50, 0)
    np.testing.assert_array_equal(models["vp"], 1.8 * models["vs"])
    np.testing.assert_array_equal(models["density"], np.full((50, 3), 1900.0))
    assert PRIORS["exact"].parameters == ("thickness_1", "thickness_2", "vs_1", "vs_2", "vs_3")
    elastic = ELASTIC.draw(50, 0)
    # Gardner's rule in its own words: 0.31 g/cm³ times the fourth root of the velocity in m/s
    np.testing.assert_allclose(elastic["density"] / 1000, 0.31 * np.sqrt(np.sqrt(elastic["vp"])), rtol=1e-14)
    assert not any(name.startswith("density") for name in ELASTIC.parameters)
    assert PRIORS["by layer"].parameters == ("vs_1", "vs_3")
    assert (PRIORS["by layer"].draw(5, 0)["vs"][:, 1] == 250).all()


def test_poissons_ratio_of_drawn_velocities_is_uniform_between_its_ends():
    models = ELASTIC.draw(5000, 0)
    # from the elastic moduli: ν = λ/(2(λ + μ)), with λ/μ = (vp/vs)² - 2
    lame = (models["vp"] / models["vs"]) ** 2 - 2
    poisson = lame / (2 * (lame + 1))
    assert 0.1 - 1e-12 < poisson.min() and poisson.max() < 0.45 + 1e-12
    assert stats.kstest(poisson[:, 1], stats.uniform(0.1, 0.35).cdf).pvalue > 1e-3
    quarter = PRIORS["poisson"].draw(10, 0)
    np.testing.assert_allclose(quarter["vp"], np.sqrt(3) * quarter["vs"], rtol=1e-14)


@every_prior
def test_decoded_models_come_back_and_determined_entries_need_not_be_given(prior):
    u = inner(prior, 200)
    models = prior.decode(u)
    np.testing.assert_allclose(prior.encode(models), u, atol=1e-9, rtol=0)
    stems = prior.parameters if isinstance(prior, Prior) else {name.rpartition("_")[0] for name in prior.parameters}
    needed = {name: models[name] for name in models if name in stems or name == "thickness"}
    np.testing.assert_allclose(prior.encode(needed), u, atol=1e-9, rtol=0)
    drawn = prior.encode(prior.draw(4000, 1))
    assert min(stats.kstest(column, "uniform").pvalue for column in drawn.T) > 1e-4


@every_prior
def test_the_slope_is_that_of_differences_for_every_entry(prior):
    u = inner(prior, 20)
    slope = prior.log_slope(u)
    assert slope.shape == (20, entries(prior, prior.decode(u)).shape[1], u.shape[1])
    for j, step in enumerate(1e-5 * np.eye(u.shape[1])):
        sides = [np.log(entries(prior, prior.decode(u + sign * step))) for sign in (1, -1)]
        np.testing.assert_allclose(slope[:, :, j], (sides[0] - sides[1]) / 2e-5, rtol=1e-6, atol=1e-7)


@every_prior
def test_the_density_of_the_parameters_is_one_over_the_determinant_of_the_slope(prior):
    u = inner(prior, 50)
    models = prior.decode(u)
    names = [
        name if isinstance(prior, Prior) else f"{name}_{i + 1}"
        for name, place in prior.places.items()
        for i in range(place.stop - place.start)
    ]
    rows = [names.index(name) for name in prior.parameters]
    log_determinant = np.linalg.slogdet(prior.log_slope(u)[:, rows])[1]
    expected = -log_determinant - np.log(entries(prior, models)[:, rows]).sum(axis=1)
    np.testing.assert_allclose(prior.log_density(models), expected, rtol=1e-9)
    # also where a factor is at its ends, whatever rounding leaves of it
    for end in (0.0, 1.0):
        assert np.isfinite(
            prior.log_density(prior.decode(np.where(np.arange(u.shape[1]) < u.shape[1] / 2, u, end)))
        ).all()
    assert np.isfinite(
        prior.log_density(prior.decode(np.array([[0.0], [0.999]]) * np.ones(len(prior.parameters))))
    ).all()


@every_prior
@pytest.mark.parametrize("sort_keys", [True, False])
def test_tied_priors_survive_json_bit_for_bit(prior, sort_keys):
    again = prior_from_dict(json.loads(json.dumps(prior.to_dict(), sort_keys=sort_keys)))
    assert again == prior and repr(again) == repr(prior) and prior.storable is None
    first, second = prior.draw(50, 1), again.draw(50, 1)
    assert list(first) == list(second)
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_a_repr_reads_like_the_call_of_tied_properties():
    assert repr(ELASTIC).endswith(
        "vs=Ordered((100, 900)), vp=PoissonRatio('vs', (0.1, 0.45)), density=PowerLaw('vp', 310, 0.25))"
    )
    assert "vp=Relative('vs', 1.8), density=1900)" in repr(PRIORS["exact"])
    assert "thickness=Fixed([2, 5]), vs=[(100, 300), 250, uniform(200, 500)]" in repr(PRIORS["by layer"])


def test_a_custom_distribution_of_poissons_ratio_is_not_stored():
    class Ramp(stats.rv_continuous):
        def _cdf(self, x):
            return (x / 0.4) ** 2

        def _ppf(self, q):
            return 0.4 * np.sqrt(q)

    prior = Prior(vs=(100, 900), vp=PoissonRatio("vs", Ramp(a=0, b=0.4, name="ramp")()))
    assert "vp is of the custom type Ramp" in prior.storable


def test_a_mixture_of_layer_counts_draws_what_each_count_ties():
    prior = LayeredPrior((1, 3), thickness=(1, 20), vs=(100, 900), vp=PoissonRatio("vs", (0.1, 0.4)), density=GARDNER)
    models = prior.draw(500, 0)
    np.testing.assert_allclose(models["density"], 310 * models["vp"] ** 0.25, rtol=1e-14)
    u = prior.fixed(2).encode(models.take(models.n_layers == 2))
    assert u.shape[1] == 5 and min(stats.kstest(column, "uniform").pvalue for column in u.T) > 1e-3
    moved = prior.fixed(3).decode(
        prior.fixed(3).with_boundary_moved(inner(prior.fixed(3), 50), np.random.default_rng(0))
    )
    np.testing.assert_allclose(moved["density"], 310 * moved["vp"] ** 0.25, rtol=1e-14)


def test_widening_reaches_further_and_keeps_ties():
    wider = ELASTIC.widened(4, 3.0)
    assert wider == LayeredPrior(
        4, thickness=(1 / 3, 60), vs=Ordered((100 / 3, 2700)), vp=PoissonRatio("vs", (0.1, 0.45)), density=GARDNER
    )
    assert ELASTIC.widened(3, 3.0, "vs_2") == LayeredPrior(
        3, thickness=[(1, 20)] * 2, vs=Ordered((100 / 3, 2700)), vp=PoissonRatio("vs", (0.1, 0.45)), density=GARDNER
    )
    slow = LayeredPrior(3, thickness=(1, 20), vs=(30, 900), vp=Relative("vs", 2.0)).decode([[0.5, 0.5, 0.01, 0.5, 0.5]])
    included = ELASTIC.including(slow, 1.5)
    assert (included.encode(slow)[:, 2] > 0).all() and "vs=Ordered((20, 900))" in repr(included)
    assert ELASTIC.widenable == ("thickness", "vs")
    with pytest.raises(
        ValueError, match=r"thickness of the prior is Fixed\(\[2, 5\]\); only a .* range can be widened"
    ):
        PRIORS["by layer"].widened(3, 2.0)


def test_no_prior_is_widened_to_a_chargeability_that_no_ground_has():
    prior = LayeredPrior(2, thickness=(1, 20), resistivity=(10, 100), chargeability=(1, 400))
    assert prior.widened(2, 3.0) == LayeredPrior(
        2, thickness=(1 / 3, 60), resistivity=(10 / 3, 300), chargeability=(1 / 3, 990)
    )
    strong = {"thickness": [[5.0]], "resistivity": [[50.0, 50.0]], "chargeability": [[5.0, 950.0]]}
    assert prior.including(strong) == LayeredPrior(2, thickness=(1, 20), resistivity=(10, 100), chargeability=(1, 990))


@pytest.mark.parametrize(
    ("properties", "sentence"),
    [
        ({"vp": PoissonRatio("vs", 0.5)}, "vp: Poisson's ratio of vs is 0.5; it must be above -1 and below 0.5"),
        ({"vp": PoissonRatio("vs", (0.2, 0.6))}, r"is \(0.2, 0.6\); it must be .* lies between 0 and 0.5: give e.g"),
        ({"vp": PoissonRatio("vs", (0.4, 0.2))}, "with low < high"),
        ({"vp": PoissonRatio("vs", stats.norm(0.3, 0.1))}, r"is norm\(0.3, 0.1\); .*cut a distribution without ends"),
        ({"vp": PoissonRatio("beta", 0.3)}, "vp is by Poisson's ratio of 'beta', but before it stand only vs"),
        ({"density": PowerLaw("vp", 310, 0.25)}, "density is a power law of 'vp', but before it stand only vs"),
        ({"density": PowerLaw("vs", -310, 0.25)}, "the coefficient on vs is -310; it must be positive"),
        ({"density": PowerLaw("vs", 310, 0)}, "exponent 0; it must be a finite number other than 0"),
        ({"vp": Relative("vs", 0)}, "vp as a multiple of vs is 0; it must be positive"),
        ({"density": 0}, "density is fixed at 0; it must be finite and positive"),
        ({"density": Fixed([1, -2])}, "density is fixed at -2"),
        ({"density": Fixed([1, 2, 3])}, "density is a list of 3, but a model of 2 layers has 2 layers"),
        ({"thickness": PowerLaw("vs", 1, 1)}, "thickness is PowerLaw to a property"),
        ({"density": [(1, 2), Fixed([1, 2])]}, "describe a whole property"),
        ({"vs": 200, "thickness": 5}, "has no free parameter: thickness, vs are all fixed. Give at least one"),
    ],
)
def test_an_impossible_tie_is_refused_with_its_mend(properties, sentence):
    with pytest.raises(ValueError, match=sentence):
        LayeredPrior(2, **({"thickness": (1, 9), "vs": (100, 900)} | properties))


def test_other_priors_refuse_what_they_cannot_tie():
    with pytest.raises(ValueError, match="has no free parameter: mass, radius are all fixed"):
        Prior(mass=3, radius=5)
    with pytest.raises(ValueError, match="offset can be negative or zero, which has no such power"):
        Prior(offset=stats.uniform(-1, 2), size=PowerLaw("offset", 1, 0.5))
    assert Prior(offset=-3.0, size=(1, 2)).decode([[0.0]])["offset"] == -3
    with pytest.raises(ValueError, match="vs is Fixed with 2 values, but the grid has 4 layers"):
        DepthGridPrior([1, 3, 20], vs=Fixed([1, 2]), q=(1, 2))
    with pytest.raises(ValueError, match="no free parameter"):
        DepthGridPrior([1, 3, 20], vs=300)
    with pytest.raises(TypeError, match="a fixed property is one number, or a list"):
        LayeredPrior(1, vs=Fixed("soft"))


@dataclasses.dataclass(frozen=True, eq=False)
class Travel(Survey):
    """Vertical two-way times of P and S waves through the first so many metres, weighted by impedance: made up."""

    reach: np.ndarray

    properties = ("vs", "vp", "density")

    def __post_init__(self):
        freeze(self, reach=self.reach)
        n = len(self.reach)
        channels = Channels(("s_time",) * n + ("p_time",) * n, ("s",) * 2 * n, ("log",) * 2 * n, "reach",
                            np.tile(self.reach, 2), "m")  # fmt: skip
        object.__setattr__(self, "channels", channels)

    def _simulate(self, thickness, properties, context):
        top = np.concatenate([np.zeros((1, thickness.shape[1])), np.cumsum(thickness, axis=0)])
        reach = self.reach[:, None, None]
        bottom = np.concatenate([top[1:], np.full((1, thickness.shape[1]), np.inf)])
        # how much of each layer lies above a reach, with soft ends
        share = np.tanh(bottom / reach) - np.tanh(top / reach)
        vs, vp, density = (properties[name] for name in self.properties)
        times = [(share * reach * density**0.1 / v).sum(axis=1) for v in (vs, vp)]
        return np.concatenate(times)


TRAVEL = Travel(np.geomspace(1, 60, 12))


@pytest.mark.parametrize("name", ["elastic", "exact", "grid"])
def test_the_misfits_jacobian_is_that_of_differences_in_u(name):
    prior = PRIORS[name]
    if name == "grid":
        prior = DepthGridPrior([1, 3, 20], vs=(100, 900), vp=PoissonRatio("vs", (0.0, 0.4)), density=GARDNER)
    u = inner(prior, 5)
    observed = TRAVEL.channels.to_scale(TRAVEL(**prior.decode(inner(prior, 5, 1))))
    misfit = Misfit(TRAVEL, prior, observed, np.full(observed.shape, 0.1))
    rows = np.arange(5)
    _, _, jacobian = misfit.linearised(u, rows)
    for j, step in enumerate(1e-4 * np.eye(u.shape[1])):
        sides = [misfit.linearised(u + sign * step, rows)[1] for sign in (-1, 1)]
        np.testing.assert_allclose(jacobian[:, :, j], (sides[0] - sides[1]) / 2e-4, atol=1e-5 * np.abs(jacobian).max())


def test_what_a_borehole_says_of_a_tied_property_counts_for_its_base():
    prior = PRIORS["exact"]
    fixed = {"vp": {2: (900.0, 50.0)}, "depth": {1: (5.0, 0.5)}}
    constraint = Known.read(fixed, prior, 3).of(prior)
    u, rows = inner(prior, 3), np.arange(3)
    jacobian = constraint.linear(u, rows)[1]
    for j, step in enumerate(1e-6 * np.eye(u.shape[1])):
        slope = (constraint.residuals(u - step, rows) - constraint.residuals(u + step, rows)) / 2e-6
        np.testing.assert_allclose(jacobian[:, :, j], slope, rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="fixed names density 1, which the prior knows to be 1900; leave it out"):
        Known.read({"density": {1: 1900.0}}, prior, 3)
    with pytest.raises(ValueError, match="vp 1 in fixed is 90, but the prior allows 180 to 1620"):
        Known.read({"vp": {1: 90.0}}, prior, 3)
    # a value that falls where its base grows: 1e9/density², density between 280 and 340 times vp^0.25
    falling = PRIORS["spread"]
    models = falling.draw(3000, 0)["q"]
    Known.read({"q": {1: float(models[:, 0].min())}}, falling, 1)
    Known.read({"q": {1: float(models[:, 0].max())}}, falling, 1)


def test_a_grid_for_a_survey_reaches_by_a_tied_resistivity():
    direct = DepthGridPrior.for_survey(Magnetotelluric([1.0, 10.0]), 10, resistivity=(25, 400))
    # Archie's law of a clean sand, whose porosity has the median 0.1
    archie = DepthGridPrior.for_survey(
        Magnetotelluric([1.0, 10.0]), 10, porosity=(0.05, 0.2), resistivity=PowerLaw("porosity", 1, -2)
    )
    np.testing.assert_allclose(archie.depth, direct.depth, rtol=1e-12)
    assert len(archie.parameters) == 10
