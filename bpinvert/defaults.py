"""What a survey and a prior may be when the user names neither: taken from the soundings themselves."""

from __future__ import annotations

import numpy as np

from bpinvert.noise import Noise
from bpinvert.priors import LayeredPrior
from forward_models import Magnetotelluric, Schlumberger

_MOST_CHANNELS = 40
# Assumed where a sheet comes without errors; 5 % is what careful VES and MT readings have.
_RELATIVE = 0.05


def survey_of(observed):
    """The survey whose channels are the soundings' own readings: AB/2 or periods, each once.

    Raises
    ------
    ValueError
        If the method is not "ves" or "mt", or nothing usable was read.
    """
    method = observed.attrs.get("method")
    if method not in ("ves", "mt"):
        raise ValueError(
            f"the soundings are of method {method!r}; without an inverter only 'ves' and 'mt' can be inverted. "
            "Train an Inverter for this survey and pass it."
        )
    name = "ab2" if method == "ves" else "period"
    places = observed[name].values[observed["used"].values]
    places = np.unique(places[np.isfinite(places)])
    if places.size < 3:
        raise ValueError(
            f"the sheet has {places.size} usable readings at different {name}; at least 3 are needed. "
            "Correct or add readings."
        )
    if places.size > _MOST_CHANNELS:
        places = np.geomspace(places[0], places[-1], _MOST_CHANNELS)
    return Schlumberger(ab2=places) if method == "ves" else Magnetotelluric(period=places)


def prior_of(survey, observed) -> LayeredPrior:
    """A wide prior of two to four layers that the survey can see.

    Thicknesses reach from a third of the shallowest to half of the deepest reach of the readings: AB/2, or the skin
    depth 503 √(ρa T) m at the median apparent resistivity.
    """
    if isinstance(survey, Schlumberger):
        reach, resistivity = survey.ab2, (0.5, 20_000.0)
    else:
        median = np.nanmedian(observed["apparent_resistivity"].values)
        reach, resistivity = 503 * np.sqrt(median * survey.period), (0.1, 20_000.0)
    thickness = (float(reach.min()) / 3, float(reach.max()) / 2)
    return LayeredPrior(n_layers=(2, 4), thickness=thickness, resistivity=resistivity)


def noise_of(survey, observed) -> Noise:
    """The span of the errors in the sheet; without any, 5 % of ρa and for MT half of that in radians on the phase."""
    relative = _span(observed, "apparent_resistivity", relative=True) or _RELATIVE
    if isinstance(survey, Schlumberger):
        return Noise(relative=relative)
    floor = _span(observed, "phase", relative=False) or float(np.degrees(_RELATIVE / 2))
    return Noise(relative={"apparent_resistivity": relative}, floor={"phase": floor})


def _span(observed, quantity, *, relative):
    """(smallest, largest) error over the used readings, one number where they agree, None without errors."""
    name = f"{quantity}_std"
    if name not in observed:
        return None
    error = observed[name].values / (np.abs(observed[quantity].values) if relative else 1.0)
    error = error[observed["used"].values & np.isfinite(error) & (error > 0)]
    if not error.size:
        return None
    low, high = float(error.min()), min(float(error.max()), 1.0 if relative else np.inf)
    return (low, high) if high > 1.2 * low else high
