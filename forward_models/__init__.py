"""Forward modellers d = f(m) of 1-D geophysical soundings: numpy in, numpy out.

Construct a survey once, then call it with any number of layered models:
``Schlumberger(ab2)(thickness=h, resistivity=rho)`` turns (n_models, n_layers-1) and (n_models, n_layers) arrays into
(n_models, n_channels) data. SI units; depth positive down; the last layer is a half-space; time factor e^{+iωt}; data
in physical units, float64. A model that cannot be computed is a row of NaN. ``survey.channels`` says what each column
is, ``survey.jacobian`` gives derivatives, ``survey.to_dict`` and `survey_from_dict` store and rebuild it.
`METHODS` is the table of contents; `UserForward` makes a survey of any function of yours.
"""

from forward_models.channels import Channels
from forward_models.combine import Joint, UserForward
from forward_models.dc import DipoleDipole, PoleDipole, PolePole, Schlumberger, Wenner
from forward_models.fdem import LoopLoop
from forward_models.ip import InducedPolarization
from forward_models.mt import Magnetotelluric
from forward_models.surface_waves import Love, Rayleigh
from forward_models.survey import Survey, survey_from_dict
from forward_models.tdem import CentralLoop, CoincidentLoop, OffsetLoop, Waveform

METHODS = {
    survey.__name__: survey
    for survey in (
        Schlumberger,
        Wenner,
        DipoleDipole,
        PoleDipole,
        PolePole,
        InducedPolarization,
        Magnetotelluric,
        LoopLoop,
        CentralLoop,
        CoincidentLoop,
        OffsetLoop,
        Rayleigh,
        Love,
        Joint,
    )
}

__all__ = [
    "METHODS",
    "CentralLoop",
    "Channels",
    "CoincidentLoop",
    "DipoleDipole",
    "InducedPolarization",
    "Joint",
    "LoopLoop",
    "Love",
    "Magnetotelluric",
    "OffsetLoop",
    "PoleDipole",
    "PolePole",
    "Rayleigh",
    "Schlumberger",
    "Survey",
    "UserForward",
    "Waveform",
    "Wenner",
    "survey_from_dict",
]
