"""Fewer layers started from what more layers have found."""

import numpy as np
import pytest
import xarray as xr

from bpinvert import geometry
from bpinvert.inverter.problem import Problem
from bpinvert.inverter.simplifying import merged
from bpinvert.inverter.unaided import shipped
from forward_models import Schlumberger

AB2 = np.geomspace(1.5, 300, 22)


@pytest.mark.parametrize("n_layers", [2, 3, 5])
def test_merging_two_equal_layers_changes_no_sounding(n_layers):
    rng = np.random.default_rng(n_layers)
    models = {
        "thickness": np.exp(rng.normal(1, 0.5, (1, n_layers - 1))),
        "resistivity": np.exp(rng.normal(4, 1, (1, n_layers))),
    }
    for i in range(n_layers - 1):
        equal = {name: values.copy() for name, values in models.items()}
        equal["resistivity"][:, i + 1] = equal["resistivity"][:, i]
        own = Schlumberger(AB2)(**equal)
        ways = merged(equal)
        assert len(ways) == n_layers
        for way in ways[i : i + 1 + (i == n_layers - 2)]:
            np.testing.assert_allclose(Schlumberger(AB2)(**way), own, rtol=1e-9)


def test_every_property_is_merged_and_the_depth_below_stays():
    thickness, vs = np.array([[2.0, 6.0, 10.0]]), np.array([[100.0, 400.0, 800.0, 1600.0]])
    ways = merged({"thickness": thickness, "vs": vs, "density": 10 * vs})
    np.testing.assert_allclose(ways[0]["vs"][0, 0], 100**0.25 * 400**0.75)
    np.testing.assert_allclose(ways[0]["density"], 10 * ways[0]["vs"])
    assert [way["thickness"].sum() for way in ways] == [18, 18, 8, 8]
    assert [way["vs"][0, -1] for way in ways] == [1600, 1600, 1600, 800]


def test_a_wrong_valley_is_left_where_more_layers_have_found_a_better_one():
    solver, rng = shipped().solver, np.random.default_rng(0)
    data = Schlumberger(AB2)(thickness=[[2.0, 8, 30]] * 3, resistivity=[[100.0, 600, 10, 800]] * 3)
    data = data * np.exp(0.03 * rng.standard_normal(data.shape))
    table = ("sounding", "reading")
    observed = xr.Dataset(
        {
            "apparent_resistivity": (table, data),
            "apparent_resistivity_std": (table, 0.03 * data),
            "ab2": (table, np.tile(AB2, (3, 1))),
        }
    )
    (group,) = geometry.groups(geometry.as_observed(observed, solver.survey), solver.survey)
    problem = Problem(group, solver.survey, solver.noise, solver.sheets.shift)
    assumed = solver._at_first(problem)
    # as if errors were not known, so that five layers are tried as well
    assumed.unknown[:] = True
    answers = solver.search.refine(problem, assumed)
    found = answers[4].chi2.copy()
    assert (found < 40).all()
    answers[4].u[1:], answers[4].chi2[1:] = 0.5, 1e5
    kept = answers[4].u[0].copy()
    solver.search._simplify(problem, assumed, answers)
    np.testing.assert_allclose(answers[4].chi2, found, rtol=0.02)
    np.testing.assert_array_equal(answers[4].u[0], kept)
