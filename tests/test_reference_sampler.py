"""The reference sampler finds known posteriors, and a stored reference is that of the task as it is now."""

import dataclasses

import numpy as np
import pytest

from benchmarks.reference_sampler import load_reference, make_reference
from benchmarks.tasks import TASKS, Task
from benchmarks.tempering import Settings, sample
from bpinvert import LayeredPrior, Noise
from forward_models import Schlumberger


def cut_by_a_corner(u):
    a, b = (u[:, 0] - 0.03) / 0.1, (u[:, 1] - 0.02) / 0.1
    return -(a**2 - 2 * 0.95 * a * b + b**2) / (2 * (1 - 0.95**2))


def two_modes(u):
    narrow = np.exp(-np.square((u - [0.2, 0.3]) / 0.02).sum(axis=1) / 2) / 0.02**2
    wide = np.exp(-np.square((u - [0.8, 0.7]) / 0.04).sum(axis=1) / 2) / 0.04**2
    return np.log(0.7 * narrow + 0.3 * wide + 1e-300)


def bent_ridge(u):
    return -np.square((u[:, 1] - 0.2 - 4 * np.square(u[:, 0] - 0.6)) / 0.02) / 2


def one_parameter_free(u):
    return -np.square((u[:, 1] - 0.5) / 0.05) / 2


DENSITIES = (cut_by_a_corner, two_modes, bent_ridge, one_parameter_free)


@pytest.fixture(scope="module")
def repeated():
    """(4 densities, 8 repetitions): means (…, 2), mean squares (…, 2) and ln evidences (…) of the sampler."""

    def log_likelihood(u, rows):
        value = np.empty(len(u))
        for k, density in enumerate(DENSITIES):
            value[rows // 8 == k] = density(u[rows // 8 == k])
        return value

    points, evidence = sample(log_likelihood, 32, 2, 1, Settings(particles=500, final_sweeps=8))
    assert ((points >= 0) & (points <= 1)).all()
    moments = np.concatenate([points.mean(axis=1), np.square(points).mean(axis=1)], axis=1)
    return moments.reshape(4, 8, 4), evidence.reshape(4, 8)


@pytest.mark.parametrize("k", range(4), ids=[density.__name__ for density in DENSITIES])
def test_moments_and_evidence_are_those_of_quadrature(repeated, k):
    middle = (np.arange(1000) + 0.5) / 1000
    grid = np.stack(np.meshgrid(middle, middle), axis=-1).reshape(-1, 2)
    density = np.exp(DENSITIES[k](grid))
    expected = density @ np.concatenate([grid, np.square(grid)], axis=1) / density.sum()
    moments, evidence = (part[k] for part in repeated)
    # Monte Carlo errors, from the spread of the repetitions.
    error = moments.std(axis=0, ddof=1) / np.sqrt(8)
    np.testing.assert_array_less(np.abs(moments.mean(axis=0) - expected), 4 * error)
    assert (error < 0.05 * np.sqrt(expected[[2, 3, 2, 3]])).all()
    ratio = np.exp(evidence) / density.mean()
    assert abs(ratio.mean() - 1) < 4 * ratio.std(ddof=1) / np.sqrt(8) < 0.3


@pytest.mark.parametrize("name", ["VES3", "MT3"])
def test_both_runs_of_the_stored_references_agree(name):
    reference = load_reference(name)
    assert reference.agree.all()
    (_, one), (_, two) = (reference.log10_error(mean) for mean in reference.mean)
    assert abs(one / two - 1) < 0.005


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("sigma", {"noise": Noise(relative=0.031)}),
        ("data", {"survey": Schlumberger(ab2=np.geomspace(1, 501, 20))}),
        ("sigma", {"survey": Schlumberger(ab2=np.geomspace(1, 500, 21))}),
        ("decades", {"prior": LayeredPrior(n_layers=3, thickness=(0.5, 101), resistivity=(1, 1e4))}),
        ("truth", {"truth": LayeredPrior(n_layers=3, thickness=(0.6, 100), resistivity=(1, 1e4))}),
    ],
)
def test_a_reference_of_another_task_is_refused_with_the_command(monkeypatch, what, change):
    monkeypatch.setitem(TASKS, "VES3", dataclasses.replace(TASKS["VES3"], **change))
    with pytest.raises(ValueError, match=rf"The {what} of task VES3 .*reference_sampler VES3 --soundings \d+\."):
        load_reference("VES3")


def test_a_missing_reference_is_told_with_the_command(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python -m benchmarks.reference_sampler MT3 --soundings 500"):
        load_reference("MT3", tmp_path)


@pytest.fixture(scope="module")
def one_or_two_layers():
    """A task with wide posteriors, so that quadrature can follow."""
    prior = LayeredPrior(n_layers=(1, 2), thickness=(2, 50), resistivity=(10, 1000))
    return Task("VES2-5", Schlumberger(ab2=np.geomspace(1, 300, 5)), prior, Noise(relative=0.5))


def test_evidences_of_layer_counts_are_those_of_quadrature(monkeypatch, one_or_two_layers):
    task = one_or_two_layers
    monkeypatch.setitem(TASKS, "VES2-5", task)
    made = make_reference("VES2-5", 6, Settings(particles=400, final_sweeps=1), extensions=0)
    assert set(made.truth) == {1, 2}
    for place, count in enumerate((1, 2)):
        prior = task.prior.fixed(count)
        middle = (np.arange(40) + 0.5) / 40
        axes = np.meshgrid(*[middle] * len(prior.parameters))
        grid = np.stack([axis.ravel() for axis in axes], axis=1)
        scaled = task.survey.channels.to_scale(task.survey(**prior.decode(grid)))
        squared = np.square((scaled[:, None] - made.data) / made.sigma).sum(axis=2)
        density = np.exp(-squared / 2).mean(axis=0) / np.prod(made.sigma * np.sqrt(2 * np.pi))
        # 400 particles leave ln evidences uncertain by some 0.1.
        np.testing.assert_allclose(made.evidence[:, :, place], np.tile(np.log(density), (2, 1)), atol=0.4)
        assert abs((made.evidence[:, :, place] - np.log(density)).mean()) < 0.1


def test_evidences_of_layer_counts_are_stored_and_become_probabilities(tmp_path, monkeypatch, one_or_two_layers):
    monkeypatch.setitem(TASKS, "VES2-5", one_or_two_layers)
    made = make_reference("VES2-5", 3, Settings(particles=100, sweeps=(1, 1), final_sweeps=1), extensions=1)
    made.save(tmp_path / "VES2-5.npz")
    read = load_reference("VES2-5", tmp_path)
    np.testing.assert_array_equal(read.evidence, made.evidence)
    odds = np.exp(read.evidence).mean(axis=0)
    np.testing.assert_allclose(read.probability, odds / odds.sum(axis=1, keepdims=True), rtol=1e-10)


def test_a_reference_is_stored_as_it_was_made(tmp_path):
    made = make_reference("MT3", 3, Settings(particles=100, sweeps=(1, 1), final_sweeps=1), extensions=0)
    made.save(tmp_path / "MT3.npz")
    read = load_reference("MT3", tmp_path)
    np.testing.assert_array_equal(read.mean, made.mean)
    # single precision
    np.testing.assert_allclose(read.quantiles, made.quantiles, rtol=1e-7, atol=1e-7)
    assert read.settings["parameters"] == list(TASKS["MT3"].prior.parameters)
