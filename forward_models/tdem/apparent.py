"""Apparent resistivities of transients."""

from __future__ import annotations

import numpy as np

from forward_models.constants import MU0


def late_time_apparent_resistivity(dbdt, time, area) -> np.ndarray:
    """Resistivity in Ω·m of the half-space that has these data at late times.

    Parameters
    ----------
    dbdt : array_like
        -dB/dt in V/(A m²); what is not positive gives NaN.
    time : array_like
        In s, broadcast with `dbdt`.
    area : float
        Of the transmitter loop, m² (times its turns).

    Returns
    -------
    array, by ρ = μ0/(4πt) (2 μ0 M/(5 t dB/dt))^(2/3) (Spies & Frischknecht 1991, doi:10.1190/1.9781560802686.ch5)

    Examples
    --------
    >>> round(float(late_time_apparent_resistivity(dbdt=3.999e-3 / 2500, time=119.22e-6, area=2500)), 1)
    29.5
    """
    dbdt, time = np.asarray(dbdt, dtype=float), np.asarray(time, dtype=float)
    positive = np.where(dbdt > 0, dbdt, np.nan)
    return MU0 / (4 * np.pi * time) * (2 * MU0 * area / (5 * time * positive)) ** (2 / 3)
