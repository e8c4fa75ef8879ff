"""What `bp.invert` takes from surface waves, induced polarisation and transfer functions alone."""

import json

import numpy as np
import pytest
import xarray as xr

import bpinvert as bp
from bpinvert.inverter import unaided
from forward_models import DipoleDipole, InducedPolarization, Love, Magnetotelluric, PolePole, Rayleigh, Schlumberger

TABLE = ("sounding", "reading")


def soundings(survey, models, std=None, **attrs):
    """Noise-free soundings as readers give them, with relative errors where `std` is given."""
    data, channels = survey(**models), survey.channels
    variables = {}
    for quantity in channels.quantities:
        own = data[:, channels.columns(quantity)]
        variables[quantity] = (TABLE, own)
        if std is not None:
            variables[f"{quantity}_std"] = (TABLE, std * np.abs(own))
    first = channels.columns(channels.quantities[0])
    for name, values in channels.coordinates.items():
        variables[name] = (TABLE, np.broadcast_to(values[first], (len(data), len(first))))
    variables["used"] = (TABLE, np.isfinite(variables[channels.quantities[0]][1]))
    kind = type(getattr(survey, "dc", survey)).__name__
    return xr.Dataset(variables, attrs={"method": survey.method, "array": kind, **attrs})


def made_for(observed):
    """Survey, prior and noise without training."""
    observed = unaided.ready(observed)
    survey = unaided.survey_of(observed)
    observed = bp.geometry.as_observed(observed, survey)
    return survey, unaided.prior_of(survey, observed), unaided.noise_of(survey, observed)


def reach_of(prior, name):
    """Lowest and highest value that a prior of two layers has."""
    n = len(prior.fixed(2).parameters)
    return prior.fixed(2).decode(np.array([[0.0] * n, [1.0] * n]))[name][:, 0]


GROUND = {"thickness": [[8.0]], "vs": [[150.0, 400.0]], "vp": [[300.0, 1500.0]], "density": [[1800.0, 1900.0]]}


@pytest.mark.parametrize("wave", [Rayleigh, Love])
def test_modes_are_curves_of_one_survey_where_each_was_picked(wave):
    survey = wave(frequency=np.tile(np.geomspace(5, 50, 8), 2), mode=np.repeat([0, 1], 8))
    found, prior, noise = made_for(soundings(survey, GROUND, std=0.02))
    there = np.isfinite(survey(**GROUND)[0])
    assert type(found) is wave and found.method == "surface_waves" and len(found.channels) == there.sum() < 16
    for mode in (0, 1):
        picked = np.sort(survey.channels.value[there & (survey.mode == mode)])
        np.testing.assert_allclose(np.sort(found.channels.value[found.mode == mode]), picked)
    low, high = reach_of(prior, "vs")
    assert low < 150 and high > 400 and high / low < 40
    low, high = reach_of(prior, "thickness")
    assert low < 1 and 15 < high < 60
    # One free parameter for each thickness, vs and, of Rayleigh waves alone, Poisson's ratio.
    assert len(prior.fixed(2).parameters) == (5 if wave is Rayleigh else 3)
    assert noise == bp.Noise(relative=0.02)


def test_prior_models_of_waves_have_densities_of_ground():
    survey = Rayleigh(period=np.geomspace(0.02, 0.2, 6))
    _, prior, noise = made_for(soundings(survey, GROUND))
    drawn = prior.draw(500, 0)
    assert 1400 < np.nanmin(drawn["density"]) and np.nanmax(drawn["density"]) < 2400
    ratio = (drawn["vp"] / drawn["vs"])[np.isfinite(drawn["vs"])]
    assert ratio.min() > 1.6 and 6 < ratio.max() < 7.2
    assert noise == bp.Noise(relative=(0.01, 0.1))


CRUST = {
    "thickness": [[3.0, 6.0]],
    "vs": [[300.0, 150.0, 500.0]],
    "vp": [[600.0, 400.0, 999.0]],
    "density": [[1900.0] * 3],
}


@pytest.mark.parametrize(
    ("ground", "scatter", "errors", "grows"),
    [
        (GROUND, 0.0, None, True),
        (GROUND, 0.1, None, True),
        (GROUND, 0.1, 0.1, True),
        (CRUST, 0.0, None, False),
        (CRUST, 0.003, 0.003, False),
    ],
)
def test_shear_velocities_grow_where_phase_velocities_do_but_for_their_scatter(ground, scatter, errors, grows):
    observed = soundings(Rayleigh(frequency=np.geomspace(10, 30, 15)), ground, std=errors)
    observed["phase_velocity"] *= np.exp(scatter * np.random.default_rng(1).standard_normal((1, 15)))
    _, prior, _ = made_for(observed)
    vs = prior.fixed(3).draw(300, 0)["vs"]
    assert bool((np.diff(vs, axis=1) > 0).all()) == grows


