"""Network files: what is written is what is read, and what is not a network file is named."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

import bpinvert as bp
from bpinvert import storage
from bpinvert.exchange import doors, parts, readable
from bpinvert.network import (
    LBFGS,
    Adam,
    Adaptive,
    BayesianRegularisation,
    BPClassifier,
    BPEnsemble,
    BPRegressor,
    CrossEntropy,
    Gaussian,
    GradientDescent,
    LevenbergMarquardt,
    MeanSquaredError,
    Mixture,
    Momentum,
    Rprop,
    Soap,
)
from bpinvert.network.trainers import TRAINERS
from forward_models import Schlumberger

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, size=(200, 3))
Y = np.stack([np.sin(X[:, 0]), X[:, 1] * X[:, 2]], axis=1) / 4 + 0.5
SUFFIXES = (".json", ".nc")
QUICK = {"hidden": 5, "max_epochs": 3, "random_state": 0}
WORDS = np.array(["clay", "gravel", "sand"])
# Which third of the samples each belongs to.
PLACE = np.argsort(np.argsort(X[:, 0])) * 3 // len(X)
OTHER_TRAINERS = (
    GradientDescent(0.02, batch_size=50, shuffle=False, plateau=3.0, flat=1e-3),
    Momentum(0.02, 0.8),
    Adaptive(0.02, increase=1.1),
    Rprop(0.1, largest_step=20.0),
    Adam(0.01, 16, "constant", beta1=0.8, epsilon=1e-7),
    Soap(0.01, 16, refresh=5),
    LBFGS(7, 5, 1e-6, None),
    LevenbergMarquardt(mu=0.01, projection=True),
    BayesianRegularisation(mu=0.01, largest=1e8),
)


def fitted(y=Y, **settings):
    return BPRegressor(**QUICK | settings).fit(X, y)


def classifier(y=None, **settings):
    return BPClassifier(**QUICK | settings).fit(X, WORDS[PLACE] if y is None else y)


def ensemble(X=X, y=Y, n_networks=3, **settings):
    return BPEnsemble(BPRegressor(**QUICK | settings), n_networks, random_state=1).fit(X, y)


KINDS = pytest.mark.parametrize("make", [fitted, classifier, ensemble])


def returned(model, path):
    """The network after a way through a file."""
    bp.save_network(model, path)
    found = bp.load_network(path)
    assert type(found) is type(model)
    return found


def assert_same_state(found, expected):
    """Two states with the same entries, arrays to the last bit; or two lists of such."""
    if isinstance(expected, list):
        for member, other in zip(found, expected, strict=True):
            assert_same_state(member, other)
        return
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if isinstance(value, np.ndarray):
            assert found[name].dtype == value.dtype
            np.testing.assert_array_equal(found[name], value)
        else:
            assert found[name] == value


@pytest.fixture(params=SUFFIXES)
def path(request, tmp_path):
    path = tmp_path / f"network{request.param}"
    bp.save_network(fitted(), path)
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"dtype": "float64"},
        {"hidden": (4, 3), "activation": "bipolar", "output": "sigmoid", "trainer": LBFGS(7), "weight_decay": 0.1},
        {"head": "mixture", "hidden": (4, 3)},
        {"activation": "unipolar", "trainer": Adam(batch_size=16), "validation_fraction": 0.0, "max_time": 60.0},
        {"steepness": 1.3, "init": "nguyen_widrow", "whiten": False},
        {"whiten": True, "init": "uniform", "patience": 2},
        {"max_gradient_norm": np.float32(0.5), "target_loss": 1e-9, "min_gradient": 1e-9},
        {"head": MeanSquaredError(), "output": "sigmoid", "steepness": 0.5},
        {"head": Gaussian()},
        {"head": Mixture(components=6)},
        {"head": CrossEntropy("sigmoid"), "output": "sigmoid"},
        {"head": "cross_entropy", "output": "sigmoid"},
        *({"trainer": trainer} for trainer in (*TRAINERS, *OTHER_TRAINERS)),
    ],
    ids=lambda settings: ",".join(f"{name}={value}" for name, value in settings.items()) or "defaults",
)
def test_a_network_comes_back_bit_for_bit(settings, suffix, tmp_path):
    model = fitted(**settings)
    found = returned(model, tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(found.predict(X), model.predict(X))
    np.testing.assert_array_equal(found.draw(X, 2, 0), model.draw(X, 2, 0))
    np.testing.assert_array_equal(found.log_density(X, Y), model.log_density(X, Y))
    assert found.effective_parameters_ == model.effective_parameters_
    assert_same_state(found.get_state(), model.get_state())
    stored = {name: value for name, value in found.get_params().items() if name in settings}
    if isinstance(settings.get("trainer"), str):
        settings = settings | {"trainer": TRAINERS[settings["trainer"]]()}
    assert stored == settings


def test_the_other_trainers_are_all_there_are_with_settings_of_their_own():
    assert {trainer.name for trainer in OTHER_TRAINERS} == set(TRAINERS)
    assert all(trainer != type(trainer)() for trainer in OTHER_TRAINERS)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_network_that_answers_with_shares_comes_back(suffix, tmp_path):
    shares = Y / Y.sum(axis=1, keepdims=True)
    for head in ("cross_entropy", CrossEntropy("softmax")):
        model = fitted(shares, head=head, output="softmax")
        found = returned(model, tmp_path / f"a{suffix}")
        np.testing.assert_array_equal(found.predict(X), model.predict(X))
        assert found.head == head


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "classes",
    [
        *(np.array([0, 1, 7]).astype(kind) for kind in ("int8", "int32", "int64", "uint64", "float32", "float64")),
        np.array([1, 2**63 + 5, 2**64 - 1], np.uint64),
        np.array([-(2**62), 2**53 + 1, 2**62]),
        np.array([False, True, True]),
        WORDS,
        WORDS.astype("<U40"),
        WORDS.astype(object),
        np.array(["", "1", 'Ω·m "ж"\n']),
    ],
    ids=lambda classes: f"{classes.dtype}-{classes[-1]}",
)
def test_classes_come_back_with_their_type(classes, suffix, tmp_path):
    model = classifier(classes[PLACE])
    found = returned(model, tmp_path / f"a{suffix}")
    assert found.classes_.dtype == model.classes_.dtype == classes.dtype
    assert found.classes_.tolist() == model.classes_.tolist()
    assert found.predict(X).dtype == classes.dtype
    np.testing.assert_array_equal(found.predict(X), model.predict(X))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("settings", [{}, {"output": "sigmoid"}, {"output": "sigmoid", "head": "mse"}], ids=str)
def test_a_classifier_comes_back_bit_for_bit(settings, n_classes, suffix, tmp_path):
    model = classifier(WORDS[np.minimum(PLACE, n_classes - 1)], steepness=1.5, **settings)
    found = returned(model, tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(found.predict_proba(X), model.predict_proba(X))
    assert_same_state(found.get_state(), model.get_state())


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("head", ["mse", "gaussian", Mixture(components=6)], ids=str)
def test_an_ensemble_comes_back_bit_for_bit(head, suffix, tmp_path):
    # More than ten, so that the names of some begin as those of others.
    model = ensemble(n_networks=12, head=head, max_epochs=1)
    found = returned(model, tmp_path / f"a{suffix}")
    assert found.n_networks == 12 and found.n_features_in_ == 3
    for answer, expected in zip(found.predict(X, return_std=True), model.predict(X, return_std=True), strict=True):
        np.testing.assert_array_equal(answer, expected)
    np.testing.assert_array_equal(found.draw(X, 30, 0), model.draw(X, 30, 0))
    np.testing.assert_array_equal(found.log_density(X, Y), model.log_density(X, Y))
    assert_same_state(found.get_state(), model.get_state())


def rewritten(path, change):
    """The same file after ``change(arrays, description)``, with a checksum that agrees."""
    arrays, description = readable.read(path) if path.suffix == ".json" else storage.read(path, "network")
    change(arrays, description)
    description.pop("checksum", None)
    if path.suffix == ".json":
        readable.write(path, arrays, description)
    else:
        storage.write(path, "network", arrays, description)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_from_before_the_newer_settings_still_loads(suffix, tmp_path):
    newer = ("steepness", "init", "whiten", "max_gradient_norm", "target_loss", "min_gradient", "effective_parameters")
    path = tmp_path / f"a{suffix}"
    model = fitted(head="mixture", trainer="lbfgs")
    bp.save_network(model, path)

    def age(arrays, description):
        del arrays["residual_std"]
        for name in newer:
            del description["state"]["settings"][name]

    rewritten(path, age)
    found = bp.load_network(path)
    np.testing.assert_array_equal(found.predict(X), model.predict(X))
    assert found.steepness == 1.0 and found.init == "xavier" and found.whiten is None
    assert found.effective_parameters_ is None
    np.testing.assert_array_equal(found.residual_std_, [1.0, 1.0])


@pytest.mark.parametrize("suffix", SUFFIXES)
@KINDS
def test_a_network_trained_on_a_table_knows_its_columns_after_loading(make, suffix, tmp_path):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(X, columns=["AB/2 = 1 m", "ρa", "x"])
    model = make()
    model.fit(table, WORDS[PLACE] if make is classifier else Y)
    found = returned(model, tmp_path / f"a{suffix}")
    assert found.feature_names_in_.dtype == model.feature_names_in_.dtype
    # A warning about names would be an error here.
    np.testing.assert_array_equal(found.predict(table), model.predict(table))
    with pytest.raises(ValueError, match="feature names"):
        found.predict(table[["x", "ρa", "AB/2 = 1 m"]])


@pytest.mark.parametrize("suffix", SUFFIXES)
@KINDS
def test_a_network_trained_on_an_array_has_no_columns_after_loading(make, suffix, tmp_path):
    assert not hasattr(returned(make(), tmp_path / f"a{suffix}"), "feature_names_in_")


def test_classes_that_are_neither_numbers_nor_words_are_refused(tmp_path):
    days = np.array(["2020-01-01", "2021-01-01", "2022-01-01"], "M8[D]")
    for suffix in SUFFIXES:
        with pytest.raises(
            ValueError, match=r"the class datetime.date\(2020, 1, 1\) cannot be stored; classes must be"
        ):
            bp.save_network(classifier(days[PLACE]), tmp_path / f"a{suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("classes_type", "<U3", "are not of the type <U3"),
        ("classes_type", "<i8", "invalid literal for int"),
        ("classes_type", "<U100000000", "its classes have the type <U100000000"),
        ("classes_type", "|V8", "its classes have the type"),
        ("classes_type", "words", "not understood"),
        ("feature_names", ["a", "b"], r"its columns are \['a', 'b'\], its weights say 3 of them"),
        ("feature_names", ["a", "b", 3], "its columns are"),
        ("feature_names", 3, "has no len"),
    ],
)
def test_names_that_are_not_those_of_the_network_are_refused(name, value, message, tmp_path):
    for suffix in SUFFIXES:
        path = tmp_path / f"a{suffix}"
        bp.save_network(classifier(), path)
        rewritten(path, lambda arrays, description: description.update({name: value}))
        with pytest.raises(ValueError, match=rf"describes no network \(.*{message}"):
            bp.load_network(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_answers_keep_the_shape_of_the_targets(suffix, tmp_path):
    for y in (Y[:, 0], Y[:, :1]):
        bp.save_network(fitted(y), tmp_path / f"a{suffix}")
        assert bp.load_network(tmp_path / f"a{suffix}").predict(X).shape == y.shape


@pytest.mark.parametrize("suffix", SUFFIXES)
@KINDS
def test_saving_what_was_loaded_gives_the_same_file(make, suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    bp.save_network(make(), path)
    before = path.read_bytes()
    bp.save_network(bp.load_network(path), path)
    assert path.read_bytes() == before
    assert [other.name for other in tmp_path.iterdir()] == [path.name]


def test_json_can_be_read_without_bpinvert(tmp_path):
    model = fitted(hidden=(4, 3), dtype="float64")
    bp.save_network(model, tmp_path / "a.json")
    arrays = json.loads((tmp_path / "a.json").read_text("utf-8"))["arrays"]
    value = X
    for name in ("V", "V2"):
        value = np.tanh(value @ np.array(arrays[name])[1:] - arrays[name][0])
    answer = value @ np.array(arrays["W"])[1:] - arrays["W"][0]
    np.testing.assert_allclose(answer, model.predict(X), rtol=1e-12)


def test_netcdf_holds_the_matrices_by_name(tmp_path):
    model = fitted()
    bp.save_network(model, tmp_path / "a.nc")
    arrays, _ = storage.read(tmp_path / "a.nc", "network")
    np.testing.assert_array_equal(arrays["V"], model.V_)
    np.testing.assert_array_equal(arrays["W"], model.W_)


def test_json_gives_every_float_back_with_the_digits_it_needs(tmp_path):
    bits = RNG.integers(0, 2**32, 20_000, dtype=np.uint32).view(np.float32)
    arrays = {
        "single": bits[np.isfinite(bits)],
        "double": RNG.standard_normal(2000),
        "odd": np.array([np.inf, -0.0]),
        # Its shortest decimal, read as a float64 and rounded, is its neighbour.
        "twice_rounded": np.array([0x15AE43FD], np.uint32).view(np.float32),
    }
    readable.write(tmp_path / "a.json", arrays, {"version": doors.VERSION})
    found, _ = readable.read(tmp_path / "a.json")
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and found[name].tobytes() == array.tobytes()
    tenth = tmp_path / "tenth.json"
    readable.write(tenth, {"V": np.float32([[0.1, 1 / 3]])}, {"version": doors.VERSION})
    assert "[0.1, 0.33333334]" in tenth.read_text("utf-8")


def test_a_loss_that_is_not_finite_is_no_obstacle(path):
    model = fitted()
    model.loss_curve_[-1], model.validation_curve_[-1] = np.nan, np.inf
    bp.save_network(model, path)
    found = bp.load_network(path)
    np.testing.assert_array_equal(found.loss_curve_, model.loss_curve_)
    np.testing.assert_array_equal(found.validation_curve_, model.validation_curve_)
    if path.suffix == ".json":
        json.loads(path.read_text("utf-8"), parse_constant=pytest.fail)


def test_a_state_of_several_networks_is_taken_apart_and_put_together():
    members = [fitted(hidden=hidden).get_state() for hidden in (3, (4, 2))]
    arrays, rest = parts.taken_apart({"settings": {"members": 2}, "networks": members})
    assert {"network0_V", "network0_W", "network1_V2"} <= set(arrays)
    json.dumps(rest)
    found = parts.put_together(arrays, rest)
    assert found["settings"] == {"members": 2}
    for state, expected in zip(found["networks"], members, strict=True):
        assert state["settings"] == expected["settings"]
        np.testing.assert_array_equal(state["weights"], expected["weights"])


def test_damage_never_passes_and_never_raises_anything_but_one_sentence(path):
    content, expected = path.read_bytes(), bp.load_network(path)
    rng = np.random.default_rng(0)
    refused = 0
    for trial in range(300):
        copy = bytearray(content)
        if trial % 3:
            copy[rng.integers(len(copy))] ^= 1 << rng.integers(8)
        else:
            copy = copy[: rng.integers(len(copy) - 1)]
        path.write_bytes(bytes(copy))
        try:
            found = bp.load_network(path)
        except ValueError as error:
            refused += 1
            assert str(path) in str(error)
        else:
            # The flipped bit was in white space, padding or the last digit of a longer number.
            np.testing.assert_array_equal(found.weights_, expected.weights_)
    assert refused > 250


def altered(path, **changes):
    """The same JSON with other entries and a checksum that agrees."""
    stored = json.loads(path.read_text("utf-8")) | changes
    del stored["checksum"]
    path.write_text(json.dumps(stored | {"checksum": readable._checksum(stored)}), encoding="utf-8")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: p.unlink(), "does not exist; check the name of the network file"),
        (lambda p: (p.unlink(), p.mkdir()), "is a folder"),
        (lambda p: p.write_text("hello"), "is no JSON|is not a netCDF-3 file"),
        (lambda p: p.write_bytes(p.read_bytes()[:200]), "is cut short|is damaged"),
        (lambda p: p.write_bytes(b"\xff\xfe"), "is no JSON|is not a netCDF-3 file"),
        (lambda p: p.write_bytes(b"[" * 100_000), "is no JSON|is not a netCDF-3 file"),
    ],
)
def test_files_that_are_no_network_are_named(path, make, message):
    make(path)
    with pytest.raises(ValueError, match=message):
        bp.load_network(path)


@pytest.mark.parametrize("text", ["[1, 2]", '{"format": "geojson"}', "3"])
def test_json_of_somebody_else_is_named(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="is JSON but was not written by save_network; give a file that was"):
        bp.load_network(path)


def test_an_inverter_file_and_a_network_file_name_each_others_reader(tmp_path):
    path = tmp_path / "a.nc"
    storage.write(path, "inverter", {"a": np.zeros(1)}, {})
    with pytest.raises(ValueError, match=r"holds a bpinvert inverter; .* Open it with bpinvert\.load_inverter"):
        bp.load_network(path)
    bp.save_network(fitted(), path)
    with pytest.raises(ValueError, match=r"holds a bpinvert network; .* Open it with bpinvert\.load_network"):
        bp.load_inverter(path)


def test_a_number_changed_by_hand_is_noticed(tmp_path):
    path = tmp_path / "a.json"
    bp.save_network(fitted(weight_decay=0.125), path)
    path.write_text(path.read_text("utf-8").replace("0.125", "0.126"), encoding="utf-8")
    with pytest.raises(ValueError, match="its checksum does not agree"):
        bp.load_network(path)


def test_a_file_of_a_newer_version_says_update(tmp_path):
    path = tmp_path / "a.json"
    bp.save_network(fitted(), path)
    path.write_text(path.read_text("utf-8").replace('"version": 1', '"version": 2'), encoding="utf-8")
    with pytest.raises(ValueError, match="has version 2 of the format, this version of bpinvert reads 1"):
        bp.load_network(path)
    storage.write(tmp_path / "a.nc", "network", {"V": np.zeros(1)}, {"version": 2})
    with pytest.raises(ValueError, match="has version 2 of the format"):
        bp.load_network(tmp_path / "a.nc")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"estimator": "BPOracle"}, "holds a 'BPOracle', this version of bpinvert reads BPRegressor"),
        ({"estimator": ["a"]}, r"holds a \['a'\], this version"),
        ({"state": {}}, "describes no network"),
        ({"state": None}, "describes no network"),
        ({"arrays": {}}, "describes no network"),
        ({"arrays": None}, "is damaged"),
        ({"types": {"V": "object"}}, "is damaged"),
    ],
)
def test_what_describes_no_network_is_refused_in_one_sentence(tmp_path, changes, message):
    path = tmp_path / "a.json"
    bp.save_network(fitted(), path)
    altered(path, **changes)
    with pytest.raises(ValueError, match=message):
        bp.load_network(path)


@pytest.mark.parametrize(
    ("hidden", "message"),
    [
        (10**9, r"its matrices have shapes .* its settings say \[\(4, 1000000000\)"),
        (10**18, "its matrices have shapes"),
        (-1, "its matrices have shapes"),
        ([5, 5], "describes no network"),
        ("five", "describes no network"),
        (None, "describes no network"),
    ],
)
def test_sizes_that_are_not_those_of_the_matrices_are_refused_before_anything_is_made_of_them(
    tmp_path, hidden, message
):
    path = tmp_path / "a.json"
    bp.save_network(fitted(), path)
    state = json.loads(path.read_text("utf-8"))["state"]
    state["settings"]["hidden"] = hidden
    altered(path, state=state)
    with pytest.raises(ValueError, match=message):
        bp.load_network(path)


@pytest.mark.parametrize("call", [bp.load_network, lambda path: bp.save_network(fitted(), path)])
def test_another_suffix_is_refused_with_those_that_are_allowed(tmp_path, call):
    for name in ("a.pkl", "a"):
        with pytest.raises(ValueError, match=r"has the suffix '.*'; a network file ends in \.json or \.nc"):
            call(tmp_path / name)


def test_the_suffix_may_be_in_capitals(tmp_path):
    bp.save_network(fitted(), tmp_path / "a.JSON")
    assert bp.load_network(tmp_path / "a.JSON").predict(X).shape == Y.shape


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_places_that_cannot_be_written_are_named(tmp_path, suffix, monkeypatch):
    model = fitted()
    with pytest.raises(ValueError, match=r"the folder .* does not exist\. Create it first"):
        bp.save_network(model, tmp_path / "no" / f"a{suffix}")
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(ValueError, match="is a folder; give the name of a file in it"):
        bp.save_network(model, tmp_path / f"folder{suffix}")

    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    for word in ("write_text", "write_bytes"):
        monkeypatch.setattr(Path, word, denied)
    with pytest.raises(ValueError, match="cannot be written: no permission"):
        bp.save_network(model, tmp_path / f"a{suffix}")


def test_a_file_that_may_not_be_read_is_named(path, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(ValueError, match="cannot be read: no permission"):
        bp.load_network(path)


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(path, monkeypatch):
    before = path.read_bytes()
    monkeypatch.setattr(storage.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        bp.save_network(fitted(hidden=3), path)
    assert path.read_bytes() == before
    assert [other.name for other in path.parent.iterdir()] == [path.name]


def test_a_network_that_is_not_fitted_is_refused(tmp_path):
    for kind in (BPRegressor, BPClassifier, BPEnsemble):
        with pytest.raises(
            ValueError, match=rf"this {kind.__name__} is not fitted; call fit\(\) before save_network\(\)"
        ):
            bp.save_network(kind(), tmp_path / "a.json")


def test_what_is_not_a_network_is_named_with_what_to_do(tmp_path):
    class Own(BPRegressor):
        pass

    model = make_pipeline(fitted())
    with pytest.raises(TypeError, match=r"model is a Pipeline; .* that is its last step, and export_onnx takes it"):
        bp.save_network(model, tmp_path / "a.json")
    for other in (LinearRegression(), Own(), None):
        with pytest.raises(TypeError, match=f"model is a {type(other).__name__}; save_network stores a fitted BPReg"):
            bp.save_network(other, tmp_path / "a.json")
    with pytest.raises(TypeError, match="model is a Own; save_network stores a fitted BPReg"):
        bp.save_network(BPEnsemble(Own(**QUICK), 2).fit(X, Y), tmp_path / "a.json")
    prior = bp.LayeredPrior(n_layers=2, thickness=(1, 50), resistivity=(10, 1000))
    inverter = bp.Inverter(Schlumberger(ab2=[1, 10, 100]), prior)
    with pytest.raises(TypeError, match=r"Write an inverter with its own save\(path\)"):
        bp.save_network(inverter, tmp_path / "a.nc")


def test_a_loaded_network_is_trained_on_like_any_other(path):
    model = bp.load_network(path).set_params(random_state=0).fit(X, Y)
    np.testing.assert_array_equal(model.weights_, fitted().weights_)
