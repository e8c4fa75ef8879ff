"""A user's function, called on many models: what it may return, and which models make it fail."""

from __future__ import annotations

import numpy as np

# Mistakes of the program, whatever the model.
_MISTAKES = (NameError, AttributeError, ImportError, TypeError, MemoryError)


def name_of(function) -> str:
    """What a function is called in a sentence."""
    return getattr(function, "__name__", type(function).__name__)


class Caller:
    """Calls a function on models and checks what it returns.

    Parameters
    ----------
    function : callable
    n_channels : int, how many numbers it must return for a model
    vectorized : bool, whether it takes many models at once
    fixed : dict, further keywords, the same for every model
    """

    def __init__(self, function, n_channels, vectorized, fixed):
        self.function, self.n_channels, self.vectorized, self.fixed = function, n_channels, vectorized, fixed

    def __call__(self, models, n):
        """Data (n, n_channels) of models {name: (n, ...) array}; NaN where the function raises.

        Raises
        ------
        TypeError, ValueError
            If the function returns something else, or raises what no model can be to blame for.
        """
        data = np.full((n, self.n_channels), np.nan)
        self._fill(models, data, 0, n)
        return data

    def failure(self, models, row) -> Exception | None:
        """What the function raises on one model; None where it returns."""
        try:
            self._values(models, slice(row, row + 1) if self.vectorized else row)
        except Exception as error:
            return error
        return None

    def _fill(self, models, data, start, stop):
        """Data of the models from `start` to `stop`; where one of many makes the function raise, the halves apart."""
        if not self.vectorized:
            for row in range(start, stop):
                found = self._try(models, row)
                if found is not None:
                    data[row] = self._checked(found, (self.n_channels,))
            return
        found = self._try(models, slice(start, stop))
        if found is not None:
            data[start:stop] = self._checked(found, (stop - start, self.n_channels))
        elif stop - start > 1:
            middle = (start + stop) // 2
            self._fill(models, data, start, middle)
            self._fill(models, data, middle, stop)

    def _try(self, models, rows):
        """What the function returns; None where it raises what may be the models' fault."""
        try:
            found = self._values(models, rows)
        except _MISTAKES as error:
            raise TypeError(
                f"{name_of(self.function)}() raised {type(error).__name__}: {error}. It was called with "
                f"{self._arguments(models, rows)}; correct the function."
            ) from error
        except Exception:
            return None
        if found is None:
            said = f"{name_of(self.function)}() returned None; it must return {self._wanted()}."
            raise TypeError(f"{said} Add a return statement to it.")
        return found

    def _values(self, models, rows):
        # Copies: what a function does to its arguments is its own business.
        arguments = {name: np.array(array[rows])[()] for name, array in models.items()}
        with np.errstate(all="ignore"):
            return self.function(**arguments, **{name: value.copy() for name, value in self.fixed.items()})

    def _checked(self, found, shape):
        name = name_of(self.function)
        try:
            values = np.asarray(found)
            if values.dtype.kind not in "fiub":
                if values.dtype.kind == "c":
                    raise ValueError(
                        f"{name}() returned complex numbers; data are real. Return e.g. real and imaginary part, or "
                        "size and phase, as channels side by side."
                    )
                values = values.astype(float)
        except (TypeError, ValueError) as error:
            if "complex numbers" in str(error):
                raise
            raise TypeError(f"{name}() returned {found!r:.60}; it must return an array of numbers.") from error
        if values.shape != shape:
            many = (
                "one row for each model and one column for each channel" if self.vectorized else "one for each channel"
            )
            hint = "" if not self.vectorized else " If it takes one model at a time, say vectorized=False."
            raise ValueError(
                f"{name}() returned an array of shape {values.shape}, but {shape} is needed: {many}. Correct the "
                f"function or the channels.{hint}"
            )
        return values

    def _wanted(self):
        return f"an array ({'n_models, ' if self.vectorized else ''}{self.n_channels}{'' if self.vectorized else ','})"

    def _arguments(self, models, rows):
        shapes = [f"{name} {np.shape(array[rows]) or 'a number'}" for name, array in models.items()]
        return ", ".join([*shapes, *(f"{name} {value.shape}" for name, value in self.fixed.items())])