def test_group_velocities_alone_say_nothing_of_the_order_of_layers():
    _, prior, _ = made_for(soundings(Rayleigh(frequency=np.geomspace(6, 60, 15), velocity="group"), GROUND))
    assert (np.diff(prior.fixed(3).draw(300, 0)["vs"], axis=1) < 0).any()


def test_waves_of_an_unknown_kind_or_too_few_are_refused():
    observed = soundings(Rayleigh(period=[0.02, 0.05, 0.1]), GROUND)
    with pytest.raises(ValueError, match=r"attrs\['array'\] is 'Lamb'; waves are Rayleigh or Love"):
        unaided.survey_of(observed.assign_attrs(array="Lamb"))
    with pytest.raises(ValueError, match=r"3 different periods, which are needed at least"):
        unaided.survey_of(observed.isel(reading=[0, 1]))


CHARGED = {"thickness": [[5.0]], "resistivity": [[100.0, 20.0]], "chargeability": [[10.0, 80.0]]}


@pytest.mark.parametrize("described", [True, False])
@pytest.mark.parametrize(
    "dc",
    [
        Schlumberger(ab2=np.geomspace(1, 100, 8)),
        DipoleDipole(a=[2, 2, 2, 8, 8], n=[1, 2, 3, 0.5, 1.5]),
        PolePole(a=[1, 3, 9]),
    ],
    ids=["Schlumberger", "DipoleDipole", "PolePole"],
)
def test_induced_polarisation_is_of_the_array_that_measured_it(dc, described):
    survey = InducedPolarization(dc)
    observed = soundings(survey, CHARGED)
    if described:
        observed.attrs["survey"] = json.dumps(survey.to_dict())
    found, prior, noise = made_for(observed)
    assert type(found.dc) is type(dc)
    for name in ("ab2", "a", "n") if described else ():
        if name in dc.channels.coordinates:
            stated, own = (np.sort(s.channels.coordinates[name]) for s in (survey, found))
            np.testing.assert_allclose(own, stated, rtol=1e-6)
    low, high = reach_of(prior, "chargeability")
    assert low < 1 and 250 < high <= 900
    assert noise == bp.Noise(relative=(0.01, 0.1), floor={"apparent_chargeability": 1.0})


def test_soundings_of_dipoles_share_the_pairs_that_they_have_most():
    n = np.linspace(0.1, 9, 80)
    survey = DipoleDipole(a=1.0, n=n)
    models = {"thickness": [[5.0]], "resistivity": [[100.0, 20.0]]}
    observed = xr.concat([soundings(survey, models)] * 2, "sounding")
    observed["used"][1, 60:] = False
    found, _, _ = made_for(observed)
    np.testing.assert_allclose(np.sort(found.n), n[:60], atol=1e-6)
    assert not unaided.is_served(observed)


def tensor(std):
    survey = Magnetotelluric(period=np.geomspace(1e-3, 10, 8))
    observed = soundings(survey, {"thickness": [[200.0]], "resistivity": [[100.0, 10.0]]}, std=std)
    return observed.assign_attrs(read_report="site")


def test_errors_that_transfer_functions_state_are_raised_to_what_can_be_believed():
    ready = unaided.ready(tensor(2e-4))
    rhoa = ready["apparent_resistivity"]
    np.testing.assert_allclose(ready["apparent_resistivity_std"], 0.03 * rhoa, rtol=1e-12)
    # 3 % of ρa are 1.5 % of the impedance, and that is 0.015 rad.
    np.testing.assert_allclose(ready["phase_std"], np.degrees(0.015), rtol=1e-12)
    assert ready["errors_raised"].values.tolist() == [8]
    assert ready.attrs["read_report"].startswith(
        "site\nOf 8 readings stated errors are less than 3 % of ρa or 0.86 deg"
    )
    xr.testing.assert_identical(unaided.ready(ready), ready)
    _, _, noise = made_for(ready)
    assert noise == bp.Noise(relative={"apparent_resistivity": 0.03}, floor={"phase": 0.859437})


def test_layers_under_a_tensor_go_by_the_skin_depths_of_its_periods():
    observed = tensor(None)
    _, prior, _ = made_for(observed)
    skin = np.sqrt(2 * np.median(observed["apparent_resistivity"]) / (4e-7 * np.pi * 2 * np.pi / np.array([1e-3, 10])))
    ends = prior.fixed(2).decode(np.array([[0.0] * 3, [1.0] * 3]))["thickness"][:, 0]
    np.testing.assert_allclose(ends, skin * [1 / 3, 1 / 2], rtol=2e-3)


@pytest.mark.parametrize("std", [0.05, None])
def test_larger_errors_and_none_stay_as_they_are(std):
    observed = tensor(std)
    xr.testing.assert_identical(unaided.ready(observed), observed)


def test_stated_errors_of_other_methods_are_believed():
    observed = soundings(Rayleigh(period=[0.02, 0.05, 0.1]), GROUND, std=1e-3)
    assert unaided.ready(observed) is observed
