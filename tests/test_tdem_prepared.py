"""The fast path of TDEM: as good as the general one inside of its box, and the general one outside."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import bpinvert as bp
from forward_models import CentralLoop, OffsetLoop, survey_from_dict
from forward_models.tdem import prepared, system
from forward_models.tdem.loops import MU0
from forward_models.tdem.prepared.box import Box
from forward_models.tdem.prepared.nodes import RATIO, Nodes

SURVEY = CentralLoop(time=np.geomspace(2e-5, 2e-3, 6), radius=15.0, height=None, waveform=4e-6)
PRIOR = bp.LayeredPrior((1, 3), thickness=(5, 50), resistivity=(10, 500), context={"height": (20, 40)})
SETTINGS = {"n_models": 1200, "n_nodes": 200}
# Rounding of the coefficients in another order, times weights that large.
ROUNDING = 1e-6


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def fast(folder):
    return SURVEY.prepare(PRIOR, cache=folder, **SETTINGS)


@pytest.fixture
def training(monkeypatch, fast):
    """How often nodes are trained; neither that nor the test of them takes time."""
    calls = []
    arrays = fast.prepared.arrays()

    def train(*args):
        calls.append(args)
        return arrays["i"], arrays["k"], arrays["weights"]

    monkeypatch.setattr(prepared, "train", train)
    monkeypatch.setattr(prepared, "_N_FRESH", 300)
    return calls


def prepare(cache, **settings):
    return SURVEY.prepare(PRIOR, cache=cache, **{**SETTINGS, **settings})


def only_file(folder):
    (path,) = Path(folder).iterdir()
    return path


def test_data_of_fresh_models_are_those_of_the_general_path(fast):
    models = PRIOR.draw(2000, 7)
    errors = np.abs(fast(**models) / SURVEY(**models) - 1)
    assert np.median(errors) < 1e-5 and errors.max() < 1e-3
    assert not fast.prepared.general.any()
    assert errors.max() < 10 * fast.prepared.errors["max"].max()


def test_models_outside_of_the_box_take_the_general_path(fast):
    models = PRIOR.draw(40, 3)
    inside = fast(**models)
    models["resistivity"][3, 1] = 1e4
    models["thickness"][[5, 6], 0] = 0.0, 300.0
    models["height"][8] = 60.0
    outside = [3, 5, 6, 8]
    data = fast(**models)
    # As one block, as they are summed in the mixed batch.
    exact = SURVEY(**{name: array[outside] for name, array in models.items()})
    np.testing.assert_allclose(data[outside], exact, rtol=1e-12)
    rest = np.setdiff1d(np.arange(40), outside)
    np.testing.assert_allclose(data[rest], inside[rest], rtol=ROUNDING)


def test_more_layers_than_trained_take_the_general_path(fast):
    rng = np.random.default_rng(0)
    models = {"thickness": rng.uniform(10, 40, (16, 4)), "resistivity": rng.uniform(20, 400, (16, 5))}
    models["height"] = rng.uniform(25, 35, 16)
    np.testing.assert_array_equal(fast(**models), SURVEY(**models))


def test_models_without_data_are_rows_of_nan_among_others(fast):
    models = PRIOR.draw(30, 3)
    models["thickness"][4, 0], models["height"][9], models["resistivity"][12, 0] = -1.0, -5.0, np.nan
    assert set(np.flatnonzero(np.isnan(fast(**models)).all(axis=1))) == {4, 9, 12}


def test_batch_equals_loop(fast):
    models = PRIOR.draw(20, 1)
    one_by_one = [fast(**{name: array[k : k + 1] for name, array in models.items()})[0] for k in range(20)]
    np.testing.assert_allclose(fast(**models), one_by_one, rtol=ROUNDING)


def test_padding_is_no_layer():
    box = Box(2, resistivity=(1.0, 10.0), thickness=(1.0, 10.0), height=None)
    resistivity = np.array([[2.0, 2.0, 2.0], [3.0, 3.0, 2.0], [3.0, 4.0, 3.0]]).T
    thickness = np.full((2, 3), 5.0)
    thickness[1, 0] = 1e9
    # Layers of the columns: two and padding, three, three.
    resistivity[:, 0] = [2.0, 3.0, 3.0]
    np.testing.assert_array_equal(box.holds(thickness, resistivity), [True, False, False])
    np.testing.assert_array_equal(box.holds(10 * thickness, resistivity), [False, False, False])


def test_jacobian_is_that_of_the_general_path(fast):
    models = PRIOR.draw(40, 5)
    models["resistivity"][3, 1] = 1e4
    data, jacobian = fast.data_and_jacobian(**models)
    np.testing.assert_allclose(data, fast(**models), rtol=ROUNDING)
    for name, exact in SURVEY.jacobian(**models).items():
        np.testing.assert_allclose(jacobian[name], exact, atol=2e-3)
        np.testing.assert_allclose(jacobian[name][3], exact[3], rtol=1e-8, atol=1e-12)


def test_a_prepared_survey_is_stored_as_the_survey_it_was_made_from(fast):
    assert fast == SURVEY and SURVEY == fast and hash(fast) == hash(SURVEY)
    assert fast.to_dict() == SURVEY.to_dict()
    assert survey_from_dict(json.loads(json.dumps(fast.to_dict()))).prepared is None
    assert fast.at(time=[1e-4]).prepared is None
    models = PRIOR.draw(10, 2)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fast))(**models), fast(**models))
    assert SURVEY.prepared is None


def test_samples_and_inverters_take_a_prepared_survey(fast, tmp_path):
    samples = bp.generate_samples(fast, PRIOR, 300, seed=0, progress=False)
    exact = bp.generate_samples(SURVEY, PRIOR, 300, seed=0, progress=False)
    np.testing.assert_allclose(samples["data"], exact["data"], rtol=1e-3)
    assert samples.attrs["survey"] == exact.attrs["survey"]
    inverter = bp.Inverter(fast, PRIOR.fixed(2), bp.Noise(0.05), hidden=4, max_epochs=1)
    inverter.fit(
        bp.generate_samples(fast, PRIOR.fixed(2), 600, seed=0, progress=False), n_calibration=1000, progress=False
    )
    inverter.save(tmp_path / "tdem.nc")
    loaded = bp.load_inverter(tmp_path / "tdem.nc").survey
    assert loaded == SURVEY and loaded.prepared is None


def test_a_cache_spares_the_training(fast, folder, training):
    again = prepare(folder)
    assert not training
    models = PRIOR.draw(10, 2)
    np.testing.assert_array_equal(again(**models), fast(**models))
    for name, values in fast.prepared.errors.items():
        np.testing.assert_array_equal(again.prepared.errors[name], values)


@pytest.mark.parametrize("harm", ["cut", "no file of arrays", "other recipe", "other weights", "other shape"])
def test_a_spoilt_cache_is_made_anew(harm, fast, tmp_path, training):
    prepare(tmp_path)
    path = only_file(tmp_path)
    whole = path.read_bytes()
    with np.load(path) as stored:
        arrays = dict(stored)
    if harm == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif harm == "no file of arrays":
        path.write_bytes(b"nodes")
    else:
        change = {
            "other recipe": {"recipe": np.array("{}")},
            "other weights": {"weights": 1.01 * arrays["weights"]},
            "other shape": {"weights": arrays["weights"][:, 1:]},
        }
        np.savez(path, **{**arrays, **change[harm]})
    models = PRIOR.draw(10, 2)
    np.testing.assert_allclose(prepare(tmp_path)(**models), fast(**models), rtol=ROUNDING)
    assert len(training) == 2
    prepare(tmp_path)
    assert len(training) == 2


def test_caches_lie_where_they_are_wanted(tmp_path, training, monkeypatch):
    monkeypatch.setenv("BPINVERT_CACHE", str(tmp_path / "mine"))
    prepare(None)
    prepare(False)
    assert not list(tmp_path.iterdir())
    prepare(True)
    prepare(True)
    assert only_file(tmp_path / "mine").name.startswith("tdem-") and len(training) == 3
    prepare(True, seed=1)
    assert len(list((tmp_path / "mine").iterdir())) == 2


def test_only_a_cache_that_was_given_must_be_writable(tmp_path, training, monkeypatch):
    wall = tmp_path / "file"
    wall.write_text("")
    monkeypatch.setenv("BPINVERT_CACHE", str(wall / "below"))
    prepare(True)
    with pytest.raises(OSError):
        prepare(wall / "below")


def test_a_gate_that_misses_the_goal_takes_the_general_path(fast, monkeypatch):
    arrays = fast.prepared.arrays()
    arrays["weights"][2] *= 1.01
    monkeypatch.setattr(prepared, "train", lambda *args: (arrays["i"], arrays["k"], arrays["weights"]))
    monkeypatch.setattr(prepared, "_N_FRESH", 300)
    bad = prepare(None)
    np.testing.assert_array_equal(bad.prepared.general, np.arange(6) == 2)
    models = PRIOR.draw(64, 2)
    np.testing.assert_allclose(bad(**models)[:, 2], SURVEY(**models)[:, 2], rtol=1e-12)
    others = np.arange(6) != 2
    np.testing.assert_allclose(bad(**models)[:, others], fast(**models)[:, others], rtol=ROUNDING)
    for name, exact in SURVEY.jacobian(**models).items():
        np.testing.assert_allclose(bad.jacobian(**models)[name][:, 2], exact[:, 2], rtol=1e-9)


def test_priors_that_do_not_suit_are_refused():
    with pytest.raises(TypeError, match="draw"):
        SURVEY.prepare({"thickness": (1, 10)})
    with pytest.raises(ValueError, match="CentralLoop needs thickness, resistivity, height"):
        SURVEY.prepare(bp.LayeredPrior(2, thickness=(5, 50), resistivity=(10, 500)))
    with pytest.raises(ValueError, match="n_models is 10 "):
        SURVEY.prepare(PRIOR, n_models=10)


def test_layers_that_a_prior_leaves_out_may_be_nan(training):
    class Masked:
        def draw(self, n, rng):
            return PRIOR.draw(n, rng).masked()

    box = SURVEY.prepare(Masked(), cache=None, **SETTINGS).prepared.box
    assert box == SURVEY.prepare(PRIOR, cache=None, **SETTINGS).prepared.box


def reflection(g, s, thickness, conductivity, height):
    """From the half-space upward, layer by layer, with a division at each (Ward & Hohmann 1988, eq. 4.29)."""
    wavenumber = np.sqrt(g * s * MU0)
    roots = np.sqrt(wavenumber**2 + s * MU0 * np.concatenate([[0.0 * conductivity[0]], conductivity]))
    found = 0.0
    for j in range(len(conductivity) - 1, -1, -1):
        ratio = (roots[j] - roots[j + 1]) / (roots[j] + roots[j + 1])
        below = found if j == len(conductivity) - 1 else found * np.exp(-2 * thickness[j] * roots[j + 1])
        found = (ratio + below) / (1 + ratio * below)
    return found * np.exp(-2 * wavenumber * height)


@pytest.fixture
def nodes_and_models():
    rng = np.random.default_rng(2)
    i, k = np.meshgrid(np.arange(-12, 8, 3), np.arange(8, 44))
    some = rng.random(i.shape) < 0.7
    some[:, 2:4] = True  # long chains of squares
    models = 10 ** rng.uniform(0, 4, (2, 30)), 10 ** rng.uniform(-3, 0, (3, 30)), rng.uniform(0, 40, 30)
    return Nodes(i[some], k[some]), models


def test_coefficients_are_those_of_the_recursion(nodes_and_models):
    nodes, models = nodes_and_models
    found = nodes.coefficients(*models)
    for row, i, k in zip(found, nodes.i, nodes.k, strict=True):
        expected = reflection(RATIO ** float(i), 2.0 ** (k / 2), *models)
        # Differences of nearly equal roots, in the expected values.
        np.testing.assert_allclose(row, expected, rtol=1e-9, atol=1e-16)


def test_slopes_are_those_of_the_coefficients(nodes_and_models):
    nodes, (thickness, conductivity, height) = nodes_and_models
    by_thickness, by_conductivity = nodes.slopes(thickness, conductivity, height)
    step = 1e-5

    def difference(row, which):
        ends = []
        for sign in (1, -1):
            moved = [thickness.copy(), conductivity.copy()]
            moved[which][row] *= np.exp(sign * step)
            ends.append(nodes.coefficients(*moved, height))
        return (ends[0] - ends[1]) / (2 * step)

    for which, slopes in enumerate([by_thickness, by_conductivity]):
        for row, slope in enumerate(slopes):
            np.testing.assert_allclose(slope, difference(row, which), rtol=1e-5, atol=1e-10)


def test_errors_of_data_that_change_sign_are_taken_against_their_neighbours():
    survey = OffsetLoop(time=np.geomspace(1e-6, 1e-3, 30), radius=10.0, offset=(40.0, 0.0))
    data = survey(thickness=[[20.0]], resistivity=[[50.0, 10.0]]).T
    assert (data > 0).any() and (data < 0).any()
    sizes = prepared.training.reading_sizes(data)[:, 0]
    assert (sizes >= np.abs(data[:, 0])).all()
    assert np.exp(np.abs(np.diff(np.log(sizes)))).max() < 20


def worst_and_typical(survey, prior):
    """Errors of the prepared survey on 5000 fresh models: largest, and median, over gates."""
    models = prior.draw(5000, 12345)
    fast = survey.prepare(prior, cache=None)
    assert not fast.prepared.general.any()
    errors = np.abs(fast(**models) / survey(**models) - 1)
    return errors.max(), np.median(errors, axis=0).max()


@pytest.mark.slow
def test_a_ground_loop_is_as_accurate_as_promised():
    survey = CentralLoop(time=np.geomspace(1e-5, 1e-2, 25), radius=22.57)
    prior = bp.LayeredPrior(4, thickness=(0.5, 100), resistivity=(1, 1e4))
    largest, median = worst_and_typical(survey, prior)
    assert largest < 1e-3 and median < 1e-5


@pytest.mark.slow
def test_an_airborne_loop_with_waveform_and_filters_is_as_accurate_as_promised():
    prior = bp.LayeredPrior(4, thickness=(0.5, 100), resistivity=(1, 1e4), context={"height": (30, 60)})
    largest, median = worst_and_typical(system("SkyTEM", moment="low"), prior)
    assert largest < 1e-3 and median < 1e-5
