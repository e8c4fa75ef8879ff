"""The contract that every survey keeps: layered arrays in, one row of data per model out."""

from __future__ import annotations

import copy
import dataclasses
import json
from abc import ABC, abstractmethod

import numpy as np

from forward_models.channels import Channels


class Survey(ABC):
    """A measurement set-up: call it with layered models, get what it would record.

    Subclasses are frozen dataclasses whose fields are the constructor's keywords. They implement `_simulate` (and
    `_simulate_with_jacobian` where it is cheap) on arrays with the models in the *last* axis, so that the inner loops
    of NumPy run over models; everything else (shapes, blocks, invalid models) is done here, once.
    """

    method = ""
    properties: tuple[str, ...] = ("resistivity",)
    context: tuple[str, ...] = ()
    # Properties of which zero is a value like others.
    may_be_zero: tuple[str, ...] = ()
    # Coordinates that say more of a reading than where it lies, and may be left out: the MN of a Schlumberger array.
    details: tuple[str, ...] = ()
    # Layered arrays that may be passed and have no influence.
    ignored: tuple[str, ...] = ()
    # Whether the readings are those of an instrument: soundings lack some at times, but have no others.
    instrument = False
    block = 256

    channels: Channels

    @property
    def parts(self) -> tuple[tuple[str, Survey], ...]:
        """(name, survey) of each method; a survey of one method is one part without a name."""
        return (("", self),)

    @abstractmethod
    def _simulate(self, thickness, properties, context):
        """(n_layers-1, b), {name: (n_layers, b)}, {name: (b,)} -> (n_channels, b)."""

    def _simulate_with_jacobian(self, thickness, properties, context):
        """Like `_simulate`, and d(data on its scale)/d ln(parameter) as {name: (n_of_that, n_channels, b)}.

        Central differences; the step balances the truncation of the difference against float64 rounding.
        """
        step = 1e-4
        scale = lambda data: self.channels.to_scale(data.T).T  # noqa: E731
        arrays = {"thickness": thickness, **properties}

        def shifted(name, row, sign):
            moved = {key: value.copy() if key == name else value for key, value in arrays.items()}
            moved[name][row] *= np.exp(sign * step)
            return scale(self._simulate(moved.pop("thickness"), moved, context))

        jacobian = {
            name: np.stack([(shifted(name, i, 1) - shifted(name, i, -1)) / (2 * step) for i in range(len(array))])
            if len(array)
            else np.empty((0, len(self.channels), thickness.shape[-1]))
            for name, array in arrays.items()
        }
        return self._simulate(thickness, properties, context), jacobian

    def __call__(self, thickness, **arrays) -> np.ndarray:
        """Simulated data in physical units.

        Parameters
        ----------
        thickness : (n_models, n_layers-1) array
            In m; the last layer is a half-space. A 1-D array is one model.
        **arrays : (n_models, n_layers) arrays, one for each of `properties`; (n_models,) for each of `context`

        Returns
        -------
        (n_models, n_channels) array. A model that cannot be computed (NaN, negative thickness, non-positive property,
        numbers that overflow) is a row of NaN.
        """
        layered, context, valid = self._check(thickness, arrays)
        data = np.empty((len(valid), len(self.channels)))
        for rows, h, properties, known in self._blocks(layered, context, valid):
            with np.errstate(all="ignore"):
                data[rows] = self._simulate(h, properties, known).T
        data[~valid] = np.nan
        data[~np.isfinite(data)] = np.nan
        return data

    def data_and_jacobian(self, thickness, **arrays):
        """Simulated data and their derivatives in one pass.

        Returns
        -------
        data : (n_models, n_channels) array, as from calling the survey
        jacobian : dict of (n_models, n_channels, n_parameters) arrays, as from :meth:`jacobian`
        """
        layered, context, valid = self._check(thickness, arrays)
        data = np.empty((len(valid), len(self.channels)))
        jacobian = {name: np.empty((len(valid), len(self.channels), array.shape[1])) for name, array in layered.items()}
        for rows, h, properties, known in self._blocks(layered, context, valid):
            with np.errstate(all="ignore"):
                values, slopes = self._simulate_with_jacobian(h, properties, known)
            data[rows] = values.T
            for name, slope in slopes.items():
                jacobian[name][rows] = slope.transpose(2, 1, 0)
        data[~valid] = np.nan
        data[~np.isfinite(data)] = np.nan
        for slope in jacobian.values():
            slope[~valid] = np.nan
        return data, jacobian

    def jacobian(self, thickness, **arrays) -> dict[str, np.ndarray]:
        """d(data on its scale)/d ln(parameter), for ``"thickness"`` and each of `properties`.

        Parameters as in calling the survey. Each entry is (n_models, n_channels, number of that parameter).
        """
        return self.data_and_jacobian(thickness, **arrays)[1]

    def beyond(self, **arrays) -> np.ndarray | None:
        """What missing channels of a model tend to where they end, (n_models, n_channels).

        None where none can be missing.

        Parameters as in calling the survey.
        """
        return None

    def at(self, **coordinates) -> Survey:
        """The same survey at other readings.

        Parameters
        ----------
        **coordinates : (n_readings,) arrays or None
            Those of one quantity's channels by name, and any `details`.

        Raises
        ------
        ValueError
            If the survey is not one that can be moved, or it has no such readings.
        """
        fields = {f.name for f in dataclasses.fields(self) if f.init} if dataclasses.is_dataclass(self) else set()
        if not set(coordinates) <= fields:
            unknown = ", ".join(sorted(set(coordinates) - fields))
            raise ValueError(f"{type(self).__name__} has no setting {unknown} and cannot be moved to other readings.")
        # Widths are those of the readings it had.
        return dataclasses.replace(self, **coordinates, **({"width": None} if "width" in fields else {}))

    def with_width(self, width) -> Survey:
        """The same survey, but for the widths (n_channels,) of its asinh scales.

        They belong to the noise of the data, not to the instrument, and are no part of :meth:`to_dict`.
        """
        other = copy.copy(self)
        object.__setattr__(other, "channels", dataclasses.replace(self.channels, width=np.asarray(width, dtype=float)))
        return other

    def to_dict(self) -> dict:
        """JSON-able description; :func:`survey_from_dict` rebuilds the survey bit for bit."""
        settings = {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self) if f.init}
        return {"survey": type(self).__name__, **settings}

    @classmethod
    def from_settings(cls, **settings) -> Survey:
        """The survey with the settings of :meth:`to_dict`."""
        return cls(**settings)

    def __eq__(self, other):
        return type(self) is type(other) and self.to_dict() == other.to_dict()

    def __hash__(self):
        return hash(json.dumps(self.to_dict(), sort_keys=True))

    def _check(self, thickness, arrays):
        """The door: names and shapes raise here; models that cannot be computed are marked in `valid`."""
        name = type(self).__name__
        missing = [key for key in (*self.properties, *self.context) if key not in arrays]
        unknown = [key for key in arrays if key not in (*self.properties, *self.context, *self.ignored)]
        if missing or unknown:
            raise TypeError(
                f"{name} got {', '.join(arrays) or 'no arrays'} besides thickness; it needs "
                f"{', '.join((*self.properties, *self.context))}. Pass each as a keyword."
            )
        layered = {"thickness": np.atleast_2d(numbers(name, "thickness", thickness))}
        layered |= {key: np.atleast_2d(numbers(name, key, arrays[key])) for key in self.properties}
        if layered["thickness"].ndim != 2:
            raise ValueError(
                f"thickness has shape {layered['thickness'].shape}; it must be (n_models, n_layers-1). "
                "Reshape it to one row per model."
            )
        n_models, n_interfaces = layered["thickness"].shape
        for key in self.properties:
            if layered[key].shape != (n_models, n_interfaces + 1):
                raise ValueError(
                    f"thickness has shape {layered['thickness'].shape} and {key} has shape {layered[key].shape}; "
                    f"{key} must be (n_models, n_layers) and thickness (n_models, n_layers-1). "
                    "The last layer is a half-space and has no thickness."
                )
        context = {key: np.atleast_1d(numbers(name, key, arrays[key])) for key in self.context}
        for key, value in context.items():
            if value.shape != (n_models,):
                raise ValueError(f"{key} has shape {value.shape}; it must be ({n_models},): one value per model.")
        valid = (np.isfinite(layered["thickness"]) & (layered["thickness"] >= 0)).all(axis=1)
        for key in self.properties:
            enough = layered[key] >= 0 if key in self.may_be_zero else layered[key] > 0
            valid &= (np.isfinite(layered[key]) & enough).all(axis=1)
        for value in context.values():
            valid &= np.isfinite(value)
        return layered, context, self._possible(layered, valid)

    def _possible(self, layered, valid):
        """Which of the `valid` models (n_models,) the physics allows; raises where the values make no sense at all."""
        return valid

    def _blocks(self, layered, context, valid):
        """Blocks of models, transposed to models-last, with invalid models replaced by a harmless one."""
        for start in range(0, len(valid), self.block):
            rows = slice(start, start + self.block)
            good = valid[rows]
            part = {key: np.ascontiguousarray(value[rows].T) for key, value in layered.items()}
            known = {key: value[rows] for key, value in context.items()}
            if not good.all():
                part = {key: np.where(good, value, 1.0) for key, value in part.items()}
                known = {key: np.where(good, value, 1.0) for key, value in known.items()}
            yield rows, part.pop("thickness"), part, known


