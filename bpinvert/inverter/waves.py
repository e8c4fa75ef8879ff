"""Survey, prior and noise for dispersion curves, taken from the curves themselves."""

from __future__ import annotations

import numpy as np
from sklearn.isotonic import isotonic_regression

from bpinvert.geometry import used_at
from bpinvert.inverter.places import refuse_few, thinned
from bpinvert.priors import LayeredPrior, Ordered, PoissonRatio, PowerLaw
from bpinvert.sheets import Sheets
from forward_models import Love, Rayleigh

METHODS = ("surface_waves",)
_WAVES = {"Rayleigh": Rayleigh, "Love": Love}
_VELOCITIES = {"phase_velocity": "phase", "group_velocity": "group"}
# Readings of one mode; more add nothing that neighbours do not say.
_MOST = 30
# The prior's shear velocities reach so far below the slowest and above the fastest wave. A Rayleigh wave has about 0.92
# of the shear velocity, and the half-space is as fast as the longest wave or faster.
_SLOWER, _FASTER = 3.0, 3.0
# Thinnest layer as a share of the shortest wavelength, and thickest of the longest.
_THINNEST, _THICKEST = 0.08, 0.5
# A curve is normally dispersive if one that nowhere falls with the period fits it within so many times its scatter, or
# within the relative error below; of a shorter curve there is nothing to say.
_SCATTER, _NEARLY, _FEWEST = 1.5, 0.005, 5
# From dry rock to saturated clay.
_POISSON = (0.2, 0.49)
# Coefficient and exponent of a density of 850 vs^0.14 kg/m³: 1620 at 100 m/s, 1890 at 300 and 2240 at 1000. From 300 to
# 3000 m/s it is within 3 % of Gardner's rule of vp and vp of vs by Brocher (2005, doi:10.1785/0120050077). By vp itself
# the water table would be a step in density, which it hardly is.
_DENSITY = (850.0, 0.14)


def survey_of_waves(observed):
    """The survey of dispersion curves: every mode at the periods of all soundings.

    Raises
    ------
    ValueError
        If the soundings do not say which wave they are of, or nothing usable was read.
    """
    array = observed.attrs.get("array", "Rayleigh")
    if array not in _WAVES:
        raise ValueError(f"attrs['array'] is {array!r}; waves are {' or '.join(_WAVES)}. Correct it.")
    period, mode = _used_periods(observed)
    refuse_few(observed, np.unique(period).size, "periods")
    curves = {number: thinned(np.unique(period[mode == number]), _MOST) for number in np.unique(mode)}
    velocity = [kind for name, kind in _VELOCITIES.items() if name in observed]
    settings = {"ellipticity": True} if array == "Rayleigh" and "ellipticity" in observed else {}
    return _WAVES[array](
        period=np.concatenate(list(curves.values())),
        mode=np.concatenate([np.full(at.size, number) for number, at in curves.items()]),
        velocity=tuple(velocity) if len(velocity) > 1 else velocity[0],
        **settings,
    )


def prior_of_waves(survey, observed) -> LayeredPrior:
    """A wide prior of two to four layers around the velocities that were measured.

    Thicknesses reach from a twelfth of the shortest wavelength to half of the longest. Poisson's ratio is 0.2 to 0.49.
    Densities, on whose contrasts velocities depend a little, go with the shear velocity. Where all phase velocities
    grow with the period, shear velocities do with depth; else slow layers may lie below fast ones.
    """
    period, _ = _used_periods(observed)
    name = next(name for name in _VELOCITIES if name in observed)
    velocity, used = used_at(observed, name)
    velocity = velocity[used & np.isfinite(velocity) & (velocity > 0)]
    slowest, fastest = float(velocity.min()), float(velocity.max())
    thickness = (_THINNEST * slowest * float(period.min()), _THICKEST * fastest * float(period.max()))
    vs = (slowest / _SLOWER, fastest * _FASTER)
    # Love waves do not depend on it.
    compressional = {"vp": PoissonRatio("vs", _POISSON)} if "vp" in survey.properties else {}
    return LayeredPrior(
        n_layers=(2, 4),
        thickness=thickness,
        # Under a lid any curve may be that of a wave in a slow layer at depth, which nobody could have picked above.
        vs=Ordered(vs) if _is_normal(observed) else vs,
        density=PowerLaw("vs", *_DENSITY),
        **compressional,
    )


def _is_normal(observed):
    """Whether phase velocities are known and grow with the period on all curves, but for their scatter."""
    if "phase_velocity" not in observed:
        return False
    period, used = used_at(observed, "period")
    mode = np.broadcast_to(used_at(observed, "mode")[0] if "mode" in observed else 0.0, period.shape)
    velocity = np.broadcast_to(used_at(observed, "phase_velocity")[0], period.shape)
    std = observed.get("phase_velocity_std", observed["phase_velocity"] * np.nan)
    std = np.broadcast_to(used_at(observed.assign(std=std), "std")[0], period.shape)
    there = used & np.isfinite(period) & (velocity > 0)
    for row in range(len(period)):
        for number in np.unique(mode[row, there[row]]):
            own = np.flatnonzero(there[row] & (mode[row] == number))
            own = own[np.argsort(period[row, own], kind="stable")]
            if own.size >= _FEWEST and not _grows(np.log(velocity[row, own]), std[row, own] / velocity[row, own]):
                return False
    return True


def _grows(values, errors):
    """Whether `values` (n,) grow but for their `errors` (n,), or where there are none for what neighbours differ."""
    # Of independent errors the third difference has √20 times the size of each. Picks scatter most at long periods,
    # so the median would be too small.
    scatter = np.sqrt(np.mean(np.square(errors if np.isfinite(errors).all() else np.diff(values, 3) / np.sqrt(20))))
    off = np.sqrt(np.mean(np.square(values - isotonic_regression(values))))
    return bool(off <= max(_SCATTER * scatter, _NEARLY))


def sheets_of_waves(observed) -> Sheets:
    """Sheets like these curves: a single one has all readings of its survey, and errors or none.

    The simulations that flags are calibrated by are then all of its kind, and fewer of them are enough.
    """
    alone = observed.sizes.get("sounding", 1) == 1
    values, used = used_at(observed, next(name for name in _VELOCITIES if name in observed))
    stds = [used_at(observed, f"{name}_std")[0] for name in _VELOCITIES if f"{name}_std" in observed]
    stated = np.any([(np.isfinite(std) & used).any(axis=1) for std in stds], axis=0) if stds else np.zeros(len(values))
    return Sheets(complete=1.0 if alone else 0.5, errors_given=float(np.mean(stated)))


def _used_periods(observed):
    """Periods and modes of all used readings."""
    period, used = used_at(observed, "period")
    mode = used_at(observed, "mode")[0] if "mode" in observed else np.zeros(period.shape)
    mode = np.broadcast_to(mode, period.shape)
    there = used & np.isfinite(period) & (period > 0)
    return period[there], np.nan_to_num(mode[there]).astype(int)
