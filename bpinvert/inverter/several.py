"""Prior and noise for soundings of several methods, put together from those of each method."""

from __future__ import annotations

from bpinvert.joining import join_soundings, part_of, parts_in
from bpinvert.priors import LayeredPrior, prior_from_dict


def prior_of_several(survey, priors) -> LayeredPrior:
    """One prior with all that any of the methods can see: its ranges reach from the lowest to the highest of theirs.

    Parameters
    ----------
    survey : forward_models.Joint
    priors : list of LayeredPrior, one for each of its surveys

    Raises
    ------
    ValueError
        If a method's own prior is not made of ranges alone.
    """
    thickness, properties, context = (1e300, 0.0), {}, {}
    for (name, own), prior in zip(survey.parts, priors, strict=True):
        described = prior.to_dict()
        if not all(isinstance(spec, list) for _, spec in described["properties"]):
            raise ValueError(
                f"{name} has unknowns that depend on each other; without an inverter such soundings can only be "
                "inverted alone. Train an Inverter with a prior of all properties, and pass it."
            )
        thickness = _either(thickness, described["thickness"])
        for key, spec in described["properties"]:
            shared = key if key in survey.share else f"{name}_{key}"
            properties[shared] = _either(properties.get(shared, spec), spec)
        context |= {f"{name}_{key}": spec for key, spec in described["context"] if key in own.context}
    return prior_from_dict(
        priors[0].to_dict()
        | {"thickness": thickness, "properties": list(properties.items()), "context": list(context.items())}
    )


def each(observed, change):
    """Joined soundings with every method's Dataset changed by a function."""
    # Names belong to all methods alike, and need not tell their soundings apart.
    parts = {name: change(part_of(observed, name)).drop_vars("name", errors="ignore") for name in parts_in(observed)}
    joined = join_soundings(parts)
    return joined.assign(name=observed["name"]) if "name" in observed else joined


def _either(first, second):
    return min(first[0], second[0]), max(first[1], second[1])
