"""`invert` without any set-up: survey, prior and noise are taken from the soundings themselves."""

from __future__ import annotations

import functools
import warnings
from pathlib import Path

import numpy as np
import xarray as xr

from bpinvert.geometry import as_observed, surveys_of, used_at
from bpinvert.inverter import electrodes, instruments, several, tensors, waves
from bpinvert.inverter.errors import noise_of_errors, with_least_errors
from bpinvert.inverter.inverter import Inverter
from bpinvert.inverter.loading import load_inverter
from bpinvert.joining import part_of, parts_in
from bpinvert.noise import Noise, joined_noise
from bpinvert.readers import read_soundings
from forward_models import Joint

# By method: what makes the survey of soundings, and what makes the prior for them.
_MAKERS = {
    **dict.fromkeys(electrodes.METHODS, (electrodes.survey_of_electrodes, electrodes.prior_of_electrodes)),
    **dict.fromkeys(tensors.METHODS, (tensors.survey_of_tensors, tensors.prior_of_tensors)),
    **dict.fromkeys(instruments.METHODS, (instruments.survey_of_instrument, instruments.prior_of_instrument)),
    **dict.fromkeys(waves.METHODS, (waves.survey_of_waves, waves.prior_of_waves)),
}
# AB/2 as a multiple of the spacing that a sheet gives.
_HALF_SPACINGS = {"ab2": 1.0, "a": 1.5}
# Readings this far beyond the range of the inverter that comes with the package count as within.
_TOLERANCE = 1.5
# Share of readings within its range from which on it serves; refinement uses the others all the same.
_MOST = 0.8
# Less than for an inverter that is kept: the rate of false alarms is true to 0.07 %, and the user waits.
_N_CALIBRATION = 20_000
# The physics of these methods takes longer: fewer samples, epochs and simulations.
_SLOW = (*instruments.METHODS, *tensors.METHODS, *waves.METHODS, "ip")
_N_SAMPLES, _EPOCHS, _N_SIMULATED = 30_000, 20, 2000
# To refine a dispersion curve takes twenty times as long as a resistivity sounding.
_N_WAVES = 1000
# Where a sheet comes without errors the level is estimated with the sounding, between these.
_RELATIVE = (0.01, 0.1)


def invert(
    observed,
    *,
    inverter=None,
    method="ves",
    level="refined",
    fixed=None,
    n_layers="auto",
    draws=0,
    progress=False,
):
    """Models of a field sheet, without any set-up.

    Parameters
    ----------
    observed : path of a sheet, or Dataset from ``read_soundings``
    inverter : Inverter or path of one, optional
        Default: for Schlumberger and Wenner soundings with AB/2 of 1 m to 10 km the one that comes with the package;
        else one is trained for these soundings, with a wide prior of two to four layers (about a minute). For
        electromagnetic soundings that is done for the survey in their attribute ``survey``, which readers write.
        Of surface waves vs, vp by Poisson's ratio and a density that goes with vs are the unknowns. The prior of
        joined soundings reaches as far as those of all their methods (some minutes).
    method : {"ves", "mt", "tdem", "fdem", "surface_waves", "ip"}
        Kind of sheet.
    level, fixed, n_layers, draws, progress : as in :meth:`Inverter.invert`

    Returns
    -------
    xarray.Dataset

    Notes
    -----
    Errors of magnetotelluric soundings are taken to be at least 3 % of ρa and 0.86° of phase, as the formal ones of
    transfer functions leave out that the ground is not quite layered; ``errors_raised`` counts the readings concerned,
    and the report says so. :meth:`Inverter.invert` takes errors as they are stated.

    Raises
    ------
    ValueError
        If the sheet cannot be read or has no sounding with three usable readings.
    """
    if isinstance(observed, str | Path):
        observed = read_soundings(observed, method=method)
    if isinstance(inverter, str | Path):
        inverter = load_inverter(inverter)
    if inverter is None or isinstance(observed, xr.Dataset):
        observed = ready(observed)
    if inverter is None:
        inverter = _made_for(observed, progress)
    return inverter.invert(observed, level, fixed=fixed, n_layers=n_layers, draws=draws, progress=progress)


def ready(observed) -> xr.Dataset:
    """Soundings with errors that can be believed, as `invert` takes them.

    Raises
    ------
    TypeError
        If `observed` is no Dataset.
    """
    if not isinstance(observed, xr.Dataset):
        raise TypeError(
            f"observed is a {type(observed).__name__}; pass the path of a sheet or a Dataset from read_soundings, "
            "or the inverter that the array belongs to."
        )
    return several.each(observed, with_least_errors) if parts_in(observed) else with_least_errors(observed)


