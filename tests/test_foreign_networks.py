"""Networks handed to an inverter: our own with other settings, ensembles, and any regressor of scikit-learn."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

import bpinvert as bp
from bpinvert.cli.info import describe_inverter
from bpinvert.inverter.training_sheets import TrainingSheets
from bpinvert.network import BPEnsemble, BPRegressor
from forward_models import Schlumberger

SURVEY = Schlumberger(ab2=np.geomspace(1, 300, 14))
PRIOR = bp.LayeredPrior(n_layers=2, thickness=(1, 50), resistivity=(10, 1000))
FIT = {"n_samples": 4000, "n_calibration": 1500, "progress": False}


@pytest.fixture(scope="module")
def soundings():
    rng = np.random.default_rng(5)
    models = PRIOR.draw(200, rng)
    return models, bp.Noise(0.03).draw(SURVEY(**models), SURVEY.channels, rng)


def fitted(network):
    return bp.Inverter(SURVEY, PRIOR, network=network).fit(**FIT)


@pytest.mark.parametrize(
    "network",
    [
        KNeighborsRegressor(5),
        make_pipeline(StandardScaler(), RandomForestRegressor(20, max_depth=12, random_state=0)),
    ],
    ids=["neighbours", "pipeline"],
)
def test_any_regressor_of_scikit_learn_proposes_and_the_physics_refines(network, soundings, tmp_path):
    inverter = fitted(network)
    result = inverter.invert(soundings[1])
    assert (result["chi2"] < 1.6).mean() > 0.95
    with pytest.raises(ValueError, match=r"network is a .*, which only its own library could store"):
        inverter.save(tmp_path / "inverter.nc")
    assert not list(tmp_path.iterdir())
    assert not hasattr(network, "n_features_in_")  # what was handed in stays unfitted


def test_an_ensemble_proposes_and_survives_the_file(soundings, tmp_path):
    network = BPEnsemble(BPRegressor(16, output="sigmoid", max_epochs=4), n_networks=2, random_state=0)
    inverter = fitted(network)
    assert len(inverter.networks[2].networks_) == 2
    inverter.save(tmp_path / "inverter.nc")
    again = bp.load_inverter(tmp_path / "inverter.nc")
    before, after = (one.invert(soundings[1], "network") for one in (inverter, again))
    np.testing.assert_array_equal(before["resistivity"].values, after["resistivity"].values)
    assert "2 of 42-16-3 neurons" in describe_inverter(again)
    again.save(tmp_path / "again.nc")


@pytest.mark.slow
def test_our_network_with_other_settings_is_taken_as_it_is(soundings, tmp_path):
    network = BPRegressor((12, 8), trainer="lbfgs", output="sigmoid", max_epochs=3, weight_decay=0.1)
    inverter = fitted(network)
    inverter.save(tmp_path / "inverter.nc")
    inside = bp.load_inverter(tmp_path / "inverter.nc").networks[2]
    assert inside.hidden == (12, 8) and inside.weight_decay == 0.1
    assert (inverter.invert(soundings[1])["chi2"] < 1.6).mean() > 0.95


@pytest.mark.parametrize("network", ["forest", LogisticRegression(), BPRegressor])
def test_what_is_no_regressor_is_refused(network):
    with pytest.raises(TypeError, match="pass an unfitted scikit-learn regressor"):
        bp.Inverter(SURVEY, PRIOR, network=network)


def test_an_interrupted_ensemble_says_where_it_is_kept(tmp_path, monkeypatch):
    network = BPEnsemble(BPRegressor(8, output="sigmoid", max_epochs=4), n_networks=2, random_state=0)
    inverter = bp.Inverter(SURVEY, PRIOR, network=network)
    monkeypatch.setattr(TrainingSheets, "observe", _stop_at(4))
    with pytest.raises(
        KeyboardInterrupt, match=r"interrupted after \d epochs; what is done is in .*run_\d+, call again"
    ):
        inverter.fit(**FIT, checkpoint=tmp_path / "run")


def _stop_at(call):
    observe, calls = TrainingSheets.observe, []

    def observed(self, *arguments, **keywords):
        calls.append(1)
        if len(calls) == call:
            raise KeyboardInterrupt
        return observe(self, *arguments, **keywords)

    return observed


def test_a_stream_needs_a_network_that_learns_from_one():
    with pytest.raises(ValueError, match="stream=True needs a network that learns from a stream, and KNeighbors"):
        bp.Inverter(SURVEY, PRIOR, network=KNeighborsRegressor()).fit(**FIT, stream=True)


def test_a_regressor_of_one_target_is_told_so():
    with pytest.raises(ValueError, match=r"network SVR does not learn 3 parameters at once .*MultiOutputRegressor"):
        fitted(SVR())


@pytest.mark.slow
def test_seeds_inside_a_pipeline_are_the_inverters(soundings):
    network = make_pipeline(StandardScaler(), BPRegressor(4, output="sigmoid", max_epochs=1))
    first, second = (fitted(network).invert(soundings[1], "network") for _ in range(2))
    np.testing.assert_array_equal(first["resistivity"].values, second["resistivity"].values)


def test_a_result_of_an_own_network_cannot_be_widened(soundings):
    inverter = fitted(BPRegressor(4, output="sigmoid", max_epochs=1))
    strange = inverter.invert(30 * soundings[1][:5])
    with pytest.raises(ValueError, match="an inverter with a network of its own, BPRegressor"):
        bp.widen(strange)
