"""What surface waves are asked for: the mean shear velocity of the upper 30 m, and how deep they tell anything."""

from __future__ import annotations

import numpy as np

# Depth in m of the site classes of building codes.
_UPPER = 30.0
# Quantities that are velocities, with which a wavelength goes.
_VELOCITIES = ("phase_velocity", "group_velocity")


def vs30(thickness, vs) -> np.ndarray:
    """Mean shear velocity of the upper 30 m by travel time, in m/s.

    Vs30 = 30 / Σ h_i/vs_i over what lies above 30 m (Borcherdt 1994, doi:10.1193/1.1585791).

    Parameters
    ----------
    thickness : (..., n_layers - 1) array, in m
    vs : (..., n_layers) array, in m/s; NaN in both beyond the half-space

    Returns
    -------
    (...) array, NaN where there is no model

    Examples
    --------
    >>> vs30([10.0], [200.0, 400.0]).round(6)
    np.float64(300.0)
    """
    vs, thickness = np.asarray(vs, dtype=float), np.asarray(thickness, dtype=float)
    end = np.full((*vs.shape[:-1], 1), np.inf)
    # What is not there, NaN, lies below the half-space.
    bottom = np.concatenate([np.cumsum(np.where(np.isfinite(thickness), thickness, np.inf), axis=-1), end], axis=-1)
    top = np.concatenate([np.zeros_like(end), bottom[..., :-1]], axis=-1)
    above = np.minimum(bottom, _UPPER) - np.minimum(top, _UPPER)
    time = np.where(above > 0, above / vs, 0.0).sum(axis=-1)
    return np.where(np.isfinite(vs[..., 0]), _UPPER / np.where(time > 0, time, 1.0), np.nan)


def half_wavelength(one_or_more, used) -> np.ndarray:
    """Half the longest wavelength of the used readings, in m: below it surface waves say nothing.

    A rule of thumb; deeper layers hardly move (Foti et al. 2018, doi:10.1007/s10518-017-0206-7, section 5.2).

    Parameters
    ----------
    one_or_more : xarray.Dataset with ``period`` and a velocity on (sounding, reading)
    used : (n_soundings, n_readings) bool array

    Returns
    -------
    (n_soundings,) array, NaN without readings
    """
    period = one_or_more["period"].values
    longest = np.full(len(period), np.nan)
    for name in _VELOCITIES:
        if name in one_or_more:
            wavelength = np.where(used, period * one_or_more[name].values, np.nan)
            longest = np.fmax(longest, np.fmax.reduce(wavelength, axis=1, initial=np.nan))
    return longest / 2


def has_wavelengths(observed) -> bool:
    """Whether soundings are of surface waves."""
    return "period" in observed and any(name in observed for name in _VELOCITIES)
