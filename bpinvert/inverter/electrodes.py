"""Survey and prior for soundings with electrodes, resistivity and induced polarisation, taken from the soundings."""

from __future__ import annotations

import json

import numpy as np

from bpinvert.geometry import used_at
from bpinvert.inverter.places import refuse_few, thinned
from bpinvert.priors import LayeredPrior
from bpinvert.sheets import Sheets
from forward_models import METHODS as SURVEYS
from forward_models import InducedPolarization

METHODS = ("ves", "ip")
# Arrays by the coordinates that tell their readings apart, the usual one of each first.
_ARRAYS = {
    ("ab2",): ("Schlumberger",),
    ("a", "n"): ("DipoleDipole", "PoleDipole"),
    ("a",): ("Wenner", "PolePole"),
}
# Of more pairs of a and n the rarest are left to refinement.
_MOST_POINTS = 60
_RESISTIVITY = (0.5, 20_000.0)
# In mV/V: what cannot be measured, and the most that any ground but the strangest has; beyond it what data ask for.
_LEAST_CHARGE, _USUAL_CHARGE, _MOST_CHARGE = 0.3, 300.0, 900.0
# Chargeabilities of layers as a multiple of the largest that appears.
_BEYOND = 3.0


def survey_of_electrodes(observed):
    """The array with the readings of all soundings, each once: AB/2, a, or a and n.

    Raises
    ------
    ValueError
        If there are no such coordinates, or nothing usable was read.
    """
    found = [names for names in _ARRAYS if all(name in observed for name in names)]
    if not found:
        raise ValueError(
            f"the soundings have {', '.join(map(str, observed.data_vars))} but none of ab2, a. Train an Inverter for "
            "this survey and pass it."
        )
    names = found[0]
    said = json.loads(observed.attrs.get("survey") or "{}").get("dc", {}).get("survey") or observed.attrs.get("array")
    array = SURVEYS[said if said in _ARRAYS[names] else _ARRAYS[names][0]]
    place = np.stack([used_at(observed, name)[0] for name in names])
    there = used_at(observed, names[0])[1] & (np.isfinite(place) & (place > 0)).all(axis=0)
    # Pairs have gone through a division by a; single spacings stay as they are written.
    place = place[:, there].round(6) if len(names) > 1 else place[:, there]
    places, counts = np.unique(place, axis=1, return_counts=True)
    refuse_few(observed, counts.size, " and ".join(names))
    if len(names) > 1:
        places = places[:, np.sort(np.argsort(-counts, kind="stable")[:_MOST_POINTS])]
    else:
        places = thinned(places[0])[None]
    dc = array(**dict(zip(names, places, strict=True)))
    return InducedPolarization(dc) if observed.attrs.get("method") == "ip" else dc


def sheets_of_electrodes(survey, observed) -> Sheets:
    """Sheets like these: of dipoles no sounding has all pairs of a and n where they differ from place to place."""
    if not survey.channels.points:
        return Sheets()
    used = used_at(observed, next(iter(survey.channels.coordinates)))[1]
    return Sheets(complete=1.0 if (used.sum(axis=1) == survey.channels.n_readings).all() else 0.0)


def prior_of_electrodes(survey, observed) -> LayeredPrior:
    """A wide prior of two to four layers that the array can see.

    Thicknesses reach from a third of the shallowest to half of the deepest reach: AB/2, a, or of dipoles (n + 1) a/2.
    Chargeabilities are log-uniform from 0.3 to 300 mV/V, or to three times the largest that appears, if that is more.
    """
    channels = survey.channels
    reach = channels.value * (channels.extra["n"] + 1) / 2 if "n" in channels.extra else channels.value
    thickness = (float(reach.min()) / 3, float(reach.max()) / 2)
    charge = {}
    if "chargeability" in survey.properties:
        values, used = used_at(observed, "apparent_chargeability")
        largest = float(np.abs(values[used & np.isfinite(values)]).max(initial=0.0))
        charge = {"chargeability": (_LEAST_CHARGE, float(np.clip(_BEYOND * largest, _USUAL_CHARGE, _MOST_CHARGE)))}
    return LayeredPrior(n_layers=(2, 4), thickness=thickness, resistivity=_RESISTIVITY, **charge)
