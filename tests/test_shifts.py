"""The shifts that the benchmark of the range flags detects."""

import numpy as np
import pytest

from benchmarks.flags import auroc
from benchmarks.shifts import shifts
from benchmarks.tasks import TASKS


@pytest.mark.parametrize("name", ["MT3", "VES3"])
def test_every_shift_gives_usable_data_and_is_repeatable(name):
    task = TASKS[name]
    assert len(shifts(task)) == {"MT3": 13, "VES3": 14}[name]
    for shift in shifts(task).values():
        models, data = shift(task, 20, np.random.default_rng(0))
        assert len(models["resistivity"]) == 20
        assert data.shape == (20, len(task.survey.channels)) and (np.isfinite(data).all() and (data > 0).all())
        np.testing.assert_array_equal(data, shift(task, 20, np.random.default_rng(0))[1])


def test_an_outlier_is_ten_standard_deviations_off_in_one_datum():
    task = TASKS["VES3"]
    spoilt = np.log(shifts(task)["one 10 σ outlier"](task, 500, np.random.default_rng(0))[1])
    rng = np.random.default_rng(0)
    exact = np.log(task.survey(**task.prior.draw(500, rng)))
    off = np.sort(np.abs(spoilt - exact) / 0.03, axis=1)
    assert abs(off[:, -1].mean() - 10) < 0.2 and off[:, -2].max() < 5.5


def test_parameters_outside_are_so_by_the_factor_that_is_stated(monkeypatch):
    task, seen = TASKS["MT3"], {}

    def record(**models):
        seen.update(models)
        return np.ones((len(models["thickness"]), len(task.survey.channels)))

    for name, key, ends in (
        ("one ρ 3–10× outside", "resistivity", (10, 1000)),
        ("one h up to 3× outside", "thickness", (100, 1000)),
    ):
        recording = type("Recording", (), {"__call__": lambda self, **m: record(**m), "channels": task.survey.channels})
        shifts(task)[name](
            type("T", (), {"survey": recording(), "prior": task.prior, "noise": task.noise}),
            300,
            np.random.default_rng(0),
        )
        outside = np.maximum(seen[key] / ends[1], ends[0] / seen[key])
        assert ((outside > 1).sum(axis=1) == 1).all()
        low, high = (3, 10) if key == "resistivity" else (1, 3)
        assert low <= outside.max(axis=1).min() and outside.max(axis=1).max() <= high


def test_auroc_is_the_chance_that_a_stranger_scores_higher():
    rng = np.random.default_rng(0)
    usual, strange = rng.integers(0, 9, 300), rng.integers(2, 12, 200)
    pairs = strange[:, None] - usual
    assert auroc(usual, strange) == pytest.approx((pairs > 0).mean() + (pairs == 0).mean() / 2)
