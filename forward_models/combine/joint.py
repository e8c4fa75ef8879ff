"""Several surveys over one earth."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from forward_models.channels import Channels
from forward_models.survey import Survey, survey_from_dict


@dataclass(frozen=True, eq=False, init=False)
class Joint(Survey):
    """Several surveys over one layered earth: the data of the first, then those of the second, and so on.

    Quantities, coordinates, known quantities and the properties that are not shared are called ``<name>_<own name>``:
    ``ves_apparent_resistivity``, ``mt_period``, ``tdem_height``. All have the layers in common.

    Parameters
    ----------
    *surveys : Survey
    share : tuple of str
        Properties that are one and the same for all surveys that have them.
    names : list of str, optional
        One for each survey. Default: their methods, such as ``"ves"`` and ``"mt"``.

    Raises
    ------
    ValueError
        If there is no survey, two have the same name, a name is no identifier or begins like another, no survey has a
        shared property, or one is a function of unlayered models.
    TypeError
        If something else than surveys is passed.

    Examples
    --------
    >>> from forward_models import Magnetotelluric, Schlumberger
    >>> survey = Joint(Schlumberger(ab2=[1, 10]), Magnetotelluric(period=[0.01]))
    >>> survey.channels.quantities
    ('ves_apparent_resistivity', 'mt_apparent_resistivity', 'mt_phase')
    >>> survey(thickness=[[5.0]], resistivity=[[100.0, 100.0]]).round(6)
    array([[100., 100., 100.,  45.]])
    """

    surveys: tuple[Survey, ...]
    share: tuple[str, ...]
    names: tuple[str, ...]

    method = "joint"

    def __init__(self, *surveys, share=("resistivity",), names=None):
        for survey in surveys:
            if isinstance(survey, Joint):
                raise TypeError("Joint got a Joint; pass all of its surveys to one Joint instead.")
            if not isinstance(survey, Survey):
                raise TypeError(f"Joint got a {type(survey).__name__}; pass surveys, e.g. Joint(ves, mt).")
            if not getattr(survey, "layered", True):
                raise ValueError(
                    f"Joint got a {type(survey).__name__} of {', '.join(survey.properties)}, whose models have no "
                    "layers; all surveys of a Joint see one layered earth. Give its function the argument thickness."
                )
        if not surveys:
            raise ValueError("Joint got no survey; pass two or more, e.g. Joint(ves, mt).")
        share = (share,) if isinstance(share, str) else tuple(share)
        given = tuple(survey.method for survey in surveys) if names is None else tuple(names)
        if len(given) != len(surveys):
            raise ValueError(f"Joint got {len(surveys)} surveys and {len(given)} names; give one name for each.")
        if len(set(given)) < len(given) or not all(isinstance(name, str) and name.isidentifier() for name in given):
            raise ValueError(
                f"Joint got surveys called {', '.join(map(repr, given))}; names are different words without blanks. "
                "Pass others as names."
            )
        for one, other in permutations(given, 2):
            if other.startswith(f"{one}_"):
                raise ValueError(
                    f"Joint got surveys called {one!r} and {other!r}; what is called {other}_... could be of either. "
                    "Choose names that do not begin like another one."
                )
        properties = tuple(dict.fromkeys(key for survey in surveys for key in survey.properties))
        unknown = [key for key in share if key not in properties]
        if unknown:
            raise ValueError(
                f"Joint got share = {', '.join(map(repr, share))}, but the surveys have {', '.join(properties)}. Name "
                "properties that they have in common."
            )
        settings = {"surveys": tuple(surveys), "share": share, "names": given}
        settings["channels"] = Channels.join(
            {name: survey.channels for name, survey in zip(given, surveys, strict=True)}
        )
        settings["block"] = min(survey.block for survey in surveys)
        settings["by_differences"] = any(getattr(survey, "by_differences", False) for survey in surveys)
        for key, value in settings.items():
            object.__setattr__(self, key, value)
        for kind in ("properties", "context", "details"):
            found = dict.fromkeys(
                self._named(name, key) for name, survey in self.parts for key in getattr(survey, kind)
            )
            object.__setattr__(self, kind, tuple(found))

    @property
    def parts(self):
        return tuple(zip(self.names, self.surveys, strict=True))

    def with_parts(self, surveys) -> Joint:
        """The same with other surveys in place of its own, in order; itself where all are its own."""
        if all(new is old for new, old in zip(surveys, self.surveys, strict=True)):
            return self
        return Joint(*surveys, share=self.share, names=self.names)

    def at(self, **coordinates):
        """The same survey at other readings, ``<name>_<coordinate>``; a method of which none is given stays."""
        own = [
            {key: coordinates.pop(f"{name}_{key}") for key in _readings_of(survey) if f"{name}_{key}" in coordinates}
            for name, survey in self.parts
        ]
        if coordinates:
            raise ValueError(
                f"Joint has no readings {', '.join(coordinates)} and cannot be moved to them; it has "
                f"{', '.join(self.channels.coordinates)}."
            )
        moved = (survey.at(**places) if places else survey for survey, places in zip(self.surveys, own, strict=True))
        return self.with_parts(list(moved))

    def with_width(self, width):
        width = np.asarray(width, dtype=float)
        return self.with_parts(
            [
                survey.with_width(width[part.columns])
                for survey, part in zip(self.surveys, self.channels.parts, strict=True)
            ]
        )

    def to_dict(self):
        return {
            "survey": "Joint",
            "surveys": [survey.to_dict() for survey in self.surveys],
            "share": list(self.share),
            "names": list(self.names),
        }

    @classmethod
    def from_settings(cls, surveys, **settings):
        return cls(*map(survey_from_dict, surveys), **settings)

    def __eq__(self, other):
        own = (self.surveys, self.share, self.names)
        return type(self) is type(other) and own == (other.surveys, other.share, other.names)

    def __hash__(self):
        return hash((self.surveys, self.share, self.names))

    def beyond(self, thickness, **arrays):
        """What channels that are missing tend to, of each survey that says so; NaN of the others, None without any."""
        found = [survey.beyond(thickness=thickness, **self._own(name, survey, arrays)) for name, survey in self.parts]
        if all(values is None for values in found):
            return None
        n = len(np.atleast_2d(thickness))
        blank = [np.full((n, len(survey.channels)), np.nan) for survey in self.surveys]
        return np.hstack([other if values is None else values for values, other in zip(found, blank, strict=True)])

    def _named(self, name, key):
        return key if key in self.share else f"{name}_{key}"

    def _own(self, name, survey, arrays, kinds=("properties", "context")):
        """The arrays of one survey under its own names."""
        return {key: arrays[self._named(name, key)] for kind in kinds for key in getattr(survey, kind)}

    def _check(self, thickness, arrays):
        """What any of the surveys cannot compute is not computed."""
        layered, context, _ = super()._check(thickness, arrays)
        valid = [
            survey._check(layered["thickness"], self._own(name, survey, layered | context))[2]
            for name, survey in self.parts
        ]
        return layered, context, np.all(valid, axis=0)

    def _simulate(self, thickness, properties, context):
        return np.concatenate(
            [
                survey._simulate(
                    thickness,
                    self._own(name, survey, properties, ["properties"]),
                    self._own(name, survey, context, ["context"]),
                )
                for name, survey in self.parts
            ]
        )

    def _simulate_with_jacobian(self, thickness, properties, context):
        """Each survey's own; what a survey does not depend on has no influence on its data."""
        n_channels, b = len(self.channels), thickness.shape[-1]
        slopes = {
            key: np.zeros((len(array), n_channels, b)) for key, array in {"thickness": thickness, **properties}.items()
        }
        data = []
        for (name, survey), part in zip(self.parts, self.channels.parts, strict=True):
            own = self._own(name, survey, properties, ["properties"])
            known = self._own(name, survey, context, ["context"])
            values, of_part = survey._simulate_with_jacobian(thickness, own, known)
            data.append(values)
            for key, slope in of_part.items():
                slopes[key if key == "thickness" else self._named(name, key)][:, part.columns] = slope
        return np.concatenate(data), slopes


def _readings_of(survey):
    return dict.fromkeys((*survey.channels.coordinates, *survey.details))
