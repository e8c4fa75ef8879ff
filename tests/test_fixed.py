"""What a borehole says is respected at every level, and no more than it says."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

import bpinvert as bp
from bpinvert.cli.arguments import read_arguments
from bpinvert.geometry import as_observed
from bpinvert.inverter import answering
from bpinvert.inverter.conditioning import Conditioned
from bpinvert.inverter.known import Known
from bpinvert.inverter.sampler import Sampler
from bpinvert.posterior import Effort
from bpinvert.priors import Ordered, Relative
from forward_models import Schlumberger

SURVEY = Schlumberger(ab2=np.geomspace(1.5, 300, 14))
PRIOR = bp.LayeredPrior(n_layers=(2, 3), thickness=(1, 60), resistivity=(5, 3000))
N = 8


@pytest.fixture(scope="module")
def inverter():
    inverter = bp.Inverter(SURVEY, PRIOR, bp.Noise(relative=0.03), hidden=32, max_epochs=15)
    return inverter.fit(n_samples=4000, n_calibration=1000, progress=False)


@pytest.fixture(scope="module")
def truth():
    models = PRIOR.fixed(3).draw(N, np.random.default_rng(7))
    return {"depth": np.cumsum(models["thickness"], axis=1), **models}


@pytest.fixture(scope="module")
def data(truth):
    clean = SURVEY(thickness=truth["thickness"], resistivity=truth["resistivity"])
    return clean * np.exp(0.03 * np.random.default_rng(8).standard_normal(clean.shape))


def known(fixed, prior=PRIOR, n=N):
    return Known.read(fixed, prior, n)


@pytest.mark.parametrize("level", ["network", "refined", "posterior"])
def test_what_is_known_precisely_is_respected_at_every_level(inverter, truth, data, level):
    depth, rho = truth["depth"][:, 1], truth["resistivity"][:, 0]
    fixed = {"depth": {2: (depth, 0.002 * depth)}, "resistivity": {1: (rho, 0.01 * rho)}}
    result = inverter.invert(data, level, fixed=fixed, draws=0 if level == "refined" else 400)
    # the data pull too, and a recommended draw is one of many
    assert (np.abs(result["fixed_residual"]) < 4).all()
    np.testing.assert_allclose(result["depth"][:, 1], depth, rtol=0.008)
    np.testing.assert_allclose(result["resistivity"][:, 0], rho, rtol=0.04)
    if level != "refined":
        drawn = result["thickness_draws"].sum("interface") / depth - 1
        # a few of a network's draws end in a corner of the prior from which no step leads on
        assert (np.abs(drawn) < 0.01).mean() > (0.98 if level == "network" else 0.999)


@pytest.mark.parametrize("level", ["network", "refined"])
def test_errors_beyond_all_bounds_change_nothing(inverter, data, level):
    fixed = {"depth": {1: (30.0, 1e9)}, "resistivity": {-1: (50.0, 1e9)}}
    free, bound = inverter.invert(data, level, n_layers=3), inverter.invert(data, level, n_layers=3, fixed=fixed)
    for name in ("thickness", "resistivity", "chi2", "score", "flag"):
        np.testing.assert_allclose(bound[name], free[name], rtol=1e-6)
    np.testing.assert_allclose(bound["fixed_p_value"], 1, rtol=1e-6)


def sampled(inverter, data, fixed=None, n_layers=3):
    """Draws of depth and ln resistivity, their effective number, and ln evidences."""
    effort = Effort(ess=6000, n_draws=1000, n_rounds=20)
    sampler = Sampler.of(inverter, "posterior", 8000, effort=effort)
    observed = as_observed(data, SURVEY)
    own = None if fixed is None else known(fixed, n=len(data))
    answer = answering.answer(inverter.solver, PRIOR, observed, "posterior", False, sampler, n_layers, own)
    draws = {name: answer.summary[f"{name}_draws"][1] for name in ("thickness", "resistivity")}
    return draws, answer.summary["ess"][1], answer.summary["log_evidence"][1]


def test_the_posterior_is_the_free_one_reweighted_by_what_is_known(inverter, truth, data):
    depth, rho = truth["depth"][:, 0], truth["resistivity"][:, 2]
    free, ess, evidence = sampled(inverter, data)
    # errors as wide as what the data leave open, so that many draws keep their weight
    spread = free["thickness"][..., 0].std(axis=0)
    fixed = {"depth": {1: (depth, spread)}, "resistivity": {-1: (rho, 0.3 * rho)}}
    bound, own, bound_evidence = sampled(inverter, data, fixed)
    weight = stats.norm.pdf(free["thickness"][..., 0], depth, spread)
    weight *= stats.norm.pdf(np.log(free["resistivity"][..., 2]), np.log(rho), 0.3)
    left = np.square(weight.mean(axis=0)) / np.square(weight).mean(axis=0)
    error = np.sqrt((1 / left - 1) / ess + 1 / own)
    off = bound_evidence - evidence - np.log(weight.mean(axis=0))
    assert np.abs(off / error).max() < 4
    weight /= weight.sum(axis=0)
    for name in ("thickness", "resistivity"):
        before, after = np.log(free[name]), np.log(bound[name])
        mean = np.einsum("dn,dnk->nk", weight, before)
        width = np.sqrt(np.einsum("dn,dnk->nk", weight, np.square(before - mean)))
        by_chance = np.sqrt(1 / (left * ess) + 1 / own)[:, None]
        # 40 numbers each: 4 standard errors; those of a spread are those of a mean for hardly skewed densities
        assert np.abs((after.mean(axis=0) - mean) / width / by_chance).max() < 4
        assert np.abs(np.log(after.std(axis=0) / width) / by_chance).max() < 5


def test_layer_counts_share_their_probability_by_how_well_they_predict_what_is_known(inverter, truth, data):
    fixed = {"depth": {1: (truth["depth"][:, 0], 0.1 * truth["depth"][:, 0])}}
    both = inverter.invert(data, "posterior", fixed=fixed)
    apart = [inverter.invert(data, "posterior", fixed=fixed, n_layers=count)["log_evidence"].values for count in (2, 3)]
    odds = both["layer_probability"][:, 0] / both["layer_probability"][:, 1]
    # a hopeless count is not sampled; evidences of 1000 effective draws are true to some 3 %
    np.testing.assert_allclose(odds, np.exp(apart[0] - apart[1]), atol=2e-4, rtol=0.2)


@pytest.mark.parametrize("level", ["network", "refined", "posterior"])
def test_models_without_the_layer_are_out_of_the_question(inverter, level):
    data = SURVEY(thickness=[[10.0], [10.0]], resistivity=[[100.0, 20.0]] * 2)
    free = inverter.invert(data, level)
    result = inverter.invert(data, level, fixed={"depth": {2: (np.array([40.0, np.nan]), 2.0)}})
    assert result["n_layers"].values.tolist() == [3, free["n_layers"][1]]
    if level != "network":
        assert (free["n_layers"] == 2).all()
    if level == "posterior":
        assert result["layer_probability"].values[0].tolist() == [0, 1]
    # a sounding without a borehole is answered as without the argument
    for name in ("thickness", "resistivity", "chi2"):
        np.testing.assert_allclose(result[name][1], free[name][1], rtol=1e-9, atol=1e-12)
    assert np.isnan(result["fixed_p_value"][1]) and np.isnan(result["fixed_residual"][1]).all()


def test_a_known_depth_breaks_the_equivalence_of_a_thin_conductor(inverter):
    data = SURVEY(thickness=[[15.0, 4.0]], resistivity=[[200.0, 10.0, 1500.0]])
    free = inverter.invert(data, "posterior", n_layers=3, draws=4000)
    bound = inverter.invert(data, "posterior", n_layers=3, draws=4000, fixed={"thickness": {2: (4.0, 0.2)}})

    def spread(result, name):
        h, rho = result["thickness_draws"].values[:, 0, 1], result["resistivity_draws"].values[:, 0, 1]
        return np.log({"S": h / rho, "rho": rho}[name]).std()

    # only S = h/ρ is resolved: what is left of ln ρ is the spread of ln S and of ln h together
    left = np.hypot(spread(bound, "S"), 0.2 / 4.0)
    assert spread(free, "rho") > 3 * spread(bound, "rho")
    assert spread(bound, "rho") == pytest.approx(left, rel=0.1)


def test_a_borehole_that_contradicts_the_data_is_told_and_flags_no_sounding(inverter):
    data = SURVEY(thickness=[[8.0, 25.0]], resistivity=[[100.0, 20.0, 600.0]])
    free = inverter.invert(data, n_layers=3)
    wrong, right = (inverter.invert(data, n_layers=3, fixed={"depth": {1: (z, 0.5)}}) for z in (20.0, 8.2))
    assert float(right["fixed_p_value"][0]) > 0.1 and float(wrong["fixed_p_value"][0]) < 1e-6
    for result in (right, wrong):
        np.testing.assert_allclose(result["score"], free["score"], rtol=1e-9)
    # chi² is the data's alone: what was not fitted of the borehole is not in it
    residual = wrong["residual_apparent_resistivity"].values
    assert float(wrong["chi2"][0]) == pytest.approx(np.square(residual).mean())
    assert "contradict what is known (depth 1 = 20 +- 0.5)" in bp.explain(wrong)
    assert "contradict" not in bp.explain(right)


@pytest.mark.parametrize("level", ["network", "refined"])
def test_true_boreholes_contradict_the_data_no_more_often_than_is_stated(inverter, level):
    n, rng = 600, np.random.default_rng(4)
    models = PRIOR.fixed(3).draw(n, rng)
    data = SURVEY(**models)
    data = data * np.exp(0.03 * rng.standard_normal(data.shape))
    depth = models["thickness"].sum(axis=1)
    said = np.clip(depth * (1 + 0.05 * rng.standard_normal(n)), 2.1, 119)
    p_value = inverter.invert(data, level, n_layers=3, fixed={"depth": {2: (said, 0.05 * depth)}})["fixed_p_value"]
    # 0.1 and three standard errors; parameters that the data leave open make it rarer
    assert (p_value < 0.1).mean() < 0.137


def log_normal(n, P, rng):
    """A prior whose logarithms are linear in normal scores, values known of it, and a mixture for each of n."""
    prior = bp.LayeredPrior(n_layers=1, resistivity=stats.lognorm(0.7, scale=50))
    density = (
        np.log(rng.dirichlet(np.ones(3), n)),
        rng.standard_normal((n, 3, P)),
        np.exp(rng.standard_normal((n, 3, P, P))),
    )
    return prior, density


def test_a_mixture_is_conditioned_exactly_where_what_is_known_is_linear_in_it():
    rng = np.random.default_rng(0)
    prior, (log_weight, mean, precision) = log_normal(5, 1, rng)
    said = known({"resistivity": {1: (np.full(5, 80.0), 16.0)}}, prior, 5)
    conditioned = Conditioned(said.of(prior), log_weight, mean, precision)
    # ln ρ = ln 50 + 0.7 z with an error of 16/80
    z, error = np.log(80 / 50) / 0.7, 0.2 / 0.7
    variance = 1 / precision[..., 0, 0]
    gain = variance / (variance + error**2)
    moved = mean[..., 0] + gain * (z - mean[..., 0])
    weight = np.exp(log_weight) * stats.norm.pdf(z, mean[..., 0], np.sqrt(variance + error**2))
    weight /= weight.sum(axis=1, keepdims=True)
    found = conditioned.density
    np.testing.assert_allclose(found[1][..., 0], moved, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(1 / found[2][..., 0, 0], variance * (1 - gain), rtol=1e-6)
    np.testing.assert_allclose(np.exp(found[0]) / np.exp(found[0]).sum(axis=1, keepdims=True), weight, rtol=1e-5)
    drawn = ndtri(conditioned.draw(20_000, rng)[..., 0])
    expected = (weight * moved).sum(axis=1)
    spread = np.sqrt((weight * (variance * (1 - gain) + np.square(moved - expected[:, None]))).sum(axis=1))
    np.testing.assert_allclose((drawn.mean(axis=0) - expected) / spread, 0, atol=4 / np.sqrt(20_000))
    # no component has a long tail: the standard error of a spread is at most that of a mean
    np.testing.assert_allclose(drawn.std(axis=0), spread, rtol=4 / np.sqrt(20_000))
    # by each component's own prediction of what is known
    tail = stats.chi2.sf(np.square(z - mean[..., 0]) / (variance + error**2), 1)
    np.testing.assert_allclose(conditioned.p_value, (np.exp(log_weight) * tail).sum(axis=1), rtol=1e-5)


def test_the_jacobian_of_what_is_known_is_that_of_differences():
    priors = {
        "vp": bp.LayeredPrior(n_layers=3, thickness=(1, 50), vs=Ordered((100, 3000)), vp=Relative("vs", (1.5, 3.0))),
        "resistivity": PRIOR.fixed(3),
    }
    u = np.random.default_rng(1).uniform(0.1, 0.9, (4, 9))
    for name, prior in priors.items():
        fixed = {
            "depth": {2: (30.0, 2.0), -1: (33.0, 2.0)},
            "thickness": {1: 20.0},
            name: {2: (900.0, 50.0), -1: 2000.0},
        }
        constraint, x = known(fixed, prior, 4).of(prior), u[:, : len(prior.parameters)]
        rows = np.arange(4)
        jacobian = constraint.linear(x, rows)[1]
        for j, step in enumerate(1e-6 * np.eye(x.shape[1])):
            slope = (constraint.residuals(x - step, rows) - constraint.residuals(x + step, rows)) / 2e-6
            np.testing.assert_allclose(jacobian[:, :, j], slope, rtol=1e-6, atol=1e-5)
        # the logarithm of a depth changes by the share of the depth
        depth = prior.decode(x)["thickness"].sum(axis=1)
        np.testing.assert_allclose(
            constraint.logarithmic(x, rows)[1][:, 0] * (depth / 30)[:, None], jacobian[:, 0], rtol=1e-9
        )


@pytest.mark.parametrize(
    ("fixed", "message"),
    [
        ({"dpeth": {1: 20.0}}, "fixed names 'dpeth', but models have depth, thickness, resistivity"),
        ({"depth": {3: 20.0}}, "fixed names depth 3, but the models have depth 1 to 2, or -1 to -2 from below"),
        ({"resistivity": {0: 20.0}}, "fixed names resistivity 0, but the models have resistivity 1 to 3"),
        ({"resistivity": {2: 1.0}}, "resistivity 2 in fixed is 1, but the prior allows 5 to 3000"),
        ({"depth": {2: (500.0, 1.0)}}, "depth 2 in fixed is 500, but the prior allows 2 to 120"),
        ({"depth": {1: (20.0, 0.0)}}, "the sigma of depth 1 in fixed is 0; it must be positive"),
        ({"depth": {1: (20.0, [1.0, np.nan])}}, "the sigma of depth 1 in fixed is nan; it must be positive"),
        ({"depth": {1: [20.0, 30.0, 40.0]}}, "it must be a number, or an array with one for each of the 2 soundings"),
        ({"depth": {1: np.nan}}, "depth 1 in fixed is nan; it must be a number"),
        ({}, "fixed is empty"),
    ],
)
def test_what_no_model_of_the_prior_can_have_is_refused(fixed, message):
    with pytest.raises(ValueError, match=message):
        known(fixed, n=2)


def test_arguments_that_do_not_go_together_are_refused(inverter, data):
    with pytest.raises(TypeError, match="write a dict of dicts"):
        known({"depth": 20.0})
    with pytest.raises(TypeError, match=r"the layer of depth in fixed is 1\.5; it must be a whole number"):
        known({"depth": {1.5: 20.0}})
    with pytest.raises(ValueError, match="fixed is for models with few layers"):
        known({"radius": {1: 3.0}}, bp.Prior(radius=(1, 10)))
    with pytest.raises(ValueError, match="models of n_layers=2 lack"):
        inverter.invert(data, n_layers=2, fixed={"depth": {2: 20.0}})
    with pytest.raises(ValueError, match="calibrated without known values"):
        inverter.invert(data, "network", conformal=True, fixed={"depth": {2: 20.0}})


def test_without_an_error_a_value_is_known_to_one_percent():
    said = known({"depth": {1: 20.0}, "resistivity": {-1: np.array([50.0] * (N - 1) + [np.nan])}})
    np.testing.assert_allclose(said.sigma[0], [0.2, 0.5])
    assert np.isnan(said.sigma[-1, 1]) and said.names == ["depth_1", "resistivity_-1"]


def test_the_log_is_drawn_over_the_model(inverter):
    data = SURVEY(thickness=[[8.0, 20.0]], resistivity=[[100.0, 20.0, 600.0]])
    result = inverter.invert(data, n_layers=3, fixed={"depth": {2: (28.0, 2.0)}, "resistivity": {-1: (500.0, 50.0)}})
    ax = bp.plots.sounding(result)[0]
    (line,) = [line for line in ax.get_lines() if line.get_label() == "known (±σ)"]
    assert set(line.get_xdata()) == {28.0}
    (along,) = ax.collections[-2:-1]
    assert along.get_segments()[0][:, 1].tolist() == [500.0, 500.0]
    assert along.get_segments()[0][0, 0] == pytest.approx(float(result["depth"][0, 1]))
    plt.close("all")


def test_the_command_line_takes_a_log():
    words = ["--fixed", "depth:1=32+-1", "--fixed", "resistivity:-1=500"]
    options = read_arguments(["invert", *words, "a.csv"])
    assert options.fixed == {"depth": {1: (32.0, 1.0)}, "resistivity": {-1: 500.0}} and options.sheet == ["a.csv"]


@pytest.mark.parametrize("word", ["depth=32", "depth:1=deep", "depth:x=3", "depth:1=32+-", "depth:1=32±1"])
def test_a_word_that_is_no_known_value_is_refused(word, capsys):
    with pytest.raises(SystemExit):
        read_arguments(["invert", "a.csv", "--fixed", word])
    assert "is not QUANTITY:NUMBER=VALUE+-SIGMA" in capsys.readouterr().err
