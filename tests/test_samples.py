"""Samples: seeds, chunks, files, interruption, and what is refused."""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import bpinvert.samples
from bpinvert.priors import LayeredPrior, Prior, prior_from_dict
from bpinvert.samples import generate_samples, models_and_data, open_samples
from forward_models import Channels, DipoleDipole, Magnetotelluric, Schlumberger, survey_from_dict

SURVEY = Schlumberger(ab2=np.geomspace(1, 100, 4))
PRIOR = LayeredPrior((1, 3), thickness=(0.5, 50), resistivity=(1, 1000))
generate = partial(generate_samples, SURVEY, PRIOR, seed=3, chunk_size=100, progress=False)


class Failing:
    """A survey that raises `error` on its `call`-th call, like a user who presses Ctrl-C."""

    def __init__(self, error=KeyboardInterrupt, call=3):
        self.error, self.calls_left = error, call

    def __getattr__(self, name):
        return getattr(SURVEY, name)

    def __call__(self, **models):
        self.calls_left -= 1
        if self.calls_left == 0:
            raise self.error
        return SURVEY(**models)


class Lamp:
    """An unlayered survey without a description."""

    channels = Channels(("light",) * 2, ("lx",) * 2, ("log",) * 2, "distance", np.array([1.0, 2.0]), "m")
    method = "lamp"

    def __call__(self, power, depth):
        return power[:, None] / (depth[:, None] + self.channels.value) ** 2

    def to_dict(self):
        raise ValueError("A lamp cannot be stored.")


def test_data_are_what_the_survey_sees_of_the_models():
    models, data = models_and_data(generate(250))
    # The survey sums in another order when its blocks are cut elsewhere.
    np.testing.assert_allclose(data, SURVEY(**models), rtol=1e-12)
    assert set(models.n_layers) == {1, 2, 3}


def test_a_dataset_describes_itself():
    samples = generate(250)
    assert dict(samples.sizes) == {"sample": 250, "interface": 2, "layer": 3, "channel": 4}
    np.testing.assert_array_equal(samples.ab2, SURVEY.ab2)
    assert set(samples["quantity"].values) == {"apparent_resistivity"}
    assert all({"units", "long_name"} <= set(variable.attrs) for variable in samples.variables.values())
    assert samples["resistivity"].attrs["units"] == samples["data"].attrs["units"] == "ohm m"
    assert survey_from_dict(json.loads(samples.attrs["survey"])) == SURVEY
    assert prior_from_dict(json.loads(samples.attrs["prior"])) == PRIOR
    assert json.loads(samples.attrs["seed"]) == 3
    assert json.loads(samples.attrs["method"]) == "ves"
    assert "numpy" in json.loads(samples.attrs["versions"])
    assert samples.attrs["complete"] == 1


def test_layers_beyond_the_count_are_nan():
    samples = generate(250)
    np.testing.assert_array_equal(samples["resistivity"].notnull().sum("layer"), samples["n_layers"])
    np.testing.assert_array_equal(samples["thickness"].notnull().sum("interface"), samples["n_layers"] - 1)


def test_a_small_run_is_the_beginning_of_a_bigger_one():
    small, big = (generate_samples(SURVEY, PRIOR, n, seed=0, progress=False) for n in (20_000, 40_000))
    xr.testing.assert_equal(small.isel(sample=slice(16_384)), big.isel(sample=slice(16_384)))
    assert not np.array_equal(big["data"][:16_384], big["data"][16_384:32_768])


def test_seeds_differ():
    assert not np.array_equal(generate(50)["data"], generate(50, seed=4)["data"])


def test_workers_change_nothing():
    with ThreadPoolExecutor(2) as client:
        xr.testing.assert_identical(generate(450, client=client), generate(450))


def test_an_unlayered_prior_gives_samples_without_layers():
    prior = Prior(power=(1, 10), depth=stats.uniform(0.5, 2))
    samples = generate_samples(Lamp(), prior, 30, seed=0, progress=False)
    assert dict(samples.sizes) == {"sample": 30, "channel": 2}
    assert "A lamp cannot be stored" in samples.attrs["survey"]
    models, data = models_and_data(samples)
    np.testing.assert_array_equal(Lamp()(**models), data)


