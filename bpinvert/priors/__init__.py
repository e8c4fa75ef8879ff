"""What is plausible before a sounding is seen: models that can be drawn, encoded and stored."""

from bpinvert.priors.depth_grid import DepthGridPrior
from bpinvert.priors.distributions import LogUniform
from bpinvert.priors.layered import LayeredPrior
from bpinvert.priors.models import Models, padded
from bpinvert.priors.specifications import Fixed, Ordered, PoissonRatio, PowerLaw, Relative
from bpinvert.priors.unlayered import Prior

__all__ = [
    "DepthGridPrior",
    "Fixed",
    "LayeredPrior",
    "LogUniform",
    "Models",
    "Ordered",
    "PoissonRatio",
    "PowerLaw",
    "Prior",
    "Relative",
    "padded",
    "prior_from_dict",
]


def prior_from_dict(description: dict) -> LayeredPrior | DepthGridPrior | Prior:
    """Rebuild a prior from its ``to_dict``.

    Distributions are looked up in scipy.stats by name; nothing in the description is ever run.

    Raises
    ------
    ValueError
        If the description is not one of a prior.
    """
    settings = dict(description)
    kind = settings.pop("prior", None)
    try:
        if kind == "Prior":
            return Prior(**dict(settings.pop("distributions")), **settings)
        if kind == "LayeredPrior":
            properties, context = dict(settings.pop("properties")), dict(settings.pop("context"))
            return LayeredPrior(settings.pop("n_layers"), context=context, **properties, **settings)
        if kind == "DepthGridPrior":
            properties, context = dict(settings.pop("properties")), dict(settings.pop("context"))
            return DepthGridPrior(settings.pop("depth"), context=context, **properties, **settings)
    except (KeyError, TypeError) as error:
        raise ValueError(f"The description of a {kind} is incomplete or has unknown entries: {error}.") from None
    raise ValueError(f"The description is of a prior called {kind!r}; known are LayeredPrior, DepthGridPrior, Prior.")
