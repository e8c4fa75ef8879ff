"""`invert` without any set-up: survey, prior and noise are taken from the soundings themselves."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import xarray as xr

from bpinvert.geometry import as_observed, used_at
from bpinvert.inverter.instruments import METHODS, noise_of_instrument, prior_of_instrument, survey_of_instrument
from bpinvert.inverter.inverter import Inverter
from bpinvert.inverter.loading import load_inverter
from bpinvert.noise import Noise, usual_noise
from bpinvert.priors import LayeredPrior
from bpinvert.readers import read_soundings
from forward_models import Magnetotelluric, Schlumberger, Wenner

# By method: the coordinate of the readings and the survey it belongs to.
_SURVEYS = {"ves": {"ab2": Schlumberger, "a": Wenner}, "mt": {"period": Magnetotelluric}}
# AB/2 as a multiple of the spacing that a sheet gives.
_HALF_SPACINGS = {"ab2": 1.0, "a": 1.5}
# Readings this far beyond the range of the inverter that comes with the package count as within.
_TOLERANCE = 1.5
# Share of readings within its range from which on it serves; refinement uses the others all the same.
_MOST = 0.8
_MOST_CHANNELS = 40
# Less than for an inverter that is kept: the rate of false alarms is true to 0.07 %, and the user waits.
_N_CALIBRATION = 20_000
# The physics of these methods takes longer: fewer samples, epochs and simulations.
_N_SAMPLES, _EPOCHS, _N_SIMULATED = 30_000, 20, 2000
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
    method : {"ves", "mt", "tdem", "fdem"}
        Kind of sheet.
    level, fixed, n_layers, draws, progress : as in :meth:`Inverter.invert`

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    ValueError
        If the sheet cannot be read or has no sounding with three usable readings.
    """
    if isinstance(observed, str | Path):
        observed = read_soundings(observed, method=method)
    if isinstance(inverter, str | Path):
        inverter = load_inverter(inverter)
    inverter = inverter or _made_for(observed, progress)
    return inverter.invert(observed, level, fixed=fixed, n_layers=n_layers, draws=draws, progress=progress)


def _made_for(observed, progress):
    """The inverter that comes with the package where it serves these soundings, else one trained for them."""
    if not isinstance(observed, xr.Dataset):
        raise TypeError(
            f"observed is a {type(observed).__name__}; pass the path of a sheet or a Dataset from read_soundings, "
            "or the inverter that the array belongs to."
        )
    survey = survey_of(observed)
    if is_served(observed):
        return shipped()
    observed = as_observed(observed, survey)
    if survey.method in METHODS:
        prior = prior_of_instrument(survey, observed)
        noise = noise_of_instrument(survey, observed, _RELATIVE)
        inverter = Inverter(survey, prior, noise, max_epochs=_EPOCHS)
        return inverter.fit(n_samples=_N_SAMPLES, n_calibration=_N_SIMULATED, progress=progress)
    inverter = Inverter(survey, prior_of(survey, observed), noise_of(survey, observed))
    return inverter.fit(n_calibration=_N_CALIBRATION, progress=progress)


def is_served(observed) -> bool:
    """Whether the inverter that comes with the package is for soundings like these: most used AB/2 in its range."""
    name = next((name for name in _HALF_SPACINGS if name in observed), None)
    if observed.attrs.get("method") != "ves" or name is None:
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
    one whose channels are the readings of all soundings: AB/2, a or periods, each once.

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
    if method in METHODS:
        return survey_of_instrument(observed)
    if method not in _SURVEYS:
        raise ValueError(
            f"the soundings are of method {method!r}; without an inverter only "
            f"{', '.join(map(repr, (*_SURVEYS, *METHODS)))} can be inverted. Train an Inverter for this survey and "
            "pass it."
        )
    name = next((name for name in _SURVEYS[method] if name in observed), None)
    if name is None:
        raise ValueError(
            f"the soundings have {', '.join(map(str, observed.data_vars))} but none of {', '.join(_SURVEYS[method])}. "
            "Train an Inverter for this survey and pass it."
        )
    places = _values(observed, name)
    places = np.unique(places[places > 0])
    if places.size < 3:
        raise ValueError(
            f"no sounding of the sheet has usable readings at 3 different {name}, which are needed at least. "
            f"Correct or add readings.{_why_unused(observed)}"
        )
    if places.size > _MOST_CHANNELS:
        places = np.geomspace(places[0], places[-1], _MOST_CHANNELS)
    return _SURVEYS[method][name](places)


def _why_unused(observed):
    """What the reader says of readings that are not used."""
    lines = observed.attrs.get("read_report", "").split("\n")
    found = [line for line in lines if "not used" in line or "none of its readings" in line]
    return f" {' '.join(found[:3])}" if found else ""


def prior_of(survey, observed) -> LayeredPrior:
    """A wide prior of two to four layers that the survey can see.

    Thicknesses reach from a third of the shallowest to half of the deepest reach of the readings: AB/2, a, or the skin
    depth 503 √(ρa T) m at the median apparent resistivity.
    """
    if survey.method == "ves":
        reach, resistivity = survey.channels.value, (0.5, 20_000.0)
    else:
        rhoa = _values(observed, "apparent_resistivity")
        median = np.median(rhoa[rhoa > 0])
        reach, resistivity = 503 * np.sqrt(median * survey.period), (0.1, 20_000.0)
    thickness = (float(reach.min()) / 3, float(reach.max()) / 2)
    return LayeredPrior(n_layers=(2, 4), thickness=thickness, resistivity=resistivity)


def noise_of(survey, observed) -> Noise:
    """The span of the errors in the sheet; without any, 1 to 10 % of ρa, and half of that in radians on a phase."""
    usual = usual_noise(survey.channels, _RELATIVE)
    relative = _span(observed, "apparent_resistivity", relative=True) or _RELATIVE
    if survey.method == "ves":
        return Noise(relative=relative)
    floor = _span(observed, "phase", relative=False) or usual.floor["phase"]
    return Noise(relative={"apparent_resistivity": relative}, floor={"phase": floor})


def _values(observed, name):
    """The finite values of `name` at used readings."""
    values, used = used_at(observed, name)
    return values[used & np.isfinite(values)]


def _span(observed, quantity, *, relative):
    """(smallest, largest) error over the used readings, one number where they agree, None without errors."""
    name = f"{quantity}_std"
    if name not in observed:
        return None
    size = np.abs(observed[quantity]) if relative else 1.0
    error = _values(observed.assign({name: observed[name] / size}), name)
    error = error[error > 0]
    if not error.size:
        return None
    low, high = float(error.min()), min(float(error.max()), 1.0 if relative else np.inf)
    return (low, high) if high > 1.2 * low else high
