"""Soundings of an airborne instrument from samples to result: words, heights and signs go all the way."""

import json

import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert.results import STATUS
from forward_models import LoopLoop

SURVEY = LoopLoop(
    frequency=[400.0, 1800, 3300, 8200, 40_000],
    offset=[7.9, 7.9, 9, 7.9, 7.9],
    orientation=["HCP", "HCP", "VCX", "HCP", "HCP"],
    height=None,
)
PRIOR = bp.LayeredPrior(n_layers=2, thickness=(5, 60), resistivity=(1, 300), context={"height": (25, 60)})
NOISE = bp.Noise(relative=0.05, floor=5.0)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    path = tmp_path_factory.mktemp("fdem") / "samples.nc"
    bp.generate_samples(SURVEY, PRIOR, 6000, seed=0, path=path, progress=False)
    return bp.open_samples(path)


@pytest.fixture(scope="module")
def inverter(samples):
    inverter = bp.Inverter(SURVEY, PRIOR, NOISE, hidden=24, max_epochs=12)
    return inverter.fit(samples, n_calibration=2000, progress=False)


def soundings(n=60, seed=5):
    """Noisy soundings as a Dataset, and their models."""
    models = PRIOR.draw(n, seed)
    data = NOISE.draw(SURVEY(**models), SURVEY.channels, seed)
    variables = {quantity: (("sounding", "reading"), part) for quantity, part in zip(
        ("in_phase", "quadrature"), np.split(data, 2, axis=1), strict=True)}  # fmt: skip
    variables |= {name: ("reading", getattr(SURVEY, name)) for name in ("frequency", "offset", "orientation")}
    variables["height"] = ("sounding", models["height"])
    return xr.Dataset(variables, attrs={"method": "fdem", "array": "LoopLoop"}), models


@pytest.fixture(scope="module")
def observed():
    return soundings()


@pytest.fixture(scope="module")
def result(inverter, observed):
    return inverter.invert(observed[0])


def test_samples_keep_words_and_heights_in_their_file(samples):
    assert samples["orientation"].values.tolist() == 2 * SURVEY.orientation.tolist()
    assert samples["offset"].attrs["units"] == "m" and samples["orientation"].attrs["units"] == "1"
    assert 25 <= samples["height"].min() and samples["height"].max() <= 60


def test_soundings_fit_within_their_errors_and_their_ground_is_found(result, observed):
    _, models = observed
    # ten data and three parameters: chi²/N of 0.7, and 60 soundings
    assert 0.5 < float(result["chi2"].mean()) < 0.9
    assert float((result["chi2"] < 1.5).mean()) > 0.95 and int((result["flag"] != 0).sum()) <= 3
    off = np.log(result["resistivity"].values / models["resistivity"])
    # a cover that conducts hides what is below it
    assert (np.median(np.abs(off), axis=0) < 0.2).all()
    np.testing.assert_array_equal(result["height"], models["height"])


def test_an_array_needs_heights_and_says_so(inverter):
    with pytest.raises(ValueError, match=r"needs height of every sounding; add height\(sounding\)"):
        inverter.invert(np.ones((1, 10)))


def test_a_result_with_words_survives_its_file(result, tmp_path):
    result.to_netcdf(tmp_path / "result.nc", engine="scipy")
    again = xr.load_dataset(tmp_path / "result.nc", engine="scipy")
    assert again["orientation"].values[0].tolist() == SURVEY.orientation.tolist()
    np.testing.assert_array_equal(again["residual_quadrature"], result["residual_quadrature"])
    assert bp.explain(again, 0) == bp.explain(result, 0)


def test_an_inverter_of_heights_survives_its_file(inverter, observed, result, tmp_path):
    inverter.save(tmp_path / "inverter.nc")
    again = bp.load_inverter(tmp_path / "inverter.nc", survey=SURVEY)
    assert again.survey.channels.width.tolist() == [100.0] * 10
    np.testing.assert_array_equal(again.invert(observed[0])["resistivity"], result["resistivity"])


def test_the_height_matters_to_the_network(inverter, observed):
    higher = observed[0].assign(height=observed[0]["height"] + 3)
    first, second = (inverter.invert(dataset, "network")["resistivity"].values for dataset in (observed[0], higher))
    assert np.median(np.abs(np.log(second / first))) > 0.02


def test_a_bird_outside_the_trained_heights_is_flagged_and_told(inverter, observed):
    strange = inverter.invert(observed[0].assign(height=("sounding", np.full(60, 75.0))))
    assert strange["outside"].sel(check="range").all()
    said = bp.explain(strange, 3)
    assert said.startswith("outside the training range: height is 75 m, training 25–60 m.")
    assert json.loads(strange.attrs["context_range"])["height"] == pytest.approx([25, 60], rel=1e-3)