def test_a_file_of_samples_goes_on_only_with_a_survey_that_computes_the_same(tmp_path):
    class Brighter(Lamp):
        def __call__(self, power, depth):
            return 1.001 * super().__call__(power, depth)

    how = {"prior": Prior(power=(1, 10), depth=(0.5, 2)), "seed": 0, "path": tmp_path / "lamp.nc", "progress": False}
    first = generate_samples(Lamp(), n=40, chunk_size=20, **how)
    assert "A lamp cannot be stored" in first.attrs["survey"]
    longer = generate_samples(Lamp(), n=60, chunk_size=20, **how)
    np.testing.assert_array_equal(longer["data"][:40], first["data"])
    Brighter.__name__ = "Lamp"
    with pytest.raises(ValueError, match=r"other data than .*lamp\.nc was made with: .* light at distance 1 m is"):
        generate_samples(Brighter(), n=80, chunk_size=20, **how)


def test_models_that_cannot_be_computed_are_kept_and_counted():
    class Fragile(Failing):
        def __call__(self, **models):
            data = SURVEY(**models)
            data[:2] = np.nan
            return data

    samples = generate_samples(Fragile(), PRIOR, 250, seed=0, chunk_size=100, progress=False)
    assert samples.attrs["n_failed"] == 6
    assert samples["data"].isnull().all("channel").sum() == 6
    assert samples["resistivity"].isel(layer=0).notnull().all()


@pytest.mark.parametrize(
    ("survey", "prior"),
    [
        (SURVEY, PRIOR),
        (SURVEY, LayeredPrior(1, resistivity=(1, 100))),
        (DipoleDipole(a=[5, 5, 10], n=[1, 2, 1]), LayeredPrior(2, thickness=(1, 9), resistivity=(1, 100))),
        (Magnetotelluric(period=[0.1, 10]), LayeredPrior(2, thickness=(100, 900), resistivity=(1, 100))),
    ],
    ids=["mixture", "half-space", "dipole-dipole", "mt"],
)
def test_a_file_gives_back_what_was_in_memory(survey, prior, tmp_path):
    samples = generate_samples(survey, prior, 120, seed=1, path=tmp_path / "s.nc", progress=False)
    stored = open_samples(tmp_path / "s.nc")
    xr.testing.assert_identical(stored, samples)
    assert {name: v.dtype for name, v in stored.variables.items()} == {n: v.dtype for n, v in samples.variables.items()}
    models, data = models_and_data(stored)
    np.testing.assert_allclose(data, survey(**models), rtol=1e-12)
    assert [file.name for file in tmp_path.iterdir()] == ["s.nc"]


def test_a_run_that_was_interrupted_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "s.nc"
    arguments = {"seed": 3, "chunk_size": 100, "progress": False, "path": path}
    with pytest.raises(KeyboardInterrupt) as interrupt:
        generate_samples(Failing(), PRIOR, 450, **arguments)
    assert "200 of 450 samples are in" in interrupt.value.__notes__[0]
    with pytest.raises(ValueError, match="is incomplete: it holds 200 of 450 samples"):
        open_samples(path)
    second = Failing(call=10)
    resumed = generate_samples(second, PRIOR, 450, **arguments)
    assert second.calls_left == 10 - 3
    xr.testing.assert_identical(resumed, generate(450))
    xr.testing.assert_identical(open_samples(path), generate(450))


def test_an_error_in_the_survey_keeps_the_finished_chunks_too(tmp_path):
    path = tmp_path / "s.nc"
    with pytest.raises(ZeroDivisionError):
        generate_samples(Failing(ZeroDivisionError), PRIOR, 450, seed=3, chunk_size=100, progress=False, path=path)
    xr.testing.assert_identical(generate(450, path=path), generate(450))


def test_an_interrupted_run_with_workers_keeps_the_finished_chunks(tmp_path):
    path = tmp_path / "s.nc"
    with ThreadPoolExecutor(1) as client, pytest.raises(KeyboardInterrupt):
        generate_samples(Failing(), PRIOR, 450, seed=3, chunk_size=100, progress=False, path=path, client=client)
    assert xr.load_dataset(path, engine="scipy").sizes["sample"] == 200


def test_ctrl_c_without_a_file_returns_what_is_finished():
    with pytest.warns(UserWarning, match="these are 200 of 450 samples"):
        samples = generate_samples(Failing(), PRIOR, 450, seed=3, chunk_size=100, progress=False)
    assert samples.attrs["complete"] == 0
    xr.testing.assert_equal(samples, generate(450).isel(sample=slice(200)))