def survey_from_dict(description: dict) -> Survey:
    """Rebuild a survey from :meth:`Survey.to_dict`.

    Raises
    ------
    ValueError
        If the description names no known survey or lacks one of its settings.
    """
    from forward_models import METHODS

    if not isinstance(description, dict) or not isinstance(description.get("survey"), str):
        raise ValueError(f"The description of a survey is {description!r}; it must be a dict from Survey.to_dict.")
    settings = dict(description)
    name = settings.pop("survey")
    if name not in METHODS:
        raise ValueError(f"The description is of a survey called {name!r}; known are {', '.join(METHODS)}.")
    try:
        return METHODS[name].from_settings(**settings)
    except TypeError as error:
        raise ValueError(f"The description of {name} has the settings {', '.join(settings)}: {error}.") from None


def freeze(survey: Survey, **arrays) -> None:
    """Store `arrays` on a frozen survey as read-only float64 copies (used by constructors)."""
    for name, value in arrays.items():
        if value is not None:
            value = np.array(value, dtype=float)
            value.flags.writeable = False
        object.__setattr__(survey, name, value)


def numbers(survey: str, name: str, values) -> np.ndarray:
    """`values` as a float array.

    Raises
    ------
    TypeError
        If they are no numbers, or lists of different lengths.
    """
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{survey} got {name} = {values!r:.60}; it must be an array of numbers.") from None


def positive_axis(survey: str, name: str, values, unit: str) -> np.ndarray:
    """`values` as a 1-D float array, checked to be finite and positive; the door for spacings and periods.

    Raises
    ------
    ValueError
        Naming the first offending entry.
    """
    array = np.atleast_1d(numbers(survey, name, values))
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{survey} got {name} of shape {array.shape}; it must be a list of at least one number.")
    bad = np.flatnonzero(~(np.isfinite(array) & (array > 0)))
    if bad.size:
        raise ValueError(
            f"{survey} got {name}[{bad[0]}] = {array[bad[0]]:g} {unit}; every {name} must be positive and finite. "
            "Remove that reading or correct it."
        )
    return array


def _plain(value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return value
