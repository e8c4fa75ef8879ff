"""Apparent conductivities: what instruments show instead of the quadrature, and back."""

from __future__ import annotations

import numpy as np

from forward_models.constants import MU0
from forward_models.fdem.loops import LoopLoop

METHODS = ("lin", "full")
# Conductivities in S/m among which the half-space with a given quadrature is sought.
_TABLE = np.geomspace(1e-7, 1e4, 221)
# GF Instruments' calibrations rest on a site of this conductivity, with the instrument at this height.
_GF_SITE = 0.05
_GF_HEIGHT = {"F-0m": 0.0, "F-1m": 1.0}


def apparent_conductivity(quadrature, frequency, offset, orientation, height=0.0, method="lin") -> np.ndarray:
    """Apparent conductivity in S/m of quadratures in ppm.

    Parameters
    ----------
    quadrature : array_like
        In ppm as `LoopLoop` gives it; the arguments up to `height` are broadcast against each other.
    frequency, offset, orientation, height : array_like
        As for `LoopLoop`, in Hz, m and m.
    method : {"lin", "full"}, optional
        "lin" is the low-induction-number formula 4 Q/(ωμ0s²) that most instruments show, the same at every height and
        orientation (McNeill 1980, Geonics TN-6). "full" is the conductivity of the half-space with this quadrature at
        this height and orientation.

    Returns
    -------
    Array of the common shape. The quadrature of a half-space grows with its conductivity up to a largest value and
    falls beyond it: "full" is the half-space on the growing side, and NaN where Q is not positive or larger than that
    of any half-space (VCX near the ground has no growing side), or the height is negative.

    Raises
    ------
    ValueError
        If the method is unknown, or what describes the instrument is out of range.

    Examples
    --------
    >>> survey = LoopLoop(frequency=9000.0, offset=4.0, orientation="HCP", quantity="quadrature")
    >>> ppm = survey(thickness=[[]], resistivity=[[5.0]])[0]
    >>> apparent_conductivity(ppm, 9000.0, 4.0, "HCP").round(3)
    array([0.13])
    >>> apparent_conductivity(ppm, 9000.0, 4.0, "HCP", method="full").round(3)
    array([0.2])
    """
    _known(method)
    quadrature, *instrument = _broadcast(quadrature, frequency, offset, orientation, height)
    if method == "lin":
        return quadrature / _lin_factor(*instrument[:3])
    out = np.empty(quadrature.shape)
    for members, survey, height in _instruments(*instrument):
        out[members] = _half_space(survey, quadrature[members], height)
    return out


def quadrature_of_apparent_conductivity(
    conductivity, frequency, offset, orientation, height=0.0, method="lin"
) -> np.ndarray:
    """Quadrature in ppm of apparent conductivities in S/m: the inverse of :func:`apparent_conductivity`.

    Examples
    --------
    >>> float(quadrature_of_apparent_conductivity(0.1, 9000.0, 4.0, "HCP").round(1))
    28424.5
    """
    _known(method)
    conductivity, *instrument = _broadcast(conductivity, frequency, offset, orientation, height)
    if method == "lin":
        return conductivity * _lin_factor(*instrument[:3])
    out = np.empty(conductivity.shape)
    for members, survey, height in _instruments(*instrument):
        out[members] = _quadrature(survey, conductivity[members], height)
    return out


def gf_to_lin(conductivity, frequency, offset, orientation, setting) -> np.ndarray:
    """Low-induction-number apparent conductivity in S/m of what a GF Instruments CMD shows.

    A CMD does not show 4 Q/(ωμ0s²). Its scale is linear, ECa = Q·0.05/Q_50, with Q_50 measured over a site of about
    50 mS/m, the instrument on the ground ("F-0m") or 1 m above ("F-1m"). Here Q_50 is computed for such a half-space,
    as in emagpy (https://hkex.gitlab.io/emagpy/gallery/nb_gf-correction.html, "the best of our knowledge"), whose own
    conversion of the Boxford readings this reproduces to 0.3 %. The factory's constants are not published.

    Parameters
    ----------
    conductivity : array_like
        As shown, in S/m (not mS/m); broadcast against the instrument's description.
    frequency, offset, orientation : array_like
        As for `LoopLoop`.
    setting : {"F-0m", "F-1m"}
        The calibration chosen in the instrument, whatever height it was carried at.

    Raises
    ------
    ValueError
        If the setting is unknown.

    Examples
    --------
    >>> gf_to_lin([0.02, 0.02], 10e3, [1.48, 4.49], "HCP", setting="F-1m").round(4)
    array([0.0106, 0.0143])
    """
    if setting not in _GF_HEIGHT:
        raise ValueError(
            f"setting is {setting!r}; it must be one of {', '.join(_GF_HEIGHT)}, as chosen in the instrument."
        )
    conductivity, *instrument = _broadcast(conductivity, frequency, offset, orientation, _GF_HEIGHT[setting])
    site = quadrature_of_apparent_conductivity(_GF_SITE, *instrument, method="full")
    return conductivity * site / (_GF_SITE * _lin_factor(*instrument[:3]))


