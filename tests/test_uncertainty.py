"""What `explain` says of a posterior: each sentence where its numbers ask for it, and not elsewhere."""

import json

import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert.results import STATUS
from bpinvert.uncertainty import describe_posterior

LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]
PRIOR = bp.LayeredPrior(n_layers=(2, 4), thickness=(1, 1000), resistivity=(1, 10_000))
# 5 and 95 % of a three-layer posterior in which all is well known
KNOWN = {"h1": (4.5, 5.5), "h2": (18, 22), "ρ1": (95, 105), "ρ2": (19, 21), "ρ3": (480, 520)}


def posterior(shares=(0.0, 1.0, 0.0), status=0, flag=0, investigation=900.0, draws=None, **ends):
    """A sounding of three layers, its quantiles log-normal between the ends of their 90 % intervals."""
    ends = KNOWN | ends

    def quantiles(*names):
        low, high = np.log(np.array([ends[name] for name in names]).T)
        return np.exp(np.array([0.0, 0.3, 0.5, 0.7, 1.0])[:, None] * (high - low) + low)

    thickness, resistivity = quantiles("h1", "h2"), quantiles("ρ1", "ρ2", "ρ3")
    h, rho = thickness[:, :2], resistivity[:, :2]
    variables = {
        "thickness_quantile": (("quantile", "interface"), thickness),
        "resistivity_quantile": (("quantile", "layer"), resistivity),
        "thickness": ("interface", thickness[2]),
        "resistivity": ("layer", resistivity[2]),
        "conductance_quantile": ("quantile", np.linspace(0.9, 1.1, 5) * (h[2] / rho[2]).sum()),
        "transverse_resistance_quantile": ("quantile", np.linspace(0.9, 1.1, 5) * (h[2] * rho[2]).sum()),
        "layer_probability": ("layer_count", list(shares)),
        "depth_of_investigation": investigation,
        "resistivity_profile_quantile": (("quantile", "depth_grid"), np.ones((5, 40))),
        "n_layers": 3,
        "status": STATUS["sampled"][0] | status,
        "flag": flag,
    }
    if draws is not None:
        variables |= {f"{name}_draws": (("draw", dim), draws[name]) for name, dim in DIMS.items()}
    coords = {"quantile": LEVELS, "layer_count": [2, 3, 4], "depth_grid": np.geomspace(1, 900, 40)}
    return xr.Dataset(variables, coords)


DIMS = {"thickness": "interface", "resistivity": "layer"}


def said(one, prior=PRIOR):
    return " ".join(describe_posterior(one, {"prior": json.dumps(prior.to_dict())}))


def test_what_the_data_set_is_told_with_its_interval():
    expected = "the data set h1 4.5–5.5 m, h2 18–22 m, ρ1 95–105 Ω·m, ρ2 19–21 Ω·m and ρ3 480–520 Ω·m (90 % intervals)."
    assert said(posterior()) == expected


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        # the prior's own 90 % of (1, 1e4): 1.58 to 6310
        ((1.6, 6000), "not ρ3, nearly as uncertain as the prior"),
        ((100, 6000), "from below only ρ3 > 100 Ω·m"),
        ((1.6, 50), "from above only ρ3 < 50 Ω·m"),
        ((20, 900), "roughly ρ3 20–900 Ω·m"),
        # at the end of the prior, but narrow
        ((7000, 9500), "ρ3 7000–9500 Ω·m (90 % intervals)"),
    ],
)
def test_what_is_open_or_bounded_on_one_side_is_said_so(ends, words):
    text = said(posterior(ρ3=ends))
    assert words in text
    assert ("ρ2 19–21 Ω·m and ρ3" in text) == (ends[0] == 7000)


def test_nothing_set_is_said_so():
    wide = {name: (1.6, 600) for name in KNOWN}
    assert said(posterior(**wide)).startswith("the data set no parameter well, ")


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ((0.0, 0.97, 0.03), "there are 3 layers with a probability of 97 %."),
        ((0.0, 0.999, 0.001), "there are 3 layers with a probability of > 99 %."),
        ((0.1, 0.7, 0.2), "most probably there are 3 layers (70 %), else 4 (20 %) or 2 (10 %)."),
        ((0.3, 0.4, 0.3), "the data do not decide how many layers there are: 3 (40 %), 2 (30 %) or 4 (30 %)."),
        ((0.0, 0.25, 0.75), "most probably there are 4 layers (75 %), else 3 (25 %); this model has 3 (25 %)."),
    ],
)
def test_the_number_of_layers_is_told_with_its_probability(shares, words):
    assert said(posterior(shares)).startswith(words)


