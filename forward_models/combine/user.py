"""Any d = f(m) of the user's own as a survey."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace

import numpy as np

from forward_models.channels import Channels, same_place
from forward_models.combine.calling import Caller, name_of
from forward_models.combine.doors import arguments_of, channels_of, check_names, names, required_by, takes_any
from forward_models.survey import Survey, freeze, numbers

# Step of the differences in ln(parameter).
_STEP = 1e-4


@dataclass(frozen=True, eq=False)
class UserForward(Survey):
    """A survey whose data are computed by a function of yours, layered or not.

    Parameters
    ----------
    function : callable
        ``function(**parameters)`` -> (n_models, n_channels) array in physical units. Each parameter is an (n_models,)
        array; where "thickness" is among them the models are layered: thickness is (n_models, n_layers-1) in m, all
        others are (n_models, n_layers), the last layer is a half-space, and a half-space that is split into layers
        must give the same data. Context is (n_models,). A model that cannot be computed may be NaN or raise.
        If the function also takes an argument named like a coordinate of the channels, it gets the (n_readings,)
        places of the readings there, and soundings may have readings at other places.
    channels : Channels, dict or int
        What the function returns. A dict has `Channels`' keywords, of which only ``quantity`` and ``value`` are needed;
        several quantities are a tuple, of which each has all the readings ``value``. An int is that many plain numbers.
    parameters : sequence of str, or dict of name -> unit, optional
        Default: the function's arguments that are neither context nor coordinates.
    context : sequence of str
        What is known of each sounding and is no parameter.
    positive : sequence of str
        Parameters of which a model may not have values <= 0. Others may have either sign.
    vectorized : bool
        False for a function of one model at a time: numbers or (n_layers,) arrays in, (n_channels,) array out.

    Raises
    ------
    TypeError, ValueError
        If the names do not fit the function or each other; in a call, if the function returns anything but real
        numbers of that shape, or if it is to blame for an exception itself (a name that does not exist, ...). Of
        other exceptions the models that cause them are found, and get NaN.

    Examples
    --------
    >>> def slope(a, b, x):
    ...     return a[:, None] + b[:, None] * x
    >>> survey = UserForward(slope, channels={"quantity": "height", "coordinate": "x", "value": [1, 2, 3]})
    >>> survey.parameters
    ('a', 'b')
    >>> survey(a=[1.0, 0.0], b=[-1.0, 2.0])
    array([[ 0., -1., -2.],
           [ 2.,  4.,  6.]])
    """

    function: object
    channels: Channels
    parameters: tuple[str, ...] | dict[str, str] | None = None
    context: tuple[str, ...] = ()
    positive: tuple[str, ...] = ()
    vectorized: bool = True
    units: dict = field(init=False, repr=False, default_factory=dict)

    method = "user"
    block = 4096
    # The pipeline differentiates by its own parameters, which also holds where a parameter is zero.
    by_differences = True

    def __post_init__(self):
        if not callable(self.function):
            raise TypeError(f"function is {self.function!r:.60}; it must be a function of the model's parameters.")
        channels = channels_of(self.channels)
        context = names("context", self.context)
        known = arguments_of(self.function)
        places = tuple(name for name in channels.coordinates if name in (known or ()))
        movable = len(places) == len(channels.coordinates)
        if not movable and not channels.points:
            channels = replace(channels, points=True)
        given = self.parameters
        units = dict(given) if isinstance(given, dict) else {}
        if given is None:
            if known is None:
                raise ValueError(
                    f"{name_of(self.function)}() does not name its arguments; say parameters=('radius', ...)."
                )
            given = [name for name in known if name not in (*context, *places)]
        parameters = names("parameters", given)
        if not parameters:
            raise ValueError(f"{name_of(self.function)}() has no parameters; give it at least one to be found.")
        positive = names("positive", self.positive)
        unknown = [name for name in positive if name not in parameters]
        if unknown:
            raise ValueError(f"positive has {', '.join(unknown)}; the parameters are {', '.join(parameters)}.")
        lacking = [name for name in (*parameters, *context) if known is not None and name not in known]
        if lacking and not takes_any(self.function):
            raise ValueError(
                f"{name_of(self.function)}() has no argument {', '.join(lacking)}; it takes {', '.join(known)}. Name "
                "its arguments like the parameters and the context."
            )
        without = [name for name in required_by(self.function) if name not in (*parameters, *context, *places)]
        if without:
            raise ValueError(
                f"{name_of(self.function)}() also needs {', '.join(without)}, which is no parameter, context or "
                "coordinate here; name it among them, or give it a default."
            )
        check_names(channels, parameters, context)
        layered = "thickness" in parameters
        settings = {"channels": channels, "parameters": parameters, "context": context, "positive": positive}
        settings |= {"units": units, "layered": layered, "_places": places, "_movable": movable, "_columns": None}
        settings["properties"] = tuple(name for name in parameters if not (layered and name == "thickness"))
        for name, value in settings.items():
            object.__setattr__(self, name, value)
        if places and not channels.points:
            # By this name `Sheets` sees that readings may lie elsewhere.
            first = channels.columns(channels.quantities[0])
            freeze(self, **{name: channels.coordinates[name][first] for name in channels.coordinates})

    def _check(self, thickness, arrays):
        """The door of a `Joint`, whose models are layered."""
        models, valid = self._models(thickness, arrays)
        context = {name: models.pop(name) for name in self.context}
        return models, context, valid

    def _simulate(self, thickness, properties, context):
        """Of layered models with the models last, as a `Joint` has them."""
        models = {"thickness": thickness, **properties, **context}
        return self._data({name: array.T for name, array in models.items()}, np.ones(thickness.shape[1], bool)).T

    def __call__(self, thickness=None, **arrays) -> np.ndarray:
        """Data in physical units of models given by name, (n_models, n_channels).

        A model that cannot be computed (an input that is not finite, a negative thickness, a value <= 0 of what must be
        positive, a function that raises) is a row of NaN; a channel that it lacks may be NaN alone.
        """
        models, valid = self._models(thickness, arrays)
        return self._data(models, valid)

    def data_and_jacobian(self, thickness=None, **arrays):
        """Data, and d(data on its scale)/d ln(parameter) = p d/dp by central differences; 0 where p is 0.

        Returns
        -------
        (n_models, n_channels) array and dict of (n_models, n_channels, k) arrays, k = 1 for a parameter that is one
        number, else the number of layers or interfaces
        """
        models, valid = self._models(thickness, arrays)
        data = self._data(models, valid)
        jacobian = {}
        for name in self.parameters:
            columns = 1 if models[name].ndim == 1 else models[name].shape[1]
            slopes = [self._slope(models, valid, name, k) for k in range(columns)]
            empty = np.empty((len(valid), len(self.channels), 0))
            jacobian[name] = np.stack(slopes, axis=2) if slopes else empty
        return data, jacobian

    def jacobian(self, thickness=None, **arrays) -> dict[str, np.ndarray]:
        """The derivatives of :meth:`data_and_jacobian` alone."""
        return self.data_and_jacobian(thickness, **arrays)[1]

    def _slope(self, models, valid, name, k):
        ends = []
        for sign in (1, -1):
            moved = np.array(models[name])
            moved[(slice(None), k)[: moved.ndim]] *= np.exp(sign * _STEP)
            ends.append(self.channels.to_scale(self._data(models | {name: moved}, valid)))
        return (ends[0] - ends[1]) / (2 * _STEP)

    def failure(self, **models) -> Exception | None:
        """What the function raises on the first model that it cannot compute; None where it raises nothing."""
        models, valid = self._models(models.pop("thickness", None), models)
        rows = np.flatnonzero(valid & np.isnan(self._data(models, valid)).all(axis=1))
        return self._caller().failure(models, rows[0]) if rows.size else None

    def at(self, **coordinates) -> UserForward:
        """The same survey at other readings; some of its own where the function takes no places.

        Raises
        ------
        ValueError
            If the survey has no such readings and the function cannot be moved.
        """
        channels = self.channels
        if set(coordinates) != set(channels.coordinates):
            raise ValueError(
                f"at() got {', '.join(coordinates) or 'nothing'}; readings of this survey have "
                f"{', '.join(channels.coordinates)}. Give all of these."
            )
        place = {name: np.atleast_1d(values) for name, values in coordinates.items()}
        first = channels.columns(channels.quantities[0])
        if self._movable:
            n = len(next(iter(place.values())))
            columns = np.repeat([channels.columns(quantity)[0] for quantity in channels.quantities], n)
            tiled = {name: np.tile(values, len(channels.quantities)) for name, values in place.items()}
            other = self._with(_some(channels, columns, tiled))
            object.__setattr__(other, "_columns", None)
            return other
        equal = np.all([same_place(place[name], channels.coordinates[name][first]) for name in place], axis=0)
        if not equal.any(axis=1).all():
            k = int(np.argmin(equal.any(axis=1)))
            said = ", ".join(f"{name} {place[name][k]}" for name in place)
            raise ValueError(
                f"a sounding has a reading at {said}, which {name_of(self.function)}() does not compute. Give the "
                f"function an argument {channels.coordinate}, and it is asked for any readings; or leave this one out."
            )
        columns = np.concatenate([channels.columns(quantity)[equal.argmax(axis=1)] for quantity in channels.quantities])
        whole = (channels, np.arange(len(channels))) if self._columns is None else self._columns
        other = self._with(_some(channels, columns))
        object.__setattr__(other, "_columns", (whole[0], whole[1][columns]))
        return other

    def _with(self, channels):
        other = copy.copy(self)
        object.__setattr__(other, "channels", channels)
        return other

    @property
    def storable(self) -> str:
        """The sentence that says why a file cannot hold the survey."""
        return (
            f"the survey computes its data by {name_of(self.function)}(), a function of your own that a file cannot "
            "hold. Keep its script: load_inverter(path, survey=UserForward(...)) takes the function again."
        )

    def to_dict(self) -> dict:
        """Raises ValueError with the sentence of `storable`."""
        raise ValueError(self.storable)

    def __eq__(self, other):
        if type(self) is not type(other) or self.function is not other.function:
            return False
        same = all(getattr(self, key) == getattr(other, key) for key in ("parameters", "context", "positive"))
        return same and self.vectorized == other.vectorized and _same_channels(self.channels, other.channels)

    def __hash__(self):
        return hash((self.function, self.parameters, self.context))

    def _caller(self):
        channels = self.channels if self._columns is None else self._columns[0]
        first = channels.columns(channels.quantities[0])
        places = {name: channels.coordinates[name][first] for name in self._places}
        return Caller(self.function, len(channels), self.vectorized, places)

    def _data(self, models, valid):
        caller, rows = self._caller(), np.flatnonzero(valid)
        data = np.full((len(valid), len(self.channels)), np.nan)
        for start in range(0, len(rows), self.block):
            part = rows[start : start + self.block]
            found = caller({name: array[part] for name, array in models.items()}, len(part))
            data[part] = found if self._columns is None else found[:, self._columns[1]]
        data[~np.isfinite(data)] = np.nan
        return data

    def _models(self, thickness, arrays):
        """The door: models by name, each with the models first, and which of them can be computed."""
        if thickness is not None:
            arrays = {"thickness": thickness, **arrays}
        needed = (*self.parameters, *self.context)
        if set(arrays) != set(needed):
            raise TypeError(
                f"{name_of(self.function)}() got {', '.join(arrays) or 'nothing'}; it needs {', '.join(needed)}. Pass "
                "each as a keyword."
            )
        arrays = {name: numbers(name_of(self.function), name, arrays[name]) for name in needed}
        layers = self.layered and {name: np.atleast_2d(arrays[name]) for name in self.parameters}
        models = {name: np.atleast_1d(array) for name, array in arrays.items()} | (layers or {})
        n = len(models[self.parameters[0]])
        n_layers = models["thickness"].shape[1] + 1 if self.layered and models["thickness"].ndim == 2 else None
        for name, array in models.items():
            shape = (n,) if n_layers is None or name in self.context else (n, n_layers - (name == "thickness"))
            if array.shape != shape:
                raise ValueError(
                    f"{name} has shape {array.shape}; with {self.parameters[0]} of shape "
                    f"{models[self.parameters[0]].shape} it must be {shape}. "
                    + ("The last layer is a half-space and has no thickness." if self.layered else "One value a model.")
                )
        valid = np.ones(n, dtype=bool)
        for name, array in models.items():
            good = np.isfinite(array)
            if self.layered and name == "thickness":
                good &= array >= 0
            if name in self.positive:
                good &= array > 0
            valid &= good.all(axis=tuple(range(1, good.ndim)))
        return models, valid


def _some(channels, columns, place=None):
    """Some of the channels; or, with `place`, channels like these at other readings."""
    place = place or {name: values[columns] for name, values in channels.coordinates.items()}
    return replace(
        channels,
        **{key: tuple(getattr(channels, key)[k] for k in columns) for key in ("quantity", "unit", "scale")},
        value=place[channels.coordinate],
        extra={name: place[name] for name in channels.extra},
        width=channels.width[columns],
    )


def _same_channels(one, other):
    words = all(
        getattr(one, key) == getattr(other, key) for key in ("quantity", "unit", "scale", "coordinate", "points")
    )
    return words and all(np.array_equal(a, other.coordinates.get(key)) for key, a in one.coordinates.items())
