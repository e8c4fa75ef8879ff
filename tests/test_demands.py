"""What would have to change for a flagged sounding to fit."""

import json
import time

import numpy as np
import pytest

import bpinvert as bp
from bpinvert.inverter.demands import demands
from forward_models import Schlumberger

SURVEY = Schlumberger(ab2=np.geomspace(1, 300, 15))
PRIOR = bp.LayeredPrior(n_layers=3, thickness=(2, 20), resistivity=(5, 2000))


@pytest.fixture(scope="module")
def inverter():
    small = bp.Inverter(SURVEY, PRIOR, bp.Noise(relative=0.03), hidden=16, max_epochs=8)
    return small.fit(n_samples=4000, n_calibration=2000, progress=False)


def noisy(thickness, resistivity):
    data = SURVEY(thickness=[thickness], resistivity=[resistivity])
    return data * np.exp(0.03 * np.random.default_rng(0).standard_normal(data.shape))


@pytest.mark.parametrize(
    ("thickness", "resistivity", "name", "layer", "more", "bound"),
    [
        ((5, 60.0), (50, 400, 10.0), "thickness", 2, True, 20),
        ((0.4, 10.0), (1000, 20, 500.0), "thickness", 1, False, 2),
        ((8, 10.0), (1, 100, 10.0), "resistivity", 1, False, 5),
        ((2, 5.0), (100, 10, 40_000.0), "resistivity", 3, True, 2000),
    ],
)
def test_the_range_that_the_truth_lies_outside_of_is_named(inverter, thickness, resistivity, name, layer, more, bound):
    result = inverter.check(noisy(thickness, resistivity))
    found = demands(result, 0)
    own = [wish for wish in found if (wish.name, wish.layer) == (name, layer)]
    assert own and own[0].more == more and own[0].bound == pytest.approx(bound)
    truth = {"thickness": thickness, "resistivity": resistivity}[name][layer - 1]
    assert own[0].value > bound if more else own[0].value < bound
    # thin layers and a resistive basement are hardly known but for their bound
    assert abs(np.log(own[0].value / truth)) < np.log(5)


def test_every_demand_is_true_a_model_fits_when_that_alone_changes_and_none_without(inverter):
    result = inverter.check(noisy((5, 60.0), (50, 400, 10.0)))
    observed = result["apparent_resistivity"].values
    for wish in demands(result, 0):
        wider = PRIOR.widened(3, 30.0, f"{wish.name}_{wish.layer}")
        again = bp.Inverter(SURVEY, wider, bp.Noise(relative=0.03), hidden=8, max_epochs=2)
        again.fit(n_samples=1000, n_calibration=1000, progress=False)
        assert float(again.invert(observed)["chi2"][0]) < 1.5
    assert float(inverter.invert(observed)["chi2"][0]) > 2


def test_a_bad_reading_is_named_and_no_range(inverter):
    data = noisy((8, 10.0), (100, 20, 300.0))
    data[0, 6] *= 1.5
    result = inverter.check(data)
    (found,) = demands(result, 0)
    assert (found.kind, found.quantity, found.reading) == ("reading", "apparent_resistivity", 6)
    said = bp.explain(result)
    assert f"Without ρa at AB/2 = {SURVEY.ab2[6]:.4g} m a model of the prior fits" in said
    assert "mask them (used=False)" in said


def test_a_wider_range_that_helps_but_does_not_make_it_fit_is_not_named(inverter):
    data = noisy((5, 60.0), (50, 400, 10.0))
    alone = demands(inverter.check(data), 0)
    data[0, 6] *= 1.5
    assert alone and demands(inverter.check(data), 0) == []


def test_one_layer_more_is_wanted_where_nothing_less_helps(inverter):
    data = noisy((3, 5, 20.0), (10, 1000, 10, 1500.0))
    (found,) = demands(inverter.check(data), 0)
    assert (found.kind, found.value) == ("layers", 4)


def test_an_ordinary_sounding_and_mere_noise_want_nothing(inverter):
    ordinary = noisy((8, 10.0), (100, 20, 300.0))
    rough = ordinary * np.exp(0.3 * np.random.default_rng(1).standard_normal(ordinary.shape))
    result = inverter.check(np.vstack([ordinary, rough]))
    assert demands(result, 0) == demands(result, 1) == []


def test_explain_says_what_would_have_to_change_at_once(inverter):
    result = inverter.check(noisy((5, 60.0), (50, 400, 10.0)))
    start = time.process_time()
    said = bp.explain(result)
    assert time.process_time() - start < 5  # 0.3 s on a free core
    assert "hickness of layer 2 wants more than 20 m (a model with " in said
    assert said == bp.explain(result)


def test_a_prior_of_other_distributions_is_left_alone(inverter):
    result = inverter.check(noisy((5, 60.0), (50, 400, 10.0)))
    prior = bp.LayeredPrior(n_layers=3, thickness=(2, 20), resistivity=[(5, 2000)] * 3)
    result.attrs["prior"] = json.dumps(prior.to_dict())
    assert demands(result, 0) == []
    result.attrs["prior"] = json.dumps("a prior of one's own")
    assert demands(result, 0) == []