def _made_for(observed, progress):
    """The inverter that comes with the package where it serves these soundings, else one trained for them."""
    survey = survey_of(observed)
    if is_served(observed):
        return shipped()
    observed = as_observed(observed, survey)
    inverter = Inverter(survey, prior_of(survey, observed), noise_of(survey, observed), **_settings(survey, observed))
    with warnings.catch_warnings():
        if survey.method in waves.METHODS:
            # Over a slow half-space no wave is guided: such models have no data, and nobody has to do anything.
            warnings.filterwarnings("ignore", ".* of the models of the prior .* are left out")
        return inverter.fit(progress=progress, **_lengths(survey))


def _settings(survey, observed):
    settings = {"max_epochs": _EPOCHS} if survey.method in (*_SLOW, "joint") else {}
    if survey.method in waves.METHODS:
        settings["sheets"] = waves.sheets_of_waves(observed)
    if survey.method in electrodes.METHODS:
        settings["sheets"] = electrodes.sheets_of_electrodes(survey, observed)
    return settings


def _lengths(survey):
    """Samples and simulations of a training."""
    if survey.method == "joint":
        # As the slowest of its methods: what takes long is their physics.
        least = [_lengths(own).get("n_calibration") for own in surveys_of(survey)]
        return {"n_samples": _N_SAMPLES, "n_calibration": min(least)}
    if survey.method in _SLOW:
        n_simulated = _N_WAVES if survey.method in waves.METHODS else _N_SIMULATED
        return {"n_samples": _N_SAMPLES, "n_calibration": n_simulated}
    return {"n_calibration": _N_CALIBRATION}


def is_served(observed) -> bool:
    """Whether the inverter that comes with the package is for soundings like these: most used AB/2 in its range."""
    name = next((name for name in _HALF_SPACINGS if name in observed), None)
    if observed.attrs.get("method") != "ves" or name is None or "n" in observed:
        return False
    if observed.attrs.get("array") == "PolePole":
        return False
    half = _HALF_SPACINGS[name] * _values(observed, name)
    low, high = shipped().survey.ab2[[0, -1]]
    inside = (half >= low / _TOLERANCE) & (half <= high * _TOLERANCE)
    return bool(half.size and inside.mean() >= _MOST)


@functools.cache
def shipped() -> Inverter:
    """The inverter that comes with the package, for Schlumberger soundings of any readings."""
    return load_inverter(Path(__file__).parents[1] / "data" / "schlumberger.nc")


def survey_of(observed):
    """The survey that soundings were made with, to train an inverter for it.

    For electromagnetic files it is the system that the file describes, with its own gates or frequencies; for others
    one whose channels are the readings of all soundings, each once: AB/2, a, pairs of a and n, periods, or periods of
    each mode. Of joined soundings it is the `Joint` of these.

    Parameters
    ----------
    observed : xarray.Dataset from ``read_soundings``

    Returns
    -------
    forward_models.Survey

    Raises
    ------
    ValueError
        If the method is unknown, an electromagnetic one without its survey, or nothing usable was read.
    """
    method = observed.attrs.get("method")
    if method == "joint":
        names = parts_in(observed)
        return Joint(*(survey_of(part_of(observed, name)) for name in names), names=names)
    if method not in _MAKERS:
        raise ValueError(
            f"the soundings are of method {method!r}; without an inverter only {', '.join(map(repr, _MAKERS))} can be "
            "inverted. Train an Inverter for this survey and pass it."
        )
    return _MAKERS[method][0](observed)


def prior_of(survey, observed):
    """A wide prior of two to four layers that the survey can see, for `observed` as from ``as_observed``."""
    if survey.method == "joint":
        pairs = ((own, part_of(observed, name)) for name, own in survey.parts)
        return several.prior_of_several(survey, [prior_of(own, part) for own, part in pairs])
    return _MAKERS[survey.method][1](survey, observed)


def noise_of(survey, observed) -> Noise:
    """What errors the soundings state; without any, 1 to 10 %, and what goes with it on phases and chargeabilities."""
    if survey.method == "joint":
        parts = survey.channels.parts
        noises = (noise_of(own, part_of(observed, name)) for name, own in survey.parts)
        return joined_noise(list(zip(parts, noises, strict=True)))
    if survey.method in instruments.METHODS:
        return instruments.noise_of_instrument(survey, observed, _RELATIVE)
    return noise_of_errors(survey, observed, _RELATIVE)


def _values(observed, name):
    """The finite values of `name` at used readings."""
    values, used = used_at(observed, name)
    return values[used & np.isfinite(values)]
