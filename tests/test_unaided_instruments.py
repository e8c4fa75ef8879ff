"""Soundings with an instrument alone: survey, prior and noise are taken from them."""

import json

import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert.inverter import instruments, unaided
from forward_models import CentralLoop, LoopLoop

BIRD = LoopLoop(
    frequency=[400.0, 1800, 3300, 8200, 40_000], offset=[7.9, 7.9, 9, 7.9, 7.9],
    orientation=["HCP", "HCP", "VCX", "HCP", "HCP"], height=None,
)  # fmt: skip
DECAYS = CentralLoop(time=np.geomspace(1e-5, 3e-3, 12), side=40.0)
GROUND = bp.LayeredPrior(n_layers=2, thickness=(5, 40), resistivity=(5, 200))


def observed(survey, n=40, std=True, described=True):
    """Soundings with 4 % and a floor of a thousandth of the median datum, as a reader gives them."""
    models, rng = GROUND.draw(n, 1), np.random.default_rng(2)
    heights = {"height": np.linspace(28.0, 45.0, n)} if survey.context else {}
    clean = survey(**models, **heights)
    channels = survey.channels
    variables = {name: ("sounding", values) for name, values in heights.items()}
    for quantity in channels.quantities:
        columns = channels.columns(quantity)
        sigma = np.hypot(0.04 * clean[:, columns], 1e-3 * np.median(np.abs(clean[:, columns])))
        data = clean[:, columns] + sigma * rng.standard_normal(sigma.shape)
        variables[quantity] = (("sounding", "reading"), data)
        if std:
            variables[f"{quantity}_std"] = (("sounding", "reading"), sigma)
    variables |= {name: ("reading", values[columns]) for name, values in channels.coordinates.items()}
    attrs = {"method": survey.method, "array": type(survey).__name__}
    return xr.Dataset(variables, attrs=attrs | ({"survey": json.dumps(survey.to_dict())} if described else {}))


@pytest.mark.parametrize("survey", [BIRD, DECAYS], ids=["bird", "decays"])
def test_the_prior_holds_the_ground_and_the_heights_and_little_else(survey):
    dataset = bp.geometry.as_observed(observed(survey), survey)
    prior = instruments.prior_of_instrument(survey, dataset)
    low, high = prior.fixed(2).decode(np.array([[0.0] * 3, [1.0] * 3]))["resistivity"][:, 0]
    assert low < 5 and high > 200 and np.log10(high / low) < 5
    shallow, deep = prior.fixed(2).decode(np.array([[0.0] * 3, [1.0] * 3]))["thickness"][:, 0]
    assert shallow < 6 and deep > 25
    assert tuple(prior.context) == survey.context
    if survey.context:
        drawn = prior.draw(2000, 0)["height"]
        assert 26 < drawn.min() < 28 and 45 < drawn.max() < 48


@pytest.mark.parametrize("survey", [BIRD, DECAYS], ids=["bird", "decays"])
def test_the_noise_is_that_of_the_errors_stated_and_else_the_usual_one(survey):
    noise = instruments.noise_of_instrument(survey, bp.geometry.as_observed(observed(survey), survey), (0.01, 0.1))
    for level in noise.relative.values():
        assert np.mean(level) == pytest.approx(0.04, rel=0.3)
    bare = bp.geometry.as_observed(observed(survey, std=False), survey)
    usual = instruments.noise_of_instrument(survey, bare, (0.01, 0.1))
    assert all(level == (0.01, 0.1) for level in usual.relative.values())


@pytest.mark.slow
def test_a_file_alone_is_inverted(monkeypatch):
    for name, value in (("_N_SAMPLES", 2500), ("_EPOCHS", 4), ("_N_SIMULATED", 1000)):
        monkeypatch.setattr(unaided, name, value)
    result = bp.invert(observed(BIRD, n=20))
    assert float((result["chi2"] < 1.5).mean()) > 0.9
    assert json.loads(result.attrs["survey"]) == BIRD.to_dict() and result.attrs["method"] == "fdem"


def test_soundings_of_an_unknown_instrument_and_without_heights_are_refused_with_what_to_do():
    with pytest.raises(ValueError, match=r"do not say which instrument recorded them\. Put json\.dumps"):
        bp.invert(observed(BIRD, described=False))
    with pytest.raises(ValueError, match=r"needs height of every sounding|no sounding says its height"):
        bp.invert(observed(BIRD).drop_vars("height"))
    with pytest.raises(ValueError, match=r"without an inverter only 'ves', 'ip', 'mt', 'tdem', 'fdem'"):
        bp.invert(observed(BIRD).assign_attrs(method="gravity"))