@pytest.mark.parametrize(("height", "said"), [(np.nan, "its height is missing"), (-9999.0, "a height of -9999 m")])
def test_a_sounding_without_a_height_stays_and_is_told(inverter, observed, result, height, said):
    heights = observed[0]["height"].values.copy()
    heights[1] = height
    for level in ("network", "refined"):
        some = inverter.invert(observed[0].assign(height=("sounding", heights)).isel(sounding=slice(0, 3)), level)
        assert int(some["status"][1]) == STATUS["context_missing"][0] and int(some["flag"][1]) == 0
        assert np.isnan(some["resistivity"].values[1]).all() and np.isfinite(some["chi2"].values[[0, 2]]).all()
        assert said in bp.explain(some, 1) and "What to do: correct the height" in bp.explain(some, 1)
    np.testing.assert_array_equal(some["resistivity"].values[[0, 2]], result["resistivity"].values[[0, 2]])


def test_the_posterior_of_heights_and_signs_holds_the_truth(inverter, observed):
    sampled = inverter.invert(observed[0].isel(sounding=slice(0, 40)), "posterior")
    low, high = (sampled["resistivity_quantile"].sel(quantile=level).values for level in (0.05, 0.95))
    truth = observed[1]["resistivity"][:40]
    inside = ((truth >= low) & (truth <= high)).mean()
    # 80 intervals of 90 %
    assert 0.8 <= inside <= 0.98


def test_data_that_turned_negative_are_fitted_like_any_others(inverter, observed):
    models = {name: values[:1] for name, values in observed[1].items()}
    models["resistivity"] = np.array([[300.0, 300.0]])
    weak = SURVEY(**models)
    rng = np.random.default_rng(1)
    dataset, _ = soundings(40)
    noisy = weak + NOISE.sigma(weak, SURVEY.channels) * rng.standard_normal((40, 10))
    assert (noisy < 0).any()
    parts = np.split(noisy, 2, axis=1)
    dataset = dataset.assign(
        in_phase=(("sounding", "reading"), parts[0]),
        quadrature=(("sounding", "reading"), parts[1]),
        height=("sounding", np.repeat(models["height"], 40)),
    )
    fitted = inverter.invert(dataset)
    assert fitted["used"].all() and 0.5 < float(fitted["chi2"].mean()) < 1.1
    assert int((fitted["flag"] != 0).sum()) <= 2


def test_quadrature_alone_is_inverted(inverter, observed, result):
    alone = inverter.invert(observed[0].drop_vars("in_phase"))
    assert np.isnan(alone["in_phase"]).all() and alone["used"].all()
    assert float(alone["chi2"].median()) < 1.2
    off = np.log(alone["resistivity"].values / observed[1]["resistivity"])
    assert np.median(np.abs(off)) < 0.3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data.assign(quadrature=1e-6 * data["quadrature"]), "fractions instead of ppm?"),
        (lambda data: data.assign(in_phase=1e3 * data["in_phase"]), "ppb instead of ppm?"),
        (lambda data: data.assign(frequency=1e-3 * data["frequency"]), "are these kHz instead of Hz?"),
    ],
    ids=["fractions", "ppb", "kHz"],
)
def test_units_that_were_mixed_up_are_asked_for(inverter, observed, change, said):
    strange = inverter.invert(change(observed[0].isel(sounding=slice(0, 12))))
    told = [bp.explain(strange, k) for k in range(12)]
    assert sum(said in text and "convert the data to the units" in text for text in told) >= 8


def test_right_units_are_not_doubted(result):
    assert not any("instead of" in bp.explain(result, k) for k in range(60))


def test_a_wider_inverter_includes_the_heights_of_strangers_and_no_other_ground(inverter, observed):
    models = {name: values[:4] for name, values in observed[1].items()}
    models["height"] = np.array([70.0, 71.0, 72.0, 83.0])
    parts = np.split(SURVEY(**models), 2, axis=1)
    higher = (
        observed[0]
        .isel(sounding=slice(0, 4))
        .assign(
            in_phase=(("sounding", "reading"), parts[0]),
            quadrature=(("sounding", "reading"), parts[1]),
            height=("sounding", models["height"]),
        )
    )
    wider = bp.widen(inverter.invert(higher))
    assert wider.prior == bp.LayeredPrior(
        n_layers=2, thickness=(5, 60), resistivity=(1, 300), context={"height": (25, 83)}
    )
    assert wider.survey == SURVEY