def test_a_number_of_layers_that_was_asked_for_is_no_finding():
    assert "layers" not in said(posterior((0.0, 1.0, 0.0)))


def test_equivalence_is_told_of_the_layer_and_the_combination_that_the_draws_show():
    rng = np.random.default_rng(0)
    rho = np.exp(rng.uniform(np.log(5), np.log(50), 400))
    conductance = rng.uniform(0.95, 1.05, 400)
    draws = {
        "thickness": np.column_stack([np.full(400, 5.0), conductance * rho]),
        "resistivity": np.column_stack([np.full(400, 100.0), rho, np.full(400, 500.0)]),
    }
    loose = {"h2": tuple(np.quantile(draws["thickness"][:, 1], (0.05, 0.95))), "ρ2": (5.6, 44.7)}
    text = said(posterior(draws=draws, **loose))
    assert "can be traded for each other in layer 2, where S = h/ρ is well known, 0.958–1.04 S." in text
    # the same marginals, but independent: neither S nor T is known
    draws["thickness"] = rng.permutation(draws["thickness"])
    assert "equivalence" not in said(posterior(draws=draws, **loose))


def test_without_draws_equivalence_is_that_of_the_layer_with_most_of_the_sum():
    text = said(posterior(h2=(5, 50), ρ2=(5, 50)))
    assert "layer 2, where S = h/ρ of all above the half-space is well known, 0.945–1.15 S" in text
    # resistive and thin: it has most of T
    text = said(posterior(h1=(10, 11), h2=(1, 8), ρ2=(700, 5600)))
    assert "layer 2, where T = h·ρ of all above the half-space" in text


def test_well_known_layers_are_not_called_equivalent():
    assert "equivalence" not in said(posterior())


def test_the_depth_of_investigation_is_told_unless_it_is_the_end_of_the_grid():
    assert "below about 120 m the data tell little." in said(posterior(investigation=120.0))
    assert "the data tell" not in said(posterior(investigation=900.0))
    # the depths of another inverter in the same result are not this sounding's
    one = posterior(investigation=120.0)
    profile = one["resistivity_profile_quantile"].where(one["depth_grid"] <= 120.0)
    assert "the data tell" not in said(one.assign(resistivity_profile_quantile=profile, depth_of_investigation=120.0))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["sampled_by_mcmc"], "sampled by Markov chains"),
        (["sampled_by_mcmc", "sampling_unreliable"], "could not be sampled reliably"),
    ],
)
def test_a_difficult_posterior_has_a_note(names, words):
    assert words in said(posterior(status=sum(STATUS[name][0] for name in names)))
    assert "Note" not in said(posterior())


def test_a_flag_casts_doubt_on_all_of_it():
    words = "presupposes the ground and the errors that the flag doubts"
    assert words in said(posterior(flag=1)) and words not in said(posterior())


def test_without_a_known_prior_or_a_posterior_nothing_is_made_up():
    assert describe_posterior(posterior(), {}) == []
    assert describe_posterior(posterior(), {"prior": json.dumps("LayeredPrior(custom)")}) == []
    assert describe_posterior(xr.Dataset({"n_layers": 3, "status": 0}), {"prior": json.dumps(PRIOR.to_dict())}) == []


def test_a_smooth_model_has_no_list_of_its_layers():
    prior = bp.DepthGridPrior(np.geomspace(1, 100, 24), resistivity=(1, 1000))
    one = xr.Dataset(
        {
            "resistivity_quantile": (("quantile", "layer"), np.ones((5, 25))),
            "n_layers": 25,
            "status": STATUS["sampled"][0],
            "flag": 0,
            "depth_of_investigation": 30.0,
            "resistivity_profile_quantile": (("quantile", "depth_grid"), np.ones((5, 2))),
        },
        {"quantile": LEVELS, "depth_grid": [1.0, 100.0]},
    )
    assert said(one, prior) == "below about 30 m the data tell little."


def test_unlayered_parameters_are_told_by_their_names():
    prior = bp.Prior(radius=(1, 100), depth=(1, 1000))
    ends = {"radius": (9, 11), "depth": (1.2, 900)}
    one = xr.Dataset(
        {f"{name}_quantile": ("quantile", np.geomspace(*pair, 5)) for name, pair in ends.items()},
        {"quantile": LEVELS},
    ).assign(n_layers=0, status=STATUS["sampled"][0], flag=0)
    assert said(one, prior) == "the data set radius 9–11; not depth, nearly as uncertain as the prior (90 % intervals)."
