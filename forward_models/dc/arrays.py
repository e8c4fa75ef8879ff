"""Where the electrodes of each array are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forward_models import hankel
from forward_models.dc.base import DirectCurrent, pole_weights
from forward_models.survey import freeze, numbers, positive_axis

# Below this MN/AB the difference of potentials loses digits (2e-8) and the ideal array is as exact.
_IDEAL_BELOW = 3e-5


@dataclass(frozen=True, eq=False)
class Schlumberger(DirectCurrent):
    """Symmetric four-electrode sounding A M N B; apparent resistivity in Ω·m.

    Parameters
    ----------
    ab2 : (n,) array_like
        Half the distance of the current electrodes AB/2 in m, in any order; repeats are allowed.
    mn2 : (n,) array_like or float, optional
        Half the distance of the potential electrodes MN/2 in m. None, or 0 for a reading, is the ideal array (MN → 0).

    Raises
    ------
    ValueError
        If a spacing is not positive or MN/2 is not smaller than AB/2.

    Examples
    --------
    >>> survey = Schlumberger(ab2=[1, 10, 100])
    >>> survey(thickness=[[5.0]], resistivity=[[100.0, 100.0]]).round(6)
    array([[100., 100., 100.]])
    """

    ab2: np.ndarray
    mn2: np.ndarray | None = None

    details = ("mn2",)

    def __post_init__(self):
        ab2 = positive_axis("Schlumberger", "ab2", self.ab2, "m")
        if self.mn2 is None:
            freeze(self, ab2=ab2)
            mn2 = np.zeros_like(ab2)
            coordinates = {"ab2": ("m", self.ab2)}
        else:
            mn2 = _like("Schlumberger", "mn2", self.mn2, "ab2", ab2)
            bad = np.flatnonzero(~((mn2 >= 0) & (mn2 < ab2)))
            if bad.size:
                raise ValueError(
                    f"Schlumberger got mn2[{bad[0]}] = {mn2[bad[0]]:g} m at ab2 = {ab2[bad[0]]:g} m; MN/2 must be "
                    "at least 0 (the ideal array) and smaller than AB/2. Check whether the columns hold MN or MN/2."
                )
            freeze(self, ab2=ab2, mn2=mn2)
            coordinates = {"ab2": ("m", self.ab2), "mn2": ("m", self.mn2)}
        ideal = mn2 < _IDEAL_BELOW * ab2
        near, far = (ab2 - mn2)[~ideal], (ab2 + mn2)[~ideal]
        wavenumber = hankel.grid(np.min([*near, *ab2]), np.max([*far, *ab2]))
        weights = np.empty((len(ab2), len(wavenumber)))
        if ideal.any():
            weights[ideal] = hankel.filter_weights(1, wavenumber, ab2[ideal])
        if not ideal.all():
            weights[~ideal] = pole_weights(wavenumber, [(1, near), (-1, far)])
        self._prepare(coordinates, wavenumber, weights)


@dataclass(frozen=True, eq=False)
class Wenner(DirectCurrent):
    """Four equidistant electrodes A M N B; apparent resistivity in Ω·m.

    Parameters
    ----------
    a : (n,) array_like
        Electrode spacing in m.

    Raises
    ------
    ValueError
        If a spacing is not positive.

    Examples
    --------
    >>> Wenner(a=[1, 10])(thickness=[[5.0]], resistivity=[[30.0, 30.0]]).round(6)
    array([[30., 30.]])
    """

    a: np.ndarray

    def __post_init__(self):
        freeze(self, a=positive_axis("Wenner", "a", self.a, "m"))
        self._prepare_poles({"a": ("m", self.a)}, [(1, self.a), (-1, 2 * self.a)])


@dataclass(frozen=True, eq=False)
class DipoleDipole(DirectCurrent):
    """Collinear current dipole B A and potential dipole M N of equal length; apparent resistivity in Ω·m.

    Over strong contrasts this array's apparent resistivity can be negative; it has no logarithm then.

    Parameters
    ----------
    a : (n_readings,) array_like or float
        Length of either dipole in m.
    n : (n_readings,) array_like or float
        Distance of the inner electrodes in units of `a`.

    Raises
    ------
    ValueError
        If a value is not positive or the lengths differ.

    Examples
    --------
    >>> DipoleDipole(a=5.0, n=[1, 2, 3])(thickness=[[5.0]], resistivity=[[30.0, 30.0]]).round(6)
    array([[30., 30., 30.]])
    """

    a: np.ndarray
    n: np.ndarray

    def __post_init__(self):
        a, n = _spacings("DipoleDipole", self)
        poles = [(2, (n + 1) * a), (-1, n * a), (-1, (n + 2) * a)]
        self._prepare_poles({"a": ("m", a), "n": ("", n)}, poles, points=True)


@dataclass(frozen=True, eq=False)
class PoleDipole(DirectCurrent):
    """One current electrode A in line with a potential dipole M N, the other far away; apparent resistivity in Ω·m.

    Parameters
    ----------
    a : (n_readings,) array_like or float
        Length of the dipole MN in m.
    n : (n_readings,) array_like or float
        Distance AM in units of `a`.

    Raises
    ------
    ValueError
        If a value is not positive or the lengths differ.

    Examples
    --------
    >>> PoleDipole(a=5.0, n=[1, 2])(thickness=[[5.0]], resistivity=[[30.0, 30.0]]).round(6)
    array([[30., 30.]])
    """

    a: np.ndarray
    n: np.ndarray

    def __post_init__(self):
        a, n = _spacings("PoleDipole", self)
        self._prepare_poles({"a": ("m", a), "n": ("", n)}, [(1, n * a), (-1, (n + 1) * a)], points=True)


@dataclass(frozen=True, eq=False)
class PolePole(DirectCurrent):
    """One current and one potential electrode, the others far away; apparent resistivity in Ω·m.

    Parameters
    ----------
    a : (n,) array_like
        Distance AM in m.

    Raises
    ------
    ValueError
        If a distance is not positive.

    Examples
    --------
    >>> PolePole(a=[1, 10])(thickness=[[5.0]], resistivity=[[30.0, 30.0]]).round(6)
    array([[30., 30.]])
    """

    a: np.ndarray

    def __post_init__(self):
        freeze(self, a=positive_axis("PolePole", "a", self.a, "m"))
        self._prepare_poles({"a": ("m", self.a)}, [(1, self.a)])


def _like(survey, name, values, other, reference):
    """`values` broadcast to the shape of `reference`."""
    array = numbers(survey, name, values)
    if array.ndim > 1 or array.size not in (1, reference.size):
        raise ValueError(
            f"{survey} got {array.size} values of {name} for {reference.size} of {other}; "
            "give one for each reading or a single number."
        )
    return np.broadcast_to(array.ravel() if array.size == 1 else array, reference.shape)


def _spacings(name, survey):
    a = positive_axis(name, "a", survey.a, "m")
    n = positive_axis(name, "n", survey.n, "(dimensionless)")
    longer = a if a.size >= n.size else n
    freeze(survey, a=_like(name, "a", a, "n", longer), n=_like(name, "n", n, "a", longer))
    return survey.a, survey.n
