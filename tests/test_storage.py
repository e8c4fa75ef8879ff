"""The inverter file: what is written is what is read, and nothing damaged is believed."""

import numpy as np
import pytest

from bpinvert import storage

ARRAYS = {
    "weights": np.linspace(-1, 1, 12).reshape(3, 4),
    "bank": np.arange(6, dtype=np.float32),
    "ranks": np.arange(5),
}
SETTINGS = {"survey": {"ab2": [1.5, 0.1]}, "note": "ρ in Ω·m"}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "inverter.nc"
    storage.write(path, "inverter", ARRAYS, SETTINGS)
    return path


def test_arrays_and_settings_come_back_bit_for_bit(path):
    arrays, settings = storage.read(path, "inverter")
    assert settings == SETTINGS
    assert set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
    assert arrays["weights"].dtype == np.float64 and arrays["bank"].dtype == np.float32


def test_any_netcdf_reader_can_read_the_file(path):
    import xarray as xr

    with xr.open_dataset(path, engine="scipy") as dataset:
        np.testing.assert_array_equal(dataset["weights"].values, ARRAYS["weights"])


def test_damage_never_passes_and_never_raises_anything_but_one_sentence(path, tmp_path):
    content = path.read_bytes()
    original, settings = storage.read(path, "inverter")
    rng = np.random.default_rng(0)
    damaged = tmp_path / "damaged.nc"
    refused = 0
    for trial in range(600):
        copy = bytearray(content)
        if trial % 3:
            copy[rng.integers(len(copy))] ^= 1 << rng.integers(8)
        else:
            copy = copy[: rng.integers(len(copy))]
        damaged.write_bytes(bytes(copy))
        try:
            arrays, found = storage.read(damaged, "inverter")
        except ValueError:
            refused += 1
        else:
            # The flipped bit was in padding or in the name of a dimension: nothing of value changed.
            assert found == settings
            for name in original:
                np.testing.assert_array_equal(arrays[name], original[name])
    assert refused > 500


def test_stated_sizes_beyond_the_file_are_refused_before_reading(path):
    content = bytearray(path.read_bytes())
    # Every dimension's length follows its padded name; make the first one huge.
    place = content.index(b"n3\x00\x00") + 4
    content[place : place + 4] = (2**31 - 1).to_bytes(4, "big")
    path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match=r"damaged \(a variable of \d+ bytes is stated, the file has \d+\)"):
        storage.read(path, "inverter")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: p.unlink(), "does not exist"),
        (lambda p: (p.unlink(), p.mkdir()), "is a folder"),
        (lambda p: p.write_text("hello"), "not a netCDF-3 file"),
        (lambda p: p.write_bytes(b""), "not a netCDF-3 file"),
        (lambda p: p.write_bytes(p.read_bytes()[:200]), "damaged"),
    ],
)
def test_files_that_are_no_inverter_are_named(path, make, message):
    make(path)
    with pytest.raises(ValueError, match=message):
        storage.read(path, "inverter")


def test_another_kind_of_file_is_named(path):
    with pytest.raises(ValueError, match="holds a bpinvert inverter; a bpinvert result file"):
        storage.read(path, "result")


def test_netcdf_of_somebody_else_is_named(tmp_path):
    import xarray as xr

    path = tmp_path / "other.nc"
    xr.Dataset({"a": ("x", [1.0, 2.0])}).to_netcdf(path, engine="scipy")
    with pytest.raises(ValueError, match="was not written by bpinvert"):
        storage.read(path, "inverter")


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(path, monkeypatch):
    before = path.read_bytes()
    monkeypatch.setattr(storage.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        storage.write(path, "inverter", {"a": np.zeros(3)}, {})
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_writing_into_a_missing_folder_says_so(tmp_path):
    with pytest.raises(ValueError, match=r"the folder .* does not exist\. Create it first"):
        storage.write(tmp_path / "no" / "a.nc", "inverter", ARRAYS, SETTINGS)