def _known(method):
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; it must be one of {', '.join(METHODS)}.")


def _broadcast(values, frequency, offset, orientation, height):
    numbers = [np.asarray(array, dtype=float) for array in (values, frequency, offset, height)]
    values, frequency, offset, height, orientation = np.broadcast_arrays(*numbers, np.asarray(orientation, dtype=str))
    return values, frequency, offset, orientation, height


def _lin_factor(frequency, offset, orientation):
    """ppm per S/m; the door for the instrument of both methods is `LoopLoop`'s."""
    if orientation.size:
        LoopLoop(frequency.ravel(), offset.ravel(), orientation.ravel())
    if (orientation == "VCX").any():
        raise ValueError(
            'orientation is "VCX", whose quadrature on the ground is zero at low induction numbers: it has no "lin" '
            'apparent conductivity. Use method="full".'
        )
    return 1e6 * 2 * np.pi * frequency * MU0 * offset**2 / 4


def _instruments(frequency, offset, orientation, height):
    """(mask, survey of one quadrature, heights) for every different instrument among the readings."""
    readings = {"frequency": frequency, "offset": offset, "orientation": orientation}
    columns = [np.unique(values, return_inverse=True)[1].reshape(height.shape) for values in readings.values()]
    kinds = np.stack(columns, axis=-1)
    for kind in np.unique(kinds.reshape(-1, 3), axis=0):
        members = (kinds == kind).all(axis=-1)
        own = {name: values[members][0] for name, values in readings.items()}
        yield members, LoopLoop(**own, height=None, quantity="quadrature"), height[members]


def _quadrature(survey, conductivity, height):
    return survey(np.empty((len(height), 0)), resistivity=1 / conductivity[:, None], height=height)[:, 0]


def _half_space(survey, quadrature, height):
    """The conductivity on the growing side by Newton's method in ln σ, kept inside a bracket from a table."""
    heights, which = np.unique(height, return_inverse=True)
    table = _quadrature(survey, np.tile(_TABLE, len(heights)), np.repeat(heights, len(_TABLE)))
    table = table.reshape(len(heights), -1)
    grows = np.logical_and.accumulate(np.diff(table, axis=1, prepend=0) > 0, axis=1)
    upper = (grows[which] & (table[which] <= quadrature[:, None])).sum(axis=1)
    inside = np.flatnonzero((upper > 0) & (upper < grows[which].sum(axis=1)))
    low, high = np.log(_TABLE[upper[inside] - 1]), np.log(_TABLE[upper[inside]])
    x = (low + high) / 2
    known = {"thickness": np.empty((len(x), 0)), "height": height[inside]}
    for _ in range(40):
        found, slope = survey.data_and_jacobian(**known, resistivity=np.exp(-x)[:, None])
        error = found[:, 0] - quadrature[inside]
        low, high = np.where(error < 0, x, low), np.where(error < 0, high, x)
        # d(data)/d ln σ from d arcsinh(data/width)/d ln ρ
        growth = -slope["resistivity"][:, 0, 0] * np.hypot(found[:, 0], survey.channels.width)
        step = x - error / np.where(growth > 0, growth, np.nan)
        moved = np.where((step >= low) & (step <= high), step, (low + high) / 2)
        settled = (np.abs(moved - x) < 1e-12).all()
        x = moved
        if settled:
            break
    out = np.full(len(quadrature), np.nan)
    out[inside] = np.exp(x)
    return out
