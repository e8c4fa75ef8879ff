"""Survey and prior for magnetotelluric soundings, taken from the soundings themselves."""

from __future__ import annotations

import numpy as np

from bpinvert.geometry import used_at
from bpinvert.inverter.places import refuse_few, thinned
from bpinvert.priors import LayeredPrior
from forward_models import Magnetotelluric

METHODS = ("mt",)
# Skin depth in m: times the root of Ω·m times s.
_SKIN = 503.0
_RESISTIVITY = (0.1, 20_000.0)


def survey_of_tensors(observed):
    """Apparent resistivity and phase at the periods of all soundings, each once.

    Raises
    ------
    ValueError
        If there are no periods, or fewer than three can be used.
    """
    if "period" not in observed:
        raise ValueError(
            f"the soundings have {', '.join(map(str, observed.data_vars))} but no period. Train an Inverter for this "
            "survey and pass it."
        )
    values, used = used_at(observed, "period")
    periods = np.unique(values[used & np.isfinite(values) & (values > 0)])
    refuse_few(observed, periods.size, "period")
    return Magnetotelluric(thinned(periods))


def prior_of_tensors(survey, observed) -> LayeredPrior:
    """A wide prior of two to four layers that the periods can see.

    Thicknesses reach from a third of the smallest to half of the largest skin depth 503 √(ρa T) m at the median
    apparent resistivity.
    """
    rhoa, used = used_at(observed, "apparent_resistivity")
    median = np.median(rhoa[used & (rhoa > 0)])
    reach = _SKIN * np.sqrt(median * survey.period)
    thickness = (float(reach.min()) / 3, float(reach.max()) / 2)
    return LayeredPrior(n_layers=(2, 4), thickness=thickness, resistivity=_RESISTIVITY)