def test_ctrl_c_before_the_first_chunk_is_passed_on(tmp_path):
    for path in (None, tmp_path / "s.nc"):
        with pytest.raises(KeyboardInterrupt):
            generate_samples(Failing(call=1), PRIOR, 450, seed=3, chunk_size=100, progress=False, path=path)
    assert not list(tmp_path.iterdir())


def test_a_long_run_is_saved_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(bpinvert.samples, "SAVE_EVERY", 0.0)
    path = tmp_path / "s.nc"
    sizes = []

    class Watching(Failing):
        def __call__(self, **models):
            sizes.append(xr.load_dataset(path, engine="scipy").sizes["sample"] if path.exists() else 0)
            return SURVEY(**models)

    samples = generate_samples(Watching(), PRIOR, 350, seed=3, chunk_size=100, progress=False, path=path)
    assert sizes == [0, 100, 200, 300]
    xr.testing.assert_identical(samples, generate(350))


def test_a_finished_file_is_read_and_a_longer_run_extends_it(tmp_path):
    path = tmp_path / "s.nc"
    generate(250, path=path)
    survey = Failing(call=1)
    again = generate_samples(survey, PRIOR, 250, seed=3, chunk_size=100, progress=False, path=path)
    xr.testing.assert_identical(again, generate(250))
    xr.testing.assert_identical(generate(450, path=path), generate(450))


def test_a_file_of_other_samples_is_never_overwritten(tmp_path):
    path = tmp_path / "s.nc"
    before = generate(250, path=path)
    with pytest.raises(ValueError, match=r"another seed. Choose another path"):
        generate(250, path=path, seed=4)
    with pytest.raises(ValueError, match="another prior and chunk_size"):
        other = LayeredPrior(2, thickness=(1, 2), resistivity=(1, 2))
        generate_samples(SURVEY, other, 250, seed=3, path=path, progress=False)
    with pytest.raises(ValueError, match="holds 250 samples of this survey and prior, but n is 100"):
        generate(100, path=path)
    xr.testing.assert_identical(open_samples(path), before)


def test_files_that_are_not_samples_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"does not exist. Make it with generate_samples"):
        open_samples(tmp_path / "none.nc")
    with pytest.raises(FileNotFoundError, match=r"The folder .* does not exist"):
        generate(10, path=tmp_path / "none" / "s.nc")
    for content in (b"", b"text", b"CDF\x02\x00\x00", b"\x89HDF\r\n\x1a\n" + bytes(100)):
        (tmp_path / "bad.nc").write_bytes(content)
        with pytest.raises(ValueError, match="cannot be read as a netCDF-3 file"):
            open_samples(tmp_path / "bad.nc")
        with pytest.raises(ValueError, match="cannot be read"):
            generate(10, path=tmp_path / "bad.nc")
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="scipy")
    with pytest.raises(ValueError, match="but not one of samples"):
        open_samples(tmp_path / "other.nc")


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "s.nc"
    generate(250, path=path)
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(ValueError, match="cannot be read as a netCDF-3 file"):
        open_samples(path)


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"n": 0}, ValueError, "n is 0; allowed is at least 1"),
        ({"n": 2.5}, TypeError, "n is 2.5; it must be a whole number"),
        ({"seed": None}, TypeError, "seed is None"),
        ({"seed": -1}, ValueError, "seed is -1"),
        ({"chunk_size": 0}, ValueError, "chunk_size is 0"),
    ],
)
def test_impossible_numbers_are_refused(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        generate(**({"n": 10} | arguments))


def test_a_prior_of_other_properties_is_refused():
    prior = LayeredPrior(2, thickness=(1, 9), vs=(100, 900))
    with pytest.raises(ValueError, match="The prior draws vs, but Schlumberger needs resistivity"):
        generate_samples(SURVEY, prior, 10, seed=0, progress=False)


def test_a_file_too_big_for_netcdf_3_is_refused_before_the_work(tmp_path):
    with pytest.raises(ValueError, match=r"holds 2 GiB per variable. Choose a smaller n"):
        generate(10**8, path=tmp_path / "s.nc")


def test_progress_goes_to_stderr_and_only_on_request(capsys):
    generate(150)
    assert capsys.readouterr() == ("", "")
    generate(150, progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "150/150" in captured.err
